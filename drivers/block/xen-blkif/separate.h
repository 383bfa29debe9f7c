/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Separate request and response rings, for both sides.
 *
 * A ring is a number of pages with one writer.  The first page starts with two
 * lines of the agreed alignment: one that is not used and one with an event
 * word.  The rest of the page and all other pages are slots.  The lap byte of a
 * slot, in the word that is stored last, publishes the slot.  No index or count
 * is shared.
 *
 *   request ring    written by the frontend, mapped read-only by the backend;
 *                   32-byte slots, lap byte in the first word; its event word
 *                   is rsp_event, which asks for a notification of responses
 *   response ring   written by the backend; 16-byte slots, lap byte in the last
 *                   word; its event word is req_event
 *
 * The lap byte is 1 on the first pass through the ring, then 2, then 1 again,
 * so that a new slot differs from the previous one in its place.  0 is never
 * valid.  An event word counts slots since the ring was created and wraps at
 * 2^32.
 *
 * No slot is overwritten before it was read.  A frontend has at most as many
 * requests unanswered as the request ring has slots.  When it writes request n,
 * one of the requests n - slots to n - 1 was answered and therefore taken.
 * Requests are taken in order, so request n - slots was taken too, and n goes
 * into its slot.  There are never more responses to take than unanswered
 * requests, and the response ring has as many slots as the request ring.
 *
 * Cache lines: the frontend writes the request slots, in order and two or four
 * to a line, and the line of rsp_event.  The backend writes the response slots
 * and the line of req_event.  A producer loads the event word of its peer once
 * for each publish and never loads what it wrote.
 *
 * Ordering
 *   put:      the body of the slot is stored first, then the word with the lap
 *             byte, with release.  This pairs with the load-acquire of that
 *             word in *_get().  The consumer copies a slot once and uses only
 *             the copy.  The other half of the eight bytes with the word may be
 *             accessed together with it, or stored before and loaded after it;
 *             the peer cannot tell the difference.
 *   publish:  a full barrier between the stores of put and the load of the
 *             event word; pairs with the one in rearm.
 *   rearm:    a full barrier between the store of the event word and the last
 *             load of the next slot.  If publish and rearm meet, at least one
 *             sees the other's store: either the producer notifies or the
 *             consumer finds the slot.
 *
 * A struct blkif_sep_ring is private to its side.  The request half and the
 * response half of a side each have their own and write no common line.  The
 * request half reads the count of the response half when the responses that it
 * knows of are not enough; see blkif_sep_full().
 */

#ifndef _XEN_BLKIF_SEPARATE_H
#define _XEN_BLKIF_SEPARATE_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <asm/barrier.h>
#include <asm/bitsperlong.h>
#include "slim.h"

#define BLKIF_SEP_REQ_SIZE	32
#define BLKIF_SEP_RSP_SIZE	16

/*
 * Eight bytes, one half of which is the word that publishes a slot.  They are
 * one store on 64-bit machines; on others that half is stored last.
 */
union blkif_sep_word {
	u64 all;
	u32 half[2];
};

/* A request slot in the ring. */
struct blkif_sep_req_slot {
	union blkif_sep_word head;	/* the lap byte is in half[0] */
	u64 id;
	u64 data[2];
};

/* A response slot in the ring. */
struct blkif_sep_rsp_slot {
	u64 id;
	union blkif_sep_word tail;	/* the lap byte is in half[1] */
};

static_assert(sizeof(struct blkif_sep_req_slot) == BLKIF_SEP_REQ_SIZE);
static_assert(offsetof(struct blkif_sep_req_slot, head) == 0);
static_assert(offsetof(struct blkif_sep_req_slot, id) == 8);
static_assert(offsetof(struct blkif_sep_req_slot, data) == 16);
static_assert(sizeof(struct blkif_sep_rsp_slot) == BLKIF_SEP_RSP_SIZE);
static_assert(offsetof(struct blkif_sep_rsp_slot, id) == 0);
static_assert(offsetof(struct blkif_sep_rsp_slot, tail) == 8);
static_assert(BLKIF_SLIM_LAP < 32 && BLKIF_SLIM_RSP_LAP >= 32);

/* Pages of the largest request ring; its response ring has fewer. */
#define BLKIF_SEP_MAX_PAGES	16

