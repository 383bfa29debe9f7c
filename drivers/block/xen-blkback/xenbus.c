// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: XenStore, and nothing of requests.
 *
 *   blkback_probe()              offer, wait for the disk and the frontend
 *   blkback_disk_named()         the hotplug script says which disk it is
 *   blkback_frontend_changed()   the frontend moved
 *     blkback_connect()          read its choice, set up, publish, start
 *     blkback_disconnect()
 *   blkback_remove()
 *
 * All but blkback_resize() are called one at a time: by the one thread that
 * handles watches, or after the watches of the device are gone.
 */

#include <linux/kdev_t.h>
#include <linux/slab.h>
#include <xen/events.h>
#include <xen/interface/io/protocols.h>
#include "blkback.h"

/**
 * blkback_free() - the last reference is gone
 * @kref: of the disk
 */
void blkback_free(struct kref *kref)
{
	struct blkback *blkback = container_of(kref, struct blkback, kref);

	blkback_vbd_close(&blkback->vbd);
	put_device(&blkback->dev->dev);
	kfree(blkback->mode);
	kfree(blkback);
}

static void blkback_disconnect(struct blkback *blkback)
{
	struct blkback_conn *conn = blkback->conn;

	if (!conn)
		return;
	blkback_conn_stop(conn);
	/* It is hidden already, unless the disk is slow to answer. */
	mutex_lock(&blkback->lock);
	blkback->conn = NULL;
	mutex_unlock(&blkback->lock);
}

/*
 * Read a number that the frontend wrote.  Whatever it is, it is small enough
 * for a u32 and nothing but digits, or the frontend is told so.
 */
static int blkback_read_uint(struct xenbus_device *dev, const char *dir,
			     const char *key, u32 *val)
{
	char *text = xenbus_read(XBT_NIL, dir, key, NULL);
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = blkif_parse_uint(text, val);
	if (err)
		xenbus_dev_fatal(dev, err, "%s/%s is not a number", dir, key);
	kfree(text);
	return err;
}

/* As above, for a key that has a default. */
static int blkback_read_uint_or(struct xenbus_device *dev, const char *key,
				u32 absent, u32 *val)
{
	int err = blkback_read_uint(dev, dev->otherend, key, val);

	if (err != -ENOENT)
		return err;
	*val = absent;
	return 0;
}

/* What a frontend writes that is not a number. */
static char *blkback_read_word(struct xenbus_device *dev, const char *key)
{
	char *text = xenbus_read(XBT_NIL, dev->otherend, key, NULL);

	return IS_ERR(text) ? NULL : text;
}

/* Is a key absent (0), or what it may be (1), or something else (-EINVAL)? */
static int blkback_read_flag(struct xenbus_device *dev, const char *key,
			     const char *value)
{
	char *text = blkback_read_word(dev, key);
	int ret = 0;

	if (text && *text)
		ret = strcmp(text, value) ? -EINVAL : 1;
	if (ret < 0)
		xenbus_dev_fatal(dev, ret, "%s is not \"%s\"", key, value);
	kfree(text);
	return ret;
}

static int blkback_read_layout(struct xenbus_device *dev,
			       struct blkif_layout *layout)
{
	char *protocol;
	u32 order, align;
	int ret;

	protocol = blkback_read_word(dev, "protocol");
	layout->abi = blkif_abi_by_name(protocol);
	kfree(protocol);

	ret = blkback_read_flag(dev, "ring-layout", "split");
	if (ret < 0)
		return ret;
	layout->split = ret;
	ret = blkback_read_flag(dev, "request-format", "slim");
	if (ret < 0)
		return ret;
	if (ret || layout->split)
		layout->abi = &blkif_abi_slim;
	ret = blkback_read_uint_or(dev, "ring-page-order", 0, &order);
	if (ret)
		return ret;
	/* Checked before they are made to fit. */
	layout->order = min_t(u32, order, U8_MAX);
	ret = blkback_read_uint_or(dev, "ring-alignment", 64, &align);
	layout->align = min_t(u32, align, U16_MAX);
	return ret;
}

static int blkback_read_choice(struct blkback *blkback,
			       struct blkif_choice *choice)
{
	struct xenbus_device *dev = blkback->dev;
	const char *reason;
	u32 persistent;
	int err;

