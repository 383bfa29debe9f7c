// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: data that is mapped.
 *
 * Pages are mapped for one request or as persistent grants: see data.c.  The
 * thread of the queue does all of this, so there is no lock.
 */

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include "trace.h"

/* A persistent grant that was not used for this long may be evicted. */
#define BLKBACK_COLD		HZ

/* Cold grants that are evicted at a time, if a place is needed. */
#define BLKBACK_EVICT_BATCH	64

static unsigned long blkback_page_addr(struct page *page)
{
	return (unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

static int blkback_grant_alloc_ops(struct blkback_grants *grant, gfp_t gfp)
{
	grant->map_ops = blkback_alloc(BLKBACK_BATCH, sizeof(*grant->map_ops),
				       gfp);
	grant->map_pages = blkback_alloc(BLKBACK_BATCH,
					 sizeof(*grant->map_pages), gfp);
	grant->map_owners = blkback_alloc(BLKBACK_BATCH,
					  sizeof(*grant->map_owners), gfp);
	grant->unmap_ops = blkback_alloc(BLKBACK_BATCH,
					 sizeof(*grant->unmap_ops), gfp);
	grant->unmap_pages = blkback_alloc(BLKBACK_BATCH,
					   sizeof(*grant->unmap_pages), gfp);
	if (!grant->map_ops || !grant->map_pages || !grant->map_owners ||
	    !grant->unmap_ops || !grant->unmap_pages)
		return -ENOMEM;
	return 0;
}

static void blkback_grant_free_ops(struct blkback_grants *grant)
{
	kvfree(grant->map_ops);
	kvfree(grant->map_pages);
	kvfree(grant->map_owners);
	kvfree(grant->unmap_ops);
	kvfree(grant->unmap_pages);
}

/*
 * Each queue has room for all persistent grants of the device, since often only
 * one queue is in use.
 */
static int blkback_grant_init_cache(struct blkback_queue *queue, gfp_t gfp)
{
	u32 nr_buckets = 1, nr = queue->conn->max_persistent;
	struct gcache_entry *entries;
	u32 *buckets;

	while (nr_buckets < nr)
		nr_buckets *= 2;
	entries = blkback_alloc(nr, sizeof(*entries), gfp);
	buckets = blkback_alloc(nr_buckets, sizeof(*buckets), gfp);
	if ((nr && !entries) || !buckets) {
		kvfree(entries);
		kvfree(buckets);
		return -ENOMEM;
	}
	gcache_init(&queue->grant.cache, entries, nr, buckets, nr_buckets);
	return 0;
}

/**
 * blkback_grant_init() - allocate what a queue needs to map
 * @queue: the queue
 * @gfp: how to allocate it
 *
 * Return: 0, or -ENOMEM; nothing is allocated then.
 */
int blkback_grant_init(struct blkback_queue *queue, gfp_t gfp)
{
	int err;

	gnttab_page_cache_init(&queue->grant.pages);
	err = blkback_grant_alloc_ops(&queue->grant, gfp);
	if (!err)
		err = blkback_grant_init_cache(queue, gfp);
	if (err)
		blkback_grant_free_ops(&queue->grant);
	return err;
}

/**
 * blkback_grant_unmap() - unmap what was released, and free its pages
 * @queue: the queue
 */
void blkback_grant_unmap(struct blkback_queue *queue)
{
	struct blkback_grants *grant = &queue->grant;
	unsigned int i, failed = 0, nr = grant->nr_unmap;
	int ret;

	if (!nr)
		return;
	grant->nr_unmap = 0;
	queue->count.stats.unmaps += nr;
	queue->count.stats.hypercalls++;
	ret = gnttab_unmap_refs(grant->unmap_ops, NULL, grant->unmap_pages, nr);
	for (i = 0; i < nr; i++) {
		if (!ret && grant->unmap_ops[i].status == GNTST_okay) {
			gnttab_page_cache_put(&grant->pages,
					      &grant->unmap_pages[i], 1);
			continue;
		}
		/* A page that may still be mapped must not be used again. */
		failed++;
		blkback_log(queue->conn->blkback, err,
			    "unmapping a grant failed (%d, %d), one page is lost\n",
			    ret, grant->unmap_ops[i].status);
	}
	queue->count.stats.error.unmap += failed;
	trace_blkback_unmap(queue, nr, failed);
}

static void blkback_grant_add_unmap(struct blkback_queue *queue,
				    struct page *page, grant_handle_t handle)
{
	struct blkback_grants *grant = &queue->grant;

	gnttab_set_unmap_op(&grant->unmap_ops[grant->nr_unmap],
			    blkback_page_addr(page), GNTMAP_host_map, handle);
	grant->unmap_pages[grant->nr_unmap] = page;
	if (++grant->nr_unmap == BLKBACK_BATCH)
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
	struct gcache *cache = &queue->grant.cache;
	struct gcache_entry *entry;
	unsigned int evicted = 0;

	while (nr--) {
		entry = gcache_evict(cache, before);
		if (!entry)
			break;
		blkback_grant_add_unmap(queue, entry->page, entry->handle);
		gcache_free(cache, entry);
		atomic_dec(&queue->conn->nr_persistent);
		evicted++;
	}
	if (!evicted)
		return;
	trace_blkback_evict(queue, evicted, 0);
	queue->count.stats.evictions += evicted;
	blkback_grant_unmap(queue);
	blkback_guest_give_kept(queue->conn->guest, evicted);
}

/**
 * blkback_grant_exit() - unmap everything and free what blkback_grant_init()
 *			  has allocated
 * @queue: a queue without requests in flight
 */
void blkback_grant_exit(struct blkback_queue *queue)
{
	struct blkback_grants *grant = &queue->grant;

	blkback_grant_evict(queue, grant->cache.nr_mapped, U64_MAX);
	gnttab_page_cache_shrink(&grant->pages, 0);
	kvfree(grant->cache.entries);
	kvfree(grant->cache.buckets);
	blkback_grant_free_ops(grant);
}

/**
 * blkback_grant_trim() - unmap persistent grants that are not used any more
 * @queue: the queue
 * @reclaim: dom0 is short of memory: unmap all that are idle
 */
void blkback_grant_trim(struct blkback_queue *queue, bool reclaim)
{
	unsigned int timeout = READ_ONCE(blkback_pgrant_timeout);
	u64 now = get_jiffies_64();

	if (reclaim)
		blkback_grant_evict(queue, queue->grant.cache.nr_idle, U64_MAX);
	else if (blkback_grant_full(queue->conn) || blkback_guest_crowded())
		/* Another queue, or another guest, may need the places. */
		blkback_grant_evict(queue, BLKBACK_BATCH, now - BLKBACK_COLD);
	else if (timeout && now > (u64)timeout * HZ)
		blkback_grant_evict(queue, BLKBACK_BATCH,
				    now - (u64)timeout * HZ);
}

/**
 * blkback_grant_release() - a request does not need its mapped pages any more
 * @req: a request whose pages are not referred to any more
 *
 * They are unmapped when blkback_grant_unmap() returns, and not before.
 */
void blkback_grant_release(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	struct blkback_grants *grant = &queue->grant;
	u64 now = get_jiffies_64();
	unsigned int i;

	for (i = 0; i < req->nr_pages; i++) {
		const struct blkback_map *map = &req->map[i];
		struct page **page = &req->vec[i].bv_page;

		if (map->entry)
			gcache_put(&grant->cache, map->entry, now);
		else if (map->handle != INVALID_GRANT_HANDLE)
			blkback_grant_add_unmap(queue, *page, map->handle);
		else
			gnttab_page_cache_put(&grant->pages, page, 1);
	}
	req->nr_pages = 0;
}

/*
 * Make a new mapping a persistent grant if there is a place for it, or if there
 * is one after cold grants were evicted.  Grants that were used recently stay:
 * a guest that uses more pages in turn than there are places would otherwise
 * never find one of them mapped.  A reference that occurs twice in a batch is
 * mapped twice, but only one of the mappings becomes persistent.
 */
static void blkback_grant_keep(struct blkback_queue *queue,
			       struct blkback_map *map, struct page *page,
			       u32 gref)
{
	struct blkback_conn *conn = queue->conn;
	struct gcache *cache = &queue->grant.cache;
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
	if (atomic_inc_return(&conn->nr_persistent) > conn->max_persistent ||
	    !blkback_guest_take_kept(conn->guest)) {
		atomic_dec(&conn->nr_persistent);
		return;
	}
	/* Not NULL: each queue has room for all grants of the device. */
	entry = gcache_add(cache, gref);
	entry->page = page;
	entry->handle = map->handle;
	map->entry = entry;
}

/**
 * blkback_grant_persistent() - do grants of a queue stay mapped after use?
 * @queue: the queue
 *
 * Return: true if they do, as far as there are places for them.
 */
bool blkback_grant_persistent(const struct blkback_queue *queue)
{
	return queue->grant.cache.nr_entries;
}

/* Use the page of a segment that is mapped already. */
static bool blkback_grant_hit(struct blkback_req *req, unsigned int i)
{
	struct gcache_entry *entry;

	entry = gcache_get(&req->queue->grant.cache, req->seg[i].gref);
	if (!entry)
		return false;
	req->map[i].entry = entry;
	req->vec[i].bv_page = entry->page;
	return true;
}

static int blkback_grant_add_map(struct blkback_req *req, unsigned int i,
				 bool persistent)
{
	struct blkback_queue *queue = req->queue;
	struct blkback_grants *grant = &queue->grant;
	struct gnttab_map_grant_ref *op = &grant->map_ops[grant->nr_map];
	struct page **page = &req->vec[i].bv_page;
	u32 flags = GNTMAP_host_map;

	if (gnttab_page_cache_get(&grant->pages, page))
		return -ENOMEM;
	req->map[i].entry = NULL;
	req->map[i].handle = INVALID_GRANT_HANDLE;
	/* A persistent grant is used for reads and for writes. */
	if (!persistent && req->cmd.op != BLKIF_OP_READ)
		flags |= GNTMAP_readonly;
	gnttab_set_map_op(op, blkback_page_addr(*page), flags,
			  req->seg[i].gref, queue->conn->domid);
	op->status = GNTST_general_error;
	grant->map_pages[grant->nr_map] = *page;
	grant->map_owners[grant->nr_map].req = req;
	grant->map_owners[grant->nr_map].index = i;
	grant->nr_map++;
	return 0;
}

/**
 * blkback_grant_prepare() - get pages for a request, and prepare to map them
 * @req: a request whose segments were checked
 *
 * They are mapped when blkback_grant_map() returns, and not before.
 *
 * Return: 0, or -ENOMEM if there is no page now; nothing was done then.
 */
int blkback_grant_prepare(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;
	bool persistent = blkback_grant_persistent(queue);
	unsigned int i, nr = req->cmd.nr_segs;
	unsigned int first_op = queue->grant.nr_map;

	for (i = 0; i < nr; i++) {
		if (persistent && blkback_grant_hit(req, i))
			continue;
		if (blkback_grant_add_map(req, i, persistent)) {
			/* None of them is mapped yet. */
			queue->grant.nr_map = first_op;
			req->nr_pages = i;
			blkback_grant_release(req);
			return -ENOMEM;
		}
	}
	queue->count.stats.hits += nr - (queue->grant.nr_map - first_op);
	req->nr_pages = nr;
	return 0;
}

/**
 * blkback_grant_no_room() - had Xen no room for a mapping?
 * @status: of a map operation
 *
 * Xen's older releases have one status for mappings and the IOMMU.
 *
 * Return: true if it can be tried again.
 */
bool blkback_grant_no_room(s16 status)
{
	return status == GNTST_no_space || status == GNTST_no_device_space;
}

/* Idle grants take room, too: those of the queue, and of its siblings. */
static void blkback_grant_make_room(struct blkback_queue *queue,
				    unsigned int nr)
{
	struct blkback_conn *conn = queue->conn;
	unsigned int i;

	blkback_log(queue->conn->blkback, warn,
		    "queue %u: Xen has no room for %u mappings, requests wait (gnttab_max_maptrack_frames)\n",
		    queue->index, nr);
	blkback_grant_evict(queue, nr, U64_MAX);
	for (i = 0; i < conn->nr_queues; i++) {
		if (&conn->queues[i] == queue)
			continue;
		WRITE_ONCE(conn->queues[i].reclaim, true);
		wake_up(&conn->queues[i].wait);
	}
}

/**
 * blkback_grant_map() - map all that was prepared, with one hypercall
 * @queue: the queue
 *
 * If a grant reference of a request was bad, its @bad_grant is set.  If Xen had
 * no room for a mapping, which is not the fault of this guest, its @no_room is
 * set.  Such a request is released like any other.
 */
void blkback_grant_map(struct blkback_queue *queue)
{
	struct blkback_grants *grant = &queue->grant;
	bool persistent = blkback_grant_persistent(queue);
	unsigned int i, failed = 0, no_room = 0, nr = grant->nr_map;
	int ret;

	if (!nr)
		return;
	grant->nr_map = 0;
	queue->count.stats.maps += nr;
	queue->count.stats.hypercalls++;
	ret = gnttab_map_refs(grant->map_ops, NULL, grant->map_pages, nr);
	/* Each status counts, even if the call as a whole failed. */
	for (i = 0; i < nr; i++) {
		const struct gnttab_map_grant_ref *op = &grant->map_ops[i];
		unsigned int index = grant->map_owners[i].index;
		struct blkback_req *req = grant->map_owners[i].req;

		if (blkback_grant_no_room(op->status)) {
			req->no_room = true;
			no_room++;
		} else if (ret || op->status != GNTST_okay) {
			req->bad_grant = true;
		}
		if (op->status != GNTST_okay) {
			failed++;
			continue;
		}
		req->map[index].handle = op->handle;
		if (persistent)
			blkback_grant_keep(queue, &req->map[index],
					   req->vec[index].bv_page, op->ref);
	}
	trace_blkback_map(queue, nr, failed);
	if (unlikely(no_room))
		blkback_grant_make_room(queue, no_room);
}
