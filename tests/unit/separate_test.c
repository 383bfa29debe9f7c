// SPDX-License-Identifier: GPL-2.0
/*
 * Separate rings: where slots are, and peers that lie.  What a ring cannot see
 * is here too, so that it is known what its user must check.
 */

#include <pthread.h>
#include "ring_fixture.h"

static const u16 aligns[] = { 64, 128 };

/* Written down, not computed: 124 or 120 in the first page, 128 in others. */
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
		EXPECT_LE(shapes[i].slots, blkif_sep_slots(rsp_pages, l.align,
							  16));
		EXPECT_LE(rsp_pages, BLKIF_SEP_MAX_PAGES);
		EXPECT_LE(shapes[i].req_pages, BLKIF_SEP_MAX_PAGES);
	}
}

/* Of any number of slots: enough pages, and none too many. */
TEST(response_pages)
{
	unsigned int a;
	u32 slots;

	for (a = 0; a < ARRAY_SIZE(aligns); a++)
		for (slots = 1; slots <= 2044; slots++) {
			u32 pages = blkif_sep_rsp_pages(slots, aligns[a]);

			ASSERT_LE(slots, blkif_sep_slots(pages, aligns[a], 16));
			if (pages > 1)
				ASSERT_GT(slots, blkif_sep_slots(pages - 1,
								 aligns[a],
								 16));
		}
}

/* Walk two laps; 0 or the line of what is wrong with the place of a slot. */
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
			/* In order, and without a hole. */
			if (at != ring->first + n * size)
				return __LINE__;
			if (off % size || off + size > BLKIF_PAGE_SIZE ||
			    seen[at / 16] != lap - 1)
				return __LINE__;
			/* Not in two lines, however long a line is. */
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
		u8 *seen = calloc(2, PAIR_PAGES * BLKIF_PAGE_SIZE / 16);
		struct pair *p = alloc_lines(sizeof(*p));

		pair_init(p, &l, 0);
		EXPECT_EQ(0, walk(&p->front.sep.req, shapes[i].req_pages,
				  seen, 32));
		EXPECT_EQ(0, walk(&p->back.sep.rsp, shapes[i].rsp_pages, seen +
				  PAIR_PAGES * BLKIF_PAGE_SIZE / 16, 16));
		pair_free(p);
		free(p);
		free(seen);
	}
}

/* Each event word has the second line of its writer's first page for itself. */
TEST(event_words)
{
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(aligns); a++) {
		const struct blkif_layout l = SEPARATE(aligns[a], 0);
		struct pair *p = alloc_lines(sizeof(*p));

		pair_init(p, &l, 0);
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
		pair_free(p);
		free(p);
	}
}

/* The halves of a queue that may run on two CPUs write no common line. */
TEST(halves_have_their_own_lines)
{
	EXPECT_EQ(0, offsetof(struct blkif_sep_pair, rsp) % 64);
	EXPECT_EQ(0, sizeof(struct blkif_sep_pair) % 64);
	EXPECT_EQ(0, offsetof(struct blkif_front_rings, sep) % 64);
	EXPECT_EQ(0, offsetof(struct blkif_back_rings, sep) % 64);
}

#define BYTES(...)	((const u8[]) { __VA_ARGS__ })

/* A page's bytes from @at on, as Documentation/block/xen-blk.rst has them. */
static bool page_has(const void *page, u32 at, const u8 *bytes, u32 nr)
{
	return !memcmp((const u8 *)page + at, bytes, nr);
}

