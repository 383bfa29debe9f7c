/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all unit tests share.  The framework is the kernel's own
 * kselftest_harness.h: TEST() runs in a process of its own, EXPECT_*() goes on
 * after a failure, ASSERT_*() ends the test.
 */
#ifndef _UNIT_H
#define _UNIT_H

#include <linux/types.h>
#include <kselftest_harness.h>

/* The same numbers in every run, so that a failure can be repeated. */
struct rng {
	u64 state;
};

static inline u64 mix64(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline u64 rng_u64(struct rng *rng)
{
	return mix64(rng->state += 0x9e3779b97f4a7c15ULL);
}

/* 0 to n - 1 */
static inline u32 rng_below(struct rng *rng, u32 n)
{
	return (rng_u64(rng) >> 32) * n >> 32;
}

static inline bool rng_one_in(struct rng *rng, u32 n)
{
	return !rng_below(rng, n);
}

/* A number as bugs like it: small, at a limit, or anything. */
static inline u64 rng_edge(struct rng *rng)
{
	u64 edge = 1ULL << rng_below(rng, 64);

	switch (rng_below(rng, 5)) {
	case 0:
		return rng_below(rng, 16);
	case 1:
		return edge - 1;
	case 2:
		return edge;
	case 3:
		return 0ULL - 1 - rng_below(rng, 16);
	}
	return rng_u64(rng);
}

#endif
