// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: queues that are at rest.
 *
 * A queue without requests for some time has nothing but its mapped rings and
 * its event channel: neither a thread nor memory for requests.  One that is in
 * use has all that it needs to make progress without any further memory.
 *
 *   blkback_rest_wake()      an event, or the watch: queues the work item
 *   blkback_rest_work()      ends an old thread; starts one if there is a request
 *   blkback_rest_due()       the thread asks whether there was nothing for long
 *   blkback_rest_end()       it gives everything back and queues the work item
 *   blkback_rest_watch()     looks for what no event announces
 *
 * blkback_queue.state says who uses the queue: its thread if ACTIVE, whoever has
 * claimed it if CLAIMED, nobody if it is at REST.  Only a transition from REST is
 * made by several, by cmpxchg().
 *
 * No event is lost.  The interrupt handler sets event.pending before it reads
 * the state; whoever sets REST does so before it reads event.pending; and there
 * is a full barrier in between on both sides.  So either the handler sees REST
 * and queues the work item, or the other side sees the event and does so.  In any
 * other state somebody sets REST later, or a thread starts, which does not sleep
 * with an event pending.
 *
 * A thread that is ACTIVE, and a work item that is queued or runs, are counted in
 * blkback_conn.nr_running, and hand that count on to one another.  The teardown
 * therefore finds neither.
 *
 * Memory of this domain may depend on a disk whose frontend is in this domain as
 * well: I/O on it may be what frees memory.  To start a thread takes memory, so
 * such a queue has its thread from the start and is never at rest.  For other
 * disks, the guest waits while dom0 has no memory, and dom0 does not wait for the
 * guest.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include "life.h"
#include "queue.h"
#include "rest.h"

/* A thread that had nothing to do for this long gives everything back. */
u32 blkback_rest_ms = 12 * MSEC_PER_SEC;

/* The same while dom0 is short of memory. */
#define BLKBACK_REST_SOON	HZ

/* But not sooner than this after its start, as to start it takes memory, too. */
#define BLKBACK_REST_AGAIN	(10 * HZ)

/* When to try again to start a thread. */
#define BLKBACK_REST_RETRY	HZ

/*
 * Whoever waits for it is a guest, so no process is to be killed for this memory.
 * If there is none, it is tried again.
 */
#define BLKBACK_REST_GFP	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static void blkback_rest_give_mem(struct blkback_queue *queue)
{
	struct blkback_req *req, *next;

	blkback_data_exit(queue);
	list_for_each_entry_safe(req, next, &queue->free_reqs, node) {
		list_del(&req->node);
		blkback_queue_free_req(queue, req);
	}
	blkback_io_give_named(queue, 0);
	kvfree(queue->budget.reserve);
	queue->budget.reserve = NULL;
	queue->has_mem = false;
}

/* With one request and the reserve, a queue always makes progress. */
static int blkback_rest_get_mem(struct blkback_queue *queue)
{
	size_t size = max(queue->conn->max_segs * BLKBACK_SEG_SIZE,
			  BLKIF_SLIM_MAX_RANGES * sizeof(struct blkif_range));
	struct blkback_req *req;
	int err;

	err = blkback_data_init(queue, BLKBACK_REST_GFP);
	if (err)
		return err;
	queue->has_mem = true;
	req = blkback_queue_new_req(queue, BLKBACK_REST_GFP);
	if (req)
		list_add(&req->node, &queue->free_reqs);
	queue->budget.reserve = blkback_alloc(1, size, BLKBACK_REST_GFP);
	if (req && queue->budget.reserve)
		return 0;
	blkback_rest_give_mem(queue);
	return -ENOMEM;
}

static void blkback_rest_reap(struct blkback_queue *queue)
{
	if (!queue->thread)
		return;
	kthread_stop(queue->thread);
	put_task_struct(queue->thread);
	queue->thread = NULL;
}

/**
 * blkback_rest_exit() - end the thread of a queue, and free its memory
 * @queue: the queue, of a connection without users
 *
 * Context: process context.
 */
void blkback_rest_exit(struct blkback_queue *queue)
{
	blkback_rest_reap(queue);
	if (queue->has_mem)
		blkback_rest_give_mem(queue);
}

/**
 * blkback_rest_start() - give a queue what it needs, and start its thread
 * @queue: the queue, claimed by the caller; the thread inherits the caller's
 *         count in blkback_conn.nr_running
 *
 * Context: process context.
 *
 * Return: 0 or -errno; nothing was done then.
 */
