// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the grant references that this domain has left.  Xen only knows which
 * ones are mapped; a reference that a driver has allocated and lost shows
 * nowhere else.
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

static int free_get(char *buf, const struct kernel_param *kp)
{
	unsigned int chunk, n = 0, count = 0;
	grant_ref_t *heads;

	heads = kvcalloc(MOST_CHUNKS, sizeof(*heads), GFP_KERNEL);
	if (!heads)
		return -ENOMEM;

	mutex_lock(&lock);
	for (chunk = LARGEST_CHUNK; chunk; chunk /= 2) {
		while (n < MOST_CHUNKS &&
		       !gnttab_alloc_grant_references(chunk, &heads[n])) {
			count += chunk;
			n++;
		}
	}
	while (n)
		gnttab_free_grant_references(heads[--n]);
	mutex_unlock(&lock);

	kvfree(heads);
	return sysfs_emit(buf, "%u\n", count);
}

static const struct kernel_param_ops free_ops = {
	.get = free_get,
};
module_param_cb(free, &free_ops, NULL, 0444);
MODULE_PARM_DESC(free, "Number of grant references that are not in use");

static int __init bed_grants_init(void)
{
	return xen_domain() ? 0 : -ENODEV;
}
module_init(bed_grants_init);

static void __exit bed_grants_exit(void)
{
}
module_exit(bed_grants_exit);

MODULE_DESCRIPTION("Counts the grant references that are not in use");
MODULE_LICENSE("GPL");
