/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A queue as seen by both sides, in every layout, and requests whose content
 * follows from their id.
 *
 * The pages of separate rings are mapped as a hypervisor would: each side can
 * write its own and only read the other's, and no page is next to another.  An
 * access beyond a page or a store to the wrong page ends the test.  With
 * PAIR_ONE_MAPPING both sides use one mapping.  The thread sanitizer needs it,
 * as it takes two mappings for two objects, and the kernel has no other.
 */
#ifndef _RING_FIXTURE_H
#define _RING_FIXTURE_H

#include "unit.h"
#include "xen-blkif/ring.h"

#ifdef __KERNEL__
#define PAIR_ONE_MAPPING
#else
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define PAIR_PAGES	BLKIF_SEP_MAX_PAGES

struct pair {
	struct blkif_front_rings front;
	struct blkif_back_rings back;
	struct blkif_layout layout;
	u32 slots;
	/* the pages of a shared ring, or NULL */
	struct blkif_ring_indexes *page;
	/* each side's mapping of the pages of either ring */
	void *front_req[PAIR_PAGES], *front_rsp[PAIR_PAGES];
	void *back_req[PAIR_PAGES], *back_rsp[PAIR_PAGES];
};

#define SHARED(_abi, _order)						\
	{ .abi = &blkif_abi_##_abi, .order = (_order), .align = 64 }
#define SEPARATE(_align, _order) {					\
	.abi = &blkif_abi_slim, .separate = true,			\
	.order = (_order), .align = (_align),				\
}

/* Every layout, with rings of order 0. */
static const struct blkif_layout __maybe_unused layouts[] = {
	SHARED(x86_32, 0), SHARED(x86_64, 0), SHARED(native, 0),
	SHARED(slim, 0), SEPARATE(64, 0), SEPARATE(128, 0),
};

#define LAYOUT_FMT	"%s, %s, order %u, alignment %u"
#define LAYOUT_ARGS(l)	(l)->abi->name, \
			(l)->separate ? "separate" : "shared", \
			(l)->order, (l)->align

#ifdef __KERNEL__

static inline void pages_new(void **writer, void **reader, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		writer[i] = unit_alloc(BLKIF_PAGE_SIZE);
		reader[i] = writer[i];
	}
}

static inline void page_free(void *page)
{
	unit_free(page);
}

#else

/* One page with no other next to it. */
static inline void *page_alone(int fd, off_t at, int prot)
{
	u8 *room = mmap(NULL, 3 * BLKIF_PAGE_SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *page;

	if (room == MAP_FAILED)
		abort();
	page = mmap(room + BLKIF_PAGE_SIZE, BLKIF_PAGE_SIZE, prot,
		    MAP_SHARED | MAP_FIXED, fd, at);
	if (page == MAP_FAILED)
		abort();
	return page;
}

static inline void page_free(void *page)
{
	if (page)
		munmap((u8 *)page - BLKIF_PAGE_SIZE, 3 * BLKIF_PAGE_SIZE);
}

/* @nr zeroed pages that one side writes and the other reads. */
static inline void pages_new(void **writer, void **reader, u32 nr)
{
	int fd = syscall(SYS_memfd_create, "ring", 0);
	u32 i;

	if (fd < 0 || ftruncate(fd, nr * BLKIF_PAGE_SIZE))
		abort();
	for (i = 0; i < nr; i++) {
		off_t at = i * BLKIF_PAGE_SIZE;

		writer[i] = page_alone(fd, at, PROT_READ | PROT_WRITE);
#ifdef PAIR_ONE_MAPPING
		reader[i] = writer[i];
#else
		reader[i] = page_alone(fd, at, PROT_READ);
#endif
	}
	close(fd);
}

#endif

static inline void pair_pages(struct pair *p)
{
	u32 nr = blkif_layout_req_pages(&p->layout), i;

	if (p->layout.separate) {
		pages_new(p->front_req, p->back_req, nr);
		pages_new(p->back_rsp, p->front_rsp,
			  blkif_layout_rsp_pages(&p->layout));
		return;
	}
	/* Of the exact size, so that a sanitizer sees an access beyond. */
	p->page = unit_alloc_lines(nr * BLKIF_PAGE_SIZE);
	for (i = 0; i < nr; i++) {
		p->front_req[i] = (u8 *)p->page + i * BLKIF_PAGE_SIZE;
		p->back_req[i] = p->front_req[i];
	}
}

/* The event words. */
static inline u32 *pair_req_event(struct pair *p)
{
	return p->page ? &p->page->req_event :
	       blkif_sep_req_event(&p->back.sep);
}

static inline u32 *pair_rsp_event(struct pair *p)
{
	return p->page ? &p->page->rsp_event :
	       blkif_sep_rsp_event(&p->front.sep);
}

static inline void sep_ring_run_to(struct blkif_sep_ring *ring, u32 base)
{
	ring->count = base;
	ring->checked = base;
	ring->seen = base;
}

/* Set all counts as if @base requests had been answered. */
static inline void pair_run_to(struct pair *p, u32 base)
{
	*pair_req_event(p) = base + 1;
	*pair_rsp_event(p) = base + 1;
	if (p->layout.separate) {
		sep_ring_run_to(&p->front.sep.req, base);
		sep_ring_run_to(&p->front.sep.rsp, base);
		sep_ring_run_to(&p->back.sep.req, base);
		sep_ring_run_to(&p->back.sep.rsp, base);
		return;
	}
	p->page->req_prod = base;
	p->page->rsp_prod = base;
	p->front.shared.req_prod = base;
	p->front.shared.req_published = base;
	p->front.shared.rsp_cons = base;
	p->front.shared.rsp_prod = base;
}

static inline int pair_attach(struct pair *p)
{
	return blkif_back_rings_init(&p->back, &p->layout, p->back_req,
				     p->back_rsp);
}

/* Connect both sides over zeroed pages, with all counts at @base. */
static inline int pair_connect(struct pair *p, u32 base)
{
	/* The frontend initializes the pages of both before they are granted. */
	blkif_front_rings_init(&p->front, &p->layout, p->front_req,
			       p->back_rsp);
	if (p->page) {
		pair_run_to(p, base);
		return pair_attach(p);
	}
	memcpy(p->front.sep.rsp.pages, p->front_rsp, sizeof(p->front_rsp));
	blkif_sep_enter_page(&p->front.sep.rsp, 0);
	if (pair_attach(p))
		return -EPROTO;
	pair_run_to(p, base);
	return 0;
}

static inline int pair_init(struct pair *p, const struct blkif_layout *layout,
			    u32 base)
{
	memset(p, 0, sizeof(*p));
	p->layout = *layout;
	p->slots = blkif_layout_slots(layout);
	pair_pages(p);
	return pair_connect(p, base);
}

/* Start again with the same pages. */
static inline int pair_reset(struct pair *p, u32 base)
{
	u32 i;

	for (i = 0; i < PAIR_PAGES; i++) {
		if (p->front_req[i])
			memset(p->front_req[i], 0, BLKIF_PAGE_SIZE);
		if (p->back_rsp[i])
			memset(p->back_rsp[i], 0, BLKIF_PAGE_SIZE);
	}
	return pair_connect(p, base);
}

static inline void pair_free(struct pair *p)
{
	u32 i;

	unit_free(p->page);
	if (p->page)
		return;
	for (i = 0; i < PAIR_PAGES; i++) {
		page_free(p->front_req[i]);
		page_free(p->back_rsp[i]);
#ifndef PAIR_ONE_MAPPING
		page_free(p->back_req[i]);
		page_free(p->front_rsp[i]);
#endif
	}
}

/* A pair in memory of its own, for pair_delete(). */
static inline struct pair *pair_new(const struct blkif_layout *layout, u32 base)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));

	pair_init(p, layout, base);
	return p;
}

