/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of what a peer sent.  Each check works on private copies and returns a
 * verdict, on which the caller acts.
 */

#ifndef _XEN_BLKIF_CHECK_H
#define _XEN_BLKIF_CHECK_H

#include "abi.h"
#include "pi.h"

/**
 * enum blkif_verdict - result of a check
 * @BLKIF_GOOD: the request is valid
 * @BLKIF_BAD_OP: the operation, or its indirect form, does not exist or was not
 *                offered
 * @BLKIF_BAD_NR_SEGS: too few or too many segments or ranges
 * @BLKIF_BAD_SEG: a segment ends before it starts, or outside of its page
 * @BLKIF_BAD_EXTENT: beyond the end of the disk, or an overflow
 * @BLKIF_BAD_ALIGN: not aligned to the logical block size
 * @BLKIF_BAD_FLAGS: a flag or reserved bit is set that must be zero
 * @BLKIF_BAD_PI: the number of pages with protection information does not match
 *                the data, or exceeds the limit
 * @BLKIF_READ_ONLY: a write to a read-only disk
 */
enum blkif_verdict {
	BLKIF_GOOD,
	BLKIF_BAD_OP,
	BLKIF_BAD_NR_SEGS,
	BLKIF_BAD_SEG,
	BLKIF_BAD_EXTENT,
	BLKIF_BAD_ALIGN,
	BLKIF_BAD_FLAGS,
	BLKIF_BAD_PI,
	BLKIF_READ_ONLY,
};

/**
 * blkif_verdict_name() - describe a verdict
 * @verdict: the verdict
 *
 * Return: a phrase for the log.
 */
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
	case BLKIF_BAD_PI:
		return "protection information does not match the data";
	case BLKIF_READ_ONLY:
		return "write to a read-only disk";
	}
	return "unknown";
}

/**
 * struct blkif_limits - limits that a request is checked against
 * @capacity: size of the disk, in 512-byte units
 * @ops: bit 1 << BLKIF_OP_* for each operation that was offered
 * @max_segs: most entries of an indirect read or write, segments and pages of
 *            protection information together; at most blkif_max_segs()
 * @max_inline: most segments in a slot
 * @max_ranges: most ranges of an indirect discard, 0 if these were not offered;
 *              at most BLKIF_SLIM_MAX_RANGES
 * @block_sectors: logical block size, in 512-byte units, a power of two
 * @read_only: the disk must not be changed
 * @fua: writes may have BLKIF_SLIM_FUA
 * @secure: discards may have BLKIF_DISCARD_SECURE
 * @pi_interval: bytes of data per tuple of protection information; 0 if the
 *               disk has none
 */
struct blkif_limits {
	u64 capacity;
	u32 ops;
	u16 max_segs;
	u16 max_ranges;
	u16 block_sectors;
	u8 max_inline;
	bool read_only;
	bool fua;
	bool secure;
	u16 pi_interval;
};

/**
 * blkif_extent_ok() - check that an extent lies within the disk
 * @sector: its start, in 512-byte units
 * @nr: its length, likewise
 * @capacity: size of the disk, likewise
 *
 * Return: true if it does, without overflow.
 */
static inline bool blkif_extent_ok(u64 sector, u64 nr, u64 capacity)
{
	return nr <= capacity && sector <= capacity - nr;
}

static inline bool blkif_op_taken(u8 op, const struct blkif_limits *lim)
{
	return op < 32 && (lim->ops & (1U << op));
}

/* The flags that an operation may have. */
static inline u8 blkif_op_flags(u8 op)
{
	switch (op) {
	case BLKIF_OP_READ:
		return BLKIF_SLIM_PI;
	case BLKIF_OP_WRITE:
		return BLKIF_SLIM_FUA | BLKIF_SLIM_PI;
	case BLKIF_OP_DISCARD:
		return BLKIF_DISCARD_SECURE;
	case BLKIF_OP_WRITE_ZEROES:
		return BLKIF_SLIM_UNMAP;
	default:
		return 0;
	}
}

/* For a request with BLKIF_SLIM_PI. */
static inline enum blkif_verdict
blkif_check_nr_pi(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	if (!lim->pi_interval || !cmd->indirect)
		return BLKIF_BAD_FLAGS;
	if (!cmd->nr_pi || blkif_cmd_entries(cmd) > lim->max_segs)
		return BLKIF_BAD_PI;
	return BLKIF_GOOD;
}

static inline enum blkif_verdict
blkif_check_flags(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	u8 refused = 0;

	if (cmd->flags & ~blkif_op_flags(cmd->op))
		return BLKIF_BAD_FLAGS;
	if (!lim->fua)
		refused |= BLKIF_SLIM_FUA;
	if (!lim->secure)
		refused |= BLKIF_DISCARD_SECURE;
	if (cmd->flags & refused)
		return BLKIF_BAD_OP;
	return cmd->flags & BLKIF_SLIM_PI ? blkif_check_nr_pi(cmd, lim) :
					    BLKIF_GOOD;
}

static inline enum blkif_verdict
blkif_check_indirect(const struct blkif_cmd *cmd,
		     const struct blkif_limits *lim)
{
	u16 max = lim->max_segs;

	if (cmd->op == BLKIF_OP_DISCARD) {
		max = lim->max_ranges;
		if (!max || !blkif_op_taken(cmd->op, lim))
			return BLKIF_BAD_OP;
	} else if (cmd->op != BLKIF_OP_READ && cmd->op != BLKIF_OP_WRITE) {
		return BLKIF_BAD_OP;
	}
	if (!cmd->nr_segs || cmd->nr_segs > max)
		return BLKIF_BAD_NR_SEGS;
	return BLKIF_GOOD;
}

static inline enum blkif_verdict
blkif_check_inline(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	if (cmd->nr_segs > lim->max_inline)
		return BLKIF_BAD_NR_SEGS;
	if (!cmd->nr_segs && (cmd->op == BLKIF_OP_READ ||
			      cmd->op == BLKIF_OP_WRITE))
		return BLKIF_BAD_NR_SEGS;
	return BLKIF_GOOD;
}

/**
 * blkif_check_ranges() - check the ranges of a discard or write of zeroes
 * @range: private copy of the ranges
 * @nr: number of ranges
 * @lim: limits of the disk and the connection
 *
 * Return: BLKIF_GOOD or the first fault.
 */
static inline enum blkif_verdict
blkif_check_ranges(const struct blkif_range *range, unsigned int nr,
		   const struct blkif_limits *lim)
{
	u64 mask = lim->block_sectors - 1;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!blkif_extent_ok(range[i].sector, range[i].nr_sectors,
				     lim->capacity))
			return BLKIF_BAD_EXTENT;
		if ((range[i].sector | range[i].nr_sectors) & mask)
			return BLKIF_BAD_ALIGN;
	}
	return BLKIF_GOOD;
}

static inline enum blkif_verdict
blkif_check_range(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	struct blkif_range range = { cmd->sector, cmd->nr_sectors };

	return blkif_check_ranges(&range, 1, lim);
}

/**
 * blkif_cmd_changes() - does a request change the disk?
 * @cmd: the decoded request
 *
 * Return: true if a read-only disk must not do it.
 */
static inline bool blkif_cmd_changes(const struct blkif_cmd *cmd)
{
	return blkif_op_is_write(cmd->op) &&
	       (cmd->op != BLKIF_OP_FLUSH_DISKCACHE || cmd->nr_segs);
}

/**
 * blkif_check_cmd() - check a request, except for its segments and pages
 * @cmd: the decoded request
 * @lim: limits of the disk and the connection
 *
 * After BLKIF_GOOD, @cmd->nr_segs is a valid count of elements of @cmd->seg or,
 * for an indirect request, of indirect entries, which @cmd->nr_pi entries
 * follow.  @cmd->sector and @cmd->nr_sectors are a valid range if the operation
 * has one.
 *
 * Return: BLKIF_GOOD or the first fault.
 */
static inline enum blkif_verdict
blkif_check_cmd(const struct blkif_cmd *cmd, const struct blkif_limits *lim)
{
	enum blkif_verdict verdict = BLKIF_GOOD;

	if (!blkif_op_taken(blkif_cmd_wire_op(cmd), lim))
		return BLKIF_BAD_OP;
	if (cmd->reserved)
		return BLKIF_BAD_FLAGS;
	if (cmd->indirect)
		verdict = blkif_check_indirect(cmd, lim);
	else if (blkif_op_has_data(cmd->op))
		verdict = blkif_check_inline(cmd, lim);
	else if (blkif_op_is_range(cmd->op))
		verdict = blkif_check_range(cmd, lim);
	if (verdict == BLKIF_GOOD && cmd->flags)
		verdict = blkif_check_flags(cmd, lim);
	if (verdict != BLKIF_GOOD)
		return verdict;
	if (lim->read_only && blkif_cmd_changes(cmd))
		return BLKIF_READ_ONLY;
	return BLKIF_GOOD;
}

/**
 * blkif_check_segs() - check the segments of a request
 * @seg: private copy of the segments
 * @nr: number of segments
 * @lim: limits of the disk and the connection
 * @sectors: set to the total length in 512-byte units if all are valid
 *
 * Each segment must be aligned to the logical block size.  The block layer may
 * split a bio between any two segments, and some kernels panic if the split is
 * inside a logical block.
 *
 * Return: BLKIF_GOOD or the first fault.
 */
static inline enum blkif_verdict
blkif_check_segs(const struct blkif_seg *seg, unsigned int nr,
		 const struct blkif_limits *lim, u32 *sectors)
{
	u64 mask = lim->block_sectors - 1;
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
		if ((seg[i].sector | len) & mask)
			return BLKIF_BAD_ALIGN;
		sum += len;
	}
	*sectors = sum;
	return BLKIF_GOOD;
}

/**
 * blkif_check_pi() - check the protection information of a request
 * @entry: private copy of the entries that refer to its pages
 * @nr: number of these entries
 * @lim: limits of the disk and the connection
 * @sectors: length of the data, already checked
 *
 * Segments are aligned to intervals, because they are aligned to the logical
 * block size and blkif_pi_make() accepts no interval larger than that.
 *
 * Return: BLKIF_GOOD or the first fault.  After BLKIF_GOOD, @nr is at most
 * BLKIF_PI_MAX_PAGES.
 */
static inline enum blkif_verdict
blkif_check_pi(const struct blkif_seg *entry, unsigned int nr,
	       const struct blkif_limits *lim, u32 sectors)
{
	unsigned int i;

	if (nr != blkif_pi_pages(lim->pi_interval, sectors))
		return BLKIF_BAD_PI;
	for (i = 0; i < nr; i++) {
		if (entry[i].sector | entry[i].first | entry[i].last |
		    entry[i].reserved)
			return BLKIF_BAD_FLAGS;
	}
	return BLKIF_GOOD;
}

/**
 * blkif_id() - compose the id of a request
 * @tag: index of the request in the frontend's table
 * @gen: generation, which differs each time the tag is used
 *
 * Return: the id.
 */
static inline u64 blkif_id(u32 tag, u32 gen)
{
	return (u64)gen << 32 | tag;
}

/**
 * blkif_id_tag() - index of a request in the frontend's table
 * @id: id of the request
 *
 * Return: the index, unchecked.
 */
static inline u32 blkif_id_tag(u64 id)
{
	return (u32)id;
}

/**
 * blkif_id_gen() - generation of a request
 * @id: id of the request
 *
 * Return: the generation.
 */
static inline u32 blkif_id_gen(u64 id)
{
	return (u32)(id >> 32);
}

#endif /* _XEN_BLKIF_CHECK_H */
