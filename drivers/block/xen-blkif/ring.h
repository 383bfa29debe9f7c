/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue's ring or rings, seen from either side: the one place where the data
 * path asks which layout was agreed.
 *
 * All that is here is private to its side.  The request half and the response
 * half of a queue may be used at the same time, on different CPUs; on separate
 * rings they then share no line that either of them writes.
 */

#ifndef _XEN_BLKIF_RING_H
#define _XEN_BLKIF_RING_H

#include <linux/cache.h>
#include "shared.h"
#include "split.h"

/**
 * struct blkif_layout - what the rings of a connection look like
 * @abi: of the slots
 * @split: separate rings; @abi is then blkif_abi_slim
 * @order: log2 of the pages that hold requests
 * @align: line size of separate rings, 64 or 128
 */
struct blkif_layout {
	const struct blkif_abi *abi;
	bool split;
	u8 order;
	u16 align;
};

/** blkif_layout_slots() - requests that a queue can have in flight */
static inline u32 blkif_layout_slots(const struct blkif_layout *layout)
{
	if (layout->split)
		return blkif_lap_slots(1U << layout->order, layout->align,
				       BLKIF_LAP_REQ_SIZE);
	return blkif_shared_slots(layout->abi, layout->order);
}

/** blkif_layout_req_pages() - pages that the frontend writes requests to */
static inline u32 blkif_layout_req_pages(const struct blkif_layout *layout)
{
	return 1U << layout->order;
}

/** blkif_layout_rsp_pages() - pages that the backend writes responses to */
static inline u32 blkif_layout_rsp_pages(const struct blkif_layout *layout)
{
	if (!layout->split)
		return 0;
	return blkif_lap_rsp_pages(blkif_layout_slots(layout), layout->align);
}

/** blkif_layout_name() - as it stands in the log */
static inline const char *blkif_layout_name(const struct blkif_layout *layout)
{
	if (!layout->split)
		return "shared ring";
	return layout->align == 64 ? "separate rings of 64-byte lines" :
				     "separate rings of 128-byte lines";
}

/* Both rings of a queue, as either side sees them. */
struct blkif_lap_pair {
	struct blkif_lap_ring req;
	struct blkif_lap_ring rsp ____cacheline_aligned;
};

static inline void blkif_lap_pair_init(struct blkif_lap_pair *pair,
				       const struct blkif_layout *layout,
				       void *const *req_pages,
				       void *const *rsp_pages)
{
	u32 slots = blkif_layout_slots(layout);
	u32 nr_req = blkif_layout_req_pages(layout);
	u32 nr_rsp = blkif_layout_rsp_pages(layout);

	memcpy(pair->req.pages, req_pages, nr_req * sizeof(void *));
	memcpy(pair->rsp.pages, rsp_pages, nr_rsp * sizeof(void *));
	blkif_lap_init(&pair->req, layout->align, BLKIF_LAP_REQ_SIZE, slots);
	blkif_lap_init(&pair->rsp, layout->align, BLKIF_LAP_RSP_SIZE, slots);
}

/* Event words: each stands in the pages that its writer may write. */
static inline u32 *blkif_lap_rsp_event(const struct blkif_lap_pair *pair)
{
	return blkif_lap_event(&pair->req);
}

static inline u32 *blkif_lap_req_event(const struct blkif_lap_pair *pair)
{
	return blkif_lap_event(&pair->rsp);
}

/**
 * struct blkif_fe_ring - the frontend's view
 * @split: @lap is in use, and else @shared
 * @shared: one ring
 * @lap: two
 */
struct blkif_fe_ring {
	bool split;
	union {
		struct blkif_fe_shared shared;
		struct blkif_lap_pair lap;
	};
};

/**
 * blkif_front_ring_init() - take zeroed pages that no peer has seen into use
 * @ring: the view
 * @layout: what was agreed
 * @req_pages: blkif_layout_req_pages() of them; for a shared ring they must be
 *             contiguous, and the first counts
 * @rsp_pages: blkif_layout_rsp_pages() of them
 */
static inline void blkif_front_ring_init(struct blkif_fe_ring *ring,
					 const struct blkif_layout *layout,
					 void *const *req_pages,
					 void *const *rsp_pages)
{
	ring->split = layout->split;
	if (!ring->split) {
		blkif_fe_shared_init(&ring->shared, req_pages[0], layout->abi,
				     layout->order);
		return;
	}
	blkif_lap_pair_init(&ring->lap, layout, req_pages, rsp_pages);
	WRITE_ONCE(*blkif_lap_rsp_event(&ring->lap), BLKIF_RING_EVENT_START);
	WRITE_ONCE(*blkif_lap_req_event(&ring->lap), BLKIF_RING_EVENT_START);
}

