// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: protection information.
 *
 * Xen copies the tuples of a request, from the guest before it starts or to the
 * guest when it is done, so that they do not change while the disk uses them.
 * The bios of the request carry our copy.  The block layer does not change the
 * tuples of a bio, except for reference tags if the disk is a partition: it
 * makes them count from the start of the whole disk.  The seed of a bio, its
 * first reference tag, is the number that the guest counted from.
 *
 * Nothing here checks tuples: the disk does, as the flags of each bio ask it to,
 * and the guest.
 */

#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <xen/page.h>
#include "blkback.h"

/**
 * blkback_pi_get() - what protection information does a disk have?
 * @bdev: the disk
 *
 * Return: the protection information, if it is of a kind that can be offered;
 * otherwise its profile is NULL.
 */
struct blkif_pi blkback_pi_get(struct block_device *bdev)
{
	struct blk_integrity *bi = bdev_get_integrity(bdev);
	struct blkif_pi none = { };
	bool ref;

	if (!bi || !(bi->flags & BLK_INTEGRITY_DEVICE_CAPABLE) || bi->pi_offset)
		return none;
	if (bi->csum_type != BLK_INTEGRITY_CSUM_IP &&
	    bi->csum_type != BLK_INTEGRITY_CSUM_CRC)
		return none;
	ref = bi->flags & BLK_INTEGRITY_REF_TAG;
	return blkif_pi_make(blkif_pi_profile(bi->csum_type ==
					      BLK_INTEGRITY_CSUM_IP, ref),
			     1U << bi->interval_exp, bi->metadata_size,
			     bdev_logical_block_size(bdev));
}

/**
 * blkback_pi_interval() - the interval that requests are checked against
 * @conn: the connection
 *
 * Return: bytes of data for each tuple; 0 if none was offered, or if the disk
 * has another kind now.
 */
u16 blkback_pi_interval(const struct blkback_conn *conn)
{
	struct blkif_pi pi;

	if (likely(!conn->pi.profile))
		return 0;
	pi = blkback_pi_get(conn->blkback->vbd.bdev);
	return blkif_pi_same(&pi, &conn->pi) ? pi.interval : 0;
}

static struct page *blkback_pi_page(const struct blkback_req *req,
				    unsigned int i)
{
	return req->vec[req->cmd.nr_segs + i].bv_page;
}

/* Copy the tuples of a request, from the guest or to it. */
static int blkback_pi_copy(struct blkback_req *req, bool to_guest)
{
	struct blkback_queue *queue = req->queue;
	const struct blkif_seg *entry = &req->seg[req->cmd.nr_segs];
	u32 left = blkif_pi_bytes(queue->conn->pi.interval, req->sectors);
	struct gnttab_copy ops[BLKIF_PI_MAX_PAGES];
	unsigned int i, nr = req->nr_pi;

	queue->count.stats.copied += left;
	queue->count.stats.copies += nr;
	queue->count.stats.hypercalls++;
	for (i = 0; i < nr; i++) {
		struct gnttab_copy_ptr theirs = {
			.u.ref = entry[i].gref,
			.domid = queue->conn->domid,
		};
		struct gnttab_copy_ptr ours = {
			.u.gmfn = xen_page_to_gfn(blkback_pi_page(req, i)),
			.domid = DOMID_SELF,
		};

		ops[i] = (struct gnttab_copy) {
			.source = to_guest ? ours : theirs,
			.dest = to_guest ? theirs : ours,
			.len = min(left, BLKIF_PAGE_SIZE),
			.flags = to_guest ? GNTCOPY_dest_gref :
					    GNTCOPY_source_gref,
			.status = GNTST_general_error,
		};
		left -= ops[i].len;
	}
	gnttab_batch_copy(ops, nr);
	for (i = 0; i < nr; i++) {
		if (ops[i].status != GNTST_okay)
			return -EIO;
	}
	return 0;
}

/**
 * blkback_pi_prepare() - get the protection information of a request
 * @req: a request whose entries were checked, data and tuples
 *
 * Whatever this returns, blkback_pi_free() is to be called in the end.
 *
 * Return: BLKBACK_READY, BLKBACK_WAIT if there is no page now, or
 * BLKBACK_REJECT if a grant reference is bad.
 */
enum blkback_outcome blkback_pi_prepare(struct blkback_req *req)
{
	struct blkback_guest *guest = req->queue->conn->guest;
	gfp_t gfp = BLKBACK_GFP;

	/* The guest must not see old data where the disk fills nothing. */
	if (req->cmd.op == BLKIF_OP_READ)
		gfp |= __GFP_ZERO;
	while (req->nr_pi < req->cmd.nr_pi) {
		struct page *page;

		if (!blkback_io_take_bytes(req, PAGE_SIZE))
			return BLKBACK_WAIT;
		page = alloc_page(gfp);
		if (!page) {
			blkback_guest_give(&guest->bytes, PAGE_SIZE);
			return BLKBACK_WAIT;
		}
		req->vec[req->cmd.nr_segs + req->nr_pi++].bv_page = page;
	}
	if (req->cmd.op != BLKIF_OP_READ && blkback_pi_copy(req, false))
		return blkback_io_bad_grant(req,
					    "cannot copy its protection information");
	return BLKBACK_READY;
}

