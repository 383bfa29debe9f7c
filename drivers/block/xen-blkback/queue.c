// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the thread of a queue.
 *
 *   blkback_queue_irq()            an event: wakes the thread
 *   blkback_queue_done()           bio completion: hands a request over
 *   blkback_queue_thread()         sleeps, and makes passes:
 *     blkback_queue_pass()
 *       blkback_queue_reap()       done requests: unmap all at once, respond
 *       blkback_queue_fetch()      take requests, map all at once, start them
 *     blkback_queue_push()         one push and event check for all responses
 *     blkback_queue_wait_a_moment()  poll, before asking for an event
 *
 * Only the thread touches the ring, the grants and the counts, so that none
 * of them has a lock.
 */

#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <xen/events.h>
#include "stats.h"
#include "trace.h"

/* How soon to look again at what cannot be waited for. */
#define BLKBACK_RETRY_INTERVAL	(HZ / 50 + 1)

/* How often idle grants and free pages are looked at. */
#define BLKBACK_TRIM_INTERVAL	HZ

#define BLKBACK_TRIM_PASSES	256

/* Tags to take in one go.  There are disks whose maps of them hold few more. */
#ifndef BLKBACK_TAGS
#define BLKBACK_TAGS		8U
#endif

#define BLKBACK_LOG_INTERVAL	(10 * HZ)

/* Shorter than this, polling finds nothing. */
#define BLKBACK_POLL_MIN_NS	((u32)(5 * NSEC_PER_USEC))

#define BLKBACK_POLL_MAX_US	1000U

/* Of sleeps without polling, one in so many is put off for so many poll_us. */
#define BLKBACK_PROBE_OFTEN	8U
#define BLKBACK_PROBE_SELDOM	1024U
#define BLKBACK_PROBE_FACTOR	8U

/* Responses that are pushed together, at most. */
#define BLKBACK_COALESCE	16

/* A frontend that asked for more responses than there are waits no longer. */
#define BLKBACK_LATEST_NS	((u64)200 * NSEC_PER_USEC)

/* How often a queue that sleeps is looked at, lest an event was lost. */
#define BLKBACK_WATCH_INTERVAL	(5 * HZ)

/* An event that is only late comes within this, on a busy host too. */
#define BLKBACK_LATE		(HZ / 2)

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

	trace_blkback_event(queue);
	WRITE_ONCE(queue->kicked_at, ktime_get_ns());
	/* Pairs with blkback_queue_slept(). */
	smp_store_release(&queue->kicked, true);
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

/* A parameter in microseconds, within reason. */
static u32 blkback_queue_ns(const unsigned int *us)
{
	return min(READ_ONCE(*us), BLKBACK_POLL_MAX_US) * NSEC_PER_USEC;
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
	if (!queue->unnotified++)
		queue->unnotified_since = blkback_stats_now(queue);
	queue->unpushed++;
	queue->stats.responses++;
	blkback_stats_answered(queue);
	trace_blkback_answer(req, status);
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

	queue->now = 0;
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
	list_for_each_entry_safe(req, next, &done, node) {
		if (unlikely(req->nr_pi))
			blkback_pi_finish(req);
		blkback_stats_done(req);
		if (blkif_op_is_range(req->cmd.op))
			blkback_range_ended(queue);
		blkback_queue_respond(queue, req, blkback_io_status(req));
	}
	return true;
}

/**
 * blkback_queue_new_req() - one more request, or NULL
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * As many exist as were in flight at a time, until the queue is idle for long,
 * and at least one.
 */
struct blkback_req *blkback_queue_new_req(struct blkback_queue *queue,
					  gfp_t gfp)
{
	struct blkback_req *req = kmem_cache_alloc(blkback_req_cache, gfp);

	if (!req)
		return NULL;
	req->queue = queue;
	queue->nr_reqs++;
	return req;
}

