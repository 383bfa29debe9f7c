// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: grant copies, instead of mapping.
 *
 * A small request whose grants are not persistent has its data copied by Xen,
 * to or from pages of ours: mapping and unmapping are two hypercalls, two
 * changes of page tables for each page, and a flush of the TLB of every CPU
 * that may have seen them.  A copy is one hypercall.  The tables of indirect
 * requests are always copied, since what was checked must not change.
 *
 * Data of a write is copied before the request starts, data of a read when it
 * is done; both for all requests of a pass at once.  A page of ours only ever
 * holds data of the guest that the queue belongs to, and no more of it is
 * copied than the disk has filled.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/xen/hypercall.h>
#include <xen/page.h>
#include "blkback.h"

/** blkback_copy_init() - memory for a queue's copies; 0 or -errno */
int blkback_copy_init(struct blkback_queue *queue)
{
	unsigned int i;

	INIT_LIST_HEAD(&queue->copy_pages);
	queue->copy_ops = kvmalloc_array(BLKBACK_COPIES,
					 sizeof(*queue->copy_ops), GFP_KERNEL);
	queue->copy_dests = kvmalloc_array(BLKBACK_COPIES,
					   sizeof(*queue->copy_dests),
					   GFP_KERNEL);
	if (!queue->copy_ops || !queue->copy_dests)
		return -ENOMEM;
	for (i = 0; i < BLKBACK_INDIRECT_PAGES; i++) {
		queue->indirect[i] = (void *)__get_free_page(GFP_KERNEL);
		if (!queue->indirect[i])
			return -ENOMEM;
	}
	return 0;
}

/** blkback_copy_exit() - free it, or what there is of it */
void blkback_copy_exit(struct blkback_queue *queue)
{
	unsigned int i;

	blkback_copy_trim(queue, 0);
	kvfree(queue->copy_ops);
	kvfree(queue->copy_dests);
	for (i = 0; i < BLKBACK_INDIRECT_PAGES; i++)
		free_page((unsigned long)queue->indirect[i]);
}

/** blkback_copy_trim() - keep no more than @keep free pages */
void blkback_copy_trim(struct blkback_queue *queue, unsigned int keep)
{
	struct page *page;

	while (queue->nr_copy_pages > keep) {
		page = list_first_entry(&queue->copy_pages, struct page, lru);
		list_del(&page->lru);
		queue->nr_copy_pages--;
		__free_page(page);
	}
}

static struct page *blkback_copy_get_page(struct blkback_queue *queue)
{
	struct page *page;

	page = list_first_entry_or_null(&queue->copy_pages, struct page, lru);
	/* A disk may say that it has read, and not have filled it. */
	if (!page)
		return alloc_page(GFP_NOIO | __GFP_NOWARN | __GFP_ZERO);
	list_del(&page->lru);
	queue->nr_copy_pages--;
	return page;
}

static void blkback_copy_put_page(struct blkback_queue *queue,
				  struct page *page)
{
	list_add(&page->lru, &queue->copy_pages);
	queue->nr_copy_pages++;
}

/* One more operation, between a segment and our page. */
static void blkback_copy_add(struct blkback_req *req, unsigned int i,
			     bool write)
{
	struct blkback_queue *queue = req->queue;
	const struct blkif_seg *seg = &req->seg[i];
	struct gnttab_copy *op = &queue->copy_ops[queue->nr_copy];
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
	queue->copy_dests[queue->nr_copy].req = req;
	queue->copy_dests[queue->nr_copy].index = i;
	queue->nr_copy++;
	queue->stats.copied += op->len;
}

/** blkback_copy_wanted() - is a request small enough to be rather copied? */
bool blkback_copy_wanted(const struct blkback_req *req)
{
	return req->cmd.nr_segs <= min_t(unsigned int, BLKBACK_COPIES,
					 READ_ONCE(blkback_max_copied));
}

/** blkback_copy_fits() - can a request with @nr segments join the batch? */
bool blkback_copy_fits(const struct blkback_queue *queue, unsigned int nr)
{
	return nr > BLKBACK_COPIES || queue->nr_copy + nr <= BLKBACK_COPIES;
}

