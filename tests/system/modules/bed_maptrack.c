// SPDX-License-Identifier: GPL-2.0
/*
 * Takes all the room that Xen has for mappings by this domain, so that no other
 * grant can be mapped until the module is unloaded.  It maps pages of its own,
 * for devices only, which needs no address.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xen.h>
#include <asm/xen/hypercall.h>

/* Xen counts 128 mappings of a grant for a device, and no more. */
#define TIMES	128
#define MOST	1500000U

static struct page *page;
static grant_ref_t *refs;
static unsigned int nr_refs;
static grant_handle_t *handles;
static u64 bus_addr;	/* of the page, to unmap it by */

static unsigned int taken;
module_param(taken, uint, 0444);
MODULE_PARM_DESC(taken, "Mappings that were made");

static int take_one(grant_ref_t ref)
{
	struct gnttab_map_grant_ref op = {
		.ref = ref,
		.dom = 0,
		.flags = GNTMAP_device_map | GNTMAP_readonly,
	};

	if (HYPERVISOR_grant_table_op(GNTTABOP_map_grant_ref, &op, 1))
		return -EIO;
	if (op.status != GNTST_okay)
		return op.status;
	bus_addr = op.dev_bus_addr;
	handles[taken++] = op.handle;
	return op.status;
}

static int take_all(void)
{
	int status = GNTST_okay, i;

	while (status == GNTST_okay && taken + TIMES <= MOST) {
		int ref = gnttab_grant_foreign_access(0, xen_page_to_gfn(page),
						      1);

		if (ref < 0)
			return ref;
		refs[nr_refs++] = ref;
		for (i = 0; i < TIMES && status == GNTST_okay; i++)
			status = take_one(ref);
		cond_resched();
	}
	pr_info("bed_maptrack: %u mappings, then status %d\n", taken, status);
	return status == GNTST_no_space || status == GNTST_no_device_space ?
	       0 : -EIO;
}

static void give_all(void)
{
	unsigned int i;

	while (taken) {
		struct gnttab_unmap_grant_ref op = {
			.dev_bus_addr = bus_addr,
			.handle = handles[--taken],
		};

		if (HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref, &op, 1) ||
		    op.status != GNTST_okay)
			pr_err("bed_maptrack: cannot unmap\n");
		if (taken % 1024 == 0)
			cond_resched();
	}
	for (i = 0; i < nr_refs; i++)
		gnttab_end_foreign_access(refs[i], NULL);
	kvfree(refs);
	kvfree(handles);
	if (page)
		__free_page(page);
}

static int __init bed_maptrack_init(void)
{
	int err = -ENOMEM;

	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	refs = kvcalloc(MOST / TIMES + 1, sizeof(*refs), GFP_KERNEL);
	handles = kvcalloc(MOST, sizeof(*handles), GFP_KERNEL);
	if (page && refs && handles)
		err = take_all();
	if (err)
		give_all();
	return err;
}
module_init(bed_maptrack_init);

static void __exit bed_maptrack_exit(void)
{
	give_all();
}
module_exit(bed_maptrack_exit);

MODULE_DESCRIPTION("Takes all the room for mappings");
MODULE_LICENSE("GPL");