/* Nothing is in flight: give back half of the requests, but for the last. */
static void blkback_queue_trim(struct blkback_queue *queue)
{
	unsigned int nr = queue->nr_reqs / 2;
	struct blkback_req *req;

	while (nr--) {
		req = list_first_entry(&queue->idle, struct blkback_req, node);
		list_del(&req->node);
		kmem_cache_free(blkback_req_cache, req);
		queue->nr_reqs--;
	}
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
 * One push and event check for all responses since the last.  When there is no
 * more to come soon, a frontend that waits for more is notified all the same.
 */
static void blkback_queue_push(struct blkback_queue *queue, bool last)
{
	bool notify = blkif_back_publish(&queue->ring);

	queue->unpushed = 0;
	if (!queue->unnotified)
		return;
	if (!notify && blkif_back_owes_event(&queue->ring)) {
		if (!last)
			return;
		notify = true;
	}
	queue->unnotified = 0;
	if (!notify)
		return;
	queue->stats.notifications++;
	trace_blkback_notify(queue);
	notify_remote_via_irq(queue->irq);
}

/* Start what was mapped; what cannot be is moved to @bad. */
static void blkback_queue_start_batch(struct blkback_queue *queue,
				      struct list_head *bad)
{
	struct blkback_req *req, *next;
	struct blk_plug plug;
	unsigned int nr = 0;
	LIST_HEAD(batch);

	list_splice_init(&queue->mapping, &batch);
	blk_start_plug(&plug);
	list_for_each_entry_safe(req, next, &batch, node) {
		/*
		 * The next time that the block layer has to allocate, it does
		 * so for as many bios.  This is what blk_start_plug_nr_ios() is
		 * for, which modules cannot call.  Tags for other kinds of bios
		 * are of no use and are kept until the end of the plug, so what
		 * is asked for is no more than there are requests.
		 */
		if (nr++ % BLKBACK_TAGS == 0)
			plug.nr_ios = min(queue->nr_mapping, BLKBACK_TAGS);
		queue->nr_mapping--;
		/* It may be done, and in another list, when this returns. */
		if (blkback_io_start(req))
			list_add_tail(&req->node, bad);
	}
	blk_finish_plug(&plug);
}

/*
 * Map what was prepared and start it.  A disk that has no room may have us wait
 * for it, and nobody else should: if it did last time, what was answered until
 * now is told first.
 */
static void blkback_queue_submit(struct blkback_queue *queue)
{
	unsigned long began = jiffies;
	struct blkback_req *req, *next;
	LIST_HEAD(bad);

	if (queue->blocked && queue->nr_mapping)
		blkback_queue_push(queue, true);
	blkback_grant_map(queue);
	if (queue->nr_mapping)
		blkback_queue_start_batch(queue, &bad);
	queue->blocked = time_after(jiffies, began);
	if (list_empty(&bad))
		return;
	list_for_each_entry(req, &bad, node)
		blkback_grant_release(req);
	blkback_grant_flush(queue);
	list_for_each_entry_safe(req, next, &bad, node)
		blkback_queue_respond(queue, req, BLKIF_RSP_ERROR);
}

/*
 * Prepare a request or refuse it.  False if it must wait, and so must all that
 * come after it.
 */
static bool blkback_queue_start(struct blkback_queue *queue,
				struct blkback_req *req)
{
	bool barrier = req->cmd.op == BLKIF_OP_WRITE_BARRIER;
	int status;

	/* One of any size fits when the batch is empty. */
	if (!blkback_grant_fits(queue, req->cmd.nr_segs)) {
		blkback_queue_submit(queue);
		cond_resched();
	}

	if (barrier && queue->in_flight > 1) {
		queue->held = req;
		return false;
	}
	queue->held = NULL;
	if (barrier)
		queue->barrier = req;
	status = blkback_io_prepare(req);
	if (status == -EAGAIN) {
		queue->stats.oo_req++;
		queue->held = req;
		return false;
	}
	if (status) {
		blkback_queue_respond(queue, req, status);
		return true;
	}
	list_add_tail(&req->node, &queue->mapping);
	queue->nr_mapping++;
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
	req->nr_busy = 0;
	req->nr_mapped = 0;
	req->nr_pi = 0;
	req->big = NULL;
	req->error = BLK_STS_OK;
	req->bad_grant = false;
	req->copied = false;
	req->sectors = 0;
	queue->in_flight++;
	queue->stats.requests++;
	blkback_stats_taken(req);
	trace_blkback_take(req, 0);
	blkback_queue_start(queue, req);
	return 1;
}

static void blkback_queue_get_limits(struct blkback_queue *queue)
{
	struct blkback *blkback = queue->conn->blkback;

	blkback_vbd_limits(&blkback->vbd, &queue->conn->ops, &queue->lim);
	queue->lim.max_segs = queue->conn->max_segs;
	queue->lim.max_inline = queue->conn->agreed.layout.abi->max_inline;
	queue->lim.pi_interval = blkback_pi_interval(queue->conn);
	if (unlikely(blkback_vbd_changed(&blkback->vbd)))
		blkback_poke(blkback);
}

static bool blkback_queue_has_done(struct blkback_queue *queue)
{
	return !list_empty_careful(&queue->done);
}

/* Must the requests on the ring wait, whatever memory there is? */
static bool blkback_queue_blocked(const struct blkback_queue *queue)
{
	return READ_ONCE(queue->stop) || READ_ONCE(queue->broken) ||
	       queue->held || queue->barrier;
}

/* Is there nothing that keeps us from taking requests? */
static bool blkback_queue_may_take(const struct blkback_queue *queue)
{
	return !blkback_queue_blocked(queue) && !queue->starved;
}

/* Take what there is, one ring of requests at the most.  True if any was. */
static bool blkback_queue_fetch(struct blkback_queue *queue)
{
	u32 budget = queue->ring.nr_slots;
	bool any = false;
	int ret = 1;

	/* What waits is not for the disk as it was when it came. */
	blkback_queue_get_limits(queue);
	if (queue->held)
		any = blkback_queue_start(queue, queue->held);
	while (budget-- && !blkback_queue_blocked(queue)) {
		ret = blkback_queue_take(queue);
		if (ret <= 0)
			break;
		any = true;
	}
	blkback_queue_submit(queue);
	if (ret < 0)
		blkback_conn_broken(queue->conn,
				    "the frontend breaks the rules of the ring");
	return any;
}

/* Coalescing is bounded in count and time. */
static void blkback_queue_push_some(struct blkback_queue *queue)
{
	u64 ns;

	if (!queue->unnotified)
		return;
	ns = blkback_stats_now(queue) - queue->unnotified_since;
	if (queue->unpushed >= BLKBACK_COALESCE ||
	    ns > blkback_queue_ns(&blkback_coalesce_us))
		blkback_queue_push(queue, ns > BLKBACK_LATEST_NS);
}

/* True if there is more to do at once. */
static bool blkback_queue_pass(struct blkback_queue *queue)
{
	bool more;

	more = blkback_queue_reap(queue);
	more |= blkback_queue_fetch(queue);
	more |= blkback_queue_reap(queue);
	blkback_queue_push_some(queue);
	return more;
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
	ret = blkif_back_rearm(&queue->ring);
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
		/* What it was for may have come after the look above. */
		return blkif_back_pending(&queue->ring);
	}
	return false;
}

