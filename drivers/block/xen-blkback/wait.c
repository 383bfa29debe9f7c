// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: what a thread does when its queue has no work.
 *
 *   blkback_wait_idle()
 *     blkback_wait_coalesce()    poll for more responses before notifying
 *     blkback_wait_publish()     publish all responses, notify the frontend
 *     blkback_wait_poll()        poll for requests before sleeping
 *     blkback_wait_rearm()       ask for an event
 *   blkback_wait_sleep()
 *     blkback_wait_watch()       the watchdog
 *     blkback_wait_adapt_poll()  learn how long to poll next time
 */

#include <linux/freezer.h>
#include <xen/events.h>
#include "account.h"
#include "queue.h"
#include "rest.h"
#include "trace.h"

/* How often to retry what no event announces. */
#define BLKBACK_RETRY_INTERVAL	(HZ / 50 + 1)

/* How often unused grants, pages and requests are freed. */
#define BLKBACK_TRIM_INTERVAL	HZ

/* Shorter than this, polling finds nothing. */
#define BLKBACK_POLL_MIN_NS	((u32)(5 * NSEC_PER_USEC))

#define BLKBACK_POLL_MAX_US	1000U

/*
 * While polling does not pay, one sleep in BLKBACK_RETRY_OFTEN, and later in up
 * to BLKBACK_RETRY_SELDOM, is preceded by a poll of BLKBACK_RETRY_FACTOR times
 * poll_us, to find out whether it would pay.
 */
#define BLKBACK_RETRY_OFTEN	8U
#define BLKBACK_RETRY_SELDOM	1024U
#define BLKBACK_RETRY_FACTOR	8U

/* Most responses that are published together. */
#define BLKBACK_COALESCE	16

/* A frontend that asked for more responses than there are waits this long. */
#define BLKBACK_LATEST_NS	((u64)200 * NSEC_PER_USEC)

/* Threads that poll, of all devices. */
static atomic_t blkback_pollers;

/* A parameter in microseconds, bounded and converted. */
static u32 blkback_wait_ns(const unsigned int *us)
{
	return min(READ_ONCE(*us), BLKBACK_POLL_MAX_US) * NSEC_PER_USEC;
}

/**
 * blkback_wait_publish() - publish all responses, and notify the frontend
 * @queue: the queue
 * @last: no more responses are expected soon
 *
 * A frontend that asked for more responses than there are is notified only if
 * no more are expected.
 */
void blkback_wait_publish(struct blkback_queue *queue, bool last)
{
	bool must_notify = blkif_back_publish(&queue->ring);

	queue->notify.unpublished = 0;
	if (!queue->notify.unnotified)
		return;
	if (!must_notify && blkif_back_owes_event(&queue->ring)) {
		if (!last)
			return;
		must_notify = true;
	}
	queue->notify.unnotified = 0;
	if (!must_notify)
		return;
	queue->count.stats.notifications++;
	trace_blkback_notify(queue);
	notify_remote_via_irq(queue->event.irq);
}

/**
 * blkback_wait_publish_due() - publish responses that have waited long enough
 * @queue: the queue, which may have more work
 *
 * Responses are coalesced up to a number and a time.
 */
void blkback_wait_publish_due(struct blkback_queue *queue)
{
	u64 ns;

	if (!queue->notify.unnotified)
		return;
	ns = blkback_now(queue) - queue->notify.since;
	if (queue->notify.unpublished >= BLKBACK_COALESCE ||
	    ns > blkback_wait_ns(&blkback_coalesce_us))
		blkback_wait_publish(queue, ns > BLKBACK_LATEST_NS);
}

/* Poll for a time.  Return: true if there is work. */
static bool blkback_wait_poll_for(struct blkback_queue *queue, u32 ns)
{
	u64 end;

	if (!ns || !blkback_queue_may_take(queue))
		return false;
	end = ktime_get_ns() + ns;
	do {
		cpu_relax();
		if (blkback_queue_has_work(queue))
			return true;
	} while (!need_resched() && blkback_queue_may_take(queue) &&
		 ktime_get_ns() < end);
	return false;
}

