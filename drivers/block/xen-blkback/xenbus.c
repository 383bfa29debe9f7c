// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: devices come and go.
 *
 *   blkback_probe()              a device is bound
 *   blkback_frontend_changed()   watches: schedule the work item of the device,
 *   blkback_disk_named()         which is in follow.c
 *   ...
 *   blkback_leave()              the device is to be unregistered
 *   blkback_remove()             it is unbound, or was unregistered
 *   blkback_let_go()             what remains to be done then, in the work item
 *
 * xenwatch is one thread, which runs the watches of all devices of dom0, and
 * probes and removes most of them.  Nothing here waits for a device's work item,
 * so that nothing which the work item waits for delays other devices.  A driver
 * that was removed leaves a struct blkback behind, which ends with its last
 * connection; if the device is bound again, the next one waits for that.
 *
 * xenwatch waits for the lock of a device that it unregisters.  Whoever holds
 * this lock, to unbind the device by sysfs, waits for xenwatch, since it
 * unregisters watches.  As for this driver's part in that, its own watches are
 * unregistered by the work item, which holds no lock, and blkback_leave() does not
 * wait for a device that is being unbound.  The same can happen in xenbus
 * itself, if the directory of a device is removed while it is unbound by sysfs;
 * a driver cannot prevent this.
 */

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/freezer.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include "life.h"

static LIST_HEAD(blkback_list);
static DEFINE_SPINLOCK(blkback_list_lock);	/* the list, and blkback.left */

/* The number of struct blkback, and one for the module itself. */
static atomic_t blkback_nr = ATOMIC_INIT(1);
static DECLARE_COMPLETION(blkback_none_left);

/**
 * blkback_schedule_work() - have the work item of a device run
 * @blkback: the device; the caller has a reference
 *
 * Context: any.
 */
void blkback_schedule_work(struct blkback *blkback)
{
	kref_get(&blkback->kref);
	if (!queue_work(blkback_update_wq, &blkback->work))
		/* Not the last reference: the caller has one. */
		blkback_put(blkback);
}

/*
 * A struct blkback has ended, or has let go of its device, to which another may
 * have been bound.  One that has not let go holds a reference to itself.
 */
static void blkback_schedule_successor(const struct xenbus_device *dev)
{
	struct blkback *other;

	spin_lock(&blkback_list_lock);
	list_for_each_entry(other, &blkback_list, node) {
		if (other->dev == dev && !other->left)
			blkback_schedule_work(other);
	}
	spin_unlock(&blkback_list_lock);
}

/**
 * blkback_has_predecessor() - is there another for the same device?
 * @blkback: the device, whose driver has not been removed
 * @left: set to whether all of them have let go of the device
 *
 * Return: true if the device was bound before, and a connection of that time has
 * not ended, or the work item has not let go of the device.
 */
bool blkback_has_predecessor(struct blkback *blkback, bool *left)
{
	struct blkback *other;
	bool found = false;

	*left = true;
	spin_lock(&blkback_list_lock);
	list_for_each_entry(other, &blkback_list, node) {
		if (other == blkback || other->dev != blkback->dev)
			continue;
		found = true;
		*left &= other->left;
	}
	spin_unlock(&blkback_list_lock);
	return found;
}

static void blkback_close_work(struct work_struct *work)
{
	struct blkback *blkback = container_of(work, struct blkback, close);

	blkback_vbd_close(&blkback->vbd);
	spin_lock(&blkback_list_lock);
	list_del(&blkback->node);
	spin_unlock(&blkback_list_lock);
	blkback_schedule_successor(blkback->dev);
	put_device(&blkback->dev->dev);
	kfree(blkback->frontend);
	kfree(blkback->mode);
	kfree(blkback);
	if (atomic_dec_and_test(&blkback_nr))
		complete(&blkback_none_left);
}

/**
 * blkback_free() - free a disk to which there is no reference any more
 * @kref: of the disk
 *
 * Context: any; a work item closes the disk.
 */
void blkback_free(struct kref *kref)
{
	struct blkback *blkback = container_of(kref, struct blkback, kref);

	queue_work(blkback_disk_wq, &blkback->close);
}

