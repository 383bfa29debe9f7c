// SPDX-License-Identifier: GPL-2.0
/*
 * Random bytes, decoded and checked: nothing is accessed out of bounds, and a
 * request that is found valid has the properties that a backend relies on.
 */

#include "unit.h"
#include "xen-blkif/check.h"

#define ROUNDS	UNIT_ROUNDS(300000)
#define PAGES	UNIT_ROUNDS(5000)
#define RANGES	UNIT_ROUNDS(20000)

static const struct blkif_abi *const abis[] = {
	&blkif_abi_x86_32, &blkif_abi_x86_64, &blkif_abi_native,
	&blkif_abi_slim,
};

#define ABIS	ARRAY_SIZE(abis)

static void put_bytes(u8 *slot, unsigned int at, u64 word, unsigned int nr)
{
	memcpy(slot + at, &word, nr);
}

/* A slim slot that is valid, or nearly so. */
static void nearly_slim_slot(struct rng *rng, u8 *slot)
{
	unsigned int i, nr = rng_below(rng, 4);

	slot[0] = 0;
	slot[1] = rng_below(rng, 8);
	slot[3] = rng_one_in(rng, 4) ? 1 << rng_below(rng, 4) : 0;
	put_bytes(slot, 16, rng_below(rng, 2000), 8);
	if (blkif_op_is_range(slot[1])) {
		slot[2] = 0;
		put_bytes(slot, 4, 0, 4);
		put_bytes(slot, 24, rng_below(rng, 2000), 8);
	} else if (slot[1] == BLKIF_OP_INDIRECT) {
		slot[2] = rng_below(rng, 8);
		put_bytes(slot, 4, rng_below(rng, slot[2] == 5 ? 300 : 1100),
			  4);
		if (slot[2] < 2 && rng_one_in(rng, 2)) {
			slot[3] = BLKIF_SLIM_PI;
			slot[6] = rng_below(rng, 20);
		}
		for (i = (slot[4] + slot[5] * 256 + slot[6] + 255) / 256; i < 4;
		     i++)
			put_bytes(slot, 16 + 4 * i, 0, 4);
	} else {
		slot[2] = nr;
		for (i = 0; i < 2; i++) {
			slot[4 + 2 * i] = i < nr ? rng_below(rng, 4) : 0;
			slot[5 + 2 * i] = i < nr ? 3 + rng_below(rng, 5) : 0;
			if (i >= nr)
				put_bytes(slot, 24 + 4 * i, 0, 4);
		}
		if (!nr)
			put_bytes(slot, 16, 0, 8);
	}
	if (rng_one_in(rng, 2))
		slot[rng_below(rng, 32)] = rng_u64(rng);
}

/* Half of the slots are likely to be valid but for a byte or two. */
static void random_slot(struct rng *rng, const struct blkif_abi *abi, u8 *slot)
{
	unsigned int i;
	u64 word;

	for (i = 0; i < abi->req_size; i += 4) {
		word = rng_u64(rng);
		memcpy(slot + i, &word, 4);
	}
	if (abi->slim) {
		if (rng_one_in(rng, 2))
			nearly_slim_slot(rng, slot);
		return;
	}
	slot[0] = rng_below(rng, 8);
	if (rng_one_in(rng, 2))
		return;
	slot[1] = rng_below(rng, 14);
	word = rng_below(rng, 2000);
	if (slot[0] == BLKIF_OP_DISCARD) {
		word &= ~7;
		slot[1] &= 1;
		memcpy(slot + 20 + abi->pad, &word, 8);
	}
	memcpy(slot + 12 + abi->pad, &word, 8);
	if (slot[0] == BLKIF_OP_INDIRECT) {
		slot[1] &= 1;
		memcpy(slot + 2, &word, 2);
		return;
	}
	if (slot[0] > BLKIF_OP_FLUSH_DISKCACHE)
		return;
	for (i = 20 + abi->pad; i < abi->req_size; i += 8) {
		slot[i + 4] = rng_below(rng, 4);
		slot[i + 5] = 3 + rng_below(rng, 5);
	}
	if (rng_one_in(rng, 2))
		slot[rng_below(rng, abi->req_size)] = rng_u64(rng);
}

