// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: follows the frontend and the toolstack.
 *
 *   blkback_probe()              publish the offer, wait for disk and frontend
 *   blkback_disk_named()         the hotplug script has named the disk
 *   blkback_frontend_changed()   the frontend has entered another state
 *     blkback_reset()            it starts: publish the offer again
 *     blkback_connect()          it is ready: read its choice, set up, publish
 *     blkback_disconnect()       it has closed
 *   blkback_update_work()        a connection has ended, or the disk changed
 *   blkback_remove()
 *
 * Watches are handled by one thread, devices are bound and unbound by writes to
 * sysfs, and updates run in a work item.  blkback.transition serialises them.
 */

#include <linux/err.h>
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/slab.h>
#include "../xen-blkif/agreed.h"
#include "blkback.h"

/**
 * blkback_free() - free a disk to which there is no reference any more
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

/**
 * blkback_schedule_update() - have blkback_update_work() run
 * @blkback: the disk; the caller has a reference
 *
 * Context: any.
 */
void blkback_schedule_update(struct blkback *blkback)
{
	kref_get(&blkback->kref);
	if (!queue_work(blkback_update_wq, &blkback->update))
		/* Not the last reference: the caller has one. */
		blkback_put(blkback);
}

/* The frontend has closed, or makes new rings: it expects no more answers. */
static void blkback_disconnect(struct blkback *blkback)
{
	blkback_end_conn(blkback, blkback->conn, true);
}

static void blkback_log_agreed(struct blkback_conn *conn)
{
	struct blkif_agreed agreed;

	if (!__ratelimit(&conn->blkback->log))
		return;
	blkback_conn_describe(conn, &agreed);
	blkif_agreed_log(&conn->blkback->dev->dev, "connected", &agreed);
}

/* Has the disk, or the guest's access to it, changed since published? */
static bool blkback_refresh_disk(struct blkback *blkback)
{
	struct blkback_vbd *vbd = &blkback->vbd;

	return blkback_vbd_refresh(vbd,
				   blkback_keys_writable(blkback->dev,
							 vbd->mode_writable));
}

static int blkback_add_queues(struct blkback_conn *conn)
{
	struct blkback_queue_keys keys;
	unsigned int i;
	int err = 0;

	for (i = 0; i < conn->agreed.nr_queues && !err; i++) {
		err = blkback_keys_queue(conn->blkback, &conn->agreed, i,
					 &keys);
		if (!err)
			err = blkback_conn_add_queue(conn, &keys);
	}
	return err;
}

static int blkback_set_up(struct blkback_conn *conn)
{
	struct blkback *blkback = conn->blkback;
	struct blkback_vbd_offer offer;
	char name[TASK_COMM_LEN];
	int err;

	err = blkback_add_queues(conn);
	if (err)
		return err;
	blkback_refresh_disk(blkback);
	blkback_vbd_get_offer(&blkback->vbd,
			      blkback_keys_discard(blkback->dev), &offer);
	blkback_conn_choose(conn, &offer);
	err = blkback_publish_disk(blkback, &offer);
	if (err)
		return err;
	mutex_lock(&blkback->lock);
	blkback->conn = conn;
	mutex_unlock(&blkback->lock);
	blkback_keys_name(blkback->dev, name, sizeof(name));
	return blkback_conn_start(conn, name);
}

/* Can a connection be set up?  If that has to wait, the device is PENDING. */
static bool blkback_may_connect(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;

	switch (blkback_get_state(blkback)) {
	case BLKBACK_WAITING:
	case BLKBACK_PENDING:
	case BLKBACK_CLOSED:
		break;
	default:
		/* After CLOSING or REFUSED the frontend has to close first. */
		return false;
	}
	if (!blkback->vbd.bdev)
		return false;
	/* Separate rings do not store how far they were used. */
	if (!blkback->unused_rings && blkback_keys_separate(dev)) {
		blkback_log(blkback, info,
			    "the frontend's rings were in use before, waiting for it to make new ones\n");
		return false;
	}
	/*
	 * Requests of the previous connection could overtake those of this one.
	 * The end of that connection schedules an update, which tries again.
	 */
	if (blkback_drained(blkback, 0))
		return true;
	blkback_set_state(blkback, BLKBACK_PENDING);
	return false;
}