/* The worked exchange of the documentation, by byte. */
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
	struct pair *p = alloc_lines(sizeof(*p));
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	u8 table[32];

	pair_init(p, &l, 0);
	blkif_front_put(&p->front, &read, 0);
	EXPECT_TRUE(blkif_front_publish(&p->front));
	EXPECT_TRUE(page_has(p->back_req[0], 128, BYTES(
		0x01, 0x00, 0x01, 0x00, 0x00, 0x07, 0x00, 0x00,
		0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x4d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00), 32));
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	EXPECT_EQ(0, blkif_back_rearm(&p->back));
	EXPECT_TRUE(page_has(p->front_rsp[0], 64, BYTES(2, 0, 0, 0), 4));

	rsp = (struct blkif_rsp) { .id = cmd.id, .op = cmd.op };
	blkif_back_put(&p->back, &rsp);
	EXPECT_TRUE(page_has(p->front_rsp[0], 128, BYTES(
		0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01), 16));
	EXPECT_TRUE(blkif_back_publish(&p->back));
	EXPECT_EQ(1, blkif_front_get(&p->front, &rsp));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 1));
	EXPECT_TRUE(page_has(p->back_req[0], 64, BYTES(2, 0, 0, 0), 4));

	blkif_indirect_encode(&blkif_abi_slim, table, 0, &entry[0]);
	blkif_indirect_encode(&blkif_abi_slim, table, 1, &entry[1]);
	EXPECT_TRUE(page_has(table, 0, BYTES(
		0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x64, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00,
		0x08, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x65, 0x00, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00), 32));
	blkif_front_put(&p->front, &write, 0);
	EXPECT_TRUE(page_has(p->back_req[0], 160, BYTES(
		0x01, 0x06, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00,
		0x06, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		0xf4, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00), 32));
	EXPECT_TRUE(blkif_front_publish(&p->front));
	EXPECT_EQ(1, blkif_back_get(&p->back, &cmd));
	EXPECT_FALSE(cmd.reserved);
	rsp = (struct blkif_rsp) { .id = cmd.id, .op = cmd.op };
	blkif_back_put(&p->back, &rsp);
	EXPECT_TRUE(page_has(p->front_rsp[0], 144, BYTES(
		0x06, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01), 16));
	pair_free(p);
	free(p);
}

FIXTURE(hostile)
{
	struct pair p __attribute__((__aligned__(64)));
	const struct blkif_abi *abi;
};
FIXTURE_VARIANT(hostile) { struct blkif_layout layout; u32 base; };
FIXTURE_SETUP(hostile)
{
	self->abi = &blkif_abi_slim;
	pair_init(&self->p, &variant->layout, variant->base);
}
FIXTURE_TEARDOWN(hostile) { pair_free(&self->p); }
FIXTURE_VARIANT_ADD(hostile, from_0) { SEPARATE(64, 0), 0 };
FIXTURE_VARIANT_ADD(hostile, before_2_31) { SEPARATE(128, 1), 0x7ffffff8 };
FIXTURE_VARIANT_ADD(hostile, before_2_32) { SEPARATE(64, 2), 0xfffffff8 };

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

/* How many requests were given that are those from @id on. */
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

/* The byte is where the header says, and runs 1, 2, 1, 2, ... a lap. */
TEST_F(hostile, lap_bytes_of_an_honest_peer)
{
	static const u8 laps[] = { 1, 2, 1, 2, 1 };
	u32 n, slots = self->p.slots;
	unsigned int i;
	int ret;

	EXPECT_EQ(0, *req_lap(&self->p, 0) | *rsp_lap(&self->p, slots - 1));
	for (i = 0; i < ARRAY_SIZE(laps); i++) {
		put_requests(&self->p, i * slots, slots);
		EXPECT_EQ(slots, take_requests(&self->p, i * slots, slots,
					       &ret));
		put_responses(&self->p, i * slots, slots);
		EXPECT_EQ(slots, take_responses(&self->p, i * slots, slots,
						&ret));
		for (n = 0; n < slots; n++) {
			ASSERT_EQ(laps[i], *req_lap(&self->p, n));
			ASSERT_EQ(laps[i], *rsp_lap(&self->p, n));
		}
	}
}

/* Every value of the byte there is, in the first lap and in the second. */
TEST_F(hostile, lap_values)
{
	unsigned int lap, mark;
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	int ret;

	for (lap = 1; lap <= 2; lap++) {
		for (mark = 0; mark < 256; mark++) {
			int want = mark > 2 ? -EPROTO : 0;

			if (mark == lap)
				continue;
			*req_lap(&self->p, 0) = mark;
			*rsp_lap(&self->p, 0) = mark;
			EXPECT_EQ(want, blkif_back_get(&self->p.back, &cmd));
			EXPECT_EQ(want, blkif_back_rearm(&self->p.back));
			EXPECT_EQ(want, blkif_front_get(&self->p.front, &rsp));
			EXPECT_EQ(want, blkif_front_rearm(&self->p.front, 1));
		}
		*req_lap(&self->p, 0) = 0;
		*rsp_lap(&self->p, 0) = 0;
		put_requests(&self->p, 0, self->p.slots);
		EXPECT_EQ(self->p.slots, take_requests(&self->p, 0,
						       self->p.slots, &ret));
		put_responses(&self->p, 0, self->p.slots);
		EXPECT_EQ(self->p.slots, take_responses(&self->p, 0,
							self->p.slots, &ret));
	}
}

