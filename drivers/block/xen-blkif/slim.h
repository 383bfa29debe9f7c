/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slim requests: 32-byte requests and 16-byte responses with one layout for all
 * ABIs.  The slots are the same on the shared ring and on separate rings,
 * except for the lap byte: it is zero here, and separate.h sets it.
 */

#ifndef _XEN_BLKIF_SLIM_H
#define _XEN_BLKIF_SLIM_H

#include <linux/stddef.h>
#include <linux/string.h>
#include "cmd.h"

static_assert(sizeof(struct blkif_slim_request) == 32);
static_assert(sizeof(struct blkif_slim_response) == 16);
static_assert(sizeof(struct blkif_slim_entry) == 16);
static_assert(offsetof(struct blkif_slim_entry, sector) == 0);
static_assert(offsetof(struct blkif_slim_entry, gref) == 8);
static_assert(offsetof(struct blkif_slim_entry, first_sect) == 12);
static_assert(offsetof(struct blkif_slim_entry, last_sect) == 13);
static_assert(offsetof(struct blkif_slim_entry, reserved) == 14);
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
static_assert(offsetof(struct blkif_seg, reserved) + sizeof(u16) ==
	      offsetof(struct blkif_seg, gref) + sizeof(u64));

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
BLKIF_SLIM_ASSERT(h.reserved, 4);
BLKIF_SLIM_ASSERT(h.indirect.nr_entries, 4);
BLKIF_SLIM_ASSERT(h.indirect.nr_pi, 6);
BLKIF_SLIM_ASSERT(u.indirect.gref, 16);
BLKIF_SLIM_ASSERT(u.range.sector, 16);
static_assert(sizeof(struct blkif_slim_range) == sizeof(struct blkif_range));
static_assert(offsetof(struct blkif_slim_range, sector) ==
	      offsetof(struct blkif_range, sector));
static_assert(offsetof(struct blkif_slim_range, nr_sectors) ==
	      offsetof(struct blkif_range, nr_sectors));
static_assert(sizeof(struct blkif_slim_range) ==
	      sizeof(struct blkif_slim_entry));
BLKIF_SLIM_ASSERT(u.range.nr_sectors, 24);
static_assert(offsetof(struct blkif_slim_response, id) == 0);
static_assert(offsetof(struct blkif_slim_response, reserved) == 8);
static_assert(offsetof(struct blkif_slim_response, status) == 12);
static_assert(offsetof(struct blkif_slim_response, operation) == 14);
static_assert(offsetof(struct blkif_slim_response, lap) == 15);

/**
 * struct blkif_slim_words - a request slot as little-endian words
 * @head: lap byte, operation, count and flags, then the first and last units of
 *        the inline segments or the numbers of indirect entries
 * @id: id of the request
 * @data: the rest of the slot
 *
 * A slot is composed in registers and stored by word, and loaded by word.
 * Loading a word whose bytes were stored one by one defeats store forwarding,
 * which costs more than all other work on a slot.
 */
struct blkif_slim_words {
	u64 head;
	u64 id;
	u64 data[2];
};

/**
 * struct blkif_slim_rsp_words - a response slot as little-endian words
 * @id: id of the request
 * @tail: 32 reserved bits, then status, operation and lap byte
 */
struct blkif_slim_rsp_words {
	u64 id;
	u64 tail;
};

static_assert(sizeof(struct blkif_slim_words) == 32);
static_assert(offsetof(struct blkif_slim_words, id) == 8);
static_assert(offsetof(struct blkif_slim_words, data) == 16);
static_assert(sizeof(struct blkif_slim_rsp_words) == 16);

static_assert(offsetof(struct blkif_slim_request, u.range.nr_sectors) == 24);
static_assert(offsetof(struct blkif_slim_range, sector) == 0);
static_assert(offsetof(struct blkif_slim_range, nr_sectors) == 8);

/* Shifts of the fields in head and tail. */
#define BLKIF_SLIM_LAP		0
#define BLKIF_SLIM_OP		8
#define BLKIF_SLIM_COUNT	16
#define BLKIF_SLIM_FLAGS	24
#define BLKIF_SLIM_FIRST0	32
#define BLKIF_SLIM_LAST0	40
#define BLKIF_SLIM_FIRST1	48
#define BLKIF_SLIM_LAST1	56
#define BLKIF_SLIM_NR_ENTRIES	32
#define BLKIF_SLIM_NR_PI	48
#define BLKIF_SLIM_RSP_STATUS	32
#define BLKIF_SLIM_RSP_OP	48
#define BLKIF_SLIM_RSP_LAP	56

