/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The existing ring as Linux's drivers run it, to compare ours with: 112-byte
 * slots, and four indexes on one line.  Each publish reads its index, stores
 * it, and checks the peer's event word after a full barrier.  The frontend
 * builds a request in memory and copies it to the ring; the backend copies it
 * before it reads it.
 *
 * The tuned calls have all that needs no change to the format: the index is not
 * read back, and a burst has one barrier and check.
 */
#ifndef _OLD_RING_H
#define _OLD_RING_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <asm/barrier.h>
#include <xen/interface/io/blkif.h>
#include "loops.h"

struct old_page {
	u32 req_prod, req_event;
	u32 rsp_prod, rsp_event;
	u8 pad[48];
	union {
		struct blkif_request req;
		struct blkif_response rsp;
	} slot[OLD_SLOTS];
};

/* One side: @prod is where it writes next, @cons where it reads next. */
struct old_ring {
	struct old_page *page;
	u32 prod, cons;
	u32 seen;	/* the peer's index when last read */
	u32 checked;	/* tuned: @prod at the last check */
};

static inline void old_init(struct old_ring *ring, struct old_page *page)
{
	*ring = (struct old_ring) { .page = page };
	page->req_event = 1;
	page->rsp_event = 1;
}

static inline void old_put_req(struct old_ring *ring,
			       const struct blkif_request *req)
{
	memcpy(&ring->page->slot[ring->prod++ % OLD_SLOTS].req, req,
	       sizeof(*req));
}

static inline void old_put_rsp(struct old_ring *ring,
			       const struct blkif_response *rsp)
{
	memcpy(&ring->page->slot[ring->prod++ % OLD_SLOTS].rsp, rsp,
	       sizeof(*rsp));
}

/* RING_PUSH_REQUESTS_AND_CHECK_NOTIFY() and _RESPONSES_ */
static inline bool old_publish(struct old_ring *ring, u32 *shared, u32 *event)
{
	u32 old = READ_ONCE(*shared);

	virt_store_release(shared, ring->prod);
	virt_mb();
	return (u32)(ring->prod - READ_ONCE(*event)) <
	       (u32)(ring->prod - old);
}

static inline bool old_check(struct old_ring *ring, u32 *event)
{
	u32 from = ring->checked;

	ring->checked = ring->prod;
	virt_mb();
	return (u32)(ring->prod - READ_ONCE(*event)) <
	       (u32)(ring->prod - from);
}

/*
 * As the drivers do: read the peer's index when everything up to its last value
 * has been taken.  The backend checks that it is valid; the frontend need not.
 */
static inline bool old_more_reqs(struct old_ring *ring)
{
	if (ring->cons != ring->seen)
		return true;
	ring->seen = virt_load_acquire(&ring->page->req_prod);
	if ((u32)(ring->seen - ring->prod) > OLD_SLOTS)
		ring->seen = ring->cons;
	return ring->cons != ring->seen;
}

static inline bool old_more_rsps(struct old_ring *ring)
{
	if (ring->cons == ring->seen)
		ring->seen = virt_load_acquire(&ring->page->rsp_prod);
	return ring->cons != ring->seen;
}

static inline void old_get_req(struct old_ring *ring,
			       struct blkif_request *req)
{
	memcpy(req, &ring->page->slot[ring->cons++ % OLD_SLOTS].req,
	       sizeof(*req));
	barrier();
}

static inline void old_get_rsp(struct old_ring *ring,
			       struct blkif_response *rsp)
{
	memcpy(rsp, &ring->page->slot[ring->cons++ % OLD_SLOTS].rsp,
	       sizeof(*rsp));
	barrier();
}

/* RING_FINAL_CHECK_FOR_REQUESTS() and _RESPONSES(), once the ring is empty. */
static inline void old_rearm(struct old_ring *ring, u32 *event)
{
	WRITE_ONCE(*event, ring->cons + 1);
	virt_mb();
}

#endif
