// SPDX-License-Identifier: GPL-2.0
/*
 * Both sides of each layout: a pair of loops for each, compiled without
 * branches on the layout.
 */

#include "loops.h"
#include "side.h"

struct slice slice;

static struct side front_side, back_side;
static u8 pages[2][PAGES][BLKIF_PAGE_SIZE]
	__attribute__((__aligned__(BLKIF_PAGE_SIZE)));

static inline void relax(void)
{
#if defined(__i386__) || defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* Nothing was found: poll, and rearm once after POLLS times. */
HOT bool time_to_rearm(enum kind kind, u32 *idle)
{
	u32 polls = kind == OLD ? 0 : POLLS;

	relax();
	return (*idle)++ == polls;
}

/* Entries that were published without a check of the peer's event word. */
struct unchecked {
	u32 entries;
	u64 notified;
};

/* Up to a batch of requests. */
HOT void submit(enum kind kind, u64 *sent, u64 done,
		struct unchecked *unchecked)
{
	u32 n = 0;

	while (n < slice.batch && *sent < OPS && *sent - done < slice.depth) {
		struct job job = job_of(slice.first_id + (*sent)++);

		front_put(kind, &front_side, &job);
		n++;
	}
	if (!n)
		return;
	unchecked->notified += front_publish(kind, &front_side);
	unchecked->entries += n;
}

HOT void settle_front(enum kind kind, struct unchecked *unchecked, u32 limit)
{
	if (unchecked->entries < limit)
		return;
	unchecked->notified += front_check(kind, &front_side);
	unchecked->entries = 0;
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
	struct unchecked unchecked = { 0 };
	u32 idle = 0;

	slice.stamp[slice.nr_stamps++] = now_ns();
	while (done < OPS) {
		u64 before = sent + done;

		submit(kind, &sent, done, &unchecked);
		settle_front(kind, &unchecked, BURST);
		reap(kind, &done, &next);
		if (sent + done != before) {
			idle = 0;
			continue;
		}
		settle_front(kind, &unchecked, 1);
		if (time_to_rearm(kind, &idle))
			front_rearm(kind, &front_side);
	}
	__atomic_fetch_add(&slice.notified, unchecked.notified, __ATOMIC_RELAXED);
}

/* Up to a batch of requests, each answered at once. */
HOT u32 serve(enum kind kind, u64 *sum, struct unchecked *unchecked)
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
	unchecked->notified += back_publish(kind, &back_side);
	unchecked->entries += n;
	return n;
}

HOT void settle_back(enum kind kind, struct unchecked *unchecked, u32 limit)
{
	if (unchecked->entries < limit)
		return;
	unchecked->notified += back_check(kind, &back_side);
	unchecked->entries = 0;
}

HOT void backend(enum kind kind)
{
	struct unchecked unchecked = { 0 };
	u64 done = 0, sum = 0;
	u32 idle = 0;

	while (done < OPS) {
		u32 got = serve(kind, &sum, &unchecked);

		done += got;
		settle_back(kind, &unchecked, BURST);
		if (got) {
			idle = 0;
			continue;
		}
		settle_back(kind, &unchecked, 1);
		if (time_to_rearm(kind, &idle))
			back_rearm(kind, &back_side);
	}
	slice.back_sum = sum;
	__atomic_fetch_add(&slice.notified, unchecked.notified, __ATOMIC_RELAXED);
}

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
LOOPS(KEPT)
LOOPS(SEPARATE)
LOOPS(RAW)

void (*const fronts[NR_KINDS])(void) = {
	front_OLD, front_TUNED, front_SLIM, front_KEPT, front_SEPARATE, front_RAW,
};
void (*const backs[NR_KINDS])(void) = {
	back_OLD, back_TUNED, back_SLIM, back_KEPT, back_SEPARATE, back_RAW,
};

void connect_sides(enum kind kind)
{
	const struct blkif_layout layout = {
		.abi = &blkif_abi_slim, .separate = is_separate(kind), .align = 64,
	};
	void *req[PAGES] = { pages[0][0], pages[0][1] };
	void *rsp[PAGES] = { pages[1][0], pages[1][1] };

	memset(pages, 0, sizeof(pages));
	if (is_old(kind)) {
		old_init(&front_side.old, req[0]);
		old_init(&back_side.old, req[0]);
		return;
	}
	if (kind == RAW) {
		raw_init(&front_side.req, req[0], 32, rsp[0]);
		raw_init(&back_side.req, req[0], 32, rsp[0]);
		raw_init(&front_side.rsp, rsp[0], 16, req[0]);
		raw_init(&back_side.rsp, rsp[0], 16, req[0]);
		return;
	}
	blkif_front_rings_init(&front_side.front, &layout, req, rsp);
	if (blkif_back_rings_init(&back_side.back, &layout, req, rsp))
		abort();
}
