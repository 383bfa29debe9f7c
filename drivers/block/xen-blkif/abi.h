/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Wire formats: the layout of a slot and of an indirect entry.
 *
 * The three ABIs of the existing protocol share one layout.  x86_64 has 4 bytes
 * of padding before the first 64-bit field, x86_32 has none, and native is the
 * one of the two that matches the alignment of the architecture.  A pad and a
 * slot size therefore describe an ABI, and one decoder serves all of them.
 */

#ifndef _XEN_BLKIF_ABI_H
#define _XEN_BLKIF_ABI_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/stddef.h>
#include "slim.h"

/* Offsets in a slot; from ID on the pad of the ABI is added. */
#define BLKIF_OFF_OP		0
#define BLKIF_OFF_NR_SEGS	1	/* discard: flags; indirect: inner op */
#define BLKIF_OFF_IND_SEGS	2	/* u16 */
#define BLKIF_OFF_ID		4
#define BLKIF_OFF_SECTOR	12
#define BLKIF_OFF_SEG		20
#define BLKIF_OFF_NR_SECTORS	20
#define BLKIF_OFF_INDIRECT_GREF	24

/* A segment, in a slot as well as in an indirect page. */
#define BLKIF_ENTRY_SIZE	8
#define BLKIF_ENTRY_GREF	0
#define BLKIF_ENTRY_FIRST	4
#define BLKIF_ENTRY_LAST	5

#define BLKIF_SLOT_MAX		112

/**
 * struct blkif_abi - layout of slots and of indirect pages
 * @name: value of the "protocol" key, or "slim" for slim requests
 * @slim: slim requests, whose layout is in slim.h
 * @pad: bytes of padding before the first 64-bit field; not used if @slim
 * @req_size: bytes of a request slot
 * @rsp_size: bytes of a response
 * @max_inline: most segments in a slot
 * @max_indirect_pages: most indirect pages that a slot can refer to
 * @entry_size: bytes of an indirect entry
 */
struct blkif_abi {
	const char *name;
	bool slim;
	u8 pad;
	u8 req_size;
	u8 rsp_size;
	u8 max_inline;
	u8 max_indirect_pages;
	u8 entry_size;
};

static const struct blkif_abi blkif_abi_x86_32 = {
	.name = "x86_32-abi", .pad = 0, .req_size = 108, .rsp_size = 12,
	.max_inline = BLKIF_MAX_SEGMENTS_PER_REQUEST,
	.max_indirect_pages = BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST,
	.entry_size = BLKIF_ENTRY_SIZE,
};

static const struct blkif_abi blkif_abi_x86_64 = {
	.name = "x86_64-abi", .pad = 4, .req_size = 112, .rsp_size = 16,
	.max_inline = BLKIF_MAX_SEGMENTS_PER_REQUEST,
	.max_indirect_pages = BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST,
	.entry_size = BLKIF_ENTRY_SIZE,
};

static const struct blkif_abi __maybe_unused blkif_abi_slim = {
	.name = "slim", .slim = true,
	.req_size = sizeof(struct blkif_slim_request),
	.rsp_size = sizeof(struct blkif_slim_response),
	.max_inline = 2,
	.max_indirect_pages = BLKIF_SLIM_MAX_INDIRECT_PAGES,
	.entry_size = sizeof(struct blkif_slim_entry),
};

#if defined(__i386__)
#define BLKIF_NATIVE_PAD	0
#define BLKIF_NATIVE_NAME	"x86_32-abi"
#elif defined(__x86_64__)
#define BLKIF_NATIVE_PAD	4
#define BLKIF_NATIVE_NAME	"x86_64-abi"
#elif defined(__aarch64__)
#define BLKIF_NATIVE_PAD	4
#define BLKIF_NATIVE_NAME	"arm-abi"
#else
#define BLKIF_NATIVE_PAD	4
#define BLKIF_NATIVE_NAME	"arm-abi"
#endif

static const struct blkif_abi blkif_abi_native = {
	.name = BLKIF_NATIVE_NAME,
	.pad = BLKIF_NATIVE_PAD,
	.req_size = sizeof(struct blkif_request),
	.rsp_size = sizeof(struct blkif_response),
	.max_inline = BLKIF_MAX_SEGMENTS_PER_REQUEST,
	.max_indirect_pages = BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST,
	.entry_size = BLKIF_ENTRY_SIZE,
};

