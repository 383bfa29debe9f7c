// SPDX-License-Identifier: GPL-2.0
/*
 * The data path, from queue_rq to the end of a request.  Responses are taken in
 * response.c.
 */

#include "segs.h"
#include "trace.h"

/**
 * struct blkfront_op - what a request is in terms of the protocol
 * @verdict: whether it is to be sent; the rest is valid only if it is
 * @op: BLKIF_OP_*
 * @flags: flags of the request
 */
struct blkfront_op {
	enum blkfront_verdict verdict;
	u8 op;
	u8 flags;
};

static inline struct blkfront_op blkfront_send(u8 op, u8 flags)
{
	return (struct blkfront_op) { BLKFRONT_SEND, op, flags };
}

static inline struct blkfront_op
blkfront_send_if(bool supported, u8 op, u8 flags)
{
	return (struct blkfront_op) {
		supported ? BLKFRONT_SEND : BLKFRONT_UNSUPPORTED, op, flags
	};
}

static inline struct blkfront_op
blkfront_do_not_send(enum blkfront_verdict verdict)
{
	return (struct blkfront_op) { verdict };
}

static struct blkfront_op blkfront_op_fua(const struct blkfront_info *info)
{
	if (READ_ONCE(info->agreed.ops.fua))
		return blkfront_send(BLKIF_OP_WRITE, BLKIF_SLIM_FUA);
	switch (READ_ONCE(info->agreed.flush)) {
	case BLKFRONT_BARRIER:
		return blkfront_send(BLKIF_OP_WRITE_BARRIER, 0);
	case BLKFRONT_FLUSH:
		/* It was made for another backend: see disk.c. */
		return blkfront_do_not_send(BLKFRONT_RESUBMIT);
	default:
		return blkfront_send(BLKIF_OP_WRITE, 0);
	}
}

static struct blkfront_op blkfront_op_flush(const struct blkfront_info *info)
{
	switch (READ_ONCE(info->agreed.flush)) {
	case BLKFRONT_FLUSH:
		return blkfront_send(BLKIF_OP_FLUSH_DISKCACHE, 0);
	case BLKFRONT_BARRIER:
		return blkfront_send(BLKIF_OP_WRITE_BARRIER, 0);
	default:
		/* It was issued before flushes were turned off. */
		return blkfront_do_not_send(BLKFRONT_DONE);
	}
}

/*
 * Operation and flags are chosen together, and are kept even if a feature is
 * turned off meanwhile.
 */
static struct blkfront_op blkfront_op(const struct blkfront_info *info,
				      const struct request *rq)
{
	const struct blkif_ops *ops = &info->agreed.ops;

	switch (req_op(rq)) {
	case REQ_OP_READ:
		return blkfront_send(BLKIF_OP_READ, 0);
	case REQ_OP_WRITE:
		return rq->cmd_flags & REQ_FUA ||
		       blkfront_must_be_durable(info) ?
		       blkfront_op_fua(info) : blkfront_send(BLKIF_OP_WRITE, 0);
	case REQ_OP_FLUSH:
		return blkfront_op_flush(info);
	case REQ_OP_DISCARD:
		return blkfront_send_if(READ_ONCE(ops->discard),
					BLKIF_OP_DISCARD, 0);
	case REQ_OP_SECURE_ERASE:
		return blkfront_send_if(READ_ONCE(ops->secure),
					BLKIF_OP_DISCARD, BLKIF_DISCARD_SECURE);
	case REQ_OP_WRITE_ZEROES:
		return blkfront_send_if(READ_ONCE(ops->zeroes),
					BLKIF_OP_WRITE_ZEROES,
					rq->cmd_flags & REQ_NOUNMAP ?
					0 : BLKIF_SLIM_UNMAP);
	default:
		return blkfront_do_not_send(BLKFRONT_UNSUPPORTED);
	}
}

/*
 * A request is larger than what was negotiated.  If the block layer would make
 * the same one again, submitting it again would never end.
 */
