/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests that were made for another backend than the one there is now, as
 * after a migration, or for one that was thought to do more: too large for it,
 * or with a FUA that it has no operation for.  The block layer makes requests
 * of bios by the limits that are in force then, so the bios are taken out and
 * submitted again, and the request is ended without them.
 */

#ifndef _XEN_BLKFRONT_RESUBMIT_H
#define _XEN_BLKFRONT_RESUBMIT_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include "blkfront.h"

/* Discards are split into whole granules only, so that one must fit. */
static inline bool blkfront_splits_discards(const struct request_queue *q)
{
	return q->limits.discard_granularity >> SECTOR_SHIFT <=
	       q->limits.max_discard_sectors;
}

/*
 * Would the block layer make the same request again?  Then the limits are not
 * what was agreed, and submitting it again would never end.
 */
static inline bool blkfront_fits_queue(struct request *rq)
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

/*
 * End a request that was started, and have its bios submitted again.
 *
 * Nobody hears of the end: who submitted a bio waits for the bio, which is not
 * completed here.  That also goes for a write with FUA or a flush before it,
 * when the request is the data step of a sequence that the block layer made of
 * the bio.  The sequence goes on without the bio, and ends with a flush that
 * is one too many at worst.  Flags are dropped from the request only, the bio
 * has them still; so a sequence is made of it anew, by what the backend has
 * now, and only the end of that one completes it.
 *
 * A bio is submitted as a whole: requests are never answered in part.
 */
static inline void blkfront_resubmit(struct blkfront_info *info,
				     struct request *rq)
{
	unsigned long flags;

	/* Of a driver above that does hear of it, and has limits of its own. */
	if (rq->end_io && !(rq->rq_flags & RQF_FLUSH_SEQ)) {
		blk_mq_end_request(rq, BLK_STS_IOERR);
		return;
	}
	dev_dbg(&info->xbdev->dev, "a request of %u bytes is made anew\n",
		blk_rq_bytes(rq));
	spin_lock_irqsave(&info->bios_lock, flags);
	blk_steal_bios(&info->bios, rq);
	spin_unlock_irqrestore(&info->bios_lock, flags);
	blk_mq_end_request(rq, BLK_STS_OK);
	/* queue_rq may not submit: it may not wait, for a tag say. */
	kblockd_schedule_work(&info->resubmit_work);
}

static inline void blkfront_resubmit_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  resubmit_work);
	struct bio_list bios;
	struct bio *bio;

	spin_lock_irq(&info->bios_lock);
	bios = info->bios;
	bio_list_init(&info->bios);
	spin_unlock_irq(&info->bios_lock);

	while ((bio = bio_list_pop(&bios))) {
		/* Did not wait when it was first submitted; may do so here. */
		bio->bi_opf &= ~REQ_NOWAIT;
		submit_bio_noacct(bio);
	}
}

#endif /* _XEN_BLKFRONT_RESUBMIT_H */
