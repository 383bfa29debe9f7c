// SPDX-License-Identifier: GPL-2.0
/* slim.h, compared with bytes written by hand from the public header. */

#include "bytes.h"
#include "xen-blkif/check.h"

#define ID	0x1122334455667788ULL
#define ID_HEX	"88 77 66 55 44 33 22 11 "

struct vector {
	const char *name;
	const char *bytes;
	bool decode_only;
	struct blkif_cmd cmd;
};

static const struct vector vectors[] = {
	{
		.name = "read, one segment",
		.bytes = "00 00 01 00 00 07 00 00 " ID_HEX
			 "89 67 45 23 01 00 00 00 aa 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 0, .sector = 0x0123456789ULL,
			.nr_segs = 1,
			.seg = { { 0x0123456789ULL, 0xaa, 0, 7, 0 } },
		},
	}, {
		.name = "write, two segments",
		.bytes = "00 01 02 00 03 04 07 07 " ID_HEX
			 "08 00 00 00 00 00 00 00 ef be ad de 01 00 00 80",
		.cmd = {
			.id = ID, .op = 1, .sector = 8, .nr_segs = 2,
			.seg = {
				{ 8, 0xdeadbeef, 3, 4, 0 },
				{ 10, 0x80000001, 7, 7, 0 },
			},
		},
	}, {
		.name = "barrier with data",
		.bytes = "00 02 01 00 01 02 00 00 " ID_HEX
			 "10 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 2, .sector = 16, .nr_segs = 1,
			.seg = { { 16, 5, 1, 2, 0 } },
		},
	}, {
		.name = "flush without data",
		.bytes = "00 03 00 00 00 00 00 00 ff ff ff ff ff ff ff ff "
			 "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = { .id = ~0ULL, .op = 3 },
	}, {
		.name = "flush with data",
		.bytes = "00 03 02 00 00 00 01 07 " ID_HEX
			 "ff 00 00 00 00 00 00 00 04 03 02 01 08 07 06 05",
		.cmd = {
			.id = ID, .op = 3, .sector = 255, .nr_segs = 2,
			.seg = {
				{ 255, 0x01020304, 0, 0, 0 },
				{ 256, 0x05060708, 1, 7, 0 },
			},
		},
	}, {
		.name = "discard",
		.bytes = "00 05 00 00 00 00 00 00 " ID_HEX
			 "00 10 00 00 00 00 00 00 08 07 06 05 04 03 02 01",
		.cmd = {
			.id = ID, .op = 5, .sector = 4096,
			.nr_sectors = 0x0102030405060708ULL,
		},
	}, {
		.name = "secure discard",
		.bytes = "00 05 00 01 00 00 00 00 " ID_HEX
			 "00 00 00 00 00 00 00 80 01 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 5, .flags = 1,
			.sector = 1ULL << 63, .nr_sectors = 1,
		},
	}, {
		.name = "write with FUA",
		.bytes = "00 01 01 02 00 07 00 00 " ID_HEX
			 "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 1, .flags = 2, .sector = 8,
			.nr_segs = 1, .seg = { { 8, 0xaa, 0, 7, 0 } },
		},
	}, {
		.name = "indirect write with FUA",
		.bytes = "00 06 01 02 03 00 00 00 " ID_HEX
			 "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 1, .flags = 2, .indirect = true,
			.nr_segs = 3, .indirect_gref = { 1 },
		},
	}, {
		.name = "write of zeroes",
		.bytes = "00 07 00 00 00 00 00 00 " ID_HEX
			 "00 10 00 00 00 00 00 00 08 07 06 05 04 03 02 01",
		.cmd = {
			.id = ID, .op = 7, .sector = 4096,
			.nr_sectors = 0x0102030405060708ULL,
		},
	}, {
		.name = "write of zeroes that may unmap",
		.bytes = "00 07 00 04 00 00 00 00 " ID_HEX
			 "08 00 00 00 00 00 00 00 01 00 00 00 00 00 00 80",
		.cmd = {
			.id = ID, .op = 7, .flags = 4, .sector = 8,
			.nr_sectors = 1 | 1ULL << 63,
		},
	}, {
		.name = "discard of 256 ranges in a page",
		.bytes = "00 06 05 00 00 01 00 00 " ID_HEX
			 "11 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 5, .indirect = true, .nr_segs = 256,
			.indirect_gref = { 0x11 },
		},
	}, {
		.name = "secure discard of two ranges",
		.bytes = "00 06 05 01 02 00 00 00 " ID_HEX
			 "ff ff ff ff 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 5, .flags = 1, .indirect = true,
			.nr_segs = 2, .indirect_gref = { 0xffffffff },
		},
	}, {
		.name = "indirect read, one entry",
		.bytes = "00 06 00 00 01 00 00 00 " ID_HEX
			 "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 0, .indirect = true, .nr_segs = 1,
			.indirect_gref = { 1 },
		},
	}, {
		.name = "indirect write, 257 entries in two pages",
		.bytes = "00 06 01 00 01 01 00 00 " ID_HEX
			 "11 00 00 00 22 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 1, .indirect = true, .nr_segs = 257,
			.indirect_gref = { 0x11, 0x22 },
		},
	}, {
		.name = "indirect write, four full pages",
		.bytes = "00 06 01 00 00 04 00 00 " ID_HEX
			 "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 80",
		.cmd = {
			.id = ID, .op = 1, .indirect = true, .nr_segs = 1024,
			.indirect_gref = { 0x11, 0x22, 0x33, 0x80000044 },
		},
	}, {
		.name = "indirect read of two segments with a page of tuples",
		.bytes = "00 06 00 08 02 00 01 00 " ID_HEX
			 "11 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 0, .flags = 8, .indirect = true,
			.nr_segs = 2, .nr_pi = 1, .indirect_gref = { 0x11 },
		},
	}, {
		.name = "write with FUA, tuples in a second page",
		.bytes = "00 06 01 0a 00 01 04 00 " ID_HEX
			 "11 00 00 00 22 00 00 00 00 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 1, .flags = 0xa, .indirect = true,
			.nr_segs = 256, .nr_pi = 4,
			.indirect_gref = { 0x11, 0x22 },
		},
	}, {
		.name = "the largest write with a tuple for each 512 bytes",
		.bytes = "00 06 01 08 f0 03 10 00 " ID_HEX
			 "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 00",
		.cmd = {
			.id = ID, .op = 1, .flags = 8, .indirect = true,
			.nr_segs = 1008, .nr_pi = 16,
			.indirect_gref = { 0x11, 0x22, 0x33, 0x44 },
		},
	}, {
		.name = "indirect, more tuples than the pages hold entries",
		.bytes = "00 06 01 08 ff ff ff ff " ID_HEX
			 "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 00",
		.decode_only = true,
		.cmd = {
			.id = ID, .op = 1, .flags = 8, .indirect = true,
			.nr_segs = 65535, .nr_pi = 65535,
			.indirect_gref = { 0x11, 0x22, 0x33, 0x44 },
		},
	}, {
		.name = "flag of tuples without an indirect page",
		.bytes = "00 00 01 08 00 07 00 00 " ID_HEX
			 "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 0, .flags = 8, .sector = 8,
			.nr_segs = 1, .seg = { { 8, 0xaa, 0, 7, 0 } },
		},
	}, {
		.name = "indirect, more entries than the pages hold",
		.bytes = "00 06 00 00 ff ff 00 00 " ID_HEX
			 "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 00",
		.decode_only = true,
		.cmd = {
			.id = ID, .op = 0, .indirect = true, .nr_segs = 65535,
			.indirect_gref = { 0x11, 0x22, 0x33, 0x44 },
		},
	}, {
		.name = "indirect, unknown inner operation",
		.bytes = "00 06 2a 00 01 00 00 00 " ID_HEX
			 "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.decode_only = true,
		.cmd = {
			.id = ID, .op = 42, .indirect = true, .nr_segs = 1,
			.indirect_gref = { 1 },
		},
	}, {
		.name = "unknown flags",
		.bytes = "00 00 01 81 00 07 00 00 " ID_HEX
			 "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 0, .flags = 0x81, .sector = 8,
			.nr_segs = 1, .seg = { { 8, 0xaa, 0, 7, 0 } },
		},
	}, {
		.name = "a segment that ends before it starts counts as empty",
		.bytes = "00 00 02 00 07 00 00 ff " ID_HEX
			 "64 00 00 00 00 00 00 00 01 00 00 00 02 00 00 00",
		.decode_only = true,
		.cmd = {
			.id = ID, .op = 0, .sector = 100, .nr_segs = 2,
			.seg = { { 100, 1, 7, 0, 0 }, { 100, 2, 0, 255, 0 } },
		},
	},
};

