// SPDX-License-Identifier: GPL-2.0
/* hist.h: every latency is counted once, in the documented bucket. */

#include "unit.h"
#include "xen-blkback/hist.h"

#define LAST	(BLKBACK_HIST_BUCKETS - 1)

/* Lower limit of a bucket, as Documentation/ABI defines it. */
static u64 first_of(unsigned int n)
{
	return n ? 1ULL << (n - 1) : 0;
}

TEST(known)
{
	static const struct {
		u64 us;
		unsigned int bucket;
	} rows[] = {
		{ 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 2 }, { 4, 3 }, { 7, 3 },
		{ 8, 4 }, { 100, 7 }, { 1000, 10 }, { 1024, 11 },
		{ 1000000, 20 }, { (1 << 26) - 1, 26 }, { 1 << 26, LAST },
		{ 1 << 27, LAST }, { ~0ULL, LAST },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].bucket, blkback_hist_bucket(rows[i].us))
			TH_LOG("%llu us", (unsigned long long)rows[i].us);
	}
}

TEST(edges)
{
	unsigned int n;

	for (n = 0; n < BLKBACK_HIST_BUCKETS; n++) {
		EXPECT_EQ(n, blkback_hist_bucket(first_of(n)));
		EXPECT_EQ(n ? n - 1 : LAST,
			  blkback_hist_bucket(first_of(n) - 1));
	}
}

/* A longer latency is never in a lower bucket. */
TEST(monotonic)
{
	struct rng rng = { 320 };
	unsigned int i;

	for (i = 0; i < UNIT_ROUNDS(200000); i++) {
		u64 a = rng_edge(&rng), b = rng_edge(&rng);

		ASSERT_LT(blkback_hist_bucket(a), BLKBACK_HIST_BUCKETS);
		ASSERT_TRUE(a > b || blkback_hist_bucket(a) <=
			    blkback_hist_bucket(b));
	}
}

TEST(add)
{
	struct blkback_hist hist = { };
	u64 count = 0, ns = 0;
	struct rng rng = { 1 };
	unsigned int i;

	for (i = 0; i < 5000; i++) {
		u64 one = rng_edge(&rng) >> 16;

		blkback_hist_add(&hist, one);
		ns += one;
	}
	for (i = 0; i < BLKBACK_HIST_BUCKETS; i++)
		count += hist.bucket[i];
	EXPECT_EQ(5000, count);
	EXPECT_EQ(ns, hist.ns);
}

/* Microseconds are rounded down. */
TEST(add_one)
{
	struct blkback_hist hist = { };

	blkback_hist_add(&hist, 999);
	EXPECT_EQ(1, hist.bucket[0]);
	blkback_hist_add(&hist, 1000);
	EXPECT_EQ(1, hist.bucket[1]);
	blkback_hist_add(&hist, 3999999);
	EXPECT_EQ(1, hist.bucket[12]);
	EXPECT_EQ(999 + 1000 + 3999999, hist.ns);
}

/* The backend adds histograms as arrays of u64. */
TEST(layout)
{
	EXPECT_EQ(sizeof(struct blkback_hist),
		  (1 + BLKBACK_HIST_BUCKETS) * sizeof(u64));
}

UNIT_SUITE(hist,
	   UNIT_CASE(known),
	   UNIT_CASE(edges),
	   UNIT_CASE(monotonic),
	   UNIT_CASE(add),
	   UNIT_CASE(add_one),
	   UNIT_CASE(layout));
