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

/* The same for the first @left bytes of a request. */
static noinline void blkfront_copy_part(struct request *rq,
					struct blkfront_buf *buf,
					unsigned int left, bool to_ours)
{
	struct blkfront_place place = { .buf = buf };
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter) {
		/* Of each bio; the iteration goes on by the length that is set. */
		if (!left)
			break;
		bv.bv_len = min(bv.bv_len, left);
		left -= bv.bv_len;
		blkfront_copy_bvec(&place, &bv, to_ours);
	}
}

/* Copy the data of a request to or from our pages, without gaps. */
static void blkfront_copy_data(struct request *rq, bool to_ours)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_place place = { .buf = req->data };
	struct req_iterator iter;
	struct bio_vec bv;

	if (unlikely(req->part)) {
		blkfront_copy_part(rq, req->data, blkfront_req_bytes(rq),
				   to_ours);
		return;
	}
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
	blkfront_copy_data(rq, false);
}

/* Would a ring have more grants in use than its share? */
static bool blkfront_refs_over_share(struct blkfront_ring *ring,
				     struct blkfront_req *req, unsigned int nr)
{
	unsigned int in_use = blkfront_grants_in_use(ring);

	/* Tuples are not split, so such a request is sent by itself. */
	if (!in_use && blk_integrity_rq(blk_mq_rq_from_pdu(req)))
		return false;
	return in_use + nr > READ_ONCE(blkfront_share);
}

static inline bool blkfront_refs_try_alloc(struct blkfront_ring *ring,
					   struct blkfront_req *req,
					   unsigned int nr, grant_ref_t *head)
{
	if (unlikely(blkfront_is_short()) &&
	    blkfront_refs_over_share(ring, req, nr))
		return false;
	if (unlikely(!blkfront_grants_take(nr)))
		return false;
	if (unlikely(gnttab_alloc_grant_references(nr, head))) {
		blkfront_grants_put(nr);
		blkfront_grants_exhausted();
		return false;
	}
	req->charged = nr;
	return true;
}

/*
 * Get references for the grants of a request.
 *
 * Like pages, they can be reserved for a large one.  A request that could not
 * get any uses those of the ring: see blkfront_prepare_part().
 */
static inline bool blkfront_refs_alloc(struct blkfront_ring *ring,
				       struct blkfront_req *req,
				       unsigned int nr, grant_ref_t *head)
{
	if (unlikely(req->own)) {
		*head = ring->own;
		return true;
	}
	if (blkfront_pool_is_reserved(&ring->data, nr))
		return false;
	if (unlikely(!blkfront_refs_try_alloc(ring, req, nr, head))) {
		blkfront_pool_reserve(&ring->data, nr);
		return false;
	}
	if (unlikely(READ_ONCE(ring->data.reserved)))
		blkfront_pool_unreserve(&ring->data);
	return true;
}

/* Give back those that were not needed. */
static void blkfront_refs_free(struct blkfront_ring *ring,
			       struct blkfront_req *req, grant_ref_t head)
{
	if (unlikely(req->own))
		ring->own = head;
	else
		gnttab_free_grant_references(head);
}

/* End a grant of a request; false if the backend still has the page mapped. */
static inline bool blkfront_ref_end(struct blkfront_ring *ring,
				    struct blkfront_req *req, grant_ref_t gref)
{
	if (likely(!req->own))
		return gnttab_try_end_foreign_access(gref);
	if (!gnttab_end_foreign_access_ref(gref))
		return false;
	gnttab_release_grant_reference(&ring->own, gref);
	return true;
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
	unsigned int left = blkfront_req_bytes(rq);
	struct blkfront_buf *buf;
	grant_ref_t head;

	req->data = blkfront_pool_take(&ring->data, nr);
	if (!req->data)
		return BLKFRONT_WAIT_PAGES;
	if (!ring->data.granted && !blkfront_refs_alloc(ring, req, nr, &head))
		return BLKFRONT_WAIT_GRANTS;

	if (write)
		blkfront_copy_data(rq, true);
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
	if (!ring->data.granted) {
		if (unlikely(req->own))
			ring->own = head;
		trace_blkfront_grant(ring, nr, 0);
	}
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
 * blkfront_segs_bytes() - how much data the first segments of a request have
 * @rq: the request
 * @nr: how many segments
 *
 * Context: any.
 *
 * Return: the number of bytes, of whole logical blocks.
 */
unsigned int blkfront_segs_bytes(struct request *rq, unsigned int nr)
{
	unsigned int bytes = 0;
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		unsigned int off = bv.bv_offset & (XEN_PAGE_SIZE - 1);
		unsigned int left = bv.bv_len;

		for (; left && nr; nr--, off = 0) {
			unsigned int len = min_t(unsigned int, left,
						 XEN_PAGE_SIZE - off);

			bytes += len;
			left -= len;
		}
	}
	return round_down(bytes, queue_logical_block_size(rq->q));
}

/* Grant the pages of the first @left bytes of a request, or of all. */
static __always_inline enum blkfront_verdict
blkfront_map_pages(struct blkfront_ring *ring, struct request *rq,
		   grant_ref_t *head, bool all, unsigned int left)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);
	struct blkfront_cursor cur = blkfront_cursor(ring->info, req);
	enum blkfront_verdict verdict = BLKFRONT_SEND;
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		if (!all) {
			bv.bv_len = min(bv.bv_len, left);
			left -= bv.bv_len;
			if (!bv.bv_len)
				break;
		}
		if (unlikely(blkfront_is_foreign(bv.bv_page)))
			verdict = BLKFRONT_COPY;
		else if (unlikely(!blkfront_map_bvec(ring, &cur, &bv, head)))
			verdict = BLKFRONT_FAIL;
		if (unlikely(verdict != BLKFRONT_SEND))
			break;
	}
	return verdict;
}

