// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the thread of a queue.
 *
 *   blkback_queue_irq()          an event: wakes the thread, or has one started
 *   blkback_queue_done()         completion of bios: hands a request over
 *   blkback_queue_thread()       makes passes, and sleeps
 *     blkback_queue_pass()
 *       blkback_queue_reap()       done requests: release a batch, answer it
 *       blkback_queue_fetch()      take requests, map a batch, start it
 *     blkback_wait_idle()          publish, poll, ask for an event: see wait.c
 *     blkback_wait_sleep()
 *
 * Only the thread uses the ring, the grants and the counters, so none of them
 * has a lock.
 */

#define pr_fmt(fmt) "xen-blkback: " fmt

#include <linux/blkdev.h>
#include <linux/freezer.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "account.h"
#include "queue.h"
#include "rest.h"
#include "trace.h"

/* Passes without a sleep after which unused memory is freed. */
#define BLKBACK_TRIM_PASSES	256

/* Tags to take at a time.  Some disks have few more in a word of their map. */
#ifndef BLKBACK_TAGS
#define BLKBACK_TAGS		8U
#endif

#define BLKBACK_LOG_INTERVAL	(10 * HZ)

/*
 * A pass may have a ring full of requests, and do much for each of them.  After
 * so many of them, other tasks may run.
 */
#define BLKBACK_RESCHED		32U

static inline void blkback_queue_resched(unsigned int nr)
{
	if (nr % BLKBACK_RESCHED == 0)
		cond_resched();
}

/* The same, in a plug: what is plugged does not wait for other tasks. */
static inline void blkback_queue_resched_plugged(unsigned int nr,
						 struct blk_plug *plug)
{
	if (nr % BLKBACK_RESCHED || !need_resched())
		return;
	blk_finish_plug(plug);
	cond_resched();
	blk_start_plug(plug);
}

/**
 * blkback_queue_irq() - the frontend has sent an event
 * @irq: of the queue
 * @data: the queue
 *
 * The event stays masked until the thread has read the ring.
 *
 * Return: IRQ_HANDLED.
 */
irqreturn_t blkback_queue_irq(int irq, void *data)
{
	struct blkback_queue *queue = data;

	trace_blkback_event(queue);
	WRITE_ONCE(queue->event.time, ktime_get_ns());
	/* Pairs with blkback_wait_learn(), which reads the time. */
	smp_store_release(&queue->event.pending, true);
	/* Pairs with blkback_rest_release(). */
	smp_mb();
	if (likely(READ_ONCE(queue->state) == BLKBACK_QUEUE_ACTIVE))
		wake_up(&queue->wait);
	else
		blkback_rest_wake(queue);
	return IRQ_HANDLED;
}

/**
 * blkback_queue_done() - hand over a request whose bios are all done
 * @req: the request
 *
 * Context: any.  The queue may be freed when this returns.
 */
void blkback_queue_done(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	unsigned long flags;

	/* The thread cannot end before the lock is dropped: see conn.c. */
	spin_lock_irqsave(&queue->done_lock, flags);
	list_add_tail(&req->node, &queue->done);
	/*
	 * The thread need not wake itself.  An interrupt handler that has
	 * interrupted it must: the thread may have found nothing and be about
	 * to sleep.
	 */
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
	if (!queue->notify.unnotified++)
		queue->notify.since = blkback_now(queue);
	queue->notify.unpublished++;
	blkback_account_answered(queue);
	trace_blkback_answer(req, status);
	queue->in_flight--;
	if (queue->barrier == req)
		queue->barrier = NULL;
	blkback_io_free_segs(req);
	list_add(&req->node, &queue->free_reqs);
}

