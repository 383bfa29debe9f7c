// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: one request, from the checked copy of its slot to bios.
 *
 *   blkback_io_prepare()
 *     blkif_check_cmd()              everything but the segments
 *     blkback_io_reserve()           no more than may be in flight
 *     blkback_range_prepare()        requests without data: see range.c
 *     blkback_io_get_segs()          memory for the segments
 *     blkback_io_prepare_data()
 *       blkback_io_read_indirect()     copy indirect pages from the guest
 *       blkif_check_segs()
 *       blkback_io_count_bios()        no more than the guest may take
 *       blkback_io_prepare_pi()        protection information, if any: see pi.c
 *       blkback_data_prepare()
 *   blkback_data_begin()             map and copy all requests of the batch
 *   blkback_io_start()              unless it could not be mapped
 *     blkback_range_start()          requests without data
 *     blkback_io_submit()
 *       blkback_pi_submit()          requests with protection information
 *   blkback_io_end()                 each bio
 */

#include <linux/bio.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "account.h"
#include "trace.h"

/* Entries that count for a guest at a time. */
#define BLKBACK_NAMED		64U

/* A bio, and what the driver of a disk allocates for one; a rough figure. */
#define BLKBACK_BIO_SIZE	512U

static struct block_device *blkback_io_bdev(const struct blkback_req *req)
{
	return req->queue->conn->blkback->vbd.bdev;
}

/* Say why a request is rejected. */
static enum blkback_outcome blkback_io_reject_with(struct blkback_req *req,
						   s16 status, const char *why)
{
	blkback_log(req->queue->conn->blkback, warn,
		    "queue %u: rejected operation %u at sector %llu: %s\n",
		    req->queue->index, req->cmd.op, req->cmd.sector, why);
	req->status = status;
	return BLKBACK_REJECT;
}

/**
 * blkback_io_reject() - reject a request that is wrong
 * @req: the request
 * @verdict: what is wrong with it
 *
 * Return: BLKBACK_REJECT.
 */
enum blkback_outcome blkback_io_reject(struct blkback_req *req,
				       enum blkif_verdict verdict)
{
	++*blkback_account_rejected(&req->queue->count.stats.error, verdict);
	return blkback_io_reject_with(req, verdict == BLKIF_BAD_OP ?
				      BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR,
				      blkif_verdict_name(verdict));
}

/**
 * blkback_io_bad_grant() - reject a request whose pages cannot be accessed
 * @req: the request
 * @why: what cannot be done with them
 *
 * Return: BLKBACK_REJECT.
 */
enum blkback_outcome blkback_io_bad_grant(struct blkback_req *req,
					  const char *why)
{
	req->queue->count.stats.error.bad_grant++;
	return blkback_io_reject_with(req, BLKIF_RSP_ERROR, why);
}

/**
 * blkback_io_take_bytes() - count memory that a request is going to use
 * @req: the request
 * @size: bytes
 *
 * The only request with data that a queue has in flight is always admitted, so
 * that no queue waits for other disks of the guest.  Requests that are held, and
 * ranges, have nothing reserved.
 *
 * Return: true if the guest does not have too much; it is counted then.
 */
bool blkback_io_take_bytes(const struct blkback_req *req, size_t size)
{
	struct blkback_guest *guest = req->queue->conn->guest;
	const struct blkback_queue *queue = req->queue;

	if (blkif_op_is_range(req->cmd.op) ? queue->in_flight > 1 :
	    queue->budget.nr_reserved > req->nr_reserved)
		return blkback_guest_take_bytes(guest, size);
	return blkback_guest_take(&guest->bytes, size, LONG_MAX);
}

/**
 * blkback_io_get_mem() - get memory for the content of indirect pages
 * @req: the request
 * @size: in bytes, no more than the largest request needs
 *
 * Return: true if @req->indirect_mem is that memory, false if there is none
 * now.
 */
bool blkback_io_get_mem(struct blkback_req *req, size_t size)
{
	struct blkback_guest *guest = req->queue->conn->guest;
	struct blkback_budget *budget = &req->queue->budget;

	if (blkback_io_take_bytes(req, size)) {
		req->indirect_mem = kvmalloc(size, BLKBACK_GFP);
		if (req->indirect_mem) {
			req->counted = size;
			return true;
		}
		blkback_guest_give(&guest->bytes, size);
	}
	if (budget->reserve_used)
		return false;
	budget->reserve_used = true;
	req->indirect_mem = budget->reserve;
	return true;
}

static bool blkback_io_get_indirect_segs(struct blkback_req *req)
{
	unsigned int nr = blkif_cmd_entries(&req->cmd);

	if (!blkback_io_get_mem(req, nr * BLKBACK_SEG_SIZE))
		return false;
	req->map = req->indirect_mem;
	req->vec = (struct bio_vec *)(req->map + nr);
	req->seg = (struct blkif_seg *)(req->vec + nr);
	return true;
}

