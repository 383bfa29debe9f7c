// SPDX-License-Identifier: GPL-2.0
/*
 * Loses events: the next "events" calls of the interrupt handler that the
 * parameter "handler" names only acknowledge the interrupt.  The protocol of the
 * rings loses no event, so this is the way to test the watchdogs.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <asm/ptrace.h>
#include <xen/events.h>

static char *handler;
module_param(handler, charp, 0444);
MODULE_PARM_DESC(handler, "Function of type irq_handler_t whose calls are lost");

static int events = 1;
module_param(events, int, 0444);
MODULE_PARM_DESC(events, "Events that are still to be lost");

/* Runs in place of the handler. */
static notrace irqreturn_t lost(int irq, void *data)
{
	xen_irq_lateeoi(irq, 0);
	return IRQ_HANDLED;
}

static int lose(struct kprobe *probe, struct pt_regs *regs)
{
	if (events <= 0)
		return 0;
	events--;
	instruction_pointer_set(regs, (unsigned long)lost);
	return 1;
}
NOKPROBE_SYMBOL(lose);

/* A probe with this handler may change the instruction pointer. */
static void unused(struct kprobe *probe, struct pt_regs *regs,
		   unsigned long flags)
{
}

static struct kprobe probe = { .pre_handler = lose, .post_handler = unused };

static int __init bed_lose_init(void)
{
	if (!handler)
		return -EINVAL;
	probe.symbol_name = handler;
	return register_kprobe(&probe);
}
module_init(bed_lose_init);

static void __exit bed_lose_exit(void)
{
	unregister_kprobe(&probe);
}
module_exit(bed_lose_exit);

MODULE_DESCRIPTION("Loses events of a driver");
MODULE_LICENSE("GPL");