/* Slots that fit into the pages after two lines of @align bytes. */
#define BLKIF_SEP_FIT(pages, align, size)				\
	(((pages) * BLKIF_PAGE_SIZE - 2 * (align)) / (size))

/* No slot crosses the end of a page or of a line. */
static_assert(BLKIF_SEP_FIT(1, 64, BLKIF_SEP_REQ_SIZE) == 124);
static_assert(BLKIF_SEP_FIT(1, 128, BLKIF_SEP_REQ_SIZE) == 120);
static_assert(BLKIF_SEP_FIT(2, 64, BLKIF_SEP_REQ_SIZE) == 124 + 128);
static_assert(BLKIF_SEP_FIT(2, 128, BLKIF_SEP_REQ_SIZE) == 120 + 128);
static_assert(64 % BLKIF_SEP_REQ_SIZE == 0 && 64 % BLKIF_SEP_RSP_SIZE == 0);

/**
 * struct blkif_sep_ring - position of one side in a ring
 * @next: the next slot
 * @end: end of the slots in the page of @next
 * @count: number of slots put or taken, which wraps
 * @checked: @count at the last publish
 * @seen: request ring only: @count of the response ring when last loaded
 * @nr_slots: number of slots of the ring
 * @bytes: bytes from the start of the first page to the end of the last slot
 * @first: offset of the first slot in the first page
 * @page: index of the page of @next
 * @lap: lap byte of @next once it is published
 * @pages: the pages of the ring, not necessarily contiguous
 */
struct blkif_sep_ring {
	u8 *next;
	u8 *end;
	u32 count;
	u32 checked;
	u32 seen;
	u32 nr_slots;
	u32 bytes;
	u16 first;
	u8 page;
	u8 lap;
	void *pages[BLKIF_SEP_MAX_PAGES];
};

/**
 * blkif_sep_slots() - number of slots of a ring
 * @pages: number of pages
 * @align: alignment, 64 or 128
 * @size: bytes of a slot
 *
 * Return: the number of slots.
 */
static inline u32 blkif_sep_slots(u32 pages, u32 align, u32 size)
{
	return BLKIF_SEP_FIT(pages, align, size);
}

/**
 * blkif_sep_rsp_pages() - number of pages of a response ring
 * @slots: number of slots of its request ring
 * @align: alignment, 64 or 128
 *
 * Return: the number of pages.
 */
static inline u32 blkif_sep_rsp_pages(u32 slots, u32 align)
{
	return (2 * align + slots * BLKIF_SEP_RSP_SIZE + BLKIF_PAGE_SIZE - 1) /
	       BLKIF_PAGE_SIZE;
}

/* Go to the first slot of a page. */
static inline void blkif_sep_enter_page(struct blkif_sep_ring *ring, u8 page)
{
	u32 left = ring->bytes - page * BLKIF_PAGE_SIZE;

	ring->page = page;
	ring->next = ring->pages[page];
	ring->end = ring->next +
		    (left < BLKIF_PAGE_SIZE ? left : BLKIF_PAGE_SIZE);
	if (!page)
		ring->next += ring->first;
}

/**
 * blkif_sep_init() - start at the first slot of a new ring
 * @ring: the ring, whose @pages the caller has set
 * @align: alignment, 64 or 128
 * @size: bytes of a slot
 * @nr_slots: number of slots to use, at most blkif_sep_slots()
 */
static inline void blkif_sep_init(struct blkif_sep_ring *ring, u16 align,
				  u32 size, u32 nr_slots)
{
	ring->count = 0;
	ring->checked = 0;
	ring->seen = 0;
	ring->nr_slots = nr_slots;
	ring->bytes = 2 * align + nr_slots * size;
	ring->first = 2 * align;
	ring->lap = 1;
	blkif_sep_enter_page(ring, 0);
}

/* The event word that the writer of @ring's pages owns. */
static inline u32 *blkif_sep_event(const struct blkif_sep_ring *ring)
{
	return (u32 *)((u8 *)ring->pages[0] + ring->first / 2);
}

/* Move to the next slot of @size bytes. */
static inline void blkif_sep_next(struct blkif_sep_ring *ring, u32 size)
{
	ring->next += size;
	if (ring->next != ring->end)
		return;
	if ((ring->page + 1) * BLKIF_PAGE_SIZE < ring->bytes) {
		blkif_sep_enter_page(ring, ring->page + 1);
		return;
	}
	blkif_sep_enter_page(ring, 0);
	ring->lap ^= 3;
}

