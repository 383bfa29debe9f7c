// SPDX-License-Identifier: GPL-2.0
/*
 * Xen virtual block device, frontend.
 *
 * This file has the life cycle of a disk.  The rest is in xen-blkfront/:
 *   blkfront.h    the objects, and the states of a disk
 *   io.c          the data path, from queue_rq to the end of a request
 *   response.c    taking responses
 *   data.c        the data of requests: grants and copies
 *   pi.c          protection information
 *   segs.h        where the segments of a request are
 *   pool.[hc]     our own pages for the backend
 *   grants.[hc]   the grants that all disks use together
 *   trim.c        pools shrink
 *   requeue.c     requests that are taken back
 *   revoke.c      features that the backend offered and then failed
 *   ring.c        rings and their event channels
 *   negotiate.c   all that is read from and written to XenStore
 *   disk.c        the gendisk and its limits
 *   shutdown.c    the end of a disk
 *   detach.c      detaching a disk that is in use
 *   vdevice.c     the number of the virtual device
 *   params.c      module parameters
 *   counters.h, stats.h, sysfs.c, debugfs.c, trace.[hc]
 *
 * Objects
 *   blkfront_info   a disk, from probe until its last opener is gone
 *   blkfront_ring   a queue of one connection: its rings, event channel, pages
 *   blkfront_req    our part of a struct request, valid while it is in flight
 *   blkfront_tag    the request in flight under a tag; kept as long as the disk
 * Locks, outermost first; Documentation/design.md has the rules
 *   limits_lock     of the request queue; taken by blkfront_update_work() only
 *   info->mutex     making and tearing down a connection; process context
 *   info->brief     what is shown of a disk; never held while waiting
 *   ring->rsp_lock  response half of a ring; hard interrupts are off
 *   ring->lock      request half of a ring; covers writing the slot only
 *   info->bios_lock bios that are to be submitted again; any context
 *   pool->lock      a pool of pages; any context
 *   blkfront_trim_lock, of trim.c, is taken under info->mutex, and before
 *   pool->lock
 * Contexts
 *   queue_rq may not sleep.  Responses are taken by a ring's interrupt handler,
 *   by its work item, by tasks that poll a polled queue, and by the watchdog.
 *   Requests may be completed in hard interrupts.  XenStore is used by xenbus
 *   callbacks and work items only.
 *   xenwatch serves all devices of the guest and waits for nothing that may
 *   depend on I/O: it queues work items of the disk.  Two exceptions, which are
 *   short: see blkfront_resume() and blkfront_remove().
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "xen-blkfront/blkfront.h"

/* --- States --- */

struct workqueue_struct *blkfront_wq;
struct workqueue_struct *blkfront_update_wq;
struct workqueue_struct *blkfront_disk_wq;
struct workqueue_struct *blkfront_rsp_wq;

/*
 * For each state, those that it may follow: see enum blkfront_state.  Giving a
 * disk up is not in the table: see blkfront_kill().
 */
static const u16 blkfront_may_follow[] = {
	[BLKFRONT_WAITING] = BIT(BLKFRONT_LEAVING),
	[BLKFRONT_RESUMED] = BIT(BLKFRONT_WAITING) | BIT(BLKFRONT_RESUMED) |
			     BIT(BLKFRONT_INITIALISED) |
			     BIT(BLKFRONT_LEAVING) | BIT(BLKFRONT_CONNECTED),
	[BLKFRONT_INITIALISED] = BIT(BLKFRONT_WAITING) | BIT(BLKFRONT_RESUMED),
	[BLKFRONT_LEAVING] = BIT(BLKFRONT_CONNECTED),
	[BLKFRONT_CONNECTED] = BIT(BLKFRONT_INITIALISED),
	[BLKFRONT_REMOVING] = BIT(BLKFRONT_CONNECTED),
	[BLKFRONT_DEAD] = BIT(BLKFRONT_DYING),
	[BLKFRONT_DOWN] = BIT(BLKFRONT_DEAD),
	[BLKFRONT_REMOVED] = BIT(BLKFRONT_REMOVING) | BIT(BLKFRONT_DYING) |
			     BIT(BLKFRONT_DEAD) | BIT(BLKFRONT_DOWN),
};

/*
 * Change the state of a disk.  The caller holds info->mutex.
 *
 * Return: false if the state may not follow the current one; then nothing
 * changes.
 */
