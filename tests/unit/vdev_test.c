// SPDX-License-Identifier: GPL-2.0
/* vdev.h: names and minor numbers of disks. */

#include "unit.h"
#include "xen-blkif/vdev.h"

#define LEGACY(major, minor)	((major) << 8 | (minor))
#define EXT(disk, part)		(1U << 28 | (disk) << 8 | (part))

static const struct row {
	u32 number;
	const char *name;
	u32 minor;
	u16 nr_minors;
} rows[] = {
	/* xvd, 16 minors per disk */
	{ LEGACY(202, 0), "xvda", 0, 16 },
	{ LEGACY(202, 1), "xvda1", 1, 1 },
	{ LEGACY(202, 15), "xvda15", 15, 1 },
	{ LEGACY(202, 16), "xvdb", 16, 16 },
	{ LEGACY(202, 18), "xvdb2", 18, 1 },
	{ LEGACY(202, 240), "xvdp", 240, 16 },
	{ LEGACY(202, 255), "xvdp15", 255, 1 },
	/* extended numbers, 256 minors per disk */
	{ EXT(0, 0), "xvda", 0, 256 },
	{ EXT(0, 1), "xvda1", 1, 1 },
	{ EXT(1, 0), "xvdb", 256, 256 },
	{ EXT(1, 255), "xvdb255", 511, 1 },
	{ EXT(16, 0), "xvdq", 4096, 256 },
	{ EXT(25, 0), "xvdz", 6400, 256 },
	{ EXT(26, 0), "xvdaa", 6656, 256 },
	{ EXT(26, 10), "xvdaa10", 6666, 1 },
	{ EXT(701, 0), "xvdzz", 179456, 256 },
	{ EXT(702, 0), "xvdaaa", 179712, 256 },
	{ EXT(4095, 255), "xvdfan255", 1048575, 1 },
	/* IDE, whose partitions become disks */
	{ LEGACY(3, 0), "xvda", 0, 16 },
	{ LEGACY(3, 1), "xvda", 0, 16 },
	{ LEGACY(3, 63), "xvda", 0, 16 },
	{ LEGACY(3, 64), "xvdb", 16, 16 },
	{ LEGACY(22, 0), "xvdc", 32, 16 },
	{ LEGACY(22, 64), "xvdd", 48, 16 },
	/* SCSI */
	{ LEGACY(8, 0), "xvda", 0, 16 },
	{ LEGACY(8, 1), "xvda1", 1, 1 },
	{ LEGACY(8, 241), "xvdp1", 241, 1 },
	{ LEGACY(65, 0), "xvdq", 256, 16 },
	{ LEGACY(65, 17), "xvdr1", 273, 1 },
	{ LEGACY(71, 240), "xvddx", 2032, 16 },
	{ LEGACY(128, 0), "xvddy", 2048, 16 },
	{ LEGACY(135, 255), "xvdiv15", 4095, 1 },
};

TEST(good)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[BLKIF_VDEV_NAME_LEN];
		struct blkif_vdev vdev;

		ASSERT_EQ(0, blkif_vdev_parse(rows[i].number, &vdev))
			TH_LOG("%#x", rows[i].number);
		blkif_vdev_name(&vdev, name);
		EXPECT_STREQ(rows[i].name, name)
			TH_LOG("%#x", rows[i].number);
		EXPECT_EQ(rows[i].minor, vdev.minor)
			TH_LOG("%s", name);
		EXPECT_EQ(rows[i].nr_minors, vdev.nr_minors)
			TH_LOG("%s", name);
	}
}

TEST(bad)
{
	static const u32 numbers[] = {
		0, 1, 255, LEGACY(1, 0), LEGACY(2, 0), LEGACY(4, 0), LEGACY(7, 0),
		LEGACY(9, 0), LEGACY(21, 0), LEGACY(23, 0), LEGACY(64, 0), LEGACY(72, 0),
		LEGACY(127, 0), LEGACY(136, 0), LEGACY(201, 0), LEGACY(203, 0),
		LEGACY(255, 0), LEGACY(256, 0), LEGACY(256 + 202, 0), (1U << 28) - 1,
		EXT(4096, 0), EXT(4096, 1), EXT(0xfffff, 0xff),
		1U << 29, 1U << 29 | LEGACY(202, 0), 1U << 31, 0xffffffffU,
	};
	struct blkif_vdev vdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENODEV, blkif_vdev_parse(numbers[i], &vdev))
			TH_LOG("%#x", numbers[i]);
	}
}

/*
 * The rules of the driver in Linux 6.1, written independently of vdev.h: the
 * disk and the first of its 16 minor numbers, by major.
 */
static int in_tree_legacy(u32 number, u32 *disk, u32 *minor)
{
	u32 major = number >> 8;

	*minor = number & 0xff;
	*disk = *minor / 16;
	if (major == 202 || major == 8)
		return 0;
	if (major == 3 || major == 22) {
		*disk = *minor / 64 + (major == 22 ? 2 : 0);
		*minor = *disk * 16;
		return 0;
	}
	if (major >= 65 && major <= 71)
		major -= 64;
	else if (major >= 128 && major <= 135)
		major -= 120;
	else
		return -ENODEV;
	*disk += major * 16;
	*minor += major * 256;
	return 0;
}

static int in_tree(u32 number, u32 *disk, u32 *minor, u32 *nr_parts)
{
	if (number >> 28 > 1)
		return -ENODEV;
	*nr_parts = 16;
	if (!(number >> 28))
		return in_tree_legacy(number, disk, minor);
	*nr_parts = 256;
	*minor = number & ~(1U << 28);
	*disk = *minor / 256;
	return *minor >> 20 ? -ENODEV : 0;
}

static u32 in_tree_letters(char *name, u32 n)
{
	u32 at = n >= 26 ? in_tree_letters(name, n / 26 - 1) : 0;

	name[at] = 'a' + n % 26;
	return at + 1;
}

static void in_tree_name(char *name, u32 disk, u32 part)
{
	u32 at = 3 + in_tree_letters(name + 3, disk);

	memcpy(name, "xvd", 3);
	name[at] = 0;
	if (part)
		sprintf(name + at, "%u", part);
}

/* 0 if both drivers give a number the same meaning. */
static int differs(u32 number)
{
	u32 disk = 0, minor = 0, nr_parts = 0;
	int ret = in_tree(number, &disk, &minor, &nr_parts);
	char name[BLKIF_VDEV_NAME_LEN], want[32];
	struct blkif_vdev vdev;

	if (blkif_vdev_parse(number, &vdev) != ret)
		return 1;
	if (ret)
		return 0;
	in_tree_name(want, disk, minor % nr_parts);
	blkif_vdev_name(&vdev, name);
	return strcmp(want, name) || vdev.minor != minor ||
	       vdev.nr_minors != (minor % nr_parts ? 1 : nr_parts);
}

TEST(same_as_in_tree)
{
	u32 n;

	for (n = 0; n < 1 << 17; n += UNIT_STRIDE) {
		unit_relax();
		ASSERT_EQ(0, differs(n))
			TH_LOG("%#x", n);
	}
	for (n = 0; n < (1 << 20) + 1000; n += UNIT_STRIDE) {
		unit_relax();
		ASSERT_EQ(0, differs(1U << 28 | n))
			TH_LOG("%#x", n);
	}
	for (n = 0; n < 1 << 16; n += UNIT_STRIDE) {
		ASSERT_EQ(0, differs(n << 16 | (n & 0xff)))
			TH_LOG("%#x", n << 16);
	}
}

UNIT_SUITE(vdev,
	   UNIT_CASE(good),
	   UNIT_CASE(bad),
	   UNIT_CASE(same_as_in_tree));
