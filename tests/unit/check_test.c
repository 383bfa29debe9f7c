// SPDX-License-Identifier: GPL-2.0
/* check.h: the requests of a peer that are valid, and those that are not. */

#include "unit.h"
#include "xen-blkif/check.h"

#define OP(op)		(1U << (op))
#define ALL_OPS		(OP(0) | OP(1) | OP(2) | OP(3) | OP(5) | OP(6) | OP(7))
#define CAPACITY	1000
#define SEGS		256
#define RANGES		16

static struct blkif_limits limits(void)
{
	struct blkif_limits lim = {
		.capacity = CAPACITY, .ops = ALL_OPS, .max_segs = SEGS,
		.block_sectors = 1, .max_ranges = RANGES,
		.max_inline = BLKIF_MAX_INLINE, .fua = true, .secure = true,
	};

	return lim;
}

static enum blkif_verdict check(const struct blkif_limits *lim,
				struct blkif_cmd cmd)
{
	return blkif_check_cmd(&cmd, lim);
}

#define CMD(...)	((struct blkif_cmd) { __VA_ARGS__ })

TEST(every_operation)
{
	struct blkif_limits lim = limits();
	unsigned int op;

	for (op = 0; op < 256; op++) {
		bool known = op < 8 && op != BLKIF_OP_RESERVED_1;

		/* Decoding replaces it with the inner operation. */
		if (op == BLKIF_OP_INDIRECT)
			continue;
		lim.ops = ALL_OPS;
		EXPECT_EQ(known ? BLKIF_GOOD : BLKIF_BAD_OP,
			  check(&lim, CMD(.op = op, .nr_segs = 1)))
			TH_LOG("op %u", op);
		/* An operation that was not offered. */
		lim.ops &= op < 32 ? ~OP(op) : ~0U;
		EXPECT_EQ(BLKIF_BAD_OP,
			  check(&lim, CMD(.op = op, .nr_segs = 1)))
			TH_LOG("op %u", op);
	}
	lim.ops = ALL_OPS & ~OP(BLKIF_OP_INDIRECT);
	EXPECT_EQ(BLKIF_BAD_OP,
		  check(&lim, CMD(.indirect = true, .nr_segs = 1)));
}

TEST(inline_segments)
{
	static const struct {
		u8 op;
		u16 nr_segs;
		enum blkif_verdict verdict;
	} rows[] = {
		{ 0, 0, BLKIF_BAD_NR_SEGS }, { 1, 0, BLKIF_BAD_NR_SEGS },
		{ 2, 0, BLKIF_GOOD }, { 3, 0, BLKIF_GOOD },
		{ 0, 1, BLKIF_GOOD }, { 1, 1, BLKIF_GOOD },
		{ 2, 1, BLKIF_GOOD }, { 3, 1, BLKIF_GOOD },
		{ 0, 11, BLKIF_GOOD }, { 1, 11, BLKIF_GOOD },
		{ 2, 11, BLKIF_GOOD }, { 3, 11, BLKIF_GOOD },
		{ 0, 12, BLKIF_BAD_NR_SEGS }, { 1, 12, BLKIF_BAD_NR_SEGS },
		{ 2, 12, BLKIF_BAD_NR_SEGS }, { 3, 12, BLKIF_BAD_NR_SEGS },
		{ 0, 255, BLKIF_BAD_NR_SEGS }, { 1, 255, BLKIF_BAD_NR_SEGS },
		{ 2, 255, BLKIF_BAD_NR_SEGS }, { 3, 255, BLKIF_BAD_NR_SEGS },
	};
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].verdict,
			  check(&lim, CMD(.op = rows[i].op,
					  .nr_segs = rows[i].nr_segs)))
			TH_LOG("op %u, %u segments", rows[i].op,
			       rows[i].nr_segs);
	}
}

