/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frontend's objects: what they are, who owns what, and what protects it.
 */

#ifndef _XEN_BLKFRONT_H
#define _XEN_BLKFRONT_H

#include <linux/bio.h>
#include <linux/blk-mq.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xen/events.h>
#include <xen/xenbus.h>

#include "../xen-blkif/check.h"
#include "../xen-blkif/nego.h"
#include "../xen-blkif/ops.h"
#include "../xen-blkif/status.h"
#include "../xen-blkif/backoff.h"
#include "../xen-blkif/vdev.h"
#include "pool.h"

/**
 * enum blkfront_state - what a disk may do
 * @BLKFRONT_SETUP: not connected yet
 * @BLKFRONT_CONNECTED: requests are passed on
 * @BLKFRONT_SUSPENDED: lost its backend, by a suspend or because its driver was
 *                      exchanged, and waits for another; the queue is quiesced
 * @BLKFRONT_DEAD: given up, requests fail; final
 *
 * Only blkfront_kill() enters DEAD, from any context, and all other changes
 * are made by cmpxchg() so that they do not undo it.
 */
enum blkfront_state {
	BLKFRONT_SETUP,
	BLKFRONT_CONNECTED,
	BLKFRONT_SUSPENDED,
	BLKFRONT_DEAD,
};

/**
 * enum blkfront_data - how the backend gets at the data
 * @BLKFRONT_DIRECT: the pages of the request are granted while it lasts
 * @BLKFRONT_PERSISTENT: copied to pages granted as long as the connection
 * @BLKFRONT_BOUNCE: copied to pages that are granted while the request lasts,
 *                   so that the backend never sees what it was not given
 */
enum blkfront_data {
	BLKFRONT_DIRECT,
	BLKFRONT_PERSISTENT,
	BLKFRONT_BOUNCE,
};

enum blkfront_flush {
	BLKFRONT_NO_FLUSH,
	BLKFRONT_BARRIER,
	BLKFRONT_FLUSH,
};

/**
 * struct blkfront_agreed - what was negotiated, anew at each connection
 * @choice: what was published
 * @nr_polled: how many of the queues are polled, the last ones
 * @max_segs: segments of the largest request
 * @data: how data is passed
 * @flush: set to BLKFRONT_NO_FLUSH at any time if the backend refuses one
 * @ops: the flags in it are cleared likewise
 * @pi: what tuples requests are sent with; none, or that of the disk
 */
struct blkfront_agreed {
	struct blkif_choice choice;
	unsigned int nr_polled;
	unsigned int max_segs;
	enum blkfront_data data;
	enum blkfront_flush flush;
	struct blkif_ops ops;
	struct blkif_pi pi;
};

/* The disk as the backend describes it, checked. */
struct blkfront_disk {
	u64 sectors;
	unsigned int info;
	unsigned int block_size;
	unsigned int phys_size;
	unsigned int opt_size;
};

/**
 * struct blkfront_ring_mem - what the ring or rings of a queue are made of
 * @shared: the shared ring, one range; NULL if there is none
 * @pages: separate rings, requests and then responses, each page by itself
 * @refs: grants of either
 * @nr: how many pages
 */
struct blkfront_ring_mem {
	void *shared;
	void *pages[2 * BLKIF_SEP_MAX_PAGES];
	grant_ref_t refs[2 * BLKIF_SEP_MAX_PAGES];
	unsigned int nr;
};

/**
 * struct blkfront_counts - what all rings of a disk did
 * @requests: put on a ring
 * @responses: taken
 * @notifications: sent
 * @interrupts: handled
 * @bounced: bytes that are copied
 * @full: requests that took the last free slot
 * @slot_waits: times a request had to wait for a slot, though it had a tag
 * @pool_waits: times a request had to wait for pages of ours
 * @grant_waits: times a request had to wait for grants
 * @remade: requests that were made anew for another backend
 * @unsent: requests that failed without being sent
 * @io: requests that the backend failed
 * @not_supported: requests that the backend or its disk does not know
 * @bad_response: times that responses made no sense
 * @lost_events: times the watchdog found responses
 */
struct blkfront_counts {
	u64 requests;
	u64 responses;
	u64 notifications;
	u64 interrupts;
	u64 bounced;
	u64 full;
	u64 slot_waits;
	u64 pool_waits;
	u64 grant_waits;
	u64 remade;
	u64 unsent;
	u64 io;
	u64 not_supported;
	u64 bad_response;
	u64 lost_events;
};

/**
 * struct blkfront_ring - one queue of a connection
 * @info: whose
 * @index: number of the queue
 * @polled: responses are polled for, and not notified
 * @deferred: responses are not taken in interrupts
 * @irq: of the event channel
 * @evtchn: event channel
 * @mem: the pages of the ring or rings
 * @tables: pages for the segments of indirect requests.  In direct mode the
 *          grants to end are read back from them, which is why the backend
 *          may not write there.
 * @data: pages that data is copied to
 * @pi: pages that protection information is copied to
 * @budget: grants that large requests may still use at a time, lest one disk
 *          take what the guest's other devices need; small ones are bounded
 *          by the slots
 * @lock: request half of @front, and the counts after it
 * @front: the ring
 * @requests: this and the following as in struct blkfront_counts
 * @notifications: request half
 * @bounced: request half
 * @full: request half
 * @slot_waits: request half
 * @pool_waits: request half
 * @grant_waits: request half
 * @remade: request half
 * @unsent: request half
 * @rsp_lock: response half of @front, and all below
 * @broken: responses make no sense
 * @poll: whether to wait for more responses
 * @acknowledged: responses up to the last event
 * @overtaken: an event may come for a response that was taken before
 * @responses: response half
 * @interrupts: response half
 * @io: response half
 * @not_supported: response half
 * @bad_response: response half
 * @lost_events: response half
 * @watched: when the watchdog last looked; jiffies, under info->mutex
 * @work: the rest of a pass over responses that took too long
 */
