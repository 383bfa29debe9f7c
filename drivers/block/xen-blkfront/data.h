/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The three ways to pass the data of a request: see enum blkfront_data.
 */

#ifndef _XEN_BLKFRONT_DATA_H
#define _XEN_BLKFRONT_DATA_H

#include <linux/highmem.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>
#include "pi.h"

static unsigned int blkfront_pool_pages = SZ_8M >> PAGE_SHIFT;
module_param_named(max_pool_pages, blkfront_pool_pages, uint, 0644);
MODULE_PARM_DESC(max_pool_pages,
		 "Most pages for each queue to copy data to, at least one request's (default 2048)");

/* Make the pools of a ring for what was agreed; see struct blkfront_pool. */
static inline int blkfront_pools_init(struct blkfront_ring *ring)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int slots = blkfront_wire_slots(&agreed->choice);
	unsigned int tables = blkfront_wire_tables(ring->info,
						   agreed->max_segs,
						   blkfront_pi_max_pages(agreed));
	unsigned int budget;
	domid_t domid = ring->info->xbdev->otherend_id;
	int err;

	/* Half of the grants there can be; an entry takes 8 bytes. */
	budget = gnttab_max_grant_frames() * (XEN_PAGE_SIZE / 8) / 2;
	budget /= agreed->choice.nr_queues;
	budget = max(budget, agreed->max_segs);
	atomic_set(&ring->budget, budget);

	/* Of ranges, the most fit into one. */
	if (!tables && agreed->ops.max_ranges > 1)
		tables = 1;

	/* A backend of old that keeps grants maps all of them for writing. */
	ring->tables.domid = domid;
	ring->tables.granted = true;
	ring->tables.readonly = agreed->data != BLKFRONT_PERSISTENT ||
				agreed->choice.layout.abi->slim;
	ring->tables.max = slots * tables;
	err = blkfront_pool_fill(&ring->tables, tables);
	if (!err)
		err = blkfront_pi_pool_init(ring, slots);
	if (err || agreed->data == BLKFRONT_DIRECT)
		return err;

	ring->data.domid = domid;
	ring->data.granted = agreed->data == BLKFRONT_PERSISTENT;
	ring->data.readonly = false;
	ring->data.max = min3(slots * agreed->max_segs, budget,
			      READ_ONCE(blkfront_pool_pages));
	return blkfront_pool_fill(&ring->data, agreed->max_segs);
}

static inline void blkfront_pools_free(struct blkfront_ring *ring)
{
	blkfront_pool_free(&ring->tables);
	blkfront_pool_free(&ring->data);
	blkfront_pool_free(&ring->pi);
}

/* Copy pages that adjoin, of which the first and the last may be in part. */
static __always_inline void blkfront_copy_bvec(struct blkfront_place *place,
					       const struct bio_vec *bv,
					       bool from_rq)
{
	struct page *page = bv->bv_page + bv->bv_offset / PAGE_SIZE;
	unsigned int off = offset_in_page(bv->bv_offset);
	unsigned int left = bv->bv_len;
	unsigned int len;

	for (; left; left -= len, off = 0, page++) {
		void *data = kmap_local_page(page) + off;

		len = min_t(unsigned int, left, PAGE_SIZE - off);
		if (unlikely(place->off || len != XEN_PAGE_SIZE)) {
			blkfront_copy_bytes(place, data, len, from_rq);
		} else {
			if (from_rq)
				memcpy(place->buf->data, data, XEN_PAGE_SIZE);
			else
				memcpy(data, place->buf->data, XEN_PAGE_SIZE);
			place->buf = place->buf->next;
		}
		kunmap_local(data);
	}
}

/* Copy the data of a request to or from pages of ours, without gaps. */
static void blkfront_copy(struct request *rq, struct blkfront_buf *buf,
			  bool from_rq)
{
	struct blkfront_place place = { .buf = buf };
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter)
		blkfront_copy_bvec(&place, &bv, from_rq);
}

/*
 * End the grants of a request's own pages.
 *
 * Return: how many the backend still holds.  Their pages may go back to their
 * owners, but are kept from being freed until the backend lets go of them.
 */
static inline unsigned int blkfront_end_direct(struct blkfront_ring *ring,
					       struct blkfront_req *req)
{
	struct blkfront_cursor cur = blkfront_cursor(ring->info, req);
	unsigned int i, held = 0;

	for (i = 0; i < req->cmd.nr_segs; i++) {
		grant_ref_t gref = blkfront_next_gref(&cur);

		if (likely(gnttab_try_end_foreign_access(gref)))
			continue;
		/* Takes a reference to the page. */
		gnttab_end_foreign_access(gref, NULL);
		held++;
	}
	trace_blkfront_ungrant(ring, req->cmd.nr_segs, held);
	return held;
}

/* The same for pages of ours; the ones still held leave the pool. */
static inline unsigned int blkfront_end_bounce(struct blkfront_ring *ring,
					       struct blkfront_req *req)
{
	struct blkfront_buf **pos = &req->data;
	struct blkfront_buf *buf;
	unsigned int held = 0;

	while ((buf = *pos)) {
		if (buf->gref == INVALID_GRANT_REF ||
		    gnttab_try_end_foreign_access(buf->gref)) {
			buf->gref = INVALID_GRANT_REF;
			pos = &buf->next;
			continue;
		}
		*pos = buf->next;
		blkfront_buf_free(buf);
		blkfront_pool_shrunk(&ring->data);
		held++;
	}
	trace_blkfront_ungrant(ring, req->cmd.nr_segs, held);
	return held;
}

