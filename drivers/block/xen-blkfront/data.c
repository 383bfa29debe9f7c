// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a request and the three ways to pass it: see enum blkfront_data.
 */

#include <linux/highmem.h>

#include "segs.h"
#include "trace.h"

/* Copy contiguous pages, of which the first and the last may be partial. */
static __always_inline void blkfront_copy_bvec(struct blkfront_place *place,
					       const struct bio_vec *bv,
					       bool to_ours)
{
	struct page *page = bv->bv_page + bv->bv_offset / PAGE_SIZE;
	unsigned int off = offset_in_page(bv->bv_offset);
	unsigned int left = bv->bv_len;
	unsigned int len;

	for (; left; left -= len, off = 0, page++) {
		void *data = kmap_local_page(page) + off;

		len = min_t(unsigned int, left, PAGE_SIZE - off);
		if (unlikely(place->off || len != XEN_PAGE_SIZE)) {
			blkfront_copy_bytes(place, data, len, to_ours);
		} else {
			if (to_ours)
				memcpy(place->buf->data, data, XEN_PAGE_SIZE);
			else
				memcpy(data, place->buf->data, XEN_PAGE_SIZE);
			place->buf = place->buf->next;
		}
		kunmap_local(data);
	}
}

/* Copy the data of a request to or from our pages, without gaps. */
static void blkfront_copy_data(struct request *rq, struct blkfront_buf *buf,
			       bool to_ours)
{
	struct blkfront_place place = { .buf = buf };
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter)
		blkfront_copy_bvec(&place, &bv, to_ours);
}

/**
 * blkfront_copy_back() - copy the data of a read to the request's pages
 * @rq: the request, which was answered
 *
 * Context: any.
 */
void blkfront_copy_back(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	blkfront_copy_data(rq, req->data, false);
}

/**
 * blkfront_copy() - pass the data of a request in our own pages
 * @ring: the ring that it will be sent on
 * @rq: the request
 * @nr: how many segments it needs
 *
 * Context: any.  The caller calls blkfront_release() if this fails.
 *
 * Return: what becomes of the request.
 */
enum blkfront_verdict blkfront_copy(struct blkfront_ring *ring,
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
		return BLKFRONT_WAIT_PAGES;
	if (!ring->data.granted && gnttab_alloc_grant_references(nr, &head))
		return BLKFRONT_WAIT_GRANTS;

	if (write)
		blkfront_copy_data(rq, req->data, true);
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
	return BLKFRONT_SEND;
}

/* Grant the pages of one bio_vec; false if the protocol cannot express it. */
static inline bool blkfront_map_bvec(struct blkfront_ring *ring,
				     struct blkfront_cursor *cur,
				     const struct bio_vec *bv,
				     grant_ref_t *head)
{
	unsigned long pfn = page_to_xen_pfn(bv->bv_page);
	unsigned int from = bv->bv_offset;
	unsigned int end = from + bv->bv_len;
	unsigned long gfn;
	unsigned int to;

	/* The protocol counts in sectors; the queue limits say so. */
	if (unlikely((from | end) & (SECTOR_SIZE - 1)))
		return false;

	for (; from < end; from = to) {
		unsigned int page = from & ~(XEN_PAGE_SIZE - 1);
		int gref = gnttab_claim_grant_reference(head);

		if (unlikely(gref < 0))
			return false;
		to = min_t(unsigned int, end, page + XEN_PAGE_SIZE);
		gfn = pfn_to_gfn(pfn + (from >> XEN_PAGE_SHIFT));
		gnttab_grant_foreign_access_ref(gref, ring->indirect.domid, gfn,
						cur->cmd->op != BLKIF_OP_READ);
		blkfront_add_seg(cur, gref, from - page, to - page);
	}
	return true;
}

/*
 * Has a backend in this domain mapped the page from another domain?  The flag
 * for that has other meanings for pages of files and for anonymous ones.
 */
static inline bool blkfront_is_foreign(struct page *page)
{
	struct folio *folio;

	if (likely(!xen_page_foreign(page)))
		return false;
	folio = page_folio(page);
	return !folio_test_large(folio) && !folio_test_swapbacked(folio) &&
	       !folio->mapping;
}

