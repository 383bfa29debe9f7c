/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: objects and who owns them.
 *
 * struct blkback         one virtual disk; from probe until the last reference
 *                        is dropped.  The xenbus device holds one reference,
 *                        every connection another.
 * struct blkback_conn    one connection to a frontend, from connect until its
 *                        queues are drained.  It may outlive the disconnect,
 *                        when the disk does not answer.
 * struct blkback_queue   one ring, its event channel and its thread.  All of
 *                        it but the fields under @done_lock and the event
 *                        flags belongs to the thread.
 * struct blkback_req     one request, from the ring to its response.
 *
 * Locks, outermost first: under blkback.life a device changes its state,
 * connects and disconnects.  blkback.lock keeps sysfs away from a connection
 * that comes or goes, and has its state written in order.
 * blkback_queue.done_lock is taken by bio completion, in any context.
 */

#ifndef _XEN_BLKBACK_H
#define _XEN_BLKBACK_H

#define pr_fmt(fmt) "xen-blkback: " fmt

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
#include "../xen-blkif/ops.h"
#include "../xen-blkif/status.h"
#include "../xen-blkif/backoff.h"
#include "gcache.h"
#include "hist.h"

/* Segments of an indirect request of the existing format: 1 MiB. */
#define BLKBACK_MAX_SEGS	256

/* Grant operations in one hypercall: those of the largest request. */
#define BLKBACK_BATCH		BLKIF_MAX_ENTRIES

/* Grant copies of data in one hypercall. */
#define BLKBACK_COPIES		128

/* Indirect pages of a request that are copied in one hypercall. */
#define BLKBACK_INDIRECT_PAGES		4

/*
 * How long a slow disk is waited for when a frontend closes: all of dom0's
 * devices wait with it.  The short time is enough for a disk that owes nothing.
 */
#define BLKBACK_DRAIN_TIMEOUT	HZ
#define BLKBACK_DRAIN_SHORT	(HZ / 50 + 1)

/* After any wait there is none for a disk, for so many times as long. */
#define BLKBACK_DRAIN_PAUSE	9

/* Idle grants that are unmapped to make room for others. */
#define BLKBACK_EVICT_BATCH	64

/**
 * struct blkback_stats - what a queue did; sums over queues are in sysfs
 * @oo_req: times a request had to wait for memory
 * @rd_req: reads
 * @wr_req: writes
 * @f_req: flushes and barriers
 * @ds_req: discards and zeroes
 * @rd_sect: 512-byte units read
 * @wr_sect: 512-byte units written
 * @requests: taken from the ring, good or bad
 * @responses: put on the ring
 * @notifications: sent
 * @events: received
 * @polls: times there was work just before sleeping
 * @lost_events: times the watchdog found requests
 * @hits: segments that were mapped already
 * @maps: grants mapped
 * @unmaps: grants unmapped
 * @evictions: persistent grants among @unmaps
 * @copies: grant copies, of data, of tables and of protection information
 * @copied: bytes that were copied by them
 * @hypercalls: for grants
 * @full: times that as many requests were in flight as there are slots
 * @full_ns: for how long, without the time that still lasts
 * @bad_op: refused requests with an operation that does not exist
 * @bad_request: refused requests that make no sense in some other way
 * @bad_extent: refused requests that reach beyond the end of the disk
 * @read_only: refused requests that would have changed a read-only disk
 * @bad_grant: refused requests whose pages or tables could not be had
 * @io: errors of the disk without a name of their own
 * @not_supported: requests that the disk does not know
 * @no_space: requests that failed because the disk's storage is full
 * @timeout: requests that the disk's driver gave up waiting for
 * @medium: requests that failed because of the medium
 * @protection: requests whose protection information was wrong
 * @offline: requests to a disk that is gone
 * @unmap: grants that could not be unmapped
 * @protocol: times that a frontend was given up for breaking the rules
 * @rd_lat: of reads, from ring to ring
 * @wr_lat: of writes
 * @f_lat: of flushes and barriers
 * @ds_lat: of discards and zeroes
 *
 * Nothing but u64: see blkback_stats_add().
 */