/* Release and answer requests that are done.  Return: true if any were. */
static bool blkback_queue_reap(struct blkback_queue *queue)
{
	struct blkback_req *req, *next;
	unsigned int nr = 0;
	LIST_HEAD(done);

	queue->count.now = 0;
	spin_lock_irq(&queue->done_lock);
	list_splice_init(&queue->done, &done);
	spin_unlock_irq(&queue->done_lock);
	list_splice_init(&queue->lingering, &done);
	if (list_empty(&done))
		return false;

	list_for_each_entry_safe(req, next, &done, node) {
		blkback_queue_resched(++nr);
		if (blkback_data_lingers(req))
			list_move_tail(&req->node, &queue->lingering);
		else
			blkback_data_release(req);
	}
	blkback_data_end(queue);
	if (list_empty(&done))
		return false;
	list_for_each_entry_safe(req, next, &done, node) {
		blkback_queue_resched(++nr);
		if (unlikely(req->nr_pi))
			blkback_pi_finish(req);
		blkback_account_done(req);
		if (blkif_op_is_range(req->cmd.op))
			blkback_range_ended(queue);
		blkback_queue_respond(queue, req, blkback_io_status(req));
	}
	return true;
}

/**
 * blkback_queue_new_req() - allocate one more request
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * As many requests are kept as were in flight at once, at least one, until the
 * queue is idle.
 *
 * Return: the request, or NULL.
 */
struct blkback_req *blkback_queue_new_req(struct blkback_queue *queue,
					  gfp_t gfp)
{
	struct blkback_guest *guest = queue->conn->guest;
	struct blkback_req *req;

	/* The first request of a queue is not refused. */
	if (!queue->nr_reqs)
		blkback_guest_take(&guest->bytes, sizeof(*req), LONG_MAX);
	else if (!blkback_guest_take_bytes(guest, sizeof(*req)))
		return NULL;
	req = kmem_cache_alloc(blkback_req_cache, gfp);
	if (!req) {
		blkback_guest_give(&guest->bytes, sizeof(*req));
		return NULL;
	}
	req->queue = queue;
	queue->nr_reqs++;
	return req;
}

/**
 * blkback_queue_free_req() - free a request
 * @queue: its queue
 * @req: the request, which is in no list
 */
void blkback_queue_free_req(struct blkback_queue *queue,
			    struct blkback_req *req)
{
	kmem_cache_free(blkback_req_cache, req);
	queue->nr_reqs--;
	blkback_guest_give(&queue->conn->guest->bytes, sizeof(*req));
}

/* Nothing is in flight: free half of the requests, but not the last one. */
static void blkback_queue_trim(struct blkback_queue *queue)
{
	unsigned int nr = queue->nr_reqs / 2;
	struct blkback_req *req;

	while (nr--) {
		req = list_first_entry(&queue->free_reqs, struct blkback_req,
				       node);
		list_del(&req->node);
		blkback_queue_free_req(queue, req);
	}
	blkback_io_give_named(queue, 0);
}

/* A request to fill in, or NULL if there is no memory for one now. */
static struct blkback_req *blkback_queue_get_req(struct blkback_queue *queue)
{
	struct blkback_req *req;

	req = list_first_entry_or_null(&queue->free_reqs, struct blkback_req,
				       node);
	if (req)
		list_del(&req->node);
	else
		req = blkback_queue_new_req(queue, BLKBACK_GFP);
	queue->budget.starved = !req;
	return req;
}

/*
 * Start the batch.  Requests that are rejected are moved to @rejected, and those
 * that Xen had no room for to @held.
 */
static void blkback_queue_start_batch(struct blkback_queue *queue,
				      struct list_head *rejected,
				      struct list_head *held)
{
	struct blkback_req *req, *next;
	struct blk_plug plug;
	unsigned int nr = 0;
	LIST_HEAD(batch);

	list_splice_init(&queue->mapping, &batch);
	blk_start_plug(&plug);
	list_for_each_entry_safe(req, next, &batch, node) {
		blkback_queue_resched_plugged(nr, &plug);
		/*
		 * When the block layer next allocates a tag, it takes as many
		 * as this says.  blk_start_plug_nr_ios() would set it, but
		 * modules cannot call that.  A tag that no bio uses is kept
		 * until the end of the plug, so no more are asked for than
		 * there are requests.
		 */
		if (nr++ % BLKBACK_TAGS == 0)
			plug.nr_ios = min(queue->nr_mapping, BLKBACK_TAGS);
		queue->nr_mapping--;
		/* The request may be done, and in another list, after this. */
		switch (blkback_io_start(req)) {
		case BLKBACK_READY:
			break;
		case BLKBACK_WAIT:
			list_add_tail(&req->node, held);
			break;
		case BLKBACK_REJECT:
			list_add_tail(&req->node, rejected);
			break;
		}
	}
	blk_finish_plug(&plug);
}

