// SPDX-License-Identifier: GPL-2.0
/*
 * Xen virtual block device, frontend.
 *
 * Objects
 *   blkfront_info   a disk, from probe until its last opener is gone
 *   blkfront_ring   a ring, its event channel and its pages; the length of one
 *                   connection
 *   blkfront_req    our part of a struct request, valid while it is in flight
 *   blkfront_tag    who is in flight under a tag; lives as long as the disk
 * Locks, outermost first
 *   info->mutex     a connection is made or taken down; process context
 *   ring->rsp_lock  response half of the ring; hard interrupts are off
 *   ring->lock      request half of the ring; covers writing the slot only
 *   info->bios_lock bios that are to be submitted again; any context
 *   pool->lock      any context
 * Contexts
 *   queue_rq may not sleep.  Responses are taken by a ring's interrupt handler,
 *   by the work item that it leaves the rest of a long pass to, by who polls a
 *   polled queue, and by the watchdog.  Completion may run in hard interrupts.
 *   XenStore is only touched by xenbus callbacks and work items.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "xen-blkfront/data.h"
#include "xen-blkfront/disk.h"
#include "xen-blkfront/event.h"
#include "xen-blkfront/keys.h"
#include "xen-blkfront/ops.h"
#include "xen-blkfront/rings.h"
#include "xen-blkfront/sysfs.h"
#include "xen-blkfront/vdevice.h"

#define CREATE_TRACE_POINTS
#include "xen-blkfront/trace.h"

static unsigned int blkfront_max_segs = 256;
module_param_named(max_indirect_segments, blkfront_max_segs, uint, 0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Most 4 KiB segments of a request of the existing format (default 256)");

static unsigned int blkfront_max_queues = 4;
module_param_named(max_queues, blkfront_max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues,
		 "Most queues of a disk (default 4, at most one a CPU)");

static unsigned int blkfront_poll_queues;
module_param_named(poll_queues, blkfront_poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues,
		 "Most further queues for I/O that is polled for (default 0)");

/*
 * 128 slots.  A larger ring costs this side little, but there are backends
 * that set 40 KiB aside for each slot of each queue.
 */
