/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: its objects and their owners.
 *
 * struct blkback         one virtual disk, from probe until the last reference
 *                        is dropped.  The bound driver holds one reference,
 *                        each connection another, and the work item one while
 *                        it is queued or runs.
 * struct blkback_conn    one connection to a frontend, from connect until its
 *                        queues are drained.  It outlives the disconnect if the
 *                        disk is slow to answer.
 * struct blkback_queue   one ring (or pair of rings), its event channel and,
 *                        unless it is at rest, its thread.  All of it belongs to
 *                        the thread, except where its description says
 *                        otherwise.
 * struct blkback_req     one request, from the ring to its response.
 *
 * All that happens to a device happens in its work item, blkback.work, which
 * never runs twice at the same time: what only the work item uses needs no lock.
 * "What may wait where" in Documentation/design.md has the rules.
 *
 * Locks, outermost first:
 * blkback.lock         protects what sysfs, debugfs and the driver's removal
 *                      read or change: the state, the connection, the disk's
 *                      numbers, the counters of earlier connections.
 * blkback_list_lock, blkback_drain_lock   protect the lists of devices and of
 *                      connections that are drained; spinlocks.
 * blkback_queue.done_lock   protects the list of done requests; taken by the
 *                      completion of bios, in any context.
 */

#ifndef _XEN_BLKBACK_H
#define _XEN_BLKBACK_H

#include <linux/blkdev.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "../xen-blkif/nego.h"
#include "../xen-blkif/check.h"
#include "../xen-blkif/feature.h"
#include "../xen-blkif/ops.h"
#include "../xen-blkif/status.h"
#include "../xen-blkif/backoff.h"
#include "gcache.h"
#include "guest.h"
#include "stats.h"
#include "states.h"

struct blkif_agreed;

/* Segments of an indirect request of the existing format: 1 MiB. */
#define BLKBACK_MAX_SEGS	256

/* Grant operations in one hypercall: those of the largest request. */
#define BLKBACK_BATCH		BLKIF_MAX_ENTRIES

/* Grant copies of data in one hypercall. */
#define BLKBACK_COPIES		128

/* Indirect pages of a request that are copied in one hypercall. */
#define BLKBACK_INDIRECT_PAGES	4

/* Pages of all rings of a queue. */
#define BLKBACK_RING_PAGES	(2 * BLKIF_SEP_MAX_PAGES)

/**
 * enum blkback_outcome - the result of preparing or starting a request
 * @BLKBACK_READY: it is to be started once the batch is mapped and copied
 * @BLKBACK_WAIT: there is no memory for it now, or as much is in flight as is
 *                allowed, or Xen has no room for its mappings; it is to be
 *                prepared again
 * @BLKBACK_REJECT: it is to be answered with its @status
 */
enum blkback_outcome {
	BLKBACK_READY,
	BLKBACK_WAIT,
	BLKBACK_REJECT,
};

/**
 * struct blkback_vbd - the disk behind a device
 * @bdev_file: the open disk, NULL until the hotplug script has named it
 * @bdev: the same
 * @handle: number of the virtual disk, for traces
 * @writable: it was opened for writing
 * @mode_writable: the toolstack lets the guest write, as last read
 * @read_only: the disk itself is read-only, as last read
 * @size: last size that was published, in 512-byte units
 * @info: last VDISK_* that were published
 * @unpublished: publishing a change of the disk has failed
 * @write_cache: the disk had a cache that needs flushing when it was offered to
 *               the frontend
 */
struct blkback_vbd {
	struct file *bdev_file;
	struct block_device *bdev;
	unsigned int handle;
	bool writable;
	bool mode_writable;
	bool read_only;
	u64 size;
	u32 info;
	bool unpublished;
	bool write_cache;
};

/**
 * struct blkback_vbd_offer - what the disk can do and the frontend may use
 * @ops: operations besides reading, writing and flushing
 * @pi: protection information
 */
struct blkback_vbd_offer {
	struct blkif_ops ops;
	struct blkif_pi pi;
};

/* Bits of blkback.seen: what a watch saw that may have changed again since. */
#define BLKBACK_SEEN_CLOSED	0	/* the frontend has been in Closed */
#define BLKBACK_SEEN_DISK	1	/* "physical-device" was written */
#define BLKBACK_SEEN_LOCKED	2	/* it could not be unregistered */