	err = blkback_read_layout(dev, &choice->layout);
	if (err)
		return err;
	err = blkback_read_uint_or(dev, "multi-queue-num-queues",
				   BLKIF_DEFAULT_QUEUES, &choice->nr_queues);
	if (err)
		return err;
	err = blkback_read_uint_or(dev, "feature-persistent", 0, &persistent);
	if (err)
		return err;
	choice->persistent = persistent && blkback->offer.persistent;

	reason = blkif_refuse(choice, &blkback->offer);
	if (!reason)
		return 0;
	xenbus_dev_fatal(dev, -EINVAL, "frontend asks for %s", reason);
	return -EINVAL;
}

/* @nr references, under the keys @prefix and a number. */
static int blkback_read_grefs(struct xenbus_device *dev, const char *dir,
			      const char *prefix, unsigned int nr,
			      grant_ref_t *grefs)
{
	char key[sizeof("req-ring-ref") + 10];
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		snprintf(key, sizeof(key), "%s%u", prefix, i);
		err = blkback_read_uint(dev, dir, key, &grefs[i]);
		if (err == -ENOENT)
			xenbus_dev_fatal(dev, err, "%s/%s is missing", dir,
					 key);
		if (err)
			return err;
	}
	return 0;
}

/*
 * A shared ring of one page may have its reference under either name:
 * "ring-ref" is the older one.
 */
static int blkback_read_rings(struct xenbus_device *dev, const char *dir,
			      const struct blkif_layout *layout,
			      grant_ref_t *grefs)
{
	unsigned int nr = blkif_layout_req_pages(layout);
	int err;

	if (layout->split) {
		err = blkback_read_grefs(dev, dir, "req-ring-ref", nr, grefs);
		if (err)
			return err;
		return blkback_read_grefs(dev, dir, "rsp-ring-ref",
					  blkif_layout_rsp_pages(layout),
					  grefs + nr);
	}
	if (nr == 1) {
		err = blkback_read_uint(dev, dir, "ring-ref", grefs);
		if (err != -ENOENT)
			return err;
	}
	return blkback_read_grefs(dev, dir, "ring-ref", nr, grefs);
}

static int blkback_connect_queue(struct blkback_conn *conn, const char *dir)
{
	grant_ref_t grefs[2 * BLKIF_LAP_MAX_PAGES];
	struct xenbus_device *dev = conn->blkback->dev;
	evtchn_port_t port;
	int err;

	err = blkback_read_uint(dev, dir, "event-channel", &port);
	if (err == -ENOENT)
		xenbus_dev_fatal(dev, err, "%s/event-channel is missing", dir);
	if (err)
		return err;
	err = blkback_read_rings(dev, dir, &conn->agreed.layout, grefs);
	if (err)
		return err;
	return blkback_conn_add_queue(conn, grefs, port);
}

static int blkback_connect_queues(struct blkback_conn *conn)
{
	struct xenbus_device *dev = conn->blkback->dev;
	unsigned int i;
	int err = 0;

	if (conn->agreed.nr_queues == 1)
		return blkback_connect_queue(conn, dev->otherend);

	for (i = 0; i < conn->agreed.nr_queues && !err; i++) {
		char *dir = kasprintf(GFP_KERNEL, "%s/queue-%u", dev->otherend,
				      i);

		if (!dir) {
			xenbus_dev_fatal(dev, -ENOMEM, "queue %u", i);
			return -ENOMEM;
		}
		err = blkback_connect_queue(conn, dir);
		kfree(dir);
	}
	return err;
}

/* Name of the disk inside the guest, as the toolstack has it. */
static void blkback_disk_name(struct xenbus_device *dev, char *name,
			      size_t size)
{
	char *path = xenbus_read(XBT_NIL, dev->nodename, "dev", NULL);
	const char *base;

	if (IS_ERR(path)) {
		snprintf(name, size, "vbd");
		return;
	}
	base = strstr(path, "/dev/");
	strscpy(name, base ? base + strlen("/dev/") : path, size);
	kfree(path);
}

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

