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
 *   ring->lock      request half of the ring; covers writing the slot only
 *   info->bios_lock bios that are to be submitted again; process context
 *   pool->lock      any context
 * Contexts
 *   queue_rq may not sleep.  The response half of a ring belongs to its
 *   interrupt handler until the event is acknowledged, or to the work item the
 *   handler passes the rest of a long pass to.  Completion may run in hard
 *   interrupts.  XenStore is only touched by xenbus callbacks and work items.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/cdrom.h>
#include <linux/delay.h>
#include <linux/hdreg.h>
#include <linux/interrupt.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "xen-blkfront/data.h"
#include "xen-blkfront/keys.h"
#include "xen-blkfront/resubmit.h"
#include "xen-blkfront/rings.h"
#include "xen-blkfront/sysfs.h"

static unsigned int blkfront_max_segs = 256;
module_param_named(max_indirect_segments, blkfront_max_segs, uint, 0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Most 4 KiB segments of a request (default 256)");

static unsigned int blkfront_max_queues = 4;
module_param_named(max_queues, blkfront_max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues,
		 "Most queues of a disk (default 4, at most one a CPU)");

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

static bool blkfront_split = true;
module_param_named(feature_separate_rings, blkfront_split, bool, 0644);
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

/* How long a backend is waited for; toolstacks wait for us ten seconds. */
#define BLKFRONT_PATIENCE_MS	4000

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
	/* Freezable, because a resume exchanges xbdev->otherend. */
	queue_work(system_freezable_wq, &info->shutdown_work);
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

/*
 * Return: BLKIF_OP_*, -ENOENT if nothing is to be done, -ESTALE if the request
 * was made for another backend, -EOPNOTSUPP.
 */
static int blkfront_op(const struct blkfront_info *info,
		       const struct request *rq)
{
	enum blkfront_flush flush = READ_ONCE(info->agreed.flush);

	switch (req_op(rq)) {
	case REQ_OP_READ:
		return BLKIF_OP_READ;
	case REQ_OP_WRITE:
		if (!(rq->cmd_flags & REQ_FUA) || flush == BLKFRONT_NO_FLUSH)
			return BLKIF_OP_WRITE;
		/* Only barriers have FUA, see blkfront_limits(). */
		return flush == BLKFRONT_BARRIER ? BLKIF_OP_WRITE_BARRIER :
						   -ESTALE;
	case REQ_OP_FLUSH:
		if (flush == BLKFRONT_FLUSH)
			return BLKIF_OP_FLUSH_DISKCACHE;
		return flush == BLKFRONT_BARRIER ? BLKIF_OP_WRITE_BARRIER :
						   -ENOENT;
	default:
		return -EOPNOTSUPP;
	}
}

/* Get what only large requests need: tables, and leave to use many grants. */
static int blkfront_prepare_indirect(struct blkfront_ring *ring,
				     struct blkfront_req *req, unsigned int nr)
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
					 blkfront_wire_tables(ring->info, nr));
	if (!req->tables)
		return -ENOMEM;
	req->cmd.indirect = true;
	memset(req->cmd.table, 0, sizeof(req->cmd.table));
	for (buf = req->tables; buf; buf = buf->next)
		req->cmd.table[i++] = buf->gref;
	return 0;
}

/*
 * Get all that a request needs, so that nothing can fail any more.  -ESTALE
 * means the same as of blkfront_op().
 */