/**
 * blkback_copy_prepare() - have the segments of a request copied
 * @req: a request whose segments were checked, and that fits
 *
 * A write is copied when blkback_copy_flush() returns, and not before.
 *
 * Return: 0, or -ENOMEM if there is no page now; nothing was done then.
 */
int blkback_copy_prepare(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	unsigned int i, nr = req->cmd.nr_segs;

	for (i = 0; i < nr; i++) {
		req->vec[i].bv_page = blkback_copy_get_page(queue);
		if (!req->vec[i].bv_page)
			goto put_pages;
	}
	for (i = 0; i < nr && req->cmd.op != BLKIF_OP_READ; i++)
		blkback_copy_add(req, i, true);
	req->nr_mapped = nr;
	req->copied = true;
	return 0;

put_pages:
	while (i--)
		blkback_copy_put_page(queue, req->vec[i].bv_page);
	return -ENOMEM;
}

/**
 * blkback_copy_release() - the request needs its pages no longer
 * @req: a request that was prepared
 *
 * A read that went well is copied to the guest when blkback_copy_flush()
 * returns, and not before; it may turn out to have failed after all.
 */
void blkback_copy_release(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	bool read = req->cmd.op == BLKIF_OP_READ && !req->bad_grant &&
		    req->error == BLK_STS_OK;
	unsigned int i;

	if (read && !blkback_copy_fits(queue, req->nr_mapped))
		blkback_copy_flush(queue);
	for (i = 0; i < req->nr_mapped; i++) {
		if (read)
			blkback_copy_add(req, i, false);
		else
			blkback_copy_put_page(queue, req->vec[i].bv_page);
	}
	req->nr_mapped = 0;
}

/* What became of one operation. */
static void blkback_copy_done(struct blkback_queue *queue, unsigned int i)
{
	unsigned int index = queue->copy_dests[i].index;
	struct blkback_req *req = queue->copy_dests[i].req;
	bool good = queue->copy_ops[i].status == GNTST_okay;

	if (req->cmd.op != BLKIF_OP_READ) {
		req->bad_grant |= !good;
		return;
	}
	blkback_copy_put_page(queue, req->vec[index].bv_page);
	if (good)
		return;
	req->error = BLK_STS_IOERR;
	dev_warn_ratelimited(&queue->conn->blkback->dev->dev,
			     "queue %u: cannot copy a read to its pages\n",
			     queue->index);
}

/**
 * blkback_copy_flush() - copy all that was prepared or released
 * @queue: the queue
 *
 * A write some of whose references are not good has @bad_grant set after this;
 * a read has failed.
 */
void blkback_copy_flush(struct blkback_queue *queue)
{
	unsigned int i, nr = queue->nr_copy;

	if (!nr)
		return;
	queue->nr_copy = 0;
	queue->stats.copies += nr;
	queue->stats.hypercalls++;
	gnttab_batch_copy(queue->copy_ops, nr);
	for (i = 0; i < nr; i++)
		blkback_copy_done(queue, i);
}

/**
 * blkback_copy_indirect() - copy the starts of a guest's pages to our tables
 * @queue: the queue
 * @grefs: the pages
 * @nr: how many, at most BLKBACK_INDIRECT_PAGES
 * @bytes: of all of them together; each but the last is copied whole
 *
 * Return: 0, or -EIO if a reference is not good.
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
			.dest.u.gmfn = virt_to_gfn(queue->indirect[i]),
			.dest.domid = DOMID_SELF,
			.len = len,
			.flags = GNTCOPY_source_gref,
			.status = GNTST_general_error,
		};
		queue->stats.copied += len;
	}
	queue->stats.copies += nr;
	queue->stats.hypercalls++;
	gnttab_batch_copy(ops, nr);
	for (i = 0; i < nr; i++) {
		if (ops[i].status != GNTST_okay)
			return -EIO;
	}
	return 0;
}