/* What depends on the disk; all or nothing. */
static int blkback_publish(struct blkback *blkback,
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
		{ "feature-transient-grants", blkback->offer.once },
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

static void blkback_log_agreed(struct blkback_conn *conn)
{
	const struct blkif_choice *agreed = &conn->agreed;
	const struct blkif_layout *layout = &agreed->layout;

	dev_info(&conn->blkback->dev->dev,
		 "connected: %s requests, %s, queues: %u, slots: %u (order %u), segments: %u, persistent grants: %s, FUA: %s, discard: %s, zeroes: %s, integrity: %s\n",
		 layout->abi->name,
		 !layout->split ? "shared ring" :
		 layout->align == 64 ? "separate rings of 64-byte lines" :
				       "separate rings of 128-byte lines",
		 agreed->nr_queues, blkif_layout_slots(layout), layout->order,
		 conn->max_segs, agreed->persistent ? "yes" : "no",
		 conn->ops.fua ? "yes" : "no", blkif_discard_name(&conn->ops),
		 conn->ops.zeroes ? "yes" : "no", blkif_pi_name(&conn->pi));
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

static int blkback_set_up(struct blkback_conn *conn)
{
	struct blkback *blkback = conn->blkback;
	char name[TASK_COMM_LEN];
	struct blkif_ops offer;
	int err;

	err = blkback_connect_queues(conn);
	if (err)
		return err;
	blkback->vbd.size = bdev_nr_sectors(blkback->vbd.bdev);
	blkback_find_ops(conn, &offer);
	err = blkback_publish(blkback, &offer);
	if (!err)
		err = blkback_publish_pi(conn);
	if (err)
		return err;
	mutex_lock(&blkback->lock);
	blkback->conn = conn;
	mutex_unlock(&blkback->lock);
	blkback_disk_name(blkback->dev, name, sizeof(name));
	return blkback_conn_start(conn, name);
}

/* The frontend has written its keys.  Every error was reported by its place. */
static void blkback_connect(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	struct blkif_choice choice;
	struct blkback_conn *conn;

	if (!blkback->vbd.bdev || dev->state == XenbusStateConnected)
		return;
	blkback_disconnect(blkback);
	/* What it still has in flight may overtake what comes now. */
	if (kref_read(&blkback->kref) > 1) {
		xenbus_dev_fatal(dev, -EBUSY, "pending I/O");
		return;
	}
	if (blkback_read_choice(blkback, &choice))
		return;
	conn = blkback_conn_alloc(blkback, &choice);
	if (!conn) {
		xenbus_dev_fatal(dev, -ENOMEM, "connecting");
		return;
	}
	if (blkback_set_up(conn)) {
		blkback_conn_stop(conn);
		mutex_lock(&blkback->lock);
		blkback->conn = NULL;
		mutex_unlock(&blkback->lock);
		return;
	}
	blkback_log_agreed(conn);
	/* Unless a thread has found the frontend broken already. */
	if (!test_bit(0, &conn->broken))
		xenbus_switch_state(dev, XenbusStateConnected);
}

/*
 * The frontend has seen what the disk has, and says what it uses.  One without
 * slim requests does not, whatever another has left there.
 */
static void blkback_check_pi(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	char *name;

	if (!blkback->conn || !blkback->conn->agreed.layout.abi->slim)
		return;
	name = blkback_read_word(dev, "integrity");
	if (name && *name && strcmp(name, blkif_pi_name(&blkback->conn->pi)))
		xenbus_dev_fatal(dev, -EINVAL,
				 "frontend asks for protection information that was not offered");
	kfree(name);
}

/* The disk has another size: tell the frontend by Connected once more. */
static void blkback_resize(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, resize);
	struct xenbus_device *dev = blkback->dev;
	struct blkback_key key = { "sectors" };
	struct xenbus_transaction xbt;
	int err;

	if (dev->state != XenbusStateConnected)
		return;
	key.value = bdev_nr_sectors(blkback->vbd.bdev);
	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			break;
		err = blkback_write_keys(dev, xbt, &key, 1);
		if (!err)
			err = xenbus_printf(xbt, dev->nodename, "state", "%d",
					    dev->state);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			break;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	if (err)
		dev_warn(&dev->dev, "cannot announce the new size: %d\n", err);
	else
		dev_info(&dev->dev, "new size: %llu sectors\n", key.value);
	WRITE_ONCE(blkback->vbd.size, key.value);
}

static bool blkback_is_cdrom(struct xenbus_device *dev)
{
	char *type = xenbus_read(XBT_NIL, dev->otherend, "device-type", NULL);
	bool cdrom;

	if (IS_ERR(type))
		return false;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom;
}

/* Open the disk that the hotplug script named. */
static int blkback_open(struct blkback *blkback, unsigned int major,
			unsigned int minor)
{
	struct xenbus_device *dev = blkback->dev;
	char *mode;
	int err;

	mode = xenbus_read(XBT_NIL, dev->nodename, "mode", NULL);
	if (IS_ERR(mode)) {
		xenbus_dev_fatal(dev, PTR_ERR(mode), "reading mode");
		return PTR_ERR(mode);
	}
	err = blkback_vbd_open(blkback, MKDEV(major, minor),
			       !strchr(mode, 'w'), blkback_is_cdrom(dev));
	if (err) {
		xenbus_dev_fatal(dev, err, "opening device %x:%x", major,
				 minor);
		goto free_mode;
	}
	blkback->mode = mode;
	blkback->major = major;
	blkback->minor = minor;
	err = blkback_sysfs_add(blkback);
	if (err) {
		xenbus_dev_fatal(dev, err, "creating sysfs entries");
		goto close;
	}
	return 0;

close:
	blkback->mode = NULL;
	blkback_vbd_close(&blkback->vbd);
free_mode:
	kfree(mode);
	return err;
}

static void blkback_disk_named(struct xenbus_watch *watch, const char *path,
			       const char *token)
{
	struct blkback *blkback = container_of(watch, struct blkback, watch);
	struct xenbus_device *dev = blkback->dev;
	unsigned int major, minor;
	int ret;

	ret = xenbus_scanf(XBT_NIL, dev->nodename, "physical-device", "%x:%x",
			   &major, &minor);
	/* The watch fires once when it is set. */
	if (ret == -ENOENT)
		return;
	if (ret != 2) {
		xenbus_dev_fatal(dev, ret < 0 ? ret : -EINVAL,
				 "reading physical-device");
		return;
	}
	if (blkback->vbd.bdev) {
		if (blkback->major != major || blkback->minor != minor)
			dev_warn(&dev->dev,
				 "changing the disk from %x:%x to %x:%x is not supported\n",
				 blkback->major, blkback->minor, major, minor);
		return;
	}
	if (blkback_open(blkback, major, minor))
		return;

	/* The frontend may have been waiting for this. */
	switch (xenbus_read_driver_state(dev->otherend)) {
	case XenbusStateInitialised:
	case XenbusStateConnected:
		blkback_connect(blkback);
		break;
	default:
		break;
	}
}

static void blkback_frontend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);

	switch (state) {
	case XenbusStateInitialising:
		if (dev->state == XenbusStateClosed)
			xenbus_switch_state(dev, XenbusStateInitWait);
		break;

	case XenbusStateInitialised:
	case XenbusStateConnected:
		blkback_connect(blkback);
		if (state == XenbusStateConnected)
			blkback_check_pi(blkback);
		break;

	case XenbusStateClosing:
		xenbus_switch_state(dev, XenbusStateClosing);
		break;

	case XenbusStateClosed:
		blkback_disconnect(blkback);
		xenbus_switch_state(dev, XenbusStateClosed);
		if (xenbus_dev_is_online(dev))
			break;
		fallthrough;
	case XenbusStateUnknown:
		/* The frontend is gone, and with it the device. */
		device_unregister(&dev->dev);
		break;

	default:
		xenbus_dev_fatal(dev, -EINVAL, "saw state %d at frontend",
				 state);
		break;
	}
}

