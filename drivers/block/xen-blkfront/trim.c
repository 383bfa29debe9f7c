// SPDX-License-Identifier: GPL-2.0
/*
 * Pools shrink: pages that were not needed for a while are freed, and all free
 * ones when the guest is short of memory.
 *
 * While any pool has more pages than it begins with, a work item runs
 * regularly.  It frees the pages that were not used since it ran before, as far
 * as the backend has unmapped them, and tries the others again the next time.
 * The work item is freezable, as a suspend ends all grants.  Its timer is not
 * deferrable: when nothing happens any more, memory is to be given back, and
 * then it does not run again.
 */

#include <linux/mutex.h>
#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "blkfront.h"

/* A page is freed when it was not used for one to two of these. */
#define BLKFRONT_AGE_INTERVAL	(15 * HZ / 2)

/* While grants are short, the work item computes the shares this often. */
#define BLKFRONT_SHARE_INTERVAL	(HZ / 2)

/*
 * Protects the list of the rings that have pools.  Whoever has it allocates
 * nothing and waits for nothing.
 */
static DEFINE_MUTEX(blkfront_trim_lock);
static LIST_HEAD(blkfront_trim_rings);
static unsigned long blkfront_trim_aged;

static void blkfront_trim_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(blkfront_trim, blkfront_trim_work);
/* The work item is going to run. */
static bool blkfront_trim_queued;

static struct shrinker *blkfront_shrinker;

/**
 * blkfront_trim_soon() - have pools shrink when their pages were not used
 *
 * Context: any.
 */
void blkfront_trim_soon(void)
{
	if (READ_ONCE(blkfront_trim_queued) || xchg(&blkfront_trim_queued, true))
		return;
	queue_delayed_work(system_freezable_wq, &blkfront_trim,
			   blkfront_is_short() ? BLKFRONT_SHARE_INTERVAL :
						 BLKFRONT_AGE_INTERVAL);
}

/**
 * blkfront_trim_now() - have grants shared out
 *
 * Context: any.
 */
void blkfront_trim_now(void)
{
	WRITE_ONCE(blkfront_trim_queued, true);
	mod_delayed_work(system_freezable_wq, &blkfront_trim, 0);
}

/* Free the pages of a ring that are cold, and have the others become cold. */
static void blkfront_trim_age(struct blkfront_ring *ring)
{
	struct blkfront_pool *pool;
	unsigned int nr;

	blkfront_for_each_pool(pool, ring) {
		nr = UINT_MAX;
		blkfront_pool_trim(pool, &nr, false);
		blkfront_pool_age(pool);
	}
}

/* Try @nr pages of a ring that are free at all; fewer are left to try then. */
static unsigned int blkfront_trim_all(struct blkfront_ring *ring,
				      unsigned int *nr)
{
	struct blkfront_pool *pool;
	unsigned int gone = 0;

	blkfront_for_each_pool(pool, ring)
		gone += blkfront_pool_trim(pool, nr, true);
	return gone;
}

static unsigned int blkfront_trim_count(struct blkfront_ring *ring)
{
	struct blkfront_pool *pool;
	unsigned int nr = 0;

	blkfront_for_each_pool(pool, ring)
		nr += blkfront_pool_spare(pool);
	return nr;
}

/* Does any pool have more than it began with? */
static bool blkfront_trim_is_grown(struct blkfront_ring *ring)
{
	struct blkfront_pool *pool;

	blkfront_for_each_pool(pool, ring)
		if (READ_ONCE(pool->nr) > pool->min)
			return true;
	return false;
}

/* Does a ring use more than it began with, or would it like to? */
static bool blkfront_trim_is_hungry(struct blkfront_ring *ring)
{
	const struct blkfront_req_counters *req = &ring->req_counters;
	u64 waits = READ_ONCE(req->pool_waits) + READ_ONCE(req->grant_waits) +
		    READ_ONCE(req->parts);
	bool waited = waits != ring->waits;

	ring->waits = waits;
	return waited || blkfront_trim_is_grown(ring) ||
	       blkfront_grants_in_use(ring);
}