static int blkfront_prepare(struct blkfront_ring *ring, struct request *rq,
			    u8 op)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_info *info = ring->info;
	unsigned int nr = blkfront_nr_segs(info, rq);
	int err = 0;

	req->cmd.op = op;
	req->cmd.sector = nr ? blk_rq_pos(rq) : 0;
	req->cmd.nr_sectors = 0;
	req->cmd.flags = 0;
	req->cmd.indirect = false;
	req->cmd.nr_segs = 0;
	req->tables = NULL;
	req->data = NULL;
	req->charged = 0;
	if (!nr)
		return 0;

	if (unlikely(nr > info->agreed.max_segs))
		return blkfront_fits_queue(rq) ? -EIO : -ESTALE;
	if (nr > blkfront_wire_inline(info))
		err = blkfront_prepare_indirect(ring, req, nr);
	if (!err && info->agreed.data == BLKFRONT_DIRECT)
		err = blkfront_grant(ring, rq, nr);
	else if (!err)
		err = blkfront_bounce(ring, rq, nr);
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
		notify_remote_via_irq(ring->irq);
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
	if (!blkfront_wire_put(ring, &req->cmd, tag, rq)) {
		spin_unlock(&ring->lock);
		return false;
	}
	if (last)
		notify = blkfront_wire_push(ring);
	ring->requests++;
	ring->bounced += bytes;
	ring->notifications += notify;
	spin_unlock(&ring->lock);

	if (notify)
		notify_remote_via_irq(ring->irq);
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
	if (unlikely(err == -ENOENT || err == -ESTALE)) {
		blkfront_end_unsent(info, rq, err);
		if (bd->last)
			blkfront_kick(ring);
		return BLK_STS_OK;
	}
	if (unlikely(err))
		return blkfront_fail_to_queue(err);

	blk_mq_start_request(rq);
	if (likely(blkfront_submit(ring, rq, hctx->queue_num, bd->last)))
		return BLK_STS_OK;
	/* Only if queues share a ring: see struct blkfront_info. */
	blkfront_release(ring, blk_mq_rq_to_pdu(rq));
	return BLK_STS_RESOURCE;
}

static void blkfront_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_info *info = hctx->queue->queuedata;

	if (READ_ONCE(info->live))
		blkfront_kick(blkfront_ring_of(info, hctx->queue_num));
}

/* --- Completion --- */

static blk_status_t blkfront_result(s16 status)
{
	switch (status) {
	case BLKIF_RSP_OKAY:
		return BLK_STS_OK;
	case BLKIF_RSP_EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

/* Does the response mean that there are no flushes or barriers, after all? */
static bool blkfront_flush_refused(struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	if (req->cmd.op == BLKIF_OP_FLUSH_DISKCACHE)
		return req->status == BLKIF_RSP_EOPNOTSUPP;
	if (req->cmd.op != BLKIF_OP_WRITE_BARRIER)
		return false;
	/* Old backends fail a barrier without data and mean the same. */
	return req->status == BLKIF_RSP_EOPNOTSUPP ||
	       (req->status == BLKIF_RSP_ERROR && !req->cmd.nr_segs);
}

/* Turn flushes off and do what is still to be done without. */
static void blkfront_without_flush(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;

	if (xchg(&info->agreed.flush, BLKFRONT_NO_FLUSH) != BLKFRONT_NO_FLUSH)
		schedule_work(&info->flush_work);
	if (req_op(rq) == REQ_OP_FLUSH)
		blk_mq_end_request(rq, BLK_STS_OK);
	else
		blk_mq_requeue_request(rq, true);
}

static void blkfront_complete_rq(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;
	struct blkfront_ring *ring = blkfront_ring_of(info,
						      rq->mq_hctx->queue_num);
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	blk_status_t result = blkfront_result(req->status);

	if (result == BLK_STS_OK && req->data && req->cmd.op == BLKIF_OP_READ)
		blkfront_copy(rq, req->data, false);
	if (unlikely(blkfront_release(ring, req))) {
		blkfront_kill(info, "the backend keeps pages of a request that it answered");
		result = BLK_STS_IOERR;
	}
	if (unlikely(result != BLK_STS_OK) && blkfront_flush_refused(rq))
		blkfront_without_flush(rq);
	else
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
	cost = 1 + req->cmd.nr_segs;
	ring->responses++;
	blk_mq_complete_request(rq);
	return cost;
}

/*
 * Take responses.
 *
 * Return: 0 if all are taken and the next will be notified, 1 if there may be
 * more, -EPROTO.
 */
static int blkfront_pass(struct blkfront_ring *ring, unsigned int *nr)
{
	int budget = BLKFRONT_PASS;
	struct blkif_rsp rsp;
	int ret;

	while (budget > 0) {
		ret = blkfront_wire_get(ring, &rsp);
		if (!ret)
			ret = blkfront_wire_arm(ring);
		else if (ret > 0)
			ret = blkfront_response(ring, &rsp);
		if (ret <= 0)
			return ret;
		budget -= ret;
		*nr += 1;
	}
	return 1;
}

static void blkfront_bad_ring(struct blkfront_ring *ring)
{
	ring->broken = true;
	blkfront_kill(ring->info, "the backend's responses make no sense");
}

static irqreturn_t blkfront_interrupt(int irq, void *data)
{
	struct blkfront_ring *ring = data;
	unsigned int nr = 0;
	int ret = 0;

	ring->interrupts++;
	if (likely(!ring->broken))
		ret = blkfront_pass(ring, &nr);
	if (unlikely(ret > 0)) {
		/* There is no other event until the work acknowledges this. */
		queue_work(system_highpri_wq, &ring->work);
		return IRQ_HANDLED;
	}
	if (unlikely(ret < 0))
		blkfront_bad_ring(ring);
	xen_irq_lateeoi(irq, nr ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return IRQ_HANDLED;
}

static void blkfront_ring_work(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(work, struct blkfront_ring,
						  work);
	unsigned int nr = 0;
	int ret;

	/* Until it is acknowledged, there is no interrupt. */
	do {
		cond_resched();
		ret = blkfront_pass(ring, &nr);
	} while (ret > 0);
	if (ret < 0)
		blkfront_bad_ring(ring);
	xen_irq_lateeoi(ring->irq, 0);
}

static const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = blkfront_queue_rq,
	.commit_rqs = blkfront_commit_rqs,
	.complete = blkfront_complete_rq,
};

/* --- Rings --- */

static int blkfront_ring_init(struct blkfront_info *info,
			      struct blkfront_ring *ring, unsigned int index)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	ring->info = info;
	ring->index = index;
	spin_lock_init(&ring->lock);
	spin_lock_init(&ring->tables.lock);
	spin_lock_init(&ring->data.lock);
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

	for (i = 0; i < info->nr_rings; i++)
		blkfront_ring_free(&info->rings[i]);
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
			blk_mq_tagset_wait_completed_request(&info->tag_set);
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
		.split = xenbus_read_unsigned(from, "feature-separate-rings",
					      0),
	};
	struct blkif_offer ours = {
		.max_queues = info->gd ? info->tag_set.nr_hw_queues :
					 blkfront_max_queues,
		.max_ring_order = blkfront_max_order,
		.max_align = blkfront_align,
		.slim = blkfront_slim,
		.split = blkfront_split,
	};

	return blkif_choose(&theirs, &ours);
}

/* Choose, make rings and tell the backend; once for each connection. */
static int blkfront_setup(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	lockdep_assert_held(&info->mutex);
	memset(&info->agreed, 0, sizeof(info->agreed));
	info->agreed.choice = blkfront_choose(info);
	info->persistent = blkfront_persistent;

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

/* Read and check what kind of disk it is. */
static int blkfront_read_disk(struct blkfront_info *info,
			      struct blkfront_disk *disk)
{
	struct xenbus_device *dev = info->xbdev;
	const char *from = dev->otherend;

	if (xenbus_scanf(XBT_NIL, from, "sectors", "%llu",
			 &disk->sectors) != 1 ||
	    disk->sectors > LLONG_MAX >> SECTOR_SHIFT) {
		xenbus_dev_fatal(dev, -EINVAL, "reading %s/sectors", from);
		return -EINVAL;
	}
	disk->info = xenbus_read_unsigned(from, "info", 0);
	disk->block_size = xenbus_read_unsigned(from, "sector-size",
						SECTOR_SIZE);
	if (!is_power_of_2(disk->block_size) ||
	    disk->block_size < SECTOR_SIZE ||
	    disk->block_size > BLKIF_PAGE_SIZE) {
		xenbus_dev_fatal(dev, -EINVAL, "sector-size %u is not usable",
				 disk->block_size);
		return -EINVAL;
	}
	disk->phys_size = xenbus_read_unsigned(from, "physical-sector-size",
					       disk->block_size);
	if (!is_power_of_2(disk->phys_size) ||
	    disk->phys_size < disk->block_size) {
		dev_warn(&dev->dev, "ignoring physical-sector-size %u\n",
			 disk->phys_size);
		disk->phys_size = disk->block_size;
	}
	return 0;
}

static enum blkfront_data blkfront_choose_data(const struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;

	if (info->persistent &&
	    xenbus_read_unsigned(dev->otherend, "feature-persistent", 0))
		return BLKFRONT_PERSISTENT;
	if (!blkfront_trusted ||
	    !xenbus_read_unsigned(dev->nodename, "trusted", 1))
		return BLKFRONT_BOUNCE;
	return BLKFRONT_DIRECT;
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
	agreed->data = blkfront_choose_data(info);
	agreed->choice.persistent = agreed->data == BLKFRONT_PERSISTENT;
	agreed->flush = BLKFRONT_NO_FLUSH;
	if (xenbus_read_unsigned(from, "feature-flush-cache", 0))
		agreed->flush = BLKFRONT_FLUSH;
	else if (xenbus_read_unsigned(from, "feature-barrier", 0))
		agreed->flush = BLKFRONT_BARRIER;
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
		 "%s: %s requests, %s, queues: %u, slots: %u (order %u), segments: %u, data: %s, flush: %s\n",
		 info->gd->disk_name, layout->abi->name,
		 !layout->split ? "shared ring" :
		 layout->align == 64 ? "separate rings of 64-byte lines" :
				       "separate rings of 128-byte lines",
		 agreed->choice.nr_queues, blkif_layout_slots(layout),
		 layout->order, agreed->max_segs,
		 data[agreed->data], flush[agreed->flush]);
}

/* --- The disk --- */

/* Disks that different numbers name alike: only one may have the minors. */
static DEFINE_MUTEX(blkfront_minors_lock);
static LIST_HEAD(blkfront_minors);

static int blkfront_reserve_minors(struct blkfront_info *info)
{
	const struct blkif_vdev *ours = &info->vdev;
	struct blkfront_info *other;
	int err = 0;

	mutex_lock(&blkfront_minors_lock);
	list_for_each_entry(other, &blkfront_minors, minors_node) {
		const struct blkif_vdev *theirs = &other->vdev;

		if (ours->minor < theirs->minor + theirs->nr_minors &&
		    theirs->minor < ours->minor + ours->nr_minors)
			err = -EBUSY;
	}
	if (!err)
		list_add(&info->minors_node, &blkfront_minors);
	mutex_unlock(&blkfront_minors_lock);
	return err;
}

static void blkfront_release_minors(struct blkfront_info *info)
{
	mutex_lock(&blkfront_minors_lock);
	list_del(&info->minors_node);
	mutex_unlock(&blkfront_minors_lock);
}

static int blkfront_getgeo(struct block_device *bdev, struct hd_geometry *geo)
{
	sector_t cylinders = get_capacity(bdev->bd_disk);

	/* There is none; this is what partitioning tools are used to. */
	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, 0xffff);
	return 0;
}

static int blkfront_ioctl(struct block_device *bdev, blk_mode_t mode,
			  unsigned int cmd, unsigned long arg)
{
	const struct blkfront_info *info = bdev->bd_disk->private_data;

	switch (cmd) {
	case CDROMMULTISESSION:
		return clear_user((void __user *)arg,
				  sizeof(struct cdrom_multisession)) ?
		       -EFAULT : 0;
	case CDROM_GET_CAPABILITY:
		return info->disk.info & VDISK_CDROM ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* The last opener of a disk that was removed is gone. */
static void blkfront_free_disk(struct gendisk *gd)
{
	kfree(gd->private_data);
}

static const struct block_device_operations blkfront_fops = {
	.owner = THIS_MODULE,
	.getgeo = blkfront_getgeo,
	.ioctl = blkfront_ioctl,
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = blkfront_free_disk,
};

/* Discard and write zeroes will be said here. */
static void blkfront_limits(const struct blkfront_info *info,
			    struct queue_limits *lim)
{
	const struct blkfront_agreed *agreed = &info->agreed;

	lim->logical_block_size = info->disk.block_size;
	lim->physical_block_size = info->disk.phys_size;
	lim->max_hw_sectors = agreed->max_segs * BLKIF_PAGE_SECTORS;
	lim->max_user_sectors = lim->max_hw_sectors;

	/* A segment is a grant, or as many as a page of ours takes. */
	lim->max_segments = agreed->max_segs / XEN_PFN_PER_PAGE;
	lim->max_segment_size = PAGE_SIZE;
	lim->seg_boundary_mask = PAGE_SIZE - 1;

	/* There are backends that take no block split over two pages. */
	lim->dma_alignment = SECTOR_SIZE - 1;
	if (agreed->data == BLKFRONT_DIRECT)
		lim->dma_alignment = info->disk.block_size - 1;

	lim->features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA);
	if (agreed->flush != BLKFRONT_NO_FLUSH)
		lim->features |= BLK_FEAT_WRITE_CACHE;
	/* Barriers are never indirect; a flush after a large write will do. */
	if (agreed->flush == BLKFRONT_BARRIER &&
	    agreed->max_segs <= blkfront_wire_inline(info))
		lim->features |= BLK_FEAT_FUA;
}

static void blkfront_update_limits(struct blkfront_info *info)
{
	struct queue_limits lim = queue_limits_start_update(info->gd->queue);
	int err;

	blkfront_limits(info, &lim);
	err = queue_limits_commit_update(info->gd->queue, &lim);
	if (err)
		dev_err(&info->xbdev->dev, "setting queue limits: %d\n", err);
}

static void blkfront_flush_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  flush_work);

	mutex_lock(&info->mutex);
	if (READ_ONCE(info->state) == BLKFRONT_CONNECTED &&
	    READ_ONCE(info->agreed.flush) == BLKFRONT_NO_FLUSH) {
		dev_warn(&info->xbdev->dev,
			 "the backend refuses to flush; turned off\n");
		blkfront_update_limits(info);
	}
	mutex_unlock(&info->mutex);
}

