/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frontend's objects: what they are, who owns what, and what protects it.
 */

#ifndef _XEN_BLKFRONT_H
#define _XEN_BLKFRONT_H

#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xen/events.h>
#include <xen/xenbus.h>

#include "../xen-blkif/agreed.h"
#include "../xen-blkif/backoff.h"
#include "../xen-blkif/check.h"
#include "../xen-blkif/feature.h"
#include "../xen-blkif/nego.h"
#include "../xen-blkif/ops.h"
#include "../xen-blkif/pi.h"
#include "../xen-blkif/status.h"
#include "../xen-blkif/vdev.h"
#include "stats.h"
#include "pool.h"

/**
 * struct blkfront_params - module parameters
 * @max_segs: segments of a request of the existing format
 * @max_queues: queues of a disk, without the polled ones
 * @poll_queues: polled queues of a disk
 * @max_order: log2 of the pages of a ring
 * @align: line size of separate rings
 * @max_entries: segments of a slim request
 * @max_pool_pages: pages of a queue that data is copied to
 * @spare_grants: grants that are left to other devices; 0 for the default
 * @poll_us: how long to poll for more responses
 * @max_coalesced: responses for each notification
 * @trusted: backends may see whole pages
 * @persistent: use persistent grants
 * @detach_in_use: disks are detached although they are open
 * @disable: features that are not used
 */
struct blkfront_params {
	unsigned int max_segs;
	unsigned int max_queues;
	unsigned int poll_queues;
	unsigned int max_order;
	unsigned int align;
	unsigned int max_entries;
	unsigned int max_pool_pages;
	unsigned int spare_grants;
	unsigned int poll_us;
	unsigned int max_coalesced;
	bool trusted;
	bool persistent;
	bool detach_in_use;
	struct blkif_disable disable;
};

extern struct blkfront_params blkfront_params;

/*
 * Pages that each ring begins with, and references of its own for pages that are
 * granted with a request.  They suffice for a part of any request, as no block
 * is larger than a page.
 */
#define BLKFRONT_OWN_PAGES	1U
#define BLKFRONT_OWN_REFS	2U

/* How many requests a disk has by default, unless its rings are too small. */
#define BLKFRONT_DEPTH		128U

/* Slots of a ring that are enough for this, if the disk has several rings. */
#define BLKFRONT_ENOUGH_SLOTS	(BLKFRONT_DEPTH - BLKFRONT_DEPTH / 16)

/* Up to this order, rings are not larger than that needs. */
#define BLKFRONT_DEFAULT_ORDER	2

/* How often, at most, a ring is checked because of late requests. */
#define BLKFRONT_WATCH_INTERVAL	(HZ / 2)

/**
 * enum blkfront_state - the state of a disk
 * @BLKFRONT_WAITING: an earlier connection, ours or another driver's, is over,
 *                    and the backend has not noticed yet that we want a new one
 * @BLKFRONT_RESUMED: restored from a suspend, there is a new backend
 * @BLKFRONT_INITIALISED: rings exist, and their keys are written
 * @BLKFRONT_LEAVING: Closed, so that the backend releases our separate rings
 *                    before we reconnect; the rings still exist
 * @BLKFRONT_CONNECTED: requests are passed on
 * @BLKFRONT_REMOVING: the same, but the driver is being unbound: the backend's
 *                     state is not reported any more
 * @BLKFRONT_DYING: given up while connected: requests fail, those in flight are
 *                  drained
 * @BLKFRONT_DEAD: given up, and not connected
 * @BLKFRONT_DOWN: given up and torn down: there are no rings, requests fail
 * @BLKFRONT_REMOVED: the gendisk is deleted, its queue must not be touched
 *
 * From the first connection on there is a request queue.  It runs in the states
 * CONNECTED, REMOVING, DYING and DOWN, and we hold it quiesced in the others
 * before REMOVED.
 *
 * Transitions, made by blkfront_change_state() and blkfront_kill():
 *
 *	WAITING      -> INITIALISED  the backend is in InitWait
 *	RESUMED      -> INITIALISED  the backend is in InitWait or Connected
 *	INITIALISED  -> CONNECTED    the backend is Connected
 *	CONNECTED    -> LEAVING      the backend's driver was replaced
 *	LEAVING      -> WAITING      the backend is Closed
 *	WAITING, INITIALISED, LEAVING, CONNECTED
 *	             -> RESUMED      blkfront_resume()
 *	CONNECTED    -> REMOVING     blkfront_delete_work()
 *	CONNECTED, REMOVING
 *	             -> DYING        blkfront_kill()
 *	WAITING, RESUMED, INITIALISED, LEAVING
 *	             -> DEAD         blkfront_kill()
 *	DYING        -> DEAD         the rings are about to be torn down
 *	DEAD         -> DOWN         the rings are torn down
 *	REMOVING, DYING, DEAD, DOWN
 *	             -> REMOVED      blkfront_delete_work(), after del_gendisk()
 *
 * blkfront_kill() may be called in any context; all others hold info->mutex.
 */