static bool blkback_io_get_segs(struct blkback_req *req)
{
	if (req->cmd.indirect)
		return blkback_io_get_indirect_segs(req);
	req->seg = req->cmd.seg;
	req->map = req->inline_map;
	req->vec = req->inline_vec;
	return true;
}

/*
 * Count @nr more entries for the guest.  While there is plenty of room, more are
 * counted at a time, so that the threads of the guest's queues seldom write to
 * the same cache line.
 */
static bool blkback_io_take_named(struct blkback_queue *queue, unsigned int nr)
{
	struct blkback_budget *budget = &queue->budget;
	unsigned int need = budget->nr_reserved + nr;

	if (need <= budget->nr_named)
		return true;
	need -= budget->nr_named;
	if (need < BLKBACK_NAMED &&
	    blkback_guest_take_spare(queue->conn->guest, BLKBACK_NAMED))
		need = BLKBACK_NAMED;
	else if (!blkback_guest_take_named(queue->conn->guest, need,
					   !budget->nr_reserved))
		return false;
	budget->nr_named += need;
	return true;
}

/**
 * blkback_io_give_named() - fewer entries count for the guest
 * @queue: the queue
 * @keep: how many may count beyond those of requests in flight
 */
void blkback_io_give_named(struct blkback_queue *queue, unsigned int keep)
{
	struct blkback_budget *budget = &queue->budget;
	unsigned int most = budget->nr_reserved + keep;

	if (budget->nr_named <= most)
		return;
	blkback_guest_give_named(queue->conn->guest, budget->nr_named - most);
	budget->nr_named = most;
}

/*
 * May the request be in flight together with the others?  All of its entries
 * count, even if they name pages that are mapped already, as a guest may name
 * the same page in all of them.  Ranges are not among them, as a discard may
 * last long, and must not make reads wait.  A single request is always admitted.
 */
static bool blkback_io_reserve(struct blkback_req *req)
{
	struct blkback_budget *budget = &req->queue->budget;
	unsigned int nr = blkif_op_is_range(req->cmd.op) ? 0 :
			  blkif_cmd_entries(&req->cmd);

	if (budget->nr_reserved &&
	    budget->nr_reserved + nr > budget->max_reserved)
		return false;
	if (!blkback_io_take_named(req->queue, nr))
		return false;
	budget->nr_reserved += nr;
	req->nr_reserved = nr;
	return true;
}

/**
 * blkback_io_free_segs() - free the memory for segments or ranges
 * @req: a request that has no page mapped
 */
void blkback_io_free_segs(struct blkback_req *req)
{
	struct blkback_budget *budget = &req->queue->budget;

	budget->nr_reserved -= req->nr_reserved;
	req->nr_reserved = 0;
	if (unlikely(budget->nr_named - budget->nr_reserved > 2 * BLKBACK_NAMED))
		blkback_io_give_named(req->queue, BLKBACK_NAMED);
	if (unlikely(req->nr_pi))
		blkback_pi_free(req);
	if (req->indirect_mem == budget->reserve)
		budget->reserve_used = false;
	else
		kvfree(req->indirect_mem);
	req->indirect_mem = NULL;
	if (req->counted)
		blkback_guest_give(&req->queue->conn->guest->bytes,
				   req->counted);
	req->counted = 0;
}

/*
 * An indirect slim request needs a bio for each segment that does not follow on
 * the one before it.  They count for the guest.
 */
static bool blkback_io_count_bios(struct blkback_req *req)
{
	const struct blkif_seg *seg = req->seg;
	unsigned int i, nr = 0;

	for (i = 1; i < req->cmd.nr_segs; i++)
		nr += seg[i].sector != seg[i - 1].sector +
				       blkif_seg_sectors(&seg[i - 1]);
	if (likely(!nr))
		return true;
	if (!blkback_io_take_bytes(req, nr * BLKBACK_BIO_SIZE))
		return false;
	req->counted += nr * BLKBACK_BIO_SIZE;
	return true;
}

/* Copy the segments from the guest, once, and decode the copy. */
static int blkback_io_read_indirect(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	const struct blkif_abi *abi = queue->conn->agreed.layout.abi;
	unsigned int per_page = blkif_indirect_per_page(abi);
	unsigned int entries = blkif_cmd_entries(&req->cmd);
	unsigned int nr_pages = DIV_ROUND_UP(entries, per_page);
	u64 sector = req->cmd.sector;
	unsigned int i, done = 0;

	for (i = 0; i < nr_pages; i++) {
		unsigned int slot = i % BLKBACK_INDIRECT_PAGES;
		unsigned int nr = min(entries - done, per_page);
		unsigned int batch = min_t(unsigned int, nr_pages - i,
					   BLKBACK_INDIRECT_PAGES);
		u32 bytes = (entries - done) * abi->entry_size;

		if (!slot &&
		    blkback_copy_indirect(queue, &req->cmd.indirect_gref[i],
					  batch, bytes))
			return -EIO;
		sector = blkif_indirect_decode(abi, queue->copy.indirect[slot],
					       nr, sector, &req->seg[done]);
		done += nr;
	}
	/* An indirect slim request has its sector only there. */
	req->cmd.sector = req->seg[0].sector;
	return 0;
}

static blk_opf_t blkback_io_opf(u8 op)
{
	switch (op) {
	case BLKIF_OP_READ:
		return REQ_OP_READ;
	case BLKIF_OP_WRITE:
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	case BLKIF_OP_WRITE_BARRIER:
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH | REQ_FUA;
	default:
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
	}
}

/* A bio is done, or the last one was made. */
static void blkback_io_drop(struct blkback_req *req)
{
	if (atomic_dec_and_test(&req->pending))
		blkback_queue_done(req);
}

static void blkback_io_end(struct bio *bio)
{
	struct blkback_req *req = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(req->error, bio->bi_status);
	if (bio == &req->bio)
		bio_uninit(bio);
	else
		bio_put(bio);
	blkback_io_drop(req);
}

/* The request is not done before the bio is. */
static void blkback_io_own_bio(struct blkback_req *req, struct bio *bio,
			       u64 sector)
{
	bio->bi_iter.bi_sector = sector;
	bio->bi_private = req;
	bio->bi_end_io = blkback_io_end;
	atomic_inc(&req->pending);
}

/**
 * blkback_io_new_bio() - allocate a bio for a part of a request
 * @req: the request, which is not done before the bio is
 * @nr_vecs: segments that the bio may have to hold
 * @opf: the operation
 * @sector: where the part starts
 *
 * Context: process context.  A bio that was allocated before has to be
 * submitted first, because both come from the same pool.
 *
 * Return: the bio.
 */
struct bio *blkback_io_new_bio(struct blkback_req *req, unsigned int nr_vecs,
			       blk_opf_t opf, u64 sector)
{
	struct bio *bio;

	bio = bio_alloc(blkback_io_bdev(req), bio_max_segs(nr_vecs), opf,
			GFP_NOIO);
	blkback_io_own_bio(req, bio, sector);
	return bio;
}

/*
 * Make a bio for the segments from @first on that are contiguous on the disk.
 * It refers to the vectors of the request.  Pages are not merged: pages that
 * are contiguous in a guest rarely are in the machine, and drivers merge those
 * that are.
 */
static struct bio *blkback_io_next_bio(struct blkback_req *req,
				       unsigned int first, blk_opf_t opf)
{
	const struct blkif_seg *seg = &req->seg[first];
	unsigned int i, nr = min(req->cmd.nr_segs - first, BIO_MAX_VECS);
	struct bio_vec *vec = &req->vec[first];
	u64 sector = seg->sector;
	struct bio *bio = &req->bio;

	if (first) {
		bio = blkback_io_new_bio(req, 0, opf, sector);
	} else {
		bio_init(bio, blkback_io_bdev(req), NULL, 0, opf);
		blkback_io_own_bio(req, bio, sector);
	}
	for (i = 0; i < nr && seg[i].sector == sector; i++) {
		u32 sectors = blkif_seg_sectors(&seg[i]);

		vec[i].bv_offset = seg[i].first << BLKIF_SECTOR_SHIFT;
		vec[i].bv_len = sectors << BLKIF_SECTOR_SHIFT;
		sector += sectors;
	}
	bio->bi_io_vec = vec;
	bio->bi_vcnt = i;
	bio->bi_iter.bi_size = (sector - seg->sector) << BLKIF_SECTOR_SHIFT;
	return bio;
}

/**
 * blkback_io_revoked() - has the disk become read-only for this request?
 * @req: the request, which was checked
 *
 * The thread may have waited for the disk since, and most of a discard may still
 * be to be done.  What is not submitted yet must not be.
 *
 * Return: true if it changes the disk, and must not any more.
 */
bool blkback_io_revoked(const struct blkback_req *req)
{
	return blkif_cmd_changes(&req->cmd) &&
	       blkback_vbd_read_only(&req->queue->conn->blkback->vbd);
}

/*
 * Each bio is submitted before the next is allocated, so that bios that wait
 * for one another cannot use up the pool that they come from.
 */
static void blkback_io_submit_segs(struct blkback_req *req, blk_opf_t opf)
{
	unsigned int first = 0;

	while (first < req->cmd.nr_segs) {
		struct bio *bio;

		if (unlikely(first && blkback_io_revoked(req))) {
			WRITE_ONCE(req->error, BLK_STS_IOERR);
			break;
		}
		bio = blkback_io_next_bio(req, first, opf);
		first += bio->bi_vcnt;
		submit_bio(bio);
		opf &= ~REQ_PREFLUSH;
	}
}

/* A flush without data. */
static void blkback_io_submit_flush(struct blkback_req *req, blk_opf_t opf)
{
	bio_init(&req->bio, blkback_io_bdev(req), NULL, 0, opf & ~REQ_FUA);
	blkback_io_own_bio(req, &req->bio, 0);
	submit_bio(&req->bio);
}

static void blkback_io_submit(struct blkback_req *req)
{
	blk_opf_t opf = blkback_io_opf(req->cmd.op);

	if (req->cmd.flags & BLKIF_SLIM_FUA ||
	    (unlikely(req->queue->write_through) && req->cmd.op != BLKIF_OP_READ))
		opf |= REQ_FUA;
	atomic_set(&req->pending, 1);
	if (unlikely(req->nr_pi))
		blkback_pi_submit(req, opf);
	else if (likely(req->cmd.nr_segs))
		blkback_io_submit_segs(req, opf);
	else
		blkback_io_submit_flush(req, opf);
	blkback_io_drop(req);
}

/* Check the entries of protection information, and copy its pages. */
static enum blkback_outcome blkback_io_prepare_pi(struct blkback_req *req)
{
	enum blkif_verdict verdict;

	verdict = blkif_check_pi(&req->seg[req->cmd.nr_segs], req->cmd.nr_pi,
				 &req->queue->lim, req->sectors);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	return blkback_pi_prepare(req);
}

/* Read and check the segments of a request, and add it to the batch. */
static enum blkback_outcome blkback_io_prepare_data(struct blkback_req *req)
{
	enum blkback_outcome outcome;
	enum blkif_verdict verdict;

	if (req->cmd.indirect && blkback_io_read_indirect(req))
		return blkback_io_bad_grant(req,
					    "cannot read its indirect pages");
	verdict = blkif_check_segs(req->seg, req->cmd.nr_segs,
				   &req->queue->lim, &req->sectors);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	if (req->cmd.indirect && !blkback_io_count_bios(req))
		return BLKBACK_WAIT;
	if (unlikely(req->cmd.nr_pi)) {
		outcome = blkback_io_prepare_pi(req);
		if (outcome != BLKBACK_READY)
			return outcome;
	}
	return blkback_data_prepare(req) ? BLKBACK_WAIT : BLKBACK_READY;
}

/**
 * blkback_io_prepare() - check a request and prepare to map or copy its pages
 * @req: as decoded
 *
 * Context: the thread of the queue.
 *
 * Return: what to do with the request.
 */
enum blkback_outcome blkback_io_prepare(struct blkback_req *req)
{
	enum blkback_outcome outcome;
	enum blkif_verdict verdict;

	/* It may have been held, and nobody waits for what it would do. */
	if (unlikely(READ_ONCE(req->queue->conn->abandoned))) {
		req->status = BLKIF_RSP_ERROR;
		return BLKBACK_REJECT;
	}
	verdict = blkif_check_cmd(&req->cmd, &req->queue->lim);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	if (!blkback_io_reserve(req))
		return BLKBACK_WAIT;
	if (blkif_op_is_range(req->cmd.op))
		outcome = blkback_range_prepare(req);
	else if (blkback_io_get_segs(req))
		outcome = blkback_io_prepare_data(req);
	else
		outcome = BLKBACK_WAIT;
	if (outcome != BLKBACK_READY)
		blkback_io_free_segs(req);
	return outcome;
}

/**
 * blkback_io_start() - start a request
 * @req: a request that is ready, after blkback_data_begin()
 *
 * Context: the thread of the queue.
 *
 * Return: BLKBACK_READY if blkback_queue_done() is called for it, perhaps before
 * this returns; BLKBACK_REJECT if it is to be released and answered;
 * BLKBACK_WAIT if it is to be released and prepared again.
 */
enum blkback_outcome blkback_io_start(struct blkback_req *req)
{
	if (unlikely(req->bad_grant))
		return blkback_io_bad_grant(req, "cannot access its pages");
	if (unlikely(req->no_room))
		return BLKBACK_WAIT;
	if (unlikely(blkback_io_revoked(req)))
		return blkback_io_reject(req, BLKIF_READ_ONLY);
	blkback_account_started(req);
	trace_blkback_start(req, 0);
	if (blkif_op_is_range(req->cmd.op))
		blkback_range_start(req);
	else
		blkback_io_submit(req);
	return BLKBACK_READY;
}

/**
 * blkback_io_status() - status with which to answer a request that is done
 * @req: the request
 *
 * Return: BLKIF_RSP_*.
 */
s16 blkback_io_status(const struct blkback_req *req)
{
	return blkif_status_to_wire(req->queue->conn->agreed.layout.abi->slim,
				    req->error);
}
