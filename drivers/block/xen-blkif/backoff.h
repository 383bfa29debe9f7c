/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Decides whether to attempt something that only sometimes pays off, such as
 * polling a ring before sleeping.  While attempts pay off, each is made; once
 * they do not, one in BLKIF_BACKOFF_RETRY is, and later fewer, down to one in
 * BLKIF_BACKOFF_SELDOM.
 */

#ifndef _XEN_BLKIF_BACKOFF_H
#define _XEN_BLKIF_BACKOFF_H

#include <linux/types.h>

#define BLKIF_BACKOFF_MAX	8U
#define BLKIF_BACKOFF_RETRY	64U
#define BLKIF_BACKOFF_SELDOM	256U

/**
 * struct blkif_backoff - history of the attempts, zero at the start
 * @level: how well recent attempts paid off, 0 to BLKIF_BACKOFF_MAX
 * @skipped: attempts skipped since the last one that was made
 * @vain: how often, one after another, an attempt after skipped ones failed
 */
struct blkif_backoff {
	u32 level;
	u32 skipped;
	u32 vain;
};

/* One attempt in how many is made while they do not pay off. */
static inline u32 blkif_backoff_retry(const struct blkif_backoff *backoff)
{
	return BLKIF_BACKOFF_RETRY << backoff->vain;
}

/**
 * blkif_backoff_try() - decide whether to make an attempt
 * @backoff: the history
 *
 * Return: true to make the attempt and report it to blkif_backoff_learn().
 */
static inline bool blkif_backoff_try(struct blkif_backoff *backoff)
{
	if (!backoff->level &&
	    ++backoff->skipped < blkif_backoff_retry(backoff))
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
	if (!paid && !backoff->level &&
	    blkif_backoff_retry(backoff) < BLKIF_BACKOFF_SELDOM)
		backoff->vain++;
	if (paid)
		backoff->vain = 0;
	if (!paid)
		backoff->level /= 2;
	else if (backoff->level < BLKIF_BACKOFF_MAX)
		backoff->level++;
	return paid;
}

#endif /* _XEN_BLKIF_BACKOFF_H */
