/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared ring, for both sides.
 *
 * The ring is one or more pages, contiguous in the address space of each side:
 * a header with four indexes, then slots that carry first a request and then a
 * response.  Indexes wrap at 2^32; the number of slots is a power of two.
 *
 * Each side writes
 *   frontend: req_prod, rsp_event, and a slot from the time it took the
 *             response in it until it publishes the next request in it
 *   backend:  rsp_prod, req_event, and a slot from the time it copied the
 *             request in it until it publishes the response
 *
 * Ordering
 *   put, publish:  *_prod is stored with release after the slot was written.
 *             This pairs with the load-acquire of *_prod in *_peek(), so the
 *             peer sees the whole slot.
 *   get, reuse of the slot:  a slot is copied before the index that lets the
 *             peer overwrite it is stored with release.
 *   publish, rearm:  publish stores *_prod and then loads *_event, rearm stores
 *             *_event and then loads *_prod, both with a full barrier in
 *             between.  At least one of them sees the other's store: either the
 *             producer notifies or the consumer finds the slot.
 *
 * The barriers are virt_*() because the peer may run on another CPU even if the
 * kernel is built for one.
 *
 * A struct blkif_front_shared or blkif_back_shared is private to its side.  One
 * call on the request half may run at the same time as one on the response
 * half; calls on the same half are serialized by the caller.
 */

#ifndef _XEN_BLKIF_SHARED_H
#define _XEN_BLKIF_SHARED_H

#include <linux/compiler.h>
#include <asm/barrier.h>
#include "abi.h"

#define BLKIF_MAX_RING_ORDER	4
#define BLKIF_RING_HEADER	64

/* The indexes at the start of the first page. */
struct blkif_ring_indexes {
	u32 req_prod;
	u32 req_event;
	u32 rsp_prod;
	u32 rsp_event;
};

static_assert(offsetof(struct blkif_ring_indexes, req_prod) == 0);
static_assert(offsetof(struct blkif_ring_indexes, req_event) == 4);
static_assert(offsetof(struct blkif_ring_indexes, rsp_prod) == 8);
static_assert(offsetof(struct blkif_ring_indexes, rsp_event) == 12);
static_assert(sizeof(struct blkif_ring_indexes) <= BLKIF_RING_HEADER);

/**
 * blkif_shared_slots() - number of slots of a ring
 * @abi: layout
 * @order: log2 of the number of pages
 *
 * Return: the number of slots.
 */
static inline u32 blkif_shared_slots(const struct blkif_abi *abi,
				     unsigned int order)
{
	u32 fit = ((BLKIF_PAGE_SIZE << order) - BLKIF_RING_HEADER) /
		  abi->req_size;
	u32 slots = 1;

	while (slots * 2 <= fit)
		slots *= 2;
	return slots;
}

/* Copy a slot; slim ones by word, see slim.h. */
static inline void blkif_shared_copy_req(const struct blkif_abi *abi,
					 const void *slot, u64 *raw)
{
	const u64 *word = slot;

	if (abi->slim) {
		raw[0] = word[0];
		raw[1] = word[1];
		raw[2] = word[2];
		raw[3] = word[3];
	} else {
		memcpy(raw, slot, abi->req_size);
	}
	barrier(); /* the compiler must not read the slot again */
}

static inline void blkif_shared_copy_rsp(const struct blkif_abi *abi,
					 const void *slot, u64 *raw)
{
	const u64 *word = slot;

	if (abi->slim) {
		raw[0] = word[0];
		raw[1] = word[1];
	} else {
		memcpy(raw, slot, abi->rsp_size);
	}
	barrier(); /* the compiler must not read the slot again */
}

static inline void *blkif_shared_slot(struct blkif_ring_indexes *page,
				      const struct blkif_abi *abi, u32 mask,
				      u32 index)
{
	return (u8 *)page + BLKIF_RING_HEADER + (index & mask) * abi->req_size;
}

/* Does a side that moved its index from @from to @to have to notify? */
static inline bool blkif_ring_event_passed(u32 event, u32 from, u32 to)
{
	return (u32)(to - event) < (u32)(to - from);
}

/**
 * struct blkif_front_shared - the frontend's view of a shared ring
 * @page: the shared pages
 * @abi: layout
 * @mask: number of slots - 1
 * @req_prod: index of the next request to put
 * @req_published: index up to which requests are published
 * @rsp_cons: index of the next response to take
 * @rsp_prod: index up to which responses were last seen published
 */
struct blkif_front_shared {
	struct blkif_ring_indexes *page;
	const struct blkif_abi *abi;
	u32 mask;
	u32 req_prod;
	u32 req_published;
	u32 rsp_cons;
	u32 rsp_prod;
};

/**
 * blkif_front_shared_init() - initialize a ring
 * @ring: the view
 * @page: BLKIF_PAGE_SIZE << @order zeroed bytes, not yet granted to a peer
 * @abi: layout
 * @order: log2 of the number of pages
 */
