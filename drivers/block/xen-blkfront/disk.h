/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The disk that the guest sees: what the backend says of it, what the block
 * layer is told, and what becomes of it when the backend says something else.
 */

#ifndef _XEN_BLKFRONT_DISK_H
#define _XEN_BLKFRONT_DISK_H

#include <linux/blkdev.h>
#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include "ops.h"
#include "pi.h"

/* Read and check what kind of disk it is. */
static inline int blkfront_read_disk(struct blkfront_info *info,
				     struct blkfront_disk *disk,
				     const char **why)
{
	struct xenbus_device *dev = info->xbdev;
	const char *from = dev->otherend;

	if (xenbus_scanf(XBT_NIL, from, "sectors", "%llu",
			 &disk->sectors) != 1 ||
	    disk->sectors > LLONG_MAX >> SECTOR_SHIFT) {
		*why = "the backend's key sectors cannot be read";
		return -EINVAL;
	}
	disk->info = xenbus_read_unsigned(from, "info", 0);
	disk->block_size = xenbus_read_unsigned(from, "sector-size",
						SECTOR_SIZE);
	if (!is_power_of_2(disk->block_size) ||
	    disk->block_size < SECTOR_SIZE ||
	    disk->block_size > BLKIF_PAGE_SIZE) {
		*why = "the backend's sector-size is not usable";
		return -EINVAL;
	}
	disk->phys_size = xenbus_read_unsigned(from, "physical-sector-size",
					       disk->block_size);
	if (!is_power_of_2(disk->phys_size) ||
	    disk->phys_size < disk->block_size) {
		dev_warn(&dev->dev, "ignoring physical-sector-size %u\n",
			 disk->phys_size);
		disk->phys_size = disk->block_size;
	}
	disk->opt_size = blkif_usable_opt(xenbus_read_unsigned(from,
							       "optimal-io-size",
							       0),
					  disk->block_size);
	return 0;
}

static int blkfront_getgeo(struct gendisk *disk, struct hd_geometry *geo)
{
	sector_t cylinders = get_capacity(disk);

	/* There is none; this is what partitioning tools are used to. */
	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, 0xffff);
	return 0;
}