static struct blkif_limits random_limits(struct rng *rng,
					 const struct blkif_abi *abi)
{
	struct blkif_limits lim = {
		.capacity = rng_one_in(rng, 2) ? 1500 : rng_edge(rng),
		.ops = (rng_one_in(rng, 2) ? 0xef : rng_u64(rng) & 0xef) &
		       (abi->slim ? 0xef : 0x6f),
		.max_segs = rng_one_in(rng, 2) ? blkif_max_segs(abi) :
			    rng_below(rng, blkif_max_segs(abi) + 1),
		.max_inline = abi->max_inline,
		.block_sectors = 1 << rng_below(rng, 4),
		.read_only = rng_one_in(rng, 4),
		.fua = abi->slim && rng_below(rng, 2),
		.secure = rng_below(rng, 2),
	};

	if (abi->slim && rng_below(rng, 2))
		lim.pi_interval = 512 << rng_below(rng, 4);
	if (abi->slim)
		lim.max_ranges = rng_one_in(rng, 2) ? 256 : rng_below(rng, 257);

	return lim;
}

/* 0, or the line of the property that does not hold. */

static int bad_segs(const struct blkif_seg *seg, unsigned int nr,
		    const struct blkif_limits *lim, u32 sectors)
{
	u32 sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u32 len = seg[i].last - seg[i].first + 1;

		if (seg[i].last > 7 || seg[i].first > seg[i].last)
			return __LINE__;
		if (seg[i].sector + len < seg[i].sector ||
		    seg[i].sector + len > lim->capacity)
			return __LINE__;
		sum += len;
	}
	return sum != sectors || sum % lim->block_sectors ? __LINE__ : 0;
}

static int bad_flags(const struct blkif_abi *abi, const struct blkif_cmd *cmd,
		     const struct blkif_limits *lim)
{
	bool pi = cmd->flags & 8;

	if (pi != !!cmd->nr_pi)
		return __LINE__;
	if (pi && (!lim->pi_interval || !cmd->indirect || cmd->op > 1 ||
		   cmd->nr_segs + cmd->nr_pi > lim->max_segs))
		return __LINE__;
	switch (cmd->flags & ~8) {
	case 0:
		return 0;
	case 1:
		return cmd->op != 5 || !lim->secure ? __LINE__ : 0;
	case 2:
		return cmd->op != 1 || !lim->fua || !abi->slim ? __LINE__ : 0;
	case 4:
		return cmd->op != 7 || !abi->slim ? __LINE__ : 0;
	}
	return __LINE__;
}

static int bad_range(u64 sector, u64 nr, const struct blkif_limits *lim)
{
	return sector + nr < sector || sector + nr > lim->capacity ||
	       (sector | nr) & (lim->block_sectors - 1) ? __LINE__ : 0;
}

static int bad_indirect(const struct blkif_abi *abi,
			const struct blkif_cmd *cmd,
			const struct blkif_limits *lim)
{
	if (!cmd->nr_segs)
		return __LINE__;
	if (cmd->op == 5)
		return !abi->slim || cmd->nr_segs > 256 ||
		       cmd->nr_segs > lim->max_ranges ||
		       !(lim->ops & 1U << 5) ? __LINE__ : 0;
	return cmd->op > 1 || cmd->nr_segs > (abi->slim ? 1024 : 4096) ||
	       cmd->nr_segs > lim->max_segs ? __LINE__ : 0;
}

static int bad_cmd(const struct blkif_abi *abi, const struct blkif_cmd *cmd,
		   const struct blkif_limits *lim)
{
	bool changes = cmd->op && (cmd->op != 3 || cmd->nr_segs);

	if (cmd->op > 7 || cmd->op == 4 || (lim->read_only && changes))
		return __LINE__;
	if (!(lim->ops & 1U << (cmd->indirect ? 6 : cmd->op)))
		return __LINE__;
	if (cmd->reserved || bad_flags(abi, cmd, lim))
		return __LINE__;
	if (cmd->indirect)
		return bad_indirect(abi, cmd, lim);
	if (cmd->op == 5 || cmd->op == 7)
		return cmd->nr_segs || bad_range(cmd->sector, cmd->nr_sectors,
						 lim) ? __LINE__ : 0;
	return cmd->nr_segs > (abi->slim ? 2 : 11) ||
	       (cmd->op < 2 && !cmd->nr_segs) ?
	       __LINE__ : 0;
}

/* How often each outcome was reached, so that no path goes untested. */
struct tally {
	unsigned int bad, good[8], ranges, flags, pi, segs_bad, segs_good;
};

static int one_round(struct rng *rng, const struct blkif_abi *abi, u8 *slot,
		     struct tally *tally)
{
	struct blkif_limits lim = random_limits(rng, abi);
	struct blkif_cmd cmd;
	u32 sectors = 0;

