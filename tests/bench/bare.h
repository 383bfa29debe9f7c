/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For programs that QEMU starts without an operating system (-kernel, as a PVH guest), in
 * 32-bit mode at start32.
 */
	.macro starts_at_start32
	.section .note.pvh, "a", @note
	.long 4, 4, 18			/* "Xen", XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long start32
	.text
	.endm

	/* Long mode, with the page tables at pml4, once the caller jumps to a segment of it. */
	.macro enable_long_mode cr0
	mov $pml4, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax			/* long mode */
	wrmsr
	mov %cr0, %eax
	or $\cr0, %eax
	mov %eax, %cr0
	.endm

	/* The segments and pages of long mode: an entry of 1 GiB for each argument. */
	.macro segments_and_pages entries:vararg
	.data
	.balign 8
gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word 23
	.long gdt
	.balign 4096
pml4:	.quad pdpt + 3
	.fill 511, 8, 0
pdpt:	.quad \entries
	.org pdpt + 4096
	.endm