struct blkback_stats {
	u64 oo_req;
	u64 rd_req;
	u64 wr_req;
	u64 f_req;
	u64 ds_req;
	u64 rd_sect;
	u64 wr_sect;
	u64 requests;
	u64 responses;
	u64 notifications;
	u64 events;
	u64 polls;
	u64 lost_events;
	u64 hits;
	u64 maps;
	u64 unmaps;
	u64 evictions;
	u64 copies;
	u64 copied;
	u64 hypercalls;
	u64 full;
	u64 full_ns;
	u64 bad_op;
	u64 bad_request;
	u64 bad_extent;
	u64 read_only;
	u64 bad_grant;
	u64 io;
	u64 not_supported;
	u64 no_space;
	u64 timeout;
	u64 medium;
	u64 protection;
	u64 offline;
	u64 unmap;
	u64 protocol;
	struct blkback_hist rd_lat;
	struct blkback_hist wr_lat;
	struct blkback_hist f_lat;
	struct blkback_hist ds_lat;
};

/**
 * struct blkback_vbd - the disk behind a device
 * @bdev_file: the open device, NULL until the hotplug script named it
 * @bdev: the same
 * @handle: number in the frontend's directory
 * @writable: it was opened for writing
 * @allowed: the toolstack lets the guest write, when last looked at
 * @protected: it was read-only by itself, likewise
 * @size: last size that the frontend was told, in 512-byte units
 * @info: VDISK_*, likewise
 * @untold: it could not be told
 * @write_cache: flushing is of use
 */
struct blkback_vbd {
	struct file *bdev_file;
	struct block_device *bdev;
	unsigned int handle;
	bool writable;
	bool allowed;
	bool protected;
	u64 size;
	u32 info;
	bool untold;
	bool write_cache;
};

/**
 * struct blkback - one virtual disk
 * @dev: the xenbus device; held
 * @kref: counts the device and the connections
 * @vbd: the disk
 * @mode: value of the "mode" key when the disk was opened
 * @major: of the disk, as the hotplug script wrote it
 * @minor: likewise
 * @watch: on "physical-device"
 * @mode_watch: on "mode"
 * @offer: what the frontend was offered
 * @life: one change of state at a time; protects the following
 * @gone: the device is being removed
 * @leaving: by xenbus, as the frontend is gone
 * @fresh: what rings the frontend has, it has not used yet
 * @left: Closing is the frontend's doing, and no refusal of ours
 * @wanted: the frontend waits for a connection, which waits for @old to end
 * @old: the connection before, if it was not seen to have ended; holds a
 *       reference
 * @chores: see blkback_chores(); has a reference while it is queued
 * @lock: protects @conn and @stats, which sysfs reads; and is held when a new
 *        connection is said to be Connected, or broken
 * @conn: the connection, NULL if there is none
 * @stats: of connections that are gone
 * @squeeze_end: keep no free pages until this time; jiffies
 * @log: of what a frontend has us say by what it does
 * @sysfs: the attributes exist
 */
struct blkback {
	struct xenbus_device *dev;
	struct kref kref;
	struct blkback_vbd vbd;
	char *mode;
	unsigned int major;
	unsigned int minor;
	struct xenbus_watch watch;
	struct xenbus_watch mode_watch;
	struct blkif_offer offer;
	struct mutex life;	/* the state; see above */
	bool gone;
	bool leaving;
	bool fresh;
	bool left;
	bool wanted;
	struct blkback_conn *old;
	struct work_struct chores;
	struct mutex lock; /* @conn and @stats, which sysfs reads */
	struct blkback_conn *conn;
	struct blkback_stats stats;
	unsigned long squeeze_end;
	struct ratelimit_state log;
	bool sysfs;
};

/**
 * struct blkback_map - how a segment is mapped
 * @entry: the persistent grant that it is, NULL if it is for this request only
 * @handle: to unmap it by, if not persistent
 */
