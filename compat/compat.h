/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that this project builds for.
 *
 * The sources are written for the newest one.  This file provides what older
 * ones lack, and is the only file that compares versions.  Kbuild includes it
 * before everything else, and it is not part of the exported series.
 */

#ifndef _XENBLK_COMPAT_H
#define _XENBLK_COMPAT_H

#ifdef __KERNEL__
#ifndef __ASSEMBLY__

#include <linux/version.h>

/*
 * The kernels that the drivers build for, and the newest one that they were run
 * on, as 1000 * major + minor.  scripts/kdir.sh reads these three lines.
 */
#define COMPAT_BUILDS(v) ((v) == 6001 || (v) == 6006 || (v) == 6008 || (v) >= 6012)
#define COMPAT_NEWEST 7003
#if !COMPAT_BUILDS((LINUX_VERSION_CODE >> 16) * 1000 + (LINUX_VERSION_CODE >> 8 & 255))
#error "The Xen block drivers build for Linux 6.1, 6.6, 6.8, and 6.12 and newer"
#endif

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

/* 6.5, 05bdb9965305: opening a block device no longer takes a fmode_t. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
typedef fmode_t blk_mode_t;

#define BLK_OPEN_READ	FMODE_READ
#define BLK_OPEN_WRITE	FMODE_WRITE
#endif

/*
 * 6.9, f3a608827d1f: an open block device is a struct file.  In older kernels
 * callers keep what closing it takes; here an opaque struct file keeps it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
struct compat_bdev_file {
	struct block_device *bdev;
	blk_mode_t mode;
	void *holder;
	struct bdev_handle *handle;
};

/* 6.5, 2736e8eeb0cc: closing takes the holder; 6.7, e719b4d15674: a handle. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define compat_bdev_open(file, dev)	((file)->bdev =			\
	blkdev_get_by_dev(dev, (file)->mode, (file)->holder))
#define compat_bdev_close(file)		blkdev_put((file)->bdev, (file)->mode)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define compat_bdev_open(file, dev)	((file)->bdev =			\
	blkdev_get_by_dev(dev, (file)->mode, (file)->holder, NULL))
#define compat_bdev_close(file)		blkdev_put((file)->bdev, (file)->holder)
#else
static inline struct block_device *
compat_bdev_open(struct compat_bdev_file *file, dev_t dev)
{
	file->handle = bdev_open_by_dev(dev, file->mode, file->holder, NULL);
	file->bdev = IS_ERR(file->handle) ? ERR_CAST(file->handle) :
					    file->handle->bdev;
	return file->bdev;
}

#define compat_bdev_close(file)		bdev_release((file)->handle)
#endif

static inline struct file *compat_bdev_file_open_by_dev(dev_t dev,
							blk_mode_t mode,
							void *holder)
{
	struct compat_bdev_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->mode = mode;
	file->holder = holder;
	if (IS_ERR(compat_bdev_open(file, dev))) {
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

	compat_bdev_close(file);
	kfree(file);
}

#define bdev_file_open_by_dev(dev, mode, holder, hops) \
	compat_bdev_file_open_by_dev(dev, mode, holder)
#define file_bdev	compat_file_bdev
#define bdev_fput	compat_bdev_fput
#endif

/*
 * 6.5, d32e2bf83791: open() takes a disk instead of a block device; ae220766d87c:
 * release() takes no mode.  Each of these turns the definition of the function
 * into one with the newer arguments, and one of that name that calls it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define blkfront_open(disk, mode)					\
	compat_open(disk, mode);					\
									\
static int (blkfront_open)(struct block_device *bdev, fmode_t fmode)	\
{									\
	return compat_open(bdev->bd_disk, fmode);			\
}									\
									\
static int compat_open(disk, mode)

#define blkfront_close(disk)						\
	compat_close(disk);						\
									\
static void (blkfront_close)(struct gendisk *gd, fmode_t fmode)		\
{									\
	compat_close(gd);						\
}									\
									\
static void compat_close(disk)
#endif

/*
 * 6.11, e9f5f44ad372: protection information is described by its checksum, and
 * not by functions of a module; c6e56cf6b2e7: and is one of the limits.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#include <linux/t10-pi.h>

#define BLK_INTEGRITY_NOVERIFY		(1U << 0)
#define BLK_INTEGRITY_NOGENERATE	(1U << 1)
#define BLK_INTEGRITY_REF_TAG		(1U << 3)

enum blk_integrity_checksum {
	BLK_INTEGRITY_CSUM_NONE,
	BLK_INTEGRITY_CSUM_IP,
	BLK_INTEGRITY_CSUM_CRC,
	BLK_INTEGRITY_CSUM_CRC64,
};

struct compat_blk_integrity {
	unsigned char flags;
	enum blk_integrity_checksum csum_type;
	unsigned char metadata_size;
	unsigned char pi_tuple_size;
	unsigned char pi_offset;
	unsigned char interval_exp;
	unsigned char tag_size;
};

/* By name, so that asking for the type does not need the module. */
static inline void compat_integrity_type(const char *name,
					 struct compat_blk_integrity *to)
{
	if (strstarts(name, "T10-DIF-TYPE1") || strstarts(name, "EXT-DIF-TYPE1"))
		to->flags |= BLK_INTEGRITY_REF_TAG;
	name = strrchr(name, '-');
	if (!name)
		return;
	if (!strcmp(name, "-CRC"))
		to->csum_type = BLK_INTEGRITY_CSUM_CRC;
	else if (!strcmp(name, "-CRC64"))
		to->csum_type = BLK_INTEGRITY_CSUM_CRC64;
	else if (!strcmp(name, "-IP"))
		to->csum_type = BLK_INTEGRITY_CSUM_IP;
}

