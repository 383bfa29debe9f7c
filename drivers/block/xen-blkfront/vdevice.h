/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number that a virtual device has: whether it is ours, and which minors
 * its disk gets.
 */

#ifndef _XEN_BLKFRONT_VDEVICE_H
#define _XEN_BLKFRONT_VDEVICE_H

#include <linux/list.h>
#include <linux/major.h>
#include <linux/mutex.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include "blkfront.h"

/* Disks that different numbers name alike: only one may have the minors. */
static DEFINE_MUTEX(blkfront_minors_lock);
static LIST_HEAD(blkfront_minors);

static inline int blkfront_reserve_minors(struct blkfront_info *info)
{
	const struct blkif_vdev *ours = &info->vdev;
	struct blkfront_info *other;
	int err = 0;

	mutex_lock(&blkfront_minors_lock);
	list_for_each_entry(other, &blkfront_minors, minors_node) {
		const struct blkif_vdev *theirs = &other->vdev;

		if (ours->minor < theirs->minor + theirs->nr_minors &&
		    theirs->minor < ours->minor + ours->nr_minors)
			err = -EBUSY;
	}
	if (!err)
		list_add(&info->minors_node, &blkfront_minors);
	mutex_unlock(&blkfront_minors_lock);
	return err;
}

static inline void blkfront_release_minors(struct blkfront_info *info)
{
	mutex_lock(&blkfront_minors_lock);
	list_del(&info->minors_node);
	mutex_unlock(&blkfront_minors_lock);
}

/* Only disks are ours, and not those an emulated controller has, too. */
static inline int blkfront_wanted(struct xenbus_device *dev,
				  unsigned int vdevice)
{
	bool cdrom;
	char *type;

	if (!xen_hvm_domain())
		return 0;
	if (xen_has_pv_and_legacy_disk_devices() &&
	    !(vdevice >> VDEV_EXT_SHIFT) && vdevice >> 8 != XENVBD_MAJOR) {
		dev_info(&dev->dev, "left to the emulated disk controller\n");
		return -ENODEV;
	}
	type = xenbus_read(XBT_NIL, dev->nodename, "device-type", NULL);
	if (IS_ERR(type))
		return -ENODEV;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom ? -ENODEV : 0;
}

static inline int blkfront_read_vdevice(struct xenbus_device *dev, int *vdevice)
{
	int ret;

	ret = xenbus_scanf(XBT_NIL, dev->nodename, "virtual-device", "%i",
			   vdevice);
	if (ret != 1)
		ret = xenbus_scanf(XBT_NIL, dev->nodename,
				   "virtual-device-ext", "%i", vdevice);
	if (ret == 1)
		return 0;
	ret = ret < 0 ? ret : -EINVAL;
	xenbus_dev_fatal(dev, ret, "reading virtual-device");
	return ret;
}

#endif /* _XEN_BLKFRONT_VDEVICE_H */
