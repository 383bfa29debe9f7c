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
 * Locks: xenbus callbacks of one device never run at the same time, so that
 * connecting and disconnecting need none.  blkback.lock keeps sysfs away from
 * a connection that comes or goes.  blkback_queue.done_lock is taken by bio
 * completion, in any context.
 */

#ifndef _XEN_BLKBACK_H
#define _XEN_BLKBACK_H

#define pr_fmt(fmt) "xen-blkback: " fmt

#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "../xen-blkif/nego.h"
#include "../xen-blkif/check.h"
#include "gcache.h"

/* Segments of an indirect request of the existing format: 1 MiB. */
#define BLKBACK_MAX_SEGS	256

/* Grant operations in one hypercall: those of the largest request. */
#define BLKBACK_BATCH		BLKIF_MAX_ENTRIES

/* Indirect pages of a request that are copied in one hypercall. */
#define BLKBACK_TABLES		4

/* Idle grants that are unmapped to make room for others. */
#define BLKBACK_EVICT_BATCH	64

/**
 * struct blkback_stats - what a queue did; sums over queues are in sysfs
 * @oo_req: times a request had to wait for memory
 * @rd_req: reads
 * @wr_req: writes
 * @f_req: flushes and barriers
 * @ds_req: discards
 * @rd_sect: 512-byte units read
 * @wr_sect: 512-byte units written
 * @requests: taken from the ring, good or bad
 * @responses: put on the ring
 * @notifications: sent
 * @events: received
 * @polls: times there was work just before sleeping
 * @hits: segments that were mapped already
 * @maps: grants mapped
 * @unmaps: grants unmapped
 * @evictions: persistent grants among @unmaps
 * @copies: pages of segments copied
 * @hypercalls: for grants
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
	u64 hits;
	u64 maps;
	u64 unmaps;
	u64 evictions;
	u64 copies;
	u64 hypercalls;
};

/**
 * struct blkback_vbd - the disk behind a device
 * @bdev_file: the open device, NULL until the hotplug script named it
 * @bdev: the same
 * @handle: number in the frontend's directory
 * @size: last size that the frontend was told, in 512-byte units
 * @info: VDISK_*
 * @write_cache: flushing is of use
 */
struct blkback_vbd {
	struct file *bdev_file;
	struct block_device *bdev;
	unsigned int handle;
	u64 size;
	u32 info;
	bool write_cache;
};

/**
 * struct blkback - one virtual disk
 * @dev: the xenbus device; held
 * @kref: counts the device and the connections
 * @vbd: the disk
 * @mode: value of the "mode" key
 * @major: of the disk, as the hotplug script wrote it
 * @minor: likewise
 * @watch: on "physical-device"
 * @watching: @watch is registered
 * @offer: what the frontend was offered
 * @resize: tells the frontend of a new size
 * @lock: protects @conn and @stats, which sysfs reads
 * @conn: the connection, NULL if there is none
 * @stats: of connections that are gone
 * @squeeze_end: keep no free pages until this time; jiffies
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
	bool watching;
	struct blkif_offer offer;
	struct work_struct resize;
	struct mutex lock; /* @conn and @stats, which sysfs reads */
	struct blkback_conn *conn;
	struct blkback_stats stats;
	unsigned long squeeze_end;
	bool sysfs;
};

/**
 * struct blkback_map - where a segment is mapped
 * @page: the mapping
 * @entry: the persistent grant that it is, NULL if it is for this request only
 * @handle: to unmap it by, if not persistent
 */
struct blkback_map {
	struct page *page;
	struct gcache_entry *entry;
	grant_handle_t handle;
};

/**
 * struct blkback_map_dest - who a map operation is for
 * @req: the request
 * @map: the segment
 */
struct blkback_map_dest {
	struct blkback_req *req;
	struct blkback_map *map;
};

/**
 * struct blkback_req - one request
 * @queue: where it came from
 * @node: in one of the queue's lists
 * @cmd: as decoded
 * @seg: the segments: @cmd's, or @big
 * @map: where they are mapped: @inline_map, or behind @big
 * @big: memory for the segments of an indirect request
 * @nr_mapped: how many of @map are in use
 * @bad_grant: some of them could not be mapped
 * @sectors: length of the data, checked
 * @pending: bios in flight, and one while they are made
 * @error: set by any bio that failed
 * @inline_map: for requests that are not indirect
 */
