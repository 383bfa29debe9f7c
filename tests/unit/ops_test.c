// SPDX-License-Identifier: GPL-2.0
/*
 * ops.h: what a frontend uses of a backend's offer; range.h: how a backend
 * splits the ranges that it discards or zeroes.
 */

#include "unit.h"
#include "xen-blkback/range.h"
#include "xen-blkif/ops.h"

#define HUGE_U32	0xffffffffU
#define MOST		8388607U	/* sectors of 4 GiB less a byte */

/* { fua, discard, secure, zeroes, max_discard, max_zeroes, max_ranges } */
#define ALL	{ true, true, true, true, 0, 0, 256, 0, 0 }
#define NONE	{ 0 }

static const struct row {
	const char *name;
	bool slim;
	struct blkif_ops theirs, ours;
	u32 block_size;
	struct blkif_ops want;
} rows[] = {
	{ "oldest backend", false, NONE, ALL, 512,
	  { 0, 0, 0, 0, MOST, MOST, 1, 512, 0 } },
	{ "backend of the existing protocol", false,
	  { 0, 1, 1, 0, 0, 0, 1, 4096, 512 }, ALL, 512,
	  { 0, 1, 1, 0, MOST, MOST, 1, 4096, 512 } },
	{ "all", true, { 1, 1, 1, 1, 4096, 2048, 256, 8192, 4096 }, ALL, 512,
	  { 1, 1, 1, 1, 4096, 2048, 256, 8192, 4096 } },
	{ "all, without slim requests", false,
	  { 1, 1, 1, 1, 4096, 2048, 256, 8192, 4096 }, ALL, 512,
	  { 0, 1, 1, 0, 4096, 2048, 1, 8192, 4096 } },
	{ "no FUA in the frontend", true, ALL, { 0, 1, 1, 1, 0, 0, 256, 0, 0 }, 512,
	  { 0, 1, 1, 1, MOST, MOST, 256, 512, 0 } },
	{ "no FUA in the backend", true, { 0, 1, 1, 1, 0, 0, 256, 0, 0 }, ALL, 512,
	  { 0, 1, 1, 1, MOST, MOST, 256, 512, 0 } },
	{ "no discard in the frontend", true, ALL, { 1, 0, 1, 1, 0, 0, 256, 0, 0 }, 512,
	  { 1, 0, 0, 1, MOST, MOST, 1, 512, 0 } },
	{ "secure erase without discard", true,
	  { 1, 0, 1, 1, 0, 0, 256, 0, 0 }, ALL, 512,
	  { 1, 0, 0, 1, MOST, MOST, 1, 512, 0 } },
	{ "no secure erase in the frontend", true, ALL, { 1, 1, 0, 1, 0, 0, 256, 0, 0 }, 512,
	  { 1, 1, 0, 1, MOST, MOST, 256, 512, 0 } },
	{ "no zeroes in the frontend", true, ALL, { 1, 1, 1, 0, 0, 0, 256, 0, 0 }, 512,
	  { 1, 1, 1, 0, MOST, MOST, 256, 512, 0 } },
	{ "one range in the frontend", true, ALL, { 1, 1, 1, 1, 0, 0, 1, 0, 0 }, 512,
	  { 1, 1, 1, 1, MOST, MOST, 1, 512, 0 } },
	{ "no range in the frontend", true, ALL, { 1, 1, 1, 1, 0, 0, 0, 0, 0 }, 512,
	  { 1, 1, 1, 1, MOST, MOST, 1, 512, 0 } },
	{ "few ranges in the backend", true, { 1, 1, 1, 1, 0, 0, 7, 0, 0 }, ALL, 512,
	  { 1, 1, 1, 1, MOST, MOST, 7, 512, 0 } },
	{ "huge numbers of ranges", true,
	  { 1, 1, 1, 1, 0, 0, HUGE_U32, 0, 0 },
	  { 1, 1, 1, 1, 0, 0, HUGE_U32, 0, 0 }, 512,
	  { 1, 1, 1, 1, MOST, MOST, 256, 512, 0 } },
	{ "huge maxima, blocks of 4096", true,
	  { 1, 1, 1, 1, HUGE_U32, HUGE_U32, 1, 0, 0 }, ALL, 4096,
	  { 1, 1, 1, 1, MOST - 7, MOST - 7, 1, 4096, 0 } },
	{ "maxima of half a block", true,
	  { 1, 1, 1, 1, 4, 7, 256, 0, 0 }, ALL, 4096,
	  { 1, 0, 0, 0, 0, 0, 1, 4096, 0 } },
	{ "maxima of a block and a half", true,
	  { 1, 1, 1, 1, 12, 15, 256, 0, 0 }, ALL, 4096,
	  { 1, 1, 1, 1, 8, 8, 256, 4096, 0 } },
	{ "granules that are not whole blocks", true,
	  { 1, 1, 1, 1, 0, 0, 256, 6144, 4096 }, ALL, 4096,
	  { 1, 1, 1, 1, MOST - 7, MOST - 7, 256, 4096, 0 } },
	{ "granules of three blocks", true,
	  { 1, 1, 1, 1, 0, 0, 256, 12288, 4096 }, ALL, 4096,
	  { 1, 1, 1, 1, MOST - 7, MOST - 7, 256, 12288, 4096 } },
	{ "granules that start inside a block", true,
	  { 1, 1, 1, 1, 0, 0, 256, 8192, 512 }, ALL, 4096,
	  { 1, 1, 1, 1, MOST - 7, MOST - 7, 256, 8192, 0 } },
	{ "an offset of a whole granule", true,
	  { 1, 1, 1, 1, 0, 0, 256, 8192, 8192 }, ALL, 512,
	  { 1, 1, 1, 1, MOST, MOST, 256, 8192, 0 } },
	{ "granules larger than the limit", true,
	  { 1, 1, 1, 1, 8, 0, 256, 8192, 4096 }, ALL, 512,
	  { 1, 1, 1, 1, 8, MOST, 256, 512, 0 } },
	{ "granules as large as the limit", true,
	  { 1, 1, 1, 1, 16, 0, 256, 8192, 4096 }, ALL, 512,
	  { 1, 1, 1, 1, 16, MOST, 256, 8192, 4096 } },
	{ "all values huge", true,
	  { 1, 1, 1, 1, HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32 },
	  ALL, 512, { 1, 1, 1, 1, MOST, MOST, 256, 512, 0 } },
};

static bool same_ops(const struct blkif_ops *a, const struct blkif_ops *b)
{
	return a->fua == b->fua && a->discard == b->discard &&
	       a->secure == b->secure && a->zeroes == b->zeroes &&
	       a->max_discard == b->max_discard &&
	       a->max_zeroes == b->max_zeroes &&
	       a->max_ranges == b->max_ranges &&
	       a->granularity == b->granularity &&
	       a->alignment == b->alignment;
}

TEST(choose)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct blkif_ops got;

		got = blkif_choose_ops(r->slim ? &blkif_abi_slim :
				       &blkif_abi_native, &r->theirs, &r->ours,
				       r->block_size);
		EXPECT_TRUE(same_ops(&r->want, &got))
			TH_LOG("%s: %d %d %d %d, %u, %u, %u, %u, %u", r->name,
			       got.fua, got.discard, got.secure, got.zeroes,
			       got.max_discard, got.max_zeroes, got.max_ranges,
			       got.granularity, got.alignment);
	}
}

/* Rules that hold for any offer. */
TEST(choose_anything)
{
	static const struct blkif_ops ours = {
		true, true, true, true, 0, 0, 256, 0, 0
	};
	struct rng rng = { 3 };
	unsigned int i;

	for (i = 0; i < UNIT_ROUNDS(200000); i++) {
		u32 block = 512 << rng_below(&rng, 4);
		struct blkif_ops theirs = {
			rng_below(&rng, 2), rng_below(&rng, 2),
			rng_below(&rng, 2), rng_below(&rng, 2),
			rng_edge(&rng), rng_edge(&rng), rng_edge(&rng),
			rng_edge(&rng), rng_edge(&rng),
		};
		struct blkif_ops ops = blkif_choose_ops(&blkif_abi_slim,
							&theirs, &ours, block);

		unit_relax();
		ASSERT_TRUE(ops.discard || !ops.secure);
		ASSERT_TRUE(!ops.discard || ops.max_discard);
		ASSERT_TRUE(!ops.zeroes || ops.max_zeroes);
		ASSERT_EQ(0, (ops.max_discard | ops.max_zeroes) %
			  (block / 512));
		ASSERT_GE(MOST, ops.max_discard);
		ASSERT_GE(MOST, ops.max_zeroes);
		ASSERT_LE(1, ops.max_ranges);
		ASSERT_GE(256, ops.max_ranges);
		ASSERT_LT(0, ops.granularity);
		ASSERT_EQ(0, (ops.granularity | ops.alignment) & (block - 1));
		ASSERT_LT(ops.alignment, ops.granularity);
		ASSERT_TRUE(!ops.discard ||
			    ops.granularity / 512 <= ops.max_discard);
	}
}