/* The driver of the disk may clear all of it at any time. */
static inline struct compat_blk_integrity *
compat_integrity_get(const struct blk_integrity *from,
		     struct compat_blk_integrity *to)
{
	const struct blk_integrity_profile *profile;

	profile = from ? READ_ONCE(from->profile) : NULL;
	if (!profile)
		return NULL;
	if (!(from->flags & BLK_INTEGRITY_VERIFY))
		to->flags |= BLK_INTEGRITY_NOVERIFY;
	if (!(from->flags & BLK_INTEGRITY_GENERATE))
		to->flags |= BLK_INTEGRITY_NOGENERATE;
	to->flags |= from->flags & BLK_INTEGRITY_DEVICE_CAPABLE;
	to->metadata_size = READ_ONCE(from->tuple_size);
	to->pi_tuple_size = to->metadata_size;
	to->interval_exp = from->interval_exp;
	to->tag_size = from->tag_size;
	compat_integrity_type(profile->name, to);
	return to;
}

static inline const struct blk_integrity_profile *
compat_integrity_profile(const struct compat_blk_integrity *from)
{
	bool ref = from->flags & BLK_INTEGRITY_REF_TAG;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY_T10))
		return NULL;
	switch (from->csum_type) {
	case BLK_INTEGRITY_CSUM_IP:
		return ref ? &t10_pi_type1_ip : &t10_pi_type3_ip;
	case BLK_INTEGRITY_CSUM_CRC:
		return ref ? &t10_pi_type1_crc : &t10_pi_type3_crc;
	default:
		return NULL;
	}
}

/* The flags that registering would set. */
static inline unsigned char
compat_integrity_flags(const struct compat_blk_integrity *from)
{
	unsigned char flags = from->flags & BLK_INTEGRITY_DEVICE_CAPABLE;

	if (!(from->flags & BLK_INTEGRITY_NOVERIFY))
		flags |= BLK_INTEGRITY_VERIFY;
	if (!(from->flags & BLK_INTEGRITY_NOGENERATE))
		flags |= BLK_INTEGRITY_GENERATE;
	if (from->csum_type == BLK_INTEGRITY_CSUM_IP)
		flags |= BLK_INTEGRITY_IP_CHECKSUM;
	return flags;
}

/* The profile is set once for a disk; afterwards only the flags may change. */
static inline void compat_integrity_set(struct gendisk *disk,
					const struct compat_blk_integrity *from)
{
	struct blk_integrity *bi = blk_get_integrity(disk);
	struct blk_integrity template = {
		.profile = compat_integrity_profile(from),
		.tuple_size = from->metadata_size,
		.interval_exp = from->interval_exp,
		.tag_size = from->tag_size,
	};

	if (!from->metadata_size || !template.profile)
		return;
	if (!bi)
		blk_integrity_register(disk, &template);
	bi = blk_get_integrity(disk);
	if (bi)
		WRITE_ONCE(bi->flags, compat_integrity_flags(from));
}

