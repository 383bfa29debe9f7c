/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting ranges that are to be discarded or zeroed into bios.  Pure.
 */

#ifndef _XEN_BLKBACK_RANGE_H
#define _XEN_BLKBACK_RANGE_H

#include <linux/math64.h>
#include "../xen-blkif/cmd.h"

/**
 * struct range_cut - what a disk takes at a time; all in 512-byte units
 * @max: most of it, at least one granule
 * @granule: a bio begins and ends where a granule does
 * @first: where the first granule begins, below @granule
 */
struct range_cut {
	u32 max;
	u32 granule;
	u32 first;
};

/**
 * range_cut_off() - how much of a range to do with the next bio
 * @range: the rest of the range, not empty
 * @cut: what the disk takes
 *
 * All bios of a range but the first begin where a granule does.
 *
 * Return: 512-byte units, at least 1.
 */
static inline u32 range_cut_off(const struct blkif_range *range,
				const struct range_cut *cut)
{
	u32 over;

	if (range->nr_sectors <= cut->max)
		return range->nr_sectors;
	div_u64_rem(range->sector + cut->max + cut->granule - cut->first,
		    cut->granule, &over);
	/* If no granule ends within @max, it is cut anywhere. */
	return over < cut->max ? cut->max - over : cut->max;
}

#endif /* _XEN_BLKBACK_RANGE_H */
