// SPDX-License-Identifier: GPL-2.0
/* pi.h, and the checks of protection information in check.h. */

#include "unit.h"
#include "xen-blkif/check.h"

TEST(names)
{
	static const struct {
		const char *name;
		bool ip, ref;
	} rows[] = {
		{ "T10-DIF-TYPE1-CRC", false, true },
		{ "T10-DIF-TYPE1-IP", true, true },
		{ "T10-DIF-TYPE3-CRC", false, false },
		{ "T10-DIF-TYPE3-IP", true, false },
	};
	struct blkif_pi pi = { NULL, 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct blkif_pi_profile *profile;

		profile = blkif_pi_profile(rows[i].ip, rows[i].ref);
		EXPECT_STREQ(rows[i].name, profile->name);
		EXPECT_EQ(rows[i].ip, profile->ip);
		EXPECT_EQ(rows[i].ref, profile->ref);
		EXPECT_EQ(profile, blkif_pi_by_name(rows[i].name));
		pi.profile = profile;
		EXPECT_STREQ(rows[i].name, blkif_pi_name(&pi));
	}
	EXPECT_EQ(NULL, blkif_pi_profiles[ARRAY_SIZE(rows)].name);
	EXPECT_EQ(16, BLKIF_PI_MAX_PAGES);
	pi.profile = NULL;
	EXPECT_STREQ("none", blkif_pi_name(&pi));
	EXPECT_EQ(NULL, blkif_pi_by_name(""));
	EXPECT_EQ(NULL, blkif_pi_by_name("none"));
	EXPECT_EQ(NULL, blkif_pi_by_name("nop"));
	EXPECT_EQ(NULL, blkif_pi_by_name("T10-DIF-TYPE1-CRC "));
	EXPECT_EQ(NULL, blkif_pi_by_name("T10-DIF-TYPE2-CRC"));
	EXPECT_EQ(NULL, blkif_pi_by_name("EXT-DIF-TYPE1-CRC64"));
}

/* What a peer offers, and whether it can be used. */
TEST(make)
{
	static const struct {
		u32 interval, tuple_size, block_size;
		bool good;
	} rows[] = {
		{ 512, 8, 512, true }, { 512, 8, 4096, true },
		{ 4096, 8, 4096, true }, { 2048, 8, 4096, true },
		{ 4096, 8, 512, false }, { 1024, 8, 512, false },
		{ 0, 8, 512, false }, { 1, 8, 512, false },
		{ 256, 8, 512, false }, { 513, 8, 4096, false },
		{ 1536, 8, 4096, false }, { 0x80000000, 8, 4096, false },
		{ 0xffffffff, 8, 4096, false }, { 0x1000200, 8, 4096, false },
		{ 512, 0, 512, false }, { 512, 7, 512, false },
		{ 512, 16, 512, false }, { 512, 0xffffffff, 512, false },
	};
	const struct blkif_pi_profile *profile = blkif_pi_profile(false, true);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blkif_pi pi = blkif_pi_make(profile, rows[i].interval,
						   rows[i].tuple_size,
						   rows[i].block_size);

		EXPECT_EQ(rows[i].good ? profile : NULL, pi.profile)
			TH_LOG("row %u", i);
		EXPECT_EQ(rows[i].good ? rows[i].interval : 0, pi.interval)
			TH_LOG("row %u", i);
	}
	EXPECT_EQ(NULL, blkif_pi_make(NULL, 512, 8, 512).profile);
}

TEST(same)
{
	struct blkif_pi none = { NULL, 0 };
	struct blkif_pi a = { blkif_pi_profile(false, true), 512 };
	struct blkif_pi b = a;

	EXPECT_TRUE(blkif_pi_same(&none, &none));
	EXPECT_TRUE(blkif_pi_same(&a, &b));
	EXPECT_FALSE(blkif_pi_same(&a, &none));
	b.interval = 4096;
	EXPECT_FALSE(blkif_pi_same(&a, &b));
	b = a;
	b.profile = blkif_pi_profile(false, false);
	EXPECT_FALSE(blkif_pi_same(&a, &b));
}

TEST(sizes)
{
	static const struct {
		u32 interval, sectors, bytes, pages;
	} rows[] = {
		{ 512, 0, 0, 0 },
		{ 512, 1, 8, 1 },
		{ 512, 8, 64, 1 },
		{ 512, 512, 4096, 1 },
		{ 512, 513, 4104, 2 },
		{ 512, 2048, 16384, 4 },
		{ 512, 8064, 64512, 16 },
		{ 512, 8192, 65536, 16 },
		{ 4096, 8, 8, 1 },
		{ 4096, 4096, 4096, 1 },
		{ 4096, 4104, 4104, 2 },
		{ 4096, 8192, 8192, 2 },
		{ 1024, 2, 8, 1 },
		{ 1024, 1026, 4104, 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].bytes,
			  blkif_pi_bytes(rows[i].interval, rows[i].sectors))
			TH_LOG("row %u", i);
		EXPECT_EQ(rows[i].pages,
			  blkif_pi_pages(rows[i].interval, rows[i].sectors))
			TH_LOG("row %u", i);
	}
}

