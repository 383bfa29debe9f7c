/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting up what is to be discarded or zeroed.  Pure, as the headers of
 * xen-blkif.
 */

#ifndef _XEN_BLKBACK_RANGE_H
#define _XEN_BLKBACK_RANGE_H

#include <linux/math64.h>
#include "../xen-blkif/cmd.h"

/**
 * struct range_cut - how a disk likes to be told
 * @max: most 512-byte units at a time, at least one granule
 * @granule: pieces begin and end where granules do, in 512-byte units
 * @first: where the first granule begins, likewise, below @granule
 */
struct range_cut {
	u32 max;
	u32 granule;
	u32 first;
};

/**
 * range_cut_off() - how much of a range to do next
 * @range: what is left, not empty
 * @cut: see there
 *
 * All but the first piece of a range begin with a granule.
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
	/* What is smaller than a granule is all that lies in the first. */
	return over < cut->max ? cut->max - over : cut->max;
}

#endif /* _XEN_BLKBACK_RANGE_H */
