// SPDX-License-Identifier: GPL-2.0
/*
 * Separate rings: the places of slots, and peers that violate the protocol.
 * Violations that the ring cannot detect are included, because the drivers have
 * to.
 */

#include "ring_fixture.h"

static const u16 aligns[] = { 64, 128 };

/* 124 or 120 slots in the first page and 128 in others, by hand. */
static const struct {
	u16 align;
	u8 order;
	u32 slots, req_pages, rsp_pages;
} shapes[] = {
	{ 64, 0, 124, 1, 1 }, { 64, 1, 252, 2, 2 }, { 64, 2, 508, 4, 3 },
	{ 64, 3, 1020, 8, 5 }, { 64, 4, 2044, 16, 9 },
	{ 128, 0, 120, 1, 1 }, { 128, 1, 248, 2, 2 }, { 128, 2, 504, 4, 3 },
	{ 128, 3, 1016, 8, 5 }, { 128, 4, 2040, 16, 9 },
};

TEST(sizes)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct blkif_layout l = SEPARATE(shapes[i].align,
						    shapes[i].order);
		u32 rsp_pages = blkif_layout_rsp_pages(&l);

		EXPECT_EQ(shapes[i].slots, blkif_layout_slots(&l));
		EXPECT_EQ(shapes[i].req_pages, blkif_layout_req_pages(&l));
		EXPECT_EQ(shapes[i].rsp_pages, rsp_pages);
		EXPECT_LE(shapes[i].slots,
			  blkif_sep_slots(rsp_pages, l.align, 16));
		EXPECT_LE(rsp_pages, BLKIF_SEP_MAX_PAGES);
		EXPECT_LE(shapes[i].req_pages, BLKIF_SEP_MAX_PAGES);
	}
}

/* The response ring has no page more than it needs. */
TEST(response_pages)
{
	unsigned int a;
	u32 slots;

	for (a = 0; a < ARRAY_SIZE(aligns); a++)
		for (slots = 1; slots <= 2044; slots++) {
			u32 pages = blkif_sep_rsp_pages(slots, aligns[a]);

			ASSERT_LE(slots, blkif_sep_slots(pages, aligns[a], 16));
			ASSERT_TRUE(pages == 1 || slots >
				    blkif_sep_slots(pages - 1, aligns[a], 16));
		}
}

/* Walk two laps; 0 or the line of the check of a slot that fails. */
static int walk(struct blkif_sep_ring *ring, u32 nr_pages, u8 *seen, u32 size)
{
	u32 n, end = ring->nr_slots;
	int lap;

	for (lap = 1; lap <= 2; lap++)
		for (n = 0; n < end; n++) {
			u8 *page = ring->pages[ring->page];
			u32 off = ring->next - page;
			u32 at = ring->page * BLKIF_PAGE_SIZE + off;

			if (ring->lap != lap || ring->page >= nr_pages ||
			    ring->next < page)
				return __LINE__;
			/* In order and without gaps. */
			if (at != ring->first + n * size)
				return __LINE__;
			if (off % size || off + size > BLKIF_PAGE_SIZE ||
			    seen[at / 16] != lap - 1)
				return __LINE__;
			/* Within one line, for lines of any length. */
			if (at / 64 != (at + size - 1) / 64)
				return __LINE__;
			seen[at / 16] = lap;
			blkif_sep_next(ring, size);
		}
	return ring->page || ring->lap != 1 ? __LINE__ : 0;
}

TEST(slots_of_a_ring)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct blkif_layout l = SEPARATE(shapes[i].align,
						    shapes[i].order);
		u8 *seen = unit_alloc(2 * PAIR_PAGES *
				      BLKIF_PAGE_SIZE / 16);
		struct pair *p = pair_new(&l, 0);

		EXPECT_EQ(0, walk(&p->front.sep.req, shapes[i].req_pages,
				  seen, 32));
		EXPECT_EQ(0, walk(&p->back.sep.rsp, shapes[i].rsp_pages, seen +
				  PAIR_PAGES * BLKIF_PAGE_SIZE / 16, 16));
		pair_delete(p);
		unit_free(seen);
	}
}