enum blkfront_state {
	BLKFRONT_WAITING,
	BLKFRONT_RESUMED,
	BLKFRONT_INITIALISED,
	BLKFRONT_LEAVING,
	BLKFRONT_CONNECTED,
	BLKFRONT_REMOVING,
	BLKFRONT_DYING,
	BLKFRONT_DEAD,
	BLKFRONT_DOWN,
	BLKFRONT_REMOVED,
};

/**
 * enum blkfront_data - how the backend accesses the data
 * @BLKFRONT_MAPPED: the pages of a request are granted while it lasts
 * @BLKFRONT_PERSISTENT: data is copied to pages that are granted as long as the
 *                       connection lasts
 * @BLKFRONT_COPIED: data is copied to pages that are granted while the request
 *                   lasts, so that the backend sees nothing else
 */
enum blkfront_data {
	BLKFRONT_MAPPED,
	BLKFRONT_PERSISTENT,
	BLKFRONT_COPIED,
};

/**
 * enum blkfront_flush - how the disk's write cache is flushed
 * @BLKFRONT_NO_FLUSH: not at all
 * @BLKFRONT_BARRIER: by BLKIF_OP_WRITE_BARRIER
 * @BLKFRONT_FLUSH: by BLKIF_OP_FLUSH_DISKCACHE
 */
enum blkfront_flush {
	BLKFRONT_NO_FLUSH,
	BLKFRONT_BARRIER,
	BLKFRONT_FLUSH,
};

/**
 * enum blkfront_verdict - what becomes of a request
 * @BLKFRONT_SEND: it is sent
 * @BLKFRONT_DONE: there is nothing to do
 * @BLKFRONT_RESUBMIT: it was made for another backend, see requeue.c
 * @BLKFRONT_COPY: its pages cannot be granted, so its data is to be copied
 * @BLKFRONT_WAIT_PAGES: it waits for our own pages
 * @BLKFRONT_WAIT_GRANTS: it waits for grants
 * @BLKFRONT_WAIT_SLOT: it waits for a slot
 * @BLKFRONT_UNSUPPORTED: the backend does not support it
 * @BLKFRONT_FAIL: it fails
 */
enum blkfront_verdict {
	BLKFRONT_SEND,
	BLKFRONT_DONE,
	BLKFRONT_RESUBMIT,
	BLKFRONT_COPY,
	BLKFRONT_WAIT_PAGES,
	BLKFRONT_WAIT_GRANTS,
	BLKFRONT_WAIT_SLOT,
	BLKFRONT_UNSUPPORTED,
	BLKFRONT_FAIL,
};