/* The frontend has written its keys.  Errors are reported where they occur. */
static void blkback_connect(struct blkback *blkback)
{
	struct blkif_choice choice;
	struct blkback_conn *conn;

	lockdep_assert_held(&blkback->transition);
	if (!blkback_may_connect(blkback))
		return;
	if (blkback_keys_choice(blkback, &choice))
		return;
	conn = blkback_conn_alloc(blkback, &choice);
	if (!conn) {
		blkback_fail(blkback, -ENOMEM, "no memory for the connection");
		return;
	}
	if (blkback_set_up(conn)) {
		blkback_end_conn(blkback, conn, true);
		return;
	}
	blkback->unused_rings = false;
	blkback_log_agreed(conn);
	/* Fails if a thread has refused the frontend already. */
	blkback_set_state(blkback, BLKBACK_CONNECTED);
}

/* What this driver can do, according to its parameters. */
static void blkback_set_offer(struct blkback *blkback)
{
	bool slim = blkback_enabled(BLKIF_FEATURE_SLIM);

	blkback->offer = (struct blkif_offer) {
		.max_queues = clamp(READ_ONCE(blkback_max_queues), 1U,
				    BLKIF_MAX_QUEUES),
		.max_ring_order = blkback_max_ring_order,
		.max_indirect_segs = min_t(u32, READ_ONCE(blkback_max_segs),
					   BLKBACK_MAX_SEGS),
		.persistent = READ_ONCE(blkback_persistent),
		.slim = slim,
		.separate = slim && blkback_enabled(BLKIF_FEATURE_SEPARATE),
		.max_align = 128,
		.max_slim_entries = min_t(u32, READ_ONCE(blkback_max_entries),
					  BLKIF_MAX_ENTRIES),
	};
}

/* The frontend starts, and will make new rings: offer it everything again. */
static void blkback_reset(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;

	blkback->unused_rings = true;
	/* It has the offer already. */
	if (dev->state == XenbusStateInitWait)
		return;
	/*
	 * A frontend that was refused before it was connected has to close
	 * first.  One that was connected may have crashed.
	 */
	if (blkback_get_state(blkback) == BLKBACK_REFUSED && !blkback->conn)
		return;
	/*
	 * The toolstack removes the device, and may have written Closing, which
	 * the frontend has not seen yet.
	 */
	if (!xenbus_dev_is_online(dev))
		return;
	blkback_disconnect(blkback);
	blkback_keys_remove_choice(dev);
	/* No frontend relies on an earlier offer any more. */
	blkback_set_offer(blkback);
	if (!blkback_publish_offer(blkback))
		blkback_set_state(blkback, BLKBACK_WAITING);
}

/* The frontend has rings that it has sent no request on. */
static void blkback_connect_unused(struct blkback *blkback)
{
	/* This state may be reported more than once. */
	if (blkback_get_state(blkback) != BLKBACK_CONNECTED)
		blkback->unused_rings = true;
	blkback_connect(blkback);
}

static void blkback_connect_if_ready(struct blkback *blkback)
{
	const struct xenbus_device *dev = blkback->dev;

	switch (xenbus_read_driver_state(dev, dev->otherend)) {
	case XenbusStateInitialised:
		blkback_connect_unused(blkback);
		break;
	case XenbusStateConnected:
		blkback_connect(blkback);
		break;
	default:
		break;
	}
}

/* If the disk has changed, have the frontend read its properties again. */
static void blkback_update_frontend(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	struct blkback_vbd *vbd = &blkback->vbd;
	int err;

	lockdep_assert_held(&blkback->transition);
	/* Otherwise the change is published when it connects. */
	if (blkback_get_state(blkback) != BLKBACK_CONNECTED ||
	    !blkback_refresh_disk(blkback))
		return;
	err = blkback_publish_change(blkback);
	/* The next pass of a queue then schedules another update. */
	WRITE_ONCE(vbd->unpublished, err && err != -ENOTCONN);
	if (!err)
		dev_info(&dev->dev, "the disk has changed: %llu sectors, %s\n",
			 vbd->size, vbd->info & VDISK_READONLY ?
			 "read-only" : "writable");
	else if (err != -ENOTCONN)
		blkback_log(blkback, warn,
			    "the disk has changed, but publishing that failed (%d), trying again\n",
			    err);
}