/*
 * A frontend that writes no "protocol" key predates the key.  On x86 such a
 * frontend is a 32-bit one.
 */
#if defined(__i386__) || defined(__x86_64__)
#define BLKIF_ABI_UNNAMED	(&blkif_abi_x86_32)
#else
#define BLKIF_ABI_UNNAMED	(&blkif_abi_native)
#endif

#define BLKIF_ASSERT_OFF(field, off)					\
	static_assert(offsetof(struct blkif_request, field) == (off))
#define BLKIF_ASSERT_OFF_PAD(field, off)				\
	BLKIF_ASSERT_OFF(field, (off) + BLKIF_NATIVE_PAD)

static_assert(sizeof(struct blkif_request) == 108 + BLKIF_NATIVE_PAD);
static_assert(sizeof(struct blkif_response) == 12 + BLKIF_NATIVE_PAD);
static_assert(offsetof(struct blkif_response, id) == 0);
static_assert(offsetof(struct blkif_response, operation) == 8);
static_assert(offsetof(struct blkif_response, status) == 10);
static_assert(sizeof(struct blkif_request_segment) == BLKIF_ENTRY_SIZE);
static_assert(offsetof(struct blkif_request_segment, gref) ==
	      BLKIF_ENTRY_GREF);
static_assert(offsetof(struct blkif_request_segment, first_sect) ==
	      BLKIF_ENTRY_FIRST);
static_assert(offsetof(struct blkif_request_segment, last_sect) ==
	      BLKIF_ENTRY_LAST);
BLKIF_ASSERT_OFF(operation, BLKIF_OFF_OP);
BLKIF_ASSERT_OFF(u.rw.nr_segments, BLKIF_OFF_NR_SEGS);
BLKIF_ASSERT_OFF_PAD(u.rw.id, BLKIF_OFF_ID);
BLKIF_ASSERT_OFF_PAD(u.rw.sector_number, BLKIF_OFF_SECTOR);
BLKIF_ASSERT_OFF_PAD(u.rw.seg, BLKIF_OFF_SEG);
BLKIF_ASSERT_OFF(u.discard.flag, BLKIF_OFF_NR_SEGS);
BLKIF_ASSERT_OFF_PAD(u.discard.id, BLKIF_OFF_ID);
BLKIF_ASSERT_OFF_PAD(u.discard.sector_number, BLKIF_OFF_SECTOR);
BLKIF_ASSERT_OFF_PAD(u.discard.nr_sectors, BLKIF_OFF_NR_SECTORS);
BLKIF_ASSERT_OFF_PAD(u.other.id, BLKIF_OFF_ID);
BLKIF_ASSERT_OFF(u.indirect.indirect_op, BLKIF_OFF_NR_SEGS);
BLKIF_ASSERT_OFF(u.indirect.nr_segments, BLKIF_OFF_IND_SEGS);
BLKIF_ASSERT_OFF_PAD(u.indirect.id, BLKIF_OFF_ID);
BLKIF_ASSERT_OFF_PAD(u.indirect.sector_number, BLKIF_OFF_SECTOR);
BLKIF_ASSERT_OFF(u.rw.handle, BLKIF_OFF_IND_SEGS);
BLKIF_ASSERT_OFF_PAD(u.indirect.handle, BLKIF_OFF_SEG);
BLKIF_ASSERT_OFF_PAD(u.indirect.indirect_grefs, BLKIF_OFF_INDIRECT_GREF);

/**
 * blkif_abi_by_name() - look up the ABI that a frontend uses
 * @name: value of its "protocol" key; NULL or "" if it has none
 *
 * Return: the ABI, or NULL if the name is unknown.
 */
static inline const struct blkif_abi *blkif_abi_by_name(const char *name)
{
	if (!name || !*name)
		return BLKIF_ABI_UNNAMED;
	if (!strcmp(name, blkif_abi_native.name))
		return &blkif_abi_native;
	if (!strcmp(name, blkif_abi_x86_32.name))
		return &blkif_abi_x86_32;
	if (!strcmp(name, blkif_abi_x86_64.name))
		return &blkif_abi_x86_64;
	return NULL;
}

/* Access by copy, because x86_32 slots are aligned to 4 bytes only. */
#define BLKIF_GET(type, p, off) ({				\
	type __v;						\
								\
	memcpy(&__v, (const u8 *)(p) + (off), sizeof(__v));	\
	__v;							\
})

