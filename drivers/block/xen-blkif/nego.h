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
 * @max_indirect_segs: segments of an indirect request of the existing format,
 *                     0 for none
 * @max_slim_entries: entries of an indirect slim request, 0 for none
 * @max_align: line size of separate rings, 64 or 128
 * @persistent: grants may stay mapped
 * @slim: slim requests
 * @separate: separate rings, of slim requests
 *
 * The backend's comes from its keys; the frontend's own from its parameters.
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
 * struct blkif_choice - what the frontend asks for
 * @layout: of the rings
 * @nr_queues: at least 1
 * @persistent: grants may stay mapped
 */
struct blkif_choice {
	struct blkif_layout layout;
	u32 nr_queues;
	bool persistent;
};

static inline u32 blkif_least(u32 a, u32 b, u32 c)
{
	u32 least = a < b ? a : b;

	return least < c ? least : c;
}

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
 * blkif_choose_segs() - segments of the largest request
 * @abi: what was chosen
 * @theirs: the backend's offer, from its keys, not checked
 * @ours: what this frontend is willing to use
 *
 * Return: what fits into a slot if indirect requests are no gain, else more.
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
	/* 64 is what all that have separate rings can do. */
	if (layout->align != 64 &&
	    (layout->align != 128 || offer->max_align < 128))
		return "a ring alignment that was not offered";
	return NULL;
}

/**
 * blkif_refuse() - does a frontend ask for more than it was offered?
 * @choice: what it asks for, from its keys
 * @offer: what this backend offered
 *
 * One queue is what every peer can do, whatever was offered.
 *
 * Return: NULL if all is in order, else what it asks for, in words.
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