/* Fields that an operation does not use and that are not zero. */
static const struct rejected {
	const char *name;
	const char *bytes;
} rejected[] = {
	{ "lap byte of a read",
	  "01 00 01 00 00 07 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00" },
	{ "lap byte of a discard",
	  "02 05 00 00 00 00 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "lap byte of an indirect request",
	  "80 06 00 00 01 00 00 00 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "first1 of one segment",
	  "00 00 01 00 00 07 01 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00" },
	{ "last1 of one segment",
	  "00 01 01 00 00 07 00 07 " ID_HEX
	  "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 00" },
	{ "gref[1] of one segment",
	  "00 02 01 00 00 07 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 aa 00 00 00 00 00 00 01" },
	{ "first0 of an empty flush",
	  "00 03 00 00 01 00 00 00 " ID_HEX
	  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "last0 of an empty flush",
	  "00 03 00 00 00 80 00 00 " ID_HEX
	  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "last1 of an empty flush",
	  "00 03 00 00 00 00 00 80 " ID_HEX
	  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "gref[0] of an empty flush",
	  "00 03 00 00 00 00 00 00 " ID_HEX
	  "00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00" },
	{ "gref[1] of an empty flush",
	  "00 03 00 00 00 00 00 00 " ID_HEX
	  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00" },
	{ "sector of an empty flush",
	  "00 03 00 00 00 00 00 00 " ID_HEX
	  "00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00" },
	{ "count of a discard",
	  "00 05 01 00 00 00 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "reserved of a discard, first byte",
	  "00 05 00 00 01 00 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "reserved of a discard, last byte",
	  "00 05 00 00 00 00 00 80 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "count of a write of zeroes",
	  "00 07 01 00 00 00 00 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "reserved of a write of zeroes",
	  "00 07 00 04 00 00 01 00 " ID_HEX
	  "08 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00" },
	{ "gref[1] of a discard of ranges in one page",
	  "00 06 05 00 00 01 00 00 " ID_HEX
	  "01 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00" },
	{ "nr_pi of a discard of ranges",
	  "00 06 05 00 02 00 02 00 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "nr_pi without its flag",
	  "00 06 00 00 01 00 01 00 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "nr_pi, high byte",
	  "00 06 00 00 01 00 00 01 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "nr_pi with another flag",
	  "00 06 01 02 01 00 01 00 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
	{ "gref[1] of a page that segments and tuples fill",
	  "00 06 01 10 fc 00 04 00 " ID_HEX
	  "01 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00" },
	{ "gref[1] of one page",
	  "00 06 00 00 00 01 00 00 " ID_HEX
	  "01 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00" },
	{ "gref[3] of one page",
	  "00 06 01 00 01 00 00 00 " ID_HEX
	  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80" },
	{ "gref[2] of two pages",
	  "00 06 00 00 01 01 00 00 " ID_HEX
	  "01 00 00 00 02 00 00 00 03 00 00 00 00 00 00 00" },
	{ "gref[3] of three pages",
	  "00 06 00 00 00 03 00 00 " ID_HEX
	  "01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00" },
};

static void read_slot(struct blkif_cmd *cmd, const char *bytes)
{
	u8 raw[32], *slot = unit_alloc(sizeof(raw));
	bool used[32];

	unhex(bytes, raw, used, sizeof(raw));
	/* Of the exact size, so that a sanitizer sees a read beyond it. */
	memcpy(slot, raw, sizeof(raw));
	memset(cmd, FILL, sizeof(*cmd));
	blkif_cmd_decode(&blkif_abi_slim, slot, cmd);
	unit_free(slot);
}

static bool same_slim_cmd(const struct blkif_cmd *a, const struct blkif_cmd *b)
{
	struct blkif_cmd x = *a, y = *b;

	/* Slim requests use four of the eight. */
	if (a->indirect) {
		memset(x.indirect_gref + 4, 0, 16);
		memset(y.indirect_gref + 4, 0, 16);
	}
	return same_cmd(&x, &y);
}

TEST(decode)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		struct blkif_cmd cmd;

		read_slot(&cmd, vectors[i].bytes);
		EXPECT_TRUE(same_slim_cmd(&vectors[i].cmd, &cmd))
			TH_LOG("%s", vectors[i].name);
		EXPECT_FALSE(cmd.reserved)
			TH_LOG("%s", vectors[i].name);
	}
}

TEST(encode)
{
	unsigned int i;
	u8 room[40];

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (vectors[i].decode_only)
			continue;
		memset(room, FILL, sizeof(room));
		blkif_cmd_encode(&blkif_abi_slim, &vectors[i].cmd, 0xca10,
				 room);
		EXPECT_EQ(0, wrong_bytes(room, vectors[i].bytes, 32,
					 sizeof(room)))
			TH_LOG("%s", vectors[i].name);
	}
}