/* What a request was given by blkback_io_prepare() is given back. */
static void blkback_queue_unprepare(struct blkback_queue *queue,
				    struct list_head *reqs)
{
	struct blkback_req *req;

	list_for_each_entry(req, reqs, node)
		blkback_data_release(req);
	blkback_data_end(queue);
	list_for_each_entry(req, reqs, node)
		blkback_io_free_segs(req);
}

/*
 * Map and copy the batch and start it.  A disk that has no room makes the
 * thread wait.  If it did so last time, the frontend is notified of all
 * responses first, so that it need not wait as well.
 */
static void blkback_queue_submit(struct blkback_queue *queue)
{
	unsigned long began = jiffies;
	struct blkback_req *req, *next;
	LIST_HEAD(rejected);
	LIST_HEAD(held);

	if (queue->slow_start && queue->nr_mapping)
		blkback_wait_publish(queue, true);
	blkback_data_begin(queue);
	if (queue->nr_mapping)
		blkback_queue_start_batch(queue, &rejected, &held);
	queue->slow_start = time_after(jiffies, began);
	if (!list_empty(&rejected))
		blkback_queue_unprepare(queue, &rejected);
	list_for_each_entry_safe(req, next, &rejected, node)
		blkback_queue_respond(queue, req, req->status);
	if (list_empty(&held))
		return;
	queue->count.stats.oo_req++;
	blkback_queue_unprepare(queue, &held);
	/* Before those that were held while the batch was prepared. */
	list_splice(&held, &queue->held);
}

/*
 * Prepare a request or reject it.  Return: false if it has to wait, and with it
 * all requests that come after it.
 */
static bool blkback_queue_prepare(struct blkback_queue *queue,
				  struct blkback_req *req)
{
	bool barrier = req->cmd.op == BLKIF_OP_WRITE_BARRIER;

	if (!blkback_data_fits(queue, req->cmd.nr_segs)) {
		blkback_queue_submit(queue);
		cond_resched();
	}

	if (barrier && queue->in_flight > 1) {
		list_add_tail(&req->node, &queue->held);
		return false;
	}
	if (barrier)
		queue->barrier = req;
	switch (blkback_io_prepare(req)) {
	case BLKBACK_READY:
		list_add_tail(&req->node, &queue->mapping);
		queue->nr_mapping++;
		return true;
	case BLKBACK_REJECT:
		blkback_queue_respond(queue, req, req->status);
		return true;
	default:
		queue->count.stats.oo_req++;
		list_add_tail(&req->node, &queue->held);
		return false;
	}
}

/* Prepare the requests that were held, in order, until one has to wait. */
static void blkback_queue_retry(struct blkback_queue *queue)
{
	struct blkback_req *req;
	LIST_HEAD(held);

	list_splice_init(&queue->held, &held);
	while (!list_empty(&held)) {
		req = list_first_entry(&held, struct blkback_req, node);
		list_del(&req->node);
		if (!blkback_queue_prepare(queue, req))
			break;
	}
	list_splice_tail(&held, &queue->held);
}

/* Take a request.  Return: 1 if there was one, 0 if not, -EPROTO. */
static int blkback_queue_take(struct blkback_queue *queue)
{
	struct blkback_req *req;
	int ret;

	req = blkback_queue_get_req(queue);
	if (!req) {
		queue->count.stats.oo_req++;
		return 0;
	}
	ret = blkif_back_get(&queue->ring, &req->cmd);
	if (ret <= 0) {
		list_add(&req->node, &queue->free_reqs);
		return ret;
	}
	req->nr_reserved = 0;
	req->nr_pages = 0;
	req->nr_pi = 0;
	req->indirect_mem = NULL;
	req->counted = 0;
	req->error = BLK_STS_OK;
	req->bad_grant = false;
	req->no_room = false;
	req->copied = false;
	req->sectors = 0;
	queue->in_flight++;
	blkback_account_taken(req);
	trace_blkback_take(req, 0);
	blkback_queue_prepare(queue, req);
	return 1;
}