static inline void pair_delete(struct pair *p)
{
	pair_free(p);
	unit_free(p);
}

static inline void segs_of(struct blkif_cmd *cmd, u64 hash)
{
	u64 sector = cmd->sector;
	unsigned int i;

	for (i = 0; i < cmd->nr_segs; i++) {
		struct blkif_seg *seg = &cmd->seg[i];

		seg->sector = sector;
		seg->gref = mix64(hash + i);
		seg->first = seg->gref & 3;
		seg->last = 4 + (seg->gref >> 2 & 3);
		sector += blkif_seg_sectors(seg);
	}
}

static inline void indirect_of(const struct blkif_abi *abi,
			       struct blkif_cmd *cmd, u64 hash)
{
	unsigned int i;

	cmd->indirect = true;
	cmd->op &= 1;
	cmd->nr_segs = 1 + (u32)(hash >> 32) % blkif_max_segs(abi);
	if (abi->slim)
		cmd->sector = 0;
	for (i = 0; i < blkif_indirect_pages(abi, cmd->nr_segs); i++)
		cmd->indirect_gref[i] = mix64(hash + i);
}

/* The content of a request follows from its id. */
static inline struct blkif_cmd cmd_of(const struct blkif_abi *abi, u64 id)
{
	u64 hash = mix64(id + 1);
	struct blkif_cmd cmd = {
		.id = id,
		.op = hash & 3,
		.sector = hash >> 8,
		.nr_segs = 1 + (u32)(hash >> 32) % abi->max_inline,
	};

	if (hash & 4)
		indirect_of(abi, &cmd, hash);
	else
		segs_of(&cmd, hash);
	return cmd;
}

static inline bool is_cmd_of(const struct blkif_abi *abi,
			     const struct blkif_cmd *cmd, u64 id)
{
	struct blkif_cmd want = cmd_of(abi, id);

	if (cmd->id != id || cmd->op != want.op || cmd->reserved ||
	    cmd->indirect != want.indirect || cmd->sector != want.sector ||
	    cmd->nr_segs != want.nr_segs || cmd->flags)
		return false;
	if (cmd->indirect)
		return !memcmp(cmd->indirect_gref, want.indirect_gref,
			       abi->max_indirect_pages * sizeof(u32));
	return !memcmp(cmd->seg, want.seg,
		       want.nr_segs * sizeof(want.seg[0]));
}

static inline struct blkif_rsp rsp_of(u64 id)
{
	struct blkif_rsp rsp = {
		.id = id,
		.op = mix64(id + 1),
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
