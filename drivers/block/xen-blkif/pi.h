/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection information: its profiles, and how much of it belongs to how much
 * data.  The format is in the public header blkif.h.
 */

#ifndef _XEN_BLKIF_PI_H
#define _XEN_BLKIF_PI_H

#include <linux/string.h>
#include "cmd.h"

/* Bytes of a tuple of any profile: guard, application and reference tag. */
#define BLKIF_PI_TUPLE		8U

#define BLKIF_PI_MIN_INTERVAL	512U

/* Pages with the tuples of the largest request. */
#define BLKIF_PI_MAX_PAGES \
	(BLKIF_MAX_ENTRIES * BLKIF_PI_TUPLE / BLKIF_PI_MIN_INTERVAL)

/**
 * struct blkif_pi_profile - a profile of protection information
 * @name: its name in the block layer and in XenStore
 * @ip: guard tags are IP checksums instead of CRCs
 * @ref: reference tags count intervals instead of being arbitrary
 */
struct blkif_pi_profile {
	const char *name;
	bool ip;
	bool ref;
};

/* The last element has no name and ends the array. */
static const struct blkif_pi_profile blkif_pi_profiles[] = {
	{ "T10-DIF-TYPE1-CRC", false, true },
	{ "T10-DIF-TYPE3-CRC", false, false },
	{ "T10-DIF-TYPE1-IP", true, true },
	{ "T10-DIF-TYPE3-IP", true, false },
	{ NULL, false, false },
};

/**
 * struct blkif_pi - the protection information of a disk
 * @profile: the profile, or NULL if the disk has none
 * @interval: bytes of data per tuple, a power of two from BLKIF_PI_MIN_INTERVAL
 *            to the logical block size
 */
struct blkif_pi {
	const struct blkif_pi_profile *profile;
	u32 interval;
};

/**
 * blkif_pi_profile() - look up a profile by its properties
 * @ip: guard tags are IP checksums
 * @ref: reference tags count intervals
 *
 * Return: the profile.
 */
static inline const struct blkif_pi_profile *blkif_pi_profile(bool ip, bool ref)
{
	const struct blkif_pi_profile *profile = blkif_pi_profiles;

	while (profile->ip != ip || profile->ref != ref)
		profile++;
	return profile;
}

/**
 * blkif_pi_by_name() - look up a profile by its name
 * @name: the name, from a key
 *
 * Return: the profile, or NULL if the name is unknown.
 */
static inline const struct blkif_pi_profile *blkif_pi_by_name(const char *name)
{
	const struct blkif_pi_profile *profile = blkif_pi_profiles;

	while (profile->name && strcmp(name, profile->name))
		profile++;
	return profile->name ? profile : NULL;
}

/**
 * blkif_pi_name() - describe the protection information of a disk
 * @pi: the protection information
 *
 * Return: the name of the profile, or "none".
 */
static inline const char *blkif_pi_name(const struct blkif_pi *pi)
{
	return pi->profile ? pi->profile->name : "none";
}

/**
 * blkif_pi_same() - compare the protection information of two disks
 * @a: one
 * @b: the other
 *
 * Return: true if they are the same.
 */
static inline bool blkif_pi_same(const struct blkif_pi *a,
				 const struct blkif_pi *b)
{
	return a->profile == b->profile && a->interval == b->interval;
}

/**
 * blkif_pi_make() - check the protection information of a disk
 * @profile: the profile, or NULL
 * @interval: bytes of data per tuple, unchecked
 * @tuple_size: bytes of a tuple, unchecked
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: @profile and @interval, or no profile if they cannot be used.
 */
static inline struct blkif_pi
blkif_pi_make(const struct blkif_pi_profile *profile, u32 interval,
	      u32 tuple_size, u32 block_size)
{
	struct blkif_pi pi = { profile, interval };
	struct blkif_pi none = { NULL, 0 };

	if (!profile || tuple_size != BLKIF_PI_TUPLE ||
	    interval < BLKIF_PI_MIN_INTERVAL || interval > block_size ||
	    interval & (interval - 1))
		return none;
	return pi;
}

/**
 * blkif_pi_bytes() - length of the tuples of a request
 * @interval: bytes of data per tuple
 * @sectors: length of the data, in 512-byte units
 *
 * Return: the length in bytes.
 */
static inline u32 blkif_pi_bytes(u32 interval, u32 sectors)
{
	return sectors / (interval >> BLKIF_SECTOR_SHIFT) * BLKIF_PI_TUPLE;
}

/**
 * blkif_pi_pages() - number of pages that hold the tuples of a request
 * @interval: bytes of data per tuple
 * @sectors: length of the data, in 512-byte units
 *
 * Return: the number of pages.
 */
static inline u32 blkif_pi_pages(u32 interval, u32 sectors)
{
	return (blkif_pi_bytes(interval, sectors) + BLKIF_PAGE_SIZE - 1) /
	       BLKIF_PAGE_SIZE;
}

/**
 * blkif_pi_room() - amount of data whose tuples fit into the rest of a page
 * @interval: bytes of data per tuple
 * @offset: offset of the first of these tuples among those of the request
 *
 * Return: bytes of data, at least @interval.
 */
static inline u32 blkif_pi_room(u32 interval, u32 offset)
{
	return (BLKIF_PAGE_SIZE - offset % BLKIF_PAGE_SIZE) / BLKIF_PI_TUPLE *
	       interval;
}

/**
 * blkif_pi_max_segs() - number of segments that leaves room for the tuples
 * @interval: bytes of data per tuple
 * @entries: most indirect entries of a request
 *
 * Return: the most segments, each a whole page, for which the indirect entries
 * of segments and of pages with tuples together are at most @entries.
 */
static inline u32 blkif_pi_max_segs(u32 interval, u32 entries)
{
	/* A page of tuples and the pages of data that it covers. */
	u32 group = interval / BLKIF_PI_TUPLE + 1;

	return entries - (entries + group - 1) / group;
}

#endif /* _XEN_BLKIF_PI_H */
