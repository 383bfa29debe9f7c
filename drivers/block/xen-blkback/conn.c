// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: a connection comes and goes.
 *
 * Teardown has two phases.  First the connection is made unreachable: its
 * threads are told to take no more requests, and sysfs and xenbus forget it.
 * From then on nothing adds work.  Then it is drained: the threads end when
 * all that was taken is answered, and only after that the event channels, the
 * rings and the grants go.  The second phase runs in a work item, because it
 * lasts as long as the disk takes and xenbus has one thread for all devices.
 *
 * No bio can outlive its queue: a thread ends when in_flight is zero, which
 * it counts down itself after the last bio handed the request over under
 * done_lock, and who hands over is done with the queue when it unlocks.
 */

#include <linux/slab.h>
#include <xen/events.h>
#include "blkback.h"

static void blkback_conn_free(struct kref *ref)
{
	kvfree(container_of(ref, struct blkback_conn, ref));
}

static void blkback_queue_exit(struct blkback_queue *queue)
{
	struct blkback_req *req, *next;

	list_for_each_entry_safe(req, next, &queue->idle, node)
		kmem_cache_free(blkback_req_cache, req);
	kvfree(queue->reserve);
}

static void blkback_queue_teardown(struct blkback_queue *queue)
{
	unbind_from_irqhandler(queue->irq, queue);
	blkback_grant_exit(queue);
	blkback_ring_unmap(queue);
	blkback_queue_exit(queue);
}

/* Take the connection away from sysfs; its counts stay. */
static void blkback_conn_hide(struct blkback_conn *conn)
{
	struct blkback *blkback = conn->blkback;
	unsigned int i;

	mutex_lock(&blkback->lock);
	for (i = 0; i < conn->nr_queues; i++)
		blkback_stats_add(&blkback->stats, &conn->queues[i].stats);
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

	for (i = 0; i < conn->nr_queues; i++) {
		if (conn->queues[i].thread)
			kthread_stop(conn->queues[i].thread);
	}
	blkback_conn_hide(conn);
	for (i = 0; i < conn->nr_queues; i++)
		blkback_queue_teardown(&conn->queues[i]);
	/*
	 * Another connection may wait for this one's end.  Who finds this set
	 * waits the moment that is left, and who does not is poked after that.
	 */
	WRITE_ONCE(conn->ending, true);
	blkback_poke(blkback);
	blkback_put(blkback);
	complete_all(&conn->drained);
	kref_put(&conn->ref, blkback_conn_free);
}

/**
 * blkback_conn_alloc() - a connection without queues
 * @blkback: the disk; the connection takes a reference
 * @agreed: what was negotiated
 *
 * Return: the connection, to be ended with blkback_conn_stop(), or NULL.
 */
struct blkback_conn *blkback_conn_alloc(struct blkback *blkback,
					const struct blkif_choice *agreed)
{
	struct blkback_conn *conn;

	conn = kvzalloc(struct_size(conn, queues, agreed->nr_queues),
			GFP_KERNEL);
	if (!conn)
		return NULL;
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
	init_completion(&conn->drained);
	INIT_WORK(&conn->teardown, blkback_conn_teardown);
	return conn;
}

