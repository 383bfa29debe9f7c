/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latencies of one kind of request: their sum, and how many there were of
 * which length, by powers of two.
 *
 * Pure, and all of it u64, so that histograms are added as arrays of counts.
 */

#ifndef _XEN_BLKBACK_HIST_H
#define _XEN_BLKBACK_HIST_H

#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/types.h>

/* The last one begins at 2^26 us, which is more than a minute. */
#define BLKBACK_HIST_BUCKETS	28

/**
 * struct blkback_hist - latencies
 * @ns: their sum
 * @bucket: how many: see blkback_hist_bucket()
 */
struct blkback_hist {
	u64 ns;
	u64 bucket[BLKBACK_HIST_BUCKETS];
};

/**
 * blkback_hist_bucket() - where a latency is counted
 * @us: the latency in whole microseconds
 *
 * Return: 0 if it is zero, else n for those of 2^(n-1) to 2^n - 1.  The last
 * bucket also takes all that is longer.
 */
static inline unsigned int blkback_hist_bucket(u64 us)
{
	unsigned int n = fls64(us);

	return n < BLKBACK_HIST_BUCKETS ? n : BLKBACK_HIST_BUCKETS - 1;
}

/** blkback_hist_add() - count one of @ns nanoseconds */
static inline void blkback_hist_add(struct blkback_hist *hist, u64 ns)
{
	hist->ns += ns;
	hist->bucket[blkback_hist_bucket(div_u64(ns, 1000))]++;
}

#endif /* _XEN_BLKBACK_HIST_H */
