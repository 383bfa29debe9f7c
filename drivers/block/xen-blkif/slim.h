/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slim requests: 32-byte requests and 16-byte responses, one layout for every
 * ABI.  The same slots go on the shared ring and on separate rings; there the
 * lap byte, which is zero here, is put in by split.h.
 */

#ifndef _XEN_BLKIF_SLIM_H
#define _XEN_BLKIF_SLIM_H

#include <linux/stddef.h>
#include <linux/string.h>
#include "cmd.h"

static_assert(sizeof(struct blkif_slim_request) == 32);
static_assert(sizeof(struct blkif_slim_response) == 16);
static_assert(sizeof(struct blkif_slim_entry) == sizeof(struct blkif_seg));
static_assert(offsetof(struct blkif_slim_entry, sector) ==
	      offsetof(struct blkif_seg, sector));
static_assert(offsetof(struct blkif_slim_entry, gref) ==
	      offsetof(struct blkif_seg, gref));
static_assert(offsetof(struct blkif_slim_entry, first_sect) ==
	      offsetof(struct blkif_seg, first));
static_assert(offsetof(struct blkif_slim_entry, last_sect) ==
	      offsetof(struct blkif_seg, last));
static_assert(offsetof(struct blkif_slim_entry, reserved) ==
	      offsetof(struct blkif_seg, reserved));

#define BLKIF_SLIM_ASSERT(field, off)					\
	static_assert(offsetof(struct blkif_slim_request, field) == (off))

BLKIF_SLIM_ASSERT(lap, 0);
BLKIF_SLIM_ASSERT(operation, 1);
BLKIF_SLIM_ASSERT(count, 2);
BLKIF_SLIM_ASSERT(flags, 3);
BLKIF_SLIM_ASSERT(h.rw.first0, 4);
BLKIF_SLIM_ASSERT(h.rw.last0, 5);
BLKIF_SLIM_ASSERT(h.rw.first1, 6);
BLKIF_SLIM_ASSERT(h.rw.last1, 7);
BLKIF_SLIM_ASSERT(id, 8);
BLKIF_SLIM_ASSERT(u.rw.sector, 16);
BLKIF_SLIM_ASSERT(u.rw.gref, 24);
BLKIF_SLIM_ASSERT(h.indirect.nr_entries, 4);
BLKIF_SLIM_ASSERT(h.indirect.nr_pi, 6);
BLKIF_SLIM_ASSERT(u.indirect.gref, 16);
BLKIF_SLIM_ASSERT(u.range.sector, 16);
BLKIF_SLIM_ASSERT(u.range.nr_sectors, 24);
static_assert(offsetof(struct blkif_slim_response, id) == 0);
static_assert(offsetof(struct blkif_slim_response, reserved) == 8);
static_assert(offsetof(struct blkif_slim_response, status) == 12);
static_assert(offsetof(struct blkif_slim_response, operation) == 14);
static_assert(offsetof(struct blkif_slim_response, lap) == 15);

/* Pages that hold @nr entries. */
static inline u32 blkif_slim_tables(u32 nr)
{
	u32 per_page = BLKIF_PAGE_SIZE / sizeof(struct blkif_slim_entry);

	return (nr + per_page - 1) / per_page;
}

/* Write the segments of a request into its slot. */
static inline void blkif_slim_put_segs(struct blkif_slim_request *slot,
				       const struct blkif_cmd *cmd)
{
	slot->count = cmd->nr_segs;
	if (cmd->nr_segs > 0) {
		slot->u.rw.sector = cmd->sector;
		slot->h.rw.first0 = cmd->seg[0].first;
		slot->h.rw.last0 = cmd->seg[0].last;
		slot->u.rw.gref[0] = cmd->seg[0].gref;
	}
	if (cmd->nr_segs > 1) {
		slot->h.rw.first1 = cmd->seg[1].first;
		slot->h.rw.last1 = cmd->seg[1].last;
		slot->u.rw.gref[1] = cmd->seg[1].gref;
	}
}

static inline void blkif_slim_put_tables(struct blkif_slim_request *slot,
					 const struct blkif_cmd *cmd)
{
	u32 used = blkif_slim_tables(cmd->nr_segs);
	u32 i;

	slot->count = cmd->op;
	slot->h.indirect.nr_entries = cmd->nr_segs;
	for (i = 0; i < BLKIF_SLIM_MAX_TABLES; i++)
		slot->u.indirect.gref[i] = i < used ? cmd->table[i] : 0;
}

/**
 * blkif_slim_encode() - write a request
 * @cmd: a request that is in order
 * @raw: the slot; what is not used is zero
 */