/* Requests over unanswered ones: none is given, and it is known for a lie. */
TEST_F(hostile, more_requests_than_slots)
{
	u32 slots = self->p.slots;
	struct blkif_cmd cmd;
	int ret;

	put_requests(&self->p, 0, slots);
	EXPECT_TRUE(blkif_front_full(&self->p.front));
	EXPECT_EQ(slots, take_requests(&self->p, 0, slots + 1, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, blkif_back_rearm(&self->p.back));
	put_requests(&self->p, slots, 1);
	EXPECT_EQ(-EPROTO, blkif_back_get(&self->p.back, &cmd));
	EXPECT_EQ(-EPROTO, blkif_back_rearm(&self->p.back));
	/* Once there is room, it is a request like any other. */
	put_responses(&self->p, 0, 1);
	EXPECT_EQ(1, take_requests(&self->p, slots, 2, &ret));
	EXPECT_EQ(0, ret);
}

/* A whole ring that is marked for the lap to come: a ring of requests, once. */
TEST_F(hostile, lap_jump)
{
	u32 n, slots = self->p.slots;
	struct blkif_cmd cmd;
	int ret;

	put_requests(&self->p, 0, slots);
	EXPECT_EQ(slots, take_requests(&self->p, 0, slots, &ret));
	put_responses(&self->p, 0, slots / 2);
	for (n = 0; n < slots; n++)
		*req_lap(&self->p, n) = 2;
	/* Unwritten slots show what was there; only the cap is the ring's. */
	EXPECT_EQ(slots / 2, take_requests(&self->p, 0, slots, &ret));
	EXPECT_EQ(-EPROTO, ret);
	EXPECT_EQ(-EPROTO, blkif_back_rearm(&self->p.back));
	EXPECT_EQ(-EPROTO, blkif_back_get(&self->p.back, &cmd));
}

/* What the backend owes a frontend that asked for more than there is. */
TEST_F(hostile, asked_ahead)
{
	struct pair *p = &self->p;
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
	/* It was notified, and looks for itself until it asks again. */
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	put_responses(p, 4, 1);
	EXPECT_FALSE(blkif_back_publish(&p->back));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(1, blkif_front_rearm(&p->front, 1));
	EXPECT_EQ(5, take_responses(p, 0, 5, &ret));
}

/* The furthest that can be in flight, and further, which asks for nothing. */
TEST_F(hostile, asked_too_far_ahead)
{
	struct pair *p = &self->p;

	EXPECT_EQ(0, blkif_front_rearm(&p->front, p->slots));
	EXPECT_TRUE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, p->slots + 1));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 0));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
	EXPECT_EQ(0, blkif_front_rearm(&p->front, 0x80000000U));
	EXPECT_FALSE(blkif_back_owes_event(&p->back));
}

/* Slots already taken: marking them again does nothing before their turn. */
TEST_F(hostile, marked_again)
{
	u32 slots = self->p.slots;
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;
	int ret;

	put_requests(&self->p, 0, 10);
	EXPECT_EQ(5, take_requests(&self->p, 0, 5, &ret));
	*req_lap(&self->p, 0) = 2;
	*req_lap(&self->p, 1) = 1;
	*req_lap(&self->p, 2) = 77;
	EXPECT_EQ(5, take_requests(&self->p, 5, slots, &ret));
	EXPECT_EQ(0, ret);
	put_responses(&self->p, 0, 10);
	*rsp_lap(&self->p, 9) = 0;
	EXPECT_EQ(9, take_responses(&self->p, 0, slots, &ret));
	EXPECT_EQ(0, ret);
	*rsp_lap(&self->p, 9) = 3;
	EXPECT_EQ(-EPROTO, blkif_front_get(&self->p.front, &rsp));

	/* The turn of slot 0, re-marked above, comes with the second lap. */
	put_requests(&self->p, 10, slots - 10);
	EXPECT_EQ(slots - 10, take_requests(&self->p, 10, slots - 10, &ret));
	put_responses(&self->p, 10, slots - 10);
	EXPECT_EQ(1, blkif_back_get(&self->p.back, &cmd));
	EXPECT_TRUE(is_cmd_of(&blkif_abi_slim, &cmd, 0));
	EXPECT_EQ(0, blkif_back_get(&self->p.back, &cmd));
}

