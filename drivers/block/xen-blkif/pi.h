/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection information: the kinds of it, how much goes with how much data,
 * and what a frontend may have sent.  blkif.h has the format.
 */

#ifndef _XEN_BLKIF_PI_H
#define _XEN_BLKIF_PI_H

#include <linux/string.h>
#include "cmd.h"

/* A tuple of any of the profiles: guard, application and reference tag. */
#define BLKIF_PI_TUPLE		8U

#define BLKIF_PI_MIN_INTERVAL	512U

/* Pages with tuples of the largest request: of 512 bytes of data each. */
#define BLKIF_PI_MAX_PAGES \
	(BLKIF_MAX_ENTRIES * BLKIF_PI_TUPLE / BLKIF_PI_MIN_INTERVAL)

/**
 * struct blkif_pi_profile - what the tuples of a disk are
 * @name: the block layer's, and in XenStore
 * @ip: guard tags are IP checksums, and not CRCs
 * @ref: reference tags count intervals, and not anything
 */
struct blkif_pi_profile {
	const char *name;
	bool ip;
	bool ref;
};

/* The last has no name. */
static const struct blkif_pi_profile blkif_pi_profiles[] = {
	{ "T10-DIF-TYPE1-CRC", false, true },
	{ "T10-DIF-TYPE3-CRC", false, false },
	{ "T10-DIF-TYPE1-IP", true, true },
	{ "T10-DIF-TYPE3-IP", true, false },
	{ NULL, false, false },
};

/**
 * struct blkif_pi - the protection information of a disk
 * @profile: NULL if it has none
 * @interval: bytes of data that a tuple goes with, a power of two, at least
 *            BLKIF_PI_MIN_INTERVAL and at most a logical block
 */
struct blkif_pi {
	const struct blkif_pi_profile *profile;
	u32 interval;
};

/** blkif_pi_profile() - the profile of such tuples */
static inline const struct blkif_pi_profile *blkif_pi_profile(bool ip, bool ref)
{
	const struct blkif_pi_profile *profile = blkif_pi_profiles;

	while (profile->ip != ip || profile->ref != ref)
		profile++;
	return profile;
}

/** blkif_pi_by_name() - the profile that a key names, or NULL */
static inline const struct blkif_pi_profile *blkif_pi_by_name(const char *name)
{
	const struct blkif_pi_profile *profile = blkif_pi_profiles;

	while (profile->name && strcmp(name, profile->name))
		profile++;
	return profile->name ? profile : NULL;
}

/** blkif_pi_name() - its name, for the log */
static inline const char *blkif_pi_name(const struct blkif_pi *pi)
{
	return pi->profile ? pi->profile->name : "none";
}

/** blkif_pi_same() - do these say the same of a disk? */
static inline bool blkif_pi_same(const struct blkif_pi *a,
				 const struct blkif_pi *b)
{
	return a->profile == b->profile && a->interval == b->interval;
}

/**
 * blkif_pi_make() - the protection information of a disk, if it is usable
 * @profile: or NULL
 * @interval: bytes of data that a tuple goes with, not checked
 * @tuple_size: bytes of a tuple, likewise
 * @block_size: logical block size in bytes, a power of two
 *
 * Return: @profile and @interval, or nothing if there is something wrong.
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

/** blkif_pi_bytes() - length of the tuples of @sectors 512-byte units */
static inline u32 blkif_pi_bytes(u32 interval, u32 sectors)
{
	return sectors / (interval >> BLKIF_SECTOR_SHIFT) * BLKIF_PI_TUPLE;
}

/** blkif_pi_pages() - pages that they take */
static inline u32 blkif_pi_pages(u32 interval, u32 sectors)
{
	return (blkif_pi_bytes(interval, sectors) + BLKIF_PAGE_SIZE - 1) /
	       BLKIF_PAGE_SIZE;
}

/**
 * blkif_pi_room() - data whose tuples fit into the rest of their page
 * @interval: bytes of data that a tuple goes with
 * @offset: where their first byte is, of all of the request
 *
 * Return: bytes, at least @interval.
 */
static inline u32 blkif_pi_room(u32 interval, u32 offset)
{
	return (BLKIF_PAGE_SIZE - offset % BLKIF_PAGE_SIZE) / BLKIF_PI_TUPLE *
	       interval;
}

/**
 * blkif_pi_max_segs() - segments of a request that has protection information
 * @interval: bytes of data that a tuple goes with
 * @entries: that a request may have
 *
 * Return: the most, if all of them are whole pages; then there is an entry for
 * each page of tuples, too.
 */
static inline u32 blkif_pi_max_segs(u32 interval, u32 entries)
{
	/* As many pages of data, and one of their tuples. */
	u32 group = interval / BLKIF_PI_TUPLE + 1;

	return entries - (entries + group - 1) / group;
}

#endif /* _XEN_BLKIF_PI_H */
