// SPDX-License-Identifier: GPL-2.0
/*
 * Slots, responses and indirect pages of every layout: what is decoded is what
 * the public header says, and encoding it gives the same again.
 */

#include "model.h"

/* Requests that blkif_cmd_encode() accepts. */
static bool is_encodable(const struct model_kind *kind, const u8 *raw,
			 const struct blkif_cmd *cmd)
{
	return model_known(kind, raw) && !cmd->reserved &&
	       (cmd->indirect || cmd->nr_segs <= kind->max_inline);
}

/* No element of @seg beyond those that fit into a slot is written. */
static void check_untouched(const struct model_kind *kind,
			    const struct blkif_cmd *cmd)
{
	static const u8 fresh[sizeof(cmd->seg[0])] = {
		[0 ... sizeof(cmd->seg[0]) - 1] = 0xa5
	};
	u32 i = cmd->nr_segs < kind->max_inline ? cmd->nr_segs :
						  kind->max_inline;

	/* Slim requests always decode both. */
	for (i = kind->slim ? 2 : i; i < 11; i++)
		CHECK(!memcmp(&cmd->seg[i], fresh, sizeof(fresh)));
}

static void encode_again(const struct model_kind *kind, const u8 *raw,
			 const struct blkif_cmd *cmd, u16 handle)
{
	u8 *slot = fuzz_alloc(kind->req_size);
	struct blkif_cmd again;

	blkif_cmd_encode(kind->abi, cmd, handle, slot);
	check_decoded(kind, slot, cmd);
	blkif_cmd_decode(kind->abi, slot, &again);
	check_decoded(kind, slot, &again);
	/* A slim slot has no byte without a meaning. */
	if (kind->slim)
		CHECK(!memcmp(slot, raw, kind->req_size));
	else if (cmd->indirect)
		CHECK(get16(slot + 20 + kind->pad) == handle);
	else
		CHECK(get16(slot + 2) == handle);
	free(slot);
}

/* The two layouts for x86 differ in their padding only. */
static void encode_otherwise(const struct blkif_cmd *cmd)
{
	u8 *slot32 = fuzz_alloc(108), *slot64 = fuzz_alloc(112);

	blkif_cmd_encode(&blkif_abi_x86_32, cmd, 0, slot32);
	blkif_cmd_encode(&blkif_abi_x86_64, cmd, 0, slot64);
	CHECK(!memcmp(slot32, slot64, 4));
	CHECK(!memcmp(slot32 + 4, slot64 + 8, 104));
	CHECK(!get32(slot64 + 4));
	free(slot32);
	free(slot64);
}

static void request(struct input *in)
{
	const struct model_kind *kind = take_kind(in);
	u16 handle = take_u16(in);
	u8 *raw = fuzz_alloc(kind->req_size);
	struct blkif_cmd cmd;

	take_bytes(in, raw, kind->req_size);
	memset(&cmd, 0xa5, sizeof(cmd));
	blkif_cmd_decode(kind->abi, raw, &cmd);
	check_decoded(kind, raw, &cmd);
	if (!cmd.indirect)
		check_untouched(kind, &cmd);
	CHECK(blkif_cmd_wire_op(&cmd) == raw[kind->slim]);
	CHECK(blkif_cmd_answered_by(&cmd, cmd.op));
	CHECK(blkif_cmd_answered_by(&cmd, raw[kind->slim]));
	if (is_encodable(kind, raw, &cmd)) {
		encode_again(kind, raw, &cmd, handle);
		if (!kind->slim)
			encode_otherwise(&cmd);
	}
	free(raw);
}

static void response(struct input *in)
{
	const struct model_kind *kind = take_kind(in);
	u8 *raw = fuzz_alloc(kind->rsp_size), *slot;
	struct blkif_rsp want, rsp;
	bool valid;

	take_bytes(in, raw, kind->rsp_size);
	valid = model_response(kind, raw, &want);
	CHECK(blkif_rsp_decode(kind->abi, raw, &rsp) == valid);
	CHECK(rsp.id == want.id && rsp.op == want.op &&
	      rsp.status == want.status);
	slot = fuzz_alloc(kind->rsp_size);
	memset(slot, 0xa5, kind->rsp_size);
	blkif_rsp_encode(kind->abi, &rsp, slot);
	check_response(kind, slot, &rsp);
	if (kind->slim && valid)
		CHECK(!memcmp(slot, raw, kind->rsp_size));
	free(slot);
	free(raw);
}

static void check_entry(const struct model_kind *kind, const u8 *raw,
			const struct blkif_seg *seg, u64 *sector)
{
	if (kind->slim) {
		CHECK(seg->sector == get64(raw));
		CHECK(seg->gref == get32(raw + 8));
		CHECK(seg->first == raw[12] && seg->last == raw[13]);
		CHECK(seg->reserved == get16(raw + 14));
		return;
	}
	CHECK(seg->sector == *sector);
	CHECK(seg->gref == get32(raw));
	CHECK(seg->first == raw[4] && seg->last == raw[5]);
	CHECK(!seg->reserved);
	if (raw[4] <= raw[5])
		*sector += raw[5] - raw[4] + 1;
}

static void indirect(struct input *in)
{
	const struct model_kind *kind = take_kind(in);
	u32 most = 4096 / kind->entry_size;
	u32 nr = take_below(in, most + 1), i;
	u64 start = take_edge(in), sector = start, end;
	u8 *page = fuzz_alloc(nr * kind->entry_size);
	u8 *again = fuzz_alloc(nr * kind->entry_size);
	struct blkif_seg *seg = fuzz_alloc(nr * sizeof(*seg));

	/* Most pages would be zero otherwise. */
	for (i = 0; i < nr && in->left; i++)
		take_bytes(in, page + i * kind->entry_size, kind->entry_size);
	CHECK(blkif_indirect_per_page(kind->abi) == most);
	CHECK(blkif_max_segs(kind->abi) == kind->max_segs);
	CHECK(blkif_indirect_pages(kind->abi, nr) == (nr > 0));
	CHECK(blkif_indirect_pages(kind->abi, nr + most) == 1 + (nr > 0));
	end = blkif_indirect_decode(kind->abi, page, nr, start, seg);
	for (i = 0; i < nr; i++) {
		check_entry(kind, page + i * kind->entry_size, &seg[i],
			    &sector);
		blkif_indirect_encode(kind->abi, again, i, &seg[i]);
	}
	CHECK(kind->slim || end == sector);
	for (i = 0; i < nr; i++) {
		u8 *entry = again + i * kind->entry_size;

		CHECK(blkif_indirect_gref(kind->abi, again, i) == seg[i].gref);
		CHECK(!memcmp(entry, page + i * kind->entry_size,
			      kind->slim ? 16 : 6));
		CHECK(kind->slim || !get16(entry + 6));
	}
	free(seg);
	free(again);
	free(page);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };

	switch (take_below(&in, 3)) {
	case 0:
		request(&in);
		break;
	case 1:
		response(&in);
		break;
	case 2:
		indirect(&in);
		break;
	}
	return 0;
}
