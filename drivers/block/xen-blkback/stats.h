/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: what is counted of a request on its way.
 *
 * All of it belongs to the thread of the queue.  The clock is not read for a
 * request but for a pass: once for all that are taken in it, and once for all
 * that are answered.  That is a reading more than without latencies for a pass
 * that takes and does not answer, and none for others.  A latency is thus what
 * a request spent in our hands to within the length of a pass.  (The kernel's
 * coarse clock would be cheaper still, but ticks in milliseconds.)
 */

#ifndef _XEN_BLKBACK_STATS_H
#define _XEN_BLKBACK_STATS_H

#include <linux/ktime.h>
#include "blkback.h"

/* Now, if not a little earlier in the same pass. */
static inline u64 blkback_stats_now(struct blkback_queue *queue)
{
	if (!queue->now)
		queue->now = ktime_get_ns();
	return queue->now;
}

static inline struct blkback_hist *
blkback_stats_hist(struct blkback_stats *stats, u8 op)
{
	switch (op) {
	case BLKIF_OP_READ:
		return &stats->rd_lat;
	case BLKIF_OP_WRITE:
		return &stats->wr_lat;
	case BLKIF_OP_DISCARD:
	case BLKIF_OP_WRITE_ZEROES:
		return &stats->ds_lat;
	default:
		return &stats->f_lat;
	}
}

/* Where an error of the disk is counted. */
static inline u64 *blkback_stats_error(struct blkback_stats *stats,
				       blk_status_t status)
{
	switch (status) {
	case BLK_STS_NOTSUPP:
		return &stats->not_supported;
	case BLK_STS_NOSPC:
		return &stats->no_space;
	case BLK_STS_TIMEOUT:
		return &stats->timeout;
	case BLK_STS_MEDIUM:
		return &stats->medium;
	case BLK_STS_PROTECTION:
		return &stats->protection;
	case BLK_STS_OFFLINE:
		return &stats->offline;
	default:
		return &stats->io;
	}
}

/* Where a request that we do not pass on is counted. */
static inline u64 *blkback_stats_verdict(struct blkback_stats *stats,
					 enum blkif_verdict verdict)
{
	switch (verdict) {
	case BLKIF_BAD_OP:
		return &stats->bad_op;
	case BLKIF_BAD_EXTENT:
		return &stats->bad_extent;
	case BLKIF_READ_ONLY:
		return &stats->read_only;
	default:
		return &stats->bad_request;
	}
}

/* A request was taken from the ring. */
static inline void blkback_stats_taken(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	req->taken = READ_ONCE(blkback_latency) ? blkback_stats_now(queue) : 0;
	if (queue->in_flight < queue->ring.nr_slots)
		return;
	queue->stats.full++;
	queue->full_since = req->taken;
}

/* The disk is done with a request. */
static inline void blkback_stats_done(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	if (unlikely(req->error))
		++*blkback_stats_error(&queue->stats, req->error);
	if (req->taken)
		blkback_hist_add(blkback_stats_hist(&queue->stats, req->cmd.op),
				 blkback_stats_now(queue) - req->taken);
}

/* A request is being answered, whoever did not like it. */
static inline void blkback_stats_answered(struct blkback_queue *queue)
{
	if (likely(!queue->full_since))
		return;
	queue->stats.full_ns += blkback_stats_now(queue) - queue->full_since;
	queue->full_since = 0;
}

#endif /* _XEN_BLKBACK_STATS_H */