#define blk_integrity			compat_blk_integrity
/* The result lives as long as the caller's block. */
#define bdev_get_integrity(bdev) \
	compat_integrity_get(bdev_get_integrity(bdev), \
			     &(struct compat_blk_integrity) { })
#endif

/* 6.6, 80814b8e359f: the function counts the bytes that were added. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline int compat_bio_integrity_add_page(struct bio *bio,
						struct page *page,
						unsigned int len,
						unsigned int offset)
{
	int added = bio_integrity_add_page(bio, page, len, offset);

	if (added)
		bio_integrity(bio)->bip_iter.bi_size += added;
	return added;
}

#define bio_integrity_add_page	compat_bio_integrity_add_page
#endif

/*
 * 6.13: a bio says which tags of its protection information are to be checked.
 * Older kernels have all of them checked.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define BIP_CHECK_GUARD		0
#define BIP_CHECK_REFTAG	0
#endif

/*
 * 6.9, 27e32cd23fed: limits are a value that is handed to blk_mq_alloc_disk();
 * 6.11, 1122c0c1cc71: the features of a queue are one of them.  In older
 * kernels each has a setter.
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
	unsigned int io_opt;
	unsigned int max_hw_discard_sectors;
	unsigned int max_secure_erase_sectors;
	unsigned int max_write_zeroes_sectors;
	unsigned int discard_granularity;
	unsigned int discard_alignment;
	unsigned short max_discard_segments;
	unsigned short max_integrity_segments;
	struct blk_integrity integrity;
};

static inline struct compat_queue_limits
compat_queue_limits_get(struct request_queue *q)
{
	struct compat_queue_limits lim = {
		.logical_block_size = q->limits.logical_block_size,
		.physical_block_size = q->limits.physical_block_size,
		.max_hw_sectors = q->limits.max_hw_sectors,
		.max_user_sectors = q->limits.max_sectors,
		.max_segments = q->limits.max_segments,
		.max_segment_size = q->limits.max_segment_size,
		.dma_alignment = queue_dma_alignment(q),
		.seg_boundary_mask = q->limits.seg_boundary_mask,
		.io_opt = q->limits.io_opt,
		.max_hw_discard_sectors = q->limits.max_hw_discard_sectors,
		.max_secure_erase_sectors = q->limits.max_secure_erase_sectors,
		.max_write_zeroes_sectors = q->limits.max_write_zeroes_sectors,
		.discard_granularity = q->limits.discard_granularity,
		.discard_alignment = q->limits.discard_alignment,
		.max_discard_segments = q->limits.max_discard_segments,
		.max_integrity_segments = q->limits.max_integrity_segments,
	};

	compat_integrity_get(blk_get_integrity(q->disk), &lim.integrity);
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
	blk_queue_io_opt(q, lim->io_opt);
	/* Whoever finds that the disk can discard expects a granularity. */
	q->limits.discard_granularity = lim->discard_granularity;
	q->limits.discard_alignment = lim->discard_alignment;
	blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	blk_queue_max_discard_segments(q, lim->max_discard_segments);
	blk_queue_max_secure_erase_sectors(q, lim->max_secure_erase_sectors);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);
	blk_queue_max_integrity_segments(q, lim->max_integrity_segments);
	compat_integrity_set(q->disk, &lim->integrity);
	blk_queue_write_cache(q, lim->features & BLK_FEAT_WRITE_CACHE,
			      lim->features & BLK_FEAT_FUA);
	if (lim->features & BLK_FEAT_ROTATIONAL)
		blk_queue_flag_clear(QUEUE_FLAG_NONROT, q);
	else
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	return 0;
}

/*
 * 6.14, aa427d7b73b1 (and 6.12.y): limits are set while no request is under way
 * that was made for the former ones.
 */
static inline int compat_queue_limits_set_frozen(struct request_queue *q,
						 struct compat_queue_limits *lim)
{
	int err;

	blk_mq_freeze_queue(q);
	err = compat_queue_limits_set(q, lim);
	blk_mq_unfreeze_queue(q);
	return err;
}

static inline void compat_queue_limits_cancel(struct request_queue *q)
{
}

#define queue_limits			compat_queue_limits
#define queue_limits_commit_update_frozen compat_queue_limits_set_frozen
#define queue_limits_cancel_update	compat_queue_limits_cancel
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