/* Each event word is alone in the second line of its writer's first page. */
TEST(event_words)
{
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(aligns); a++) {
		const struct blkif_layout l = SEPARATE(aligns[a], 0);
		struct pair *p = pair_new(&l, 0);

		EXPECT_EQ((void *)((u8 *)p->front_req[0] + aligns[a]),
			  blkif_sep_rsp_event(&p->front.sep));
		EXPECT_EQ((void *)((u8 *)p->back_req[0] + aligns[a]),
			  blkif_sep_rsp_event(&p->back.sep));
		EXPECT_EQ((void *)((u8 *)p->back_rsp[0] + aligns[a]),
			  blkif_sep_req_event(&p->back.sep));
		EXPECT_EQ((void *)((u8 *)p->front_rsp[0] + aligns[a]),
			  blkif_sep_req_event(&p->front.sep));
		EXPECT_EQ(1, *blkif_sep_rsp_event(&p->back.sep));
		EXPECT_EQ(1, *blkif_sep_req_event(&p->front.sep));
		EXPECT_EQ((u8 *)p->front_req[0] + 2 * aligns[a],
			  p->front.sep.req.next);
		pair_delete(p);
	}
}

/* The halves of a queue may run on two CPUs, and write no common line. */
TEST(halves_have_their_own_lines)
{
	EXPECT_EQ(0, offsetof(struct blkif_sep_pair, rsp) % 64);
	EXPECT_EQ(0, sizeof(struct blkif_sep_pair) % 64);
	EXPECT_EQ(0, offsetof(struct blkif_front_rings, sep) % 64);
	EXPECT_EQ(0, offsetof(struct blkif_back_rings, sep) % 64);
}

/* Compare bytes of a page, from @at on. */
#define page_has(_page, _at, _bytes)					\
	(!memcmp((const u8 *)(_page) + (_at), _bytes, sizeof(_bytes)))

/* The example of Documentation/block/xen-blk.rst, byte by byte. */
static const u8 read_request[] = {
	0x01, 0x00, 0x01, 0x00, 0x00, 0x07, 0x00, 0x00,
	0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x4d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const u8 event[] = { 2, 0, 0, 0 };

static const u8 read_response[] = {
	0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
};

static const u8 indirect_entries[] = {
	0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x64, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00,
	0x08, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x65, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00,
};

static const u8 write_request[] = {
	0x01, 0x06, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x06, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0xf4, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const u8 write_response[] = {
	0x06, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01,
};

TEST(worked_exchange)
{
	const struct blkif_layout l = SEPARATE(64, 0);
	const struct blkif_seg entry[] = {
		{ 4096, 100, 0, 7, 0 }, { 4104, 101, 0, 7, 0 },
	};
	struct blkif_cmd read = {
		.op = BLKIF_OP_READ, .id = 0x100000005, .sector = 2048,
		.nr_segs = 1, .seg = { { 2048, 77, 0, 7, 0 } },
	};
	struct blkif_cmd write = {
		.op = BLKIF_OP_WRITE, .id = 0x100000006, .indirect = true,
		.nr_segs = 256, .indirect_gref = { 500 },
	};
	struct pair *p = pair_new(&l, 0);
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	u8 table[32];

	blkif_front_put(&p->front, &read, 0);
	EXPECT_TRUE(blkif_front_publish(&p->front));
	EXPECT_TRUE(page_has(p->back_req[0], 128, read_request));
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	EXPECT_EQ(0, blkif_back_rearm(&p->back));
	EXPECT_TRUE(page_has(p->front_rsp[0], 64, event));

	rsp = (struct blkif_rsp) { .id = cmd.id, .op = cmd.op };
	blkif_back_put(&p->back, &rsp);
	EXPECT_TRUE(page_has(p->front_rsp[0], 128, read_response));
	EXPECT_TRUE(blkif_back_publish(&p->back));
	EXPECT_EQ(1, blkif_front_get(&p->front, &rsp));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 1));
	EXPECT_TRUE(page_has(p->back_req[0], 64, event));

	blkif_indirect_encode(&blkif_abi_slim, table, 0, &entry[0]);
	blkif_indirect_encode(&blkif_abi_slim, table, 1, &entry[1]);
	EXPECT_TRUE(page_has(table, 0, indirect_entries));
	blkif_front_put(&p->front, &write, 0);
	EXPECT_TRUE(page_has(p->back_req[0], 160, write_request));
	EXPECT_TRUE(blkif_front_publish(&p->front));
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	EXPECT_FALSE(cmd.reserved);
	rsp = (struct blkif_rsp) { .id = cmd.id, .op = cmd.op };
	blkif_back_put(&p->back, &rsp);
	EXPECT_TRUE(page_has(p->front_rsp[0], 144, write_response));
	pair_delete(p);
}