/**
 * struct blkfront_agreed - what was negotiated for a connection
 * @choice: what we chose before the rings were made
 * @nr_polled: how many of the queues are polled; these are the last ones
 * @max_segs: segments of the largest request
 * @data: how data is passed
 * @flush: may become BLKFRONT_NO_FLUSH at any time: see revoke.c
 * @ops: its flags may be cleared likewise
 * @pi: the protection information that requests are sent with
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
 * struct blkfront_ring_mem - the pages of a queue's ring or rings
 * @shared: the shared ring, which is contiguous; NULL if there is none
 * @pages: separate rings: request pages, then response pages
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
 * struct blkfront_ring - one queue of a connection
 * @info: the disk
 * @index: number of the queue
 * @polled: responses are polled for, without notifications
 * @deferred: responses are taken in tasks only, as bios may be polled ones
 * @irq: of the event channel
 * @evtchn: event channel
 * @mem: pages of the ring or rings
 * @indirect: indirect pages.  If data is mapped, the grants to end are read
 *            back from these, so the backend may not write to them.
 * @data: pages that data is copied to
 * @pi: pages that protection information is copied to
 * @own: references for a request that cannot get others; @own_taken protects it
 * @has_own: there are such references
 * @own_taken: a request uses them
 * @trim_node: in the list of trim.c
 * @waits: how often requests had waited when trim.c last looked
 * @lock: request half of @front, and @req_counters; covers writing the slot
 * @front: the ring or rings
 * @req_counters: counters of the request half
 * @rsp_lock: response half of @front, and all below but @watched
 * @taken: answered requests that are not completed yet; see response.c
 * @taken_end: where to append to them
 * @broken: the backend has violated the protocol
 * @overtaken: an event may come for a response that was already taken
 * @poll: whether polling for more responses pays
 * @acknowledged: responses that had been taken at the last event
 * @irq_copied: bytes that the present interrupt handler has copied
 * @irq_copied_max: the most that one has; read by debugfs
 * @rsp_counters: counters of the response half
 * @watched: when the watchdog last checked the ring; jiffies, by info->mutex
 * @left: the interrupt handler has left something
 * @stopped: @tasklet is to end
 * @tasklet: does what it left, unless @deferred
 * @work: the same, if @deferred
 */
struct blkfront_ring {
	struct blkfront_info *info;
	unsigned int index;
	bool polled;
	bool deferred;
	unsigned int irq;
	evtchn_port_t evtchn;
	struct blkfront_ring_mem mem;
	struct blkfront_pool indirect;
	struct blkfront_pool data;
	struct blkfront_pool pi;
	grant_ref_t own;
	bool has_own;
	bool own_taken;
	struct list_head trim_node;
	u64 waits;

	spinlock_t lock ____cacheline_aligned_in_smp;
	struct blkif_front_rings front;
	struct blkfront_req_counters req_counters;

	spinlock_t rsp_lock ____cacheline_aligned_in_smp;
	struct request *taken;
	struct request **taken_end;
	bool broken;
	bool overtaken;
	struct blkif_backoff poll;
	u64 acknowledged;
	unsigned int irq_copied;
	unsigned int irq_copied_max;
	struct blkfront_rsp_counters rsp_counters;
	unsigned long watched;
	bool left;
	bool stopped;
	struct tasklet_struct tasklet;
	struct work_struct work;
};

/* One of the pools of a ring, or NULL. */
static inline struct blkfront_pool *
blkfront_pool_at(struct blkfront_ring *ring, unsigned int i)
{
	switch (i) {
	case 0:
		return &ring->indirect;
	case 1:
		return &ring->data;
	case 2:
		return &ring->pi;
	}
	return NULL;
}

#define blkfront_for_each_pool(pool, ring)				\
	for (unsigned int __i = 0; ((pool) = blkfront_pool_at(ring, __i)); __i++)

/**
 * struct blkfront_tag - a tag of a hardware queue
 * @rq: in flight under the tag; set when the slot is written, cleared by
 *      whoever ends or requeues the request
 * @gen: makes the ids of successive requests differ
 */
struct blkfront_tag {
	struct request *rq;
	u32 gen;
};

/* The longest path of a backend's directory, with the final 0. */
#define BLKFRONT_PATH_SIZE	128

/**
 * struct blkfront_detach - the toolstack asks for the disk: see detach.c
 * @requested: it waits until the disk is closed
 * @since: when it asked last; jiffies
 * @log: limits messages about that
 * @work: gives the disk up, or says why not
 */
struct blkfront_detach {
	bool requested;
	unsigned long since;
	struct ratelimit_state log;
	struct delayed_work work;
};