static bool blkback_queue_has_work(struct blkback_queue *queue)
{
	return blkif_back_pending(&queue->ring) ||
	       blkback_queue_has_done(queue);
}

/* Look for work for a while.  True if there is some. */
static bool blkback_queue_look(struct blkback_queue *queue, u32 ns)
{
	u64 end;

	if (!ns || !blkback_queue_may_take(queue))
		return false;
	end = ktime_get_ns() + ns;
	do {
		cpu_relax();
		if (blkback_queue_has_work(queue))
			return true;
	} while (!need_resched() && !kthread_should_stop() &&
		 ktime_get_ns() < end);
	return false;
}

/*
 * Should responses wait a moment for others before the frontend is notified?
 * If it sends more without having been told, or the disk has more for it, one
 * notification serves for all.  It does not at depth 1, where all that this
 * does is to delay; so it is only tried now and then until it pays.
 */
static bool blkback_queue_defer(struct blkback_queue *queue)
{
	u32 ns = blkback_queue_ns(&blkback_coalesce_us);

	if (!queue->unnotified || !ns || !blkif_backoff_try(&queue->defer))
		return false;
	return blkif_backoff_learn(&queue->defer, blkback_queue_look(queue, ns));
}

/*
 * How long to look for work before sleeping.  A guest that waits for a whole
 * batch, and then sends another, comes back too late for polling to pay, and in
 * no time if each of its requests is taken when it is sent.  Which of these it
 * does is up to us, so now and then we look for long enough to meet a batch;
 * more seldom each time, until polling was of use again.
 */
static u32 blkback_queue_patience(struct blkback_queue *queue, u32 max)
{
	if (queue->poll_ns || !blkback_queue_may_take(queue) ||
	    ++queue->unpolled < queue->probe_after)
		return queue->poll_ns;
	queue->unpolled = 0;
	queue->probe_after = clamp(queue->probe_after * 2, BLKBACK_PROBE_OFTEN,
				   BLKBACK_PROBE_SELDOM);
	return min_t(u32, max * BLKBACK_PROBE_FACTOR,
		     BLKBACK_POLL_MAX_US * NSEC_PER_USEC);
}

