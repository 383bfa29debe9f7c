/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: the only list of the counters of a queue.
 *
 * It is included wherever something is generated for each counter, and
 * therefore has no include guard.  The including file defines
 * BLKBACK_COUNTER(name) for counts, BLKBACK_ERROR(name) for counts of errors,
 * and BLKBACK_TIME(name) for sums of nanoseconds.  All names but those of times
 * are the names in debugfs.
 */

/* Times that a request had to wait for memory. */
BLKBACK_COUNTER(oo_req);
/* Requests: reads, writes, flushes and barriers, discards and zeroes. */
BLKBACK_COUNTER(rd_req);
BLKBACK_COUNTER(wr_req);
BLKBACK_COUNTER(f_req);
BLKBACK_COUNTER(ds_req);
/* 512-byte units that were read and written. */
BLKBACK_COUNTER(rd_sect);
BLKBACK_COUNTER(wr_sect);

/* Requests taken from the ring, good or bad, and responses put on it. */
BLKBACK_COUNTER(requests);
BLKBACK_COUNTER(responses);
/* Notifications sent to the frontend, events received from it. */
BLKBACK_COUNTER(notifications);
BLKBACK_COUNTER(events);
/* Times that polling found work before the thread slept. */
BLKBACK_COUNTER(polls);
/* How long was polled, in vain or not. */
BLKBACK_TIME(polled);
/* Times that a thread was started, when a queue was at rest. */
BLKBACK_COUNTER(starts);
/* Times that the watchdog found requests without an event. */
BLKBACK_COUNTER(lost_events);
/* Times that as many requests were in flight as there are slots. */
BLKBACK_COUNTER(full);
/* How long that lasted, without a period that has not ended. */
BLKBACK_TIME(full);

/* Segments that were mapped already. */
BLKBACK_COUNTER(hits);
/* Grants mapped and unmapped; of the latter, persistent ones. */
BLKBACK_COUNTER(maps);
BLKBACK_COUNTER(unmaps);
BLKBACK_COUNTER(evictions);
/* Grant copies of data, indirect pages and protection information; bytes. */
BLKBACK_COUNTER(copies);
BLKBACK_COUNTER(copied);
/* Hypercalls that map, unmap or copy. */
BLKBACK_COUNTER(hypercalls);

/* Rejected requests: the operation is unknown or was not offered. */
BLKBACK_ERROR(bad_op);
/* The request is malformed in some other way. */
BLKBACK_ERROR(bad_request);
/* It reaches beyond the end of the disk. */
BLKBACK_ERROR(bad_extent);
/* It would change a read-only disk. */
BLKBACK_ERROR(read_only);
/* Its pages could not be mapped or copied. */
BLKBACK_ERROR(bad_grant);
/* Failed requests: errors of the disk without a name of their own. */
BLKBACK_ERROR(io);
/* The disk does not support the operation. */
BLKBACK_ERROR(not_supported);
/* The storage of the disk is full. */
BLKBACK_ERROR(no_space);
/* The driver of the disk gave the request up. */
BLKBACK_ERROR(timeout);
/* The medium is bad. */
BLKBACK_ERROR(medium);
/* The protection information is wrong. */
BLKBACK_ERROR(protection);
/* The disk is gone. */
BLKBACK_ERROR(offline);
/* Grants that could not be unmapped. */
BLKBACK_ERROR(unmap);
/* Times that a frontend broke the rules of a ring. */
BLKBACK_ERROR(protocol);

#undef BLKBACK_COUNTER
#undef BLKBACK_ERROR
#undef BLKBACK_TIME
