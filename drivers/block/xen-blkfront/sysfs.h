/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the frontend shows in the directory of its xenbus device: what was
 * negotiated, and what its rings did.
 */

#ifndef _XEN_BLKFRONT_SYSFS_H
#define _XEN_BLKFRONT_SYSFS_H

#include <linux/sysfs.h>
#include "wire.h"

/* All rings of a connection; they are not kept over the next. */
struct blkfront_counts {
	u64 requests;
	u64 responses;
	u64 notifications;
	u64 interrupts;
	u64 bounced;
};

/* -ENOTCONN while there are no rings. */
static inline int blkfront_read_counts(struct device *device,
				       struct blkfront_counts *sum)
{
	struct blkfront_info *info = dev_get_drvdata(device);
	unsigned int i;

	memset(sum, 0, sizeof(*sum));
	mutex_lock(&info->mutex);
	for (i = 0; i < info->nr_rings; i++) {
		const struct blkfront_ring *ring = &info->rings[i];

		sum->requests += READ_ONCE(ring->requests);
		sum->responses += READ_ONCE(ring->responses);
		sum->notifications += READ_ONCE(ring->notifications);
		sum->interrupts += READ_ONCE(ring->interrupts);
		sum->bounced += READ_ONCE(ring->bounced);
	}
	mutex_unlock(&info->mutex);
	return i ? 0 : -ENOTCONN;
}

static inline int blkfront_read_agreed(struct device *device,
				       struct blkfront_agreed *agreed)
{
	struct blkfront_info *info = dev_get_drvdata(device);
	bool connected;

	mutex_lock(&info->mutex);
	connected = info->nr_rings;
	*agreed = info->agreed;
	mutex_unlock(&info->mutex);
	return connected ? 0 : -ENOTCONN;
}

#define BLKFRONT_ATTR(name, type, read, format, value)			\
static ssize_t name##_show(struct device *device,			\
			   struct device_attribute *attr, char *buf)	\
{									\
	type got;							\
	int err;							\
									\
	err = read(device, &got);					\
	if (err)							\
		return err;						\
	return sysfs_emit(buf, format "\n", value);			\
}									\
static DEVICE_ATTR_RO(name)

#define BLKFRONT_COUNT(name)						\
	BLKFRONT_ATTR(name, struct blkfront_counts, blkfront_read_counts, \
		      "%llu", got.name)

BLKFRONT_COUNT(requests);
BLKFRONT_COUNT(responses);
BLKFRONT_COUNT(notifications);
BLKFRONT_COUNT(interrupts);
BLKFRONT_COUNT(bounced);

static struct attribute *blkfront_ring_attrs[] = {
	&dev_attr_requests.attr,
	&dev_attr_responses.attr,
	&dev_attr_notifications.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_bounced.attr,
	NULL
};

static const struct attribute_group blkfront_ring_group = {
	.name = "rings",
	.attrs = blkfront_ring_attrs,
};

#define BLKFRONT_AGREED(name, format, value)				\
	BLKFRONT_ATTR(name, struct blkfront_agreed, blkfront_read_agreed, \
		      format, value)

BLKFRONT_AGREED(request_format, "%s", got.choice.layout.abi->name);
BLKFRONT_AGREED(ring_layout, "%s",
		got.choice.layout.split ? "split" : "shared");
BLKFRONT_AGREED(ring_alignment, "%u", got.choice.layout.align);
BLKFRONT_AGREED(ring_page_order, "%u", got.choice.layout.order);
BLKFRONT_AGREED(slots, "%u", blkfront_wire_slots(&got.choice));
BLKFRONT_AGREED(queues, "%u", got.choice.nr_queues);
BLKFRONT_AGREED(max_segments, "%u", got.max_segs);
BLKFRONT_AGREED(persistent_grants, "%u", got.choice.persistent);

static struct attribute *blkfront_agreed_attrs[] = {
	&dev_attr_request_format.attr,
	&dev_attr_ring_layout.attr,
	&dev_attr_ring_alignment.attr,
	&dev_attr_ring_page_order.attr,
	&dev_attr_slots.attr,
	&dev_attr_queues.attr,
	&dev_attr_max_segments.attr,
	&dev_attr_persistent_grants.attr,
	NULL
};

static const struct attribute_group blkfront_agreed_group = {
	.name = "negotiated",
	.attrs = blkfront_agreed_attrs,
};

static const struct attribute_group *blkfront_groups[] = {
	&blkfront_ring_group,
	&blkfront_agreed_group,
	NULL
};

#endif /* _XEN_BLKFRONT_SYSFS_H */