struct blkback_req {
	struct blkback_queue *queue;
	struct list_head node;
	struct blkif_cmd cmd;
	struct blkif_seg *seg;
	struct blkback_map *map;
	void *big;
	unsigned int nr_mapped;
	bool bad_grant;
	u32 sectors;
	atomic_t pending;
	blk_status_t error;
	struct blkback_map inline_map[BLKIF_MAX_INLINE];
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
	struct page *pages[2 * BLKIF_LAP_MAX_PAGES];
	grant_handle_t handles[2 * BLKIF_LAP_MAX_PAGES];
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
 * @stop: take no more requests
 * @broken: the frontend broke the rules; as @stop, for good
 * @done_lock: protects @done
 * @done: requests whose bios are all done
 * @lingering: of these, requests whose pages somebody below still holds
 * @mapping: requests that start when the batch is mapped
 * @idle: requests to be used again
 * @in_flight: requests that were taken and not answered
 * @held: a request that has to wait for memory or for earlier ones
 * @barrier: nothing is taken until this one is answered
 * @ring: the ring or rings
 * @mem: their pages
 * @lim: what requests are checked against
 * @cache: persistent grants
 * @pages: pages to map grants to
 * @nr_mapped: pages that are mapped for requests in flight, not persistent
 * @max_mapped: most of them
 * @map_ops: for one hypercall
 * @map_pages: pages of @map_ops
 * @map_dests: who they are for
 * @nr_map: how many of @map_ops are filled in
 * @unmap_ops: for one hypercall
 * @unmap_pages: pages of @unmap_ops
 * @nr_unmap: how many of @unmap_ops are filled in
 * @tables: the pages that indirect segments are copied to
 * @squeezed: dom0 is short of memory
 * @unpushed: responses that the frontend was not yet notified of
 * @push_until: when it must have been; ns
 * @defer_trust: how well it paid lately to wait for more of them
 * @defer_skipped: times since that was tried
 * @poll_ns: how long to look for work before sleeping
 * @starved: there was no memory for a request
 * @reserve: memory for the segments of one largest request
 * @reserve_busy: @reserve is in use
 * @stats: read by sysfs while they change
 * @next_log: when to log @stats again; jiffies
 */
struct blkback_queue {
	struct blkback_conn *conn;
	unsigned int index;
	unsigned int irq;
	struct task_struct *thread;
	wait_queue_head_t wait;
	bool kicked;
	bool stop;
	bool broken;

	spinlock_t done_lock ____cacheline_aligned_in_smp;
	struct list_head done;

	struct list_head lingering ____cacheline_aligned_in_smp;
	struct list_head mapping;
	struct list_head idle;
	unsigned int in_flight;
	struct blkback_req *held;
	struct blkback_req *barrier;
	struct blkif_be_ring ring;
	struct blkback_ring_mem mem;
	struct blkif_limits lim;

	struct gcache cache;
	struct gnttab_page_cache pages;
	unsigned int nr_mapped;
	unsigned int max_mapped;
	struct gnttab_map_grant_ref *map_ops;
	struct page **map_pages;
	struct blkback_map_dest *map_dests;
	unsigned int nr_map;
	struct gnttab_unmap_grant_ref *unmap_ops;
	struct page **unmap_pages;
	unsigned int nr_unmap;
	void *tables[BLKBACK_TABLES];
	bool squeezed;
	unsigned int unpushed;
	u64 push_until;
	u32 defer_trust;
	u32 defer_skipped;
	u32 poll_ns;
	bool starved;
	bool reserve_busy;
	void *reserve;

	struct blkback_stats stats;
	unsigned long next_log;
};

/**
 * struct blkback_conn - one connection to a frontend
 * @blkback: the disk; holds a reference
 * @agreed: what was negotiated
 * @max_segs: segments of the largest request
 * @domid: the frontend's domain
 * @teardown: drains and frees
 * @drained: @teardown has come to its end
 * @ref: freed by the last of @teardown and who waits for it
 * @nr_persistent: grants that stay mapped, over all queues
 * @max_persistent: most of them
 * @broken: the frontend broke the rules and was told
 * @nr_queues: how many of @queues are set up
 * @queues: the queues
 */
struct blkback_conn {
	struct blkback *blkback;
	struct blkif_choice agreed;
	u32 max_segs;
	domid_t domid;
	struct work_struct teardown;
	struct completion drained;
	struct kref ref;
	atomic_t nr_persistent;
	int max_persistent;
	unsigned long broken;
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
extern unsigned int blkback_poll_us;
extern unsigned int blkback_coalesce_us;
extern bool blkback_persistent;
extern bool blkback_slim;
extern bool blkback_split;
extern unsigned int blkback_max_align;
extern unsigned int blkback_max_entries;
extern unsigned int blkback_log_stats;
extern struct workqueue_struct *blkback_wq;
extern struct kmem_cache *blkback_req_cache;

/* xenbus.c: the only file that knows XenStore */
int blkback_xenbus_init(void);
void blkback_xenbus_exit(void);
void blkback_free(struct kref *kref);

static inline void blkback_put(struct blkback *blkback)
{
	kref_put(&blkback->kref, blkback_free);
}

/* vbd.c: the disk behind the device */
int blkback_vbd_open(struct blkback *blkback, dev_t dev, bool readonly,
		     bool cdrom);
void blkback_vbd_close(struct blkback_vbd *vbd);
void blkback_vbd_limits(const struct blkback_vbd *vbd,
			struct blkif_limits *lim);

/* conn.c: a connection comes and goes */
struct blkback_conn *blkback_conn_alloc(struct blkback *blkback,
					const struct blkif_choice *agreed);
int blkback_conn_add_queue(struct blkback_conn *conn, const grant_ref_t *grefs,
			   evtchn_port_t port);
int blkback_conn_start(struct blkback_conn *conn, const char *name);
void blkback_conn_stop(struct blkback_conn *conn);
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
void blkback_io_free_segs(struct blkback_req *req);

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
int blkback_grant_copy_tables(struct blkback_queue *queue, const u32 *grefs,
			      unsigned int nr, u32 bytes);

/* sysfs.c: what people see */
int blkback_sysfs_add(struct blkback *blkback);
void blkback_sysfs_remove(struct blkback *blkback);
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats);

#endif /* _XEN_BLKBACK_H */