/* 6.10: a block device points to its page cache itself. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define bd_mapping	bd_inode->i_mapping
#endif

/*
 * 6.18: a workqueue whose work items stay on a CPU says so.  In older kernels,
 * all do that are not unbound.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define WQ_PERCPU	0
#endif

/* 6.16: the optimal size of I/O, which can be 2 GiB and more, is unsigned. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define bdev_io_opt(bdev)	((unsigned int)bdev_io_opt(bdev))
#endif

/*
 * 7.1, dc278e9bf2b9: a task that had taken a tag in advance and then slept could
 * use the tag after it was freed (CVE-2026-64017).  6.6 and older are not
 * affected; 6.12.104, 6.18.45 and 7.0.11 are mended.  On the kernels that are
 * affected, no tag is taken in advance.
 */
#if (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 104)) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 45)) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 11))
#define BLKBACK_TAGS	1U
#endif

/*
 * 6.17, c6603b1d6556 and 76e45252a4ce: the metadata of an interval has a size,
 * and so has the tuple in it.  In older kernels, the tuple is all metadata.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define metadata_size	tuple_size
#define pi_tuple_size	tuple_size
#endif

/* 6.14, 9377b95cda73: tag sets always merge; older ones have to ask for it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
static inline int compat_alloc_tag_set(struct blk_mq_tag_set *set)
{
	set->flags |= BLK_MQ_F_SHOULD_MERGE;
	return blk_mq_alloc_tag_set(set);
}

#define blk_mq_alloc_tag_set	compat_alloc_tag_set
#endif

/*
 * 7.x: bios that are taken from a request leave what other layers have noted of
 * their way through this queue behind; submitting them notes it again.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
static inline void compat_steal_bios(struct bio_list *list, struct request *rq)
{
	struct bio *bio;

	__rq_for_each_bio(bio, rq) {
		bio->bi_opf &= ~REQ_POLLED;
		bio_clear_flag(bio, BIO_QOS_THROTTLED);
		bio_clear_flag(bio, BIO_QOS_MERGED);
	}
	blk_steal_bios(list, rq);
}

#define blk_steal_bios	compat_steal_bios
#endif

/*
 * 6.18, 4fc8728aa34f: getgeo() takes a disk instead of a block device.  This
 * turns the definition of blkfront_getgeo() into a function that takes a disk,
 * and one of that name that takes a block device and calls it.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define blkfront_getgeo(disk, geometry)					\
	compat_getgeo(disk, geometry);					\
									\
static int (blkfront_getgeo)(struct block_device *bdev,			\
			     struct hd_geometry *geo)			\
{									\
	return compat_getgeo(bdev->bd_disk, geo);			\
}									\
									\
static int compat_getgeo(disk, geometry)
#endif

/*
 * 7.0, 82169dace41c: the function also takes the device.  Distributions have
 * backported that, so the type of the function decides.
 */
typedef enum xenbus_state compat_state_fn(const char *path);
typedef enum xenbus_state compat_dev_state_fn(const struct xenbus_device *dev,
					      const char *path);

static inline enum xenbus_state
compat_read_state(void *fn, bool takes_dev, const struct xenbus_device *dev,
		  const char *path)
{
	compat_dev_state_fn *of_dev = fn;
	compat_state_fn *of_path = fn;

	return takes_dev ? of_dev(dev, path) : of_path(path);
}

#define xenbus_read_driver_state(dev, path)				\
	compat_read_state(&xenbus_read_driver_state,			\
			  __same_type(&xenbus_read_driver_state,	\
				      compat_dev_state_fn *),		\
			  dev, path)

/*
 * 6.7, c42d50aefd17: a shrinker is allocated, and registered when it is filled
 * in.  Older kernels register one that the caller has allocated.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#include <linux/shrinker.h>

static inline struct shrinker *compat_shrinker_alloc(void)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (shrinker)
		shrinker->seeks = DEFAULT_SEEKS;
	return shrinker;
}

/* The newer function cannot fail; one that is not registered does nothing. */
static inline void compat_shrinker_register(struct shrinker *shrinker)
{
	if (register_shrinker(shrinker, KBUILD_MODNAME))
		pr_warn("cannot register the shrinker\n");
}

static inline void compat_shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}

#define shrinker_alloc(flags, name)	compat_shrinker_alloc()
#define shrinker_register		compat_shrinker_register
#define shrinker_free			compat_shrinker_free
#endif

/* Sources define it at their start, which comes after these headers. */
#undef pr_fmt

#endif /* __ASSEMBLY__ */
#endif /* __KERNEL__ */
#endif /* _XENBLK_COMPAT_H */
