/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: counting what happens to a request.
 *
 * All of this belongs to the thread of the queue.  The clock is read once for
 * all requests that are taken in a pass, and once for all that are answered in
 * it, not once for each request.  A latency is therefore accurate to within the
 * length of a pass.
 */

#ifndef _XEN_BLKBACK_ACCOUNT_H
#define _XEN_BLKBACK_ACCOUNT_H

#include <linux/ktime.h>
#include "blkback.h"

/* The time; the clock is read once in each half of a pass. */
static inline u64 blkback_now(struct blkback_queue *queue)
{
	if (!queue->count.now)
		queue->count.now = ktime_get_ns();
	return queue->count.now;
}

static inline struct blkback_hist *
blkback_account_hist(struct blkback_stats *stats, u8 op)
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

/* The counter of failed requests with this status. */
static inline u64 *blkback_account_failed(struct blkback_errors *error,
					  blk_status_t status)
{
	switch (status) {
	case BLK_STS_NOTSUPP:
		return &error->not_supported;
	case BLK_STS_NOSPC:
		return &error->no_space;
	case BLK_STS_TIMEOUT:
		return &error->timeout;
	case BLK_STS_MEDIUM:
		return &error->medium;
	case BLK_STS_PROTECTION:
		return &error->protection;
	case BLK_STS_OFFLINE:
		return &error->offline;
	default:
		return &error->io;
	}
}

/* The counter of requests that were rejected for this reason. */
static inline u64 *blkback_account_rejected(struct blkback_errors *error,
					    enum blkif_verdict verdict)
{
	switch (verdict) {
	case BLKIF_BAD_OP:
		return &error->bad_op;
	case BLKIF_BAD_EXTENT:
		return &error->bad_extent;
	case BLKIF_READ_ONLY:
		return &error->read_only;
	default:
		return &error->bad_request;
	}
}

/* A request was taken from the ring. */
static inline void blkback_account_taken(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	req->taken = blkback_now(queue);
	queue->count.stats.requests++;
	if (queue->in_flight < queue->ring.nr_slots)
		return;
	queue->count.stats.full++;
	queue->count.full_since = req->taken;
}

/* A request is started. */
static inline void blkback_account_started(const struct blkback_req *req)
{
	struct blkback_stats *stats = &req->queue->count.stats;

	if (req->cmd.op == BLKIF_OP_READ) {
		stats->rd_req++;
		stats->rd_sect += req->sectors;
		return;
	}
	if (blkif_op_is_range(req->cmd.op)) {
		stats->ds_req++;
		return;
	}
	if (req->cmd.op == BLKIF_OP_WRITE)
		stats->wr_req++;
	else
		stats->f_req++;
	stats->wr_sect += req->sectors;
}

/* The disk is done with a request. */
static inline void blkback_account_done(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	struct blkback_stats *stats = &queue->count.stats;

	if (unlikely(req->error))
		++*blkback_account_failed(&stats->error, req->error);
	blkback_hist_add(blkback_account_hist(stats, req->cmd.op),
			 blkback_now(queue) - req->taken);
}

/* A response is put on the ring; the request may have been rejected. */
static inline void blkback_account_answered(struct blkback_queue *queue)
{
	queue->count.stats.responses++;
	if (likely(!queue->count.full_since))
		return;
	queue->count.stats.full_ns += blkback_now(queue) -
				      queue->count.full_since;
	queue->count.full_since = 0;
}

#endif /* _XEN_BLKBACK_ACCOUNT_H */