static inline void blkif_front_shared_init(struct blkif_front_shared *ring,
					   void *page,
					 const struct blkif_abi *abi,
					 unsigned int order)
{
	*ring = (struct blkif_front_shared) {
		.page = page,
		.abi = abi,
		.mask = blkif_shared_slots(abi, order) - 1,
	};
	WRITE_ONCE(ring->page->req_event, 1);
	WRITE_ONCE(ring->page->rsp_event, 1);
}

/**
 * blkif_front_shared_full() - check for a free slot
 * @ring: the ring
 *
 * Belongs to the request half; responses may be taken at the same time.
 *
 * Return: true if there is no slot for another request.
 */
static inline bool blkif_front_shared_full(struct blkif_front_shared *ring)
{
	/* pairs with blkif_front_shared_get(): the slot was copied */
	return ring->req_prod - virt_load_acquire(&ring->rsp_cons) > ring->mask;
}

/**
 * blkif_front_shared_put() - write a request
 * @ring: the ring, which is not full
 * @cmd: the request
 * @handle: virtual device number
 *
 * blkif_front_shared_publish() makes it visible to the backend.
 */
static inline void blkif_front_shared_put(struct blkif_front_shared *ring,
					  const struct blkif_cmd *cmd,
					  u16 handle)
{
	blkif_cmd_encode(ring->abi, cmd, handle,
			 blkif_shared_slot(ring->page, ring->abi, ring->mask,
					   ring->req_prod));
	ring->req_prod++;
}

/**
 * blkif_front_shared_publish() - publish the requests that were put
 * @ring: the ring
 *
 * Return: true if the backend must be notified.
 */
static inline bool blkif_front_shared_publish(struct blkif_front_shared *ring)
{
	u32 from = ring->req_published;

	if (from == ring->req_prod)
		return false;
	/* First, because a response may arrive before this function returns. */
	WRITE_ONCE(ring->req_published, ring->req_prod);
	/* pairs with the load in blkif_back_shared_peek() */
	virt_store_release(&ring->page->req_prod, ring->req_prod);
	virt_mb(); /* pairs with blkif_back_shared_rearm() */
	return blkif_ring_event_passed(READ_ONCE(ring->page->req_event), from,
				       ring->req_prod);
}

/* Load the index of published responses. */
static inline int blkif_front_shared_peek(struct blkif_front_shared *ring)
{
	/* pairs with the store in blkif_back_shared_publish() */
	u32 prod = virt_load_acquire(&ring->page->rsp_prod);
	u32 unanswered = READ_ONCE(ring->req_published) - ring->rsp_cons;

	if ((u32)(prod - ring->rsp_cons) > unanswered)
		return -EPROTO;
	ring->rsp_prod = prod;
	return prod != ring->rsp_cons;
}

/**
 * blkif_front_shared_get() - take a response
 * @ring: the ring
 * @rsp: receives the response, unchecked
 *
 * Return: 1 on success, 0 if there is none, or -EPROTO if there are more
 * responses than requests that were published, or a reserved field is not zero.
 */
static inline int blkif_front_shared_get(struct blkif_front_shared *ring,
					 struct blkif_rsp *rsp)
{
	u64 raw[2];

	if (ring->rsp_cons == ring->rsp_prod) {
		int ret = blkif_front_shared_peek(ring);

		if (ret <= 0)
			return ret;
	}
	blkif_shared_copy_rsp(ring->abi,
			      blkif_shared_slot(ring->page, ring->abi,
						ring->mask, ring->rsp_cons),
			      raw);
	if (!blkif_rsp_decode(ring->abi, raw, rsp))
		return -EPROTO;
	/* pairs with blkif_front_shared_full() */
	virt_store_release(&ring->rsp_cons, ring->rsp_cons + 1);
	return 1;
}

/**
 * blkif_front_shared_pending() - check cheaply for a response
 * @ring: the ring
 *
 * Return: true if there may be one.
 */
static inline bool
blkif_front_shared_pending(const struct blkif_front_shared *ring)
{
	return READ_ONCE(ring->page->rsp_prod) != ring->rsp_cons;
}

/**
 * blkif_front_shared_rearm() - ask for a notification of responses
 * @ring: the ring, which was found empty
 * @ahead: as for blkif_front_rearm()
 *
 * Return: as blkif_front_rearm().
 */
static inline int blkif_front_shared_rearm(struct blkif_front_shared *ring,
					   u32 ahead)
{
	WRITE_ONCE(ring->page->rsp_event, ring->rsp_cons + ahead);
	virt_mb(); /* pairs with blkif_back_shared_publish() */
	return blkif_front_shared_peek(ring);
}

/**
 * struct blkif_back_shared - the backend's view of a shared ring
 * @page: the shared pages, mapped
 * @abi: layout that the frontend chose
 * @mask: number of slots - 1
 * @req_cons: index of the next request to take
 * @req_prod: index up to which requests were last seen published
 * @rsp_prod: index of the next response to put
 * @rsp_published: index up to which responses are published
 */