static const struct {
	const char *name;
	struct blkif_layout layout;
	u32 base;
} hostile[] = {
	{ "from 0", SEPARATE(64, 0), 0 },
	{ "before 2^31", SEPARATE(128, 1), 0x7ffffff8 },
	{ "before 2^32", SEPARATE(64, 2), 0xfffffff8 },
};

static void put_requests(struct pair *p, u64 id, u32 n)
{
	while (n--) {
		struct blkif_cmd cmd = cmd_of(&blkif_abi_slim, id++);

		blkif_front_put(&p->front, &cmd, 0);
	}
}

static void put_responses(struct pair *p, u64 id, u32 n)
{
	while (n--) {
		struct blkif_rsp rsp = rsp_of(id++);

		blkif_back_put(&p->back, &rsp);
	}
}

/* Take requests and expect those from @id on; their number if they are. */
static u32 take_requests(struct pair *p, u64 id, u32 n, int *ret)
{
	struct blkif_cmd cmd;
	u32 got = 0;

	*ret = 1;
	while (got < n && (*ret = blkif_back_get(&p->back, &cmd)) == 1)
		got += is_cmd_of(&blkif_abi_slim, &cmd, id + got) ? 1 : ~0U / 2;
	return got;
}

static u32 take_responses(struct pair *p, u64 id, u32 n, int *ret)
{
	struct blkif_rsp rsp;
	u32 got = 0;

	*ret = 1;
	while (got < n && (*ret = blkif_front_get(&p->front, &rsp)) == 1)
		got += is_rsp_of(&rsp, id + got) ? 1 : ~0U / 2;
	return got;
}

/* The lap byte of slot @n, as the frontend or the backend may write it. */
static u8 *req_lap(struct pair *p, u32 n)
{
	u32 at = 2 * p->layout.align + 32 * n;

	return (u8 *)p->front_req[at / BLKIF_PAGE_SIZE] + at % BLKIF_PAGE_SIZE;
}

static u8 *rsp_lap(struct pair *p, u32 n)
{
	u32 at = 2 * p->layout.align + 16 * n;

	return (u8 *)p->back_rsp[at / BLKIF_PAGE_SIZE] + at % BLKIF_PAGE_SIZE +
	       15;
}

/* The lap byte is in the documented place, and 1, 2, 1, 2, ... by lap. */
TEST_EACH(hostile, lap_bytes_of_an_honest_peer)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	static const u8 laps[] = { 1, 2, 1, 2, 1 };
	u32 n, slots = p->slots;
	unsigned int i;
	int ret;

	EXPECT_EQ(0, *req_lap(p, 0) | *rsp_lap(p, slots - 1));
	for (i = 0; i < ARRAY_SIZE(laps); i++) {
		put_requests(p, i * slots, slots);
		EXPECT_EQ(slots, take_requests(p, i * slots, slots,
					       &ret));
		put_responses(p, i * slots, slots);
		EXPECT_EQ(slots, take_responses(p, i * slots, slots,
						&ret));
		for (n = 0; n < slots; n++) {
			ASSERT_EQ(laps[i], *req_lap(p, n));
			ASSERT_EQ(laps[i], *rsp_lap(p, n));
		}
	}
	pair_delete(p);
}