static inline void blkif_slim_encode(const struct blkif_cmd *cmd,
				     void *raw)
{
	struct blkif_slim_request slot = {
		.operation = blkif_cmd_wire_op(cmd),
		.flags = cmd->flags,
	};

	slot.id = cmd->id;
	if (cmd->indirect) {
		blkif_slim_put_tables(&slot, cmd);
	} else if (cmd->op == BLKIF_OP_DISCARD) {
		slot.u.range.sector = cmd->sector;
		slot.u.range.nr_sectors = cmd->nr_sectors;
	} else {
		blkif_slim_put_segs(&slot, cmd);
	}
	memcpy(raw, &slot, sizeof(slot));
}

/* Read the segments of a request.  False if what is not used is not zero. */
static inline bool blkif_slim_get_segs(const struct blkif_slim_request *slot,
				       struct blkif_cmd *cmd)
{
	u64 sector = slot->u.rw.sector;

	cmd->sector = sector;
	cmd->nr_segs = slot->count;
	cmd->seg[0] = (struct blkif_seg) {
		.sector = sector,
		.gref = slot->u.rw.gref[0],
		.first = slot->h.rw.first0,
		.last = slot->h.rw.last0,
	};
	if (cmd->seg[0].first <= cmd->seg[0].last)
		sector += blkif_seg_sectors(&cmd->seg[0]);
	cmd->seg[1] = (struct blkif_seg) {
		.sector = sector,
		.gref = slot->u.rw.gref[1],
		.first = slot->h.rw.first1,
		.last = slot->h.rw.last1,
	};
	if (cmd->nr_segs < 1 && (slot->u.rw.sector | slot->u.rw.gref[0] |
				 slot->h.rw.first0 | slot->h.rw.last0))
		return false;
	if (cmd->nr_segs < 2 && (slot->h.rw.first1 | slot->h.rw.last1 |
				 slot->u.rw.gref[1]))
		return false;
	return true;
}

static inline bool blkif_slim_get_range(const struct blkif_slim_request *slot,
					struct blkif_cmd *cmd)
{
	cmd->sector = slot->u.range.sector;
	cmd->nr_sectors = slot->u.range.nr_sectors;
	return !slot->count && !slot->h.reserved;
}

static inline bool blkif_slim_get_tables(const struct blkif_slim_request *slot,
					 struct blkif_cmd *cmd)
{
	u32 unused = 0;
	u32 i;

	cmd->indirect = true;
	cmd->op = slot->count;
	cmd->nr_segs = slot->h.indirect.nr_entries;
	memcpy(cmd->table, slot->u.indirect.gref,
	       sizeof(slot->u.indirect.gref));
	for (i = blkif_slim_tables(cmd->nr_segs); i < BLKIF_SLIM_MAX_TABLES; i++)
		unused |= slot->u.indirect.gref[i];
	return !unused && !slot->h.indirect.nr_pi;
}

/**
 * blkif_slim_decode() - read a request
 * @raw: private copy of the slot, its lap byte zero
 * @cmd: filled in as far as the operation says; only @cmd->reserved is checked
 */
static inline void blkif_slim_decode(const void *raw,
				     struct blkif_cmd *cmd)
{
	struct blkif_slim_request slot;
	bool good = true;

	memcpy(&slot, raw, sizeof(slot));
	cmd->id = slot.id;
	cmd->op = slot.operation;
	cmd->flags = slot.flags;
	cmd->sector = 0;
	cmd->nr_sectors = 0;
	cmd->indirect = false;
	cmd->nr_segs = 0;
	if (cmd->op == BLKIF_OP_INDIRECT)
		good = blkif_slim_get_tables(&slot, cmd);
	else if (cmd->op == BLKIF_OP_DISCARD)
		good = blkif_slim_get_range(&slot, cmd);
	else if (blkif_op_has_data(cmd->op))
		good = blkif_slim_get_segs(&slot, cmd);
	cmd->reserved = !good || slot.lap;
}

/** blkif_slim_rsp_encode() - write a response; what is not used is zero */
static inline void blkif_slim_rsp_encode(const struct blkif_rsp *rsp,
					 void *raw)
{
	struct blkif_slim_response slot = {
		.id = rsp->id,
		.status = rsp->status,
		.operation = rsp->op,
	};

	memcpy(raw, &slot, sizeof(slot));
}

/**
 * blkif_slim_rsp_decode() - read a response
 * @raw: private copy of the slot, its lap byte zero
 * @rsp: filled in
 *
 * Return: false if what must be zero is not.
 */
static inline bool blkif_slim_rsp_decode(const void *raw,
					 struct blkif_rsp *rsp)
{
	struct blkif_slim_response slot;

	memcpy(&slot, raw, sizeof(slot));
	rsp->id = slot.id;
	rsp->op = slot.operation;
	rsp->status = slot.status;
	return !slot.reserved && !slot.lap;
}

#endif /* _XEN_BLKIF_SLIM_H */
