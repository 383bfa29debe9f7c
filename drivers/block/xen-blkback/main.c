// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: parameters, and what all devices share.
 */

#define pr_fmt(fmt) "xen-blkback: " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <xen/xen.h>
#include "../xen-blkif/disable.h"
#include "life.h"

unsigned int blkback_max_buffer_pages = 1024;
module_param_named(max_buffer_pages, blkback_max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages,
		 "Maximum number of free pages to keep for each queue");

/*
 * 256 MiB; a page that is named several times counts several times.  Where pages
 * to map to are taken out of dom0's memory, there are fewer of them.
 */
unsigned int blkback_max_mapped = BLKBACK_MAX_MAPPED;
module_param_named(max_mapped_pages, blkback_max_mapped, uint, 0644);
MODULE_PARM_DESC(max_mapped_pages,
		 "Maximum number of pages that the requests in flight of a device may name; twice as many for all devices of a guest");

/* The pages that our frontend uses for 8 MiB in flight, and some more. */
unsigned int blkback_max_pgrants = 2112;
module_param_named(max_persistent_grants, blkback_max_pgrants, uint, 0644);
MODULE_PARM_DESC(max_persistent_grants,
		 "Maximum number of grants to keep mapped for each device");

/* A frontend can use, or free, a page of its own only when it is unmapped. */
unsigned int blkback_pgrant_timeout = 10;
module_param_named(persistent_grant_unused_seconds, blkback_pgrant_timeout,
		   uint, 0644);
MODULE_PARM_DESC(persistent_grant_unused_seconds,
		 "Time in seconds after which an unused persistent grant is unmapped, 0 for never");

