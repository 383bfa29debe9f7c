/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages of a queue's ring or rings: made, granted, and given up.
 */

#ifndef _XEN_BLKFRONT_RINGS_H
#define _XEN_BLKFRONT_RINGS_H

#include "wire.h"

static inline void blkfront_separate_free(struct blkfront_ring_mem *mem)
{
	while (mem->nr--)
		gnttab_end_foreign_access(mem->refs[mem->nr],
					  virt_to_page(mem->pages[mem->nr]));
	mem->nr = 0;
}

/*
 * Separate rings.  The backend has no business writing where requests stand,
 * and cannot: those pages are granted read-only.
 */
static inline int blkfront_separate_init(struct blkfront_ring *ring)
{
	const struct blkif_layout *layout = &ring->info->agreed.choice.layout;
	unsigned int nr_req = blkif_layout_req_pages(layout);
	unsigned int nr = nr_req + blkif_layout_rsp_pages(layout);
	struct blkfront_ring_mem *mem = &ring->mem;
	int ref;

	for (mem->nr = 0; mem->nr < nr; mem->nr++) {
		unsigned long page = get_zeroed_page(GFP_NOIO);

		if (!page) {
			ref = -ENOMEM;
			goto fail;
		}
		ref = gnttab_grant_foreign_access(ring->info->xbdev->otherend_id,
						  virt_to_gfn((void *)page),
						  mem->nr < nr_req);
		if (ref < 0) {
			free_page(page);
			goto fail;
		}
		mem->pages[mem->nr] = (void *)page;
		mem->refs[mem->nr] = ref;
	}
	blkif_front_rings_init(&ring->front, layout, mem->pages,
			       mem->pages + nr_req);
	return 0;

fail:
	blkfront_separate_free(mem);
	return ref;
}

/* Make the ring or rings that were agreed, of pages that are zero. */
static inline int blkfront_ring_mem_init(struct blkfront_ring *ring)
{
	const struct blkif_layout *layout = &ring->info->agreed.choice.layout;
	struct blkfront_ring_mem *mem = &ring->mem;
	int err;

	if (layout->separate)
		return blkfront_separate_init(ring);
	mem->nr = blkif_layout_req_pages(layout);
	err = xenbus_setup_ring(ring->info->xbdev, GFP_NOIO, &mem->shared,
				mem->nr, mem->refs);
	if (!err)
		blkif_front_rings_init(&ring->front, layout, &mem->shared, NULL);
	return err;
}

/* Give them up; what the backend still has mapped is freed when it lets go. */
static inline void blkfront_ring_mem_free(struct blkfront_ring_mem *mem)
{
	if (mem->shared)
		xenbus_teardown_ring(&mem->shared, mem->nr, mem->refs);
	else
		blkfront_separate_free(mem);
}

#endif /* _XEN_BLKFRONT_RINGS_H */