static bool blkfront_change_state(struct blkfront_info *info,
				  enum blkfront_state to)
{
	enum blkfront_state from = READ_ONCE(info->state);
	enum blkfront_state seen;

	while (blkfront_may_follow[to] & BIT(from)) {
		seen = cmpxchg(&info->state, from, to);
		if (seen == from)
			return true;
		from = seen;
	}
	return false;
}

/**
 * blkfront_kill() - give a disk up
 * @info: the disk
 * @error: how the backend violated the protocol, or NULL if it did not
 *
 * From here on new requests fail.  The rest is done by a work item: see
 * blkfront_shutdown_work().
 *
 * Context: any.
 */
void blkfront_kill(struct blkfront_info *info, const char *error)
{
	enum blkfront_state from, to;

	/* DEAD may follow DYING, but not here: the queue still runs. */
	do {
		from = READ_ONCE(info->state);
		if (from >= BLKFRONT_DYING)
			return;
		to = from < BLKFRONT_CONNECTED ? BLKFRONT_DEAD : BLKFRONT_DYING;
	} while (cmpxchg(&info->state, from, to) != from);
	if (error)
		dev_err(&info->xbdev->dev, "%s; the disk is disabled\n", error);
	info->error = error;
	queue_work(blkfront_wq_of(info), &info->shutdown_work);
}

/*
 * Leave a state, in which the queue may be running, for one in which it is
 * quiesced; false if the disk was given up meanwhile.
 */
static bool blkfront_quiesce(struct blkfront_info *info, enum blkfront_state to)
{
	bool running = blkfront_rings_usable(info);

	lockdep_assert_held(&info->mutex);
	if (!blkfront_change_state(info, to))
		return false;
	if (running)
		blk_mq_quiesce_queue(info->gd->queue);
	return true;
}

/* Enter a state in which the queue runs. */
static bool blkfront_unquiesce(struct blkfront_info *info,
			       enum blkfront_state to)
{
	lockdep_assert_held(&info->mutex);
	if (!blkfront_change_state(info, to))
		return false;
	if (info->gd)
		blk_mq_unquiesce_queue(info->gd->queue);
	/* Without any, del_gendisk() may be over, and not cancel the work. */
	if (info->requeued)
		blk_mq_kick_requeue_list(info->gd->queue);
	info->requeued = false;
	return true;
}

/**
 * blkfront_disconnect() - tear a connection down, if there is one
 * @info: the disk
 *
 * Its requests are queued again, or fail if the disk was given up.
 *
 * When the queue is quiesced, nobody submits.  When the interrupts are unbound,
 * nobody takes responses.  When all requests that were answered are completed,
 * the others are known by their tags only, and nobody else uses rings and
 * pools.
 *
 * A backend that keeps pages of a connection that is over would take more of
 * them with each connection, and can still write to them.
 *
 * Context: process context with info->mutex; sleeps, but not for the backend.
 */
void blkfront_disconnect(struct blkfront_info *info)
{
	unsigned int i, held = 0;

	lockdep_assert_held(&info->mutex);
	if (READ_ONCE(info->state) == BLKFRONT_DYING)
		blkfront_quiesce(info, BLKFRONT_DEAD);
	if (info->nr_rings) {
		for (i = 0; i < info->nr_rings; i++)
			blkfront_ring_stop(&info->rings[i]);
		if (blkfront_has_queue(info))
			held = blkfront_reclaim(info, !blkfront_is_dead(info));
		held += blkfront_rings_free(info);
	}
	if (held)
		blkfront_kill(info,
			      "the backend keeps pages of a connection that is over");
	if (READ_ONCE(info->state) == BLKFRONT_DEAD &&
	    blkfront_unquiesce(info, BLKFRONT_DOWN))
		kblockd_schedule_work(&info->resubmit_work);
	if (blkfront_is_dead(info))
		blkfront_spare_free(info);
}

/**
 * blkfront_begin_removal() - the driver is being unbound
 * @info: the disk
 *
 * Context: process context; takes info->mutex, reads XenStore.
 *
 * Return: true if the backend is there, so that cached data can be written.
 */
bool blkfront_begin_removal(struct blkfront_info *info)
{
	bool connected;

	mutex_lock(&info->mutex);
	connected = blkfront_change_state(info, BLKFRONT_REMOVING) &&
		    !blkfront_backend_left(info);
	mutex_unlock(&info->mutex);
	return connected;
}

