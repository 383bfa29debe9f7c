// SPDX-License-Identifier: GPL-2.0
/*
 * Lets a function of a driver fail: its next "times" calls return "error" and do
 * nothing.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <asm/ptrace.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "Function that returns an error or 0");

static int times = 1;
module_param(times, int, 0644);
MODULE_PARM_DESC(times, "Calls that are still to fail");

static int error = -ENOMEM;
module_param(error, int, 0444);
MODULE_PARM_DESC(error, "What they return");

/* Runs in place of the function. */
static notrace int refused(void)
{
	return error;
}

static int refuse(struct kprobe *probe, struct pt_regs *regs)
{
	if (times <= 0)
		return 0;
	times--;
	instruction_pointer_set(regs, (unsigned long)refused);
	return 1;
}
NOKPROBE_SYMBOL(refuse);

/* A probe with this handler may change the instruction pointer. */
static void unused(struct kprobe *probe, struct pt_regs *regs,
		   unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = refuse, .post_handler = unused };

static int __init bed_refuse_init(void)
{
	if (!function)
		return -EINVAL;
	probe.symbol_name = function;
	return register_kprobe(&probe);
}
module_init(bed_refuse_init);

static void __exit bed_refuse_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(bed_refuse_exit);

MODULE_DESCRIPTION("Lets a function of a driver fail");
MODULE_LICENSE("GPL");
