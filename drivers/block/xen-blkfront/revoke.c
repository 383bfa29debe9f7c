// SPDX-License-Identifier: GPL-2.0
/*
 * Features that the backend offered, and then failed as unsupported.  Only a
 * request shows that the disk in the backend's domain does not support them.
 */

#include "blkfront.h"

/**
 * enum blkfront_revoked - features that were turned off
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

/* The work item updates the queue limits. */
static void blkfront_revoke(struct blkfront_info *info,
			    enum blkfront_revoked what)
{
	set_bit(what, &info->revoked);
	blkfront_want_update(info);
}

/**
 * blkfront_log_revoked() - log what was revoked since the last call
 * @info: the disk
 *
 * Context: process context with info->mutex.
 */
void blkfront_log_revoked(struct blkfront_info *info)
{
	static const char * const names[BLKFRONT_NR_REVOKED] = {
		[BLKFRONT_REVOKED_FLUSH] = "flushes",
		[BLKFRONT_REVOKED_FUA] = "FUA",
		[BLKFRONT_REVOKED_DISCARD] = "discards",
		[BLKFRONT_REVOKED_SECURE] = "secure erase",
		[BLKFRONT_REVOKED_ZEROES] = "write zeroes",
	};
	unsigned long revoked = xchg(&info->revoked, 0);
	unsigned int i;

	lockdep_assert_held(&info->mutex);
	for_each_set_bit(i, &revoked, BLKFRONT_NR_REVOKED)
		blkfront_log(info, warn,
			     "the backend does not support %s; turned off\n",
			     names[i]);
}

/* Turn flushes off, and do the rest of the request without. */
static void blkfront_revoke_flush(struct blkfront_info *info,
				  struct request *rq)
{
	if (xchg(&info->agreed.flush, BLKFRONT_NO_FLUSH) != BLKFRONT_NO_FLUSH)
		blkfront_revoke(info, BLKFRONT_REVOKED_FLUSH);
	if (req_op(rq) == REQ_OP_FLUSH)
		blk_mq_end_request(rq, BLK_STS_OK);
	else
		blk_mq_requeue_request(rq, true);
}

/* Turn FUA off; the block layer then has a flush follow the write. */
static void blkfront_revoke_fua(struct blkfront_info *info, struct request *rq)
{
	if (xchg(&info->agreed.ops.fua, false))
		blkfront_revoke(info, BLKFRONT_REVOKED_FUA);
	blkfront_resubmit(info, rq);
}

/* Turn off discards or the like; the caller has to do without. */
static void blkfront_revoke_range(struct blkfront_info *info,
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
		/* A disk that cannot discard cannot erase, either. */
		WRITE_ONCE(ops->secure, false);
		if (xchg(&ops->discard, false))
			blkfront_revoke(info, BLKFRONT_REVOKED_DISCARD);
	}
	/* The log says it once; the block layer must not for each request. */
	rq->rq_flags |= RQF_QUIET;
	blk_mq_end_request(rq, BLK_STS_NOTSUPP);
}

/**
 * blkfront_refused() - did a request fail because its operation is unsupported?
 * @info: the disk
 * @rq: the request, which the backend failed
 *
 * Context: any.
 *
 * Return: true if so; then the operation was turned off, and the request was
 * ended or is tried in another way.
 */
bool blkfront_refused(struct blkfront_info *info, struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	bool refused = req->status == BLKIF_RSP_EOPNOTSUPP;

	/* There are backends that fail a barrier without data instead. */
	if (req->cmd.op == BLKIF_OP_WRITE_BARRIER && !req->cmd.nr_segs &&
	    req->status == BLKIF_RSP_ERROR)
		refused = true;
	if (!refused)
		return false;
	if (req->cmd.op == BLKIF_OP_FLUSH_DISKCACHE ||
	    req->cmd.op == BLKIF_OP_WRITE_BARRIER)
		blkfront_revoke_flush(info, rq);
	else if (req->cmd.op == BLKIF_OP_WRITE &&
		 req->cmd.flags & BLKIF_SLIM_FUA)
		blkfront_revoke_fua(info, rq);
	else if (blkif_op_is_range(req->cmd.op))
		blkfront_revoke_range(info, rq);
	else
		return false;
	return true;
}
