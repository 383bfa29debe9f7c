// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the cost of a request and its response on a ring between two CPUs:
 * that of the headers that the drivers use, and that of the existing ring.
 *
 *   ring_bench [SECONDS]
 *
 * A frontend on one CPU keeps up to a depth of requests in flight; a backend
 * on another answers each at once, in order, and both poll.  There is no event
 * channel, no grant and no disk.  Up to a batch of requests, or of responses,
 * is published together.
 *
 *   L0        the existing ring as Linux runs it: rearmed after each drain, a
 *             barrier and a check for each batch
 *   L0aa      the same again; the distance of its ratio from 1 is the error
 *   L0d       the existing ring, tuned: polls before it rearms, one barrier and
 *             check for a burst of up to 32
 *   slim      slim requests on the shared ring; polls before it rearms
 *   separate  separate rings; polls before it rearms, one barrier and check for
 *             a burst.  A slot is visible at once, whatever the batch.
 *   kept      separate rings where each side keeps its requests in memory, as
 *             the drivers do and as L0's frontend does.  In "separate" they are
 *             in registers, so that only the ring is measured.
 *   raw       separate rings written by hand for this benchmark: the limit of
 *             the format and the CPUs.  What "separate" takes beyond it is the
 *             cost of the headers.
 *
 * CPUs are shared with others, so means are useless.  The time of a slice is
 * the median of its blocks.  Each slice of a layout runs between two slices of
 * L0; its ratio is to these two, and the median of the ratios is printed.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "loops.h"

#define MAX_ROUNDS	400

struct kind_info {
	const char *name;
	enum kind kind;
	u32 max_depth;
};

/* The first one runs between all others. */
static const struct kind_info kinds[] = {
	{ "L0", OLD, OLD_SLOTS },
	{ "L0aa", OLD, OLD_SLOTS },
	{ "L0d", TUNED, OLD_SLOTS },
	{ "slim", SLIM, 64 },
	{ "kept", KEPT, MAX_DEPTH },
	{ "separate", SEPARATE, MAX_DEPTH },
	{ "raw", RAW, MAX_DEPTH },
};

#define KINDS	7

static const struct { u32 depth, batch; } cells[] = {
	{ 1, 1 }, { 8, 1 }, { 8, 8 }, { 32, 1 }, { 32, 8 }, { 32, 32 },
	{ 124, 1 }, { 124, 8 }, { 124, 32 },
};

#define CELLS	9

static pthread_barrier_t start, stop;
static bool over;
static int cpus[2];

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("ring_bench: pinning to a CPU");
		exit(2);
	}
}

static void *backend_thread(void *arg)
{
	pin(cpus[1]);
	for (;;) {
		pthread_barrier_wait(&start);
		if (over)
			return NULL;
		backs[slice.kind]();
		pthread_barrier_wait(&stop);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, u32 nr)
{
	qsort(values, nr, sizeof(*values), compare);
	return nr % 2 ? values[nr / 2] :
	       (values[nr / 2 - 1] + values[nr / 2]) / 2;
}

/* Return: ns for each request, the median of the slice's blocks. */
static double run_slice(const struct kind_info *info, u32 depth, u32 batch)
{
	double block[MAX_BLOCKS];
	u32 i;

	memset(&slice, 0, sizeof(slice));
	slice.kind = info->kind;
	slice.depth = depth < info->max_depth ? depth : info->max_depth;
	slice.batch = batch;
	slice.block = depth == 1 ? BLOCK_D1 : BLOCK;
	slice.first_id = now_ns() & 0xffffffff;
	connect_sides(info->kind);
	pthread_barrier_wait(&start);
	fronts[info->kind]();
	pthread_barrier_wait(&stop);
	if (slice.errors || slice.front_sum != slice.back_sum) {
		fprintf(stderr, "ring_bench: %s d%u b%u: %u wrong answers\n",
			info->name, depth, batch, slice.errors);
		exit(1);
	}
	for (i = 0; i + 1 < slice.nr_stamps; i++)
		block[i] = (double)(slice.stamp[i + 1] - slice.stamp[i]) /
			   slice.block;
	return median(block, i);
}

/* By layout, cell and round. */
static double ns[KINDS][CELLS][MAX_ROUNDS];
static double ratio[KINDS][CELLS][MAX_ROUNDS];
static u64 notified[KINDS][CELLS];

/* Each time in another order, each layout between two slices of the first. */
static void run_cell(u32 cell, u32 round)
{
	u32 depth = cells[cell].depth, batch = cells[cell].batch;
	u32 order[KINDS], i;
	double before, after;

	for (i = 1; i < KINDS; i++) {
		u32 j = 1 + rand() % i;

		order[i] = order[j];
		order[j] = i;
	}
	before = run_slice(&kinds[0], depth, batch);
	for (i = 1; i < KINDS; i++) {
		u32 k = order[i];

		ns[k][cell][round] = run_slice(&kinds[k], depth, batch);
		notified[k][cell] += slice.notified;
		after = run_slice(&kinds[0], depth, batch);
		notified[0][cell] += slice.notified;
		ratio[k][cell][round] = (before + after) / 2 /
					ns[k][cell][round];
		before = after;
	}
	ns[0][cell][round] = before;
	ratio[0][cell][round] = 1;
}

/* Notifications that a peer would have got, for a thousand requests. */
static void print_results(u32 rounds)
{
	u32 k, c;

	for (c = 0; c < CELLS; c++)
		for (k = 0; k < KINDS; k++) {
			u32 slices = rounds * (k ? 1 : KINDS - 1);

			printf("ring %s d%u b%u ns %.0f ratio %.2f\n",
			       kinds[k].name, cells[c].depth, cells[c].batch,
			       median(ns[k][c], rounds),
			       median(ratio[k][c], rounds));
			printf("notified %s d%u b%u per 1000 %.1f\n",
			       kinds[k].name, cells[c].depth, cells[c].batch,
			       1000.0 * notified[k][c] / slices / OPS);
		}
	printf("rounds %u\n", rounds);
}

/* Two CPUs that this process may use. */
static void choose_cpus(void)
{
	cpu_set_t set;
	int cpu, nr = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && nr < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[nr++] = cpu;
	if (nr == 2)
		return;
	fprintf(stderr, "ring_bench: two CPUs are needed\n");
	exit(77);
}

int main(int argc, char **argv)
{
	u64 end = now_ns() + (argc > 1 ? atoi(argv[1]) : 100) * 1000000000ULL;
	u32 round = 0, cell;
	pthread_t thread;

	choose_cpus();
	pthread_barrier_init(&start, NULL, 2);
	pthread_barrier_init(&stop, NULL, 2);
	pthread_create(&thread, NULL, backend_thread, NULL);
	pin(cpus[0]);
	/* The first round warms up and does not count. */
	for (cell = 0; cell < CELLS; cell++)
		run_cell(cell, 0);
	memset(notified, 0, sizeof(notified));
	do {
		for (cell = 0; cell < CELLS; cell++)
			run_cell(cell, round);
		round++;
		fprintf(stderr, "\rround %u ", round);
	} while (round < 3 || (round < MAX_ROUNDS && now_ns() < end));
	fprintf(stderr, "\n");
	over = true;
	pthread_barrier_wait(&start);
	pthread_join(thread, NULL);
	print_results(round);
	return 0;
}
