/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What requests ask of the disk, in words of the protocol: which operation,
 * and what becomes of one that the backend has not, or has no more.
 */

#ifndef _XEN_BLKFRONT_OPS_H
#define _XEN_BLKFRONT_OPS_H

#include <linux/moduleparam.h>
#include "data.h"
#include "resubmit.h"
#include "wire.h"

static bool blkfront_fua = true;
module_param_named(feature_fua, blkfront_fua, bool, 0644);
MODULE_PARM_DESC(feature_fua, "Use writes that are durable when answered");

static bool blkfront_discard = true;
module_param_named(feature_discard, blkfront_discard, bool, 0644);
MODULE_PARM_DESC(feature_discard, "Discard if the disk can");

static bool blkfront_secure = true;
module_param_named(discard_secure, blkfront_secure, bool, 0644);
MODULE_PARM_DESC(discard_secure, "Erase if the disk can");

static bool blkfront_zeroes = true;
module_param_named(feature_write_zeroes, blkfront_zeroes, bool, 0644);
MODULE_PARM_DESC(feature_write_zeroes, "Leave zeroing to the disk if it can");

static unsigned int blkfront_max_ranges = BLKIF_SLIM_MAX_RANGES;
module_param_named(max_discard_ranges, blkfront_max_ranges, uint, 0644);
MODULE_PARM_DESC(max_discard_ranges,
		 "Most ranges of a discard (default 256)");

/* What the backend offers, and what is used of it; the disk's size is known. */
static inline void blkfront_agree_ops(struct blkfront_info *info)
{
	const char *from = info->xbdev->otherend;
	struct blkif_ops theirs = {
		.fua = xenbus_read_unsigned(from, "feature-fua", 0),
		.discard = xenbus_read_unsigned(from, "feature-discard", 0),
		.secure = xenbus_read_unsigned(from, "discard-secure", 0),
		.zeroes = xenbus_read_unsigned(from, "feature-write-zeroes", 0),
		.max_discard = xenbus_read_unsigned(from, "max-discard-sectors",
						    0),
		.max_zeroes = xenbus_read_unsigned(from,
						   "max-write-zeroes-sectors",
						   0),
		.max_ranges = xenbus_read_unsigned(from, "max-discard-ranges",
						   1),
		.granularity = xenbus_read_unsigned(from, "discard-granularity",
						    0),
		.alignment = xenbus_read_unsigned(from, "discard-alignment", 0),
	};
	struct blkif_ops ours = {
		.fua = blkfront_fua,
		.discard = blkfront_discard,
		.secure = blkfront_secure,
		.zeroes = blkfront_zeroes,
		.max_ranges = blkfront_max_ranges,
	};

	info->agreed.ops = blkif_choose_ops(blkfront_abi(info), &theirs, &ours,
					    info->disk.block_size);
	/* Of the connection before. */
	WRITE_ONCE(info->revoked, 0);
}

static inline void blkfront_ops_limits(const struct blkfront_info *info,
				       struct queue_limits *lim)
{
	const struct blkif_ops *ops = &info->agreed.ops;
	bool discard = READ_ONCE(ops->discard);

	lim->max_hw_discard_sectors = discard ? ops->max_discard : 0;
	lim->max_discard_segments = ops->max_ranges;
	lim->discard_granularity = discard ? ops->granularity : 0;
	lim->discard_alignment = discard ? ops->alignment : 0;
	lim->max_secure_erase_sectors = READ_ONCE(ops->secure) ?
					ops->max_discard : 0;
	lim->max_write_zeroes_sectors = READ_ONCE(ops->zeroes) ?
					ops->max_zeroes : 0;
}

/* What blkfront_op() returns besides the operation. */
#define BLKFRONT_FLAGS_SHIFT	8
#define BLKFRONT_FLAGS(flags)	((flags) << BLKFRONT_FLAGS_SHIFT)

static inline int blkfront_op_fua(const struct blkfront_info *info)
{
	if (READ_ONCE(info->agreed.ops.fua))
		return BLKIF_OP_WRITE | BLKFRONT_FLAGS(BLKIF_SLIM_FUA);
	switch (READ_ONCE(info->agreed.flush)) {
	case BLKFRONT_BARRIER:
		return BLKIF_OP_WRITE_BARRIER;
	case BLKFRONT_FLUSH:
		/* Of another backend, see blkfront_limits(). */
		return -ESTALE;
	default:
		return BLKIF_OP_WRITE;
	}
}