static inline int blkfront_ioctl(struct block_device *bdev, blk_mode_t mode,
				 unsigned int cmd, unsigned long arg)
{
	const struct blkfront_info *info = bdev->bd_disk->private_data;

	switch (cmd) {
	case CDROMMULTISESSION:
		return clear_user((void __user *)arg,
				  sizeof(struct cdrom_multisession)) ?
		       -EFAULT : 0;
	case CDROM_GET_CAPABILITY:
		return info->disk.info & VDISK_CDROM ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* The last opener of a disk that was removed is gone. */
static inline void blkfront_free_disk(struct gendisk *gd)
{
	kfree(gd->private_data);
}

static const struct block_device_operations blkfront_fops = {
	.owner = THIS_MODULE,
	.getgeo = blkfront_getgeo,
	.ioctl = blkfront_ioctl,
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = blkfront_free_disk,
};

static inline void blkfront_limits(const struct blkfront_info *info,
				   struct queue_limits *lim)
{
	const struct blkfront_agreed *agreed = &info->agreed;

	lim->logical_block_size = info->disk.block_size;
	lim->physical_block_size = info->disk.phys_size;
	lim->io_opt = info->disk.opt_size;
	/* What an admin has set stays, what is only our own default goes along. */
	if (!info->gd || lim->max_user_sectors == lim->max_hw_sectors)
		lim->max_user_sectors = agreed->max_segs * BLKIF_PAGE_SECTORS;
	lim->max_hw_sectors = agreed->max_segs * BLKIF_PAGE_SECTORS;

	/* A segment is a grant, or as many as a page of ours takes. */
	lim->max_segments = agreed->max_segs / XEN_PFN_PER_PAGE;
	lim->max_segment_size = PAGE_SIZE;
	lim->seg_boundary_mask = PAGE_SIZE - 1;

	/* There are backends that take no block split over two pages. */
	lim->dma_alignment = SECTOR_SIZE - 1;
	if (agreed->data == BLKFRONT_DIRECT)
		lim->dma_alignment = info->disk.block_size - 1;

	lim->features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA);
	if (agreed->flush != BLKFRONT_NO_FLUSH)
		lim->features |= BLK_FEAT_WRITE_CACHE;
	/* Barriers are never indirect; a flush after a large write will do. */
	if ((agreed->flush != BLKFRONT_NO_FLUSH && agreed->ops.fua) ||
	    (agreed->flush == BLKFRONT_BARRIER &&
	     agreed->max_segs <= blkfront_wire_inline(info)))
		lim->features |= BLK_FEAT_FUA;
	blkfront_ops_limits(info, lim);
	blkfront_pi_limits(info, lim);
}

static inline void blkfront_update_limits(struct blkfront_info *info)
{
	struct queue_limits lim = queue_limits_start_update(info->gd->queue);
	int err;

	blkfront_limits(info, &lim);
	err = queue_limits_commit_update(info->gd->queue, &lim);
	if (err)
		dev_err(&info->xbdev->dev, "setting queue limits: %d\n", err);
}

static inline void blkfront_name_disk(struct blkfront_info *info,
				      struct gendisk *gd)
{
	blkif_vdev_name(&info->vdev, gd->disk_name);
	gd->major = XENVBD_MAJOR;
	gd->first_minor = info->vdev.minor;
	gd->minors = info->vdev.nr_minors;
	gd->fops = &blkfront_fops;
	gd->private_data = info;
	set_capacity(gd, info->disk.sectors);
	if (info->disk.info & VDISK_READONLY)
		set_disk_ro(gd, true);
	if (info->disk.info & VDISK_REMOVABLE)
		gd->flags |= GENHD_FL_REMOVABLE;
}

/* What may change while the disk is there, and is no limit of its queue. */
static inline void blkfront_show_disk(struct blkfront_info *info)
{
	set_disk_ro(info->gd, info->disk.info & VDISK_READONLY);
	set_capacity_and_notify(info->gd, info->disk.sectors);
}

static inline void blkfront_log_change(const struct blkfront_info *info,
				       const struct blkfront_disk *now)
{
	const struct blkfront_disk *was = &info->disk;
	const char *name = info->gd->disk_name;

	if (now->sectors != was->sectors)
		dev_info(&info->xbdev->dev, "%s: %llu sectors, were %llu\n",
			 name, now->sectors, was->sectors);
	if ((now->info ^ was->info) & VDISK_READONLY)
		dev_info(&info->xbdev->dev, "%s: is %s now\n", name,
			 now->info & VDISK_READONLY ? "read-only" : "writable");
}

/* The backend is connected, and says so again if the disk has changed. */
static inline void blkfront_disk_changed(struct blkfront_info *info)
{
	struct blkfront_disk disk;
	const char *why;
	bool limits;

	lockdep_assert_held(&info->mutex);
	/* The disk is as good as before; it must not go for this. */
	if (blkfront_read_disk(info, &disk, &why)) {
		dev_err(&info->xbdev->dev, "%s; ignored\n", why);
		return;
	}
	if (disk.block_size != info->disk.block_size) {
		dev_err(&info->xbdev->dev,
			"ignoring a change of sector-size from %u to %u\n",
			info->disk.block_size, disk.block_size);
		return;
	}
	blkfront_log_change(info, &disk);
	limits = disk.phys_size != info->disk.phys_size ||
		 disk.opt_size != info->disk.opt_size;
	info->disk = disk;
	if (limits)
		blkfront_update_limits(info);
	blkfront_show_disk(info);
}

#endif /* _XEN_BLKFRONT_DISK_H */
