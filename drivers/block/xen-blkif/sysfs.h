/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both drivers show in sysfs in the same way: counts, one line of a table
 * each, and what was negotiated.  For the kernel only.
 */

#ifndef _XEN_BLKIF_SYSFS_H
#define _XEN_BLKIF_SYSFS_H

#include <linux/device.h>
#include <linux/sysfs.h>
#include "nego.h"
#include "ops.h"
#include "pi.h"

/**
 * struct blkif_attr - one attribute of a table of them
 * @dev: as sysfs knows it
 * @what: which one it is, to the function that shows it
 */
struct blkif_attr {
	struct device_attribute dev;
	size_t what;
};

/* An element of an array of attributes; each of them is there as long as it. */
#define BLKIF_ATTR(_name, _show, _what)					\
	(&((struct blkif_attr) {					\
		.dev = __ATTR(_name, 0444, _show, NULL),		\
		.what = (_what),					\
	}).dev.attr)

static inline size_t blkif_attr_what(const struct device_attribute *attr)
{
	return container_of(attr, const struct blkif_attr, dev)->what;
}

/**
 * struct blkif_agreed - what a connection is like
 * @choice: what the frontend chose
 * @max_segs: segments of the largest request
 * @ops: operations besides reading, writing and flushing
 * @pi: protection information that requests may have
 */
struct blkif_agreed {
	struct blkif_choice choice;
	u32 max_segs;
	struct blkif_ops ops;
	struct blkif_pi pi;
};

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

/* By each driver: what was agreed; -ENOTCONN while there is no connection. */
static int blkif_agreed_read(struct device *dev, struct blkif_agreed *agreed);

static ssize_t blkif_agreed_emit(char *buf, enum blkif_agreed_key key,
				 const struct blkif_agreed *agreed)
{
	const struct blkif_layout *layout = &agreed->choice.layout;

	switch (key) {
	case BLKIF_AGREED_FORMAT:
		return sysfs_emit(buf, "%s\n", layout->abi->name);
	case BLKIF_AGREED_LAYOUT:
		return sysfs_emit(buf, "%s\n",
				  layout->separate ? "split" : "shared");
	case BLKIF_AGREED_ALIGN:
		return sysfs_emit(buf, "%u\n", layout->align);
	case BLKIF_AGREED_ORDER:
		return sysfs_emit(buf, "%u\n", layout->order);
	case BLKIF_AGREED_SLOTS:
		return sysfs_emit(buf, "%u\n", blkif_layout_slots(layout));
	case BLKIF_AGREED_QUEUES:
		return sysfs_emit(buf, "%u\n", agreed->choice.nr_queues);
	case BLKIF_AGREED_SEGS:
		return sysfs_emit(buf, "%u\n", agreed->max_segs);
	case BLKIF_AGREED_PERSISTENT:
		return sysfs_emit(buf, "%u\n", agreed->choice.persistent);
	case BLKIF_AGREED_FUA:
		return sysfs_emit(buf, "%u\n", agreed->ops.fua);
	case BLKIF_AGREED_DISCARD:
		return sysfs_emit(buf, "%u\n", agreed->ops.discard);
	case BLKIF_AGREED_SECURE:
		return sysfs_emit(buf, "%u\n", agreed->ops.secure);
	case BLKIF_AGREED_RANGES:
		return sysfs_emit(buf, "%u\n", agreed->ops.max_ranges);
	case BLKIF_AGREED_ZEROES:
		return sysfs_emit(buf, "%u\n", agreed->ops.zeroes);
	case BLKIF_AGREED_PI:
		return sysfs_emit(buf, "%s\n", blkif_pi_name(&agreed->pi));
	}
	return -EINVAL;
}

static ssize_t blkif_agreed_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct blkif_agreed agreed;
	int err = blkif_agreed_read(dev, &agreed);

	return err ? err : blkif_agreed_emit(buf, blkif_attr_what(attr),
					     &agreed);
}

static struct attribute *blkif_agreed_attrs[] = {
	BLKIF_ATTR(request_format, blkif_agreed_show, BLKIF_AGREED_FORMAT),
	BLKIF_ATTR(ring_layout, blkif_agreed_show, BLKIF_AGREED_LAYOUT),
	BLKIF_ATTR(ring_alignment, blkif_agreed_show, BLKIF_AGREED_ALIGN),
	BLKIF_ATTR(ring_page_order, blkif_agreed_show, BLKIF_AGREED_ORDER),
	BLKIF_ATTR(slots, blkif_agreed_show, BLKIF_AGREED_SLOTS),
	BLKIF_ATTR(queues, blkif_agreed_show, BLKIF_AGREED_QUEUES),
	BLKIF_ATTR(max_segments, blkif_agreed_show, BLKIF_AGREED_SEGS),
	BLKIF_ATTR(persistent_grants, blkif_agreed_show,
		   BLKIF_AGREED_PERSISTENT),
	BLKIF_ATTR(fua, blkif_agreed_show, BLKIF_AGREED_FUA),
	BLKIF_ATTR(discard, blkif_agreed_show, BLKIF_AGREED_DISCARD),
	BLKIF_ATTR(discard_secure, blkif_agreed_show, BLKIF_AGREED_SECURE),
	BLKIF_ATTR(discard_ranges, blkif_agreed_show, BLKIF_AGREED_RANGES),
	BLKIF_ATTR(write_zeroes, blkif_agreed_show, BLKIF_AGREED_ZEROES),
	BLKIF_ATTR(integrity, blkif_agreed_show, BLKIF_AGREED_PI),
	NULL
};

static const struct attribute_group blkif_agreed_group = {
	.name = "negotiated",
	.attrs = blkif_agreed_attrs,
};

#endif /* _XEN_BLKIF_SYSFS_H */