	random_slot(rng, abi, slot);
	blkif_cmd_decode(abi, slot, &cmd);
	if (blkif_check_cmd(&cmd, &lim) != BLKIF_GOOD) {
		tally->bad++;
		return 0;
	}
	if (bad_cmd(abi, &cmd, &lim))
		return bad_cmd(abi, &cmd, &lim);
	tally->good[blkif_cmd_wire_op(&cmd)]++;
	tally->ranges += cmd.indirect && cmd.op == 5;
	tally->flags += cmd.flags != 0;
	tally->pi += cmd.nr_pi != 0;
	if (cmd.indirect || blkif_op_is_range(cmd.op))
		return 0;
	if (blkif_check_segs(cmd.seg, cmd.nr_segs, &lim, &sectors) !=
	    BLKIF_GOOD) {
		tally->segs_bad++;
		return 0;
	}
	tally->segs_good++;
	return bad_segs(cmd.seg, cmd.nr_segs, &lim, sectors);
}

static const struct {
	const char *name;
	const struct blkif_abi *abi;
} variants[] = {
	{ "x86_32", &blkif_abi_x86_32 },
	{ "x86_64", &blkif_abi_x86_64 },
	{ "native", &blkif_abi_native },
	{ "slim", &blkif_abi_slim },
};

TEST_EACH(variants, slots)
{
	u8 *slot = unit_alloc(variant->abi->req_size);
	struct tally tally = { 0 };
	struct rng rng = { 7 };
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		unit_relax();
		ASSERT_EQ(0, one_round(&rng, variant->abi, slot, &tally));
	}
	tally.good[BLKIF_OP_RESERVED_1] = ROUNDS;
	for (i = 0; i < (variant->abi->slim ? 8 : 7); i++) {
		EXPECT_LT(ROUNDS / 2000, tally.good[i])
			TH_LOG("op %u", i);
	}
	EXPECT_LT(ROUNDS / 2000, tally.flags);
	if (variant->abi->slim)
		EXPECT_LT(ROUNDS / 2000, tally.ranges);
	if (variant->abi->slim)
		EXPECT_LT(ROUNDS / 2000, tally.pi);
	EXPECT_LT(ROUNDS / 10, tally.bad);
	EXPECT_LT(ROUNDS / 2000, tally.segs_bad);
	EXPECT_LT(ROUNDS / 2000, tally.segs_good);
	unit_free(slot);
}

static void random_entry(struct rng *rng, const struct blkif_abi *abi,
			 u8 *entry)
{
	u64 word = rng_u64(rng);

	if (abi->slim) {
		put_bytes(entry, 0, rng_one_in(rng, 200) ? rng_edge(rng) :
			  rng_below(rng, 180) * 8, 8);
		entry += 8;
	}
	memcpy(entry, &word, 8);
	if (rng_one_in(rng, 200))
		return;
	entry[4] &= 3;
	entry[5] = 3 + (entry[5] & 3);
	if (abi->slim)
		put_bytes(entry, 6, 0, 2);
}

TEST_EACH(variants, indirect_pages)
{
	const struct blkif_abi *abi = variant->abi;
	u32 most = blkif_indirect_per_page(abi);
	u8 *page = unit_alloc(BLKIF_PAGE_SIZE);
	struct blkif_seg *seg = unit_alloc(most * sizeof(*seg));
	unsigned int i, round, nr, good = 0;
	struct rng rng = { 8 };

	for (round = 0; round < PAGES; round++) {
		struct blkif_limits lim = random_limits(&rng, abi);
		u64 start = rng_one_in(&rng, 4) ? rng_edge(&rng) : 0;
		u32 sectors = 0;

		unit_relax();
		nr = rng_below(&rng, most + 1);
		if (rng_one_in(&rng, 2))
			nr &= 15;
		for (i = 0; i < most; i++)
			random_entry(&rng, abi, page + abi->entry_size * i);
		blkif_indirect_decode(abi, page, nr, start, seg);
		if (blkif_check_segs(seg, nr, &lim, &sectors) != BLKIF_GOOD)
			continue;
		ASSERT_EQ(0, bad_segs(seg, nr, &lim, sectors));
		good++;
	}
	EXPECT_LT(PAGES / 50, good);
	EXPECT_GT(PAGES - PAGES / 50, good);
	unit_free(seg);
	unit_free(page);
}

