/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is done when a ring has no more responses: wait a moment, then say of
 * which one to be notified.
 */

#ifndef _XEN_BLKFRONT_EVENT_H
#define _XEN_BLKFRONT_EVENT_H

#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include "wire.h"

static unsigned int blkfront_poll_us = 2;
module_param_named(poll_us, blkfront_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "Longest time in us that an interrupt waits for more responses, up to 50, 0 for none (default 2)");

static unsigned int blkfront_coalesce = 16;
module_param_named(max_coalesced_responses, blkfront_coalesce, uint, 0644);
MODULE_PARM_DESC(max_coalesced_responses,
		 "Most responses that one event is asked for, 1 for an event each (default 16)");

#define BLKFRONT_POLL_MAX_US	50U

/* With fewer requests in flight, each response has an event. */
#define BLKFRONT_COALESCE_FROM	8

/*
 * How many more responses to be notified of.  If no more come soon, the backend
 * does not wait for as many, so that nobody waits for the slowest of them.
 */
static inline u32 blkfront_ahead(u32 in_flight)
{
	if (in_flight < BLKFRONT_COALESCE_FROM)
		return 1;
	return clamp(READ_ONCE(blkfront_coalesce), 1U, in_flight / 2);
}

/* Look for responses for a while, until @end at the most; it is set if 0. */
static inline bool blkfront_await(struct blkfront_ring *ring, u64 *end)
{
	u32 us = min(READ_ONCE(blkfront_poll_us), BLKFRONT_POLL_MAX_US);
	u64 now;

	if (!us || !blkif_backoff_try(&ring->poll))
		return false;
	now = ktime_get_ns();
	if (!*end)
		*end = now + us * NSEC_PER_USEC;
	for (; now < *end; now = ktime_get_ns()) {
		cpu_relax();
		if (blkfront_wire_pending(ring))
			return blkif_backoff_learn(&ring->poll, true);
	}
	return blkif_backoff_learn(&ring->poll, false);
}

/* The ring is empty.  0 if the next event is asked for, 1 if it is not. */
static inline int blkfront_rest(struct blkfront_ring *ring, u64 *end)
{
	/* The one look at the other half's line, once for each burst. */
	u32 in_flight = READ_ONCE(ring->requests) - ring->responses;
	int ret;

	if (ring->polled)
		return 0;
	if (in_flight && blkfront_await(ring, end))
		return 1;
	ret = blkfront_wire_arm(ring, blkfront_ahead(in_flight));
	/* The backend may have seen what was asked, and notify of it too. */
	ring->overtaken |= ret > 0;
	return ret;
}

#endif /* _XEN_BLKFRONT_EVENT_H */
