// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: discards and zeroes.
 *
 *   blkback_range_prepare()     thread: read the ranges and check them
 *   blkback_range_start()       thread: start, unless too many are under way
 *     blkback_range_work()      work item: a step, which is a few bios
 *     blkback_range_end()       each bio; the last one queues the next step
 *   blkback_range_ended()       thread: start another one
 *
 * It takes many bios to discard a terabyte, and some disks do all of the work
 * in submit_bio().  The thread of a queue, where reads would wait, therefore
 * leaves this to a work item, which is part of the request.  A step has few
 * bios, so that the disk keeps tags for other requests; and the size of a bio
 * is limited, because some disks do nothing else while they execute one.  The
 * last step ends like the last bio of any other request.
 */

#include <linux/bio.h>
#include <linux/sizes.h>
#include "blkback.h"
#include "range.h"

/* Requests of a device under way at a time; at least one for each queue. */
#define BLKBACK_RANGES		4

/* Bios in flight for all of them; at least one for each. */
#define BLKBACK_RANGE_BIOS	16

/* Most sectors of a bio, unless a granule is larger. */
#define BLKBACK_RANGE_SECTORS	((u32)(SZ_1G >> BLKIF_SECTOR_SHIFT))

static_assert(BLKIF_SLIM_MAX_RANGES * sizeof(struct blkif_range) <=
	      BLKIF_PAGE_SIZE);

static struct block_device *blkback_range_bdev(const struct blkback_req *req)
{
	return req->queue->conn->blkback->vbd.bdev;
}

/* Copy the ranges from the guest, once, and check the copy. */
static enum blkback_outcome
blkback_range_read_indirect(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	size_t size = req->cmd.nr_segs * sizeof(struct blkif_range);
	enum blkif_verdict verdict;

	if (!blkback_io_get_mem(req, size))
		return BLKBACK_WAIT;
	if (blkback_copy_indirect(queue, req->cmd.indirect_gref, 1, size))
		return blkback_io_bad_grant(req,
					    "cannot read its indirect page");
	memcpy(req->indirect_mem, queue->copy.indirect[0], size);
	verdict = blkif_check_ranges(req->indirect_mem, req->cmd.nr_segs,
				     &queue->lim);
	if (verdict != BLKIF_GOOD)
		return blkback_io_reject(req, verdict);
	req->ranges.next = req->indirect_mem;
	req->ranges.end = req->ranges.next + req->cmd.nr_segs;
	return BLKBACK_READY;
}

/**
 * blkback_range_prepare() - read and check the ranges of a request
 * @req: a checked discard or write of zeroes
 *
 * Return: as blkback_io_prepare().
 */
enum blkback_outcome blkback_range_prepare(struct blkback_req *req)
{
	struct blkback_ranges *left = &req->ranges;

	if (req->cmd.indirect)
		return blkback_range_read_indirect(req);
	left->single.sector = req->cmd.sector;
	left->single.nr_sectors = req->cmd.nr_sectors;
	left->next = &left->single;
	left->end = left->next + 1;
	return BLKBACK_READY;
}

/* Is there anything left to do? */
static bool blkback_range_more(struct blkback_ranges *left)
{
	while (left->next != left->end && !left->next->nr_sectors)
		left->next++;
	return left->next != left->end;
}

/*
 * Where discards are turned off, all that was allocated stays so: zeroes make no
 * hole, either.
 */
static blk_opf_t blkback_range_opf(const struct blkback_req *req)
{
	const struct blkif_cmd *cmd = &req->cmd;

	if (cmd->op == BLKIF_OP_WRITE_ZEROES)
		return cmd->flags & BLKIF_SLIM_UNMAP &&
		       req->queue->conn->ops.discard ? REQ_OP_WRITE_ZEROES :
		       REQ_OP_WRITE_ZEROES | REQ_NOUNMAP;
	return cmd->flags & BLKIF_DISCARD_SECURE ? REQ_OP_SECURE_ERASE :
						   REQ_OP_DISCARD;
}

/* Most sectors that the disk takes at a time; 0 if it takes none. */
static u32 blkback_range_max(struct block_device *bdev, blk_opf_t opf)
{
	switch (opf & REQ_OP_MASK) {
	case REQ_OP_DISCARD:
		return bdev_max_discard_sectors(bdev);
	case REQ_OP_SECURE_ERASE:
		return bdev_max_secure_erase_sectors(bdev);
	default:
		return bdev_write_zeroes_sectors(bdev);
	}
}

/*
 * A bio of the step is done, or no more are made.  Some disks find out only now
 * that they do not support the operation: they set their limit to 0 and fail
 * with another error.
 */
static void blkback_range_drop(struct blkback_req *req)
{
	struct block_device *bdev = blkback_range_bdev(req);

	if (!atomic_dec_and_test(&req->pending))
		return;
	if (req->error == BLK_STS_OK && blkback_range_more(&req->ranges)) {
		queue_work(blkback_range_wq, &req->ranges.work);
		return;
	}
	if (req->error && !blkback_range_max(bdev, blkback_range_opf(req)))
		req->error = BLK_STS_NOTSUPP;
	blkback_queue_done(req);
}