TEST(indirect_segments)
{
	static const struct {
		u16 max, nr;
		enum blkif_verdict verdict;
	} rows[] = {
		{ 256, 0, BLKIF_BAD_NR_SEGS }, { 256, 1, BLKIF_GOOD },
		{ 256, 11, BLKIF_GOOD }, { 256, 12, BLKIF_GOOD },
		{ 256, 256, BLKIF_GOOD }, { 256, 257, BLKIF_BAD_NR_SEGS },
		{ 256, 4096, BLKIF_BAD_NR_SEGS },
		{ 256, 65535, BLKIF_BAD_NR_SEGS },
		{ 4096, 4096, BLKIF_GOOD }, { 4096, 4097, BLKIF_BAD_NR_SEGS },
		/* of slim requests */
		{ 1024, 1024, BLKIF_GOOD }, { 1024, 1025, BLKIF_BAD_NR_SEGS },
		{ 1024, 65535, BLKIF_BAD_NR_SEGS },
		{ 0, 1, BLKIF_BAD_NR_SEGS },
	};
	struct blkif_limits lim = limits();
	unsigned int i, op;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (op = 0; op < 2; op++) {
			lim.max_segs = rows[i].max;
			EXPECT_EQ(rows[i].verdict,
				  check(&lim, CMD(.op = op, .indirect = true,
						  .nr_segs = rows[i].nr)))
				TH_LOG("%u of %u", rows[i].nr, rows[i].max);
		}
	}
}

TEST(indirect_inner_operation)
{
	struct blkif_limits lim = limits();
	unsigned int op;

	for (op = 0; op < 256; op++) {
		EXPECT_EQ(op < 2 || op == 5 ? BLKIF_GOOD : BLKIF_BAD_OP,
			  check(&lim, CMD(.op = op, .indirect = true,
					  .nr_segs = 1)))
			TH_LOG("op %u", op);
	}
}

/* Indirect discards have at most as many ranges as were offered. */
TEST(indirect_discard)
{
	static const struct {
		u16 max, nr;
		enum blkif_verdict verdict;
	} rows[] = {
		{ 16, 0, BLKIF_BAD_NR_SEGS }, { 16, 1, BLKIF_GOOD },
		{ 16, 16, BLKIF_GOOD }, { 16, 17, BLKIF_BAD_NR_SEGS },
		{ 256, 256, BLKIF_GOOD }, { 256, 257, BLKIF_BAD_NR_SEGS },
		{ 256, 1024, BLKIF_BAD_NR_SEGS },
		{ 256, 65535, BLKIF_BAD_NR_SEGS },
		/* for a backend without ranges, and the existing format */
		{ 0, 0, BLKIF_BAD_OP }, { 0, 1, BLKIF_BAD_OP },
	};
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blkif_cmd cmd = { .op = 5, .indirect = true,
					 .nr_segs = rows[i].nr };

		lim.max_ranges = rows[i].max;
		lim.ops = ALL_OPS;
		EXPECT_EQ(rows[i].verdict, check(&lim, cmd))
			TH_LOG("%u of %u", rows[i].nr, rows[i].max);
		lim.ops = ALL_OPS & ~OP(5);
		EXPECT_EQ(BLKIF_BAD_OP, check(&lim, cmd));
		lim.ops = ALL_OPS & ~OP(6);
		EXPECT_EQ(BLKIF_BAD_OP, check(&lim, cmd));
	}
}

TEST(indirect_pages)
{
	static const unsigned int rows[][3] = {
		/* entries; pages of 512, of 256 */
		{ 0, 0, 0 }, { 1, 1, 1 }, { 256, 1, 1 }, { 257, 1, 2 },
		{ 512, 1, 2 }, { 513, 2, 3 }, { 1024, 2, 4 }, { 1025, 3, 5 },
		{ 4096, 8, 16 }, { 4097, 9, 17 }, { 65535, 128, 256 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i][1], blkif_indirect_pages(&blkif_abi_native,
							   rows[i][0]));
		EXPECT_EQ(rows[i][2], blkif_indirect_pages(&blkif_abi_slim,
							   rows[i][0]));
	}
}

