/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decides whether to attempt something that only sometimes pays off, such as
 * polling a ring before sleeping.  While attempts pay off, each is made; once
 * they do not, one in BLKIF_BACKOFF_RETRY is.
 */

#ifndef _XEN_BLKIF_BACKOFF_H
#define _XEN_BLKIF_BACKOFF_H

#include <linux/types.h>

#define BLKIF_BACKOFF_MAX	8U
#define BLKIF_BACKOFF_RETRY	64U

/**
 * struct blkif_backoff - history of the attempts, zero at the start
 * @level: how well recent attempts paid off, 0 to BLKIF_BACKOFF_MAX
 * @skipped: attempts skipped since the last one that was made
 */
struct blkif_backoff {
	u32 level;
	u32 skipped;
};

/**
 * blkif_backoff_try() - decide whether to make an attempt
 * @backoff: the history
 *
 * Return: true to make the attempt and report it to blkif_backoff_learn().
 */
static inline bool blkif_backoff_try(struct blkif_backoff *backoff)
{
	if (!backoff->level && ++backoff->skipped < BLKIF_BACKOFF_RETRY)
		return false;
	backoff->skipped = 0;
	return true;
}

/**
 * blkif_backoff_learn() - record the outcome of an attempt
 * @backoff: the history
 * @paid: the attempt paid off
 *
 * Return: @paid.
 */
static inline bool blkif_backoff_learn(struct blkif_backoff *backoff, bool paid)
{
	if (!paid)
		backoff->level /= 2;
	else if (backoff->level < BLKIF_BACKOFF_MAX)
		backoff->level++;
	return paid;
}

#endif /* _XEN_BLKIF_BACKOFF_H */