/**
 * blkfront_end_removal() - the gendisk is deleted
 * @info: the disk; the rest is torn down, unless that was done before
 *
 * Context: process context; takes info->mutex.
 */
void blkfront_end_removal(struct blkfront_info *info)
{
	bool was_dead;

	mutex_lock(&info->mutex);
	was_dead = blkfront_is_dead(info);
	blkfront_change_state(info, BLKFRONT_REMOVED);
	mutex_unlock(&info->mutex);
	if (!was_dead)
		queue_work(blkfront_wq_of(info), &info->shutdown_work);
}

/* --- Connecting --- */

/* Choose, make the rings, and tell the backend. */
static int blkfront_initialise(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	lockdep_assert_held(&info->mutex);
	if (!blkfront_change_state(info, BLKFRONT_INITIALISED))
		return -ENODEV;
	blkfront_choose(info);
	err = blkfront_rings_init(info);
	if (err) {
		xenbus_dev_fatal(dev, err,
				 "cannot make the rings: out of grants or memory (error %d)",
				 err);
		return err;
	}
	err = blkfront_write_keys(info);
	if (err) {
		xenbus_dev_fatal(dev, err,
				 "cannot write to XenStore (error %d)", err);
		return err;
	}
	return blkfront_tell_initialised(dev);
}

/* Adding a disk reads it. */
static void blkfront_add_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  add_work);
	int err;

	if (blkfront_is_dead(info))
		return;
	err = device_add_disk(&info->xbdev->dev, info->gd, NULL);
	if (err) {
		dev_err(&info->xbdev->dev, "cannot add %s (error %d)\n",
			info->gd->disk_name, err);
		blkfront_kill(info, NULL);
		return;
	}
	WRITE_ONCE(info->added, true);
}

/* Agree on what the disk supports, and make pools for it. */
static int blkfront_agree_all(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	struct blkfront_disk disk;
	const char *error;
	int err;

	err = blkfront_read_disk(info, &disk, &error);
	if (err) {
		xenbus_dev_fatal(dev, err, "%s", error);
		return err;
	}
	if (info->gd && disk.block_size != info->disk.block_size) {
		/* There are bios, and users, that know only the former one. */
		xenbus_dev_fatal(dev, -EINVAL,
				 "sector-size is %u, but that of %s was %u before",
				 disk.block_size, info->gd->disk_name,
				 info->disk.block_size);
		return -EINVAL;
	}
	info->disk = disk;
	blkfront_agree(info);
	err = blkfront_pools_init(info);
	if (err) {
		xenbus_dev_fatal(dev, err,
				 "cannot make pages for requests: out of grants or memory (error %d)",
				 err);
		return err;
	}
	if (info->agreed.max_segs < XEN_PFN_PER_PAGE) {
		xenbus_dev_fatal(dev, -EOPNOTSUPP,
				 "the backend's requests of at most %u KiB are smaller than a page",
				 info->agreed.max_segs * 4);
		return -EOPNOTSUPP;
	}
	err = blkfront_write_pi_key(info);
	if (err)
		xenbus_dev_fatal(dev, err,
				 "cannot write to XenStore (error %d)", err);
	return err;
}

/* The backend has opened the disk and describes it. */
static int blkfront_connect(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	struct blkif_agreed agreed;
	bool first = !info->gd;
	int err;

	lockdep_assert_held(&info->mutex);
	err = blkfront_agree_all(info);
	if (err)
		return err;
	blkfront_spare_free(info);
	if (first) {
		err = blkfront_alloc_disk(info);
		if (err) {
			xenbus_dev_fatal(dev, err,
					 "cannot make the disk (error %d)",
					 err);
			return err;
		}
	} else {
		/* Requests flow at once; setting limits waits for them. */
		blkfront_want_update(info);
	}
	blkfront_describe(info, &agreed);
	if (__ratelimit(&info->log_limit))
		blkif_agreed_log(&dev->dev, info->gd->disk_name, &agreed);
	mutex_lock(&info->brief);
	info->described = true;
	mutex_unlock(&info->brief);

	xenbus_switch_state(dev, XenbusStateConnected);
	if (blkfront_unquiesce(info, BLKFRONT_CONNECTED) && first)
		queue_work(blkfront_disk_wq, &info->add_work);
	return 0;
}

