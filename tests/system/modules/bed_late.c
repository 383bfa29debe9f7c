// SPDX-License-Identifier: GPL-2.0
/*
 * Lets a function return late: the CPU spins for "ms" before its next "times" calls
 * in kernel threads return, while the other CPUs go on.  In xenwatch, they are not late.
 */
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "Function that returns late");

static int times;
module_param(times, int, 0644);
MODULE_PARM_DESC(times, "Calls that are still to return late");

static unsigned int ms = 200;
module_param(ms, uint, 0644);
MODULE_PARM_DESC(ms, "By how much");

static int late(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (times <= 0 || !(current->flags & PF_KTHREAD) ||
	    !strcmp(current->comm, "xenwatch"))
		return 0;
	times--;
	mdelay(ms);
	return 0;
}
NOKPROBE_SYMBOL(late);

static struct kretprobe probe = { .handler = late };

static int __init bed_late_init(void)
{
	if (!function)
		return -EINVAL;
	probe.kp.symbol_name = function;
	return register_kretprobe(&probe);
}
module_init(bed_late_init);

static void __exit bed_late_exit(void)
{
	unregister_kretprobe(&probe);
}
module_exit(bed_late_exit);

MODULE_DESCRIPTION("Lets a function return late");
MODULE_LICENSE("GPL");
