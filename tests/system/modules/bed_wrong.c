// SPDX-License-Identifier: GPL-2.0
/*
 * Makes our backend send wrong responses: the next response gets another id
 * than its request has.
 *
 *	insmod bed_wrong.ko mask=0x100000000	bits of the id to invert
 *	insmod bed_wrong.ko replay=1		use the id of the response before
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <asm/ptrace.h>

static unsigned long mask;
module_param(mask, ulong, 0444);
MODULE_PARM_DESC(mask, "Bits of the id to invert");

static bool replay;
module_param(replay, bool, 0444);
MODULE_PARM_DESC(replay, "Use the id of the response before");

static int answers = 1;
module_param(answers, int, 0444);
MODULE_PARM_DESC(answers, "Responses that are still to be changed");

/* The id in struct blkback_req: behind a pointer and a list head. */
#define ID	(sizeof(void *) + sizeof(struct list_head))

static u64 before;
static bool seen;

/* blkback_io_status() gets the request, right before its response is put. */
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

MODULE_DESCRIPTION("Makes the backend send wrong responses");
MODULE_LICENSE("GPL");