/**
 * struct blkfront_info - one disk
 * @xbdev: its xenbus device
 * @otherend: the backend's directory in XenStore.  Work items use this copy: it
 *            changes only while they are frozen.
 * @refs: one until the gendisk is gone, one of blkfront_remove()
 * @state: see enum blkfront_state
 * @error: the violation of the protocol that it was given up for, if any
 * @vdevice: number of the virtual device
 * @vdev: the same, decoded
 * @minors_node: in the list of vdevice.c
 * @debugfs: its directory in debugfs
 * @log_limit: limits the messages that the backend can cause
 * @mutex: protects all below, except for what the data path reads and @bios.
 *         Whoever has it waits neither for I/O nor for a lock whose holder may.
 * @brief: a mutex that is never held while waiting.  Readers of sysfs and
 *         debugfs, which xenwatch may have to wait for, take only this one.  It
 *         protects @described, @counters, that @rings exist, @deleting and
 *         @orphaned.
 * @described: connected, so that @agreed may be shown
 * @deleting: the gendisk is being deleted
 * @orphaned: xenbus has deleted its device before the gendisk was deleted
 * @agreed: what was negotiated; constant while the queue runs
 * @disk: what the backend says of the disk
 * @pi: protection information of @gd: see pi.c
 * @rings: @nr_rings of them.  The data path may use them while the queue runs
 *         and blkfront_rings_usable().
 * @nr_rings: number of queues that are set up
 * @counters: what rings of earlier connections counted
 * @spare: pages of the previous connection, kept for the next
 * @offer_persistent: what we wrote to feature-persistent
 * @requeued: there are requests on the queue's requeue list
 * @gd: the disk, from the first connection on
 * @added: device_add_disk() succeeded
 * @tag_set: of @gd
 * @tags: those of hardware queue q begin at index q * queue_depth
 * @bios_lock: protects @bios
 * @bios: to be submitted again: see requeue.c
 * @resubmit_work: submits them
 * @durable: the queue was set up for a disk without a write cache, and this one
 *           has one: until the limits are set, writes have to be durable when
 *           they are answered
 * @updates_wanted: counts what @update_work is needed for
 * @updates_done: the value of @updates_wanted that the queue limits are for
 * @revoked: bits of enum blkfront_revoked for @update_work
 * @connect_work: follows the backend's state
 * @update_work: sets the limits of the queue, size and access of the disk
 * @add_work: adds the disk, which reads it
 * @shutdown_work: tears a disk down that was given up
 * @bury_work: marks the gendisk dead after that
 * @delete_work: deletes the disk when the driver is unbound
 * @detach: the toolstack's request to detach it
 * @deleted: completed when it was deleted
 *
 * The number of hardware queues and their depth are those of the first
 * connection.  If a later one has fewer rings, queues share them, and none is
 * polled.
 */
struct blkfront_info {
	struct xenbus_device *xbdev;
	char otherend[BLKFRONT_PATH_SIZE];
	refcount_t refs;
	enum blkfront_state state;
	const char *error;
	unsigned int vdevice;
	struct blkif_vdev vdev;
	struct list_head minors_node;
	struct dentry *debugfs;
	struct ratelimit_state log_limit;

	struct mutex mutex;	/* see above */
	struct mutex brief;	/* see above */
	bool described;
	bool deleting;
	bool orphaned;
	struct blkfront_agreed agreed;
	struct blkfront_disk disk;
	struct blkif_pi pi;
	struct blkfront_ring *rings;
	unsigned int nr_rings;
	struct blkfront_counters counters;
	struct blkfront_buf *spare;
	bool offer_persistent;
	bool requeued;

	struct gendisk *gd;
	bool added;
	struct blk_mq_tag_set tag_set;
	struct blkfront_tag *tags;

	spinlock_t bios_lock;	/* the list; taken in interrupts */
	struct bio_list bios;
	struct work_struct resubmit_work;

	bool durable;
	atomic_t updates_wanted;
	atomic_t updates_done;
	unsigned long revoked;

