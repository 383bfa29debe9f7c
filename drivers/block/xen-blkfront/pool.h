/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of the frontend's own that the backend may use.
 */

#ifndef _XEN_BLKFRONT_POOL_H
#define _XEN_BLKFRONT_POOL_H

#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <xen/grant_table.h>
#include <xen/page.h>

/* In jiffies: some times as long as blk-mq waits before it tries again. */
#define BLKFRONT_POOL_PATIENCE	(HZ / 50 + 1)

/**
 * struct blkfront_buf - a page of ours for the backend
 * @next: on the list of a pool or of a request
 * @page: zeroed when new; later only ever holds what this backend has seen
 * @data: its address
 * @gref: its grant, or INVALID_GRANT_REF
 */
struct blkfront_buf {
	struct blkfront_buf *next;
	struct page *page;
	void *data;
	grant_ref_t gref;
};

/**
 * struct blkfront_pool - free pages, last in first out
 * @lock: protects @free, @nr_free, @nr and what is wanted
 * @free: the pages
 * @nr_free: how many
 * @nr: how many there are with those in use
 * @max: what @nr may grow to
 * @wanted: pages that a request waits for; smaller ones leave it what is free,
 *          as there would never be enough at once if they did not
 * @wanted_until: when that is over, in jiffies, if it has not asked again
 * @domid: the backend's domain
 * @granted: pages are granted as long as they exist
 * @readonly: and then without write access
 *
 * At connection the pool is filled with what the largest request needs, and
 * requests take all they need at once or nothing; so without any memory and
 * grants there is still progress.
 */
struct blkfront_pool {
	spinlock_t lock;	/* the list, its counts, and who waits */
	struct blkfront_buf *free;
	unsigned int nr_free;
	unsigned int nr;
	unsigned int max;
	unsigned int wanted;
	unsigned long wanted_until;
	domid_t domid;
	bool granted;
	bool readonly;
};

static inline struct blkfront_buf *
blkfront_buf_new(const struct blkfront_pool *pool, gfp_t gfp)
{
	struct blkfront_buf *buf = kmalloc(sizeof(*buf), gfp);
	int gref;

	if (!buf)
		return NULL;
	buf->gref = INVALID_GRANT_REF;
	buf->page = alloc_page(gfp | __GFP_ZERO);
	if (!buf->page)
		goto free_buf;
	buf->data = page_address(buf->page);
	if (!pool->granted)
		return buf;

	gref = gnttab_grant_foreign_access(pool->domid,
					   xen_page_to_gfn(buf->page),
					   pool->readonly);
	if (gref < 0)
		goto free_page;
	buf->gref = gref;
	return buf;

free_page:
	__free_page(buf->page);
free_buf:
	kfree(buf);
	return NULL;
}

/* Free a page, or leave that to the grant table while the backend has it. */
static inline void blkfront_buf_free(struct blkfront_buf *buf)
{
	if (buf->gref == INVALID_GRANT_REF)
		__free_page(buf->page);
	else
		gnttab_end_foreign_access(buf->gref, buf->page);
	kfree(buf);
}

/* Reserve a place for one more page; false if that is not allowed. */
static inline bool blkfront_pool_may_grow(struct blkfront_pool *pool)
{
	unsigned long flags;
	bool may;

	spin_lock_irqsave(&pool->lock, flags);
	may = pool->nr < pool->max;
	pool->nr += may;
	spin_unlock_irqrestore(&pool->lock, flags);
	return may;
}

static inline void blkfront_pool_shrunk(struct blkfront_pool *pool)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->nr--;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Give a list of pages back. */
static inline void blkfront_pool_put(struct blkfront_pool *pool,
				     struct blkfront_buf *first)
{
	struct blkfront_buf *last = first;
	unsigned int nr = 1;
	unsigned long flags;

	if (!first)
		return;
	for (; last->next; last = last->next)
		nr++;
	spin_lock_irqsave(&pool->lock, flags);
	last->next = pool->free;
	pool->free = first;
	pool->nr_free += nr;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Add a page; false if there can be no more, for now at least. */
static inline bool blkfront_pool_grow(struct blkfront_pool *pool, gfp_t gfp)
{
	struct blkfront_buf *buf;

	if (!blkfront_pool_may_grow(pool))
		return false;
	buf = blkfront_buf_new(pool, gfp);
	if (!buf) {
		blkfront_pool_shrunk(pool);
		return false;
	}
	buf->next = NULL;
	blkfront_pool_put(pool, buf);
	return true;
}

static inline struct blkfront_buf *
blkfront_pool_try_take(struct blkfront_pool *pool, unsigned int nr)
{
	struct blkfront_buf *first = NULL;
	struct blkfront_buf **end;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->nr_free >= nr) {
		pool->nr_free -= nr;
		first = pool->free;
		for (end = &pool->free; nr; nr--)
			end = &(*end)->next;
		pool->free = *end;
		*end = NULL;
		pool->wanted = 0;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return first;
}

/* Does a larger request wait, which asks again every few milliseconds? */
static inline bool blkfront_pool_is_wanted(struct blkfront_pool *pool,
					   unsigned int nr)
{
	return unlikely(READ_ONCE(pool->wanted) > nr) &&
	       time_before(jiffies, READ_ONCE(pool->wanted_until));
}

static inline void blkfront_pool_want(struct blkfront_pool *pool,
				      unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	/* A larger one may have come to wait since we looked. */
	if (!blkfront_pool_is_wanted(pool, nr)) {
		pool->wanted = nr;
		pool->wanted_until = jiffies + BLKFRONT_POOL_PATIENCE;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
}

/*
 * Take a list of @nr pages, at least one.  NULL means that there are none at
 * present, but some will be put back.
 */
static inline struct blkfront_buf *
blkfront_pool_take(struct blkfront_pool *pool, unsigned int nr)
{
	struct blkfront_buf *first;

	if (blkfront_pool_is_wanted(pool, nr))
		return NULL;
	do {
		first = blkfront_pool_try_take(pool, nr);
	} while (!first &&
		 blkfront_pool_grow(pool, GFP_NOWAIT | __GFP_NOWARN));
	if (unlikely(!first))
		blkfront_pool_want(pool, nr);
	return first;
}

static inline void blkfront_pool_free(struct blkfront_pool *pool)
{
	struct blkfront_buf *buf;

	while ((buf = pool->free)) {
		pool->free = buf->next;
		blkfront_buf_free(buf);
	}
	pool->nr_free = 0;
	pool->nr = 0;
}

/* A place in pages of ours. */
struct blkfront_place {
	struct blkfront_buf *buf;
	unsigned int off;
};

/* Copy to or from pages of ours what need not fit into one, on from a place. */
static inline void blkfront_copy_bytes(struct blkfront_place *place,
				       void *data, unsigned int left,
				       bool to_ours)
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

/* Have at least @nr pages, even if that is over the maximum. */
static inline int blkfront_pool_fill(struct blkfront_pool *pool,
				     unsigned int nr)
{
	pool->max = max(pool->max, nr);
	while (pool->nr < nr)
		if (!blkfront_pool_grow(pool, GFP_KERNEL | __GFP_NOWARN))
			return -ENOMEM;
	return 0;
}

#endif /* _XEN_BLKFRONT_POOL_H */