static void blkback_remove(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);

	if (blkback->watching) {
		unregister_xenbus_watch(&blkback->watch);
		kfree(blkback->watch.node);
	}
	blkback_sysfs_remove(blkback);
	blkback_disconnect(blkback);
	cancel_work_sync(&blkback->resize);
	dev_set_drvdata(&dev->dev, NULL);
	blkback_put(blkback);
}

static int blkback_offer(struct blkback *blkback)
{
	const struct blkback_key keys[] = {
		{ "multi-queue-max-queues", blkback->offer.max_queues },
		{ "max-ring-page-order", blkback->offer.max_ring_order },
		{ "feature-max-indirect-segments",
		  blkback->offer.max_indirect_segs },
		{ "feature-persistent", blkback->offer.persistent },
		{ "feature-slim-requests", blkback->offer.slim },
		{ "feature-separate-rings", blkback->offer.split },
		{ "max-ring-alignment", blkback->offer.max_align },
		{ "max-slim-indirect-entries", blkback->offer.max_slim_entries },
	};

	return blkback_write_keys(blkback->dev, XBT_NIL, keys,
				  ARRAY_SIZE(keys));
}

static int blkback_probe(struct xenbus_device *dev,
			 const struct xenbus_device_id *id)
{
	struct blkback *blkback;
	int err;

	blkback = kzalloc(sizeof(*blkback), GFP_KERNEL);
	if (!blkback)
		return -ENOMEM;
	kref_init(&blkback->kref);
	mutex_init(&blkback->lock);
	INIT_WORK(&blkback->resize, blkback_resize);
	get_device(&dev->dev);
	blkback->dev = dev;
	blkback->squeeze_end = jiffies;
	/* What the toolstack calls it; only tracing asks. */
	if (kstrtouint(kbasename(dev->nodename), 10, &blkback->vbd.handle))
		blkback->vbd.handle = 0;
	blkback->offer = (struct blkif_offer) {
		.max_queues = clamp(READ_ONCE(blkback_max_queues), 1U,
				    BLKIF_MAX_QUEUES),
		.max_ring_order = blkback_max_ring_order,
		.max_indirect_segs = min_t(u32, READ_ONCE(blkback_max_segs),
					   BLKBACK_MAX_SEGS),
		.once = READ_ONCE(blkback_once),
		.persistent = READ_ONCE(blkback_persistent),
		.slim = READ_ONCE(blkback_slim),
		.split = READ_ONCE(blkback_split),
		.max_align = READ_ONCE(blkback_max_align) < 128 ? 64 : 128,
		.max_slim_entries = min_t(u32, READ_ONCE(blkback_max_entries),
					  BLKIF_MAX_ENTRIES),
	};
	dev_set_drvdata(&dev->dev, blkback);

	err = blkback_offer(blkback);
	if (err)
		goto fail;
	err = xenbus_watch_pathfmt(dev, &blkback->watch, NULL,
				   blkback_disk_named, "%s/%s", dev->nodename,
				   "physical-device");
	if (err)
		goto fail;
	blkback->watching = true;
	err = xenbus_switch_state(dev, XenbusStateInitWait);
	if (err)
		goto fail;
	return 0;

fail:
	blkback_remove(dev);
	return err;
}

