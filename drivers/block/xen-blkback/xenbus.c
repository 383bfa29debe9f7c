// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the state of a device, and nothing of requests.
 *
 *   blkback_probe()              offer, wait for the disk and the frontend
 *   blkback_disk_named()         the hotplug script says which disk it is
 *   blkback_frontend_changed()   the frontend moved
 *     blkback_connect()          read its choice, set up, publish, start
 *     blkback_disconnect()
 *   blkback_chores()             what others found to be done
 *   blkback_remove()
 *
 * Watches are handled by one thread, but devices are bound and unbound by
 * whoever writes to sysfs, and chores are done by a work item.  blkback.life
 * has them change states one at a time.
 */

#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/slab.h>
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

/**
 * blkback_poke() - have blkback_chores() run
 * @blkback: the disk; the caller has a reference
 *
 * Context: any that may not sleep, too.
 */
void blkback_poke(struct blkback *blkback)
{
	kref_get(&blkback->kref);
	if (!queue_work(blkback_chore_wq, &blkback->chores))
		/* Not the last one, see above. */
		blkback_put(blkback);
}

/* Has the connection before this one ended?  Waits a while. */
static bool blkback_drained(struct blkback *blkback, unsigned long timeout)
{
	if (!blkback->old)
		return true;
	if (!blkback_conn_wait(blkback->old, timeout))
		return false;
	blkback_conn_put(blkback->old);
	blkback->old = NULL;
	return true;
}

/* Disks are not waited for before this time, in jiffies. */
static u64 blkback_patient_from;
static DEFINE_SPINLOCK(blkback_patience_lock);	/* the above */

static bool blkback_is_patient(u64 now)
{
	bool patient;

	spin_lock(&blkback_patience_lock);
	patient = now >= blkback_patient_from;
	spin_unlock(&blkback_patience_lock);
	return patient;
}

static void blkback_lose_patience(u64 now, u64 waited)
{
	spin_lock(&blkback_patience_lock);
	blkback_patient_from = max(blkback_patient_from, now) +
			       waited * BLKBACK_DRAIN_PAUSE;
	spin_unlock(&blkback_patience_lock);
}

/*
 * Wait for the end of the last connection, but spend no more than a tenth of all
 * time on disks: xenbus has one thread for the devices of all guests, and a
 * guest decides how often it closes and what its disk @owes then.
 */
static bool blkback_wait_drained(struct blkback *blkback, bool owes)
{
	unsigned long timeout = owes ? 0 : BLKBACK_DRAIN_SHORT;
	u64 began = get_jiffies_64(), now;
	bool drained;

	if (blkback_is_patient(began))
		timeout = BLKBACK_DRAIN_TIMEOUT;
	drained = blkback_drained(blkback, timeout);
	now = get_jiffies_64();
	if (now != began)
		blkback_lose_patience(now, now - began);
	return drained;
}

/*
 * End a connection, if it is one.  There is no other that still has to end:
 * blkback_connect() waits for that.  @abandon it if the frontend has let go.
 */
static void blkback_end(struct blkback *blkback, struct blkback_conn *conn,
			bool abandon)
{
	bool owes;

	if (!conn)
		return;
	owes = blkback_conn_owes(conn);
	blkback->old = conn;
	if (abandon)
		blkback_conn_abandon(conn);
	blkback_conn_stop(conn);
	if (!blkback_wait_drained(blkback, owes) && owes)
		dev_warn_ratelimited(&blkback->dev->dev,
				     "the disk still owes answers, their pages stay mapped until it gives them\n");
	/* It is hidden already, unless the disk is slow to answer. */
	mutex_lock(&blkback->lock);
	blkback->conn = NULL;
	mutex_unlock(&blkback->lock);
}

/* The frontend has left, or makes new rings: it takes no more answers. */
static void blkback_disconnect(struct blkback *blkback)
{
	blkback_end(blkback, blkback->conn, true);
}