/*
 * Nothing is to be done at present.  Before the frontend is asked to wake us,
 * it must have been told of all responses; and a notification, a wake-up and
 * two switches of context are saved if there is something to do soon.
 */
static bool blkback_queue_wait_a_moment(struct blkback_queue *queue)
{
	u32 max = blkback_queue_ns(&blkback_poll_us);
	u32 ns;

	if (blkback_queue_defer(queue))
		return true;
	blkback_queue_push(queue, true);
	ns = blkback_queue_patience(queue, max);
	if (!blkback_queue_look(queue, ns))
		return false;
	if (ns <= max)
		queue->probe_after = BLKBACK_PROBE_OFTEN;
	queue->poll_ns = min(ns, max);
	queue->stats.polls++;
	return true;
}

/*
 * Poll longer if that would have spared us this sleep, and else shorter.  What
 * counts is when the event came: who polls does not need to be woken.
 */
static void blkback_queue_slept(struct blkback_queue *queue, u64 since)
{
	/* Pairs with the interrupt. */
	u64 until = smp_load_acquire(&queue->kicked) ?
		    READ_ONCE(queue->kicked_at) : ktime_get_ns();
	u32 most = blkback_queue_ns(&blkback_poll_us);
	u32 ns = queue->poll_ns;

	/* Nothing could have been taken, and an event be older than the wait. */
	if (!blkback_queue_may_take(queue))
		return;
	/* The event may have come before we slept, or for nothing. */
	if ((s64)(until - since) < most && blkback_queue_has_work(queue))
		ns = max(ns * 2, BLKBACK_POLL_MIN_NS);
	else
		ns = ns > BLKBACK_POLL_MIN_NS ? ns / 2 : 0;
	queue->poll_ns = min(ns, most);
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

static bool blkback_queue_finished(struct blkback_queue *queue)
{
	return kthread_should_stop() && !queue->in_flight;
}

static bool blkback_queue_wakeable(struct blkback_queue *queue)
{
	if (blkback_queue_has_done(queue) || blkback_queue_finished(queue) ||
	    READ_ONCE(queue->squeezed))
		return true;
	return READ_ONCE(queue->kicked) && blkback_queue_may_take(queue);
}

static long blkback_queue_timeout(struct blkback_queue *queue)
{
	if (queue->held || queue->starved || !list_empty(&queue->lingering))
		return BLKBACK_RETRY_INTERVAL;
	if (queue->cache.nr_idle || queue->pages.num_pages ||
	    queue->nr_reqs > 1 || blkback_log_stats)
		return BLKBACK_TRIM_INTERVAL;
	return BLKBACK_WATCH_INTERVAL;
}

/*
 * The watchdog: nothing has woken us, but there is work.  No event can be lost
 * by the rules of the ring; if one is, by whatever fault, this ends the wait.
 */
static void blkback_queue_watch(struct blkback_queue *queue)
{
	if (READ_ONCE(queue->kicked) || !blkback_queue_may_take(queue) ||
	    !blkif_back_pending(&queue->ring))
		return;
	if (wait_event_freezable_timeout(queue->wait,
					 blkback_queue_wakeable(queue),
					 BLKBACK_LATE))
		return;
	queue->stats.lost_events++;
	dev_warn_ratelimited(&queue->conn->blkback->dev->dev,
			     "queue %u: found a request without an event\n",
			     queue->index);
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
	unsigned int passes = 0, trimmed = 0;
	bool idle;
	u64 since;

	/* No allocation here may wait for I/O, which may be ours to do. */
	memalloc_noio_save();
	set_freezable();
	while (!blkback_queue_finished(queue)) {
		do {
			while (blkback_queue_pass(queue)) {
				worked = true;
				/* A guest may never let us come to rest. */
				if (++passes % BLKBACK_TRIM_PASSES == 0)
					blkback_grant_trim(queue, false);
				try_to_freeze();
				cond_resched();
			}
		} while (blkback_queue_wait_a_moment(queue) ||
			 blkback_queue_arm(queue, &worked));

		idle = passes == trimmed && !queue->in_flight;
		trimmed = passes;
		blkback_grant_trim(queue, idle);
		if (idle)
			blkback_queue_trim(queue);
		blkback_queue_log(queue);
		since = ktime_get_ns();
		if (!wait_event_freezable_timeout(queue->wait,
						  blkback_queue_wakeable(queue),
						  blkback_queue_timeout(queue)))
			blkback_queue_watch(queue);
		blkback_queue_slept(queue, since);
	}
	return 0;
}