/* Memory is short: keep no free pages for a while. */
static void blkback_reclaim_memory(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	struct blkback_conn *conn;
	unsigned int i;

	if (!blkback)
		return;
	WRITE_ONCE(blkback->squeeze_end, jiffies +
		   msecs_to_jiffies(READ_ONCE(blkback_squeeze_ms)));
	/* Threads that sleep would not notice; those that work do anyway. */
	if (!mutex_trylock(&blkback->lock))
		return;
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++) {
		WRITE_ONCE(conn->queues[i].squeezed, true);
		wake_up(&conn->queues[i].wait);
	}
	mutex_unlock(&blkback->lock);
}

static const struct xenbus_device_id blkback_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver blkback_driver = {
	.ids = blkback_ids,
	.probe = blkback_probe,
	.remove = blkback_remove,
	.otherend_changed = blkback_frontend_changed,
	.allow_rebind = true,
	.reclaim_memory = blkback_reclaim_memory,
};

/** blkback_xenbus_init() - take devices from now on; 0 or -errno */
int blkback_xenbus_init(void)
{
	return xenbus_register_backend(&blkback_driver);
}

/** blkback_xenbus_exit() - give all devices up */
void blkback_xenbus_exit(void)
{
	xenbus_unregister_driver(&blkback_driver);
}
