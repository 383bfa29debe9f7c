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
	sum->requests += READ_ONCE(stats->requests);
	sum->responses += READ_ONCE(stats->responses);
	sum->notifications += READ_ONCE(stats->notifications);
	sum->events += READ_ONCE(stats->events);
	sum->polls += READ_ONCE(stats->polls);
	sum->hits += READ_ONCE(stats->hits);
	sum->maps += READ_ONCE(stats->maps);
	sum->unmaps += READ_ONCE(stats->unmaps);
	sum->evictions += READ_ONCE(stats->evictions);
	sum->copies += READ_ONCE(stats->copies);
	sum->hypercalls += READ_ONCE(stats->hypercalls);
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

BLKBACK_STAT_ATTR(requests);
BLKBACK_STAT_ATTR(responses);
BLKBACK_STAT_ATTR(notifications);
BLKBACK_STAT_ATTR(events);
BLKBACK_STAT_ATTR(polls);

static struct attribute *blkback_ring_attrs[] = {
	&dev_attr_requests.attr,
	&dev_attr_responses.attr,
	&dev_attr_notifications.attr,
	&dev_attr_events.attr,
	&dev_attr_polls.attr,
	NULL
};

static const struct attribute_group blkback_ring_group = {
	.name = "rings",
	.attrs = blkback_ring_attrs,
};

BLKBACK_STAT_ATTR(hits);
BLKBACK_STAT_ATTR(maps);
BLKBACK_STAT_ATTR(unmaps);
BLKBACK_STAT_ATTR(evictions);
BLKBACK_STAT_ATTR(copies);
BLKBACK_STAT_ATTR(hypercalls);

static struct attribute *blkback_grant_attrs[] = {
	&dev_attr_hits.attr,
	&dev_attr_maps.attr,
	&dev_attr_unmaps.attr,
	&dev_attr_evictions.attr,
	&dev_attr_copies.attr,
	&dev_attr_hypercalls.attr,
	NULL
};

static const struct attribute_group blkback_grant_group = {
	.name = "grants",
	.attrs = blkback_grant_attrs,
};

/* What was agreed; -ENOTCONN while there is no frontend to agree with. */
static int blkback_agreed_read(struct device *device,
			       struct blkif_choice *agreed, u32 *max_segs)
{
	struct blkback *blkback = dev_get_drvdata(device);
	int err = -ENOTCONN;

	mutex_lock(&blkback->lock);
	if (blkback->conn) {
		*agreed = blkback->conn->agreed;
		*max_segs = blkback->conn->max_segs;
		err = 0;
	}
	mutex_unlock(&blkback->lock);
	return err;
}

#define BLKBACK_AGREED_ATTR(name, format, value)			\
static ssize_t name##_show(struct device *device,			\
			   struct device_attribute *attr, char *buf)	\
{									\
	struct blkif_choice agreed;					\
	u32 max_segs;							\
	int err;							\
									\
	err = blkback_agreed_read(device, &agreed, &max_segs);		\
	if (err)							\
		return err;						\
	return sysfs_emit(buf, format "\n", value);			\
}									\
static DEVICE_ATTR_RO(name)

BLKBACK_AGREED_ATTR(request_format, "%s", agreed.layout.abi->name);
BLKBACK_AGREED_ATTR(ring_layout, "%s", agreed.layout.split ? "split" : "shared");
BLKBACK_AGREED_ATTR(ring_alignment, "%u", agreed.layout.align);
BLKBACK_AGREED_ATTR(ring_page_order, "%u", agreed.layout.order);
BLKBACK_AGREED_ATTR(slots, "%u", blkif_layout_slots(&agreed.layout));
BLKBACK_AGREED_ATTR(queues, "%u", agreed.nr_queues);
BLKBACK_AGREED_ATTR(max_segments, "%u", max_segs);
BLKBACK_AGREED_ATTR(persistent_grants, "%u", agreed.persistent);

static struct attribute *blkback_agreed_attrs[] = {
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

static const struct attribute_group blkback_agreed_group = {
	.name = "negotiated",
	.attrs = blkback_agreed_attrs,
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
	&blkback_ring_group,
	&blkback_grant_group,
	&blkback_agreed_group,
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