static void blkback_retry_work(struct work_struct *work)
{
	struct blkback *blkback = container_of(to_delayed_work(work),
					       struct blkback, retry);

	blkback_schedule_work(blkback);
	blkback_put(blkback);
}

/**
 * blkback_retry() - have the work item run again in a second
 * @blkback: the device
 *
 * Context: the work item of the device.
 */
void blkback_retry(struct blkback *blkback)
{
	kref_get(&blkback->kref);
	if (!queue_delayed_work(blkback_update_wq, &blkback->retry, HZ))
		blkback_put(blkback);
}

static void blkback_frontend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);

	/* The work item reads the state, which may be another one then. */
	if (state == XenbusStateClosed)
		set_bit(BLKBACK_SEEN_CLOSED, &blkback->seen);
	blkback_schedule_work(blkback);
}

static void blkback_disk_named(struct xenbus_watch *watch, const char *path,
			       const char *token)
{
	struct blkback *blkback = container_of(watch, struct blkback,
					       disk_watch);

	set_bit(BLKBACK_SEEN_DISK, &blkback->seen);
	blkback_schedule_work(blkback);
}

static void blkback_mode_changed(struct xenbus_watch *watch, const char *path,
				 const char *token)
{
	blkback_schedule_work(container_of(watch, struct blkback, mode_watch));
}

static void blkback_online_changed(struct xenbus_watch *watch, const char *path,
				   const char *token)
{
	blkback_schedule_work(container_of(watch, struct blkback,
					   online_watch));
}

typedef void blkback_watch_fn(struct xenbus_watch *watch, const char *path,
			      const char *token);

static int blkback_watch_key(struct blkback *blkback,
			     struct xenbus_watch *watch, blkback_watch_fn *fn,
			     const char *key)
{
	if (watch->node)
		return 0;
	return xenbus_watch_pathfmt(blkback->dev, watch, NULL, fn, "%s/%s",
				    blkback->dev->nodename, key);
}

/**
 * blkback_watch() - watch what the toolstack writes, if not done before
 * @blkback: the device
 *
 * Context: the work item of the device.
 *
 * Return: 0 or -errno, which xenbus has reported.
 */
int blkback_watch(struct blkback *blkback)
{
	int err;

	err = blkback_watch_key(blkback, &blkback->disk_watch,
				blkback_disk_named, "physical-device");
	if (!err)
		err = blkback_watch_key(blkback, &blkback->mode_watch,
					blkback_mode_changed, "mode");
	if (!err)
		err = blkback_watch_key(blkback, &blkback->online_watch,
					blkback_online_changed, "online");
	return err;
}

/* Does nothing for a watch that was not registered. */
static void blkback_unwatch(struct xenbus_watch *watch)
{
	if (!watch->node)
		return;
	unregister_xenbus_watch(watch);
	kfree(watch->node);
	watch->node = NULL;
}

/*
 * Unregister the device, in xenwatch, where xenbus does the same if the directory
 * is removed: two threads could unregister it twice.  Without its watch on the
 * frontend, xenbus does not wait for xenwatch when the device is unbound.
 */
static void blkback_leave(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	struct blkback *blkback = container_of(watch, struct blkback,
					       leave_watch);
	struct xenbus_device *dev = blkback->dev;
	bool bound;

	if (blkback_get_state(blkback) == BLKBACK_REMOVED)
		return;
	if (!device_trylock(&dev->dev)) {
		/* If it is not being unbound, the work item tries again. */
		set_bit(BLKBACK_SEEN_LOCKED, &blkback->seen);
		blkback_schedule_work(blkback);
		return;
	}
	bound = blkback_get_state(blkback) != BLKBACK_REMOVED;
	if (bound)
		blkback_unwatch(&dev->otherend_watch);
	device_unlock(&dev->dev);
	if (bound)
		device_unregister(&dev->dev);
}

/**
 * blkback_unregister() - have xenwatch unregister the device
 * @blkback: the device, in state LEAVING
 *
 * Context: the work item of the device.
 */
void blkback_unregister(struct blkback *blkback)
{
	struct xenbus_device *dev = blkback->dev;

	blkback_unwatch(&blkback->leave_watch);
	/* Not needed any more, and a driver domain may have few watches. */
	blkback_unwatch(&blkback->mode_watch);
	/* The new one fires when it is registered. */
	if (!xenbus_watch_pathfmt(dev, &blkback->leave_watch, NULL,
				  blkback_leave, "%s", dev->nodename))
		return;
	set_bit(BLKBACK_SEEN_LOCKED, &blkback->seen);
	blkback_schedule_work(blkback);
}

