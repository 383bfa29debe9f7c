// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the guest's pages in our address space.
 *
 * A page is mapped for one request, or it is a persistent grant and stays
 * mapped until it was not used for long or others need its place; or it is not
 * mapped at all, see copy.c.  The thread of the queue does all of it, so there
 * is no lock.
 */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include "trace.h"

/* How long a persistent grant is not used before others may have its place. */
#define BLKBACK_COLD		HZ

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
	queue->map_dests = kvmalloc_array(BLKBACK_BATCH,
					  sizeof(*queue->map_dests),
					  GFP_KERNEL);
	if (!queue->map_ops || !queue->map_pages || !queue->unmap_ops ||
	    !queue->unmap_pages || !queue->map_dests)
		return -ENOMEM;
	return 0;
}

static void blkback_grant_free_ops(struct blkback_queue *queue)
{
	kvfree(queue->map_ops);
	kvfree(queue->map_pages);
	kvfree(queue->unmap_ops);
	kvfree(queue->unmap_pages);
	kvfree(queue->map_dests);
	blkback_copy_exit(queue);
}

/* Any queue may use all of the device's cap: often only one is at work. */
static int blkback_grant_init_cache(struct blkback_queue *queue)
{
	u32 nr_buckets = 1, nr = queue->conn->max_persistent;
	struct gcache_entry *entries;
	u32 *buckets;

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
	queue->max_busy = READ_ONCE(blkback_max_mapped) /
			  queue->conn->agreed.nr_queues;
	err = blkback_grant_alloc_ops(queue);
	if (!err)
		err = blkback_copy_init(queue);
	if (!err)
		err = blkback_grant_init_cache(queue);
	if (err)
		blkback_grant_free_ops(queue);
	return err;
}

