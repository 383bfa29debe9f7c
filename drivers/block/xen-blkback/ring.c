// SPDX-License-Identifier: GPL-2.0
/*
 * Xen block backend: the pages of a queue's ring or rings.
 *
 * xenbus maps a shared ring, as one range.  Separate rings are mapped page by
 * page; those of requests read-only, since the backend writes nothing there.
 *
 * All of this runs in work items that do not wait for I/O when they allocate
 * memory: mapping takes a lock that threads of queues take as well.
 */

#include <linux/mm.h>
#include <xen/page.h>
#include "blkback.h"

static void *blkback_ring_addr(struct page *page)
{
	return pfn_to_kaddr(page_to_pfn(page));
}

/* Unmap what is mapped, and free the pages. */
static void blkback_ring_unmap_pages(struct blkback_queue *queue)
{
	struct gnttab_unmap_grant_ref ops[BLKBACK_RING_PAGES];
	struct page *mapped[BLKBACK_RING_PAGES];
	struct blkback_ring_mem *mem = &queue->mem;
	unsigned int i, nr = 0;
	bool bad;

	for (i = 0; i < mem->nr; i++) {
		unsigned long addr = (unsigned long)
				     blkback_ring_addr(mem->pages[i]);

		if (mem->handles[i] == INVALID_GRANT_HANDLE)
			continue;
		gnttab_set_unmap_op(&ops[nr], addr, GNTMAP_host_map,
				    mem->handles[i]);
		mapped[nr++] = mem->pages[i];
	}
	bad = nr && gnttab_unmap_refs(ops, NULL, mapped, nr);
	for (i = 0; i < nr; i++)
		bad |= ops[i].status != GNTST_okay;
	/* A page that may still be mapped must not be used again. */
	if (bad)
		dev_err(&queue->conn->blkback->dev->dev,
			"unmapping the rings of queue %u failed, their %u pages are lost\n",
			queue->index, mem->nr);
	else
		gnttab_free_pages(mem->nr, mem->pages);
	mem->nr = 0;
}

/* Map pages, of which the first @nr_readonly are read-only. */
static int blkback_ring_map_pages(struct blkback_queue *queue,
				  const grant_ref_t *grefs,
				  unsigned int nr_readonly, unsigned int nr)
{
	struct gnttab_map_grant_ref ops[BLKBACK_RING_PAGES];
	struct blkback_ring_mem *mem = &queue->mem;
	unsigned int i;
	int err;

	err = gnttab_alloc_pages(nr, mem->pages);
	if (err)
		return err;
	mem->nr = nr;
	for (i = 0; i < nr; i++) {
		u32 flags = GNTMAP_host_map;

		if (i < nr_readonly)
			flags |= GNTMAP_readonly;
		gnttab_set_map_op(&ops[i], (unsigned long)
				  blkback_ring_addr(mem->pages[i]), flags,
				  grefs[i], queue->conn->domid);
		ops[i].status = GNTST_general_error;
		mem->handles[i] = INVALID_GRANT_HANDLE;
	}
	err = gnttab_map_refs(ops, NULL, mem->pages, nr);
	for (i = 0; i < nr; i++) {
		if (ops[i].status == GNTST_okay)
			mem->handles[i] = ops[i].handle;
		else if (blkback_grant_no_room(ops[i].status))
			err = err ?: -ENOSPC;
		else
			err = -EIO;
	}
	if (err)
		blkback_ring_unmap_pages(queue);
	return err;
}

static int blkback_ring_map_separate(struct blkback_queue *queue,
				     const grant_ref_t *grefs)
{
	const struct blkif_layout *layout = &queue->conn->agreed.layout;
	unsigned int nr_req = blkif_layout_req_pages(layout);

	return blkback_ring_map_pages(queue, grefs, nr_req,
				      nr_req + blkif_layout_rsp_pages(layout));
}

/*
 * xenbus reports a bad reference by itself, as often as a frontend writes one.
 * References are therefore tried before, and a frontend that changes them
 * meanwhile has to wait before it is served again.
 */
static int blkback_ring_map_shared(struct blkback_queue *queue,
				   const grant_ref_t *grefs)
{
	unsigned int nr = blkif_layout_req_pages(&queue->conn->agreed.layout);
	struct blkback *blkback = queue->conn->blkback;
	grant_ref_t refs[XENBUS_MAX_RING_GRANTS];
	int err;

	if (time_before64(get_jiffies_64(), blkback->no_ring_until))
		return -EAGAIN;
	err = blkback_ring_map_pages(queue, grefs, 0, nr);
	if (err)
		return err;
	blkback_ring_unmap_pages(queue);
	memcpy(refs, grefs, nr * sizeof(*refs));
	err = xenbus_map_ring_valloc(blkback->dev, refs, nr,
				     &queue->mem.shared);
	/* It cannot map what the frontend has revoked meanwhile. */
	if (err && err != -ENOMEM)
		blkback->no_ring_until = get_jiffies_64() +
					 BLKBACK_LOG_TIME;
	return err;
}

/**
 * blkback_ring_map() - map the pages of a queue's rings and start to use them
 * @queue: the queue
 * @grefs: of the request ring, and then of the response ring if it is separate
 *
 * Return: 0; -EPROTO if the indexes in the ring make no sense; -ENOSPC if Xen has
 * no room for the mappings; or another -errno.
 */
int blkback_ring_map(struct blkback_queue *queue, const grant_ref_t *grefs)
{
	const struct blkif_layout *layout = &queue->conn->agreed.layout;
	unsigned int nr_req = blkif_layout_req_pages(layout);
	void *addrs[BLKBACK_RING_PAGES];
	unsigned int i;
	int err;

	err = layout->separate ? blkback_ring_map_separate(queue, grefs) :
				 blkback_ring_map_shared(queue, grefs);
	if (err)
		return err;
	addrs[0] = queue->mem.shared;
	for (i = 0; i < queue->mem.nr; i++)
		addrs[i] = blkback_ring_addr(queue->mem.pages[i]);
	err = blkif_back_rings_init(&queue->ring, layout, addrs, addrs + nr_req);
	if (err)
		blkback_ring_unmap(queue);
	return err;
}

/**
 * blkback_ring_unmap() - unmap the pages of a queue's rings
 * @queue: the queue, whose rings are not used any more
 */
void blkback_ring_unmap(struct blkback_queue *queue)
{
	if (queue->mem.shared)
		xenbus_unmap_ring_vfree(queue->conn->blkback->dev,
					queue->mem.shared);
	else
		blkback_ring_unmap_pages(queue);
}
