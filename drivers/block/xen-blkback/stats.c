// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: sums of counters, over all queues of a device and over
 * the connections that it has had.
 */

#include "blkback.h"

/**
 * blkback_stats_add() - add the counters of a queue to a sum
 * @sum: the sum
 * @stats: the counters, which may change meanwhile
 */
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats)
{
	const u64 *from = (const u64 *)stats;
	u64 *to = (u64 *)sum;
	unsigned int nr = sizeof(*sum) / sizeof(u64);

	BUILD_BUG_ON(sizeof(*sum) % sizeof(u64));
	while (nr--)
		*to++ += READ_ONCE(*from++);
}

/**
 * blkback_stats_read() - sum up all that was counted of a device
 * @blkback: the device
 * @sum: filled in
 *
 * Context: process context; takes blkback.lock.
 */
void blkback_stats_read(struct blkback *blkback, struct blkback_stats *sum)
{
	struct blkback_conn *conn;
	unsigned int i;

	mutex_lock(&blkback->lock);
	*sum = blkback->stats;
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++)
		blkback_stats_add(sum, &conn->queues[i].count.stats);
	mutex_unlock(&blkback->lock);
}

/**
 * blkback_stats_in_flight() - how many requests are in flight?
 * @blkback: the device
 *
 * Context: process context; takes blkback.lock.
 *
 * Return: their number, over all queues of the connection.
 */
unsigned int blkback_stats_in_flight(struct blkback *blkback)
{
	unsigned int sum = 0;

	mutex_lock(&blkback->lock);
	if (blkback->conn)
		sum = blkback_conn_in_flight(blkback->conn);
	mutex_unlock(&blkback->lock);
	return sum;
}

/**
 * blkback_stats_active() - how many queues are not at rest?
 * @blkback: the device
 *
 * Context: process context; takes blkback.lock.
 *
 * Return: the number of queues of the connection that have a thread.
 */
unsigned int blkback_stats_active(struct blkback *blkback)
{
	unsigned int i, sum = 0;
	struct blkback_conn *conn;

	mutex_lock(&blkback->lock);
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++)
		sum += READ_ONCE(conn->queues[i].state) == BLKBACK_QUEUE_ACTIVE;
	mutex_unlock(&blkback->lock);
	return sum;
}

/**
 * blkback_stats_errors() - sum up errors of all kinds
 * @stats: counters
 *
 * Return: the sum.
 */
u64 blkback_stats_errors(const struct blkback_stats *stats)
{
	const u64 *error = (const u64 *)&stats->error;
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < sizeof(stats->error) / sizeof(u64); i++)
		sum += error[i];
	return sum;
}