static void blkback_log_agreed(struct blkback_conn *conn)
{
	const struct blkif_choice *agreed = &conn->agreed;
	const struct blkif_layout *layout = &agreed->layout;

	if (!__ratelimit(&conn->blkback->log))
		return;
	dev_info(&conn->blkback->dev->dev,
		 "connected: %s requests, %s, queues: %u, slots: %u (order %u), segments: %u, persistent grants: %s, FUA: %s, discard: %s, zeroes: %s, integrity: %s\n",
		 layout->abi->name, blkif_layout_name(layout),
		 agreed->nr_queues, blkif_layout_slots(layout), layout->order,
		 conn->max_segs, agreed->persistent ? "yes" : "no",
		 conn->ops.fua ? "yes" : "no", blkif_discard_name(&conn->ops),
		 conn->ops.zeroes ? "yes" : "no", blkif_pi_name(&conn->pi));
}

/* Is the disk, or what may be done to it, another than the frontend was told? */
static bool blkback_look_at_disk(struct blkback *blkback)
{
	struct blkback_vbd *vbd = &blkback->vbd;

	return blkback_vbd_look(vbd, blkback_keys_writable(blkback->dev,
							   vbd->allowed));
}

static int blkback_set_up(struct blkback_conn *conn)
{
	struct blkback *blkback = conn->blkback;
	char name[TASK_COMM_LEN];
	int err;

	err = blkback_keys_queues(conn);
	if (err)
		return err;
	blkback_look_at_disk(blkback);
	err = blkback_publish_disk(conn);
	if (err)
		return err;
	mutex_lock(&blkback->lock);
	blkback->conn = conn;
	mutex_unlock(&blkback->lock);
	blkback_keys_name(blkback->dev, name, sizeof(name));
	return blkback_conn_start(conn, name);
}

/* The frontend has written its keys.  Every error was reported by its place. */
static void blkback_connect(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	struct blkif_choice choice;
	struct blkback_conn *conn;

	lockdep_assert_held(&blkback->life);
	if (!blkback->vbd.bdev || dev->state == XenbusStateConnected)
		return;
	/* Whom we refused has to leave before it may try again. */
	if (dev->state == XenbusStateClosing)
		return;
	if (!blkback->fresh && blkback_keys_separate(dev)) {
		dev_info_ratelimited(&dev->dev,
				     "waiting for the frontend to make other rings\n");
		return;
	}
	blkback_disconnect(blkback);
	/*
	 * What it still has in flight may overtake what comes now.  A teardown
	 * that we do not find at its end pokes us when it is.
	 */
	blkback->wanted = !blkback_drained(blkback, 0);
	if (blkback->wanted)
		return;
	if (blkback_keys_choice(blkback, &choice))
		return;
	conn = blkback_conn_alloc(blkback, &choice);
	if (!conn) {
		xenbus_dev_fatal(dev, -ENOMEM, "connecting");
		return;
	}
	if (blkback_set_up(conn)) {
		blkback_end(blkback, conn, true);
		return;
	}
	blkback->fresh = false;
	blkback_log_agreed(conn);
	/*
	 * Unless a thread has found the frontend broken already; and not over
	 * what it writes then.
	 */
	mutex_lock(&blkback->lock);
	if (!test_bit(0, &conn->broken))
		xenbus_switch_state(dev, XenbusStateConnected);
	mutex_unlock(&blkback->lock);
}

/* What this driver can do, as its parameters have it. */
static void blkback_set_offer(struct blkback *blkback)
{
	blkback->offer = (struct blkif_offer) {
		.max_queues = clamp(READ_ONCE(blkback_max_queues), 1U,
				    BLKIF_MAX_QUEUES),
		.max_ring_order = blkback_max_ring_order,
		.max_indirect_segs = min_t(u32, READ_ONCE(blkback_max_segs),
					   BLKBACK_MAX_SEGS),
		.persistent = READ_ONCE(blkback_persistent),
		.slim = READ_ONCE(blkback_slim),
		.separate = READ_ONCE(blkback_separate),
		.max_align = READ_ONCE(blkback_max_align) < 128 ? 64 : 128,
		.max_slim_entries = min_t(u32, READ_ONCE(blkback_max_entries),
					  BLKIF_MAX_ENTRIES),
	};
}