/* The requests and memory that the queue can always count on. */
static int blkback_queue_init(struct blkback_queue *queue)
{
	size_t size = max(queue->conn->max_segs * BLKBACK_SEG_SIZE,
			  BLKIF_SLIM_MAX_RANGES * sizeof(struct blkif_range));
	struct blkback_req *req;

	spin_lock_init(&queue->done_lock);
	init_waitqueue_head(&queue->wait);
	INIT_LIST_HEAD(&queue->done);
	INIT_LIST_HEAD(&queue->lingering);
	INIT_LIST_HEAD(&queue->mapping);
	INIT_LIST_HEAD(&queue->idle);
	INIT_LIST_HEAD(&queue->ranges);
	queue->next_log = jiffies;

	req = blkback_queue_new_req(queue, GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	list_add(&req->node, &queue->idle);
	queue->reserve = kvmalloc(size, GFP_KERNEL);
	return queue->reserve ? 0 : -ENOMEM;
}

/**
 * blkback_conn_add_queue() - set up the next queue
 * @conn: the connection, which has fewer queues than were agreed
 * @grefs: the pages of its ring
 * @port: the frontend's event channel
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_conn_add_queue(struct blkback_conn *conn, const grant_ref_t *grefs,
			   evtchn_port_t port)
{
	struct blkback_queue *queue = &conn->queues[conn->nr_queues];
	struct xenbus_device *dev = conn->blkback->dev;
	const char *what = "allocating memory";
	int err;

	queue->conn = conn;
	queue->index = conn->nr_queues;
	err = blkback_queue_init(queue);
	if (err)
		goto free_init;
	err = blkback_grant_init(queue);
	if (err)
		goto free_init;
	what = "mapping the ring";
	err = blkback_ring_map(queue, grefs);
	if (err)
		goto exit_grants;
	what = "binding the event channel";
	err = bind_interdomain_evtchn_to_irqhandler_lateeoi(dev, port,
							    blkback_queue_irq,
							    0, "blkif-backend",
							    queue);
	if (err < 0)
		goto unmap;
	queue->irq = err;
	conn->nr_queues++;
	return 0;

unmap:
	blkback_ring_unmap(queue);
exit_grants:
	blkback_grant_exit(queue);
free_init:
	blkback_queue_exit(queue);
	blkback_refuse(dev, err, "%s of queue %u", what, queue->index);
	return err;
}

/**
 * blkback_conn_start() - start to take requests
 * @conn: all of whose queues were added
 * @name: of the disk; part of the names of the threads
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_conn_start(struct blkback_conn *conn, const char *name)
{
	unsigned int i;

	for (i = 0; i < conn->nr_queues; i++) {
		struct blkback_queue *queue = &conn->queues[i];
		struct task_struct *thread;

		thread = kthread_run(blkback_queue_thread, queue, "%u.%s-%u",
				     conn->domid, name, i);
		if (IS_ERR(thread)) {
			xenbus_dev_fatal(conn->blkback->dev, PTR_ERR(thread),
					 "starting the thread of queue %u", i);
			return PTR_ERR(thread);
		}
		queue->thread = thread;
	}
	return 0;
}

/** blkback_conn_owes() - has the disk yet to answer what was taken? */
bool blkback_conn_owes(const struct blkback_conn *conn)
{
	unsigned int i;

	for (i = 0; i < conn->nr_queues; i++) {
		if (READ_ONCE(conn->queues[i].in_flight))
			return true;
	}
	return false;
}

/**
 * blkback_conn_stop() - begin to end a connection
 * @conn: nobody else knows it any more
 *
 * What a slow disk still owes is waited for in the background.  The caller gets
 * a reference, to be given to blkback_conn_put().
 */
void blkback_conn_stop(struct blkback_conn *conn)
{
	unsigned int i;

	for (i = 0; i < conn->nr_queues; i++) {
		WRITE_ONCE(conn->queues[i].stop, true);
		wake_up(&conn->queues[i].wait);
	}
	kref_get(&conn->ref);
	queue_work(blkback_wq, &conn->teardown);
}

/**
 * blkback_conn_abandon() - nobody cares any more how requests end
 * @conn: the connection
 *
 * What a discard has yet to do is not done then.
 */
void blkback_conn_abandon(struct blkback_conn *conn)
{
	WRITE_ONCE(conn->abandoned, true);
}

/**
 * blkback_conn_wait() - wait for the end of a connection
 * @conn: which was stopped
 * @timeout: in jiffies; 0 only asks whether the disk still owes answers
 *
 * Return: true if it has ended: all that was taken is answered, and nothing of
 * the frontend's is mapped.
 *
 * Context: process context.
 */
bool blkback_conn_wait(struct blkback_conn *conn, unsigned long timeout)
{
	if (READ_ONCE(conn->ending)) {
		wait_for_completion(&conn->drained);
		return true;
	}
	return timeout && wait_for_completion_timeout(&conn->drained, timeout);
}

/** blkback_conn_put() - let go of a connection that was stopped */
void blkback_conn_put(struct blkback_conn *conn)
{
	kref_put(&conn->ref, blkback_conn_free);
}

/**
 * blkback_conn_broken() - the frontend broke the rules
 * @conn: the connection
 * @why: how, for the log and for XenStore
 *
 * The only place that says so, and it does once.  No queue takes any more
 * requests; those in flight are answered; the device goes to Closing.
 *
 * Context: the thread of a queue.
 */
void blkback_conn_broken(struct blkback_conn *conn, const char *why)
{
	unsigned int i;

	for (i = 0; i < conn->agreed.nr_queues; i++)
		WRITE_ONCE(conn->queues[i].broken, true);
	if (test_and_set_bit(0, &conn->broken))
		return;
	mutex_lock(&conn->blkback->lock);
	conn->blkback->stats.protocol++;
	/* Not over, but after what blkback_connect() writes. */
	if (!READ_ONCE(conn->queues[0].stop))
		blkback_refuse(conn->blkback->dev, -EPROTO, "%s", why);
	mutex_unlock(&conn->blkback->lock);
}
