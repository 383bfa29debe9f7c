// SPDX-License-Identifier: GPL-2.0
/* Threads on the smallest and the largest ring of each layout. */

#include "ring_threads.h"

FIXTURE(threads) { struct bench *b; };
FIXTURE_VARIANT(threads) { struct blkif_layout layout; };
FIXTURE_SETUP(threads)
{
	self->b = bench_new(&variant->layout, BASE, REQUESTS, 0);
}
FIXTURE_TEARDOWN(threads)
{
	printf("# %u requests, %u sleeps\n", self->b->requests,
	       self->b->sleeps);
	fflush(stdout);
	bench_free(self->b);
}
FIXTURE_VARIANT_ADD(threads, x86_32_order_0) { SHARED(x86_32, 0) };
FIXTURE_VARIANT_ADD(threads, native_order_4) { SHARED(native, 4) };
FIXTURE_VARIANT_ADD(threads, slim_order_0) { SHARED(slim, 0) };
FIXTURE_VARIANT_ADD(threads, split_64_order_0) { SPLIT(64, 0) };
FIXTURE_VARIANT_ADD(threads, split_128_order_4) { SPLIT(128, 4) };

TEST_F_TIMEOUT(threads, two, 60)
{
	EXPECT_EQ(0, bench_two(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

TEST_F_TIMEOUT(threads, four, 60)
{
	EXPECT_EQ(0, bench_four(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

/* Nothing between the halves of a side but what the ring itself does. */
TEST_F_TIMEOUT(threads, four_without_tags, 60)
{
	self->b->no_tags = true;
	EXPECT_EQ(0, bench_four(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

TEST_HARNESS_MAIN
