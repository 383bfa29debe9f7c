// SPDX-License-Identifier: GPL-2.0
/*
 * Taking responses.  They are taken by a ring's interrupt handler, by its tasklet
 * if there are many, by its work item if bios may be polled ones, by blk_poll()
 * on a polled queue, and by the watchdog.
 *
 * The interrupt handler completes a request as soon as it has taken the response.
 * A request that would keep interrupts off for too long is left on ring->taken
 * for the tasklet.  All others put what they take there, and complete it when
 * they have let go of the lock, so that interrupts are on.  Whoever takes a list
 * off the ring completes it before returning; what is left when a ring is
 * stopped, blkfront_ring_stop() completes.
 */

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/sizes.h>

#include "blkfront.h"
#include "trace.h"

/* Most responses and pages of data that one pass takes. */
#define BLKFRONT_PASS_BUDGET	512

/*
 * Most that an interrupt handler does: responses and grants that end with them,
 * and bytes of data that are copied.
 */
#define BLKFRONT_IRQ_BUDGET	64
#define BLKFRONT_IRQ_COPIED	SZ_64K

#define BLKFRONT_POLL_MAX_US	50U

/* With fewer requests in flight, each response is notified. */
#define BLKFRONT_COALESCE_MIN	8

/* An event that is late, and not lost, comes within this time. */
#define BLKFRONT_LATE_MS	20

/**
 * struct blkfront_pass - what is left of the limits of a pass
 * @irq: it is made by the interrupt handler, which completes requests itself
 * @budget: responses and pages
 * @bytes: bytes that the interrupt handler may copy
 * @poll_end: when polling ends, 0 if it has not begun; ns
 */
struct blkfront_pass {
	bool irq;
	int budget;
	unsigned int bytes;
	u64 poll_end;
};

/* Find the request that a response is for, and take it from its tag. */
static struct request *blkfront_find_rq(struct blkfront_ring *ring,
					const struct blkif_rsp *rsp)
{
	struct blkfront_info *info = ring->info;
	u32 unique = blkif_id_tag(rsp->id);
	u16 hwq = blk_mq_unique_tag_to_hwq(unique);
	u16 nr = blk_mq_unique_tag_to_tag(unique);
	struct blkfront_req *req;
	struct blkfront_tag *tag;
	struct request *rq;

	if (!info->tags || hwq >= info->tag_set.nr_hw_queues ||
	    nr >= info->tag_set.queue_depth)
		return NULL;
	tag = blkfront_tag_of(info, hwq, nr);
	rq = smp_load_acquire(&tag->rq); /* pairs with blkfront_write_slot() */
	if (!rq || tag->gen != blkif_id_gen(rsp->id) ||
	    blkfront_ring_of(info, hwq) != ring)
		return NULL;
	req = blk_mq_rq_to_pdu(rq);
	if (!blkif_cmd_answered_by(&req->cmd, rsp->op))
		return NULL;
	WRITE_ONCE(tag->rq, NULL);
	return rq;
}

/*
 * Charge a request that the interrupt handler completes: its response, grants
 * that end, and pages that go back to the pool, a cache line for each.
 *
 * Return: false if that takes longer than the handler may.
 */
static inline bool blkfront_charge_irq(struct blkfront_pass *pass,
				       struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	unsigned int bytes = blkfront_bytes_back(rq);
	int cost = 1 + max_t(int, req->charged, req->cmd.nr_segs / 16);

	if (!pass->irq || pass->bytes < bytes || pass->budget < cost)
		return false;
	pass->bytes -= bytes;
	pass->budget -= cost;
	return true;
}

/* Leave a request on the ring's list. */
static inline void blkfront_leave(struct blkfront_pass *pass,
				  struct blkfront_ring *ring,
				  struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	req->next = NULL;
	*ring->taken_end = rq;
	ring->taken_end = &req->next;
	/* The interrupt handler takes no more. */
	pass->budget -= pass->irq ? pass->budget : 1 + req->cmd.nr_segs;
}

/* Take the list off the ring. */
static struct request *blkfront_unlist(struct blkfront_ring *ring)
{
	struct request *first = ring->taken;