/* A slim slot has room for two segments, the others for eleven. */
TEST(inline_limit)
{
	static const struct blkif_abi *const abis[] = {
		&blkif_abi_native, &blkif_abi_x86_32, &blkif_abi_x86_64,
		&blkif_abi_slim,
	};
	struct blkif_limits lim = limits();
	unsigned int i, nr;

	EXPECT_EQ(2, blkif_abi_slim.max_inline);
	EXPECT_EQ(11, blkif_abi_native.max_inline);
	for (i = 0; i < ARRAY_SIZE(abis); i++) {
		lim.max_inline = abis[i]->max_inline;
		for (nr = 1; nr < 256; nr++) {
			EXPECT_EQ(nr <= lim.max_inline ? BLKIF_GOOD :
				  BLKIF_BAD_NR_SEGS,
				  check(&lim, CMD(.op = nr & 3, .nr_segs = nr)))
				TH_LOG("%s, %u", abis[i]->name, nr);
		}
	}
}

/* Decoding found a reserved field that is not zero. */
TEST(reserved)
{
	struct blkif_limits lim = limits();
	unsigned int op;

	for (op = 0; op < 8; op++) {
		if (op == BLKIF_OP_RESERVED_1 || op == BLKIF_OP_INDIRECT)
			continue;
		EXPECT_EQ(BLKIF_BAD_FLAGS,
			  check(&lim, CMD(.op = op, .nr_segs = 1,
					  .reserved = true)))
			TH_LOG("op %u", op);
	}
	EXPECT_EQ(BLKIF_BAD_FLAGS,
		  check(&lim, CMD(.nr_segs = 1, .indirect = true,
				  .reserved = true)));
}

/* WRITE, DISCARD and WRITE_ZEROES have a flag each; PI is in pi_test.c. */
TEST(flags)
{
	static const u8 good_flags[8] = { [1] = 2, [5] = 1, [7] = 4 };
	struct blkif_limits lim = limits();
	unsigned int op, flags;

	for (op = 0; op < 8; op++) {
		u8 good = good_flags[op];

		if (op == BLKIF_OP_RESERVED_1 || op == BLKIF_OP_INDIRECT)
			continue;
		for (flags = 0; flags < 256; flags++) {
			enum blkif_verdict want = flags & ~good ?
				BLKIF_BAD_FLAGS : BLKIF_GOOD;

			EXPECT_EQ(want, check(&lim, CMD(.op = op, .nr_segs = 1,
							.flags = flags)))
				TH_LOG("op %u, flags %#x", op, flags);
			if (op > 1 && op != 5)
				continue;
			EXPECT_EQ(want, check(&lim, CMD(.op = op, .nr_segs = 1,
							.indirect = true,
							.flags = flags)))
				TH_LOG("indirect %u, flags %#x", op, flags);
		}
	}
}

/* Flags that exist but were not offered. */
TEST(flags_not_offered)
{
	struct blkif_limits lim = limits();
	struct blkif_cmd write = { .op = 1, .nr_segs = 1, .flags = 2 };
	struct blkif_cmd erase = { .op = 5, .nr_sectors = 1, .flags = 1 };

	lim.fua = false;
	EXPECT_EQ(BLKIF_BAD_OP, check(&lim, write));
	EXPECT_EQ(BLKIF_GOOD, check(&lim, erase));
	write.indirect = true;
	EXPECT_EQ(BLKIF_BAD_OP, check(&lim, write));
	write.flags = 0;
	EXPECT_EQ(BLKIF_GOOD, check(&lim, write));
	write.flags = 3;
	EXPECT_EQ(BLKIF_BAD_FLAGS, check(&lim, write));
	/* Not BLKIF_BAD_OP, after which the frontend repeats the request. */
	write.flags = 8;
	write.nr_pi = 1;
	EXPECT_EQ(BLKIF_BAD_FLAGS, check(&lim, write));

	lim = limits();
	lim.secure = false;
	write.flags = 2;
	EXPECT_EQ(BLKIF_GOOD, check(&lim, write));
	EXPECT_EQ(BLKIF_BAD_OP, check(&lim, erase));
	erase.flags = 0;
	EXPECT_EQ(BLKIF_GOOD, check(&lim, erase));
}