/* Fields that an operation does not use are sent as zero. */
TEST(encode_unused_fields)
{
	struct blkif_cmd cmd = { .id = ID, .op = 3, .sector = 99,
				 .nr_sectors = 99 };
	u8 room[32];

	cmd.seg[0].gref = 99;
	blkif_cmd_encode(&blkif_abi_slim, &cmd, 0xca10, room);
	EXPECT_EQ(0, wrong_bytes(room,
				 "00 03 00 00 00 00 00 00 " ID_HEX
				 "00 00 00 00 00 00 00 00 "
				 "00 00 00 00 00 00 00 00", 32, 32));
	cmd = (struct blkif_cmd) {
		.id = ID, .indirect = true, .nr_segs = 257, .sector = 99,
		.indirect_gref = { 1, 2, 3, 4, 5, 6, 7, 8 },
	};
	blkif_cmd_encode(&blkif_abi_slim, &cmd, 0xca10, room);
	EXPECT_EQ(0, wrong_bytes(room,
				 "00 06 00 00 01 01 00 00 " ID_HEX
				 "01 00 00 00 02 00 00 00 "
				 "00 00 00 00 00 00 00 00", 32, 32));
}

static struct blkif_limits limits(void)
{
	return (struct blkif_limits) {
		.capacity = ~0ULL, .ops = 0xef, .max_segs = 1024,
		.max_inline = blkif_abi_slim.max_inline, .block_sectors = 1,
		.max_ranges = 256, .fua = true, .secure = true,
	};
}

