// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU TCG plugin that counts the cache lines that move between CPUs, between
 * two marks that a program in the machine makes (mark.c).
 *
 *	-plugin file=line_count.so,out=FILE[,below=BYTES]
 *
 * FILE gets, for each pair of marks, a line
 *	mark NUMBER
 * and after it, for each line that moved to a CPU by an instruction,
 *	LINE INSTRUCTION CPU READS WRITES
 * with the line's physical address and the instruction's virtual one, both
 * hexadecimal.
 *
 * Each CPU has a cache of its own that holds all memory. A line has 64 bytes and
 * is shared by the CPUs that have read it since it was last written, or is owned
 * by the CPU that wrote it last. A move is
 *	a read	by a CPU that does not have the line, if a CPU has written it
 *	a write	by a CPU while another one has the line, whether the CPU has it
 *		as well (the other copies are invalidated) or not (its content
 *		moves, too)
 * A line that nobody has written yet comes from memory, which is no move. A
 * locked instruction, or XCHG, is one write. Any other one that reads and writes
 * may be both.
 *
 * The state of lines is followed from "begin" to "end". It starts with no line
 * in any cache, so that the first move of a line is missed that was written
 * before. A second "begin" starts the counts again and keeps the state: what
 * runs between the two warms the caches.
 *
 * What is counted are loads and stores of instructions to RAM, but neither
 * fetches of instructions, nor walks of page tables, nor DMA. A store is noted
 * after it is done, and so another CPU may see it a moment before.
 *
 * QEMU 7.2 gives the offset of an address in RAM: "below" is the size of the part
 * of RAM that is below 4 GiB, if the rest is above.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "plugin.h"

#define CPUS		8
#define LINE_SHIFT	6
#define LINE_SIZE	(1u << LINE_SHIFT)
#define PAGE_SIZE	4096u
#define MEMORY		(16ull << 30)
#define LINES		(MEMORY >> LINE_SHIFT)

/* A line: a bit for each CPU that has it, and whether a CPU has written it. */
#define WRITTEN		(1u << CPUS)
static uint16_t *lines;

/* An entry without counts is free. */
struct move {
	uint64_t line;
	uint64_t insn;
	uint64_t reads;
	uint64_t writes;
};

/* Each CPU has a table of its own: all but the reader of the totals take their own lock. */
static struct table {
	pthread_mutex_t lock;
	struct move *moves;
	size_t size;		/* a power of two */
	size_t used;
} tables[CPUS];

static pthread_mutex_t marks_lock = PTHREAD_MUTEX_INITIALIZER;
static bool following, counting;
static unsigned int marks;
static uint64_t below = UINT64_MAX;
static FILE *out;

