/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all fuzz targets share.  A target is a file with the one function that
 * libFuzzer calls for each input.  The input decides all that the target does,
 * so an input that fails once fails always.
 */
#ifndef _FUZZ_H
#define _FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* For checks that run often and have no branch that an input should find. */
#ifdef __clang__
#define UNTRACED	__attribute__((__no_sanitize__("coverage")))
#else
#define UNTRACED
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* A property that must hold, whatever the input is. */
#define CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
} while (0)

/* The rest of an input; what is taken beyond its end is zero. */
struct input {
	const u8 *next;
	size_t left;
};

static inline void take_bytes(struct input *in, void *buf, size_t nr)
{
	size_t have = nr < in->left ? nr : in->left;

	memset(buf, 0, nr);
	if (have)
		memcpy(buf, in->next, have);
	in->next += have;
	in->left -= have;
}

static inline u8 take_u8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->next++;
}

static inline u16 take_u16(struct input *in)
{
	u16 val;

	take_bytes(in, &val, sizeof(val));
	return val;
}

static inline u32 take_u32(struct input *in)
{
	u32 val;

	take_bytes(in, &val, sizeof(val));
	return val;
}

static inline u64 take_u64(struct input *in)
{
	u64 val;

	take_bytes(in, &val, sizeof(val));
	return val;
}

/* 0 to n - 1, for n up to 65536 */
static inline u32 take_below(struct input *in, u32 n)
{
	return (n > 256 ? take_u16(in) : take_u8(in)) % n;
}

/* A number that is small, close to a power of two or to 2^64, or any. */
static inline u64 take_edge(struct input *in)
{
	u8 kind = take_u8(in);
	u64 edge = 1ULL << (kind >> 2 & 63);

	switch (kind & 3) {
	case 0:
		return take_u8(in);
	case 1:
		return edge - 2 + take_below(in, 4);
	case 2:
		return 0ULL - take_u16(in);
	}
	return take_u64(in);
}

/* Zeroed memory of the exact size, so that a sanitizer sees what is beyond. */
static inline void *fuzz_alloc(size_t size)
{
	void *mem = calloc(1, size ? size : 1);

	if (!mem)
		abort();
	return mem;
}

#endif
