/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests and responses in host form: what both drivers and every wire
 * format are written against.
 *
 * The headers of this directory are shared by xen-blkfront and xen-blkback.
 * shared.h, separate.h and ring.h touch shared memory; agreed.h and xenstore.h
 * are for the kernel only.  The others are pure: no lock, no allocation, no
 * printk and no access to memory that a peer can write.  So the same bytes run
 * in the kernel and in userspace tests.
 */

#ifndef _XEN_BLKIF_CMD_H
#define _XEN_BLKIF_CMD_H

#include <linux/types.h>
#include <linux/build_bug.h>
#include <xen/interface/io/blkif.h>

#define BLKIF_SECTOR_SHIFT	9
#define BLKIF_PAGE_SIZE		4096U
#define BLKIF_PAGE_SECTORS	(BLKIF_PAGE_SIZE >> BLKIF_SECTOR_SHIFT)

/* Over all wire formats. */
#define BLKIF_MAX_INLINE	BLKIF_MAX_SEGMENTS_PER_REQUEST
#define BLKIF_MAX_INDIRECT_PAGES	BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST
#define BLKIF_MAX_ENTRIES	BLKIF_SLIM_MAX_ENTRIES

/* Operations by name, in the form that __print_symbolic() takes. */
#define BLKIF_OP_NAMES				\
	{ BLKIF_OP_READ, "READ" },		\
	{ BLKIF_OP_WRITE, "WRITE" },		\
	{ BLKIF_OP_WRITE_BARRIER, "BARRIER" },	\
	{ BLKIF_OP_FLUSH_DISKCACHE, "FLUSH" },	\
	{ BLKIF_OP_DISCARD, "DISCARD" },	\
	{ BLKIF_OP_WRITE_ZEROES, "WRITE_ZEROES" }

/**
 * struct blkif_seg - part of one granted page and the sectors it stands for
 * @sector: where the first 512 bytes go, in 512-byte units
 * @gref: the page
 * @first: first 512-byte unit of the page, 0 to 7
 * @last: last unit of the page, included, @first to 7
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
 * struct blkif_range - a part of the disk that is discarded or zeroed
 * @sector: where it starts, in 512-byte units
 * @nr_sectors: its length, likewise
 */
struct blkif_range {
	u64 sector;
	u64 nr_sectors;
};

static_assert(sizeof(struct blkif_range) == 16);

/**
 * struct blkif_cmd - one request
 * @id: the frontend's, returned as it is
 * @sector: start, in 512-byte units
 * @nr_sectors: length of operations that carry no data
 * @op: BLKIF_OP_*; of an indirect request, the inner operation
 * @flags: BLKIF_DISCARD_* of a discard, BLKIF_SLIM_* of a slim request
 * @indirect: the segments or ranges stand in @indirect_gref
 * @reserved: something that must be zero was not; set by decoding
 * @nr_segs: number of segments; of an indirect discard, of ranges
 * @nr_pi: number of pages with protection information, in @indirect_gref behind these
 * @seg: the segments, if not @indirect
 * @indirect_gref: grant references of the pages that hold what is @indirect
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
 * struct blkif_rsp - one response
 * @id: of the request
 * @op: operation of the request; of an indirect one the inner operation, as
 *      frontends of old insist on, though a backend may well say INDIRECT
 * @status: BLKIF_RSP_*; see status.h
 */
struct blkif_rsp {
	u64 id;
	u8 op;
	s16 status;
};

/** blkif_seg_sectors() - length of a checked segment, in 512-byte units */
static inline u32 blkif_seg_sectors(const struct blkif_seg *seg)
{
	return seg->last - seg->first + 1;
}

/**
 * blkif_cmd_wire_op() - the operation that the request's slot names
 * @cmd: the request
 *
 * Not the response's, which is @cmd->op.
 */
static inline u8 blkif_cmd_wire_op(const struct blkif_cmd *cmd)
{
	return cmd->indirect ? BLKIF_OP_INDIRECT : cmd->op;
}

/** blkif_cmd_answered_by() - does the response name the request's operation? */
static inline bool blkif_cmd_answered_by(const struct blkif_cmd *cmd, u8 op)
{
	return op == cmd->op || op == blkif_cmd_wire_op(cmd);
}

/** blkif_cmd_entries() - how many entries its tables hold, if it is indirect */
static inline u32 blkif_cmd_entries(const struct blkif_cmd *cmd)
{
	return cmd->nr_segs + cmd->nr_pi;
}

/** blkif_op_has_data() - does the operation carry segments? */
static inline bool blkif_op_has_data(u8 op)
{
	return op == BLKIF_OP_READ || op == BLKIF_OP_WRITE ||
	       op == BLKIF_OP_WRITE_BARRIER || op == BLKIF_OP_FLUSH_DISKCACHE;
}

/** blkif_op_is_range() - does it name a part of the disk, and carry nothing? */
static inline bool blkif_op_is_range(u8 op)
{
	return op == BLKIF_OP_DISCARD || op == BLKIF_OP_WRITE_ZEROES;
}

/** blkif_op_is_write() - does the operation change the disk? */
static inline bool blkif_op_is_write(u8 op)
{
	return op != BLKIF_OP_READ;
}

#endif /* _XEN_BLKIF_CMD_H */
