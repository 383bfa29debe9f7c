/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the frontend counts besides requests and responses.  Latencies are left
 * to the block layer, whose iostat has them.
 *
 * Each half of a ring counts in its own lines: see struct blkfront_ring.
 */

#ifndef _XEN_BLKFRONT_STATS_H
#define _XEN_BLKFRONT_STATS_H

#include "trace.h"
#include "wire.h"

/**
 * blkfront_unsent() - count a request that is not passed on
 * @ring: the ring it was for
 * @err: why: -ENOMEM and -ENOSPC, it waits for pages of ours or for grants;
 *       -EBUSY, for a slot; -ESTALE, it is made anew; -ENOENT, there is nothing
 *       to do; else it fails
 */
static inline void blkfront_unsent(struct blkfront_ring *ring, int err)
{
	trace_blkfront_unsent(ring, err);
	/* Several CPUs may submit to a ring. */
	spin_lock(&ring->lock);
	switch (err) {
	case -ENOMEM:
		ring->pool_waits++;
		break;
	case -ENOSPC:
		ring->grant_waits++;
		break;
	case -EBUSY:
		ring->slot_waits++;
		break;
	case -ESTALE:
		ring->remade++;
		break;
	case -ENOENT:
		break;
	default:
		ring->unsent++;
	}
	spin_unlock(&ring->lock);
}

/* Count an error that the backend answered with. */
static inline void blkfront_count_error(struct blkfront_ring *ring, s16 status)
{
	switch (status) {
	case BLKIF_RSP_EOPNOTSUPP:
		ring->not_supported++;
		break;
	default:
		ring->io++;
	}
}

/* Add what a ring did to a sum. */
static inline void blkfront_counts_add(struct blkfront_counts *sum,
				       const struct blkfront_ring *ring)
{
	sum->requests += READ_ONCE(ring->requests);
	sum->responses += READ_ONCE(ring->responses);
	sum->notifications += READ_ONCE(ring->notifications);
	sum->interrupts += READ_ONCE(ring->interrupts);
	sum->bounced += READ_ONCE(ring->bounced);
	sum->full += READ_ONCE(ring->full);
	sum->slot_waits += READ_ONCE(ring->slot_waits);
	sum->pool_waits += READ_ONCE(ring->pool_waits);
	sum->grant_waits += READ_ONCE(ring->grant_waits);
	sum->remade += READ_ONCE(ring->remade);
	sum->unsent += READ_ONCE(ring->unsent);
	sum->io += READ_ONCE(ring->io);
	sum->not_supported += READ_ONCE(ring->not_supported);
	sum->lost_events += READ_ONCE(ring->lost_events);
	sum->bad_response += READ_ONCE(ring->bad_response);
}

#endif /* _XEN_BLKFRONT_STATS_H */
