// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: follows the frontend and the toolstack.
 *
 *   blkback_work()               scheduled by watches, by queues that have seen
 *                                something, and by the end of a connection
 *     blkback_let_go()           the driver was removed
 *     blkback_follow()
 *       blkback_announce()       at first: publish the offer
 *       blkback_find_disk()      the hotplug script has named the disk
 *         blkback_open_work()    opens and cleans it, in a work item of its own
 *       blkback_follow_frontend()
 *         blkback_reset()        it starts: publish the offer again
 *         blkback_connect()      it is ready
 *         blkback_disconnect()   it has closed
 *       blkback_update_frontend()    the disk has changed
 *
 * The work item reads what there is to do.  Whoever schedules it does not know
 * what became of the device meanwhile, and several reasons may coincide.  A state
 * of the frontend may therefore be missed.  None is missed that matters: a
 * frontend that starts again waits for InitWait before it makes its rings, and
 * only this work item publishes that.  Closed is recorded, since a frontend that
 * was refused has to have been there.
 */

#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "life.h"

/* Between attempts to have xenwatch unregister a device that is locked. */
#define BLKBACK_LEAVE_RETRY	(HZ / 20 + 1)

/* The frontend has closed, or makes new rings: it expects no more answers. */
static void blkback_disconnect(struct blkback *blkback)
{
	blkback_end_conn(blkback, blkback->conn, true);
}