struct blkif_back_shared {
	struct blkif_ring_indexes *page;
	const struct blkif_abi *abi;
	u32 mask;
	u32 req_cons;
	u32 req_prod;
	u32 rsp_prod;
	u32 rsp_published;
};

/**
 * blkif_back_shared_init() - continue a ring where it is
 * @ring: the view
 * @page: the mapped pages
 * @abi: layout
 * @order: log2 of the number of pages
 *
 * An earlier backend may have used the ring.  Requests that it has not answered
 * are taken again.
 *
 * Return: 0, or -EPROTO if the indexes contradict each other.
 */
static inline int blkif_back_shared_init(struct blkif_back_shared *ring,
					 void *page,
					 const struct blkif_abi *abi,
					 unsigned int order)
{
	struct blkif_ring_indexes *indexes = page;
	u32 rsp_prod = READ_ONCE(indexes->rsp_prod);
	u32 req_prod = READ_ONCE(indexes->req_prod);

	*ring = (struct blkif_back_shared) {
		.page = indexes,
		.abi = abi,
		.mask = blkif_shared_slots(abi, order) - 1,
		.req_cons = rsp_prod,
		.req_prod = rsp_prod,
		.rsp_prod = rsp_prod,
		.rsp_published = rsp_prod,
	};
	return (u32)(req_prod - rsp_prod) > ring->mask + 1 ? -EPROTO : 0;
}

/* Load the index of published requests. */
static inline int blkif_back_shared_peek(struct blkif_back_shared *ring)
{
	/* pairs with the store in blkif_front_shared_publish() */
	u32 prod = virt_load_acquire(&ring->page->req_prod);
	u32 unanswered = ring->req_cons - READ_ONCE(ring->rsp_prod);

	if ((u32)(prod - ring->req_cons) > ring->mask + 1 - unanswered)
		return -EPROTO;
	ring->req_prod = prod;
	return prod != ring->req_cons;
}

/**
 * blkif_back_shared_get() - take a request
 * @ring: the ring
 * @cmd: receives the request, unchecked
 *
 * Return: 1 on success, 0 if there is none, or -EPROTO if there are more
 * requests than free slots.
 */
static inline int blkif_back_shared_get(struct blkif_back_shared *ring,
					struct blkif_cmd *cmd)
{
	u64 raw[BLKIF_SLOT_MAX / sizeof(u64)];

	if (ring->req_cons == ring->req_prod) {
		int ret = blkif_back_shared_peek(ring);

		if (ret <= 0)
			return ret;
	}
	blkif_shared_copy_req(ring->abi,
			      blkif_shared_slot(ring->page, ring->abi,
						ring->mask, ring->req_cons),
			      raw);
	blkif_cmd_decode(ring->abi, raw, cmd);
	ring->req_cons++;
	return 1;
}

/**
 * blkif_back_shared_pending() - check cheaply for a request
 * @ring: the ring
 *
 * Return: true if there may be one.
 */
static inline bool
blkif_back_shared_pending(const struct blkif_back_shared *ring)
{
	return READ_ONCE(ring->page->req_prod) != ring->req_cons;
}

/**
 * blkif_back_shared_rearm() - ask for a notification of the next request
 * @ring: the ring, which was found empty
 *
 * Return: as blkif_back_rearm().
 */
static inline int blkif_back_shared_rearm(struct blkif_back_shared *ring)
{
	WRITE_ONCE(ring->page->req_event, ring->req_cons + 1);
	virt_mb(); /* pairs with blkif_front_shared_publish() */
	return blkif_back_shared_peek(ring);
}

/**
 * blkif_back_shared_put() - write a response
 * @ring: the ring
 * @rsp: the response to a request that was taken
 *
 * blkif_back_shared_publish() makes it visible to the frontend.
 */
static inline void blkif_back_shared_put(struct blkif_back_shared *ring,
					 const struct blkif_rsp *rsp)
{
	blkif_rsp_encode(ring->abi, rsp,
			 blkif_shared_slot(ring->page, ring->abi, ring->mask,
					   ring->rsp_prod));
	WRITE_ONCE(ring->rsp_prod, ring->rsp_prod + 1);
}

/**
 * blkif_back_shared_publish() - publish the responses that were put
 * @ring: the ring
 *
 * Return: true if the frontend must be notified.
 */
static inline bool blkif_back_shared_publish(struct blkif_back_shared *ring)
{
	u32 from = ring->rsp_published;

	if (from == ring->rsp_prod)
		return false;
	/* pairs with the load in blkif_front_shared_peek() */
	virt_store_release(&ring->page->rsp_prod, ring->rsp_prod);
	ring->rsp_published = ring->rsp_prod;
	virt_mb(); /* pairs with blkif_front_shared_rearm() */
	return blkif_ring_event_passed(READ_ONCE(ring->page->rsp_event), from,
				       ring->rsp_prod);
}

#endif /* _XEN_BLKIF_SHARED_H */
