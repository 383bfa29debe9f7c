/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program that QEMU starts without an operating system (-kernel, as a PVH guest), with two
 * CPUs and memory above 4 GiB, to test line_count.c. The CPUs take turns: one accesses lines
 * only while the other waits for the line "turn". All lines but this one therefore move a
 * known number of times; prepare.sh has the numbers. It ends QEMU by the port of
 * isa-debug-exit.
 */
#include "bare.h"
#include "mark.h"

#define ROUNDS		100
#define WARM		10
#define TRAMPOLINE	0x8000		/* the second CPU starts here, in real mode */
#define APIC_COMMAND	0xfee00300
#define HIGH		0x140000000

	starts_at_start32

	.code32
	.globl _start
_start:
start32:
	enable_long_mode 0x80000000
	lgdt gdt_pointer
	ljmp $8, $first

	.code16
trampoline:
	lgdtl TRAMPOLINE + 1f - trampoline
	enable_long_mode 0x80000001
	ljmpl $8, $second
1:	.word 23
	.long gdt
trampoline_end:

	.code64
first:
	mov $16, %eax
	mov %eax, %ss
	mov $stack, %esp
	mov $trampoline, %esi
	mov $TRAMPOLINE, %edi
	mov $trampoline_end - trampoline, %ecx
	rep movsb
	/* The firmware has used the second CPU: INIT, then SIPI. */
	mov $APIC_COMMAND, %edi
	movl $1 << 24, 0x10(%rdi)
	movl $0x4500, (%rdi)
	movl $1 << 24, 0x10(%rdi)
	movl $0x4600 | TRAMPOLINE >> 12, (%rdi)
	movabs $HIGH, %r8
	movabs $MARK_BEGIN, %rax
	mov $WARM, %ebx
	call rounds
	movabs $MARK_BEGIN, %rax	/* from zero, with warm caches */
	mov $ROUNDS, %ebx
	call rounds
	movabs $MARK_END, %rax
	mov $1, %ebx
	call rounds			/* not counted */
	mov $0, %al
	out %al, $0xf4
1:	hlt
	jmp 1b

/* %ebx turns of the first CPU, each followed by one of the second. */
rounds:
	.globl first_writes, first_locks, first_changes, first_shares, first_crosses, first_goes_high, first_copies
first_writes:
	mov %rbx, written
first_locks:
	lock incq locked
first_changes:
	incq changed
first_shares:
	mov %ebx, shared
first_crosses:
	mov %rbx, crossed + 60
first_goes_high:
	mov %rbx, (%r8)
	mov $source, %esi
	mov $copied, %edi
	mov $16, %ecx
first_copies:
	rep movsq
	incq first_only
	mov only_read, %rax
	movl $1, turn
1:	pause
	cmpl $0, turn
	jne 1b
	dec %ebx
	jnz rounds
	ret

	.globl second_reads, second_locks, second_changes, second_shares, second_crosses, second_goes_high
	.globl second_copies
second:
	movabs $HIGH, %r8
	mov $16, %eax
	mov %eax, %ss
2:	pause
	cmpl $1, turn
	jne 2b
second_reads:
	mov written, %rax
second_locks:
	xchg %rax, locked
second_changes:
	incq changed
second_shares:
	mov %ebx, shared + 32
second_crosses:
	mov crossed + 60, %rax
second_goes_high:
	mov (%r8), %rax
	mov $copied, %esi
	mov $copied_again, %edi
	mov $16, %ecx
second_copies:
	rep movsq
	incq second_only
	mov only_read, %rax
	movl $0, turn
	jmp 2b

	/* The fourth has the APIC, the sixth HIGH. */
	segments_and_pages 0x83, 0x40000083, 0x80000083, 0xc0000093, 0, HIGH + 0x83

	/* Of each of these, the lines at its address and, if it is larger, behind that. */
	.globl turn, written, locked, changed, shared, crossed, copied, first_only, second_only
	.balign 64
turn:	.fill 64
written: .fill 64
locked:	.fill 64
changed: .fill 64
shared:	.fill 64
crossed: .fill 128
source:	.fill 128
copied:	.fill 128
copied_again: .fill 128
first_only: .fill 64
second_only: .fill 64
only_read: .fill 64
	.fill 512
stack:
