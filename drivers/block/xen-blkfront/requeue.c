// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that are taken back: those in flight when a connection ends, and
 * those that were made for another backend.
 *
 * The latter are too large for the present backend, as after a migration, or
 * have a FUA flag for which it has no operation.  Their bios are submitted
 * again, so that the block layer makes requests of them by the present limits,
 * and the request is ended without them.  Until the queue has these limits, the
 * bios are kept back: see blkfront_update_work().  Nothing waits for them
 * meanwhile but whoever submitted them, so the queue can be frozen.
 */

#include <linux/bio.h>
#include <linux/delay.h>

#include "blkfront.h"

/* How soon to check again whether other CPUs have completed requests. */
#define BLKFRONT_COMPLETING_MS	5

static bool blkfront_note_completing(struct request *rq, void *any)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	/* pairs with blkfront_complete_rq() */
	if (smp_load_acquire(&req->completing))
		*(bool *)any = true;
	return true;
}

/*
 * Wait until all requests that were answered have released what they use of the
 * rings.  blk_mq_tagset_wait_completed_request() waits for too much: a write
 * that is followed by a flush counts as completed until the flush is, and that
 * may be in flight until it is taken back here.
 */
static void blkfront_wait_completing(struct blkfront_info *info)
{
	bool any;

	for (;;) {
		any = false;
		blk_mq_tagset_busy_iter(&info->tag_set,
					blkfront_note_completing, &any);
		if (!any)
			return;
		msleep(BLKFRONT_COMPLETING_MS);
	}
}

/**
 * blkfront_reclaim() - take back all requests in flight
 * @info: the disk; its queue is quiesced, and its rings were stopped
 * @requeue: send them again by the next connection; otherwise they fail
 *
 * A request fails in any case if the backend still has pages of it mapped: if it
 * was sent again, two backends could write to them.
 *
 * Context: process context with info->mutex; sleeps.
 *
 * Return: how many grants of their data the backend still has mapped.
 */
unsigned int blkfront_reclaim(struct blkfront_info *info, bool requeue)
{
	unsigned int depth = info->tag_set.queue_depth;
	unsigned int i, held, all_held = 0;

	lockdep_assert_held(&info->mutex);
	blkfront_wait_completing(info);
	/* The last of them may still be reading info->agreed. */
	synchronize_rcu();
	for (i = 0; i < info->tag_set.nr_hw_queues * depth; i++) {
		struct request *rq = info->tags[i].rq;

		if (!rq)
			continue;
		info->tags[i].rq = NULL;
		held = blkfront_release(blkfront_ring_of(info, i / depth),
					blk_mq_rq_to_pdu(rq));
		all_held += held;
		if (requeue && !held) {
			blk_mq_requeue_request(rq, false);
			info->requeued = true;
		} else {
			blk_mq_end_request(rq, BLK_STS_IOERR);
		}
	}
	return all_held;
}

/* Discards are split into whole granules only, so one granule must fit. */
static bool blkfront_splits_discards(const struct request_queue *q)
{
	return q->limits.discard_granularity >> SECTOR_SHIFT <=
	       q->limits.max_discard_sectors;
}

/**
 * blkfront_fits_queue() - would the block layer make the same request again?
 * @rq: the request, larger than what was negotiated
 *
 * Context: any.
 *
 * Return: true if it respects the limits of the queue, false if these became
 * smaller after it was made.
 */
bool blkfront_fits_queue(struct request *rq)
{
	struct request_queue *q = rq->q;

	switch (req_op(rq)) {
	case REQ_OP_DISCARD:
		return !blkfront_splits_discards(q) ||
		       (blk_rq_nr_discard_segments(rq) <=
			queue_max_discard_segments(q) &&
			blk_rq_sectors(rq) <= q->limits.max_discard_sectors);
	case REQ_OP_SECURE_ERASE:
		return !blkfront_splits_discards(q) ||
		       blk_rq_sectors(rq) <= q->limits.max_secure_erase_sectors;
	case REQ_OP_WRITE_ZEROES:
		return blk_rq_sectors(rq) <= q->limits.max_write_zeroes_sectors;
	default:
		return blk_rq_nr_phys_segments(rq) <= queue_max_segments(q) &&
		       blk_rq_sectors(rq) <= queue_max_hw_sectors(q);
	}
}

/**
 * blkfront_resubmit() - have the bios of a request submitted again
 * @info: the disk
 * @rq: the request, which was started; it is ended
 *
 * Nobody notices that the request ends: whoever submitted a bio waits for the
 * bio, which is not completed here.  The same is true of a write with FUA, or
 * after a flush, that is the data step of a sequence which the block layer made
 * of the bio.  That sequence goes on without the bio, and ends with a flush
 * that is superfluous at worst.  The bio still has its flags, so when it is
 * submitted again, another sequence is made of it, by what the backend supports
 * now, and only the end of that sequence completes it.
 *
 * What was done of a bio is not done again: when a part of a request is
 * answered, its bios are advanced.  If a flush was to follow the whole of it, the
 * bio is preceded by one instead, which covers the first part.
 *
 * Context: any.
 */
void blkfront_resubmit(struct blkfront_info *info, struct request *rq)
{
	unsigned long flags;
	struct bio *bio;

	/* A driver above us would notice, and has limits of its own. */
	if (rq->end_io && !(rq->rq_flags & RQF_FLUSH_SEQ)) {
		blk_mq_end_request(rq, BLK_STS_IOERR);
		return;
	}
	dev_dbg(&info->xbdev->dev, "a request of %u bytes is submitted again\n",
		blk_rq_bytes(rq));
	if (blkfront_must_be_durable(info) && req_op(rq) == REQ_OP_WRITE)
		__rq_for_each_bio(bio, rq)
			bio->bi_opf |= REQ_FUA;
	if (rq->rq_flags & RQF_FLUSH_SEQ)
		__rq_for_each_bio(bio, rq)
			bio->bi_opf |= REQ_PREFLUSH;
	spin_lock_irqsave(&info->bios_lock, flags);
	blk_steal_bios(&info->bios, rq);
	spin_unlock_irqrestore(&info->bios_lock, flags);
	/*
	 * Submitting may wait, for a tag for example; queue_rq may not.  Once
	 * the request has ended, the disk may be deleted.
	 */
	kblockd_schedule_work(&info->resubmit_work);
	blk_mq_end_request(rq, BLK_STS_OK);
}

/*
 * Bios wait for the limits of the queue, by which they are to be split, and for
 * a connection, as submitting them needs tags.  Whoever ends the wait queues the
 * work item.
 */
static bool blkfront_may_resubmit(const struct blkfront_info *info)
{
	return blkfront_is_dead(info) || (blkfront_rings_usable(info) &&
					  !blkfront_is_stale(info));
}

/**
 * blkfront_resubmit_work() - submit bios again
 * @work: the disk's
 *
 * Context: process context; sleeps.
 */
void blkfront_resubmit_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  resubmit_work);
	struct bio_list bios;
	struct bio *bio;

	if (!blkfront_may_resubmit(info))
		return;
	spin_lock_irq(&info->bios_lock);
	bios = info->bios;
	bio_list_init(&info->bios);
	spin_unlock_irq(&info->bios_lock);

	while ((bio = bio_list_pop(&bios))) {
		/* It did not wait when it was first submitted; now it may. */
		bio->bi_opf &= ~REQ_NOWAIT;
		submit_bio_noacct(bio);
	}
}
