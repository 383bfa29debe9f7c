// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: what it writes to XenStore for the frontend to read.
 */

#include "blkback.h"

struct blkback_key {
	const char *name;
	unsigned long long value;
};

static int blkback_write_keys(struct xenbus_device *dev,
			      struct xenbus_transaction xbt,
			      const struct blkback_key *keys, unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = xenbus_printf(xbt, dev->nodename, keys[i].name, "%llu",
				    keys[i].value);
		if (err) {
			xenbus_dev_fatal(dev, err, "writing %s", keys[i].name);
			return err;
		}
	}
	return 0;
}

/**
 * blkback_publish_offer() - what can be said before there is a disk
 * @blkback: the disk to be
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_publish_offer(struct blkback *blkback)
{
	const struct blkback_key keys[] = {
		{ "multi-queue-max-queues", blkback->offer.max_queues },
		{ "max-ring-page-order", blkback->offer.max_ring_order },
		{ "feature-max-indirect-segments",
		  blkback->offer.max_indirect_segs },
		{ "feature-persistent", blkback->offer.persistent },
		{ "feature-slim-requests", blkback->offer.slim },
		{ "feature-separate-rings", blkback->offer.separate },
		{ "max-ring-alignment", blkback->offer.max_align },
		{ "max-slim-indirect-entries", blkback->offer.max_slim_entries },
	};

	return blkback_write_keys(blkback->dev, XBT_NIL, keys,
				  ARRAY_SIZE(keys));
}

/* What of the offer the frontend has requests for. */
static void blkback_find_ops(struct blkback_conn *conn, struct blkif_ops *offer)
{
	struct xenbus_device *dev = conn->blkback->dev;

	blkback_vbd_get_ops(&conn->blkback->vbd,
			    xenbus_read_unsigned(dev->nodename,
						 "discard-enable", 1), offer);
	conn->ops = *offer;
	if (conn->agreed.layout.abi->slim)
		return;
	conn->ops.fua = false;
	conn->ops.zeroes = false;
	conn->ops.max_ranges = 1;
}

/* What depends on the disk; all or nothing. */
static int blkback_write_disk(struct blkback *blkback,
			      const struct blkif_ops *ops)
{
	const struct blkback_vbd *vbd = &blkback->vbd;
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
	struct xenbus_device *dev = blkback->dev;
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err) {
			xenbus_dev_fatal(dev, err, "starting transaction");
			return err;
		}
		err = blkback_write_keys(dev, xbt, keys, ARRAY_SIZE(keys));
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	if (err)
		xenbus_dev_fatal(dev, err, "ending transaction");
	return err;
}

/* Offer the protection information that the disk keeps, if any. */
static int blkback_publish_pi(struct blkback_conn *conn)
{
	struct xenbus_device *dev = conn->blkback->dev;
	struct blkif_pi pi = blkback_pi_get(conn->blkback->vbd.bdev);
	const struct blkback_key keys[] = {
		{ "integrity-tuple-size", BLKIF_PI_TUPLE },
		{ "integrity-interval", pi.interval },
	};
	int err;

	/* Of a connection before; there is none most of the time. */
	xenbus_rm(XBT_NIL, dev->nodename, "feature-integrity");
	if (!pi.profile || !READ_ONCE(blkback_integrity))
		return 0;
	if (conn->agreed.layout.abi->slim)
		conn->pi = pi;
	err = blkback_write_keys(dev, XBT_NIL, keys, ARRAY_SIZE(keys));
	if (err)
		return err;
	err = xenbus_printf(XBT_NIL, dev->nodename, "feature-integrity", "%s",
			    blkif_pi_name(&pi));
	if (err)
		xenbus_dev_fatal(dev, err, "writing feature-integrity");
	return err;
}

/**
 * blkback_publish_disk() - what the disk is like, before Connected
 * @conn: the connection; what it may use of the disk is noted in it
 *
 * Return: 0 or -errno, which was reported.
 */
int blkback_publish_disk(struct blkback_conn *conn)
{
	struct blkif_ops offer;
	int err;

	blkback_find_ops(conn, &offer);
	err = blkback_write_disk(conn->blkback, &offer);
	return err ? err : blkback_publish_pi(conn);
}

/* Unless the device is about to close; nothing of it is to be revived then. */
static int blkback_write_change(const struct blkback *blkback,
				struct xenbus_transaction xbt)
{
	const char *dir = blkback->dev->nodename;
	int state, err;

	err = xenbus_scanf(xbt, dir, "state", "%d", &state);
	if (err < 0 && err != -ENOENT)
		return err;
	if (err != 1 || state != XenbusStateConnected)
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
 * blkback_publish_change() - what may change of a disk, and Connected once more
 * @blkback: the disk
 *
 * The toolstack and the threads of queues may have the device close meanwhile,
 * so that its state is looked at in the same transaction.
 *
 * Return: 0, -ENOTCONN if it is not Connected, or -errno.
 */
int blkback_publish_change(const struct blkback *blkback)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = blkback_write_change(blkback, xbt);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}
