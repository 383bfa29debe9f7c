/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One side of a ring, by calls that are the same for all layouts.
 * Every function here is inlined with a constant @kind, so that each layout has
 * loops of its own; in ours the drivers' branch on the layout remains.
 */
#ifndef _SIDE_H
#define _SIDE_H

#include <linux/types.h>
#include <stdlib.h>
#include "xen-blkif/ring.h"
#include "loops.h"
#include "old_ring.h"
#include "raw_ring.h"

#define PAGES		2
#define KEPT_CMDS	128	/* no fewer than MAX_DEPTH */

struct side {
	struct old_ring old;
	struct blkif_request shadow[MAX_DEPTH];
	struct blkif_front_rings front;
	struct blkif_back_rings back;
	struct blkif_cmd kept[KEPT_CMDS];
	u32 nr_kept;
	struct raw_ring req, rsp;
} __attribute__((__aligned__(128)));

HOT bool is_old(enum kind kind)
{
	return kind == OLD || kind == TUNED;
}

/*
 * SEPARATE has its requests in registers.  For that the compiler must know that
 * the other layout, which needs them in memory, is not in use.
 */
HOT void must_be(bool true_thing)
{
	if (!true_thing)
		abort();
}

HOT bool is_separate(enum kind kind)
{
	return kind == SEPARATE || kind == KEPT;
}

HOT struct blkif_cmd *next_kept(struct side *s)
{
	return &s->kept[s->nr_kept++ % KEPT_CMDS];
}

/* The frontend. */

HOT void front_put_old(struct side *s, const struct job *job)
{
	struct blkif_request *req = &s->shadow[s->old.prod % OLD_SLOTS];

	req->operation = job->op;
	req->u.rw.nr_segments = 2;
	req->u.rw.handle = 0xca00;
	req->u.rw.id = job->id;
	req->u.rw.sector_number = job->sector;
	req->u.rw.seg[0].gref = job->gref[0];
	req->u.rw.seg[0].first_sect = job->first[0];
	req->u.rw.seg[0].last_sect = job->last[0];
	req->u.rw.seg[1].gref = job->gref[1];
	req->u.rw.seg[1].first_sect = job->first[1];
	req->u.rw.seg[1].last_sect = job->last[1];
	old_put_req(&s->old, req);
}

HOT void front_fill(struct blkif_cmd *cmd, const struct job *job)
{
	cmd->id = job->id;
	cmd->sector = job->sector;
	cmd->op = job->op;
	cmd->flags = 0;
	cmd->indirect = false;
	cmd->nr_segs = 2;
	cmd->seg[0].gref = job->gref[0];
	cmd->seg[0].first = job->first[0];
	cmd->seg[0].last = job->last[0];
	cmd->seg[1].gref = job->gref[1];
	cmd->seg[1].first = job->first[1];
	cmd->seg[1].last = job->last[1];
}

HOT void front_put(enum kind kind, struct side *s, const struct job *job)
{
	struct blkif_cmd *kept, cmd;

	if (is_old(kind)) {
		front_put_old(s, job);
		return;
	}
	if (kind == RAW) {
		raw_put_req(&s->req, job);
		return;
	}
	if (kind == SEPARATE) {
		must_be(s->front.separate);
		front_fill(&cmd, job);
		blkif_front_put(&s->front, &cmd, 0xca00);
		return;
	}
	kept = next_kept(s);
	front_fill(kept, job);
	blkif_front_put(&s->front, kept, 0xca00);
}

/* After a batch. */
HOT bool front_publish(enum kind kind, struct side *s)
{
	struct old_page *page = s->old.page;

	if (kind == OLD)
		return old_publish(&s->old, &page->req_prod, &page->req_event);
	if (kind == TUNED)
		virt_store_release(&page->req_prod, s->old.prod);
	return kind == SLIM && blkif_front_publish(&s->front);
}

/* After a burst. */
HOT bool front_check(enum kind kind, struct side *s)
{
	if (kind == TUNED)
		return old_check(&s->old, &s->old.page->req_event);
	if (kind == RAW)
		return raw_check(&s->req);
	return is_separate(kind) && blkif_front_publish(&s->front);
}