/**
 * blkif_sep_full() - check whether the limit of unanswered requests is reached
 * @req: the request ring; the caller owns the request half
 * @rsp: the response ring, which the other half may use at the same time
 *
 * The count of responses only grows.  It is loaded from the line of the other
 * half only if the last value is not enough.
 *
 * Return: true if as many requests are unanswered as there are slots.
 */
static inline bool blkif_sep_full(struct blkif_sep_ring *req,
				  struct blkif_sep_ring *rsp)
{
	if (req->count - req->seen < req->nr_slots)
		return false;
	/* pairs with blkif_sep_put_rsp() and blkif_sep_get_rsp() */
	req->seen = virt_load_acquire(&rsp->count);
	return req->count - req->seen >= req->nr_slots;
}

/* Store the eight bytes that publish a slot; @half has the lap byte. */
static __always_inline void blkif_sep_store(union blkif_sep_word *word,
					    u64 val, unsigned int half)
{
#if BITS_PER_LONG == 64
	virt_store_release(&word->all, val); /* pairs with blkif_sep_load() */
#else
	WRITE_ONCE(word->half[!half], (u32)(val >> 32 * !half));
	/* pairs with blkif_sep_load() */
	virt_store_release(&word->half[half], (u32)(val >> 32 * half));
#endif
}

/* Load them, before anything else of the slot. */
static __always_inline u64 blkif_sep_load(const union blkif_sep_word *word,
					  unsigned int half)
{
#if BITS_PER_LONG == 64
	return virt_load_acquire(&word->all); /* pairs with blkif_sep_store() */
#else
	/* pairs with blkif_sep_store() */
	u64 val = (u64)virt_load_acquire(&word->half[half]) << 32 * half;

	return val | (u64)READ_ONCE(word->half[!half]) << 32 * !half;
#endif
}

/* Store all of a request but its head; the peer does not see it yet. */
static inline void blkif_sep_write_req(struct blkif_sep_ring *ring,
				       const struct blkif_slim_words *words)
{
	struct blkif_sep_req_slot *slot = (void *)ring->next;

	slot->id = words->id;
	slot->data[0] = words->data[0];
	slot->data[1] = words->data[1];
}

/* Store @head with the lap byte added, which publishes the request. */
static inline void blkif_sep_publish_req(struct blkif_sep_ring *ring, u64 head)
{
	struct blkif_sep_req_slot *slot = (void *)ring->next;

	blkif_sep_store(&slot->head, head | (u64)ring->lap << BLKIF_SLIM_LAP,
			0);
	ring->count++;
	blkif_sep_next(ring, BLKIF_SEP_REQ_SIZE);
}

/**
 * blkif_sep_put_rsp() - write and publish a response
 * @ring: the response ring
 * @words: the slot, with its lap byte zero
 */
static inline void blkif_sep_put_rsp(struct blkif_sep_ring *ring,
				     const struct blkif_slim_rsp_words *words)
{
	struct blkif_sep_rsp_slot *slot = (void *)ring->next;

	/* First, because the next request may arrive before this returns. */
	virt_store_release(&ring->count, ring->count + 1);
	slot->id = words->id;
	blkif_sep_store(&slot->tail, words->tail |
			(u64)ring->lap << BLKIF_SLIM_RSP_LAP, 1);
	blkif_sep_next(ring, BLKIF_SEP_RSP_SIZE);
}

/**
 * blkif_sep_must_notify() - decide whether to notify the peer
 * @ring: the ring that is produced
 * @event: event word of the peer
 *
 * Return: true if the slots that were put since the last call include the one
 * for which the peer asked.
 */
static inline bool blkif_sep_must_notify(struct blkif_sep_ring *ring,
					 const u32 *event)
{
	u32 from = ring->checked;

	if (from == ring->count)
		return false;
	ring->checked = ring->count;
	virt_mb(); /* pairs with blkif_sep_rearm() */
	return (u32)(ring->count - READ_ONCE(*event)) <
	       (u32)(ring->count - from);
}

/*
 * Remove the lap byte from a word.  1 if the slot is new, 0 if it is not,
 * -EPROTO if the lap byte is not valid.
 */
static inline int blkif_sep_check_lap(const struct blkif_sep_ring *ring,
				      u64 *val, unsigned int shift)
{
	u8 lap = *val >> shift;

	if (lap == ring->lap) {
		*val ^= (u64)lap << shift;
		return 1;
	}
	return lap > 2 ? -EPROTO : 0;
}

