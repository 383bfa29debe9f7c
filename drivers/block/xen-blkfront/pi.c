// SPDX-License-Identifier: GPL-2.0
/*
 * Protection information: the tuples that the block layer generates and
 * verifies, and how they are passed to the backend.
 *
 * The block layer keeps tuples in buffers that are small and can be anywhere,
 * so tuples are always copied, to pages that are granted as long as the
 * connection lasts.
 *
 * The profile is that of the first connection, and is kept as long as the disk
 * exists: there may be bios whose tuples were made for it, and the block layer
 * refers to it until they are done.  A backend with another profile or none, as
 * after a migration, gets no tuples.  Then no more are generated, existing ones
 * are not sent, and those that a read has a buffer for are set to the escape
 * value, which means that they are not to be verified.
 */

#include <linux/highmem.h>
#include <linux/log2.h>

#include "segs.h"

/* Most tuples of a bio; they take 32 KiB. */
#define BLKFRONT_PI_TUPLES	4096U

/**
 * blkfront_pi_max_segs() - segments of the largest request that has tuples
 * @info: the disk; its agreed.max_segs is the limit without tuples
 * @pi: the protection information
 *
 * Even the smallest request with tuples needs an indirect page.
 *
 * Context: any.
 *
 * Return: the number, 0 if there is no room for data and tuples.
 */
unsigned int blkfront_pi_max_segs(const struct blkfront_info *info,
				  const struct blkif_pi *pi)
{
	unsigned int fits_slot = blkfront_abi(info)->max_inline;
	unsigned int segs = blkif_pi_max_segs(pi->interval,
					      info->agreed.max_segs);

	return info->agreed.max_segs > fits_slot && segs >= fits_slot ?
	       segs : 0;
}

/**
 * blkfront_pi_max_pages() - pages of tuples of the largest request
 * @agreed: what was negotiated
 *
 * Context: any.
 *
 * Return: the number, 0 if there are no tuples.
 */
unsigned int blkfront_pi_max_pages(const struct blkfront_agreed *agreed)
{
	return agreed->pi.profile ?
	       blkif_pi_pages(agreed->pi.interval,
			      agreed->max_segs * BLKIF_PAGE_SECTORS) : 0;
}

/* The flags of the profile; an administrator may have changed some. */
static unsigned char blkfront_pi_flags(const struct blkfront_info *info,
				       unsigned char old)
{
	unsigned char off = BLK_INTEGRITY_NOVERIFY | BLK_INTEGRITY_NOGENERATE;
	unsigned char ref = info->pi.profile->ref ? BLK_INTEGRITY_REF_TAG : 0;

	if (!info->agreed.pi.profile)
		return ref | off;
	/* If the device was not capable, this driver turned them off. */
	if (!(old & BLK_INTEGRITY_DEVICE_CAPABLE))
		old = 0;
	return ref | BLK_INTEGRITY_DEVICE_CAPABLE | (old & off);
}

/**
 * blkfront_pi_limits() - set the queue limits that tuples need
 * @info: the disk
 * @lim: its limits, which are already set for data
 *
 * Context: any.
 */
void blkfront_pi_limits(const struct blkfront_info *info,
			struct queue_limits *lim)
{
	const struct blkif_pi *pi = &info->pi;

	if (!pi->profile)
		return;
	/* The block layer cannot make a tuple of data in two segments. */
	lim->dma_alignment = max(lim->dma_alignment, pi->interval - 1U);
	/* It needs contiguous memory for the tuples of a bio: keep it small. */
	lim->max_user_sectors = min(lim->max_user_sectors,
				    BLKFRONT_PI_TUPLES *
				    (pi->interval >> SECTOR_SHIFT));
	/* They are copied, so their number does not matter. */
	lim->max_integrity_segments = USHRT_MAX;
	lim->integrity.csum_type = pi->profile->ip ? BLK_INTEGRITY_CSUM_IP :
						     BLK_INTEGRITY_CSUM_CRC;
	lim->integrity.metadata_size = BLKIF_PI_TUPLE;
	lim->integrity.pi_tuple_size = BLKIF_PI_TUPLE;
	lim->integrity.interval_exp = ilog2(pi->interval);
	lim->integrity.flags = blkfront_pi_flags(info, lim->integrity.flags);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY

/* Does each bio have as many tuples as its data needs? */
static bool blkfront_pi_is_complete(const struct blkfront_info *info,
				    struct request *rq)
{
	u32 interval = info->agreed.pi.interval;
	struct bio *bio;

