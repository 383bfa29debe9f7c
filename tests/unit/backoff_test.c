// SPDX-License-Identifier: GPL-2.0
/* backoff.h: always while it pays, one in 64 while it does not. */

#include "unit.h"
#include "xen-blkif/backoff.h"

/* How many of @n chances are taken, each with the same outcome. */
static unsigned int tries(struct blkif_backoff *trust, unsigned int n, bool paid)
{
	unsigned int taken = 0;

	while (n--) {
		if (!blkif_backoff_try(trust))
			continue;
		taken++;
		blkif_backoff_learn(trust, paid);
	}
	return taken;
}

TEST(never_pays)
{
	struct blkif_backoff trust = { };

	EXPECT_EQ(10, tries(&trust, 640, false));
	EXPECT_EQ(0, trust.level);
}

TEST(pays)
{
	struct blkif_backoff trust = { };

	/* The first try comes after 63 chances were passed over. */
	EXPECT_EQ(0, tries(&trust, 63, true));
	EXPECT_EQ(1000, tries(&trust, 1000, true));
	EXPECT_EQ(BLKIF_BACKOFF_MAX, trust.level);
}

/* From full trust it takes 8, 4, 2, 1: four failures, and then one in 64. */
TEST(pays_no_more)
{
	struct blkif_backoff trust = { .level = BLKIF_BACKOFF_MAX };

	EXPECT_EQ(4, tries(&trust, 4, false));
	EXPECT_EQ(0, trust.level);
	EXPECT_EQ(1, tries(&trust, 64, false));
}

TEST(says_what_it_was_told)
{
	struct blkif_backoff trust = { };

	EXPECT_TRUE(blkif_backoff_learn(&trust, true));
	EXPECT_FALSE(blkif_backoff_learn(&trust, false));
	EXPECT_EQ(0, trust.level);
}

TEST_HARNESS_MAIN
