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
 *           copies a slot once and looks only at the copy.  The other half of
 *           the eight bytes that the word is in may be stored and loaded with
 *           it, or before and after it: nobody can tell.
 *   push:   full barrier between the stores of put and the load of the event
 *           word; pairs with the one in arm.
 *   arm:    full barrier between the store of the event word and the last look
 *           at the next slot.  Of a push and an arm that meet, at least one
 *           sees the other's store: the producer notifies, or the consumer
 *           finds the slot itself.
 *
 * A struct blkif_sep_ring is private to its side.  The producing and the
 * consuming half of a queue are two of them and share no written line, but that
 * the request half looks at the count of the response half when it has run out
 * of the responses that it knew of; see blkif_sep_full().
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
 * Eight bytes, half of which are the word that publishes a slot: stored at once
 * where that is one store, and else that half last.
 */
union blkif_sep_word {
	u64 all;
	u32 half[2];
};

/* A slot in memory. */
struct blkif_sep_req_slot {
	union blkif_sep_word head;	/* the lap is in half[0] */
	u64 id;
	u64 data[2];
};

struct blkif_sep_rsp_slot {
	u64 id;
	union blkif_sep_word tail;	/* the lap is in half[1] */
};

static_assert(sizeof(struct blkif_sep_req_slot) == BLKIF_SEP_REQ_SIZE);
static_assert(offsetof(struct blkif_sep_req_slot, head) == 0);
static_assert(offsetof(struct blkif_sep_req_slot, id) == 8);
static_assert(offsetof(struct blkif_sep_req_slot, data) == 16);
static_assert(sizeof(struct blkif_sep_rsp_slot) == BLKIF_SEP_RSP_SIZE);
static_assert(offsetof(struct blkif_sep_rsp_slot, id) == 0);
static_assert(offsetof(struct blkif_sep_rsp_slot, tail) == 8);
static_assert(BLKIF_SLIM_LAP < 32 && BLKIF_SLIM_RSP_LAP >= 32);

/* The largest request ring; responses to it take fewer. */
#define BLKIF_SEP_MAX_PAGES	16

/* Slots that fit into @pages of them, behind two lines of @align bytes. */
#define BLKIF_SEP_FIT(pages, align, size)				\
	(((pages) * BLKIF_PAGE_SIZE - 2 * (align)) / (size))

/* None is lost, so that no slot straddles a page, and none a line. */
static_assert(BLKIF_SEP_FIT(1, 64, BLKIF_SEP_REQ_SIZE) == 124);
static_assert(BLKIF_SEP_FIT(1, 128, BLKIF_SEP_REQ_SIZE) == 120);
static_assert(BLKIF_SEP_FIT(2, 64, BLKIF_SEP_REQ_SIZE) == 124 + 128);
static_assert(BLKIF_SEP_FIT(2, 128, BLKIF_SEP_REQ_SIZE) == 120 + 128);
static_assert(64 % BLKIF_SEP_REQ_SIZE == 0 && 64 % BLKIF_SEP_RSP_SIZE == 0);

/**
 * struct blkif_sep_ring - one side's place in a ring
 * @next: the next slot
 * @end: the end of the slots in its page
 * @count: slots put or taken so far, wraps
 * @checked: @count at the last push
 * @seen: of a request ring: @count of the response ring when last needed
 * @nr_slots: slots of the ring
 * @bytes: from the start of the first page to the end of the last slot
 * @first: offset of the first slot in the first page
 * @page: which page @next is in
 * @lap: mark of a slot of this round
 * @pages: the pages of the ring, each at its own address
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
 * blkif_sep_slots() - slots of a ring
 * @pages: number of pages
 * @align: 64 or 128
 * @size: bytes of a slot
 */
static inline u32 blkif_sep_slots(u32 pages, u32 align, u32 size)
{
	return BLKIF_SEP_FIT(pages, align, size);
}

/** blkif_sep_rsp_pages() - pages of the response ring for @slots requests */
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
 * blkif_sep_init() - stand before the first slot of a new ring
 * @ring: the view; its pages are filled in by the caller
 * @align: 64 or 128
 * @size: bytes of a slot
 * @nr_slots: how many slots are used, no more than there are
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
 * blkif_sep_full() - are as many requests unanswered as there may be?
 * @req: the request ring, whose half this belongs to
 * @rsp: the response ring, which the other half may use meanwhile
 *
 * Responses only become more, so the other half's line is read only when those
 * that were seen before are too few.
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

