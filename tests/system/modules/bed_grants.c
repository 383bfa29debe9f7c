// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the grant references that this domain has left.  Xen only knows which
 * ones are mapped; a reference that a driver has allocated and lost shows
 * nowhere else.
 *
 * Writing N to the parameter "leave" takes all references but N, as other
 * devices of the guest might; writing -1 gives them back.
 *
 * Reading the parameter "free" allocates all references and frees them again,
 * so the first read grows the grant table to its limit, and later ones can be
 * compared.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#define LARGEST_CHUNK	512
#define MOST_CHUNKS	4096

static DEFINE_MUTEX(lock);
static grant_ref_t *taken;
static unsigned int nr_taken;
static int left = -1;

/* Allocate all references; returns how many there are. */
static unsigned int take_all(grant_ref_t *heads, unsigned int *n)
{
	unsigned int chunk, count = 0;

	for (chunk = LARGEST_CHUNK; chunk; chunk /= 2) {
		while (*n < MOST_CHUNKS &&
		       !gnttab_alloc_grant_references(chunk, &heads[*n])) {
			count += chunk;
			(*n)++;
		}
	}
	return count;
}

static void give_back(grant_ref_t *heads, unsigned int *n)
{
	while (*n)
		gnttab_free_grant_references(heads[--*n]);
}

static int free_get(char *buf, const struct kernel_param *kp)
{
	unsigned int n = 0, count;
	grant_ref_t *heads;

	heads = kvcalloc(MOST_CHUNKS, sizeof(*heads), GFP_KERNEL);
	if (!heads)
		return -ENOMEM;

	mutex_lock(&lock);
	count = take_all(heads, &n);
	give_back(heads, &n);
	mutex_unlock(&lock);

	kvfree(heads);
	return sysfs_emit(buf, "%u\n", count);
}

static const struct kernel_param_ops free_ops = {
	.get = free_get,
};
module_param_cb(free, &free_ops, NULL, 0444);
MODULE_PARM_DESC(free, "Number of grant references that are not in use");

/* First take as many as are to be left, then all others. */
static void leave(int n)
{
	grant_ref_t some;
	bool have;

	give_back(taken, &nr_taken);
	if (n < 0)
		return;
	have = n > 0 && !gnttab_alloc_grant_references(n, &some);
	take_all(taken, &nr_taken);
	if (have)
		gnttab_free_grant_references(some);
}

static int leave_set(const char *val, const struct kernel_param *kp)
{
	int n, err;

	err = kstrtoint(val, 0, &n);
	if (err)
		return err;
	mutex_lock(&lock);
	if (!taken)
		taken = kvcalloc(MOST_CHUNKS, sizeof(*taken), GFP_KERNEL);
	if (taken) {
		leave(n);
		left = n;
	}
	mutex_unlock(&lock);
	return taken ? 0 : -ENOMEM;
}

static int leave_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", left);
}

static const struct kernel_param_ops leave_ops = {
	.set = leave_set,
	.get = leave_get,
};
module_param_cb(leave, &leave_ops, NULL, 0644);
MODULE_PARM_DESC(leave, "Take all grant references but so many; -1: none");

static int __init bed_grants_init(void)
{
	return xen_domain() ? 0 : -ENODEV;
}
module_init(bed_grants_init);

static void __exit bed_grants_exit(void)
{
	if (taken)
		give_back(taken, &nr_taken);
	kvfree(taken);
}
module_exit(bed_grants_exit);

MODULE_DESCRIPTION("Counts the grant references that are not in use");
MODULE_LICENSE("GPL");