TEST(room)
{
	EXPECT_EQ(512 * 512, blkif_pi_room(512, 0));
	EXPECT_EQ(511 * 512, blkif_pi_room(512, 8));
	EXPECT_EQ(512, blkif_pi_room(512, 4088));
	EXPECT_EQ(512 * 512, blkif_pi_room(512, 4096));
	EXPECT_EQ(512, blkif_pi_room(512, 65528));
	EXPECT_EQ(512 * 4096, blkif_pi_room(4096, 8192));
	EXPECT_EQ(4096, blkif_pi_room(4096, 8184));
}

/* The largest number of segments, found by trying all numbers. */
TEST(max_segs)
{
	u32 interval, entries, segs;

	for (interval = 512; interval <= 4096; interval *= 2) {
		segs = 0;
		for (entries = 0; entries <= 1024; entries++) {
			while (segs + 1 + blkif_pi_pages(interval,
							 (segs + 1) * 8) <=
			       entries)
				segs++;
			ASSERT_EQ(segs, blkif_pi_max_segs(interval, entries))
				TH_LOG("%u bytes, %u entries", interval,
				       entries);
		}
	}
	EXPECT_EQ(1008, blkif_pi_max_segs(512, 1024));
	EXPECT_EQ(1022, blkif_pi_max_segs(4096, 1024));
}

static struct blkif_limits limits(u16 interval)
{
	return (struct blkif_limits) {
		.capacity = 1 << 20, .ops = 0xef, .max_segs = 100,
		.max_inline = 2, .block_sectors = 8, .max_ranges = 256,
		.fua = true, .secure = true, .pi_interval = interval,
	};
}

/* The flag and the number of pages, for each operation and form. */
TEST(requests)
{
	static const struct {
		u8 op, flags;
		bool indirect;
		u16 nr_segs, nr_pi;
		enum blkif_verdict with, without;
	} rows[] = {
		{ 0, 8, true, 1, 1, BLKIF_GOOD, BLKIF_BAD_FLAGS },
		{ 1, 8, true, 1, 1, BLKIF_GOOD, BLKIF_BAD_FLAGS },
		{ 1, 0xa, true, 99, 1, BLKIF_GOOD, BLKIF_BAD_FLAGS },
		{ 0, 8, true, 98, 2, BLKIF_GOOD, BLKIF_BAD_FLAGS },
		{ 0, 0xa, true, 1, 1, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		/* Without the flag. */
		{ 0, 0, true, 100, 0, BLKIF_GOOD, BLKIF_GOOD },
		{ 1, 2, true, 100, 0, BLKIF_GOOD, BLKIF_GOOD },
		{ 0, 0, false, 2, 0, BLKIF_GOOD, BLKIF_GOOD },
		/* No pages, too many together with the data, and overflows. */
		{ 0, 8, true, 1, 0, BLKIF_BAD_PI, BLKIF_BAD_FLAGS },
		{ 0, 8, true, 100, 1, BLKIF_BAD_PI, BLKIF_BAD_FLAGS },
		{ 0, 8, true, 99, 2, BLKIF_BAD_PI, BLKIF_BAD_FLAGS },
		{ 0, 8, true, 1, 65535, BLKIF_BAD_PI, BLKIF_BAD_FLAGS },
		{ 1, 8, true, 2, 65534, BLKIF_BAD_PI, BLKIF_BAD_FLAGS },
		{ 1, 8, true, 101, 65436, BLKIF_BAD_NR_SEGS,
		  BLKIF_BAD_NR_SEGS },
		{ 0, 8, true, 0, 1, BLKIF_BAD_NR_SEGS, BLKIF_BAD_NR_SEGS },
		/* Inline segments, and operations without tuples. */
		{ 0, 8, false, 1, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 1, 8, false, 2, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 2, 8, false, 1, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 3, 8, false, 1, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 5, 8, false, 0, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 5, 8, true, 1, 1, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 7, 8, false, 0, 0, BLKIF_BAD_FLAGS, BLKIF_BAD_FLAGS },
		{ 2, 8, true, 1, 1, BLKIF_BAD_OP, BLKIF_BAD_OP },
	};
	struct blkif_limits with = limits(512), without = limits(0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blkif_cmd cmd = {
			.op = rows[i].op, .flags = rows[i].flags,
			.indirect = rows[i].indirect,
			.nr_segs = rows[i].nr_segs, .nr_pi = rows[i].nr_pi,
		};

		EXPECT_EQ(rows[i].with, blkif_check_cmd(&cmd, &with))
			TH_LOG("row %u", i);
		EXPECT_EQ(rows[i].without, blkif_check_cmd(&cmd, &without))
			TH_LOG("row %u, no tuples", i);
	}
}

TEST(read_only)
{
	struct blkif_limits lim = limits(512);
	struct blkif_cmd cmd = {
		.flags = 8, .indirect = true, .nr_segs = 1, .nr_pi = 1,
	};

	lim.read_only = true;
	EXPECT_EQ(BLKIF_GOOD, blkif_check_cmd(&cmd, &lim));
	cmd.op = BLKIF_OP_WRITE;
	EXPECT_EQ(BLKIF_READ_ONLY, blkif_check_cmd(&cmd, &lim));
}

/* As many entries as pages are needed, with nothing but a reference. */
TEST(entries)
{
	struct blkif_limits lim = limits(512);
	struct blkif_seg entry[3] = { { .gref = 1 }, { .gref = 2 } };
	unsigned int nr;

	for (nr = 0; nr < 4; nr++) {
		EXPECT_EQ(nr == 1 ? BLKIF_GOOD : BLKIF_BAD_PI,
			  blkif_check_pi(entry, nr, &lim, 8));
		EXPECT_EQ(nr == 1 ? BLKIF_GOOD : BLKIF_BAD_PI,
			  blkif_check_pi(entry, nr, &lim, 512));
		EXPECT_EQ(nr == 2 ? BLKIF_GOOD : BLKIF_BAD_PI,
			  blkif_check_pi(entry, nr, &lim, 520));
		EXPECT_EQ(nr == 2 ? BLKIF_GOOD : BLKIF_BAD_PI,
			  blkif_check_pi(entry, nr, &lim, 1024));
	}
	entry[1].sector = 1ULL << 63;
	EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_pi(entry, 2, &lim, 1024));
	/* Only as many entries as the request has. */
	EXPECT_EQ(BLKIF_GOOD, blkif_check_pi(entry, 1, &lim, 512));
	entry[1] = (struct blkif_seg) { .first = 1 };
	EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_pi(entry, 2, &lim, 1024));
	entry[1] = (struct blkif_seg) { .last = 7 };
	EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_pi(entry, 2, &lim, 1024));
	entry[1] = (struct blkif_seg) { .reserved = 0x8000 };
	EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_pi(entry, 2, &lim, 1024));
	/* Any grant reference is valid. */
	entry[1] = (struct blkif_seg) { .gref = 0xffffffff };
	EXPECT_EQ(BLKIF_GOOD, blkif_check_pi(entry, 2, &lim, 1024));
	lim.pi_interval = 4096;
	EXPECT_EQ(BLKIF_GOOD, blkif_check_pi(entry, 1, &lim, 1024));
	EXPECT_EQ(BLKIF_BAD_PI, blkif_check_pi(entry, 2, &lim, 1024));
}