TEST(reject_unused_fields)
{
	struct blkif_limits lim = limits();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rejected); i++) {
		struct blkif_cmd cmd;

		read_slot(&cmd, rejected[i].bytes);
		EXPECT_TRUE(cmd.reserved)
			TH_LOG("%s", rejected[i].name);
		EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_cmd(&cmd, &lim))
			TH_LOG("%s", rejected[i].name);
	}
}

/* One more than the limit, of each kind. */
TEST(reject_too_many)
{
	struct blkif_limits lim = limits();
	struct blkif_cmd cmd;
	unsigned int nr;
	char bytes[100];

	for (nr = 3; nr < 256; nr++) {
		snprintf(bytes, sizeof(bytes), "00 01 %02x 00 00 07 00 07 "
			 ID_HEX "00 00 00 00 00 00 00 00 "
			 "01 00 00 00 02 00 00 00", nr);
		read_slot(&cmd, bytes);
		EXPECT_EQ(BLKIF_BAD_NR_SEGS, blkif_check_cmd(&cmd, &lim));
	}
	read_slot(&cmd, "00 06 01 00 01 04 00 00 " ID_HEX
		  "01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00");
	EXPECT_EQ(BLKIF_BAD_NR_SEGS, blkif_check_cmd(&cmd, &lim));
	/* Ranges are limited to one page. */
	read_slot(&cmd, "00 06 05 00 01 01 00 00 " ID_HEX
		  "01 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00");
	EXPECT_EQ(BLKIF_BAD_NR_SEGS, blkif_check_cmd(&cmd, &lim));
	read_slot(&cmd, "00 06 05 00 00 00 00 00 " ID_HEX
		  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	EXPECT_EQ(BLKIF_BAD_NR_SEGS, blkif_check_cmd(&cmd, &lim));
	/* Writes of zeroes have no indirect form. */
	read_slot(&cmd, "00 06 07 00 01 00 00 00 " ID_HEX
		  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	EXPECT_EQ(BLKIF_BAD_OP, blkif_check_cmd(&cmd, &lim));
}

/* Every value of the operation; of unknown ones only the id is decoded. */
TEST(every_operation)
{
	struct blkif_cmd cmd;
	unsigned int op;
	char bytes[100];

	for (op = 0; op < 256; op++) {
		snprintf(bytes, sizeof(bytes), "00 %02x 01 00 00 07 00 00 "
			 ID_HEX "08 00 00 00 00 00 00 00 "
			 "01 00 00 00 00 00 00 00", op);
		read_slot(&cmd, bytes);
		EXPECT_EQ(ID, cmd.id);
		EXPECT_EQ(op == 6 ? 1 : op, cmd.op);
		EXPECT_EQ(op == 6, cmd.indirect);
		if (op > 6)
			EXPECT_EQ(0, cmd.nr_segs);
	}
}

static const struct rsp_vector {
	const char *bytes;
	struct blkif_rsp rsp;
} rsp_vectors[] = {
	{ "88 77 66 55 44 33 22 11 00 00 00 00 00 00 00 00", { ID, 0, 0 } },
	{ "88 77 66 55 44 33 22 11 00 00 00 00 ff ff 01 00", { ID, 1, -1 } },
	{ "00 00 00 00 00 00 00 80 00 00 00 00 fe ff 05 00",
	  { 1ULL << 63, 5, -2 } },
	{ "ff ff ff ff ff ff ff ff 00 00 00 00 00 80 ff 00",
	  { ~0ULL, 255, -32768 } },
};

TEST(response)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rsp_vectors); i++) {
		const struct rsp_vector *v = &rsp_vectors[i];
		struct blkif_rsp rsp = { 0 };
		u8 room[24];

		memset(room, FILL, sizeof(room));
		blkif_rsp_encode(&blkif_abi_slim, &v->rsp, room);
		EXPECT_EQ(0, wrong_bytes(room, v->bytes, 16, sizeof(room)));
		EXPECT_TRUE(blkif_rsp_decode(&blkif_abi_slim, room, &rsp));
		EXPECT_EQ(v->rsp.id, rsp.id);
		EXPECT_EQ(v->rsp.op, rsp.op);
		EXPECT_EQ(v->rsp.status, rsp.status);
	}
}