#define BLKIF_PUT(type, p, off, val) do {			\
	type __v = (val);					\
								\
	memcpy((u8 *)(p) + (off), &__v, sizeof(__v));		\
} while (0)

/**
 * blkif_entry_decode() - read a segment of the existing format
 * @entry: private copy, BLKIF_ENTRY_SIZE bytes
 * @sector: first sector of the segment
 * @seg: receives the segment, unchecked
 */
static inline void blkif_entry_decode(const void *entry, u64 sector,
				      struct blkif_seg *seg)
{
	seg->sector = sector;
	seg->gref = BLKIF_GET(u32, entry, BLKIF_ENTRY_GREF);
	seg->first = BLKIF_GET(u8, entry, BLKIF_ENTRY_FIRST);
	seg->last = BLKIF_GET(u8, entry, BLKIF_ENTRY_LAST);
	seg->reserved = 0;
}

/**
 * blkif_entry_encode() - write a segment of the existing format
 * @entry: BLKIF_ENTRY_SIZE bytes
 * @seg: the segment
 */
static inline void blkif_entry_encode(void *entry, const struct blkif_seg *seg)
{
	BLKIF_PUT(u32, entry, BLKIF_ENTRY_GREF, seg->gref);
	BLKIF_PUT(u8, entry, BLKIF_ENTRY_FIRST, seg->first);
	BLKIF_PUT(u8, entry, BLKIF_ENTRY_LAST, seg->last);
	BLKIF_PUT(u16, entry, BLKIF_ENTRY_LAST + 1, 0);
}

/**
 * blkif_indirect_per_page() - number of entries in an indirect page
 * @abi: layout
 *
 * Return: the number of entries.
 */
static inline u32 blkif_indirect_per_page(const struct blkif_abi *abi)
{
	return BLKIF_PAGE_SIZE / abi->entry_size;
}

/**
 * blkif_indirect_pages() - number of indirect pages that a request needs
 * @abi: layout
 * @nr_segs: number of its indirect entries
 *
 * Return: the number of pages.
 */
static inline u32 blkif_indirect_pages(const struct blkif_abi *abi, u32 nr_segs)
{
	u32 entries = blkif_indirect_per_page(abi);

	return (nr_segs + entries - 1) / entries;
}

/**
 * blkif_max_segs() - number of segments of the largest request
 * @abi: layout
 *
 * Return: the number of segments.
 */
static inline u32 blkif_max_segs(const struct blkif_abi *abi)
{
	return abi->max_indirect_pages * blkif_indirect_per_page(abi);
}

/* Consecutive segments, from @sector on. */
static inline u64 blkif_segs_decode(const void *entries, unsigned int nr,
				    u64 sector, struct blkif_seg *seg)
{
	const u8 *entry = entries;
	unsigned int i;

	for (i = 0; i < nr; i++, entry += BLKIF_ENTRY_SIZE) {
		blkif_entry_decode(entry, sector, &seg[i]);
		if (seg[i].first <= seg[i].last)
			sector += blkif_seg_sectors(&seg[i]);
	}
	return sector;
}

/**
 * blkif_indirect_decode() - read the segments of an indirect page
 * @abi: layout
 * @entries: private copy, @nr entries
 * @nr: number of entries
 * @sector: first sector, for formats whose entries have no sector
 * @seg: receives @nr segments, unchecked
 *
 * A segment that ends before it starts counts as empty here;
 * blkif_check_segs() rejects it.
 *
 * Return: the sector after the last segment, for formats whose entries have no
 * sector.
 */
static inline u64 blkif_indirect_decode(const struct blkif_abi *abi,
					const void *entries, unsigned int nr,
					u64 sector, struct blkif_seg *seg)
{
	if (!abi->slim)
		return blkif_segs_decode(entries, nr, sector, seg);
	memcpy(seg, entries, nr * sizeof(*seg));
	return 0;
}

/**
 * blkif_indirect_encode() - write an entry of an indirect page
 * @abi: layout
 * @page: the indirect page
 * @index: index of the entry, below blkif_indirect_per_page()
 * @seg: the segment
 */