/* What is found valid fits into the pages that a backend has for it. */
TEST(anything)
{
	struct rng rng = { 11 };
	unsigned int round, good = 0;

	for (round = 0; round < UNIT_ROUNDS(300000); round++) {
		struct blkif_limits lim = limits(512 << rng_below(&rng, 4));
		struct blkif_cmd cmd = {
			.op = rng_below(&rng, 2), .flags = 8,
			.indirect = true,
			.nr_segs = rng_below(&rng, 1100),
			.nr_pi = rng_below(&rng, 20),
		};
		u32 sectors;

		lim.max_segs = rng_one_in(&rng, 2) ? 1024 :
			       rng_below(&rng, 1025);
		if (rng_one_in(&rng, 8))
			cmd.nr_segs = rng_u64(&rng);
		if (rng_one_in(&rng, 8))
			cmd.nr_pi = rng_u64(&rng);
		if (blkif_check_cmd(&cmd, &lim) != BLKIF_GOOD)
			continue;
		ASSERT_GE(1024, cmd.nr_segs + cmd.nr_pi);
		sectors = cmd.nr_segs * (8 - rng_below(&rng, 8));
		if (cmd.nr_pi != blkif_pi_pages(lim.pi_interval, sectors))
			continue;
		ASSERT_GE(BLKIF_PI_MAX_PAGES, cmd.nr_pi);
		ASSERT_GE(cmd.nr_pi * BLKIF_PAGE_SIZE,
			  blkif_pi_bytes(lim.pi_interval, sectors));
		good++;
	}
	EXPECT_LT(UNIT_ROUNDS(1000), good);
}

UNIT_SUITE(pi,
	   UNIT_CASE(names),
	   UNIT_CASE(make),
	   UNIT_CASE(same),
	   UNIT_CASE(sizes),
	   UNIT_CASE(room),
	   UNIT_CASE(max_segs),
	   UNIT_CASE(requests),
	   UNIT_CASE(read_only),
	   UNIT_CASE(entries),
	   UNIT_CASE(anything));