static unsigned int blkfront_max_order = 2;
module_param_named(max_ring_page_order, blkfront_max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Most pages of a ring, as a power of two (default 2, up to 4)");

static bool blkfront_slim = true;
module_param_named(feature_slim_requests, blkfront_slim, bool, 0644);
MODULE_PARM_DESC(feature_slim_requests, "Use 32-byte requests if offered");

static bool blkfront_separate = true;
module_param_named(feature_separate_rings, blkfront_separate, bool, 0644);
MODULE_PARM_DESC(feature_separate_rings,
		 "Use separate request and response rings if offered");

static unsigned int blkfront_align = 64;
module_param_named(ring_alignment, blkfront_align, uint, 0644);
MODULE_PARM_DESC(ring_alignment,
		 "Line size of separate rings, 64 or 128 (default 64)");

static unsigned int blkfront_max_entries = BLKIF_MAX_ENTRIES;
module_param_named(max_slim_indirect_entries, blkfront_max_entries, uint, 0644);
MODULE_PARM_DESC(max_slim_indirect_entries,
		 "Most 4 KiB segments of a slim request (default 1024)");

static bool __read_mostly blkfront_trusted = true;
module_param_named(trusted, blkfront_trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "Backends may see all of a page that holds data");

static bool __read_mostly blkfront_persistent = true;
module_param_named(feature_persistent, blkfront_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Use persistent grants if offered");

/* Responses and their pages before the interrupt handler leaves the rest. */
#define BLKFRONT_PASS		512

/* A request that is not answered for so long makes us look at its ring. */
#define BLKFRONT_TIMEOUT	(30 * HZ)

/* An event that is only late comes within this. */
#define BLKFRONT_LATE_MS	20

/* How often a ring is looked at, however many requests are late. */
#define BLKFRONT_WATCH_INTERVAL	(HZ / 2)

/* How soon to look again at requests that other CPUs complete. */
#define BLKFRONT_COMPLETING_MS	5

/* How long a backend is waited for; toolstacks wait for us ten seconds. */
#define BLKFRONT_PATIENCE_MS	4000

/* Takes dead disks down, on which waits who frees memory by writing to them. */
static struct workqueue_struct *blkfront_wq;

/**
 * blkfront_kill() - give a disk up
 * @info: the disk
 * @why: what the backend did, or NULL if nothing is wrong
 *
 * From here on new requests fail.  The rest is done by a work item: see
 * blkfront_shutdown_work().  May be called from any context and repeatedly.
 */
static void blkfront_kill(struct blkfront_info *info, const char *why)
{
	if (xchg(&info->state, BLKFRONT_DEAD) == BLKFRONT_DEAD)
		return;
	if (why)
		dev_err(&info->xbdev->dev, "%s; the disk is disabled\n", why);
	info->why = why;
	queue_work(blkfront_wq, &info->shutdown_work);
}

/* --- Submission --- */

/* The only place where errors become what blk-mq reacts to. */
static blk_status_t blkfront_fail_to_queue(int err)
{
	switch (err) {
	case 0:
		return BLK_STS_OK;
	case -ENOMEM:
	case -ENOSPC:
		/* blk-mq tries again by itself. */
		return BLK_STS_RESOURCE;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

/* Get what only large requests need: tables, and leave to use many grants. */
static int blkfront_prepare_indirect(struct blkfront_ring *ring,
				     struct blkfront_req *req, unsigned int nr,
				     unsigned int nr_pi)
{
	struct blkfront_buf *buf;
	unsigned int i = 0;

	/*
	 * Barriers have no indirect form, so blkfront_limits() bounds them;
	 * this one is from before.
	 */
	if (req->cmd.op != BLKIF_OP_READ && req->cmd.op != BLKIF_OP_WRITE)
		return -ESTALE;

	if (ring->info->agreed.data == BLKFRONT_DIRECT) {
		req->charged = nr;
		if (atomic_sub_return(nr, &ring->budget) < 0)
			return -ENOSPC;
	}
	req->tables = blkfront_pool_take(&ring->tables,
					 blkfront_wire_tables(ring->info, nr,
							      nr_pi));
	if (!req->tables)
		return -ENOMEM;
	req->cmd.indirect = true;
	memset(req->cmd.indirect_gref, 0, sizeof(req->cmd.indirect_gref));
	for (buf = req->tables; buf; buf = buf->next)
		req->cmd.indirect_gref[i++] = buf->gref;
	return 0;
}

/*
 * Get all that a request needs, so that nothing can fail any more.  -ESTALE
 * means the same as of blkfront_op().
 */
static int blkfront_prepare(struct blkfront_ring *ring, struct request *rq,
			    unsigned int op)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_info *info = ring->info;
	unsigned int nr, nr_pi;
	int err = 0;

	req->cmd.op = op;
	req->cmd.sector = 0;
	req->cmd.nr_sectors = 0;
	req->cmd.flags = op >> BLKFRONT_FLAGS_SHIFT;
	req->cmd.indirect = false;
	req->cmd.nr_segs = 0;
	req->cmd.nr_pi = 0;
	req->tables = NULL;
	req->data = NULL;
	req->pi = NULL;
	req->charged = 0;
	if (unlikely(blkif_op_is_range(req->cmd.op)))
		return blkfront_prepare_range(ring, rq);
	nr = blkfront_nr_segs(rq, info->agreed.data);
	if (!nr)
		return 0;

	req->cmd.sector = blk_rq_pos(rq);
	if (unlikely(nr > info->agreed.max_segs))
		return blkfront_fits_queue(rq) ? -EIO : -ESTALE;
	nr_pi = blkfront_pi_pages(info, rq, req->cmd.op);
	if (nr > blkfront_wire_inline(info) || nr_pi)
		err = blkfront_prepare_indirect(ring, req, nr, nr_pi);
	if (!err && info->agreed.data == BLKFRONT_DIRECT)
		err = blkfront_grant(ring, rq, nr);
	else if (!err)
		err = blkfront_bounce(ring, rq, nr);
	if (!err && nr_pi)
		err = blkfront_pi_prepare(ring, rq, nr_pi);
	if (unlikely(err))
		blkfront_release(ring, req);
	return err;
}

/* Tell the backend of all that was put. */
static void blkfront_kick(struct blkfront_ring *ring)
{
	bool notify;

	spin_lock(&ring->lock);
	notify = blkfront_wire_push(ring);
	ring->notifications += notify;
	spin_unlock(&ring->lock);
	if (notify)
		blkfront_notify(ring);
}

/* Put a prepared request on the ring; false if there is no slot. */
static bool blkfront_submit(struct blkfront_ring *ring, struct request *rq,
			    unsigned int hwq, bool last)
{
	struct blkfront_tag *tag = blkfront_tag_of(ring->info, hwq, rq->tag);
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	unsigned int bytes = req->data ? blk_rq_bytes(rq) : 0;
	bool notify = false;

	spin_lock(&ring->lock);
	req->cmd.id = blkif_id(blk_mq_unique_tag(rq), ++tag->gen);
	/* First, because the response may overtake us: blkfront_rest(). */
	WRITE_ONCE(ring->requests, ring->requests + 1);
	if (!blkfront_wire_put(ring, &req->cmd, tag, rq)) {
		WRITE_ONCE(ring->requests, ring->requests - 1);
		spin_unlock(&ring->lock);
		return false;
	}
	if (last)
		notify = blkfront_wire_push(ring);
	ring->bounced += bytes;
	ring->notifications += notify;
	spin_unlock(&ring->lock);

	if (notify)
		blkfront_notify(ring);
	return true;
}

/* End a request that the backend is not to see, as it is at least. */
static void blkfront_end_unsent(struct blkfront_info *info, struct request *rq,
				int why)
{
	blk_mq_start_request(rq);
	if (why == -ESTALE)
		blkfront_resubmit(info, rq);
	else
		/* A flush on its way when flushes were turned off. */
		blk_mq_end_request(rq, BLK_STS_OK);
}

static blk_status_t blkfront_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	struct blkfront_info *info = hctx->queue->queuedata;
	struct blkfront_ring *ring;
	struct request *rq = bd->rq;
	int op, err;

	/* If this fails, blk-mq calls commit_rqs for what was put before. */
	if (unlikely(READ_ONCE(info->state) == BLKFRONT_DEAD))
		return BLK_STS_IOERR;
	ring = blkfront_ring_of(info, hctx->queue_num);

	op = blkfront_op(info, rq);
	err = op < 0 ? op : blkfront_prepare(ring, rq, op);
	if (unlikely(err))
		blkfront_unsent(ring, err);
	if (unlikely(err == -ENOENT || err == -ESTALE)) {
		blkfront_end_unsent(info, rq, err);
		if (bd->last)
			blkfront_kick(ring);
		return BLK_STS_OK;
	}
	if (unlikely(err))
		return blkfront_fail_to_queue(err);

	blk_mq_start_request(rq);
	blkfront_pi_send(rq);
	if (likely(blkfront_submit(ring, rq, hctx->queue_num, bd->last)))
		return BLK_STS_OK;
	/* Only if queues share a ring: see struct blkfront_info. */
	blkfront_release(ring, blk_mq_rq_to_pdu(rq));
	blkfront_unsent(ring, -EBUSY);
	return BLK_STS_RESOURCE;
}

static void blkfront_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_info *info = hctx->queue->queuedata;

	if (READ_ONCE(info->live))
		blkfront_kick(blkfront_ring_of(info, hctx->queue_num));
}

/* --- Completion --- */

static void blkfront_complete_rq(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;
	struct blkfront_ring *ring = blkfront_ring_of(info,
						      rq->mq_hctx->queue_num);
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	blk_status_t result = blkif_status_from_wire(blkfront_abi(info)->slim,
						     req->status);

	trace_blkfront_complete(ring, rq, req->status);
	if (result == BLK_STS_OK && req->data && req->cmd.op == BLKIF_OP_READ)
		blkfront_copy(rq, req->data, false);
	if (result == BLK_STS_OK)
		blkfront_pi_receive(rq);
	if (unlikely(blkfront_release(ring, req))) {
		blkfront_kill(info, "the backend keeps pages of a request that it answered");
		result = BLK_STS_IOERR;
	}
	/* pairs with blkfront_see_completing() */
	smp_store_release(&req->completing, false);
	if (likely(result == BLK_STS_OK) || !blkfront_revoked(info, rq))
		blk_mq_end_request(rq, result);
}

/* Find who a response is for, and take the request from its tag. */
static struct request *blkfront_claim(struct blkfront_ring *ring,
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
	    nr >= info->tag_set.queue_depth ||
	    blkfront_ring_of(info, hwq) != ring)
		return NULL;
	tag = blkfront_tag_of(info, hwq, nr);
	rq = smp_load_acquire(&tag->rq); /* pairs with blkfront_wire_put() */
	if (!rq || tag->gen != blkif_id_gen(rsp->id))
		return NULL;
	req = blk_mq_rq_to_pdu(rq);
	if (!blkif_cmd_answered_by(&req->cmd, rsp->op))
		return NULL;
	WRITE_ONCE(tag->rq, NULL);
	return rq;
}

