// SPDX-License-Identifier: GPL-2.0
/* poll.h: polls are as long as the work usually is away, if that pays. */

#include "unit.h"
#include "xen-blkback/poll.h"

#define US	1000U
#define LONGEST	(50 * US)
#define MS	(1000 * US)

/* What a sleep is worth. */
#define SLEEP	LONGEST

/* A queue whose work is away for a given time, again and again. */
struct queue {
	struct blkback_poll poll;
	u64 polled;
	u32 sleeps;
	u32 polls;
};

/* One sleep, or a poll that makes it superfluous, as wait.c does it. */
static void idle(struct queue *queue, bool busy, bool batch, u64 away)
{
	struct blkback_poll *poll = &queue->poll;
	u32 ns = blkback_poll_time(poll, LONGEST, busy, batch);
	u32 used = ns < away ? ns : away;

	queue->polls += ns != 0;
	queue->polled += used;
	blkback_poll_owe(poll, LONGEST, busy, ns, used);
	if (ns && ns >= away) {
		blkback_poll_found(poll, LONGEST, busy, ns, away);
		return;
	}
	queue->sleeps++;
	blkback_poll_slept(poll, LONGEST, busy, away);
}

static void idle_often(struct queue *queue, u32 n, bool busy, bool batch,
		       u64 away)
{
	while (n--)
		idle(queue, busy, batch, away);
}

/* Work that comes soon is met by polls, of at most twice or four times its time. */
TEST(soon)
{
	static const u32 times[] = {
		0, 1, 2 * US, 6 * US, 12 * US, 20 * US, 40 * US
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		struct queue queue = { };
		u32 ns;

		idle_often(&queue, 1000, i % 2, false, times[i]);
		EXPECT_TRUE(queue.sleeps < 20);
		ns = blkback_poll_time(&queue.poll, LONGEST, i % 2, false);
		EXPECT_TRUE(ns >= times[i]);
		EXPECT_TRUE(ns <= (i % 2 ? 2 : 4) * times[i] ||
			    ns == LONGEST / 8);
	}
}

/* A disk that takes 200 us is hardly polled for, however deep the guest's queue. */
TEST(slow_disk)
{
	struct queue queue = { };

	idle_often(&queue, 100, true, false, 200 * US);
	EXPECT_TRUE(queue.polls <= 8);
	queue.polls = 0;
	idle_often(&queue, 10000, true, true, 200 * US);
	EXPECT_TRUE(queue.polls <= 10000 / 125);
}

/* Each request waits for the disk, which is slow, and for the guest, which is not. */
TEST(disk_and_guest)
{
	struct queue queue = { };
	u32 i;

	for (i = 0; i < 20; i++) {
		idle(&queue, true, false, 200 * US);
		idle(&queue, false, false, 10 * US);
	}
	queue.sleeps = 0;
	queue.polls = 0;
	for (i = 0; i < 1000; i++) {
		idle(&queue, true, false, 200 * US);
		idle(&queue, false, false, 10 * US);
	}
	EXPECT_EQ(1000, queue.sleeps);
	EXPECT_TRUE(queue.polls >= 1000 && queue.polls <= 1000 + 1000 / 125);
}

/* A guest that sends a request now and then is hardly polled for. */
TEST(low_rate)
{
	struct queue queue = { };

	idle_often(&queue, 100, false, false, 10 * MS);
	queue.polled = 0;
	idle_often(&queue, 10000, false, false, 10 * MS);
	EXPECT_TRUE(queue.polled <= 10000ULL * (LONGEST / 128 + 1));
}

/* Whatever the times are, polling costs no more than the sleeps it saves. */
TEST(pays)
{
	u32 seed, i, share;

	for (share = 0; share <= 16; share++) {
		struct queue queue = { };
		u64 met;

		for (i = 0, seed = 1; i < 100000; i++) {
			bool late;

			seed = seed * 1664525 + 1013904223;
			late = (seed >> 16) % 16 < share;
			idle(&queue, false, false,
			     late ? 300 * US : 5 * US + (seed >> 20) % (8 * US));
		}
		met = 100000 - queue.sleeps;
		EXPECT_TRUE(queue.polled <= met * SLEEP +
			    queue.sleeps * (u64)(LONGEST / 128 + 1) + 8 * LONGEST)
			TH_LOG("%u late: polled %llu ns for %llu sleeps", share,
			       (unsigned long long)queue.polled,
			       (unsigned long long)met);
		/* One that is late among many does not end polling. */
		EXPECT_TRUE(share > 1 || met > 80000);
	}
}