/* Messages of a device that a frontend can cause: so many in so much time. */
#define BLKBACK_LOG_BURST	10
#define BLKBACK_LOG_TIME	(20 * HZ)

/**
 * struct blkback - one virtual disk
 * @dev: the xenbus device; held
 * @kref: counts the bound driver, the connections, and @work if it is queued
 * @node: in the list of all devices, from probe to the last reference
 * @frontend: directory of the frontend in XenStore; that of @dev is freed when
 *            the driver is removed
 * @vbd: the disk
 * @disk: set to TRIED or CLEANED by @open, and to other values by @work
 * @open: opens the disk, or cleans it if it is open; holds a reference
 * @open_err: result of @open; used by @work after it has seen that @open is done
 * @close: closes the disk and frees this
 * @mode: value of the key "mode" when the disk was opened
 * @major: of the disk, as the hotplug script wrote it
 * @minor: likewise
 * @disk_watch: on "physical-device"
 * @mode_watch: on "mode"
 * @online_watch: on "online"
 * @leave_watch: has xenwatch unregister the device
 * @work: follows the frontend and the toolstack: follow.c
 * @retry: schedules @work again
 * @seen: BLKBACK_SEEN_*, for @work
 * @offer: what the frontend was offered; used by @work, as are the next three
 * @unused_rings: the frontend has sent no request on its rings yet
 * @used_rings_logged: it was logged that the rings were used
 * @draining: the previous connection, if it has not been seen to have ended;
 *            holds a reference
 * @left: the driver is not bound, and @work has let go of the device; protected
 *        by blkback_list_lock
 * @lock: protects @state, @conn, @stats, @mode, @major and @minor
 * @state: written by blkback_set_state() only
 * @may_rebind: a driver may be bound again after this one
 * @conn: the connection, NULL if there is none; changed by @work and by the end
 *        of the connection
 * @stats: of connections that have ended
 * @reclaim_end: keep no free pages until then; jiffies, may be torn
 * @no_ring_until: do not have xenbus map a ring until then; jiffies
 * @log: limits the messages that a frontend can cause
 * @debugfs: directory of the device
 */
struct blkback {
	struct xenbus_device *dev;
	struct kref kref;
	struct list_head node;
	char *frontend;
	struct blkback_vbd vbd;
	enum blkback_disk_state disk;
	struct work_struct open;
	int open_err;
	struct work_struct close;
	char *mode;
	unsigned int major;
	unsigned int minor;
	struct xenbus_watch disk_watch;
	struct xenbus_watch mode_watch;
	struct xenbus_watch online_watch;
	struct xenbus_watch leave_watch;
	struct work_struct work;
	struct delayed_work retry;
	unsigned long seen;
	struct blkif_offer offer;
	bool unused_rings;
	bool used_rings_logged;
	struct blkback_conn *draining;
	bool left;
	struct mutex lock;	/* see above */
	enum blkback_state state;
	bool may_rebind;
	struct blkback_conn *conn;
	struct blkback_stats stats;
	u64 reclaim_end;
	u64 no_ring_until;
	struct ratelimit_state log;
	struct dentry *debugfs;
};

/**
 * struct blkback_map - how a segment is mapped
 * @entry: its persistent grant, NULL if it is mapped for this request only
 * @handle: to unmap it by, if it is not persistent
 */
struct blkback_map {
	struct gcache_entry *entry;
	grant_handle_t handle;
};

/**
 * struct blkback_op_owner - the segment that a map or copy operation is for
 * @req: the request
 * @index: of the segment
 */
struct blkback_op_owner {
	struct blkback_req *req;
	unsigned int index;
};

/* Memory for a segment of an indirect request. */
#define BLKBACK_SEG_SIZE	(sizeof(struct blkback_map) + \
				 sizeof(struct bio_vec) + \
				 sizeof(struct blkif_seg))

/**
 * struct blkback_ranges - what is still to be discarded or zeroed
 * @work: does the next step
 * @next: the current range, without the part that is done
 * @end: the end of the ranges
 * @single: the range, if it is in the slot of the request
 */