/* Indirect pages that hold @nr entries. */
static inline u32 blkif_slim_indirect_pages(u32 nr)
{
	u32 per_page = BLKIF_PAGE_SIZE / sizeof(struct blkif_slim_entry);

	return (nr + per_page - 1) / per_page;
}

static __always_inline void
blkif_slim_put_segs(struct blkif_slim_words *words, const struct blkif_cmd *cmd)
{
	const struct blkif_seg *seg = cmd->seg;

	words->head |= (u64)cmd->nr_segs << BLKIF_SLIM_COUNT;
	if (cmd->nr_segs > 0) {
		words->head |= (u64)seg[0].first << BLKIF_SLIM_FIRST0 |
			       (u64)seg[0].last << BLKIF_SLIM_LAST0;
		words->data[0] = cmd->sector;
		words->data[1] = seg[0].gref;
	}
	if (cmd->nr_segs > 1) {
		words->head |= (u64)seg[1].first << BLKIF_SLIM_FIRST1 |
			       (u64)seg[1].last << BLKIF_SLIM_LAST1;
		words->data[1] |= (u64)seg[1].gref << 32;
	}
}

static inline void blkif_slim_put_indirect(struct blkif_slim_words *words,
					   const struct blkif_cmd *cmd)
{
	u32 used = blkif_slim_indirect_pages(blkif_cmd_entries(cmd));
	u32 i;

	words->head |= (u64)cmd->op << BLKIF_SLIM_COUNT |
		       (u64)cmd->nr_segs << BLKIF_SLIM_NR_ENTRIES |
		       (u64)cmd->nr_pi << BLKIF_SLIM_NR_PI;
	for (i = 0; i < BLKIF_SLIM_MAX_INDIRECT_PAGES && i < used; i++)
		words->data[i / 2] |= (u64)cmd->indirect_gref[i] <<
				      (i % 2 * 32);
}

/**
 * blkif_slim_encode() - encode a request
 * @cmd: a valid request
 *
 * Return: the slot.  Its lap byte and all unused fields are zero.
 */
static __always_inline struct blkif_slim_words
blkif_slim_encode(const struct blkif_cmd *cmd)
{
	struct blkif_slim_words words = {
		.head = (u64)blkif_cmd_wire_op(cmd) << BLKIF_SLIM_OP |
			(u64)cmd->flags << BLKIF_SLIM_FLAGS,
		.id = cmd->id,
	};

	if (cmd->indirect) {
		blkif_slim_put_indirect(&words, cmd);
	} else if (blkif_op_is_range(cmd->op)) {
		words.data[0] = cmd->sector;
		words.data[1] = cmd->nr_sectors;
	} else {
		blkif_slim_put_segs(&words, cmd);
	}
	return words;
}

/* All but the sector is one store; @units: first and last unit. */
static inline void blkif_slim_set_seg(struct blkif_seg *seg, u64 sector,
				      u32 gref, u16 units)
{
	u64 word = gref | (u64)units << 32;

	seg->sector = sector;
	memcpy((u8 *)seg + offsetof(struct blkif_seg, gref), &word,
	       sizeof(word));
}

/* The eight bytes of struct blkif_cmd from op to nr_pi. */
struct blkif_slim_fields {
	u8 op;
	u8 flags;
	bool indirect;
	bool reserved;
	u16 nr_segs;
	u16 nr_pi;
};

static_assert(offsetof(struct blkif_cmd, op) % sizeof(u64) == 0);
static_assert(offsetof(struct blkif_cmd, nr_pi) ==
	      offsetof(struct blkif_cmd, op) +
	      offsetof(struct blkif_slim_fields, nr_pi));

/* One store as well. */
static __always_inline void
blkif_slim_set_fields(struct blkif_cmd *cmd, struct blkif_slim_fields fields)
{
	u64 word = fields.op | fields.flags << 8 | fields.indirect << 16 |
		   (u64)fields.reserved << 24 | (u64)fields.nr_segs << 32 |
		   (u64)fields.nr_pi << 48;

	memcpy((u8 *)cmd + offsetof(struct blkif_cmd, op), &word,
	       sizeof(word));
}