/*
 * The backend's driver was replaced, and the new one waits for us.
 *
 * Our place in separate rings is not stored in them, so the new driver can only
 * begin with their first slots, where there are old requests.  Therefore it
 * gets new rings, and all requests in flight are sent again, as after a resume.
 * This is safe, because the previous driver has ended all requests that it had
 * taken.  We go by way of Closed: once the backend is Closed as well, it has
 * noticed, and cannot be about to map the old rings.
 *
 * A shared ring is kept.  Its indexes say where to continue, and backends
 * continue without asking, perhaps already by now.  A request that was sent
 * again on another ring could be done twice, the second time after a later
 * write.
 */
static void blkfront_leave(struct blkfront_info *info)
{
	struct xenbus_device *dev = info->xbdev;
	unsigned int i;

	lockdep_assert_held(&info->mutex);
	if (!info->agreed.choice.layout.separate)
		return;
	blkfront_log(info, info,
		     "the backend's driver was replaced; reconnecting\n");
	/* Requests that were answered need not be sent again. */
	for (i = 0; i < info->nr_rings; i++)
		blkfront_take_responses(&info->rings[i]);
	if (!blkfront_quiesce(info, BLKFRONT_LEAVING))
		return;
	xenbus_switch_state(dev, XenbusStateClosed);
	/* This fails if the directory was removed. */
	if (dev->state != XenbusStateClosed)
		blkfront_kill(info, NULL);
}

/*
 * The backend has released the rings.  If the disk is given up before the state
 * changes, it stays Closed; if later, blkfront_shutdown_work() waits for the
 * mutex before it closes it.
 */
static void blkfront_reconnect(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	blkfront_disconnect(info);
	if (blkfront_change_state(info, BLKFRONT_WAITING))
		blkfront_start_over(info->xbdev);
}

/* The backend is in InitWait, and waits for our keys. */
static int blkfront_backend_waits(struct blkfront_info *info)
{
	switch (READ_ONCE(info->state)) {
	case BLKFRONT_WAITING:
	case BLKFRONT_RESUMED:
		return blkfront_initialise(info);
	case BLKFRONT_CONNECTED:
		blkfront_leave(info);
		return 0;
	default:
		return 0;
	}
}

static int blkfront_backend_connected(struct blkfront_info *info)
{
	int err;

	switch (READ_ONCE(info->state)) {
	case BLKFRONT_RESUMED:
		/* This backend does not wait for our keys. */
		err = blkfront_initialise(info);
		return err ? err : blkfront_connect(info);
	case BLKFRONT_INITIALISED:
		return blkfront_connect(info);
	case BLKFRONT_CONNECTED:
		blkfront_disk_changed(info);
		return 0;
	default:
		/*
		 * In WAITING, the backend still has the earlier connection and
		 * would not notice new keys.
		 */
		return 0;
	}
}

static void blkfront_backend_closed(struct blkfront_info *info)
{
	lockdep_assert_held(&info->mutex);
	switch (READ_ONCE(info->state)) {
	case BLKFRONT_WAITING:
		/* The backend has not noticed our new connection yet. */
		break;
	case BLKFRONT_LEAVING:
		blkfront_reconnect(info);
		break;
	default:
		blkfront_kill(info, NULL);
		break;
	}
}

/* What went wrong was logged, and is in XenStore. */
static void blkfront_follow_backend(struct blkfront_info *info)
{
	int err = 0;

	lockdep_assert_held(&info->mutex);
	switch (xenbus_read_driver_state(info->xbdev, info->otherend)) {
	case XenbusStateInitWait:
		err = blkfront_backend_waits(info);
		break;
	case XenbusStateConnected:
		err = blkfront_backend_connected(info);
		break;
	case XenbusStateClosing:
		/* We have not followed, because the disk is in use. */
		if (READ_ONCE(info->state) == BLKFRONT_CONNECTED)
			blkfront_disk_changed(info);
		break;
	case XenbusStateClosed:
		blkfront_backend_closed(info);
		break;
	default:
		break;
	}
	if (err)
		blkfront_kill(info, NULL);
}

/*
 * Connect, reconnect, or take notice of a change of the disk.  This waits for
 * XenStore, but not for I/O, nor for a lock whose holder may.
 *
 * Once there is a disk, it does not wait for memory, either, because writing to
 * this disk may be what frees memory.  What a connection needs at least is
 * taken from the reserves then: rings, event channels, and the pages that each
 * ring begins with, unless the previous connection has left some.
 */