	__rq_for_each_bio(bio, rq) {
		if (!bio_integrity(bio) ||
		    bio_integrity(bio)->bip_iter.bi_size !=
		    blkif_pi_bytes(interval, bio_sectors(bio)))
			return false;
	}
	return true;
}

/* Where an indirect request's tuples are: after its segments. */
static struct blkfront_cursor
blkfront_pi_cursor(const struct blkfront_info *info, struct blkfront_req *req)
{
	struct blkfront_cursor cur = blkfront_cursor(info, req);
	unsigned int per_page = blkif_indirect_per_page(cur.abi);
	unsigned int nr = req->cmd.nr_segs;

	/* In the page of the last segment, which may be full. */
	for (; nr > per_page; nr -= per_page)
		cur.page = cur.page->next;
	cur.at = cur.page->data + nr * cur.abi->entry_size;
	cur.end = cur.page->data + BLKIF_PAGE_SIZE;
	cur.page = cur.page->next;
	return cur;
}

/**
 * blkfront_pi_add() - add pages of tuples to a request
 * @ring: the ring that it will be sent on
 * @rq: the request, whose segments were all added to its indirect pages
 * @nr: how many pages
 *
 * Context: any.
 *
 * Return: what becomes of the request.
 */
enum blkfront_verdict blkfront_pi_add(struct blkfront_ring *ring,
				      struct request *rq, unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_cursor cur = blkfront_pi_cursor(ring->info, req);
	struct blkfront_buf *buf;

	if (unlikely(!blkfront_pi_is_complete(ring->info, rq)))
		return BLKFRONT_FAIL;
	req->pi = blkfront_pool_take(&ring->pi, nr);
	if (!req->pi)
		return BLKFRONT_WAIT_PAGES;
	for (buf = req->pi; buf; buf = buf->next) {
		struct blkif_seg entry = { .gref = buf->gref };

		blkif_indirect_encode(cur.abi, blkfront_next_entry(&cur), 0,
				      &entry);
		req->cmd.nr_pi++;
	}
	req->cmd.flags |= BLKIF_SLIM_PI;
	return BLKFRONT_SEND;
}

/**
 * blkfront_pi_copy() - copy the tuples of a request, without gaps
 * @rq: the request, which has pages for them
 * @to_ours: copy to our pages rather than from them
 *
 * Context: any.
 */
void blkfront_pi_copy(struct request *rq, bool to_ours)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_place place = { .buf = req->pi };
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	__rq_for_each_bio(bio, rq) {
		bip_for_each_vec(bv, bio_integrity(bio), iter) {
			void *tuples = bvec_kmap_local(&bv);

			blkfront_copy_bytes(&place, tuples, bv.bv_len,
					    to_ours);
			kunmap_local(tuples);
		}
	}
}

/**
 * blkfront_pi_escape() - set tuples to the escape value
 * @rq: a read for which the backend sent none; the public header defines the
 *      value
 *
 * Context: any.
 */
void blkfront_pi_escape(struct request *rq)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	__rq_for_each_bio(bio, rq) {
		bip_for_each_vec(bv, bio_integrity(bio), iter) {
			void *tuples = bvec_kmap_local(&bv);

			memset(tuples, 0xff, bv.bv_len);
			kunmap_local(tuples);
		}
	}
}

#endif /* CONFIG_BLK_DEV_INTEGRITY */
