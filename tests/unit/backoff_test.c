// SPDX-License-Identifier: GPL-2.0
/* backoff.h: each attempt while they pay off, one in 64 to 256 while they do not. */

#include "unit.h"
#include "xen-blkif/backoff.h"

/* How many of @n attempts are made if all of them have the same outcome. */
static unsigned int attempts(struct blkif_backoff *backoff, unsigned int n,
			     bool paid)
{
	unsigned int made = 0;

	while (n--) {
		if (!blkif_backoff_try(backoff))
			continue;
		made++;
		blkif_backoff_learn(backoff, paid);
	}
	return made;
}

TEST(never_pays)
{
	struct blkif_backoff backoff = { };

	EXPECT_EQ(1, attempts(&backoff, 64, false));
	EXPECT_EQ(0, attempts(&backoff, 127, false));
	EXPECT_EQ(1, attempts(&backoff, 1, false));
	EXPECT_EQ(10, attempts(&backoff, 2560, false));
	EXPECT_EQ(0, backoff.level);
}

TEST(pays)
{
	struct blkif_backoff backoff = { };

	/* The first attempt comes after 63 that were skipped. */
	EXPECT_EQ(0, attempts(&backoff, 63, true));
	EXPECT_EQ(1000, attempts(&backoff, 1000, true));
	EXPECT_EQ(BLKIF_BACKOFF_MAX, backoff.level);
}

/* The level drops from 8 to 4, 2, 1 and 0; then one in 64 is made. */
TEST(pays_no_more)
{
	struct blkif_backoff backoff = { .level = BLKIF_BACKOFF_MAX };

	EXPECT_EQ(4, attempts(&backoff, 4, false));
	EXPECT_EQ(0, backoff.level);
	EXPECT_EQ(1, attempts(&backoff, 64, false));
	EXPECT_EQ(0, attempts(&backoff, 64, false));
}

/* One that pays off after many in vain makes the next ones frequent again. */
TEST(pays_again)
{
	struct blkif_backoff backoff = { };

	attempts(&backoff, 64 + 128 + 256, false);
	EXPECT_EQ(1, attempts(&backoff, 256, true));
	/* This one fails, and the next comes after 63 more. */
	EXPECT_EQ(1, attempts(&backoff, 64, false));
	EXPECT_EQ(1, attempts(&backoff, 1, false));
}

TEST(learn_returns_outcome)
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
	   UNIT_CASE(pays_again),
	   UNIT_CASE(learn_returns_outcome));
