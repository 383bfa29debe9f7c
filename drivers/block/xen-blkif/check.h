/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of what a peer sent.  Each takes private copies only and returns a
 * verdict; what follows from the verdict is the caller's business.
 */

#ifndef _XEN_BLKIF_CHECK_H
#define _XEN_BLKIF_CHECK_H

#include "abi.h"
#include "pi.h"

/**
 * enum blkif_verdict - what is wrong with a request
 * @BLKIF_GOOD: nothing
 * @BLKIF_BAD_OP: an operation, or a form of it, that does not exist or was not
 *                offered
 * @BLKIF_BAD_NR_SEGS: no segment or range where some are needed, or more than
 *                     allowed
 * @BLKIF_BAD_SEG: first and last unit of a segment are not in order or page
 * @BLKIF_BAD_EXTENT: beyond the end of the disk, or the sum overflows
 * @BLKIF_BAD_ALIGN: not a multiple of the logical block size
 * @BLKIF_BAD_FLAGS: a flag or reserved bit that has no meaning
 * @BLKIF_BAD_PI: not as many pages of protection information as the data needs,
 *                or more entries with them than allowed
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
	BLKIF_BAD_PI,
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
	case BLKIF_BAD_PI:
		return "protection information does not go with the data";
	case BLKIF_READ_ONLY:
		return "write to a read-only disk";
	}
	return "unknown";
}

/**
 * struct blkif_limits - what a request is checked against
 * @capacity: size of the disk, in 512-byte units
 * @ops: bit 1 << BLKIF_OP_* for each operation that is taken
 * @max_segs: most segments of an indirect request, and pages of protection
 *            information; no more than its slot can name the tables of
 * @max_inline: most segments in a slot
 * @max_ranges: most ranges of an indirect discard, 0 if there is none; no more
 *              than its slot can name the pages of
 * @block_sectors: logical block size, in 512-byte units, a power of two
 * @read_only: refuse whatever changes the disk
 * @fua: writes may have BLKIF_SLIM_FUA
 * @secure: discards may have BLKIF_DISCARD_SECURE
 * @pi_interval: bytes of data that go with a tuple of protection information; 0
 *               if there is none
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

/* How many pages there are of what a flag says there is. */
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
 * blkif_check_ranges() - check parts of the disk
 * @range: private copy
 * @nr: how many
 * @lim: of this disk and connection
 *
 * Return: BLKIF_GOOD or the first thing that is wrong.
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
 * blkif_check_cmd() - check all of a request but what stands in its pages
 * @cmd: as decoded
 * @lim: of this disk and connection
 *
 * A good verdict means that @cmd->nr_segs may be used as a count, of @cmd->seg
 * or of entries in the indirect pages, with @cmd->nr_pi more behind them; and
 * that @cmd->sector and @cmd->nr_sectors are good, if it has neither.
 *
 * Return: BLKIF_GOOD or the first thing that is wrong.
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
 * No segment may begin or end inside of a logical block: a bio is cut between
 * two of its pages where they leave a gap, or where it is full, and there are
 * kernels that panic when it is cut in a block.
 *
 * Return: BLKIF_GOOD or the first thing that is wrong.
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
 * blkif_check_pi() - check the pages of protection information of a request
 * @entry: private copy of their entries
 * @nr: how many
 * @lim: of this disk and connection
 * @sectors: length of the data, checked
 *
 * No segment begins or ends inside of an interval, because none does inside of
 * a logical block and blkif_pi_make() has seen to the rest.
 *
 * Return: BLKIF_GOOD or the first thing that is wrong; if good, @nr is at most
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
