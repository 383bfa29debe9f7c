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
 * @lock: protects @free, @nr_free and @nr
 * @free: the pages
 * @nr_free: how many
 * @nr: how many there are with those in use
 * @max: what @nr may grow to
 * @domid: the backend's domain
 * @granted: pages are granted as long as they exist
 * @readonly: and then without write access
 *
 * At connection the pool is filled with what the largest request needs, and
 * requests take all they need at once or nothing; so without any memory and
 * grants there is still progress.
 */
struct blkfront_pool {
	spinlock_t lock;	/* the list and its counts */
	struct blkfront_buf *free;
	unsigned int nr_free;
	unsigned int nr;
	unsigned int max;
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
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return first;
}

/*
 * Take a list of @nr pages, at least one.  NULL means that there are none at
 * present, but some will be put back.
 */
static inline struct blkfront_buf *
blkfront_pool_take(struct blkfront_pool *pool, unsigned int nr)
{
	struct blkfront_buf *first;

	do {
		first = blkfront_pool_try_take(pool, nr);
	} while (!first &&
		 blkfront_pool_grow(pool, GFP_NOWAIT | __GFP_NOWARN));
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
static inline void blkfront_copy_pieces(struct blkfront_place *place,
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
