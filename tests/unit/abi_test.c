// SPDX-License-Identifier: GPL-2.0
/* abi.h: every layout, compared with bytes written by hand. */

#include "bytes.h"
#include "vectors.h"

/* At every alignment, because slots of 108 bytes are aligned to 4 only. */
static unsigned int decode_errors(const struct blkif_abi *abi, const char *hex,
				  const struct blkif_cmd *want)
{
	unsigned int off, wrong = 0;
	u8 slot[128];
	bool used[128];

	for (off = 0; off < 8; off++) {
		/* Of the exact size, so that a sanitizer sees a read beyond. */
		u8 *copy = unit_alloc(off + abi->req_size);
		struct blkif_cmd cmd;

		unhex(hex, slot, used, abi->req_size);
		memcpy(copy + off, slot, abi->req_size);
		memset(&cmd, FILL, sizeof(cmd));
		blkif_cmd_decode(abi, copy + off, &cmd);
		wrong += !same_cmd(want, &cmd);
		unit_free(copy);
	}
	return wrong;
}

static unsigned int encode_errors(const struct blkif_abi *abi, const char *hex,
				  const struct vector *v)
{
	unsigned int off, wrong = 0;
	u8 room[128 + 8];

	for (off = 0; off < 8; off++) {
		memset(room, FILL, sizeof(room));
		blkif_cmd_encode(abi, &v->cmd, v->handle, room + off);
		wrong += wrong_bytes(room + off, hex, abi->req_size, 128);
	}
	return wrong;
}

static const char *pick(const struct blkif_abi *abi, const char *x86_32,
			const char *x86_64)
{
#ifdef __i386__
	return abi == &blkif_abi_x86_64 ? x86_64 : x86_32;
#else
	return abi == &blkif_abi_x86_32 ? x86_32 : x86_64;
#endif
}

static const struct {
	const char *name;
	const struct blkif_abi *abi;
} variants[] = {
	{ "x86_32", &blkif_abi_x86_32 },
	{ "x86_64", &blkif_abi_x86_64 },
	{ "native", &blkif_abi_native },
};

TEST_EACH(variants, decode)
{
	const struct blkif_abi *abi = variant->abi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];

		EXPECT_EQ(0, decode_errors(abi, pick(abi, v->x86_32, v->x86_64),
					   &v->cmd))
			TH_LOG("%s", v->name);
	}
}

TEST_EACH(variants, encode)
{
	const struct blkif_abi *abi = variant->abi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];

		if (v->decode_only)
			continue;
		EXPECT_EQ(0, encode_errors(abi, pick(abi, v->x86_32, v->x86_64),
					   v))
			TH_LOG("%s", v->name);
	}
}

TEST_EACH(variants, too_many_inline_segments)
{
	const struct blkif_abi *abi = variant->abi;
	struct {
		struct blkif_cmd cmd;
		u8 behind[64];
	} box;
	u8 *slot = unit_alloc(abi->req_size);
	unsigned int nr, i;

	for (nr = 12; nr < 256; nr++) {
		memset(slot, 0, abi->req_size);
		memset(&box, FILL, sizeof(box));
		slot[1] = nr;
		blkif_cmd_decode(abi, slot, &box.cmd);
		EXPECT_EQ(nr, box.cmd.nr_segs);
		for (i = 0; i < sizeof(box.behind); i++) {
			ASSERT_EQ(FILL, box.behind[i]);
		}
	}
	unit_free(slot);
}

TEST_EACH(variants, response)
{
	const struct blkif_abi *abi = variant->abi;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rsp_vectors); i++) {
		const struct rsp_vector *v = &rsp_vectors[i];
		struct blkif_rsp rsp = { 0 };
		u8 room[32];

		memset(room, FILL, sizeof(room));
		blkif_rsp_encode(abi, &v->rsp, room + 1);
		EXPECT_EQ(0, wrong_bytes(room + 1,
					 pick(abi, v->x86_32, v->x86_64),
					 abi->rsp_size, sizeof(room) - 1));
		EXPECT_TRUE(blkif_rsp_decode(abi, room + 1, &rsp));
		EXPECT_EQ(v->rsp.id, rsp.id);
		EXPECT_EQ(v->rsp.op, rsp.op);
		EXPECT_EQ(v->rsp.status, rsp.status);
	}
}

/* Older frontends require the inner operation; some backends send INDIRECT. */
TEST(answered_by)
{
	struct blkif_cmd cmd = { .op = BLKIF_OP_WRITE, .indirect = true };

	EXPECT_TRUE(blkif_cmd_answered_by(&cmd, BLKIF_OP_WRITE));
	EXPECT_TRUE(blkif_cmd_answered_by(&cmd, BLKIF_OP_INDIRECT));
	EXPECT_FALSE(blkif_cmd_answered_by(&cmd, BLKIF_OP_READ));
	cmd.indirect = false;
	EXPECT_TRUE(blkif_cmd_answered_by(&cmd, BLKIF_OP_WRITE));
	EXPECT_FALSE(blkif_cmd_answered_by(&cmd, BLKIF_OP_INDIRECT));
}

