/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Negotiation: the backend offers, the frontend chooses, and the backend
 * accepts the choice or refuses it.  This happens at every connection.
 */

#ifndef _XEN_BLKIF_NEGO_H
#define _XEN_BLKIF_NEGO_H

#include <linux/errno.h>
#include "ring.h"

/* The number of queues of a peer that writes no key. */
#define BLKIF_DEFAULT_QUEUES	1

/* Bounds the memory that a peer's key makes a driver allocate. */
#define BLKIF_MAX_QUEUES	256

/**
 * struct blkif_offer - capabilities of a side
 * @max_queues: most queues
 * @max_ring_order: log2 of the most pages of a ring
 * @max_indirect_segs: most segments of an indirect request of the existing
 *                     format, 0 if it is not supported
 * @max_slim_entries: most entries of an indirect slim request, 0 if it is not
 *                    supported
 * @max_align: largest line size of separate rings, 64 or 128
 * @persistent: persistent grants
 * @slim: slim requests
 * @separate: separate rings, which imply slim requests
 *
 * The backend's capabilities come from its keys, the frontend's from its module
 * parameters.
 */
struct blkif_offer {
	u32 max_queues;
	u32 max_ring_order;
	u32 max_indirect_segs;
	u32 max_slim_entries;
	u32 max_align;
	bool persistent;
	bool slim;
	bool separate;
};

/**
 * struct blkif_choice - the frontend's choice
 * @layout: layout of the rings
 * @nr_queues: number of queues, at least 1
 * @persistent: use persistent grants
 */
struct blkif_choice {
	struct blkif_layout layout;
	u32 nr_queues;
	bool persistent;
};

/* The minimum of three. */
static inline u32 blkif_least(u32 a, u32 b, u32 c)
{
	u32 least = a < b ? a : b;

	return least < c ? least : c;
}

/**
 * blkif_choose() - choose the most that both sides support
 * @theirs: the backend's offer, from its keys, unchecked
 * @ours: the frontend's capabilities
 *
 * Return: a choice that the backend accepts.
 */
static inline struct blkif_choice
blkif_choose(const struct blkif_offer *theirs, const struct blkif_offer *ours)
{
	bool separate = theirs->separate && ours->separate;
	bool slim = separate || (theirs->slim && ours->slim);
	u32 queues = blkif_least(theirs->max_queues, ours->max_queues,
				 BLKIF_MAX_QUEUES);

	return (struct blkif_choice) {
		.layout = {
			.abi = slim ? &blkif_abi_slim : &blkif_abi_native,
			.separate = separate,
			.order = blkif_least(theirs->max_ring_order,
					     ours->max_ring_order,
					     BLKIF_MAX_RING_ORDER),
			.align = blkif_least(theirs->max_align,
					     ours->max_align, 128) < 128 ?
				 64 : 128,
		},
		.nr_queues = queues ? queues : BLKIF_DEFAULT_QUEUES,
		.persistent = theirs->persistent && ours->persistent,
	};
}

/**
 * blkif_choose_segs() - choose the number of segments of the largest request
 * @abi: the ABI that was chosen
 * @theirs: the backend's offer, from its keys, unchecked
 * @ours: the frontend's capabilities
 *
 * Return: the number of segments, at least as many as fit into a slot.
 */
static inline u32 blkif_choose_segs(const struct blkif_abi *abi,
				    const struct blkif_offer *theirs,
				    const struct blkif_offer *ours)
{
	u32 segs = abi->slim ?
		   blkif_least(theirs->max_slim_entries,
			       ours->max_slim_entries, blkif_max_segs(abi)) :
		   blkif_least(theirs->max_indirect_segs,
			       ours->max_indirect_segs, blkif_max_segs(abi));

	return segs > abi->max_inline ? segs : abi->max_inline;
}

static inline const char *
blkif_refuse_layout(const struct blkif_layout *layout,
		    const struct blkif_offer *offer)
{
	if (!layout->abi)
		return "an unknown protocol";
	if (layout->order > offer->max_ring_order ||
	    layout->order > BLKIF_MAX_RING_ORDER)
		return "more ring pages than offered";
	if (!layout->separate)
		return layout->abi->slim && !offer->slim ?
		       "slim requests, which were not offered" : NULL;
	if (!offer->separate)
		return "separate rings, which were not offered";
	if (!layout->abi->slim)
		return "separate rings without slim requests";
	/* Separate rings always support an alignment of 64. */
	if (layout->align != 64 &&
	    (layout->align != 128 || offer->max_align < 128))
		return "a ring alignment that was not offered";
	return NULL;
}

/**
 * blkif_refuse() - check the frontend's choice against the offer
 * @choice: the choice, from the frontend's keys
 * @offer: the backend's offer
 *
 * One queue is accepted whatever was offered.
 *
 * Return: NULL to accept the choice, or what the frontend must not ask for, as
 * a phrase for the log.
 */
static inline const char *blkif_refuse(const struct blkif_choice *choice,
				       const struct blkif_offer *offer)
{
	if (!choice->nr_queues)
		return "no queue";
	if (choice->nr_queues > BLKIF_DEFAULT_QUEUES &&
	    (choice->nr_queues > offer->max_queues ||
	     choice->nr_queues > BLKIF_MAX_QUEUES))
		return "more queues than offered";
	return blkif_refuse_layout(&choice->layout, offer);
}

/**
 * blkif_parse_uint() - parse the value of a key
 * @s: the value, which must consist of decimal digits
 * @val: set on success
 *
 * Return: 0, -EINVAL if it is not a number, or -ERANGE if it exceeds 2^32 - 1.
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
