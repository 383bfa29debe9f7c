/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Xen block backend: decides whether, and for how long, a queue without work
 * polls.
 *
 * Polling takes as long as the work is away, and saves a sleep: an event of the
 * frontend or a wake-up by the disk, and the switches of tasks and of virtual
 * CPUs that belong to it.  So it pays if the work usually comes soon, which is
 * learned from polls and sleeps alike.  While a queue has requests in flight,
 * that is when the disk answers, and otherwise when the guest sends the next
 * request; one says nothing about the other.
 *
 * The longest poll, but for long ones, is what a sleep is worth, its latency
 * included.  If the work usually comes within that time, it is polled for, for
 * at most twice as long as the disk usually takes, or four times as long as the
 * guest does, whose pace a sleep would change.  Whatever the guest does, polls cost
 * little more than the sleeps that they save are worth, as a queue runs into debt
 * by polls in vain.  Without debt, a poll is tried although it seems not to pay:
 * a sleep tells the time until the thread has woken up, which is longer.
 *
 * Pure.  Times are in nanoseconds.
 */

#ifndef _XEN_BLKBACK_POLL_H
#define _XEN_BLKBACK_POLL_H

#include <linux/types.h>

/* How much of the mean is the last time that work was away: one part in this. */
#define BLKBACK_POLL_WEIGHT	8U

/* A long poll is so many times as long as the longest other one. */
#define BLKBACK_POLL_LONG	8U

/* So many sleeps pay off a poll of the longest time, so that one is tried again. */
#define BLKBACK_POLL_SLEEPS	128U

/* So many sleeps precede a long poll, the fewer the more often other polls find work. */
#define BLKBACK_POLL_RETRY_MIN	8U
#define BLKBACK_POLL_RETRY_MAX	1024U

/* The time for which a guest may be polled is counted for so long. */
#define BLKBACK_POLL_PERIOD	100000000U

/* Time that a queue takes from the share of its guest at once. */
#define BLKBACK_POLL_CHUNK	1000000U

/* A CPU is contended if more than one part in this of a period was stolen. */
#define BLKBACK_POLL_STOLEN	8U

/**
 * struct blkback_poll - what a queue has learned; zero at the start
 * @away: for how long work usually is away, without and with requests in flight
 * @debt: time that was polled, less what the saved sleeps are worth, for either
 * @sleeps: since the last long poll
 * @retry: number of such sleeps after which there is another one
 * @credit: time of its guest's share that it may use
 * @busy: there were requests in flight when it ran out of work; this and what
 *        follows are the caller's
 * @begin: when it ran out of work
 * @end: when the poll ended
 * @planned: for how long it was to poll, 0 if it was not allowed to
 * @requests: how many it had taken when it last ran out of work with none in
 *            flight
 */
struct blkback_poll {
	u32 away[2];
	u32 debt[2];
	u32 sleeps;
	u32 retry;
	u32 credit;
	bool busy;
	u64 begin;
	u64 end;
	u32 planned;
	u64 requests;
};

/* The longest poll of all, and the highest debt. */
static inline u32 blkback_poll_most(u32 max)
{
	return max * BLKBACK_POLL_LONG;
}

/**
 * blkback_poll_time() - how long to poll
 * @poll: the queue's
 * @max: the longest poll but for long ones
 * @busy: there are requests in flight
 * @batch: there were several requests since it last had none in flight
 *
 * A guest that waits for a whole batch before it sends the next one is too late
 * for other polls, although it would be in time if each of its requests was taken
 * at once.  Therefore a long poll is tried now and then.
 *
 * Return: the time, which is more than @max for a long poll; 0 if polling does
 * not pay.
 */
static inline u32 blkback_poll_time(const struct blkback_poll *poll, u32 max,
				    bool busy, bool batch)
{
	u32 away = poll->away[busy];
	u32 ns = away * (busy ? 2 : 4);

	if (away > max) {
		if (batch && !busy && poll->sleeps >= poll->retry)
			return blkback_poll_most(max);
		return poll->debt[busy] ? 0 : max;
	}
	if (ns > max)
		ns = max;
	else if (ns < max / 8)
		ns = max / 8;
	return poll->debt[busy] + ns > blkback_poll_most(max) ? 0 : ns;
}

/**
 * blkback_poll_learn() - work has come, or has not come for long
 * @poll: the queue's
 * @max: the longest poll but for long ones
 * @busy: there were requests in flight
 * @away: for how long it was away
 *
 * A guest that pauses counts no more than one that is too slow, so that one
 * pause among many requests does not end polling, unless it hardly paid before.
 */
static inline void blkback_poll_learn(struct blkback_poll *poll, u32 max,
				      bool busy, u64 away)
{
	u32 mean = poll->away[busy];
	u32 most = max * 2;

	if (away > most)
		away = most;
	if (mean > most)
		mean = most;
	poll->away[busy] = (mean * (BLKBACK_POLL_WEIGHT - 1) + (u32)away) /
			   BLKBACK_POLL_WEIGHT;
}

/**
 * blkback_poll_spend() - a queue has polled, for whatever reason
 * @poll: the queue's
 * @used: for how long, which is longer than planned if it was interrupted
 */
