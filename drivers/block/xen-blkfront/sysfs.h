/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the frontend shows in the directory of its xenbus device: what was
 * negotiated, and what its rings did.
 *
 * Whoever reads holds info->mutex, under which rings come and go; and the
 * attributes go, and with them who reads, before the driver lets the disk go.
 */

#ifndef _XEN_BLKFRONT_SYSFS_H
#define _XEN_BLKFRONT_SYSFS_H

#include "../xen-blkif/sysfs.h"
#include "stats.h"

static ssize_t blkfront_count_show(struct device *device,
				   struct device_attribute *attr, char *buf)
{
	struct blkfront_info *info = dev_get_drvdata(device);
	struct blkfront_counts sum;
	unsigned int i;

	mutex_lock(&info->mutex);
	sum = info->counts;
	for (i = 0; i < info->nr_rings; i++)
		blkfront_counts_add(&sum, &info->rings[i]);
	mutex_unlock(&info->mutex);
	return sysfs_emit(buf, "%llu\n",
			  *(u64 *)((void *)&sum + blkif_attr_what(attr)));
}

#define BLKFRONT_COUNT(name) BLKIF_ATTR(name, blkfront_count_show, \
					offsetof(struct blkfront_counts, name))

static ssize_t polled_queues_show(struct device *device,
				  struct device_attribute *attr, char *buf)
{
	struct blkfront_info *info = dev_get_drvdata(device);
	unsigned int nr;

	mutex_lock(&info->mutex);
	nr = info->agreed.nr_polled;
	mutex_unlock(&info->mutex);
	return sysfs_emit(buf, "%u\n", nr);
}
static DEVICE_ATTR_RO(polled_queues);

static struct attribute *blkfront_ring_attrs[] = {
	&dev_attr_polled_queues.attr,
	BLKFRONT_COUNT(requests),
	BLKFRONT_COUNT(responses),
	BLKFRONT_COUNT(notifications),
	BLKFRONT_COUNT(interrupts),
	BLKFRONT_COUNT(lost_events),
	BLKFRONT_COUNT(bounced),
	BLKFRONT_COUNT(full),
	BLKFRONT_COUNT(slot_waits),
	BLKFRONT_COUNT(pool_waits),
	BLKFRONT_COUNT(grant_waits),
	BLKFRONT_COUNT(remade),
	NULL
};

static const struct attribute_group blkfront_ring_group = {
	.name = "rings",
	.attrs = blkfront_ring_attrs,
};

static struct attribute *blkfront_error_attrs[] = {
	BLKFRONT_COUNT(io),
	BLKFRONT_COUNT(not_supported),
	BLKFRONT_COUNT(bad_response),
	BLKFRONT_COUNT(unsent),
	NULL
};

static const struct attribute_group blkfront_error_group = {
	.name = "errors",
	.attrs = blkfront_error_attrs,
};

static int blkif_agreed_read(struct device *dev, struct blkif_agreed *agreed)
{
	struct blkfront_info *info = dev_get_drvdata(dev);
	bool connected;

	mutex_lock(&info->mutex);
	connected = info->nr_rings;
	agreed->choice = info->agreed.choice;
	agreed->max_segs = info->agreed.max_segs;
	agreed->ops = info->agreed.ops;
	agreed->pi = info->agreed.pi;
	mutex_unlock(&info->mutex);
	return connected ? 0 : -ENOTCONN;
}

static const struct attribute_group *blkfront_groups[] = {
	&blkfront_ring_group,
	&blkfront_error_group,
	&blkif_agreed_group,
	NULL
};

#endif /* _XEN_BLKFRONT_SYSFS_H */
