// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: data that is copied by Xen instead of mapped.
 *
 * The data of small requests is copied to or from pages of dom0, if grants are
 * not persistent.  Mapping and unmapping takes two hypercalls, two changes of
 * page tables for each page, and a flush of the TLBs of all CPUs that may have
 * used the pages; copying takes one hypercall.  Indirect pages are always
 * copied, since they must not change after they were checked.
 *
 * Data of a write is copied before the request starts, data of a read when it
 * is done, for all requests of a batch at once.  Pages are reused within their
 * queue only, so that no guest gets data of another.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/xen/hypercall.h>
#include <xen/page.h>
#include "blkback.h"

/**
 * blkback_copy_init() - allocate what a queue needs to copy
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * Return: 0, or -ENOMEM; nothing is allocated then.
 */
int blkback_copy_init(struct blkback_queue *queue, gfp_t gfp)
{
	struct blkback_copies *copy = &queue->copy;
	unsigned int i;

	INIT_LIST_HEAD(&copy->pages);
	copy->ops = blkback_alloc(BLKBACK_COPIES, sizeof(*copy->ops), gfp);
	copy->owners = blkback_alloc(BLKBACK_COPIES, sizeof(*copy->owners),
				     gfp);
	if (!copy->ops || !copy->owners)
		goto free;
	for (i = 0; i < BLKBACK_INDIRECT_PAGES; i++) {
		copy->indirect[i] = (void *)__get_free_page(gfp);
		if (!copy->indirect[i])
			goto free;
	}
	return 0;

free:
	blkback_copy_exit(queue);
	return -ENOMEM;
}

/**
 * blkback_copy_exit() - free what blkback_copy_init() has allocated
 * @queue: the queue
 */
void blkback_copy_exit(struct blkback_queue *queue)
{
	struct blkback_copies *copy = &queue->copy;
	unsigned int i;

	blkback_copy_trim(queue, 0);
	kvfree(copy->ops);
	kvfree(copy->owners);
	for (i = 0; i < BLKBACK_INDIRECT_PAGES; i++) {
		free_page((unsigned long)copy->indirect[i]);
		copy->indirect[i] = NULL;
	}
}

/**
 * blkback_copy_trim() - free pages that are not used
 * @queue: the queue
 * @keep: how many to keep
 */
void blkback_copy_trim(struct blkback_queue *queue, unsigned int keep)
{
	struct blkback_copies *copy = &queue->copy;
	unsigned int nr = copy->nr_pages;
	struct page *page;

	if (nr <= keep)
		return;
	while (copy->nr_pages > keep) {
		page = list_first_entry(&copy->pages, struct page, lru);
		list_del(&page->lru);
		copy->nr_pages--;
		__free_page(page);
	}
	blkback_guest_give_copies(queue->conn->guest, nr - keep);
}

/* Another page that counts for the guest, or NULL. */
static struct page *blkback_copy_new_page(struct blkback_queue *queue)
{
	struct blkback_guest *guest = queue->conn->guest;
	struct page *page;

	if (!blkback_guest_take_copy(guest))
		return NULL;
	/* Zeroed: a disk may report success without having filled it. */
	page = alloc_page(BLKBACK_GFP | __GFP_ZERO);
	if (!page)
		blkback_guest_give_copies(guest, 1);
	return page;
}

static struct page *blkback_copy_get_page(struct blkback_queue *queue)
{
	struct blkback_copies *copy = &queue->copy;
	struct page *page;

	page = list_first_entry_or_null(&copy->pages, struct page, lru);
	if (!page)
		return blkback_copy_new_page(queue);
	list_del(&page->lru);
	copy->nr_pages--;
	return page;
}

static void blkback_copy_put_page(struct blkback_copies *copy,
				  struct page *page)
{
	list_add(&page->lru, &copy->pages);
	copy->nr_pages++;
}

/* Add an operation between a segment and our page for it. */
static void blkback_copy_add(struct blkback_req *req, unsigned int i,
			     bool write)
{
	struct blkback_queue *queue = req->queue;
	struct blkback_copies *copy = &queue->copy;
	const struct blkif_seg *seg = &req->seg[i];
	struct gnttab_copy *op = &copy->ops[copy->nr];
	unsigned int offset = seg->first << BLKIF_SECTOR_SHIFT;
	struct gnttab_copy_ptr theirs = {
		.u.ref = seg->gref,
		.domid = queue->conn->domid,
		.offset = offset,
	};
	struct gnttab_copy_ptr ours = {
		.u.gmfn = xen_page_to_gfn(req->vec[i].bv_page),
		.domid = DOMID_SELF,
		.offset = offset,
	};

	*op = (struct gnttab_copy) {
		.source = write ? theirs : ours,
		.dest = write ? ours : theirs,
		.len = blkif_seg_sectors(seg) << BLKIF_SECTOR_SHIFT,
		.flags = write ? GNTCOPY_source_gref : GNTCOPY_dest_gref,
		.status = GNTST_general_error,
	};
	copy->owners[copy->nr].req = req;
	copy->owners[copy->nr].index = i;
	copy->nr++;
	queue->count.stats.copied += op->len;
}

/**
 * blkback_copy_wanted() - is a request to be copied?
 * @req: the request
 *
 * Return: true if copying it costs less than mapping it, or if it cannot be
 * mapped.
 */
