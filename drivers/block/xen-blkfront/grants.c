// SPDX-License-Identifier: GPL-2.0
/*
 * The grants that all disks of the guest use together.
 *
 * Everything is counted: rings, pages that are granted as long as a connection
 * lasts, and the pages of requests.  What a connection cannot do without is
 * always granted.  All that is taken by use stays below a limit, so that a part
 * of the grant table remains for other devices, and for the rings of more disks.
 *
 * When grants are short, they are shared out: no ring has more in use than an
 * equal share of those that want some.  A ring whose share is smaller than a
 * request sends it in parts: see io.c.
 */

#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>

#include "blkfront.h"

/* Bytes of an entry of the grant table. */
#define BLKFRONT_ENTRY_V1	8U
#define BLKFRONT_ENTRY_V2	16U

/* Most grants that a CPU counts before it adds them to the sum. */
#define BLKFRONT_GRANTS_BATCH	1024

struct percpu_counter blkfront_grants;

/* Entries of the grant table at its largest. */
static unsigned int blkfront_grants_total __read_mostly;
int blkfront_grants_batch __read_mostly = 1;
/* While the sum is at most this, the limit is certainly not reached. */
int blkfront_grants_easy __read_mostly;
/* Grants that a ring may have in use; UINT_MAX unless grants are short. */
unsigned int blkfront_share __read_mostly = UINT_MAX;
/* What we had when the grant table had no entry left; UINT_MAX if it has some. */
static unsigned int blkfront_table_room = UINT_MAX;

/**
 * blkfront_grants_limit() - how many grants all disks may take by use
 *
 * Context: any.
 *
 * Return: the number.
 */
unsigned int blkfront_grants_limit(void)
{
	unsigned int spare = READ_ONCE(blkfront_params.spare_grants);
	unsigned int total = READ_ONCE(blkfront_grants_total);

	return total - min(total, spare ? spare : total / 8);
}

static unsigned int blkfront_entry_size(void)
{
	struct gnttab_get_version get = { .dom = DOMID_SELF };
	int err = HYPERVISOR_grant_table_op(GNTTABOP_get_version, &get, 1);

	return !err && get.version == 2 ? BLKFRONT_ENTRY_V2 :
					  BLKFRONT_ENTRY_V1;
}

/**
 * blkfront_grants_measure() - find out how many grants there may be
 *
 * The maximum can change when the guest is restored; the limit follows the
 * module's parameter.
 *
 * Context: process context.
 */
void blkfront_grants_measure(void)
{
	unsigned int total = gnttab_max_grant_frames() *
			     (XEN_PAGE_SIZE / blkfront_entry_size());
	unsigned int cpus = num_online_cpus();
	unsigned int batch = clamp_t(unsigned int, total / (32 * cpus), 1,
				     BLKFRONT_GRANTS_BATCH);

	WRITE_ONCE(blkfront_grants_total, total);
	WRITE_ONCE(blkfront_grants_batch, batch);
	WRITE_ONCE(blkfront_grants_easy,
		   (int)blkfront_grants_limit() - (int)(batch * cpus));
}

/**
 * blkfront_grants_update() - the module's parameter was written
 *
 * Context: process context.
 */
void blkfront_grants_update(void)
{
	/* Not before there is a disk, and perhaps no hypercall yet. */
	if (READ_ONCE(blkfront_grants_total))
		blkfront_grants_measure();
}

/* From now on, rings have only a share; the work item finds out which. */
static void blkfront_grants_short(void)
{
	unsigned int all = max(blkfront_grants_limit(), BLKFRONT_OWN_REFS);

	if (!blkfront_is_short() &&
	    cmpxchg(&blkfront_share, UINT_MAX, all) == UINT_MAX)
		blkfront_trim_now();
}

/**
 * blkfront_grants_check() - may grants be taken that were counted already?
 * @nr: how many; if not, they are not counted any more
 *
 * Context: any.
 *
 * Return: true if the limit is not exceeded.
 */
bool blkfront_grants_check(unsigned int nr)
{
	if (percpu_counter_sum(&blkfront_grants) <= blkfront_grants_limit())
		return true;
	blkfront_grants_put(nr);
	blkfront_grants_short();
	return false;
}

/**
 * blkfront_grants_exhausted() - the grant table is full
 *
 * Other devices have used more of it than we left to them.
 *
 * Context: any.
 */
void blkfront_grants_exhausted(void)
{
	WRITE_ONCE(blkfront_table_room,
		   percpu_counter_sum_positive(&blkfront_grants));
	blkfront_grants_short();
}

/**
 * blkfront_grants_divide() - share grants out, if they are short
 * @rings: how many rings want some
 * @fixed: grants that rings have anyway
 *
 * Context: process context.
 */
void blkfront_grants_divide(unsigned int rings, unsigned int fixed)
{
	unsigned int limit, used;

	blkfront_grants_measure();
	if (!blkfront_is_short())
		return;
	/* What other devices have is not ours to share. */
	limit = min(blkfront_grants_limit(), READ_ONCE(blkfront_table_room));
	limit -= min(limit, fixed);
	used = percpu_counter_sum_positive(&blkfront_grants);
	used -= min(used, fixed);
	if (!rings || used < limit / 4 * 3) {
		WRITE_ONCE(blkfront_table_room, UINT_MAX);
		WRITE_ONCE(blkfront_share, UINT_MAX);
		return;
	}
	WRITE_ONCE(blkfront_share, max(limit / rings, BLKFRONT_OWN_REFS));
}

/**
 * blkfront_grants_init() - begin to count
 *
 * Return: 0 or -ENOMEM.
 */
int __init blkfront_grants_init(void)
{
	return percpu_counter_init(&blkfront_grants, 0, GFP_KERNEL);
}

/**
 * blkfront_grants_exit() - the end of counting
 *
 * Also called when the module could not be initialised, so not __exit.
 */
void blkfront_grants_exit(void)
{
	percpu_counter_destroy(&blkfront_grants);
}
