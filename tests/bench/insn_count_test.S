/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that QEMU starts without an operating system (-kernel, as a PVH guest). The
 * instructions between its two marks are known, to test insn_count.c. It ends QEMU by the
 * port of isa-debug-exit.
 */
#include "bare.h"
#include "mark.h"

	starts_at_start32

	.code32
	.globl _start
_start:
start32:
	enable_long_mode 0x80000000
	lgdt gdt_pointer
	ljmp $8, $start64

	.code64
start64:
	mov $16, %eax
	mov %eax, %ss
	mov $stack, %esp
	call twice			/* not between marks: not counted */
	movabs $MARK_BEGIN, %rax
	mov $1000, %ebx
	jmp loop
	.globl loop
loop:	call twice			/* 1000 times 1 + 2 + 2 */
	dec %ebx
	jnz loop
	mov $512, %ecx
	mov $pml4, %esi
	mov $copy, %edi
	jmp move
	.globl move
move:	rep movsq			/* 512 */
	movabs $MARK_END, %rax
	call twice
	mov $0, %al
	out %al, $0xf4
1:	hlt
	jmp 1b

	.globl twice
twice:	nop
	ret

	segments_and_pages 0x83
copy:	.fill 4096
	.fill 512
stack:
