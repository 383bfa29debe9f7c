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
#include "separate.h"

/**
 * struct blkif_layout - what the rings of a connection look like
 * @abi: of the slots
 * @separate: separate rings; @abi is then blkif_abi_slim
 * @order: log2 of the pages that hold requests
 * @align: line size of separate rings, 64 or 128
 */
struct blkif_layout {
	const struct blkif_abi *abi;
	bool separate;
	u8 order;
	u16 align;
};

/** blkif_layout_slots() - requests that a queue can have in flight */
static inline u32 blkif_layout_slots(const struct blkif_layout *layout)
{
	if (layout->separate)
		return blkif_sep_slots(1U << layout->order, layout->align,
				       BLKIF_SEP_REQ_SIZE);
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
	if (!layout->separate)
		return 0;
	return blkif_sep_rsp_pages(blkif_layout_slots(layout), layout->align);
}

/** blkif_layout_name() - as it stands in the log */
static inline const char *blkif_layout_name(const struct blkif_layout *layout)
{
	if (!layout->separate)
		return "shared ring";
	return layout->align == 64 ? "separate rings of 64-byte lines" :
				     "separate rings of 128-byte lines";
}

/* Both rings of a queue, as either side sees them. */
struct blkif_sep_pair {
	struct blkif_sep_ring req;
	struct blkif_sep_ring rsp ____cacheline_aligned;
};

static inline void blkif_sep_pair_init(struct blkif_sep_pair *pair,
				       const struct blkif_layout *layout,
				       void *const *req_pages,
				       void *const *rsp_pages)
{
	u32 slots = blkif_layout_slots(layout);
	u32 nr_req = blkif_layout_req_pages(layout);
	u32 nr_rsp = blkif_layout_rsp_pages(layout);

	memcpy(pair->req.pages, req_pages, nr_req * sizeof(void *));
	memcpy(pair->rsp.pages, rsp_pages, nr_rsp * sizeof(void *));
	blkif_sep_init(&pair->req, layout->align, BLKIF_SEP_REQ_SIZE, slots);
	blkif_sep_init(&pair->rsp, layout->align, BLKIF_SEP_RSP_SIZE, slots);
}

/* Event words: each stands in the pages that its writer may write. */
static inline u32 *blkif_sep_rsp_event(const struct blkif_sep_pair *pair)
{
	return blkif_sep_event(&pair->req);
}

static inline u32 *blkif_sep_req_event(const struct blkif_sep_pair *pair)
{
	return blkif_sep_event(&pair->rsp);
}

/**
 * struct blkif_front_rings - the frontend's view
 * @separate: @sep is in use, and else @shared
 * @shared: one ring
 * @sep: two
 */
struct blkif_front_rings {
	bool separate;
	union {
		struct blkif_front_shared shared;
		struct blkif_sep_pair sep;
	};
};

/**
 * blkif_front_rings_init() - take zeroed pages that no peer has seen into use
 * @ring: the view
 * @layout: what was agreed
 * @req_pages: blkif_layout_req_pages() of them; for a shared ring they must be
 *             contiguous, and the first counts
 * @rsp_pages: blkif_layout_rsp_pages() of them
 */
static inline void blkif_front_rings_init(struct blkif_front_rings *ring,
					  const struct blkif_layout *layout,
					  void *const *req_pages,
					  void *const *rsp_pages)
{
	ring->separate = layout->separate;
	if (!ring->separate) {
		blkif_front_shared_init(&ring->shared, req_pages[0], layout->abi,
					layout->order);
		return;
	}
	blkif_sep_pair_init(&ring->sep, layout, req_pages, rsp_pages);
	WRITE_ONCE(*blkif_sep_rsp_event(&ring->sep), BLKIF_RING_EVENT_START);
	WRITE_ONCE(*blkif_sep_req_event(&ring->sep), BLKIF_RING_EVENT_START);
}

/**
 * blkif_front_full() - is there no slot for another request?
 * @ring: the ring
 *
 * Belongs to the request half; responses may be taken meanwhile.
 */
