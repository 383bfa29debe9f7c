// SPDX-License-Identifier: GPL-2.0
/* feature.h: names of features, alone and in lists, and unknown names. */

#include "unit.h"
#include "xen-blkif/feature.h"

static const struct {
	const char *text;
	u32 mask;
} good[] = {
	{ "", 0 },
	{ "\n", 0 },
	{ "slim-requests", BLKIF_FEATURE_SLIM },
	{ "separate-rings\n", BLKIF_FEATURE_SEPARATE },
	{ "fua", BLKIF_FEATURE_FUA },
	{ "discard", BLKIF_FEATURE_DISCARD },
	{ "discard-ranges", BLKIF_FEATURE_RANGES },
	{ "secure-erase", BLKIF_FEATURE_SECURE },
	{ "write-zeroes", BLKIF_FEATURE_ZEROES },
	{ "integrity", BLKIF_FEATURE_PI },
	{ "discard,fua", BLKIF_FEATURE_DISCARD | BLKIF_FEATURE_FUA },
	{ "fua,fua,", BLKIF_FEATURE_FUA },
	{ "discard,discard-ranges,discard\n",
	  BLKIF_FEATURE_DISCARD | BLKIF_FEATURE_RANGES },
};

static const struct {
	const char *text, *word;
} bad[] = {
	{ "slim", "slim" },
	{ "slim-requests2", "slim-requests2" },
	{ "fua, discard", " discard" },
	{ "fua,no,discard", "no" },
	{ "FUA\n", "FUA" },
	{ "fua,,discard", "" },
	{ ",", "" },
};

TEST(known)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		u32 mask = ~0U;
		struct blkif_word word = blkif_features_parse(good[i].text,
							      &mask);

		EXPECT_EQ(NULL, word.s)
			TH_LOG("%s", good[i].text);
		EXPECT_EQ(good[i].mask, mask)
			TH_LOG("%s", good[i].text);
	}
}

/* The first unknown name is returned, and the mask stays unchanged. */
TEST(unknown)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 mask = 0x5555;
		struct blkif_word word = blkif_features_parse(bad[i].text,
							      &mask);

		ASSERT_NE(NULL, word.s)
			TH_LOG("%s", bad[i].text);
		EXPECT_EQ(strlen(bad[i].word), word.len)
			TH_LOG("%s", bad[i].text);
		EXPECT_EQ(0, memcmp(bad[i].word, word.s, word.len))
			TH_LOG("%s", bad[i].text);
		EXPECT_EQ(0x5555, mask);
	}
}

UNIT_SUITE(feature,
	   UNIT_CASE(known),
	   UNIT_CASE(unknown));
