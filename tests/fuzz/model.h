/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots as the public header describes them: a second decoder, slow and plain,
 * that shares no code with the one under test.
 */
#ifndef _MODEL_H
#define _MODEL_H

#include "fuzz.h"
#include "xen-blkif/abi.h"

/* What the public header says of a layout. */
struct model_kind {
	const struct blkif_abi *abi;
	bool slim;
	u32 pad, req_size, rsp_size, max_inline, max_pages, entry_size;
	u32 max_segs;
};

#ifdef __i386__
#define MODEL_NATIVE	0, 108, 12
#else
#define MODEL_NATIVE	4, 112, 16
#endif

static const struct model_kind model_kinds[] = {
	{ &blkif_abi_x86_32, false, 0, 108, 12, 11, 8, 8, 4096 },
	{ &blkif_abi_x86_64, false, 4, 112, 16, 11, 8, 8, 4096 },
	{ &blkif_abi_native, false, MODEL_NATIVE, 11, 8, 8, 4096 },
	{ &blkif_abi_slim, true, 0, 32, 16, 2, 4, 16, 1024 },
};

static inline const struct model_kind *take_kind(struct input *in)
{
	return &model_kinds[take_below(in, ARRAY_SIZE(model_kinds))];
}

struct model_seg {
	u64 sector;
	u32 gref;
	u8 first, last;
};

struct model_cmd {
	u8 op, flags;
	bool indirect, reserved;
	u64 id, sector, nr_sectors;
	u32 nr_segs, nr_pi;
	u32 nr_known;		/* elements of @seg */
	struct model_seg seg[11];
	u32 gref[8];
};

static inline UNTRACED u16 get16(const u8 *p)
{
	return p[0] | p[1] << 8;
}

static inline UNTRACED u32 get32(const u8 *p)
{
	return get16(p) | (u32)get16(p + 2) << 16;
}

static inline UNTRACED u64 get64(const u8 *p)
{
	return get32(p) | (u64)get32(p + 4) << 32;
}

static inline bool all_zero(const u8 *p, size_t nr)
{
	while (nr--) {
		if (*p++)
			return false;
	}
	return true;
}

static inline void model_old(const struct model_kind *kind, const u8 *raw,
			     struct model_cmd *m)
{
	const u8 *rest = raw + kind->pad;
	u64 sector;
	u32 i;

	m->op = raw[0];
	m->id = get64(rest + 4);
	if (m->op == 6) {
		m->indirect = true;
		m->op = raw[1];
		m->nr_segs = get16(raw + 2);
		m->sector = get64(rest + 12);
		for (i = 0; i < 8; i++)
			m->gref[i] = get32(rest + 24 + 4 * i);
	} else if (m->op == 5) {
		m->flags = raw[1];
		m->sector = get64(rest + 12);
		m->nr_sectors = get64(rest + 20);
	} else if (m->op < 4) {
		m->nr_segs = raw[1];
		m->sector = get64(rest + 12);
		sector = m->sector;
		for (i = 0; i < m->nr_segs && i < 11; i++) {
			const u8 *seg = rest + 20 + 8 * i;

			m->seg[i] = (struct model_seg) {
				sector, get32(seg), seg[4], seg[5] };
			if (seg[4] <= seg[5])
				sector += seg[5] - seg[4] + 1;
		}
		m->nr_known = i;
	}
}

static inline void model_slim_segs(const u8 *raw, struct model_cmd *m)
{
	u32 i;

	m->nr_segs = raw[2];
	m->sector = get64(raw + 16);
	for (i = 0; i < m->nr_segs && i < 2; i++) {
		m->seg[i] = (struct model_seg) {
			m->sector, get32(raw + 24 + 4 * i),
			raw[4 + 2 * i], raw[5 + 2 * i] };
		if (i && raw[4] <= raw[5])
			m->seg[i].sector += raw[5] - raw[4] + 1;
	}
	m->nr_known = i;
	if (m->nr_segs < 2 && (raw[6] || raw[7] || get32(raw + 28)))
		m->reserved = true;
	if (!m->nr_segs && (raw[4] || raw[5] || m->sector || get32(raw + 24)))
		m->reserved = true;
}

