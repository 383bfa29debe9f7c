/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unit tests in user space.  Each case runs in a process of its own, which is
 * killed when it takes too long and whose memory goes with it.
 */
#ifndef _UNIT_USER_H
#define _UNIT_USER_H

#include <kselftest_harness.h>

/*
 * A case may take minutes on a slow machine that emulates another.  The limit
 * is only there to end one that hangs.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	800

#define UNIT_CONTEXT		struct __test_metadata *_metadata
#define UNIT_ARGUMENT		_metadata
#define UNIT_VARIANT(name)	unit_note("%s", name)

#undef TEST
#define TEST(test)							\
	static void unit_listed_##test(void) { }			\
	__TEST_IMPL(test, -1)

#define UNIT_CASE(test)		unit_listed_##test
#define UNIT_SUITE(suite, ...)						\
	TEST_HARNESS_MAIN						\
	static void (*const unit_listed[])(void)			\
		__attribute__((__used__)) = { __VA_ARGS__ }

/* A line that explains a failure which the next EXPECT_*() reports. */
#define unit_note(fmt, ...) do {					\
	printf("# " fmt "\n", ##__VA_ARGS__);				\
	fflush(stdout);							\
} while (0)

/*
 * Repetitions of a random test, and the step through a range of values.  With
 * UNIT_FEW they are as in the kernel, which may be one that an emulator runs.
 */
#ifdef UNIT_FEW
#define UNIT_ROUNDS(n)		((n) / 16)
#define UNIT_STRIDE		13
#else
#define UNIT_ROUNDS(n)		(n)
#define UNIT_STRIDE		1
#endif

/* For loops that take long; the kernel needs it, and user space does not. */
#define unit_relax()		do { } while (0)

/* Zeroed memory of the exact size, so that a sanitizer sees what is beyond. */
static inline void *unit_alloc(size_t size)
{
	void *mem = calloc(1, size);

	if (!mem)
		abort();
	return mem;
}

/* Likewise, for structs whose members have cache lines of their own. */
static inline void *unit_alloc_lines(size_t size)
{
	size_t whole = (size + 63) & ~(size_t)63;
	void *mem = aligned_alloc(64, whole);

	if (!mem)
		abort();
	return memset(mem, 0, whole);
}

static inline void unit_free(void *mem)
{
	free(mem);
}

#endif