static enum blkfront_verdict blkfront_too_large(struct blkfront_info *info,
						struct request *rq)
{
	return blkfront_is_stale(info) || !blkfront_fits_queue(rq) ?
	       BLKFRONT_RESUBMIT : BLKFRONT_FAIL;
}

/* A discard of several bios that were merged, each a range by itself. */
static enum blkfront_verdict
blkfront_prepare_ranges(struct blkfront_ring *ring, struct request *rq,
			unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkif_slim_range *range;
	struct bio *bio;

	req->indirect = blkfront_pool_take(&ring->indirect, 1);
	if (!req->indirect)
		return BLKFRONT_WAIT_PAGES;
	range = req->indirect->data;
	__rq_for_each_bio(bio, rq) {
		if (WARN_ON_ONCE(req->cmd.nr_segs == nr)) {
			blkfront_release(ring, req);
			return BLKFRONT_FAIL;
		}
		range->sector = bio->bi_iter.bi_sector;
		range->nr_sectors = bio_sectors(bio);
		range++;
		req->cmd.nr_segs++;
	}
	req->cmd.sector = 0;
	req->cmd.indirect = true;
	memset(req->cmd.indirect_gref, 0, sizeof(req->cmd.indirect_gref));
	req->cmd.indirect_gref[0] = req->indirect->gref;
	return BLKFRONT_SEND;
}

/* As blkfront_prepare(), for requests that carry no data. */
static enum blkfront_verdict blkfront_prepare_range(struct blkfront_ring *ring,
						    struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	const struct blkif_ops *ops = &ring->info->agreed.ops;
	bool zeroes = req->cmd.op == BLKIF_OP_WRITE_ZEROES;
	unsigned int nr = 1;

	/* All others are contiguous, however many bios they consist of. */
	if (req_op(rq) == REQ_OP_DISCARD)
		nr = blk_rq_nr_discard_segments(rq);
	if (unlikely(nr > ops->max_ranges || blk_rq_sectors(rq) >
		     (zeroes ? ops->max_zeroes : ops->max_discard)))
		return blkfront_too_large(ring->info, rq);
	if (nr > 1)
		return blkfront_prepare_ranges(ring, rq, nr);
	req->cmd.sector = blk_rq_pos(rq);
	req->cmd.nr_sectors = blk_rq_sectors(rq);
	return BLKFRONT_SEND;
}

/* Get what only large requests need: indirect pages. */
static enum blkfront_verdict
blkfront_prepare_indirect(struct blkfront_ring *ring, struct blkfront_req *req,
			  unsigned int nr, unsigned int nr_pi)
{
	struct blkfront_buf *buf;
	unsigned int i = 0;

	/*
	 * Barriers have no indirect form, and blkfront_set_limits() bounds
	 * them; this one was made for another backend.
	 */
	if (req->cmd.op != BLKIF_OP_READ && req->cmd.op != BLKIF_OP_WRITE)
		return BLKFRONT_RESUBMIT;

	req->indirect = blkfront_pool_take(&ring->indirect,
					   blkfront_nr_indirect(ring->info, nr,
								nr_pi));
	if (!req->indirect)
		return BLKFRONT_WAIT_PAGES;
	req->cmd.indirect = true;
	memset(req->cmd.indirect_gref, 0, sizeof(req->cmd.indirect_gref));
	for (buf = req->indirect; buf; buf = buf->next)
		req->cmd.indirect_gref[i++] = buf->gref;
	return BLKFRONT_SEND;
}

