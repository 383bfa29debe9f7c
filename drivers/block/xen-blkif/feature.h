/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The features that the module parameter "disable" of both drivers turns off,
 * and their names.
 */

#ifndef _XEN_BLKIF_FEATURE_H
#define _XEN_BLKIF_FEATURE_H

#include <linux/string.h>
#include <linux/types.h>

/**
 * enum blkif_feature - bits in a mask of disabled features
 * @BLKIF_FEATURE_SLIM: slim requests, and separate rings, which need them
 * @BLKIF_FEATURE_SEPARATE: separate rings
 * @BLKIF_FEATURE_FUA: writes that are durable when they are answered
 * @BLKIF_FEATURE_DISCARD: discards, including secure erase
 * @BLKIF_FEATURE_RANGES: more than one range in a discard
 * @BLKIF_FEATURE_SECURE: secure erase
 * @BLKIF_FEATURE_ZEROES: writes of zeroes
 * @BLKIF_FEATURE_PI: protection information
 */
enum blkif_feature {
	BLKIF_FEATURE_SLIM	= 1U << 0,
	BLKIF_FEATURE_SEPARATE	= 1U << 1,
	BLKIF_FEATURE_FUA	= 1U << 2,
	BLKIF_FEATURE_DISCARD	= 1U << 3,
	BLKIF_FEATURE_RANGES	= 1U << 4,
	BLKIF_FEATURE_SECURE	= 1U << 5,
	BLKIF_FEATURE_ZEROES	= 1U << 6,
	BLKIF_FEATURE_PI	= 1U << 7,
};

/* For the message about an unknown name. */
#define BLKIF_FEATURE_NAMES \
	"slim-requests, separate-rings, fua, discard, discard-ranges, secure-erase, write-zeroes, integrity"

/* Are the @len bytes at @s the given name? */
static inline bool blkif_feature_is(const char *s, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(s, name, len);
}

static inline u32 blkif_feature_by_name(const char *s, size_t len)
{
	static const struct {
		const char *name;
		u32 bit;
	} features[] = {
		{ "slim-requests", BLKIF_FEATURE_SLIM },
		{ "separate-rings", BLKIF_FEATURE_SEPARATE },
		{ "fua", BLKIF_FEATURE_FUA },
		{ "discard", BLKIF_FEATURE_DISCARD },
		{ "discard-ranges", BLKIF_FEATURE_RANGES },
		{ "secure-erase", BLKIF_FEATURE_SECURE },
		{ "write-zeroes", BLKIF_FEATURE_ZEROES },
		{ "integrity", BLKIF_FEATURE_PI },
		{ NULL, 0 },
	};
	unsigned int i = 0;

	while (features[i].name && !blkif_feature_is(s, len, features[i].name))
		i++;
	return features[i].bit;
}

/**
 * struct blkif_word - part of a string
 * @s: its start, or NULL for no word
 * @len: its length
 */
struct blkif_word {
	const char *s;
	size_t len;
};

/**
 * blkif_features_parse() - parse a list of features
 * @s: names separated by commas; may be empty and may end with a newline
 * @mask: set to the features, unless a name is unknown
 *
 * Return: the first unknown name, or no word if all names are known.
 */
static inline struct blkif_word blkif_features_parse(const char *s, u32 *mask)
{
	struct blkif_word word = { s, 0 };
	u32 found = 0, bit;

	while (*word.s && *word.s != '\n') {
		word.len = strcspn(word.s, ",\n");
		bit = blkif_feature_by_name(word.s, word.len);
		if (!bit)
			return word;
		found |= bit;
		word.s += word.len;
		word.s += *word.s == ',';
	}
	*mask = found;
	return (struct blkif_word) { };
}

/**
 * struct blkif_disable - value of the parameter
 * @mask: bits of enum blkif_feature; may be read at any time
 * @text: as it was set, which fits all names; the core serialises access
 */
struct blkif_disable {
	u32 mask;
	char text[128];
};

#endif /* _XEN_BLKIF_FEATURE_H */
