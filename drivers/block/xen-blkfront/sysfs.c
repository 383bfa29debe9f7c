// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of the xenbus device: counters for monitoring, and what was
 * negotiated.
 *
 * The attributes are removed, which waits for readers, before the driver frees
 * the disk.
 */

#include "blkfront.h"

static ssize_t errors_show(struct device *device,
			   struct device_attribute *attr, char *buf)
{
	struct blkfront_counters sum;

	blkfront_counters_read(dev_get_drvdata(device), &sum);
	return sysfs_emit(buf, "%llu\n",
			  sum.rsp.io + sum.rsp.not_supported +
			  sum.rsp.bad_response + sum.req.unsent);
}
static DEVICE_ATTR_RO(errors);

static ssize_t ring_full_show(struct device *device,
			      struct device_attribute *attr, char *buf)
{
	struct blkfront_counters sum;

	blkfront_counters_read(dev_get_drvdata(device), &sum);
	return sysfs_emit(buf, "%llu\n", sum.req.full);
}
static DEVICE_ATTR_RO(ring_full);

static struct attribute *blkfront_statistics_attrs[] = {
	&dev_attr_errors.attr,
	&dev_attr_ring_full.attr,
	NULL
};

static const struct attribute_group blkfront_statistics_group = {
	.name = "statistics",
	.attrs = blkfront_statistics_attrs,
};

static ssize_t blkfront_agreed_show(struct device *device,
				    struct device_attribute *attr, char *buf)
{
	struct blkfront_info *info = dev_get_drvdata(device);
	struct blkif_agreed agreed = { };
	bool described;

	mutex_lock(&info->brief);
	described = info->described;
	if (described)
		blkfront_describe(info, &agreed);
	mutex_unlock(&info->brief);
	if (!described)
		return -ENOTCONN;
	return blkif_agreed_emit(buf, blkif_attr_key(attr), &agreed);
}

static struct attribute *blkfront_negotiated_attrs[] = {
	BLKIF_AGREED_ATTRS(blkfront_agreed_show),
	NULL
};

static const struct attribute_group blkfront_negotiated_group = {
	.name = "negotiated",
	.attrs = blkfront_negotiated_attrs,
};

const struct attribute_group *blkfront_groups[] = {
	&blkfront_statistics_group,
	&blkfront_negotiated_group,
	NULL
};
