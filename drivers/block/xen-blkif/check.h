/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of what a peer sent.  Each takes private copies only and returns a
 * verdict; what follows from the verdict is the caller's business.
 */

#ifndef _XEN_BLKIF_CHECK_H
#define _XEN_BLKIF_CHECK_H

#include "abi.h"

/**
 * enum blkif_verdict - what is wrong with a request
 * @BLKIF_GOOD: nothing
 * @BLKIF_BAD_OP: an operation that does not exist or was not offered
 * @BLKIF_BAD_NR_SEGS: none where some are needed, or more than allowed
 * @BLKIF_BAD_SEG: first and last unit of a segment are not in order or page
 * @BLKIF_BAD_EXTENT: beyond the end of the disk, or the sum overflows
 * @BLKIF_BAD_ALIGN: not a multiple of the logical block size
 * @BLKIF_BAD_FLAGS: a flag or reserved bit that has no meaning
 * @BLKIF_READ_ONLY: changes a disk that may not be changed
 */
enum blkif_verdict {
	BLKIF_GOOD,
	BLKIF_BAD_OP,
	BLKIF_BAD_NR_SEGS,
	BLKIF_BAD_SEG,
	BLKIF_BAD_EXTENT,
	BLKIF_BAD_ALIGN,
	BLKIF_BAD_FLAGS,
	BLKIF_READ_ONLY,
};

/** blkif_verdict_name() - a verdict in words, for the log */
static inline const char *blkif_verdict_name(enum blkif_verdict verdict)
{
	switch (verdict) {
	case BLKIF_GOOD:
		return "good";
	case BLKIF_BAD_OP:
		return "unknown operation";
	case BLKIF_BAD_NR_SEGS:
		return "bad number of segments";
	case BLKIF_BAD_SEG:
		return "bad segment";
	case BLKIF_BAD_EXTENT:
		return "beyond the end of the disk";
	case BLKIF_BAD_ALIGN:
		return "not aligned to the logical block size";
	case BLKIF_BAD_FLAGS:
		return "reserved bits set";
	case BLKIF_READ_ONLY:
		return "write to a read-only disk";
	}
	return "unknown";
}

/**
 * struct blkif_limits - what a request is checked against
 * @capacity: size of the disk, in 512-byte units
 * @ops: bit 1 << BLKIF_OP_* for each operation that is taken
 * @max_segs: most segments of an indirect request; no more than its slot can
 *            name the pages of
 * @max_inline: most segments in a slot
 * @block_sectors: logical block size, in 512-byte units, a power of two
 * @read_only: refuse whatever changes the disk
 */
struct blkif_limits {
	u64 capacity;
	u32 ops;
	u16 max_segs;
	u8 max_inline;
	u16 block_sectors;
	bool read_only;
};

/** blkif_extent_ok() - do @nr units from @sector lie within @capacity? */
static inline bool blkif_extent_ok(u64 sector, u64 nr, u64 capacity)
{
	return nr <= capacity && sector <= capacity - nr;
}

static inline bool blkif_op_taken(u8 op, const struct blkif_limits *lim)
{
	return op < 32 && (lim->ops & (1U << op));
}

/* Flags that mean something with an operation. */
static inline u8 blkif_op_flags(u8 op)
{
	return op == BLKIF_OP_DISCARD ? BLKIF_DISCARD_SECURE : 0;
}

static inline enum blkif_verdict
blkif_check_indirect(const struct blkif_cmd *cmd,
		     const struct blkif_limits *lim)
{
	if (cmd->op != BLKIF_OP_READ && cmd->op != BLKIF_OP_WRITE)
		return BLKIF_BAD_OP;
	if (!cmd->nr_segs || cmd->nr_segs > lim->max_segs)
		return BLKIF_BAD_NR_SEGS;
	return BLKIF_GOOD;
}

/**
 * blkif_check_cmd() - check all of a request but its segments
 * @cmd: as decoded
 * @lim: of this disk and connection
 *
 * A good verdict means that @cmd->nr_segs may be used as a count, of @cmd->seg
 * or of entries in the indirect pages.
 *
 * Return: BLKIF_GOOD or the first thing that is wrong.
 */
static inline enum blkif_verdict
blkif_check_cmd(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	if (!blkif_op_taken(blkif_cmd_wire_op(cmd), lim))
		return BLKIF_BAD_OP;
	if (cmd->reserved)
		return BLKIF_BAD_FLAGS;
	if (cmd->indirect) {
		enum blkif_verdict verdict = blkif_check_indirect(cmd, lim);

		if (verdict != BLKIF_GOOD)
			return verdict;
	} else if (blkif_op_has_data(cmd->op)) {
		if (cmd->nr_segs > lim->max_inline)
			return BLKIF_BAD_NR_SEGS;
		if (!cmd->nr_segs && (cmd->op == BLKIF_OP_READ ||
				      cmd->op == BLKIF_OP_WRITE))
			return BLKIF_BAD_NR_SEGS;
	}
	if (cmd->flags & ~blkif_op_flags(cmd->op))
		return BLKIF_BAD_FLAGS;
	if (cmd->op == BLKIF_OP_DISCARD) {
		if (!blkif_extent_ok(cmd->sector, cmd->nr_sectors,
				     lim->capacity))
			return BLKIF_BAD_EXTENT;
	}
	if (lim->read_only && blkif_op_is_write(cmd->op) &&
	    (cmd->op != BLKIF_OP_FLUSH_DISKCACHE || cmd->nr_segs))
		return BLKIF_READ_ONLY;
	return BLKIF_GOOD;
}

/**
 * blkif_check_segs() - check the segments of a request
 * @seg: private copy
 * @nr: how many
 * @lim: of this disk and connection
 * @sectors: set to the sum of the lengths, in 512-byte units, if all are good
 *
 * A logical block may be split over segments, but every run of segments that
 * follow one another on the disk must begin and end on a block.
 *
 * Return: BLKIF_GOOD or the first thing that is wrong.
 */
static inline enum blkif_verdict
blkif_check_segs(const struct blkif_seg *seg, unsigned int nr,
		 const struct blkif_limits *lim, u32 *sectors)
{
	u64 mask = lim->block_sectors - 1;
	u64 next = 0;
	u32 sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u32 len;

		if (seg[i].first > seg[i].last ||
		    seg[i].last >= BLKIF_PAGE_SECTORS)
			return BLKIF_BAD_SEG;
		if (seg[i].reserved)
			return BLKIF_BAD_FLAGS;
		len = blkif_seg_sectors(&seg[i]);
		if (!blkif_extent_ok(seg[i].sector, len, lim->capacity))
			return BLKIF_BAD_EXTENT;
		if (seg[i].sector != next && ((seg[i].sector | next) & mask))
			return BLKIF_BAD_ALIGN;
		next = seg[i].sector + len;
		sum += len;
	}
	if (next & mask)
		return BLKIF_BAD_ALIGN;
	*sectors = sum;
	return BLKIF_GOOD;
}

/**
 * blkif_id() - make the id of a request
 * @tag: index of the request in the frontend's table
 * @gen: generation of the table's entry; differs from one use to the next
 */
static inline u64 blkif_id(u32 tag, u32 gen)
{
	return (u64)gen << 32 | tag;
}

/** blkif_id_tag() - the index in an id; not checked */
static inline u32 blkif_id_tag(u64 id)
{
	return (u32)id;
}

/** blkif_id_gen() - the generation in an id */
static inline u32 blkif_id_gen(u64 id)
{
	return (u32)(id >> 32);
}

#endif /* _XEN_BLKIF_CHECK_H */
