// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: statistics and attributes, for xentop and people.
 */

#include <linux/sysfs.h>
#include "blkback.h"

/** blkback_stats_add() - add what one queue did to a sum */
void blkback_stats_add(struct blkback_stats *sum,
		       const struct blkback_stats *stats)
{
	sum->oo_req += READ_ONCE(stats->oo_req);
	sum->rd_req += READ_ONCE(stats->rd_req);
	sum->wr_req += READ_ONCE(stats->wr_req);
	sum->f_req += READ_ONCE(stats->f_req);
	sum->ds_req += READ_ONCE(stats->ds_req);
	sum->rd_sect += READ_ONCE(stats->rd_sect);
	sum->wr_sect += READ_ONCE(stats->wr_sect);
}

static void blkback_stats_read(struct device *device, struct blkback_stats *sum)
{
	struct blkback *blkback = dev_get_drvdata(device);
	struct blkback_conn *conn;
	unsigned int i;

	mutex_lock(&blkback->lock);
	*sum = blkback->stats;
	conn = blkback->conn;
	for (i = 0; conn && i < conn->nr_queues; i++)
		blkback_stats_add(sum, &conn->queues[i].stats);
	mutex_unlock(&blkback->lock);
}

#define BLKBACK_STAT_ATTR(name)						\
static ssize_t name##_show(struct device *device,			\
			   struct device_attribute *attr, char *buf)	\
{									\
	struct blkback_stats sum;					\
									\
	blkback_stats_read(device, &sum);				\
	return sysfs_emit(buf, "%llu\n", sum.name);			\
}									\
static DEVICE_ATTR_RO(name)

BLKBACK_STAT_ATTR(oo_req);
BLKBACK_STAT_ATTR(rd_req);
BLKBACK_STAT_ATTR(wr_req);
BLKBACK_STAT_ATTR(f_req);
BLKBACK_STAT_ATTR(ds_req);
BLKBACK_STAT_ATTR(rd_sect);
BLKBACK_STAT_ATTR(wr_sect);

static struct attribute *blkback_stat_attrs[] = {
	&dev_attr_oo_req.attr,
	&dev_attr_rd_req.attr,
	&dev_attr_wr_req.attr,
	&dev_attr_f_req.attr,
	&dev_attr_ds_req.attr,
	&dev_attr_rd_sect.attr,
	&dev_attr_wr_sect.attr,
	NULL
};

static const struct attribute_group blkback_stat_group = {
	.name = "statistics",
	.attrs = blkback_stat_attrs,
};

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
