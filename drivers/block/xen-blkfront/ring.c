// SPDX-License-Identifier: GPL-2.0
/*
 * Rings: their pages and event channels.
 */

#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/page.h>

#include "blkfront.h"

/* Return: how many pages the backend still has mapped. */
static unsigned int blkfront_separate_free(struct blkfront_ring_mem *mem)
{
	unsigned int held = 0;

	while (mem->nr) {
		struct page *page = virt_to_page(mem->pages[--mem->nr]);

		if (gnttab_try_end_foreign_access(mem->refs[mem->nr])) {
			__free_page(page);
			continue;
		}
		gnttab_end_foreign_access(mem->refs[mem->nr], page);
		held++;
	}
	return held;
}

/* The same for a shared ring, whose pages are freed together. */
static unsigned int blkfront_shared_free(struct blkfront_ring_mem *mem)
{
	unsigned int i, held = 0;

	for (i = 0; i < mem->nr; i++) {
		if (gnttab_try_end_foreign_access(mem->refs[i]))
			mem->refs[i] = INVALID_GRANT_REF;
		else
			held++;
	}
	xenbus_teardown_ring(&mem->shared, mem->nr, mem->refs);
	return held;
}

/* The backend has no reason to write to requests, so it gets no access. */
static int blkfront_separate_init(struct blkfront_ring *ring)
{
	const struct blkif_layout *layout = &ring->info->agreed.choice.layout;
	unsigned int nr_req = blkif_layout_req_pages(layout);
	unsigned int nr = nr_req + blkif_layout_rsp_pages(layout);
	domid_t domid = ring->info->xbdev->otherend_id;
	struct blkfront_ring_mem *mem = &ring->mem;
	int ref;

	for (mem->nr = 0; mem->nr < nr; mem->nr++) {
		unsigned long page = get_zeroed_page(GFP_NOIO);

		if (!page) {
			ref = -ENOMEM;
			goto fail;
		}
		ref = gnttab_grant_foreign_access(domid,
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

static int blkfront_ring_mem_make(struct blkfront_ring *ring)
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
		blkif_front_rings_init(&ring->front, layout, &mem->shared,
				       NULL);
	return err;
}

static int blkfront_ring_mem_init(struct blkfront_ring *ring)
{
	int err = blkfront_ring_mem_make(ring);

	if (!err)
		blkfront_grants_add(ring->mem.nr);
	return err;
}

/* If the backend still has a page mapped, the grant table frees it later. */
static unsigned int blkfront_ring_mem_free(struct blkfront_ring_mem *mem)
{
	blkfront_grants_put(mem->nr);
	return mem->shared ? blkfront_shared_free(mem) :
			     blkfront_separate_free(mem);
}

/*
 * Polled bios must not be completed in interrupts.  Even on a polled ring, the
 * first response causes a notification; and on a connection without polled
 * rings, any ring may carry bios that were submitted for polling.
 */
static bool blkfront_must_defer(const struct blkfront_info *info, bool polled)
{
	return polled || (info->gd && !info->agreed.nr_polled &&
			  info->tag_set.map[HCTX_TYPE_POLL].nr_queues);
}

static int blkfront_ring_irq_init(struct blkfront_ring *ring)
{
	struct xenbus_device *dev = ring->info->xbdev;
	int ret;

	ret = xenbus_alloc_evtchn(dev, &ring->evtchn);
	if (ret)
		return ret;
	ret = bind_evtchn_to_irqhandler_lateeoi(ring->evtchn,
						blkfront_interrupt, 0, "blkif",
						ring);
	if (ret < 0) {
		xenbus_free_evtchn(dev, ring->evtchn);
		return ret;
	}
	ring->irq = ret;
	return 0;
}

static int blkfront_ring_init(struct blkfront_info *info,
			      struct blkfront_ring *ring, unsigned int index)
{
	int err;

	ring->info = info;
	ring->index = index;
	ring->polled = index >= info->agreed.choice.nr_queues -
				info->agreed.nr_polled;
	ring->deferred = blkfront_must_defer(info, ring->polled);
	spin_lock_init(&ring->lock);
	spin_lock_init(&ring->rsp_lock);
	spin_lock_init(&ring->indirect.lock);
	spin_lock_init(&ring->data.lock);
	spin_lock_init(&ring->pi.lock);
	ring->taken_end = &ring->taken;
	ring->watched = jiffies - BLKFRONT_WATCH_INTERVAL - 1;
	INIT_WORK(&ring->work, blkfront_ring_work);
	tasklet_setup(&ring->tasklet, blkfront_ring_tasklet);
	INIT_LIST_HEAD(&ring->trim_node);

	err = blkfront_ring_mem_init(ring);
	if (err)
		return err;
	err = blkfront_ring_irq_init(ring);
	if (err)
		blkfront_ring_mem_free(&ring->mem);
	return err;
}

/**
 * blkfront_ring_stop() - take no more responses from a ring
 * @ring: the ring; nobody polls it any more
 *
 * Context: process context; sleeps.
 */
void blkfront_ring_stop(struct blkfront_ring *ring)
{
	/* Either acknowledges the event, so the irq must still be ours. */
	disable_irq(ring->irq);
	WRITE_ONCE(ring->stopped, true);
	tasklet_kill(&ring->tasklet);
	cancel_work_sync(&ring->work);
	blkfront_complete_taken(ring);
	unbind_from_irqhandler(ring->irq, ring);
}

/**
 * blkfront_rings_free() - free the rings of a disk and their pools
 * @info: the disk; its rings were stopped, and no request uses them
 *
 * Context: process context with info->mutex.
 *
 * Return: how many of their pages the backend still has mapped.
 */
unsigned int blkfront_rings_free(struct blkfront_info *info)
{
	struct blkfront_ring *rings = info->rings;
	unsigned int nr = info->nr_rings;
	unsigned int i, held = 0;

	mutex_lock(&info->brief);
	for (i = 0; i < nr; i++)
		blkfront_counters_add(&info->counters, &rings[i]);
	info->described = false;
	info->rings = NULL;
	info->nr_rings = 0;
	mutex_unlock(&info->brief);
	for (i = 0; i < nr; i++) {
		held += blkfront_pools_free(&rings[i]);
		held += blkfront_ring_mem_free(&rings[i].mem);
	}
	kvfree(rings);
	return held;
}

/**
 * blkfront_rings_init() - make the rings that were chosen
 * @info: the disk
 *
 * Context: process context with info->mutex; sleeps.
 *
 * Return: 0 or an error.
 */
int blkfront_rings_init(struct blkfront_info *info)
{
	unsigned int nr = info->agreed.choice.nr_queues;
	struct blkfront_ring *rings;
	unsigned int i;
	int err;

	lockdep_assert_held(&info->mutex);
	rings = kvcalloc(nr, sizeof(*rings), GFP_KERNEL);
	if (!rings)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		err = blkfront_ring_init(info, &rings[i], i);
		if (err)
			goto stop;
	}
	mutex_lock(&info->brief);
	info->rings = rings;
	info->nr_rings = nr;
	mutex_unlock(&info->brief);
	return 0;

stop:
	while (i--) {
		blkfront_ring_stop(&rings[i]);
		blkfront_ring_mem_free(&rings[i].mem);
	}
	kvfree(rings);
	return err;
}
