// SPDX-License-Identifier: GPL-2.0
/*
 * mark begin | mark end: a plugin (insn_count.c, line_count.c), outside of the machine, counts
 * what happens in between. Without one, they do nothing. It is built without a C library, as the guest has none and
 * as it starts while others are measured.
 */
#include "mark.h"

__attribute__((naked, noreturn)) void _start(void)
{
	asm("mov 16(%%rsp), %%rdi\n\t"	/* argv[1] */
	    "test %%rdi, %%rdi\n\t"
	    "jz 2f\n\t"
	    "cmpb $'b', (%%rdi)\n\t"
	    "jne 1f\n\t"
	    "movabs %0, %%rax\n\t"
	    "jmp 2f\n"
	    "1:\tmovabs %1, %%rax\n"
	    "2:\txor %%edi, %%edi\n\t"
	    "mov $60, %%eax\n\t"		/* exit */
	    "syscall"
	    : : "i"(MARK_BEGIN), "i"(MARK_END));
}
