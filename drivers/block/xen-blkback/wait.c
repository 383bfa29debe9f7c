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
 *     blkback_wait_learn()       learn how long to poll next time
 */

#include <linux/freezer.h>
#include <linux/kernel_stat.h>
#include <linux/sched/stat.h>
#include <xen/events.h>
#include "account.h"
#include "queue.h"
#include "rest.h"
#include "trace.h"

/* How often to retry what no event announces. */
#define BLKBACK_RETRY_INTERVAL	(HZ / 50 + 1)

/* How often unused grants, pages and requests are freed. */
#define BLKBACK_TRIM_INTERVAL	HZ

#define BLKBACK_POLL_MAX_US	1000U

/* Most responses that are published together. */
#define BLKBACK_COALESCE	16

/* A frontend that asked for more responses than there are waits this long. */
#define BLKBACK_LATEST_NS	((u64)200 * NSEC_PER_USEC)

/* Threads that poll, of all devices. */
static atomic_t blkback_pollers;

static DEFINE_PER_CPU(struct blkback_poll_steal, blkback_steal);

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

/*
 * Has Xen recently given the CPU of this virtual CPU to others?
 *
 * The steal clock itself, xen_steal_clock(), is not for modules.  What the
 * kernel accounts by it at each tick is, as the column "steal" of /proc/stat.
 */
static bool blkback_wait_contended(u64 now)
{
	struct blkback_poll_steal *steal = get_cpu_ptr(&blkback_steal);
	u64 stolen = kcpustat_this_cpu->cpustat[CPUTIME_STEAL];
	bool contended = blkback_poll_contended(steal, now, stolen);

	put_cpu_ptr(&blkback_steal);
	return contended;
}

/* Does no other task want the virtual CPU? */
static bool blkback_wait_alone(void)
{
	return !need_resched() && single_task_running();
}

/* The share of the guest.  Return: true if the queue may poll for a time. */
static bool blkback_wait_has_credit(struct blkback_queue *queue, u64 now,
				    u32 ns)
{
	struct blkback_poll *poll = &queue->poll;

	if (poll->credit < ns)
		poll->credit += blkback_guest_take_poll(queue->conn->guest, now);
	return poll->credit >= ns;
}

/* Poll for a time.  Return: true if there is work. */
static bool blkback_wait_poll_for(struct blkback_queue *queue, u64 begin,
				  u32 ns)
{
	bool found;
	u64 now;

	do {
		cpu_relax();
		found = blkback_queue_has_work(queue);
		now = ktime_get_ns();
	} while (!found && now - begin < ns && blkback_wait_alone() &&
		 blkback_queue_may_take(queue));
	queue->poll.end = now;
	queue->count.stats.polled_ns += now - begin;
	blkback_poll_spend(&queue->poll, now - begin);
	return found;
}

/*
 * The same, if nobody else wants the CPU.  A guest decides how often polling
 * pays; whatever guests do, no guest takes more than its share, and no more than
 * half of the CPUs poll at a time.
 */
static bool blkback_wait_poll_share(struct blkback_queue *queue, u64 begin,
				    u32 ns)
{
	unsigned int max = max(num_online_cpus() / 2, 1U);
	bool found = false;

	if (!ns || !blkback_queue_may_take(queue) || !blkback_wait_alone() ||
	    blkback_wait_contended(begin) ||
	    !blkback_wait_has_credit(queue, begin, ns))
		return false;
	if (atomic_inc_return(&blkback_pollers) <= max)
		found = blkback_wait_poll_for(queue, begin, ns);
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
	bool found;
	u64 begin;

	if (!queue->notify.unnotified || !ns || !blkif_backoff_try(backoff))
		return false;
	begin = ktime_get_ns();
	queue->poll.end = begin;
	found = blkback_wait_poll_share(queue, begin, ns);
	/* Nothing is learned if it was not allowed. */
	if (queue->poll.end != begin)
		blkif_backoff_learn(backoff, found);
	return found;
}

/* If there is work soon, an event, a wake-up and two switches are saved. */
static bool blkback_wait_poll(struct blkback_queue *queue)
{
	struct blkback_poll *poll = &queue->poll;
	u64 requests = queue->count.stats.requests;
	bool batch = requests - poll->requests > 1;
	u32 max = blkback_wait_ns(&blkback_poll_us);
	u32 longest = BLKBACK_POLL_MAX_US * NSEC_PER_USEC;
	bool found;

	poll->begin = ktime_get_ns();
	poll->end = poll->begin;
	poll->busy = queue->in_flight;
	if (!poll->busy)
		poll->requests = requests;
	poll->planned = min(blkback_poll_time(poll, max, poll->busy, batch),
			    longest);
	found = blkback_wait_poll_share(queue, poll->begin, poll->planned);
	if (poll->end == poll->begin)
		poll->planned = 0;
	blkback_poll_owe(poll, max, poll->busy, poll->planned,
			 poll->end - poll->begin);
	if (!found)
		return false;
	blkback_poll_found(poll, max, poll->busy, poll->planned,
			   poll->end - poll->begin);
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
 * Learn how long work was away.  What counts is when the event came, not when
 * the thread woke up: a thread that polls need not be woken.
 */
static void blkback_wait_learn(struct blkback_queue *queue)
{
	/* Pairs with blkback_queue_irq(). */
	u64 until = smp_load_acquire(&queue->event.pending) ?
		    READ_ONCE(queue->event.time) : ktime_get_ns();
	s64 away = until - queue->poll.begin;

	/* Nothing could have been taken, and the event may be an old one. */
	if (!blkback_queue_may_take(queue))
		return;
	/* The event may have come before the sleep, or without a request. */
	if (away < 0)
		away = 0;
	if (!blkback_queue_has_work(queue))
		away = S64_MAX;
	blkback_poll_slept(&queue->poll, blkback_wait_ns(&blkback_poll_us),
			   queue->poll.busy, away);
}

/**
 * blkback_wait_sleep() - sleep until there is work, or something to free
 * @queue: the queue, after blkback_wait_idle() returned false
 */
void blkback_wait_sleep(struct blkback_queue *queue)
{
	if (!wait_event_freezable_timeout(queue->wait,
					  blkback_wait_wakeable(queue),
					  blkback_wait_timeout(queue)))
		blkback_wait_watch(queue);
	blkback_wait_learn(queue);
}