	struct work_struct connect_work;
	struct work_struct update_work;
	struct work_struct add_work;
	struct work_struct shutdown_work;
	struct work_struct bury_work;
	struct work_struct delete_work;
	struct blkfront_detach detach;
	struct completion deleted;
};

/*
 * Log a message that the backend can cause.  The limit is the disk's, so that no
 * disk hides the messages of another.
 */
#define blkfront_log(info, level, fmt, ...) do {			\
	struct blkfront_info *__info = (info);				\
									\
	if (__ratelimit(&__info->log_limit))				\
		dev_##level(&__info->xbdev->dev, fmt, ##__VA_ARGS__);	\
} while (0)

/**
 * struct blkfront_req - our part of a request, filled in by queue_rq
 * @cmd: as it goes on the ring
 * @indirect: indirect pages, if @cmd is indirect
 * @data: pages with the data, if it is copied
 * @pi: pages with the protection information, if there is any
 * @next: in the list @taken of the ring
 * @charged: grants that it has, which end with it
 * @part: sectors that are sent, if that is not all of the request
 * @status: the response's
 * @passed: enum blkfront_data: as negotiated, unless see blkfront_map()
 * @own: it uses the references of the ring
 * @completing: answered, but still using the ring
 *
 * There is one for each tag, whether it is used or not.
 */
struct blkfront_req {
	struct blkif_cmd cmd;
	struct blkfront_buf *indirect;
	struct blkfront_buf *data;
	struct blkfront_buf *pi;
	struct request *next;
	u16 charged;
	u16 part;
	s16 status;
	u8 passed : 7;
	u8 own : 1;
	bool completing;
};

/* Bytes of data that a request is sent with. */
static inline unsigned int blkfront_req_bytes(struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	return unlikely(req->part) ? req->part << SECTOR_SHIFT :
				     blk_rq_bytes(rq);
}

/* Bytes that are copied if a request succeeds, when it is completed. */
static inline unsigned int blkfront_bytes_back(struct request *rq)
{
	const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	return req->data && req->cmd.op == BLKIF_OP_READ ?
	       blkfront_req_bytes(rq) : 0;
}

/* Grants that the requests of a ring have, and that end with them. */
static inline unsigned int
blkfront_grants_in_use(const struct blkfront_ring *ring)
{
	return READ_ONCE(ring->req_counters.granted) -
	       READ_ONCE(ring->rsp_counters.ungranted);
}

static inline const struct blkif_abi *
blkfront_abi(const struct blkfront_info *info)
{
	return info->agreed.choice.layout.abi;
}

/* Was the disk given up? */
static inline bool blkfront_is_dead(const struct blkfront_info *info)
{
	return READ_ONCE(info->state) >= BLKFRONT_DYING;
}

/*
 * May the data path use the rings?  The caller is in an RCU read-side critical
 * section.  The state changes before the queue is quiesced, so quiescing, which
 * ends with a grace period, waits for all who saw the previous state.
 */
static inline bool blkfront_rings_usable(const struct blkfront_info *info)
{
	/* pairs with the cmpxchg() that publishes the rings */
	enum blkfront_state state = smp_load_acquire(&info->state);

	return state >= BLKFRONT_CONNECTED && state <= BLKFRONT_DYING;
}

/* May the request queue be touched?  The caller holds info->mutex. */
static inline bool blkfront_has_queue(const struct blkfront_info *info)
{
	return info->gd && READ_ONCE(info->state) != BLKFRONT_REMOVED;
}

/*
 * Are the limits of the queue those of another connection?  Then requests need
 * not fit the present one.
 */
static inline bool blkfront_is_stale(const struct blkfront_info *info)
{
	return atomic_read_acquire(&info->updates_done) !=
	       atomic_read(&info->updates_wanted);
}

/*
 * A write was made when the disk had no write cache.  The block layer has taken
 * the flags off it for that reason, so it may be one that has to be durable.
 */
static inline bool blkfront_must_be_durable(const struct blkfront_info *info)
{
	return unlikely(info->durable) && blkfront_is_stale(info);
}

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

/* params.c */
void blkfront_params_check(void);