/* Store what publishes a slot; @half: which of the words does. */
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

/* And load it; all that is behind it is loaded later. */
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

/* All of a request but what publishes it; nobody sees it yet. */
static inline void blkif_sep_write_req(struct blkif_sep_ring *ring,
				       const struct blkif_slim_words *words)
{
	struct blkif_sep_req_slot *slot = (void *)ring->next;

	slot->id = words->id;
	slot->data[0] = words->data[0];
	slot->data[1] = words->data[1];
}

/* And that, its lap byte zero. */
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
 * @words: the slot, its lap byte zero
 */
static inline void blkif_sep_put_rsp(struct blkif_sep_ring *ring,
				     const struct blkif_slim_rsp_words *words)
{
	struct blkif_sep_rsp_slot *slot = (void *)ring->next;

	/* First, because the request that this makes room for may overtake. */
	virt_store_release(&ring->count, ring->count + 1);
	slot->id = words->id;
	blkif_sep_store(&slot->tail, words->tail |
			(u64)ring->lap << BLKIF_SLIM_RSP_LAP, 1);
	blkif_sep_next(ring, BLKIF_SEP_RSP_SIZE);
}

/**
 * blkif_sep_must_notify() - must the peer be notified of what was put?
 * @ring: the ring that was put to
 * @event: the event word of the peer
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
 * Take the lap out of what was loaded.  1 if the slot is new, 0 if it is not,
 * -EPROTO if the mark is none.
 */
static inline int blkif_sep_check_lap(const struct blkif_sep_ring *ring, u64 *val,
				      unsigned int shift)
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

/** blkif_sep_peek_req() - is a request published?  1, 0 or -EPROTO */
static inline int blkif_sep_peek_req(const struct blkif_sep_ring *ring)
{
	u64 head;

	return blkif_sep_load_req(ring, &head);
}

/** blkif_sep_peek_rsp() - is a response published?  1, 0 or -EPROTO */
static inline int blkif_sep_peek_rsp(const struct blkif_sep_ring *ring)
{
	u64 tail;

	return blkif_sep_load_rsp(ring, &tail);
}

/**
 * blkif_sep_get_req() - take a request
 * @ring: the request ring
 * @words: copy of the slot, its lap byte zero
 *
 * Return: 1 if there was one, 0 if not, -EPROTO.
 */
static inline int blkif_sep_get_req(struct blkif_sep_ring *ring,
				    struct blkif_slim_words *words)
{
	const struct blkif_sep_req_slot *slot = (void *)ring->next;
	int ret = blkif_sep_load_req(ring, &words->head);

	if (ret <= 0)
		return ret;
	/* Once; only the copy is looked at. */
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
 * @words: copy of the slot, its lap byte zero
 *
 * Return: 1 if there was one, 0 if not, -EPROTO.
 */
static inline int blkif_sep_get_rsp(struct blkif_sep_ring *ring,
				    struct blkif_slim_rsp_words *words)
{
	const struct blkif_sep_rsp_slot *slot = (void *)ring->next;
	int ret = blkif_sep_load_rsp(ring, &words->tail);

	if (ret <= 0)
		return ret;
	/* Once; only the copy is looked at. */
	words->id = READ_ONCE(slot->id);
	/* pairs with blkif_sep_full(): the slot was copied */
	virt_store_release(&ring->count, ring->count + 1);
	blkif_sep_next(ring, BLKIF_SEP_RSP_SIZE);
	return 1;
}

/**
 * blkif_sep_event_ahead() - has the consumer asked for slots that are not put yet?
 * @ring: the ring that is produced
 * @event: the event word for it
 */
static inline bool blkif_sep_event_ahead(const struct blkif_sep_ring *ring,
					 const u32 *event)
{
	return READ_ONCE(*event) - ring->count - 1 < ring->nr_slots;
}

/**
 * blkif_sep_rearm() - ask for a notification
 * @ring: the ring that is consumed, found empty
 * @event: our event word
 * @ahead: of how many more slots, at least 1
 *
 * The caller looks at the ring once more before it sleeps.
 */
static inline void blkif_sep_rearm(const struct blkif_sep_ring *ring, u32 *event,
				   u32 ahead)
{
	WRITE_ONCE(*event, ring->count + ahead);
	virt_mb(); /* pairs with blkif_sep_must_notify() */
}

#endif /* _XEN_BLKIF_SEPARATE_H */