static inline bool blkif_front_full(struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_full(&ring->shared);
	return blkif_sep_full(&ring->sep.req, &ring->sep.rsp);
}

/**
 * blkif_front_write() - write a request that the backend cannot see yet
 * @ring: the ring, which is not full
 * @cmd: the request; not looked at after this
 * @handle: virtual device number
 *
 * Return: what blkif_front_publish_slot() has to be given next.
 */
static __always_inline u64 blkif_front_write(struct blkif_front_rings *ring,
					     const struct blkif_cmd *cmd,
					     u16 handle)
{
	struct blkif_slim_words words;

	if (!ring->separate) {
		blkif_front_shared_put(&ring->shared, cmd, handle);
		return 0;
	}
	words = blkif_slim_encode(cmd);
	blkif_sep_write_req(&ring->sep.req, &words);
	return words.head;
}

/**
 * blkif_front_publish_slot() - the backend may see what was written, and answer it
 * @ring: the ring
 * @word: from blkif_front_write()
 *
 * On a shared ring it sees nothing before blkif_front_publish().
 */
static __always_inline void blkif_front_publish_slot(struct blkif_front_rings *ring,
						     u64 word)
{
	if (ring->separate)
		blkif_sep_publish_req(&ring->sep.req, word);
}

/**
 * blkif_front_put() - write a request that the backend is not notified of yet
 * @ring: the ring, which is not full
 * @cmd: the request
 * @handle: virtual device number
 */
static __always_inline void blkif_front_put(struct blkif_front_rings *ring,
					    const struct blkif_cmd *cmd,
					    u16 handle)
{
	blkif_front_publish_slot(ring, blkif_front_write(ring, cmd, handle));
}

/** blkif_front_publish() - publish what was put; true: notify the backend */
static inline bool blkif_front_publish(struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_publish(&ring->shared);
	return blkif_sep_must_notify(&ring->sep.req, blkif_sep_req_event(&ring->sep));
}

/**
 * blkif_front_get() - take a response
 * @ring: the ring
 * @rsp: filled in, not checked
 *
 * Return: 1 if there was one, 0 if not, -EPROTO if the backend breaks the
 * rules of the ring.
 */
static __always_inline int blkif_front_get(struct blkif_front_rings *ring,
					   struct blkif_rsp *rsp)
{
	struct blkif_slim_rsp_words words;
	int ret;

	if (!ring->separate)
		return blkif_front_shared_get(&ring->shared, rsp);
	ret = blkif_sep_get_rsp(&ring->sep.rsp, &words);
	if (ret > 0 && !blkif_slim_rsp_decode(words, rsp))
		return -EPROTO;
	return ret;
}

/** blkif_front_pending() - as blkif_back_pending(), for a response */
static inline bool blkif_front_pending(const struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_pending(&ring->shared);
	return blkif_sep_peek_rsp(&ring->sep.rsp) != 0;
}

/**
 * blkif_front_rearm() - ask for a notification of responses
 * @ring: the ring, found empty
 * @ahead: when so many more are there, at least 1.  Never more than requests
 *         that were published and are unanswered and that need nothing more
 *         of the caller to be answered: who waits for others waits forever.
 *
 * Return: 0 if there is none yet and the one asked for will be notified, 1 if
 * there is one after all, be it an earlier one, -EPROTO as blkif_front_get().
 * After anything but 0 the caller must arm anew before it sleeps.
 */
static inline int blkif_front_rearm(struct blkif_front_rings *ring, u32 ahead)
{
	if (!ring->separate)
		return blkif_front_shared_rearm(&ring->shared, ahead);
	blkif_sep_rearm(&ring->sep.rsp, blkif_sep_rsp_event(&ring->sep), ahead);
	return blkif_sep_peek_rsp(&ring->sep.rsp);
}

/**
 * struct blkif_back_rings - the backend's view
 * @separate: @sep is in use, and else @shared
 * @nr_slots: most requests that may be unanswered
 * @shared: one ring
 * @sep: two
 */
