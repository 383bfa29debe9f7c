/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: what a guest takes of dom0, over all of its disks.
 */

#ifndef _XEN_BLKBACK_GUEST_H
#define _XEN_BLKBACK_GUEST_H

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <xen/interface/xen.h>
#include "poll.h"

/*
 * For whatever a request needs.  An allocation that waits for memory stops a
 * thread that may free some by its answers; so it fails, and the request is
 * held.
 */
#define BLKBACK_GFP	(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN)

/* The default of max_mapped_pages. */
#define BLKBACK_MAX_MAPPED \
	(IS_ENABLED(CONFIG_XEN_UNPOPULATED_ALLOC) ? 65536U : 8192U)

extern u32 blkback_max_all_mapped;

/**
 * struct blkback_guest - what the requests of a guest take
 * @node: in the list of all guests
 * @domid: its domain
 * @users: connections of its disks
 * @named: pages that requests in flight name, rounded up for each queue; as
 *         many can be mapped
 * @kept: persistent grants
 * @copies: pages that data is copied to, those that are kept for more of it
 *          included
 * @bytes: of requests, their arrays, and protection information
 * @poll_lock: protects @poll
 * @poll: for how long its queues poll
 *
 * The threads of all its queues change the counts.
 */
struct blkback_guest {
	struct list_head node;
	domid_t domid;
	unsigned int users;
	atomic_long_t named;
	atomic_long_t kept;
	atomic_long_t copies;
	atomic_long_t bytes;
	spinlock_t poll_lock;	/* of @poll */
	struct blkback_poll_quota poll;
};

/**
 * blkback_guest_take() - count what is going to be used
 * @count: one of the counts of a guest
 * @nr: how much is taken
 * @limit: most of it; %LONG_MAX for what a queue needs to proceed at all
 *
 * Return: true if that is within the limit; it is counted then.
 */
static inline bool blkback_guest_take(atomic_long_t *count, long nr, long limit)
{
	if (atomic_long_add_return(nr, count) <= limit || limit == LONG_MAX)
		return true;
	atomic_long_sub(nr, count);
	return false;
}

/**
 * blkback_guest_give() - what blkback_guest_take() has counted is not used any
 *			  more
 * @count: the same count
 * @nr: how much is given back
 */
static inline void blkback_guest_give(atomic_long_t *count, long nr)
{
	atomic_long_sub(nr, count);
}

struct blkback_guest *blkback_guest_get(domid_t domid);
void blkback_guest_put(struct blkback_guest *guest);
bool blkback_guest_take_copy(struct blkback_guest *guest);
void blkback_guest_give_copies(struct blkback_guest *guest, unsigned int nr);
bool blkback_guest_take_bytes(struct blkback_guest *guest, size_t size);
bool blkback_guest_take_spare(struct blkback_guest *guest, long nr);
bool blkback_guest_take_named(struct blkback_guest *guest, long nr, bool must);
void blkback_guest_give_named(struct blkback_guest *guest, long nr);
bool blkback_guest_take_kept(struct blkback_guest *guest);
void blkback_guest_give_kept(struct blkback_guest *guest, long nr);
bool blkback_guest_crowded(void);
u32 blkback_guest_take_poll(struct blkback_guest *guest, u64 now);

#endif /* _XEN_BLKBACK_GUEST_H */