/* Every value of the lap byte, in the first and in the second lap. */
TEST_EACH(hostile, lap_values)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	unsigned int lap, mark;
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	int ret;

	for (lap = 1; lap <= 2; lap++) {
		for (mark = 0; mark < 256; mark++) {
			int want = mark > 2 ? -EPROTO : 0;

			if (mark == lap)
				continue;
			*req_lap(p, 0) = mark;
			*rsp_lap(p, 0) = mark;
			EXPECT_EQ(want, blkif_back_get(&p->back, &cmd));
			EXPECT_EQ(want, blkif_back_rearm(&p->back));
			EXPECT_EQ(want, blkif_front_get(&p->front, &rsp));
			EXPECT_EQ(want, blkif_front_rearm(&p->front, 1));
		}
		*req_lap(p, 0) = 0;
		*rsp_lap(p, 0) = 0;
		put_requests(p, 0, p->slots);
		EXPECT_EQ(p->slots, take_requests(p, 0, p->slots, &ret));
		put_responses(p, 0, p->slots);
		EXPECT_EQ(p->slots, take_responses(p, 0, p->slots, &ret));
	}
	pair_delete(p);
}

/* A request that overwrites an unanswered one is not taken. */
TEST_EACH(hostile, more_requests_than_slots)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	u32 slots = p->slots;
	struct blkif_cmd cmd;
	int ret;

	put_requests(p, 0, slots);
	EXPECT_TRUE(blkif_front_full(&p->front));
	EXPECT_EQ(slots, take_requests(p, 0, slots + 1, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, blkif_back_rearm(&p->back));
	put_requests(p, slots, 1);
	EXPECT_EQ(-EPROTO, blkif_back_get(&p->back, &cmd));
	EXPECT_EQ(-EPROTO, blkif_back_rearm(&p->back));
	/* Once there is room, it is valid. */
	put_responses(p, 0, 1);
	EXPECT_EQ(1, take_requests(p, slots, 2, &ret));
	EXPECT_EQ(0, ret);
	pair_delete(p);
}

/* All lap bytes set for the next lap give at most a ring of requests. */
TEST_EACH(hostile, lap_jump)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	u32 n, slots = p->slots;
	struct blkif_cmd cmd;
	int ret;

	put_requests(p, 0, slots);
	EXPECT_EQ(slots, take_requests(p, 0, slots, &ret));
	put_responses(p, 0, slots / 2);
	for (n = 0; n < slots; n++)
		*req_lap(p, n) = 2;
	/* The slots have their old content; the ring only limits their number. */
	EXPECT_EQ(slots / 2, take_requests(p, 0, slots, &ret));
	EXPECT_EQ(-EPROTO, ret);
	EXPECT_EQ(-EPROTO, blkif_back_rearm(&p->back));
	EXPECT_EQ(-EPROTO, blkif_back_get(&p->back, &cmd));
	pair_delete(p);
}

/* A frontend that asks for the fourth response from now. */
TEST_EACH(hostile, asked_ahead)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	int ret;

	put_requests(p, 0, 8);
	EXPECT_EQ(8, take_requests(p, 0, 8, &ret));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 4));
	EXPECT_TRUE(blkif_back_owes_event(&p->back));
	put_responses(p, 0, 3);
	EXPECT_FALSE(blkif_back_publish(&p->back));
	EXPECT_TRUE(blkif_back_owes_event(&p->back));
	put_responses(p, 3, 1);
	EXPECT_TRUE(blkif_back_publish(&p->back));
	/* It was notified, and is awake until it asks again. */
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	put_responses(p, 4, 1);
	EXPECT_FALSE(blkif_back_publish(&p->back));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(1, blkif_front_rearm(&p->front, 1));
	EXPECT_EQ(5, take_responses(p, 0, 5, &ret));
	pair_delete(p);
}

/* A frontend that asks for more responses than can come is not notified. */
TEST_EACH(hostile, asked_too_far_ahead)
{
	struct pair *p = pair_new(&variant->layout, variant->base);

	EXPECT_EQ(0, blkif_front_rearm(&p->front, p->slots));
	EXPECT_TRUE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, p->slots + 1));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 0));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 0x80000000U));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	pair_delete(p);
}