HOT bool front_get(enum kind kind, struct side *s, struct answer *answer)
{
	struct blkif_response old;
	struct blkif_rsp rsp;

	if (kind == RAW)
		return raw_get_rsp(&s->rsp, answer);
	if (!is_old(kind)) {
		if (blkif_front_get(&s->front, &rsp) != 1)
			return false;
		*answer = (struct answer) { rsp.id, rsp.op, rsp.status };
		return true;
	}
	if (!old_more_rsps(&s->old))
		return false;
	old_get_rsp(&s->old, &old);
	*answer = (struct answer) { old.id, old.operation, old.status };
	return true;
}

HOT void front_rearm(enum kind kind, struct side *s)
{
	if (is_old(kind))
		old_rearm(&s->old, &s->old.page->rsp_event);
	else if (kind == RAW)
		raw_rearm(&s->rsp);
	else
		blkif_front_rearm(&s->front, 1);
}

/* The backend. */

HOT bool back_get_old(struct side *s, struct job *job)
{
	struct blkif_request req;

	if (!old_more_reqs(&s->old))
		return false;
	old_get_req(&s->old, &req);
	*job = (struct job) {
		.id = req.u.rw.id, .sector = req.u.rw.sector_number,
		.op = req.operation,
		.gref = { req.u.rw.seg[0].gref, req.u.rw.seg[1].gref },
		.first = { req.u.rw.seg[0].first_sect,
			   req.u.rw.seg[1].first_sect },
		.last = { req.u.rw.seg[0].last_sect,
			  req.u.rw.seg[1].last_sect },
	};
	if (req.u.rw.nr_segments != 2)
		abort();
	return true;
}

HOT struct job back_job(const struct blkif_cmd *cmd)
{
	return (struct job) {
		.id = cmd->id, .sector = cmd->sector, .op = cmd->op,
		.gref = { cmd->seg[0].gref, cmd->seg[1].gref },
		.first = { cmd->seg[0].first, cmd->seg[1].first },
		.last = { cmd->seg[0].last, cmd->seg[1].last },
	};
}

HOT bool back_get(enum kind kind, struct side *s, struct job *job)
{
	struct blkif_cmd *kept, cmd;

	if (is_old(kind))
		return back_get_old(s, job);
	if (kind == RAW)
		return raw_get_req(&s->req, job);
	if (kind == SEPARATE) {
		must_be(s->back.separate);
		if (blkif_back_get(&s->back, &cmd) != 1)
			return false;
		*job = back_job(&cmd);
		must_be(cmd.nr_segs == 2 && !cmd.reserved);
		return true;
	}
	kept = &s->kept[s->nr_kept % KEPT_CMDS];
	if (blkif_back_get(&s->back, kept) != 1)
		return false;
	s->nr_kept++;
	*job = back_job(kept);
	must_be(kept->nr_segs == 2 && !kept->reserved);
	return true;
}

HOT void back_put(enum kind kind, struct side *s, const struct job *job)
{
	struct blkif_response old = {
		.id = job->id, .operation = job->op, .status = hash(job),
	};
	struct blkif_rsp rsp = {
		.id = job->id, .op = job->op, .status = old.status,
	};

	if (is_old(kind))
		old_put_rsp(&s->old, &old);
	else if (kind == RAW)
		raw_put_rsp(&s->rsp, &(struct answer) {
			job->id, job->op, old.status });
	else
		blkif_back_put(&s->back, &rsp);
}

HOT bool back_publish(enum kind kind, struct side *s)
{
	struct old_page *page = s->old.page;

	if (kind == OLD)
		return old_publish(&s->old, &page->rsp_prod, &page->rsp_event);
	if (kind == TUNED)
		virt_store_release(&page->rsp_prod, s->old.prod);
	return kind == SLIM && blkif_back_publish(&s->back);
}

HOT bool back_check(enum kind kind, struct side *s)
{
	if (kind == TUNED)
		return old_check(&s->old, &s->old.page->rsp_event);
	if (kind == RAW)
		return raw_check(&s->rsp);
	return is_separate(kind) && blkif_back_publish(&s->back);
}

HOT void back_rearm(enum kind kind, struct side *s)
{
	if (is_old(kind))
		old_rearm(&s->old, &s->old.page->req_event);
	else if (kind == RAW)
		raw_rearm(&s->req);
	else
		blkif_back_rearm(&s->back);
}

#endif