TEST(optimal_size)
{
	EXPECT_EQ(0, blkif_usable_opt(0, 512));
	EXPECT_EQ(512, blkif_usable_opt(512, 512));
	EXPECT_EQ(0, blkif_usable_opt(512, 4096));
	EXPECT_EQ(0, blkif_usable_opt(1000, 512));
	EXPECT_EQ(3 << 20, blkif_usable_opt(3 << 20, 4096));
	EXPECT_EQ(32 << 20, blkif_usable_opt(32 << 20, 512));
	EXPECT_EQ(0, blkif_usable_opt((32 << 20) + 512, 512));
	EXPECT_EQ(0, blkif_usable_opt(HUGE_U32, 512));
}

TEST(discard_names)
{
	struct blkif_ops ops = { 0 };

	EXPECT_STREQ("no", blkif_discard_name(&ops));
	ops.discard = true;
	EXPECT_STREQ("yes", blkif_discard_name(&ops));
	ops.secure = true;
	EXPECT_STREQ("secure", blkif_discard_name(&ops));
}

TEST(cut_off)
{
	static const struct {
		u64 sector, nr;
		struct range_cut cut;
		u32 piece;
	} cuts[] = {
		{ 0, 1, { 8, 8, 0 }, 1 }, { 0, 8, { 8, 8, 0 }, 8 },
		{ 0, 9, { 8, 8, 0 }, 8 }, { 3, 8, { 8, 8, 0 }, 8 },
		{ 3, 9, { 8, 8, 0 }, 5 }, { 3, 100, { 16, 8, 0 }, 13 },
		{ 8, 100, { 16, 8, 0 }, 16 }, { 3, 100, { 8, 8, 3 }, 8 },
		{ 4, 100, { 8, 8, 3 }, 7 }, { 0, 100, { 8, 8, 3 }, 3 },
		/* granules of three, and granules larger than the maximum */
		{ 1, 100, { 6, 3, 0 }, 5 }, { 0, 100, { 4, 16, 0 }, 4 },
		{ 14, 100, { 4, 16, 0 }, 2 },
		{ 1ULL << 54, 1ULL << 40, { 1 << 21, 8, 0 }, 1 << 21 },
		{ (1ULL << 54) + 1, 1ULL << 40, { 1 << 21, 8, 0 },
		  (1 << 21) - 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct blkif_range range = { cuts[i].sector, cuts[i].nr };

		EXPECT_EQ(cuts[i].piece, range_cut_off(&range, &cuts[i].cut))
			TH_LOG("row %u", i);
	}
}

/* The parts cover the range, respect the limit and start at granules. */
TEST(cut_all_off)
{
	struct rng rng = { 5 };
	unsigned int i;

	for (i = 0; i < UNIT_ROUNDS(20000); i++) {
		u32 granule = 1 + rng_below(&rng, 64);
		struct range_cut cut = {
			.granule = granule,
			.max = granule * (1 + rng_below(&rng, 8)),
			.first = rng_below(&rng, granule),
		};
		struct blkif_range range = {
			rng_below(&rng, 10000), 1 + rng_below(&rng, 3000)
		};
		u64 end = range.sector + range.nr_sectors;
		bool begun = false;

		unit_relax();
		while (range.nr_sectors) {
			u32 nr = range_cut_off(&range, &cut);

			ASSERT_LT(0, nr);
			ASSERT_GE(cut.max, nr);
			ASSERT_GE(range.nr_sectors, nr);
			ASSERT_TRUE(!begun || (u32)range.sector % granule ==
				    cut.first);
			begun = true;
			range.sector += nr;
			range.nr_sectors -= nr;
		}
		ASSERT_EQ(end, range.sector);
	}
}

UNIT_SUITE(ops,
	   UNIT_CASE(choose),
	   UNIT_CASE(choose_anything),
	   UNIT_CASE(optimal_size),
	   UNIT_CASE(discard_names),
	   UNIT_CASE(cut_off),
	   UNIT_CASE(cut_all_off));
