// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: setting up and tearing down a connection.
 *
 * Teardown has two phases.  In the first the connection is stopped: its threads
 * take no more requests, so that nothing adds work.  In the second it is
 * drained: the threads end when all requests that they took are answered.  This
 * takes as long as the disk does, and nobody waits for it: the last thread
 * queues a work item, which releases the event channels, the rings and the
 * grants.
 *
 * A thread ends by itself.  kthread_stop() only makes sure that it has left the
 * code of this module: it also makes all later waits of the thread for a signal
 * return at once, so the thread would not sleep while the disk owes answers.
 *
 * No bio outlives its queue.  A thread ends when in_flight is zero.  The thread
 * decrements in_flight itself, after the completion of the last bio has handed
 * the request over under done_lock; and the completion does not touch the queue
 * after it has dropped the lock.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <xen/events.h>
#include "../xen-blkif/agreed.h"
#include "life.h"
#include "rest.h"

static void blkback_conn_free(struct kref *ref)
{
	struct blkback_conn *conn = container_of(ref, struct blkback_conn, ref);

	blkback_guest_put(conn->guest);
	kvfree(conn);
}

static void blkback_queue_teardown(struct blkback_queue *queue)
{
	unbind_from_irqhandler(queue->event.irq, queue);
	blkback_rest_exit(queue);
	blkback_ring_unmap(queue);
}

/* The connection disappears from sysfs; its counters are kept. */
static void blkback_conn_hide(struct blkback_conn *conn)
{
	struct blkback *blkback = conn->blkback;
	unsigned int i;

	mutex_lock(&blkback->lock);
	for (i = 0; i < conn->nr_queues; i++)
		blkback_stats_add(&blkback->stats,
				  &conn->queues[i].count.stats);
	if (blkback->conn == conn)
		blkback->conn = NULL;
	mutex_unlock(&blkback->lock);
}

static void blkback_conn_teardown(struct work_struct *work)
{
	struct blkback_conn *conn = container_of(work, struct blkback_conn,
						 teardown);
	struct blkback *blkback = conn->blkback;
	unsigned int i;

	cancel_delayed_work_sync(&conn->watch);
	cancel_delayed_work_sync(&conn->notice);
	blkback_conn_hide(conn);
	for (i = 0; i < conn->nr_queues; i++)
		blkback_queue_teardown(&conn->queues[i]);
	blkback_drain_ends(conn);
	/*
	 * The next connection may wait for this one's end.  Whoever finds this
	 * state waits for the completion below; whoever does not is followed by
	 * the work item of the device.
	 */
	WRITE_ONCE(conn->state, BLKBACK_CONN_ENDED);
	blkback_schedule_work(blkback);
	blkback_put(blkback);
	complete_all(&conn->drained);
	kref_put(&conn->ref, blkback_conn_free);
}

/**
 * blkback_conn_alloc() - allocate a connection without queues
 * @blkback: the disk; the connection takes a reference
 * @agreed: what was negotiated
 *
 * Return: the connection, to be ended by blkback_conn_stop(), or NULL.
 */
struct blkback_conn *blkback_conn_alloc(struct blkback *blkback,
					const struct blkif_choice *agreed)
{
	struct blkback_conn *conn;

	conn = kvzalloc(struct_size(conn, queues, agreed->nr_queues),
			GFP_KERNEL);
	if (!conn)
		return NULL;
	conn->guest = blkback_guest_get(blkback->dev->otherend_id);
	if (!conn->guest) {
		kvfree(conn);
		return NULL;
	}
	kref_get(&blkback->kref);
	kref_init(&conn->ref);
	conn->blkback = blkback;
	conn->agreed = *agreed;
	conn->max_segs = agreed->layout.abi->slim ?
			 blkback->offer.max_slim_entries :
			 blkback->offer.max_indirect_segs;
	conn->domid = blkback->dev->otherend_id;
	if (agreed->persistent)
		conn->max_persistent = min_t(unsigned int, S16_MAX,
					     READ_ONCE(blkback_max_pgrants));
	atomic_set(&conn->nr_running, 1);
	init_completion(&conn->drained);
	INIT_WORK(&conn->teardown, blkback_conn_teardown);
	INIT_DELAYED_WORK(&conn->notice, blkback_drain_notice);
	blkback_rest_init_watch(conn);
	return conn;
}

