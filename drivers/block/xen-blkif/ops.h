/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is besides reading, writing and flushing: what a backend says of
 * its disk, what a frontend makes of it.
 */

#ifndef _XEN_BLKIF_OPS_H
#define _XEN_BLKIF_OPS_H

#include "abi.h"

/* What the block layer can ask for by one request: its length is 32 bits. */
#define BLKIF_MAX_RANGE_SECTORS		(0xffffffffU >> BLKIF_SECTOR_SHIFT)

/* Of requests that large, a hint is none any more. */
#define BLKIF_MAX_OPT_BYTES		(32U << 20)

/**
 * struct blkif_ops - operations that a side can do
 * @fua: writes that are durable when they are answered
 * @discard: BLKIF_OP_DISCARD
 * @secure: and so that nothing is left
 * @zeroes: BLKIF_OP_WRITE_ZEROES
 * @max_discard: 512-byte units to discard by one request, 0 for any number
 * @max_zeroes: likewise to zero
 * @max_ranges: ranges of one discard; 0 and 1 are the same
 * @granularity: of discards, in bytes; 0 if it is not known
 * @alignment: where the first granule begins, in bytes
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

/** blkif_discard_name() - how far discards go, in a word, for the log */
static inline const char *blkif_discard_name(const struct blkif_ops *ops)
{
	if (!ops->discard)
		return "no";
	return ops->secure ? "secure" : "yes";
}

/* Whole blocks, and no more than fits into a request. */
static inline u32 blkif_usable_sectors(u32 max, u32 block_size)
{
	u32 block = block_size >> BLKIF_SECTOR_SHIFT;

	if (!max || max > BLKIF_MAX_RANGE_SECTORS)
		max = BLKIF_MAX_RANGE_SECTORS;
	return max & ~(block - 1);
}

/**
 * blkif_choose_ops() - what a frontend may use
 * @abi: the format of its requests
 * @theirs: the backend's offer, from its keys, not checked
 * @ours: what this frontend is willing to use; only the flags and @max_ranges
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: the choice: maxima are not 0 where the operation is to be used, and
 * in whole blocks, as is the granularity.
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

	/* Who takes less than a block takes nothing. */
	ops.discard = theirs->discard && ours->discard && ops.max_discard;
	ops.secure = ops.discard && theirs->secure && ours->secure;
	ops.zeroes = abi->slim && theirs->zeroes && ours->zeroes &&
		     ops.max_zeroes;
	if (ops.discard && abi->slim && ranges > 1)
		ops.max_ranges = ranges < BLKIF_SLIM_MAX_RANGES ?
				 ranges : BLKIF_SLIM_MAX_RANGES;
	/*
	 * Granules that begin inside of blocks are of no use to anybody, and
	 * what is less than one the block layer does not make of a larger bio.
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
 * blkif_usable_opt() - the size of I/O that the disk is best at
 * @bytes: the backend's hint, anything
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: the hint, or 0 if it is none.
 */
static inline u32 blkif_usable_opt(u32 bytes, u32 block_size)
{
	return bytes & (block_size - 1) || bytes > BLKIF_MAX_OPT_BYTES ?
	       0 : bytes;
}

#endif /* _XEN_BLKIF_OPS_H */