static inline int blkfront_op_flush(const struct blkfront_info *info)
{
	switch (READ_ONCE(info->agreed.flush)) {
	case BLKFRONT_FLUSH:
		return BLKIF_OP_FLUSH_DISKCACHE;
	case BLKFRONT_BARRIER:
		return BLKIF_OP_WRITE_BARRIER;
	default:
		return -ENOENT;
	}
}

static inline int blkfront_op_zeroes(const struct request *rq)
{
	if (rq->cmd_flags & REQ_NOUNMAP)
		return BLKIF_OP_WRITE_ZEROES;
	return BLKIF_OP_WRITE_ZEROES | BLKFRONT_FLAGS(BLKIF_SLIM_UNMAP);
}

/*
 * Return: BLKIF_OP_* and BLKFRONT_FLAGS(), which belong together whatever the
 * backend revokes meanwhile; -ENOENT if nothing is to be done, -ESTALE if the
 * request was made for another backend, -EOPNOTSUPP.
 */
static inline int blkfront_op(const struct blkfront_info *info,
			      const struct request *rq)
{
	const struct blkif_ops *ops = &info->agreed.ops;

	switch (req_op(rq)) {
	case REQ_OP_READ:
		return BLKIF_OP_READ;
	case REQ_OP_WRITE:
		return rq->cmd_flags & REQ_FUA ? blkfront_op_fua(info) :
						 BLKIF_OP_WRITE;
	case REQ_OP_FLUSH:
		return blkfront_op_flush(info);
	case REQ_OP_DISCARD:
		return READ_ONCE(ops->discard) ? BLKIF_OP_DISCARD :
						 -EOPNOTSUPP;
	case REQ_OP_SECURE_ERASE:
		return READ_ONCE(ops->secure) ?
		       BLKIF_OP_DISCARD | BLKFRONT_FLAGS(BLKIF_DISCARD_SECURE) :
		       -EOPNOTSUPP;
	case REQ_OP_WRITE_ZEROES:
		return READ_ONCE(ops->zeroes) ? blkfront_op_zeroes(rq) :
						-EOPNOTSUPP;
	default:
		return -EOPNOTSUPP;
	}
}

/* Several bios that were merged, each a range by itself. */
static inline int blkfront_prepare_ranges(struct blkfront_ring *ring,
					  struct request *rq, unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkif_slim_range *range;
	struct bio *bio;

	req->tables = blkfront_pool_take(&ring->tables, 1);
	if (!req->tables)
		return -ENOMEM;
	range = req->tables->data;
	__rq_for_each_bio(bio, rq) {
		if (WARN_ON_ONCE(req->cmd.nr_segs == nr)) {
			blkfront_release(ring, req);
			return -EIO;
		}
		range->sector = bio->bi_iter.bi_sector;
		range->nr_sectors = bio_sectors(bio);
		range++;
		req->cmd.nr_segs++;
	}
	req->cmd.sector = 0;
	req->cmd.indirect = true;
	memset(req->cmd.indirect_gref, 0, sizeof(req->cmd.indirect_gref));
	req->cmd.indirect_gref[0] = req->tables->gref;
	return 0;
}

/* As blkfront_prepare(), for requests that carry no data. */
static inline int blkfront_prepare_range(struct blkfront_ring *ring,
					 struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	const struct blkif_ops *ops = &ring->info->agreed.ops;
	bool zeroes = req->cmd.op == BLKIF_OP_WRITE_ZEROES;
	unsigned int nr = 1;

	/* All others are of one piece, however many bios they are. */
	if (req_op(rq) == REQ_OP_DISCARD)
		nr = blk_rq_nr_discard_segments(rq);
	if (unlikely(nr > ops->max_ranges || blk_rq_sectors(rq) >
		     (zeroes ? ops->max_zeroes : ops->max_discard)))
		return blkfront_fits_queue(rq) ? -EIO : -ESTALE;
	if (nr > 1)
		return blkfront_prepare_ranges(ring, rq, nr);
	req->cmd.sector = blk_rq_pos(rq);
	req->cmd.nr_sectors = blk_rq_sectors(rq);
	return 0;
}

/**
 * enum blkfront_revoked - what a backend turned out not to do
 * @BLKFRONT_REVOKED_FLUSH: flushes or barriers
 * @BLKFRONT_REVOKED_FUA: writes with BLKIF_SLIM_FUA
 * @BLKFRONT_REVOKED_DISCARD: discards
 * @BLKFRONT_REVOKED_SECURE: discards with BLKIF_DISCARD_SECURE
 * @BLKFRONT_REVOKED_ZEROES: writes of zeroes
 * @BLKFRONT_NR_REVOKED: number of these
 */