/**
 * blkback_conn_choose() - decide what requests may use of the disk
 * @conn: the connection
 * @offer: what the frontend is offered; not all of it exists in each format
 */
void blkback_conn_choose(struct blkback_conn *conn,
			 const struct blkback_vbd_offer *offer)
{
	conn->ops = offer->ops;
	if (conn->agreed.layout.abi->slim) {
		conn->pi = offer->pi;
		return;
	}
	conn->ops.fua = false;
	conn->ops.zeroes = false;
	conn->ops.max_ranges = 1;
}

static void blkback_queue_init(struct blkback_queue *queue)
{
	spin_lock_init(&queue->done_lock);
	init_waitqueue_head(&queue->wait);
	INIT_LIST_HEAD(&queue->done);
	INIT_LIST_HEAD(&queue->lingering);
	INIT_LIST_HEAD(&queue->mapping);
	INIT_LIST_HEAD(&queue->free_reqs);
	INIT_LIST_HEAD(&queue->held);
	INIT_LIST_HEAD(&queue->ranges);
	queue->budget.max_reserved = READ_ONCE(blkback_max_mapped) /
				     queue->conn->agreed.nr_queues;
	blkback_rest_init(queue);
}

/**
 * blkback_conn_add_queue() - set up the next queue
 * @conn: the connection, which has fewer queues than were agreed
 * @keys: what the frontend wrote about the queue
 *
 * Return: 0 or -errno, which was reported; -ENOSPC if it is to be tried again.
 */
int blkback_conn_add_queue(struct blkback_conn *conn,
			   const struct blkback_queue_keys *keys)
{
	struct blkback_queue *queue = &conn->queues[conn->nr_queues];
	struct xenbus_device *dev = conn->blkback->dev;
	const char *step = "mapping the ring";
	int err;

	queue->conn = conn;
	queue->index = conn->nr_queues;
	blkback_queue_init(queue);
	err = blkback_ring_map(queue, keys->grefs);
	if (err == -ENOSPC) {
		blkback_log(conn->blkback, warn,
			    "queue %u: Xen has no room for the ring, trying again (gnttab_max_maptrack_frames)\n",
			    queue->index);
		return err;
	}
	if (err)
		goto refuse;
	step = "binding the event channel";
	err = bind_interdomain_evtchn_to_irqhandler_lateeoi(dev, keys->port,
							    blkback_queue_irq,
							    0, "blkif-backend",
							    queue);
	if (err < 0)
		goto unmap;
	queue->event.irq = err;
	conn->nr_queues++;
	return 0;

unmap:
	blkback_ring_unmap(queue);
	/* Not to be taken for a lack of room for the ring. */
	err = err == -ENOSPC ? -EBUSY : err;
refuse:
	blkback_refuse(conn->blkback, err, "%s of queue %u failed", step,
		       queue->index);
	return err;
}

/**
 * blkback_conn_start() - start to serve all queues
 * @conn: the connection, whose queues were all added
 *
 * Unless the frontend is in this domain, threads start when there are requests.
 * There may be some already.
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_conn_start(struct blkback_conn *conn)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < conn->nr_queues && !err; i++) {
		atomic_inc(&conn->nr_running);
		if (conn->local)
			err = blkback_rest_start(&conn->queues[i]);
		else
			blkback_rest_begin(&conn->queues[i]);
	}
	if (!err) {
		blkback_rest_start_watch(conn);
		return 0;
	}
	blkback_conn_thread_ended(conn);
	blkback_refuse(conn->blkback, err,
		       "starting the thread of queue %u failed", i - 1);
	return err;
}

/**
 * blkback_conn_describe() - describe a connection for the log and for sysfs
 * @conn: the connection
 * @agreed: filled in
 */
void blkback_conn_describe(const struct blkback_conn *conn,
			   struct blkif_agreed *agreed)
{
	*agreed = (struct blkif_agreed) {
		.choice = conn->agreed,
		.max_segs = conn->max_segs,
		.ops = conn->ops,
		.pi = conn->pi,
		.data = conn->agreed.persistent ? "persistent grants" :
						  "mapped or copied",
		.flush = conn->blkback->vbd.write_cache ? "flush" : "none",
	};
}

/**
 * blkback_conn_in_flight() - how many requests are not answered yet?
 * @conn: the connection
 *
 * Return: their number, over all queues.
 */
unsigned int blkback_conn_in_flight(const struct blkback_conn *conn)
{
	unsigned int i, sum = 0;

	for (i = 0; i < conn->nr_queues; i++)
		sum += READ_ONCE(conn->queues[i].in_flight);
	return sum;
}

/**
 * blkback_conn_thread_ended() - one that used the queues does so no more
 * @conn: the connection, which may be freed when this returns
 *
 * Context: the thread of a queue, at its end, a work item that starts none, or
 * whoever stops the connection.
 */
void blkback_conn_thread_ended(struct blkback_conn *conn)
{
	if (atomic_dec_and_test(&conn->nr_running))
		queue_work(blkback_teardown_wq, &conn->teardown);
}

/**
 * blkback_conn_stop() - start to tear a connection down
 * @conn: the connection, to which no more queues are added
 *
 * It ends when the requests in flight are answered.  The caller gets a
 * reference, to be dropped by blkback_conn_put().
 */
void blkback_conn_stop(struct blkback_conn *conn)
{
	unsigned int i;

	kref_get(&conn->ref);
	blkback_drain_begins(conn);
	/* Before ENDED, which only the teardown sets. */
	WRITE_ONCE(conn->state, BLKBACK_CONN_STOPPED);
	/* Pairs with blkback_rest_retry(). */
	smp_mb();
	for (i = 0; i < conn->nr_queues; i++) {
		wake_up(&conn->queues[i].wait);
		blkback_rest_cancel(&conn->queues[i]);
	}
	blkback_conn_thread_ended(conn);
}

/**
 * blkback_conn_abandon() - the outcome of requests does not matter any more
 * @conn: the connection
 *
 * Discards then end before all of their ranges are done.
 */
void blkback_conn_abandon(struct blkback_conn *conn)
{
	WRITE_ONCE(conn->abandoned, true);
}

/**
 * blkback_conn_wait() - wait for the end of a connection
 * @conn: the connection, which was stopped
 * @timeout: in jiffies; 0 does not wait for requests in flight
 *
 * Context: process context.
 *
 * Return: true if it has ended: all requests are answered, and no page of the
 * frontend is mapped.
 */
bool blkback_conn_wait(struct blkback_conn *conn, unsigned long timeout)
{
	if (READ_ONCE(conn->state) == BLKBACK_CONN_ENDED) {
		wait_for_completion(&conn->drained);
		return true;
	}
	return timeout && wait_for_completion_timeout(&conn->drained, timeout);
}

/**
 * blkback_conn_put() - drop the reference to a connection that was stopped
 * @conn: the connection
 */
void blkback_conn_put(struct blkback_conn *conn)
{
	kref_put(&conn->ref, blkback_conn_free);
}

/**
 * blkback_conn_refuse() - take no more requests of a connection
 * @conn: the connection
 *
 * Those in flight are answered.
 *
 * Context: any.
 *
 * Return: true if requests were taken before.
 */
bool blkback_conn_refuse(struct blkback_conn *conn)
{
	return cmpxchg(&conn->state, BLKBACK_CONN_RUNNING,
		       BLKBACK_CONN_BROKEN) == BLKBACK_CONN_RUNNING;
}

/**
 * blkback_conn_break() - a frontend broke the rules of a ring
 * @queue: the queue of the ring
 * @why: what it did, for the log and for XenStore
 *
 * This is the only place that declares a connection broken, and it does so
 * once.  No queue takes requests any more, those in flight are answered, and
 * the work item closes the device.
 *
 * Context: whoever uses the queue: its thread, or its work item.
 */
void blkback_conn_break(struct blkback_queue *queue, const char *why)
{
	struct blkback_conn *conn = queue->conn;

	blkback_conn_abandon(conn);
	if (!blkback_conn_refuse(conn))
		return;
	queue->count.stats.error.protocol++;
	WRITE_ONCE(conn->why, why);
	blkback_schedule_work(conn->blkback);
}
