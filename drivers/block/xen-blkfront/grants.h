/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grants that all disks of the guest use together: how many, and how many
 * they may use.  The others are for the guest's other devices, and for the rings
 * of disks that are attached later.
 */

#ifndef _XEN_BLKFRONT_GRANTS_H
#define _XEN_BLKFRONT_GRANTS_H

#include <linux/limits.h>
#include <linux/percpu_counter.h>
#include <linux/types.h>

extern struct percpu_counter blkfront_grants;
extern int blkfront_grants_batch;
extern int blkfront_grants_easy;
extern unsigned int blkfront_share;

void blkfront_grants_measure(void);
void blkfront_grants_update(void);
unsigned int blkfront_grants_limit(void);
bool blkfront_grants_check(unsigned int nr);
void blkfront_grants_exhausted(void);
void blkfront_grants_divide(unsigned int rings, unsigned int fixed);
int blkfront_grants_init(void);
void blkfront_grants_exit(void);

/* trim.c */
void blkfront_trim_soon(void);
void blkfront_trim_now(void);

/*
 * Are grants short?  Then no ring has more than blkfront_share of them in use.
 */
static inline bool blkfront_is_short(void)
{
	return READ_ONCE(blkfront_share) != UINT_MAX;
}

/* Count grants that a connection cannot do without. */
static inline void blkfront_grants_add(unsigned int nr)
{
	percpu_counter_add_batch(&blkfront_grants, nr, blkfront_grants_batch);
}

static inline void blkfront_grants_put(unsigned int nr)
{
	percpu_counter_add_batch(&blkfront_grants, -(s64)nr,
				 blkfront_grants_batch);
}

/*
 * Count grants that are taken by use, unless they would be too many.  Each CPU
 * counts for itself; only close to the limit, all of them are added up.
 */
static inline bool blkfront_grants_take(unsigned int nr)
{
	blkfront_grants_add(nr);
	return likely(percpu_counter_read(&blkfront_grants) <=
		      READ_ONCE(blkfront_grants_easy)) ||
	       blkfront_grants_check(nr);
}

#endif /* _XEN_BLKFRONT_GRANTS_H */
