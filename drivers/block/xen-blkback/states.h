/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: states of a device, of its disk, and of a connection.
 */

#ifndef _XEN_BLKBACK_STATES_H
#define _XEN_BLKBACK_STATES_H

/**
 * enum blkback_state - state of a device; state.c has the transitions
 * @BLKBACK_PROBING: nothing has been offered yet
 * @BLKBACK_WAITING: the frontend knows the offer and has not connected yet
 * @BLKBACK_PENDING: the frontend is ready, but its previous connection still
 *                   has to end, or the disk to be cleaned, or Xen has no room
 *                   for its rings
 * @BLKBACK_CONNECTED: there is a connection
 * @BLKBACK_CLOSING: the frontend is closing
 * @BLKBACK_REFUSED: this driver is closing: the frontend was refused, or
 *                   something failed
 * @BLKBACK_CLOSED: the frontend has closed
 * @BLKBACK_LEAVING: xenbus is about to remove the device
 * @BLKBACK_REMOVED: the driver is no longer bound to the device
 */
enum blkback_state {
	BLKBACK_PROBING,
	BLKBACK_WAITING,
	BLKBACK_PENDING,
	BLKBACK_CONNECTED,
	BLKBACK_CLOSING,
	BLKBACK_REFUSED,
	BLKBACK_CLOSED,
	BLKBACK_LEAVING,
	BLKBACK_REMOVED,
};

/**
 * enum blkback_conn_state - state of a connection, in the order in which it
 *			     passes through them
 * @BLKBACK_CONN_RUNNING: its queues take requests
 * @BLKBACK_CONN_BROKEN: the frontend broke the rules of a ring; no more
 *                       requests are taken
 * @BLKBACK_CONN_STOPPED: it is being torn down; no more requests are taken
 * @BLKBACK_CONN_ENDED: all requests are answered, and nothing is mapped
 *
 * A connection need not be broken before it is stopped.
 */
enum blkback_conn_state {
	BLKBACK_CONN_RUNNING,
	BLKBACK_CONN_BROKEN,
	BLKBACK_CONN_STOPPED,
	BLKBACK_CONN_ENDED,
};

/**
 * enum blkback_queue_state - who uses a queue; rest.c has the transitions
 * @BLKBACK_QUEUE_CLAIMED: a work item, or whoever sets the queue up
 * @BLKBACK_QUEUE_ACTIVE: its thread
 * @BLKBACK_QUEUE_REST: nobody
 */
enum blkback_queue_state {
	BLKBACK_QUEUE_CLAIMED,
	BLKBACK_QUEUE_ACTIVE,
	BLKBACK_QUEUE_REST,
};

/**
 * enum blkback_disk_state - is the disk open?
 * @BLKBACK_DISK_NONE: the hotplug script has not named it, or it failed to open
 * @BLKBACK_DISK_OPENING: it is being opened
 * @BLKBACK_DISK_TRIED: opening it has succeeded or failed, and @work of the
 *                      device has not seen that yet
 * @BLKBACK_DISK_OPEN: it is open
 * @BLKBACK_DISK_CLEANING: this domain's page cache of it is being written back
 *                         and dropped
 * @BLKBACK_DISK_CLEANED: that has succeeded or failed, and @work of the device
 *                        has not seen it yet
 */
enum blkback_disk_state {
	BLKBACK_DISK_NONE,
	BLKBACK_DISK_OPENING,
	BLKBACK_DISK_TRIED,
	BLKBACK_DISK_OPEN,
	BLKBACK_DISK_CLEANING,
	BLKBACK_DISK_CLEANED,
};

#endif /* _XEN_BLKBACK_STATES_H */
