/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: counters and latencies of a queue.
 */

#ifndef _XEN_BLKBACK_STATS_H
#define _XEN_BLKBACK_STATS_H

#include "hist.h"

/*
 * Errors of a queue, by kind.
 */
struct blkback_errors {
#define BLKBACK_COUNTER(name)
#define BLKBACK_TIME(name)
#define BLKBACK_ERROR(name)	u64 name
#include "counters.h"
};

/**
 * struct blkback_stats - what a queue counts
 * @error: errors, by kind
 * @rd_lat: latencies of reads
 * @wr_lat: of writes
 * @f_lat: of flushes and barriers
 * @ds_lat: of discards and zeroes
 *
 * The other members are in counters.h.  All are u64, so that
 * blkback_stats_add() can add them up as an array.
 */
struct blkback_stats {
#define BLKBACK_COUNTER(name)	u64 name
#define BLKBACK_TIME(name)	u64 name##_ns
#define BLKBACK_ERROR(name)
#include "counters.h"
	struct blkback_errors error;
	struct blkback_hist rd_lat;
	struct blkback_hist wr_lat;
	struct blkback_hist f_lat;
	struct blkback_hist ds_lat;
};

#endif /* _XEN_BLKBACK_STATS_H */