bool blkback_copy_wanted(const struct blkback_req *req)
{
	unsigned int max = READ_ONCE(blkback_max_copied);

	if (max && unlikely(req->no_room))
		max = BLKBACK_COPIES;
	else if (blkback_grant_persistent(req->queue))
		max = 0;
	return req->cmd.nr_segs <= min_t(unsigned int, BLKBACK_COPIES, max);
}

/**
 * blkback_copy_fits() - can a request be added to the batch?
 * @queue: the queue
 * @nr: segments of the request
 *
 * Return: true if it can, or if it is too large to be copied at all.
 */
bool blkback_copy_fits(const struct blkback_queue *queue, unsigned int nr)
{
	return nr > BLKBACK_COPIES || queue->copy.nr + nr <= BLKBACK_COPIES;
}

/**
 * blkback_copy_prepare() - get pages for a request, and prepare to copy a write
 * @req: a request that fits and whose segments were checked
 *
 * A write is copied when blkback_copy_flush() returns, and not before.
 *
 * Return: 0, or -ENOMEM if the guest has as many pages as it may, or there are
 * none now; nothing was done then.
 */
int blkback_copy_prepare(struct blkback_req *req)
{
	struct blkback_copies *copy = &req->queue->copy;
	unsigned int i, nr = req->cmd.nr_segs;

	for (i = 0; i < nr; i++) {
		req->vec[i].bv_page = blkback_copy_get_page(req->queue);
		if (!req->vec[i].bv_page)
			goto put_pages;
	}
	for (i = 0; i < nr && req->cmd.op != BLKIF_OP_READ; i++)
		blkback_copy_add(req, i, true);
	req->nr_pages = nr;
	return 0;

put_pages:
	while (i--)
		blkback_copy_put_page(copy, req->vec[i].bv_page);
	return -ENOMEM;
}

/**
 * blkback_copy_release() - give pages back, or prepare to copy a read
 * @req: a request that was prepared, and is done
 *
 * A read that succeeded is copied to the guest when blkback_copy_flush()
 * returns, and not before; that may fail.
 */
void blkback_copy_release(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	bool read = req->cmd.op == BLKIF_OP_READ && !req->bad_grant &&
		    req->error == BLK_STS_OK;
	unsigned int i;

	if (read && !blkback_copy_fits(queue, req->nr_pages))
		blkback_copy_flush(queue);
	for (i = 0; i < req->nr_pages; i++) {
		if (read)
			blkback_copy_add(req, i, false);
		else
			blkback_copy_put_page(&queue->copy,
					      req->vec[i].bv_page);
	}
	req->nr_pages = 0;
}

static void blkback_copy_finish(struct blkback_queue *queue, unsigned int i)
{
	struct blkback_copies *copy = &queue->copy;
	unsigned int index = copy->owners[i].index;
	struct blkback_req *req = copy->owners[i].req;
	bool good = copy->ops[i].status == GNTST_okay;

	if (req->cmd.op != BLKIF_OP_READ) {
		req->bad_grant |= !good;
		return;
	}
	blkback_copy_put_page(copy, req->vec[index].bv_page);
	if (good)
		return;
	req->error = BLK_STS_IOERR;
	blkback_log(queue->conn->blkback, warn,
		    "queue %u: failed a read: cannot copy to a page that the guest granted\n",
		    queue->index);
}

/**
 * blkback_copy_flush() - copy all that was prepared or released
 * @queue: the queue
 *
 * If a grant reference of a request was bad, a write has its @bad_grant set,
 * and a read has failed.
 */
void blkback_copy_flush(struct blkback_queue *queue)
{
	struct blkback_copies *copy = &queue->copy;
	unsigned int i, nr = copy->nr;

	if (!nr)
		return;
	copy->nr = 0;
	queue->count.stats.copies += nr;
	queue->count.stats.hypercalls++;
	gnttab_batch_copy(copy->ops, nr);
	for (i = 0; i < nr; i++)
		blkback_copy_finish(queue, i);
}

/**
 * blkback_copy_indirect() - copy indirect pages to queue->copy.indirect
 * @queue: the queue
 * @grefs: the pages
 * @nr: how many, at most BLKBACK_INDIRECT_PAGES
 * @bytes: of all pages together; those before the last are copied whole
 *
 * Return: 0, or -EIO if a grant reference is bad.
 */
int blkback_copy_indirect(struct blkback_queue *queue, const u32 *grefs,
			  unsigned int nr, u32 bytes)
{
	struct gnttab_copy ops[BLKBACK_INDIRECT_PAGES];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u32 len = min_t(u32, bytes, BLKIF_PAGE_SIZE);

		bytes -= len;
		ops[i] = (struct gnttab_copy) {
			.source.u.ref = grefs[i],
			.source.domid = queue->conn->domid,
			.dest.u.gmfn = virt_to_gfn(queue->copy.indirect[i]),
			.dest.domid = DOMID_SELF,
			.len = len,
			.flags = GNTCOPY_source_gref,
			.status = GNTST_general_error,
		};
		queue->count.stats.copied += len;
	}
	queue->count.stats.copies += nr;
	queue->count.stats.hypercalls++;
	gnttab_batch_copy(ops, nr);
	for (i = 0; i < nr; i++) {
		if (ops[i].status != GNTST_okay)
			return -EIO;
	}
	return 0;
}
