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

#include "grants.h"

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
 * @lock: protects all below but @domid, @granted and @readonly
 * @free: the pages that were used lately
 * @last: the last of these, if there are any
 * @nr_free: how many these are
 * @cold: free pages that were not used since blkfront_pool_age() was called
 * @nr_cold: how many these are
 * @nr: how many pages exist, including those in use
 * @min: what @nr does not fall below
 * @max: what @nr may grow to
 * @reserved: pages that a large request waits for, or grants for as many.
 *            Smaller requests take none meanwhile: otherwise there might never
 *            be enough.
 * @reserved_until: when the reservation ends unless it is renewed; jiffies
 * @held: cold pages that the backend still had mapped when they were to be freed
 * @domid: the backend's domain
 * @granted: pages are granted for as long as they exist
 * @readonly: if @granted, without write access
 *
 * When a connection is made, the pool is filled with @min pages, which are
 * enough for a part of any request.  It grows by use, and shrinks when pages are
 * not used: see trim.c.  A request takes either all that it needs or nothing.
 */
struct blkfront_pool {
	spinlock_t lock;	/* see above; taken in any context */
	struct blkfront_buf *free;
	struct blkfront_buf *last;
	struct blkfront_buf *cold;
	unsigned int nr_free;
	unsigned int nr_cold;
	unsigned int nr;
	unsigned int min;
	unsigned int max;
	unsigned int reserved;
	unsigned long reserved_until;
	unsigned int held;
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
void blkfront_pool_warm(struct blkfront_pool *pool, unsigned int nr);
bool blkfront_pool_over_share(struct blkfront_pool *pool, unsigned int nr);
void blkfront_pool_age(struct blkfront_pool *pool);
unsigned int blkfront_pool_spare(const struct blkfront_pool *pool);
unsigned int blkfront_pool_trim(struct blkfront_pool *pool, unsigned int *nr,
				bool all);
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
	if (!pool->free)
		pool->last = last;
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
	if (unlikely(pool->nr_free < nr))
		blkfront_pool_warm(pool, nr);
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

/* Pages that are free; without the lock, a moment ago. */
static inline unsigned int
blkfront_pool_nr_free(const struct blkfront_pool *pool)
{
	return READ_ONCE(pool->nr_free) + READ_ONCE(pool->nr_cold);
}

/* Pages that requests use; without the lock, a moment ago. */
static inline unsigned int
blkfront_pool_in_use(const struct blkfront_pool *pool)
{
	unsigned int nr_free = blkfront_pool_nr_free(pool);
	unsigned int nr = READ_ONCE(pool->nr);

	return nr > nr_free ? nr - nr_free : 0;
}

/* Does a request that needs more than @nr pages wait for them? */
static inline bool blkfront_pool_is_reserved(const struct blkfront_pool *pool,
					     unsigned int nr)
{
	return unlikely(READ_ONCE(pool->reserved) > nr) &&
	       time_before(jiffies, READ_ONCE(pool->reserved_until));
}

/* End a reservation; if it was another's, that renews it. */
static inline void blkfront_pool_unreserve(struct blkfront_pool *pool)
{
	WRITE_ONCE(pool->reserved, 0);
}

/*
 * Take a list of @nr pages, at least one.  NULL means that the caller has to
 * wait: other requests will put pages back.
 */
static inline struct blkfront_buf *
blkfront_pool_take(struct blkfront_pool *pool, unsigned int nr)
{
	struct blkfront_buf *first;

	if (blkfront_pool_is_reserved(pool, nr) ||
	    (unlikely(blkfront_is_short()) &&
	     blkfront_pool_over_share(pool, nr)))
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