static inline void blkif_indirect_encode(const struct blkif_abi *abi,
					 void *page, u32 index,
					 const struct blkif_seg *seg)
{
	void *entry = (u8 *)page + index * abi->entry_size;

	if (abi->slim)
		memcpy(entry, seg, sizeof(*seg));
	else
		blkif_entry_encode(entry, seg);
}

/**
 * blkif_indirect_gref() - read back a grant reference of an indirect page
 * @abi: layout
 * @page: the page, which the caller wrote and no peer can write
 * @index: index of the entry
 *
 * Return: the grant reference.
 */
static inline u32 blkif_indirect_gref(const struct blkif_abi *abi,
				      const void *page, u32 index)
{
	return BLKIF_GET(u32, page, index * abi->entry_size +
			 (abi->slim ? offsetof(struct blkif_seg, gref) :
				      BLKIF_ENTRY_GREF));
}

static inline void blkif_cmd_decode_indirect(const struct blkif_abi *abi,
					     const void *slot,
					     struct blkif_cmd *cmd)
{
	unsigned int i;

	cmd->indirect = true;
	cmd->op = BLKIF_GET(u8, slot, BLKIF_OFF_NR_SEGS);
	cmd->nr_segs = BLKIF_GET(u16, slot, BLKIF_OFF_IND_SEGS);
	cmd->sector = BLKIF_GET(u64, slot, BLKIF_OFF_SECTOR + abi->pad);
	for (i = 0; i < BLKIF_MAX_INDIRECT_PAGES; i++)
		cmd->indirect_gref[i] = BLKIF_GET(u32, slot,
						  BLKIF_OFF_INDIRECT_GREF +
						  abi->pad + i * sizeof(u32));
}

static inline void blkif_cmd_decode_data(const struct blkif_abi *abi,
					 const void *slot,
					 struct blkif_cmd *cmd)
{
	unsigned int nr;

	cmd->nr_segs = BLKIF_GET(u8, slot, BLKIF_OFF_NR_SEGS);
	cmd->sector = BLKIF_GET(u64, slot, BLKIF_OFF_SECTOR + abi->pad);
	nr = cmd->nr_segs;
	if (nr > BLKIF_MAX_INLINE)
		nr = BLKIF_MAX_INLINE;
	blkif_segs_decode((const u8 *)slot + BLKIF_OFF_SEG + abi->pad, nr,
			  cmd->sector, cmd->seg);
}

/**
 * blkif_cmd_decode() - read a request
 * @abi: layout
 * @slot: private copy of the slot, @abi->req_size bytes
 * @cmd: receives the request, unchecked
 *
 * Only the fields that the operation uses are filled in, and at most
 * BLKIF_MAX_INLINE segments whatever the slot says.
 */
static inline void blkif_cmd_decode(const struct blkif_abi *abi,
				    const void *slot, struct blkif_cmd *cmd)
{
	if (abi->slim) {
		struct blkif_slim_words words = {
			.head = BLKIF_GET(u64, slot, 0),
			.id = BLKIF_GET(u64, slot, 8),
			.data[0] = BLKIF_GET(u64, slot, 16),
			.data[1] = BLKIF_GET(u64, slot, 24),
		};

		blkif_slim_decode(words, cmd);
		return;
	}
	cmd->reserved = false;
	cmd->op = BLKIF_GET(u8, slot, BLKIF_OFF_OP);
	cmd->id = BLKIF_GET(u64, slot, BLKIF_OFF_ID + abi->pad);
	cmd->sector = 0;
	cmd->nr_sectors = 0;
	cmd->flags = 0;
	cmd->indirect = false;
	cmd->nr_segs = 0;
	cmd->nr_pi = 0;

	if (cmd->op == BLKIF_OP_INDIRECT) {
		blkif_cmd_decode_indirect(abi, slot, cmd);
	} else if (cmd->op == BLKIF_OP_DISCARD) {
		cmd->flags = BLKIF_GET(u8, slot, BLKIF_OFF_NR_SEGS);
		cmd->sector = BLKIF_GET(u64, slot, BLKIF_OFF_SECTOR + abi->pad);
		cmd->nr_sectors = BLKIF_GET(u64, slot,
					    BLKIF_OFF_NR_SECTORS + abi->pad);
	} else if (blkif_op_has_data(cmd->op)) {
		blkif_cmd_decode_data(abi, slot, cmd);
	}
}

