/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The measured loops.  They are compiled separately, as the kernel is: without
 * vector and floating point registers, which the figures need.
 */
#ifndef _LOOPS_H
#define _LOOPS_H

#include <linux/types.h>

#define OPS		6144	/* of a slice */
#define BLOCK		512
#define BLOCK_D1	128
#define MAX_BLOCKS	(OPS / BLOCK_D1)
#define BURST		32
#define POLLS		400	/* before it rearms */
#define OLD_SLOTS	32
#define MAX_DEPTH	124

/* TUNED: polls before it rearms, one barrier and check for each burst. */
enum kind { OLD, TUNED, SLIM, KEPT, SEPARATE, RAW, NR_KINDS };

/* One slice: all that both threads share except the ring. */
struct slice {
	enum kind kind;
	u32 depth, batch, block;
	u64 first_id;
	u64 stamp[MAX_BLOCKS + 1];
	u32 nr_stamps;
	u64 front_sum, back_sum;
	u64 notified;
	u32 errors;
};

extern struct slice slice;
extern void (*const fronts[NR_KINDS])(void);
extern void (*const backs[NR_KINDS])(void);

u64 now_ns(void);
void connect_sides(enum kind kind);

#endif