/* As blkfront_prepare(), for requests that carry data. */
static inline enum blkfront_verdict
blkfront_prepare_data(struct blkfront_ring *ring, struct request *rq,
		      unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_info *info = ring->info;
	enum blkfront_verdict verdict = BLKFRONT_SEND;
	unsigned int nr_pi;

	req->cmd.sector = blk_rq_pos(rq);
	if (unlikely(nr > info->agreed.max_segs))
		return blkfront_too_large(info, rq);
	nr_pi = blkfront_pi_pages(info, rq, req->cmd.op);
	if (nr > blkfront_abi(info)->max_inline || nr_pi)
		verdict = blkfront_prepare_indirect(ring, req, nr, nr_pi);
	if (verdict == BLKFRONT_SEND)
		verdict = req->passed == BLKFRONT_MAPPED ?
			  blkfront_map(ring, rq, nr) :
			  blkfront_copy(ring, rq, nr);
	if (verdict == BLKFRONT_SEND && nr_pi)
		verdict = blkfront_pi_add(ring, rq, nr_pi);
	if (unlikely(verdict != BLKFRONT_SEND))
		blkfront_release(ring, req);
	return verdict;
}

static inline void blkfront_req_init(struct blkfront_req *req,
				     struct blkfront_op op,
				     enum blkfront_data passed)
{
	req->cmd.op = op.op;
	req->cmd.sector = 0;
	req->cmd.nr_sectors = 0;
	req->cmd.flags = op.flags;
	req->cmd.indirect = false;
	req->cmd.nr_segs = 0;
	req->cmd.nr_pi = 0;
	req->indirect = NULL;
	req->data = NULL;
	req->pi = NULL;
	req->passed = passed;
	req->charged = 0;
	req->part = 0;
	req->own = false;
}

/* Take the references of the ring; false if another request has them. */
static bool blkfront_own_take(struct blkfront_ring *ring)
{
	/* pairs with blkfront_release() */
	return ring->has_own &&
	       !cmpxchg_acquire(&ring->own_taken, false, true);
}

/* Does any request of the ring have what others wait for? */
static bool blkfront_ring_in_use(const struct blkfront_ring *ring)
{
	return blkfront_pool_in_use(&ring->data) ||
	       blkfront_pool_in_use(&ring->indirect) ||
	       blkfront_grants_in_use(ring) || READ_ONCE(ring->own_taken);
}

/* Prepare the first @nr segments of a request. */
static enum blkfront_verdict
blkfront_try_part(struct blkfront_ring *ring, struct request *rq,
		  struct blkfront_op op, enum blkfront_data passed,
		  unsigned int nr, bool own)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	unsigned int bytes = blk_rq_bytes(rq);

	if (passed == BLKFRONT_MAPPED)
		bytes = min(bytes, blkfront_segs_bytes(rq, nr));
	else
		bytes = min_t(u64, bytes, (u64)nr * XEN_PAGE_SIZE);
	/* In pieces smaller than a block, which our own pages would hold. */
	if (!bytes && own)
		return BLKFRONT_COPY;
	if (!bytes || (own && !blkfront_own_take(ring)))
		return BLKFRONT_WAIT_GRANTS;
	/* It had reserved more than this for itself. */
	blkfront_pool_unreserve(&ring->data);
	blkfront_pool_unreserve(&ring->indirect);
	blkfront_req_init(req, op, passed);
	req->part = bytes < blk_rq_bytes(rq) ? bytes >> SECTOR_SHIFT : 0;
	req->own = own;
	return blkfront_prepare_data(ring, rq, nr);
}

/* How many segments to try next, if @nr are too many: none after the fewest. */
static unsigned int blkfront_fewer_segs(const struct blkfront_info *info,
					unsigned int nr)
{
	unsigned int fits_slot = blkfront_abi(info)->max_inline;

	/* These need no indirect page. */
	return nr > fits_slot ? max(nr / 2, fits_slot) : nr / 2;
}

/*
 * A request cannot have all that it needs.  If others of its ring have some of
 * it, it waits for them.  Otherwise as much of it is sent as possible, so that
 * it waits for no other ring: at least what the ring was guaranteed.  The rest
 * is sent when this was answered: see blkfront_complete_rq().
 */
static enum blkfront_verdict
blkfront_prepare_part(struct blkfront_ring *ring, struct request *rq,
		      struct blkfront_op op, enum blkfront_data passed,
		      enum blkfront_verdict verdict)
{
	unsigned int most = blkfront_pool_nr_free(&ring->data);
	unsigned int all = blkfront_nr_segs(rq, passed);
	unsigned int nr;

