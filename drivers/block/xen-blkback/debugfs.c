// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: all counters, in xen-blkback/<device>/ of debugfs; what is
 * drained, in xen-blkback/draining.  For tests, xen-blkback/ also has after how
 * long a queue is at rest, and how many pages all guests may have mapped.
 *
 * Without CONFIG_DEBUG_FS the calls below do nothing.
 */

#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "life.h"
#include "rest.h"

static struct dentry *blkback_debugfs_root;

/* To be freed by the caller. */
static struct blkback_stats *blkback_debugfs_read(struct seq_file *m)
{
	struct blkback_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);

	if (stats)
		blkback_stats_read(m->private, stats);
	return stats;
}

/* The counter at an offset of struct blkback_stats. */
static void blkback_show_count(struct seq_file *m, const char *name,
			       const void *stats, size_t offset)
{
	seq_printf(m, "%s %llu\n", name, *(u64 *)(stats + offset));
}

static void blkback_show_time(struct seq_file *m, const char *name,
			      const void *stats, size_t offset)
{
	seq_printf(m, "%s_us %llu\n", name,
		   div_u64(*(u64 *)(stats + offset), NSEC_PER_USEC));
}

static int blkback_counters_show(struct seq_file *m, void *unused)
{
	struct blkback_stats *stats = blkback_debugfs_read(m);

	if (!stats)
		return -ENOMEM;
#define BLKBACK_COUNTER(name)						\
	blkback_show_count(m, #name, stats,				\
			   offsetof(struct blkback_stats, name))
#define BLKBACK_TIME(name)						\
	blkback_show_time(m, #name, stats,				\
			  offsetof(struct blkback_stats, name##_ns))
#define BLKBACK_ERROR(name)						\
	blkback_show_count(m, #name, stats,				\
			   offsetof(struct blkback_stats, error.name))
#include "counters.h"
	/* Not counters: they go up and down. */
	seq_printf(m, "in_flight %u\n", blkback_stats_in_flight(m->private));
	seq_printf(m, "active_queues %u\n", blkback_stats_active(m->private));
	kfree(stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blkback_counters);

static void blkback_show_hist(struct seq_file *m, const char *name,
			      const struct blkback_hist *hist)
{
	unsigned int i;

	seq_puts(m, name);
	for (i = 0; i < ARRAY_SIZE(hist->bucket); i++)
		seq_printf(m, " %llu", hist->bucket[i]);
	seq_putc(m, '\n');
}

static int blkback_latency_show(struct seq_file *m, void *unused)
{
	struct blkback_stats *stats = blkback_debugfs_read(m);

	if (!stats)
		return -ENOMEM;
	blkback_show_hist(m, "rd_hist", &stats->rd_lat);
	blkback_show_hist(m, "wr_hist", &stats->wr_lat);
	blkback_show_hist(m, "f_hist", &stats->f_lat);
	blkback_show_hist(m, "ds_hist", &stats->ds_lat);
	kfree(stats);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blkback_latency);

/**
 * blkback_debugfs_add() - create the files of a device
 * @blkback: the device
 *
 * Context: process context.
 */
void blkback_debugfs_add(struct blkback *blkback)
{
	struct dentry *dir;

	dir = debugfs_create_dir(dev_name(&blkback->dev->dev),
				 blkback_debugfs_root);
	blkback->debugfs = dir;
	debugfs_create_file("counters", 0444, dir, blkback,
			    &blkback_counters_fops);
	debugfs_create_file("latency", 0444, dir, blkback,
			    &blkback_latency_fops);
}

/**
 * blkback_debugfs_remove() - remove the files of a device, if there are any
 * @blkback: the device
 *
 * Context: process context.  Waits for readers, which take blkback.lock, so the
 * caller must not hold it.
 */
void blkback_debugfs_remove(struct blkback *blkback)
{
	debugfs_remove(blkback->debugfs);
	blkback->debugfs = NULL;
}

/* What is drained may be of a device that is gone. */
static int blkback_draining_show(struct seq_file *m, void *unused)
{
	blkback_drain_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blkback_draining);

/**
 * blkback_debugfs_init() - create the directory for all devices
 */
void blkback_debugfs_init(void)
{
	blkback_debugfs_root = debugfs_create_dir("xen-blkback", NULL);
	debugfs_create_file("draining", 0444, blkback_debugfs_root, NULL,
			    &blkback_draining_fops);
	debugfs_create_u32("rest_ms", 0644, blkback_debugfs_root,
			   &blkback_rest_ms);
	debugfs_create_u32("max_all_mapped", 0644, blkback_debugfs_root,
			   &blkback_max_all_mapped);
}

/**
 * blkback_debugfs_exit() - remove the directory; no device is left
 */
void blkback_debugfs_exit(void)
{
	debugfs_remove(blkback_debugfs_root);
}