/*
 * A connection has ended for which the next one may wait, or a queue has seen
 * that the disk has changed.  Whoever schedules this does not know what became
 * of the device meanwhile.
 */
static void blkback_update_work(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, update);

	mutex_lock(&blkback->transition);
	if (blkback_get_state(blkback) == BLKBACK_PENDING)
		blkback_connect_if_ready(blkback);
	blkback_update_frontend(blkback);
	mutex_unlock(&blkback->transition);
	blkback_put(blkback);
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
		blkback_fail(blkback, PTR_ERR(mode), "reading mode failed");
		return PTR_ERR(mode);
	}
	err = blkback_vbd_open(blkback, MKDEV(major, minor),
			       !strchr(mode, 'w'), blkback_keys_cdrom(dev));
	if (err) {
		blkback_fail(blkback, err, "opening device %x:%x failed",
			     major, minor);
		goto free_mode;
	}
	blkback->mode = mode;
	blkback->major = major;
	blkback->minor = minor;
	err = blkback_sysfs_add(blkback);
	if (err) {
		blkback_fail(blkback, err, "creating sysfs files failed");
		goto close;
	}
	blkback_debugfs_add(blkback);
	return 0;

close:
	blkback->mode = NULL;
	blkback_vbd_close(&blkback->vbd);
free_mode:
	kfree(mode);
	return err;
}

static void blkback_find_disk(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	unsigned int major, minor;
	int ret;

	ret = xenbus_scanf(XBT_NIL, dev->nodename, "physical-device", "%x:%x",
			   &major, &minor);
	/* The watch also fires when it is registered. */
	if (ret == -ENOENT)
		return;
	if (ret != 2) {
		blkback_fail(blkback, ret < 0 ? ret : -EINVAL,
			     "reading physical-device failed");
		return;
	}
	if (blkback->vbd.bdev) {
		if (blkback->major != major || blkback->minor != minor)
			dev_warn(&dev->dev,
				 "changing the disk from %x:%x to %x:%x is not supported, keeping the first\n",
				 blkback->major, blkback->minor, major, minor);
		return;
	}
	if (blkback_open(blkback, major, minor))
		return;
	/* The frontend may have been ready before the disk. */
	blkback_connect_if_ready(blkback);
}

static void blkback_disk_named(struct xenbus_watch *watch, const char *path,
			       const char *token)
{
	struct blkback *blkback = container_of(watch, struct blkback,
					       disk_watch);

	mutex_lock(&blkback->transition);
	blkback_find_disk(blkback);
	mutex_unlock(&blkback->transition);
}

static void blkback_mode_changed(struct xenbus_watch *watch, const char *path,
				 const char *token)
{
	blkback_schedule_update(container_of(watch, struct blkback,
					     mode_watch));
}

/* Follow the frontend.  Return: true if the device is to be removed. */
static bool blkback_follow(struct blkback *blkback, enum xenbus_state frontend)
{
	enum blkback_state state = blkback_get_state(blkback);

	switch (frontend) {
	case XenbusStateInitialising:
		blkback_reset(blkback);
		return false;

	case XenbusStateInitialised:
		blkback_connect_unused(blkback);
		return false;

	case XenbusStateConnected:
		blkback_connect(blkback);
		blkback_keys_check_pi(blkback);
		return false;

	case XenbusStateClosing:
		blkback_set_state(blkback, BLKBACK_CLOSING);
		return false;

	case XenbusStateClosed:
		blkback_disconnect(blkback);
		blkback_set_state(blkback, BLKBACK_CLOSED);
		return !xenbus_dev_is_online(blkback->dev);

	case XenbusStateUnknown:
		return true;

	default:
		/* Reported once, however often it is written. */
		if (state != BLKBACK_CLOSING && state != BLKBACK_REFUSED)
			blkback_refuse(blkback, -EINVAL,
				       "saw state %d at frontend", frontend);
		return false;
	}
}

