// SPDX-License-Identifier: GPL-2.0
/*
 * What a request and its response cost on a ring between two CPUs: the headers
 * that the drivers are built from, against the existing ring.
 *
 *   ring_bench [SECONDS]
 *
 * A frontend on one CPU keeps up to a depth of requests in flight; a backend
 * on another answers each at once, in order, and both poll.  There is no event
 * channel, no grant and no disk.  Batches: as many requests, or responses, are
 * pushed together as there are, up to so many.
 *
 *   L0     the existing ring as Linux runs it: armed after each drain, a barrier
 *          and a check for each push
 *   L0aa   the same again; how far its ratio is from 1 is the error
 *   L0d    the existing ring, which polls before it arms and has one barrier
 *          and check for a burst of up to 32
 *   slim   our slim requests on the shared ring; polls before it arms
 *   split  our separate rings; polls before it arms, one barrier and check for
 *          a burst.  What is put is seen at once, whatever the batch.
 *
 * CPUs are stolen and shared, so that no mean is worth anything.  The time of
 * a slice is the median of its blocks, and slices of a layout stand between two
 * of L0; a ratio is that of neighbours, and what is printed is the median.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include "side.h"

#define OPS		6144	/* of a slice */
#define BLOCK		512
#define BLOCK_D1	128
#define MAX_BLOCKS	(OPS / BLOCK_D1)
#define BURST		32
#define POLLS		400	/* before arming */
#define MAX_ROUNDS	400

struct kind_info {
	const char *name;
	enum kind kind;
	u32 max_depth;
};

/* The first stands between all others. */
static const struct kind_info kinds[] = {
	{ "L0", OLD, OLD_SLOTS },
	{ "L0aa", OLD, OLD_SLOTS },
	{ "L0d", TUNED, OLD_SLOTS },
	{ "slim", SLIM, 64 },
	{ "split", SPLIT, MAX_DEPTH },
};

#define KINDS	5

static const struct { u32 depth, batch; } cells[] = {
	{ 1, 1 }, { 8, 1 }, { 8, 8 }, { 32, 1 }, { 32, 8 }, { 32, 32 },
	{ 124, 1 }, { 124, 8 }, { 124, 32 },
};

#define CELLS	9

/* One slice, and what both threads share of it but the ring. */
static struct slice {
	enum kind kind;
	u32 depth, batch, block;
	u64 first_id;
	u64 stamp[MAX_BLOCKS + 1];
	u32 nr_stamps;
	u64 front_sum, back_sum;
	u64 notified;
	u32 errors;
} slice;

static struct side front_side, back_side;
static u8 pages[2][PAGES][BLKIF_PAGE_SIZE]
	__attribute__((__aligned__(BLKIF_PAGE_SIZE)));
static pthread_barrier_t start, stop;
static bool over;
static int cpus[2];