static noinline enum blkfront_verdict
blkfront_map_part(struct blkfront_ring *ring, struct request *rq,
		  grant_ref_t *head)
{
	return blkfront_map_pages(ring, rq, head, false,
				  blkfront_req_bytes(rq));
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
	enum blkfront_verdict verdict;
	grant_ref_t head;

	if (unlikely(!blkfront_refs_alloc(ring, req, nr, &head)))
		return BLKFRONT_WAIT_GRANTS;
	if (likely(!req->part && !req->own))
		verdict = blkfront_map_pages(ring, rq, &head, true, 0);
	else
		verdict = blkfront_map_part(ring, rq, &head);
	if (unlikely(req->cmd.nr_segs != nr || req->own))
		blkfront_refs_free(ring, req, head);
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

		if (likely(blkfront_ref_end(ring, req, gref)))
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
		    blkfront_ref_end(ring, req, buf->gref)) {
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
		blkfront_grants_put(req->charged);
	if (unlikely(req->own))
		/* pairs with blkfront_own_take() */
		smp_store_release(&ring->own_taken, false);
	req->data = NULL;
	req->indirect = NULL;
	req->pi = NULL;
	req->charged = 0;
	req->own = false;
	return held;
}

/*
 * Requests with protection information are not sent in parts, so a disk that has
 * some begins with what the largest request needs.
 */
static bool blkfront_may_split(const struct blkfront_info *info)
{
	return !info->pi.profile;
}

static int blkfront_indirect_pool_init(struct blkfront_ring *ring,
				       unsigned int slots, gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int most = blkfront_nr_indirect(ring->info, agreed->max_segs,
						 blkfront_pi_max_pages(agreed));
	unsigned int nr = blkfront_may_split(ring->info) ? min(most, 1U) : most;

	/* The ranges of a discard fit into one page, and need it. */
	if (!nr && agreed->ops.max_ranges > 1)
		nr = 1;

	ring->indirect.domid = ring->info->xbdev->otherend_id;
	ring->indirect.granted = true;
	/* In-tree backends map all persistent grants for writing. */
	ring->indirect.readonly = agreed->data != BLKFRONT_PERSISTENT ||
				  agreed->choice.layout.abi->slim;
	ring->indirect.max = slots * max(nr, most);
	return blkfront_pool_fill(&ring->indirect, nr, &ring->info->spare, gfp);
}

static int blkfront_data_pool_init(struct blkfront_ring *ring,
				   unsigned int slots, gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int nr = blkfront_may_split(ring->info) ?
			  BLKFRONT_OWN_PAGES : agreed->max_segs;

	ring->data.domid = ring->info->xbdev->otherend_id;
	ring->data.granted = agreed->data == BLKFRONT_PERSISTENT;
	ring->data.readonly = false;
	ring->data.max = min(slots * agreed->max_segs,
			     READ_ONCE(blkfront_params.max_pool_pages));
	/* Most rings never copy then. */
	if (agreed->data == BLKFRONT_MAPPED) {
		ring->data.max = max(ring->data.max, nr);
		return 0;
	}
	return blkfront_pool_fill(&ring->data, nr, &ring->info->spare, gfp);
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

/* References for the grants of one small request. */
static int blkfront_own_init(struct blkfront_ring *ring)
{
	if (ring->info->agreed.data == BLKFRONT_PERSISTENT)
		return 0;
	if (gnttab_alloc_grant_references(BLKFRONT_OWN_REFS, &ring->own))
		return -ENOSPC;
	ring->has_own = true;
	blkfront_grants_add(BLKFRONT_OWN_REFS);
	return 0;
}

static void blkfront_own_free(struct blkfront_ring *ring)
{
	if (!ring->has_own)
		return;
	gnttab_free_grant_references(ring->own);
	blkfront_grants_put(BLKFRONT_OWN_REFS);
	ring->has_own = false;
}

static int blkfront_ring_pools_init(struct blkfront_ring *ring, gfp_t gfp)
{
	const struct blkfront_agreed *agreed = &ring->info->agreed;
	unsigned int slots = blkif_layout_slots(&agreed->choice.layout);
	int err;

	err = blkfront_own_init(ring);
	if (!err)
		err = blkfront_indirect_pool_init(ring, slots, gfp);
	if (!err)
		err = blkfront_pi_pool_init(ring, slots, gfp);
	if (!err)
		err = blkfront_data_pool_init(ring, slots, gfp);
	if (!err)
		blkfront_trim_add(ring);
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
	struct blkfront_pool *pool;
	unsigned int held = 0;

	blkfront_trim_del(ring);
	blkfront_own_free(ring);
	blkfront_for_each_pool(pool, ring)
		held += blkfront_pool_drain(pool, &ring->info->spare);
	return held;
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
 * Nothing waits for memory, and only what the smallest requests need may come
 * from the reserves: see blkfront_connect_work().  If there is not enough for the
 * largest requests with protection information, these become smaller.
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
	blkfront_grants_measure();
	while (i < info->nr_rings) {
		gfp = GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN;
		if (!blkfront_may_split(info) && *max_segs > fits_slot)
			gfp |= __GFP_NOMEMALLOC;
		err = blkfront_ring_pools_init(&info->rings[i++], gfp);
		if (!err)
			continue;
		while (i)
			blkfront_pools_free(&info->rings[--i]);
		if (blkfront_may_split(info) || *max_segs == fits_slot)
			return err;
		*max_segs = max(*max_segs / 2, fits_slot);
	}
	return 0;
}
