// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: parameters, start and end of the module.
 */

#include <linux/module.h>
#include <xen/xen.h>
#include "blkback.h"

unsigned int blkback_max_buffer_pages = 1024;
module_param_named(max_buffer_pages, blkback_max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages,
		 "Maximum number of free pages to keep for each queue");

/* 256 MiB; a guest may name one page in all of its requests. */
unsigned int blkback_max_mapped = 65536;
module_param_named(max_mapped_pages, blkback_max_mapped, uint, 0644);
MODULE_PARM_DESC(max_mapped_pages,
		 "Maximum number of pages that requests in flight may name, for each device");

/* What a frontend of ours goes round with 8 MiB in flight, and some room. */
unsigned int blkback_max_pgrants = 2112;
module_param_named(max_persistent_grants, blkback_max_pgrants, uint, 0644);
MODULE_PARM_DESC(max_persistent_grants,
		 "Maximum number of grants to keep mapped for each device");

unsigned int blkback_pgrant_timeout = 60;
module_param_named(persistent_grant_unused_seconds, blkback_pgrant_timeout,
		   uint, 0644);
MODULE_PARM_DESC(persistent_grant_unused_seconds,
		 "Time after which an unused persistent grant is unmapped, 0 for never");

unsigned int blkback_max_queues;
module_param_named(max_queues, blkback_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Maximum number of queues for each device, 0 when loading for the number of CPUs");

unsigned int blkback_max_ring_order = BLKIF_MAX_RING_ORDER;
module_param_named(max_ring_page_order, blkback_max_ring_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Maximum order of pages to be used for a ring");

unsigned int blkback_squeeze_ms = 10;
module_param_named(buffer_squeeze_duration_ms, blkback_squeeze_ms, uint, 0644);
MODULE_PARM_DESC(buffer_squeeze_duration_ms,
		 "Time in ms to keep no free pages and no idle persistent grants when memory is short");

/* 64 KiB: larger ones are better mapped, by page table and TLB together. */
unsigned int blkback_max_copied = 16;
module_param_named(max_copied_segments, blkback_max_copied, uint, 0644);
MODULE_PARM_DESC(max_copied_segments,
		 "Most segments of a request that is copied and not mapped, unless grants are persistent; up to 128, 0 for none");

unsigned int blkback_poll_us = 50;
module_param_named(poll_us, blkback_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "Longest time in us to look for requests before sleeping, 0 for never; eight times that now and then");

unsigned int blkback_coalesce_us = 20;
module_param_named(coalesce_us, blkback_coalesce_us, uint, 0644);
MODULE_PARM_DESC(coalesce_us,
		 "Longest time in us that a response waits for others, 0 for not at all");

bool blkback_persistent = true;
module_param_named(feature_persistent, blkback_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Offer persistent grants");

bool blkback_slim = true;
module_param_named(feature_slim_requests, blkback_slim, bool, 0644);
MODULE_PARM_DESC(feature_slim_requests, "Offer 32-byte requests");

bool blkback_separate = true;
module_param_named(feature_separate_rings, blkback_separate, bool, 0644);
MODULE_PARM_DESC(feature_separate_rings,
		 "Offer separate request and response rings");

unsigned int blkback_max_align = 128;
module_param_named(max_ring_alignment, blkback_max_align, uint, 0644);
MODULE_PARM_DESC(max_ring_alignment,
		 "Largest line size of separate rings, 64 or 128");

unsigned int blkback_max_segs = BLKBACK_MAX_SEGS;
module_param_named(max_indirect_segments, blkback_max_segs, uint, 0644);
MODULE_PARM_DESC(max_indirect_segments,
		 "Most segments of an indirect request that is not slim, up to 256, 0 for none such");

unsigned int blkback_max_entries = BLKIF_MAX_ENTRIES;
module_param_named(max_slim_indirect_entries, blkback_max_entries, uint, 0644);
MODULE_PARM_DESC(max_slim_indirect_entries,
		 "Most entries of a slim indirect request, up to 1024");

bool blkback_fua = true;
module_param_named(feature_fua, blkback_fua, bool, 0644);
MODULE_PARM_DESC(feature_fua, "Offer writes that are durable when answered");

bool blkback_discard = true;
module_param_named(feature_discard, blkback_discard, bool, 0644);
MODULE_PARM_DESC(feature_discard, "Offer to discard, where the disk can");

bool blkback_secure = true;
module_param_named(discard_secure, blkback_secure, bool, 0644);
MODULE_PARM_DESC(discard_secure, "Offer to erase, where the disk can");

bool blkback_zeroes = true;
module_param_named(feature_write_zeroes, blkback_zeroes, bool, 0644);
MODULE_PARM_DESC(feature_write_zeroes, "Offer to zero, where the disk can");

unsigned int blkback_max_ranges = BLKIF_SLIM_MAX_RANGES;
module_param_named(max_discard_ranges, blkback_max_ranges, uint, 0644);
MODULE_PARM_DESC(max_discard_ranges,
		 "Most ranges of a slim discard, up to 256");

bool blkback_integrity = true;
module_param_named(feature_integrity, blkback_integrity, bool, 0644);
MODULE_PARM_DESC(feature_integrity,
		 "Offer protection information, where the disk keeps it");

unsigned int blkback_log_stats;
module_param_named(log_stats, blkback_log_stats, uint, 0644);
MODULE_PARM_DESC(log_stats, "Log the statistics of every queue each 10 s");

/* On: it costs no more than one reading of the clock for many requests. */
bool blkback_latency = true;
module_param_named(latency_stats, blkback_latency, bool, 0644);
MODULE_PARM_DESC(latency_stats,
		 "Measure the latencies of requests and for how long rings are full");

/* Teardowns; flushed at exit, so that no connection outlives the module. */
struct workqueue_struct *blkback_wq;
/* Chores do not wait behind teardowns, each of which waits for a disk. */
struct workqueue_struct *blkback_chore_wq;
/* Steps of discards and zeroes; memory may depend on their end. */
struct workqueue_struct *blkback_range_wq;
struct kmem_cache *blkback_req_cache;

/* In this order: the teardowns wait for the steps and leave chores. */
static void blkback_destroy_wqs(void)
{
	if (blkback_wq)
		destroy_workqueue(blkback_wq);
	if (blkback_range_wq)
		destroy_workqueue(blkback_range_wq);
	if (blkback_chore_wq)
		destroy_workqueue(blkback_chore_wq);
}

/* The work of many devices of many guests, each of which is bounded. */
static int __init blkback_init_wqs(void)
{
	blkback_wq = alloc_workqueue("xen-blkback", WQ_UNBOUND, WQ_MAX_ACTIVE);
	blkback_chore_wq = alloc_workqueue("xen-blkback-chores", WQ_UNBOUND, 0);
	blkback_range_wq = alloc_workqueue("xen-blkback-range",
					   WQ_UNBOUND | WQ_MEM_RECLAIM,
					   WQ_MAX_ACTIVE);
	if (blkback_wq && blkback_chore_wq && blkback_range_wq)
		return 0;
	blkback_destroy_wqs();
	return -ENOMEM;
}

static int __init blkback_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	if (blkback_max_ring_order > BLKIF_MAX_RING_ORDER) {
		pr_info("max_ring_page_order %u is too large, using %u\n",
			blkback_max_ring_order, BLKIF_MAX_RING_ORDER);
		blkback_max_ring_order = BLKIF_MAX_RING_ORDER;
	}
	if (!blkback_max_queues)
		blkback_max_queues = num_online_cpus();

	blkback_req_cache = KMEM_CACHE(blkback_req, 0);
	if (!blkback_req_cache)
		return -ENOMEM;
	err = blkback_init_wqs();
	if (err)
		goto destroy_cache;
	err = blkback_xenbus_init();
	if (err)
		goto destroy_wqs;
	return 0;

destroy_wqs:
	blkback_destroy_wqs();
destroy_cache:
	kmem_cache_destroy(blkback_req_cache);
	return err;
}

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	blkback_destroy_wqs();
	kmem_cache_destroy(blkback_req_cache);
}

module_init(blkback_init);
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen virtual block device backend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