/* Return: what the response cost of a pass, or -EPROTO. */
static int blkfront_response(struct blkfront_ring *ring,
			     const struct blkif_rsp *rsp)
{
	struct request *rq = blkfront_claim(ring, rsp);
	struct blkfront_req *req;
	int cost;

	if (unlikely(!rq)) {
		dev_err_ratelimited(&ring->info->xbdev->dev,
				    "response with id %#llx, operation %u\n",
				    rsp->id, rsp->op);
		return -EPROTO;
	}
	req = blk_mq_rq_to_pdu(rq);
	req->status = rsp->status;
	WRITE_ONCE(req->completing, true);
	cost = 1 + req->cmd.nr_segs;
	ring->responses++;
	if (unlikely(rsp->status))
		blkfront_count_error(ring, rsp->status);
	blk_mq_complete_request(rq);
	return cost;
}

/*
 * Take responses.
 *
 * Return: 0 if all are taken and the next will be notified, or polled for; 1 if
 * there may be more; -EPROTO.
 */
static int blkfront_pass(struct blkfront_ring *ring)
{
	int budget = BLKFRONT_PASS;
	struct blkif_rsp rsp;
	u64 end = 0;
	int ret;

	lockdep_assert_held(&ring->rsp_lock);
	if (unlikely(ring->broken))
		return 0;
	while (budget > 0) {
		ret = blkfront_wire_get(ring, &rsp);
		if (!ret)
			ret = blkfront_rest(ring, &end);
		else if (ret > 0)
			ret = blkfront_response(ring, &rsp);
		if (ret <= 0)
			break;
		budget -= ret;
	}
	if (unlikely(ret < 0)) {
		ring->broken = true;
		ring->bad_response++;
		blkfront_kill(ring->info,
			      "the backend's responses make no sense");
	}
	return ret;
}

/* Take responses without an event.  Returns how many there were. */
static unsigned int blkfront_look(struct blkfront_ring *ring)
{
	unsigned long flags;
	u64 before;

	spin_lock_irqsave(&ring->rsp_lock, flags);
	before = ring->responses;
	/* A long pass leaves the rest to the next, as it does in interrupts. */
	while (blkfront_pass(ring) > 0) {
		spin_unlock_irqrestore(&ring->rsp_lock, flags);
		cpu_relax();
		spin_lock_irqsave(&ring->rsp_lock, flags);
	}
	before = ring->responses - before;
	spin_unlock_irqrestore(&ring->rsp_lock, flags);
	return before;
}

/*
 * The event is acknowledged when the ring was found empty.  It is not spurious
 * if what it is for was found by somebody else.
 */
static void blkfront_acknowledge(struct blkfront_ring *ring)
{
	bool found = ring->responses != ring->acknowledged;

	xen_irq_lateeoi(ring->irq, found || ring->overtaken ?
			0 : XEN_EOI_FLAG_SPURIOUS);
	ring->acknowledged = ring->responses;
	if (!found)
		ring->overtaken = false;
}

static irqreturn_t blkfront_interrupt(int irq, void *data)
{
	struct blkfront_ring *ring = data;

	spin_lock(&ring->rsp_lock);
	ring->interrupts++;
	trace_blkfront_event(ring);
	if (likely(!ring->deferred && blkfront_pass(ring) <= 0))
		blkfront_acknowledge(ring);
	else
		/* There is no other event until the work acknowledges this. */
		kblockd_schedule_work(&ring->work);
	spin_unlock(&ring->rsp_lock);
	return IRQ_HANDLED;
}

static void blkfront_ring_work(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(work, struct blkfront_ring,
						  work);
	int ret;

	do {
		cond_resched();
		spin_lock_irq(&ring->rsp_lock);
		ret = blkfront_pass(ring);
		if (ret <= 0)
			blkfront_acknowledge(ring);
		spin_unlock_irq(&ring->rsp_lock);
	} while (ret > 0);
}

/* Returns how many responses there were. */
static int blkfront_poll(struct blk_mq_hw_ctx *hctx,
			 struct io_comp_batch *batch)
{
	struct blkfront_info *info = hctx->queue->queuedata;
	struct blkfront_ring *ring;
	int nr = 0;

	/* Who polls is not waited for by quiescing, but by a grace period. */
	rcu_read_lock();
	if (READ_ONCE(info->live)) {
		ring = blkfront_ring_of(info, hctx->queue_num);
		if (ring->polled)
			nr = blkfront_look(ring);
	}
	rcu_read_unlock();
	return nr;
}

/* Look at a ring that may have missed an event, and have the backend do so. */
static void blkfront_watch(struct blkfront_ring *ring, u64 interrupts)
{
	unsigned int nr = blkfront_look(ring);

	/* If there are others, these were about to be told of. */
	if (nr && !ring->polled && interrupts == READ_ONCE(ring->interrupts)) {
		ring->lost_events++;
		dev_warn_ratelimited(&ring->info->xbdev->dev,
				     "queue %u: found %u responses without an event\n",
				     ring->index, nr);
	}
	notify_remote_via_irq(ring->irq);
}

/*
 * The disk is being removed: has the backend let go of our rings?  On a shared
 * one it goes on, if it begins anew; others we would have to make.
 */
static bool blkfront_is_left(const struct blkfront_info *info)
{
	switch (xenbus_read_driver_state(info->xbdev, info->xbdev->otherend)) {
	case XenbusStateConnected:
		return false;
	case XenbusStateInitialising:
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		return info->agreed.choice.layout.separate;
	default:
		return true;
	}
}

/*
 * The watchdog.  No event can be lost by the rules of the ring, but if one is,
 * by whatever fault, this ends the wait, in both directions.  Where none was
 * lost the disk is slow, and the request waits on: its pages are the backend's.
 * Of all the requests that wait, one has the ring looked at.
 *
 * While a disk is removed, nobody tells us any more what becomes of the backend,
 * so it is looked at as well: who removes it waits for its requests.
 */
