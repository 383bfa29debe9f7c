/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that depends on the wire format: what a slot takes, how requests get on
 * a ring and responses off it, and how the segments of a request are laid out.
 */

#ifndef _XEN_BLKFRONT_WIRE_H
#define _XEN_BLKFRONT_WIRE_H

#include "trace.h"

static inline const struct blkif_abi *
blkfront_abi(const struct blkfront_info *info)
{
	return info->agreed.choice.layout.abi;
}

/* Segments that a request carries without a table. */
static inline unsigned int
blkfront_wire_inline(const struct blkfront_info *info)
{
	return blkfront_abi(info)->max_inline;
}

/* Tables of a request with so many segments and pages of tuples. */
static inline unsigned int
blkfront_wire_tables(const struct blkfront_info *info, unsigned int nr_segs,
		     unsigned int nr_pi)
{
	return nr_pi || nr_segs > blkfront_wire_inline(info) ?
	       blkif_indirect_pages(blkfront_abi(info), nr_segs + nr_pi) : 0;
}

static inline u32 blkfront_wire_slots(const struct blkif_choice *choice)
{
	return blkif_layout_slots(&choice->layout);
}

/*
 * Put a request on the ring; false if there is no slot.  It can be answered
 * as soon as it is shown, pushed or not, and must be found by its tag then;
 * and as soon as it is found, it is not ours to read any more.
 */
static inline bool blkfront_wire_put(struct blkfront_ring *ring,
				     const struct blkif_cmd *cmd,
				     struct blkfront_tag *tag,
				     struct request *rq)
{
	u64 word;

	lockdep_assert_held(&ring->lock);
	if (unlikely(blkif_front_full(&ring->front)))
		return false;
	word = blkif_front_write(&ring->front, cmd, ring->info->vdevice);
	trace_blkfront_put(ring, rq, 0);
	smp_store_release(&tag->rq, rq); /* pairs with blkfront_claim() */
	blkif_front_publish_slot(&ring->front, word);
	ring->full += blkif_front_full(&ring->front);
	return true;
}

static inline bool blkfront_wire_push(struct blkfront_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	return blkif_front_publish(&ring->front);
}

/* Send the event that the push asked for; outside of the lock. */
static inline void blkfront_notify(struct blkfront_ring *ring)
{
	trace_blkfront_notify(ring);
	notify_remote_via_irq(ring->irq);
}

static inline int blkfront_wire_get(struct blkfront_ring *ring,
				    struct blkif_rsp *rsp)
{
	return blkif_front_get(&ring->front, rsp);
}

static inline bool blkfront_wire_pending(const struct blkfront_ring *ring)
{
	return blkif_front_pending(&ring->front);
}

/*
 * Ask for a notification when @ahead responses are there.  Only who has separate
 * rings knows that it must not make us wait for that many; see blkif.h.
 */
static inline int blkfront_wire_arm(struct blkfront_ring *ring, u32 ahead)
{
	return blkif_front_rearm(&ring->front, ring->front.separate ? ahead : 1);
}

/**
 * struct blkfront_cursor - a place in the segments of a request
 * @abi: how the segments are laid out
 * @cmd: the request
 * @page: the one that comes after the current one, if indirect
 * @at: the next segment in the current one
 * @end: where that ends
 * @entry: of the next segment, the index in @cmd, if not indirect
 * @sector: where it starts on the disk; only kept up when adding
 */
struct blkfront_cursor {
	const struct blkif_abi *abi;
	struct blkif_cmd *cmd;
	struct blkfront_buf *page;
	void *at;
	void *end;
	unsigned int entry;
	u64 sector;
};

static inline struct blkfront_cursor
blkfront_cursor(const struct blkfront_info *info, struct blkfront_req *req)
{
	return (struct blkfront_cursor) {
		.abi = blkfront_abi(info),
		.cmd = &req->cmd,
		.page = req->tables,
		.sector = req->cmd.sector,
	};
}

/* The next place in the tables. */
static inline void *blkfront_next_entry(struct blkfront_cursor *cur)
{
	void *at = cur->at;

	if (unlikely(at == cur->end)) {
		at = cur->page->data;
		cur->end = at + BLKIF_PAGE_SIZE;
		cur->page = cur->page->next;
	}
	cur->at = at + cur->abi->entry_size;
	return at;
}

/* Add a segment: bytes @from to @to, less one, of the page behind @gref. */
static inline void blkfront_add_seg(struct blkfront_cursor *cur,
				    grant_ref_t gref,
				    unsigned int from, unsigned int to)
{
	struct blkif_seg seg = {
		.sector = cur->sector,
		.gref = gref,
		.first = from >> BLKIF_SECTOR_SHIFT,
		.last = (to - 1) >> BLKIF_SECTOR_SHIFT,
	};

	if (cur->cmd->indirect)
		blkif_indirect_encode(cur->abi, blkfront_next_entry(cur), 0, &seg);
	else
		cur->cmd->seg[cur->entry++] = seg;
	cur->sector += blkif_seg_sectors(&seg);
	cur->cmd->nr_segs++;
}

/* Behind the segments of an indirect request, all of which were added. */
static inline struct blkfront_cursor
blkfront_cursor_behind(const struct blkfront_info *info,
		       struct blkfront_req *req)
{
	struct blkfront_cursor cur = blkfront_cursor(info, req);
	unsigned int per_page = blkif_indirect_per_page(cur.abi);
	unsigned int nr = req->cmd.nr_segs;

	/* In the page that the last of them is in, which may be full. */
	for (; nr > per_page; nr -= per_page)
		cur.page = cur.page->next;
	cur.at = cur.page->data + nr * cur.abi->entry_size;
	cur.end = cur.page->data + BLKIF_PAGE_SIZE;
	cur.page = cur.page->next;
	return cur;
}

/* Add a page of tuples. */
static inline void blkfront_add_pi(struct blkfront_cursor *cur,
				   grant_ref_t gref)
{
	struct blkif_seg entry = { .gref = gref };

	blkif_indirect_encode(cur->abi, blkfront_next_entry(cur), 0, &entry);
	cur->cmd->nr_pi++;
}

static inline grant_ref_t blkfront_next_gref(struct blkfront_cursor *cur)
{
	if (!cur->cmd->indirect)
		return cur->cmd->seg[cur->entry++].gref;
	return blkif_indirect_gref(cur->abi, blkfront_next_entry(cur), 0);
}

#endif /* _XEN_BLKFRONT_WIRE_H */