/*
 * The same.  A guest decides how often polling pays; whatever guests do, no more
 * than half of the CPUs poll at a time.
 */
static bool blkback_wait_poll_share(struct blkback_queue *queue, u32 ns)
{
	unsigned int max = max(num_online_cpus() / 2, 1U);
	bool found = false;

	if (!ns)
		return false;
	if (atomic_inc_return(&blkback_pollers) <= max)
		found = blkback_wait_poll_for(queue, ns);
	atomic_dec(&blkback_pollers);
	return found;
}

/*
 * Wait for more responses before the frontend is notified.  If it sends more
 * requests, or the disk answers more, one notification serves them all.  With
 * one request in flight that never happens and only costs time, so it is tried
 * now and then, until it pays.
 */
static bool blkback_wait_coalesce(struct blkback_queue *queue)
{
	struct blkif_backoff *backoff = &queue->notify.coalesce;
	u32 ns = blkback_wait_ns(&blkback_coalesce_us);

	if (!queue->notify.unnotified || !ns || !blkif_backoff_try(backoff))
		return false;
	return blkif_backoff_learn(backoff, blkback_wait_poll_share(queue, ns));
}

/*
 * How long to poll before sleeping.  A guest that waits for a whole batch
 * before it sends the next one comes too late for a short poll, although it
 * sends in time if each of its requests is taken at once.  Now and then a poll
 * is therefore long enough to meet the next batch; such polls become rarer
 * until one of them pays.
 */
static u32 blkback_wait_poll_time(struct blkback_queue *queue, u32 max)
{
	struct blkback_poll *poll = &queue->poll;

	if (poll->ns || !blkback_queue_may_take(queue) ||
	    ++poll->sleeps < poll->retry)
		return poll->ns;
	poll->sleeps = 0;
	poll->retry = clamp(poll->retry * 2, BLKBACK_RETRY_OFTEN,
			    BLKBACK_RETRY_SELDOM);
	return min_t(u32, max * BLKBACK_RETRY_FACTOR,
		     BLKBACK_POLL_MAX_US * NSEC_PER_USEC);
}

/* If there is work soon, an event, a wake-up and two switches are saved. */
static bool blkback_wait_poll(struct blkback_queue *queue)
{
	u32 max = blkback_wait_ns(&blkback_poll_us);
	u32 ns = blkback_wait_poll_time(queue, max);

	if (!blkback_wait_poll_share(queue, ns))
		return false;
	if (ns <= max)
		queue->poll.retry = BLKBACK_RETRY_OFTEN;
	queue->poll.ns = min(ns, max);
	queue->count.stats.polls++;
	return true;
}

/**
 * blkback_wait_rearm() - ask for an event, unless a request has come meanwhile
 * @queue: the queue, used by the caller
 * @worked: there was work since the last event was acknowledged
 *
 * Only then are events let in again.  An event often comes after its request was
 * taken, and then it is not spurious.
 *
 * Return: true if there is a request.
 */
bool blkback_wait_rearm(struct blkback_queue *queue, bool *worked)
{
	int ret;

	if (!blkback_queue_may_take(queue))
		return false;
	ret = blkif_back_rearm(&queue->ring);
	if (ret > 0)
		return true;
	if (ret < 0) {
		blkback_conn_break(queue, "the frontend breaks the rules of the ring");
		return false;
	}
	if (xchg(&queue->event.pending, false)) {
		queue->count.stats.events++;
		xen_irq_lateeoi(queue->event.irq,
				*worked ? 0 : XEN_EOI_FLAG_SPURIOUS);
		*worked = false;
		/* Its request may have come after the ring was rearmed. */
		return blkif_back_pending(&queue->ring);
	}
	return false;
}

