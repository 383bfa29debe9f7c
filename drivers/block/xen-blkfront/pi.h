/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection information: the tuples that the block layer makes and checks,
 * and how the backend gets them.
 *
 * The buffers that the block layer keeps tuples in are small and lie anywhere,
 * so tuples are always copied, to pages of ours that are granted as long as
 * the connection.
 *
 * The profile is that of the first connection and stays as long as the disk:
 * bios whose tuples are made by it may be anywhere, and the block layer looks
 * at it until they are done.  A backend of another profile, or of none, as
 * after a migration, gets no tuples.  Then no more are made, those that are on
 * their way are left out, and those that a read waits for say that nothing is
 * known of the data, which nobody takes for an error.
 */

#ifndef _XEN_BLKFRONT_PI_H
#define _XEN_BLKFRONT_PI_H

#include <linux/blk-integrity.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include "wire.h"

/* Of a bio: 32 KiB. */
#define BLKFRONT_PI_TUPLES	4096U

static bool blkfront_integrity = true;
module_param_named(feature_integrity, blkfront_integrity, bool, 0644);
MODULE_PARM_DESC(feature_integrity,
		 "Use protection information if the disk keeps it");

/* What the backend's disk has, as far as it is usable. */
static inline struct blkif_pi blkfront_read_pi(const struct blkfront_info *info)
{
	const char *from = info->xbdev->otherend;
	struct blkif_pi none = { };
	struct blkif_pi pi;
	char *name;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY) || !blkfront_integrity ||
	    !blkfront_abi(info)->slim)
		return none;
	name = xenbus_read(XBT_NIL, from, "feature-integrity", NULL);
	if (IS_ERR(name))
		return none;
	pi = blkif_pi_make(blkif_pi_by_name(name),
			   xenbus_read_unsigned(from, "integrity-interval", 0),
			   xenbus_read_unsigned(from, "integrity-tuple-size",
						0), info->disk.block_size);
	if (*name && !pi.profile)
		dev_warn(&info->xbdev->dev, "feature-integrity is of no use\n");
	kfree(name);
	return pi;
}

/*
 * Segments of the largest request that has tuples, of which even the smallest
 * needs tables; 0 if there is no room for both.
 */
static inline unsigned int blkfront_pi_segs(const struct blkfront_info *info,
					    const struct blkif_pi *pi)
{
	unsigned int fit = blkfront_wire_inline(info);
	unsigned int segs = blkif_pi_max_segs(pi->interval,
					      info->agreed.max_segs);

	return info->agreed.max_segs > fit && segs >= fit ? segs : 0;
}

/* What of it is used; the size of requests was agreed on, and may shrink. */
static inline void blkfront_agree_pi(struct blkfront_info *info)
{
	struct blkfront_agreed *agreed = &info->agreed;
	struct blkif_pi none = { };
	struct blkif_pi pi = blkfront_read_pi(info);

	if (pi.profile && !blkfront_pi_segs(info, &pi))
		pi = none;
	if (!info->gd)
		info->pi = pi;
	agreed->pi = none;
	if (!info->pi.profile)
		return;
	if (!blkif_pi_same(&pi, &info->pi)) {
		dev_warn(&info->xbdev->dev,
			 "%s has protection information %s, this backend's disk has %s; it is not used\n",
			 info->gd->disk_name, blkif_pi_name(&info->pi),
			 blkif_pi_name(&pi));
		return;
	}
	agreed->pi = pi;
	agreed->max_segs = blkfront_pi_segs(info, &pi);
}

/* The flags of a profile: those that people may have set stay. */
static inline unsigned char
blkfront_pi_flags(const struct blkfront_info *info, unsigned char old)
{
	unsigned char off = BLK_INTEGRITY_NOVERIFY | BLK_INTEGRITY_NOGENERATE;
	unsigned char ref = info->pi.profile->ref ? BLK_INTEGRITY_REF_TAG : 0;

	if (!info->agreed.pi.profile)
		return ref | off;
	/* Unless we did. */
	if (!(old & BLK_INTEGRITY_DEVICE_CAPABLE))
		old = 0;
	return ref | BLK_INTEGRITY_DEVICE_CAPABLE | (old & off);
}

static inline void blkfront_pi_limits(const struct blkfront_info *info,
				      struct queue_limits *lim)
{
	const struct blkif_pi *pi = &info->pi;

