// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of a backend: what passes has the properties that the public
 * header demands, and what has them passes.
 */

#include "model.h"
#include "xen-blkif/check.h"

static struct blkif_limits take_limits(struct input *in,
				       const struct model_kind *kind)
{
	u8 bits = take_u8(in), sizes = take_u8(in);
	struct blkif_limits lim = {
		.capacity = take_edge(in),
		.ops = (bits & 1 ? 0xff : take_u8(in)) &
		       (kind->slim ? 0xef : 0x6f),
		.max_segs = bits & 2 ? kind->max_segs :
			    take_below(in, kind->max_segs + 1),
		.max_inline = kind->max_inline,
		.block_sectors = 1 << (sizes & 3),
		.read_only = bits & 4,
		.fua = kind->slim && bits & 8,
		.secure = bits & 16,
	};

	if (kind->slim && bits & 32)
		lim.pi_interval = 512U << (sizes >> 2 & sizes & 3);
	if (kind->slim && bits & 64)
		lim.max_ranges = take_below(in, 257);
	return lim;
}

static bool fits(u64 sector, u64 nr, const struct blkif_limits *lim)
{
	return sector + nr >= sector && sector + nr <= lim->capacity;
}

static bool is_whole(u64 sector, u64 nr, const struct blkif_limits *lim)
{
	return sector % lim->block_sectors == 0 && nr % lim->block_sectors == 0;
}

static bool flags_valid(const struct model_cmd *m,
			const struct blkif_limits *lim)
{
	switch (m->op) {
	case 0:
	case 1:
		if (m->flags & 8 && (!lim->pi_interval || !m->indirect ||
				     !m->nr_pi ||
				     m->nr_segs + m->nr_pi > lim->max_segs))
			return false;
		if (m->flags & 2 && !(m->op == 1 && lim->fua))
			return false;
		return !(m->flags & ~10);
	case 5:
		return !m->flags || (m->flags == 1 && lim->secure);
	case 7:
		return !(m->flags & ~4);
	default:
		return !m->flags;
	}
}

/* Is a request valid, but for what is in its segments and pages? */
static bool cmd_valid(const struct model_cmd *m, const struct blkif_limits *lim)
{
	bool changes = m->op && !(m->op == 3 && !m->nr_segs);
	u32 op = m->indirect ? 6 : m->op;

	if (op > 7 || !(lim->ops >> op & 1) || m->reserved ||
	    !flags_valid(m, lim) || (changes && lim->read_only))
		return false;
	if (m->indirect && m->op == 5)
		return m->nr_segs && m->nr_segs <= lim->max_ranges &&
		       lim->ops >> 5 & 1;
	if (m->indirect)
		return m->op < 2 && m->nr_segs && m->nr_segs <= lim->max_segs;
	if (m->op == 5 || m->op == 7)
		return fits(m->sector, m->nr_sectors, lim) &&
		       is_whole(m->sector, m->nr_sectors, lim);
	return m->nr_segs <= lim->max_inline && (m->nr_segs || m->op > 1);
}

static bool segs_valid(const struct blkif_seg *seg, u32 nr,
		       const struct blkif_limits *lim, u32 *sectors)
{
	u32 i, len;

	*sectors = 0;
	for (i = 0; i < nr; i++) {
		len = 1 + seg[i].last - seg[i].first;
		if (seg[i].first > seg[i].last || seg[i].last > 7 ||
		    seg[i].reserved || !fits(seg[i].sector, len, lim) ||
		    !is_whole(seg[i].sector, len, lim))
			return false;
		*sectors += len;
	}
	return true;
}

/* Return: true if the segments are valid, and then their length. */
static bool segments(const struct blkif_seg *seg, u32 nr,
		     const struct blkif_limits *lim, u32 *sectors)
{
	enum blkif_verdict verdict;
	u32 want, got = 0;
	bool valid = segs_valid(seg, nr, lim, &want);

	verdict = blkif_check_segs(seg, nr, lim, &got);
	CHECK((verdict == BLKIF_GOOD) == valid);
	CHECK(!valid || got == want);
	*sectors = want;
	return valid;
}

