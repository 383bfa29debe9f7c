// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps pages of a guest mapped, whatever the backend does, as a hostile backend
 * would:
 *
 *	insmod bed_keep.ko domid=3 refs=8,9,10
 *	cat /sys/module/bed_keep/parameters/kept
 *	rmmod bed_keep
 *
 * With count=N, the N references from the first one on are tried.  Those that
 * are not granted are left out.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/xen.h>

#define MOST	4096

static unsigned int domid;
module_param(domid, uint, 0444);
MODULE_PARM_DESC(domid, "Domain that has granted the pages");

static unsigned int refs[64];
static unsigned int nr_refs;
module_param_array(refs, uint, &nr_refs, 0444);
MODULE_PARM_DESC(refs, "Grant references");

static unsigned int count;
module_param(count, uint, 0444);
MODULE_PARM_DESC(count, "Number of references from the first one on");

static unsigned int kept;
module_param(kept, uint, 0444);
MODULE_PARM_DESC(kept, "Pages that are mapped");

static struct page *pages[MOST];
static grant_handle_t handles[MOST];

static void keep(grant_ref_t ref)
{
	struct gnttab_map_grant_ref map;
	struct page *page;

	if (kept == MOST || gnttab_alloc_pages(1, &page))
		return;
	gnttab_set_map_op(&map, (unsigned long)page_address(page),
			  GNTMAP_host_map | GNTMAP_readonly, ref, domid);
	if (gnttab_map_refs(&map, NULL, &page, 1) || map.status) {
		gnttab_free_pages(1, &page);
		return;
	}
	pages[kept] = page;
	handles[kept++] = map.handle;
}

static int __init bed_keep_init(void)
{
	unsigned int i;

	if (!nr_refs)
		return -EINVAL;
	for (i = 0; i < (count ?: nr_refs); i++)
		keep(count ? refs[0] + i : refs[i]);
	return 0;
}
module_init(bed_keep_init);

static void __exit bed_keep_exit(void)
{
	struct gnttab_unmap_grant_ref unmap;

	while (kept--) {
		gnttab_set_unmap_op(&unmap,
				    (unsigned long)page_address(pages[kept]),
				    GNTMAP_host_map | GNTMAP_readonly,
				    handles[kept]);
		gnttab_unmap_refs(&unmap, NULL, &pages[kept], 1);
		gnttab_free_pages(1, &pages[kept]);
	}
}
module_exit(bed_keep_exit);

MODULE_DESCRIPTION("Keeps pages of a guest mapped");
MODULE_LICENSE("GPL");
