// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: connects to a frontend that is ready.
 *
 *   blkback_connect()
 *     blkback_may_connect()      is this the time for it?
 *       blkback_clean()          this domain's page cache of the disk
 *     blkback_keys_choice()      what the frontend chose of the offer
 *     blkback_set_up()           queues; publish the disk; threads
 *
 * All of this runs in the device's work item.
 */

#include <linux/err.h>
#include "../xen-blkif/agreed.h"
#include "life.h"

static void blkback_log_agreed(struct blkback_conn *conn)
{
	struct blkif_agreed agreed;

	if (!__ratelimit(&conn->blkback->log))
		return;
	blkback_conn_describe(conn, &agreed);
	blkif_agreed_log(&conn->blkback->dev->dev, "connected", &agreed);
}

/**
 * blkback_refresh_disk() - read what may have changed of the disk
 * @blkback: the device, whose disk is open
 *
 * Return: true if it, or the guest's access to it, differs from what was
 * published.
 */
bool blkback_refresh_disk(struct blkback *blkback)
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
	blkback_keys_name(blkback->dev, conn->name, sizeof(conn->name));
	conn->local = blkback_keys_own_domain() == conn->domid;
	return blkback_conn_start(conn);
}

/* Can a connection be set up?  If that has to wait, the device is PENDING. */
static bool blkback_may_connect(struct blkback *blkback)
{
	bool left;

	switch (blkback_get_state(blkback)) {
	case BLKBACK_WAITING:
	case BLKBACK_PENDING:
	case BLKBACK_CLOSED:
		break;
	default:
		/* After CLOSING or REFUSED the frontend has to close first. */
		return false;
	}
	if (READ_ONCE(blkback->disk) < BLKBACK_DISK_OPEN ||
	    blkback_has_predecessor(blkback, &left))
		return false;
	/* Separate rings do not store how far they were used. */
	if (!blkback->unused_rings && blkback_keys_separate(blkback)) {
		if (!blkback->used_rings_logged)
			blkback_log(blkback, info,
				    "the frontend's rings were in use before, waiting for it to make new ones\n");
		blkback->used_rings_logged = true;
		return false;
	}
	/*
	 * Requests of the previous connection could overtake those of this one.
	 * The end of that connection schedules the work item, which tries again.
	 */
	if (blkback_drained(blkback, 0))
		return blkback_clean(blkback);
	blkback_set_state(blkback, BLKBACK_PENDING);
	return false;
}

/**
 * blkback_connect() - connect to a frontend that has written its keys
 * @blkback: the device
 *
 * Does nothing if the device is connected, or cannot be.  Errors are reported
 * where they occur.
 */
void blkback_connect(struct blkback *blkback)
{
	struct blkif_choice choice;
	struct blkback_conn *conn;
	int err;

	if (!blkback_may_connect(blkback))
		return;
	if (blkback_keys_choice(blkback, &choice))
		return;
	conn = blkback_conn_alloc(blkback, &choice);
	if (!conn) {
		blkback_refuse(blkback, -ENOMEM, "no memory for the connection");
		return;
	}
	err = blkback_set_up(conn);
	if (err) {
		blkback_end_conn(blkback, conn, true);
		if (err == -ENOSPC && blkback_set_state(blkback, BLKBACK_PENDING))
			blkback_retry(blkback);
		return;
	}
	blkback->unused_rings = false;
	blkback->used_rings_logged = false;
	/* Fails if the driver is removed. */
	if (blkback_set_state(blkback, BLKBACK_CONNECTED))
		blkback_log_agreed(conn);
}
