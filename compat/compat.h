/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels this builds for.
 *
 * The sources are written for the newest one; what older ones lack is made up
 * here, and this file is the only one that knows a version.  It is included
 * before everything else by Kbuild and is not part of the exported series.
 */

#ifndef _XENBLK_COMPAT_H
#define _XENBLK_COMPAT_H

#ifdef __KERNEL__
#ifndef __ASSEMBLY__

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0))
#error "xen-blkfront and xen-blkback build for Linux 6.1 and for 6.12 or newer"
#endif

#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/slab.h>

/* 6.5, 05bdb9965305: opening a block device no longer takes a fmode_t. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
typedef fmode_t blk_mode_t;

#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE

/*
 * 6.9, f3a608827d1f: an open block device is a struct file.  Before, callers
 * remembered the mode; here a struct file that nobody looks into does.
 */
struct compat_bdev_file {
	struct block_device *bdev;
	blk_mode_t mode;
};

static inline struct file *compat_bdev_file_open_by_dev(dev_t dev,
							blk_mode_t mode,
							void *holder)
{
	struct compat_bdev_file *file = kmalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->mode = mode;
	file->bdev = blkdev_get_by_dev(dev, mode, holder);
	if (IS_ERR(file->bdev)) {
		long err = PTR_ERR(file->bdev);

		kfree(file);
		return ERR_PTR(err);
	}
	return (struct file *)file;
}

static inline struct block_device *compat_file_bdev(struct file *bdev_file)
{
	return ((struct compat_bdev_file *)bdev_file)->bdev;
}

static inline void compat_bdev_fput(struct file *bdev_file)
{
	struct compat_bdev_file *file = (struct compat_bdev_file *)bdev_file;

	blkdev_put(file->bdev, file->mode);
	kfree(file);
}

#define bdev_file_open_by_dev(dev, mode, holder, hops) \
	compat_bdev_file_open_by_dev(dev, mode, holder)
#define file_bdev	compat_file_bdev
#define bdev_fput	compat_bdev_fput
#endif

/*
 * 6.9, 27e32cd23fed: limits are a value that is handed to blk_mq_alloc_disk();
 * 6.11, 1122c0c1cc71: the features of a queue are one of them.  Before, each
 * had a setter of its own.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define BLK_FEAT_WRITE_CACHE	(1U << 0)
#define BLK_FEAT_FUA		(1U << 1)
#define BLK_FEAT_ROTATIONAL	(1U << 2)

struct compat_queue_limits {
	unsigned int features;
	unsigned int logical_block_size;
	unsigned int physical_block_size;
	unsigned int max_hw_sectors;
	unsigned int max_user_sectors;
	unsigned int max_segments;
	unsigned int max_segment_size;
	unsigned int dma_alignment;
	unsigned long seg_boundary_mask;
};

static inline struct compat_queue_limits
compat_queue_limits_get(struct request_queue *q)
{
	struct compat_queue_limits lim = {
		.logical_block_size = q->limits.logical_block_size,
		.physical_block_size = q->limits.physical_block_size,
		.max_hw_sectors = q->limits.max_hw_sectors,
		.max_segments = q->limits.max_segments,
		.max_segment_size = q->limits.max_segment_size,
		.dma_alignment = queue_dma_alignment(q),
		.seg_boundary_mask = q->limits.seg_boundary_mask,
	};

	if (test_bit(QUEUE_FLAG_WC, &q->queue_flags))
		lim.features |= BLK_FEAT_WRITE_CACHE;
	if (test_bit(QUEUE_FLAG_FUA, &q->queue_flags))
		lim.features |= BLK_FEAT_FUA;
	if (!blk_queue_nonrot(q))
		lim.features |= BLK_FEAT_ROTATIONAL;
	return lim;
}

static inline int compat_queue_limits_set(struct request_queue *q,
					  struct compat_queue_limits *lim)
{
	blk_queue_logical_block_size(q, lim->logical_block_size);
	blk_queue_physical_block_size(q, lim->physical_block_size);
	blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	if (lim->max_user_sectors)
		q->limits.max_sectors = min(lim->max_user_sectors,
					    lim->max_hw_sectors);
	blk_queue_max_segments(q, lim->max_segments);
	blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	blk_queue_max_segment_size(q, lim->max_segment_size);
	blk_queue_dma_alignment(q, lim->dma_alignment);
	blk_queue_write_cache(q, lim->features & BLK_FEAT_WRITE_CACHE,
			      lim->features & BLK_FEAT_FUA);
	if (lim->features & BLK_FEAT_ROTATIONAL)
		blk_queue_flag_clear(QUEUE_FLAG_NONROT, q);
	else
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	return 0;
}

#define queue_limits			compat_queue_limits
#define queue_limits_start_update	compat_queue_limits_get
#define queue_limits_commit_update	compat_queue_limits_set

#undef blk_mq_alloc_disk
#define blk_mq_alloc_disk(set, lim, queuedata) ({			\
	static struct lock_class_key __key;				\
	struct gendisk *__disk = __blk_mq_alloc_disk(set, queuedata,	\
						     &__key);		\
									\
	if (!IS_ERR(__disk))						\
		compat_queue_limits_set(__disk->queue, lim);		\
	__disk;								\
})
#endif

/* Sources define it in their first line, which comes after these headers. */
#undef pr_fmt

#endif /* __ASSEMBLY__ */
#endif /* __KERNEL__ */
#endif /* _XENBLK_COMPAT_H */