	if (!pi->profile)
		return;
	/* The block layer has no tuple for an interval in two pieces of memory. */
	lim->dma_alignment = max(lim->dma_alignment, pi->interval - 1U);
	/* And all tuples of a bio in one, which is not to be hard to get. */
	lim->max_user_sectors = min(lim->max_user_sectors,
				    BLKFRONT_PI_TUPLES *
				    (pi->interval >> SECTOR_SHIFT));
	/* They are copied, so it does not matter how many. */
	lim->max_integrity_segments = USHRT_MAX;
	lim->integrity.csum_type = pi->profile->ip ? BLK_INTEGRITY_CSUM_IP :
						     BLK_INTEGRITY_CSUM_CRC;
	lim->integrity.metadata_size = BLKIF_PI_TUPLE;
	lim->integrity.pi_tuple_size = BLKIF_PI_TUPLE;
	lim->integrity.interval_exp = ilog2(pi->interval);
	lim->integrity.flags = blkfront_pi_flags(info, lim->integrity.flags);
}

/* Tell the backend, before it is told that we are connected. */
static inline int blkfront_publish_pi(const struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	const struct blkif_pi *pi = &info->agreed.pi;

	return pi->profile ? xenbus_printf(XBT_NIL, dev->nodename, "integrity",
					   "%s", blkif_pi_name(pi)) : 0;
}

/* Pages of tuples of the largest request. */
static inline unsigned int
blkfront_pi_max_pages(const struct blkfront_agreed *agreed)
{
	return agreed->pi.profile ?
	       blkif_pi_pages(agreed->pi.interval,
			      agreed->max_segs * BLKIF_PAGE_SECTORS) : 0;
}

/*
 * Make the pool; see struct blkfront_pool.  Few requests have data for more
 * than one page of tuples, and these are large.
 */
static inline int blkfront_pi_pool_init(struct blkfront_ring *ring,
					unsigned int slots)
{
	ring->pi.domid = ring->info->xbdev->otherend_id;
	ring->pi.granted = true;
	ring->pi.readonly = false;
	ring->pi.max = slots;
	return blkfront_pool_fill(&ring->pi,
				  blkfront_pi_max_pages(&ring->info->agreed));
}

#ifdef CONFIG_BLK_DEV_INTEGRITY

/* Pages of the tuples that a request is to be sent with; 0 if with none. */
static inline unsigned int blkfront_pi_pages(const struct blkfront_info *info,
					     struct request *rq, u8 op)
{
	if (likely(!blk_integrity_rq(rq)) || !info->agreed.pi.profile)
		return 0;
	/* Barriers have no indirect form; their tuples the backend makes. */
	if (op != BLKIF_OP_READ && op != BLKIF_OP_WRITE)
		return 0;
	return blkif_pi_pages(info->agreed.pi.interval, blk_rq_sectors(rq));
}

/* Has somebody given each bio as many tuples as go with its data? */
static inline bool blkfront_pi_complete(const struct blkfront_info *info,
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

/* Have a prepared request sent with tuples: its data stands in the tables. */
static inline int blkfront_pi_prepare(struct blkfront_ring *ring,
				      struct request *rq, unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_cursor cur = blkfront_cursor_behind(ring->info, req);
	struct blkfront_buf *buf;

	if (unlikely(!blkfront_pi_complete(ring->info, rq)))
		return -EIO;
	req->pi = blkfront_pool_take(&ring->pi, nr);
	if (!req->pi)
		return -ENOMEM;
	for (buf = req->pi; buf; buf = buf->next)
		blkfront_add_pi(&cur, buf->gref);
	req->cmd.flags |= BLKIF_SLIM_PI;
	return 0;
}

/* Copy the tuples of a request to or from pages of ours, without gaps. */
static inline void blkfront_pi_copy(struct request *rq, bool to_ours)
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

/*
 * Of a write: before it is sent, and after blk_mq_start_request(), which has
 * them say where on this disk their data is.
 */
static inline void blkfront_pi_send(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	if (unlikely(req->pi) && req->cmd.op == BLKIF_OP_WRITE)
		blkfront_pi_copy(rq, true);
}

/* Tuples of which nobody takes notice; see blkif.h. */
static inline void blkfront_pi_escape(struct request *rq)
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

/* Of a read that went well: before it is ended. */
static inline void blkfront_pi_receive(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	if (likely(!blk_integrity_rq(rq)) || req->cmd.op != BLKIF_OP_READ)
		return;
	if (req->pi)
		blkfront_pi_copy(rq, false);
	else
		blkfront_pi_escape(rq);
}

#else

static inline unsigned int blkfront_pi_pages(const struct blkfront_info *info,
					     struct request *rq, u8 op)
{
	return 0;
}

static inline int blkfront_pi_prepare(struct blkfront_ring *ring,
				      struct request *rq, unsigned int nr)
{
	return -EIO;
}

static inline void blkfront_pi_send(struct request *rq)
{
}

static inline void blkfront_pi_receive(struct request *rq)
{
}

#endif /* CONFIG_BLK_DEV_INTEGRITY */

#endif /* _XEN_BLKFRONT_PI_H */
