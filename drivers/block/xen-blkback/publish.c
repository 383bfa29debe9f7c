// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: writes to XenStore what the frontend reads.
 */

#include "../xen-blkif/xenstore.h"
#include "life.h"

struct blkback_key {
	const char *name;
	unsigned long long value;
};

/* Does not make the directory again if the toolstack has removed it. */
static int blkback_write_keys(struct xenbus_device *dev,
			      struct xenbus_transaction xbt,
			      const struct blkback_key *keys, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	if (!xenbus_exists(xbt, dev->nodename, "state"))
		return -ENOENT;
	for (i = 0; i < nr && !err; i++)
		err = xenbus_printf(xbt, dev->nodename, keys[i].name, "%llu",
				    keys[i].value);
	return err;
}

static int blkback_write_offer(struct xenbus_transaction xbt, void *data)
{
	struct blkback *blkback = data;
	const struct blkif_offer *offer = &blkback->offer;
	const struct blkback_key keys[] = {
		{ "multi-queue-max-queues", offer->max_queues },
		{ "max-ring-page-order", offer->max_ring_order },
		{ "feature-max-indirect-segments", offer->max_indirect_segs },
		{ "feature-persistent", offer->persistent },
		{ "feature-slim-requests", offer->slim },
		{ "feature-separate-rings", offer->separate },
		{ "max-ring-alignment", offer->max_align },
		{ "max-slim-indirect-entries", offer->max_slim_entries },
	};

	return blkback_write_keys(blkback->dev, xbt, keys, ARRAY_SIZE(keys));
}

/**
 * blkback_publish_offer() - publish what can be offered before there is a disk
 * @blkback: the device, whose disk need not be open
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_publish_offer(struct blkback *blkback)
{
	int err = blkif_transaction(blkback_write_offer, blkback);

	if (err)
		blkback_refuse(blkback, err, "writing the offer to XenStore failed");
	return err;
}

/* What blkback_write_disk() writes. */
struct blkback_disk_keys {
	struct blkback *blkback;
	const struct blkback_vbd_offer *offer;
};

/* In a transaction: the frontend takes the profile to be there with the others. */
static int blkback_write_pi(struct xenbus_transaction xbt,
			    struct xenbus_device *dev,
			    const struct blkif_pi *pi)
{
	const struct blkback_key keys[] = {
		{ "integrity-tuple-size", BLKIF_PI_TUPLE },
		{ "integrity-interval", pi->interval },
	};
	int err;

	/* It may be that of an earlier connection. */
	if (!pi->profile)
		return xenbus_exists(xbt, dev->nodename, "feature-integrity") ?
		       xenbus_rm(xbt, dev->nodename, "feature-integrity") : 0;
	err = blkback_write_keys(dev, xbt, keys, ARRAY_SIZE(keys));
	if (err)
		return err;
	return xenbus_printf(xbt, dev->nodename, "feature-integrity", "%s",
			     blkif_pi_name(pi));
}

static int blkback_write_disk(struct xenbus_transaction xbt, void *data)
{
	const struct blkback_disk_keys *disk = data;
	const struct blkback *blkback = disk->blkback;
	const struct blkback_vbd *vbd = &blkback->vbd;
	const struct blkif_ops *ops = &disk->offer->ops;
	const struct blkback_key keys[] = {
		{ "sectors", vbd->size },
		{ "info", vbd->info },
		{ "sector-size", bdev_logical_block_size(vbd->bdev) },
		{ "physical-sector-size", bdev_physical_block_size(vbd->bdev) },
		{ "optimal-io-size", bdev_io_opt(vbd->bdev) },
		{ "feature-flush-cache", vbd->write_cache },
		{ "feature-barrier", vbd->write_cache },
		{ "feature-fua", ops->fua },
		{ "feature-discard", ops->discard },
		{ "discard-granularity", ops->granularity },
		{ "discard-alignment", ops->alignment },
		{ "discard-secure", ops->secure },
		{ "max-discard-sectors", ops->max_discard },
		{ "max-discard-ranges", ops->max_ranges },
		{ "feature-write-zeroes", ops->zeroes },
		{ "max-write-zeroes-sectors", ops->max_zeroes },
		{ "feature-persistent", blkback->offer.persistent },
		{ "feature-max-indirect-segments",
		  blkback->offer.max_indirect_segs },
	};

	int err;

	err = blkback_write_keys(blkback->dev, xbt, keys, ARRAY_SIZE(keys));
	return err ?: blkback_write_pi(xbt, blkback->dev, &disk->offer->pi);
}

/**
 * blkback_publish_disk() - publish the properties of the disk, before Connected
 * @blkback: the disk
 * @offer: what the frontend may use of it
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_publish_disk(struct blkback *blkback,
			 const struct blkback_vbd_offer *offer)
{
	struct blkback_disk_keys disk = { blkback, offer };
	int err = blkif_transaction(blkback_write_disk, &disk);

	if (err)
		blkback_refuse(blkback, err,
			       "writing the properties of the disk to XenStore failed");
	return err;
}

/*
 * Does nothing to a device that is not connected.  If the toolstack wants to
 * detach the disk, the state is Closing, and stays so, but a frontend that uses
 * the disk may not follow for long.
 */
static int blkback_write_change(struct xenbus_transaction xbt, void *data)
{
	const struct blkback *blkback = data;
	const char *dir = blkback->dev->nodename;
	int state, err;

	err = xenbus_scanf(xbt, dir, "state", "%d", &state);
	if (err < 0 && err != -ENOENT)
		return err;
	if (err != 1 || (state != XenbusStateConnected &&
			 state != XenbusStateClosing))
		return -ENOTCONN;
	err = xenbus_printf(xbt, dir, "sectors", "%llu", blkback->vbd.size);
	if (err)
		return err;
	err = xenbus_printf(xbt, dir, "info", "%u", blkback->vbd.info);
	if (err)
		return err;
	return xenbus_printf(xbt, dir, "state", "%d", state);
}

/**
 * blkback_publish_change() - publish size and info, and the state once more
 * @blkback: the disk
 *
 * The toolstack and the threads of queues may close the device meanwhile, so
 * its state is read in the same transaction.
 *
 * Return: 0, -ENOTCONN if there is no connection, or -errno.
 */
int blkback_publish_change(const struct blkback *blkback)
{
	return blkif_transaction(blkback_write_change, (void *)blkback);
}