static void blkfront_connect_work(struct work_struct *work)
{
	struct blkfront_info *info = container_of(work, struct blkfront_info,
						  connect_work);
	unsigned int noio = memalloc_noio_save();
	unsigned int reserves = 0;
	bool reconnect;

	mutex_lock(&info->mutex);
	reconnect = info->gd;
	if (reconnect)
		reserves = memalloc_noreclaim_save();
	blkfront_follow_backend(info);
	if (reconnect)
		memalloc_noreclaim_restore(reserves);
	mutex_unlock(&info->mutex);
	memalloc_noio_restore(noio);
}

static void blkfront_backend_closing(struct blkfront_info *info)
{
	if (READ_ONCE(info->state) == BLKFRONT_LEAVING)
		return;
	if (blkfront_detach_waits(info))
		/* It says like this, too, that the disk has changed. */
		queue_work(blkfront_wq_of(info), &info->connect_work);
	else
		blkfront_kill(info, NULL);
}

/*
 * Runs in xenwatch.  The work item reads the state itself, and so sees the
 * latest one, however often it changes.  Giving a disk up neither needs the
 * mutex nor may wait for it.
 */
static void blkfront_backend_changed(struct xenbus_device *dev,
				     enum xenbus_state state)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	dev_dbg(&dev->dev, "backend: %s\n", xenbus_strstate(state));
	switch (state) {
	case XenbusStateConnected:
		blkfront_detach_check(info);
		fallthrough;
	case XenbusStateInitWait:
	case XenbusStateClosed:
		queue_work(blkfront_wq_of(info), &info->connect_work);
		break;
	case XenbusStateClosing:
		blkfront_backend_closing(info);
		break;
	case XenbusStateUnknown:
		/* Its directory was removed, or its domain is gone. */
		blkfront_kill(info, NULL);
		break;
	default:
		break;
	}
}

/* --- The driver --- */

/*
 * xenbus replaces its own copy after a suspend, and frees it when the driver is
 * unbound, which a work item may outlive.
 */
static int blkfront_copy_otherend(struct blkfront_info *info)
{
	const char *path = info->xbdev->otherend;

	if (strscpy(info->otherend, path, sizeof(info->otherend)) >= 0)
		return 0;
	xenbus_dev_fatal(info->xbdev, -ENAMETOOLONG,
			 "the path of the backend is too long: %s", path);
	return -ENAMETOOLONG;
}

static void blkfront_info_init(struct blkfront_info *info,
			       struct xenbus_device *dev)
{
	info->xbdev = dev;
	info->state = BLKFRONT_WAITING;
	INIT_LIST_HEAD(&info->minors_node);
	refcount_set(&info->refs, 1);
	mutex_init(&info->mutex);
	mutex_init(&info->brief);
	spin_lock_init(&info->bios_lock);
	ratelimit_state_init(&info->log_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	init_completion(&info->deleted);
	INIT_WORK(&info->connect_work, blkfront_connect_work);
	INIT_WORK(&info->add_work, blkfront_add_work);
	INIT_WORK(&info->update_work, blkfront_update_work);
	INIT_WORK(&info->resubmit_work, blkfront_resubmit_work);
	INIT_WORK(&info->shutdown_work, blkfront_shutdown_work);
	INIT_WORK(&info->bury_work, blkfront_bury_work);
	INIT_WORK(&info->delete_work, blkfront_delete_work);
	blkfront_detach_init(info);
}

/*
 * A device that is refused is given up like a disk, so that it can be detached,
 * and is refused again after a restore.
 */
static int blkfront_probe(struct xenbus_device *dev,
			  const struct xenbus_device_id *id)
{
	struct blkfront_info *info;
	int err, vdevice;

	err = blkfront_read_vdevice(dev, &vdevice);
	if (!err && !blkfront_wanted(dev, vdevice))
		return -ENODEV;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info) {
		xenbus_switch_state(dev, XenbusStateClosed);
		return -ENOMEM;
	}
	blkfront_info_init(info, dev);
	dev_set_drvdata(&dev->dev, info);
	blkfront_debugfs_add(info);
	if (!err)
		err = blkfront_copy_otherend(info);
	if (!err)
		err = blkfront_take_name(info, vdevice);
	if (err)
		blkfront_kill(info, NULL);
	else
		/*
		 * An earlier driver, perhaps in the firmware, may have left the
		 * backend Closed.  The backend notices this state.
		 */
		blkfront_start_over(dev);
	return 0;
}

