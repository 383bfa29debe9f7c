// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a disk: how it is torn down after it was given up, and how it is
 * deleted when the driver is unbound.
 *
 * blkfront_kill() queues blkfront_shutdown_work(), which ends all requests, and
 * that queues blkfront_bury_work(), which tells the users of the disk.  When
 * the driver is unbound, blkfront_remove() queues blkfront_delete_work().
 */

#include <linux/delay.h>
#include <linux/sched/mm.h>
#include <linux/wait_bit.h>

#include "blkfront.h"

/* How long to wait for the backend; toolstacks wait ten seconds for us. */
#define BLKFRONT_CLOSE_TIMEOUT_MS	4000
#define BLKFRONT_CLOSE_CHECK_MS		20

/* How long, and in how many steps, xenwatch waits for a disk to go. */
#define BLKFRONT_DELETE_CHECK		(HZ / 4)
#define BLKFRONT_DELETE_CHECKS		8

/* --- Shutting down --- */

/**
 * blkfront_backend_left() - will the backend answer no more requests?
 * @info: the disk, which was connected
 *
 * A new driver of the backend waits for us to reconnect, or continues a shared
 * ring.
 *
 * Context: process context; reads XenStore.
 *
 * Return: true if it has released our rings, or is about to.
 */
bool blkfront_backend_left(const struct blkfront_info *info)
{
	switch (xenbus_read_driver_state(info->xbdev, info->otherend)) {
	case XenbusStateConnected:
		return false;
	case XenbusStateInitialising:
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		return info->agreed.choice.layout.separate;
	case XenbusStateClosing:
		return !blkfront_detach_pending(info);
	default:
		return true;
	}
}

/* Was its directory removed, or its domain destroyed? */
static bool blkfront_backend_gone(const struct blkfront_info *info)
{
	return xenbus_read_driver_state(info->xbdev, info->otherend) ==
	       XenbusStateUnknown;
}

/* Wait for the backend to release rings and pages. */
static void blkfront_wait_closed(const struct blkfront_info *info)
{
	const struct xenbus_device *dev = info->xbdev;
	unsigned int ms;

	for (ms = 0; ms < BLKFRONT_CLOSE_TIMEOUT_MS;
	     ms += BLKFRONT_CLOSE_CHECK_MS) {
		switch (xenbus_read_driver_state(dev, info->otherend)) {
		case XenbusStateUnknown:
		case XenbusStateInitialising:
		case XenbusStateClosed:
			return;
		default:
			msleep(BLKFRONT_CLOSE_CHECK_MS);
		}
	}
	dev_warn(&dev->dev,
		 "the backend has not closed within %u seconds; it may still have our pages mapped\n",
		 BLKFRONT_CLOSE_TIMEOUT_MS / 1000);
}

/* Give the backend time to answer the requests that it has. */
static void blkfront_drain(struct blkfront_info *info)
{
	unsigned int depth = info->tag_set.queue_depth;
	unsigned int nr = info->tag_set.nr_hw_queues * depth;
	unsigned int i = 0, ms = 0;

	while (i < nr && ms < BLKFRONT_CLOSE_TIMEOUT_MS) {
		if (!READ_ONCE(info->tags[i].rq)) {
			i++;
			continue;
		}
		/* Nobody may be polling a polled queue any more. */
		blkfront_take_responses(blkfront_ring_of(info, i / depth));
		msleep(BLKFRONT_CLOSE_CHECK_MS);
		ms += BLKFRONT_CLOSE_CHECK_MS;
	}
}

/*
 * Tell the backend that it is over.  A directory that was removed is another
 * device's if it appears again.
 */
static void blkfront_say_closed(struct blkfront_info *info)
{
	if (READ_ONCE(info->orphaned))
		return;
	if (info->error)
		xenbus_dev_fatal(info->xbdev, -EPROTO, "%s", info->error);
	xenbus_frontend_closed(info->xbdev);
}

/**
 * blkfront_shutdown_work() - tear down a disk that was given up
 * @work: the disk's
 *
 * Unreachable: since the disk is dead, queue_rq sends nothing any more.
 * Drained: a correct backend answers the requests that it has, even when it is
 * about to close, and is given the time.  Then it is told that we are closed,
 * and unmaps our pages.  Requests that are still in flight fail.  Nobody else
 * uses their pages then, unless the backend took too long.
 *
 * Context: process context; waits for some seconds at most.
 */
void blkfront_shutdown_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  shutdown_work);
	/* Writing to this disk may have to wait until it fails. */
	unsigned int noio = memalloc_noio_save();
	bool drain;

	/* Wait for a connection that is being set up. */
	mutex_lock(&info->mutex);
	drain = READ_ONCE(info->state) == BLKFRONT_DYING && !info->error;
	mutex_unlock(&info->mutex);

	if (drain && !blkfront_backend_gone(info))
		blkfront_drain(info);
	blkfront_say_closed(info);
	blkfront_wait_closed(info);

	mutex_lock(&info->mutex);
	blkfront_disconnect(info);
	mutex_unlock(&info->mutex);
	if (info->gd)
		queue_work(blkfront_disk_wq, &info->bury_work);
	memalloc_noio_restore(noio);
}

/**
 * blkfront_bury_work() - mark the gendisk dead
 * @work: the disk's; all requests fail
 *
 * Newer kernels wait there for pages under writeback and for file systems.
 *
 * Context: process context; sleeps.
 */
void blkfront_bury_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  bury_work);
	bool has_queue;

	/* It would set the size again. */
	flush_work(&info->update_work);
	mutex_lock(&info->mutex);
	has_queue = blkfront_has_queue(info);
	mutex_unlock(&info->mutex);
	if (has_queue) {
		blk_mark_disk_dead(info->gd);
		set_capacity(info->gd, 0);
	}
}