static void blkback_range_end(struct bio *bio)
{
	struct blkback_req *req = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(req->error, bio->bi_status);
	bio_put(bio);
	blkback_range_drop(req);
}

/* How to cut ranges up; false if the disk does not support the operation. */
static bool blkback_range_cut(struct block_device *bdev, blk_opf_t opf,
			      struct range_cut *cut)
{
	u32 block = bdev_logical_block_size(bdev) >> BLKIF_SECTOR_SHIFT;
	u32 granule = bdev_discard_granularity(bdev) >> BLKIF_SECTOR_SHIFT;
	u32 max = min_t(u32, blkback_range_max(bdev, opf),
			BLKIF_MAX_RANGE_SECTORS);
	u32 whole;

	if (!max)
		return false;
	*cut = (struct range_cut) { .granule = block };
	if ((opf & REQ_OP_MASK) != REQ_OP_WRITE_ZEROES && granule > block &&
	    granule % block == 0) {
		cut->granule = granule;
		cut->first = (bdev_discard_alignment(bdev) >>
			      BLKIF_SECTOR_SHIFT) % granule;
	}
	whole = min(max, max(cut->granule, BLKBACK_RANGE_SECTORS));
	/* If the disk takes less than a granule, cut at blocks. */
	cut->max = rounddown(whole, cut->granule) ?:
		   max(rounddown(whole, block), block);
	return true;
}

static struct bio *blkback_range_bio(struct blkback_req *req, blk_opf_t opf,
				     const struct range_cut *cut)
{
	struct blkif_range *range = req->ranges.next;
	u32 nr = range_cut_off(range, cut);
	struct bio *bio;

	bio = bio_alloc(blkback_range_bdev(req), 0, opf, GFP_NOIO);
	bio->bi_iter.bi_sector = range->sector;
	bio->bi_iter.bi_size = nr << BLKIF_SECTOR_SHIFT;
	bio->bi_private = req;
	bio->bi_end_io = blkback_range_end;
	atomic_inc(&req->pending);
	range->sector += nr;
	range->nr_sectors -= nr;
	return bio;
}

/* Each bio is submitted before the next is allocated: see io.c. */
static void blkback_range_submit(struct blkback_req *req)
{
	u32 nr_queues = req->queue->conn->agreed.nr_queues;
	u32 nr = BLKBACK_RANGE_BIOS / max_t(u32, BLKBACK_RANGES, nr_queues);
	blk_opf_t opf = blkback_range_opf(req);
	struct range_cut cut;
	struct blk_plug plug;

	if (!blkback_range_cut(blkback_range_bdev(req), opf, &cut)) {
		req->error = BLK_STS_NOTSUPP;
		return;
	}
	blk_start_plug(&plug);
	do {
		if (!blkback_range_more(&req->ranges))
			break;
		if (blkback_io_revoked(req)) {
			WRITE_ONCE(req->error, BLK_STS_IOERR);
			break;
		}
		submit_bio(blkback_range_bio(req, opf, &cut));
	} while (nr-- > 1);
	blk_finish_plug(&plug);
}

static void blkback_range_work(struct work_struct *work)
{
	struct blkback_req *req = container_of(work, struct blkback_req,
					       ranges.work);
	const struct blkback_queue *queue = req->queue;

	atomic_set(&req->pending, 1);
	/*
	 * The outcome does not matter any more, and the end is waited for.  If
	 * the driver is unbound, the connection is not abandoned: the frontend
	 * would take the error for one of the disk.
	 */
	if (READ_ONCE(queue->conn->abandoned))
		req->error = BLK_STS_IOERR;
	else
		blkback_range_submit(req);
	blkback_range_drop(req);
}

/* The limit is for the device, so that many queues cannot take all workers. */
static unsigned int blkback_range_share(const struct blkback_queue *queue)
{
	return max(BLKBACK_RANGES / queue->conn->agreed.nr_queues, 1U);
}

/**
 * blkback_range_start() - start a prepared request
 * @req: the request; blkback_queue_done() will be called for it
 *
 * Context: the thread of the queue, which does not wait here.
 */
void blkback_range_start(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	if (queue->nr_ranges >= blkback_range_share(queue)) {
		list_add_tail(&req->node, &queue->ranges);
		return;
	}
	queue->nr_ranges++;
	INIT_WORK(&req->ranges.work, blkback_range_work);
	queue_work(blkback_range_wq, &req->ranges.work);
}

/**
 * blkback_range_ended() - a request has ended, so another one may start
 * @queue: its queue
 *
 * Context: the thread of the queue.
 */
void blkback_range_ended(struct blkback_queue *queue)
{
	struct blkback_req *req;

	queue->nr_ranges--;
	req = list_first_entry_or_null(&queue->ranges, struct blkback_req,
				       node);
	if (!req)
		return;
	list_del(&req->node);
	blkback_range_start(req);
}
