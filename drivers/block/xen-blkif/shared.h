/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shared ring, seen from either side.
 *
 * One or more pages, contiguous in each side's address space: a header with
 * four indexes, then slots that first carry a request and later a response.
 * Indexes run freely and wrap at 2^32; the number of slots is a power of two.
 *
 * Who writes what
 *   frontend: req_prod, rsp_event, and a slot from the time its response was
 *             consumed until req_prod passes it
 *   backend:  rsp_prod, req_event, and a slot from the time its request was
 *             copied until rsp_prod passes it
 *
 * Ordering (virt_* barriers, because the peer may run on another CPU even
 * where the kernel is built for one)
 *   put, then push:  the store-release of *_prod pairs with the peer's
 *             load-acquire of it in *_poll, so a slot is seen whole.
 *   get, then put on the peer: a slot is copied before the index that allows
 *             it to be overwritten is released (push of the answer, or the
 *             next request that a consumed answer allows).
 *   push, then read *_event; arm: write *_event, then read *_prod: a full
 *             barrier stands in the middle of both.  At least one side then
 *             sees the other's store, so either a notification is sent or the
 *             consumer finds the work itself, and none is lost.
 *
 * All of a struct blkif_front_shared or blkif_back_rings but @page is private.
 * Calls on the request half and calls on the response half may run at the
 * same time; two calls on one half may not.
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
 * blkif_shared_slots() - how many slots a ring has
 * @abi: layout
 * @order: log2 of the number of pages
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

/* Copies of a slot; slim ones a word at a time, see slim.h. */
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
	barrier(); /* only the copy is looked at */
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
	barrier(); /* only the copy is looked at */
}

static inline void *blkif_shared_slot(struct blkif_ring_indexes *page,
				      const struct blkif_abi *abi, u32 mask,
				    u32 index)
{
	return (u8 *)page + BLKIF_RING_HEADER + (index & mask) * abi->req_size;
}

/* Must the side that moved its index from @from to @to notify? */
static inline bool blkif_ring_event_passed(u32 event, u32 from, u32 to)
{
	return (u32)(to - event) < (u32)(to - from);
}

/**
 * struct blkif_front_shared - the frontend's view of one ring
 * @page: the shared pages
 * @abi: layout
 * @mask: number of slots - 1
 * @req_prod: where the next request goes
 * @req_published: what the backend was told of
 * @rsp_cons: next response to take
 * @rsp_prod: how far responses are known to be published
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
 * blkif_front_shared_init() - take a ring into use
 * @ring: the view
 * @page: BLKIF_PAGE_SIZE << @order zeroed bytes, not yet seen by a peer
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
 * blkif_front_shared_full() - is there no slot for another request?
 * @ring: the ring
 *
 * Belongs to the request half; responses may be taken meanwhile.
 */
static inline bool blkif_front_shared_full(struct blkif_front_shared *ring)
{
	/* pairs with blkif_front_shared_get(): the slot was copied */
	return ring->req_prod - virt_load_acquire(&ring->rsp_cons) > ring->mask;
}

/**
 * blkif_front_shared_put() - write a request that the backend is not told of yet
 * @ring: the ring
 * @cmd: the request
 * @handle: virtual device number
 *
 * The caller has no more requests unanswered than there are slots.
 */
static inline void blkif_front_shared_put(struct blkif_front_shared *ring,
					  const struct blkif_cmd *cmd, u16 handle)
{
	blkif_cmd_encode(ring->abi, cmd, handle,
			 blkif_shared_slot(ring->page, ring->abi, ring->mask,
					   ring->req_prod));
	ring->req_prod++;
}

/**
 * blkif_front_shared_publish() - publish what was put
 * @ring: the ring
 *
 * Return: true if the backend must be notified.
 */
static inline bool blkif_front_shared_publish(struct blkif_front_shared *ring)
{
	u32 from = ring->req_published;

	if (from == ring->req_prod)
		return false;
	/* First, because the answer may overtake this function. */
	WRITE_ONCE(ring->req_published, ring->req_prod);
	/* pairs with the load in blkif_back_shared_peek() */
	virt_store_release(&ring->page->req_prod, ring->req_prod);
	virt_mb(); /* pairs with blkif_back_shared_rearm() */
	return blkif_ring_event_passed(READ_ONCE(ring->page->req_event), from,
				       ring->req_prod);
}

/* Look how far responses are published. */
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
 * @rsp: filled in, not checked
 *
 * Return: 1 if there was one, 0 if not, -EPROTO if the backend claims
 * responses to requests that it was never told of.
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

/** blkif_front_shared_pending() - has the backend published anything new? */
static inline bool
blkif_front_shared_pending(const struct blkif_front_shared *ring)
{
	return READ_ONCE(ring->page->rsp_prod) != ring->rsp_cons;
}

/**
 * blkif_front_shared_rearm() - ask for a notification of responses
 * @ring: the ring, found empty
 * @ahead: as blkif_front_rearm()
 *
 * Return: 0 if there is none yet and the one asked for will be notified, 1 if
 * there is one after all, -EPROTO as blkif_front_shared_get().
 */
static inline int blkif_front_shared_rearm(struct blkif_front_shared *ring, u32 ahead)
{
	WRITE_ONCE(ring->page->rsp_event, ring->rsp_cons + ahead);
	virt_mb(); /* pairs with blkif_back_shared_publish() */
	return blkif_front_shared_peek(ring);
}

/**
 * struct blkif_back_shared - the backend's view of one ring
 * @page: the shared pages, mapped
 * @abi: layout the frontend asked for
 * @mask: number of slots - 1
 * @req_cons: next request to take
 * @req_prod: how far requests are known to be published
 * @rsp_prod: where the next response goes
 * @rsp_published: what the frontend was told of
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
 * blkif_back_shared_init() - go on where the ring stands
 * @ring: the view
 * @page: the mapped pages
 * @abi: layout
 * @order: log2 of the number of pages
 *
 * A ring may be handed over with responses in it, by a backend that was
 * restarted; requests that it left unanswered are taken again.
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

/* Look how far requests are published. */
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
 * @cmd: filled in, not checked
 *
 * Return: 1 if there was one, 0 if not, -EPROTO if the frontend claims more
 * requests than there are slots without a request in them.
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

/** blkif_back_shared_pending() - has the frontend published anything new? */
static inline bool
blkif_back_shared_pending(const struct blkif_back_shared *ring)
{
	return READ_ONCE(ring->page->req_prod) != ring->req_cons;
}

/**
 * blkif_back_shared_rearm() - ask for a notification of the next request
 * @ring: the ring, found empty
 *
 * Return: 0 if there is none yet and one will be notified, 1 if there is one
 * after all, -EPROTO as blkif_back_shared_get().
 */
static inline int blkif_back_shared_rearm(struct blkif_back_shared *ring)
{
	WRITE_ONCE(ring->page->req_event, ring->req_cons + 1);
	virt_mb(); /* pairs with blkif_front_shared_publish() */
	return blkif_back_shared_peek(ring);
}

/**
 * blkif_back_shared_put() - write a response that the frontend is not told of yet
 * @ring: the ring
 * @rsp: the response; there is one for each request that was taken
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
 * blkif_back_shared_publish() - publish what was put
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
