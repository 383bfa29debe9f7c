/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frontend's own pages for the backend.
 */

#ifndef _XEN_BLKFRONT_POOL_H
#define _XEN_BLKFRONT_POOL_H

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <xen/grant_table.h>
#include <xen/page.h>

/**
 * struct blkfront_buf - one of our pages for the backend
 * @next: on the list of a pool or of a request
 * @page: zeroed when new; later it only holds what this backend has seen
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
 * @lock: protects @free, @nr_free, @nr and the reservation
 * @free: the pages
 * @nr_free: how many are free
 * @nr: how many exist, including those in use
 * @max: what @nr may grow to
 * @reserved: pages that a large request waits for.  Smaller requests do not
 *            take pages meanwhile: otherwise there might never be enough.
 * @reserved_until: when the reservation ends unless it is renewed; jiffies
 * @domid: the backend's domain
 * @granted: pages are granted for as long as they exist
 * @readonly: if @granted, without write access
 *
 * When a connection is made, the pool is filled with what the largest request
 * needs.  A request takes either all that it needs or nothing.  Requests
 * therefore make progress without further memory or grants.
 */
struct blkfront_pool {
	spinlock_t lock;	/* see above; taken in any context */
	struct blkfront_buf *free;
	unsigned int nr_free;
	unsigned int nr;
	unsigned int max;
	unsigned int reserved;
	unsigned long reserved_until;
	domid_t domid;
	bool granted;
	bool readonly;
};

/**
 * struct blkfront_place - a place in a list of pages
 * @buf: the page
 * @off: offset in it
 */
struct blkfront_place {
	struct blkfront_buf *buf;
	unsigned int off;
};

int blkfront_pool_fill(struct blkfront_pool *pool, unsigned int nr,
		       struct blkfront_buf **spare, gfp_t gfp);
unsigned int blkfront_pool_drain(struct blkfront_pool *pool,
				 struct blkfront_buf **spare);
void blkfront_bufs_free(struct blkfront_buf **list);
bool blkfront_pool_grow(struct blkfront_pool *pool, gfp_t gfp);
void blkfront_pool_reserve(struct blkfront_pool *pool, unsigned int nr);
void blkfront_pool_drop(struct blkfront_pool *pool, struct blkfront_buf *buf);
void blkfront_copy_bytes(struct blkfront_place *place, void *data,
			 unsigned int left, bool to_ours);

/* Give a list of pages back, which may be empty. */
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

/* Take a list of @nr pages, or NULL if fewer are free. */
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
		pool->reserved = 0;
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return first;
}

/* Does a request that needs more than @nr pages wait for them? */
static inline bool blkfront_pool_is_reserved(const struct blkfront_pool *pool,
					     unsigned int nr)
{
	return unlikely(READ_ONCE(pool->reserved) > nr) &&
	       time_before(jiffies, READ_ONCE(pool->reserved_until));
}

/*
 * Take a list of @nr pages, at least one.  NULL means that the caller has to
 * wait: other requests will put pages back.
 */
static inline struct blkfront_buf *
blkfront_pool_take(struct blkfront_pool *pool, unsigned int nr)
{
	struct blkfront_buf *first;

	if (blkfront_pool_is_reserved(pool, nr))
		return NULL;
	do {
		first = blkfront_pool_try_take(pool, nr);
	} while (!first &&
		 blkfront_pool_grow(pool, GFP_NOWAIT | __GFP_NOWARN));
	if (unlikely(!first))
		blkfront_pool_reserve(pool, nr);
	return first;
}

#endif /* _XEN_BLKFRONT_POOL_H */
