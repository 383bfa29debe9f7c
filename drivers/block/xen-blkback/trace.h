/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: tracepoints.
 *
 *   blkback_take      a request was copied from the ring, not checked yet
 *   blkback_start     a request is valid, its data is mapped or copied, and it
 *                     is submitted to the disk
 *   blkback_answer    a response was put on the ring
 *   blkback_map, blkback_unmap, blkback_evict    a batch of grants
 *   blkback_event     the frontend has sent an event
 *   blkback_notify    the frontend is notified
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_blkback

#if !defined(_XEN_BLKBACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _XEN_BLKBACK_TRACE_H

#include <linux/tracepoint.h>
#include "../xen-blkif/trace.h"
#include "blkback.h"

DECLARE_EVENT_CLASS(blkback_req,
	TP_PROTO(const struct blkback_req *req, s16 status),
	TP_ARGS(req, status),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, sector)
		__field(u64, nr_sectors)
		__field(u32, devid)
		__field(u32, in_flight)
		__field(u16, domid)
		__field(u16, queue)
		__field(u16, nr_segs)
		__field(s16, status)
		__field(u8, op)
		__field(bool, indirect)
	),
	TP_fast_assign(
		__entry->id = req->cmd.id;
		__entry->sector = req->cmd.sector;
		__entry->nr_sectors = req->sectors ?: req->cmd.nr_sectors;
		__entry->devid = req->queue->conn->blkback->vbd.handle;
		__entry->in_flight = req->queue->in_flight;
		__entry->domid = req->queue->conn->domid;
		__entry->queue = req->queue->index;
		__entry->nr_segs = req->cmd.nr_segs;
		__entry->status = status;
		__entry->op = req->cmd.op;
		__entry->indirect = req->cmd.indirect;
	),
	TP_printk("vbd-%u-%u queue %u id %#llx %s%s sector %llu + %llu segments %u status %d in_flight %u",
		  __entry->domid, __entry->devid, __entry->queue, __entry->id,
		  blkif_show_op(__entry->op),
		  __entry->indirect ? " indirect" : "", __entry->sector,
		  __entry->nr_sectors, __entry->nr_segs, __entry->status,
		  __entry->in_flight)
);

DEFINE_EVENT(blkback_req, blkback_take,
	TP_PROTO(const struct blkback_req *req, s16 status),
	TP_ARGS(req, status));

DEFINE_EVENT(blkback_req, blkback_start,
	TP_PROTO(const struct blkback_req *req, s16 status),
	TP_ARGS(req, status));

DEFINE_EVENT(blkback_req, blkback_answer,
	TP_PROTO(const struct blkback_req *req, s16 status),
	TP_ARGS(req, status));

DECLARE_EVENT_CLASS(blkback_grants,
	TP_PROTO(const struct blkback_queue *queue, unsigned int nr,
		 unsigned int failed),
	TP_ARGS(queue, nr, failed),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u32, nr)
		__field(u32, failed)
		__field(u16, domid)
		__field(u16, queue)
	),
	TP_fast_assign(
		__entry->devid = queue->conn->blkback->vbd.handle;
		__entry->nr = nr;
		__entry->failed = failed;
		__entry->domid = queue->conn->domid;
		__entry->queue = queue->index;
	),
	TP_printk("vbd-%u-%u queue %u grants %u failed %u",
		  __entry->domid, __entry->devid, __entry->queue, __entry->nr,
		  __entry->failed)
);

DEFINE_EVENT(blkback_grants, blkback_map,
	TP_PROTO(const struct blkback_queue *queue, unsigned int nr,
		 unsigned int failed),
	TP_ARGS(queue, nr, failed));

DEFINE_EVENT(blkback_grants, blkback_unmap,
	TP_PROTO(const struct blkback_queue *queue, unsigned int nr,
		 unsigned int failed),
	TP_ARGS(queue, nr, failed));

DEFINE_EVENT(blkback_grants, blkback_evict,
	TP_PROTO(const struct blkback_queue *queue, unsigned int nr,
		 unsigned int failed),
	TP_ARGS(queue, nr, failed));

DECLARE_EVENT_CLASS(blkback_signal,
	TP_PROTO(const struct blkback_queue *queue),
	TP_ARGS(queue),
	TP_STRUCT__entry(
		__field(u32, devid)
		__field(u16, domid)
		__field(u16, queue)
	),
	TP_fast_assign(
		__entry->devid = queue->conn->blkback->vbd.handle;
		__entry->domid = queue->conn->domid;
		__entry->queue = queue->index;
	),
	TP_printk("vbd-%u-%u queue %u",
		  __entry->domid, __entry->devid, __entry->queue)
);

DEFINE_EVENT(blkback_signal, blkback_event,
	TP_PROTO(const struct blkback_queue *queue),
	TP_ARGS(queue));

DEFINE_EVENT(blkback_signal, blkback_notify,
	TP_PROTO(const struct blkback_queue *queue),
	TP_ARGS(queue));

#endif /* _XEN_BLKBACK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
