// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: statistics and attributes, for xentop and people.
 *
 * Whoever reads holds blkback.lock, under which a connection comes and goes;
 * and the attributes go, and with them who reads, before the device does.
 */

#include "../xen-blkif/sysfs.h"
#include "blkback.h"

static void blkback_stats_sum(u64 *sum, const u64 *counts, unsigned int nr)
{
	while (nr--)
		*sum++ += READ_ONCE(*counts++);
}

/** blkback_stats_add() - add what one queue did to a sum */
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats)
{
	BUILD_BUG_ON(sizeof(*sum) % sizeof(u64));
	blkback_stats_sum((u64 *)sum, (const u64 *)stats,
			  sizeof(*sum) / sizeof(u64));
}

/* @nr counts from byte @at of struct blkback_stats on. */
static void blkback_stats_read(struct device *device, size_t at, u64 *sum,
			       unsigned int nr)
{
	struct blkback *blkback = dev_get_drvdata(device);
	struct blkback_conn *conn;
	unsigned int i;

	memset(sum, 0, nr * sizeof(*sum));
	mutex_lock(&blkback->lock);
	blkback_stats_sum(sum, (void *)&blkback->stats + at, nr);
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++)
		blkback_stats_sum(sum, (void *)&conn->queues[i].stats + at, nr);
	mutex_unlock(&blkback->lock);
}

static ssize_t blkback_count_show(struct device *device,
				  struct device_attribute *attr, char *buf)
{
	u64 count;

	blkback_stats_read(device, blkif_attr_what(attr), &count, 1);
	return sysfs_emit(buf, "%llu\n", count);
}

/* What is counted in nanoseconds. */
static ssize_t blkback_time_show(struct device *device,
				 struct device_attribute *attr, char *buf)
{
	u64 ns;

	blkback_stats_read(device, blkif_attr_what(attr), &ns, 1);
	return sysfs_emit(buf, "%llu\n", div_u64(ns, NSEC_PER_USEC));
}

static ssize_t blkback_hist_show(struct device *device,
				 struct device_attribute *attr, char *buf)
{
	u64 bucket[BLKBACK_HIST_BUCKETS];
	unsigned int i;
	int len = 0;

	blkback_stats_read(device, blkif_attr_what(attr), bucket,
			   ARRAY_SIZE(bucket));
	for (i = 0; i < ARRAY_SIZE(bucket); i++)
		len += sysfs_emit_at(buf, len, i ? " %llu" : "%llu", bucket[i]);
	return len + sysfs_emit_at(buf, len, "\n");
}

#define BLKBACK_AT(field) offsetof(struct blkback_stats, field)
#define BLKBACK_COUNT(name) \
	BLKIF_ATTR(name, blkback_count_show, BLKBACK_AT(name))
#define BLKBACK_TIME(name, field) \
	BLKIF_ATTR(name, blkback_time_show, BLKBACK_AT(field))
#define BLKBACK_HIST(name, field) \
	BLKIF_ATTR(name, blkback_hist_show, BLKBACK_AT(field))

static struct attribute *blkback_stat_attrs[] = {
	BLKBACK_COUNT(oo_req),
	BLKBACK_COUNT(rd_req),
	BLKBACK_COUNT(wr_req),
	BLKBACK_COUNT(f_req),
	BLKBACK_COUNT(ds_req),
	BLKBACK_COUNT(rd_sect),
	BLKBACK_COUNT(wr_sect),
	NULL
};

static const struct attribute_group blkback_stat_group = {
	.name = "statistics",
	.attrs = blkback_stat_attrs,
};

static struct attribute *blkback_error_attrs[] = {
	BLKBACK_COUNT(bad_op),
	BLKBACK_COUNT(bad_request),
	BLKBACK_COUNT(bad_extent),
	BLKBACK_COUNT(read_only),
	BLKBACK_COUNT(bad_grant),
	BLKBACK_COUNT(io),
	BLKBACK_COUNT(not_supported),
	BLKBACK_COUNT(no_space),
	BLKBACK_COUNT(timeout),
	BLKBACK_COUNT(medium),
	BLKBACK_COUNT(protection),
	BLKBACK_COUNT(offline),
	BLKBACK_COUNT(unmap),
	BLKBACK_COUNT(protocol),
	NULL
};

