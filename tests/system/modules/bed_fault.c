// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a disk fail: bios of one kind that are submitted to it end with a given
 * status and never reach it.
 *
 *	insmod bed_fault.ko disk=254:32
 *	cd /sys/module/bed_fault/parameters
 *	echo fua > op; echo NOTSUPP > status
 *	cat hits
 *	echo none > op
 *
 * With erase=1 the disk claims to support secure erase; with op erase and status
 * OK it seems to do it.
 */
#include <linux/blkdev.h>
#include <linux/kdev_t.h>
#include <linux/kprobes.h>
#include <linux/module.h>

static char *disk = "";
module_param(disk, charp, 0444);
MODULE_PARM_DESC(disk, "MAJOR:MINOR");

static bool erase;
module_param(erase, bool, 0444);
MODULE_PARM_DESC(erase, "Claim that the disk supports secure erase");

static unsigned int hits;
module_param(hits, uint, 0644);
MODULE_PARM_DESC(hits, "Bios that ended this way");

/* A bio is of a kind if its bits in mask are those of want. */
struct kind {
	const char *name;
	blk_opf_t mask, want;
	bool empty;	/* and if it has no data */
};

static const struct kind kinds[] = {
	{ "none" },
	{ "read", REQ_OP_MASK, REQ_OP_READ },
	{ "write", REQ_OP_MASK, REQ_OP_WRITE },
	{ "fua", REQ_OP_MASK | REQ_FUA, REQ_OP_WRITE | REQ_FUA },
	{ "flush", REQ_PREFLUSH, REQ_PREFLUSH, true },
	{ "discard", REQ_OP_MASK, REQ_OP_DISCARD },
	{ "erase", REQ_OP_MASK, REQ_OP_SECURE_ERASE },
	{ "zeroes", REQ_OP_MASK, REQ_OP_WRITE_ZEROES },
};

static const struct {
	const char *name;
	blk_status_t status;
} statuses[] = {
	{ "OK", BLK_STS_OK },
	{ "NOTSUPP", BLK_STS_NOTSUPP },
	{ "MEDIUM", BLK_STS_MEDIUM },
	{ "NOSPC", BLK_STS_NOSPC },
	{ "PROTECTION", BLK_STS_PROTECTION },
	{ "TIMEOUT", BLK_STS_TIMEOUT },
	{ "OFFLINE", BLK_STS_OFFLINE },
	{ "TRANSPORT", BLK_STS_TRANSPORT },
	{ "IOERR", BLK_STS_IOERR },
};

static const struct kind *op = &kinds[0];
static blk_status_t status = BLK_STS_IOERR;
static dev_t dev;

static int op_set(const char *val, const struct kernel_param *kp)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (sysfs_streq(val, kinds[i].name)) {
			WRITE_ONCE(op, &kinds[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops op_ops = { .set = op_set };
module_param_cb(op, &op_ops, NULL, 0200);

static int status_set(const char *val, const struct kernel_param *kp)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (sysfs_streq(val, statuses[i].name)) {
			WRITE_ONCE(status, statuses[i].status);
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops status_ops = { .set = status_set };
module_param_cb(status, &status_ops, NULL, 0200);

static bool matches(const struct bio *bio)
{
	const struct kind *kind = READ_ONCE(op);

	return kind->mask && bio->bi_bdev->bd_dev == dev &&
	       (bio->bi_opf & kind->mask) == kind->want &&
	       !(kind->empty && bio->bi_iter.bi_size);
}

/* Runs in place of submit_bio_noacct(). */
static void noinline nothing(struct bio *bio)
{
	barrier();
}
NOKPROBE_SYMBOL(nothing);

static int submitted(struct kprobe *p, struct pt_regs *regs)
{
	struct bio *bio = (struct bio *)regs->di;

	if (!matches(bio))
		return 0;
	hits++;
	bio->bi_status = READ_ONCE(status);
	bio_endio(bio);
	regs->ip = (unsigned long)nothing;
	return 1;
}
NOKPROBE_SYMBOL(submitted);

/* A probe with this handler may change the instruction pointer. */
static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "submit_bio_noacct",
	.pre_handler = submitted,
	.post_handler = after,
};

static int claim_erase(void)
{
	char path[32];
	struct file *file;

	snprintf(path, sizeof(path), "/dev/block/%u:%u", MAJOR(dev), MINOR(dev));
	file = filp_open(path, O_RDWR, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	bdev_get_queue(I_BDEV(file->f_mapping->host))->limits.max_secure_erase_sectors = 2048;
	filp_close(file, NULL);
	return 0;
}

static int __init bed_fault_init(void)
{
	unsigned int major, minor;
	int err;

	if (sscanf(disk, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	dev = MKDEV(major, minor);
	err = erase ? claim_erase() : 0;
	return err ?: register_kprobe(&probe);
}
module_init(bed_fault_init);

static void __exit bed_fault_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(bed_fault_exit);

MODULE_DESCRIPTION("Makes a disk fail");
MODULE_LICENSE("GPL");
