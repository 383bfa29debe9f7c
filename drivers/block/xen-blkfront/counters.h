/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block frontend: the only list of the counters of a ring.
 *
 * It is included wherever something is generated for each counter, and
 * therefore has no include guard.  The including file defines
 * BLKFRONT_REQ_COUNTER(name) for those of the request half, and
 * BLKFRONT_RSP_COUNTER(name) for those of the response half.  The names are
 * those in debugfs.  Latencies are counted by the block layer.
 */

/* Requests written to the ring, and responses taken from it. */
BLKFRONT_REQ_COUNTER(requests);
BLKFRONT_RSP_COUNTER(responses);
/* Notifications sent to the backend, interrupts handled. */
BLKFRONT_REQ_COUNTER(notifications);
BLKFRONT_RSP_COUNTER(interrupts);
/* Times that the watchdog found responses without an event. */
BLKFRONT_RSP_COUNTER(lost_events);
/* Bytes of data that were copied. */
BLKFRONT_REQ_COUNTER(copied);
/* Grants that were made for requests, and those that ended with them. */
BLKFRONT_REQ_COUNTER(granted);
BLKFRONT_RSP_COUNTER(ungranted);
/* Requests that took the last free slot. */
BLKFRONT_REQ_COUNTER(full);
/* Times that a request had to wait for a slot, although it had a tag. */
BLKFRONT_REQ_COUNTER(slot_waits);
/* Times that a request had to wait for our own pages. */
BLKFRONT_REQ_COUNTER(pool_waits);
/* Times that a request had to wait for grants. */
BLKFRONT_REQ_COUNTER(grant_waits);
/* Parts of requests that were sent as there was not enough for the whole. */
BLKFRONT_REQ_COUNTER(parts);
/* Requests whose bios were submitted again. */
BLKFRONT_REQ_COUNTER(resubmitted);
/* Requests that the backend failed. */
BLKFRONT_RSP_COUNTER(io);
/* Requests that the backend or its disk does not support. */
BLKFRONT_RSP_COUNTER(not_supported);
/* Times that the backend violated the protocol. */
BLKFRONT_RSP_COUNTER(bad_response);
/* Requests that failed without being sent. */
BLKFRONT_REQ_COUNTER(unsent);

#undef BLKFRONT_REQ_COUNTER
#undef BLKFRONT_RSP_COUNTER
