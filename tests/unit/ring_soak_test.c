// SPDX-License-Identifier: GPL-2.0
/*
 * Threads on rings of random layout, size and initial counts, for XENBLK_SOAK
 * seconds.  XENBLK_SEED repeats a run, except for the scheduling of threads.
 */

#include <sys/prctl.h>
#include <time.h>
#include "ring_threads.h"

static u64 env_or(const char *name, u64 value)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : value;
}

static struct blkif_layout random_layout(struct rng *rng)
{
	struct blkif_layout l = layouts[rng_below(rng, ARRAY_SIZE(layouts))];

	/* Separate rings half of the time. */
	if (rng_one_in(rng, 3))
		l = layouts[ARRAY_SIZE(layouts) - 1 - rng_below(rng, 2)];
	l.order = rng_below(rng, BLKIF_MAX_RING_ORDER + 1);
	return l;
}

static u32 one_run(struct rng *rng, u64 *requests)
{
	struct blkif_layout l = random_layout(rng);
	/* Mostly counts that will wrap. */
	u32 base = rng_one_in(rng, 4) ? rng_u64(rng) :
		   0U - rng_below(rng, 4096);
	u32 nr = 1 + rng_below(rng, REQUESTS / 4);
	struct bench *b = bench_new(&l, base, nr, rng_u64(rng));
	u32 errors;

	b->no_tags = rng_one_in(rng, 2);
	errors = rng_one_in(rng, 2) ? bench_two(b) : bench_four(b);
	if (errors)
		printf("# " LAYOUT_FMT ", from %#x\n", LAYOUT_ARGS(&l), base);
	*requests += nr;
	bench_free(b);
	return errors;
}

FIXTURE(soak) { };
FIXTURE_SETUP(soak) { }
FIXTURE_TEARDOWN(soak) { }

/* The caller limits the time. */
TEST_F_TIMEOUT(soak, random, 7 * 24 * 3600)
{
	u64 seconds = env_or("XENBLK_SOAK", 2);
	struct rng rng = { env_or("XENBLK_SEED", time(NULL)) };
	time_t end = time(NULL) + seconds;
	u64 runs = 0, requests = 0;

	/* The harness puts the test into a process group of its own. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	printf("# XENBLK_SEED=%llu\n", (unsigned long long)rng.state);
	fflush(stdout);
	do {
		ASSERT_EQ(0, one_run(&rng, &requests));
		runs++;
	} while (time(NULL) < end);
	printf("# %llu rings, %llu requests\n", (unsigned long long)runs,
	       (unsigned long long)requests);
	fflush(stdout);
}

TEST_HARNESS_MAIN
