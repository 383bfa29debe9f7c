/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block frontend: counters.  Each half of a ring has its own, so that the
 * two halves write to different cache lines.
 */

#ifndef _XEN_BLKFRONT_STATS_H
#define _XEN_BLKFRONT_STATS_H

#include <linux/types.h>

struct blkfront_info;
struct blkfront_ring;

/* What the request half counts; under ring->lock. */
struct blkfront_req_counters {
#define BLKFRONT_REQ_COUNTER(name)	u64 name
#define BLKFRONT_RSP_COUNTER(name)
#include "counters.h"
};

/* What the response half counts; under ring->rsp_lock. */
struct blkfront_rsp_counters {
#define BLKFRONT_REQ_COUNTER(name)
#define BLKFRONT_RSP_COUNTER(name)	u64 name
#include "counters.h"
};

/**
 * struct blkfront_counters - the sum over all rings that a disk has had
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

#endif /* _XEN_BLKFRONT_STATS_H */