struct blkif_back_rings {
	bool separate;
	u32 nr_slots;
	union {
		struct blkif_back_shared shared;
		struct blkif_sep_pair sep;
	};
};

/**
 * blkif_back_rings_init() - take mapped pages into use
 * @ring: the view
 * @layout: what was agreed
 * @req_pages: as blkif_front_rings_init(); separate rings may be read-only
 * @rsp_pages: likewise
 *
 * Return: 0, or -EPROTO if a shared ring's indexes contradict each other.
 */
static inline int blkif_back_rings_init(struct blkif_back_rings *ring,
					const struct blkif_layout *layout,
					void *const *req_pages,
					void *const *rsp_pages)
{
	ring->separate = layout->separate;
	ring->nr_slots = blkif_layout_slots(layout);
	if (!ring->separate)
		return blkif_back_shared_init(&ring->shared, req_pages[0],
					      layout->abi, layout->order);
	blkif_sep_pair_init(&ring->sep, layout, req_pages, rsp_pages);
	return 0;
}

/* Is a request published?  -EPROTO if it is one too many. */
static inline int blkif_back_peek(struct blkif_back_rings *ring)
{
	int ret = blkif_sep_peek_req(&ring->sep.req);

	/* In this order: an answer in between makes the request a good one. */
	if (ret > 0 && blkif_sep_full(&ring->sep.req, &ring->sep.rsp))
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
static __always_inline int blkif_back_get(struct blkif_back_rings *ring,
					  struct blkif_cmd *cmd)
{
	struct blkif_slim_words words;
	int ret;

	if (!ring->separate)
		return blkif_back_shared_get(&ring->shared, cmd);
	if (blkif_sep_full(&ring->sep.req, &ring->sep.rsp)) {
		ret = blkif_back_peek(ring);
		if (ret <= 0)
			return ret;
	}
	ret = blkif_sep_get_req(&ring->sep.req, &words);
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
static inline bool blkif_back_pending(const struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_pending(&ring->shared);
	return blkif_sep_peek_req(&ring->sep.req) != 0;
}

/**
 * blkif_back_rearm() - ask for a notification of the next request
 * @ring: the ring, found empty
 *
 * Return: 0 if there is none yet and one will be notified, 1 if there is one
 * after all, -EPROTO as blkif_back_get().
 */
static inline int blkif_back_rearm(struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_rearm(&ring->shared);
	blkif_sep_rearm(&ring->sep.req, blkif_sep_req_event(&ring->sep), 1);
	return blkif_back_peek(ring);
}

/**
 * blkif_back_put() - write a response that the frontend is not notified of yet
 * @ring: the ring
 * @rsp: the response; there is one for each request that was taken
 */
static __always_inline void blkif_back_put(struct blkif_back_rings *ring,
					   const struct blkif_rsp *rsp)
{
	struct blkif_slim_rsp_words words;

	if (!ring->separate) {
		blkif_back_shared_put(&ring->shared, rsp);
		return;
	}
	words = blkif_slim_rsp_encode(rsp);
	blkif_sep_put_rsp(&ring->sep.rsp, &words);
}

/**
 * blkif_back_owes_event() - does the frontend wait for more responses?
 * @ring: the ring, after blkif_back_publish() said that it need not be notified
 *
 * It does if it asked for a notification that is still ahead: then it gets one
 * for less when there is no more to come soon.  If it did not, it is at work
 * and looks for itself; and if it asked for more than can be in flight, it
 * polls.
 */
static inline bool blkif_back_owes_event(const struct blkif_back_rings *ring)
{
	return ring->separate &&
	       blkif_sep_event_ahead(&ring->sep.rsp, blkif_sep_rsp_event(&ring->sep));
}

/** blkif_back_publish() - publish what was put; true: notify the frontend */
static inline bool blkif_back_publish(struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_publish(&ring->shared);
	return blkif_sep_must_notify(&ring->sep.rsp, blkif_sep_rsp_event(&ring->sep));
}

#endif /* _XEN_BLKIF_RING_H */