unsigned int blkback_max_queues;
module_param_named(max_queues, blkback_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Maximum number of queues of each device, 0 for the number of CPUs when the module is loaded");

unsigned int blkback_max_ring_order = BLKIF_MAX_RING_ORDER;
module_param_named(max_ring_page_order, blkback_max_ring_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Maximum order of pages to be used for a ring, up to 4");

unsigned int blkback_squeeze_ms = 10;
module_param_named(buffer_squeeze_duration_ms, blkback_squeeze_ms, uint, 0644);
MODULE_PARM_DESC(buffer_squeeze_duration_ms,
		 "Time in ms to keep no free pages and no idle persistent grants after dom0 ran short of memory");

/* 64 KiB: mapping a larger request costs less than copying it. */
unsigned int blkback_max_copied = 16;
module_param_named(max_copied_segments, blkback_max_copied, uint, 0644);
MODULE_PARM_DESC(max_copied_segments,
		 "Maximum number of segments of a request that is copied instead of mapped, if grants are not persistent; up to 128, 0 to copy none");

/* 8 MiB: 128 requests of the largest size that is copied. */
unsigned int blkback_max_copies = 2048;
module_param_named(max_copied_pages, blkback_max_copies, uint, 0644);
MODULE_PARM_DESC(max_copied_pages,
		 "Maximum number of dom0's pages that data of a guest is copied to; what exceeds them is mapped");

/* 20000 requests without indirect pages, or 300 of 4 MiB. */
unsigned int blkback_max_kib = 16384;
module_param_named(max_request_kib, blkback_max_kib, uint, 0644);
MODULE_PARM_DESC(max_request_kib,
		 "Maximum memory in KiB that the requests of a guest take in dom0, without their data");

unsigned int blkback_poll_us = 50;
module_param_named(poll_us, blkback_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "Maximum time in us to poll for requests before sleeping, 0 to never poll; sometimes eight times as long");

unsigned int blkback_poll_share = 100;
module_param_named(poll_share, blkback_poll_share, uint, 0644);
MODULE_PARM_DESC(poll_share,
		 "Maximum time to poll for a guest, over all of its devices, in percent of a CPU");

unsigned int blkback_coalesce_us = 20;
module_param_named(coalesce_us, blkback_coalesce_us, uint, 0644);
MODULE_PARM_DESC(coalesce_us,
		 "Maximum time in us that a response waits for others before the frontend is notified, 0 to not wait");

bool blkback_persistent = true;
module_param_named(feature_persistent, blkback_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Offer persistent grants");

unsigned int blkback_max_segs = BLKBACK_MAX_SEGS;
module_param_named(max_indirect_segments, blkback_max_segs, uint, 0644);
MODULE_PARM_DESC(max_indirect_segments,
		 "Maximum number of segments of an indirect request that is not a slim request; up to 256, 0 for no such requests");

unsigned int blkback_max_entries = BLKIF_MAX_ENTRIES;
module_param_named(max_slim_indirect_entries, blkback_max_entries, uint, 0644);
MODULE_PARM_DESC(max_slim_indirect_entries,
		 "Maximum number of entries of an indirect slim request, up to 1024");

unsigned int blkback_log_stats;
module_param_named(log_stats, blkback_log_stats, uint, 0644);
MODULE_PARM_DESC(log_stats,
		 "Log the statistics of each queue every 10 s if not 0");

/* Devices read it when they make an offer. */
struct blkif_disable blkback_disable;

static const struct kernel_param_ops blkback_disable_ops = {
	.set = blkif_disable_set,
	.get = blkif_disable_get,
};

module_param_cb(disable, &blkback_disable_ops, &blkback_disable, 0644);
MODULE_PARM_DESC(disable,
		 "Features not to offer, separated by commas: " BLKIF_FEATURE_NAMES);

/* Teardowns of connections whose threads have ended. */
struct workqueue_struct *blkback_teardown_wq;
/* Work items of devices, which may wait for teardowns. */
struct workqueue_struct *blkback_update_wq;
/* Steps of discards and zeroes; memory may depend on their end. */
struct workqueue_struct *blkback_range_wq;
/* Opening and closing disks, whose drivers may wait for anything. */
struct workqueue_struct *blkback_disk_wq;
/* Starting and reaping threads, which takes memory. */
struct workqueue_struct *blkback_start_wq;
struct kmem_cache *blkback_req_cache;

/* No device and no connection is left, but the last work item may not be over. */
static void blkback_destroy_wqs(void)
{
	if (blkback_start_wq)
		destroy_workqueue(blkback_start_wq);
	if (blkback_teardown_wq)
		destroy_workqueue(blkback_teardown_wq);
	if (blkback_range_wq)
		destroy_workqueue(blkback_range_wq);
	if (blkback_update_wq)
		destroy_workqueue(blkback_update_wq);
	if (blkback_disk_wq)
		destroy_workqueue(blkback_disk_wq);
}

/* Threads are made one after another anyway. */
#define BLKBACK_STARTS		16

/*
 * They serve all devices of all guests; each device has a limited share.  The
 * memory of this domain may depend on all but the last two, and that of a guest
 * on the last one, too, which waits for memory of this domain: see rest.c.
 * Threads are frozen during suspend, so none is started meanwhile.
 */
static int __init blkback_init_wqs(void)
{
	blkback_teardown_wq = alloc_workqueue("xen-blkback-teardown",
					      WQ_UNBOUND | WQ_MEM_RECLAIM,
					      WQ_MAX_ACTIVE);
	blkback_update_wq = alloc_workqueue("xen-blkback-update",
					    WQ_UNBOUND | WQ_MEM_RECLAIM,
					    WQ_MAX_ACTIVE);
	blkback_range_wq = alloc_workqueue("xen-blkback-range",
					   WQ_UNBOUND | WQ_MEM_RECLAIM,
					   WQ_MAX_ACTIVE);
	blkback_disk_wq = alloc_workqueue("xen-blkback-disk", WQ_UNBOUND,
					  WQ_MAX_ACTIVE);
	blkback_start_wq = alloc_workqueue("xen-blkback-start",
					   WQ_UNBOUND | WQ_FREEZABLE,
					   BLKBACK_STARTS);
	if (blkback_teardown_wq && blkback_update_wq && blkback_range_wq &&
	    blkback_disk_wq && blkback_start_wq)
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
	blkback_debugfs_init();
	err = blkback_xenbus_init();
	if (err)
		goto exit_debugfs;
	return 0;

exit_debugfs:
	blkback_debugfs_exit();
	blkback_destroy_wqs();
destroy_cache:
	kmem_cache_destroy(blkback_req_cache);
	return err;
}

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	blkback_destroy_wqs();
	blkback_debugfs_exit();
	kmem_cache_destroy(blkback_req_cache);
}

module_init(blkback_init);
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen virtual block device backend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