	/* Tuples are not split; and a larger request may wait. */
	if (blk_integrity_rq(rq) || blkfront_ring_in_use(ring) ||
	    blkfront_pool_is_reserved(&ring->data, all))
		return verdict;
	nr = min(all, READ_ONCE(blkfront_share));
	if (ring->data.granted)
		nr = min(nr, most);
	for (; nr; nr = blkfront_fewer_segs(ring->info, nr)) {
		verdict = blkfront_try_part(ring, rq, op, passed, nr, false);
		if (verdict != BLKFRONT_WAIT_PAGES &&
		    verdict != BLKFRONT_WAIT_GRANTS)
			return verdict;
	}
	nr = min(all, BLKFRONT_OWN_REFS);
	if (passed != BLKFRONT_MAPPED)
		nr = min(nr, max(most, BLKFRONT_OWN_PAGES));
	if (ring->has_own)
		verdict = blkfront_try_part(ring, rq, op, passed, nr, true);
	if (verdict == BLKFRONT_WAIT_PAGES || verdict == BLKFRONT_WAIT_GRANTS)
		blkfront_pool_reserve(&ring->data, all);
	return verdict;
}

/*
 * A request cannot be sent as it is.  Data that cannot be mapped is copied; a
 * request that is too large for what there is may be sent in part.
 */
static noinline enum blkfront_verdict
blkfront_prepare_otherwise(struct blkfront_ring *ring, struct request *rq,
			   struct blkfront_op op, enum blkfront_verdict verdict)
{
	enum blkfront_data passed = ring->info->agreed.data;

	if (verdict == BLKFRONT_WAIT_PAGES || verdict == BLKFRONT_WAIT_GRANTS)
		verdict = blkfront_prepare_part(ring, rq, op, passed, verdict);
	if (verdict != BLKFRONT_COPY)
		return verdict;
	passed = BLKFRONT_COPIED;
	blkfront_req_init(blk_mq_rq_to_pdu(rq), op, passed);
	verdict = blkfront_prepare_data(ring, rq, blkfront_nr_segs(rq, passed));
	if (verdict == BLKFRONT_WAIT_PAGES || verdict == BLKFRONT_WAIT_GRANTS)
		verdict = blkfront_prepare_part(ring, rq, op, passed, verdict);
	return verdict;
}

/* Get all that a request needs, so that nothing can fail after this. */
static inline enum blkfront_verdict
blkfront_prepare(struct blkfront_ring *ring, struct request *rq,
		 struct blkfront_op op)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	enum blkfront_data passed = ring->info->agreed.data;
	enum blkfront_verdict verdict;
	unsigned int nr;

	blkfront_req_init(req, op, passed);
	if (unlikely(blkif_op_is_range(op.op)))
		return blkfront_prepare_range(ring, rq);
	nr = blkfront_nr_segs(rq, passed);
	if (!nr)
		return BLKFRONT_SEND;
	verdict = blkfront_prepare_data(ring, rq, nr);
	if (unlikely(verdict != BLKFRONT_SEND))
		return blkfront_prepare_otherwise(ring, rq, op, verdict);
	return verdict;
}

/* Notify the backend, without the lock. */
static void blkfront_notify(struct blkfront_ring *ring)
{
	trace_blkfront_notify(ring);
	notify_remote_via_irq(ring->irq);
}

/* Publish all requests that were written. */
static void blkfront_publish(struct blkfront_ring *ring)
{
	bool notify;

	spin_lock(&ring->lock);
	notify = blkif_front_publish(&ring->front);
	ring->req_counters.notifications += notify;
	spin_unlock(&ring->lock);
	if (notify)
		blkfront_notify(ring);
}

/*
 * Write a request to a free slot.  It may be answered as soon as the slot is
 * published, and must be found by its tag then.  As soon as it can be found, it
 * may be completed, and must not be touched any more.
 */
