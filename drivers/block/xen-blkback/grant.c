// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the guest's pages in our address space.
 *
 * A page is mapped for one request, or it is a persistent grant and stays
 * mapped until it was not used for long or others need its place.  The thread
 * of the queue does all of it, so there is no lock.
 */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include "blkback.h"

static unsigned long blkback_page_addr(struct page *page)
{
	return (unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

static int blkback_grant_alloc_ops(struct blkback_queue *queue)
{
	queue->map_ops = kvmalloc_array(BLKBACK_BATCH, sizeof(*queue->map_ops),
					GFP_KERNEL);
	queue->map_pages = kvmalloc_array(BLKBACK_BATCH,
					  sizeof(*queue->map_pages),
					  GFP_KERNEL);
	queue->unmap_ops = kvmalloc_array(BLKBACK_BATCH,
					  sizeof(*queue->unmap_ops),
					  GFP_KERNEL);
	queue->unmap_pages = kvmalloc_array(BLKBACK_BATCH,
					    sizeof(*queue->unmap_pages),
					    GFP_KERNEL);
	queue->table = (void *)__get_free_page(GFP_KERNEL);
	if (!queue->map_ops || !queue->map_pages || !queue->unmap_ops ||
	    !queue->unmap_pages || !queue->table)
		return -ENOMEM;
	return 0;
}

static void blkback_grant_free_ops(struct blkback_queue *queue)
{
	kvfree(queue->map_ops);
	kvfree(queue->map_pages);
	kvfree(queue->unmap_ops);
	kvfree(queue->unmap_pages);
	free_page((unsigned long)queue->table);
}

/* The device's cap is shared out evenly, so that queues need no lock. */
static int blkback_grant_init_cache(struct blkback_queue *queue)
{
	const struct blkif_choice *agreed = &queue->conn->agreed;
	u32 nr_buckets = 1, nr = 0;
	struct gcache_entry *entries;
	u32 *buckets;

	if (agreed->persistent)
		nr = READ_ONCE(blkback_max_pgrants) / agreed->nr_queues;
	while (nr_buckets < nr)
		nr_buckets *= 2;
	entries = kvmalloc_array(nr, sizeof(*entries), GFP_KERNEL);
	buckets = kvmalloc_array(nr_buckets, sizeof(*buckets), GFP_KERNEL);
	if ((nr && !entries) || !buckets) {
		kvfree(entries);
		kvfree(buckets);
		return -ENOMEM;
	}
	gcache_init(&queue->cache, entries, nr, buckets, nr_buckets);
	return 0;
}

/** blkback_grant_init() - memory for a queue's grant operations; 0 or -errno */
int blkback_grant_init(struct blkback_queue *queue)
{
	int err;

	gnttab_page_cache_init(&queue->pages);
	queue->max_mapped = READ_ONCE(blkback_max_mapped) /
			    queue->conn->agreed.nr_queues;
	err = blkback_grant_alloc_ops(queue);
	if (!err)
		err = blkback_grant_init_cache(queue);
	if (err)
		blkback_grant_free_ops(queue);
	return err;
}

/* Unmap what was collected, and give its pages back. */
static void blkback_grant_unmap(struct blkback_queue *queue)
{
	unsigned int i, nr = queue->nr_unmap;
	int ret;

	if (!nr)
		return;
	queue->nr_unmap = 0;
	ret = gnttab_unmap_refs(queue->unmap_ops, NULL, queue->unmap_pages, nr);
	for (i = 0; i < nr; i++) {
		/* A page that may still be mapped must not be used again. */
		if (ret || queue->unmap_ops[i].status != GNTST_okay)
			dev_err_ratelimited(&queue->conn->blkback->dev->dev,
					    "unmapping a grant failed (%d, %d), one page is lost\n",
					    ret, queue->unmap_ops[i].status);
		else
			gnttab_page_cache_put(&queue->pages,
					      &queue->unmap_pages[i], 1);
	}
}

static void blkback_grant_collect(struct blkback_queue *queue,
				  struct page *page, grant_handle_t handle)
{
	gnttab_set_unmap_op(&queue->unmap_ops[queue->nr_unmap],
			    blkback_page_addr(page), GNTMAP_host_map, handle);
	queue->unmap_pages[queue->nr_unmap] = page;
	if (++queue->nr_unmap == BLKBACK_BATCH)
		blkback_grant_unmap(queue);
}

/* Unmap up to @nr persistent grants that were last used before @before. */
static void blkback_grant_evict(struct blkback_queue *queue, unsigned int nr,
				u64 before)
{
	struct gcache_entry *entry;

	while (nr--) {
		entry = gcache_evict(&queue->cache, before);
		if (!entry)
			break;
		blkback_grant_collect(queue, entry->page, entry->handle);
		gcache_free(&queue->cache, entry);
	}
	blkback_grant_unmap(queue);
}

/** blkback_grant_exit() - unmap all; no request is in flight */
void blkback_grant_exit(struct blkback_queue *queue)
{
	blkback_grant_evict(queue, queue->cache.nr_mapped, U64_MAX);
	gnttab_page_cache_shrink(&queue->pages, 0);
	kvfree(queue->cache.entries);
	kvfree(queue->cache.buckets);
	blkback_grant_free_ops(queue);
}

/**
 * blkback_grant_trim() - give memory back that is not used any more
 * @queue: the queue
 */
void blkback_grant_trim(struct blkback_queue *queue)
{
	unsigned long squeeze_end = READ_ONCE(queue->conn->blkback->squeeze_end);
	unsigned int timeout = READ_ONCE(blkback_pgrant_timeout);
	u64 now = get_jiffies_64();

	if (timeout && now > (u64)timeout * HZ)
		blkback_grant_evict(queue, BLKBACK_BATCH,
				    now - (u64)timeout * HZ);
	gnttab_page_cache_shrink(&queue->pages,
				 time_before(jiffies, squeeze_end) ?
				 0 : READ_ONCE(blkback_max_buffer_pages));
}

/**
 * blkback_grant_busy() - does somebody still hold a page of the request?
 * @req: a request whose bios are done
 *
 * The network may hold on to a page that it has to send again.  Such a page
 * must not be unmapped, nor, when it is persistent, be written by the guest.
 */
bool blkback_grant_busy(const struct blkback_req *req)
{
	unsigned int i;

	for (i = 0; i < req->nr_mapped; i++) {
		if (page_count(req->map[i].page) > 1)
			return true;
	}
	return false;
}

/**
 * blkback_grant_release() - the request needs its pages no longer
 * @req: a request whose pages nobody holds
 *
 * They are unmapped when blkback_grant_flush() returns, and not before.
 */
void blkback_grant_release(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	u64 now = get_jiffies_64();
	unsigned int i;

	for (i = 0; i < req->nr_mapped; i++) {
		struct blkback_map *map = &req->map[i];

		if (map->entry) {
			gcache_put(&queue->cache, map->entry, now);
		} else {
			blkback_grant_collect(queue, map->page, map->handle);
			queue->nr_mapped--;
		}
	}
	req->nr_mapped = 0;
}

/** blkback_grant_flush() - unmap all that was released */
void blkback_grant_flush(struct blkback_queue *queue)
{
	blkback_grant_unmap(queue);
}

/*
 * Remember a fresh mapping as a persistent grant, if there is room, or if
 * there is after some that are idle have gone.  A reference that stands twice
 * in one request is mapped twice and remembered once.
 */
static void blkback_grant_keep(struct blkback_queue *queue,
			       struct blkback_map *map, u32 gref)
{
	struct gcache *cache = &queue->cache;
	struct gcache_entry *entry;

	entry = gcache_get(cache, gref);
	if (entry) {
		gcache_put(cache, entry, get_jiffies_64());
		return;
	}
	if (cache->nr_mapped == cache->nr_entries)
		blkback_grant_evict(queue, BLKBACK_EVICT_BATCH, U64_MAX);
	entry = gcache_add(cache, gref);
	if (!entry)
		return;
	entry->page = map->page;
	entry->handle = map->handle;
	map->entry = entry;
}

/* Add one segment to the map operations, unless it is mapped already. */
static int blkback_grant_add(struct blkback_req *req, unsigned int i,
			     unsigned int *nr_ops)
{
	struct blkback_queue *queue = req->queue;
	struct blkback_map *map = &req->map[i];
	u32 flags = GNTMAP_host_map;

	map->entry = NULL;
	if (queue->cache.nr_mapped)
		map->entry = gcache_get(&queue->cache, req->seg[i].gref);
	if (map->entry) {
		map->page = map->entry->page;
		return 0;
	}
	if (gnttab_page_cache_get(&queue->pages, &map->page))
		return -ENOMEM;
	/* A persistent grant may serve reads and writes. */
	if (!queue->cache.nr_entries && req->cmd.op != BLKIF_OP_READ)
		flags |= GNTMAP_readonly;
	gnttab_set_map_op(&queue->map_ops[*nr_ops],
			  blkback_page_addr(map->page), flags,
			  req->seg[i].gref, queue->conn->domid);
	queue->map_pages[*nr_ops] = map->page;
	map->handle = INVALID_GRANT_HANDLE;
	(*nr_ops)++;
	return 0;
}

/* Map segments @from to @to of a request in one hypercall. */
static int blkback_grant_map_batch(struct blkback_req *req, unsigned int from,
				   unsigned int to)
{
	struct blkback_queue *queue = req->queue;
	unsigned int i, op, nr_ops = 0;
	int err = 0;

	for (i = from; i < to && !err; i++)
		err = blkback_grant_add(req, i, &nr_ops);
	if (err)
		to = i - 1;
	if (nr_ops && !err &&
	    gnttab_map_refs(queue->map_ops, NULL, queue->map_pages, nr_ops))
		err = -EIO;

	/*
	 * The maps that go to the request are those that are really mapped:
	 * each status counts, and also when the call as a whole failed.
	 */
	for (i = from, op = 0; i < to; i++) {
		struct blkback_map *map = &req->map[i];

		if (!map->entry) {
			struct gnttab_map_grant_ref *map_op =
				&queue->map_ops[op++];

			if (err == -ENOMEM ||
			    map_op->status != GNTST_okay) {
				gnttab_page_cache_put(&queue->pages,
						      &map->page, 1);
				err = err ?: -EIO;
				continue;
			}
			map->handle = map_op->handle;
			if (queue->cache.nr_entries)
				blkback_grant_keep(queue, map,
						   req->seg[i].gref);
		}
		if (!map->entry)
			queue->nr_mapped++;
		req->map[req->nr_mapped++] = *map;
	}
	return err;
}

/**
 * blkback_grant_map() - map all segments of a request
 * @req: a request whose segments were checked
 *
 * Return: 0, -ENOMEM if there is no page now or the device has as many mapped
 * as it may, -EIO if the guest's references
 * are not good.  If it is not 0, nothing is mapped.
 */
int blkback_grant_map(struct blkback_req *req)
{
	unsigned int from, to, nr = req->cmd.nr_segs;
	int err = 0;

	req->nr_mapped = 0;
	/* One request is always let through. */
	if (req->queue->nr_mapped &&
	    req->queue->nr_mapped + nr > req->queue->max_mapped)
		return -ENOMEM;
	for (from = 0; from < nr && !err; from = to) {
		to = min_t(unsigned int, from + BLKBACK_BATCH, nr);
		err = blkback_grant_map_batch(req, from, to);
	}
	if (err) {
		blkback_grant_release(req);
		blkback_grant_flush(req->queue);
	}
	return err;
}

/**
 * blkback_grant_copy_table() - copy the start of a guest's page to our table
 * @queue: the queue
 * @gref: the page
 * @len: bytes, at most a page
 *
 * Return: 0, or -EIO if the reference is not good.
 */
int blkback_grant_copy_table(struct blkback_queue *queue, u32 gref, u32 len)
{
	struct gnttab_copy op = {
		.source.u.ref = gref,
		.source.domid = queue->conn->domid,
		.dest.u.gmfn = virt_to_gfn(queue->table),
		.dest.domid = DOMID_SELF,
		.len = len,
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};

	gnttab_batch_copy(&op, 1);
	return op.status == GNTST_okay ? 0 : -EIO;
}
