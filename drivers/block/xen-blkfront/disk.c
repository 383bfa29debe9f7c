// SPDX-License-Identifier: GPL-2.0
/*
 * The disk that the guest sees: its gendisk, its limits, and what happens when
 * the backend says that it has changed.
 */

#include <linux/cdrom.h>
#include <linux/err.h>
#include <linux/hdreg.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "blkfront.h"

/* If a request is not answered for this long, its ring is checked. */
#define BLKFRONT_TIMEOUT	(30 * HZ)

static int blkfront_getgeo(struct gendisk *disk, struct hd_geometry *geo)
{
	sector_t cylinders = get_capacity(disk);

	/* Virtual disks have none; partitioning tools expect these values. */
	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, 0xffff);
	return 0;
}

static int blkfront_ioctl(struct block_device *bdev, blk_mode_t mode,
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

/* A disk that was given up is not opened any more. */
static int blkfront_open(struct gendisk *disk, blk_mode_t mode)
{
	const struct blkfront_info *info = disk->private_data;

	return blkfront_is_dead(info) ? -ENXIO : 0;
}

static void blkfront_close(struct gendisk *disk)
{
	blkfront_detach_closed(disk->private_data);
}

/* The last opener of a disk that was removed is gone. */
static void blkfront_free_disk(struct gendisk *gd)
{
	blkfront_put(gd->private_data);
}

static const struct block_device_operations blkfront_fops = {
	.owner = THIS_MODULE,
	.open = blkfront_open,
	.release = blkfront_close,
	.getgeo = blkfront_getgeo,
	.ioctl = blkfront_ioctl,
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = blkfront_free_disk,
};

static void blkfront_flush_limits(const struct blkfront_info *info,
				  struct queue_limits *lim)
{
	const struct blkfront_agreed *agreed = &info->agreed;
	enum blkfront_flush flush = READ_ONCE(agreed->flush);

	lim->features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA);
	if (flush == BLKFRONT_NO_FLUSH)
		return;
	lim->features |= BLK_FEAT_WRITE_CACHE;
	/*
	 * A barrier is as good as FUA, but is never indirect.  Where requests
	 * can be larger, the block layer has a flush follow the write instead.
	 */
	if (READ_ONCE(agreed->ops.fua) ||
	    (flush == BLKFRONT_BARRIER &&
	     agreed->max_segs <= blkfront_abi(info)->max_inline))
		lim->features |= BLK_FEAT_FUA;
}

static void blkfront_range_limits(const struct blkfront_info *info,
				  struct queue_limits *lim)
{
	const struct blkif_ops *ops = &info->agreed.ops;
	bool discard = READ_ONCE(ops->discard);

	lim->max_hw_discard_sectors = discard ? ops->max_discard : 0;
	lim->max_discard_segments = ops->max_ranges;
	/*
	 * These stay when discards are turned off: the block layer reads them
	 * without a lock, after it has found that the disk can discard.
	 */
	if (discard) {
		lim->discard_granularity = ops->granularity;
		lim->discard_alignment = ops->alignment;
	}
	lim->max_secure_erase_sectors = READ_ONCE(ops->secure) ?
					ops->max_discard : 0;
	lim->max_write_zeroes_sectors = READ_ONCE(ops->zeroes) ?
					ops->max_zeroes : 0;
}

/*
 * The alignment of memory is promised once, to drivers above us, too, and there
 * are bios that rely on it: see blkfront_agree_data().
 */
static void blkfront_alignment_limit(const struct blkfront_info *info,
				     struct queue_limits *lim)
{
	if (info->gd)
		return;
	/* Some backends reject a block that crosses the end of a page. */
	lim->dma_alignment = SECTOR_SIZE - 1;
	if (info->agreed.data == BLKFRONT_MAPPED)
		lim->dma_alignment = info->disk.block_size - 1;
}

static void blkfront_set_limits(const struct blkfront_info *info,
				struct queue_limits *lim)
{
	const struct blkfront_agreed *agreed = &info->agreed;

	lim->logical_block_size = info->disk.block_size;
	lim->physical_block_size = info->disk.phys_size;
	lim->io_opt = info->disk.opt_size;
	/* Our default follows the maximum; an administrator's value stays. */
	if (!info->gd || lim->max_user_sectors == lim->max_hw_sectors)
		lim->max_user_sectors = agreed->max_segs * BLKIF_PAGE_SECTORS;
	lim->max_hw_sectors = agreed->max_segs * BLKIF_PAGE_SECTORS;