/* xen-blkfront.c: the life cycle of a disk. */

/*
 * Connects disks and shuts them down.  Tasks that free memory by writing to a
 * disk wait for it, so no work item on it waits for memory, nor for the users
 * of a disk.
 */
extern struct workqueue_struct *blkfront_wq;
/* Sets the limits of queues, which waits for their requests. */
extern struct workqueue_struct *blkfront_update_wq;
/* Adds disks, marks them dead and deletes them: waits for anything. */
extern struct workqueue_struct *blkfront_disk_wq;
/* Completes polled requests: waits for nothing, as all others may wait for it. */
extern struct workqueue_struct *blkfront_rsp_wq;

/* Where to connect a disk: nothing depends on one that has no gendisk. */
static inline struct workqueue_struct *
blkfront_wq_of(const struct blkfront_info *info)
{
	return READ_ONCE(info->gd) ? blkfront_wq : system_freezable_wq;
}

void blkfront_kill(struct blkfront_info *info, const char *error);
void blkfront_disconnect(struct blkfront_info *info);
bool blkfront_begin_removal(struct blkfront_info *info);
void blkfront_end_removal(struct blkfront_info *info);

/* shutdown.c: the end of a disk. */
bool blkfront_backend_left(const struct blkfront_info *info);
void blkfront_shutdown_work(struct work_struct *work);
void blkfront_bury_work(struct work_struct *work);
void blkfront_delete_work(struct work_struct *work);
void blkfront_remove(struct xenbus_device *dev);
void blkfront_wait_orphans(void);

/* detach.c: detaching a disk that is in use. */
bool blkfront_detach_waits(struct blkfront_info *info);
void blkfront_detach_check(struct blkfront_info *info);
void blkfront_detach_forget(struct blkfront_info *info);
bool blkfront_detach_pending(const struct blkfront_info *info);
void blkfront_detach_closed(struct blkfront_info *info);
void blkfront_detach_init(struct blkfront_info *info);
void blkfront_detach_exit(struct blkfront_info *info);

/* io.c: the data path. */
extern const struct blk_mq_ops blkfront_mq_ops;

/* data.c: the data of a request. */
int blkfront_pools_init(struct blkfront_info *info);
unsigned int blkfront_pools_free(struct blkfront_ring *ring);
void blkfront_spare_free(struct blkfront_info *info);
enum blkfront_verdict blkfront_map(struct blkfront_ring *ring,
				   struct request *rq, unsigned int nr);
enum blkfront_verdict blkfront_copy(struct blkfront_ring *ring,
				    struct request *rq, unsigned int nr);
void blkfront_copy_back(struct request *rq);
unsigned int blkfront_release(struct blkfront_ring *ring,
			      struct blkfront_req *req);
unsigned int blkfront_segs_bytes(struct request *rq, unsigned int nr);

/* trim.c: pools shrink. */
void blkfront_trim_add(struct blkfront_ring *ring);
void blkfront_trim_del(struct blkfront_ring *ring);
int blkfront_trim_init(void);
void blkfront_trim_exit(void);

/* ring.c: rings and their event channels. */
int blkfront_rings_init(struct blkfront_info *info);
unsigned int blkfront_rings_free(struct blkfront_info *info);
void blkfront_ring_stop(struct blkfront_ring *ring);

/* response.c: taking responses. */
irqreturn_t blkfront_interrupt(int irq, void *data);
void blkfront_ring_tasklet(struct tasklet_struct *tasklet);
void blkfront_ring_work(struct work_struct *work);
void blkfront_complete_taken(struct blkfront_ring *ring);
unsigned int blkfront_take_responses(struct blkfront_ring *ring);
int blkfront_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *batch);
void blkfront_check_ring(struct blkfront_ring *ring);

/* requeue.c: requests that are taken back. */
unsigned int blkfront_reclaim(struct blkfront_info *info, bool requeue);
bool blkfront_fits_queue(struct request *rq);
void blkfront_resubmit(struct blkfront_info *info, struct request *rq);
void blkfront_resubmit_work(struct work_struct *work);

