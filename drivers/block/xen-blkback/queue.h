/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: conditions that the thread of a queue checks.
 */

#ifndef _XEN_BLKBACK_QUEUE_H
#define _XEN_BLKBACK_QUEUE_H

#include "blkback.h"

/* Must requests on the ring wait, however much memory there is? */
static inline bool blkback_queue_blocked(const struct blkback_queue *queue)
{
	return READ_ONCE(queue->conn->state) != BLKBACK_CONN_RUNNING ||
	       !list_empty(&queue->held) || queue->barrier;
}

/* Could a request be taken, if there is one? */
static inline bool blkback_queue_may_take(const struct blkback_queue *queue)
{
	return !blkback_queue_blocked(queue) && !queue->budget.starved;
}

static inline bool blkback_queue_has_done(const struct blkback_queue *queue)
{
	return !list_empty_careful(&queue->done);
}

static inline bool blkback_queue_has_work(const struct blkback_queue *queue)
{
	return blkif_back_pending(&queue->ring) ||
	       blkback_queue_has_done(queue);
}

/* The thread has to end, and everything is answered. */
static inline bool blkback_queue_finished(const struct blkback_queue *queue)
{
	return READ_ONCE(queue->conn->state) == BLKBACK_CONN_STOPPED &&
	       !queue->in_flight;
}

#endif /* _XEN_BLKBACK_QUEUE_H */
