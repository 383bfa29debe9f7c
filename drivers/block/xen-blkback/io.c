// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: one request, from the checked copy of its slot to bios.
 *
 *   blkback_io_prepare()
 *     blkif_check_cmd()            all but the segments
 *     blkback_io_reserve()         not more than may be in flight
 *     blkback_range_prepare()      those without data go another way: range.c
 *     blkback_io_get_segs()        where the segments are kept
 *     blkback_io_read_indirect()     indirect: copy them out of the guest
 *     blkif_check_segs()
 *     blkback_pi_prepare()         protection information, if any: pi.c
 *     blkback_grant_prepare()
 *   blkback_grant_map()            those of all requests of a pass
 *   blkback_io_start()
 *     blkback_range_start()        likewise
 *     blkback_io_submit()
 *       blkback_pi_submit()        likewise
 *   blkback_io_end()               each bio
 */

#include <linux/bio.h>
#include <linux/mm.h>
#include "stats.h"
#include "trace.h"

/* What blkback_io_prepare() returns besides a status, none of which this is. */
#define BLKBACK_WAIT	(-EAGAIN)

static struct xenbus_device *blkback_io_dev(const struct blkback_req *req)
{
	return req->queue->conn->blkback->dev;
}

/* Say that a request is wrong; the status to answer it with. */
static int blkback_io_refuse(const struct blkback_req *req, const char *why)
{
	dev_warn_ratelimited(&blkback_io_dev(req)->dev,
			     "queue %u: refused operation %u at sector %llu: %s\n",
			     req->queue->index, req->cmd.op, req->cmd.sector,
			     why);
	return BLKIF_RSP_ERROR;
}

/**
 * blkback_io_reject() - say and count what is wrong with a request
 * @req: the request
 * @verdict: what it is
 *
 * Return: the status to answer it with.
 */
int blkback_io_reject(const struct blkback_req *req, enum blkif_verdict verdict)
{
	++*blkback_stats_verdict(&req->queue->stats, verdict);
	blkback_io_refuse(req, blkif_verdict_name(verdict));
	return verdict == BLKIF_BAD_OP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR;
}

/** blkback_io_bad_grant() - likewise of a request whose pages are not good */
int blkback_io_bad_grant(const struct blkback_req *req, const char *why)
{
	req->queue->stats.bad_grant++;
	return blkback_io_refuse(req, why);
}

/**
 * blkback_io_get_mem() - get memory for what an indirect request has in tables
 * @req: the request
 * @size: in bytes, no more than the largest request needs
 *
 * Return: false if there is none now; else @req->big is it.
 */
bool blkback_io_get_mem(struct blkback_req *req, size_t size)
{
	req->big = kvmalloc(size, GFP_NOIO | __GFP_NOWARN);
	if (!req->big) {
		if (req->queue->reserve_busy)
			return false;
		req->queue->reserve_busy = true;
		req->big = req->queue->reserve;
	}
	return true;
}

static bool blkback_io_get_big(struct blkback_req *req)
{
	unsigned int nr = blkif_cmd_entries(&req->cmd);

	if (!blkback_io_get_mem(req, nr * BLKBACK_SEG_SIZE))
		return false;
	req->map = req->big;
	req->vec = (struct bio_vec *)(req->map + nr);
	req->seg = (struct blkif_seg *)(req->vec + nr);
	return true;
}

static bool blkback_io_get_segs(struct blkback_req *req)
{
	if (req->cmd.indirect)
		return blkback_io_get_big(req);
	req->seg = req->cmd.seg;
	req->map = req->inline_map;
	req->vec = req->inline_vec;
	return true;
}

/*
 * May the request be in flight beside the others?  Its entries count whatever
 * becomes of them: a guest may name one page, which stays mapped, in all.
 * Ranges take a page at the most, and must not keep reads waiting.  One request
 * is always let through.
 */
static bool blkback_io_reserve(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	unsigned int nr = blkif_op_is_range(req->cmd.op) ? req->cmd.indirect :
			  blkif_cmd_entries(&req->cmd);

	if (queue->nr_busy && queue->nr_busy + nr > queue->max_busy)
		return false;
	queue->nr_busy += nr;
	req->nr_busy = nr;
	return true;
}

/**
 * blkback_io_free_segs() - give back the memory of segments or ranges
 * @req: a request with nothing mapped
 */
void blkback_io_free_segs(struct blkback_req *req)
{
	req->queue->nr_busy -= req->nr_busy;
	req->nr_busy = 0;
	if (unlikely(req->nr_pi))
		blkback_pi_free(req);
	if (req->big == req->queue->reserve)
		req->queue->reserve_busy = false;
	else
		kvfree(req->big);
	req->big = NULL;
}

