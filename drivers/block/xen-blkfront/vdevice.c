// SPDX-License-Identifier: GPL-2.0
/*
 * The number of a virtual device: whether this driver handles it, and which
 * minors its disk gets.
 */

#include <linux/err.h>
#include <linux/list.h>
#include <linux/major.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "blkfront.h"

/* Different numbers can name the same disk: only one may have its minors. */
static DEFINE_MUTEX(blkfront_minors_lock);
static LIST_HEAD(blkfront_minors);

/**
 * blkfront_reserve_minors() - take the minors that the disk's number stands for
 * @info: the disk
 *
 * Context: process context; sleeps.
 *
 * Return: 0, or -EBUSY if another disk has some of them.
 */
int blkfront_reserve_minors(struct blkfront_info *info)
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

/**
 * blkfront_release_minors() - give the minors of a disk back
 * @info: the disk
 *
 * Context: process context; sleeps.
 */
void blkfront_release_minors(struct blkfront_info *info)
{
	mutex_lock(&blkfront_minors_lock);
	list_del(&info->minors_node);
	mutex_unlock(&blkfront_minors_lock);
}

/**
 * blkfront_wanted() - is a device one that this driver handles?
 * @dev: the xenbus device
 * @vdevice: its number
 *
 * CD-ROMs of HVM guests, and disks that an emulated controller shows as well,
 * are left to the emulation.
 *
 * Context: process context; reads XenStore.
 *
 * Return: 0 or -ENODEV.
 */
int blkfront_wanted(struct xenbus_device *dev, unsigned int vdevice)
{
	bool cdrom;
	char *type;

	if (!xen_hvm_domain())
		return 0;
	if (xen_has_pv_and_legacy_disk_devices() &&
	    !(vdevice >> VDEV_EXT_SHIFT) && vdevice >> 8 != XENVBD_MAJOR) {
		dev_info(&dev->dev,
			 "ignored, the emulated disk controller handles it\n");
		return -ENODEV;
	}
	type = xenbus_read(XBT_NIL, dev->nodename, "device-type", NULL);
	if (IS_ERR(type))
		return -ENODEV;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom ? -ENODEV : 0;
}

/**
 * blkfront_read_vdevice() - read the number of a virtual device
 * @dev: the xenbus device
 * @vdevice: set to the number
 *
 * Context: process context; reads XenStore.
 *
 * Return: 0 or an error, which was reported.
 */
int blkfront_read_vdevice(struct xenbus_device *dev, int *vdevice)
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
	xenbus_dev_fatal(dev, ret, "cannot read the key virtual-device");
	return ret;
}