struct blkback_ranges {
	struct work_struct work;
	struct blkif_range *next;
	struct blkif_range *end;
	struct blkif_range single;
};

/**
 * struct blkback_req - one request
 * @queue: where it came from
 * @node: in one of the queue's lists
 * @cmd: as decoded
 * @seg: the segments: in @cmd, or in @indirect_mem
 * @map: how they are mapped: @inline_map, or in @indirect_mem
 * @vec: where they are mapped or copied to: @inline_vec, or in @indirect_mem;
 *       bios refer to it
 * @indirect_mem: memory for the segments or ranges of an indirect request
 * @counted: bytes that count for the guest, besides those of the request itself
 * @nr_reserved: entries that count in the queue's budget for it
 * @nr_pages: pages of @vec that hold data
 * @nr_pi: pages of protection information, in @vec behind those of the data
 * @bad_grant: a page could not be mapped, or copied from
 * @no_room: Xen had no room for a mapping, and the request is prepared again
 * @copied: the pages are ours, and data is copied to or from them
 * @status: BLKIF_RSP_* of a rejected request
 * @sectors: length of the data, checked
 * @pending: bios in flight, and one more while bios are being made
 * @error: set by any bio that failed
 * @taken: when it was taken from the ring; ns
 * @bio: the first bio; most requests have no other
 * @inline_vec: for requests that are not indirect
 * @inline_map: likewise
 * @ranges: for requests that carry no data
 */
struct blkback_req {
	struct blkback_queue *queue;
	struct list_head node;
	struct blkif_cmd cmd;
	struct blkif_seg *seg;
	struct blkback_map *map;
	struct bio_vec *vec;
	void *indirect_mem;
	size_t counted;
	unsigned int nr_reserved;
	unsigned int nr_pages;
	unsigned int nr_pi;
	bool bad_grant;
	bool no_room;
	bool copied;
	s16 status;
	u32 sectors;
	atomic_t pending;
	blk_status_t error;
	u64 taken;
	struct bio bio;
	struct bio_vec inline_vec[BLKIF_MAX_INLINE];
	union {
		struct blkback_map inline_map[BLKIF_MAX_INLINE];
		struct blkback_ranges ranges;
	};
};

/**
 * struct blkback_event - the last event from the frontend
 * @irq: of the event channel, 0 if it is not bound
 * @pending: the event has not been acknowledged
 * @time: when it came; ns
 *
 * The interrupt sets @time and then @pending; the thread clears @pending.
 */
struct blkback_event {
	unsigned int irq;
	bool pending;
	u64 time;
};

/**
 * struct blkback_ring_mem - mapped pages of a queue's ring or rings
 * @shared: the shared ring, NULL if there is none
 * @pages: pages of separate rings, of requests and then of responses
 * @handles: to unmap them by
 * @nr: how many
 */
struct blkback_ring_mem {
	void *shared;
	struct page *pages[BLKBACK_RING_PAGES];
	grant_handle_t handles[BLKBACK_RING_PAGES];
	unsigned int nr;
};

/**
 * struct blkback_budget - memory that the requests of a queue may take
 * @nr_reserved: entries of requests in flight, whether they are mapped for the
 *               request, were mapped before, or are copied
 * @max_reserved: the limit of @nr_reserved
 * @nr_named: how many of them count for the guest; at least @nr_reserved
 * @starved: there was no memory for another request
 * @reserve_used: @reserve is in use
 * @reserve: memory for the segments or ranges of one request, however large
 */
struct blkback_budget {
	unsigned int nr_reserved;
	unsigned int max_reserved;
	unsigned int nr_named;
	bool starved;
	bool reserve_used;
	void *reserve;
};

/**
 * struct blkback_grants - mapped grants of a queue; grant.c
 * @cache: persistent grants
 * @pages: pages to map grants to
 * @map_ops: map operations, for one hypercall
 * @map_pages: their pages
 * @map_owners: the segments that they are for
 * @nr_map: how many of them there are
 * @unmap_ops: unmap operations, for one hypercall
 * @unmap_pages: their pages
 * @nr_unmap: how many of them there are
 */