/* Decode @nr inline segments.  False if an unused field is not zero. */
static __always_inline bool
blkif_slim_get_segs(struct blkif_slim_words words, struct blkif_cmd *cmd,
		    u16 nr)
{
	u8 first = words.head >> BLKIF_SLIM_FIRST0;
	u8 last = words.head >> BLKIF_SLIM_LAST0;
	u64 second = words.data[0];

	if (first <= last)
		second += last - first + 1;
	cmd->sector = words.data[0];
	blkif_slim_set_seg(&cmd->seg[0], words.data[0], (u32)words.data[1],
			   (u16)(words.head >> BLKIF_SLIM_FIRST0));
	blkif_slim_set_seg(&cmd->seg[1], second, words.data[1] >> 32,
			   words.head >> BLKIF_SLIM_FIRST1);
	if (nr > 1)
		return true;
	if (nr)
		return !(words.head >> BLKIF_SLIM_FIRST1 | words.data[1] >> 32);
	return !(words.head >> BLKIF_SLIM_FIRST0 | words.data[0] |
		 words.data[1]);
}

static inline bool blkif_slim_get_range(struct blkif_slim_words words,
					struct blkif_cmd *cmd)
{
	cmd->sector = words.data[0];
	cmd->nr_sectors = words.data[1];
	return !(u8)(words.head >> BLKIF_SLIM_COUNT) && !(words.head >> 32);
}

static inline bool blkif_slim_get_indirect(struct blkif_slim_words words,
					   struct blkif_cmd *cmd,
					   struct blkif_slim_fields *fields)
{
	u32 used, unused = 0;
	u32 i;

	fields->indirect = true;
	fields->op = (u8)(words.head >> BLKIF_SLIM_COUNT);
	fields->nr_segs = (u16)(words.head >> BLKIF_SLIM_NR_ENTRIES);
	fields->nr_pi = (u16)(words.head >> BLKIF_SLIM_NR_PI);
	used = blkif_slim_indirect_pages(fields->nr_segs + fields->nr_pi);
	for (i = 0; i < BLKIF_SLIM_MAX_INDIRECT_PAGES; i++) {
		u32 gref = (u32)(words.data[i / 2] >> (i % 2 * 32));

		cmd->indirect_gref[i] = gref;
		if (i >= used)
			unused |= gref;
	}
	return !unused && (!fields->nr_pi || fields->flags & BLKIF_SLIM_PI);
}

/**
 * blkif_slim_decode() - decode a request
 * @words: private copy of the slot, with its lap byte zeroed
 * @cmd: receives the request, unchecked but for @cmd->reserved
 *
 * Only the fields that the operation uses are filled in.
 */
static __always_inline void
blkif_slim_decode(struct blkif_slim_words words, struct blkif_cmd *cmd)
{
	struct blkif_slim_fields fields = {
		.op = (u8)(words.head >> BLKIF_SLIM_OP),
		.flags = (u8)(words.head >> BLKIF_SLIM_FLAGS),
	};
	bool good = true;

	cmd->id = words.id;
	cmd->nr_sectors = 0;
	if (blkif_op_has_data(fields.op)) {
		fields.nr_segs = (u8)(words.head >> BLKIF_SLIM_COUNT);
		good = blkif_slim_get_segs(words, cmd, fields.nr_segs);
	} else {
		cmd->sector = 0;
		if (fields.op == BLKIF_OP_INDIRECT)
			good = blkif_slim_get_indirect(words, cmd, &fields);
		else if (blkif_op_is_range(fields.op))
			good = blkif_slim_get_range(words, cmd);
	}
	fields.reserved = !good || (u8)(words.head >> BLKIF_SLIM_LAP);
	blkif_slim_set_fields(cmd, fields);
}

/**
 * blkif_slim_rsp_encode() - encode a response
 * @rsp: the response
 *
 * Return: the slot.  Its lap byte and reserved fields are zero.
 */
static inline struct blkif_slim_rsp_words
blkif_slim_rsp_encode(const struct blkif_rsp *rsp)
{
	return (struct blkif_slim_rsp_words) {
		.id = rsp->id,
		.tail = (u64)(u16)rsp->status << BLKIF_SLIM_RSP_STATUS |
			(u64)rsp->op << BLKIF_SLIM_RSP_OP,
	};
}

/**
 * blkif_slim_rsp_decode() - decode a response
 * @words: private copy of the slot, with its lap byte zeroed
 * @rsp: receives the response
 *
 * Return: false if a reserved field is not zero.
 */
static inline bool
blkif_slim_rsp_decode(struct blkif_slim_rsp_words words, struct blkif_rsp *rsp)
{
	rsp->id = words.id;
	rsp->op = (u8)(words.tail >> BLKIF_SLIM_RSP_OP);
	rsp->status = (s16)(words.tail >> BLKIF_SLIM_RSP_STATUS);
	return !(u32)words.tail && !(words.tail >> BLKIF_SLIM_RSP_LAP);
}

#endif /* _XEN_BLKIF_SLIM_H */