TEST(extent)
{
	static const struct {
		u64 sector, nr, capacity;
		bool ok;
	} rows[] = {
		{ 0, 0, 0, true }, { 0, 1, 0, false }, { 1, 0, 0, false },
		{ 0, 1000, 1000, true }, { 0, 1001, 1000, false },
		{ 999, 1, 1000, true }, { 1000, 0, 1000, true },
		{ 1000, 1, 1000, false }, { 999, 2, 1000, false },
		{ 1001, 0, 1000, false },
		{ ~0ULL, 1, 1000, false }, { ~0ULL, 2, 1000, false },
		{ ~0ULL - 7, 8, 1000, false }, { ~0ULL - 7, 9, 1000, false },
		{ 1, ~0ULL, 1000, false }, { ~0ULL, ~0ULL, 1000, false },
		{ 1ULL << 63, 1ULL << 63, 1000, false },
		{ ~0ULL, ~0ULL, ~0ULL, false },
		{ ~0ULL - 1, 1, ~0ULL, true }, { ~0ULL, 0, ~0ULL, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].ok, blkif_extent_ok(rows[i].sector,
						      rows[i].nr,
						      rows[i].capacity))
			TH_LOG("row %u", i);
	}
}

TEST(read_only)
{
	static const struct {
		struct blkif_cmd cmd;
		enum blkif_verdict verdict;
	} rows[] = {
		{ { .op = 0, .nr_segs = 1 }, BLKIF_GOOD },
		{ { .op = 1, .nr_segs = 1 }, BLKIF_READ_ONLY },
		{ { .op = 2, .nr_segs = 1 }, BLKIF_READ_ONLY },
		{ { .op = 2, .nr_segs = 0 }, BLKIF_READ_ONLY },
		{ { .op = 3, .nr_segs = 0 }, BLKIF_GOOD },
		{ { .op = 3, .nr_segs = 1 }, BLKIF_READ_ONLY },
		{ { .op = 5, .nr_sectors = 1 }, BLKIF_READ_ONLY },
		{ { .op = 0, .nr_segs = 1, .indirect = true }, BLKIF_GOOD },
		{ { .op = 1, .nr_segs = 1, .indirect = true },
		  BLKIF_READ_ONLY },
		{ { .op = 1, .nr_segs = 1, .flags = BLKIF_SLIM_FUA },
		  BLKIF_READ_ONLY },
		{ { .op = 5, .nr_sectors = 0 }, BLKIF_READ_ONLY },
		{ { .op = 5, .nr_segs = 1, .indirect = true },
		  BLKIF_READ_ONLY },
		{ { .op = 7, .nr_sectors = 1 }, BLKIF_READ_ONLY },
	};
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		lim.read_only = true;
		EXPECT_EQ(rows[i].verdict, check(&lim, rows[i].cmd))
			TH_LOG("row %u", i);
		lim.read_only = false;
		EXPECT_EQ(BLKIF_GOOD, check(&lim, rows[i].cmd))
			TH_LOG("row %u", i);
	}
}

