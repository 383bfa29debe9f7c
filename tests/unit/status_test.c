// SPDX-License-Identifier: GPL-2.0
/* status.h: conversion of every status, in both directions. */

#include "unit.h"
#include "xen-blkif/status.h"

/* With the numbers of the public header. */
static const struct {
	s16 wire;
	blk_status_t status;
	s16 legacy;		/* in the existing format */
} rows[] = {
	{ 0, BLK_STS_OK, 0 },
	{ -2, BLK_STS_NOTSUPP, -2 },
	{ -3, BLK_STS_MEDIUM, -1 },
	{ -4, BLK_STS_NOSPC, -1 },
	{ -5, BLK_STS_PROTECTION, -1 },
	{ -6, BLK_STS_TIMEOUT, -1 },
	{ -7, BLK_STS_OFFLINE, -1 },
};

TEST(both_ways)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].wire,
			  blkif_status_to_wire(true, rows[i].status));
		EXPECT_EQ(rows[i].status,
			  blkif_status_from_wire(true, rows[i].wire));
		EXPECT_EQ(rows[i].legacy,
			  blkif_status_to_wire(false, rows[i].status));
	}
}

/* Only 0 means success. */
TEST(every_status)
{
	unsigned int nr, i;

	for (nr = 0; nr < 256; nr++) {
		blk_status_t status = (__force blk_status_t)nr;
		s16 slim = blkif_status_to_wire(true, status);
		s16 legacy = blkif_status_to_wire(false, status);
		bool known = false;

		for (i = 0; i < ARRAY_SIZE(rows); i++)
			known |= rows[i].status == status;
		EXPECT_EQ(!nr, !slim);
		EXPECT_EQ(!nr, !legacy);
		EXPECT_LE(-2, legacy);
		EXPECT_GE(0, legacy);
		EXPECT_TRUE(known || slim == -1)
			TH_LOG("status %u", nr);
	}
}

TEST(every_wire_status)
{
	int wire;
	unsigned int i;

	for (wire = -32768; wire < 32768; wire++) {
		blk_status_t slim = blkif_status_from_wire(true, wire);
		blk_status_t legacy = blkif_status_from_wire(false, wire);
		bool known = false;

		for (i = 0; i < ARRAY_SIZE(rows); i++)
			known |= rows[i].wire == wire;
		ASSERT_EQ(!wire, slim == BLK_STS_OK);
		ASSERT_TRUE(known || slim == BLK_STS_IOERR)
			TH_LOG("status %d", wire);
		ASSERT_EQ(!wire ? BLK_STS_OK : wire == -2 ? BLK_STS_NOTSUPP :
			  BLK_STS_IOERR, legacy)
			TH_LOG("status %d", wire);
	}
}

/* Statuses that are not in the table. */
TEST(others)
{
	EXPECT_EQ(-1, blkif_status_to_wire(true, BLK_STS_IOERR));
	EXPECT_EQ(-1, blkif_status_to_wire(true, BLK_STS_TRANSPORT));
	EXPECT_EQ(-1, blkif_status_to_wire(true, BLK_STS_TARGET));
	EXPECT_EQ(-1, blkif_status_to_wire(true, BLK_STS_RESOURCE));
	EXPECT_EQ(-1, blkif_status_to_wire(true, BLK_STS_AGAIN));
	EXPECT_EQ(BLK_STS_IOERR, blkif_status_from_wire(true, -1));
	EXPECT_EQ(BLK_STS_IOERR, blkif_status_from_wire(true, 1));
	EXPECT_EQ(BLK_STS_IOERR, blkif_status_from_wire(true, -8));
}

UNIT_SUITE(status,
	   UNIT_CASE(both_ways),
	   UNIT_CASE(every_status),
	   UNIT_CASE(every_wire_status),
	   UNIT_CASE(others));
