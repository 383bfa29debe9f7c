// SPDX-License-Identifier: GPL-2.0
/* backoff.h: always while it pays, one in 64 while it does not. */

#include "unit.h"
#include "xen-blkif/backoff.h"

/* How many of @n chances are taken, each with the same outcome. */
static unsigned int tries(struct blkif_backoff *backoff, unsigned int n, bool paid)
{
	unsigned int taken = 0;

	while (n--) {
		if (!blkif_backoff_try(backoff))
			continue;
		taken++;
		blkif_backoff_learn(backoff, paid);
	}
	return taken;
}

TEST(never_pays)
{
	struct blkif_backoff backoff = { };

	EXPECT_EQ(10, tries(&backoff, 640, false));
	EXPECT_EQ(0, backoff.level);
}

TEST(pays)
{
	struct blkif_backoff backoff = { };

	/* The first try comes after 63 chances were passed over. */
	EXPECT_EQ(0, tries(&backoff, 63, true));
	EXPECT_EQ(1000, tries(&backoff, 1000, true));
	EXPECT_EQ(BLKIF_BACKOFF_MAX, backoff.level);
}

/* From the highest level it takes 8, 4, 2, 1: four failures, and then one in 64. */
TEST(pays_no_more)
{
	struct blkif_backoff backoff = { .level = BLKIF_BACKOFF_MAX };

	EXPECT_EQ(4, tries(&backoff, 4, false));
	EXPECT_EQ(0, backoff.level);
	EXPECT_EQ(1, tries(&backoff, 64, false));
}

TEST(says_what_it_was_told)
{
	struct blkif_backoff backoff = { };

	EXPECT_TRUE(blkif_backoff_learn(&backoff, true));
	EXPECT_FALSE(blkif_backoff_learn(&backoff, false));
	EXPECT_EQ(0, backoff.level);
}

UNIT_SUITE(backoff,
	   UNIT_CASE(never_pays),
	   UNIT_CASE(pays),
	   UNIT_CASE(pays_no_more),
	   UNIT_CASE(says_what_it_was_told));