TEST(discard)
{
	static const struct {
		u64 sector, nr;
		u8 flags;
		enum blkif_verdict verdict;
	} rows[] = {
		{ 0, 1, 0, BLKIF_GOOD }, { 0, 1, 1, BLKIF_GOOD },
		{ 0, 1, 2, BLKIF_BAD_FLAGS }, { 0, 1, 0x80, BLKIF_BAD_FLAGS },
		{ 0, 1, 0xff, BLKIF_BAD_FLAGS },
		{ 0, CAPACITY, 0, BLKIF_GOOD },
		{ 0, CAPACITY + 1, 0, BLKIF_BAD_EXTENT },
		{ CAPACITY, 1, 0, BLKIF_BAD_EXTENT },
		{ ~0ULL, 2, 0, BLKIF_BAD_EXTENT },
		{ 2, ~0ULL, 0, BLKIF_BAD_EXTENT },
		{ CAPACITY, 0, 0, BLKIF_GOOD },
		{ CAPACITY + 1, 0, 0, BLKIF_BAD_EXTENT },
	};
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blkif_cmd cmd = CMD(.op = 5, .sector = rows[i].sector,
					   .nr_sectors = rows[i].nr,
					   .flags = rows[i].flags);

		EXPECT_EQ(rows[i].verdict, check(&lim, cmd))
			TH_LOG("row %u", i);
		if (cmd.flags)
			continue;
		cmd.op = 7;
		EXPECT_EQ(rows[i].verdict, check(&lim, cmd))
			TH_LOG("zeroes, row %u", i);
	}
}

/* Ranges are in units of 512 bytes, but must be whole blocks. */
TEST(range_blocks)
{
	static const struct {
		u64 sector, nr;
		enum blkif_verdict verdict;
	} rows[] = {
		{ 0, 8, BLKIF_GOOD }, { 8, 16, BLKIF_GOOD },
		{ 992, 8, BLKIF_GOOD }, { 16, 0, BLKIF_GOOD },
		{ 4, 8, BLKIF_BAD_ALIGN }, { 8, 4, BLKIF_BAD_ALIGN },
		{ 4, 4, BLKIF_BAD_ALIGN }, { 1, 0, BLKIF_BAD_ALIGN },
		{ 7, 1, BLKIF_BAD_ALIGN }, { 992, 16, BLKIF_BAD_EXTENT },
	};
	struct blkif_limits lim = limits();
	unsigned int i;

	lim.block_sectors = 8;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].verdict,
			  check(&lim, CMD(.op = 5, .sector = rows[i].sector,
					  .nr_sectors = rows[i].nr)))
			TH_LOG("row %u", i);
		EXPECT_EQ(rows[i].verdict,
			  check(&lim, CMD(.op = 7, .sector = rows[i].sector,
					  .nr_sectors = rows[i].nr)))
			TH_LOG("row %u", i);
	}
}

/* One invalid range, in each place. */
TEST(ranges)
{
	static const struct blkif_range bad[] = {
		{ 0, CAPACITY + 8 }, { CAPACITY, 8 }, { ~0ULL - 7, 16 },
		{ 8, ~0ULL - 7 }, { 1ULL << 63, 1ULL << 63 },
	};
	struct blkif_limits lim = limits();
	struct blkif_range range[RANGES];
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (at = 0; at < RANGES; at++)
			range[at] = (struct blkif_range) { 8 * at, 24 };
		/* Ranges may overlap. */
		EXPECT_EQ(BLKIF_GOOD, blkif_check_ranges(range, RANGES, &lim));
		for (at = 0; at < RANGES; at++) {
			struct blkif_range was = range[at];

			range[at] = bad[i];
			EXPECT_EQ(BLKIF_BAD_EXTENT,
				  blkif_check_ranges(range, RANGES, &lim))
				TH_LOG("row %u at %u", i, at);
			EXPECT_EQ(BLKIF_GOOD,
				  blkif_check_ranges(range, at, &lim));
			range[at] = was;
		}
	}
	lim.block_sectors = 8;
	EXPECT_EQ(BLKIF_GOOD, blkif_check_ranges(range, RANGES, &lim));
	range[RANGES - 1].sector++;
	EXPECT_EQ(BLKIF_BAD_ALIGN, blkif_check_ranges(range, RANGES, &lim));
}

