// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the disk behind the device.
 */

#include <linux/cdrom.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include "life.h"

/**
 * blkback_vbd_open() - open the disk
 * @blkback: the device; its vbd is filled in
 * @dev: number of the disk
 * @readonly: the toolstack does not let the guest write
 * @cdrom: the toolstack calls it a CD-ROM
 *
 * Return: 0 or -errno.
 */
int blkback_vbd_open(struct blkback *blkback, dev_t dev, bool readonly,
		     bool cdrom)
{
	struct blkback_vbd *vbd = &blkback->vbd;
	struct gendisk *disk;
	struct file *file;

	file = bdev_file_open_by_dev(dev, readonly ? BLK_OPEN_READ :
				     BLK_OPEN_READ | BLK_OPEN_WRITE,
				     NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);

	vbd->bdev_file = file;
	vbd->bdev = file_bdev(file);
	disk = vbd->bdev->bd_disk;
	vbd->writable = !readonly;
	vbd->info = 0;
	if (cdrom || disk_to_cdi(disk))
		vbd->info |= VDISK_CDROM;
	if (disk->flags & GENHD_FL_REMOVABLE)
		vbd->info |= VDISK_REMOVABLE;
	blkback_vbd_refresh(vbd, vbd->writable);
	return 0;
}

/* What follows the last whole block cannot be read. */
static u64 blkback_vbd_sectors(const struct blkback_vbd *vbd)
{
	u32 block = bdev_logical_block_size(vbd->bdev) >> SECTOR_SHIFT;

	return round_down(bdev_nr_sectors(vbd->bdev), block);
}

/**
 * blkback_vbd_changed() - does the disk differ from what was published?
 * @vbd: the disk
 *
 * Only its size and whether it is read-only can change by themselves.  If
 * publishing a change failed, the disk counts as changed.
 *
 * Context: any; cheap enough for each pass over a ring.
 *
 * Return: true if it does.
 */
bool blkback_vbd_changed(const struct blkback_vbd *vbd)
{
	return READ_ONCE(vbd->unpublished) ||
	       READ_ONCE(vbd->size) != blkback_vbd_sectors(vbd) ||
	       READ_ONCE(vbd->read_only) != bdev_read_only(vbd->bdev);
}

/**
 * blkback_vbd_refresh() - read the properties that a disk may change
 * @vbd: the disk; its size and info are set
 * @mode_writable: the toolstack lets the guest write
 *
 * A disk that was opened for reading stays read-only, whatever the toolstack
 * says later.
 *
 * Return: true if there is a change to publish.
 */
bool blkback_vbd_refresh(struct blkback_vbd *vbd, bool mode_writable)
{
	bool read_only = bdev_read_only(vbd->bdev);
	u64 size = blkback_vbd_sectors(vbd);
	u32 info = vbd->info & ~VDISK_READONLY;
	bool changed;

	if (read_only || !mode_writable || !vbd->writable)
		info |= VDISK_READONLY;
	changed = vbd->unpublished || size != vbd->size || info != vbd->info;
	vbd->mode_writable = mode_writable;
	/* Read by the threads of queues. */
	WRITE_ONCE(vbd->read_only, read_only);
	WRITE_ONCE(vbd->size, size);
	WRITE_ONCE(vbd->info, info);
	return changed;
}

/**
 * blkback_vbd_clean() - write back and drop this domain's page cache of the disk
 * @blkback: the device, whose disk is open
 *
 * The frontend's requests pass the page cache by: they would read what is older
 * than what this domain wrote, and this domain would read what is older than what
 * the frontend wrote.  What another user of the disk has mapped or locked stays.
 *
 * Context: process context; waits for the disk.
 *
 * Return: 0 or -errno, if the disk does not take what is written back.
 */