static inline void blkfront_write_slot(struct blkfront_ring *ring,
				       struct request *rq,
				       struct blkfront_tag *tag)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	u64 word;

	lockdep_assert_held(&ring->lock);
	req->cmd.id = blkif_id(blk_mq_unique_tag(rq), ++tag->gen);
	word = blkif_front_write(&ring->front, &req->cmd, ring->info->vdevice);
	trace_blkfront_put(ring, rq, 0);
	smp_store_release(&tag->rq, rq); /* pairs with blkfront_find_rq() */
	blkif_front_publish_slot(&ring->front, word);
	ring->req_counters.full += blkif_front_full(&ring->front);
}

/* Send a request that was prepared; false if there is no slot. */
static bool blkfront_submit(struct blkfront_ring *ring, struct request *rq,
			    unsigned int hwq, bool last)
{
	struct blkfront_tag *tag = blkfront_tag_of(ring->info, hwq, rq->tag);
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	unsigned int bytes = req->data ? blkfront_req_bytes(rq) : 0;
	unsigned int granted = req->charged;
	bool part = req->part;
	bool notify = false;

	spin_lock(&ring->lock);
	if (unlikely(blkif_front_full(&ring->front))) {
		spin_unlock(&ring->lock);
		return false;
	}
	/* First, because blkfront_rearm() counts the requests in flight. */
	WRITE_ONCE(ring->req_counters.requests,
		   ring->req_counters.requests + 1);
	blkfront_write_slot(ring, rq, tag);
	if (last)
		notify = blkif_front_publish(&ring->front);
	ring->req_counters.copied += bytes;
	if (granted)
		ring->req_counters.granted += granted;
	if (unlikely(part))
		ring->req_counters.parts++;
	ring->req_counters.notifications += notify;
	spin_unlock(&ring->lock);

	if (notify)
		blkfront_notify(ring);
	return true;
}

/* Several CPUs may submit to a ring, so counting needs the lock. */
static void blkfront_count_unsent(struct blkfront_ring *ring,
				  enum blkfront_verdict verdict)
{
	trace_blkfront_unsent(ring, verdict);
	spin_lock(&ring->lock);
	switch (verdict) {
	case BLKFRONT_WAIT_PAGES:
		ring->req_counters.pool_waits++;
		break;
	case BLKFRONT_WAIT_GRANTS:
		ring->req_counters.grant_waits++;
		break;
	case BLKFRONT_WAIT_SLOT:
		ring->req_counters.slot_waits++;
		break;
	case BLKFRONT_RESUBMIT:
		ring->req_counters.resubmitted++;
		break;
	case BLKFRONT_UNSUPPORTED:
	case BLKFRONT_FAIL:
		ring->req_counters.unsent++;
		break;
	default:
		break;
	}
	spin_unlock(&ring->lock);
}

/*
 * A request is not sent.  If queue_rq returns an error, blk-mq calls commit_rqs
 * for the requests before it.  If it does not, and this was the last one, they
 * have to be published here.
 */
