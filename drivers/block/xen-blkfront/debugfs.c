// SPDX-License-Identifier: GPL-2.0
/*
 * Sums of counters, and the file that shows them:
 * /sys/kernel/debug/xen-blkfront/<device>/counters.  The file grants beside
 * the devices is about all of them.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "blkfront.h"

static struct dentry *blkfront_debugfs_root;

static void blkfront_u64s_add(void *sum, const void *counters, size_t size)
{
	const u64 *from = counters;
	u64 *to = sum;

	for (; size; size -= sizeof(u64))
		*to++ += READ_ONCE(*from++);
}

/**
 * blkfront_counters_add() - add what a ring counted to a sum
 * @sum: the sum
 * @ring: the ring, which may be in use
 */
void blkfront_counters_add(struct blkfront_counters *sum,
			   const struct blkfront_ring *ring)
{
	blkfront_u64s_add(&sum->req, &ring->req_counters, sizeof(sum->req));
	blkfront_u64s_add(&sum->rsp, &ring->rsp_counters, sizeof(sum->rsp));
}

/**
 * blkfront_counters_read() - sum up what all rings of a disk counted
 * @info: the disk
 * @sum: set to the sum, which includes rings of earlier connections
 *
 * Context: process context; takes info->brief.
 */
void blkfront_counters_read(struct blkfront_info *info,
			    struct blkfront_counters *sum)
{
	unsigned int i;

	mutex_lock(&info->brief);
	*sum = info->counters;
	for (i = 0; i < info->nr_rings; i++)
		blkfront_counters_add(sum, &info->rings[i]);
	mutex_unlock(&info->brief);
}

/* Pages of a disk; those that are held are a part of those that are free. */
static void blkfront_pages_show(struct seq_file *file,
				struct blkfront_info *info)
{
	unsigned int i, pages = 0, nr_free = 0, held = 0;
	struct blkfront_pool *pool;

	mutex_lock(&info->brief);
	for (i = 0; i < info->nr_rings; i++) {
		blkfront_for_each_pool(pool, &info->rings[i]) {
			pages += READ_ONCE(pool->nr);
			nr_free += blkfront_pool_nr_free(pool);
			held += READ_ONCE(pool->held);
		}
	}
	mutex_unlock(&info->brief);
	seq_printf(file, "pages %u\npages_free %u\npages_held %u\n", pages,
		   nr_free, held);
}

/* The most bytes that an interrupt handler of the present rings has copied. */
static unsigned int blkfront_irq_copied_max(struct blkfront_info *info)
{
	unsigned int i, bytes = 0;

	mutex_lock(&info->brief);
	for (i = 0; i < info->nr_rings; i++)
		bytes = max(bytes, READ_ONCE(info->rings[i].irq_copied_max));
	mutex_unlock(&info->brief);
	return bytes;
}

static int blkfront_counters_show(struct seq_file *file, void *unused)
{
	struct blkfront_info *info = file->private;
	struct blkfront_counters sum;

	blkfront_counters_read(info, &sum);
#define BLKFRONT_REQ_COUNTER(name) \
	seq_printf(file, "%s %llu\n", #name, sum.req.name)
#define BLKFRONT_RSP_COUNTER(name) \
	seq_printf(file, "%s %llu\n", #name, sum.rsp.name)
#include "counters.h"
	seq_printf(file, "polled_queues %u\n",
		   READ_ONCE(info->agreed.nr_polled));
	seq_printf(file, "irq_copied_max %u\n", blkfront_irq_copied_max(info));
	blkfront_pages_show(file, info);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blkfront_counters);

/* What all disks of the guest use; a share of 0 means that grants suffice. */
static int blkfront_grants_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "used %lld\nlimit %u\nshare %u\n",
		   percpu_counter_sum_positive(&blkfront_grants),
		   blkfront_grants_limit(),
		   blkfront_is_short() ? READ_ONCE(blkfront_share) : 0);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blkfront_grants);

/**
 * blkfront_debugfs_add() - make the files of a disk
 * @info: the disk
 *
 * The disk also works without them.
 */
void blkfront_debugfs_add(struct blkfront_info *info)
{
	info->debugfs = debugfs_create_dir(dev_name(&info->xbdev->dev),
					   blkfront_debugfs_root);
	debugfs_create_file("counters", 0444, info->debugfs, info,
			    &blkfront_counters_fops);
}

/**
 * blkfront_debugfs_remove() - remove the files of a disk
 * @info: the disk
 *
 * Context: process context without info->brief; waits for readers, which take
 * it.
 */
void blkfront_debugfs_remove(struct blkfront_info *info)
{
	debugfs_remove_recursive(info->debugfs);
}

/**
 * blkfront_debugfs_init() - make the directory of all disks
 */
void __init blkfront_debugfs_init(void)
{
	blkfront_debugfs_root = debugfs_create_dir("xen-blkfront", NULL);
	debugfs_create_file("grants", 0444, blkfront_debugfs_root, NULL,
			    &blkfront_grants_fops);
}

/**
 * blkfront_debugfs_exit() - remove the directory of all disks
 *
 * Also called when the module could not be initialised, so not __exit.
 */
void blkfront_debugfs_exit(void)
{
	debugfs_remove_recursive(blkfront_debugfs_root);
}
