// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: waiting for a connection to end.
 *
 * A connection that was stopped ends when the disk has answered all that was
 * taken from it, which can take a long time.  xenbus has one thread for the
 * devices of all guests, and that thread stops connections; a guest decides how
 * often it closes its disk and what is in flight then.  The time spent waiting
 * is therefore limited to a tenth of all time, over all devices.
 */

#include "blkback.h"

/*
 * How long to wait for a connection to end; the shorter time, which is always
 * granted, suffices if nothing is in flight.
 */
#define BLKBACK_DRAIN_TIMEOUT	HZ
#define BLKBACK_DRAIN_SHORT	(HZ / 50 + 1)

/* After a wait, there is no other for this many times its length. */
#define BLKBACK_DRAIN_PAUSE	9

/* No wait for requests in flight before this time; jiffies. */
static u64 blkback_drain_next;
static DEFINE_SPINLOCK(blkback_drain_lock);	/* blkback_drain_next */

static bool blkback_drain_allowed(u64 now)
{
	bool allowed;

	spin_lock(&blkback_drain_lock);
	allowed = now >= blkback_drain_next;
	spin_unlock(&blkback_drain_lock);
	return allowed;
}

static void blkback_drain_spent(u64 now, u64 waited)
{
	spin_lock(&blkback_drain_lock);
	blkback_drain_next = max(blkback_drain_next, now) +
			     waited * BLKBACK_DRAIN_PAUSE;
	spin_unlock(&blkback_drain_lock);
}

/**
 * blkback_drained() - has the previous connection ended?
 * @blkback: the device
 * @timeout: how long to wait for that; jiffies, 0 for not at all
 *
 * Context: process context; the caller holds blkback.transition, or nobody else
 * has the device any more.
 *
 * Return: true if there is no such connection any more.
 */
bool blkback_drained(struct blkback *blkback, unsigned long timeout)
{
	if (!blkback->draining)
		return true;
	if (!blkback_conn_wait(blkback->draining, timeout))
		return false;
	blkback_conn_put(blkback->draining);
	blkback->draining = NULL;
	return true;
}

static bool blkback_drain_limited(struct blkback *blkback, bool in_flight)
{
	unsigned long timeout = in_flight ? 0 : BLKBACK_DRAIN_SHORT;
	u64 began = get_jiffies_64(), now;
	bool drained;

	if (blkback_drain_allowed(began))
		timeout = BLKBACK_DRAIN_TIMEOUT;
	drained = blkback_drained(blkback, timeout);
	now = get_jiffies_64();
	if (now != began)
		blkback_drain_spent(now, now - began);
	return drained;
}

/**
 * blkback_end_conn() - end a connection
 * @blkback: the device; no other of its connections is draining
 * @conn: the connection, may be NULL
 * @abandon: the outcome of its requests does not matter any more
 *
 * Context: process context; takes blkback.lock.  Waits a limited time for the
 * disk, and leaves the rest to a work item.
 */
void blkback_end_conn(struct blkback *blkback, struct blkback_conn *conn,
		      bool abandon)
{
	bool in_flight;

	if (!conn)
		return;
	in_flight = blkback_conn_in_flight(conn);
	blkback->draining = conn;
	if (abandon)
		blkback_conn_abandon(conn);
	blkback_conn_stop(conn);
	if (!blkback_drain_limited(blkback, in_flight) && in_flight)
		blkback_log(blkback, warn,
			    "the disk has not answered all requests yet, the guest's pages stay mapped until it does\n");
	/* The teardown has done so already, unless the disk is slow. */
	mutex_lock(&blkback->lock);
	blkback->conn = NULL;
	mutex_unlock(&blkback->lock);
}

/*
 * Can a driver be bound to the device again, and find the same guest there? The
 * toolstack sets "online" to 0, or removes the directory, before it removes a
 * device; and a guest that is gone writes nothing any more.
 *
 * If xenbus removes the device, the answer is no, whatever state the frontend
 * shows, as the guest can change that at any time.
 */
static bool blkback_may_rebind(const struct blkback *blkback,
			       bool xenbus_removes)
{
	struct xenbus_device *dev = blkback->dev;

	return !xenbus_removes && xenbus_dev_is_online(dev) &&
	       xenbus_read_driver_state(dev, dev->otherend) !=
	       XenbusStateUnknown;
}

/**
 * blkback_drain_for_removal() - end the connection of a device that is removed
 * @blkback: the device, in state REMOVED
 * @xenbus_removes: xenbus removes the device; otherwise its driver is unbound
 *
 * Requests in flight could reach the disk after those that the next driver
 * gets.  Unbinding the driver therefore waits for the disk, but only while a
 * next driver is possible, since the device is locked meanwhile.
 *
 * Context: process context.
 */
void blkback_drain_for_removal(struct blkback *blkback, bool xenbus_removes)
{
	/* A frontend that stays has to learn how its requests end. */
	blkback_end_conn(blkback, blkback->conn,
			 !blkback_may_rebind(blkback, xenbus_removes));
	while (blkback->draining &&
	       blkback_may_rebind(blkback, xenbus_removes))
		blkback_drained(blkback, BLKBACK_DRAIN_TIMEOUT);
	if (!blkback->draining)
		return;
	blkback_conn_abandon(blkback->draining);
	blkback_conn_put(blkback->draining);
	blkback->draining = NULL;
}