struct blkback_grants {
	struct gcache cache;
	struct gnttab_page_cache pages;
	struct gnttab_map_grant_ref *map_ops;
	struct page **map_pages;
	struct blkback_op_owner *map_owners;
	unsigned int nr_map;
	struct gnttab_unmap_grant_ref *unmap_ops;
	struct page **unmap_pages;
	unsigned int nr_unmap;
};

/**
 * struct blkback_copies - grant copies of a queue; copy.c
 * @ops: operations, for one hypercall
 * @owners: the segments that they are for
 * @nr: how many of them there are
 * @pages: free pages to copy data to
 * @nr_pages: how many
 * @indirect: pages that indirect pages are copied to
 */
struct blkback_copies {
	struct gnttab_copy *ops;
	struct blkback_op_owner *owners;
	unsigned int nr;
	struct list_head pages;
	unsigned int nr_pages;
	void *indirect[BLKBACK_INDIRECT_PAGES];
};

/**
 * struct blkback_notify - responses that the frontend was not notified of
 * @unpublished: responses on the ring that are not published
 * @unnotified: responses since the last notification
 * @since: when the first of @unnotified was put on the ring; ns
 * @coalesce: whether it pays to wait for more of them
 */
struct blkback_notify {
	unsigned int unpublished;
	unsigned int unnotified;
	u64 since;
	struct blkif_backoff coalesce;
};

/**
 * struct blkback_counts - the counters of a queue, and the times for them
 * @now: time of this half of a pass, 0 if the clock was not read yet; ns
 * @full_since: when the requests in flight became as many as the slots, 0 if
 *              they are fewer; ns
 * @stats: read by sysfs and debugfs while they change
 * @next_log: when to log @stats again; jiffies
 */
struct blkback_counts {
	u64 now;
	u64 full_since;
	struct blkback_stats stats;
	u64 next_log;
};

/**
 * struct blkback_queue - one ring, or pair of rings, and its thread
 * @conn: the connection
 * @index: number of the queue
 * @state: who uses it
 * @thread: takes requests and answers them; NULL while the queue is at rest
 * @wait: where it sleeps
 * @event: the last event; the interrupt handler writes to it
 * @reclaim: dom0 is short of memory; set by anybody, cleared by the thread
 * @has_mem: it has what it needs to serve requests
 * @hurry: dom0 ran short of memory since there was work
 * @suspect: the watch has seen a request without an event
 * @used: when the thread last found work; jiffies
 * @started: when it was started; jiffies
 * @start: starts the thread, and reaps it when it has ended
 * @done_lock: protects @done
 * @done: requests whose bios are all done
 * @lingering: of these, requests whose pages are still referred to by drivers
 *             of the disk
 * @mapping: requests to start when the batch is mapped and copied
 * @nr_mapping: how many
 * @nr_prepared: segments in the batch
 * @free_reqs: requests that can be used again
 * @nr_reqs: number of requests, free or in flight
 * @in_flight: requests that were taken and are not answered; read by anybody
 * @held: requests that wait for memory or for earlier requests; most often one
 * @barrier: nothing is taken until this request is answered
 * @ranges: discards and zeroes that wait for others to end
 * @nr_ranges: discards and zeroes that were started
 * @slow_start: starting the last batch took a long time: the disk has no room
 * @write_through: the disk has a write cache that the frontend knows nothing of
 * @ring: the ring or rings
 * @mem: their pages
 * @lim: what requests are checked against
 * @budget: memory that requests may take
 * @grant: mapped grants
 * @copy: grant copies
 * @notify: responses that the frontend was not notified of
 * @poll: polling
 * @count: counters
 */
struct blkback_queue {
	struct blkback_conn *conn;
	unsigned int index;
	enum blkback_queue_state state;
	struct task_struct *thread;
	wait_queue_head_t wait;
	struct blkback_event event;
	bool reclaim;
	bool has_mem;
	bool hurry;
	bool suspect;
	u64 used;
	u64 started;
	struct delayed_work start;

	spinlock_t done_lock ____cacheline_aligned_in_smp;
	struct list_head done;