/* A request of up to 3 segments { sector, gref, first, last, reserved }. */
static const struct seg_row {
	const char *name;
	u16 block;
	u16 nr;
	struct blkif_seg seg[3];
	enum blkif_verdict verdict;
	u32 sectors;
} seg_rows[] = {
	{ "none", 1, 0, { { 0 } }, BLKIF_GOOD, 0 },
	{ "a page", 1, 1, { { 0, 1, 0, 7, 0 } }, BLKIF_GOOD, 8 },
	{ "a sector", 1, 1, { { 5, 1, 3, 3, 0 } }, BLKIF_GOOD, 1 },
	{ "first after last", 1, 1, { { 0, 1, 4, 3, 0 } }, BLKIF_BAD_SEG, 0 },
	{ "last is 8", 1, 1, { { 0, 1, 0, 8, 0 } }, BLKIF_BAD_SEG, 0 },
	{ "first and last are 8", 1, 1, { { 0, 1, 8, 8, 0 } },
	  BLKIF_BAD_SEG, 0 },
	{ "all bits set", 1, 1, { { 0, 1, 255, 255, 0 } }, BLKIF_BAD_SEG, 0 },
	{ "second one bad", 1, 2, { { 0, 1, 0, 7, 0 }, { 8, 2, 7, 0, 0 } },
	  BLKIF_BAD_SEG, 0 },
	{ "reserved bits", 1, 1, { { 0, 1, 0, 7, 1 } }, BLKIF_BAD_FLAGS, 0 },
	{ "up to the end", 1, 1, { { CAPACITY - 8, 1, 0, 7, 0 } },
	  BLKIF_GOOD, 8 },
	{ "one past the end", 1, 1, { { CAPACITY - 7, 1, 0, 7, 0 } },
	  BLKIF_BAD_EXTENT, 0 },
	{ "at the end", 1, 1, { { CAPACITY, 1, 0, 0, 0 } },
	  BLKIF_BAD_EXTENT, 0 },
	{ "second one past the end", 1, 2,
	  { { CAPACITY - 8, 1, 0, 7, 0 }, { CAPACITY, 2, 0, 0, 0 } },
	  BLKIF_BAD_EXTENT, 0 },
	{ "overflow", 1, 1, { { ~0ULL - 3, 1, 0, 7, 0 } },
	  BLKIF_BAD_EXTENT, 0 },
	{ "overflow to zero", 1, 1, { { ~0ULL - 7, 1, 0, 7, 0 } },
	  BLKIF_BAD_EXTENT, 0 },
	{ "two extents", 1, 2, { { 0, 1, 0, 7, 0 }, { 100, 2, 0, 3, 0 } },
	  BLKIF_GOOD, 12 },
	{ "4K block", 8, 1, { { 16, 1, 0, 7, 0 } }, BLKIF_GOOD, 8 },
	{ "half a 4K block", 8, 1, { { 16, 1, 0, 3, 0 } },
	  BLKIF_BAD_ALIGN, 0 },
	{ "second half of a 4K block", 8, 1, { { 20, 1, 0, 3, 0 } },
	  BLKIF_BAD_ALIGN, 0 },
	{ "a 4K block in two", 8, 2,
	  { { 16, 1, 0, 3, 0 }, { 20, 2, 4, 7, 0 } }, BLKIF_BAD_ALIGN, 0 },
	{ "a 4K block in three, unaligned in the page", 8, 3,
	  { { 16, 1, 7, 7, 0 }, { 17, 2, 0, 5, 0 }, { 23, 3, 2, 2, 0 } },
	  BLKIF_BAD_ALIGN, 0 },
	{ "two 4K blocks", 8, 2,
	  { { 16, 1, 0, 7, 0 }, { 48, 2, 0, 7, 0 } }, BLKIF_GOOD, 16 },
	{ "blocks of 1024, unaligned in the page", 2, 2,
	  { { 16, 1, 1, 6, 0 }, { 22, 2, 3, 4, 0 } }, BLKIF_GOOD, 8 },
	{ "across 4K blocks", 8, 1, { { 20, 1, 0, 7, 0 } },
	  BLKIF_BAD_ALIGN, 0 },
	{ "second extent starts inside a block", 8, 2,
	  { { 16, 1, 0, 7, 0 }, { 28, 2, 0, 3, 0 } }, BLKIF_BAD_ALIGN, 0 },
	{ "first extent ends inside a block", 8, 2,
	  { { 16, 1, 0, 3, 0 }, { 24, 2, 0, 7, 0 } }, BLKIF_BAD_ALIGN, 0 },
	{ "block of 1024", 2, 1, { { 2, 1, 6, 7, 0 } }, BLKIF_GOOD, 2 },
	{ "half a block of 1024", 2, 1, { { 2, 1, 7, 7, 0 } },
	  BLKIF_BAD_ALIGN, 0 },
};