enum blkfront_revoked {
	BLKFRONT_REVOKED_FLUSH,
	BLKFRONT_REVOKED_FUA,
	BLKFRONT_REVOKED_DISCARD,
	BLKFRONT_REVOKED_SECURE,
	BLKFRONT_REVOKED_ZEROES,
	BLKFRONT_NR_REVOKED,
};

/* For who was first to see it; the queue limits are a work item's business. */
static inline void blkfront_revoke(struct blkfront_info *info,
				   enum blkfront_revoked what)
{
	set_bit(what, &info->revoked);
	schedule_work(&info->revoke_work);
}

/* Say what was revoked.  True if there was anything. */
static inline bool blkfront_say_revoked(struct blkfront_info *info)
{
	static const char * const names[BLKFRONT_NR_REVOKED] = {
		[BLKFRONT_REVOKED_FLUSH] = "to flush",
		[BLKFRONT_REVOKED_FUA] = "FUA",
		[BLKFRONT_REVOKED_DISCARD] = "to discard",
		[BLKFRONT_REVOKED_SECURE] = "to erase",
		[BLKFRONT_REVOKED_ZEROES] = "to zero",
	};
	unsigned long revoked = xchg(&info->revoked, 0);
	unsigned int i;

	for_each_set_bit(i, &revoked, BLKFRONT_NR_REVOKED)
		dev_warn(&info->xbdev->dev,
			 "the backend refuses %s; turned off\n", names[i]);
	return revoked;
}

/* Turn flushes off and do what is still to be done without. */
static inline void blkfront_without_flush(struct blkfront_info *info,
					  struct request *rq)
{
	if (xchg(&info->agreed.flush, BLKFRONT_NO_FLUSH) != BLKFRONT_NO_FLUSH)
		blkfront_revoke(info, BLKFRONT_REVOKED_FLUSH);
	if (req_op(rq) == REQ_OP_FLUSH)
		blk_mq_end_request(rq, BLK_STS_OK);
	else
		blk_mq_requeue_request(rq, true);
}

/* The same for FUA: the block layer has a flush follow the write. */
static inline void blkfront_without_fua(struct blkfront_info *info,
					struct request *rq)
{
	if (xchg(&info->agreed.ops.fua, false))
		blkfront_revoke(info, BLKFRONT_REVOKED_FUA);
	blkfront_resubmit(info, rq);
}

/* Who asked for this finds out what to do instead. */
static inline void blkfront_without_range(struct blkfront_info *info,
					  struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkif_ops *ops = &info->agreed.ops;

	if (req->cmd.op == BLKIF_OP_WRITE_ZEROES) {
		if (xchg(&ops->zeroes, false))
			blkfront_revoke(info, BLKFRONT_REVOKED_ZEROES);
	} else if (req->cmd.flags & BLKIF_DISCARD_SECURE) {
		if (xchg(&ops->secure, false))
			blkfront_revoke(info, BLKFRONT_REVOKED_SECURE);
	} else {
		/* Who cannot discard cannot erase, either. */
		WRITE_ONCE(ops->secure, false);
		if (xchg(&ops->discard, false))
			blkfront_revoke(info, BLKFRONT_REVOKED_DISCARD);
	}
	/* It is said once, and not for each sector. */
	rq->rq_flags |= RQF_QUIET;
	blk_mq_end_request(rq, BLK_STS_NOTSUPP);
}

/*
 * A request failed.  If that means that the backend does not do such things at
 * all, turn them off, end the request or do it otherwise, and return true.
 */
static inline bool blkfront_revoked(struct blkfront_info *info,
				    struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	bool refused = req->status == BLKIF_RSP_EOPNOTSUPP;

	/* Old backends fail a barrier without data and mean the same. */
	if (req->cmd.op == BLKIF_OP_WRITE_BARRIER && !req->cmd.nr_segs &&
	    req->status == BLKIF_RSP_ERROR)
		refused = true;
	if (!refused)
		return false;
	if (req->cmd.op == BLKIF_OP_FLUSH_DISKCACHE ||
	    req->cmd.op == BLKIF_OP_WRITE_BARRIER)
		blkfront_without_flush(info, rq);
	else if (req->cmd.op == BLKIF_OP_WRITE &&
		 req->cmd.flags & BLKIF_SLIM_FUA)
		blkfront_without_fua(info, rq);
	else if (blkif_op_is_range(req->cmd.op))
		blkfront_without_range(info, rq);
	else
		return false;
	return true;
}

#endif /* _XEN_BLKFRONT_OPS_H */
