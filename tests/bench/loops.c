// SPDX-License-Identifier: GPL-2.0
/*
 * Both sides of each layout, one pair of loops for each, with nothing left to
 * decide in them.
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
