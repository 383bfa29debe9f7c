// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the thread of a queue.
 *
 *   blkback_queue_irq()            an event: wakes the thread
 *   blkback_queue_done()           bio completion: hands a request over
 *   blkback_queue_thread()         sleeps, and makes passes:
 *     blkback_queue_pass()
 *       blkback_queue_reap()       done requests: unmap all at once, respond
 *       blkback_queue_fetch()      take requests and start them
 *       blkif_back_push()          one push and event check for all responses
 *
 * Only the thread touches the ring, the grants and the counts, so that none
 * of them has a lock.
 */

#include <linux/blkdev.h>
#include <linux/freezer.h>
#include <linux/slab.h>
#include <xen/events.h>
#include "blkback.h"

/* How soon to look again at what cannot be waited for. */
#define BLKBACK_RETRY_INTERVAL	(HZ / 50 + 1)

/* How often idle grants and free pages are looked at. */
#define BLKBACK_TRIM_INTERVAL	HZ

#define BLKBACK_TRIM_PASSES	256

#define BLKBACK_LOG_INTERVAL	(10 * HZ)

/**
 * blkback_queue_irq() - the frontend notified us
 * @irq: of the queue
 * @data: the queue
 *
 * The event stays masked until the thread has looked at the ring.
 */
irqreturn_t blkback_queue_irq(int irq, void *data)
{
	struct blkback_queue *queue = data;

	WRITE_ONCE(queue->kicked, true);
	wake_up(&queue->wait);
	return IRQ_HANDLED;
}

/**
 * blkback_queue_done() - hand over a request whose bios are all done
 * @req: the request
 *
 * Context: any.  The queue may be gone when this returns.
 */
void blkback_queue_done(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	unsigned long flags;

	/* The wake-up is under the lock so that the queue lives through it. */
	spin_lock_irqsave(&queue->done_lock, flags);
	list_add_tail(&req->node, &queue->done);
	/* An interrupt may have come between the thread's last look and sleep. */
	if (!in_task() || current != queue->thread)
		wake_up(&queue->wait);
	spin_unlock_irqrestore(&queue->done_lock, flags);
}

static void blkback_queue_respond(struct blkback_queue *queue,
				  struct blkback_req *req, s16 status)
{
	struct blkif_rsp rsp = {
		.id = req->cmd.id,
		.op = req->cmd.op,
		.status = status,
	};

	blkif_back_put(&queue->ring, &rsp);
	queue->stats.responses++;
	queue->in_flight--;
	if (queue->barrier == req)
		queue->barrier = NULL;
	blkback_io_free_segs(req);
	list_add(&req->node, &queue->idle);
}

/* Answer what is done, after its pages were unmapped.  True if any was. */
static bool blkback_queue_reap(struct blkback_queue *queue)
{
	struct blkback_req *req, *next;
	LIST_HEAD(done);

	spin_lock_irq(&queue->done_lock);
	list_splice_init(&queue->done, &done);
	spin_unlock_irq(&queue->done_lock);
	list_splice_init(&queue->lingering, &done);
	if (list_empty(&done))
		return false;

	list_for_each_entry_safe(req, next, &done, node) {
		if (blkback_grant_busy(req))
			list_move_tail(&req->node, &queue->lingering);
		else
			blkback_grant_release(req);
	}
	blkback_grant_flush(queue);
	if (list_empty(&done))
		return false;
	list_for_each_entry_safe(req, next, &done, node)
		blkback_queue_respond(queue, req, blkback_io_status(req));
	return true;
}

/**
 * blkback_queue_new_req() - one more request, or NULL
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * As many exist as were ever in flight, and at least one.
 */
struct blkback_req *blkback_queue_new_req(struct blkback_queue *queue,
					  gfp_t gfp)
{
	struct blkback_req *req = kmem_cache_alloc(blkback_req_cache, gfp);

	if (req)
		req->queue = queue;
	return req;
}

/* A request to fill in, or NULL if there is no memory for one now. */
static struct blkback_req *blkback_queue_get_req(struct blkback_queue *queue)
{
	struct blkback_req *req;

	req = list_first_entry_or_null(&queue->idle, struct blkback_req, node);
	if (req)
		list_del(&req->node);
	else
		req = blkback_queue_new_req(queue, GFP_NOIO | __GFP_NOWARN);
	queue->starved = !req;
	return req;
}

/*
 * Start a request or refuse it.  False if it must wait, and so must all that
 * come after it.
 */
static bool blkback_queue_start(struct blkback_queue *queue,
				struct blkback_req *req)
{
	bool barrier = req->cmd.op == BLKIF_OP_WRITE_BARRIER;
	int status;

	if (barrier && queue->in_flight > 1) {
		queue->held = req;
		return false;
	}
	queue->held = NULL;
	if (barrier)
		queue->barrier = req;
	status = blkback_io_start(req);
	if (status == -EAGAIN) {
		queue->stats.oo_req++;
		queue->held = req;
		return false;
	}
	if (status)
		blkback_queue_respond(queue, req, status);
	return true;
}

/* Take one request.  1 if there was one, 0 if not, -EPROTO. */
static int blkback_queue_take(struct blkback_queue *queue)
{
	struct blkback_req *req;
	int ret;

	req = blkback_queue_get_req(queue);
	if (!req) {
		queue->stats.oo_req++;
		return 0;
	}
	ret = blkif_back_get(&queue->ring, &req->cmd);
	if (ret <= 0) {
		list_add(&req->node, &queue->idle);
		return ret;
	}
	req->nr_mapped = 0;
	req->big = NULL;
	req->error = BLK_STS_OK;
	req->sectors = 0;
	queue->in_flight++;
	queue->stats.requests++;
	blkback_queue_start(queue, req);
	return 1;
}