/* revoke.c: features that the backend offered and then failed. */
bool blkfront_refused(struct blkfront_info *info, struct request *rq);
void blkfront_log_revoked(struct blkfront_info *info);

/* negotiate.c: all that is read from and written to XenStore. */
void blkfront_choose(struct blkfront_info *info);
void blkfront_agree(struct blkfront_info *info);
int blkfront_write_keys(struct blkfront_info *info);
int blkfront_write_pi_key(const struct blkfront_info *info);
int blkfront_clear_keys(struct xenbus_transaction xbt, const char *dir);
void blkfront_start_over(struct xenbus_device *dev);
int blkfront_tell_initialised(struct xenbus_device *dev);
int blkfront_read_disk(struct blkfront_info *info,
		       struct blkfront_disk *disk, const char **error);
void blkfront_describe(const struct blkfront_info *info,
		       struct blkif_agreed *agreed);

/* disk.c: the gendisk. */
int blkfront_alloc_disk(struct blkfront_info *info);
void blkfront_free(struct blkfront_info *info);
void blkfront_put(struct blkfront_info *info);
void blkfront_want_update(struct blkfront_info *info);
void blkfront_update_work(struct work_struct *work);
void blkfront_disk_changed(struct blkfront_info *info);

/* pi.c: protection information. */
unsigned int blkfront_pi_max_segs(const struct blkfront_info *info,
				  const struct blkif_pi *pi);
unsigned int blkfront_pi_max_pages(const struct blkfront_agreed *agreed);
void blkfront_pi_limits(const struct blkfront_info *info,
			struct queue_limits *lim);
#ifdef CONFIG_BLK_DEV_INTEGRITY
enum blkfront_verdict blkfront_pi_add(struct blkfront_ring *ring,
				      struct request *rq, unsigned int nr);
void blkfront_pi_copy(struct request *rq, bool to_ours);
void blkfront_pi_escape(struct request *rq);

/* Pages of tuples that a request is to be sent with; 0 if with none. */
static inline unsigned int blkfront_pi_pages(const struct blkfront_info *info,
					     struct request *rq, u8 op)
{
	if (likely(!blk_integrity_rq(rq)) || !info->agreed.pi.profile)
		return 0;
	/* Barriers have no indirect form; the backend makes their tuples. */
	if (op != BLKIF_OP_READ && op != BLKIF_OP_WRITE)
		return 0;
	return blkif_pi_pages(info->agreed.pi.interval, blk_rq_sectors(rq));
}

/*
 * Copy the tuples of a write to our pages.  Called after
 * blk_mq_start_request(), which sets their reference tags for this disk.
 */
static inline void blkfront_pi_before_send(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	if (unlikely(req->pi) && req->cmd.op == BLKIF_OP_WRITE)
		blkfront_pi_copy(rq, true);
}

/* Provide the tuples of a read that succeeded. */
static inline void blkfront_pi_after_read(struct request *rq)
{
	struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

	if (likely(!blk_integrity_rq(rq)) || req->cmd.op != BLKIF_OP_READ)
		return;
	if (req->pi)
		blkfront_pi_copy(rq, false);
	else
		blkfront_pi_escape(rq);
}
#else
static inline unsigned int blkfront_pi_pages(const struct blkfront_info *info,
					     struct request *rq, u8 op)
{
	return 0;
}

static inline enum blkfront_verdict
blkfront_pi_add(struct blkfront_ring *ring, struct request *rq, unsigned int nr)
{
	return BLKFRONT_FAIL;
}

static inline void blkfront_pi_before_send(struct request *rq)
{
}

static inline void blkfront_pi_after_read(struct request *rq)
{
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

/* sysfs.c */
extern const struct attribute_group *blkfront_groups[];

/* vdevice.c: the number of the virtual device. */
int blkfront_read_vdevice(struct xenbus_device *dev, int *vdevice);
bool blkfront_wanted(struct xenbus_device *dev, unsigned int vdevice);
int blkfront_take_name(struct blkfront_info *info, unsigned int vdevice);
void blkfront_release_name(struct blkfront_info *info);

#endif /* _XEN_BLKFRONT_H */