static void protection(const struct blkif_seg *entry, u32 nr,
		       const struct blkif_limits *lim, u32 sectors)
{
	u64 bytes = (u64)sectors * 512 / lim->pi_interval * 8;
	bool valid = nr == (bytes + 4095) / 4096;
	u32 i;

	for (i = 0; i < nr; i++)
		valid &= !entry[i].sector && !entry[i].first &&
			 !entry[i].last && !entry[i].reserved;
	CHECK((blkif_check_pi(entry, nr, lim, sectors) == BLKIF_GOOD) == valid);
	CHECK(!valid || nr <= BLKIF_PI_MAX_PAGES);
}

/* An entry that is likely to be valid; @from is where the last one ended. */
static void take_entry(struct input *in, const struct model_kind *kind,
		       u8 *entry, u64 *from, const struct blkif_limits *lim)
{
	u8 how = take_u8(in);
	u64 sector = *from;
	u32 gref = how * 0x01010101U;
	u8 *tail = entry + (kind->slim ? 8 : 0);

	if (how & 128)
		sector = take_edge(in);
	if (kind->slim)
		memcpy(entry, &sector, 8);
	memcpy(tail, &gref, 4);
	tail[4] = how & 64 ? take_u8(in) : 0;
	tail[5] = how & 32 ? take_u8(in) : 7;
	if (how & 16)
		tail[6] = take_u8(in);
	*from = sector + 8;
	if (*from > lim->capacity - 8)
		*from = 0;
}

static void indirect(struct input *in, const struct model_kind *kind,
		     const struct blkif_cmd *cmd,
		     const struct blkif_limits *lim)
{
	u32 nr = cmd->nr_segs + cmd->nr_pi, i, sectors;
	struct blkif_seg *seg = fuzz_alloc(nr * sizeof(*seg));
	u8 *page = fuzz_alloc(nr * kind->entry_size);
	u64 from = 0;

	CHECK(blkif_indirect_pages(kind->abi, nr) <= kind->max_pages);
	for (i = 0; i < cmd->nr_segs; i++)
		take_entry(in, kind, page + i * kind->entry_size, &from, lim);
	if (cmd->nr_pi && take_u8(in) & 1)
		take_bytes(in, page + (cmd->nr_segs + take_below(in, nr -
				       cmd->nr_segs)) * kind->entry_size, 16);
	blkif_indirect_decode(kind->abi, page, nr, cmd->sector, seg);
	if (segments(seg, cmd->nr_segs, lim, &sectors) && cmd->nr_pi)
		protection(seg + cmd->nr_segs, cmd->nr_pi, lim, sectors);
	free(page);
	free(seg);
}

static void ranges(struct input *in, u32 nr, const struct blkif_limits *lim)
{
	struct blkif_range *range = fuzz_alloc(nr * sizeof(*range));
	bool valid = true;
	u32 i;

	for (i = 0; i < nr; i++) {
		u8 how = take_u8(in);

		range[i].sector = how & 128 ? take_edge(in) : (how & 7) * 8;
		range[i].nr_sectors = how & 64 ? take_edge(in) : 0;
		valid &= fits(range[i].sector, range[i].nr_sectors, lim) &&
			 is_whole(range[i].sector, range[i].nr_sectors, lim);
	}
	CHECK((blkif_check_ranges(range, nr, lim) == BLKIF_GOOD) == valid);
	free(range);
}

static void tame_indirect(u8 *raw, u8 how, const struct blkif_limits *lim)
{
	u16 nr = raw[4];
	u32 pages;

	/* About as many as there may be. */
	if (how & 16)
		nr = lim->max_segs - (raw[5] & 15) + 2;
	memcpy(raw + 4, &nr, 2);
	memset(raw + 6, 0, 2);
	if (how & 32) {
		raw[3] |= 8;
		raw[6] = 1 + (raw[7] & 15);
	}
	raw[2] = how & 64 ? 5 : raw[2] & 7;
	pages = (nr + raw[6] + 255) / 256;
	if (pages < 4)
		memset(raw + 16 + 4 * pages, 0, 16 - 4 * pages);
}