static const struct attribute_group blkback_error_group = {
	.name = "errors",
	.attrs = blkback_error_attrs,
};

static struct attribute *blkback_latency_attrs[] = {
	BLKBACK_TIME(rd_us, rd_lat.ns),
	BLKBACK_TIME(wr_us, wr_lat.ns),
	BLKBACK_TIME(f_us, f_lat.ns),
	BLKBACK_TIME(ds_us, ds_lat.ns),
	BLKBACK_HIST(rd_hist, rd_lat.bucket),
	BLKBACK_HIST(wr_hist, wr_lat.bucket),
	BLKBACK_HIST(f_hist, f_lat.bucket),
	BLKBACK_HIST(ds_hist, ds_lat.bucket),
	NULL
};

static const struct attribute_group blkback_latency_group = {
	.name = "latency",
	.attrs = blkback_latency_attrs,
};

/* Not a count: goes up and down. */
static ssize_t in_flight_show(struct device *device,
			      struct device_attribute *attr, char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);
	struct blkback_conn *conn;
	unsigned int i, sum = 0;

	mutex_lock(&blkback->lock);
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++)
		sum += READ_ONCE(conn->queues[i].in_flight);
	mutex_unlock(&blkback->lock);
	return sysfs_emit(buf, "%u\n", sum);
}
static DEVICE_ATTR_RO(in_flight);

static struct attribute *blkback_ring_attrs[] = {
	BLKBACK_COUNT(requests),
	BLKBACK_COUNT(responses),
	BLKBACK_COUNT(notifications),
	BLKBACK_COUNT(events),
	BLKBACK_COUNT(polls),
	BLKBACK_COUNT(lost_events),
	&dev_attr_in_flight.attr,
	BLKBACK_COUNT(full),
	BLKBACK_TIME(full_us, full_ns),
	NULL
};

static const struct attribute_group blkback_ring_group = {
	.name = "rings",
	.attrs = blkback_ring_attrs,
};

static struct attribute *blkback_grant_attrs[] = {
	BLKBACK_COUNT(hits),
	BLKBACK_COUNT(maps),
	BLKBACK_COUNT(unmaps),
	BLKBACK_COUNT(evictions),
	BLKBACK_COUNT(copies),
	BLKBACK_COUNT(copied),
	BLKBACK_COUNT(hypercalls),
	NULL
};

static const struct attribute_group blkback_grant_group = {
	.name = "grants",
	.attrs = blkback_grant_attrs,
};

static int blkif_agreed_read(struct device *dev, struct blkif_agreed *agreed)
{
	struct blkback *blkback = dev_get_drvdata(dev);
	int err = -ENOTCONN;

	mutex_lock(&blkback->lock);
	if (blkback->conn) {
		agreed->choice = blkback->conn->agreed;
		agreed->max_segs = blkback->conn->max_segs;
		agreed->ops = blkback->conn->ops;
		agreed->pi = blkback->conn->pi;
		err = 0;
	}
	mutex_unlock(&blkback->lock);
	return err;
}

static ssize_t physical_device_show(struct device *device,
				    struct device_attribute *attr, char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);

	return sysfs_emit(buf, "%x:%x\n", blkback->major, blkback->minor);
}
static DEVICE_ATTR_RO(physical_device);

static ssize_t mode_show(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	struct blkback *blkback = dev_get_drvdata(device);

	return sysfs_emit(buf, "%s\n", blkback->mode);
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

static const struct attribute_group *blkback_groups[] = {
	&blkback_group,
	&blkback_stat_group,
	&blkback_error_group,
	&blkback_latency_group,
	&blkback_ring_group,
	&blkback_grant_group,
	&blkif_agreed_group,
	NULL
};

/** blkback_sysfs_add() - show the device; 0 or -errno */
int blkback_sysfs_add(struct blkback *blkback)
{
	int err = sysfs_create_groups(&blkback->dev->dev.kobj, blkback_groups);

	blkback->sysfs = !err;
	return err;
}

/** blkback_sysfs_remove() - returns when nobody reads any more */
void blkback_sysfs_remove(struct blkback *blkback)
{
	if (blkback->sysfs)
		sysfs_remove_groups(&blkback->dev->dev.kobj, blkback_groups);
	blkback->sysfs = false;
}