int blkback_vbd_clean(struct blkback *blkback)
{
	struct block_device *bdev = blkback->vbd.bdev;
	struct address_space *mapping = bdev->bd_mapping;
	int err;

	/* May take long. */
	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ||
	    mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK))
		blkback_log(blkback, info,
			    "writing back what this domain has cached of the disk\n");
	err = sync_blockdev(bdev);
	if (!err)
		invalidate_inode_pages2(mapping);
	return err;
}

/**
 * blkback_vbd_close() - close the disk, if it is open
 * @vbd: the disk
 */
void blkback_vbd_close(struct blkback_vbd *vbd)
{
	if (vbd->bdev_file)
		bdev_fput(vbd->bdev_file);
	vbd->bdev_file = NULL;
	vbd->bdev = NULL;
}

static void blkback_vbd_get_ops(const struct blkback_vbd *vbd, bool discard,
				struct blkif_ops *ops)
{
	struct block_device *bdev = vbd->bdev;

	*ops = (struct blkif_ops) { .max_ranges = 1 };
	if (vbd->info & VDISK_READONLY)
		return;
	/* If the disk has no FUA, the block layer flushes after the write. */
	ops->fua = vbd->write_cache && blkback_enabled(BLKIF_FEATURE_FUA);
	ops->max_zeroes = bdev_write_zeroes_sectors(bdev);
	ops->zeroes = ops->max_zeroes &&
		      blkback_enabled(BLKIF_FEATURE_ZEROES);
	ops->max_discard = bdev_max_discard_sectors(bdev);
	ops->discard = ops->max_discard && discard &&
		       blkback_enabled(BLKIF_FEATURE_DISCARD);
	if (!ops->discard)
		return;
	ops->secure = bdev_max_secure_erase_sectors(bdev) &&
		      blkback_enabled(BLKIF_FEATURE_SECURE);
	if (blkback_enabled(BLKIF_FEATURE_RANGES))
		ops->max_ranges = BLKIF_SLIM_MAX_RANGES;
	ops->granularity = bdev_discard_granularity(bdev);
	ops->alignment = bdev_discard_alignment(bdev);
}

/**
 * blkback_vbd_get_offer() - what the disk supports and is not turned off
 * @vbd: the disk; whether it has a write cache is read again
 * @discard: the toolstack lets the guest discard
 * @offer: filled in
 */
void blkback_vbd_get_offer(struct blkback_vbd *vbd, bool discard,
			   struct blkback_vbd_offer *offer)
{
	WRITE_ONCE(vbd->write_cache, bdev_write_cache(vbd->bdev));
	blkback_vbd_get_ops(vbd, discard, &offer->ops);
	offer->pi = (struct blkif_pi) { };
	if (blkback_enabled(BLKIF_FEATURE_PI))
		offer->pi = blkback_pi_get(vbd->bdev);
}

/**
 * blkback_vbd_limits() - what the disk sets of the limits of requests
 * @vbd: the disk
 * @ops: what the frontend may use
 * @lim: filled in, except for the numbers of segments
 */
void blkback_vbd_limits(const struct blkback_vbd *vbd,
			const struct blkif_ops *ops, struct blkif_limits *lim)
{
	*lim = (struct blkif_limits) {
		.capacity = blkback_vbd_sectors(vbd),
		.ops = BIT(BLKIF_OP_READ) | BIT(BLKIF_OP_WRITE) |
		       BIT(BLKIF_OP_INDIRECT) |
		       BIT(BLKIF_OP_FLUSH_DISKCACHE) |
		       BIT(BLKIF_OP_WRITE_BARRIER),
		.block_sectors = bdev_logical_block_size(vbd->bdev) >>
				 BLKIF_SECTOR_SHIFT,
		.read_only = blkback_vbd_read_only(vbd),
		.fua = ops->fua,
		.secure = ops->secure,
	};
	if (ops->discard) {
		lim->ops |= BIT(BLKIF_OP_DISCARD);
		lim->max_ranges = ops->max_ranges > 1 ? ops->max_ranges : 0;
	}
	if (ops->zeroes)
		lim->ops |= BIT(BLKIF_OP_WRITE_ZEROES);
}
