// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: connections that are drained.
 *
 * A connection that was stopped ends when the disk has answered all that was
 * taken from it, which can take a long time.  The work item of the device waits
 * for it for a limited time, so that the frontend normally finds its pages
 * unmapped when it sees that the device is closed.  After that nobody waits.
 *
 * All such connections are in a list, so that the log, sysfs and debugfs can tell
 * what is still waited for, also after the device is gone.
 */

#include <linux/seq_file.h>
#include "life.h"

/* How long the work item of a device waits for a connection to end. */
#define BLKBACK_DRAIN_TIMEOUT	HZ

/* When to say that a connection takes long to end, and how often to check. */
#define BLKBACK_DRAIN_NOTICE	(3 * HZ)

static LIST_HEAD(blkback_drains);
static bool blkback_drain_abandons;	/* the module is being unloaded */
static DEFINE_SPINLOCK(blkback_drain_lock);	/* both of these */

/**
 * blkback_drained() - has the previous connection ended?
 * @blkback: the device
 * @timeout: how long to wait for that; jiffies, 0 for not at all
 *
 * Context: the work item of the device.
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

static void blkback_stop_conn(struct blkback *blkback,
			      struct blkback_conn *conn, bool abandon)
{
	blkback->draining = conn;
	if (abandon)
		blkback_conn_abandon(conn);
	blkback_conn_stop(conn);
	/* The teardown does so as well, but may take long. */
	mutex_lock(&blkback->lock);
	blkback->conn = NULL;
	mutex_unlock(&blkback->lock);
}

/**
 * blkback_end_conn() - end a connection
 * @blkback: the device; no other of its connections is draining
 * @conn: the connection, may be NULL
 * @abandon: the outcome of its requests does not matter any more
 *
 * Context: the work item of the device.  Waits a limited time for the disk.
 */
void blkback_end_conn(struct blkback *blkback, struct blkback_conn *conn,
		      bool abandon)
{
	if (!conn)
		return;
	blkback_stop_conn(blkback, conn, abandon);
	blkback_drained(blkback, BLKBACK_DRAIN_TIMEOUT);
}

/**
 * blkback_may_rebind() - can a driver be bound, and find the same guest there?
 * @blkback: the device
 *
 * The toolstack sets "online" to 0, or removes the directory, before it removes a
 * device; and a guest that is gone writes nothing any more.  If xenbus removes
 * the device, the answer is no, whatever state the frontend shows, as the guest
 * can change that at any time.
 *
 * Context: process context; waits for XenStore.
 *
 * Return: true if it can.
 */
bool blkback_may_rebind(struct blkback *blkback)
{
	int state;

	return blkback->may_rebind && blkback_keys_online(blkback->dev) &&
	       (blkback_keys_state(blkback, &state) ||
		state != XenbusStateUnknown);
}

/**
 * blkback_leave_conn() - stop the connection of a device that was removed
 * @blkback: the device, in state REMOVED
 *
 * Requests in flight could reach the disk after those that the next driver gets.
 * The next one therefore waits for the end of this struct blkback.
 *
 * Context: the work item of the device.
 */
void blkback_leave_conn(struct blkback *blkback)
{
	/* A frontend that stays has to learn how its requests end. */
	bool abandon = !blkback_may_rebind(blkback);

	if (blkback->conn)
		blkback_stop_conn(blkback, blkback->conn, abandon);
	if (!blkback->draining)
		return;
	if (abandon)
		blkback_conn_abandon(blkback->draining);
	blkback_conn_put(blkback->draining);
	blkback->draining = NULL;
}

static unsigned int blkback_drain_seconds(const struct blkback_conn *conn)
{
	return (jiffies - conn->stopped) / HZ;
}

/**
 * blkback_drain_notice() - say that a connection takes long to end
 * @work: of the connection
 *
 * A guest that went after its device was unbound does not learn how its requests
 * end.
 */