static enum blk_eh_timer_return blkfront_timeout(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;
	struct blkfront_ring *ring;
	u64 interrupts;

	if (!mutex_trylock(&info->mutex))
		return BLK_EH_RESET_TIMER;
	if (READ_ONCE(info->removing) && blkfront_is_left(info))
		blkfront_kill(info, NULL);
	if (READ_ONCE(info->live)) {
		ring = blkfront_ring_of(info, rq->mq_hctx->queue_num);
		if (!time_in_range(jiffies, ring->watched,
				   ring->watched + BLKFRONT_WATCH_INTERVAL)) {
			interrupts = READ_ONCE(ring->interrupts);
			/* As after a pause, when this and an event come together. */
			msleep(BLKFRONT_LATE_MS);
			blkfront_watch(ring, interrupts);
			ring->watched = jiffies;
		}
	}
	mutex_unlock(&info->mutex);
	return blk_mq_rq_state(rq) == MQ_RQ_IN_FLIGHT ? BLK_EH_RESET_TIMER :
							BLK_EH_DONE;
}

static void blkfront_map_queues(struct blk_mq_tag_set *set)
{
	const struct blkfront_info *info = set->driver_data;
	unsigned int nr_polled = info->agreed.nr_polled;
	struct blk_mq_queue_map *map = set->map;

	map[HCTX_TYPE_DEFAULT].nr_queues = set->nr_hw_queues - nr_polled;
	blk_mq_map_queues(&map[HCTX_TYPE_DEFAULT]);
	if (!nr_polled)
		return;
	map[HCTX_TYPE_READ].nr_queues = 0;
	map[HCTX_TYPE_POLL].nr_queues = nr_polled;
	map[HCTX_TYPE_POLL].queue_offset = map[HCTX_TYPE_DEFAULT].nr_queues;
	blk_mq_map_queues(&map[HCTX_TYPE_POLL]);
}

static const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = blkfront_queue_rq,
	.commit_rqs = blkfront_commit_rqs,
	.complete = blkfront_complete_rq,
	.poll = blkfront_poll,
	.timeout = blkfront_timeout,
	.map_queues = blkfront_map_queues,
};

/* --- Rings --- */

/*
 * Bios that are polled for must not be completed in interrupts.  The first
 * response of a polled ring has one all the same, and where another connection
 * has no polled rings, any may.
 */
static bool blkfront_is_deferred(const struct blkfront_info *info, bool polled)
{
	return polled || (info->gd && !info->agreed.nr_polled &&
			  info->tag_set.map[HCTX_TYPE_POLL].nr_queues);
}

static int blkfront_ring_init(struct blkfront_info *info,
			      struct blkfront_ring *ring, unsigned int index)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	ring->info = info;
	ring->index = index;
	ring->polled = index >= info->agreed.choice.nr_queues -
				info->agreed.nr_polled;
	ring->deferred = blkfront_is_deferred(info, ring->polled);
	spin_lock_init(&ring->lock);
	spin_lock_init(&ring->rsp_lock);
	spin_lock_init(&ring->tables.lock);
	spin_lock_init(&ring->data.lock);
	spin_lock_init(&ring->pi.lock);
	ring->watched = jiffies - BLKFRONT_WATCH_INTERVAL - 1;
	INIT_WORK(&ring->work, blkfront_ring_work);

	err = blkfront_ring_mem_init(ring);
	if (err)
		return err;

	err = xenbus_alloc_evtchn(dev, &ring->evtchn);
	if (err)
		goto free_mem;
	err = bind_evtchn_to_irqhandler_lateeoi(ring->evtchn,
						blkfront_interrupt, 0, "blkif",
						ring);
	if (err < 0)
		goto free_evtchn;
	ring->irq = err;
	return 0;

free_evtchn:
	xenbus_free_evtchn(dev, ring->evtchn);
free_mem:
	blkfront_ring_mem_free(&ring->mem);
	return err;
}

/* Take no more responses. */
static void blkfront_ring_stop(struct blkfront_ring *ring)
{
	/* The work acknowledges the event: the number must still be ours. */
	disable_irq(ring->irq);
	cancel_work_sync(&ring->work);
	unbind_from_irqhandler(ring->irq, ring);
}

static void blkfront_ring_free(struct blkfront_ring *ring)
{
	blkfront_pools_free(ring);
	blkfront_ring_mem_free(&ring->mem);
}

static void blkfront_rings_free(struct blkfront_info *info)
{
	unsigned int i;

	for (i = 0; i < info->nr_rings; i++) {
		blkfront_counts_add(&info->counts, &info->rings[i]);
		blkfront_ring_free(&info->rings[i]);
	}
	kvfree(info->rings);
	info->rings = NULL;
	info->nr_rings = 0;
}

static int blkfront_rings_init(struct blkfront_info *info)
{
	unsigned int nr = info->agreed.choice.nr_queues;
	int err;

	info->rings = kvcalloc(nr, sizeof(*info->rings), GFP_KERNEL);
	if (!info->rings)
		return -ENOMEM;
	for (; info->nr_rings < nr; info->nr_rings++) {
		err = blkfront_ring_init(info, &info->rings[info->nr_rings],
					 info->nr_rings);
		if (err)
			goto stop;
	}
	return 0;

stop:
	for (nr = 0; nr < info->nr_rings; nr++)
		blkfront_ring_stop(&info->rings[nr]);
	blkfront_rings_free(info);
	return err;
}

/* Can the queue be touched? */
static bool blkfront_has_queue(const struct blkfront_info *info)
{
	return info->gd && !info->deleted;
}

static void blkfront_quiesce(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	WRITE_ONCE(info->live, false);
	if (info->quiesced || !blkfront_has_queue(info))
		return;
	blk_mq_quiesce_queue(info->gd->queue);
	info->quiesced = true;
}

static void blkfront_unquiesce(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	if (!info->quiesced)
		return;
	info->quiesced = false;
	blk_mq_unquiesce_queue(info->gd->queue);
	if (info->requeued)
		blk_mq_kick_requeue_list(info->gd->queue);
	info->requeued = false;
}

static bool blkfront_see_completing(struct request *rq, void *any)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	/* pairs with blkfront_complete_rq() */
	if (smp_load_acquire(&req->completing))
		*(bool *)any = true;
	return true;
}

/*
 * Wait until all requests that were answered are done with the rings.  The block
 * layer's own wait is for more: a write that has a flush made for it after it
 * counts as completed until the flush is, which may be in flight, and stay so
 * until it is taken back.
 */