int blkback_rest_start(struct blkback_queue *queue)
{
	struct blkback_conn *conn = queue->conn;
	struct task_struct *thread;
	int err;

	err = blkback_rest_get_mem(queue);
	if (err)
		return err;
	thread = kthread_create(blkback_queue_thread, queue, "%u.%s-%u",
				conn->domid, conn->name, queue->index);
	if (IS_ERR(thread)) {
		blkback_rest_give_mem(queue);
		return PTR_ERR(thread);
	}
	/* The thread may end before it is stopped. */
	queue->thread = get_task_struct(thread);
	queue->count.stats.starts++;
	queue->used = get_jiffies_64();
	queue->started = queue->used;
	queue->hurry = false;
	queue->suspect = false;
	WRITE_ONCE(queue->reclaim, false);
	WRITE_ONCE(queue->state, BLKBACK_QUEUE_ACTIVE);
	wake_up_process(thread);
	return 0;
}

/**
 * blkback_rest_begin() - have the work item look at a queue
 * @queue: the queue, claimed by the caller, whose count in
 *         blkback_conn.nr_running passes to the work item
 *
 * Context: any.  The queue may be freed when this returns.
 */
void blkback_rest_begin(struct blkback_queue *queue)
{
	queue_delayed_work(blkback_start_wq, &queue->start, 0);
}

/* Claim a queue that is at rest. */
static bool blkback_rest_claim(struct blkback_queue *queue)
{
	return cmpxchg(&queue->state, BLKBACK_QUEUE_REST,
		       BLKBACK_QUEUE_CLAIMED) == BLKBACK_QUEUE_REST;
}

/* A queue of a connection that is torn down stays claimed. */
static void blkback_rest_begin_claimed(struct blkback_queue *queue)
{
	if (atomic_inc_not_zero(&queue->conn->nr_running))
		blkback_rest_begin(queue);
}

/**
 * blkback_rest_wake() - have the work item look at a queue that is at rest
 * @queue: the queue, in any state
 *
 * Context: any, after a full barrier that follows the event.
 */
void blkback_rest_wake(struct blkback_queue *queue)
{
	if (READ_ONCE(queue->conn->state) == BLKBACK_CONN_RUNNING &&
	    blkback_rest_claim(queue))
		blkback_rest_begin_claimed(queue);
}

/* Nobody uses a claimed queue any more. */
static void blkback_rest_release(struct blkback_queue *queue)
{
	WRITE_ONCE(queue->state, BLKBACK_QUEUE_REST);
	/* Pairs with blkback_queue_irq(). */
	smp_mb();
	if (READ_ONCE(queue->event.pending))
		blkback_rest_wake(queue);
}

/* There is no memory now.  The event that is pending, if any, stays so. */
static void blkback_rest_retry(struct blkback_queue *queue, int err)
{
	struct blkback_conn *conn = queue->conn;

	blkback_log(conn->blkback, warn,
		    "queue %u: starting its thread failed (%d), trying again\n",
		    queue->index, err);
	/* One count goes to the work item, this one keeps the connection. */
	atomic_inc(&conn->nr_running);
	queue_delayed_work(blkback_start_wq, &queue->start, BLKBACK_REST_RETRY);
	/* Pairs with blkback_conn_stop(): one of both sees the other. */
	smp_mb();
	if (READ_ONCE(conn->state) != BLKBACK_CONN_RUNNING)
		blkback_rest_cancel(queue);
	blkback_conn_thread_ended(conn);
}

/**
 * blkback_rest_cancel() - do not wait for memory any more
 * @queue: the queue, of a connection that takes no more requests
 *
 * Context: any.  The queue may be freed when this returns, unless the caller has
 * a count in blkback_conn.nr_running.
 */
void blkback_rest_cancel(struct blkback_queue *queue)
{
	if (cancel_delayed_work(&queue->start))
		blkback_conn_thread_ended(queue->conn);
}

static void blkback_rest_work(struct work_struct *work)
{
	struct blkback_queue *queue = container_of(to_delayed_work(work),
						   struct blkback_queue, start);
	struct blkback_conn *conn = queue->conn;
	bool worked = false;
	int err;

	blkback_rest_reap(queue);
	if (blkback_wait_rearm(queue, &worked)) {
		err = blkback_rest_start(queue);
		if (err)
			blkback_rest_retry(queue, err);
		return;
	}
	blkback_rest_release(queue);
	blkback_conn_thread_ended(conn);
}

/**
 * blkback_rest_init() - prepare a queue for the work item
 * @queue: the queue, which is claimed until blkback_rest_begin()
 */
void blkback_rest_init(struct blkback_queue *queue)
{
	queue->state = BLKBACK_QUEUE_CLAIMED;
	INIT_DELAYED_WORK(&queue->start, blkback_rest_work);
}