	struct list_head lingering ____cacheline_aligned_in_smp;
	struct list_head mapping;
	unsigned int nr_mapping;
	unsigned int nr_prepared;
	struct list_head free_reqs;
	unsigned int nr_reqs;
	unsigned int in_flight;
	struct list_head held;
	struct blkback_req *barrier;
	struct list_head ranges;
	unsigned int nr_ranges;
	bool slow_start;
	bool write_through;
	struct blkif_back_rings ring;
	struct blkback_ring_mem mem;
	struct blkif_limits lim;

	struct blkback_budget budget;
	struct blkback_grants grant;
	struct blkback_copies copy;
	struct blkback_notify notify;
	struct blkback_poll poll;
	struct blkback_counts count;
};

/**
 * struct blkback_conn - one connection to a frontend
 * @blkback: the disk; holds a reference
 * @state: read by the threads of its queues before they take a request
 * @why: why it is broken, if the frontend broke the rules of a ring
 * @abandoned: the outcome of requests does not matter any more
 * @domid: the frontend's domain
 * @local: that is this domain; its queues are never at rest
 * @name: of the disk; part of the names of threads
 * @guest: what all connections of that domain take
 * @agreed: what was negotiated
 * @max_segs: segments of the largest request
 * @ops: operations that were offered and that the request format has
 * @pi: protection information, likewise
 * @nr_running: threads, and work items that start or reap one, that have not
 *              ended; and one more until it is stopped
 * @teardown: queued by the last of them: releases what they used
 * @drained: completed at the end of @teardown
 * @ref: held by @teardown and by the device that waits for it
 * @watch: looks at queues at rest
 * @notice: says what a drain that takes long waits for
 * @node: in the list of connections that are drained
 * @stopped: when it was stopped; jiffies
 * @noticed: @notice has logged that it takes long
 * @max_persistent: most persistent grants, over all queues
 * @nr_persistent: how many there are
 * @nr_queues: how many of @queues are set up
 * @queues: the queues
 */
struct blkback_conn {
	struct blkback *blkback;
	enum blkback_conn_state state;
	const char *why;
	bool abandoned;
	domid_t domid;
	bool local;
	char name[TASK_COMM_LEN];
	struct blkback_guest *guest;
	struct blkif_choice agreed;
	u32 max_segs;
	struct blkif_ops ops;
	struct blkif_pi pi;
	atomic_t nr_running;
	struct work_struct teardown;
	struct completion drained;
	struct kref ref;
	struct delayed_work watch;
	struct delayed_work notice;
	struct list_head node;
	unsigned long stopped;
	bool noticed;
	int max_persistent;
	atomic_t nr_persistent;
	unsigned int nr_queues;
	struct blkback_queue queues[];
};

/**
 * struct blkback_queue_keys - what the frontend wrote about a queue
 * @grefs: pages of its ring; of separate rings, of requests and then responses
 * @port: its event channel
 */
struct blkback_queue_keys {
	grant_ref_t grefs[BLKBACK_RING_PAGES];
	evtchn_port_t port;
};

/* main.c: parameters, and what all devices share */
extern unsigned int blkback_max_buffer_pages;
extern unsigned int blkback_max_mapped;
extern unsigned int blkback_max_pgrants;
extern unsigned int blkback_pgrant_timeout;
extern unsigned int blkback_max_queues;
extern unsigned int blkback_max_ring_order;
extern unsigned int blkback_squeeze_ms;
extern unsigned int blkback_max_copied;
extern unsigned int blkback_max_copies;
extern unsigned int blkback_max_kib;
extern unsigned int blkback_poll_us;
extern unsigned int blkback_poll_share;
extern unsigned int blkback_coalesce_us;
extern bool blkback_persistent;
extern unsigned int blkback_max_segs;
extern unsigned int blkback_max_entries;
extern unsigned int blkback_log_stats;
extern struct blkif_disable blkback_disable;
extern struct workqueue_struct *blkback_teardown_wq;
extern struct workqueue_struct *blkback_update_wq;
extern struct workqueue_struct *blkback_range_wq;
extern struct workqueue_struct *blkback_disk_wq;
extern struct workqueue_struct *blkback_start_wq;
extern struct kmem_cache *blkback_req_cache;

static inline bool blkback_enabled(enum blkif_feature feature)
{
	return !(READ_ONCE(blkback_disable.mask) & feature);
}