static void blkfront_wait_completing(struct blkfront_info *info)
{
	bool any;

	for (;;) {
		any = false;
		blk_mq_tagset_busy_iter(&info->tag_set, blkfront_see_completing,
					&any);
		if (!any)
			return;
		msleep(BLKFRONT_COMPLETING_MS);
	}
}

/* Take back all requests in flight: queue them again, or fail them. */
static void blkfront_reclaim(struct blkfront_info *info, bool requeue)
{
	unsigned int depth = info->tag_set.queue_depth;
	unsigned int i;

	for (i = 0; i < info->tag_set.nr_hw_queues * depth; i++) {
		struct request *rq = info->tags[i].rq;

		if (!rq)
			continue;
		info->tags[i].rq = NULL;
		blkfront_release(blkfront_ring_of(info, i / depth),
				 blk_mq_rq_to_pdu(rq));
		if (requeue)
			blk_mq_requeue_request(rq, false);
		else
			blk_mq_end_request(rq, BLK_STS_IOERR);
	}
	info->requeued |= requeue;
}

/*
 * Take a connection down, if there is one.
 *
 * When the queue is quiesced, nobody submits; when the interrupts are unbound,
 * nobody takes responses; when requests that were answered are completed, only
 * the tags know of requests, and only this function of rings and pools.
 */
static void blkfront_disconnect(struct blkfront_info *info, bool requeue)
{
	unsigned int i;

	lockdep_assert_held(&info->mutex);
	if (info->nr_rings) {
		blkfront_quiesce(info);
		for (i = 0; i < info->nr_rings; i++)
			blkfront_ring_stop(&info->rings[i]);
		if (blkfront_has_queue(info)) {
			blkfront_wait_completing(info);
			/* Who completed last may not be done with @agreed. */
			synchronize_rcu();
			blkfront_reclaim(info, requeue);
		}
		blkfront_rings_free(info);
	}
	if (READ_ONCE(info->state) == BLKFRONT_DEAD)
		blkfront_unquiesce(info);
}

/* --- Negotiation --- */

/* What the backend offers before it is told of our rings. */
static struct blkif_choice blkfront_choose(struct blkfront_info *info)
{
	const char *from = info->xbdev->otherend;
	struct blkif_offer theirs = {
		.max_queues = xenbus_read_unsigned(from,
						   "multi-queue-max-queues",
						   BLKIF_DEFAULT_QUEUES),
		.max_ring_order = xenbus_read_unsigned(from,
						       "max-ring-page-order",
						       0),
		.max_align = xenbus_read_unsigned(from, "max-ring-alignment",
						  64),
		.slim = xenbus_read_unsigned(from, "feature-slim-requests", 0),
		.separate = xenbus_read_unsigned(from, "feature-separate-rings",
					      0),
	};
	struct blkif_offer ours = {
		.max_queues = info->gd ? info->tag_set.nr_hw_queues :
			      blkfront_max_queues + blkfront_poll_queues,
		.max_ring_order = blkfront_max_order,
		.max_align = blkfront_align,
		.slim = blkfront_slim,
		.separate = blkfront_separate,
	};

	return blkif_choose(&theirs, &ours);
}

/*
 * How many of the queues are polled: the last ones, as long as there is one that
 * is not.  The first connection decides which; a later one with fewer rings
 * cannot tell them apart.
 */
static unsigned int blkfront_choose_polled(const struct blkfront_info *info)
{
	const struct blk_mq_tag_set *set = &info->tag_set;
	unsigned int nr = info->agreed.choice.nr_queues;

	if (!info->gd)
		return min(blkfront_poll_queues, nr - 1);
	return nr == set->nr_hw_queues ?
	       set->map[HCTX_TYPE_POLL].nr_queues : 0;
}

/* Choose, make rings and tell the backend; once for each connection. */
static int blkfront_setup(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	lockdep_assert_held(&info->mutex);
	memset(&info->agreed, 0, sizeof(info->agreed));
	info->agreed.choice = blkfront_choose(info);
	info->agreed.nr_polled = blkfront_choose_polled(info);
	info->persistent = blkfront_persistent;
	info->returning = false;

	err = blkfront_rings_init(info);
	if (err) {
		xenbus_dev_fatal(dev, err, "making rings");
		return err;
	}
	err = blkfront_publish(info);
	if (err) {
		xenbus_dev_fatal(dev, err, "writing to XenStore");
		return err;
	}
	return xenbus_switch_state(dev, XenbusStateInitialised);
}

static void blkfront_agree_data(struct blkfront_info *info)
{
	struct blkfront_agreed *agreed = &info->agreed;
	struct xenbus_device *dev = info->xbdev;
	bool persistent = info->persistent &&
		xenbus_read_unsigned(dev->otherend, "feature-persistent", 0);
	bool trusted = blkfront_trusted &&
		       xenbus_read_unsigned(dev->nodename, "trusted", 1);

	agreed->choice.persistent = persistent;
	agreed->data = persistent ? BLKFRONT_PERSISTENT :
		       trusted ? BLKFRONT_DIRECT : BLKFRONT_BOUNCE;
}

/* What the backend offers only now that it has opened the disk. */
static void blkfront_agree(struct blkfront_info *info)
{
	struct blkfront_agreed *agreed = &info->agreed;
	const char *from = info->xbdev->otherend;
	struct blkif_offer theirs = {
		.max_indirect_segs = xenbus_read_unsigned(from,
					"feature-max-indirect-segments", 0),
		.max_slim_entries = xenbus_read_unsigned(from,
					"max-slim-indirect-entries", 0),
	};
	struct blkif_offer ours = {
		.max_indirect_segs = blkfront_max_segs,
		.max_slim_entries = blkfront_max_entries,
	};

	agreed->max_segs = blkif_choose_segs(agreed->choice.layout.abi,
					     &theirs, &ours);
	blkfront_agree_data(info);
	agreed->flush = BLKFRONT_NO_FLUSH;
	if (xenbus_read_unsigned(from, "feature-flush-cache", 0))
		agreed->flush = BLKFRONT_FLUSH;
	else if (xenbus_read_unsigned(from, "feature-barrier", 0))
		agreed->flush = BLKFRONT_BARRIER;
	blkfront_agree_ops(info);
	blkfront_agree_pi(info);
}

/* Make the pools, for smaller requests if there is not enough for large. */
static int blkfront_make_pools(struct blkfront_info *info)
{
	unsigned int *max_segs = &info->agreed.max_segs;
	unsigned int i = 0;
	int err;

	while (i < info->nr_rings) {
		err = blkfront_pools_init(&info->rings[i++]);
		if (!err)
			continue;
		while (i)
			blkfront_pools_free(&info->rings[--i]);
		if (*max_segs == blkfront_wire_inline(info))
			return err;
		*max_segs = max_t(unsigned int, *max_segs / 2,
				  blkfront_wire_inline(info));
	}
	return 0;
}