/* What this driver can do, according to its parameters. */
static void blkback_set_offer(struct blkback *blkback)
{
	bool slim = blkback_enabled(BLKIF_FEATURE_SLIM);

	blkback->offer = (struct blkif_offer) {
		.max_queues = clamp_t(u32, READ_ONCE(blkback_max_queues), 1,
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

static void blkback_announce(struct blkback *blkback)
{
	blkback_set_offer(blkback);
	blkback_keys_inherit_offer(blkback);
	if (!blkback_publish_offer(blkback))
		blkback_set_state(blkback, BLKBACK_WAITING);
}

/* The frontend starts, and will make new rings: offer it everything again. */
static void blkback_reset(struct blkback *blkback, bool closed)
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
	if (blkback_get_state(blkback) == BLKBACK_REFUSED && !blkback->conn &&
	    !closed)
		return;
	/*
	 * The toolstack removes the device, and may have written Closing, which
	 * the frontend has not seen yet.
	 */
	if (!blkback_keys_online(dev))
		return;
	blkback_disconnect(blkback);
	blkback_keys_remove_choice(blkback);
	/* No frontend relies on an earlier offer any more. */
	blkback_set_offer(blkback);
	if (!blkback_publish_offer(blkback))
		blkback_set_state(blkback, BLKBACK_WAITING);
}

/* The frontend has rings that it has sent no request on. */
static void blkback_connect_unused(struct blkback *blkback)
{
	/* This state may be seen more than once. */
	if (blkback_get_state(blkback) != BLKBACK_CONNECTED)
		blkback->unused_rings = true;
	blkback_connect(blkback);
}

/* If the disk has changed, have the frontend read its properties again. */
static void blkback_update_frontend(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	struct blkback_vbd *vbd = &blkback->vbd;
	int err;

	/* Otherwise the change is published when it connects. */
	if (blkback_get_state(blkback) != BLKBACK_CONNECTED ||
	    !blkback_refresh_disk(blkback))
		return;
	err = blkback_publish_change(blkback);
	/* The next pass of a queue then schedules this again. */
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

/**
 * blkback_open_work() - open the disk, or clean it if it is open
 * @work: of the device; holds a reference to it
 *
 * The driver of the disk may take its time.  The device can be closed and
 * removed meanwhile.
 */
void blkback_open_work(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, open);
	enum blkback_disk_state done = BLKBACK_DISK_TRIED;

	if (blkback->vbd.bdev) {
		blkback->open_err = blkback_vbd_clean(blkback);
		done = BLKBACK_DISK_CLEANED;
	} else {
		blkback->open_err =
			blkback_vbd_open(blkback, MKDEV(blkback->major,
							blkback->minor),
					 !strchr(blkback->mode, 'w'),
					 blkback_keys_cdrom(blkback));
	}
	/* Pairs with blkback_disk(). */
	smp_store_release(&blkback->disk, done);
	blkback_schedule_work(blkback);
	blkback_put(blkback);
}

static enum blkback_disk_state blkback_disk(const struct blkback *blkback)
{
	/* What blkback_open_work() wrote before can be used after this. */
	return smp_load_acquire(&blkback->disk);
}

static void blkback_queue_open(struct blkback *blkback,
			       enum blkback_disk_state meanwhile)
{
	WRITE_ONCE(blkback->disk, meanwhile);
	kref_get(&blkback->kref);
	queue_work(blkback_disk_wq, &blkback->open);
}

/**
 * blkback_clean() - clean the disk for a connection, see blkback_vbd_clean()
 * @blkback: the device, whose frontend is ready and whose disk is open
 *
 * Nobody waits for this, as it may take long: the device is PENDING until it is
 * done.
 *
 * Context: the work item of the device.
 *
 * Return: true if it is done.
 */
bool blkback_clean(struct blkback *blkback)
{
	enum blkback_disk_state disk = blkback_disk(blkback);

	/* If it is not PENDING, it was cleaned for a frontend that has left. */
	if (disk == BLKBACK_DISK_CLEANED &&
	    blkback_get_state(blkback) == BLKBACK_PENDING) {
		/* The next connection needs it again. */
		WRITE_ONCE(blkback->disk, BLKBACK_DISK_OPEN);
		if (!blkback->open_err)
			return true;
		blkback_refuse(blkback, blkback->open_err,
			       "writing back what this domain has cached of the disk failed");
		return false;
	}
	if (disk != BLKBACK_DISK_CLEANING)
		blkback_queue_open(blkback, BLKBACK_DISK_CLEANING);
	blkback_set_state(blkback, BLKBACK_PENDING);
	return false;
}

/* Start to open the disk that the hotplug script named. */
static void blkback_open(struct blkback *blkback, unsigned int major,
			 unsigned int minor)
{
	char *mode = xenbus_read(XBT_NIL, blkback->dev->nodename, "mode",
				 NULL);

	if (IS_ERR(mode)) {
		blkback_refuse(blkback, PTR_ERR(mode), "reading mode failed");
		return;
	}
	mutex_lock(&blkback->lock);
	swap(blkback->mode, mode);
	blkback->major = major;
	blkback->minor = minor;
	mutex_unlock(&blkback->lock);
	/* That of an earlier attempt. */
	kfree(mode);
	blkback_queue_open(blkback, BLKBACK_DISK_OPENING);
}

static void blkback_check_opened(struct blkback *blkback)
{
	if (blkback_disk(blkback) != BLKBACK_DISK_TRIED)
		return;
	if (blkback->open_err) {
		blkback_refuse(blkback, blkback->open_err,
			       "opening device %x:%x failed", blkback->major,
			       blkback->minor);
		WRITE_ONCE(blkback->disk, BLKBACK_DISK_NONE);
		return;
	}
	WRITE_ONCE(blkback->disk, BLKBACK_DISK_OPEN);
	blkback_debugfs_add(blkback);
}

static void blkback_find_disk(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	unsigned int major, minor;
	int ret;

	blkback_check_opened(blkback);
	if (!test_and_clear_bit(BLKBACK_SEEN_DISK, &blkback->seen))
		return;
	ret = xenbus_scanf(XBT_NIL, dev->nodename, "physical-device", "%x:%x",
			   &major, &minor);
	/* The watch also fires when it is registered. */
	if (ret == -ENOENT)
		return;
	if (ret != 2)
		blkback_refuse(blkback, ret < 0 ? ret : -EINVAL,
			       "reading physical-device failed");
	else if (blkback_disk(blkback) == BLKBACK_DISK_NONE)
		blkback_open(blkback, major, minor);
	else if (blkback->major != major || blkback->minor != minor)
		dev_warn(&dev->dev,
			 "changing the disk from %x:%x to %x:%x is not supported, keeping the first\n",
			 blkback->major, blkback->minor, major, minor);
}

/* The frontend has broken the rules of a ring. */
static void blkback_check_broken(struct blkback *blkback)
{
	struct blkback_conn *conn = blkback->conn;
	const char *why;

	if (!conn)
		return;
	why = xchg(&conn->why, NULL);
	if (why)
		blkback_refuse(blkback, -EPROTO, "%s", why);
}

/*
 * Follow the frontend, which has been in Closed if @closed.  Return: true if the
 * device is to be unregistered.
 */
static bool blkback_follow_frontend(struct blkback *blkback, int frontend,
				    bool closed)
{
	enum blkback_state state = blkback_get_state(blkback);

	switch (frontend) {
	case XenbusStateInitialising:
		blkback_reset(blkback, closed);
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
		return !blkback_keys_online(blkback->dev);

	case XenbusStateUnknown:
		blkback_disconnect(blkback);
		return true;

	default:
		/* Reported once, however often it is written. */
		if (state != BLKBACK_CLOSING && state != BLKBACK_REFUSED)
			blkback_refuse(blkback, -EINVAL,
				       "saw state %d at frontend", frontend);
		return false;
	}
}

/*
 * The toolstack waits for Closed when it removes a device.  A frontend that is
 * not connected, because there is none, or it was refused, or refuses the device
 * itself, may never close.  Nothing of it is in use then.
 */
static bool blkback_close_unused(struct blkback *blkback)
{
	switch (blkback_get_state(blkback)) {
	case BLKBACK_CONNECTED:
		return false;
	case BLKBACK_CLOSING:
		if (blkback->conn)
			return false;
		break;
	default:
		break;
	}
	if (!blkback_keys_offline(blkback->dev))
		return false;
	blkback_disconnect(blkback);
	blkback_set_state(blkback, BLKBACK_CLOSED);
	return true;
}

static bool blkback_follow_all(struct blkback *blkback)
{
	bool closed = test_and_clear_bit(BLKBACK_SEEN_CLOSED, &blkback->seen);
	int frontend;

	blkback_check_broken(blkback);
	if (blkback_close_unused(blkback))
		return true;
	if (blkback_get_state(blkback) == BLKBACK_PROBING)
		blkback_announce(blkback);
	blkback_find_disk(blkback);
	if (blkback_keys_state(blkback, &frontend)) {
		if (closed)
			set_bit(BLKBACK_SEEN_CLOSED, &blkback->seen);
		return false;
	}
	if (blkback_follow_frontend(blkback, frontend, closed))
		return true;
	blkback_update_frontend(blkback);
	return false;
}

static void blkback_follow(struct blkback *blkback)
{
	bool left;

	if (blkback_get_state(blkback) == BLKBACK_LEAVING) {
		if (!test_and_clear_bit(BLKBACK_SEEN_LOCKED, &blkback->seen))
			return;
		schedule_timeout_idle(BLKBACK_LEAVE_RETRY);
		blkback_unregister(blkback);
		return;
	}
	if (blkback_watch(blkback))
		blkback_set_state(blkback, BLKBACK_REFUSED);
	/*
	 * Requests of the previous driver's connection could overtake those of
	 * this one, and its rings are in use.  To the frontend, the device has
	 * no driver until they are done; or until the frontend goes, too.
	 */
	if (blkback_has_predecessor(blkback, &left) &&
	    (!left || blkback_may_rebind(blkback)))
		return;
	if (blkback_follow_all(blkback) &&
	    blkback_set_state(blkback, BLKBACK_LEAVING))
		blkback_unregister(blkback);
}

/**
 * blkback_work() - do what there is to do for a device
 * @work: of the device; holds a reference to it
 *
 * Memory may depend on the disk, if the guest is a driver domain or this domain
 * itself, so nothing here waits for memory that has to be written out first.
 */
void blkback_work(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, work);
	unsigned int noio = memalloc_noio_save();

	if (blkback_get_state(blkback) == BLKBACK_REMOVED)
		blkback_let_go(blkback);
	else
		blkback_follow(blkback);
	memalloc_noio_restore(noio);
	blkback_put(blkback);
}
