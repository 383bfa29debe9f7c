/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Optional operations (FUA, discard, write zeroes) and hints about the disk:
 * what the frontend uses of a backend's offer.
 */

#ifndef _XEN_BLKIF_OPS_H
#define _XEN_BLKIF_OPS_H

#include "abi.h"

/* The block layer keeps the length of a request in 32 bits, in bytes. */
#define BLKIF_MAX_RANGE_SECTORS		(0xffffffffU >> BLKIF_SECTOR_SHIFT)

/* An optimal I/O size larger than this is not plausible. */
#define BLKIF_MAX_OPT_BYTES		(32U << 20)

/**
 * struct blkif_ops - optional operations that a side supports
 * @fua: writes that are durable when they are answered
 * @discard: discards
 * @secure: secure erase, a discard with BLKIF_DISCARD_SECURE
 * @zeroes: writes of zeroes
 * @max_discard: most 512-byte units of a discarded range, 0 for no limit
 * @max_zeroes: likewise of a write of zeroes
 * @max_ranges: most ranges of a discard; 0 means 1
 * @granularity: discard granularity in bytes, 0 if unknown
 * @alignment: offset of the first granule in bytes
 */
struct blkif_ops {
	bool fua;
	bool discard;
	bool secure;
	bool zeroes;
	u32 max_discard;
	u32 max_zeroes;
	u32 max_ranges;
	u32 granularity;
	u32 alignment;
};

/**
 * blkif_discard_name() - describe the support of discards
 * @ops: operations that were agreed
 *
 * Return: a word for the log.
 */
static inline const char *blkif_discard_name(const struct blkif_ops *ops)
{
	if (!ops->discard)
		return "no";
	return ops->secure ? "secure" : "yes";
}

/* Rounded down to whole blocks, and limited to what a request can have. */
static inline u32 blkif_usable_sectors(u32 max, u32 block_size)
{
	u32 block = block_size >> BLKIF_SECTOR_SHIFT;

	if (!max || max > BLKIF_MAX_RANGE_SECTORS)
		max = BLKIF_MAX_RANGE_SECTORS;
	return max & ~(block - 1);
}

/**
 * blkif_choose_ops() - choose the operations that the frontend uses
 * @abi: the ABI that was chosen
 * @theirs: the backend's offer, from its keys, unchecked
 * @ours: the frontend's capabilities: the flags and @max_ranges
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: the operations.  The maximum of each that is used is not zero.
 * Maxima, granularity and alignment are multiples of the block size.
 */
static inline struct blkif_ops
blkif_choose_ops(const struct blkif_abi *abi, const struct blkif_ops *theirs,
		 const struct blkif_ops *ours, u32 block_size)
{
	u32 ranges = theirs->max_ranges < ours->max_ranges ?
		     theirs->max_ranges : ours->max_ranges;
	struct blkif_ops ops = {
		.fua = abi->slim && theirs->fua && ours->fua,
		.max_discard = blkif_usable_sectors(theirs->max_discard,
						    block_size),
		.max_zeroes = blkif_usable_sectors(theirs->max_zeroes,
						   block_size),
		.max_ranges = 1,
		.granularity = theirs->granularity,
		.alignment = theirs->alignment,
	};

	/* A limit of less than a block leaves nothing to use. */
	ops.discard = theirs->discard && ours->discard && ops.max_discard;
	ops.secure = ops.discard && theirs->secure && ours->secure;
	ops.zeroes = abi->slim && theirs->zeroes && ours->zeroes &&
		     ops.max_zeroes;
	if (ops.discard && abi->slim && ranges > 1)
		ops.max_ranges = ranges < BLKIF_SLIM_MAX_RANGES ?
				 ranges : BLKIF_SLIM_MAX_RANGES;
	/*
	 * Granules must be whole blocks and fit into a discard: the block layer
	 * issues no discard that is smaller than a granule.
	 */
	if (!ops.granularity || ops.granularity & (block_size - 1) ||
	    ops.granularity >> BLKIF_SECTOR_SHIFT > ops.max_discard) {
		ops.granularity = block_size;
		ops.alignment = 0;
	}
	if (ops.alignment & (block_size - 1) ||
	    ops.alignment >= ops.granularity)
		ops.alignment = 0;
	return ops;
}

/**
 * blkif_usable_opt() - check the hint for the optimal I/O size
 * @bytes: the backend's hint, unchecked
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: the hint, or 0 if it is not plausible.
 */
static inline u32 blkif_usable_opt(u32 bytes, u32 block_size)
{
	return bytes & (block_size - 1) || bytes > BLKIF_MAX_OPT_BYTES ?
	       0 : bytes;
}

#endif /* _XEN_BLKIF_OPS_H */
