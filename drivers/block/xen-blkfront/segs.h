/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the segments of a request are: in its slot, or in indirect pages.
 */

#ifndef _XEN_BLKFRONT_SEGS_H
#define _XEN_BLKFRONT_SEGS_H

#include "blkfront.h"

/* Segments that a request needs; 0 if it carries no data. */
static inline unsigned int blkfront_nr_segs(struct request *rq,
					    enum blkfront_data data)
{
	struct req_iterator iter;
	unsigned int nr = 0;
	struct bio_vec bv;

	if (data != BLKFRONT_MAPPED)
		return DIV_ROUND_UP(blk_rq_bytes(rq), XEN_PAGE_SIZE);
	/* The block layer has counted them, by the limits that we set. */
	if (XEN_PFN_PER_PAGE == 1 || !blk_rq_bytes(rq))
		return blk_rq_nr_phys_segments(rq);
	rq_for_each_segment(bv, rq, iter)
		nr += XEN_PFN_UP(bv.bv_offset + bv.bv_len) -
		      XEN_PFN_DOWN(bv.bv_offset);
	return nr;
}

/* Indirect pages that a request needs; 0 if all fits into its slot. */
static inline unsigned int
blkfront_nr_indirect(const struct blkfront_info *info, unsigned int nr_segs,
		     unsigned int nr_pi)
{
	const struct blkif_abi *abi = blkfront_abi(info);

	return nr_pi || nr_segs > abi->max_inline ?
	       blkif_indirect_pages(abi, nr_segs + nr_pi) : 0;
}

/**
 * struct blkfront_cursor - a place among the segments of a request
 * @abi: how the segments are laid out
 * @cmd: the request
 * @page: the indirect page after the current one
 * @at: the next entry in the current page
 * @end: where that page ends
 * @seg: index in @cmd of the next segment, if it is not indirect
 * @sector: where the next segment starts on the disk; for adding only
 */
struct blkfront_cursor {
	const struct blkif_abi *abi;
	struct blkif_cmd *cmd;
	struct blkfront_buf *page;
	void *at;
	void *end;
	unsigned int seg;
	u64 sector;
};

static inline struct blkfront_cursor
blkfront_cursor(const struct blkfront_info *info, struct blkfront_req *req)
{
	return (struct blkfront_cursor) {
		.abi = blkfront_abi(info),
		.cmd = &req->cmd,
		.page = req->indirect,
		.sector = req->cmd.sector,
	};
}

/* The next indirect entry. */
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

/*
 * Add a segment: the bytes from @from up to @to of the page @gref.  Inline, as
 * a call for each segment costs a large request 1 % of its instructions.
 */
static __always_inline void blkfront_add_seg(struct blkfront_cursor *cur,
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
		blkif_indirect_encode(cur->abi, blkfront_next_entry(cur), 0,
				      &seg);
	else
		cur->cmd->seg[cur->seg++] = seg;
	cur->sector += blkif_seg_sectors(&seg);
	cur->cmd->nr_segs++;
}

static inline grant_ref_t blkfront_next_gref(struct blkfront_cursor *cur)
{
	if (!cur->cmd->indirect)
		return cur->cmd->seg[cur->seg++].gref;
	return blkif_indirect_gref(cur->abi, blkfront_next_entry(cur), 0);
}

#endif /* _XEN_BLKFRONT_SEGS_H */