static void blkback_frontend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	bool leaving;

	mutex_lock(&blkback->transition);
	leaving = blkback_follow(blkback, state);
	if (leaving)
		blkback_set_state(blkback, BLKBACK_LEAVING);
	mutex_unlock(&blkback->transition);
	/* The frontend is gone for good; this calls blkback_remove(). */
	if (leaving)
		device_unregister(&dev->dev);
}

/* Does nothing for a watch that was not registered. */
static void blkback_unwatch(struct xenbus_watch *watch)
{
	if (!watch->node)
		return;
	unregister_xenbus_watch(watch);
	kfree(watch->node);
}

static void blkback_remove(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	bool xenbus_removes;

	blkback_unwatch(&blkback->mode_watch);
	blkback_unwatch(&blkback->disk_watch);
	/* From here on, updates do nothing, and nobody else uses the device. */
	mutex_lock(&blkback->transition);
	xenbus_removes = blkback_get_state(blkback) == BLKBACK_LEAVING;
	blkback_set_state(blkback, BLKBACK_REMOVED);
	mutex_unlock(&blkback->transition);

	blkback_debugfs_remove(blkback);
	blkback_sysfs_remove(blkback);
	blkback_drain_for_removal(blkback, xenbus_removes);
	/* The disk is closed now, unless a connection still needs it. */
	if (cancel_work_sync(&blkback->update))
		blkback_put(blkback);
	dev_set_drvdata(&dev->dev, NULL);
	blkback_put(blkback);
}

/* In this order: a watch fires when it is registered, and may connect. */
static int blkback_announce(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	int err;

	err = blkback_publish_offer(blkback);
	if (err)
		return err;
	blkback_set_state(blkback, BLKBACK_WAITING);
	err = xenbus_watch_pathfmt(dev, &blkback->disk_watch, NULL,
				   blkback_disk_named, "%s/%s", dev->nodename,
				   "physical-device");
	if (err)
		return err;
	return xenbus_watch_pathfmt(dev, &blkback->mode_watch, NULL,
				    blkback_mode_changed, "%s/%s",
				    dev->nodename, "mode");
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
	mutex_init(&blkback->transition);
	mutex_init(&blkback->lock);
	INIT_WORK(&blkback->update, blkback_update_work);
	get_device(&dev->dev);
	blkback->dev = dev;
	blkback->reclaim_end = jiffies;
	blkback->no_ring_until = jiffies;
	ratelimit_state_init(&blkback->log, BLKBACK_LOG_TIME,
			     BLKBACK_LOG_BURST);
	/* The toolstack's number of the disk; only traces show it. */
	if (kstrtouint(kbasename(dev->nodename), 10, &blkback->vbd.handle))
		blkback->vbd.handle = 0;
	blkback_set_offer(blkback);
	blkback_keys_inherit_offer(blkback);
	dev_set_drvdata(&dev->dev, blkback);
	err = blkback_announce(blkback);
	if (err)
		blkback_remove(dev);
	return err;
}

/* dom0 is short of memory: keep no free pages for a while. */
static void blkback_reclaim_memory(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	struct blkback_conn *conn;
	unsigned int i;

	if (!blkback)
		return;
	WRITE_ONCE(blkback->reclaim_end, jiffies +
		   msecs_to_jiffies(READ_ONCE(blkback_squeeze_ms)));
	/* Wakes threads that sleep; the others see reclaim_end. */
	if (!mutex_trylock(&blkback->lock))
		return;
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++) {
		WRITE_ONCE(conn->queues[i].reclaim, true);
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

/**
 * blkback_xenbus_init() - register the driver; devices may come from then on
 *
 * Return: 0 or -errno.
 */
int blkback_xenbus_init(void)
{
	return xenbus_register_backend(&blkback_driver);
}

/**
 * blkback_xenbus_exit() - unbind all devices and unregister the driver
 */
void blkback_xenbus_exit(void)
{
	xenbus_unregister_driver(&blkback_driver);
}
