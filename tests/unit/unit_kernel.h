/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests in the kernel: suites of KUnit or, without it, cases of a module
 * that runs all of them when it is loaded.
 */
#ifndef _UNIT_KERNEL_H
#define _UNIT_KERNEL_H

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

struct kunit;

#define BLKIF_UNIT_MAX_BLOCKS	64

/**
 * struct blkif_unit - a case that runs
 * @kunit: the case as KUnit knows it, or NULL
 * @variant: name of the variant, or NULL
 * @failures: checks that failed
 * @nr_blocks: how many @blocks there are
 * @blocks: memory that the case has allocated and not freed
 */
struct blkif_unit {
	struct kunit *kunit;
	const char *variant;
	unsigned int failures;
	unsigned int nr_blocks;
	void *blocks[BLKIF_UNIT_MAX_BLOCKS];
};

typedef void blkif_unit_fn(struct blkif_unit *unit);

/**
 * struct blkif_unit_case - a case of a suite
 * @name: its name
 * @fn: its function
 */
struct blkif_unit_case {
	const char *name;
	blkif_unit_fn *fn;
};

/**
 * struct blkif_unit_suite - the cases of a file
 * @name: its name
 * @cases: @nr of them
 * @nr: number of cases
 */
struct blkif_unit_suite {
	const char *name;
	const struct blkif_unit_case *cases;
	unsigned int nr;
};

void blkif_unit_run(struct blkif_unit *unit, blkif_unit_fn *fn);
void blkif_unit_fail(struct blkif_unit *unit, const char *file, int line,
		     const char *what, u64 expected, u64 seen);
void *blkif_unit_alloc(size_t size);
void blkif_unit_free(void *mem);

#define UNIT_CONTEXT		struct blkif_unit *_unit
#define UNIT_ARGUMENT		_unit
#define UNIT_VARIANT(_name)	(_unit->variant = (_name))

#if IS_ENABLED(CONFIG_XEN_BLKIF_KUNIT_TEST)

#include <kunit/test.h>

#define TEST(test)							\
	static void unit_test_##test(struct blkif_unit *_unit);	\
	static void unit_kunit_##test(struct kunit *kunit)		\
	{								\
		struct blkif_unit unit = { .kunit = kunit };		\
									\
		blkif_unit_run(&unit, unit_test_##test);		\
	}								\
	static void unit_test_##test(struct blkif_unit *_unit)

#define UNIT_CASE(test)	{ .run_case = unit_kunit_##test, .name = #test }
#define UNIT_SUITE(suite, ...)						\
	static struct kunit_case unit_cases[] = { __VA_ARGS__, { } };	\
	static struct kunit_suite unit_suite = {			\
		.name = "xen-blkif-" #suite,				\
		.test_cases = unit_cases,				\
	};								\
	kunit_test_suite(unit_suite)

#else

#define TEST(test)							\
	static void unit_test_##test(struct blkif_unit *_unit)

#define UNIT_CASE(test)	{ #test, unit_test_##test }
#define UNIT_SUITE(suite, ...)						\
	static const struct blkif_unit_case unit_cases[] = { __VA_ARGS__ }; \
	extern const struct blkif_unit_suite blkif_unit_##suite;	\
	const struct blkif_unit_suite blkif_unit_##suite = {		\
		#suite, unit_cases, ARRAY_SIZE(unit_cases),		\
	}

#endif

#define unit_note(fmt, ...)	pr_err("# " fmt "\n", ##__VA_ARGS__)
#define TH_LOG(fmt, ...)	unit_note(fmt, ##__VA_ARGS__)

/* The kernel may be one that an emulator runs: see unit_user.h. */
#define UNIT_ROUNDS(n)		((n) / 16)
#define UNIT_STRIDE		13
#define unit_relax()		cond_resched()

/* A loop whose body, a TH_LOG() or nothing, runs once if the check fails. */
#define UNIT_CHECK(expected, op, seen, stop)				\
	for (bool __good = ({						\
			typeof(expected) __exp = (expected);		\
			typeof(seen) __seen = (seen);			\
			bool __holds = __exp op __seen;			\
									\
			if (!__holds)					\
				blkif_unit_fail(_unit, __FILE__, __LINE__, \
						#expected " " #op " " #seen, \
						(__force unsigned long)__exp, \
						(__force unsigned long)__seen); \
			__holds;					\
		}); !__good; ({						\
			if (stop)					\
				return;					\
			__good = true;					\
		}))

#define UNIT_CHECK_STR(expected, op, seen)				\
	for (bool __good = ({						\
			const char *__exp = (expected);			\
			const char *__seen = (seen);			\
			bool __holds = strcmp(__exp, __seen) op 0;	\
									\
			if (!__holds) {					\
				blkif_unit_fail(_unit, __FILE__, __LINE__, \
						#expected " " #op " " #seen, \
						0, 0);			\
				unit_note("%s, %s", __exp, __seen);	\
			}						\
			__holds;					\
		}); !__good; __good = true)

#define EXPECT_EQ(expected, seen)	UNIT_CHECK(expected, ==, seen, false)
#define EXPECT_NE(expected, seen)	UNIT_CHECK(expected, !=, seen, false)
#define EXPECT_LT(expected, seen)	UNIT_CHECK(expected, <, seen, false)
#define EXPECT_LE(expected, seen)	UNIT_CHECK(expected, <=, seen, false)
#define EXPECT_GT(expected, seen)	UNIT_CHECK(expected, >, seen, false)
#define EXPECT_GE(expected, seen)	UNIT_CHECK(expected, >=, seen, false)
#define EXPECT_TRUE(seen)		UNIT_CHECK(true, ==, !!(seen), false)
#define EXPECT_FALSE(seen)		UNIT_CHECK(false, ==, !!(seen), false)
#define EXPECT_STREQ(expected, seen)	UNIT_CHECK_STR(expected, ==, seen)
#define EXPECT_STRNE(expected, seen)	UNIT_CHECK_STR(expected, !=, seen)
#define ASSERT_EQ(expected, seen)	UNIT_CHECK(expected, ==, seen, true)
#define ASSERT_NE(expected, seen)	UNIT_CHECK(expected, !=, seen, true)
#define ASSERT_LT(expected, seen)	UNIT_CHECK(expected, <, seen, true)
#define ASSERT_LE(expected, seen)	UNIT_CHECK(expected, <=, seen, true)
#define ASSERT_GT(expected, seen)	UNIT_CHECK(expected, >, seen, true)
#define ASSERT_GE(expected, seen)	UNIT_CHECK(expected, >=, seen, true)
#define ASSERT_TRUE(seen)		UNIT_CHECK(true, ==, !!(seen), true)
#define ASSERT_FALSE(seen)		UNIT_CHECK(false, ==, !!(seen), true)

/* Zeroed memory; what a case does not free is freed at its end. */
static inline void *unit_alloc(size_t size)
{
	return blkif_unit_alloc(size);
}

/* Likewise, for structs whose members have cache lines of their own. */
static inline void *unit_alloc_lines(size_t size)
{
	/* Such sizes are aligned to themselves. */
	return blkif_unit_alloc(roundup_pow_of_two(size));
}

static inline void unit_free(void *mem)
{
	blkif_unit_free(mem);
}

#endif