/**
 * blkfront_map() - grant the pages of a request while it is in flight
 * @ring: the ring that it will be sent on
 * @rq: the request
 * @nr: how many segments it needs
 *
 * Pages that a backend in this domain has mapped from another domain are not
 * ours to grant; the data of such a request is copied.
 *
 * Context: any.  The caller calls blkfront_release() if this fails.
 *
 * Return: what becomes of the request.
 */
enum blkfront_verdict blkfront_map(struct blkfront_ring *ring,
				   struct request *rq, unsigned int nr)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_cursor cur = blkfront_cursor(ring->info, req);
	struct req_iterator iter;
	struct bio_vec bv;
	enum blkfront_verdict verdict = BLKFRONT_SEND;
	grant_ref_t head;

	if (gnttab_alloc_grant_references(nr, &head))
		return BLKFRONT_WAIT_GRANTS;
	rq_for_each_segment(bv, rq, iter) {
		if (unlikely(blkfront_is_foreign(bv.bv_page)))
			verdict = BLKFRONT_COPY;
		else if (unlikely(!blkfront_map_bvec(ring, &cur, &bv, &head)))
			verdict = BLKFRONT_FAIL;
		if (unlikely(verdict != BLKFRONT_SEND))
			break;
	}
	if (unlikely(req->cmd.nr_segs != nr))
		gnttab_free_grant_references(head);
	trace_blkfront_grant(ring, req->cmd.nr_segs, 0);
	return verdict;
}

/*
 * End the grants of a request's own pages.
 *
 * Return: how many the backend still has mapped.  Their pages go back to their
 * owners, but are not freed before the backend has unmapped them.
 */
static unsigned int blkfront_unmap(struct blkfront_ring *ring,
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

/* The same for copied data; pages that are still mapped leave the pool. */
static unsigned int blkfront_ungrant_copies(struct blkfront_ring *ring,
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
		blkfront_pool_drop(&ring->data, buf);
		held++;
	}
	trace_blkfront_ungrant(ring, req->cmd.nr_segs, held);
	return held;
}

/**
 * blkfront_release() - give back all that a request has
 * @ring: the ring that it was prepared for
 * @req: the request, which may have only a part of what it needs
 *
 * Context: any.
 *
 * Return: how many grants of its data the backend still has mapped.
 */
unsigned int blkfront_release(struct blkfront_ring *ring,
			      struct blkfront_req *req)
{
	unsigned int held = 0;

	if (unlikely(blkif_op_is_range(req->cmd.op)))
		held = 0;
	else if (req->passed == BLKFRONT_MAPPED)
		held = blkfront_unmap(ring, req);
	else if (req->passed == BLKFRONT_COPIED)
		held = blkfront_ungrant_copies(ring, req);
	blkfront_pool_put(&ring->data, req->data);
	blkfront_pool_put(&ring->indirect, req->indirect);
	blkfront_pool_put(&ring->pi, req->pi);
	if (req->charged)
		atomic_add(req->charged, &ring->budget);
	req->data = NULL;
	req->indirect = NULL;
	req->pi = NULL;
	req->charged = 0;
	return held;
}

/* The ring's part of half the grant table, whose entries have 8 bytes. */
static unsigned int blkfront_ring_budget(const struct blkfront_agreed *agreed)
{
	unsigned int budget;

	budget = gnttab_max_grant_frames() * (XEN_PAGE_SIZE / 8) / 2;
	budget /= agreed->choice.nr_queues;
	return max(budget, agreed->max_segs);
}

static int blkfront_indirect_pool_init(struct blkfront_ring *ring,
				       unsigned int slots, gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int nr = blkfront_nr_indirect(ring->info, agreed->max_segs,
					       blkfront_pi_max_pages(agreed));

	/* The ranges of a discard fit into one page. */
	if (!nr && agreed->ops.max_ranges > 1)
		nr = 1;

	ring->indirect.domid = ring->info->xbdev->otherend_id;
	ring->indirect.granted = true;
	/* In-tree backends map all persistent grants for writing. */
	ring->indirect.readonly = agreed->data != BLKFRONT_PERSISTENT ||
				  agreed->choice.layout.abi->slim;
	ring->indirect.max = slots * nr;
	return blkfront_pool_fill(&ring->indirect, nr, &ring->info->spare, gfp);
}

