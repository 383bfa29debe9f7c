/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests and responses in host form, independent of the wire format.
 *
 * xen-blkfront and xen-blkback share the headers of this directory.  shared.h,
 * separate.h and ring.h access memory that is shared with the peer; agreed.h,
 * disable.h, trace.h and xenstore.h use interfaces of the kernel.  The others
 * are pure: they take no lock, allocate nothing, print nothing and access no
 * memory that a peer can write.  The unit tests therefore run the same code in
 * user space.
 */

#ifndef _XEN_BLKIF_CMD_H
#define _XEN_BLKIF_CMD_H

#include <linux/types.h>
#include <linux/build_bug.h>
#include <xen/interface/io/blkif.h>

#define BLKIF_SECTOR_SHIFT	9
#define BLKIF_PAGE_SIZE		4096U
#define BLKIF_PAGE_SECTORS	(BLKIF_PAGE_SIZE >> BLKIF_SECTOR_SHIFT)

/* The largest of all wire formats. */
#define BLKIF_MAX_INLINE		BLKIF_MAX_SEGMENTS_PER_REQUEST
#define BLKIF_MAX_INDIRECT_PAGES	BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST
#define BLKIF_MAX_ENTRIES		BLKIF_SLIM_MAX_ENTRIES

/**
 * struct blkif_seg - data of a request within one granted page
 * @sector: first sector on the disk, in 512-byte units
 * @gref: grant reference of the page
 * @first: first 512-byte unit in the page, 0 to 7
 * @last: last 512-byte unit in the page, @first to 7
 * @reserved: zero
 */
struct blkif_seg {
	u64 sector;
	u32 gref;
	u8 first;
	u8 last;
	u16 reserved;
};

static_assert(sizeof(struct blkif_seg) == 16);

/**
 * struct blkif_range - extent of the disk to discard or zero
 * @sector: its start, in 512-byte units
 * @nr_sectors: its length, likewise
 */
struct blkif_range {
	u64 sector;
	u64 nr_sectors;
};

static_assert(sizeof(struct blkif_range) == 16);

/**
 * struct blkif_cmd - a request
 * @id: id, which the response repeats
 * @sector: start, in 512-byte units
 * @nr_sectors: length, for operations that carry no data
 * @op: BLKIF_OP_*; for an indirect request, the inner operation
 * @flags: BLKIF_DISCARD_* of a discard, BLKIF_SLIM_* of a slim request
 * @indirect: the segments or ranges are in indirect pages
 * @reserved: set by decoding if a reserved field is not zero
 * @nr_segs: number of segments, or of ranges of an indirect discard
 * @nr_pi: number of pages with protection information, whose indirect entries
 *         follow those of the segments
 * @seg: the segments, unless @indirect
 * @indirect_gref: grant references of the indirect pages, if @indirect
 */
struct blkif_cmd {
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u8 op;
	u8 flags;
	bool indirect;
	bool reserved;
	u16 nr_segs;
	u16 nr_pi;
	union {
		struct blkif_seg seg[BLKIF_MAX_INLINE];
		u32 indirect_gref[BLKIF_MAX_INDIRECT_PAGES];
	};
};

/**
 * struct blkif_rsp - a response
 * @id: id of the request
 * @op: operation of the request; for an indirect request the inner operation,
 *      which older frontends require, though some backends send INDIRECT
 * @status: BLKIF_RSP_*, see status.h
 */
struct blkif_rsp {
	u64 id;
	u8 op;
	s16 status;
};

/**
 * blkif_seg_sectors() - length of a segment
 * @seg: a valid segment
 *
 * Return: the length in 512-byte units.
 */
static inline u32 blkif_seg_sectors(const struct blkif_seg *seg)
{
	return seg->last - seg->first + 1;
}

/**
 * blkif_cmd_wire_op() - operation in the slot of a request
 * @cmd: the request
 *
 * Return: the operation.  Responses have @cmd->op instead.
 */
static inline u8 blkif_cmd_wire_op(const struct blkif_cmd *cmd)
{
	return cmd->indirect ? BLKIF_OP_INDIRECT : cmd->op;
}

/**
 * blkif_cmd_answered_by() - match the operation of a response
 * @cmd: the request
 * @op: operation in the response
 *
 * Return: true if it may be that of a response to @cmd.
 */
static inline bool blkif_cmd_answered_by(const struct blkif_cmd *cmd, u8 op)
{
	return op == cmd->op || op == blkif_cmd_wire_op(cmd);
}

/**
 * blkif_cmd_entries() - number of indirect entries of a request
 * @cmd: an indirect request
 *
 * Return: the number of entries.
 */
static inline u32 blkif_cmd_entries(const struct blkif_cmd *cmd)
{
	return cmd->nr_segs + cmd->nr_pi;
}

/**
 * blkif_op_has_data() - tell whether an operation carries segments
 * @op: BLKIF_OP_*
 *
 * Return: true if it does.
 */
static inline bool blkif_op_has_data(u8 op)
{
	return op == BLKIF_OP_READ || op == BLKIF_OP_WRITE ||
	       op == BLKIF_OP_WRITE_BARRIER || op == BLKIF_OP_FLUSH_DISKCACHE;
}

/**
 * blkif_op_is_range() - tell whether an operation has a range and no data
 * @op: BLKIF_OP_*
 *
 * Return: true if it does.
 */
static inline bool blkif_op_is_range(u8 op)
{
	return op == BLKIF_OP_DISCARD || op == BLKIF_OP_WRITE_ZEROES;
}

/**
 * blkif_op_is_write() - tell whether an operation may change the disk
 * @op: BLKIF_OP_*
 *
 * Return: true if it may.
 */
static inline bool blkif_op_is_write(u8 op)
{
	return op != BLKIF_OP_READ;
}

#endif /* _XEN_BLKIF_CMD_H */
