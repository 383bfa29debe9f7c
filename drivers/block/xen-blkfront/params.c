// SPDX-License-Identifier: GPL-2.0
/*
 * Module parameters.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>

#include "../xen-blkif/disable.h"
#include "blkfront.h"

/*
 * A ring of 4 pages has 128 slots of the existing format.  A larger one costs
 * half a KiB for each slot here, and some backends take 40 KiB for each.
 */
struct blkfront_params blkfront_params __read_mostly = {
	.max_segs = 256,
	.max_queues = 4,
	.max_order = BLKFRONT_DEFAULT_ORDER,
	.align = 64,
	.max_entries = BLKIF_MAX_ENTRIES,
	.max_pool_pages = SZ_8M >> PAGE_SHIFT,
	.poll_us = 2,
	.max_coalesced = 16,
	.trusted = true,
	.persistent = true,
};

module_param_named(max_indirect_segments, blkfront_params.max_segs, uint,
		   0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Maximum number of 4 KiB segments in a request of the existing format (default 256)");

module_param_named(max_queues, blkfront_params.max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues,
		 "Maximum number of queues of a disk, at most one for each CPU (default 4)");

module_param_named(poll_queues, blkfront_params.poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues,
		 "Maximum number of additional queues for polled I/O (default 0)");

module_param_named(max_ring_page_order, blkfront_params.max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Maximum number of pages of a ring, as a power of two (default 2, up to 4); up to 2, no more than 128 requests of a disk need");

module_param_named(ring_alignment, blkfront_params.align, uint, 0644);
MODULE_PARM_DESC(ring_alignment,
		 "Cache line size that separate rings are laid out for, 64 or 128 (default 64)");

module_param_named(max_slim_indirect_entries, blkfront_params.max_entries,
		   uint, 0644);
MODULE_PARM_DESC(max_slim_indirect_entries,
		 "Maximum number of 4 KiB segments in a slim request (default 1024)");

module_param_named(trusted, blkfront_params.trusted, bool, 0644);
MODULE_PARM_DESC(trusted,
		 "Backends may access the whole of a page that holds data of a request (default Y)");

module_param_named(feature_persistent, blkfront_params.persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent,
		 "Use persistent grants if the backend offers them (default Y)");

module_param_named(detach_in_use, blkfront_params.detach_in_use, bool, 0644);
MODULE_PARM_DESC(detach_in_use,
		 "Detach disks although they are in use, which fails their I/O (default N)");

module_param_named(max_pool_pages, blkfront_params.max_pool_pages, uint, 0644);
MODULE_PARM_DESC(max_pool_pages,
		 "Maximum number of pages that a queue has for copies of data, at least 1 (default 8 MiB)");

static int blkfront_spare_set(const char *val, const struct kernel_param *kp)
{
	int err = param_set_uint(val, kp);

	if (!err)
		blkfront_grants_update();
	return err;
}

static const struct kernel_param_ops blkfront_spare_ops = {
	.set = blkfront_spare_set,
	.get = param_get_uint,
};
module_param_cb(spare_grants, &blkfront_spare_ops,
		&blkfront_params.spare_grants, 0644);
MODULE_PARM_DESC(spare_grants,
		 "Number of grants that are left to other devices of the guest (default 0: an eighth of all)");

module_param_named(poll_us, blkfront_params.poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "Maximum time in microseconds that an interrupt polls for more responses, 0 to 50 (default 2)");

module_param_named(max_coalesced_responses, blkfront_params.max_coalesced,
		   uint, 0644);
MODULE_PARM_DESC(max_coalesced_responses,
		 "Maximum number of responses for each notification (default 16)");

static const struct kernel_param_ops blkfront_disable_ops = {
	.set = blkif_disable_set,
	.get = blkif_disable_get,
};
module_param_cb(disable, &blkfront_disable_ops, &blkfront_params.disable,
		0644);
MODULE_PARM_DESC(disable,
		 "Features not to use, separated by commas: " BLKIF_FEATURE_NAMES);

/**
 * blkfront_params_check() - bound the parameters that cannot be set later
 */
void __init blkfront_params_check(void)
{
	struct blkfront_params *params = &blkfront_params;

	params->max_segs = max_t(unsigned int, params->max_segs,
				 BLKIF_MAX_INLINE);
	params->max_queues = clamp_t(unsigned int, params->max_queues, 1,
				     num_online_cpus());
	params->poll_queues = min_t(unsigned int, params->poll_queues,
				    num_online_cpus());
	params->max_order = min_t(unsigned int, params->max_order,
				  BLKIF_MAX_RING_ORDER);
}