/**
 * blkback_wait_idle() - get ready to sleep, unless there is work soon
 * @queue: a queue without work
 * @worked: there was work since the last event was acknowledged
 *
 * The frontend is notified of all responses before it is asked for an event.
 *
 * Return: true if there is work after all.
 */
bool blkback_wait_idle(struct blkback_queue *queue, bool *worked)
{
	if (blkback_wait_coalesce(queue))
		return true;
	blkback_wait_publish(queue, true);
	return blkback_wait_poll(queue) || blkback_wait_rearm(queue, worked);
}

static bool blkback_wait_wakeable(struct blkback_queue *queue)
{
	if (blkback_queue_has_done(queue) || blkback_queue_finished(queue) ||
	    READ_ONCE(queue->reclaim))
		return true;
	return READ_ONCE(queue->event.pending) &&
	       blkback_queue_may_take(queue);
}

static long blkback_wait_timeout(struct blkback_queue *queue)
{
	if (!list_empty(&queue->held) || !list_empty(&queue->lingering) ||
	    (queue->budget.starved && !blkback_queue_blocked(queue)))
		return BLKBACK_RETRY_INTERVAL;
	if (queue->grant.cache.nr_idle || queue->grant.pages.num_pages ||
	    queue->nr_reqs > 1 || blkback_log_stats)
		return min_t(long, BLKBACK_TRIM_INTERVAL, blkback_rest_in(queue));
	return min_t(long, BLKBACK_WATCH_INTERVAL, blkback_rest_in(queue));
}

/**
 * blkback_wait_lost() - an event of a request was lost
 * @queue: the queue, used by the caller
 */
void blkback_wait_lost(struct blkback_queue *queue)
{
	queue->count.stats.lost_events++;
	blkback_log(queue->conn->blkback, warn,
		    "queue %u: found a request without an event\n",
		    queue->index);
}

/*
 * The watchdog: nothing has woken the thread, but there is a request.  By the
 * rules of the ring, no event is lost; if one is, this ends the wait for it.
 */
static void blkback_wait_watch(struct blkback_queue *queue)
{
	if (READ_ONCE(queue->event.pending) ||
	    !blkback_queue_may_take(queue) ||
	    !blkif_back_pending(&queue->ring))
		return;
	if (wait_event_freezable_timeout(queue->wait,
					 blkback_wait_wakeable(queue),
					 BLKBACK_LATE))
		return;
	blkback_wait_lost(queue);
}

/*
 * Poll longer if that would have saved this sleep, and shorter if not.  What
 * counts is when the event came, not when the thread woke up: a thread that
 * polls need not be woken.
 */
static void blkback_wait_adapt_poll(struct blkback_queue *queue, u64 since)
{
	/* Pairs with blkback_queue_irq(). */
	u64 until = smp_load_acquire(&queue->event.pending) ?
		    READ_ONCE(queue->event.time) : ktime_get_ns();
	u32 max = blkback_wait_ns(&blkback_poll_us);
	u32 ns = queue->poll.ns;

	/* Nothing could have been taken, and the event may be an old one. */
	if (!blkback_queue_may_take(queue))
		return;
	/* The event may have come before the sleep, or without a request. */
	if ((s64)(until - since) < max && blkback_queue_has_work(queue))
		ns = max(ns * 2, BLKBACK_POLL_MIN_NS);
	else
		ns = ns > BLKBACK_POLL_MIN_NS ? ns / 2 : 0;
	queue->poll.ns = min(ns, max);
}

/**
 * blkback_wait_sleep() - sleep until there is work, or something to free
 * @queue: the queue, after blkback_wait_idle() returned false
 */
void blkback_wait_sleep(struct blkback_queue *queue)
{
	u64 since = ktime_get_ns();

	if (!wait_event_freezable_timeout(queue->wait,
					  blkback_wait_wakeable(queue),
					  blkback_wait_timeout(queue)))
		blkback_wait_watch(queue);
	blkback_wait_adapt_poll(queue, since);
}