/* Every bit of bytes 8 to 11, which are reserved, and of the lap byte, 15. */
TEST(response_reserved)
{
	struct blkif_rsp rsp;
	unsigned int bit;
	u8 raw[16];

	for (bit = 0; bit < 128; bit++) {
		bool reserved = (bit >= 64 && bit < 96) || bit >= 120;

		memset(raw, 0, sizeof(raw));
		raw[bit / 8] = 1 << bit % 8;
		EXPECT_EQ(!reserved, blkif_rsp_decode(&blkif_abi_slim, raw,
						      &rsp))
			TH_LOG("bit %u", bit);
	}
}

/* An indirect entry is 16 bytes and has its own sector. */
TEST(entries)
{
	static const u8 entries[] = {
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0xef, 0xbe, 0xad, 0xde, 0x02, 0x05, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80,
		0x01, 0x00, 0x00, 0x00, 0x00, 0x07, 0x34, 0x12,
	};
	const struct blkif_abi *abi = &blkif_abi_slim;
	struct blkif_limits lim = limits();
	u8 out[sizeof(entries) + 1];
	struct blkif_seg seg[2];
	u32 sectors;

	EXPECT_EQ(256, blkif_indirect_per_page(abi));
	EXPECT_EQ(1024, blkif_max_segs(abi));
	blkif_indirect_decode(abi, entries, 2, 77, seg);
	EXPECT_EQ(0x0102030405060708ULL, seg[0].sector);
	EXPECT_EQ(0xdeadbeef, seg[0].gref);
	EXPECT_EQ(2, seg[0].first);
	EXPECT_EQ(5, seg[0].last);
	EXPECT_EQ(0, seg[0].reserved);
	EXPECT_EQ(1ULL << 63, seg[1].sector);
	EXPECT_EQ(0x1234, seg[1].reserved);
	EXPECT_EQ(BLKIF_GOOD, blkif_check_segs(seg, 1, &lim, &sectors));
	EXPECT_EQ(BLKIF_BAD_FLAGS, blkif_check_segs(seg, 2, &lim, &sectors));

	memset(out, FILL, sizeof(out));
	blkif_indirect_encode(abi, out, 1, &seg[1]);
	EXPECT_EQ(FILL, out[15]);
	EXPECT_EQ(0, memcmp(entries + 16, out + 16, 16));
	EXPECT_EQ(FILL, out[sizeof(entries)]);
	EXPECT_EQ(1, blkif_indirect_gref(abi, out, 1));
}

