/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of virtual devices, and the Linux names and minors that people have
 * in their fstab for them.
 */

#ifndef _XEN_BLKIF_VDEV_H
#define _XEN_BLKIF_VDEV_H

#include <linux/errno.h>
#include <linux/types.h>
#include <xen/interface/io/blkif.h>

#define BLKIF_VDEV_EXT_PARTS	256
#define BLKIF_VDEV_PARTS	16
#define BLKIF_VDEV_IDE_PARTS	64

/* "xvd", 6 letters are enough for 2^28 / 256 disks, 3 digits, NUL */
#define BLKIF_VDEV_NAME_LEN	16

/**
 * struct blkif_vdev - a virtual device, decoded
 * @index: which disk, 0 for xvda
 * @minor: first minor number
 * @nr_minors: how many; 1 if the device is a partition by itself
 * @part: number of the partition, 0 for a whole disk
 */
struct blkif_vdev {
	u32 index;
	u32 minor;
	u16 nr_minors;
	u16 part;
};

/* Which disk of its kind, and of which partition; -1 for a foreign major. */
static inline int blkif_vdev_legacy(u32 major, u32 minor, u32 *index, u32 *part)
{
	u32 base = 0;

	if (major == 3 || major == 22) {		/* hda, hdc */
		/* hda1 has always been xvda, not xvda1. */
		*index = minor / BLKIF_VDEV_IDE_PARTS + (major == 22 ? 2 : 0);
		*part = 0;
		return 0;
	}
	if (major >= 65 && major <= 71) {	/* sdq ... */
		base = (major - 64) * 16;
	} else if (major >= 128 && major <= 135) {
		base = (major - 120) * 16;
	} else if (major != 8 && major != 202) {	/* sda, xvda */
		return -1;
	}
	*index = base + minor / BLKIF_VDEV_PARTS;
	*part = minor % BLKIF_VDEV_PARTS;
	return 0;
}

/**
 * blkif_vdev_parse() - decode the number of a virtual device
 * @number: as in the "virtual-device" key
 * @vdev: filled in
 *
 * IDE and SCSI numbers become xvd disks at the place the letter names, as they
 * always have under Linux.
 *
 * Return: 0, or -ENODEV if the number has no meaning.
 */
static inline int blkif_vdev_parse(u32 number, struct blkif_vdev *vdev)
{
	u32 parts = BLKIF_VDEV_PARTS;
	u32 index, part;

	if (number >> (VDEV_EXT_SHIFT + 1))
		return -ENODEV;
	if (number >> VDEV_EXT_SHIFT) {
		parts = BLKIF_VDEV_EXT_PARTS;
		number &= (1U << VDEV_EXT_SHIFT) - 1;
		index = number / parts;
		part = number % parts;
		/* Linux has 20 bits for minors. */
		if (number >> 20)
			return -ENODEV;
	} else if (blkif_vdev_legacy(number >> 8, number & 0xff, &index, &part)) {
		return -ENODEV;
	}
	vdev->index = index;
	vdev->part = part;
	vdev->minor = index * parts + part;
	vdev->nr_minors = part ? 1 : parts;
	return 0;
}

/**
 * blkif_vdev_name() - the name of the disk
 * @vdev: decoded
 * @name: filled in, e.g. "xvda", "xvdaa", "xvda1"
 */
static inline void blkif_vdev_name(const struct blkif_vdev *vdev,
				   char name[BLKIF_VDEV_NAME_LEN])
{
	char digits[4], letters[8];
	u32 n = vdev->index + 1;
	u32 part = vdev->part;
	unsigned int nr = 0;
	char *p = name;

	*p++ = 'x';
	*p++ = 'v';
	*p++ = 'd';
	for (; n; n = (n - 1) / 26)
		letters[nr++] = 'a' + (n - 1) % 26;
	while (nr)
		*p++ = letters[--nr];
	for (; part; part /= 10)
		digits[nr++] = '0' + part % 10;
	while (nr)
		*p++ = digits[--nr];
	*p = '\0';
}

#endif /* _XEN_BLKIF_VDEV_H */
