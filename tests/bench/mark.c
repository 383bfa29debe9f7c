// SPDX-License-Identifier: GPL-2.0
/*
 * mark begin | mark end: what runs in between is counted, by insn_count.c outside of the
 * machine. Anywhere else it does nothing. No C library, as it runs in dom0 and in a
 * guest that has none, and starts while others are measured.
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
