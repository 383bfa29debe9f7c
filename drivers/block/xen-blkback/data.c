// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: how the data of requests moves.
 *
 * A page is mapped for one request; or it is a persistent grant, which stays
 * mapped until it has been idle for some time or its place is needed; or its
 * data is copied. grant.c and copy.c do that, and the functions below call them
 * for a batch of requests at a time:
 *
 *   blkback_data_prepare()   each request of the batch
 *   blkback_data_begin()     map the batch, and copy what it writes
 *   ...                      the disk is at work
 *   blkback_data_release()   each request that is done
 *   blkback_data_end()       unmap them, and copy what they read
 */

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "blkback.h"

/**
 * blkback_alloc() - allocate memory that a queue needs to be served
 * @nr: number of elements
 * @size: size of an element
 * @gfp: how to allocate it
 *
 * Whatever is larger than a page is not contiguous: with a @gfp that tries hard,
 * kvmalloc() would reclaim and compact memory in order to make it so.
 *
 * Return: the memory, to be freed by kvfree(), or NULL.
 */
void *blkback_alloc(size_t nr, size_t size, gfp_t gfp)
{
	size_t bytes = array_size(nr, size);

	return bytes <= PAGE_SIZE ? kmalloc(bytes, gfp) : __vmalloc(bytes, gfp);
}

/**
 * blkback_data_init() - allocate what a queue needs to map and copy
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * Return: 0 or -ENOMEM.
 */
int blkback_data_init(struct blkback_queue *queue, gfp_t gfp)
{
	int err;

	err = blkback_grant_init(queue, gfp);
	if (err)
		return err;
	err = blkback_copy_init(queue, gfp);
	if (err)
		blkback_grant_exit(queue);
	return err;
}

/**
 * blkback_data_exit() - unmap everything and free what blkback_data_init() has
 *			 allocated
 * @queue: a queue without requests in flight
 */
void blkback_data_exit(struct blkback_queue *queue)
{
	blkback_copy_exit(queue);
	blkback_grant_exit(queue);
}

/**
 * blkback_data_fits() - can a request be added to the batch?
 * @queue: the queue
 * @nr: segments of the request
 *
 * Segments that are mapped already count as well, since all requests of a batch
 * wait for its end.
 *
 * Return: true if it can; always, if the batch is empty.
 */
bool blkback_data_fits(const struct blkback_queue *queue, unsigned int nr)
{
	return queue->nr_prepared + nr <= BLKBACK_BATCH &&
	       blkback_copy_fits(queue, nr);
}

/**
 * blkback_data_prepare() - add a request to the batch
 * @req: a request that fits and whose segments were checked
 *
 * Its pages hold its data when blkback_data_begin() returns, and not before.  If
 * there are no more pages to copy to, they are mapped.
 *
 * Return: 0, or -ENOMEM if there is no page now; nothing was done then.
 */
int blkback_data_prepare(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	queue->nr_prepared += req->cmd.nr_segs;
	req->copied = blkback_copy_wanted(req) && !blkback_copy_prepare(req);
	req->no_room = false;
	return req->copied ? 0 : blkback_grant_prepare(req);
}

/**
 * blkback_data_begin() - map and copy the batch, with one hypercall each
 * @queue: the queue
 *
 * If a grant reference of a request was bad, its @bad_grant is set; if Xen had
 * no room to map all pages, its @no_room.  Such a request is released like any
 * other.
 */
void blkback_data_begin(struct blkback_queue *queue)
{
	queue->nr_prepared = 0;
	blkback_copy_flush(queue);
	blkback_grant_map(queue);
}

/**
 * blkback_data_lingers() - is a page of a request still referred to?
 * @req: a request whose bios are done
 *
 * The network stack may keep a page to send it again.  Such a page must not be
 * unmapped, nor must the guest write to it while it is a persistent grant.
 *
 * Return: true if the request must not be released yet.
 */
bool blkback_data_lingers(const struct blkback_req *req)
{
	unsigned int i;

	for (i = 0; i < req->nr_pages; i++) {
		if (page_count(req->vec[i].bv_page) > 1)
			return true;
	}
	return false;
}

/**
 * blkback_data_release() - a request does not need its pages any more
 * @req: a request whose pages are not referred to any more
 *
 * The guest has its data when blkback_data_end() returns, and not before.
 */
void blkback_data_release(struct blkback_req *req)
{
	if (req->copied)
		blkback_copy_release(req);
	else
		blkback_grant_release(req);
}

/**
 * blkback_data_end() - unmap and copy what was released, one hypercall each
 * @queue: the queue
 *
 * A read that could not be copied to the guest has failed after this.
 */
void blkback_data_end(struct blkback_queue *queue)
{
	blkback_grant_unmap(queue);
	blkback_copy_flush(queue);
}

/* How many of @nr free pages to keep. */
static unsigned int blkback_data_keep(unsigned int nr, bool reclaim, bool idle)
{
	unsigned int keep = READ_ONCE(blkback_max_buffer_pages);

	if (reclaim)
		return 0;
	/* Free half of them each second: the guest may only pause. */
	return idle ? min(keep, nr / 2) : keep;
}

/**
 * blkback_data_trim() - free memory that is not used any more
 * @queue: the queue
 * @idle: nothing was in flight since the last time
 *
 * When dom0 is short of memory, everything that is not in use is freed at once.
 *
 * Return: true if it is.
 */
bool blkback_data_trim(struct blkback_queue *queue, bool idle)
{
	u64 end = READ_ONCE(queue->conn->blkback->reclaim_end);
	bool reclaim = xchg(&queue->reclaim, false) ||
		       time_before64(get_jiffies_64(), end);

	blkback_grant_trim(queue, reclaim);
	gnttab_page_cache_shrink(&queue->grant.pages,
				 blkback_data_keep(queue->grant.pages.num_pages,
						   reclaim, idle));
	blkback_copy_trim(queue, blkback_data_keep(queue->copy.nr_pages,
						   reclaim, idle));
	return reclaim;
}