/* Long polls that lead to nothing become rare, and cost little. */
TEST(long_polls_in_vain)
{
	struct queue queue = { };

	idle_often(&queue, 5000, false, true, 300 * US);
	queue.polled = 0;
	idle_often(&queue, 102400, false, true, 300 * US);
	EXPECT_TRUE(queue.polled > 0);
	EXPECT_TRUE(queue.polled / 102400 < US);
}

/* A long poll that changes the pace is the last one for a while. */
TEST(long_poll_changes_pace)
{
	struct queue queue = { };
	u32 slept = 0, i;

	for (i = 0; i < 10000; i++) {
		u32 sleeps = queue.sleeps;

		/* The guest is fast if it is met. */
		idle(&queue, false, true, slept ? 300 * US : 10 * US);
		slept = queue.sleeps != sleeps;
	}
	EXPECT_TRUE(queue.sleeps < 300);
}

/* After a long poll in vain, its time has to be paid off. */
TEST(long_poll_rare)
{
	struct queue queue = { };
	u32 i;

	queue.poll.away[0] = 2 * LONGEST;
	EXPECT_EQ(8 * LONGEST, blkback_poll_time(&queue.poll, LONGEST, false, true));
	/* If there was no batch, or it is the disk's turn, it makes no sense. */
	EXPECT_EQ(LONGEST, blkback_poll_time(&queue.poll, LONGEST, false, false));
	queue.poll.away[1] = 2 * LONGEST;
	EXPECT_EQ(LONGEST, blkback_poll_time(&queue.poll, LONGEST, true, true));
	idle(&queue, false, true, MS);
	EXPECT_EQ(1, queue.polls);
	for (i = 0; queue.polled < 16 * LONGEST; i++)
		idle(&queue, false, true, MS);
	EXPECT_EQ(8, i);
	for (i = 0; i < 10000; i++)
		idle(&queue, false, true, MS);
	queue.polled = 0;
	for (i = 0; i < 10240; i++)
		idle(&queue, false, true, MS);
	EXPECT_TRUE(queue.polled <= 10 * 8 * LONGEST + 10240 * (LONGEST / 128 + 1));
}

/* No time is the longest poll, as when the parameter is 0. */
TEST(no_polling)
{
	struct blkback_poll poll = { };

	blkback_poll_learn(&poll, 0, false, 10);
	EXPECT_EQ(0, blkback_poll_time(&poll, 0, false, false));
	blkback_poll_slept(&poll, 0, false, MS);
	EXPECT_EQ(0, blkback_poll_time(&poll, 0, false, true));
	/* The parameter has become smaller. */
	poll.away[1] = 1000 * US;
	blkback_poll_learn(&poll, 10 * US, true, 0);
	EXPECT_TRUE(poll.away[1] <= 20 * US);
	poll.debt[1] = 8 * LONGEST;
	blkback_poll_owe(&poll, 10 * US, true, 10 * US, 10 * US);
	EXPECT_EQ(80 * US, poll.debt[1]);
	blkback_poll_slept(&poll, 10 * US, true, 0);
	EXPECT_EQ(0, blkback_poll_time(&poll, 10 * US, true, false));
}

/*
 * A disk that was slow for a while, or seemed to be because the thread woke up
 * late, is polled for again.
 */
TEST(fast_again)
{
	struct queue queue = { };
	u32 i;

	idle_often(&queue, 1000, true, false, 200 * US);
	for (i = 0; i < 1000; i++) {
		bool polls = blkback_poll_time(&queue.poll, LONGEST, true, false);

		/* A sleep takes 45 us more. */
		idle(&queue, true, false, polls ? 15 * US : 60 * US);
	}
	EXPECT_TRUE(queue.sleeps < 1000 + 200);
	EXPECT_TRUE(queue.poll.away[1] <= LONGEST / 2);
}

