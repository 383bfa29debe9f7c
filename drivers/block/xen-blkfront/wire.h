/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that depends on the wire format: what a slot takes, how requests get on
 * a ring and responses off it, and how the segments of a request are laid out.
 */

#ifndef _XEN_BLKFRONT_WIRE_H
#define _XEN_BLKFRONT_WIRE_H

#include "blkfront.h"

/* Segments that a request carries without a table. */
static inline unsigned int
blkfront_wire_inline(const struct blkfront_info *info)
{
	return BLKIF_MAX_INLINE;
}

static inline unsigned int
blkfront_wire_tables(const struct blkfront_info *info, unsigned int nr_segs)
{
	return nr_segs > blkfront_wire_inline(info) ?
	       blkif_tables_needed(nr_segs) : 0;
}

static inline u32 blkfront_wire_slots(const struct blkif_choice *choice)
{
	return blkif_ring_slots(choice->abi, choice->ring_order);
}

static inline void blkfront_wire_init(struct blkfront_ring *ring)
{
	const struct blkif_choice *choice = &ring->info->agreed.choice;

	blkif_front_ring_init(&ring->front, ring->page, choice->abi,
			      choice->ring_order);
}

static inline bool blkfront_wire_put(struct blkfront_ring *ring,
				     const struct blkif_cmd *cmd)
{
	lockdep_assert_held(&ring->lock);
	if (unlikely(blkif_front_full(&ring->front)))
		return false;
	blkif_front_put(&ring->front, cmd, ring->info->vdevice);
	return true;
}

static inline bool blkfront_wire_push(struct blkfront_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	return blkif_front_push(&ring->front);
}

static inline int blkfront_wire_get(struct blkfront_ring *ring,
				    struct blkif_rsp *rsp)
{
	return blkif_front_get(&ring->front, rsp);
}

static inline int blkfront_wire_arm(struct blkfront_ring *ring)
{
	return blkif_front_arm(&ring->front);
}

/**
 * struct blkfront_cursor - a place in the segments of a request
 * @cmd: the request
 * @table: page of the next segment, if indirect
 * @entry: its index in that page, or in @cmd
 * @sector: where it starts on the disk; only kept up when adding
 */
struct blkfront_cursor {
	struct blkif_cmd *cmd;
	struct blkfront_buf *table;
	unsigned int entry;
	u64 sector;
};

static inline struct blkfront_cursor blkfront_cursor(struct blkfront_req *req)
{
	return (struct blkfront_cursor) {
		.cmd = &req->cmd,
		.table = req->tables,
		.sector = req->cmd.sector,
	};
}

static inline void *blkfront_next_entry(struct blkfront_cursor *cur)
{
	if (cur->entry == BLKIF_ENTRIES_PER_TABLE) {
		cur->table = cur->table->next;
		cur->entry = 0;
	}
	return page_address(cur->table->page) +
	       BLKIF_ENTRY_SIZE * cur->entry++;
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
		blkif_entry_encode(blkfront_next_entry(cur), &seg);
	else
		cur->cmd->seg[cur->entry++] = seg;
	cur->sector += blkif_seg_sectors(&seg);
	cur->cmd->nr_segs++;
}

static inline grant_ref_t blkfront_next_gref(struct blkfront_cursor *cur)
{
	struct blkif_seg seg;

	if (!cur->cmd->indirect)
		return cur->cmd->seg[cur->entry++].gref;
	blkif_entry_decode(blkfront_next_entry(cur), 0, &seg);
	return seg.gref;
}

#endif /* _XEN_BLKFRONT_WIRE_H */
