// SPDX-License-Identifier: GPL-2.0
/*
 * Detaching a disk that is in use.
 *
 * To detach a disk, the toolstack sets the backend's key "online" to 0 and its
 * state to Closing.  Backends do not look at either before we close, and go on
 * answering requests.  A file system on the disk would lose what it has not
 * written yet, so while the disk is open, we go on as well and say who uses it.
 * When the backend has not closed after some time (ten seconds for xl), the
 * toolstack reports that it failed.  The request stands: the disk is given up
 * once nobody has it open, unless the toolstack has withdrawn it by then.
 *
 * These do not wait for anybody to close the disk:
 *   - a backend that closes by itself, for whatever reason.  It is online;
 *   - a detach by force, which removes our directory in XenStore, and with it
 *     the device;
 *   - a backend that is Closed, or whose directory was removed.
 *
 * Only xenwatch decides whether there is a request, so a later one is not lost.
 *
 * The number of openers is stable under disk->open_mutex.  Who holds that may
 * wait for requests, so nothing here waits for it.
 */

#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "blkfront.h"

/* Programs that examine a disk for a moment are not worth a message. */
#define BLKFRONT_DETACH_PATIENCE	HZ
#define BLKFRONT_DETACH_RETRY		(HZ / 50)

/* The longest list of openers, which is cut off. */
#define BLKFRONT_DETACH_LIST		128

/* The toolstack may try again, and each time wants to know why it failed. */
#define BLKFRONT_DETACH_LOG_INTERVAL	(10 * HZ)
#define BLKFRONT_DETACH_LOG_BURST	3

/* The openers of the disk itself and of its partitions, for the log. */
static void blkfront_detach_list(struct gendisk *gd, char *list, size_t size)
{
	unsigned int on_disk = disk_openers(gd), nr;
	struct block_device *part;
	unsigned long i;
	size_t len = 0;

	lockdep_assert_held(&gd->open_mutex);
	/* An open partition counts as one opener of the disk. */
	xa_for_each_start(&gd->part_tbl, i, part, 1)
		on_disk -= !!atomic_read(&part->bd_openers);
	xa_for_each(&gd->part_tbl, i, part) {
		nr = i ? atomic_read(&part->bd_openers) : on_disk;
		if (nr)
			len += scnprintf(list + len, size - len, "%s%pg %u",
					 len ? ", " : "", part, nr);
	}
}

static void blkfront_detach_report(struct blkfront_info *info, const char *list)
{
	if (!__ratelimit(&info->detach.log))
		return;
	/* Some toolstacks wait for this node of XenStore. */
	xenbus_dev_error(info->xbdev, -EBUSY,
			 "%s is in use (openers: %s); it is detached when it is closed, or by force",
			 info->gd->disk_name, list);
}

/* Give the disk up if nobody has it open; or list the openers. */
static bool blkfront_detach_try(struct blkfront_info *info, char *list,
				size_t size)
{
	struct gendisk *gd = info->gd;
	bool open;

	lockdep_assert_held(&gd->open_mutex);
	open = disk_openers(gd);
	if (open)
		blkfront_detach_list(gd, list, size);
	else
		/* Who opens it later fails: see blkfront_open(). */
		blkfront_kill(info, NULL);
	return !open;
}

static void blkfront_detach_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(to_delayed_work(work),
						  struct blkfront_info,
						  detach.work);
	struct blkfront_detach *detach = &info->detach;
	char list[BLKFRONT_DETACH_LIST];
	unsigned long report;
	bool done;

	if (!mutex_trylock(&info->gd->open_mutex)) {
		queue_delayed_work(system_freezable_wq, &detach->work,
				   BLKFRONT_DETACH_RETRY);
		return;
	}
	done = !READ_ONCE(detach->requested) || blkfront_is_dead(info) ||
	       blkfront_detach_try(info, list, sizeof(list));
	mutex_unlock(&info->gd->open_mutex);
	if (done)
		return;

	report = READ_ONCE(detach->since) + BLKFRONT_DETACH_PATIENCE;
	if (time_before(jiffies, report))
		queue_delayed_work(system_freezable_wq, &detach->work,
				   report - jiffies);
	else
		blkfront_detach_report(info, list);
}

static bool blkfront_backend_online(const struct blkfront_info *info)
{
	return xenbus_read_unsigned(info->otherend, "online", 1);
}

/**
 * blkfront_detach_waits() - does Closing have to wait until the disk is closed?
 * @info: the disk, whose backend is in state Closing
 *
 * If so, the disk is given up as soon as nobody has it open.
 *
 * Context: process context; reads XenStore.
 *
 * Return: false if the disk is to be given up now.
 */
bool blkfront_detach_waits(struct blkfront_info *info)
{
	struct blkfront_detach *detach = &info->detach;

	if (READ_ONCE(info->state) != BLKFRONT_CONNECTED ||
	    READ_ONCE(blkfront_params.detach_in_use) ||
	    blkfront_backend_online(info))
		return false;
	WRITE_ONCE(detach->since, jiffies);
	WRITE_ONCE(detach->requested, true);
	mod_delayed_work(system_freezable_wq, &detach->work, 0);
	return true;
}

/**
 * blkfront_detach_check() - does the toolstack still want the disk back?
 * @info: the disk, whose backend says that it is connected
 *
 * A backend also says so when the disk has changed.
 *
 * Context: process context; reads XenStore.
 */
void blkfront_detach_check(struct blkfront_info *info)
{
	if (READ_ONCE(info->detach.requested) && blkfront_backend_online(info))
		WRITE_ONCE(info->detach.requested, false);
}

/**
 * blkfront_detach_forget() - there is another backend, and other keys
 * @info: the disk
 *
 * Context: process context.
 */
void blkfront_detach_forget(struct blkfront_info *info)
{
	WRITE_ONCE(info->detach.requested, false);
}

/**
 * blkfront_detach_pending() - is the disk still served, although Closing?
 * @info: the disk, whose backend is in state Closing
 *
 * Context: process context; reads XenStore.
 *
 * Return: true if the toolstack asked for it, and does not use force.
 */
bool blkfront_detach_pending(const struct blkfront_info *info)
{
	return !READ_ONCE(blkfront_params.detach_in_use) &&
	       !blkfront_backend_online(info) &&
	       xenbus_exists(XBT_NIL, info->xbdev->nodename, "state");
}

/**
 * blkfront_detach_closed() - an opener has closed the disk
 * @info: the disk; its open_mutex is held
 *
 * Context: process context.
 */
void blkfront_detach_closed(struct blkfront_info *info)
{
	if (READ_ONCE(info->detach.requested) && !disk_openers(info->gd))
		mod_delayed_work(system_freezable_wq, &info->detach.work, 0);
}

/**
 * blkfront_detach_init() - prepare a disk for being detached
 * @info: the disk
 */
void blkfront_detach_init(struct blkfront_info *info)
{
	INIT_DELAYED_WORK(&info->detach.work, blkfront_detach_work);
	ratelimit_state_init(&info->detach.log, BLKFRONT_DETACH_LOG_INTERVAL,
			     BLKFRONT_DETACH_LOG_BURST);
}

/**
 * blkfront_detach_exit() - the disk is detached
 * @info: the disk, whose backend is not followed any more
 *
 * Context: process context; sleeps.
 */
void blkfront_detach_exit(struct blkfront_info *info)
{
	if (info->gd) {
		/* Openers may still come and go, but not queue the work. */
		mutex_lock(&info->gd->open_mutex);
		blkfront_detach_forget(info);
		mutex_unlock(&info->gd->open_mutex);
	}
	cancel_delayed_work_sync(&info->detach.work);
}
