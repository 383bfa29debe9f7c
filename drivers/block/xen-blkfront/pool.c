// SPDX-License-Identifier: GPL-2.0
/*
 * How pools of pages grow and shrink.  pool.h takes pages and puts them back.
 */

#include <linux/mm.h>
#include <linux/slab.h>

#include "pool.h"

/* A few times as long as blk-mq waits before it tries a request again. */
#define BLKFRONT_POOL_RESERVE_JIFFIES	(HZ / 50 + 1)

static struct blkfront_buf *blkfront_buf_alloc(gfp_t gfp)
{
	struct blkfront_buf *buf = kmalloc(sizeof(*buf), gfp);

	if (!buf)
		return NULL;
	buf->next = NULL;
	buf->gref = INVALID_GRANT_REF;
	buf->page = alloc_page(gfp | __GFP_ZERO);
	if (!buf->page) {
		kfree(buf);
		return NULL;
	}
	buf->data = page_address(buf->page);
	return buf;
}

/* A page that another backend has seen must not show this one its data. */
static struct blkfront_buf *blkfront_buf_reuse(struct blkfront_buf **spare)
{
	struct blkfront_buf *buf = *spare;

	*spare = buf->next;
	buf->next = NULL;
	clear_page(buf->data);
	return buf;
}

/* Grant a page that is not granted, if those of the pool are. */
static bool blkfront_buf_grant(const struct blkfront_pool *pool,
			       struct blkfront_buf *buf)
{
	int gref;

	if (!pool->granted)
		return true;
	gref = gnttab_grant_foreign_access(pool->domid,
					   xen_page_to_gfn(buf->page),
					   pool->readonly);
	if (gref < 0)
		return false;
	buf->gref = gref;
	return true;
}

/* If the backend still has the page mapped, the grant table frees it later. */
static void blkfront_buf_free(struct blkfront_buf *buf)
{
	if (buf->gref == INVALID_GRANT_REF)
		__free_page(buf->page);
	else
		gnttab_end_foreign_access(buf->gref, buf->page);
	kfree(buf);
}

/* Count one more page; false if the pool may not grow. */
static bool blkfront_pool_count_new(struct blkfront_pool *pool)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&pool->lock, flags);
	may = pool->nr < pool->max;
	pool->nr += may;
	spin_unlock_irqrestore(&pool->lock, flags);
	return may;
}

static void blkfront_pool_count_gone(struct blkfront_pool *pool)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->nr--;
	spin_unlock_irqrestore(&pool->lock, flags);
}

static bool blkfront_pool_add(struct blkfront_pool *pool,
			      struct blkfront_buf **spare, gfp_t gfp)
{
	struct blkfront_buf *buf;

	if (!blkfront_pool_count_new(pool))
		return false;
	buf = *spare ? blkfront_buf_reuse(spare) : blkfront_buf_alloc(gfp);
	if (!buf)
		goto fail;
	if (!blkfront_buf_grant(pool, buf)) {
		blkfront_buf_free(buf);
		goto fail;
	}
	blkfront_pool_put(pool, buf);
	return true;

fail:
	blkfront_pool_count_gone(pool);
	return false;
}

/**
 * blkfront_pool_grow() - add a page to a pool
 * @pool: the pool
 * @gfp: how to allocate it
 *
 * Context: any that @gfp allows.
 *
 * Return: false if there is no memory, no grant, or the maximum is reached.
 */
bool blkfront_pool_grow(struct blkfront_pool *pool, gfp_t gfp)
{
	struct blkfront_buf *none = NULL;

	return blkfront_pool_add(pool, &none, gfp);
}

/**
 * blkfront_pool_drop() - give up a page that the backend still uses
 * @pool: the pool that it belongs to
 * @buf: the page, taken from the pool
 *
 * Context: any.
 */
void blkfront_pool_drop(struct blkfront_pool *pool, struct blkfront_buf *buf)
{
	blkfront_buf_free(buf);
	blkfront_pool_count_gone(pool);
}

/**
 * blkfront_pool_reserve() - keep smaller requests from taking pages for a while
 * @pool: the pool
 * @nr: pages that the request which has to wait needs
 *
 * Context: any.
 */
void blkfront_pool_reserve(struct blkfront_pool *pool, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	/* Unless a larger request has begun to wait meanwhile. */
	if (!blkfront_pool_is_reserved(pool, nr)) {
		pool->reserved = nr;
		pool->reserved_until = jiffies + BLKFRONT_POOL_RESERVE_JIFFIES;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}

/**
 * blkfront_pool_fill() - make sure that a pool has pages
 * @pool: the pool
 * @nr: how many it must have, even if that is over the maximum
 * @spare: pages to use before others are allocated
 * @gfp: how to allocate these
 *
 * Context: any that @gfp allows.
 *
 * Return: 0 or -ENOMEM, which also stands for a lack of grants.
 */
int blkfront_pool_fill(struct blkfront_pool *pool, unsigned int nr,
		       struct blkfront_buf **spare, gfp_t gfp)
{
	pool->max = max(pool->max, nr);
	while (pool->nr < nr)
		if (!blkfront_pool_add(pool, spare, gfp))
			return -ENOMEM;
	return 0;
}

/**
 * blkfront_pool_drain() - empty a pool that is not used any more
 * @pool: the pool; all pages were put back
 * @spare: gets its pages, for another pool
 *
 * Context: any.
 *
 * Return: how many pages the backend still has mapped.  These are freed when it
 * has not.
 */
unsigned int blkfront_pool_drain(struct blkfront_pool *pool,
				 struct blkfront_buf **spare)
{
	struct blkfront_buf *buf;
	unsigned int held = 0;

	while ((buf = pool->free)) {
		pool->free = buf->next;
		if (buf->gref == INVALID_GRANT_REF ||
		    gnttab_try_end_foreign_access(buf->gref)) {
			buf->gref = INVALID_GRANT_REF;
			buf->next = *spare;
			*spare = buf;
			continue;
		}
		blkfront_buf_free(buf);
		held++;
	}
	pool->nr_free = 0;
	pool->nr = 0;
	return held;
}

/**
 * blkfront_bufs_free() - free pages that are in no pool
 * @list: the pages, none of them granted; set to an empty list
 *
 * Context: any.
 */
void blkfront_bufs_free(struct blkfront_buf **list)
{
	struct blkfront_buf *buf;

	while ((buf = *list)) {
		*list = buf->next;
		blkfront_buf_free(buf);
	}
}

/**
 * blkfront_copy_bytes() - copy data that need not be aligned to our pages
 * @place: where to copy to or from in our pages; set to what follows
 * @data: the data
 * @left: bytes to copy
 * @to_ours: copy to our pages rather than from them
 *
 * Context: any.
 */
void blkfront_copy_bytes(struct blkfront_place *place, void *data,
			 unsigned int left, bool to_ours)
{
	unsigned int len;

	for (; left; left -= len, data += len) {
		void *ours = place->buf->data + place->off;

		len = min_t(unsigned int, left, XEN_PAGE_SIZE - place->off);
		if (to_ours)
			memcpy(ours, data, len);
		else
			memcpy(data, ours, len);
		place->off += len;
		if (place->off == XEN_PAGE_SIZE) {
			place->buf = place->buf->next;
			place->off = 0;
		}
	}
}
