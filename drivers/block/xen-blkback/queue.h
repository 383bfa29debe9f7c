/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: conditions that the thread of a queue checks, and what it
 * does when it has no work.
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

/* wait.c: what a thread does when its queue has no work */
bool blkback_wait_idle(struct blkback_queue *queue, bool *worked);
bool blkback_wait_rearm(struct blkback_queue *queue, bool *worked);
void blkback_wait_lost(struct blkback_queue *queue);
void blkback_wait_sleep(struct blkback_queue *queue);
void blkback_wait_publish(struct blkback_queue *queue, bool last);
void blkback_wait_publish_due(struct blkback_queue *queue);

#endif /* _XEN_BLKBACK_QUEUE_H */