/* What rings the frontend will have by the time that it has some are new. */
static void blkback_begin_anew(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;

	blkback->fresh = true;
	if (dev->state == XenbusStateInitWait)
		return;
	/* Nor here, if it is we who are Closing: see blkback_connect(). */
	if (dev->state != XenbusStateClosed && !blkback->conn &&
	    !blkback->left)
		return;
	/*
	 * The toolstack removes the device, and may have written Closing: the
	 * frontend has yet to see that.
	 */
	if (!xenbus_dev_is_online(dev))
		return;
	blkback->left = false;
	/* It may have stopped without having told us, as by a crash. */
	blkback->wanted = false;
	blkback_disconnect(blkback);
	blkback_keys_forget(dev);
	/* Whatever was offered before, there is nobody who counts on it. */
	blkback_set_offer(blkback);
	if (!blkback_publish_offer(blkback))
		xenbus_switch_state(dev, XenbusStateInitWait);
}

/* The frontend has rings that it has put nothing on. */
static void blkback_connect_fresh(struct blkback *blkback)
{
	/* The state may be one that we have seen before. */
	if (blkback->dev->state != XenbusStateConnected)
		blkback->fresh = true;
	blkback_connect(blkback);
}

/* Connect if the frontend waits for it. */
static void blkback_look(struct blkback *blkback)
{
	switch (xenbus_read_driver_state(blkback->dev, blkback->dev->otherend)) {
	case XenbusStateInitialised:
		blkback_connect_fresh(blkback);
		break;
	case XenbusStateConnected:
		blkback_connect(blkback);
		break;
	default:
		break;
	}
}

/* The disk may have changed: tell the frontend by Connected once more. */
static void blkback_tell(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;
	struct blkback_vbd *vbd = &blkback->vbd;
	int err;

	lockdep_assert_held(&blkback->life);
	/* If it is not, it is told when it is. */
	if (dev->state != XenbusStateConnected ||
	    !blkback_look_at_disk(blkback))
		return;
	err = blkback_publish_change(blkback);
	/* A queue has us try again. */
	WRITE_ONCE(vbd->untold, err && err != -ENOTCONN);
	if (!err)
		dev_info(&dev->dev, "new size: %llu sectors%s\n", vbd->size,
			 vbd->info & VDISK_READONLY ? ", read-only" : "");
	else if (err != -ENOTCONN)
		dev_warn_ratelimited(&dev->dev,
				     "cannot tell that the disk has changed: %d\n",
				     err);
}

/*
 * A connection has ended that a new one waits for, or a queue found the disk to
 * have changed.  Who asks for this need not know what became of the device.
 */
static void blkback_chores(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, chores);

	mutex_lock(&blkback->life);
	if (!blkback->gone) {
		if (blkback->wanted && blkback_drained(blkback, 0)) {
			blkback->wanted = false;
			blkback_look(blkback);
		}
		blkback_tell(blkback);
	}
	mutex_unlock(&blkback->life);
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
		xenbus_dev_fatal(dev, PTR_ERR(mode), "reading mode");
		return PTR_ERR(mode);
	}
	err = blkback_vbd_open(blkback, MKDEV(major, minor),
			       !strchr(mode, 'w'), blkback_keys_cdrom(dev));
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

static void blkback_find_disk(struct blkback *blkback)
{
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
	blkback_look(blkback);
}

static void blkback_disk_named(struct xenbus_watch *watch, const char *path,
			       const char *token)
{
	struct blkback *blkback = container_of(watch, struct blkback, watch);

	mutex_lock(&blkback->life);
	blkback_find_disk(blkback);
	mutex_unlock(&blkback->life);
}

static void blkback_mode_changed(struct xenbus_watch *watch, const char *path,
				 const char *token)
{
	blkback_poke(container_of(watch, struct blkback, mode_watch));
}

