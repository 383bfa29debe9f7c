/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the frontend counts.  Each half of a ring has counters of its own, so
 * that the two halves write to different cache lines.  The names are those of
 * the file "counters" in debugfs: see counters.c.  Latencies are left to the
 * block layer, whose iostat has them.
 */

#ifndef _XEN_BLKFRONT_COUNTERS_H
#define _XEN_BLKFRONT_COUNTERS_H

#include <linux/types.h>

struct blkfront_info;
struct blkfront_ring;

/**
 * struct blkfront_req_counters - the request half; under ring->lock
 * @requests: requests written to the ring
 * @notifications: notifications sent
 * @copied: bytes of data that are copied
 * @full: requests that took the last free slot
 * @slot_waits: times a request had to wait for a slot, though it had a tag
 * @pool_waits: times a request had to wait for pages of ours
 * @grant_waits: times a request had to wait for grants
 * @resubmitted: requests whose bios were submitted again
 * @unsent: requests that failed without being sent
 */
struct blkfront_req_counters {
	u64 requests;
	u64 notifications;
	u64 copied;
	u64 full;
	u64 slot_waits;
	u64 pool_waits;
	u64 grant_waits;
	u64 resubmitted;
	u64 unsent;
};

/**
 * struct blkfront_rsp_counters - the response half; under ring->rsp_lock
 * @responses: responses taken
 * @interrupts: interrupts handled
 * @lost_events: times the watchdog found responses without an event
 * @io: requests that the backend failed
 * @not_supported: requests that the backend or its disk does not support
 * @bad_response: times the backend violated the protocol
 */
struct blkfront_rsp_counters {
	u64 responses;
	u64 interrupts;
	u64 lost_events;
	u64 io;
	u64 not_supported;
	u64 bad_response;
};

/**
 * struct blkfront_counters - the sum over all rings a disk has had
 * @req: request half
 * @rsp: response half
 */
struct blkfront_counters {
	struct blkfront_req_counters req;
	struct blkfront_rsp_counters rsp;
};

void blkfront_counters_add(struct blkfront_counters *sum,
			   const struct blkfront_ring *ring);
void blkfront_counters_read(struct blkfront_info *info,
			    struct blkfront_counters *sum);

void blkfront_debugfs_init(void);
void blkfront_debugfs_exit(void);
void blkfront_debugfs_add(struct blkfront_info *info);
void blkfront_debugfs_remove(struct blkfront_info *info);

#endif /* _XEN_BLKFRONT_COUNTERS_H */