	/* A segment of the block layer is at most a page of the guest. */
	lim->max_segments = agreed->max_segs / XEN_PFN_PER_PAGE;
	lim->max_segment_size = PAGE_SIZE;
	lim->seg_boundary_mask = PAGE_SIZE - 1;
	/*
	 * Data that is copied has no gaps in our pages, so only its size
	 * matters.  A block can be scattered over many pieces of memory, and the
	 * block layer cannot split it.
	 */
	if (agreed->data != BLKFRONT_MAPPED)
		lim->max_segments = min_t(unsigned int, USHRT_MAX,
					  agreed->max_segs *
					  BLKIF_PAGE_SECTORS);

	blkfront_alignment_limit(info, lim);
	blkfront_flush_limits(info, lim);
	blkfront_range_limits(info, lim);
	blkfront_pi_limits(info, lim);
}

/**
 * blkfront_want_update() - have the limits of the queue set
 * @info: the disk, which has a queue
 *
 * Until that is done, requests that do not fit the connection are kept back:
 * see requeue.c.
 *
 * Context: any.
 */
void blkfront_want_update(struct blkfront_info *info)
{
	atomic_inc(&info->updates_wanted);
	queue_work(blkfront_update_wq, &info->update_work);
}

/*
 * Set the limits to what was negotiated.  Taking limits_lock and freezing the
 * queue wait for requests, and so for the backend: info->mutex is not held.
 *
 * Return: false if there is no connection; the next one will ask again.
 */
static bool blkfront_update_limits(struct blkfront_info *info)
{
	struct request_queue *q = info->gd->queue;
	struct queue_limits lim = queue_limits_start_update(q);
	int wanted = 0, err;
	bool usable;

	mutex_lock(&info->mutex);
	usable = blkfront_rings_usable(info) && !blkfront_is_dead(info);
	if (usable) {
		wanted = atomic_read(&info->updates_wanted);
		/* Its xchg() orders this before the features are read. */
		blkfront_log_revoked(info);
		blkfront_set_limits(info, &lim);
	}
	mutex_unlock(&info->mutex);
	if (!usable) {
		queue_limits_cancel_update(q);
		return false;
	}
	err = queue_limits_commit_update_frozen(q, &lim);
	if (err)
		blkfront_log(info, err,
			     "%s: cannot update the queue limits (error %d)\n",
			     info->gd->disk_name, err);
	/* pairs with blkfront_is_stale() */
	atomic_set_release(&info->updates_done, wanted);
	return true;
}

/**
 * blkfront_update_work() - set limits, size and access of the disk
 * @work: the disk's
 *
 * Size and access change only if the backend has changed them, and userspace is
 * told then.
 *
 * Context: process context; waits for requests.
 */
void blkfront_update_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  update_work);
	/* Writing to this very disk may wait for the limits. */
	unsigned int noio = memalloc_noio_save();
	struct blkfront_disk disk;

	if (blkfront_update_limits(info)) {
		mutex_lock(&info->mutex);
		disk = info->disk;
		mutex_unlock(&info->mutex);
		set_disk_ro(info->gd, disk.info & VDISK_READONLY);
		set_capacity_and_notify(info->gd, disk.sectors);
		kblockd_schedule_work(&info->resubmit_work);
	}
	memalloc_noio_restore(noio);
}

static void blkfront_log_change(struct blkfront_info *info,
				const struct blkfront_disk *now)
{
	const struct blkfront_disk *before = &info->disk;
	const char *name = info->gd->disk_name;

	if (now->sectors != before->sectors)
		blkfront_log(info, info,
			     "%s: size changed from %llu to %llu sectors\n",
			     name, before->sectors, now->sectors);
	if ((now->info ^ before->info) & VDISK_READONLY)
		blkfront_log(info, info, "%s: now %s\n", name,
			     now->info & VDISK_READONLY ? "read-only" :
							  "writable");
}

/**
 * blkfront_disk_changed() - the backend is connected and says so again
 * @info: the disk
 *
 * This tells us to read its keys again.  Keys that are wrong are ignored, and
 * the disk works as before.
 *
 * Context: process context with info->mutex; reads XenStore.
 */
void blkfront_disk_changed(struct blkfront_info *info)
{
	struct blkfront_disk disk;
	const char *error;

	lockdep_assert_held(&info->mutex);
	if (blkfront_read_disk(info, &disk, &error)) {
		blkfront_log(info, err, "%s; ignored\n", error);
		return;
	}
	if (disk.block_size != info->disk.block_size) {
		blkfront_log(info, err,
			     "ignoring a change of sector-size from %u to %u\n",
			     info->disk.block_size, disk.block_size);
		return;
	}
	if (disk.sectors == info->disk.sectors &&
	    disk.info == info->disk.info &&
	    disk.phys_size == info->disk.phys_size &&
	    disk.opt_size == info->disk.opt_size)
		return;
	blkfront_log_change(info, &disk);
	info->disk = disk;
	blkfront_want_update(info);
}