	ring->taken = NULL;
	ring->taken_end = &ring->taken;
	return first;
}

/* Complete the first request of a list.  Return: the rest of it. */
static inline struct request *blkfront_complete_first(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct request *next = req->next;

	blk_mq_complete_request(rq);
	return next;
}

static inline bool blkfront_rq_polled(const struct request *rq)
{
	return rq->cmd_flags & REQ_POLLED;
}

/* Complete some requests that are not polled, with softirqs off. */
static struct request *blkfront_complete_some(struct request *rq)
{
	unsigned int bytes = 0;

	local_bh_disable();
	do {
		bytes += SZ_1K + blkfront_bytes_back(rq);
		rq = blkfront_complete_first(rq);
	} while (rq && !blkfront_rq_polled(rq) && bytes < BLKFRONT_IRQ_COPIED);
	local_bh_enable();
	return rq;
}

/*
 * Complete the first requests of a list.  With softirqs off, file systems do
 * nothing that may wait for memory, and if the block layer raises its softirq,
 * that is handled here and not by a thread.  But polled bios go to a cache of the
 * block layer, which is for tasks alone.
 *
 * Return: the rest of the list.
 */
static struct request *blkfront_complete(struct request *rq)
{
	if (blkfront_rq_polled(rq))
		return blkfront_complete_first(rq);
	return blkfront_complete_some(rq);
}

/* Return: 1 if the response was right, -EPROTO if not. */
static int blkfront_response(struct blkfront_ring *ring,
			     struct blkfront_pass *pass,
			     const struct blkif_rsp *rsp)
{
	struct request *rq = blkfront_find_rq(ring, rsp);
	struct blkfront_req *req;

	if (unlikely(!rq)) {
		blkfront_log(ring->info, err,
			     "response with id %#llx, operation %u matches no request\n",
			     rsp->id, rsp->op);
		return -EPROTO;
	}
	req = blk_mq_rq_to_pdu(rq);
	req->status = rsp->status;
	WRITE_ONCE(req->completing, true);
	ring->rsp_counters.responses++;
	ring->rsp_counters.ungranted += req->charged;
	if (unlikely(rsp->status == BLKIF_RSP_EOPNOTSUPP))
		ring->rsp_counters.not_supported++;
	else if (unlikely(rsp->status))
		ring->rsp_counters.io++;
	if (blkfront_charge_irq(pass, rq))
		blk_mq_complete_request(rq);
	else
		blkfront_leave(pass, ring, rq);
	return 1;
}

/*
 * Poll for responses until @end, which is set if it is 0.  A pass polls no
 * longer than that in all.
 */
static inline bool blkfront_poll_briefly(struct blkfront_ring *ring, u64 *end)
{
	u32 us = min(READ_ONCE(blkfront_params.poll_us), BLKFRONT_POLL_MAX_US);
	u64 now;

	if (!us || !blkif_backoff_try(&ring->poll))
		return false;
	now = ktime_get_ns();
	if (!*end)
		*end = now + us * NSEC_PER_USEC;
	for (; now < *end; now = ktime_get_ns()) {
		cpu_relax();
		if (blkif_front_pending(&ring->front))
			return blkif_backoff_learn(&ring->poll, true);
	}
	return blkif_backoff_learn(&ring->poll, false);
}

/*
 * After how many more responses to be notified.  On separate rings, the
 * protocol makes the backend notify us earlier if no more responses come soon,
 * so that no request waits for a slower one.  Shared rings have no such rule.
 */
static inline u32 blkfront_event_distance(const struct blkfront_ring *ring,
					  u32 in_flight)
{
	if (!ring->front.separate || in_flight < BLKFRONT_COALESCE_MIN)
		return 1;
	return clamp(READ_ONCE(blkfront_params.max_coalesced), 1U,
		     in_flight / 2);
}

/*
 * The ring is empty: poll for a while, then ask for a notification.  Requests
 * that were answered do not wait for others to be.
 *
 * Return: 0 if there will be one, 1 if there may be responses, -EPROTO.
 */