static inline void blkback_poll_spend(struct blkback_poll *poll, u64 used)
{
	poll->credit -= used < poll->credit ? (u32)used : poll->credit;
}

static inline u32 blkback_poll_retry(u32 sleeps)
{
	if (sleeps < BLKBACK_POLL_RETRY_MIN)
		return BLKBACK_POLL_RETRY_MIN;
	return sleeps < BLKBACK_POLL_RETRY_MAX ? sleeps : BLKBACK_POLL_RETRY_MAX;
}

/**
 * blkback_poll_owe() - a queue has polled for as long as it was told to at most
 * @poll: the queue's
 * @max: the longest poll but for long ones
 * @busy: there were requests in flight
 * @planned: what blkback_poll_time() has returned
 * @used: for how long
 *
 * Long polls are not owed, but become rarer.  If one changes the pace of the
 * guest, other polls find work from then on.
 */
static inline void blkback_poll_owe(struct blkback_poll *poll, u32 max,
				    bool busy, u32 planned, u64 used)
{
	u32 most = blkback_poll_most(max);
	u64 debt = poll->debt[busy];

	if (planned > max) {
		poll->sleeps = 0;
		poll->retry = blkback_poll_retry(poll->retry * 2);
	} else {
		debt += used < max ? used : max;
	}
	poll->debt[busy] = debt < most ? debt : most;
}

static inline void blkback_poll_pay(struct blkback_poll *poll, bool busy,
				    u32 ns)
{
	u32 debt = poll->debt[busy];

	poll->debt[busy] -= ns < debt ? ns : debt;
}

/**
 * blkback_poll_found() - a poll has found work
 * @poll: the queue's
 * @max: the longest poll but for long ones
 * @busy: there were requests in flight
 * @planned: what blkback_poll_time() has returned
 * @away: for how long the work was away
 */
static inline void blkback_poll_found(struct blkback_poll *poll, u32 max,
				      bool busy, u32 planned, u64 away)
{
	blkback_poll_pay(poll, busy, max);
	if (planned > max) {
		/* The next sleeps are preceded by other polls. */
		poll->away[busy] = max / 2;
		return;
	}
	poll->retry = blkback_poll_retry(poll->retry / 2);
	if (poll->away[busy] > max)
		poll->away[busy] = away < max ? (u32)away : max;
	else
		blkback_poll_learn(poll, max, busy, away);
}

/**
 * blkback_poll_slept() - a queue has slept
 * @poll: the queue's
 * @max: the longest poll but for long ones
 * @busy: there were requests in flight
 * @away: for how long work was away, a poll in vain included
 */
static inline void blkback_poll_slept(struct blkback_poll *poll, u32 max,
				      bool busy, u64 away)
{
	if (poll->sleeps < BLKBACK_POLL_RETRY_MAX)
		poll->sleeps++;
	/* At least something, so that a debt has an end. */
	blkback_poll_pay(poll, busy, max / BLKBACK_POLL_SLEEPS + 1);
	blkback_poll_learn(poll, max, busy, away);
}

/**
 * struct blkback_poll_quota - for how long a guest was polled
 * @since: when the period began
 * @taken: time that its queues have taken in this period
 *
 * The caller has a lock.
 */
struct blkback_poll_quota {
	u64 since;
	u64 taken;
};

/**
 * blkback_poll_take() - take time from the share of a guest
 * @quota: the guest's
 * @now: the time
 * @percent: what its queues may poll of a period, all together
 *
 * Return: BLKBACK_POLL_CHUNK, or 0 if that is not left.
 */
static inline u32 blkback_poll_take(struct blkback_poll_quota *quota, u64 now,
				    u32 percent)
{
	/* Another queue may have read the clock before, and come later. */
	if ((s64)(now - quota->since) >= BLKBACK_POLL_PERIOD) {
		quota->since = now;
		quota->taken = 0;
	}
	if (quota->taken + BLKBACK_POLL_CHUNK >
	    (u64)(BLKBACK_POLL_PERIOD / 100) * percent)
		return 0;
	quota->taken += BLKBACK_POLL_CHUNK;
	return BLKBACK_POLL_CHUNK;
}

/**
 * struct blkback_poll_steal - the steal clock of a virtual CPU
 * @since: when it was read
 * @stolen: what it said
 * @contended: others wanted the CPU in the period before that
 */
struct blkback_poll_steal {
	u64 since;
	u64 stolen;
	bool contended;
};

/**
 * blkback_poll_contended() - do other virtual CPUs want the same CPU?
 * @steal: that of this virtual CPU
 * @now: the time, which may be before that of the last call
 * @stolen: the steal clock, which goes on now and then
 *
 * Return: true if this virtual CPU recently had to wait for others.
 */
static inline bool blkback_poll_contended(struct blkback_poll_steal *steal,
					  u64 now, u64 stolen)
{
	s64 passed = now - steal->since;

	if (passed >= BLKBACK_POLL_PERIOD) {
		steal->contended = stolen - steal->stolen >
				   (u64)passed / BLKBACK_POLL_STOLEN;
		steal->since = now;
		steal->stolen = stolen;
	}
	return steal->contended;
}

#endif /* _XEN_BLKBACK_POLL_H */