struct blkback_map {
	struct gcache_entry *entry;
	grant_handle_t handle;
};

/**
 * struct blkback_map_dest - who a map or copy operation is for
 * @req: the request
 * @index: of the segment
 */
struct blkback_map_dest {
	struct blkback_req *req;
	unsigned int index;
};

/* What a segment of an indirect request takes, beside its grant. */
#define BLKBACK_SEG_SIZE	(sizeof(struct blkback_map) + \
				 sizeof(struct bio_vec) + \
				 sizeof(struct blkif_seg))

/**
 * struct blkback_ranges - what is still to be discarded or zeroed
 * @work: does the next step
 * @next: goes on here; what was done of it is taken off
 * @end: behind the last
 * @one: of a request that has its only range in its slot
 */
struct blkback_ranges {
	struct work_struct work;
	struct blkif_range *next;
	struct blkif_range *end;
	struct blkif_range one;
};

/**
 * struct blkback_req - one request
 * @queue: where it came from
 * @node: in one of the queue's lists
 * @cmd: as decoded
 * @seg: the segments: @cmd's, or @big
 * @map: how they are mapped: @inline_map, or in @big
 * @vec: and where: @inline_vec, or in @big; bios refer to these
 * @big: memory for the segments or ranges of an indirect request, and for the
 *       two above
 * @nr_busy: entries that it counts in the queue's @nr_busy
 * @nr_mapped: how many of @map are in use
 * @nr_pi: pages of protection information that there are, in @vec behind those
 *         of the segments
 * @bad_grant: some of them could not be mapped, or copied from
 * @copied: @vec are pages of ours, that data is copied to or from
 * @sectors: length of the data, checked
 * @pending: bios in flight, and one while they are made
 * @error: set by any bio that failed
 * @taken: when it was taken from the ring; ns, 0 if nobody wants to know
 * @bio: the first, which most requests have no other than
 * @inline_vec: for requests that are not indirect
 * @inline_map: likewise
 * @ranges: for those that carry no data
 */
struct blkback_req {
	struct blkback_queue *queue;
	struct list_head node;
	struct blkif_cmd cmd;
	struct blkif_seg *seg;
	struct blkback_map *map;
	struct bio_vec *vec;
	void *big;
	unsigned int nr_busy;
	unsigned int nr_mapped;
	unsigned int nr_pi;
	bool bad_grant;
	bool copied;
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
 * struct blkback_ring_mem - mapped pages of one queue's ring or rings
 * @shared: the shared ring, NULL if there is none
 * @pages: separate rings, requests and then responses
 * @handles: to unmap them by
 * @nr: how many
 */
struct blkback_ring_mem {
	void *shared;
	struct page *pages[2 * BLKIF_SEP_MAX_PAGES];
	grant_handle_t handles[2 * BLKIF_SEP_MAX_PAGES];
	unsigned int nr;
};

/**
 * struct blkback_queue - one ring and its thread
 * @conn: the connection
 * @index: number of the queue
 * @irq: of the event channel, 0 if not bound
 * @thread: takes requests and gives responses
 * @wait: where it sleeps
 * @kicked: an event came and was not acknowledged yet
 * @kicked_at: when; ns
 * @stop: take no more requests
 * @broken: the frontend broke the rules; as @stop, for good
 * @done_lock: protects @done
 * @done: requests whose bios are all done
 * @lingering: of these, requests whose pages somebody below still holds
 * @mapping: requests that start when the batch is mapped
 * @nr_mapping: how many
 * @idle: requests to be used again
 * @nr_reqs: how many there are with those in flight
 * @in_flight: requests that were taken and not answered
 * @held: a request that has to wait for memory or for earlier ones
 * @barrier: nothing is taken until this one is answered
 * @ranges: discards and zeroes that wait for others to end
 * @nr_ranges: how many do not, but are under way
 * @ring: the ring or rings
 * @mem: their pages
 * @lim: what requests are checked against
 * @cache: persistent grants
 * @pages: pages to map grants to
 * @nr_busy: entries of requests in flight, which take memory whether they are
 *           mapped, were so already, or are copied
 * @max_busy: most of them
 * @nr_prepared: segments in the batch that is mapped next
 * @map_ops: for one hypercall
 * @map_pages: pages of @map_ops
 * @map_dests: who they are for
 * @nr_map: how many of @map_ops are filled in
 * @unmap_ops: for one hypercall
 * @unmap_pages: pages of @unmap_ops
 * @nr_unmap: how many of @unmap_ops are filled in
 * @copy_ops: for one hypercall
 * @copy_dests: who they are for
 * @nr_copy: how many of @copy_ops are filled in
 * @copy_pages: free pages to copy data to
 * @nr_copy_pages: how many
 * @indirect: the pages that indirect segments are copied to
 * @squeezed: dom0 is short of memory
 * @unpushed: responses since the last look at the frontend's event word
 * @unnotified: those that it may still have to be notified of
 * @unnotified_since: when the first of them was put; ns
 * @defer: whether to wait for more of them
 * @poll_ns: how long to look for work before sleeping
 * @unpolled: sleeps since it was last tried to look for long, if @poll_ns is 0
 * @probe_after: after how many of them to try again
 * @blocked: starting requests took long, as when the disk has no room
 * @starved: there was no memory for a request
 * @reserve: memory for the segments or ranges of one largest request
 * @reserve_busy: @reserve is in use
 * @now: time of this half of a pass, 0 if the clock was not read yet; ns
 * @full_since: when requests came to be in flight in all slots, or 0; ns
 * @stats: read by sysfs while they change
 * @next_log: when to log @stats again; jiffies
 */
struct blkback_queue {
	struct blkback_conn *conn;
	unsigned int index;
	unsigned int irq;
	struct task_struct *thread;
	wait_queue_head_t wait;
	u64 kicked_at;
	bool kicked;
	bool stop;
	bool broken;