/**
 * blkif_cmd_encode() - write a request
 * @abi: layout
 * @cmd: a valid request
 * @handle: virtual device number, for backends that read it; not part of slim
 *          requests
 * @slot: @abi->req_size bytes, of which only those in use are written
 */
static inline void blkif_cmd_encode(const struct blkif_abi *abi,
				    const struct blkif_cmd *cmd, u16 handle,
				    void *slot)
{
	u8 *entry = (u8 *)slot + BLKIF_OFF_SEG + abi->pad;
	unsigned int i;

	if (abi->slim) {
		struct blkif_slim_words words = blkif_slim_encode(cmd);

		BLKIF_PUT(u64, slot, 0, words.head);
		BLKIF_PUT(u64, slot, 8, words.id);
		BLKIF_PUT(u64, slot, 16, words.data[0]);
		BLKIF_PUT(u64, slot, 24, words.data[1]);
		return;
	}
	BLKIF_PUT(u8, slot, BLKIF_OFF_OP, blkif_cmd_wire_op(cmd));
	BLKIF_PUT(u64, slot, BLKIF_OFF_ID + abi->pad, cmd->id);
	BLKIF_PUT(u64, slot, BLKIF_OFF_SECTOR + abi->pad, cmd->sector);
	if (cmd->indirect) {
		BLKIF_PUT(u8, slot, BLKIF_OFF_NR_SEGS, cmd->op);
		BLKIF_PUT(u16, slot, BLKIF_OFF_IND_SEGS, cmd->nr_segs);
		BLKIF_PUT(u32, slot, BLKIF_OFF_SEG + abi->pad, handle);
		for (i = 0; i < BLKIF_MAX_INDIRECT_PAGES; i++)
			BLKIF_PUT(u32, slot, BLKIF_OFF_INDIRECT_GREF +
				  abi->pad + i * sizeof(u32),
				  cmd->indirect_gref[i]);
		return;
	}
	BLKIF_PUT(u16, slot, BLKIF_OFF_IND_SEGS, handle);
	if (cmd->op == BLKIF_OP_DISCARD) {
		BLKIF_PUT(u8, slot, BLKIF_OFF_NR_SEGS, cmd->flags);
		BLKIF_PUT(u64, slot, BLKIF_OFF_NR_SECTORS + abi->pad,
			  cmd->nr_sectors);
		return;
	}
	BLKIF_PUT(u8, slot, BLKIF_OFF_NR_SEGS, cmd->nr_segs);
	for (i = 0; i < cmd->nr_segs; i++, entry += BLKIF_ENTRY_SIZE)
		blkif_entry_encode(entry, &cmd->seg[i]);
}

/**
 * blkif_rsp_decode() - read a response
 * @abi: layout
 * @slot: private copy of the slot
 * @rsp: receives the response
 *
 * Return: false if a reserved field is not zero.
 */
static inline bool blkif_rsp_decode(const struct blkif_abi *abi,
				    const void *slot, struct blkif_rsp *rsp)
{
	if (abi->slim) {
		struct blkif_slim_rsp_words words = {
			.id = BLKIF_GET(u64, slot, 0),
			.tail = BLKIF_GET(u64, slot, 8),
		};

		return blkif_slim_rsp_decode(words, rsp);
	}
	rsp->id = BLKIF_GET(u64, slot, 0);
	rsp->op = BLKIF_GET(u8, slot, 8);
	rsp->status = BLKIF_GET(s16, slot, 10);
	return true;
}

/**
 * blkif_rsp_encode() - write a response, with its padding zeroed
 * @abi: layout
 * @rsp: the response
 * @slot: @abi->rsp_size bytes, all of which are written
 */
static inline void blkif_rsp_encode(const struct blkif_abi *abi,
				    const struct blkif_rsp *rsp, void *slot)
{
	u8 raw[16] = { 0 };

	if (abi->slim) {
		struct blkif_slim_rsp_words words = blkif_slim_rsp_encode(rsp);

		BLKIF_PUT(u64, slot, 0, words.id);
		BLKIF_PUT(u64, slot, 8, words.tail);
		return;
	}
	BLKIF_PUT(u64, raw, 0, rsp->id);
	BLKIF_PUT(u8, raw, 8, rsp->op);
	BLKIF_PUT(s16, raw, 10, rsp->status);
	memcpy(slot, raw, abi->rsp_size);
}

#endif /* _XEN_BLKIF_ABI_H */