static void blkfront_name_disk(struct blkfront_info *info, struct gendisk *gd)
{
	blkif_vdev_name(&info->vdev, gd->disk_name);
	gd->major = XENVBD_MAJOR;
	gd->first_minor = info->vdev.minor;
	gd->minors = info->vdev.nr_minors;
	gd->fops = &blkfront_fops;
	gd->private_data = info;
	set_capacity(gd, info->disk.sectors);
	if (info->disk.info & VDISK_READONLY)
		set_disk_ro(gd, true);
	if (info->disk.info & VDISK_REMOVABLE)
		gd->flags |= GENHD_FL_REMOVABLE;
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
	set->numa_node = NUMA_NO_NODE;
	set->flags = BLK_MQ_F_SHOULD_MERGE;
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
	int err;

	lockdep_assert_held(&info->mutex);
	err = blkfront_read_disk(info, &info->disk);
	if (err)
		return err;
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

	if (info->gd) {
		blkfront_update_limits(info);
		set_capacity_and_notify(info->gd, info->disk.sectors);
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

/* The backend is connected, and says so again if the disk has changed. */
static void blkfront_resize(struct blkfront_info *info)
{
	struct blkfront_disk disk;

	lockdep_assert_held(&info->mutex);
	if (blkfront_read_disk(info, &disk))
		return;
	if (disk.block_size != info->disk.block_size) {
		dev_err(&info->xbdev->dev,
			"ignoring a change of sector-size from %u to %u\n",
			info->disk.block_size, disk.block_size);
		return;
	}
	if (disk.sectors == info->disk.sectors)
		return;
	dev_info(&info->xbdev->dev, "%s: %llu sectors, were %llu\n",
		 info->gd->disk_name, disk.sectors, info->disk.sectors);
	info->disk.sectors = disk.sectors;
	set_capacity_and_notify(info->gd, disk.sectors);
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
			blkfront_resize(info);
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

static void blkfront_backend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	dev_dbg(&dev->dev, "backend: %s\n", xenbus_strstate(state));
	switch (state) {
	case XenbusStateInitWait:
		blkfront_backend_ready(info, false);
		break;
	case XenbusStateConnected:
		blkfront_backend_ready(info, true);
		break;
	case XenbusStateClosed:
		/* Has yet to notice that we are back. */
		if (info->rebound && dev->state == XenbusStateInitialising)
			break;
		fallthrough;
	case XenbusStateClosing:
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
		switch (xenbus_read_driver_state(dev->otherend)) {
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
	unsigned int nr = info->tag_set.nr_hw_queues *
			  info->tag_set.queue_depth;
	unsigned int i = 0, ms = 0;

	while (i < nr && ms < BLKFRONT_PATIENCE_MS) {
		if (!READ_ONCE(info->tags[i].rq)) {
			i++;
			continue;
		}
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

	/* Who holds the mutex may still be connecting. */
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

/* Only disks are ours, and not those an emulated controller has, too. */
static int blkfront_wanted(struct xenbus_device *dev, unsigned int vdevice)
{
	bool cdrom;
	char *type;

	if (!xen_hvm_domain())
		return 0;
	if (xen_has_pv_and_legacy_disk_devices() &&
	    !(vdevice >> VDEV_EXT_SHIFT) && vdevice >> 8 != XENVBD_MAJOR) {
		dev_info(&dev->dev, "left to the emulated disk controller\n");
		return -ENODEV;
	}
	type = xenbus_read(XBT_NIL, dev->nodename, "device-type", NULL);
	if (IS_ERR(type))
		return -ENODEV;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom ? -ENODEV : 0;
}

static int blkfront_read_vdevice(struct xenbus_device *dev, int *vdevice)
{
	int ret;

	ret = xenbus_scanf(XBT_NIL, dev->nodename, "virtual-device", "%i",
			   vdevice);
	if (ret != 1)
		ret = xenbus_scanf(XBT_NIL, dev->nodename,
				   "virtual-device-ext", "%i", vdevice);
	if (ret == 1)
		return 0;
	ret = ret < 0 ? ret : -EINVAL;
	xenbus_dev_fatal(dev, ret, "reading virtual-device");
	return ret;
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
	INIT_WORK(&info->flush_work, blkfront_flush_work);
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

	/* Bound again: the backend goes on when it sees that we are back. */
	info->rebound = dev->state != XenbusStateInitialising;
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
 * requests are failed first so that nothing waits for them.
 */
static void blkfront_remove(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	if (READ_ONCE(info->state) != BLKFRONT_CONNECTED ||
	    xenbus_read_driver_state(dev->otherend) != XenbusStateConnected) {
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
	cancel_work_sync(&info->flush_work);
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

	err = register_blkdev(XENVBD_MAJOR, "xvd");
	if (err) {
		pr_err("block major %d is taken\n", XENVBD_MAJOR);
		return err;
	}
	err = xenbus_register_frontend(&blkfront_driver);
	if (err)
		unregister_blkdev(XENVBD_MAJOR, "xvd");
	return err;
}
module_init(blkfront_init);

static void __exit blkfront_exit(void)
{
	xenbus_unregister_driver(&blkfront_driver);
	unregister_blkdev(XENVBD_MAJOR, "xvd");
}
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen virtual block device frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS_BLOCKDEV_MAJOR(XENVBD_MAJOR);
MODULE_ALIAS("xen:vbd");
MODULE_ALIAS("xenblk");
