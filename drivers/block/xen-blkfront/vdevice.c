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

/* Fails if another disk has some of the minors. */
static int blkfront_reserve_minors(struct blkfront_info *info)
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
 * blkfront_take_name() - take the name and the minors that a number stands for
 * @info: the disk
 * @vdevice: the number of its virtual device
 *
 * A disk that is refused because of another one does not get the name when that
 * one goes: a disk that is detached to be replaced would lose its name to it.
 *
 * Context: process context; sleeps.
 *
 * Return: 0 or an error, which was reported.
 */
int blkfront_take_name(struct blkfront_info *info, unsigned int vdevice)
{
	struct xenbus_device *dev = info->xbdev;
	int err;

	info->vdevice = vdevice;
	err = blkif_vdev_parse(vdevice, &info->vdev);
	if (err) {
		xenbus_dev_fatal(dev, err,
				 "virtual-device %#x does not name a disk",
				 vdevice);
		return err;
	}
	err = blkfront_reserve_minors(info);
	if (err)
		xenbus_dev_fatal(dev, err,
				 "virtual-device %#x: another disk has its name, or had it and is still being deleted",
				 vdevice);
	return err;
}

/**
 * blkfront_release_name() - give name and minors back
 * @info: the disk, which may have none
 *
 * Context: process context; sleeps.
 */
void blkfront_release_name(struct blkfront_info *info)
{
	mutex_lock(&blkfront_minors_lock);
	list_del_init(&info->minors_node);
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
 * Return: true if it is.
 */
bool blkfront_wanted(struct xenbus_device *dev, unsigned int vdevice)
{
	bool cdrom;
	char *type;

	if (!xen_hvm_domain())
		return true;
	if (xen_has_pv_and_legacy_disk_devices() &&
	    !(vdevice >> VDEV_EXT_SHIFT) && vdevice >> 8 != XENVBD_MAJOR) {
		dev_info(&dev->dev,
			 "ignored, the emulated disk controller handles it\n");
		return false;
	}
	type = xenbus_read(XBT_NIL, dev->nodename, "device-type", NULL);
	if (IS_ERR(type))
		return false;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return !cdrom;
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
