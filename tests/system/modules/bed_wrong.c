// SPDX-License-Identifier: GPL-2.0
/*
 * A backend that answers what it was not asked: the next answer of ours gets
 * another id than its request's.
 *
 *	insmod bed_wrong.ko mask=0x100000000	some bits of it are others
 *	insmod bed_wrong.ko replay=1		it is that of the answer before
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <asm/ptrace.h>

static unsigned long mask;
module_param(mask, ulong, 0444);
MODULE_PARM_DESC(mask, "Bits that are wrong");

static bool replay;
module_param(replay, bool, 0444);
MODULE_PARM_DESC(replay, "Answer the request before once more");

static int answers = 1;
module_param(answers, int, 0444);
MODULE_PARM_DESC(answers, "How many are still to be wrong");

/* In struct blkback_req: behind the queue and a list. */
#define ID	(sizeof(void *) + sizeof(struct list_head))

static u64 before;
static bool seen;

/* Called with the request, right before it is answered. */
static int answer(struct kprobe *probe, struct pt_regs *regs)
{
	u64 *id = (void *)(regs_get_kernel_argument(regs, 0) + ID);
	u64 now = *id;

	if (answers > 0 && (!replay || seen)) {
		*id = replay ? before : now ^ mask;
		answers--;
	}
	before = now;
	seen = true;
	return 0;
}
NOKPROBE_SYMBOL(answer);

static struct kprobe probe = {
	.symbol_name = "blkback_io_status",
	.pre_handler = answer,
};

static int __init bed_wrong_init(void)
{
	return register_kprobe(&probe);
}
module_init(bed_wrong_init);

static void __exit bed_wrong_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(bed_wrong_exit);

MODULE_DESCRIPTION("A backend that answers what it was not asked");
MODULE_LICENSE("GPL");