/*
 * Log a message that a frontend can cause, at a limited rate.  The limit is that
 * of the device, so that no other device's messages are hidden.
 */
#define blkback_log(back, level, fmt, ...)				\
do {									\
	struct blkback *_back = (back);					\
									\
	if (__ratelimit(&_back->log))					\
		dev_##level(&_back->dev->dev, fmt, ##__VA_ARGS__);	\
} while (0)

/* xenbus.c; life.h has the other functions of the life of a device */
void blkback_schedule_work(struct blkback *blkback);
void blkback_retry(struct blkback *blkback);
void blkback_free(struct kref *kref);

static inline void blkback_put(struct blkback *blkback)
{
	kref_put(&blkback->kref, blkback_free);
}

/* vbd.c: the disk behind the device */
int blkback_vbd_open(struct blkback *blkback, dev_t dev, bool readonly,
		     bool cdrom);
void blkback_vbd_close(struct blkback_vbd *vbd);
bool blkback_vbd_changed(const struct blkback_vbd *vbd);
bool blkback_vbd_refresh(struct blkback_vbd *vbd, bool mode_writable);
void blkback_vbd_get_offer(struct blkback_vbd *vbd, bool discard,
			   struct blkback_vbd_offer *offer);
void blkback_vbd_limits(const struct blkback_vbd *vbd,
			const struct blkif_ops *ops, struct blkif_limits *lim);

/* A request that changes the disk must not start, or go on, if it is. */
static inline bool blkback_vbd_read_only(const struct blkback_vbd *vbd)
{
	return READ_ONCE(vbd->info) & VDISK_READONLY ||
	       bdev_read_only(vbd->bdev);
}

/* conn.c: setting up and tearing down a connection */
struct blkback_conn *blkback_conn_alloc(struct blkback *blkback,
					const struct blkif_choice *agreed);
void blkback_conn_choose(struct blkback_conn *conn,
			 const struct blkback_vbd_offer *offer);
int blkback_conn_add_queue(struct blkback_conn *conn,
			   const struct blkback_queue_keys *keys);
int blkback_conn_start(struct blkback_conn *conn);
void blkback_conn_describe(const struct blkback_conn *conn,
			   struct blkif_agreed *agreed);
unsigned int blkback_conn_in_flight(const struct blkback_conn *conn);
void blkback_conn_thread_ended(struct blkback_conn *conn);
void blkback_conn_stop(struct blkback_conn *conn);
void blkback_conn_abandon(struct blkback_conn *conn);
bool blkback_conn_wait(struct blkback_conn *conn, unsigned long timeout);
void blkback_conn_put(struct blkback_conn *conn);
void blkback_conn_break(struct blkback_queue *queue, const char *why);
bool blkback_conn_refuse(struct blkback_conn *conn);

/* ring.c: the pages of the rings */
int blkback_ring_map(struct blkback_queue *queue, const grant_ref_t *grefs);
void blkback_ring_unmap(struct blkback_queue *queue);

/* queue.c: the thread of a queue */
irqreturn_t blkback_queue_irq(int irq, void *data);
int blkback_queue_thread(void *data);
void blkback_queue_done(struct blkback_req *req);
struct blkback_req *blkback_queue_new_req(struct blkback_queue *queue,
					  gfp_t gfp);
void blkback_queue_free_req(struct blkback_queue *queue,
			    struct blkback_req *req);

/* io.c: one request */
enum blkback_outcome blkback_io_prepare(struct blkback_req *req);
enum blkback_outcome blkback_io_start(struct blkback_req *req);
bool blkback_io_revoked(const struct blkback_req *req);
void blkback_io_give_named(struct blkback_queue *queue, unsigned int keep);
s16 blkback_io_status(const struct blkback_req *req);
bool blkback_io_take_bytes(const struct blkback_req *req, size_t size);
bool blkback_io_get_mem(struct blkback_req *req, size_t size);
void blkback_io_free_segs(struct blkback_req *req);
struct bio *blkback_io_new_bio(struct blkback_req *req, unsigned int nr_vecs,
			       blk_opf_t opf, u64 sector);
enum blkback_outcome blkback_io_reject(struct blkback_req *req,
				       enum blkif_verdict verdict);