	spinlock_t done_lock ____cacheline_aligned_in_smp;
	struct list_head done;

	struct list_head lingering ____cacheline_aligned_in_smp;
	struct list_head mapping;
	unsigned int nr_mapping;
	struct list_head idle;
	unsigned int nr_reqs;
	unsigned int in_flight;
	struct blkback_req *held;
	struct blkback_req *barrier;
	struct list_head ranges;
	unsigned int nr_ranges;
	struct blkif_back_rings ring;
	struct blkback_ring_mem mem;
	struct blkif_limits lim;

	struct gcache cache;
	struct gnttab_page_cache pages;
	unsigned int nr_busy;
	unsigned int max_busy;
	unsigned int nr_prepared;
	struct gnttab_map_grant_ref *map_ops;
	struct page **map_pages;
	struct blkback_map_dest *map_dests;
	unsigned int nr_map;
	struct gnttab_unmap_grant_ref *unmap_ops;
	struct page **unmap_pages;
	unsigned int nr_unmap;
	struct gnttab_copy *copy_ops;
	struct blkback_map_dest *copy_dests;
	unsigned int nr_copy;
	struct list_head copy_pages;
	unsigned int nr_copy_pages;
	void *indirect[BLKBACK_INDIRECT_PAGES];
	bool squeezed;
	unsigned int unpushed;
	unsigned int unnotified;
	u64 unnotified_since;
	struct blkif_backoff defer;
	u32 poll_ns;
	u32 unpolled;
	u32 probe_after;
	bool blocked;
	bool starved;
	bool reserve_busy;
	void *reserve;

