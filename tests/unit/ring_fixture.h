/* SPDX-License-Identifier: GPL-2.0 */
/* Two views of one ring, and requests that carry a checksum of themselves. */
#ifndef _RING_FIXTURE_H
#define _RING_FIXTURE_H

#include "unit.h"
#include "xen-blkif/ring.h"

struct pair {
	struct blkif_fe_ring front;
	struct blkif_be_ring back;
	struct blkif_ring_indexes *page;
	u32 slots;
};

/*
 * A connected ring whose indexes have run as far as @base.  The pages are as
 * large as they must be and no larger, for sanitizers to see a step outside.
 */
static inline int pair_init(struct pair *p, const struct blkif_abi *abi,
			    unsigned int order, u32 base)
{
	p->page = aligned_alloc(BLKIF_PAGE_SIZE, BLKIF_PAGE_SIZE << order);
	memset(p->page, 0, BLKIF_PAGE_SIZE << order);
	p->slots = blkif_ring_slots(abi, order);
	blkif_front_ring_init(&p->front, p->page, abi, order);
	if (base) {
		p->page->req_prod = base;
		p->page->rsp_prod = base;
		p->page->req_event = base + 1;
		p->page->rsp_event = base + 1;
		p->front.req_prod = base;
		p->front.req_pushed = base;
		p->front.rsp_cons = base;
		p->front.rsp_prod = base;
	}
	return blkif_back_ring_init(&p->back, p->page, abi, order);
}

static inline void pair_free(struct pair *p)
{
	free(p->page);
}

/* All of a request follows from its id. */
static inline struct blkif_cmd cmd_of(u64 id)
{
	static const u8 ops[] = { 0, 1, 2, 3 };
	u64 hash = mix64(id + 1);
	struct blkif_cmd cmd = {
		.id = id,
		.op = ops[hash & 3],
		.sector = hash >> 8,
		.nr_segs = 1 + (hash >> 32) % BLKIF_MAX_INLINE,
	};
	u64 sector = cmd.sector;
	unsigned int i;

	for (i = 0; i < cmd.nr_segs; i++) {
		struct blkif_seg *seg = &cmd.seg[i];

		seg->sector = sector;
		seg->gref = mix64(hash + i);
		seg->first = seg->gref & 3;
		seg->last = 4 + (seg->gref >> 2 & 3);
		sector += blkif_seg_sectors(seg);
	}
	return cmd;
}

static inline bool is_cmd_of(const struct blkif_cmd *cmd, u64 id)
{
	struct blkif_cmd want = cmd_of(id);

	return cmd->id == id && cmd->op == want.op && !cmd->indirect &&
	       cmd->sector == want.sector && cmd->nr_segs == want.nr_segs &&
	       !memcmp(cmd->seg, want.seg,
		       want.nr_segs * sizeof(want.seg[0]));
}

static inline struct blkif_rsp rsp_of(u64 id)
{
	struct blkif_rsp rsp = {
		.id = id,
		.op = cmd_of(id).op,
		.status = (s16)mix64(~id),
	};

	return rsp;
}

static inline bool is_rsp_of(const struct blkif_rsp *rsp, u64 id)
{
	struct blkif_rsp want = rsp_of(id);

	return rsp->id == id && rsp->op == want.op &&
	       rsp->status == want.status;
}

#endif
