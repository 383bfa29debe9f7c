// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the files of a device in sysfs.
 *
 * The driver core creates the files when the driver is bound.  They are removed,
 * and nobody reads them any more, before the driver is.
 */

#include <linux/slab.h>
#include "../xen-blkif/agreed.h"
#include "life.h"

/* To be freed by the caller. */
static struct blkback_stats *blkback_sysfs_read(struct device *device)
{
	struct blkback_stats *stats = kmalloc(sizeof(*stats), GFP_KERNEL);

	if (stats)
		blkback_stats_read(dev_get_drvdata(device), stats);
	return stats;
}

/* The counter at the offset that is the key of the attribute. */
static ssize_t blkback_count_show(struct device *device,
				  struct device_attribute *attr, char *buf)
{
	struct blkback_stats *stats = blkback_sysfs_read(device);
	ssize_t len;

	if (!stats)
		return -ENOMEM;
	len = sysfs_emit(buf, "%llu\n",
			 *(u64 *)((void *)stats + blkif_attr_key(attr)));
	kfree(stats);
	return len;
}

/* As above, but counted in nanoseconds and shown in microseconds. */
static ssize_t blkback_time_show(struct device *device,
				 struct device_attribute *attr, char *buf)
{
	struct blkback_stats *stats = blkback_sysfs_read(device);
	ssize_t len;
	u64 ns;

	if (!stats)
		return -ENOMEM;
	ns = *(u64 *)((void *)stats + blkif_attr_key(attr));
	len = sysfs_emit(buf, "%llu\n", div_u64(ns, NSEC_PER_USEC));
	kfree(stats);
	return len;
}

static ssize_t errors_show(struct device *device,
			   struct device_attribute *attr, char *buf)
{
	struct blkback_stats *stats = blkback_sysfs_read(device);
	ssize_t len;

	if (!stats)
		return -ENOMEM;
	len = sysfs_emit(buf, "%llu\n", blkback_stats_errors(stats));
	kfree(stats);
	return len;
}
static DEVICE_ATTR_RO(errors);

#define BLKBACK_COUNT(name, field)					\
	BLKIF_ATTR(name, blkback_count_show,				\
		   offsetof(struct blkback_stats, field))
#define BLKBACK_TIME(name, field)					\
	BLKIF_ATTR(name, blkback_time_show,				\
		   offsetof(struct blkback_stats, field))

static struct attribute *blkback_stat_attrs[] = {
	BLKBACK_COUNT(oo_req, oo_req),
	BLKBACK_COUNT(rd_req, rd_req),
	BLKBACK_COUNT(wr_req, wr_req),
	BLKBACK_COUNT(f_req, f_req),
	BLKBACK_COUNT(ds_req, ds_req),
	BLKBACK_COUNT(rd_sect, rd_sect),
	BLKBACK_COUNT(wr_sect, wr_sect),
	&dev_attr_errors.attr,
	BLKBACK_COUNT(ring_full, full),
	BLKBACK_TIME(ring_full_us, full_ns),
	BLKBACK_TIME(rd_us, rd_lat.ns),
	BLKBACK_TIME(wr_us, wr_lat.ns),
	BLKBACK_TIME(f_us, f_lat.ns),
	BLKBACK_TIME(ds_us, ds_lat.ns),
	NULL
};

static const struct attribute_group blkback_stat_group = {
	.name = "statistics",
	.attrs = blkback_stat_attrs,
};

static ssize_t blkback_agreed_show(struct device *device,
				   struct device_attribute *attr, char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);
	struct blkif_agreed agreed;
	int err = -ENOTCONN;

	mutex_lock(&blkback->lock);
	if (blkback->conn) {
		blkback_conn_describe(blkback->conn, &agreed);
		err = 0;
	}
	mutex_unlock(&blkback->lock);
	return err ? err : blkif_agreed_emit(buf, blkif_attr_key(attr),
					     &agreed);
}

static struct attribute *blkback_agreed_attrs[] = {
	BLKIF_AGREED_ATTRS(blkback_agreed_show),
	NULL
};

static const struct attribute_group blkback_agreed_group = {
	.name = "negotiated",
	.attrs = blkback_agreed_attrs,
};

/* Requests that the disk still has to answer for earlier connections. */
static ssize_t blkback_draining_show(struct device *device,
				     struct device_attribute *attr, char *buf)
{
	unsigned int seconds, nr;

	nr = blkback_drain_requests(to_xenbus_device(device), &seconds);
	return sysfs_emit(buf, "%u\n", blkif_attr_key(attr) ? seconds : nr);
}

static struct attribute *blkback_draining_attrs[] = {
	BLKIF_ATTR(requests, blkback_draining_show, false),
	BLKIF_ATTR(seconds, blkback_draining_show, true),
	NULL
};

static const struct attribute_group blkback_draining_group = {
	.name = "draining",
	.attrs = blkback_draining_attrs,
};

static ssize_t physical_device_show(struct device *device,
				    struct device_attribute *attr, char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);
	ssize_t ret = -ENODEV;

	mutex_lock(&blkback->lock);
	if (blkback->mode)
		ret = sysfs_emit(buf, "%x:%x\n", blkback->major,
				 blkback->minor);
	mutex_unlock(&blkback->lock);
	return ret;
}
static DEVICE_ATTR_RO(physical_device);

static ssize_t mode_show(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);
	ssize_t ret = -ENODEV;

	mutex_lock(&blkback->lock);
	if (blkback->mode)
		ret = sysfs_emit(buf, "%s\n", blkback->mode);
	mutex_unlock(&blkback->lock);
	return ret;
}
static DEVICE_ATTR_RO(mode);

static struct attribute *blkback_attrs[] = {
	&dev_attr_physical_device.attr,
	&dev_attr_mode.attr,
	NULL
};

static const struct attribute_group blkback_group = {
	.attrs = blkback_attrs,
};

const struct attribute_group *blkback_groups[] = {
	&blkback_group,
	&blkback_stat_group,
	&blkback_agreed_group,
	&blkback_draining_group,
	NULL
};
