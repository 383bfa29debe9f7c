/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: queues that are at rest, or may come to rest.
 */

#ifndef _XEN_BLKBACK_REST_H
#define _XEN_BLKBACK_REST_H

#include "blkback.h"

/* How often the watchdog looks for a lost event. */
#define BLKBACK_WATCH_INTERVAL	(5 * HZ)

/* An event that is late, and not lost, comes within this time. */
#define BLKBACK_LATE		(HZ / 2)

extern u32 blkback_rest_ms;

void blkback_rest_init(struct blkback_queue *queue);
int blkback_rest_start(struct blkback_queue *queue);
void blkback_rest_begin(struct blkback_queue *queue);
void blkback_rest_wake(struct blkback_queue *queue);
void blkback_rest_cancel(struct blkback_queue *queue);
long blkback_rest_in(const struct blkback_queue *queue);
bool blkback_rest_due(struct blkback_queue *queue, bool idle, bool reclaim);
void blkback_rest_end(struct blkback_queue *queue);
void blkback_rest_exit(struct blkback_queue *queue);
void blkback_rest_init_watch(struct blkback_conn *conn);
void blkback_rest_start_watch(struct blkback_conn *conn);

#endif /* _XEN_BLKBACK_REST_H */
