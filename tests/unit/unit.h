/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all unit tests share.  One source of a test runs in three places:
 *
 *   user space		on the kernel's kselftest_harness.h, see unit_user.h
 *   KUnit		in a kernel tree with CONFIG_XEN_BLKIF_KUNIT_TEST
 *   a plain module	which runs all cases when it is loaded, for kernels
 *			without KUnit; for both see unit_kernel.h
 *
 * TEST(name) { } is a case, TEST_EACH(variants, name) { } one that runs for
 * each element of an array of structs, to which "variant" points and whose
 * first member is the name of the variant.  EXPECT_*() continues after a
 * failure, ASSERT_*() ends the case, and a TH_LOG() behind either is printed if
 * it fails.  Neither can be used in functions that a case calls.
 *
 * UNIT_SUITE() at the end of a file lists its cases.  A case that is not listed
 * is an unused function, of which the compiler warns.
 */
#ifndef _UNIT_H
#define _UNIT_H

#include <linux/compiler.h>
#include <linux/types.h>

#ifdef __KERNEL__
#include "unit_kernel.h"
#else
#include "unit_user.h"
#endif

/**
 * TEST_EACH() - define a case that runs for each variant
 * @variants: array of structs with a first member "name"
 * @test: name of the case; its body sees the element as "variant"
 */
#define TEST_EACH(variants, test)					\
	static void unit_each_##test(UNIT_CONTEXT,			\
				     const typeof((variants)[0]) *variant); \
	TEST(test)							\
	{								\
		unsigned int nr;					\
									\
		for (nr = 0; nr < ARRAY_SIZE(variants); nr++) {		\
			UNIT_VARIANT((variants)[nr].name);		\
			unit_each_##test(UNIT_ARGUMENT, &(variants)[nr]); \
		}							\
	}								\
	static void unit_each_##test(UNIT_CONTEXT,			\
				     const typeof((variants)[0]) *variant)

/* Pseudo-random numbers, the same in every run so that failures repeat. */
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

/* A number of the kind that finds bugs: small, at a limit, or arbitrary. */
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