/* --- Deleting --- */

/* Disks that are being deleted; the module waits for them. */
static atomic_t blkfront_nr_deleting;

/* Was our directory removed?  Then the toolstack has taken the disk away. */
static bool blkfront_was_removed(const struct blkfront_info *info)
{
	return !xenbus_exists(XBT_NIL, info->xbdev->nodename, "");
}

/* From here on blkfront_orphan() does nothing. */
static void blkfront_delete_gendisk(struct blkfront_info *info)
{
	mutex_lock(&info->brief);
	info->deleting = true;
	mutex_unlock(&info->brief);
	if (info->added) {
		del_gendisk(info->gd);
		blkfront_end_removal(info);
	} else {
		blkfront_kill(info, NULL);
	}
	flush_work(&info->shutdown_work);
}

/**
 * blkfront_delete_work() - delete a disk whose driver is unbound
 * @work: the disk's
 *
 * If the backend is there, cached data is still written to it.  If not, or if
 * the toolstack has taken the disk away, the disk is given up first, so that
 * nobody waits for its requests, and xenwatch need not wait for the gendisk.
 *
 * Context: process context; sleeps.
 */
void blkfront_delete_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  delete_work);
	struct xenbus_device *dev = info->xbdev;

	if (blkfront_was_removed(info) || !blkfront_begin_removal(info)) {
		blkfront_kill(info, NULL);
		flush_work(&info->shutdown_work);
		flush_work(&info->bury_work);
	}
	/* In these states it does nothing, and xenwatch queues it no more. */
	cancel_work_sync(&info->connect_work);
	flush_work(&info->add_work);
	blkfront_delete_gendisk(info);
	blkfront_detach_exit(info);

	/* An interrupt that killed the disk may be about to queue the work. */
	mutex_lock(&info->mutex);
	blkfront_disconnect(info);
	mutex_unlock(&info->mutex);
	/* No interrupt and no request is left that could queue these. */
	cancel_work_sync(&info->shutdown_work);
	cancel_work_sync(&info->bury_work);
	cancel_work_sync(&info->update_work);
	/* There may still be bios that were kept back; they fail now. */
	kblockd_schedule_work(&info->resubmit_work);
	flush_work(&info->resubmit_work);

	if (!READ_ONCE(info->orphaned))
		blkfront_clear_keys(XBT_NIL, dev->nodename);
	blkfront_release_name(info);
	complete(&info->deleted);
	blkfront_free(info);
	put_device(&dev->dev);
	if (atomic_dec_and_test(&blkfront_nr_deleting))
		wake_up_var(&blkfront_nr_deleting);
}

/**
 * blkfront_wait_orphans() - wait for all disks that are being deleted
 *
 * Context: process context; the driver is not bound to any device.
 */
void blkfront_wait_orphans(void)
{
	wait_var_event(&blkfront_nr_deleting,
		       !atomic_read(&blkfront_nr_deleting));
}

/*
 * xenbus is about to delete the device that the gendisk is a child of, and
 * waits no longer for the gendisk.  So that this can be deleted later, it gets
 * no parent instead.
 *
 * Return: false if the gendisk is already being deleted, which fails all that
 * it might wait for, or is still being added.
 */
static bool blkfront_orphan(struct blkfront_info *info)
{
	bool may;
	int err = 0;

	mutex_lock(&info->brief);
	may = !info->deleting && (!info->gd || READ_ONCE(info->added));
	if (may && info->gd)
		err = device_move(disk_to_dev(info->gd), NULL, DPM_ORDER_NONE);
	may = may && !err;
	if (may)
		WRITE_ONCE(info->orphaned, true);
	mutex_unlock(&info->brief);
	if (may)
		dev_warn(&info->xbdev->dev,
			 "the disk is still being torn down; not waiting for it\n");
	return may;
}

/*
 * Wait until the disk is deleted.  Whoever unbinds the driver waits for cached
 * data to be written, as long as the backend is there.  When the directory is
 * removed, it is xenwatch that unbinds, or waits for the task that does: all
 * requests fail, and the rest is left to the work item if it takes long.
 */
static void blkfront_wait_deleted(struct blkfront_info *info)
{
	unsigned int checks = 0;

	do {
		if (!blkfront_was_removed(info)) {
			if (blkfront_backend_left(info))
				blkfront_kill(info, NULL);
			continue;
		}
		blkfront_kill(info, NULL);
		if (++checks > BLKFRONT_DELETE_CHECKS && blkfront_orphan(info))
			return;
	} while (!wait_for_completion_timeout(&info->deleted,
					      BLKFRONT_DELETE_CHECK));
}

/**
 * blkfront_remove() - the driver is being unbound from a device
 * @dev: the device; xenbus has removed the watch on the backend's state
 *
 * Context: process context, which can be xenwatch.
 */
void blkfront_remove(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);
	unsigned int noio = memalloc_noio_save();

	blkfront_debugfs_remove(info);
	/* The work item drops its reference to the disk by blkfront_free(). */
	refcount_inc(&info->refs);
	get_device(&dev->dev);
	atomic_inc(&blkfront_nr_deleting);
	queue_work(blkfront_disk_wq, &info->delete_work);
	blkfront_wait_deleted(info);
	/* It may have given the disk up too late for blkfront_delete_work(). */
	if (!READ_ONCE(info->orphaned)) {
		cancel_work_sync(&info->shutdown_work);
		cancel_work_sync(&info->bury_work);
	}
	dev_set_drvdata(&dev->dev, NULL);
	blkfront_put(info);
	memalloc_noio_restore(noio);
}