/* Grants that a ring has whether it is used or not. */
static unsigned int blkfront_trim_fixed(struct blkfront_ring *ring)
{
	unsigned int nr = ring->mem.nr;
	struct blkfront_pool *pool;

	blkfront_for_each_pool(pool, ring)
		nr += pool->granted ? pool->min : 0;
	return nr + (ring->has_own ? BLKFRONT_OWN_REFS : 0);
}

static void blkfront_trim_work(struct work_struct *work)
{
	unsigned int hungry = 0, fixed = 0;
	struct blkfront_ring *ring;
	bool grown = false;
	bool age;

	mutex_lock(&blkfront_trim_lock);
	WRITE_ONCE(blkfront_trim_queued, false);
	age = time_after_eq(jiffies, blkfront_trim_aged +
				     BLKFRONT_AGE_INTERVAL - HZ / 4);
	if (age)
		blkfront_trim_aged = jiffies;
	list_for_each_entry(ring, &blkfront_trim_rings, trim_node) {
		hungry += blkfront_trim_is_hungry(ring);
		fixed += blkfront_trim_fixed(ring);
		if (age)
			blkfront_trim_age(ring);
		grown |= blkfront_trim_is_grown(ring);
		cond_resched();
	}
	mutex_unlock(&blkfront_trim_lock);
	blkfront_grants_divide(hungry, fixed);
	if (grown || blkfront_is_short())
		blkfront_trim_soon();
}

/**
 * blkfront_trim_add() - the pools of a ring may shrink from here on
 * @ring: the ring
 *
 * Context: process context.
 */
void blkfront_trim_add(struct blkfront_ring *ring)
{
	mutex_lock(&blkfront_trim_lock);
	list_add_tail(&ring->trim_node, &blkfront_trim_rings);
	mutex_unlock(&blkfront_trim_lock);
}

/**
 * blkfront_trim_del() - nobody but the caller uses the pools of a ring any more
 * @ring: the ring, which need not have been added
 *
 * Context: process context; waits for the end of a pass.
 */
void blkfront_trim_del(struct blkfront_ring *ring)
{
	mutex_lock(&blkfront_trim_lock);
	list_del_init(&ring->trim_node);
	mutex_unlock(&blkfront_trim_lock);
}

/* --- The guest is short of memory --- */

static unsigned long blkfront_shrink_count(struct shrinker *shrinker,
					   struct shrink_control *sc)
{
	struct blkfront_ring *ring;
	unsigned long nr = 0;

	if (!mutex_trylock(&blkfront_trim_lock))
		return 0;
	list_for_each_entry(ring, &blkfront_trim_rings, trim_node)
		nr += blkfront_trim_count(ring);
	mutex_unlock(&blkfront_trim_lock);
	return nr;
}

static unsigned long blkfront_shrink_scan(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	unsigned int left = min_t(unsigned long, sc->nr_to_scan, UINT_MAX);
	struct blkfront_ring *ring;
	unsigned long gone = 0;

	if (!mutex_trylock(&blkfront_trim_lock))
		return SHRINK_STOP;
	list_for_each_entry(ring, &blkfront_trim_rings, trim_node)
		gone += blkfront_trim_all(ring, &left);
	/* Not the same rings next time, as their pages may be mapped. */
	list_rotate_left(&blkfront_trim_rings);
	mutex_unlock(&blkfront_trim_lock);
	/* All others are still mapped. */
	return gone ? gone : SHRINK_STOP;
}

/**
 * blkfront_trim_init() - let the kernel take pages when memory is short
 *
 * Return: 0 or an error.
 */
int __init blkfront_trim_init(void)
{
	blkfront_trim_aged = jiffies;
	blkfront_shrinker = shrinker_alloc(0, "xen-blkfront");
	if (!blkfront_shrinker)
		return -ENOMEM;
	blkfront_shrinker->count_objects = blkfront_shrink_count;
	blkfront_shrinker->scan_objects = blkfront_shrink_scan;
	shrinker_register(blkfront_shrinker);
	return 0;
}

/**
 * blkfront_trim_exit() - there are no rings any more
 *
 * Also called when the module could not be initialised, so not __exit.
 */
void blkfront_trim_exit(void)
{
	cancel_delayed_work_sync(&blkfront_trim);
	if (blkfront_shrinker)
		shrinker_free(blkfront_shrinker);
}