/* Copy the segments out of the guest, once, and decode the copy. */
static int blkback_io_read_indirect(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	const struct blkif_abi *abi = queue->conn->agreed.layout.abi;
	unsigned int per_page = blkif_indirect_per_page(abi);
	unsigned int entries = blkif_cmd_entries(&req->cmd);
	unsigned int nr_tables = DIV_ROUND_UP(entries, per_page);
	u64 sector = req->cmd.sector;
	unsigned int i, done = 0;

	for (i = 0; i < nr_tables; i++) {
		unsigned int nr = min(entries - done, per_page);
		unsigned int batch = min_t(unsigned int, nr_tables - i,
					   BLKBACK_INDIRECT_PAGES);
		u32 bytes = (entries - done) * abi->entry_size;

		if (i % BLKBACK_INDIRECT_PAGES == 0 &&
		    blkback_copy_indirect(queue, &req->cmd.indirect_gref[i], batch,
					  bytes))
			return -EIO;
		sector = blkif_indirect_decode(abi,
					       queue->indirect[i % BLKBACK_INDIRECT_PAGES],
					       nr, sector, &req->seg[done]);
		done += nr;
	}
	/* A slim request says it only there. */
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

static struct block_device *blkback_io_bdev(const struct blkback_req *req)
{
	return req->queue->conn->blkback->vbd.bdev;
}

/* The request waits for the bio. */
static void blkback_io_own_bio(struct blkback_req *req, struct bio *bio,
			       u64 sector)
{
	bio->bi_iter.bi_sector = sector;
	bio->bi_private = req;
	bio->bi_end_io = blkback_io_end;
	atomic_inc(&req->pending);
}

/**
 * blkback_io_new_bio() - a bio for a part of a request, which waits for it
 * @req: the request
 * @nr_vecs: how many segments may be left for it
 * @opf: the operation
 * @sector: where the part starts
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
 * A bio for the segments from @first on, as many as follow one another on the
 * disk.  It refers to the vectors of the request, which are there for as long.
 * Pages of a guest that follow one another in its memory seldom do so in the
 * machine's, and where they do, drivers see that: no time is lost here to find
 * out.
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

/*
 * Each bio is submitted before the next is allocated, so that the pool they
 * come from cannot be emptied by bios that wait for one another.
 */
static void blkback_io_submit_segs(struct blkback_req *req, blk_opf_t opf)
{
	unsigned int first = 0;

	while (first < req->cmd.nr_segs) {
		struct bio *bio = blkback_io_next_bio(req, first, opf);

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

	if (req->cmd.flags & BLKIF_SLIM_FUA)
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

/* Check the pages of protection information behind the segments, and copy. */
static int blkback_io_get_pi(struct blkback_req *req)
{
	enum blkif_verdict verdict;

	verdict = blkif_check_pi(&req->seg[req->cmd.nr_segs], req->cmd.nr_pi,
				 &req->queue->lim, req->sectors);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	switch (blkback_pi_prepare(req)) {
	case 0:
		return 0;
	case -ENOMEM:
		return BLKBACK_WAIT;
	default:
		return blkback_io_bad_grant(req, "cannot copy its protection information");
	}
}

/* Find and check the segments of a request and have their pages mapped. */
static int blkback_io_get_data(struct blkback_req *req)
{
	enum blkif_verdict verdict;
	int err = 0;

	if (req->cmd.indirect)
		err = blkback_io_read_indirect(req);
	if (err)
		return blkback_io_bad_grant(req, "cannot read the indirect pages");

	verdict = blkif_check_segs(req->seg, req->cmd.nr_segs,
				   &req->queue->lim, &req->sectors);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	if (unlikely(req->cmd.nr_pi))
		err = blkback_io_get_pi(req);
	if (err)
		return err;
	return blkback_grant_prepare(req) ? BLKBACK_WAIT : 0;
}

static void blkback_io_count(const struct blkback_req *req)
{
	struct blkback_stats *stats = &req->queue->stats;

	if (req->cmd.op == BLKIF_OP_READ) {
		stats->rd_req++;
		stats->rd_sect += req->sectors;
		return;
	}
	if (blkif_op_is_range(req->cmd.op)) {
		stats->ds_req++;
		return;
	}
	if (req->cmd.op == BLKIF_OP_WRITE)
		stats->wr_req++;
	else
		stats->f_req++;
	stats->wr_sect += req->sectors;
}

/**
 * blkback_io_prepare() - check a request and have its pages mapped
 * @req: as decoded
 *
 * Return: 0 if blkback_io_start() is to be called once they are; -EAGAIN if
 * there is no memory now, or as much in flight as may be, nothing was done and
 * it must be tried again; else the BLKIF_RSP_* status to answer it with.
 */
int blkback_io_prepare(struct blkback_req *req)
{
	enum blkif_verdict verdict;
	int ret;

	verdict = blkif_check_cmd(&req->cmd, &req->queue->lim);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	if (!blkback_io_reserve(req))
		return BLKBACK_WAIT;
	if (blkif_op_is_range(req->cmd.op))
		ret = blkback_range_prepare(req);
	else if (blkback_io_get_segs(req))
		ret = blkback_io_get_data(req);
	else
		ret = BLKBACK_WAIT;
	if (ret)
		blkback_io_free_segs(req);
	return ret;
}

/**
 * blkback_io_start() - start a request
 * @req: prepared, and blkback_grant_map() was called
 *
 * Return: 0 if blkback_queue_done() will be called for it, else the
 * BLKIF_RSP_* status to answer it with when it was released.
 */
int blkback_io_start(struct blkback_req *req)
{
	if (req->bad_grant)
		return blkback_io_bad_grant(req, "cannot map its pages");
	blkback_io_count(req);
	trace_blkback_start(req, 0);
	if (blkif_op_is_range(req->cmd.op))
		blkback_range_start(req);
	else
		blkback_io_submit(req);
	return 0;
}

/** blkback_io_status() - how the disk's answer is told to the frontend */
s16 blkback_io_status(const struct blkback_req *req)
{
	return blkif_status_to_wire(req->queue->conn->agreed.layout.abi->slim,
				    req->error);
}