/**
 * blkback_rest_in() - when could a thread give everything back?
 * @queue: the queue
 *
 * Persistent grants are unmapped first, when they were not used for long.
 *
 * Context: the thread of the queue.
 *
 * Return: jiffies until then, at least 1; MAX_SCHEDULE_TIMEOUT if something has
 * to end before.
 */
long blkback_rest_in(const struct blkback_queue *queue)
{
	u64 rest = msecs_to_jiffies(READ_ONCE(blkback_rest_ms));
	u64 unused = get_jiffies_64() - queue->used;

	if (queue->conn->local || queue->in_flight || queue->budget.starved ||
	    queue->grant.cache.nr_mapped)
		return MAX_SCHEDULE_TIMEOUT;
	if (queue->hurry &&
	    get_jiffies_64() - queue->started >= BLKBACK_REST_AGAIN)
		rest = min_t(u64, rest, BLKBACK_REST_SOON);
	return rest > unused ? rest - unused : 1;
}

/**
 * blkback_rest_due() - is a thread to give everything back?
 * @queue: the queue, whose responses are published, and whose frontend was asked
 *         for an event
 * @idle: there was nothing to do since the thread last slept
 * @reclaim: dom0 is short of memory
 *
 * Context: the thread of the queue.
 *
 * Return: true if it is to call blkback_rest_end() and to end.
 */
bool blkback_rest_due(struct blkback_queue *queue, bool idle, bool reclaim)
{
	if (!idle) {
		queue->used = get_jiffies_64();
		queue->hurry = false;
	}
	queue->hurry |= reclaim;
	/* The event of a queue that takes no requests is never acknowledged. */
	return idle && blkback_rest_in(queue) == 1 &&
	       !(blkback_queue_may_take(queue) &&
		 READ_ONCE(queue->event.pending));
}

/**
 * blkback_rest_end() - give back what a queue has
 * @queue: the queue, without requests in flight; it may be freed when this
 *         returns
 *
 * Context: the thread of the queue, which ends after this.
 */
void blkback_rest_end(struct blkback_queue *queue)
{
	blkback_rest_give_mem(queue);
	WRITE_ONCE(queue->state, BLKBACK_QUEUE_CLAIMED);
	blkback_rest_begin(queue);
}

/* Return: true if there is a request, for which an event may still come. */
static bool blkback_rest_look(struct blkback_queue *queue)
{
	bool found;

	if (!blkback_rest_claim(queue))
		return false;
	found = !READ_ONCE(queue->event.pending) &&
		blkif_back_pending(&queue->ring);
	if (!found || !queue->suspect) {
		queue->suspect = found;
		blkback_rest_release(queue);
		return found;
	}
	queue->suspect = false;
	blkback_wait_lost(queue);
	blkback_rest_begin_claimed(queue);
	return false;
}

/*
 * By the rules of the ring, no event is lost; if one is, this ends the wait for
 * it.  A change of the disk is noticed by passes over a queue; if there are none,
 * it is noticed here.
 */
static void blkback_rest_watch(struct work_struct *work)
{
	struct blkback_conn *conn = container_of(to_delayed_work(work),
						 struct blkback_conn, watch);
	bool suspect = false;
	unsigned int i;

	if (READ_ONCE(conn->state) != BLKBACK_CONN_RUNNING)
		return;
	for (i = 0; i < conn->nr_queues; i++)
		suspect |= blkback_rest_look(&conn->queues[i]);
	if (blkback_vbd_changed(&conn->blkback->vbd))
		blkback_schedule_work(conn->blkback);
	queue_delayed_work(blkback_update_wq, &conn->watch, suspect ?
			   BLKBACK_LATE :
			   round_jiffies_relative(BLKBACK_WATCH_INTERVAL));
}

/**
 * blkback_rest_init_watch() - prepare the watch over the queues at rest
 * @conn: the connection
 */
void blkback_rest_init_watch(struct blkback_conn *conn)
{
	INIT_DELAYED_WORK(&conn->watch, blkback_rest_watch);
}

/**
 * blkback_rest_start_watch() - watch the queues at rest
 * @conn: the connection; the watch ends when it is stopped
 *
 * The timer is not deferrable: if dom0 is idle, such a timer may wait for ever.
 * It expires together with others.
 */
void blkback_rest_start_watch(struct blkback_conn *conn)
{
	queue_delayed_work(blkback_update_wq, &conn->watch,
			   round_jiffies_relative(BLKBACK_WATCH_INTERVAL));
}