static void tame_slim(u8 *raw, u8 how, const struct blkif_limits *lim)
{
	u32 nr = raw[2] & 3;

	if (!(how & 128))
		raw[0] = 0;
	if (how & 8)
		raw[3] = 1 << (raw[3] & 7) & 15;
	if (raw[1] == 6) {
		tame_indirect(raw, how, lim);
	} else if (raw[1] > 3) {
		memset(raw + 4, 0, 4);
		raw[2] = 0;
	} else {
		raw[2] = nr;
		if (nr < 2) {
			memset(raw + 6, 0, 2);
			memset(raw + 28, 0, 4);
		}
		if (!nr)
			memset(raw + 16, 0, 16);
		if (!nr)
			memset(raw + 4, 0, 4);
	}
	if (nr && raw[1] < 4 && how & 4) {
		raw[4] &= 3;
		raw[5] = 3 + (raw[5] & 7);
	}
}

static void tame_old(u8 *raw, u32 pad, u8 how)
{
	u32 i;

	if (raw[0] == 6) {
		raw[1] &= 3;
		raw[3] &= how & 16 ? 31 : 0;
	} else {
		raw[1] = raw[0] == 5 ? raw[1] & 3 : raw[1] % 14;
	}
	for (i = 0; how & 4 && raw[0] < 4 && i < 11; i++) {
		raw[24 + pad + 8 * i] &= 3;
		raw[25 + pad + 8 * i] = 3 + (raw[25 + pad + 8 * i] & 7);
	}
	if (raw[0] == 5 && how & 32)
		memset(raw + 22 + pad, 0, 6);
}

/* Make a slot likely to be valid, or nearly so. */
static void tame(struct input *in, const struct model_kind *kind, u8 *raw,
		 const struct blkif_limits *lim)
{
	u32 sector = kind->slim ? 16 : 12 + kind->pad;
	u8 how = take_u8(in);

	if (!(how & 1))
		return;
	raw[kind->slim] &= 7;
	if (how & 2)
		memset(raw + sector + 2, 0, 6);
	if (kind->slim)
		tame_slim(raw, how, lim);
	else
		tame_old(raw, kind->pad, how);
	if (how & 64)
		raw[sector] &= ~7;
}

/* What a backend does with a request. */
static void request(struct input *in, const struct model_kind *kind,
		    const struct blkif_limits *lim)
{
	u8 *raw = fuzz_alloc(kind->req_size);
	enum blkif_verdict verdict;
	struct model_cmd m;
	struct blkif_cmd cmd;
	u32 sectors;

	take_bytes(in, raw, kind->req_size);
	tame(in, kind, raw, lim);
	m = model_decode(kind, raw);
	blkif_cmd_decode(kind->abi, raw, &cmd);
	verdict = blkif_check_cmd(&cmd, lim);
	CHECK((verdict == BLKIF_GOOD) == cmd_valid(&m, lim));
	CHECK(blkif_verdict_name(verdict)[0]);
	free(raw);
	if (verdict != BLKIF_GOOD)
		return;
	if (cmd.indirect && cmd.op == BLKIF_OP_DISCARD)
		ranges(in, cmd.nr_segs, lim);
	else if (cmd.indirect)
		indirect(in, kind, &cmd, lim);
	else if (blkif_op_has_data(cmd.op))
		segments(cmd.seg, cmd.nr_segs, lim, &sectors);
}

/* Protection information of any length, whatever request it belongs to. */
static void pages_of_tuples(struct input *in, struct blkif_limits *lim)
{
	struct blkif_seg entry[17] = { };
	u32 nr = take_below(in, 17);

	lim->pi_interval = 512U << take_below(in, 4);
	if (nr && take_u8(in) & 1)
		take_bytes(in, &entry[take_below(in, nr)], 16);
	protection(entry, nr, lim, take_below(in, 8193));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	/* More than half are slim, of which there is more to check. */
	u32 nr = take_below(&in, 8);
	const struct model_kind *kind = &model_kinds[nr < 3 ? nr : 3];
	struct blkif_limits lim = take_limits(&in, kind);
	u32 tag, gen;

	switch (take_below(&in, 8)) {
	case 6:
		pages_of_tuples(&in, &lim);
		break;
	case 7:
		tag = take_u32(&in);
		gen = take_u32(&in);
		CHECK(blkif_id_tag(blkif_id(tag, gen)) == tag);
		CHECK(blkif_id_gen(blkif_id(tag, gen)) == gen);
		break;
	default:
		request(&in, kind, &lim);
	}
	return 0;
}