static void blkfront_log(const struct blkfront_info *info)
{
	static const char * const data[] = {
		[BLKFRONT_DIRECT] = "granted",
		[BLKFRONT_PERSISTENT] = "persistent",
		[BLKFRONT_BOUNCE] = "bounced",
	};
	static const char * const flush[] = {
		[BLKFRONT_NO_FLUSH] = "none",
		[BLKFRONT_BARRIER] = "barrier",
		[BLKFRONT_FLUSH] = "flush",
	};
	const struct blkfront_agreed *agreed = &info->agreed;
	const struct blkif_layout *layout = &agreed->choice.layout;

	dev_info(&info->xbdev->dev,
		 "%s: %s requests, %s, queues: %u, slots: %u (order %u), segments: %u, data: %s, flush: %s, FUA: %s, discard: %s, zeroes: %s, integrity: %s\n",
		 info->gd->disk_name, layout->abi->name,
		 blkif_layout_name(layout), agreed->choice.nr_queues,
		 blkif_layout_slots(layout),
		 layout->order, agreed->max_segs,
		 data[agreed->data], flush[agreed->flush],
		 agreed->ops.fua ? "yes" : "no",
		 blkif_discard_name(&agreed->ops),
		 agreed->ops.zeroes ? "yes" : "no",
		 blkif_pi_name(&agreed->pi));
}

/* --- The disk --- */

static void blkfront_revoke_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  revoke_work);

	mutex_lock(&info->mutex);
	if (READ_ONCE(info->state) == BLKFRONT_CONNECTED &&
	    blkfront_say_revoked(info))
		blkfront_update_limits(info);
	mutex_unlock(&info->mutex);
}

static int blkfront_make_disk(struct blkfront_info *info)
{
	struct blk_mq_tag_set *set = &info->tag_set;
	struct queue_limits lim = { };
	struct gendisk *gd;
	int err = -ENOMEM;

	set->ops = &blkfront_mq_ops;
	set->nr_hw_queues = info->nr_rings;
	set->queue_depth = blkfront_wire_slots(&info->agreed.choice);
	set->nr_maps = info->agreed.nr_polled ? HCTX_MAX_TYPES : 1;
	set->timeout = BLKFRONT_TIMEOUT;
	set->numa_node = NUMA_NO_NODE;
	/*
	 * The disk's own scheduler is behind the backend.  One here, which a
	 * disk with a single queue would get, costs two switches to a worker
	 * and back for each request.
	 */
	set->flags = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	set->cmd_size = sizeof(struct blkfront_req);
	set->driver_data = info;
	info->tags = kvcalloc(set->nr_hw_queues * set->queue_depth,
			      sizeof(*info->tags), GFP_KERNEL);
	if (!info->tags)
		return err;
	err = blk_mq_alloc_tag_set(set);
	if (err)
		goto free_tags;

	blkfront_limits(info, &lim);
	gd = blk_mq_alloc_disk(set, &lim, info);
	if (IS_ERR(gd)) {
		err = PTR_ERR(gd);
		goto free_tag_set;
	}
	blkfront_name_disk(info, gd);
	info->gd = gd;
	return 0;

free_tag_set:
	blk_mq_free_tag_set(set);
free_tags:
	kvfree(info->tags);
	info->tags = NULL;
	return err;
}

/* Adding a disk reads it: not in the one thread that serves all of xenbus. */
static void blkfront_add_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  add_work);
	int err;

	if (READ_ONCE(info->state) == BLKFRONT_DEAD)
		return;
	err = device_add_disk(&info->xbdev->dev, info->gd, NULL);
	if (err) {
		dev_err(&info->xbdev->dev, "adding %s: %d\n",
			info->gd->disk_name, err);
		blkfront_kill(info, NULL);
		return;
	}
	WRITE_ONCE(info->added, true);
}

/* --- Life cycle --- */

/* The backend has opened the disk and says all about it. */
static int blkfront_connect(struct blkfront_info *info,
			    enum blkfront_state from)
{
	struct xenbus_device *dev = info->xbdev;
	const char *why;
	int err;

	lockdep_assert_held(&info->mutex);
	err = blkfront_read_disk(info, &info->disk, &why);
	if (err) {
		xenbus_dev_fatal(dev, err, "%s", why);
		return err;
	}
	blkfront_agree(info);
	err = blkfront_make_pools(info);
	if (err) {
		xenbus_dev_fatal(dev, err, "making pages and grants");
		return err;
	}
	if (info->agreed.max_segs < XEN_PFN_PER_PAGE) {
		xenbus_dev_fatal(dev, -EOPNOTSUPP,
				 "requests of %u * 4 KiB are less than a page",
				 info->agreed.max_segs);
		return -EOPNOTSUPP;
	}

	err = blkfront_publish_pi(info);
	if (err) {
		xenbus_dev_fatal(dev, err, "writing to XenStore");
		return err;
	}
	if (info->gd) {
		blkfront_update_limits(info);
		blkfront_show_disk(info);
	} else {
		err = blkfront_make_disk(info);
		if (err) {
			xenbus_dev_fatal(dev, err, "making the disk");
			return err;
		}
	}
	blkfront_log(info);

	WRITE_ONCE(info->live, true);
	cmpxchg(&info->state, from, BLKFRONT_CONNECTED);
	xenbus_switch_state(dev, XenbusStateConnected);
	blkfront_unquiesce(info);
	if (from == BLKFRONT_SETUP)
		queue_work(system_long_wq, &info->add_work);
	return 0;
}

/*
 * The backend's driver was exchanged, and the new one waits.
 *
 * Where we stand in separate rings is in neither of them, so it can but begin at
 * their first slots, where old requests are.  It gets other rings, and all that
 * is in flight anew, as after a resume; which is safe because the driver before
 * has ended what it had taken.  We leave by Closed: when the backend is Closed,
 * too, it has seen that, and cannot be about to take up what we had before.
 *
 * A shared ring stays.  Its indexes say where to go on, backends do so without
 * asking, and may have by now: what we sent once more by another ring could
 * then be done twice, the second time after a later write.
 */