/* Unmap what was collected, and give its pages back. */
static void blkback_grant_unmap(struct blkback_queue *queue)
{
	unsigned int i, failed = 0, nr = queue->nr_unmap;
	int ret;

	if (!nr)
		return;
	queue->nr_unmap = 0;
	queue->stats.unmaps += nr;
	queue->stats.hypercalls++;
	ret = gnttab_unmap_refs(queue->unmap_ops, NULL, queue->unmap_pages, nr);
	for (i = 0; i < nr; i++) {
		if (!ret && queue->unmap_ops[i].status == GNTST_okay) {
			gnttab_page_cache_put(&queue->pages,
					      &queue->unmap_pages[i], 1);
			continue;
		}
		/* A page that may still be mapped must not be used again. */
		failed++;
		dev_err_ratelimited(&queue->conn->blkback->dev->dev,
				    "unmapping a grant failed (%d, %d), one page is lost\n",
				    ret, queue->unmap_ops[i].status);
	}
	queue->stats.unmap += failed;
	trace_blkback_unmap(queue, nr, failed);
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

static bool blkback_grant_full(const struct blkback_conn *conn)
{
	return atomic_read(&conn->nr_persistent) >= conn->max_persistent;
}

/* Unmap up to @nr persistent grants that were last used before @before. */
static void blkback_grant_evict(struct blkback_queue *queue, unsigned int nr,
				u64 before)
{
	struct gcache_entry *entry;
	unsigned int evicted = 0;

	while (nr--) {
		entry = gcache_evict(&queue->cache, before);
		if (!entry)
			break;
		blkback_grant_collect(queue, entry->page, entry->handle);
		gcache_free(&queue->cache, entry);
		atomic_dec(&queue->conn->nr_persistent);
		evicted++;
	}
	if (evicted)
		trace_blkback_evict(queue, evicted, 0);
	queue->stats.evictions += evicted;
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
 * @idle: nothing is in flight, nor was since the last time
 *
 * When dom0 is short of memory, everything that is not in use goes at once.
 */
void blkback_grant_trim(struct blkback_queue *queue, bool idle)
{
	unsigned long squeeze_end = READ_ONCE(queue->conn->blkback->squeeze_end);
	bool squeeze = xchg(&queue->squeezed, false) ||
		       time_before(jiffies, squeeze_end);
	unsigned int timeout = READ_ONCE(blkback_pgrant_timeout);
	unsigned int keep = READ_ONCE(blkback_max_buffer_pages);
	u64 now = get_jiffies_64();

	if (squeeze)
		blkback_grant_evict(queue, queue->cache.nr_idle, U64_MAX);
	else if (blkback_grant_full(queue->conn))
		/* Another queue may want the places of what is cold here. */
		blkback_grant_evict(queue, BLKBACK_BATCH, now - BLKBACK_COLD);
	else if (timeout && now > (u64)timeout * HZ)
		blkback_grant_evict(queue, BLKBACK_BATCH,
				    now - (u64)timeout * HZ);
	/* Half of what is left each second: a pause is not the end. */
	gnttab_page_cache_shrink(&queue->pages, squeeze ? 0 :
				 idle ? min(keep, queue->pages.num_pages / 2) :
				 keep);
	blkback_copy_trim(queue, squeeze ? 0 :
			  idle ? min(keep, queue->nr_copy_pages / 2) : keep);
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
		if (page_count(req->vec[i].bv_page) > 1)
			return true;
	}
	return false;
}

/**
 * blkback_grant_release() - the request needs its pages no longer
 * @req: a request whose pages nobody holds
 *
 * They are unmapped, and what was read is copied, when blkback_grant_flush()
 * returns, and not before.
 */
void blkback_grant_release(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	u64 now = get_jiffies_64();
	unsigned int i;

	if (req->copied) {
		blkback_copy_release(req);
		return;
	}
	for (i = 0; i < req->nr_mapped; i++) {
		const struct blkback_map *map = &req->map[i];
		struct page **page = &req->vec[i].bv_page;

		if (map->entry)
			gcache_put(&queue->cache, map->entry, now);
		else if (map->handle != INVALID_GRANT_HANDLE)
			blkback_grant_collect(queue, *page, map->handle);
		else
			gnttab_page_cache_put(&queue->pages, page, 1);
	}
	req->nr_mapped = 0;
}

/** blkback_grant_flush() - unmap and copy all that was released */
void blkback_grant_flush(struct blkback_queue *queue)
{
	blkback_grant_unmap(queue);
	blkback_copy_flush(queue);
}

/*
 * Remember a fresh mapping as a persistent grant, if there is room, or if
 * there is after some that are cold have gone.  Those that were used a moment
 * ago stay: a guest that goes round more pages than are kept would otherwise
 * find none of them mapped, ever.  A reference that stands twice in a batch is
 * mapped twice and remembered once.
 */
static void blkback_grant_keep(struct blkback_queue *queue,
			       struct blkback_map *map, struct page *page,
			       u32 gref)
{
	struct blkback_conn *conn = queue->conn;
	struct gcache *cache = &queue->cache;
	u64 now = get_jiffies_64();
	struct gcache_entry *entry;

	entry = gcache_get(cache, gref);
	if (entry) {
		gcache_put(cache, entry, now);
		return;
	}
	if (blkback_grant_full(conn))
		blkback_grant_evict(queue, BLKBACK_EVICT_BATCH,
				    now - BLKBACK_COLD);
	if (atomic_inc_return(&conn->nr_persistent) > conn->max_persistent) {
		atomic_dec(&conn->nr_persistent);
		return;
	}
	/* There is room: the queue has as many entries as the device may. */
	entry = gcache_add(cache, gref);
	entry->page = page;
	entry->handle = map->handle;
	map->entry = entry;
}

/* May the grants of a request stay mapped when it is done? */
static bool blkback_grant_keeps(const struct blkback_req *req)
{
	return req->queue->cache.nr_entries;
}

/* Find the page of a segment mapped already. */
static bool blkback_grant_hit(struct blkback_req *req, unsigned int i)
{
	struct gcache_entry *entry;

	entry = gcache_get(&req->queue->cache, req->seg[i].gref);
	if (!entry)
		return false;
	req->map[i].entry = entry;
	req->vec[i].bv_page = entry->page;
	return true;
}

/* Add a segment to the map operations. */
static int blkback_grant_add(struct blkback_req *req, unsigned int i,
			     bool keeps)
{
	struct blkback_queue *queue = req->queue;
	struct gnttab_map_grant_ref *op = &queue->map_ops[queue->nr_map];
	struct page **page = &req->vec[i].bv_page;
	u32 flags = GNTMAP_host_map;

	if (gnttab_page_cache_get(&queue->pages, page))
		return -ENOMEM;
	req->map[i].entry = NULL;
	req->map[i].handle = INVALID_GRANT_HANDLE;
	/* A persistent grant may serve reads and writes. */
	if (!keeps && req->cmd.op != BLKIF_OP_READ)
		flags |= GNTMAP_readonly;
	gnttab_set_map_op(op, blkback_page_addr(*page), flags,
			  req->seg[i].gref, queue->conn->domid);
	op->status = GNTST_general_error;
	queue->map_pages[queue->nr_map] = *page;
	queue->map_dests[queue->nr_map].req = req;
	queue->map_dests[queue->nr_map].index = i;
	queue->nr_map++;
	return 0;
}

/**
 * blkback_grant_prepare() - have the segments of a request mapped
 * @req: a request whose segments were checked
 *
 * They are mapped, or copied, when blkback_grant_map() returns, and not before.
 *
 * Return: 0, or -ENOMEM if there is no page now; nothing was done then.
 */
int blkback_grant_prepare(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	unsigned int i, nr = req->cmd.nr_segs;
	unsigned int first_op = queue->nr_map;
	bool keeps = blkback_grant_keeps(req);

	queue->nr_prepared += nr;
	if (!keeps && blkback_copy_wanted(req))
		return blkback_copy_prepare(req);
	for (i = 0; i < nr; i++) {
		if (keeps && blkback_grant_hit(req, i))
			continue;
		if (blkback_grant_add(req, i, keeps)) {
			/* Nothing is mapped yet, so nothing is to be flushed. */
			queue->nr_map = first_op;
			req->nr_mapped = i;
			blkback_grant_release(req);
			return -ENOMEM;
		}
	}
	queue->stats.hits += nr - (queue->nr_map - first_op);
	req->nr_mapped = nr;
	return 0;
}

/**
 * blkback_grant_fits() - can a request with @nr segments join the batch?
 * @queue: the queue
 * @nr: how many
 *
 * Those that are mapped already count as well: all of a batch waits for its end.
 */
bool blkback_grant_fits(const struct blkback_queue *queue, unsigned int nr)
{
	return queue->nr_prepared + nr <= BLKBACK_BATCH &&
	       blkback_copy_fits(queue, nr);
}

/**
 * blkback_grant_map() - map and copy all that was prepared, a hypercall each
 * @queue: the queue
 *
 * A request some of whose references are not good has @bad_grant set after
 * this, and is to be released like any other.
 */
void blkback_grant_map(struct blkback_queue *queue)
{
	unsigned int i, failed = 0, nr = queue->nr_map;
	int ret;

	queue->nr_prepared = 0;
	blkback_copy_flush(queue);
	if (!nr)
		return;
	queue->nr_map = 0;
	queue->stats.maps += nr;
	queue->stats.hypercalls++;
	ret = gnttab_map_refs(queue->map_ops, NULL, queue->map_pages, nr);
	/* Each status counts, and also when the call as a whole failed. */
	for (i = 0; i < nr; i++) {
		const struct gnttab_map_grant_ref *op = &queue->map_ops[i];
		unsigned int index = queue->map_dests[i].index;
		struct blkback_req *req = queue->map_dests[i].req;

		if (ret || op->status != GNTST_okay)
			req->bad_grant = true;
		if (op->status != GNTST_okay) {
			failed++;
			continue;
		}
		req->map[index].handle = op->handle;
		if (blkback_grant_keeps(req))
			blkback_grant_keep(queue, &req->map[index],
					   req->vec[index].bv_page, op->ref);
	}
	trace_blkback_map(queue, nr, failed);
}