/* Do what the frontend's state asks for.  True if the device is to go. */
static bool blkback_follow(struct blkback *blkback, enum xenbus_state state)
{
	struct xenbus_device *dev = blkback->dev;

	switch (state) {
	case XenbusStateInitialising:
		blkback_begin_anew(blkback);
		return false;

	case XenbusStateInitialised:
		blkback_connect_fresh(blkback);
		return false;

	case XenbusStateConnected:
		blkback_connect(blkback);
		blkback_keys_check_pi(blkback);
		return false;

	case XenbusStateClosing:
		if (dev->state != XenbusStateClosing)
			blkback->left = true;
		xenbus_switch_state(dev, XenbusStateClosing);
		return false;

	case XenbusStateClosed:
		blkback->left = false;
		blkback_disconnect(blkback);
		xenbus_switch_state(dev, XenbusStateClosed);
		return !xenbus_dev_is_online(dev);

	case XenbusStateUnknown:
		return true;

	default:
		/* Said once, however often it is written. */
		if (dev->state != XenbusStateClosing)
			blkback_refuse(dev, -EINVAL, "saw state %d at frontend",
				       state);
		return false;
	}
}

static void blkback_frontend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	bool gone;

	mutex_lock(&blkback->life);
	gone = blkback_follow(blkback, state);
	/* Whatever the frontend writes from now on, we do not wait for disks. */
	blkback->leaving = gone;
	mutex_unlock(&blkback->life);
	/* The frontend is gone, and with it the device; this removes it. */
	if (gone)
		device_unregister(&dev->dev);
}

/*
 * May a driver be bound to the device again, and find the same guest?  The
 * toolstack takes "online" back, or the directory away, before it removes a
 * device; and of a guest that is gone nobody writes to the disk any more.
 *
 * It may not whenever it is xenbus that removes the device, which has one thread
 * for all.  That must not depend on the frontend's state, which the guest can
 * change at any time: if it is what removes the device, @leaving is set.
 */
static bool blkback_may_return(const struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;

	return !blkback->leaving && xenbus_dev_is_online(dev) &&
	       xenbus_read_driver_state(dev, dev->otherend) != XenbusStateUnknown;
}

/* If it was set. */
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

	blkback_unwatch(&blkback->mode_watch);
	blkback_unwatch(&blkback->watch);
	/* From here on chores do nothing, and there is nobody but us. */
	mutex_lock(&blkback->life);
	blkback->gone = true;
	mutex_unlock(&blkback->life);

	blkback_sysfs_remove(blkback);
	/* A frontend that stays sees how its requests end. */
	blkback_end(blkback, blkback->conn, !blkback_may_return(blkback));
	/*
	 * What is in flight may get to the disk after what the next driver is
	 * told to write there.  Only who unbinds us waits for that, and only as
	 * long as it matters: the device is locked meanwhile.
	 */
	while (blkback->old && blkback_may_return(blkback))
		blkback_drained(blkback, BLKBACK_DRAIN_TIMEOUT);
	if (blkback->old) {
		blkback_conn_abandon(blkback->old);
		blkback_conn_put(blkback->old);
	}
	/* So that the disk is free, if no connection holds it any more. */
	if (cancel_work_sync(&blkback->chores))
		blkback_put(blkback);
	dev_set_drvdata(&dev->dev, NULL);
	blkback_put(blkback);
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
	mutex_init(&blkback->life);
	mutex_init(&blkback->lock);
	INIT_WORK(&blkback->chores, blkback_chores);
	get_device(&dev->dev);
	blkback->dev = dev;
	blkback->squeeze_end = jiffies;
	ratelimit_state_init(&blkback->log, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	/* What the toolstack calls it; only tracing asks. */
	if (kstrtouint(kbasename(dev->nodename), 10, &blkback->vbd.handle))
		blkback->vbd.handle = 0;
	blkback_set_offer(blkback);
	blkback_keys_honour(blkback);
	dev_set_drvdata(&dev->dev, blkback);

	err = blkback_publish_offer(blkback);
	if (err)
		goto fail;
	err = xenbus_switch_state(dev, XenbusStateInitWait);
	if (err)
		goto fail;
	/* After that: it fires at once, and what it finds may be Connected. */
	err = xenbus_watch_pathfmt(dev, &blkback->watch, NULL,
				   blkback_disk_named, "%s/%s", dev->nodename,
				   "physical-device");
	if (err)
		goto fail;
	err = xenbus_watch_pathfmt(dev, &blkback->mode_watch, NULL,
				   blkback_mode_changed, "%s/%s",
				   dev->nodename, "mode");
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