/* A range in an indirect page has the layout of struct blkif_range. */
TEST(range_entries)
{
	static const u8 page[] = {
		0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
		0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x80,
	};
	struct blkif_limits lim = limits();
	struct blkif_range range[2];

	memcpy(range, page, sizeof(range));
	EXPECT_EQ(0x0102030405060708ULL, range[0].sector);
	EXPECT_EQ(16, range[0].nr_sectors);
	EXPECT_EQ(4096, range[1].sector);
	EXPECT_EQ(1ULL << 63 | 1ULL << 32, range[1].nr_sectors);
	lim.capacity = 1ULL << 63;
	EXPECT_EQ(BLKIF_GOOD, blkif_check_ranges(range, 1, &lim));
	EXPECT_EQ(BLKIF_BAD_EXTENT, blkif_check_ranges(range, 2, &lim));
}

UNIT_SUITE(slim,
	   UNIT_CASE(decode),
	   UNIT_CASE(encode),
	   UNIT_CASE(encode_unused_fields),
	   UNIT_CASE(reject_unused_fields),
	   UNIT_CASE(reject_too_many),
	   UNIT_CASE(every_operation),
	   UNIT_CASE(response),
	   UNIT_CASE(response_reserved),
	   UNIT_CASE(entries),
	   UNIT_CASE(range_entries));