/*
 * After a suspend, grants, event channels and the backend are gone, and xenbus
 * has set dev->state to Initialising.  The watch that it registers next fires
 * at once, and then all is negotiated again.
 *
 * This may run in xenwatch.  The disk's work items are frozen, so whoever has
 * the mutex waits for nothing, and neither does taking requests back.
 */
static int blkfront_resume(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);
	unsigned int noio = memalloc_noio_save();

	blkfront_detach_forget(info);
	mutex_lock(&info->mutex);
	if (blkfront_copy_otherend(info) ||
	    !blkfront_quiesce(info, BLKFRONT_RESUMED)) {
		blkfront_kill(info, NULL);
		xenbus_switch_state(dev, XenbusStateClosed);
	}
	blkfront_disconnect(info);
	mutex_unlock(&info->mutex);
	memalloc_noio_restore(noio);
	return 0;
}

static int blkfront_is_ready(struct xenbus_device *dev)
{
	struct blkfront_info *info = dev_get_drvdata(&dev->dev);

	return info && READ_ONCE(info->added);
}

static const struct xenbus_device_id blkfront_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver blkfront_driver = {
	.ids = blkfront_ids,
	.probe = blkfront_probe,
	.remove = blkfront_remove,
	.resume = blkfront_resume,
	.otherend_changed = blkfront_backend_changed,
	.is_ready = blkfront_is_ready,
	.driver.dev_groups = blkfront_groups,
};

static void blkfront_free_queues(void)
{
	if (blkfront_disk_wq)
		destroy_workqueue(blkfront_disk_wq);
	if (blkfront_update_wq)
		destroy_workqueue(blkfront_update_wq);
	if (blkfront_wq)
		destroy_workqueue(blkfront_wq);
	if (blkfront_rsp_wq)
		destroy_workqueue(blkfront_rsp_wq);
}

static int __init blkfront_alloc_queues(void)
{
	/* Freezable, because a resume replaces info->otherend. */
	blkfront_wq = alloc_workqueue("xen-blkfront", WQ_UNBOUND |
				      WQ_MEM_RECLAIM | WQ_FREEZABLE, 0);
	blkfront_update_wq = alloc_workqueue("xen-blkfront-update",
					     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	blkfront_disk_wq = alloc_workqueue("xen-blkfront-disk", WQ_UNBOUND, 0);
	/* On the CPU of the interrupt, and before other tasks. */
	blkfront_rsp_wq = alloc_workqueue("xen-blkfront-rsp", WQ_PERCPU |
					  WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	return blkfront_wq && blkfront_update_wq && blkfront_disk_wq &&
	       blkfront_rsp_wq ? 0 : -ENOMEM;
}

static int __init blkfront_init(void)
{
	int err;

	BUILD_BUG_ON(BLKIF_MAX_RING_ORDER > XENBUS_MAX_RING_GRANT_ORDER);

	if (!xen_domain() || !xen_has_pv_disk_devices())
		return -ENODEV;
	blkfront_params_check();

	err = blkfront_grants_init();
	if (err)
		return err;
	err = blkfront_trim_init();
	if (!err)
		err = blkfront_alloc_queues();
	if (err)
		goto free_queues;
	err = register_blkdev(XENVBD_MAJOR, "xvd");
	if (err) {
		pr_err("cannot register block major %d (error %d)\n",
		       XENVBD_MAJOR, err);
		goto free_queues;
	}
	blkfront_debugfs_init();
	err = xenbus_register_frontend(&blkfront_driver);
	if (err)
		goto unregister;
	return 0;

unregister:
	blkfront_debugfs_exit();
	unregister_blkdev(XENVBD_MAJOR, "xvd");
free_queues:
	blkfront_free_queues();
	blkfront_trim_exit();
	blkfront_grants_exit();
	return err;
}
module_init(blkfront_init);

static void __exit blkfront_exit(void)
{
	xenbus_unregister_driver(&blkfront_driver);
	blkfront_wait_orphans();
	blkfront_debugfs_exit();
	blkfront_free_queues();
	blkfront_trim_exit();
	blkfront_grants_exit();
	unregister_blkdev(XENVBD_MAJOR, "xvd");
}
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen virtual block device frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS_BLOCKDEV_MAJOR(XENVBD_MAJOR);
MODULE_ALIAS("xen:vbd");
MODULE_ALIAS("xenblk");
