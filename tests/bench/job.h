/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request and its response, as both sides of the benchmark see them.
 */
#ifndef _JOB_H
#define _JOB_H

#include <linux/types.h>

#define HOT static inline __attribute__((__always_inline__))

struct job {
	u64 id, sector;
	u32 gref[2];
	u8 op, first[2], last[2];
};

struct answer {
	u64 id;
	u8 op;
	s16 status;
};

/* Uses all fields, so that a torn or stale slot is noticed. */
HOT s16 hash(const struct job *job)
{
	u64 h = job->id ^ (job->sector << 7) ^
		((u64)job->gref[0] << 32 | job->gref[1]);

	h += (u64)job->op << 40 | (u64)job->first[0] << 32 |
	     job->last[0] << 24 | job->first[1] << 16 | job->last[1] << 8;
	return h * 0x9e3779b97f4a7c15ULL >> 49;
}

HOT struct job job_of(u64 id)
{
	return (struct job) {
		.id = id, .sector = id * 16, .op = id & 1,
		.gref = { (u32)id * 3 + 8, (u32)id * 5 + 9 },
		.first = { 0, 1 }, .last = { 7, 6 },
	};
}

#endif