static inline void model_slim(const u8 *raw, struct model_cmd *m)
{
	u32 i;

	m->op = raw[1];
	m->flags = raw[3];
	m->id = get64(raw + 8);
	m->reserved = raw[0];
	if (m->op < 4) {
		model_slim_segs(raw, m);
	} else if (m->op == 5 || m->op == 7) {
		m->sector = get64(raw + 16);
		m->nr_sectors = get64(raw + 24);
		m->reserved |= raw[2] || get32(raw + 4);
	} else if (m->op == 6) {
		m->indirect = true;
		m->op = raw[2];
		m->nr_segs = get16(raw + 4);
		m->nr_pi = get16(raw + 6);
		for (i = 0; i < 4; i++) {
			m->gref[i] = get32(raw + 16 + 4 * i);
			if (i * 256 >= m->nr_segs + m->nr_pi && m->gref[i])
				m->reserved = true;
		}
		if (m->nr_pi && !(m->flags & 8))
			m->reserved = true;
	}
}

/* Decode @kind->req_size bytes. */
static inline struct model_cmd model_decode(const struct model_kind *kind,
					    const u8 *raw)
{
	struct model_cmd m = { 0 };

	if (kind->slim)
		model_slim(raw, &m);
	else
		model_old(kind, raw, &m);
	return m;
}

/* Does the operation in the slot exist?  What others use is not defined. */
static inline bool model_known(const struct model_kind *kind, const u8 *raw)
{
	u8 op = raw[kind->slim];

	return op < 4 || op == 5 || op == 6 || (op == 7 && kind->slim);
}

/* A request as decoded must be the one in the slot. */
static inline UNTRACED void
check_decoded(const struct model_kind *kind, const u8 *raw,
	      const struct blkif_cmd *cmd)
{
	struct model_cmd m = model_decode(kind, raw);
	u32 i;

	CHECK(cmd->op == m.op);
	CHECK(cmd->id == m.id);
	CHECK(cmd->flags == m.flags);
	CHECK(cmd->indirect == m.indirect);
	CHECK(cmd->reserved == m.reserved);
	CHECK(cmd->nr_segs == m.nr_segs);
	CHECK(cmd->nr_pi == m.nr_pi);
	CHECK(cmd->nr_sectors == m.nr_sectors);
	CHECK(cmd->sector == m.sector);
	for (i = 0; i < m.nr_known; i++) {
		CHECK(cmd->seg[i].sector == m.seg[i].sector);
		CHECK(cmd->seg[i].gref == m.seg[i].gref);
		CHECK(cmd->seg[i].first == m.seg[i].first);
		CHECK(cmd->seg[i].last == m.seg[i].last);
		CHECK(!cmd->seg[i].reserved);
	}
	for (i = 0; m.indirect && i < kind->max_pages; i++)
		CHECK(cmd->indirect_gref[i] == m.gref[i]);
}

/* A response in a slot must be @rsp, and all that it does not use zero. */
static inline UNTRACED void
check_response(const struct model_kind *kind, const u8 *raw,
	       const struct blkif_rsp *rsp)
{
	CHECK(get64(raw) == rsp->id);
	if (kind->slim) {
		CHECK(!get32(raw + 8));
		CHECK((s16)get16(raw + 12) == rsp->status);
		CHECK(raw[14] == rsp->op);
		CHECK(!raw[15]);
		return;
	}
	CHECK(raw[8] == rsp->op);
	CHECK(!raw[9]);
	CHECK((s16)get16(raw + 10) == rsp->status);
	CHECK(all_zero(raw + 12, kind->rsp_size - 12));
}

/* The response in a slot; false if it is not valid. */
static inline bool model_response(const struct model_kind *kind, const u8 *raw,
				  struct blkif_rsp *rsp)
{
	rsp->id = get64(raw);
	rsp->op = raw[kind->slim ? 14 : 8];
	rsp->status = get16(raw + (kind->slim ? 12 : 10));
	return !kind->slim || (!get32(raw + 8) && !raw[15]);
}

#endif
