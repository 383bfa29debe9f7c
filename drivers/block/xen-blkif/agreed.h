/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The result of negotiation as both drivers show it: a line in the log and the
 * files of "negotiated" in sysfs.
 */

#ifndef _XEN_BLKIF_AGREED_H
#define _XEN_BLKIF_AGREED_H

#include <linux/device.h>
#include <linux/sysfs.h>
#include "nego.h"
#include "ops.h"
#include "pi.h"

/**
 * struct blkif_attr - attribute of a table of attributes
 * @dev: the attribute
 * @key: tells the function that shows it which one it is
 */
struct blkif_attr {
	struct device_attribute dev;
	size_t key;
};

/*
 * Element of an array of attributes.  The compound literal has the lifetime of
 * the array, which is static.
 */
#define BLKIF_ATTR(_name, _show, _key)					\
	(&((struct blkif_attr) {					\
		.dev = __ATTR(_name, 0444, _show, NULL),		\
		.key = (_key),						\
	}).dev.attr)

/**
 * blkif_attr_key() - key of an attribute that BLKIF_ATTR() made
 * @attr: the attribute
 *
 * Return: its key.
 */
static inline size_t blkif_attr_key(const struct device_attribute *attr)
{
	return container_of(attr, const struct blkif_attr, dev)->key;
}

/**
 * struct blkif_agreed - result of the negotiation of a connection
 * @choice: the frontend's choice
 * @max_segs: most segments of a request
 * @ops: operations besides reads, writes and flushes
 * @pi: protection information that requests may carry
 * @data: how data moves, for the log
 * @flush: how caches are flushed, for the log
 */
struct blkif_agreed {
	struct blkif_choice choice;
	u32 max_segs;
	struct blkif_ops ops;
	struct blkif_pi pi;
	const char *data;
	const char *flush;
};

/**
 * blkif_agreed_log() - log the result of negotiation
 * @dev: the device
 * @name: what the line begins with: the name of the disk or an event
 * @agreed: the result
 */
static inline void blkif_agreed_log(struct device *dev, const char *name,
				    const struct blkif_agreed *agreed)
{
	const struct blkif_layout *layout = &agreed->choice.layout;

	dev_info(dev,
		 "%s: %s requests, %s, queues: %u, slots: %u (order %u), segments: %u, data: %s, flush: %s, FUA: %s, discard: %s, zeroes: %s, integrity: %s\n",
		 name, layout->abi->name, blkif_layout_name(layout),
		 agreed->choice.nr_queues, blkif_layout_slots(layout),
		 layout->order, agreed->max_segs, agreed->data, agreed->flush,
		 agreed->ops.fua ? "yes" : "no",
		 blkif_discard_name(&agreed->ops),
		 agreed->ops.zeroes ? "yes" : "no",
		 blkif_pi_name(&agreed->pi));
}

/* One for each file of the group. */
enum blkif_agreed_key {
	BLKIF_AGREED_FORMAT,
	BLKIF_AGREED_LAYOUT,
	BLKIF_AGREED_ALIGN,
	BLKIF_AGREED_ORDER,
	BLKIF_AGREED_SLOTS,
	BLKIF_AGREED_QUEUES,
	BLKIF_AGREED_SEGS,
	BLKIF_AGREED_PERSISTENT,
	BLKIF_AGREED_FUA,
	BLKIF_AGREED_DISCARD,
	BLKIF_AGREED_SECURE,
	BLKIF_AGREED_RANGES,
	BLKIF_AGREED_ZEROES,
	BLKIF_AGREED_PI,
};

/* The files of the group "negotiated"; @show calls blkif_agreed_emit(). */
#define BLKIF_AGREED_ATTRS(show)					\
	BLKIF_ATTR(request_format, show, BLKIF_AGREED_FORMAT),		\
	BLKIF_ATTR(ring_layout, show, BLKIF_AGREED_LAYOUT),		\
	BLKIF_ATTR(ring_alignment, show, BLKIF_AGREED_ALIGN),		\
	BLKIF_ATTR(ring_page_order, show, BLKIF_AGREED_ORDER),		\
	BLKIF_ATTR(slots, show, BLKIF_AGREED_SLOTS),			\
	BLKIF_ATTR(queues, show, BLKIF_AGREED_QUEUES),			\
	BLKIF_ATTR(max_segments, show, BLKIF_AGREED_SEGS),		\
	BLKIF_ATTR(persistent_grants, show, BLKIF_AGREED_PERSISTENT),	\
	BLKIF_ATTR(fua, show, BLKIF_AGREED_FUA),			\
	BLKIF_ATTR(discard, show, BLKIF_AGREED_DISCARD),		\
	BLKIF_ATTR(discard_secure, show, BLKIF_AGREED_SECURE),		\
	BLKIF_ATTR(discard_ranges, show, BLKIF_AGREED_RANGES),		\
	BLKIF_ATTR(write_zeroes, show, BLKIF_AGREED_ZEROES),		\
	BLKIF_ATTR(integrity, show, BLKIF_AGREED_PI)

static inline u32 blkif_agreed_number(const struct blkif_agreed *agreed,
				      enum blkif_agreed_key key)
{
	const struct blkif_layout *layout = &agreed->choice.layout;

	switch (key) {
	case BLKIF_AGREED_ALIGN:
		return layout->align;
	case BLKIF_AGREED_ORDER:
		return layout->order;
	case BLKIF_AGREED_SLOTS:
		return blkif_layout_slots(layout);
	case BLKIF_AGREED_QUEUES:
		return agreed->choice.nr_queues;
	case BLKIF_AGREED_SEGS:
		return agreed->max_segs;
	case BLKIF_AGREED_PERSISTENT:
		return agreed->choice.persistent;
	case BLKIF_AGREED_FUA:
		return agreed->ops.fua;
	case BLKIF_AGREED_DISCARD:
		return agreed->ops.discard;
	case BLKIF_AGREED_SECURE:
		return agreed->ops.secure;
	case BLKIF_AGREED_RANGES:
		return agreed->ops.max_ranges;
	case BLKIF_AGREED_ZEROES:
		return agreed->ops.zeroes;
	default:
		return 0;
	}
}

/**
 * blkif_agreed_emit() - show a file of the group "negotiated"
 * @buf: a page
 * @key: the file
 * @agreed: the result of negotiation
 *
 * Return: the length of the content.
 */
static inline ssize_t blkif_agreed_emit(char *buf, enum blkif_agreed_key key,
					const struct blkif_agreed *agreed)
{
	const struct blkif_layout *layout = &agreed->choice.layout;

	switch (key) {
	case BLKIF_AGREED_FORMAT:
		return sysfs_emit(buf, "%s\n", layout->abi->name);
	case BLKIF_AGREED_LAYOUT:
		return sysfs_emit(buf, "%s\n",
				  layout->separate ? "separate" : "shared");
	case BLKIF_AGREED_PI:
		return sysfs_emit(buf, "%s\n", blkif_pi_name(&agreed->pi));
	default:
		return sysfs_emit(buf, "%u\n",
				  blkif_agreed_number(agreed, key));
	}
}

#endif /* _XEN_BLKIF_AGREED_H */