struct blkfront_ring {
	struct blkfront_info *info;
	unsigned int index;
	bool polled;
	bool deferred;
	unsigned int irq;
	evtchn_port_t evtchn;
	struct blkfront_ring_mem mem;
	struct blkfront_pool tables;
	struct blkfront_pool data;
	struct blkfront_pool pi;
	atomic_t budget;

	spinlock_t lock ____cacheline_aligned_in_smp;
	struct blkif_front_rings front;
	u64 requests;
	u64 notifications;
	u64 bounced;
	u64 full;
	u64 slot_waits;
	u64 pool_waits;
	u64 grant_waits;
	u64 remade;
	u64 unsent;

	spinlock_t rsp_lock ____cacheline_aligned_in_smp;
	bool broken;
	bool overtaken;
	struct blkif_backoff poll;
	u64 acknowledged;
	u64 responses;
	u64 interrupts;
	u64 io;
	u64 not_supported;
	u64 bad_response;
	u64 lost_events;
	unsigned long watched;
	struct work_struct work;
};

/**
 * struct blkfront_tag - a tag of a hardware queue
 * @rq: in flight under the tag; set when the slot is written, taken back by
 *      whoever ends or requeues the request
 * @gen: makes the ids of successive requests differ
 */
struct blkfront_tag {
	struct request *rq;
	u32 gen;
};

/**
 * struct blkfront_info - one disk
 * @xbdev: its xenbus device
 * @state: see there
 * @why: what killed it, if the backend is to blame
 * @vdevice: number of the virtual device
 * @vdev: the same, decoded
 * @minors_node: on blkfront_minors
 * @mutex: protects all below, but for what the data path reads and @bios
 * @agreed: constant for a connection
 * @disk: changed by blkfront_disk_changed()
 * @pi: protection information, as long as @gd exists: see pi.h
 * @rings: @nr_rings of them.  The data path may use them while the queue is
 *         not quiesced and @live is set.
 * @nr_rings: number of queues that are set up
 * @counts: what rings did that are gone
 * @live: see @rings; cleared before the queue is quiesced, so that the grace
 *        period that ends quiescing also covers commit_rqs, which blk-mq may
 *        call for a quiesced queue
 * @quiesced: we hold the queue quiesced
 * @requeued: there is something on its requeue list
 * @persistent: what we published
 * @returning: a connection was closed, ours or that of a driver before us, and
 *             the backend has yet to be ready for another
 * @gd: the disk, from the first connection on
 * @added: device_add_disk() succeeded
 * @removing: who unbinds us waits until all requests have ended
 * @deleted: del_gendisk() was called, the queue is not to be touched
 * @tag_set: of @gd
 * @tags: of hardware queue q from index q * queue_depth on
 * @bios_lock: protects @bios
 * @bios: of requests that were made for another backend: see resubmit.h
 * @resubmit_work: submits them again
 * @add_work: adds the disk, which reads it
 * @revoked: bits of enum blkfront_revoked that @revoke_work has to see to
 * @revoke_work: turns off what the backend refused
 * @shutdown_work: takes a dead disk down
 *
 * The number of hardware queues and their depth are those of the first
 * connection.  If a later one has fewer rings, queues share them, and none is
 * polled for.
 */
struct blkfront_info {
	struct xenbus_device *xbdev;
	enum blkfront_state state;
	const char *why;
	unsigned int vdevice;
	struct blkif_vdev vdev;
	struct list_head minors_node;

	struct mutex mutex;	/* see above */
	struct blkfront_agreed agreed;
	struct blkfront_disk disk;
	struct blkif_pi pi;
	struct blkfront_ring *rings;
	unsigned int nr_rings;
	struct blkfront_counts counts;
	bool live;
	bool quiesced;
	bool requeued;
	bool persistent;
	bool returning;

	struct gendisk *gd;
	bool added;
	bool removing;
	bool deleted;
	struct blk_mq_tag_set tag_set;
	struct blkfront_tag *tags;

	spinlock_t bios_lock;	/* the list; taken in interrupts */
	struct bio_list bios;
	struct work_struct resubmit_work;

	struct work_struct add_work;
	unsigned long revoked;
	struct work_struct revoke_work;
	struct work_struct shutdown_work;
};

/**
 * struct blkfront_req - our part of a request, filled in by queue_rq
 * @cmd: as it goes on the ring
 * @tables: pages with the segments, if @cmd is indirect
 * @data: pages with the data, if it is copied
 * @pi: pages with the protection information, if there is any
 * @charged: grants taken from the ring's budget
 * @status: the response's
 * @completing: answered, and not yet done with the ring
 */
struct blkfront_req {
	struct blkif_cmd cmd;
	struct blkfront_buf *tables;
	struct blkfront_buf *data;
	struct blkfront_buf *pi;
	unsigned int charged;
	s16 status;
	bool completing;
};

/* The ring that a hardware queue submits to. */
static inline struct blkfront_ring *
blkfront_ring_of(const struct blkfront_info *info, unsigned int hwq)
{
	if (unlikely(hwq >= info->nr_rings))
		hwq %= info->nr_rings;
	return &info->rings[hwq];
}

static inline struct blkfront_tag *
blkfront_tag_of(const struct blkfront_info *info, unsigned int hwq,
		unsigned int tag)
{
	return &info->tags[hwq * info->tag_set.queue_depth + tag];
}

#endif /* _XEN_BLKFRONT_H */
