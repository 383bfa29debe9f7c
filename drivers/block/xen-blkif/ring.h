/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring or rings of a queue, for both sides.  Only this file distinguishes
 * the layouts on the data path.
 *
 * The structs are private to their side.  The request half and the response
 * half of a queue may be used at the same time, on different CPUs.  On separate
 * rings they write no common cache line.
 */

#ifndef _XEN_BLKIF_RING_H
#define _XEN_BLKIF_RING_H

#include <linux/cache.h>
#include "shared.h"
#include "separate.h"

/**
 * struct blkif_layout - layout of the rings of a connection
 * @abi: layout of the slots
 * @separate: separate rings; @abi is then blkif_abi_slim
 * @order: log2 of the number of pages that hold requests
 * @align: alignment of separate rings, 64 or 128
 */
struct blkif_layout {
	const struct blkif_abi *abi;
	bool separate;
	u8 order;
	u16 align;
};

/**
 * blkif_layout_slots() - number of requests that a queue can have in flight
 * @layout: the layout
 *
 * Return: the number of requests.
 */
static inline u32 blkif_layout_slots(const struct blkif_layout *layout)
{
	if (layout->separate)
		return blkif_sep_slots(1U << layout->order, layout->align,
				       BLKIF_SEP_REQ_SIZE);
	return blkif_shared_slots(layout->abi, layout->order);
}

/**
 * blkif_layout_req_pages() - number of pages that hold requests
 * @layout: the layout
 *
 * Return: the number of pages.
 */
static inline u32 blkif_layout_req_pages(const struct blkif_layout *layout)
{
	return 1U << layout->order;
}

/**
 * blkif_layout_rsp_pages() - number of pages that hold responses only
 * @layout: the layout
 *
 * Return: the number of pages, 0 for a shared ring.
 */
static inline u32 blkif_layout_rsp_pages(const struct blkif_layout *layout)
{
	if (!layout->separate)
		return 0;
	return blkif_sep_rsp_pages(blkif_layout_slots(layout), layout->align);
}

/**
 * blkif_layout_name() - describe a layout
 * @layout: the layout
 *
 * Return: a phrase for the log.
 */
static inline const char *blkif_layout_name(const struct blkif_layout *layout)
{
	if (!layout->separate)
		return "shared ring";
	return layout->align == 64 ? "separate rings of 64-byte lines" :
				     "separate rings of 128-byte lines";
}

/* One side's view of the separate rings of a queue. */
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

/* Each event word is in the ring that its writer writes. */
static inline u32 *blkif_sep_rsp_event(const struct blkif_sep_pair *pair)
{
	return blkif_sep_event(&pair->req);
}

static inline u32 *blkif_sep_req_event(const struct blkif_sep_pair *pair)
{
	return blkif_sep_event(&pair->rsp);
}

/**
 * struct blkif_front_rings - the frontend's view of the rings of a queue
 * @separate: @sep is in use, otherwise @shared
 * @shared: the shared ring
 * @sep: the separate rings
 */
struct blkif_front_rings {
	bool separate;
	union {
		struct blkif_front_shared shared;
		struct blkif_sep_pair sep;
	};
};

/**
 * blkif_front_rings_init() - initialize the rings of a queue
 * @ring: the rings
 * @layout: layout that was agreed
 * @req_pages: blkif_layout_req_pages() zeroed pages, which are contiguous for a
 *             shared ring
 * @rsp_pages: blkif_layout_rsp_pages() zeroed pages
 *
 * The pages must not be granted to a peer yet.
 */
static inline void blkif_front_rings_init(struct blkif_front_rings *ring,
					  const struct blkif_layout *layout,
					  void *const *req_pages,
					  void *const *rsp_pages)
{
	ring->separate = layout->separate;
	if (!ring->separate) {
		blkif_front_shared_init(&ring->shared, req_pages[0],
					layout->abi, layout->order);
		return;
	}
	blkif_sep_pair_init(&ring->sep, layout, req_pages, rsp_pages);
	WRITE_ONCE(*blkif_sep_rsp_event(&ring->sep), BLKIF_RING_EVENT_START);
	WRITE_ONCE(*blkif_sep_req_event(&ring->sep), BLKIF_RING_EVENT_START);
}

/**
 * blkif_front_full() - check for a free slot
 * @ring: the rings
 *
 * Belongs to the request half; responses may be taken at the same time.
 *
 * Return: true if there is no slot for another request.
 */
static inline bool blkif_front_full(struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_full(&ring->shared);
	return blkif_sep_full(&ring->sep.req, &ring->sep.rsp);
}

/**
 * blkif_front_write() - write a request that the backend does not see yet
 * @ring: the rings, which are not full
 * @cmd: the request, which the caller may then reuse
 * @handle: virtual device number
 *
 * Return: the word to pass to blkif_front_publish_slot() next.
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
 * blkif_front_publish_slot() - let the backend see the request just written
 * @ring: the rings
 * @word: from blkif_front_write()
 *
 * On separate rings the backend may answer the request from now on.  On a
 * shared ring it does not see it before blkif_front_publish().
 */
static __always_inline void
blkif_front_publish_slot(struct blkif_front_rings *ring, u64 word)
{
	if (ring->separate)
		blkif_sep_publish_req(&ring->sep.req, word);
}

/**
 * blkif_front_put() - put a request
 * @ring: the rings, which are not full
 * @cmd: the request
 * @handle: virtual device number
 *
 * blkif_front_publish() has to follow, once for any number of requests.
 */
