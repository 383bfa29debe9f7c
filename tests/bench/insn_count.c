// SPDX-License-Identifier: GPL-2.0
/*
 * A QEMU TCG plugin that counts, for each CPU and each block of translated code,
 * how often it ran, between two marks that a program in the machine makes
 * (mark.c). The counts are exact: nothing is sampled.
 *
 *	-plugin file=insn_count.so,out=FILE
 *
 * FILE gets, for each pair of marks, a line
 *	mark NUMBER
 * and after it a line for each CPU and block that ran
 *	CPU ADDRESS INSTRUCTIONS TIMES
 * with the virtual address, hexadecimal, of the block's first instruction. Blocks
 * begin where control arrives, so TIMES of a function's address is the number of
 * its calls. With -icount, an instruction with a REP prefix counts once for each
 * repetition.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "plugin.h"

#define CPUS	8
#define BUCKETS	(1 << 18)

/* Never freed: QEMU may run a block that it has translated at any time. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t insns;
	uint64_t times[CPUS];
};

static struct block *buckets[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool counting;
static unsigned int marks;
static FILE *out;

static void ran(unsigned int cpu, void *data)
{
	struct block *b = data;

	/* A word for each CPU, so that no count is lost when they run at the same time. */
	if (counting && cpu < CPUS)
		b->times[cpu]++;
}

static void begin(unsigned int cpu, void *data)
{
	struct block *b;
	size_t i;

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&lock);
	for (i = 0; i < BUCKETS; i++)
		for (b = buckets[i]; b; b = b->next)
			memset(b->times, 0, sizeof(b->times));
	counting = true;
	pthread_mutex_unlock(&lock);
}

static void end(unsigned int cpu, void *data)
{
	struct block *b;
	size_t i, c;

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&lock);
	if (counting) {
		counting = false;
		fprintf(out, "mark %u\n", marks++);
		for (i = 0; i < BUCKETS; i++)
			for (b = buckets[i]; b; b = b->next)
				for (c = 0; c < CPUS; c++)
					if (b->times[c])
						fprintf(out, "%zu %" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
							c, b->address, b->insns, b->times[c]);
		fflush(out);
	}
	pthread_mutex_unlock(&lock);
}

/* Find or make the block of this address and length. */
static struct block *block(uint64_t address, uint64_t insns)
{
	struct block **bucket, *b;

	bucket = &buckets[((address ^ insns) * 0x9e3779b97f4a7c15) >> 46];
	pthread_mutex_lock(&lock);
	for (b = *bucket; b; b = b->next)
		if (b->address == address && b->insns == insns)
			break;
	if (!b) {
		b = calloc(1, sizeof(*b));
		if (!b)
			abort();
		b->address = address;
		b->insns = insns;
		b->next = *bucket;
		*bucket = b;
	}
	pthread_mutex_unlock(&lock);
	return b;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	for (i = 0; i < n; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i), begin, end);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, ran, QEMU_PLUGIN_CB_NO_REGS,
					     block(qemu_plugin_tb_vaddr(tb), n));
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			       int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "insn_count: the argument must be out=FILE\n");
		return -1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
