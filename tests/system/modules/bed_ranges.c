// SPDX-License-Identifier: GPL-2.0
/*
 * Discards many ranges of a disk under one plug, as file systems do and no
 * program can.  It does so when it is loaded, and cannot be loaded if a discard
 * fails.
 */
#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/module.h>

static char *disk = "/dev/xvda";
module_param(disk, charp, 0444);

static unsigned int count = 1;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Number of ranges");

static unsigned int sectors = 8;
module_param(sectors, uint, 0444);
MODULE_PARM_DESC(sectors, "Length of each");

static unsigned int stride = 16;
module_param(stride, uint, 0444);
MODULE_PARM_DESC(stride, "From the start of one to that of the next");

static DECLARE_COMPLETION(done);
static atomic_t pending = ATOMIC_INIT(1);
static blk_status_t status;

static void drop(void)
{
	if (atomic_dec_and_test(&pending))
		complete(&done);
}

static void end_io(struct bio *bio)
{
	if (bio->bi_status)
		WRITE_ONCE(status, bio->bi_status);
	bio_put(bio);
	drop();
}

static void discard(struct block_device *bdev)
{
	struct blk_plug plug;
	struct bio *bio;
	unsigned int i;

	blk_start_plug(&plug);
	for (i = 0; i < count; i++) {
		bio = bio_alloc(bdev, 0, REQ_OP_DISCARD, GFP_KERNEL);
		bio->bi_iter.bi_sector = (sector_t)i * stride;
		bio->bi_iter.bi_size = sectors << SECTOR_SHIFT;
		bio->bi_end_io = end_io;
		atomic_inc(&pending);
		submit_bio(bio);
	}
	blk_finish_plug(&plug);
	drop();
	wait_for_completion(&done);
}

static int __init bed_ranges_init(void)
{
	struct file *file = filp_open(disk, O_RDWR | O_EXCL, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	discard(I_BDEV(file->f_mapping->host));
	filp_close(file, NULL);
	return status ? blk_status_to_errno(status) : 0;
}
module_init(bed_ranges_init);

static void __exit bed_ranges_exit(void)
{
}
module_exit(bed_ranges_exit);

MODULE_DESCRIPTION("Discards many ranges of a disk at once");
MODULE_LICENSE("GPL");