static void blkfront_start_over(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	unsigned int i;

	lockdep_assert_held(&info->mutex);
	if (!info->agreed.choice.layout.separate)
		return;
	dev_info(&dev->dev, "the backend has begun anew, and so do we\n");
	/* What was answered need not be done again. */
	for (i = 0; i < info->nr_rings; i++)
		blkfront_look(&info->rings[i]);
	blkfront_quiesce(info);
	cmpxchg(&info->state, BLKFRONT_CONNECTED, BLKFRONT_SUSPENDED);
	info->returning = true;
	xenbus_switch_state(dev, XenbusStateClosed);
	/* Somebody has taken the directory away. */
	if (dev->state != XenbusStateClosed)
		blkfront_kill(info, NULL);
}

/*
 * The backend has let go of the rings; see above.  Who is dead by now stays
 * Closed; one that dies later waits for the mutex before it says so.
 */
static void blkfront_come_back(struct blkfront_info *info)
{
	mutex_lock(&info->mutex);
	blkfront_disconnect(info, true);
	if (READ_ONCE(info->state) != BLKFRONT_DEAD)
		xenbus_switch_state(info->xbdev, XenbusStateInitialising);
	mutex_unlock(&info->mutex);
}

/* The backend waits for our keys, or did not care to wait. */
static void blkfront_backend_ready(struct blkfront_info *info, bool connected)
{
	/* After a resume, what is to be written may wait for this very disk. */
	unsigned int noio = memalloc_noio_save();
	enum blkfront_state state;
	int err = 0;

	mutex_lock(&info->mutex);
	state = READ_ONCE(info->state);
	switch (state) {
	case BLKFRONT_SETUP:
	case BLKFRONT_SUSPENDED:
		if (!info->nr_rings)
			err = blkfront_setup(info);
		if (!err && connected)
			err = blkfront_connect(info, state);
		break;
	case BLKFRONT_CONNECTED:
		if (connected)
			blkfront_disk_changed(info);
		else
			blkfront_start_over(info);
		break;
	case BLKFRONT_DEAD:
		break;
	}
	mutex_unlock(&info->mutex);
	memalloc_noio_restore(noio);
	/* The reason was logged and is in XenStore. */
	if (err)
		blkfront_kill(info, NULL);
}

/*
 * Is the backend Connected to the driver before us still?  What we write for it
 * then it would not look at, and stay on rings that are no more.  It goes to
 * InitWait when it has seen that we are back, which is what we wait for.
 */
static bool blkfront_is_of_old(const struct blkfront_info *info,
			       enum xenbus_state state)
{
	return state == XenbusStateConnected && info->returning &&
	       info->xbdev->state == XenbusStateInitialising;
}

static void blkfront_backend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);
	/* We wait for Closed, and for nothing else. */
	bool leaving = info->returning && dev->state == XenbusStateClosed &&
		       READ_ONCE(info->state) == BLKFRONT_SUSPENDED;

	dev_dbg(&dev->dev, "backend: %s\n", xenbus_strstate(state));
	switch (state) {
	case XenbusStateInitWait:
	case XenbusStateConnected:
		if (!leaving && !blkfront_is_of_old(info, state))
			blkfront_backend_ready(info,
					       state == XenbusStateConnected);
		break;
	case XenbusStateClosing:
		if (!leaving)
			blkfront_kill(info, NULL);
		break;
	case XenbusStateUnknown:
		/* Its directory was taken away, or its domain is gone. */
		blkfront_kill(info, NULL);
		break;
	case XenbusStateClosed:
		if (leaving)
			blkfront_come_back(info);
		/* It may have yet to notice that we are back. */
		if (!info->returning || dev->state != XenbusStateInitialising)
			blkfront_kill(info, NULL);
		break;
	default:
		break;
	}
}

/* Wait for the backend to let go of rings and pages. */
static void blkfront_wait_closed(struct xenbus_device *dev)
{
	unsigned int ms;

	for (ms = 0; ms < BLKFRONT_PATIENCE_MS; ms += 20) {
		switch (xenbus_read_driver_state(dev, dev->otherend)) {
		case XenbusStateUnknown:
		case XenbusStateInitialising:
		case XenbusStateClosed:
			return;
		default:
			msleep(20);
		}
	}
	dev_warn(&dev->dev, "the backend does not close\n");
}

/* Give the backend time to answer what it has. */
static void blkfront_drain(struct blkfront_info *info)
{
	unsigned int depth = info->tag_set.queue_depth;
	unsigned int nr = info->tag_set.nr_hw_queues * depth;
	unsigned int i = 0, ms = 0;

	while (i < nr && ms < BLKFRONT_PATIENCE_MS) {
		if (!READ_ONCE(info->tags[i].rq)) {
			i++;
			continue;
		}
		/* Who should poll for it may have been told that all failed. */
		blkfront_look(blkfront_ring_of(info, i / depth));
		msleep(20);
		ms += 20;
	}
}

/*
 * Take a dead disk down.
 *
 * Unreachable: since the state is DEAD, queue_rq passes nothing on any more.
 * Drained: a backend in its right mind answers what it has, even when it wants
 * to close, and it is given the time.  Then it is told that we are closed, on
 * which it unmaps what is ours.  What is in flight after that is failed; its
 * pages are nobody's but ours, unless the backend has run out of our patience.
 * The gendisk is marked dead after that, because newer kernels then wait for
 * pages under writeback, and nobody else would end their requests.
 */
static void blkfront_shutdown_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  shutdown_work);
	struct xenbus_device *dev = info->xbdev;
	bool queue, drain;

	if (info->why)
		xenbus_dev_fatal(dev, -EPROTO, "%s", info->why);

	/* Who holds the mutex may still be connecting, or beginning anew. */
	mutex_lock(&info->mutex);
	drain = blkfront_has_queue(info) && !info->quiesced && !info->why;
	mutex_unlock(&info->mutex);

	if (drain)
		blkfront_drain(info);
	xenbus_frontend_closed(dev);
	blkfront_wait_closed(dev);

	mutex_lock(&info->mutex);
	blkfront_disconnect(info, false);
	queue = blkfront_has_queue(info);
	mutex_unlock(&info->mutex);
	if (queue) {
		blk_mark_disk_dead(info->gd);
		set_capacity(info->gd, 0);
	}
}

