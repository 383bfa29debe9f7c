/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that depends on the wire format: what a slot takes, how requests get on
 * a ring and responses off it, and how the segments of a request are laid out.
 */

#ifndef _XEN_BLKFRONT_WIRE_H
#define _XEN_BLKFRONT_WIRE_H

#include "blkfront.h"

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

static inline unsigned int
blkfront_wire_tables(const struct blkfront_info *info, unsigned int nr_segs)
{
	return nr_segs > blkfront_wire_inline(info) ?
	       blkif_tables_needed(blkfront_abi(info), nr_segs) : 0;
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
	u32 word;

	lockdep_assert_held(&ring->lock);
	if (unlikely(blkif_front_full(&ring->front)))
		return false;
	word = blkif_front_write(&ring->front, cmd, ring->info->vdevice);
	smp_store_release(&tag->rq, rq); /* pairs with blkfront_claim() */
	blkif_front_show(&ring->front, word);
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
 * @abi: how the segments are laid out
 * @cmd: the request
 * @table: page of the next segment, if indirect
 * @entry: its index in that page, or in @cmd
 * @sector: where it starts on the disk; only kept up when adding
 */
struct blkfront_cursor {
	const struct blkif_abi *abi;
	struct blkif_cmd *cmd;
	struct blkfront_buf *table;
	unsigned int entry;
	u64 sector;
};

static inline struct blkfront_cursor
blkfront_cursor(const struct blkfront_info *info, struct blkfront_req *req)
{
	return (struct blkfront_cursor) {
		.abi = blkfront_abi(info),
		.cmd = &req->cmd,
		.table = req->tables,
		.sector = req->cmd.sector,
	};
}

/* The next place in the tables: the page, and the index in it. */
static inline void *blkfront_next_entry(struct blkfront_cursor *cur,
					unsigned int *index)
{
	if (cur->entry == blkif_table_entries(cur->abi)) {
		cur->table = cur->table->next;
		cur->entry = 0;
	}
	*index = cur->entry++;
	return page_address(cur->table->page);
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
	unsigned int index;
	void *table;

	if (cur->cmd->indirect) {
		table = blkfront_next_entry(cur, &index);
		blkif_table_encode(cur->abi, table, index, &seg);
	} else {
		cur->cmd->seg[cur->entry++] = seg;
	}
	cur->sector += blkif_seg_sectors(&seg);
	cur->cmd->nr_segs++;
}

static inline grant_ref_t blkfront_next_gref(struct blkfront_cursor *cur)
{
	unsigned int index;
	void *table;

	if (!cur->cmd->indirect)
		return cur->cmd->seg[cur->entry++].gref;
	table = blkfront_next_entry(cur, &index);
	return blkif_table_gref(cur->abi, table, index);
}

#endif /* _XEN_BLKFRONT_WIRE_H */