TEST(sizes)
{
	EXPECT_EQ(108, blkif_abi_x86_32.req_size);
	EXPECT_EQ(12, blkif_abi_x86_32.rsp_size);
	EXPECT_EQ(112, blkif_abi_x86_64.req_size);
	EXPECT_EQ(16, blkif_abi_x86_64.rsp_size);
	EXPECT_EQ(sizeof(union blkif_sring_entry), blkif_abi_native.req_size);
#ifdef __i386__
	EXPECT_EQ(108, blkif_abi_native.req_size);
	EXPECT_EQ(12, blkif_abi_native.rsp_size);
#else
	EXPECT_EQ(112, blkif_abi_native.req_size);
	EXPECT_EQ(16, blkif_abi_native.rsp_size);
#endif
}

/* An indirect page holds 512 entries of 8 bytes, in every ABI. */
TEST_EACH(variants, indirect_page)
{
	const struct blkif_abi *abi = variant->abi;
	/* Padded to the size of slim entries, which the compiler assumes. */
	static const u8 entries[3 * 16] = {
		0x01, 0x00, 0x00, 0x00, 0x00, 0x07, 0xff, 0xff,
		0xef, 0xbe, 0xad, 0xde, 0x02, 0x05, 0x00, 0x00,
		0x03, 0x00, 0x00, 0x00, 0x06, 0x06, 0x00, 0x00,
	};
	u8 out[3 * BLKIF_ENTRY_SIZE + 1];
	struct blkif_seg seg[3];
	unsigned int i;

	EXPECT_EQ(512, blkif_indirect_per_page(abi));
	EXPECT_EQ(4096, blkif_max_segs(abi));
	EXPECT_EQ(100 + 8 + 4 + 1,
		  blkif_indirect_decode(abi, entries, 3, 100, seg));
	EXPECT_EQ(1, seg[0].gref);
	EXPECT_EQ(100, seg[0].sector);
	EXPECT_EQ(0, seg[0].reserved);
	EXPECT_EQ(0xdeadbeef, seg[1].gref);
	EXPECT_EQ(108, seg[1].sector);
	EXPECT_EQ(2, seg[1].first);
	EXPECT_EQ(5, seg[1].last);
	EXPECT_EQ(112, seg[2].sector);

	memset(out, FILL, sizeof(out));
	for (i = 0; i < 3; i++)
		blkif_indirect_encode(abi, out, i, &seg[i]);
	EXPECT_EQ(0, memcmp(entries + 8, out + 8, 16));
	EXPECT_EQ(0, out[6] | out[7]);
	EXPECT_EQ(0xdeadbeef, blkif_indirect_gref(abi, out, 1));
	EXPECT_EQ(FILL, out[3 * BLKIF_ENTRY_SIZE]);
}

/*
 * A frontend that writes no "protocol" key is a 32-bit one on x86, even for a
 * 64-bit backend ("xen-blkback: default to X86_32 ABI on x86" in Linux 4.0).
 */
TEST(by_name)
{
	const struct blkif_abi *unnamed = &blkif_abi_x86_32;

	EXPECT_EQ(&blkif_abi_native, blkif_abi_by_name(BLKIF_NATIVE_NAME));
	EXPECT_EQ(unnamed->pad, blkif_abi_by_name(NULL)->pad);
	EXPECT_EQ(unnamed->req_size, blkif_abi_by_name("")->req_size);
	EXPECT_EQ(0, blkif_abi_by_name("x86_32-abi")->pad);
	EXPECT_EQ(12, blkif_abi_by_name("x86_32-abi")->rsp_size);
	EXPECT_EQ(4, blkif_abi_by_name("x86_64-abi")->pad);
	EXPECT_EQ(NULL, blkif_abi_by_name("x86_64-abi "));
	EXPECT_EQ(NULL, blkif_abi_by_name("X86_64-ABI"));
	EXPECT_EQ(NULL, blkif_abi_by_name("ia64-abi"));
	EXPECT_EQ(NULL, blkif_abi_by_name("x86"));
}

UNIT_SUITE(abi,
	   UNIT_CASE(decode),
	   UNIT_CASE(encode),
	   UNIT_CASE(too_many_inline_segments),
	   UNIT_CASE(response),
	   UNIT_CASE(answered_by),
	   UNIT_CASE(sizes),
	   UNIT_CASE(indirect_page),
	   UNIT_CASE(by_name));