static __always_inline void blkif_front_put(struct blkif_front_rings *ring,
					    const struct blkif_cmd *cmd,
					    u16 handle)
{
	blkif_front_publish_slot(ring, blkif_front_write(ring, cmd, handle));
}

/**
 * blkif_front_publish() - publish the requests that were put
 * @ring: the rings
 *
 * Return: true if the backend must be notified.
 */
static inline bool blkif_front_publish(struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_publish(&ring->shared);
	return blkif_sep_must_notify(&ring->sep.req,
				     blkif_sep_req_event(&ring->sep));
}

/**
 * blkif_front_get() - take a response
 * @ring: the rings
 * @rsp: receives the response, unchecked
 *
 * Return: 1 on success, 0 if there is none, or -EPROTO if the backend violates
 * the protocol of the ring.
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

/**
 * blkif_front_pending() - check cheaply for a response
 * @ring: the rings
 *
 * Has no side effect, so that it can be polled.
 *
 * Return: true if blkif_front_get() should be called.
 */
static inline bool blkif_front_pending(const struct blkif_front_rings *ring)
{
	if (!ring->separate)
		return blkif_front_shared_pending(&ring->shared);
	return blkif_sep_peek_rsp(&ring->sep.rsp) != 0;
}

/**
 * blkif_front_rearm() - ask for a notification of responses
 * @ring: the rings, which were found empty
 * @ahead: ask to be notified of the @ahead-th response from now, at least 1
 *
 * @ahead must not exceed the number of published requests that the backend
 * answers without any further action of the caller.  Otherwise the notification
 * may never come.
 *
 * Return: 0 if there is no response and the notification will come, 1 if there
 * is a response after all, or -EPROTO as blkif_front_get().  After 1 the caller
 * must rearm again before it sleeps.
 */
static inline int blkif_front_rearm(struct blkif_front_rings *ring, u32 ahead)
{
	if (!ring->separate)
		return blkif_front_shared_rearm(&ring->shared, ahead);
	blkif_sep_rearm(&ring->sep.rsp, blkif_sep_rsp_event(&ring->sep), ahead);
	return blkif_sep_peek_rsp(&ring->sep.rsp);
}

/**
 * struct blkif_back_rings - the backend's view of the rings of a queue
 * @separate: @sep is in use, otherwise @shared
 * @nr_slots: most requests that may be unanswered
 * @shared: the shared ring
 * @sep: the separate rings
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
 * blkif_back_rings_init() - initialize the rings of a queue
 * @ring: the rings
 * @layout: layout that was agreed
 * @req_pages: mapped pages, as for blkif_front_rings_init(); those of separate
 *             rings may be mapped read-only
 * @rsp_pages: mapped pages, as for blkif_front_rings_init()
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

/* Is a request published?  -EPROTO if it exceeds the number of slots. */
static inline int blkif_back_peek(struct blkif_back_rings *ring)
{
	int ret = blkif_sep_peek_req(&ring->sep.req);

	/* In this order: a response in between makes the request valid. */
	if (ret > 0 && blkif_sep_full(&ring->sep.req, &ring->sep.rsp))
		return -EPROTO;
	return ret;
}

/**
 * blkif_back_get() - take a request
 * @ring: the rings
 * @cmd: receives the request, unchecked
 *
 * Return: 1 on success, 0 if there is none, or -EPROTO if the frontend violates
 * the protocol of the ring.
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
 * blkif_back_pending() - check cheaply for a request
 * @ring: the rings
 *
 * Has no side effect, so that it can be polled.
 *
 * Return: true if blkif_back_get() should be called.
 */
static inline bool blkif_back_pending(const struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_pending(&ring->shared);
	return blkif_sep_peek_req(&ring->sep.req) != 0;
}

/**
 * blkif_back_rearm() - ask for a notification of the next request
 * @ring: the rings, which were found empty
 *
 * Return: 0 if there is no request and the notification will come, 1 if there
 * is a request after all, or -EPROTO as blkif_back_get().
 */
static inline int blkif_back_rearm(struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_rearm(&ring->shared);
	blkif_sep_rearm(&ring->sep.req, blkif_sep_req_event(&ring->sep), 1);
	return blkif_back_peek(ring);
}

/**
 * blkif_back_put() - put a response
 * @ring: the rings
 * @rsp: the response to a request that was taken
 *
 * blkif_back_publish() has to follow, once for any number of responses.
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
 * blkif_back_owes_event() - check whether the frontend waits for more responses
 * @ring: the rings, after blkif_back_publish() returned false
 *
 * A frontend may ask to be notified of a response that is still to come.  If
 * that takes too long, the backend notifies it of fewer.  A frontend that has
 * not asked for a notification is awake, and one that has asked for more
 * responses than it can have requests in flight polls.
 *
 * Return: true if the notification for which the frontend asked is still due.
 */
static inline bool blkif_back_owes_event(const struct blkif_back_rings *ring)
{
	return ring->separate &&
	       blkif_sep_event_ahead(&ring->sep.rsp,
				     blkif_sep_rsp_event(&ring->sep));
}

/**
 * blkif_back_publish() - publish the responses that were put
 * @ring: the rings
 *
 * Return: true if the frontend must be notified.
 */
static inline bool blkif_back_publish(struct blkif_back_rings *ring)
{
	if (!ring->separate)
		return blkif_back_shared_publish(&ring->shared);
	return blkif_sep_must_notify(&ring->sep.rsp,
				     blkif_sep_rsp_event(&ring->sep));
}

#endif /* _XEN_BLKIF_RING_H */