static inline int blkif_sep_load_req(const struct blkif_sep_ring *ring,
				     u64 *head)
{
	const struct blkif_sep_req_slot *slot = (void *)ring->next;

	*head = blkif_sep_load(&slot->head, 0);
	return blkif_sep_check_lap(ring, head, BLKIF_SLIM_LAP);
}

static inline int blkif_sep_load_rsp(const struct blkif_sep_ring *ring,
				     u64 *tail)
{
	const struct blkif_sep_rsp_slot *slot = (void *)ring->next;

	*tail = blkif_sep_load(&slot->tail, 1);
	return blkif_sep_check_lap(ring, tail, BLKIF_SLIM_RSP_LAP);
}

/**
 * blkif_sep_peek_req() - check whether a request is published
 * @ring: the request ring
 *
 * Return: 1 if there is one, 0 if not, -EPROTO if its lap byte is not valid.
 */
static inline int blkif_sep_peek_req(const struct blkif_sep_ring *ring)
{
	u64 head;

	return blkif_sep_load_req(ring, &head);
}

/**
 * blkif_sep_peek_rsp() - check whether a response is published
 * @ring: the response ring
 *
 * Return: 1 if there is one, 0 if not, -EPROTO if its lap byte is not valid.
 */
static inline int blkif_sep_peek_rsp(const struct blkif_sep_ring *ring)
{
	u64 tail;

	return blkif_sep_load_rsp(ring, &tail);
}

/**
 * blkif_sep_get_req() - take a request
 * @ring: the request ring
 * @words: receives a copy of the slot, with its lap byte zeroed
 *
 * Return: 1 on success, 0 or -EPROTO as blkif_sep_peek_req().
 */
static inline int blkif_sep_get_req(struct blkif_sep_ring *ring,
				    struct blkif_slim_words *words)
{
	const struct blkif_sep_req_slot *slot = (void *)ring->next;
	int ret = blkif_sep_load_req(ring, &words->head);

	if (ret <= 0)
		return ret;
	words->id = READ_ONCE(slot->id);
	words->data[0] = READ_ONCE(slot->data[0]);
	words->data[1] = READ_ONCE(slot->data[1]);
	ring->count++;
	blkif_sep_next(ring, BLKIF_SEP_REQ_SIZE);
	return 1;
}

/**
 * blkif_sep_get_rsp() - take a response
 * @ring: the response ring
 * @words: receives a copy of the slot, with its lap byte zeroed
 *
 * Return: 1 on success, 0 or -EPROTO as blkif_sep_peek_rsp().
 */
static inline int blkif_sep_get_rsp(struct blkif_sep_ring *ring,
				    struct blkif_slim_rsp_words *words)
{
	const struct blkif_sep_rsp_slot *slot = (void *)ring->next;
	int ret = blkif_sep_load_rsp(ring, &words->tail);

	if (ret <= 0)
		return ret;
	words->id = READ_ONCE(slot->id);
	/* pairs with blkif_sep_full(): the slot was copied */
	virt_store_release(&ring->count, ring->count + 1);
	blkif_sep_next(ring, BLKIF_SEP_RSP_SIZE);
	return 1;
}

/**
 * blkif_sep_event_ahead() - check whether the peer waits for a slot to come
 * @ring: the ring that is produced
 * @event: event word of the peer
 *
 * Return: true if the slot for which the peer asked is not put yet.
 */
static inline bool blkif_sep_event_ahead(const struct blkif_sep_ring *ring,
					 const u32 *event)
{
	return READ_ONCE(*event) - ring->count - 1 < ring->nr_slots;
}

/**
 * blkif_sep_rearm() - ask for a notification
 * @ring: the ring that is consumed, which was found empty
 * @event: event word of this side
 * @ahead: ask to be notified of the @ahead-th slot from now, at least 1
 *
 * The caller peeks at the ring once more before it sleeps.
 */
static inline void blkif_sep_rearm(const struct blkif_sep_ring *ring,
				   u32 *event, u32 ahead)
{
	WRITE_ONCE(*event, ring->count + ahead);
	virt_mb(); /* pairs with blkif_sep_must_notify() */
}

#endif /* _XEN_BLKIF_SEPARATE_H */