/**
 * blkback_let_go() - do what remains to be done after blkback_remove()
 * @blkback: the device, in state REMOVED
 *
 * Context: the work item of the device.
 */
void blkback_let_go(struct blkback *blkback)
{
	if (blkback->left)
		return;
	blkback_unwatch(&blkback->leave_watch);
	blkback_unwatch(&blkback->online_watch);
	blkback_unwatch(&blkback->mode_watch);
	blkback_unwatch(&blkback->disk_watch);
	blkback_debugfs_remove(blkback);
	blkback_leave_conn(blkback);
	spin_lock(&blkback_list_lock);
	blkback->left = true;
	spin_unlock(&blkback_list_lock);
	blkback_schedule_successor(blkback->dev);
	/* The driver's reference; not the last, as the work item has one. */
	blkback_put(blkback);
}

/* The work item does the rest, and may be running now. */
static void blkback_remove(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);

	dev_set_drvdata(&dev->dev, NULL);
	blkback_set_state(blkback, BLKBACK_REMOVED);
	blkback_schedule_work(blkback);
}

static int blkback_probe(struct xenbus_device *dev,
			 const struct xenbus_device_id *id)
{
	struct blkback *blkback = kzalloc(sizeof(*blkback), GFP_NOIO);

	if (!blkback)
		return -ENOMEM;
	blkback->frontend = kstrdup(dev->otherend, GFP_NOIO);
	if (!blkback->frontend) {
		kfree(blkback);
		return -ENOMEM;
	}
	kref_init(&blkback->kref);
	mutex_init(&blkback->lock);
	INIT_WORK(&blkback->work, blkback_work);
	INIT_DELAYED_WORK(&blkback->retry, blkback_retry_work);
	INIT_WORK(&blkback->open, blkback_open_work);
	INIT_WORK(&blkback->close, blkback_close_work);
	get_device(&dev->dev);
	blkback->dev = dev;
	blkback->may_rebind = true;
	ratelimit_state_init(&blkback->log, BLKBACK_LOG_TIME,
			     BLKBACK_LOG_BURST);
	/* The toolstack's number of the disk; only traces show it. */
	if (kstrtouint(kbasename(dev->nodename), 10, &blkback->vbd.handle))
		blkback->vbd.handle = 0;
	atomic_inc(&blkback_nr);
	spin_lock(&blkback_list_lock);
	list_add_tail(&blkback->node, &blkback_list);
	spin_unlock(&blkback_list_lock);
	dev_set_drvdata(&dev->dev, blkback);
	blkback_schedule_work(blkback);
	return 0;
}

/* dom0 is short of memory: keep no free pages for a while. */
static void blkback_reclaim_memory(struct xenbus_device *dev)
{
	struct blkback *blkback = dev_get_drvdata(&dev->dev);
	struct blkback_conn *conn;
	unsigned int i;

	if (!blkback)
		return;
	WRITE_ONCE(blkback->reclaim_end, get_jiffies_64() +
		   msecs_to_jiffies(READ_ONCE(blkback_squeeze_ms)));
	/* Wakes threads that sleep; the others see reclaim_end. */
	if (!mutex_trylock(&blkback->lock))
		return;
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++) {
		if (READ_ONCE(conn->queues[i].state) != BLKBACK_QUEUE_ACTIVE)
			continue;
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
	.driver.dev_groups = blkback_groups,
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
 *
 * Waits until the last connection has ended, since another driver could not know
 * of it.  Whoever is tired of that can kill the caller; then discards end early.
 */
void blkback_xenbus_exit(void)
{
	xenbus_unregister_driver(&blkback_driver);
	if (atomic_dec_and_test(&blkback_nr))
		return;
	if (!wait_for_completion_state(&blkback_none_left,
				       TASK_KILLABLE | TASK_FREEZABLE))
		return;
	blkback_drain_abandon_all();
	wait_for_completion_state(&blkback_none_left,
				  TASK_IDLE | TASK_FREEZABLE);
}