	u64 now;
	u64 full_since;
	struct blkback_stats stats;
	unsigned long next_log;
};

/**
 * struct blkback_conn - one connection to a frontend
 * @blkback: the disk; holds a reference
 * @agreed: what was negotiated
 * @max_segs: segments of the largest request
 * @ops: what was offered, as far as the format of requests has it
 * @pi: protection information, likewise
 * @domid: the frontend's domain
 * @teardown: drains and frees
 * @drained: @teardown has come to its end
 * @ending: it is about to, and waits for nothing any more
 * @ref: freed by the last of @teardown and who waits for it
 * @nr_persistent: grants that stay mapped, over all queues
 * @max_persistent: most of them
 * @broken: the frontend broke the rules and was told
 * @abandoned: nobody is told how requests end
 * @nr_queues: how many of @queues are set up
 * @queues: the queues
 */
struct blkback_conn {
	struct blkback *blkback;
	struct blkif_choice agreed;
	u32 max_segs;
	struct blkif_ops ops;
	struct blkif_pi pi;
	domid_t domid;
	struct work_struct teardown;
	struct completion drained;
	bool ending;
	struct kref ref;
	atomic_t nr_persistent;
	int max_persistent;
	unsigned long broken;
	bool abandoned;
	unsigned int nr_queues;
	struct blkback_queue queues[];
};

/* Parameters, main.c */
extern unsigned int blkback_max_buffer_pages;
extern unsigned int blkback_max_mapped;
extern unsigned int blkback_max_pgrants;
extern unsigned int blkback_pgrant_timeout;
extern unsigned int blkback_max_queues;
extern unsigned int blkback_max_ring_order;
extern unsigned int blkback_squeeze_ms;
extern unsigned int blkback_max_copied;
extern unsigned int blkback_poll_us;
extern unsigned int blkback_coalesce_us;
extern bool blkback_persistent;
extern bool blkback_slim;
extern bool blkback_separate;
extern unsigned int blkback_max_align;
extern unsigned int blkback_max_segs;
extern unsigned int blkback_max_entries;
extern bool blkback_fua;
extern bool blkback_discard;
extern bool blkback_secure;
extern bool blkback_zeroes;
extern unsigned int blkback_max_ranges;
extern bool blkback_integrity;
extern unsigned int blkback_log_stats;
extern bool blkback_latency;
extern struct workqueue_struct *blkback_wq;
extern struct workqueue_struct *blkback_chore_wq;
extern struct workqueue_struct *blkback_range_wq;
extern struct kmem_cache *blkback_req_cache;

/*
 * xenbus.c: the state of a device.  It and the two files below are the only
 * ones that know XenStore.
 */
int blkback_xenbus_init(void);
void blkback_xenbus_exit(void);
void blkback_poke(struct blkback *blkback);
void blkback_free(struct kref *kref);

static inline void blkback_put(struct blkback *blkback)
{
	kref_put(&blkback->kref, blkback_free);
}

/* keys.c: what others have written */
__printf(3, 4)
void blkback_refuse(struct xenbus_device *dev, int err, const char *fmt, ...);
void blkback_keys_honour(struct blkback *blkback);
int blkback_keys_choice(struct blkback *blkback, struct blkif_choice *choice);
int blkback_keys_queues(struct blkback_conn *conn);
bool blkback_keys_separate(struct xenbus_device *dev);
void blkback_keys_forget(struct xenbus_device *dev);
void blkback_keys_check_pi(struct blkback *blkback);
void blkback_keys_name(struct xenbus_device *dev, char *name, size_t size);
bool blkback_keys_cdrom(struct xenbus_device *dev);
bool blkback_keys_writable(struct xenbus_device *dev, bool before);

/* publish.c: what we write */
int blkback_publish_offer(struct blkback *blkback);
int blkback_publish_disk(struct blkback_conn *conn);
int blkback_publish_change(const struct blkback *blkback);

/* vbd.c: the disk behind the device */
int blkback_vbd_open(struct blkback *blkback, dev_t dev, bool readonly,
		     bool cdrom);
void blkback_vbd_close(struct blkback_vbd *vbd);
bool blkback_vbd_changed(const struct blkback_vbd *vbd);
bool blkback_vbd_look(struct blkback_vbd *vbd, bool allowed);
void blkback_vbd_get_ops(const struct blkback_vbd *vbd, bool discard,
			 struct blkif_ops *ops);
void blkback_vbd_limits(const struct blkback_vbd *vbd,
			const struct blkif_ops *ops, struct blkif_limits *lim);

/* conn.c: a connection comes and goes */
struct blkback_conn *blkback_conn_alloc(struct blkback *blkback,
					const struct blkif_choice *agreed);
int blkback_conn_add_queue(struct blkback_conn *conn, const grant_ref_t *grefs,
			   evtchn_port_t port);
int blkback_conn_start(struct blkback_conn *conn, const char *name);
bool blkback_conn_owes(const struct blkback_conn *conn);
void blkback_conn_stop(struct blkback_conn *conn);
void blkback_conn_abandon(struct blkback_conn *conn);
bool blkback_conn_wait(struct blkback_conn *conn, unsigned long timeout);
void blkback_conn_put(struct blkback_conn *conn);
void blkback_conn_broken(struct blkback_conn *conn, const char *why);

/* ring.c: the pages of the rings */
int blkback_ring_map(struct blkback_queue *queue, const grant_ref_t *grefs);
void blkback_ring_unmap(struct blkback_queue *queue);

/* queue.c: the thread of a queue */
irqreturn_t blkback_queue_irq(int irq, void *data);
int blkback_queue_thread(void *data);
void blkback_queue_done(struct blkback_req *req);
struct blkback_req *blkback_queue_new_req(struct blkback_queue *queue,
					  gfp_t gfp);

/* io.c: one request */
int blkback_io_prepare(struct blkback_req *req);
int blkback_io_start(struct blkback_req *req);
s16 blkback_io_status(const struct blkback_req *req);
bool blkback_io_get_mem(struct blkback_req *req, size_t size);
void blkback_io_free_segs(struct blkback_req *req);
struct bio *blkback_io_new_bio(struct blkback_req *req, unsigned int nr_vecs,
			       blk_opf_t opf, u64 sector);
int blkback_io_reject(const struct blkback_req *req,
		      enum blkif_verdict verdict);
int blkback_io_bad_grant(const struct blkback_req *req, const char *why);

/* pi.c: protection information */
#ifdef CONFIG_BLK_DEV_INTEGRITY
struct blkif_pi blkback_pi_get(struct block_device *bdev);
u16 blkback_pi_interval(const struct blkback_conn *conn);
int blkback_pi_prepare(struct blkback_req *req);
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

static inline int blkback_pi_prepare(struct blkback_req *req)
{
	return -EIO;
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
int blkback_range_prepare(struct blkback_req *req);
void blkback_range_start(struct blkback_req *req);
void blkback_range_ended(struct blkback_queue *queue);

/* grant.c: mapped pages */
int blkback_grant_init(struct blkback_queue *queue);
void blkback_grant_exit(struct blkback_queue *queue);
int blkback_grant_prepare(struct blkback_req *req);
bool blkback_grant_fits(const struct blkback_queue *queue, unsigned int nr);
void blkback_grant_map(struct blkback_queue *queue);
bool blkback_grant_busy(const struct blkback_req *req);
void blkback_grant_release(struct blkback_req *req);
void blkback_grant_flush(struct blkback_queue *queue);
void blkback_grant_trim(struct blkback_queue *queue, bool idle);

/* copy.c: data that is copied by Xen */
int blkback_copy_init(struct blkback_queue *queue);
void blkback_copy_exit(struct blkback_queue *queue);
bool blkback_copy_wanted(const struct blkback_req *req);
bool blkback_copy_fits(const struct blkback_queue *queue, unsigned int nr);
int blkback_copy_prepare(struct blkback_req *req);
void blkback_copy_release(struct blkback_req *req);
void blkback_copy_flush(struct blkback_queue *queue);
void blkback_copy_trim(struct blkback_queue *queue, unsigned int keep);
int blkback_copy_indirect(struct blkback_queue *queue, const u32 *grefs,
			  unsigned int nr, u32 bytes);

/* sysfs.c: what people see */
int blkback_sysfs_add(struct blkback *blkback);
void blkback_sysfs_remove(struct blkback *blkback);
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats);

#endif /* _XEN_BLKBACK_H */
