/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Separate rings written by hand for the requests of this benchmark alone:
 * slots, lap bytes and event words are those of xen-blkif/separate.h, but there
 * is one page, one layout, no struct blkif_cmd in between, and no check of what
 * the peer did.  This is the cost of the format on this CPU; the headers cost
 * the rest.
 */
#ifndef _RAW_RING_H
#define _RAW_RING_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include "job.h"

#define RAW_SLOTS	124
#define RAW_FIRST	128
#define RAW_EVENT	64

struct raw_ring {
	u8 *page, *next, *end;
	u32 *event;	/* the consumer's, in a page that it writes */
	u64 lap;
	u32 count, checked;
} __attribute__((__aligned__(64)));

static inline void raw_init(struct raw_ring *ring, void *page, u32 size,
			    void *other)
{
	*ring = (struct raw_ring) {
		.page = page,
		.next = page + RAW_FIRST,
		.end = page + RAW_FIRST + RAW_SLOTS * size,
		.event = other + RAW_EVENT,
		.lap = 1,
	};
	*ring->event = 1;
}

static inline void raw_next(struct raw_ring *ring, u32 size)
{
	ring->count++;
	ring->next += size;
	if (ring->next != ring->end)
		return;
	ring->next = ring->page + RAW_FIRST;
	ring->lap ^= 3;
}

static inline void raw_put_req(struct raw_ring *ring, const struct job *job)
{
	u64 *word = (void *)ring->next;

	word[1] = job->id;
	word[2] = job->sector;
	word[3] = job->gref[0] | (u64)job->gref[1] << 32;
	virt_store_release(&word[0], ring->lap | (u64)job->op << 8 | 2 << 16 |
			   (u64)job->first[0] << 32 | (u64)job->last[0] << 40 |
			   (u64)job->first[1] << 48 | (u64)job->last[1] << 56);
	raw_next(ring, 32);
}

static inline bool raw_get_req(struct raw_ring *ring, struct job *job)
{
	const u64 *word = (void *)ring->next;
	u64 head = virt_load_acquire(&word[0]);
	u64 grefs;

	if ((u8)head != ring->lap)
		return false;
	grefs = word[3];
	*job = (struct job) {
		.id = word[1], .sector = word[2], .op = head >> 8,
		.gref = { grefs, grefs >> 32 },
		.first = { head >> 32, head >> 48 },
		.last = { head >> 40, head >> 56 },
	};
	barrier();
	raw_next(ring, 32);
	return true;
}

static inline void raw_put_rsp(struct raw_ring *ring,
			       const struct answer *answer)
{
	u64 *word = (void *)ring->next;

	word[0] = answer->id;
	virt_store_release(&word[1], (u64)(u16)answer->status << 32 |
			   (u64)answer->op << 48 | ring->lap << 56);
	raw_next(ring, 16);
}

static inline bool raw_get_rsp(struct raw_ring *ring, struct answer *answer)
{
	const u64 *word = (void *)ring->next;
	u64 tail = virt_load_acquire(&word[1]);

	if (tail >> 56 != ring->lap)
		return false;
	*answer = (struct answer) { word[0], tail >> 48, tail >> 32 };
	barrier();
	raw_next(ring, 16);
	return true;
}

static inline bool raw_check(struct raw_ring *ring)
{
	u32 from = ring->checked;

	if (from == ring->count)
		return false;
	ring->checked = ring->count;
	virt_mb();
	return (u32)(ring->count - READ_ONCE(*ring->event)) <
	       (u32)(ring->count - from);
}

static inline void raw_rearm(struct raw_ring *ring)
{
	WRITE_ONCE(*ring->event, ring->count + 1);
	virt_mb();
}

#endif
