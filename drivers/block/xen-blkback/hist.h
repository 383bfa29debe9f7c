/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Latencies of one kind of request: the sum, and a histogram by powers of two.
 *
 * Pure.  All members are u64, so that histograms can be added as arrays.
 */

#ifndef _XEN_BLKBACK_HIST_H
#define _XEN_BLKBACK_HIST_H

#include <linux/bitops.h>
#include <linux/math64.h>
#include <linux/types.h>

/* The last bucket begins at 2^26 us, which is more than a minute. */
#define BLKBACK_HIST_BUCKETS	28

/**
 * struct blkback_hist - latencies
 * @ns: their sum
 * @bucket: how many there were in each bucket
 */
struct blkback_hist {
	u64 ns;
	u64 bucket[BLKBACK_HIST_BUCKETS];
};

/**
 * blkback_hist_bucket() - the bucket of a latency
 * @us: the latency in whole microseconds
 *
 * Return: 0 for 0, n for 2^(n-1) to 2^n - 1.  The last bucket also has longer
 * latencies.
 */
static inline unsigned int blkback_hist_bucket(u64 us)
{
	unsigned int n = fls64(us);

	return n < BLKBACK_HIST_BUCKETS ? n : BLKBACK_HIST_BUCKETS - 1;
}

/**
 * blkback_hist_add() - count a latency
 * @hist: where to count it
 * @ns: the latency in nanoseconds
 */
static inline void blkback_hist_add(struct blkback_hist *hist, u64 ns)
{
	hist->ns += ns;
	hist->bucket[blkback_hist_bucket(div_u64(ns, 1000))]++;
}

#endif /* _XEN_BLKBACK_HIST_H */
