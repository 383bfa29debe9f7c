// SPDX-License-Identifier: GPL-2.0
/*
 * The unit tests of the pure headers, run by the kernel: what the suites need
 * and, if there is no KUnit to run them, what runs them.  Then the module
 * prints TAP and a count, and loads only if all cases passed.
 */

#include <linux/mm.h>
#include <linux/module.h>
#include "unit.h"

/* The case that runs; there is never more than one. */
static struct blkif_unit *blkif_unit_now;

/**
 * blkif_unit_run() - run a case and free what it has left
 * @unit: zeroed but for what KUnit needs; takes the result
 * @fn: the case
 */
void blkif_unit_run(struct blkif_unit *unit, blkif_unit_fn *fn)
{
	blkif_unit_now = unit;
	fn(unit);
	while (unit->nr_blocks)
		kvfree(unit->blocks[--unit->nr_blocks]);
	blkif_unit_now = NULL;
	cond_resched();
}

/**
 * blkif_unit_fail() - report a check that failed
 * @unit: the case
 * @file: where the check is
 * @line: likewise
 * @what: the check
 * @expected: left side
 * @seen: right side
 */
void blkif_unit_fail(struct blkif_unit *unit, const char *file, int line,
		     const char *what, u64 expected, u64 seen)
{
	const char *variant = unit->variant ?: "no variant";

	unit->failures++;
#if IS_ENABLED(CONFIG_XEN_BLKIF_KUNIT_TEST)
	KUNIT_FAIL(unit->kunit, "%s:%d: %s: %s (%#llx, %#llx)", kbasename(file),
		   line, variant, what, expected, seen);
#else
	unit_note("%s:%d: %s: %s (%#llx, %#llx)", kbasename(file), line,
		  variant, what, expected, seen);
#endif
}

/**
 * blkif_unit_alloc() - allocate memory for the case that runs
 * @size: how much
 *
 * Context: process context; sleeps.
 * Return: zeroed memory, never NULL.
 */
void *blkif_unit_alloc(size_t size)
{
	struct blkif_unit *unit = blkif_unit_now;
	void *mem = kvzalloc(size, GFP_KERNEL | __GFP_NOFAIL);

	/* Memory that finds no place here is lost, but only after a failure. */
	if (unit->nr_blocks < BLKIF_UNIT_MAX_BLOCKS)
		unit->blocks[unit->nr_blocks++] = mem;
	return mem;
}

/**
 * blkif_unit_free() - free memory of the case that runs
 * @mem: from blkif_unit_alloc(), or NULL
 */
void blkif_unit_free(void *mem)
{
	struct blkif_unit *unit = blkif_unit_now;
	unsigned int i;

	for (i = unit->nr_blocks; mem && i > 0; i--) {
		if (unit->blocks[i - 1] != mem)
			continue;
		unit->blocks[i - 1] = unit->blocks[--unit->nr_blocks];
		break;
	}
	kvfree(mem);
}

#if !IS_ENABLED(CONFIG_XEN_BLKIF_KUNIT_TEST)

/* UNIT_SUITES is SUITE(name) for each of them, from the Makefile. */
#define SUITE(name)	extern const struct blkif_unit_suite blkif_unit_##name;
UNIT_SUITES
#undef SUITE

#define SUITE(name)	&blkif_unit_##name,
static const struct blkif_unit_suite *const blkif_unit_suites[] = {
	UNIT_SUITES
};
#undef SUITE

static unsigned int blkif_unit_run_suite(const struct blkif_unit_suite *suite,
					 unsigned int *nr)
{
	unsigned int i, failed = 0;

	for (i = 0; i < suite->nr; i++) {
		struct blkif_unit unit = { };

		blkif_unit_run(&unit, suite->cases[i].fn);
		failed += unit.failures != 0;
		pr_info("%sok %u - %s.%s\n", unit.failures ? "not " : "",
			++*nr, suite->name, suite->cases[i].name);
	}
	return failed;
}

static int __init blkif_unit_init(void)
{
	unsigned int i, nr = 0, failed = 0;

	pr_info("TAP version 13\n");
	for (i = 0; i < ARRAY_SIZE(blkif_unit_suites); i++)
		failed += blkif_unit_run_suite(blkif_unit_suites[i], &nr);
	pr_info("1..%u\n", nr);
	pr_info("blkif_unit: %u passed, %u failed\n", nr - failed, failed);
	return failed ? -EINVAL : 0;
}
module_init(blkif_unit_init);

static void __exit blkif_unit_exit(void)
{
}
module_exit(blkif_unit_exit);

#endif

MODULE_DESCRIPTION("Unit tests of the Xen block protocol");
MODULE_LICENSE("GPL");