/* The clock was read before by another queue that comes later. */
TEST(older_time)
{
	struct blkback_poll_quota share = { };
	struct blkback_poll_steal steal = { };
	u64 now = 1000 * (u64)BLKBACK_POLL_PERIOD;

	EXPECT_EQ(BLKBACK_POLL_CHUNK, blkback_poll_take(&share, now, 1));
	EXPECT_EQ(0, blkback_poll_take(&share, now - 1, 1));
	EXPECT_EQ(0, blkback_poll_take(&share, now, 1));
	blkback_poll_contended(&steal, now, 0);
	now += BLKBACK_POLL_PERIOD;
	EXPECT_TRUE(blkback_poll_contended(&steal, now, BLKBACK_POLL_PERIOD));
	EXPECT_TRUE(blkback_poll_contended(&steal, now - 1, BLKBACK_POLL_PERIOD));
	EXPECT_TRUE(blkback_poll_contended(&steal, now, BLKBACK_POLL_PERIOD));
}

/* However many queues ask, a guest gets its share of each period. */
TEST(share)
{
	static const u32 percents[] = { 0, 1, 50, 100, 400 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(percents); i++) {
		struct blkback_poll_quota share = { };
		u64 now = 12345, got;

		for (j = 0; j < 3; j++, now += BLKBACK_POLL_PERIOD) {
			u32 n;

			for (n = 0, got = 0; n < 1000; n++)
				got += blkback_poll_take(&share, now,
							 percents[i]);
			/* Not even at the end of the period. */
			got += blkback_poll_take(&share,
						 now + BLKBACK_POLL_PERIOD - 1 -
						 (j ? 0 : now),
						 percents[i]);
			EXPECT_EQ((u64)percents[i] * MS, got);
		}
	}
}

TEST(spend)
{
	struct blkback_poll poll = { .credit = 100 };
	u32 i;

	blkback_poll_spend(&poll, 60);
	EXPECT_EQ(40, poll.credit);
	blkback_poll_spend(&poll, 1ULL << 40);
	EXPECT_EQ(0, poll.credit);
	blkback_poll_owe(&poll, LONGEST, false, 100, 60);
	EXPECT_EQ(60, poll.debt[0]);
	for (i = 0; i < 10; i++)
		blkback_poll_owe(&poll, LONGEST, false, 100, 1ULL << 40);
	EXPECT_EQ(8 * LONGEST, poll.debt[0]);
	EXPECT_EQ(0, poll.debt[1]);
}

TEST(contended)
{
	struct blkback_poll_steal steal = { };
	u64 now = 1000 * (u64)BLKBACK_POLL_PERIOD, stolen = 5000 * (u64)US;

	/* In a thousand periods, that is little. */
	EXPECT_FALSE(blkback_poll_contended(&steal, now, stolen));
	now += BLKBACK_POLL_PERIOD;
	stolen += BLKBACK_POLL_PERIOD / BLKBACK_POLL_STOLEN;
	EXPECT_FALSE(blkback_poll_contended(&steal, now, stolen));
	now += BLKBACK_POLL_PERIOD;
	stolen += BLKBACK_POLL_PERIOD / BLKBACK_POLL_STOLEN + 1;
	/* Not before the period is over. */
	EXPECT_FALSE(blkback_poll_contended(&steal, now - 1, stolen));
	EXPECT_TRUE(blkback_poll_contended(&steal, now, stolen));
	/* For another period. */
	EXPECT_TRUE(blkback_poll_contended(&steal,
					   now + BLKBACK_POLL_PERIOD - 1,
					   stolen));
	EXPECT_FALSE(blkback_poll_contended(&steal, now + BLKBACK_POLL_PERIOD,
					    stolen));
}

UNIT_SUITE(poll,
	   UNIT_CASE(soon),
	   UNIT_CASE(slow_disk),
	   UNIT_CASE(disk_and_guest),
	   UNIT_CASE(low_rate),
	   UNIT_CASE(pays),
	   UNIT_CASE(long_polls_in_vain),
	   UNIT_CASE(long_poll_changes_pace),
	   UNIT_CASE(long_poll_rare),
	   UNIT_CASE(no_polling),
	   UNIT_CASE(fast_again),
	   UNIT_CASE(older_time),
	   UNIT_CASE(share),
	   UNIT_CASE(spend),
	   UNIT_CASE(contended));
