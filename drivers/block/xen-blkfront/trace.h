/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of the frontend.
 *
 *   blkfront_put        a request is written to the ring
 *   blkfront_complete   its response was taken, and it ends
 *   blkfront_unsent     a request is not sent, now or at all, and why not
 *   blkfront_grant      pages of a request were granted
 *   blkfront_ungrant    their grants were ended
 *   blkfront_notify     the backend is notified
 *   blkfront_event      the backend has notified us
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_blkfront

#if !defined(_XEN_BLKFRONT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _XEN_BLKFRONT_TRACE_H

#include <linux/tracepoint.h>
#include "../xen-blkif/trace.h"
#include "blkfront.h"

/* User space does not know the values of an enum otherwise. */
TRACE_DEFINE_ENUM(BLKFRONT_DONE);
TRACE_DEFINE_ENUM(BLKFRONT_RESUBMIT);
TRACE_DEFINE_ENUM(BLKFRONT_WAIT_PAGES);
TRACE_DEFINE_ENUM(BLKFRONT_WAIT_GRANTS);
TRACE_DEFINE_ENUM(BLKFRONT_WAIT_SLOT);
TRACE_DEFINE_ENUM(BLKFRONT_UNSUPPORTED);
TRACE_DEFINE_ENUM(BLKFRONT_FAIL);

#define blkfront_show_verdict(verdict)					\
	__print_symbolic(verdict,					\
			 { BLKFRONT_DONE, "done" },			\
			 { BLKFRONT_RESUBMIT, "resubmit" },		\
			 { BLKFRONT_WAIT_PAGES, "wait for pages" },	\
			 { BLKFRONT_WAIT_GRANTS, "wait for grants" },	\
			 { BLKFRONT_WAIT_SLOT, "wait for a slot" },	\
			 { BLKFRONT_UNSUPPORTED, "not supported" },	\
			 { BLKFRONT_FAIL, "fail" })

DECLARE_EVENT_CLASS(blkfront_req,
	TP_PROTO(const struct blkfront_ring *ring, struct request *rq,
		 s16 status),
	TP_ARGS(ring, rq, status),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, sector)
		__field(u32, nr_sectors)
		__field(u32, vdevice)
		__field(u16, queue)
		__field(u16, nr_segs)
		__field(s16, status)
		__field(u8, op)
		__field(bool, indirect)
	),
	TP_fast_assign(
		const struct blkfront_req *req = blk_mq_rq_to_pdu(rq);

		__entry->id = req->cmd.id;
		__entry->sector = req->cmd.sector;
		__entry->nr_sectors = blk_rq_sectors(rq);
		__entry->vdevice = ring->info->vdevice;
		__entry->queue = ring->index;
		__entry->nr_segs = req->cmd.nr_segs;
		__entry->status = status;
		__entry->op = req->cmd.op;
		__entry->indirect = req->cmd.indirect;
	),
	TP_printk("vbd-%u queue %u id %#llx %s%s sector %llu + %u segments %u status %d",
		  __entry->vdevice, __entry->queue, __entry->id,
		  blkif_show_op(__entry->op),
		  __entry->indirect ? " indirect" : "", __entry->sector,
		  __entry->nr_sectors, __entry->nr_segs, __entry->status)
);

DEFINE_EVENT(blkfront_req, blkfront_put,
	TP_PROTO(const struct blkfront_ring *ring, struct request *rq,
		 s16 status),
	TP_ARGS(ring, rq, status));

DEFINE_EVENT(blkfront_req, blkfront_complete,
	TP_PROTO(const struct blkfront_ring *ring, struct request *rq,
		 s16 status),
	TP_ARGS(ring, rq, status));

DECLARE_EVENT_CLASS(blkfront_grants,
	TP_PROTO(const struct blkfront_ring *ring, unsigned int grants,
		 unsigned int held),
	TP_ARGS(ring, grants, held),
	TP_STRUCT__entry(
		__field(u32, vdevice)
		__field(u16, queue)
		__field(unsigned int, grants)
		__field(unsigned int, held)
	),
	TP_fast_assign(
		__entry->vdevice = ring->info->vdevice;
		__entry->queue = ring->index;
		__entry->grants = grants;
		__entry->held = held;
	),
	TP_printk("vbd-%u queue %u grants %u held %u",
		  __entry->vdevice, __entry->queue, __entry->grants,
		  __entry->held)
);

DEFINE_EVENT(blkfront_grants, blkfront_grant,
	TP_PROTO(const struct blkfront_ring *ring, unsigned int grants,
		 unsigned int held),
	TP_ARGS(ring, grants, held));

DEFINE_EVENT(blkfront_grants, blkfront_ungrant,
	TP_PROTO(const struct blkfront_ring *ring, unsigned int grants,
		 unsigned int held),
	TP_ARGS(ring, grants, held));

TRACE_EVENT(blkfront_unsent,
	TP_PROTO(const struct blkfront_ring *ring, enum blkfront_verdict why),
	TP_ARGS(ring, why),
	TP_STRUCT__entry(
		__field(u32, vdevice)
		__field(u16, queue)
		__field(u8, why)
	),
	TP_fast_assign(
		__entry->vdevice = ring->info->vdevice;
		__entry->queue = ring->index;
		__entry->why = why;
	),
	TP_printk("vbd-%u queue %u %s",
		  __entry->vdevice, __entry->queue,
		  blkfront_show_verdict(__entry->why))
);

DECLARE_EVENT_CLASS(blkfront_signal,
	TP_PROTO(const struct blkfront_ring *ring),
	TP_ARGS(ring),
	TP_STRUCT__entry(
		__field(u32, vdevice)
		__field(u16, queue)
	),
	TP_fast_assign(
		__entry->vdevice = ring->info->vdevice;
		__entry->queue = ring->index;
	),
	TP_printk("vbd-%u queue %u", __entry->vdevice, __entry->queue)
);

DEFINE_EVENT(blkfront_signal, blkfront_notify,
	TP_PROTO(const struct blkfront_ring *ring),
	TP_ARGS(ring));

DEFINE_EVENT(blkfront_signal, blkfront_event,
	TP_PROTO(const struct blkfront_ring *ring),
	TP_ARGS(ring));

#endif /* _XEN_BLKFRONT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