static inline int blkfront_rearm(struct blkfront_ring *ring, u64 *end)
{
	/* The only access to the other half's cache line. */
	u32 in_flight = READ_ONCE(ring->req_counters.requests) -
			ring->rsp_counters.responses;
	int ret;

	if (ring->polled)
		return 0;
	if (in_flight && !ring->taken && blkfront_poll_briefly(ring, end))
		return 1;
	ret = blkif_front_rearm(&ring->front,
				blkfront_event_distance(ring, in_flight));
	/* The backend may have seen the new event word, and notify as well. */
	ring->overtaken |= ret > 0;
	return ret;
}

/*
 * Take responses, up to the budget.
 *
 * Return: 0 if all are taken and the next will be notified, or polled for; 1 if
 * there may be more; -EPROTO.
 */
static int blkfront_pass(struct blkfront_ring *ring, bool irq)
{
	struct blkfront_pass pass = {
		.irq = irq,
		.budget = irq ? BLKFRONT_IRQ_BUDGET : BLKFRONT_PASS_BUDGET,
		.bytes = BLKFRONT_IRQ_COPIED,
	};
	struct blkif_rsp rsp;
	int ret;

	lockdep_assert_held(&ring->rsp_lock);
	if (unlikely(ring->broken))
		return 0;
	do {
		ret = blkif_front_get(&ring->front, &rsp);
		if (ret > 0) {
			ret = blkfront_response(ring, &pass, &rsp);
		} else if (!ret) {
			/* A hostile backend may seem to have responses. */
			pass.budget--;
			ret = blkfront_rearm(ring, &pass.poll_end);
		}
	} while (ret > 0 && pass.budget > 0);
	if (unlikely(ret < 0)) {
		ring->broken = true;
		ring->rsp_counters.bad_response++;
		blkfront_kill(ring->info, "the backend violated the protocol");
	}
	return ret;
}

/**
 * blkfront_take_responses() - take responses without an event
 * @ring: the ring
 *
 * Context: any but hard interrupts; takes the ring's rsp_lock.
 *
 * Return: how many there were.
 */
unsigned int blkfront_take_responses(struct blkfront_ring *ring)
{
	struct request *taken;
	unsigned int nr = 0;
	unsigned long flags;
	u64 before;
	int ret;

	do {
		spin_lock_irqsave(&ring->rsp_lock, flags);
		before = ring->rsp_counters.responses;
		ret = blkfront_pass(ring, false);
		nr += ring->rsp_counters.responses - before;
		taken = blkfront_unlist(ring);
		spin_unlock_irqrestore(&ring->rsp_lock, flags);
		while (taken)
			taken = blkfront_complete(taken);
	} while (ret > 0);
	return nr;
}

/*
 * Acknowledge the event, once the ring was found empty.  An event without
 * responses is not spurious if its responses were already taken without it.
 */
static void blkfront_acknowledge(struct blkfront_ring *ring)
{
	bool found = ring->rsp_counters.responses != ring->acknowledged;

	xen_irq_lateeoi(ring->irq, found || ring->overtaken ?
			0 : XEN_EOI_FLAG_SPURIOUS);
	ring->acknowledged = ring->rsp_counters.responses;
	if (!found)
		ring->overtaken = false;
}

/* No other event comes until whoever takes the rest has acknowledged this one. */
static void blkfront_leave_rest(struct blkfront_ring *ring)
{
	ring->left = true;
	if (ring->deferred)
		queue_work(blkfront_rsp_wq, &ring->work);
	else
		tasklet_schedule(&ring->tasklet);
}

/**
 * blkfront_interrupt() - the backend has notified us
 * @irq: of the event channel
 * @data: the ring
 *
 * Context: hard interrupt.
 *
 * Return: IRQ_HANDLED.
 */
irqreturn_t blkfront_interrupt(int irq, void *data)
{
	struct blkfront_ring *ring = data;

	spin_lock(&ring->rsp_lock);
	/* The first may come before the function that binds it returns. */
	ring->irq = irq;
	ring->rsp_counters.interrupts++;
	ring->irq_copied = 0;
	trace_blkfront_event(ring);
	if (likely(!ring->deferred && blkfront_pass(ring, true) <= 0))
		blkfront_acknowledge(ring);
	else
		blkfront_leave_rest(ring);
	if (ring->irq_copied > ring->irq_copied_max)
		WRITE_ONCE(ring->irq_copied_max, ring->irq_copied);
	spin_unlock(&ring->rsp_lock);
	return IRQ_HANDLED;
}