TEST(segments)
{
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seg_rows); i++) {
		const struct seg_row *r = &seg_rows[i];
		bool good = r->verdict == BLKIF_GOOD;
		u32 sectors = 77;

		lim.block_sectors = r->block;
		EXPECT_EQ(r->verdict, blkif_check_segs(r->seg, r->nr, &lim,
						       &sectors))
			TH_LOG("%s", r->name);
		EXPECT_EQ(good ? r->sectors : 77, sectors)
			TH_LOG("%s", r->name);
	}
}

/* The total of the largest request. */
TEST(most_segments)
{
	static struct blkif_seg seg[4096];
	struct blkif_limits lim = limits();
	u32 sectors = 0, i;

	lim.capacity = 4096 * 8;
	for (i = 0; i < 4096; i++)
		seg[i] = (struct blkif_seg) { i * 8, i, 0, 7, 0 };
	EXPECT_EQ(BLKIF_GOOD, blkif_check_segs(seg, 4096, &lim, &sectors));
	EXPECT_EQ(4096 * 8, sectors);
	lim.capacity--;
	EXPECT_EQ(BLKIF_BAD_EXTENT,
		  blkif_check_segs(seg, 4096, &lim, &sectors));
}

TEST(ids)
{
	EXPECT_EQ(0x89abcdef01234567ULL, blkif_id(0x01234567, 0x89abcdef));
	EXPECT_EQ(0x01234567, blkif_id_tag(0x89abcdef01234567ULL));
	EXPECT_EQ(0x89abcdef, blkif_id_gen(0x89abcdef01234567ULL));
	EXPECT_EQ(~0ULL, blkif_id(~0U, ~0U));
}

TEST(verdicts_have_names)
{
	int i;

	for (i = BLKIF_GOOD; i <= BLKIF_READ_ONLY; i++) {
		EXPECT_STRNE("unknown", blkif_verdict_name(i));
	}
	EXPECT_STREQ("unknown", blkif_verdict_name(BLKIF_READ_ONLY + 1));
}

UNIT_SUITE(check,
	   UNIT_CASE(every_operation),
	   UNIT_CASE(inline_segments),
	   UNIT_CASE(indirect_segments),
	   UNIT_CASE(indirect_inner_operation),
	   UNIT_CASE(indirect_discard),
	   UNIT_CASE(indirect_pages),
	   UNIT_CASE(inline_limit),
	   UNIT_CASE(reserved),
	   UNIT_CASE(flags),
	   UNIT_CASE(flags_not_offered),
	   UNIT_CASE(extent),
	   UNIT_CASE(read_only),
	   UNIT_CASE(discard),
	   UNIT_CASE(range_blocks),
	   UNIT_CASE(ranges),
	   UNIT_CASE(segments),
	   UNIT_CASE(most_segments),
	   UNIT_CASE(ids),
	   UNIT_CASE(verdicts_have_names));