static u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static inline void relax(void)
{
#if defined(__i386__) || defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* Found nothing: poll, and arm once when that has taken long enough. */
HOT bool time_to_arm(enum kind kind, u32 *idle)
{
	u32 polls = kind == OLD ? 0 : POLLS;

	relax();
	return (*idle)++ == polls;
}

/* What a side owes its peer: a look at the event word. */
struct owed {
	u32 entries;
	u64 notified;
};

/* Up to a batch of requests. */
HOT void submit(enum kind kind, u64 *sent, u64 done, struct owed *owed)
{
	u32 n = 0;

	while (n < slice.batch && *sent < OPS && *sent - done < slice.depth) {
		struct job job = job_of(slice.first_id + (*sent)++);

		front_put(kind, &front_side, &job);
		n++;
	}
	if (!n)
		return;
	owed->notified += front_publish(kind, &front_side);
	owed->entries += n;
}

HOT void settle_front(enum kind kind, struct owed *owed, u32 limit)
{
	if (owed->entries < limit)
		return;
	owed->notified += front_check(kind, &front_side);
	owed->entries = 0;
}

HOT void check_answer(const struct answer *answer, u64 done)
{
	struct job job = job_of(slice.first_id + done);

	if (answer->id != job.id || answer->op != job.op ||
	    answer->status != hash(&job))
		slice.errors++;
	slice.front_sum += answer->status;
}

/* Up to a burst of responses. */
HOT u32 reap(enum kind kind, u64 *done, u64 *next)
{
	struct answer answer;
	u32 n = 0;

	while (n < BURST && front_get(kind, &front_side, &answer)) {
		check_answer(&answer, (*done)++);
		n++;
		if (*done == *next) {
			slice.stamp[slice.nr_stamps++] = now_ns();
			*next += slice.block;
		}
	}
	return n;
}

HOT void frontend(enum kind kind)
{
	u64 sent = 0, done = 0, next = slice.block;
	struct owed owed = { 0 };
	u32 idle = 0;

	slice.stamp[slice.nr_stamps++] = now_ns();
	while (done < OPS) {
		u64 before = sent + done;

		submit(kind, &sent, done, &owed);
		settle_front(kind, &owed, BURST);
		reap(kind, &done, &next);
		if (sent + done != before) {
			idle = 0;
			continue;
		}
		settle_front(kind, &owed, 1);
		if (time_to_arm(kind, &idle))
			front_arm(kind, &front_side);
	}
	__atomic_fetch_add(&slice.notified, owed.notified, __ATOMIC_RELAXED);
}

/* Up to a batch of requests, each answered at once. */
HOT u32 serve(enum kind kind, u64 *sum, struct owed *owed)
{
	struct job job;
	u32 n = 0;

	while (n < slice.batch && back_get(kind, &back_side, &job)) {
		*sum += hash(&job);
		back_put(kind, &back_side, &job);
		n++;
	}
	if (!n)
		return 0;
	owed->notified += back_publish(kind, &back_side);
	owed->entries += n;
	return n;
}

HOT void settle_back(enum kind kind, struct owed *owed, u32 limit)
{
	if (owed->entries < limit)
		return;
	owed->notified += back_check(kind, &back_side);
	owed->entries = 0;
}

HOT void backend(enum kind kind)
{
	struct owed owed = { 0 };
	u64 done = 0, sum = 0;
	u32 idle = 0;

	while (done < OPS) {
		u32 got = serve(kind, &sum, &owed);

		done += got;
		settle_back(kind, &owed, BURST);
		if (got) {
			idle = 0;
			continue;
		}
		settle_back(kind, &owed, 1);
		if (time_to_arm(kind, &idle))
			back_arm(kind, &back_side);
	}
	slice.back_sum = sum;
	__atomic_fetch_add(&slice.notified, owed.notified, __ATOMIC_RELAXED);
}

/* One pair of loops for each layout, with nothing left to decide in them. */
#define LOOPS(kind)							\
static __attribute__((noinline)) void front_##kind(void)		\
{									\
	frontend(kind);							\
}									\
static __attribute__((noinline)) void back_##kind(void)			\
{									\
	backend(kind);							\
}
LOOPS(OLD)
LOOPS(TUNED)
LOOPS(SLIM)
LOOPS(SPLIT)

static void (*const fronts[])(void) = {
	front_OLD, front_TUNED, front_SLIM, front_SPLIT,
};
static void (*const backs[])(void) = {
	back_OLD, back_TUNED, back_SLIM, back_SPLIT,
};

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

static void connect_sides(enum kind kind)
{
	const struct blkif_layout layout = {
		.abi = &blkif_abi_slim, .split = kind == SPLIT, .align = 64,
	};
	void *req[PAGES] = { pages[0][0], pages[0][1] };
	void *rsp[PAGES] = { pages[1][0], pages[1][1] };

	memset(pages, 0, sizeof(pages));
	if (is_old(kind)) {
		old_init(&front_side.old, req[0]);
		old_init(&back_side.old, req[0]);
		return;
	}
	blkif_front_ring_init(&front_side.front, &layout, req, rsp);
	if (blkif_back_ring_init(&back_side.back, &layout, req, rsp))
		abort();
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

/* Return: ns a request, the median of the slice's blocks. */
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

/* Layouts in another order each time, each between two of the first. */
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

/* Notifications are what a peer would have been sent, a thousand requests. */
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
