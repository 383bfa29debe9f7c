/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Separate request and response rings, seen from either side.
 *
 * A ring is a number of pages with one writer.  The first line (of the agreed
 * alignment) of the first page is spare, the second holds an event word, and
 * slots follow, through that page and all of the others.  A slot is published
 * by the lap byte in one of its 32-bit words, which is stored last; nothing
 * else is shared, no index and no count.
 *
 *   request ring    written by the frontend, mapped read-only by the backend;
 *                   32-byte slots, lap in the first word; its event word is
 *                   rsp_event, which asks for a notification of responses
 *   response ring   written by the backend; 16-byte slots, lap in the last
 *                   word; its event word is req_event
 *
 * Laps: 0 is never valid; the first time round slots are marked 1, then 2,
 * then 1 again, so that a slot of the round before is told from a new one.
 * An event word counts slots since the ring was made, and wraps at 2^32.
 *
 * No slot is overwritten before it was read.  A frontend has no more requests
 * unanswered than the request ring has slots.  If it writes request n, one of
 * the requests n - slots to n - 1 was answered, hence taken, and requests are
 * taken in order, hence so was n - slots, whose slot it writes to.  Responses
 * that were not taken are never more than requests that are unanswered, and
 * the response ring has as many slots.
 *
 * Which lines are written: by the frontend, the request slots (two or four a
 * line, one after the other) and the line of rsp_event; by the backend, the
 * response slots and the line of req_event.  A producer reads the event word
 * of its peer once for each push, and never reads back what it wrote.
 *
 * Ordering
 *   put:    the body is stored, then the word with the lap with release;
 *           pairs with the load-acquire of that word in *_get().  The consumer
 *           copies a slot once and looks only at the copy.
 *   push:   full barrier between the stores of put and the load of the event
 *           word; pairs with the one in arm.
 *   arm:    full barrier between the store of the event word and the last look
 *           at the next slot.  Of a push and an arm that meet, at least one
 *           sees the other's store: the producer notifies, or the consumer
 *           finds the slot itself.
 *
 * A struct blkif_lap_ring is private to its side.  The producing and the
 * consuming half of a queue are two of them and share no written line.
 */

#ifndef _XEN_BLKIF_SPLIT_H
#define _XEN_BLKIF_SPLIT_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include "cmd.h"

#define BLKIF_LAP_REQ_SIZE	32
#define BLKIF_LAP_RSP_SIZE	16

/* Word of a slot that holds the lap, and the lap's place in it. */
#define BLKIF_LAP_REQ_WORD	0
#define BLKIF_LAP_REQ_SHIFT	0
#define BLKIF_LAP_RSP_WORD	3
#define BLKIF_LAP_RSP_SHIFT	24

/* The response ring of the largest request ring. */
#define BLKIF_LAP_MAX_PAGES	16

/**
 * struct blkif_lap_ring - one side's place in a ring
 * @pages: the pages of the ring, each at its own address
 * @nr_pages: how many
 * @first: offset of the first slot in the first page
 * @size: bytes of a slot
 * @page: where the next slot is: page
 * @off: and offset in it
 * @lap: mark of a slot of this round
 * @nr_slots: slots of the ring
 * @slot: number of the next slot, below @nr_slots
 * @count: slots put or taken so far, wraps
 * @checked: @count at the last push
 * @seen: of a request ring: @count of the response ring when last needed
 */
struct blkif_lap_ring {
	void *pages[BLKIF_LAP_MAX_PAGES];
	u16 nr_pages;
	u16 first;
	u16 size;
	u16 page;
	u16 off;
	u8 lap;
	u32 nr_slots;
	u32 slot;
	u32 count;
	u32 checked;
	u32 seen;
};

/**
 * blkif_lap_slots() - slots of a ring
 * @pages: number of pages
 * @align: 64 or 128
 * @size: bytes of a slot
 */
static inline u32 blkif_lap_slots(u32 pages, u32 align, u32 size)
{
	return (pages * BLKIF_PAGE_SIZE - 2 * align) / size;
}

/** blkif_lap_rsp_pages() - pages of the response ring for @slots requests */
static inline u32 blkif_lap_rsp_pages(u32 slots, u32 align)
{
	return (2 * align + slots * BLKIF_LAP_RSP_SIZE + BLKIF_PAGE_SIZE - 1) /
	       BLKIF_PAGE_SIZE;
}

/**
 * blkif_lap_init() - stand before the first slot of a new ring
 * @ring: the view; its pages are filled in by the caller
 * @nr_pages: number of pages
 * @align: 64 or 128
 * @size: bytes of a slot
 * @nr_slots: how many slots are used, no more than there are
 */
static inline void blkif_lap_init(struct blkif_lap_ring *ring, u16 nr_pages,
				  u16 align, u16 size, u32 nr_slots)
{
	ring->nr_pages = nr_pages;
	ring->first = 2 * align;
	ring->size = size;
	ring->page = 0;
	ring->off = ring->first;
	ring->lap = 1;
	ring->nr_slots = nr_slots;
	ring->slot = 0;
	ring->count = 0;
	ring->checked = 0;
	ring->seen = 0;
}

/* The event word that the writer of @ring's pages owns. */
static inline u32 *blkif_lap_event(const struct blkif_lap_ring *ring)
{
	return (u32 *)((u8 *)ring->pages[0] + ring->first / 2);
}

static inline u32 *blkif_lap_slot(const struct blkif_lap_ring *ring)
{
	return (u32 *)((u8 *)ring->pages[ring->page] + ring->off);
}

static inline void blkif_lap_next(struct blkif_lap_ring *ring)
{
	ring->off += ring->size;
	if (++ring->slot == ring->nr_slots) {
		ring->slot = 0;
		ring->page = 0;
		ring->off = ring->first;
		ring->lap ^= 3;
	} else if (ring->off == BLKIF_PAGE_SIZE) {
		ring->page++;
		ring->off = 0;
	}
}

/**
 * blkif_lap_full() - are as many requests unanswered as there may be?
 * @req: the request ring, whose half this belongs to
 * @rsp: the response ring, which the other half may use meanwhile
 *
 * Responses only become more, so the other half's line is read only when those
 * that were seen before are too few.
 */
static inline bool blkif_lap_full(struct blkif_lap_ring *req,
				  struct blkif_lap_ring *rsp)
{
	if (req->count - req->seen < req->nr_slots)
		return false;
	/* pairs with blkif_lap_put_rsp() and blkif_lap_get_rsp() */
	req->seen = virt_load_acquire(&rsp->count);
	return req->count - req->seen >= req->nr_slots;
}

/* All of a request but the word that publishes it; nobody sees it yet. */
static inline void blkif_lap_write_req(struct blkif_lap_ring *ring,
				       const u32 raw[8])
{
	memcpy(blkif_lap_slot(ring) + 1, raw + 1,
	       BLKIF_LAP_REQ_SIZE - sizeof(u32));
}

/* And that word. */
static inline void blkif_lap_show_req(struct blkif_lap_ring *ring, u32 word)
{
	/* pairs with the load in blkif_lap_peek() */
	virt_store_release(blkif_lap_slot(ring),
			   word | ring->lap << BLKIF_LAP_REQ_SHIFT);
	ring->count++;
	blkif_lap_next(ring);
}

/**
 * blkif_lap_put_req() - write and publish a request
 * @ring: the request ring
 * @raw: the slot, its lap byte zero
 */
static inline void blkif_lap_put_req(struct blkif_lap_ring *ring,
				     const u32 raw[8])
{
	blkif_lap_write_req(ring, raw);
	blkif_lap_show_req(ring, raw[0]);
}

/**
 * blkif_lap_put_rsp() - write and publish a response
 * @ring: the response ring
 * @raw: the slot, its lap byte zero
 */
static inline void blkif_lap_put_rsp(struct blkif_lap_ring *ring,
				     const u32 raw[4])
{
	u32 *slot = blkif_lap_slot(ring);

	/* First, because the request that this makes room for may overtake. */
	virt_store_release(&ring->count, ring->count + 1);
	memcpy(slot, raw, BLKIF_LAP_RSP_SIZE - sizeof(u32));
	/* pairs with the load in blkif_lap_peek() */
	virt_store_release(&slot[BLKIF_LAP_RSP_WORD],
			   raw[BLKIF_LAP_RSP_WORD] |
			   (u32)ring->lap << BLKIF_LAP_RSP_SHIFT);
	blkif_lap_next(ring);
}

/**
 * blkif_lap_push() - must the peer be notified of what was put?
 * @ring: the ring that was put to
 * @event: the event word of the peer
 */
static inline bool blkif_lap_push(struct blkif_lap_ring *ring,
				  const u32 *event)
{
	u32 from = ring->checked;

	if (from == ring->count)
		return false;
	ring->checked = ring->count;
	virt_mb(); /* pairs with blkif_lap_arm() */
	return (u32)(ring->count - READ_ONCE(*event)) <
	       (u32)(ring->count - from);
}

/*
 * Read the word with the lap.  1 if the slot is new, 0 if it is not, -EPROTO
 * if the mark is none.
 */
static inline int blkif_lap_peek(const struct blkif_lap_ring *ring,
				 unsigned int word, unsigned int shift,
				 u32 *val)
{
	/* pairs with the store in blkif_lap_show_req() and _put_rsp() */
	u32 v = virt_load_acquire(&blkif_lap_slot(ring)[word]);
	u8 lap = v >> shift;

	if (lap == ring->lap) {
		*val = v;
		return 1;
	}
	return lap > 2 ? -EPROTO : 0;
}

/** blkif_lap_look_req() - is a request published?  1, 0 or -EPROTO */
static inline int blkif_lap_look_req(const struct blkif_lap_ring *ring)
{
	u32 word;

	return blkif_lap_peek(ring, BLKIF_LAP_REQ_WORD, BLKIF_LAP_REQ_SHIFT,
			      &word);
}

/** blkif_lap_look_rsp() - is a response published?  1, 0 or -EPROTO */
static inline int blkif_lap_look_rsp(const struct blkif_lap_ring *ring)
{
	u32 word;

	return blkif_lap_peek(ring, BLKIF_LAP_RSP_WORD, BLKIF_LAP_RSP_SHIFT,
			      &word);
}

/**
 * blkif_lap_get_req() - take a request
 * @ring: the request ring
 * @raw: copy of the slot, its lap byte zero
 *
 * Return: 1 if there was one, 0 if not, -EPROTO.
 */
static inline int blkif_lap_get_req(struct blkif_lap_ring *ring, u32 raw[8])
{
	int ret = blkif_lap_peek(ring, BLKIF_LAP_REQ_WORD, BLKIF_LAP_REQ_SHIFT,
				 raw);

	if (ret <= 0)
		return ret;
	raw[0] &= ~(0xffU << BLKIF_LAP_REQ_SHIFT);
	memcpy(raw + 1, blkif_lap_slot(ring) + 1,
	       BLKIF_LAP_REQ_SIZE - sizeof(u32));
	barrier(); /* only the copy is looked at */
	ring->count++;
	blkif_lap_next(ring);
	return 1;
}

/**
 * blkif_lap_get_rsp() - take a response
 * @ring: the response ring
 * @raw: copy of the slot, its lap byte zero
 *
 * Return: 1 if there was one, 0 if not, -EPROTO.
 */
static inline int blkif_lap_get_rsp(struct blkif_lap_ring *ring, u32 raw[4])
{
	int ret = blkif_lap_peek(ring, BLKIF_LAP_RSP_WORD, BLKIF_LAP_RSP_SHIFT,
				 raw + BLKIF_LAP_RSP_WORD);

	if (ret <= 0)
		return ret;
	raw[BLKIF_LAP_RSP_WORD] &= ~(0xffU << BLKIF_LAP_RSP_SHIFT);
	memcpy(raw, blkif_lap_slot(ring), BLKIF_LAP_RSP_SIZE - sizeof(u32));
	barrier(); /* only the copy is looked at */
	/* pairs with blkif_lap_full(): the slot was copied */
	virt_store_release(&ring->count, ring->count + 1);
	blkif_lap_next(ring);
	return 1;
}

/**
 * blkif_lap_arm() - ask for a notification
 * @ring: the ring that is consumed, found empty
 * @event: our event word
 * @ahead: of how many more slots, at least 1
 *
 * The caller looks at the ring once more before it sleeps.
 */
static inline void blkif_lap_arm(const struct blkif_lap_ring *ring, u32 *event,
				 u32 ahead)
{
	WRITE_ONCE(*event, ring->count + ahead);
	virt_mb(); /* pairs with blkif_lap_push() */
}

#endif /* _XEN_BLKIF_SPLIT_H */