/* A slot that changes after it was taken changes nothing that was taken. */
TEST_F(hostile, written_after_taken)
{
	struct blkif_cmd cmd;
	struct blkif_rsp rsp;

	put_requests(&self->p, 7, 1);
	EXPECT_EQ(1, blkif_back_get(&self->p.back, &cmd));
	memset(req_lap(&self->p, 0), 0xff, 32);
	EXPECT_TRUE(is_cmd_of(self->abi, &cmd, 7));
	put_responses(&self->p, 7, 1);
	EXPECT_EQ(1, blkif_front_get(&self->p.front, &rsp));
	memset(rsp_lap(&self->p, 0) - 15, 0xff, 16);
	EXPECT_TRUE(is_rsp_of(&rsp, 7));
}

/*
 * What the ring cannot see: responses to what was never asked.  They come out
 * as they are, for the frontend to hold against its own table of ids, and to
 * end it all if there is none.
 */
TEST_F(hostile, responses_to_nothing)
{
	struct blkif_rsp rsp;
	int ret;

	put_responses(&self->p, 1000, 3);
	EXPECT_EQ(3, take_responses(&self->p, 1000, 4, &ret));
	EXPECT_EQ(0, ret);

	/* Bits that must be zero are seen. */
	put_responses(&self->p, 0, 1);
	rsp_lap(&self->p, 3)[-7] = 1;
	EXPECT_EQ(-EPROTO, blkif_front_get(&self->p.front, &rsp));
}

/* Event words are the peer's; whatever they say is no more than a wake-up. */
TEST_F(hostile, event_words)
{
	struct rng rng = { 12 };
	unsigned int i;
	int ret;

	for (i = 0; i < 10000; i++) {
		*pair_req_event(&self->p) = rng_edge(&rng);
		*pair_rsp_event(&self->p) = rng_edge(&rng);
		put_requests(&self->p, i, 1);
		blkif_front_publish(&self->p.front);
		ASSERT_EQ(1, take_requests(&self->p, i, 2, &ret));
		put_responses(&self->p, i, 1);
		blkif_back_publish(&self->p.back);
		ASSERT_EQ(1, take_responses(&self->p, i, 2, &ret));
	}
}

/* Both sides' pages, written at random while they are read. */

struct scribble {
	struct pair *p;
	bool stop;
	u32 words;
};

static void scribble_on(void *const *pages, u32 nr, struct rng *rng)
{
	/* Marks that are none stop the reader, so there are few of them. */
	static const u32 words[] = { 0, 1, 2, 0x01000000, 0x02000000 };
	u32 *word = (u32 *)pages[rng_below(rng, nr)] + rng_below(rng, 1024);
	u32 val = rng_one_in(rng, 8) ? rng_u64(rng) :
		  words[rng_below(rng, ARRAY_SIZE(words))];

	__atomic_store_n(word, val, __ATOMIC_RELAXED);
}

static void scribble(struct pair *p, struct rng *rng)
{
	scribble_on(p->front_req, blkif_layout_req_pages(&p->layout), rng);
	scribble_on(p->back_rsp, blkif_layout_rsp_pages(&p->layout), rng);
}

static void *scribbler(void *arg)
{
	struct scribble *s = arg;
	struct rng rng = { 13 };

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		scribble(s->p, &rng);
		__atomic_fetch_add(&s->words, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool scribbled_enough(struct scribble *s)
{
	return __atomic_load_n(&s->words, __ATOMIC_RELAXED) > 100000;
}

/* Whatever is read, a pass ends and no more is taken than there are slots. */
TEST_F(hostile, pages_that_change_all_the_time)
{
	struct scribble s = { .p = &self->p };
	struct rng rng = { 14 };
	u32 taken = 0, got = 0, errors = 0;
	u64 pass;
	pthread_t thread;

	pthread_create(&thread, NULL, scribbler, &s);
	for (pass = 0; pass < 200000 || !scribbled_enough(&s); pass++) {
		struct blkif_cmd cmd;
		struct blkif_rsp rsp = { 0 };
		int ret = blkif_back_get(&self->p.back, &cmd);

		taken += ret > 0;
		errors += ret < 0;
		ASSERT_LE(taken, self->p.slots);
		if (taken && rng_one_in(&rng, 2)) {
			blkif_back_put(&self->p.back, &rsp);
			blkif_back_publish(&self->p.back);
			taken--;
		}
		ret = blkif_front_get(&self->p.front, &rsp);
		got += ret > 0;
		errors += ret < 0;
		blkif_back_rearm(&self->p.back);
		blkif_front_rearm(&self->p.front, 1);
		/* The other thread may not run for long. */
		scribble(&self->p, &rng);
		scribble(&self->p, &rng);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LT(0, errors);
	EXPECT_LT(0, got);
}

TEST_HARNESS_MAIN