static void blkfront_gendisk_init(struct blkfront_info *info,
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

/*
 * Each tag has about half a KiB, which most disks need few of.  Whoever asks for
 * larger rings wants to have as many requests in flight.
 */
static unsigned int blkfront_depth(const struct blkfront_info *info)
{
	unsigned int slots = blkif_layout_slots(&info->agreed.choice.layout);

	return blkfront_params.max_order > BLKFRONT_DEFAULT_ORDER ?
	       slots : min(slots, BLKFRONT_DEPTH);
}

static void blkfront_tag_set_init(struct blkfront_info *info)
{
	struct blk_mq_tag_set *set = &info->tag_set;

	set->ops = &blkfront_mq_ops;
	set->nr_hw_queues = info->nr_rings;
	set->queue_depth = blkfront_depth(info);
	set->nr_maps = info->agreed.nr_polled ? HCTX_MAX_TYPES : 1;
	set->timeout = BLKFRONT_TIMEOUT;
	set->numa_node = NUMA_NO_NODE;
	/*
	 * The scheduler of the disk itself is in the backend's domain.  Another
	 * one here, which is the default for a single queue, costs two context
	 * switches for each request.
	 */
	set->flags = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	/*
	 * An event channel moves to another CPU when its own goes offline, so
	 * requests need not be drained before.  Without this flag, the block
	 * layer would wait for them, and it would do so in xenwatch, which is
	 * where "xl vcpu-set" takes a CPU offline.
	 */
	set->flags |= BLK_MQ_F_STACKING;
	/* Most often, one queue is busy at a time, and may use all requests. */
	if (set->nr_hw_queues > 1)
		set->flags |= BLK_MQ_F_TAG_HCTX_SHARED;
	set->cmd_size = sizeof(struct blkfront_req);
	set->driver_data = info;
}

/**
 * blkfront_alloc_disk() - make the gendisk, which is not added yet
 * @info: the disk, for which all was negotiated; its queue is quiesced
 *
 * Context: process context with info->mutex; sleeps.
 *
 * Return: 0 or an error.
 */
int blkfront_alloc_disk(struct blkfront_info *info)
{
	struct blk_mq_tag_set *set = &info->tag_set;
	struct queue_limits lim = { };
	struct gendisk *gd;
	int err = -ENOMEM;

	lockdep_assert_held(&info->mutex);
	blkfront_tag_set_init(info);
	info->tags = kvcalloc(set->nr_hw_queues * set->queue_depth,
			      sizeof(*info->tags), GFP_KERNEL);
	if (!info->tags)
		return err;
	err = blk_mq_alloc_tag_set(set);
	if (err)
		goto free_tags;

	blkfront_set_limits(info, &lim);
	gd = blk_mq_alloc_disk(set, &lim, info);
	if (IS_ERR(gd)) {
		err = PTR_ERR(gd);
		goto free_tag_set;
	}
	blkfront_gendisk_init(info, gd);
	/* Nobody submits yet, so there is nothing to wait for. */
	blk_mq_quiesce_queue_nowait(gd->queue);
	WRITE_ONCE(info->gd, gd);
	return 0;

free_tag_set:
	blk_mq_free_tag_set(set);
free_tags:
	kvfree(info->tags);
	info->tags = NULL;
	return err;
}

/**
 * blkfront_put() - drop a reference to a disk
 * @info: the disk
 *
 * Context: any.
 */
void blkfront_put(struct blkfront_info *info)
{
	if (refcount_dec_and_test(&info->refs))
		kfree(info);
}

/**
 * blkfront_free() - free a disk
 * @info: the disk, which is torn down; freed when its last opener is gone
 *
 * Context: process context; sleeps.
 */
void blkfront_free(struct blkfront_info *info)
{
	struct gendisk *gd = info->gd;

	blkfront_spare_free(info);
	kvfree(info->tags);
	if (!gd) {
		blkfront_put(info);
	} else if (info->added) {
		blk_mq_free_tag_set(&info->tag_set);
		put_disk(gd);	/* see blkfront_free_disk() */
	} else {
		/* The queue is still to be freed, and needs its tags. */
		put_disk(gd);
		blk_mq_free_tag_set(&info->tag_set);
		blkfront_put(info);
	}
}
