/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of virtual devices, and the Linux names and minor numbers that they
 * have always had.
 */

#ifndef _XEN_BLKIF_VDEV_H
#define _XEN_BLKIF_VDEV_H

#include <linux/errno.h>
#include <linux/types.h>
#include <xen/interface/io/blkif.h>

#define BLKIF_VDEV_EXT_PARTS	256
#define BLKIF_VDEV_PARTS	16
#define BLKIF_VDEV_IDE_PARTS	64

/* "xvd", up to 6 letters for 2^28 / 256 disks, up to 3 digits, NUL */
#define BLKIF_VDEV_NAME_LEN	16

/**
 * struct blkif_vdev - decoded number of a virtual device
 * @index: index of the disk, 0 for xvda
 * @minor: first minor number
 * @nr_minors: number of minor numbers, 1 if the device is a single partition
 * @part: number of the partition, 0 for a whole disk
 */
struct blkif_vdev {
	u32 index;
	u32 minor;
	u16 nr_minors;
	u16 part;
};

/* Index and partition of a number with a major; -1 if the major is unknown. */
static inline int blkif_vdev_legacy(u32 major, u32 minor, u32 *index, u32 *part)
{
	u32 base = 0;

	if (major == 3 || major == 22) {		/* hda, hdc */
		/* All of hda, hda1, ... have always been xvda. */
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
 * @number: value of the "virtual-device" key
 * @vdev: receives the result
 *
 * The numbers of IDE and SCSI disks stand for the xvd disks with the same
 * letters.
 *
 * Return: 0, or -ENODEV if the number does not stand for a disk.
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
	} else if (blkif_vdev_legacy(number >> 8, number & 0xff, &index,
				     &part)) {
		return -ENODEV;
	}
	vdev->index = index;
	vdev->part = part;
	vdev->minor = index * parts + part;
	vdev->nr_minors = part ? 1 : parts;
	return 0;
}

/**
 * blkif_vdev_name() - name of the disk
 * @vdev: the virtual device
 * @name: receives the name, such as "xvda", "xvdaa" or "xvda1"
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