void blkback_drain_notice(struct work_struct *work)
{
	struct blkback_conn *conn = container_of(to_delayed_work(work),
						 struct blkback_conn, notice);
	struct blkback *blkback = conn->blkback;
	unsigned int nr = blkback_conn_in_flight(conn);

	if (!conn->noticed && nr && __ratelimit(&blkback->log)) {
		conn->noticed = true;
		dev_warn(&blkback->dev->dev,
			 "disk %x:%x has not answered %u requests of a connection that ended %u seconds ago, the guest's pages stay mapped until it does\n",
			 blkback->major, blkback->minor, nr,
			 blkback_drain_seconds(conn));
	}
	if (blkback_get_state(blkback) == BLKBACK_REMOVED &&
	    !blkback_may_rebind(blkback))
		blkback_conn_abandon(conn);
	queue_delayed_work(blkback_update_wq, &conn->notice,
			   BLKBACK_DRAIN_NOTICE);
}

/**
 * blkback_drain_begins() - a connection is about to be stopped
 * @conn: the connection
 */
void blkback_drain_begins(struct blkback_conn *conn)
{
	conn->stopped = jiffies;
	spin_lock(&blkback_drain_lock);
	list_add_tail(&conn->node, &blkback_drains);
	if (blkback_drain_abandons)
		blkback_conn_abandon(conn);
	spin_unlock(&blkback_drain_lock);
	queue_delayed_work(blkback_update_wq, &conn->notice,
			   BLKBACK_DRAIN_NOTICE);
}

/**
 * blkback_drain_ends() - a connection has ended
 * @conn: the connection, whose @notice does not run any more
 */
void blkback_drain_ends(struct blkback_conn *conn)
{
	const struct blkback *blkback = conn->blkback;

	spin_lock(&blkback_drain_lock);
	list_del(&conn->node);
	spin_unlock(&blkback_drain_lock);
	if (conn->noticed)
		dev_info(&blkback->dev->dev,
			 "disk %x:%x has answered all requests after %u seconds\n",
			 blkback->major, blkback->minor,
			 blkback_drain_seconds(conn));
}

/**
 * blkback_drain_requests() - what is a device's draining connection owed?
 * @dev: the device
 * @seconds: for how long it has been draining
 *
 * Return: the number of requests that the disk has not answered, of all
 * connections of the device that are drained.
 */
unsigned int blkback_drain_requests(const struct xenbus_device *dev,
				    unsigned int *seconds)
{
	struct blkback_conn *conn;
	unsigned int nr = 0;

	*seconds = 0;
	spin_lock(&blkback_drain_lock);
	list_for_each_entry(conn, &blkback_drains, node) {
		if (conn->blkback->dev != dev)
			continue;
		nr += blkback_conn_in_flight(conn);
		*seconds = max(*seconds, blkback_drain_seconds(conn));
	}
	spin_unlock(&blkback_drain_lock);
	return nr;
}

/**
 * blkback_drain_show() - list all connections that are drained
 * @m: where to
 */
void blkback_drain_show(struct seq_file *m)
{
	struct blkback_conn *conn;

	spin_lock(&blkback_drain_lock);
	list_for_each_entry(conn, &blkback_drains, node)
		seq_printf(m, "%s disk %x:%x requests %u seconds %u\n",
			   dev_name(&conn->blkback->dev->dev),
			   conn->blkback->major, conn->blkback->minor,
			   blkback_conn_in_flight(conn),
			   blkback_drain_seconds(conn));
	spin_unlock(&blkback_drain_lock);
}

/**
 * blkback_drain_abandon_all() - the outcome of no request matters any more
 */
void blkback_drain_abandon_all(void)
{
	struct blkback_conn *conn;

	spin_lock(&blkback_drain_lock);
	blkback_drain_abandons = true;
	list_for_each_entry(conn, &blkback_drains, node)
		blkback_conn_abandon(conn);
	spin_unlock(&blkback_drain_lock);
}