/* The entry of a line and an instruction, or the free one where it belongs. */
static struct move *find(const struct table *t, uint64_t line, uint64_t insn)
{
	size_t i = ((line ^ insn * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd) >> 20;
	struct move *m;

	for (;; i++) {
		m = &t->moves[i & (t->size - 1)];
		if (!(m->reads | m->writes) || (m->line == line && m->insn == insn))
			return m;
	}
}

static void grow(struct table *t)
{
	struct move *old = t->moves;
	size_t n = t->size, i;

	t->size = n ? n * 2 : 1 << 12;
	t->moves = calloc(t->size, sizeof(*t->moves));
	if (!t->moves)
		abort();
	for (i = 0; i < n; i++)
		if (old[i].reads | old[i].writes)
			*find(t, old[i].line, old[i].insn) = old[i];
	free(old);
}

static void count(unsigned int cpu, uint64_t line, bool store, uint64_t insn)
{
	struct table *t = &tables[cpu];
	struct move *m;

	pthread_mutex_lock(&t->lock);
	if (__atomic_load_n(&counting, __ATOMIC_RELAXED)) {
		if (t->used * 2 >= t->size)
			grow(t);
		m = find(t, line, insn);
		t->used += !(m->reads | m->writes);
		m->line = line;
		m->insn = insn;
		if (store)
			m->writes++;
		else
			m->reads++;
	}
	pthread_mutex_unlock(&t->lock);
}

static void touch(unsigned int cpu, uint64_t address, bool store, uint64_t insn)
{
	uint64_t line = address >> LINE_SHIFT;
	uint16_t mine = 1u << cpu, was, is;

	if (line >= LINES)
		return;
	was = __atomic_load_n(&lines[line], __ATOMIC_RELAXED);
	do {
		is = store ? WRITTEN | mine : was | mine;
		if (is == was)
			return;
	} while (!__atomic_compare_exchange_n(&lines[line], &was, is, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	/* A reader that does not have a written line is not its writer, who has it. */
	if (store ? was & ~(WRITTEN | mine) : was & WRITTEN)
		count(cpu, line, store, insn);
}

/* Return: whether it is in RAM, and where. */
static bool physical(qemu_plugin_meminfo_t info, uint64_t vaddr, uint64_t *address)
{
	struct qemu_plugin_hwaddr *at = qemu_plugin_get_hwaddr(info, vaddr);

	if (!at || qemu_plugin_hwaddr_is_io(at))
		return false;
	*address = qemu_plugin_hwaddr_phys_addr(at);
	if (PLUGIN_API == 1 && *address >= below)
		*address += (1ull << 32) - below;
	return true;
}

static void access_memory(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, bool store,
			  uint64_t insn)
{
	uint64_t next = (vaddr | (LINE_SIZE - 1)) + 1, address;

	if (cpu >= CPUS || !physical(info, vaddr, &address))
		return;
	touch(cpu, address, store, insn);
	if (vaddr % LINE_SIZE + (1u << qemu_plugin_mem_size_shift(info)) <= LINE_SIZE)
		return;
	if (next % PAGE_SIZE)
		touch(cpu, address + LINE_SIZE, store, insn);
	else if (physical(info, next, &address))
		touch(cpu, address, store, insn);
}

static void accessed(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *insn)
{
	if (__atomic_load_n(&following, __ATOMIC_RELAXED))
		access_memory(cpu, info, vaddr, qemu_plugin_mem_is_store(info), (uintptr_t)insn);
}

/* QEMU 10 reports the two halves of a locked instruction, QEMU 7.2 one access. */
static void locked(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *insn)
{
	if (__atomic_load_n(&following, __ATOMIC_RELAXED))
		access_memory(cpu, info, vaddr, true, (uintptr_t)insn);
}

static void begin(unsigned int cpu, void *data)
{
	unsigned int i;

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&marks_lock);
	/* The pages of such a mapping are zero again. */
	if (!following && madvise(lines, LINES * sizeof(*lines), MADV_DONTNEED))
		abort();
	for (i = 0; i < CPUS; i++) {
		pthread_mutex_lock(&tables[i].lock);
		memset(tables[i].moves, 0, tables[i].size * sizeof(*tables[i].moves));
		tables[i].used = 0;
		pthread_mutex_unlock(&tables[i].lock);
	}
	__atomic_store_n(&counting, true, __ATOMIC_RELAXED);
	__atomic_store_n(&following, true, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&marks_lock);
}

static void print(unsigned int cpu)
{
	struct table *t = &tables[cpu];
	struct move *m;

	pthread_mutex_lock(&t->lock);
	for (m = t->moves; m < t->moves + t->size; m++)
		if (m->reads | m->writes)
			fprintf(out, "%" PRIx64 " %" PRIx64 " %u %" PRIu64 " %" PRIu64 "\n",
				m->line << LINE_SHIFT, m->insn, cpu, m->reads, m->writes);
	pthread_mutex_unlock(&t->lock);
}

static void end(unsigned int cpu, void *data)
{
	unsigned int i;

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&marks_lock);
	if (following) {
		__atomic_store_n(&counting, false, __ATOMIC_RELAXED);
		__atomic_store_n(&following, false, __ATOMIC_RELAXED);
		fprintf(out, "mark %u\n", marks++);
		for (i = 0; i < CPUS; i++)
			print(i);
		fflush(out);
	}
	pthread_mutex_unlock(&marks_lock);
}

/* Does the instruction lock what it accesses? */
static bool is_locked(const struct qemu_plugin_insn *insn)
{
	unsigned char data[INSN_MAX];
	size_t n = insn_bytes(insn, data), i;

	for (i = 0; i < n; i++) {
		switch (data[i]) {
		case 0xf0:		/* LOCK */
		case 0x86:		/* XCHG */
		case 0x87:
			return true;
		case 0x26: case 0x2e: case 0x36: case 0x3e:
		case 0x40 ... 0x4f:
		case 0x64 ... 0x67:
		case 0xf2: case 0xf3:
			break;
		default:
			return false;
		}
	}
	return false;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct qemu_plugin_insn *insn;

	(void)id;
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		look_for_mark(insn, begin, end);
		qemu_plugin_register_vcpu_mem_cb(insn, is_locked(insn) ? locked : accessed,
						 QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
						 (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			       int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (!strncmp(argv[i], "below=", 6))
			below = strtoull(argv[i] + 6, NULL, 0);
		else
			return -1;
	}
	if (!out) {
		fprintf(stderr, "line_count: out=FILE is missing, or cannot be written\n");
		return -1;
	}
	lines = mmap(NULL, LINES * sizeof(*lines), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (lines == MAP_FAILED) {
		perror("line_count");
		return -1;
	}
	for (i = 0; i < CPUS; i++) {
		pthread_mutex_init(&tables[i].lock, NULL);
		grow(&tables[i]);
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
