/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether to try something that sometimes pays, such as to look at a ring for a
 * while before going to sleep: as often as it is asked for while it does, and
 * now and then while it does not.
 */

#ifndef _XEN_BLKIF_BACKOFF_H
#define _XEN_BLKIF_BACKOFF_H

#include <linux/types.h>

#define BLKIF_BACKOFF_MAX		8U
#define BLKIF_BACKOFF_RETRY	64U

/**
 * struct blkif_backoff - how well it paid lately; zero to begin with
 * @level: 0 for not at all
 * @skipped: times it was not tried since it was last
 */
struct blkif_backoff {
	u32 level;
	u32 skipped;
};

/** blkif_backoff_try() - is it worth a try?  blkif_backoff_learn() has to follow */
static inline bool blkif_backoff_try(struct blkif_backoff *trust)
{
	if (!trust->level && ++trust->skipped < BLKIF_BACKOFF_RETRY)
		return false;
	trust->skipped = 0;
	return true;
}

/** blkif_backoff_learn() - did it pay?  Returns @paid */
static inline bool blkif_backoff_learn(struct blkif_backoff *trust, bool paid)
{
	if (!paid)
		trust->level /= 2;
	else if (trust->level < BLKIF_BACKOFF_MAX)
		trust->level++;
	return paid;
}

#endif /* _XEN_BLKIF_BACKOFF_H */
