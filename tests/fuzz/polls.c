// SPDX-License-Identifier: GPL-2.0
/*
 * poll.h: whatever a guest and its disk do, polls cost little more than the
 * sleeps that they save, and a guest gets no more than its share.
 */

#include "fuzz.h"
#include "xen-blkback/poll.h"

#define MAX	50000U

/* What polls may cost but for long ones: sleeps pay off those that find nothing. */
static u64 most(u64 found, u64 sleeps)
{
	return found * MAX + sleeps * (MAX / 128 + 1) + 3 * 8 * MAX;
}

static void paces(struct input *in)
{
	struct blkback_poll poll = { 0 };
	u64 polled = 0, found = 0, sleeps = 0, nr_long = 0;

	while (in->left) {
		u8 how = take_u8(in);
		bool busy = how & 1, batch = how & 2;
		/* Of all lengths that matter, and for some time. */
		u32 away = (how >> 4) * (how & 4 ? 2000 : 30000);
		u32 n = how & 8 ? 100 : 1;

		while (n--) {
			u32 ns = blkback_poll_time(&poll, MAX, busy, batch);
			u32 used = ns < away ? ns : away;

			CHECK(ns <= MAX || (ns == 8 * MAX && batch && !busy));
			CHECK(!ns || ns >= MAX / 8);
			if (ns > MAX)
				nr_long++;
			else
				polled += used;
			blkback_poll_owe(&poll, MAX, busy, ns, used);
			if (ns && ns >= away) {
				found++;
				blkback_poll_found(&poll, MAX, busy, ns, away);
			} else {
				sleeps++;
				blkback_poll_slept(&poll, MAX, busy, away);
			}
			CHECK(poll.debt[busy] <= 8 * MAX);
			CHECK(poll.away[busy] <= 2 * MAX);
			CHECK(polled <= most(found, sleeps));
			CHECK(nr_long <= sleeps / 8 + 1);
		}
		/* It is found out what pays. */
		CHECK(!(how & 8) || away > MAX / 2 || away > poll.away[busy] ||
		      poll.away[busy] - away <= MAX / 8);
	}
}

static void quotas(struct input *in)
{
	struct blkback_poll_quota quota = { 0 };
	struct blkback_poll poll = { 0 };
	u32 percent = take_below(in, 201);
	u64 now = take_u16(in), begin = now, taken = 0;

	while (in->left) {
		u32 got, used;

		now += (u64)take_u8(in) << 20;
		got = blkback_poll_take(&quota, now, percent);
		CHECK(!got || got == BLKBACK_POLL_CHUNK);
		poll.credit = got;
		used = take_u16(in) << 6;
		blkback_poll_spend(&poll, used);
		CHECK(poll.credit == (used < got ? got - used : 0));
		taken += got;
		/* Of each period that has begun. */
		CHECK(taken <= (u64)percent * BLKBACK_POLL_CHUNK *
		      ((now - begin) / BLKBACK_POLL_PERIOD + 2));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };

	if (take_below(&in, 2))
		quotas(&in);
	else
		paces(&in);
	return 0;
}