/**
 * blkback_pi_free() - free the pages of a request's tuples
 * @req: the request
 */
void blkback_pi_free(struct blkback_req *req)
{
	blkback_guest_give(&req->queue->conn->guest->bytes,
			   req->nr_pi * PAGE_SIZE);
	while (req->nr_pi)
		__free_page(blkback_pi_page(req, --req->nr_pi));
}

/* The bio that is being made, and the tuples that go with it. */
struct blkback_pi_cursor {
	struct blkback_req *req;
	blk_opf_t opf;
	struct bio *bio;
	u32 first;	/* bytes of tuples before those of @bio */
	u32 done;	/* bytes of tuples up to the last of @bio */
};

/* Submit the bio with its tuples, which are in one page. */
static void blkback_pi_submit_bio(struct blkback_pi_cursor *cur)
{
	const struct blkif_pi *pi = &cur->req->queue->conn->pi;
	struct page *page = blkback_pi_page(cur->req,
					    cur->first / BLKIF_PAGE_SIZE);
	u32 offset = cur->first % BLKIF_PAGE_SIZE;
	u32 len = cur->done - cur->first;
	struct bio *bio = cur->bio;
	struct bio_integrity_payload *bip;

	cur->bio = NULL;
	cur->first = cur->done;
	if (unlikely(blkback_io_revoked(cur->req))) {
		bio_io_error(bio);
		return;
	}
	bip = bio_integrity_alloc(bio, GFP_NOIO, 1);
	if (IS_ERR(bip)) {
		bio_io_error(bio);
		return;
	}
	bip_set_seed(bip, bio->bi_iter.bi_sector >>
			  (ilog2(pi->interval) - BLKIF_SECTOR_SHIFT));
	bip->bip_flags |= BIP_CHECK_GUARD;
	if (pi->profile->ip)
		bip->bip_flags |= BIP_IP_CHECKSUM;
	if (pi->profile->ref)
		bip->bip_flags |= BIP_CHECK_REFTAG;
	if (bio_integrity_add_page(bio, page, len, offset) == len)
		submit_bio(bio);
	else
		bio_io_error(bio);
}

/* Add a part of a segment whose tuples are all in one page. */
static void blkback_pi_add(struct blkback_pi_cursor *cur, unsigned int i,
			   u64 sector, u32 len, u32 offset)
{
	struct blkback_req *req = cur->req;
	struct page *page = req->vec[i].bv_page;

	if (cur->bio && sector == bio_end_sector(cur->bio) &&
	    bio_add_page(cur->bio, page, len, offset) == len)
		return;
	if (cur->bio)
		blkback_pi_submit_bio(cur);
	cur->bio = blkback_io_new_bio(req, req->cmd.nr_segs - i, cur->opf,
				      sector);
	__bio_add_page(cur->bio, page, len, offset);
}

/**
 * blkback_pi_submit() - submit a request that has protection information
 * @req: the request; its @pending counts one for the caller
 * @opf: the operation
 *
 * The tuples of a bio are in one page, because some disks take no more than one
 * segment of them at a time.  As in blkback_io_submit_segs(), each bio is
 * submitted before the next is allocated.
 */
void blkback_pi_submit(struct blkback_req *req, blk_opf_t opf)
{
	u32 interval = req->queue->conn->pi.interval;
	struct blkback_pi_cursor cur = { .req = req, .opf = opf };
	unsigned int i;

	for (i = 0; i < req->cmd.nr_segs; i++) {
		const struct blkif_seg *seg = &req->seg[i];
		u32 offset = seg->first << BLKIF_SECTOR_SHIFT;
		u32 left = blkif_seg_sectors(seg) << BLKIF_SECTOR_SHIFT;
		u64 sector = seg->sector;

		while (left) {
			u32 room = blkif_pi_room(interval, cur.done);
			u32 len = min(left, room);

			blkback_pi_add(&cur, i, sector, len, offset);
			cur.done += len / interval * BLKIF_PI_TUPLE;
			if (len == room)
				blkback_pi_submit_bio(&cur);
			sector += len >> BLKIF_SECTOR_SHIFT;
			offset += len;
			left -= len;
		}
	}
	if (cur.bio)
		blkback_pi_submit_bio(&cur);
}

/**
 * blkback_pi_finish() - copy the protection information of a read to the guest
 * @req: a request whose bios are done; it fails if this does
 */
void blkback_pi_finish(struct blkback_req *req)
{
	if (req->cmd.op != BLKIF_OP_READ || req->error != BLK_STS_OK)
		return;
	if (!blkback_pi_copy(req, true))
		return;
	req->error = BLK_STS_IOERR;
	blkback_log(req->queue->conn->blkback, warn,
		    "queue %u: failed a read: cannot copy its protection information to the guest\n",
		    req->queue->index);
}