static int blkfront_probe(struct xenbus_device *dev,
			  const struct xenbus_device_id *id)
{
	struct blkfront_info *info;
	int err, vdevice;

	err = blkfront_read_vdevice(dev, &vdevice);
	if (err)
		return err;
	err = blkfront_wanted(dev, vdevice);
	if (err)
		return err;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	info->xbdev = dev;
	info->vdevice = vdevice;
	mutex_init(&info->mutex);
	spin_lock_init(&info->bios_lock);
	INIT_WORK(&info->add_work, blkfront_add_work);
	INIT_WORK(&info->revoke_work, blkfront_revoke_work);
	INIT_WORK(&info->resubmit_work, blkfront_resubmit_work);
	INIT_WORK(&info->shutdown_work, blkfront_shutdown_work);

	err = blkif_vdev_parse(vdevice, &info->vdev);
	if (err) {
		xenbus_dev_fatal(dev, err, "virtual-device %#x is no disk",
				 vdevice);
		goto free_info;
	}
	err = blkfront_reserve_minors(info);
	if (err) {
		xenbus_dev_fatal(dev, err,
				 "virtual-device %#x: another disk has its name",
				 vdevice);
		goto free_info;
	}
	dev_set_drvdata(&dev->dev, info);

	/*
	 * Of the driver before us, which may be the firmware's, the backend may
	 * be Closed.  It goes on when it sees that we are back.
	 */
	info->returning = true;
	xenbus_switch_state(dev, XenbusStateInitialising);
	return 0;

free_info:
	kfree(info);
	return err;
}

/*
 * A suspend has taken us elsewhere: grants, event channels and the backend are
 * gone, and core code has set dev->state back to Initialising.  The watch that
 * it registers next fires at once, and then all is negotiated anew.
 */
static int blkfront_resume(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	mutex_lock(&info->mutex);
	info->returning = false;
	blkfront_quiesce(info);
	cmpxchg(&info->state, BLKFRONT_CONNECTED, BLKFRONT_SUSPENDED);
	if (READ_ONCE(info->state) == BLKFRONT_DEAD)
		xenbus_switch_state(dev, XenbusStateClosed);
	/* If it is dead, requests that are queued again fail. */
	blkfront_disconnect(info, true);
	mutex_unlock(&info->mutex);
	return 0;
}

static void blkfront_free(struct blkfront_info *info)
{
	struct gendisk *gd = info->gd;

	kvfree(info->tags);
	if (!gd) {
		kfree(info);
	} else if (info->added) {
		blk_mq_free_tag_set(&info->tag_set);
		put_disk(gd);	/* see blkfront_free_disk() */
	} else {
		/* The queue is still to be freed, and needs its tags. */
		put_disk(gd);
		blk_mq_free_tag_set(&info->tag_set);
		kfree(info);
	}
}

/*
 * If the backend is there, what is cached is still written to it.  If not,
 * requests are failed first so that nothing waits for them; or later, if it goes
 * meanwhile: see blkfront_timeout().
 */
static void blkfront_remove(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	/* Core code has taken the watch on the backend's state away. */
	WRITE_ONCE(info->removing, true);
	if (READ_ONCE(info->state) != BLKFRONT_CONNECTED ||
	    blkfront_is_left(info)) {
		blkfront_kill(info, NULL);
		flush_work(&info->shutdown_work);
	}
	flush_work(&info->add_work);
	if (info->added) {
		del_gendisk(info->gd);
		mutex_lock(&info->mutex);
		info->deleted = true;
		mutex_unlock(&info->mutex);
	}
	blkfront_kill(info, NULL);
	flush_work(&info->shutdown_work);
	/* Unless an interrupt was first and has yet to queue the work. */
	mutex_lock(&info->mutex);
	blkfront_disconnect(info, false);
	mutex_unlock(&info->mutex);

	/* No interrupt and no request is left that could queue these. */
	cancel_work_sync(&info->shutdown_work);
	cancel_work_sync(&info->revoke_work);
	/* Nor one that could queue this, but bios may be left for it to fail. */
	flush_work(&info->resubmit_work);

	blkfront_clear_keys(XBT_NIL, dev->nodename);
	blkfront_release_minors(info);
	dev_set_drvdata(&dev->dev, NULL);
	blkfront_free(info);
}

static int blkfront_is_ready(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	return info && READ_ONCE(info->added);
}

static const struct xenbus_device_id blkfront_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver blkfront_driver = {
	.ids = blkfront_ids,
	.probe = blkfront_probe,
	.remove = blkfront_remove,
	.resume = blkfront_resume,
	.otherend_changed = blkfront_backend_changed,
	.is_ready = blkfront_is_ready,
	.driver.dev_groups = blkfront_groups,
};

static void __init blkfront_check_params(void)
{
	blkfront_max_segs = max_t(unsigned int, blkfront_max_segs,
				  BLKIF_MAX_INLINE);
	blkfront_max_queues = clamp_t(unsigned int, blkfront_max_queues, 1,
				      num_online_cpus());
	blkfront_poll_queues = min_t(unsigned int, blkfront_poll_queues,
				     num_online_cpus());
	blkfront_max_order = min_t(unsigned int, blkfront_max_order,
				   BLKIF_MAX_RING_ORDER);
}

static int __init blkfront_init(void)
{
	int err;

	BUILD_BUG_ON(BLKIF_MAX_RING_ORDER > XENBUS_MAX_RING_GRANT_ORDER);

	if (!xen_domain() || !xen_has_pv_disk_devices())
		return -ENODEV;
	blkfront_check_params();

	/* Freezable, because a resume exchanges xbdev->otherend. */
	blkfront_wq = alloc_workqueue("xen-blkfront", WQ_UNBOUND |
				      WQ_MEM_RECLAIM | WQ_FREEZABLE, 0);
	if (!blkfront_wq)
		return -ENOMEM;
	err = register_blkdev(XENVBD_MAJOR, "xvd");
	if (err) {
		pr_err("block major %d is taken\n", XENVBD_MAJOR);
		goto free_wq;
	}
	err = xenbus_register_frontend(&blkfront_driver);
	if (err)
		goto unregister;
	return 0;

unregister:
	unregister_blkdev(XENVBD_MAJOR, "xvd");
free_wq:
	destroy_workqueue(blkfront_wq);
	return err;
}
module_init(blkfront_init);

static void __exit blkfront_exit(void)
{
	xenbus_unregister_driver(&blkfront_driver);
	unregister_blkdev(XENVBD_MAJOR, "xvd");
	destroy_workqueue(blkfront_wq);
}
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen virtual block device frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS_BLOCKDEV_MAJOR(XENVBD_MAJOR);
MODULE_ALIAS("xen:vbd");
MODULE_ALIAS("xenblk");
