// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the bios with protection information that are submitted to the disk whose
 * number is "disk", by what of it they say is to be checked.  Built for kernels whose
 * bios say so.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/blk-integrity.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <asm/ptrace.h>

static uint disk;
module_param(disk, uint, 0444);
MODULE_PARM_DESC(disk, "Major number * 2^20 + minor number");

static uint all;
module_param(all, uint, 0444);
MODULE_PARM_DESC(all, "Bios whose guard tags and reference tags are checked");

static uint guard;
module_param(guard, uint, 0444);
MODULE_PARM_DESC(guard, "Bios whose guard tags are checked, and no reference tags");

static uint other;
module_param(other, uint, 0444);
MODULE_PARM_DESC(other, "Bios that are checked in another way, or not");

static int count(struct kprobe *probe, struct pt_regs *regs)
{
	struct bio *bio = (struct bio *)regs_get_kernel_argument(regs, 0);
	struct bio_integrity_payload *bip = bio_integrity(bio);

	if (!bip || !bio->bi_bdev || bio->bi_bdev->bd_dev != disk)
		return 0;
	/* CPUs may count at the same time, and then one bio is lost. */
	switch (bip->bip_flags & (BIP_CHECK_GUARD | BIP_CHECK_REFTAG |
				  BIP_CHECK_APPTAG)) {
	case BIP_CHECK_GUARD | BIP_CHECK_REFTAG:
		all++;
		break;
	case BIP_CHECK_GUARD:
		guard++;
		break;
	default:
		other++;
		break;
	}
	return 0;
}
NOKPROBE_SYMBOL(count);

static struct kprobe probe = { .symbol_name = "submit_bio", .pre_handler = count };

static int __init bed_checks_init(void)
{
	return register_kprobe(&probe);
}
module_init(bed_checks_init);

static void __exit bed_checks_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(bed_checks_exit);

MODULE_DESCRIPTION("Counts bios by what of their protection information is checked");
MODULE_LICENSE("GPL");