/*
 * Give back all that a request has, which may be only a part of what it needs.
 *
 * Return: how many grants the backend still holds.
 */
static inline unsigned int blkfront_release(struct blkfront_ring *ring,
					    struct blkfront_req *req)
{
	enum blkfront_data mode = ring->info->agreed.data;
	unsigned int held = 0;

	if (unlikely(blkif_op_is_range(req->cmd.op)))
		held = 0;
	else if (mode == BLKFRONT_DIRECT)
		held = blkfront_end_direct(ring, req);
	else if (mode == BLKFRONT_BOUNCE)
		held = blkfront_end_bounce(ring, req);
	blkfront_pool_put(&ring->data, req->data);
	blkfront_pool_put(&ring->tables, req->tables);
	blkfront_pool_put(&ring->pi, req->pi);
	if (req->charged)
		atomic_add(req->charged, &ring->budget);
	req->data = NULL;
	req->tables = NULL;
	req->pi = NULL;
	req->charged = 0;
	return held;
}

/* Grant the pages of one piece of a request. */
static inline int blkfront_grant_bvec(struct blkfront_ring *ring,
				      struct blkfront_cursor *cur,
				      const struct bio_vec *bv,
				      grant_ref_t *head)
{
	unsigned long pfn = page_to_xen_pfn(bv->bv_page);
	unsigned int from = bv->bv_offset;
	unsigned int end = from + bv->bv_len;
	unsigned long gfn;
	unsigned int to;

	/* The wire knows nothing smaller; the queue limits say so. */
	if (unlikely((from | end) & (SECTOR_SIZE - 1)))
		return -EINVAL;

	for (; from < end; from = to) {
		unsigned int page = from & ~(XEN_PAGE_SIZE - 1);
		int gref = gnttab_claim_grant_reference(head);

		if (unlikely(gref < 0))
			return -EINVAL;
		to = min_t(unsigned int, end, page + XEN_PAGE_SIZE);
		gfn = pfn_to_gfn(pfn + (from >> XEN_PAGE_SHIFT));
		gnttab_grant_foreign_access_ref(gref, ring->tables.domid, gfn,
						cur->cmd->op != BLKIF_OP_READ);
		blkfront_add_seg(cur, gref, from - page, to - page);
	}
	return 0;
}

/* Grant the pages of a request, in @nr segments, for as long as it lasts. */
static inline int blkfront_grant(struct blkfront_ring *ring, struct request *rq,
				 unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_cursor cur = blkfront_cursor(ring->info, req);
	struct req_iterator iter;
	struct bio_vec bv;
	grant_ref_t head;
	int err = 0;

	if (gnttab_alloc_grant_references(nr, &head))
		return -ENOSPC;
	rq_for_each_segment(bv, rq, iter) {
		err = blkfront_grant_bvec(ring, &cur, &bv, &head);
		if (unlikely(err))
			break;
	}
	if (unlikely(req->cmd.nr_segs != nr))
		gnttab_free_grant_references(head);
	trace_blkfront_grant(ring, req->cmd.nr_segs, 0);
	return err;
}

/* Pass the data in @nr pages of ours. */
static inline int blkfront_bounce(struct blkfront_ring *ring,
				  struct request *rq, unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	bool write = req->cmd.op != BLKIF_OP_READ;
	struct blkfront_cursor cur = blkfront_cursor(ring->info, req);
	unsigned int left = blk_rq_bytes(rq);
	struct blkfront_buf *buf;
	grant_ref_t head;

	req->data = blkfront_pool_take(&ring->data, nr);
	if (!req->data)
		return -ENOMEM;
	if (!ring->data.granted && gnttab_alloc_grant_references(nr, &head))
		return -ENOSPC;

	if (write)
		blkfront_copy(rq, req->data, true);
	for (buf = req->data; buf; buf = buf->next) {
		unsigned int len = min_t(unsigned int, left, XEN_PAGE_SIZE);

		if (!ring->data.granted) {
			unsigned long gfn = xen_page_to_gfn(buf->page);

			buf->gref = gnttab_claim_grant_reference(&head);
			gnttab_grant_foreign_access_ref(buf->gref,
							ring->data.domid,
							gfn, write);
		}
		blkfront_add_seg(&cur, buf->gref, 0, len);
		left -= len;
	}
	if (!ring->data.granted)
		trace_blkfront_grant(ring, nr, 0);
	return 0;
}

/* How many segments the data will be passed in. */
static inline unsigned int blkfront_nr_segs(struct request *rq,
					    enum blkfront_data mode)
{
	struct req_iterator iter;
	unsigned int nr = 0;
	struct bio_vec bv;

	if (mode != BLKFRONT_DIRECT)
		return DIV_ROUND_UP(blk_rq_bytes(rq), XEN_PAGE_SIZE);
	/* The block layer has counted, by the limits that we gave it. */
	if (XEN_PFN_PER_PAGE == 1 || !blk_rq_bytes(rq))
		return blk_rq_nr_phys_segments(rq);
	rq_for_each_segment(bv, rq, iter)
		nr += XEN_PFN_UP(bv.bv_offset + bv.bv_len) -
		      XEN_PFN_DOWN(bv.bv_offset);
	return nr;
}

#endif /* _XEN_BLKFRONT_DATA_H */