static blk_status_t blkfront_unsent(struct blkfront_ring *ring,
				    struct request *rq,
				    enum blkfront_verdict verdict, bool last)
{
	blkfront_count_unsent(ring, verdict);
	switch (verdict) {
	case BLKFRONT_DONE:
		blk_mq_start_request(rq);
		blk_mq_end_request(rq, BLK_STS_OK);
		break;
	case BLKFRONT_RESUBMIT:
		blk_mq_start_request(rq);
		blkfront_resubmit(ring->info, rq);
		break;
	case BLKFRONT_WAIT_PAGES:
	case BLKFRONT_WAIT_GRANTS:
	case BLKFRONT_WAIT_SLOT:
		/* blk-mq tries again by itself. */
		return BLK_STS_RESOURCE;
	case BLKFRONT_UNSUPPORTED:
		/* The log says what the connection supports. */
		rq->rq_flags |= RQF_QUIET;
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
	if (last)
		blkfront_publish(ring);
	return BLK_STS_OK;
}

static blk_status_t blkfront_queue_rq(struct blk_mq_hw_ctx *hctx,
				      const struct blk_mq_queue_data *bd)
{
	struct blkfront_info *info = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	enum blkfront_verdict verdict;
	struct blkfront_ring *ring;
	struct blkfront_op op;

	if (unlikely(blkfront_is_dead(info)))
		return BLK_STS_IOERR;
	ring = blkfront_ring_of(info, hctx->queue_num);

	op = blkfront_op(info, rq);
	verdict = op.verdict;
	if (likely(verdict == BLKFRONT_SEND))
		verdict = blkfront_prepare(ring, rq, op);
	if (unlikely(verdict != BLKFRONT_SEND))
		return blkfront_unsent(ring, rq, verdict, bd->last);

	blk_mq_start_request(rq);
	blkfront_pi_before_send(rq);
	if (likely(blkfront_submit(ring, rq, hctx->queue_num, bd->last)))
		return BLK_STS_OK;
	/* Only if queues share a ring: see struct blkfront_info. */
	blkfront_release(ring, blk_mq_rq_to_pdu(rq));
	return blkfront_unsent(ring, rq, BLKFRONT_WAIT_SLOT, bd->last);
}

static void blkfront_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_info *info = hctx->queue->queuedata;

	/* blk-mq may call this for a queue that is quiesced. */
	if (blkfront_rings_usable(info))
		blkfront_publish(blkfront_ring_of(info, hctx->queue_num));
}

/*
 * A part of a request was done.  The block layer completes the bios of it, and
 * the rest is sent like a new request.  The bio of a write that belongs to a
 * flush sequence is only advanced, and completed at the end of the sequence.
 */
static noinline void blkfront_continue(struct request *rq, unsigned int bytes)
{
	if (blk_update_request(rq, BLK_STS_OK, bytes))
		blk_mq_requeue_request(rq, true);
	else
		__blk_mq_end_request(rq, BLK_STS_OK);
}

/* May run in a hard interrupt. */
static void blkfront_complete_rq(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;
	struct blkfront_ring *ring = blkfront_ring_of(info,
						      rq->mq_hctx->queue_num);
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	blk_status_t result = blkif_status_from_wire(blkfront_abi(info)->slim,
						     req->status);
	unsigned int bytes = blkfront_bytes_back(rq);

	trace_blkfront_complete(ring, rq, req->status);
	if (result == BLK_STS_OK && bytes) {
		/* Only the interrupt handler of the ring, with its lock. */
		if (in_hardirq())
			ring->irq_copied += bytes;
		blkfront_copy_back(rq);
	}
	if (result == BLK_STS_OK)
		blkfront_pi_after_read(rq);
	if (unlikely(blkfront_release(ring, req))) {
		blkfront_kill(info,
			      "the backend keeps pages of a request that it answered");
		result = BLK_STS_IOERR;
	}
	/* pairs with blkfront_note_completing() */
	smp_store_release(&req->completing, false);
	if (unlikely(req->part) && result == BLK_STS_OK)
		blkfront_continue(rq, blkfront_req_bytes(rq));
	else if (likely(result == BLK_STS_OK) || !blkfront_refused(info, rq))
		blk_mq_end_request(rq, result);
}

/*
 * A request was not answered for a long time.  By the rules of the ring, no
 * event is lost; in case one is, the ring is checked.  Otherwise the disk is
 * slow, and the request has to wait: the backend may still use its pages.
 */
static enum blk_eh_timer_return blkfront_timeout(struct request *rq)
{
	struct blkfront_info *info = rq->q->queuedata;

	if (!mutex_trylock(&info->mutex))
		return BLK_EH_RESET_TIMER;
	if (blkfront_rings_usable(info))
		blkfront_check_ring(blkfront_ring_of(info,
						     rq->mq_hctx->queue_num));
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

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = blkfront_queue_rq,
	.commit_rqs = blkfront_commit_rqs,
	.complete = blkfront_complete_rq,
	.poll = blkfront_poll,
	.timeout = blkfront_timeout,
	.map_queues = blkfront_map_queues,
};
