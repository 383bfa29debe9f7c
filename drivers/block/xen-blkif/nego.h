/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Negotiation: the backend offers, the frontend chooses, the backend accepts
 * or says why not.  All of it is worked out anew at every connection.
 */

#ifndef _XEN_BLKIF_NEGO_H
#define _XEN_BLKIF_NEGO_H

#include <linux/errno.h>
#include "ring.h"

/* What a peer that has written no key offers. */
#define BLKIF_DEFAULT_QUEUES	1

/* No peer has a reason for more; bounds what a key can make us allocate. */
#define BLKIF_MAX_QUEUES	256

/**
 * struct blkif_offer - what a side can do
 * @max_queues: pairs of ring and event channel
 * @max_ring_order: log2 of the pages of a ring
 * @max_indirect_segs: segments of an indirect request, 0 for none
 * @persistent: grants may stay mapped
 *
 * The backend's comes from its keys; the frontend's own from its parameters.
 */
struct blkif_offer {
	u32 max_queues;
	u32 max_ring_order;
	u32 max_indirect_segs;
	bool persistent;
};

/**
 * struct blkif_choice - what the frontend asks for
 * @abi: layout of the slots
 * @nr_queues: at least 1
 * @ring_order: log2 of the pages of a ring
 * @persistent: grants may stay mapped
 */
struct blkif_choice {
	const struct blkif_abi *abi;
	u32 nr_queues;
	u32 ring_order;
	bool persistent;
};

/**
 * blkif_choose() - the most that both sides can do
 * @theirs: the backend's offer, from its keys, not checked
 * @ours: what this frontend is willing to use
 *
 * Return: the choice, always acceptable to who made the offer.
 */
static inline struct blkif_choice
blkif_choose(const struct blkif_offer *theirs, const struct blkif_offer *ours)
{
	struct blkif_choice choice = {
		.abi = &blkif_abi_native,
		.nr_queues = theirs->max_queues,
		.ring_order = theirs->max_ring_order,
		.persistent = theirs->persistent && ours->persistent,
	};

	if (choice.nr_queues > ours->max_queues)
		choice.nr_queues = ours->max_queues;
	if (choice.nr_queues > BLKIF_MAX_QUEUES)
		choice.nr_queues = BLKIF_MAX_QUEUES;
	if (!choice.nr_queues)
		choice.nr_queues = BLKIF_DEFAULT_QUEUES;
	if (choice.ring_order > ours->max_ring_order)
		choice.ring_order = ours->max_ring_order;
	if (choice.ring_order > BLKIF_MAX_RING_ORDER)
		choice.ring_order = BLKIF_MAX_RING_ORDER;
	return choice;
}

/**
 * blkif_choose_segs() - segments of the largest request
 * @theirs: the backend's offer, from its keys, not checked
 * @ours: what this frontend is willing to use
 *
 * Return: BLKIF_MAX_INLINE if indirect requests are no gain, else how many.
 */
static inline u32 blkif_choose_segs(const struct blkif_offer *theirs,
				    const struct blkif_offer *ours)
{
	u32 segs = theirs->max_indirect_segs;

	if (segs > ours->max_indirect_segs)
		segs = ours->max_indirect_segs;
	if (segs > BLKIF_MAX_TABLES * BLKIF_ENTRIES_PER_TABLE)
		segs = BLKIF_MAX_TABLES * BLKIF_ENTRIES_PER_TABLE;
	return segs > BLKIF_MAX_INLINE ? segs : BLKIF_MAX_INLINE;
}

/**
 * blkif_refuse() - does a frontend ask for more than it was offered?
 * @choice: what it asks for, from its keys
 * @offer: what this backend offered
 *
 * One queue of one page is what every peer can do, whatever was offered.
 *
 * Return: NULL if all is in order, else the reason in words.
 */
static inline const char *blkif_refuse(const struct blkif_choice *choice,
				       const struct blkif_offer *offer)
{
	if (!choice->abi)
		return "unknown protocol";
	if (!choice->nr_queues)
		return "multi-queue-num-queues is zero";
	if (choice->nr_queues > BLKIF_DEFAULT_QUEUES &&
	    (choice->nr_queues > offer->max_queues ||
	     choice->nr_queues > BLKIF_MAX_QUEUES))
		return "more queues than offered";
	if (choice->ring_order > offer->max_ring_order ||
	    choice->ring_order > BLKIF_MAX_RING_ORDER)
		return "more ring pages than offered";
	return NULL;
}

/**
 * blkif_parse_uint() - read the value of a key
 * @s: the text, decimal digits and nothing else
 * @val: set if it is good
 *
 * Return: 0, -EINVAL if it is not a number, -ERANGE if it is over 2^32 - 1.
 */
static inline int blkif_parse_uint(const char *s, u32 *val)
{
	u64 sum = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		sum = sum * 10 + (*s - '0');
		if (sum > 0xffffffffU)
			return -ERANGE;
	}
	*val = sum;
	return 0;
}

#endif /* _XEN_BLKIF_NEGO_H */