static void blkback_queue_get_limits(struct blkback_queue *queue)
{
	struct blkback *blkback = queue->conn->blkback;

	blkback_vbd_limits(&blkback->vbd, &queue->conn->ops, &queue->lim);
	queue->lim.max_segs = queue->conn->max_segs;
	queue->lim.max_inline = queue->conn->agreed.layout.abi->max_inline;
	queue->lim.pi_interval = blkback_pi_interval(queue->conn);
	queue->write_through = !blkback->vbd.write_cache &&
			       bdev_write_cache(blkback->vbd.bdev);
	if (unlikely(blkback_vbd_changed(&blkback->vbd)))
		blkback_schedule_work(blkback);
}

/*
 * Take requests, at most a ring of them.  Return: true if there were any, and
 * none of them has to wait.
 */
static bool blkback_queue_fetch(struct blkback_queue *queue)
{
	bool any = !list_empty(&queue->held);
	u32 budget = queue->ring.nr_slots;
	int ret = 1;

	/* The disk may have changed since the held requests came. */
	blkback_queue_get_limits(queue);
	blkback_queue_retry(queue);
	while (budget-- && !blkback_queue_blocked(queue)) {
		ret = blkback_queue_take(queue);
		if (ret <= 0)
			break;
		any = true;
		blkback_queue_resched(budget);
	}
	blkback_queue_submit(queue);
	any &= list_empty(&queue->held);
	if (ret < 0)
		blkback_conn_break(queue, "the frontend breaks the rules of the ring");
	return any;
}

/* Return: true if there may be more to do now. */
static bool blkback_queue_pass(struct blkback_queue *queue)
{
	bool more;

	more = blkback_queue_reap(queue);
	more |= blkback_queue_fetch(queue);
	more |= blkback_queue_reap(queue);
	blkback_wait_publish_due(queue);
	return more;
}

static void blkback_queue_log_stats(struct blkback_queue *queue)
{
	const struct blkback_stats *stats = &queue->count.stats;

	u64 now = get_jiffies_64();

	if (!blkback_log_stats || time_before64(now, queue->count.next_log))
		return;
	queue->count.next_log = now + BLKBACK_LOG_INTERVAL;
	pr_info("%s: oo %llu | rd %llu | wr %llu | f %llu | ds %llu | pg %u/%u\n",
		current->comm, stats->oo_req, stats->rd_req, stats->wr_req,
		stats->f_req, stats->ds_req, queue->grant.cache.nr_mapped,
		queue->grant.cache.nr_entries);
}

/**
 * blkback_queue_thread() - serve a queue until its connection is stopped, or
 *			    until it is at rest
 * @data: the queue
 *
 * Return: 0; no request is in flight then.
 */
int blkback_queue_thread(void *data)
{
	struct blkback_queue *queue = data;
	bool worked = false;	/* since the last event was acknowledged */
	unsigned int passes = 0, trimmed = 0;
	bool idle, reclaim;

	/* An allocation might otherwise wait for I/O of this very thread. */
	memalloc_noio_save();
	set_freezable();
	while (!blkback_queue_finished(queue)) {
		do {
			while (blkback_queue_pass(queue)) {
				worked = true;
				/* A busy queue may never sleep. */
				if (++passes % BLKBACK_TRIM_PASSES == 0)
					blkback_data_trim(queue, false);
				try_to_freeze();
				cond_resched();
			}
			cond_resched();
		} while (blkback_wait_idle(queue, &worked));

		idle = passes == trimmed && !queue->in_flight;
		trimmed = passes;
		reclaim = blkback_data_trim(queue, idle);
		if (blkback_rest_due(queue, idle, reclaim)) {
			blkback_rest_end(queue);
			return 0;
		}
		if (idle)
			blkback_queue_trim(queue);
		blkback_queue_log_stats(queue);
		blkback_wait_sleep(queue);
	}
	/* The queue may be freed after this. */
	blkback_conn_thread_ended(queue->conn);
	return 0;
}
