// SPDX-License-Identifier: GPL-2.0
/*
 * Threads on the smallest and the largest ring of each layout for many laps, and
 * on every ring for a few.
 */

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
FIXTURE_VARIANT_ADD(threads, separate_64_order_0) { SEPARATE(64, 0) };
FIXTURE_VARIANT_ADD(threads, separate_128_order_4) { SEPARATE(128, 4) };

TEST_F(threads, two)
{
	EXPECT_EQ(0, bench_two(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

TEST_F(threads, four)
{
	EXPECT_EQ(0, bench_four(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

/* The halves of a side synchronize by the ring only. */
TEST_F(threads, four_without_tags)
{
	self->b->no_tags = true;
	EXPECT_EQ(0, bench_four(self->b));
	EXPECT_LT(0, self->b->sleeps);
}

/* At least this many laps. */
#define LAPS	3

static u32 run_ring(const struct blkif_layout *layout, bool four, bool no_tags)
{
	u32 slots = blkif_layout_slots(layout);
	/* Counts wrap in the second lap. */
	struct bench *b = bench_new(layout, 0U - slots - slots / 2,
				    LAPS * slots + 1000, slots);
	u32 errors;

	b->no_tags = no_tags;
	errors = four ? bench_four(b) : bench_two(b);
	bench_free(b);
	return errors;
}

FIXTURE(every) { };
FIXTURE_SETUP(every) { }
FIXTURE_TEARDOWN(every) { }

TEST_F(every, ring)
{
	unsigned int i, order;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		for (order = 0; order <= BLKIF_MAX_RING_ORDER; order++) {
			struct blkif_layout l = layouts[i];

			l.order = order;
			EXPECT_EQ(0, run_ring(&l, false, false))
				TH_LOG("two, " LAYOUT_FMT, LAYOUT_ARGS(&l));
			EXPECT_EQ(0, run_ring(&l, true, false))
				TH_LOG("four, " LAYOUT_FMT, LAYOUT_ARGS(&l));
			EXPECT_EQ(0, run_ring(&l, true, true))
				TH_LOG("no tags, " LAYOUT_FMT, LAYOUT_ARGS(&l));
		}
}

/*
 * Publish and rearm at the same instant, over and over, to test the full
 * barrier in each of them.  Threads that sleep and wake are rarely as close.
 */

#ifdef __SANITIZE_THREAD__
#define ROUNDS	2000	/* it does not know fences */
#else
#define ROUNDS	200000
#endif

struct instant {
	struct pair p;
	bool responses;
	u32 begun, ended;	/* rounds; begun by the consumer */
	bool notified;
};

static void wait_until(u32 *word, u32 value)
{
	u32 spins = 0;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		if (++spins % 4096 == 0)
			sched_yield();
}

static void delay(struct rng *rng)
{
	u32 n = rng_below(rng, 500);

	while (n--)
		barrier();
}

static void *publish_on_time(void *arg)
{
	struct instant *in = arg;
	struct rng rng = { 6 };
	u32 round;

	for (round = 1; round <= ROUNDS; round++) {
		struct blkif_cmd cmd = cmd_of(in->p.layout.abi, round);
		struct blkif_rsp rsp = rsp_of(round);

		wait_until(&in->begun, round);
		delay(&rng);
		if (in->responses) {
			blkif_back_put(&in->p.back, &rsp);
			in->notified = blkif_back_publish(&in->p.back);
		} else {
			blkif_front_put(&in->p.front, &cmd, 0);
			in->notified = blkif_front_publish(&in->p.front);
		}
		__atomic_store_n(&in->ended, round, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The rest of a round, while the other thread waits.  False on an error. */
static bool before_instant(struct instant *in, u32 round)
{
	struct blkif_cmd cmd = cmd_of(in->p.layout.abi, round);

	if (!in->responses)
		return true;
	blkif_front_put(&in->p.front, &cmd, 0);
	blkif_front_publish(&in->p.front);
	return blkif_back_get(&in->p.back, &cmd) == 1;
}

static bool after_instant(struct instant *in, u32 round)
{
	struct blkif_rsp rsp = rsp_of(round);
	struct blkif_cmd cmd;

	if (!in->responses) {
		if (blkif_back_get(&in->p.back, &cmd) != 1)
			return false;
		blkif_back_put(&in->p.back, &rsp);
		blkif_back_publish(&in->p.back);
	}
	return blkif_front_get(&in->p.front, &rsp) == 1;
}

/* Return: number of lost notifications; ~0 on any other error. */
static u32 lost_at_once(const struct blkif_layout *layout, bool responses)
{
	struct instant *in = unit_alloc_lines(sizeof(*in));
	struct rng rng = { 7 };
	u32 round, lost = 0, wrong = 0;
	pthread_t thread;

	pair_init(&in->p, layout, BASE);
	in->responses = responses;
	pthread_create(&thread, NULL, publish_on_time, in);
	for (round = 1; round <= ROUNDS; round++) {
		int seen;

		wrong += !before_instant(in, round);
		__atomic_store_n(&in->begun, round, __ATOMIC_RELEASE);
		delay(&rng);
		seen = responses ? blkif_front_rearm(&in->p.front, 1) :
		       blkif_back_rearm(&in->p.back);
		wait_until(&in->ended, round);
		lost += !seen && !in->notified;
		wrong += !after_instant(in, round);
	}
	pthread_join(thread, NULL);
	pair_free(&in->p);
	unit_free(in);
	return wrong ? ~0U : lost;
}

TEST_F(threads, publish_meets_rearm)
{
	EXPECT_EQ(0, lost_at_once(&variant->layout, false));
	EXPECT_EQ(0, lost_at_once(&variant->layout, true));
}

TEST_HARNESS_MAIN
