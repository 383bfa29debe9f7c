/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots of the existing protocol, byte by byte, written by hand from Xen's
 * public io/blkif.h.  Bytes are in memory order.
 *
 * ".." is a byte that is not used: decoding ignores it and encoding does not
 * write it.  So are the bytes after the end of the text.
 */
#ifndef _VECTORS_H
#define _VECTORS_H

#include "xen-blkif/abi.h"

struct vector {
	const char *name;
	const char *x86_32;
	const char *x86_64;
	u16 handle;
	bool decode_only;
	struct blkif_cmd cmd;
};

#define ID	0x1122334455667788ULL
#define ID_HEX	"88 77 66 55 44 33 22 11 "

static const struct vector vectors[] = {
	{
		.name = "read, one segment",
		.x86_32 = "00 01 10 ca " ID_HEX
			  "89 67 45 23 01 00 00 00 "
			  "aa 00 00 00 00 07 00 00",
		.x86_64 = "00 01 10 ca .. .. .. .. " ID_HEX
			  "89 67 45 23 01 00 00 00 "
			  "aa 00 00 00 00 07 00 00",
		.handle = 0xca10,
		.cmd = {
			.id = ID, .op = 0, .sector = 0x0123456789ULL,
			.nr_segs = 1,
			.seg = { { 0x0123456789ULL, 0xaa, 0, 7, 0 } },
		},
	}, {
		.name = "write, two segments",
		.x86_32 = "01 02 00 ca " ID_HEX
			  "08 00 00 00 00 00 00 00 "
			  "ef be ad de 03 04 00 00 "
			  "01 00 00 00 07 07 00 00",
		.x86_64 = "01 02 00 ca .. .. .. .. " ID_HEX
			  "08 00 00 00 00 00 00 00 "
			  "ef be ad de 03 04 00 00 "
			  "01 00 00 00 07 07 00 00",
		.handle = 0xca00,
		.cmd = {
			.id = ID, .op = 1, .sector = 8, .nr_segs = 2,
			.seg = {
				{ 8, 0xdeadbeef, 3, 4, 0 },
				{ 10, 1, 7, 7, 0 },
			},
		},
	}, {
		.name = "write, eleven segments",
		.x86_32 = "01 0b 00 00 ff ff ff ff ff ff ff ff "
			  "00 00 00 00 01 00 00 00 "
			  "01 00 00 00 00 07 00 00 02 00 00 00 00 07 00 00 "
			  "03 00 00 00 00 07 00 00 04 00 00 00 00 07 00 00 "
			  "05 00 00 00 00 07 00 00 06 00 00 00 00 07 00 00 "
			  "07 00 00 00 00 07 00 00 08 00 00 00 00 07 00 00 "
			  "09 00 00 00 00 07 00 00 0a 00 00 00 00 07 00 00 "
			  "0b 00 00 00 00 00 00 00",
		.x86_64 = "01 0b 00 00 .. .. .. .. ff ff ff ff ff ff ff ff "
			  "00 00 00 00 01 00 00 00 "
			  "01 00 00 00 00 07 00 00 02 00 00 00 00 07 00 00 "
			  "03 00 00 00 00 07 00 00 04 00 00 00 00 07 00 00 "
			  "05 00 00 00 00 07 00 00 06 00 00 00 00 07 00 00 "
			  "07 00 00 00 00 07 00 00 08 00 00 00 00 07 00 00 "
			  "09 00 00 00 00 07 00 00 0a 00 00 00 00 07 00 00 "
			  "0b 00 00 00 00 00 00 00",
		.cmd = {
			.id = ~0ULL, .op = 1, .sector = 1ULL << 32,
			.nr_segs = 11,
			.seg = {
				{ (1ULL << 32) + 0, 1, 0, 7, 0 },
				{ (1ULL << 32) + 8, 2, 0, 7, 0 },
				{ (1ULL << 32) + 16, 3, 0, 7, 0 },
				{ (1ULL << 32) + 24, 4, 0, 7, 0 },
				{ (1ULL << 32) + 32, 5, 0, 7, 0 },
				{ (1ULL << 32) + 40, 6, 0, 7, 0 },
				{ (1ULL << 32) + 48, 7, 0, 7, 0 },
				{ (1ULL << 32) + 56, 8, 0, 7, 0 },
				{ (1ULL << 32) + 64, 9, 0, 7, 0 },
				{ (1ULL << 32) + 72, 10, 0, 7, 0 },
				{ (1ULL << 32) + 80, 11, 0, 0, 0 },
			},
		},
	}, {
		.name = "barrier with data",
		.x86_32 = "02 01 01 00 " ID_HEX
			  "10 00 00 00 00 00 00 00 "
			  "05 00 00 00 01 02 00 00",
		.x86_64 = "02 01 01 00 .. .. .. .. " ID_HEX
			  "10 00 00 00 00 00 00 00 "
			  "05 00 00 00 01 02 00 00",
		.handle = 1,
		.cmd = {
			.id = ID, .op = 2, .sector = 16, .nr_segs = 1,
			.seg = { { 16, 5, 1, 2, 0 } },
		},
	}, {
		.name = "flush without data",
		.x86_32 = "03 00 10 ca " ID_HEX "00 00 00 00 00 00 00 00",
		.x86_64 = "03 00 10 ca .. .. .. .. " ID_HEX
			  "00 00 00 00 00 00 00 00",
		.handle = 0xca10,
		.cmd = { .id = ID, .op = 3 },
	}, {
		.name = "flush with data",
		.x86_32 = "03 01 10 ca " ID_HEX "ff 00 00 00 00 00 00 00 "
			  "04 03 02 01 00 00 00 00",
		.x86_64 = "03 01 10 ca .. .. .. .. " ID_HEX
			  "ff 00 00 00 00 00 00 00 "
			  "04 03 02 01 00 00 00 00",
		.handle = 0xca10,
		.cmd = {
			.id = ID, .op = 3, .sector = 255, .nr_segs = 1,
			.seg = { { 255, 0x01020304, 0, 0, 0 } },
		},
	}, {
		.name = "discard",
		.x86_32 = "05 00 10 ca " ID_HEX
			  "00 10 00 00 00 00 00 00 "
			  "08 07 06 05 04 03 02 01",
		.x86_64 = "05 00 10 ca .. .. .. .. " ID_HEX
			  "00 10 00 00 00 00 00 00 "
			  "08 07 06 05 04 03 02 01",
		.handle = 0xca10,
		.cmd = {
			.id = ID, .op = 5, .sector = 4096,
			.nr_sectors = 0x0102030405060708ULL,
		},
	}, {
		.name = "secure discard",
		.x86_32 = "05 01 00 00 " ID_HEX
			  "00 00 00 00 00 00 00 80 "
			  "01 00 00 00 00 00 00 00",
		.x86_64 = "05 01 00 00 .. .. .. .. " ID_HEX
			  "00 00 00 00 00 00 00 80 "
			  "01 00 00 00 00 00 00 00",
		.cmd = {
			.id = ID, .op = 5, .flags = 1,
			.sector = 1ULL << 63, .nr_sectors = 1,
		},
	}, {
		.name = "indirect read",
		.x86_32 = "06 00 20 01 " ID_HEX
			  "89 67 45 23 01 00 00 00 "
			  "10 ca 00 00 "
			  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
			  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.x86_64 = "06 00 20 01 .. .. .. .. " ID_HEX
			  "89 67 45 23 01 00 00 00 "
			  "10 ca 00 00 "
			  "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
			  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		.handle = 0xca10,
		.cmd = {
			.id = ID, .op = 0, .indirect = true, .nr_segs = 288,
			.sector = 0x0123456789ULL, .indirect_gref = { 1 },
		},
	}, {
		.name = "indirect write, eight pages",
		.x86_32 = "06 01 00 10 " ID_HEX
			  "00 00 00 00 00 00 00 00 "
			  "00 00 00 00 "
			  "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 00 "
			  "55 00 00 00 66 00 00 00 77 00 00 00 88 00 00 80",
		.x86_64 = "06 01 00 10 .. .. .. .. " ID_HEX
			  "00 00 00 00 00 00 00 00 "
			  "00 00 00 00 "
			  "11 00 00 00 22 00 00 00 33 00 00 00 44 00 00 00 "
			  "55 00 00 00 66 00 00 00 77 00 00 00 88 00 00 80",
		.cmd = {
			.id = ID, .op = 1, .indirect = true, .nr_segs = 4096,
			.indirect_gref = { 0x11, 0x22, 0x33, 0x44,
					   0x55, 0x66, 0x77, 0x80000088 },
		},
	}, {
		.name = "unknown operation",
		.x86_32 = "2a ff ff ff " ID_HEX "ff ff ff ff ff ff ff ff",
		.x86_64 = "2a ff ff ff ff ff ff ff " ID_HEX
			  "ff ff ff ff ff ff ff ff",
		.decode_only = true,
		.cmd = { .id = ID, .op = 42 },
	}, {
		.name = "reserved operation",
		.x86_32 = "04 0b .. .. " ID_HEX "ff ff ff ff ff ff ff ff",
		.x86_64 = "04 0b .. .. .. .. .. .. " ID_HEX
			  "ff ff ff ff ff ff ff ff",
		.decode_only = true,
		.cmd = { .id = ID, .op = 4 },
	}, {
		.name = "segments that end before they start count as empty",
		.x86_32 = "00 03 .. .. " ID_HEX "64 00 00 00 00 00 00 00 "
			  "01 00 00 00 07 00 .. .. "
			  "02 00 00 00 00 ff .. .. "
			  "03 00 00 00 00 00 .. ..",
		.x86_64 = "00 03 .. .. .. .. .. .. " ID_HEX
			  "64 00 00 00 00 00 00 00 "
			  "01 00 00 00 07 00 .. .. "
			  "02 00 00 00 00 ff .. .. "
			  "03 00 00 00 00 00 .. ..",
		.decode_only = true,
		.cmd = {
			.id = ID, .op = 0, .sector = 100, .nr_segs = 3,
			.seg = {
				{ 100, 1, 7, 0, 0 },
				{ 100, 2, 0, 255, 0 },
				{ 356, 3, 0, 0, 0 },
			},
		},
	},
};

/* Responses are 12 bytes for x86_32 and 16 for x86_64, all of them written. */
struct rsp_vector {
	const char *x86_32;
	const char *x86_64;
	struct blkif_rsp rsp;
};

static const struct rsp_vector rsp_vectors[] = {
	{
		"88 77 66 55 44 33 22 11 00 00 00 00",
		"88 77 66 55 44 33 22 11 00 00 00 00 00 00 00 00",
		{ ID, 0, 0 },
	}, {
		"88 77 66 55 44 33 22 11 06 00 ff ff",
		"88 77 66 55 44 33 22 11 06 00 ff ff 00 00 00 00",
		{ ID, 6, -1 },
	}, {
		"00 00 00 00 00 00 00 80 05 00 fe ff",
		"00 00 00 00 00 00 00 80 05 00 fe ff 00 00 00 00",
		{ 1ULL << 63, 5, -2 },
	},
};

#endif