/*
 * Take what the interrupt handler has left.  The event is acknowledged when there
 * is no more.
 *
 * Return: true if there may be more.
 */
static bool blkfront_take_left(struct blkfront_ring *ring)
{
	struct request *taken;
	bool more;

	spin_lock_irq(&ring->rsp_lock);
	more = blkfront_pass(ring, false) > 0;
	if (!more) {
		blkfront_acknowledge(ring);
		ring->left = false;
	}
	taken = blkfront_unlist(ring);
	spin_unlock_irq(&ring->rsp_lock);
	while (taken)
		taken = blkfront_complete(taken);
	return more;
}

/**
 * blkfront_ring_tasklet() - take the responses that the interrupt handler left
 * @tasklet: the ring's
 *
 * Context: softirq.
 */
void blkfront_ring_tasklet(struct tasklet_struct *tasklet)
{
	struct blkfront_ring *ring = container_of(tasklet, struct blkfront_ring,
						  tasklet);

	/* Other softirqs have their turn first. */
	if (blkfront_take_left(ring) && !READ_ONCE(ring->stopped))
		tasklet_schedule(tasklet);
}

/**
 * blkfront_ring_work() - take responses that no interrupt may complete
 * @work: the ring's
 *
 * Context: process context.
 */
void blkfront_ring_work(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(work, struct blkfront_ring,
						  work);

	/* Other items of the CPU have their turn first. */
	if (blkfront_take_left(ring))
		queue_work(blkfront_rsp_wq, work);
}

/**
 * blkfront_complete_taken() - complete what nobody is going to
 * @ring: the ring, which nobody takes responses from any more
 *
 * Context: process context.
 */
void blkfront_complete_taken(struct blkfront_ring *ring)
{
	struct request *taken;

	spin_lock_irq(&ring->rsp_lock);
	taken = blkfront_unlist(ring);
	spin_unlock_irq(&ring->rsp_lock);
	while (taken)
		taken = blkfront_complete(taken);
}

/**
 * blkfront_poll() - take the responses of a polled queue
 * @hctx: the queue
 * @batch: not used
 *
 * Context: any but hard interrupts.
 *
 * Return: how many there were.
 */
int blkfront_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *batch)
{
	struct blkfront_info *info = hctx->queue->queuedata;
	struct blkfront_ring *ring;
	int nr = 0;

	/* Quiescing a queue does not stop polling, but waits for readers. */
	rcu_read_lock();
	if (blkfront_rings_usable(info)) {
		ring = blkfront_ring_of(info, hctx->queue_num);
		if (ring->polled)
			nr = blkfront_take_responses(ring);
	}
	rcu_read_unlock();
	return nr;
}

/**
 * blkfront_check_ring() - take responses that no event came for
 * @ring: the ring
 *
 * The backend is notified as well, in case it has lost an event.  However many
 * requests are late, a ring is checked once for each BLKFRONT_WATCH_INTERVAL.
 *
 * Context: process context, with info->mutex; sleeps.
 */
void blkfront_check_ring(struct blkfront_ring *ring)
{
	u64 interrupts;
	unsigned int nr;

	lockdep_assert_held(&ring->info->mutex);
	if (time_in_range(jiffies, ring->watched,
			  ring->watched + BLKFRONT_WATCH_INTERVAL))
		return;
	interrupts = READ_ONCE(ring->rsp_counters.interrupts);
	/* After a pause of the domain, the timeout and the event coincide. */
	msleep(BLKFRONT_LATE_MS);
	nr = blkfront_take_responses(ring);
	/* Unless there was an interrupt, or what it left is yet to be taken. */
	if (nr && !ring->polled && !READ_ONCE(ring->left) &&
	    interrupts == READ_ONCE(ring->rsp_counters.interrupts)) {
		ring->rsp_counters.lost_events++;
		blkfront_log(ring->info, warn,
			     "queue %u: found %u responses without an event\n",
			     ring->index, nr);
	}
	notify_remote_via_irq(ring->irq);
	ring->watched = jiffies;
}
