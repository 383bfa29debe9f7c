/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the frontend writes to XenStore when it connects.
 */

#ifndef _XEN_BLKFRONT_KEYS_H
#define _XEN_BLKFRONT_KEYS_H

#include "blkfront.h"

static inline void blkfront_clear_refs(struct xenbus_transaction xbt,
				       const char *dir)
{
	static const char * const prefix[] = {
		"ring-ref", "req-ring-ref", "rsp-ring-ref",
	};
	unsigned int i, j;
	char key[24];

	for (i = 0; i < ARRAY_SIZE(prefix); i++) {
		for (j = 0; j < XENBUS_MAX_RING_GRANTS; j++) {
			snprintf(key, sizeof(key), "%s%u", prefix[i], j);
			xenbus_rm(xbt, dir, key);
		}
	}
}

/*
 * Remove what another driver or an earlier connection has left: a backend may
 * take a key that we do not write for ours.
 */
static inline void blkfront_clear_keys(struct xenbus_transaction xbt,
				       const char *dir)
{
	unsigned int order = xenbus_read_unsigned(dir, "ring-page-order", 0);
	unsigned int queues = xenbus_read_unsigned(dir,
						   "multi-queue-num-queues", 0);
	/* A backend that begins anew takes "ring-layout" away, but not these. */
	bool separate = xenbus_exists(xbt, dir, "req-ring-ref0");
	char key[24];
	unsigned int i;

	/* What goes wrong here shows on writing. */
	xenbus_rm(xbt, dir, "ring-ref");
	xenbus_rm(xbt, dir, "event-channel");
	xenbus_rm(xbt, dir, "ring-page-order");
	xenbus_rm(xbt, dir, "multi-queue-num-queues");
	xenbus_rm(xbt, dir, "request-format");
	xenbus_rm(xbt, dir, "ring-layout");
	xenbus_rm(xbt, dir, "ring-alignment");
	xenbus_rm(xbt, dir, "integrity");
	if (order || separate)
		blkfront_clear_refs(xbt, dir);
	for (i = 0; i < min_t(u32, queues, BLKIF_MAX_QUEUES); i++) {
		snprintf(key, sizeof(key), "queue-%u", i);
		xenbus_rm(xbt, dir, key);
	}
}

static inline int blkfront_write_refs(struct xenbus_transaction xbt,
				      const char *dir, const char *prefix,
				      const grant_ref_t *refs, unsigned int nr)
{
	unsigned int i;
	char key[24];
	int err = 0;

	for (i = 0; !err && i < nr; i++) {
		snprintf(key, sizeof(key), "%s%u", prefix, i);
		err = xenbus_printf(xbt, dir, key, "%u", refs[i]);
	}
	return err;
}

static inline int blkfront_write_ring(struct xenbus_transaction xbt,
				      const char *dir,
				      const struct blkfront_ring *ring)
{
	const struct blkif_layout *layout = &ring->info->agreed.choice.layout;
	unsigned int nr = blkif_layout_req_pages(layout);
	const grant_ref_t *refs = ring->mem.refs;
	int err;

	if (layout->separate) {
		err = blkfront_write_refs(xbt, dir, "req-ring-ref", refs, nr);
		if (!err)
			err = blkfront_write_refs(xbt, dir, "rsp-ring-ref",
						  refs + nr,
						  ring->mem.nr - nr);
	} else if (nr == 1) {
		err = xenbus_printf(xbt, dir, "ring-ref", "%u", refs[0]);
	} else {
		err = blkfront_write_refs(xbt, dir, "ring-ref", refs, nr);
	}
	if (err)
		return err;
	return xenbus_printf(xbt, dir, "event-channel", "%u", ring->evtchn);
}

/* The rings of a frontend with several queues. */
static inline int blkfront_write_queues(struct xenbus_transaction xbt,
					const struct blkfront_info *info)
{
	const char *node = info->xbdev->nodename;
	unsigned int i;
	char *dir;
	int err;

	err = xenbus_printf(xbt, node, "multi-queue-num-queues", "%u",
			    info->nr_rings);
	for (i = 0; !err && i < info->nr_rings; i++) {
		dir = kasprintf(GFP_KERNEL, "%s/queue-%u", node, i);
		if (!dir)
			return -ENOMEM;
		err = blkfront_write_ring(xbt, dir, &info->rings[i]);
		kfree(dir);
	}
	return err;
}

/* What the rings look like; a backend of old reads none but the order. */
static inline int blkfront_write_layout(struct xenbus_transaction xbt,
					const struct blkfront_info *info)
{
	const struct blkif_layout *layout = &info->agreed.choice.layout;
	const char *node = info->xbdev->nodename;
	int err = 0;

	if (layout->order)
		err = xenbus_printf(xbt, node, "ring-page-order", "%u",
				    layout->order);
	if (!err && layout->abi->slim)
		err = xenbus_printf(xbt, node, "request-format", "slim");
	if (!err && layout->separate)
		err = xenbus_printf(xbt, node, "ring-layout", "split");
	if (!err && layout->separate)
		err = xenbus_printf(xbt, node, "ring-alignment", "%u",
				    layout->align);
	return err;
}

static inline int blkfront_write_keys(struct xenbus_transaction xbt,
				      const struct blkfront_info *info)
{
	const char *node = info->xbdev->nodename;
	int err;

	blkfront_clear_keys(xbt, node);
	err = blkfront_write_layout(xbt, info);
	if (err)
		return err;
	if (info->nr_rings == 1)
		err = blkfront_write_ring(xbt, node, &info->rings[0]);
	else
		err = blkfront_write_queues(xbt, info);
	if (err)
		return err;
	/*
	 * A backend that takes slim requests asks for no more.  One that does
	 * not, but is bound in its place, refuses what it has not heard of, and
	 * would otherwise take them for requests of the existing format.
	 */
	err = xenbus_printf(xbt, node, "protocol", "%s",
			    blkfront_abi(info)->slim ? "slim" :
						       blkif_abi_native.name);
	if (err)
		return err;
	return xenbus_printf(xbt, node, "feature-persistent", "%u",
			     info->persistent);
}

static inline int blkfront_publish(const struct blkfront_info *info)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = blkfront_write_keys(xbt, info);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

#endif /* _XEN_BLKFRONT_KEYS_H */