/**
 * blkif_front_full() - is there no slot for another request?
 * @ring: the ring
 *
 * Belongs to the request half; responses may be taken meanwhile.
 */
static inline bool blkif_front_full(struct blkif_fe_ring *ring)
{
	if (!ring->split)
		return blkif_fe_shared_full(&ring->shared);
	return blkif_lap_full(&ring->lap.req, &ring->lap.rsp);
}

/**
 * blkif_front_write() - write a request that the backend cannot see yet
 * @ring: the ring, which is not full
 * @cmd: the request; not looked at after this
 * @handle: virtual device number
 *
 * Return: what blkif_front_show() has to be given next.
 */
static __always_inline u64 blkif_front_write(struct blkif_fe_ring *ring,
					     const struct blkif_cmd *cmd,
					     u16 handle)
{
	struct blkif_slim_words words;

	if (!ring->split) {
		blkif_fe_shared_put(&ring->shared, cmd, handle);
		return 0;
	}
	words = blkif_slim_encode(cmd);
	blkif_lap_write_req(&ring->lap.req, &words);
	return words.head;
}

/**
 * blkif_front_show() - the backend may see what was written, and answer it
 * @ring: the ring
 * @word: from blkif_front_write()
 *
 * On a shared ring it sees nothing before blkif_front_push().
 */
static __always_inline void blkif_front_show(struct blkif_fe_ring *ring,
					     u64 word)
{
	if (ring->split)
		blkif_lap_show_req(&ring->lap.req, word);
}

/**
 * blkif_front_put() - write a request that the backend is not notified of yet
 * @ring: the ring, which is not full
 * @cmd: the request
 * @handle: virtual device number
 */
static __always_inline void blkif_front_put(struct blkif_fe_ring *ring,
					    const struct blkif_cmd *cmd,
					    u16 handle)
{
	blkif_front_show(ring, blkif_front_write(ring, cmd, handle));
}

/** blkif_front_push() - publish what was put; true: notify the backend */
static inline bool blkif_front_push(struct blkif_fe_ring *ring)
{
	if (!ring->split)
		return blkif_fe_shared_push(&ring->shared);
	return blkif_lap_push(&ring->lap.req, blkif_lap_req_event(&ring->lap));
}

/**
 * blkif_front_get() - take a response
 * @ring: the ring
 * @rsp: filled in, not checked
 *
 * Return: 1 if there was one, 0 if not, -EPROTO if the backend breaks the
 * rules of the ring.
 */
static __always_inline int blkif_front_get(struct blkif_fe_ring *ring,
					   struct blkif_rsp *rsp)
{
	struct blkif_slim_rsp_words words;
	int ret;

	if (!ring->split)
		return blkif_fe_shared_get(&ring->shared, rsp);
	ret = blkif_lap_get_rsp(&ring->lap.rsp, &words);
	if (ret > 0 && !blkif_slim_rsp_decode(words, rsp))
		return -EPROTO;
	return ret;
}

/** blkif_front_pending() - as blkif_back_pending(), for a response */
static inline bool blkif_front_pending(const struct blkif_fe_ring *ring)
{
	if (!ring->split)
		return blkif_fe_shared_pending(&ring->shared);
	return blkif_lap_look_rsp(&ring->lap.rsp) != 0;
}

/**
 * blkif_front_arm() - ask for a notification of responses
 * @ring: the ring, found empty
 * @ahead: when so many more are there, at least 1.  Never more than requests
 *         that were published and are unanswered and that need nothing more
 *         of the caller to be answered: who waits for others waits forever.
 *
 * Return: 0 if there is none yet and the one asked for will be notified, 1 if
 * there is one after all, be it an earlier one, -EPROTO as blkif_front_get().
 * After anything but 0 the caller must arm anew before it sleeps.
 */
static inline int blkif_front_arm(struct blkif_fe_ring *ring, u32 ahead)
{
	if (!ring->split)
		return blkif_fe_shared_arm(&ring->shared, ahead);
	blkif_lap_arm(&ring->lap.rsp, blkif_lap_rsp_event(&ring->lap), ahead);
	return blkif_lap_look_rsp(&ring->lap.rsp);
}

/**
 * struct blkif_be_ring - the backend's view
 * @split: @lap is in use, and else @shared
 * @nr_slots: most requests that may be unanswered
 * @shared: one ring
 * @lap: two
 */
struct blkif_be_ring {
	bool split;
	u32 nr_slots;
	union {
		struct blkif_be_shared shared;
		struct blkif_lap_pair lap;
	};
};