/* A slot that was taken and is marked again is not taken before its turn. */
TEST_EACH(hostile, marked_again)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	u32 slots = p->slots;
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	int ret;

	put_requests(p, 0, 10);
	EXPECT_EQ(5, take_requests(p, 0, 5, &ret));
	*req_lap(p, 0) = 2;
	*req_lap(p, 1) = 1;
	*req_lap(p, 2) = 77;
	EXPECT_EQ(5, take_requests(p, 5, slots, &ret));
	EXPECT_EQ(0, ret);
	put_responses(p, 0, 10);
	*rsp_lap(p, 9) = 0;
	EXPECT_EQ(9, take_responses(p, 0, slots, &ret));
	EXPECT_EQ(0, ret);
	*rsp_lap(p, 9) = 3;
	EXPECT_EQ(-EPROTO, blkif_front_get(&p->front, &rsp));

	/* It is the turn of slot 0, marked above, in the second lap. */
	put_requests(p, 10, slots - 10);
	EXPECT_EQ(slots - 10, take_requests(p, 10, slots - 10, &ret));
	put_responses(p, 10, slots - 10);
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	EXPECT_TRUE(is_cmd_of(&blkif_abi_slim, &cmd, 0));
	EXPECT_EQ(0, blkif_back_get(&p->back, &cmd));
	pair_delete(p);
}

/* A change of a slot after it was taken has no effect. */
TEST_EACH(hostile, written_after_taken)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;

	put_requests(p, 7, 1);
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	memset(req_lap(p, 0), 0xff, 32);
	EXPECT_TRUE(is_cmd_of(&blkif_abi_slim, &cmd, 7));
	put_responses(p, 7, 1);
	EXPECT_EQ(1, blkif_front_get(&p->front, &rsp));
	memset(rsp_lap(p, 0) - 15, 0xff, 16);
	EXPECT_TRUE(is_rsp_of(&rsp, 7));
	pair_delete(p);
}

/*
 * The ring does not detect responses without a request.  The frontend looks up
 * the id of each response and disconnects if there is no such request.
 */
TEST_EACH(hostile, responses_to_nothing)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	struct blkif_rsp rsp;
	int ret;

	put_responses(p, 1000, 3);
	EXPECT_EQ(3, take_responses(p, 1000, 4, &ret));
	EXPECT_EQ(0, ret);

	/* It does detect reserved bits. */
	put_responses(p, 0, 1);
	rsp_lap(p, 3)[-7] = 1;
	EXPECT_EQ(-EPROTO, blkif_front_get(&p->front, &rsp));
	pair_delete(p);
}

/* The event words of the peer only affect notifications. */
TEST_EACH(hostile, wrong_event_words)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	struct rng rng = { 12 };
	unsigned int i;
	int ret;

	for (i = 0; i < UNIT_ROUNDS(10000); i++) {
		*pair_req_event(p) = rng_edge(&rng);
		*pair_rsp_event(p) = rng_edge(&rng);
		put_requests(p, i, 1);
		blkif_front_publish(&p->front);
		ASSERT_EQ(1, take_requests(p, i, 2, &ret));
		put_responses(p, i, 1);
		blkif_back_publish(&p->back);
		ASSERT_EQ(1, take_responses(p, i, 2, &ret));
	}
	pair_delete(p);
}

UNIT_SUITE(separate,
	   UNIT_CASE(sizes),
	   UNIT_CASE(response_pages),
	   UNIT_CASE(slots_of_a_ring),
	   UNIT_CASE(event_words),
	   UNIT_CASE(halves_have_their_own_lines),
	   UNIT_CASE(worked_exchange),
	   UNIT_CASE(lap_bytes_of_an_honest_peer),
	   UNIT_CASE(lap_values),
	   UNIT_CASE(more_requests_than_slots),
	   UNIT_CASE(lap_jump),
	   UNIT_CASE(asked_ahead),
	   UNIT_CASE(asked_too_far_ahead),
	   UNIT_CASE(marked_again),
	   UNIT_CASE(written_after_taken),
	   UNIT_CASE(responses_to_nothing),
	   UNIT_CASE(wrong_event_words));
