// SPDX-License-Identifier: GPL-2.0
/*
 * How pools of pages grow and shrink.  pool.h takes pages and puts them back.
 */

#include <linux/mm.h>
#include <linux/slab.h>

#include "pool.h"

/* Pages that are taken from a pool at a time to be freed. */
#define BLKFRONT_TRIM_BATCH	32U

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

/* Grant a page of a pool whose pages are granted. */
static bool blkfront_buf_grant(const struct blkfront_pool *pool,
			       struct blkfront_buf *buf)
{
	int gref;

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

/*
 * Count one more page; false if the pool may not grow.  The pages that it is
 * filled with may use the grants that are spared for them.
 */
static bool blkfront_pool_count_new(struct blkfront_pool *pool)
{
	unsigned long flags;
	bool may, must;

	spin_lock_irqsave(&pool->lock, flags);
	may = pool->nr < pool->max;
	must = pool->nr < pool->min;
	pool->nr += may;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (!may)
		return false;
	if (!must)
		blkfront_trim_soon();
	if (!pool->granted)
		return true;
	if (must) {
		blkfront_grants_add(1);
		return true;
	}
	if (likely(blkfront_grants_take(1)))
		return true;
	spin_lock_irqsave(&pool->lock, flags);
	pool->nr--;
	spin_unlock_irqrestore(&pool->lock, flags);
	return false;
}

static void blkfront_pool_count_gone(struct blkfront_pool *pool,
				     unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->nr -= nr;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (pool->granted)
		blkfront_grants_put(nr);
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
	if (pool->granted && !blkfront_buf_grant(pool, buf)) {
		blkfront_buf_free(buf);
		blkfront_grants_exhausted();
		goto fail;
	}
	blkfront_pool_put(pool, buf);
	return true;

fail:
	blkfront_pool_count_gone(pool, 1);
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
	blkfront_pool_count_gone(pool, 1);
}

/**
 * blkfront_pool_warm() - have enough pages on the list of those used lately
 * @pool: the pool, locked
 * @nr: how many there are to be, if there are so many
 *
 * Context: any.
 */
void blkfront_pool_warm(struct blkfront_pool *pool, unsigned int nr)
{
	unsigned int more = nr - pool->nr_free;
	struct blkfront_buf *first = pool->cold;
	struct blkfront_buf *last = first;

	lockdep_assert_held(&pool->lock);
	if (pool->nr_cold < more)
		return;
	pool->nr_cold -= more;
	pool->nr_free += more;
	while (--more)
		last = last->next;
	pool->cold = last->next;
	if (!pool->free)
		pool->last = last;
	last->next = pool->free;
	pool->free = first;
}

/**
 * blkfront_pool_over_share() - would a pool have too many pages in use?
 * @pool: the pool
 * @nr: how many more a request wants
 *
 * Context: any.
 *
 * Return: true if grants are short, and these are more than a fair share.
 */
bool blkfront_pool_over_share(struct blkfront_pool *pool, unsigned int nr)
{
	unsigned int share = max(READ_ONCE(blkfront_share), pool->min);

	if (!pool->granted || blkfront_pool_in_use(pool) + nr <= share)
		return false;
	/* Not to be overtaken by smaller ones. */
	blkfront_pool_reserve(pool, nr);
	return true;
}

/**
 * blkfront_pool_age() - note that free pages are cold unless they are used
 * @pool: the pool
 *
 * Context: any.
 */
void blkfront_pool_age(struct blkfront_pool *pool)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->free) {
		pool->last->next = pool->cold;
		pool->cold = pool->free;
		pool->nr_cold += pool->nr_free;
		pool->free = NULL;
		pool->nr_free = 0;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}

/**
 * blkfront_pool_spare() - how many free pages a pool could do without
 * @pool: the pool
 *
 * Context: any.
 *
 * Return: the number, a moment ago.
 */
unsigned int blkfront_pool_spare(const struct blkfront_pool *pool)
{
	unsigned int nr = READ_ONCE(pool->nr);
	unsigned int spare = nr > pool->min ? nr - pool->min : 0;

	return min(spare, blkfront_pool_nr_free(pool));
}

/* Take up to @nr pages that are to be freed, cold ones if there are any. */
static struct blkfront_buf *blkfront_pool_pick(struct blkfront_pool *pool,
					       unsigned int nr, bool all)
{
	struct blkfront_buf *first = NULL;
	struct blkfront_buf **from, **end;
	unsigned int *count, i;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	from = pool->cold || !all ? &pool->cold : &pool->free;
	count = pool->cold || !all ? &pool->nr_cold : &pool->nr_free;
	nr = min3(nr, *count, pool->nr > pool->min ? pool->nr - pool->min : 0);
	if (nr) {
		first = *from;
		for (i = 0, end = from; i < nr; i++)
			end = &(*end)->next;
		*from = *end;
		*end = NULL;
		*count -= nr;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return first;
}

/*
 * Free the pages of a list that the backend has unmapped; the others are added
 * to @held.
 *
 * Return: how many were freed.
 */
static unsigned int blkfront_bufs_try_free(struct blkfront_buf *buf,
					   struct blkfront_buf **held)
{
	struct blkfront_buf *next;
	unsigned int nr = 0;

	for (; buf; buf = next) {
		next = buf->next;
		if (buf->gref != INVALID_GRANT_REF &&
		    !gnttab_try_end_foreign_access(buf->gref)) {
			buf->next = *held;
			*held = buf;
			continue;
		}
		buf->gref = INVALID_GRANT_REF;
		blkfront_buf_free(buf);
		nr++;
	}
	return nr;
}

/* Put pages back that are still cold. */
static void blkfront_pool_put_cold(struct blkfront_pool *pool,
				   struct blkfront_buf *first)
{
	struct blkfront_buf *last = first;
	unsigned int nr = !!first;
	unsigned long flags;

	if (first)
		for (; last->next; last = last->next)
			nr++;
	spin_lock_irqsave(&pool->lock, flags);
	if (first) {
		last->next = pool->cold;
		pool->cold = first;
		pool->nr_cold += nr;
	}
	pool->held = nr;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/**
 * blkfront_pool_trim() - free pages that nobody needs
 * @pool: the pool, which is in use
 * @nr: how many to try to free; set to how many are left to try
 * @all: free ones that were used lately, too
 *
 * Pages that the backend still has mapped stay, and can be used.  While this
 * runs, a request may find fewer pages than there are, and waits for a moment.
 *
 * Context: any but interrupts; the list of rings is locked.
 *
 * Return: how many were freed.
 */
unsigned int blkfront_pool_trim(struct blkfront_pool *pool, unsigned int *nr,
				bool all)
{
	struct blkfront_buf *held = NULL;
	unsigned int did, gone = 0;
	struct blkfront_buf *batch;

	if (!*nr)
		return 0;
	while (*nr) {
		unsigned int most = min(*nr, BLKFRONT_TRIM_BATCH);

		batch = blkfront_pool_pick(pool, most, all);
		if (!batch)
			break;
		*nr -= most;
		did = blkfront_bufs_try_free(batch, &held);
		blkfront_pool_count_gone(pool, did);
		gone += did;
	}
	blkfront_pool_put_cold(pool, held);
	return gone;
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
	pool->min = nr;
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

	blkfront_pool_age(pool);
	while ((buf = pool->cold)) {
		pool->cold = buf->next;
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
	if (pool->granted)
		blkfront_grants_put(pool->nr);
	pool->nr_cold = 0;
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