enum blkback_outcome blkback_io_bad_grant(struct blkback_req *req,
					  const char *why);

/* pi.c: protection information */
#ifdef CONFIG_BLK_DEV_INTEGRITY
struct blkif_pi blkback_pi_get(struct block_device *bdev);
u16 blkback_pi_interval(const struct blkback_conn *conn);
enum blkback_outcome blkback_pi_prepare(struct blkback_req *req);
void blkback_pi_free(struct blkback_req *req);
void blkback_pi_submit(struct blkback_req *req, blk_opf_t opf);
void blkback_pi_finish(struct blkback_req *req);
#else
static inline struct blkif_pi blkback_pi_get(struct block_device *bdev)
{
	return (struct blkif_pi) { };
}

static inline u16 blkback_pi_interval(const struct blkback_conn *conn)
{
	return 0;
}

static inline enum blkback_outcome blkback_pi_prepare(struct blkback_req *req)
{
	req->status = BLKIF_RSP_ERROR;
	return BLKBACK_REJECT;
}

static inline void blkback_pi_free(struct blkback_req *req)
{
}

static inline void blkback_pi_submit(struct blkback_req *req, blk_opf_t opf)
{
}

static inline void blkback_pi_finish(struct blkback_req *req)
{
}
#endif

/* range.c: discards and zeroes */
enum blkback_outcome blkback_range_prepare(struct blkback_req *req);
void blkback_range_start(struct blkback_req *req);
void blkback_range_ended(struct blkback_queue *queue);

/* data.c: how the data of a request moves: mapped or copied */
void *blkback_alloc(size_t nr, size_t size, gfp_t gfp);
int blkback_data_init(struct blkback_queue *queue, gfp_t gfp);
void blkback_data_exit(struct blkback_queue *queue);
bool blkback_data_fits(const struct blkback_queue *queue, unsigned int nr);
int blkback_data_prepare(struct blkback_req *req);
void blkback_data_begin(struct blkback_queue *queue);
bool blkback_data_lingers(const struct blkback_req *req);
void blkback_data_release(struct blkback_req *req);
void blkback_data_end(struct blkback_queue *queue);
bool blkback_data_trim(struct blkback_queue *queue, bool idle);

/* grant.c: data that is mapped */
int blkback_grant_init(struct blkback_queue *queue, gfp_t gfp);
void blkback_grant_exit(struct blkback_queue *queue);
bool blkback_grant_no_room(s16 status);
bool blkback_grant_persistent(const struct blkback_queue *queue);
int blkback_grant_prepare(struct blkback_req *req);
void blkback_grant_map(struct blkback_queue *queue);
void blkback_grant_release(struct blkback_req *req);
void blkback_grant_unmap(struct blkback_queue *queue);
void blkback_grant_trim(struct blkback_queue *queue, bool reclaim);

/* copy.c: data that is copied by Xen */
int blkback_copy_init(struct blkback_queue *queue, gfp_t gfp);
void blkback_copy_exit(struct blkback_queue *queue);
bool blkback_copy_wanted(const struct blkback_req *req);
bool blkback_copy_fits(const struct blkback_queue *queue, unsigned int nr);
int blkback_copy_prepare(struct blkback_req *req);
void blkback_copy_release(struct blkback_req *req);
void blkback_copy_flush(struct blkback_queue *queue);
void blkback_copy_trim(struct blkback_queue *queue, unsigned int keep);
int blkback_copy_indirect(struct blkback_queue *queue, const u32 *grefs,
			  unsigned int nr, u32 bytes);

/* stats.c: sums of the counters over all queues */
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats);
void blkback_stats_read(struct blkback *blkback, struct blkback_stats *sum);
unsigned int blkback_stats_in_flight(struct blkback *blkback);
unsigned int blkback_stats_active(struct blkback *blkback);
u64 blkback_stats_errors(const struct blkback_stats *stats);

/* sysfs.c and debugfs.c: what people and programs see */
extern const struct attribute_group *blkback_groups[];
void blkback_debugfs_init(void);
void blkback_debugfs_exit(void);
void blkback_debugfs_add(struct blkback *blkback);
void blkback_debugfs_remove(struct blkback *blkback);

#endif /* _XEN_BLKBACK_H */
