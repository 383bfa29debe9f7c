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

/* 256 MiB; a guest may name the same page in all of its requests. */
unsigned int blkback_max_mapped = 65536;
module_param_named(max_mapped_pages, blkback_max_mapped, uint, 0644);
MODULE_PARM_DESC(max_mapped_pages,
		 "Maximum number of pages mapped at a time for each device, besides persistent grants");

/* What a frontend of ours cycles through with 8 MiB in flight, and its tables. */
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
		 "Maximum number of queues for each device, 0 for the number of CPUs");

unsigned int blkback_max_ring_order = BLKIF_MAX_RING_ORDER;
module_param_named(max_ring_page_order, blkback_max_ring_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Maximum order of pages to be used for a ring");

unsigned int blkback_squeeze_ms = 10;
module_param_named(buffer_squeeze_duration_ms, blkback_squeeze_ms, uint, 0644);
MODULE_PARM_DESC(buffer_squeeze_duration_ms,
		 "Time in ms to keep no free pages when memory is short");

unsigned int blkback_poll_us = 20;
module_param_named(poll_us, blkback_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "Longest time in us to look for requests before sleeping, 0 for never");

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

bool blkback_split = true;
module_param_named(feature_separate_rings, blkback_split, bool, 0644);
MODULE_PARM_DESC(feature_separate_rings,
		 "Offer separate request and response rings");

unsigned int blkback_max_align = 128;
module_param_named(max_ring_alignment, blkback_max_align, uint, 0644);
MODULE_PARM_DESC(max_ring_alignment,
		 "Largest line size of separate rings, 64 or 128");

unsigned int blkback_max_entries = BLKIF_MAX_ENTRIES;
module_param_named(max_slim_indirect_entries, blkback_max_entries, uint, 0644);
MODULE_PARM_DESC(max_slim_indirect_entries,
		 "Most entries of a slim indirect request, up to 1024");

unsigned int blkback_log_stats;
module_param_named(log_stats, blkback_log_stats, uint, 0644);
MODULE_PARM_DESC(log_stats, "Log the statistics of every queue each 10 s");

/* Teardowns; flushed at exit, so that no connection outlives the module. */
struct workqueue_struct *blkback_wq;
struct kmem_cache *blkback_req_cache;

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
	blkback_wq = alloc_workqueue("xen-blkback", WQ_UNBOUND, 0);
	if (!blkback_wq) {
		err = -ENOMEM;
		goto destroy_cache;
	}
	err = blkback_xenbus_init();
	if (err)
		goto destroy_wq;
	return 0;

destroy_wq:
	destroy_workqueue(blkback_wq);
destroy_cache:
	kmem_cache_destroy(blkback_req_cache);
	return err;
}

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	destroy_workqueue(blkback_wq);
	kmem_cache_destroy(blkback_req_cache);
}

module_init(blkback_init);
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen virtual block device backend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