static int blkfront_data_pool_init(struct blkfront_ring *ring,
				   unsigned int slots, unsigned int budget,
				   gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;

	ring->data.domid = ring->info->xbdev->otherend_id;
	ring->data.granted = agreed->data == BLKFRONT_PERSISTENT;
	ring->data.readonly = false;
	ring->data.max = min3(slots * agreed->max_segs, budget,
			      READ_ONCE(blkfront_params.max_pool_pages));
	/* Most rings never copy then. */
	if (agreed->data == BLKFRONT_MAPPED) {
		ring->data.max = max(ring->data.max, agreed->max_segs);
		return 0;
	}
	return blkfront_pool_fill(&ring->data, agreed->max_segs,
				  &ring->info->spare, gfp);
}

/* Few requests have tuples for more than one page, and those are large. */
static int blkfront_pi_pool_init(struct blkfront_ring *ring,
				 unsigned int slots, gfp_t gfp)
{
	ring->pi.domid = ring->info->xbdev->otherend_id;
	ring->pi.granted = true;
	ring->pi.readonly = false;
	ring->pi.max = slots;
	return blkfront_pool_fill(&ring->pi,
				  blkfront_pi_max_pages(&ring->info->agreed),
				  &ring->info->spare, gfp);
}

static int blkfront_ring_pools_init(struct blkfront_ring *ring, gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int slots = blkif_layout_slots(&agreed->choice.layout);
	unsigned int budget = blkfront_ring_budget(agreed);
	int err;

	atomic_set(&ring->budget, budget);
	err = blkfront_indirect_pool_init(ring, slots, gfp);
	if (!err)
		err = blkfront_pi_pool_init(ring, slots, gfp);
	if (!err)
		err = blkfront_data_pool_init(ring, slots, budget, gfp);
	return err;
}

/**
 * blkfront_pools_free() - free the pools of a ring
 * @ring: the ring; no request uses it any more
 *
 * The pages are kept for the next connection: see blkfront_spare_free().
 *
 * Context: process context with info->mutex.
 *
 * Return: how many pages the backend still has mapped.
 */
unsigned int blkfront_pools_free(struct blkfront_ring *ring)
{
	struct blkfront_buf **spare = &ring->info->spare;

	return blkfront_pool_drain(&ring->indirect, spare) +
	       blkfront_pool_drain(&ring->data, spare) +
	       blkfront_pool_drain(&ring->pi, spare);
}

/**
 * blkfront_spare_free() - free the pages of the previous connection
 * @info: the disk; there is another connection, or will be none
 *
 * Context: process context with info->mutex, or nobody else uses the disk.
 */
void blkfront_spare_free(struct blkfront_info *info)
{
	blkfront_bufs_free(&info->spare);
}

/**
 * blkfront_pools_init() - make the pools of all rings for what was negotiated
 * @info: the disk
 *
 * If there is not enough memory for the largest requests, these become smaller.
 * Nothing waits for memory, and only what the smallest requests need may come
 * from the reserves: see blkfront_connect_work().
 *
 * Context: process context with info->mutex.
 *
 * Return: 0 or -ENOMEM, which also stands for a lack of grants.
 */
int blkfront_pools_init(struct blkfront_info *info)
{
	unsigned int fits_slot = blkfront_abi(info)->max_inline;
	unsigned int *max_segs = &info->agreed.max_segs;
	unsigned int i = 0;
	gfp_t gfp;
	int err;

	lockdep_assert_held(&info->mutex);
	while (i < info->nr_rings) {
		gfp = GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN;
		if (*max_segs > fits_slot)
			gfp |= __GFP_NOMEMALLOC;
		err = blkfront_ring_pools_init(&info->rings[i++], gfp);
		if (!err)
			continue;
		while (i)
			blkfront_pools_free(&info->rings[--i]);
		if (*max_segs == fits_slot)
			return err;
		*max_segs = max(*max_segs / 2, fits_slot);
	}
	return 0;
}