/**
 * blkif_back_ring_init() - take mapped pages into use
 * @ring: the view
 * @layout: what was agreed
 * @req_pages: as blkif_front_ring_init(); separate rings may be read-only
 * @rsp_pages: likewise
 *
 * Return: 0, or -EPROTO if a shared ring's indexes contradict each other.
 */
static inline int blkif_back_ring_init(struct blkif_be_ring *ring,
				       const struct blkif_layout *layout,
				       void *const *req_pages,
				       void *const *rsp_pages)
{
	ring->split = layout->split;
	ring->nr_slots = blkif_layout_slots(layout);
	if (!ring->split)
		return blkif_be_shared_init(&ring->shared, req_pages[0],
					    layout->abi, layout->order);
	blkif_lap_pair_init(&ring->lap, layout, req_pages, rsp_pages);
	return 0;
}

/* Is a request published?  -EPROTO if it is one too many. */
static inline int blkif_back_look(struct blkif_be_ring *ring)
{
	int ret = blkif_lap_look_req(&ring->lap.req);

	/* In this order: an answer in between makes the request a good one. */
	if (ret > 0 && blkif_lap_full(&ring->lap.req, &ring->lap.rsp))
		return -EPROTO;
	return ret;
}

/**
 * blkif_back_get() - take a request
 * @ring: the ring
 * @cmd: filled in, not checked
 *
 * Return: 1 if there was one, 0 if not, -EPROTO if the frontend breaks the
 * rules of the ring.
 */
static __always_inline int blkif_back_get(struct blkif_be_ring *ring,
					  struct blkif_cmd *cmd)
{
	struct blkif_slim_words words;
	int ret;

	if (!ring->split)
		return blkif_be_shared_get(&ring->shared, cmd);
	if (blkif_lap_full(&ring->lap.req, &ring->lap.rsp)) {
		ret = blkif_back_look(ring);
		if (ret <= 0)
			return ret;
	}
	ret = blkif_lap_get_req(&ring->lap.req, &words);
	if (ret > 0)
		blkif_slim_decode(words, cmd);
	return ret;
}

/**
 * blkif_back_pending() - is it worth while to look for a request?
 * @ring: the ring
 *
 * Cheap and without any effect, to be called over and over: what is really
 * there, blkif_back_get() says.
 */
static inline bool blkif_back_pending(const struct blkif_be_ring *ring)
{
	if (!ring->split)
		return blkif_be_shared_pending(&ring->shared);
	return blkif_lap_look_req(&ring->lap.req) != 0;
}

/**
 * blkif_back_arm() - ask for a notification of the next request
 * @ring: the ring, found empty
 *
 * Return: 0 if there is none yet and one will be notified, 1 if there is one
 * after all, -EPROTO as blkif_back_get().
 */
static inline int blkif_back_arm(struct blkif_be_ring *ring)
{
	if (!ring->split)
		return blkif_be_shared_arm(&ring->shared);
	blkif_lap_arm(&ring->lap.req, blkif_lap_req_event(&ring->lap), 1);
	return blkif_back_look(ring);
}

/**
 * blkif_back_put() - write a response that the frontend is not notified of yet
 * @ring: the ring
 * @rsp: the response; there is one for each request that was taken
 */
static __always_inline void blkif_back_put(struct blkif_be_ring *ring,
					   const struct blkif_rsp *rsp)
{
	struct blkif_slim_rsp_words words;

	if (!ring->split) {
		blkif_be_shared_put(&ring->shared, rsp);
		return;
	}
	words = blkif_slim_rsp_encode(rsp);
	blkif_lap_put_rsp(&ring->lap.rsp, &words);
}

/**
 * blkif_back_owes() - does the frontend wait for more responses?
 * @ring: the ring, after blkif_back_push() said that it need not be notified
 *
 * It does if it asked for a notification that is still ahead: then it gets one
 * for less when there is no more to come soon.  If it did not, it is at work
 * and looks for itself; and if it asked for more than can be in flight, it
 * polls.
 */
static inline bool blkif_back_owes(const struct blkif_be_ring *ring)
{
	return ring->split &&
	       blkif_lap_ahead(&ring->lap.rsp, blkif_lap_rsp_event(&ring->lap));
}

/** blkif_back_push() - publish what was put; true: notify the frontend */
static inline bool blkif_back_push(struct blkif_be_ring *ring)
{
	if (!ring->split)
		return blkif_be_shared_push(&ring->shared);
	return blkif_lap_push(&ring->lap.rsp, blkif_lap_rsp_event(&ring->lap));
}

#endif /* _XEN_BLKIF_RING_H */