/* Valid ranges stay within the disk and are whole blocks. */
TEST(pages_of_ranges)
{
	unsigned int i, j, nr, good = 0;
	struct blkif_range *range = unit_alloc(256 * sizeof(*range));
	struct rng rng = { 10 };

	for (i = 0; i < RANGES; i++) {
		struct blkif_limits lim = random_limits(&rng, &blkif_abi_slim);

		unit_relax();
		nr = rng_below(&rng, rng_one_in(&rng, 2) ? 8 : 257);
		for (j = 0; j < nr; j++) {
			range[j].sector = rng_below(&rng, 90) * 8;
			range[j].nr_sectors = rng_below(&rng, 90) * 8;
			if (rng_one_in(&rng, 100))
				range[j].sector = rng_edge(&rng);
			if (rng_one_in(&rng, 100))
				range[j].nr_sectors = rng_edge(&rng);
		}
		if (blkif_check_ranges(range, nr, &lim) != BLKIF_GOOD)
			continue;
		for (j = 0; j < nr; j++) {
			ASSERT_EQ(0, bad_range(range[j].sector,
					       range[j].nr_sectors, &lim));
		}
		good++;
	}
	EXPECT_LT(RANGES / 20, good);
	EXPECT_GT(RANGES - RANGES / 20, good);
	unit_free(range);
}

static void random_segs(struct rng *rng, const struct blkif_abi *abi,
			struct blkif_cmd *cmd)
{
	u64 sector = cmd->sector;
	unsigned int i;

	cmd->nr_segs = rng_below(rng, abi->max_inline + 1);
	if (abi->slim && !cmd->nr_segs)
		cmd->sector = 0;
	for (i = 0; i < cmd->nr_segs; i++) {
		u8 first = rng_below(rng, 8);

		cmd->seg[i] = (struct blkif_seg) {
			.sector = sector,
			.gref = rng_u64(rng),
			.first = first,
			.last = first + rng_below(rng, 8 - first),
		};
		sector += cmd->seg[i].last - first + 1;
	}
}

static struct blkif_cmd random_cmd(struct rng *rng,
				   const struct blkif_abi *abi)
{
	static const u8 ops[] = { 0, 1, 2, 3, 5, 7 };
	struct blkif_cmd cmd = {
		.id = rng_u64(rng),
		.sector = rng_edge(rng),
		.op = ops[rng_below(rng, abi->slim ? 6 : 5)],
	};
	bool indirect = cmd.op < 2 || (abi->slim && cmd.op == 5);
	unsigned int i;

	if (abi->slim)
		cmd.flags = rng_below(rng, 8);
	else if (cmd.op == 5)
		cmd.flags = rng_below(rng, 2);
	if (indirect && rng_one_in(rng, 2)) {
		cmd.indirect = true;
		cmd.nr_segs = 1 + rng_below(rng, cmd.op == 5 ? 256 :
					    blkif_max_segs(abi));
		if (abi->slim && rng_one_in(rng, 4))
			cmd.nr_pi = rng_below(rng, 1025 - cmd.nr_segs);
		if (cmd.nr_pi)
			cmd.flags |= 8;
		for (i = 0; i < blkif_indirect_pages(abi, cmd.nr_segs +
						     cmd.nr_pi); i++)
			cmd.indirect_gref[i] = rng_u64(rng);
		if (abi->slim)
			cmd.sector = 0;
	} else if (blkif_op_is_range(cmd.op)) {
		cmd.nr_sectors = rng_edge(rng);
	} else {
		random_segs(rng, abi, &cmd);
	}
	return cmd;
}

static bool same(const struct blkif_abi *abi, const struct blkif_cmd *a,
		 const struct blkif_cmd *b)
{
	if (a->reserved || b->reserved)
		return false;
	if (a->indirect && memcmp(a->indirect_gref, b->indirect_gref,
				  abi->max_indirect_pages * 4))
		return false;
	if (!a->indirect &&
	    memcmp(a->seg, b->seg, a->nr_segs * sizeof(a->seg[0])))
		return false;
	return !memcmp(a, b, offsetof(struct blkif_cmd, op)) &&
	       a->op == b->op && a->flags == b->flags &&
	       a->indirect == b->indirect && a->nr_segs == b->nr_segs &&
	       a->nr_pi == b->nr_pi;
}

/* A backend decodes what a frontend of the same ABI encoded. */
TEST(round_trip)
{
	struct rng rng = { 9 };
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		const struct blkif_abi *abi = abis[i % ABIS];
		struct blkif_cmd cmd = random_cmd(&rng, abi), back;

		unit_relax();
		memset(slot, 0xa5, sizeof(slot));
		blkif_cmd_encode(abi, &cmd, rng_u64(&rng), slot);
		blkif_cmd_decode(abi, slot, &back);
		ASSERT_TRUE(same(abi, &cmd, &back))
			TH_LOG("op %u, %s", cmd.op, abi->name);
	}
}

UNIT_SUITE(fuzz,
	   UNIT_CASE(slots),
	   UNIT_CASE(indirect_pages),
	   UNIT_CASE(pages_of_ranges),
	   UNIT_CASE(round_trip));