static void blkback_queue_get_limits(struct blkback_queue *queue)
{
	struct blkback *blkback = queue->conn->blkback;

	blkback_vbd_limits(&blkback->vbd, &queue->lim);
	queue->lim.max_segs = queue->conn->max_segs;
	queue->lim.max_inline = queue->conn->agreed.layout.abi->max_inline;
	if (queue->lim.capacity != READ_ONCE(blkback->vbd.size))
		queue_work(blkback_wq, &blkback->resize);
}

/* Take what there is, one ring of requests at the most.  True if any was. */
static bool blkback_queue_fetch(struct blkback_queue *queue)
{
	u32 budget = queue->ring.nr_slots;
	struct blk_plug plug;
	bool any = false;
	int ret = 1;

	if (queue->held) {
		any = blkback_queue_start(queue, queue->held);
		if (!any)
			return false;
	}
	if (READ_ONCE(queue->stop) || READ_ONCE(queue->broken))
		return any;

	blkback_queue_get_limits(queue);
	blk_start_plug(&plug);
	while (budget-- && !queue->held && !queue->barrier) {
		ret = blkback_queue_take(queue);
		if (ret <= 0)
			break;
		any = true;
	}
	blk_finish_plug(&plug);
	if (ret < 0)
		blkback_conn_broken(queue->conn,
				    "the frontend breaks the rules of the ring");
	return any;
}

/* True if there is more to do at once. */
static bool blkback_queue_pass(struct blkback_queue *queue)
{
	bool more;

	more = blkback_queue_reap(queue);
	more |= blkback_queue_fetch(queue);
	more |= blkback_queue_reap(queue);
	if (blkif_back_push(&queue->ring)) {
		queue->stats.notifications++;
		notify_remote_via_irq(queue->irq);
	}
	return more;
}

/* Is there nothing that keeps us from taking requests? */
static bool blkback_queue_may_take(const struct blkback_queue *queue)
{
	return !READ_ONCE(queue->stop) && !READ_ONCE(queue->broken) &&
	       !queue->held && !queue->barrier && !queue->starved;
}

/*
 * The ring was found empty: ask for an event, unless a request came meanwhile,
 * and only then let events in again.  An event may well come after the request
 * that it is for was found, and is not spurious then.
 */
static bool blkback_queue_arm(struct blkback_queue *queue, bool *worked)
{
	int ret;

	if (!blkback_queue_may_take(queue))
		return false;
	ret = blkif_back_arm(&queue->ring);
	if (ret > 0)
		return true;
	if (ret < 0) {
		blkback_conn_broken(queue->conn,
				    "the frontend breaks the rules of the ring");
		return false;
	}
	if (xchg(&queue->kicked, false)) {
		queue->stats.events++;
		xen_irq_lateeoi(queue->irq,
				*worked ? 0 : XEN_EOI_FLAG_SPURIOUS);
		*worked = false;
	}
	return false;
}

static void blkback_queue_log(struct blkback_queue *queue)
{
	struct blkback_stats *stats = &queue->stats;

	if (!blkback_log_stats || time_before(jiffies, queue->next_log))
		return;
	queue->next_log = jiffies + BLKBACK_LOG_INTERVAL;
	pr_info("%s: oo %llu | rd %llu | wr %llu | f %llu | ds %llu | pg %u/%u\n",
		current->comm, stats->oo_req, stats->rd_req, stats->wr_req,
		stats->f_req, stats->ds_req, queue->cache.nr_mapped,
		queue->cache.nr_entries);
}

static bool blkback_queue_has_done(struct blkback_queue *queue)
{
	return !list_empty_careful(&queue->done);
}

static bool blkback_queue_finished(struct blkback_queue *queue)
{
	return kthread_should_stop() && !queue->in_flight;
}

static bool blkback_queue_wakeable(struct blkback_queue *queue)
{
	if (blkback_queue_has_done(queue) || blkback_queue_finished(queue))
		return true;
	return READ_ONCE(queue->kicked) && blkback_queue_may_take(queue);
}

static long blkback_queue_timeout(struct blkback_queue *queue)
{
	if (queue->held || queue->starved || !list_empty(&queue->lingering))
		return BLKBACK_RETRY_INTERVAL;
	if (queue->cache.nr_idle || queue->pages.num_pages || blkback_log_stats)
		return BLKBACK_TRIM_INTERVAL;
	return MAX_SCHEDULE_TIMEOUT;
}

/**
 * blkback_queue_thread() - serve a queue until told to stop
 * @data: the queue
 *
 * Return: 0.  When it does, no request is in flight.
 */
int blkback_queue_thread(void *data)
{
	struct blkback_queue *queue = data;
	bool worked = false;	/* since the last event was acknowledged */
	unsigned int passes = 0;

	set_freezable();
	while (!blkback_queue_finished(queue)) {
		do {
			while (blkback_queue_pass(queue)) {
				worked = true;
				/* A guest may never let us come to rest. */
				if (++passes % BLKBACK_TRIM_PASSES == 0)
					blkback_grant_trim(queue);
				cond_resched();
			}
		} while (blkback_queue_arm(queue, &worked));

		blkback_grant_trim(queue);
		blkback_queue_log(queue);
		wait_event_freezable_timeout(queue->wait,
					     blkback_queue_wakeable(queue),
					     blkback_queue_timeout(queue));
	}
	return 0;
}
