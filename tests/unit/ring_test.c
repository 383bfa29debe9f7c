// SPDX-License-Identifier: GPL-2.0
/*
 * ring.h in one thread: batches and the wrap at 2^32 in every layout, and peers
 * that write wrong indexes to a shared ring.  Such peers of separate rings are
 * in separate_test.c.
 */

#include "ring_fixture.h"

/* (4096 << order - 64) / 108, 112 or 32, rounded down to a power of two. */
TEST(slots)
{
	static const u32 slots[][5] = {
		{ 32, 64, 128, 256, 512 }, { 32, 64, 128, 256, 512 },
		{ 32, 64, 128, 256, 512 }, { 64, 128, 256, 512, 1024 },
	};
	unsigned int order, i;

	for (i = 0; i < ARRAY_SIZE(slots); i++)
		for (order = 0; order < ARRAY_SIZE(slots[0]); order++) {
			struct blkif_layout l = layouts[i];

			l.order = order;
			EXPECT_EQ(slots[i][order], blkif_layout_slots(&l));
			EXPECT_EQ(1 << order, blkif_layout_req_pages(&l));
			EXPECT_EQ(0, blkif_layout_rsp_pages(&l));
		}
}

TEST(same_layout_as_ring_h)
{
	EXPECT_EQ(offsetof(struct blkif_sring, ring), BLKIF_RING_HEADER);
	EXPECT_EQ(offsetof(struct blkif_sring, req_prod),
		  offsetof(struct blkif_ring_indexes, req_prod));
	EXPECT_EQ(offsetof(struct blkif_sring, req_event),
		  offsetof(struct blkif_ring_indexes, req_event));
	EXPECT_EQ(offsetof(struct blkif_sring, rsp_prod),
		  offsetof(struct blkif_ring_indexes, rsp_prod));
	EXPECT_EQ(offsetof(struct blkif_sring, rsp_event),
		  offsetof(struct blkif_ring_indexes, rsp_event));
}

/* Is @event in (@from, @to]?  By counting, unlike the code under test. */
static bool passed(u32 event, u32 from, u32 to)
{
	while (from != to)
		if (++from == event)
			return true;
	return false;
}

/* For every event word around every step of up to 63 slots. */
static unsigned int event_errors(u32 base)
{
	u32 from, to, event;
	unsigned int errors = 0;

	for (from = base; from != base + 32; from++) {
		unit_relax();
		for (to = from; to != base + 64; to++)
			for (event = base; event != base + 64; event++)
				errors += passed(event, from, to) !=
					  blkif_ring_event_passed(event, from,
								  to);
	}
	return errors;
}

TEST(event_rule)
{
	EXPECT_EQ(0, event_errors(0));
	EXPECT_EQ(0, event_errors(1000));
	EXPECT_EQ(0, event_errors(0x7ffffff0));
	EXPECT_EQ(0, event_errors(0xfffffff0));
}

/* A model of the queue: how far requests and responses are. */
struct model {
	struct pair p;
	struct rng rng;
	u32 base;
	u64 put, published, got;	/* requests */
	u64 rsp_put, rsp_published, rsp_got;
	u64 held[2048];			/* taken, not answered */
	u64 answers[2048];		/* in the order of the ring */
	unsigned int nr_held;
	unsigned int errors;
};

#define CHECK(m, cond) do {						\
	if (!(cond) && !(m)->errors++)					\
		unit_note("line %d: %s", __LINE__, #cond);		\
} while (0)

/* The peer sees a lap byte at once, but an index only when it is published. */
static u64 visible(struct model *m, u64 put, u64 published)
{
	return m->p.layout.separate ? put : published;
}

static void front_put_some(struct model *m)
{
	u64 room = m->p.slots - (m->put - m->rsp_got);
	u32 n = rng_below(&m->rng, room + 1);

	CHECK(m, blkif_front_full(&m->p.front) == !room);
	while (n--) {
		struct blkif_cmd cmd = cmd_of(m->p.layout.abi, m->put++);

		CHECK(m, !blkif_front_full(&m->p.front));
		blkif_front_put(&m->p.front, &cmd, m->put);
	}
}

static void front_publish(struct model *m)
{
	u32 from = m->base + m->published, to = m->base + m->put;
	u32 event = *pair_req_event(&m->p);
	bool notify = blkif_front_publish(&m->p.front);

	CHECK(m, !m->p.page || m->p.page->req_prod == to);
	CHECK(m, notify == passed(event, from, to));
	m->published = m->put;
}

static void back_get_some(struct model *m)
{
	u64 end = visible(m, m->put, m->published);
	u32 n = rng_below(&m->rng, m->p.slots + 2);

	while (n--) {
		struct blkif_cmd cmd;
		int ret = blkif_back_get(&m->p.back, &cmd);

		CHECK(m, ret == (m->got < end));
		if (ret != 1)
			break;
		CHECK(m, is_cmd_of(m->p.layout.abi, &cmd, m->got));
		m->held[m->nr_held++] = m->got++;
	}
}

/* In any order. */
static void back_put_some(struct model *m)
{
	u32 n = rng_below(&m->rng, m->nr_held + 1);

	while (n--) {
		u32 i = rng_below(&m->rng, m->nr_held);
		struct blkif_rsp rsp = rsp_of(m->held[i]);

		m->answers[m->rsp_put++ % 2048] = m->held[i];
		m->held[i] = m->held[--m->nr_held];
		blkif_back_put(&m->p.back, &rsp);
	}
}

static void back_publish(struct model *m)
{
	u32 from = m->base + m->rsp_published, to = m->base + m->rsp_put;
	u32 event = *pair_rsp_event(&m->p);
	bool notify = blkif_back_publish(&m->p.back);

	CHECK(m, !m->p.page || m->p.page->rsp_prod == to);
	CHECK(m, notify == passed(event, from, to));
	m->rsp_published = m->rsp_put;
}

static void front_get_some(struct model *m)
{
	u64 end = visible(m, m->rsp_put, m->rsp_published);
	u32 n = rng_below(&m->rng, m->p.slots + 2);

	while (n--) {
		struct blkif_rsp rsp;
		int ret = blkif_front_get(&m->p.front, &rsp);

		CHECK(m, ret == (m->rsp_got < end));
		if (ret != 1)
			break;
		CHECK(m, is_rsp_of(&rsp, m->answers[m->rsp_got++ % 2048]));
	}
}

/* At any time; the result tells whether something is published. */
static void rearm_both(struct model *m)
{
	u64 end = visible(m, m->put, m->published);
	u64 rsp_end = visible(m, m->rsp_put, m->rsp_published);
	u32 ahead = 1 + rng_below(&m->rng, m->p.slots);

	CHECK(m, blkif_back_rearm(&m->p.back) == (m->got < end));
	CHECK(m, *pair_req_event(&m->p) == (u32)(m->base + m->got + 1));
	CHECK(m, blkif_front_rearm(&m->p.front, ahead) ==
		 (m->rsp_got < rsp_end));
	CHECK(m, *pair_rsp_event(&m->p) == (u32)(m->base + m->rsp_got + ahead));
}

static unsigned int run_model(const struct blkif_layout *layout, u32 base,
			      unsigned int steps)
{
	static void (*const step[])(struct model *m) = {
		front_put_some, front_publish, back_get_some, back_put_some,
		back_publish, front_get_some, rearm_both,
	};
	struct model *m = unit_alloc_lines(sizeof(*m));
	unsigned int errors;

	m->base = base;
	m->rng.state = base + layout->order;
	CHECK(m, pair_init(&m->p, layout, base) == 0);
	while (steps-- && !m->errors) {
		unit_relax();
		step[rng_below(&m->rng, ARRAY_SIZE(step))](m);
	}
	CHECK(m, m->rsp_got > UNIT_ROUNDS(3 * m->p.slots));
	errors = m->errors;
	pair_free(&m->p);
	unit_free(m);
	return errors;
}

TEST(model)
{
	static const u32 bases[] = { 0, 0x7fffff00, 0xffffff00, 0xffffffff };
	unsigned int i, order, b;

	for (i = 0; i < ARRAY_SIZE(layouts); i++)
		for (order = 0; order <= BLKIF_MAX_RING_ORDER; order++)
			for (b = 0; b < ARRAY_SIZE(bases); b++) {
				struct blkif_layout l = layouts[i];

				l.order = order;
				EXPECT_EQ(0, run_model(&l, bases[b],
						       UNIT_ROUNDS(3000)))
					TH_LOG(LAYOUT_FMT ", from %#x",
					       LAYOUT_ARGS(&l), bases[b]);
			}
}

/* Put and publish @n requests, take @taken of them, answer @answered. */
static void start(struct pair *p, u32 base, u32 n, u32 taken, u32 answered)
{
	static const struct blkif_layout layout = SHARED(native, 0);
	struct blkif_cmd cmd = cmd_of(&blkif_abi_native, 1);
	struct blkif_rsp rsp = rsp_of(1);

	pair_init(p, &layout, base);
	while (n--)
		blkif_front_put(&p->front, &cmd, 0);
	blkif_front_publish(&p->front);
	while (taken--)
		blkif_back_get(&p->back, &cmd);
	while (answered--)
		blkif_back_put(&p->back, &rsp);
	blkif_back_publish(&p->back);
}

static int back_sees(struct pair *p, u32 req_prod)
{
	p->page->req_prod = req_prod;
	return blkif_back_shared_peek(&p->back.shared);
}

static int front_sees(struct pair *p, u32 rsp_prod)
{
	p->page->rsp_prod = rsp_prod;
	return blkif_front_shared_peek(&p->front.shared);
}

TEST(full)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	struct blkif_rsp rsp;

	start(p, 0xffffffe5, 31, 31, 1);
	EXPECT_FALSE(blkif_front_full(&p->front));
	blkif_front_put(&p->front, &(struct blkif_cmd) { 0 }, 0);
	EXPECT_TRUE(blkif_front_full(&p->front));
	EXPECT_EQ(1, blkif_front_get(&p->front, &rsp));
	EXPECT_FALSE(blkif_front_full(&p->front));
	pair_delete(p);
}

static const struct {
	const char *name;
	u32 base;
} hostile[] = {
	{ "from 0", 0 },
	{ "before 2^31", 0x7ffffff8 },
	{ "before 2^32", 0xfffffff8 },
};

TEST_EACH(hostile, requests)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;
	static const u32 wrong[] = {
		33, 34, 64, 1000, 0x7fffffff, 0x80000000, 0xffffffff, -2, -32,
	};
	struct blkif_cmd cmd;
	unsigned int i;

	start(p, at, 0, 0, 0);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EPROTO, back_sees(p, at + wrong[i]));
		EXPECT_EQ(-EPROTO, blkif_back_get(&p->back, &cmd));
		EXPECT_EQ(-EPROTO, blkif_back_rearm(&p->back));
	}
	EXPECT_EQ(0, back_sees(p, at));
	EXPECT_EQ(1, back_sees(p, at + 1));
	EXPECT_EQ(1, back_sees(p, at + 32));
	pair_delete(p);
}

/* The slot of an unanswered request must not be used again. */
TEST_EACH(hostile, requests_over_unanswered_ones)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;

	start(p, at, 20, 20, 5);
	EXPECT_EQ(0, back_sees(p, at + 20));
	EXPECT_EQ(1, back_sees(p, at + 37));
	EXPECT_EQ(-EPROTO, back_sees(p, at + 38));
	EXPECT_EQ(-EPROTO, back_sees(p, at + 52));
	EXPECT_EQ(-EPROTO, back_sees(p, at + 19));
	pair_delete(p);
}

TEST_EACH(hostile, responses)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;
	struct blkif_rsp rsp;

	start(p, at, 20, 0, 0);
	EXPECT_EQ(0, front_sees(p, at));
	EXPECT_EQ(1, front_sees(p, at + 20));
	EXPECT_EQ(-EPROTO, front_sees(p, at + 21));
	EXPECT_EQ(-EPROTO, front_sees(p, at + 0x80000000));
	EXPECT_EQ(-EPROTO, front_sees(p, at - 1));
	p->front.shared.rsp_prod = p->front.shared.rsp_cons;
	EXPECT_EQ(-EPROTO, blkif_front_get(&p->front, &rsp));
	EXPECT_EQ(-EPROTO, blkif_front_rearm(&p->front, 1));
	pair_delete(p);
}

/* A request that is not published cannot be answered. */
TEST_EACH(hostile, responses_to_the_unpublished)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;
	struct blkif_cmd cmd = cmd_of(&blkif_abi_native, 2);

	start(p, at, 3, 0, 0);
	blkif_front_put(&p->front, &cmd, 0);
	EXPECT_EQ(1, front_sees(p, at + 3));
	EXPECT_EQ(-EPROTO, front_sees(p, at + 4));
	blkif_front_publish(&p->front);
	EXPECT_EQ(1, front_sees(p, at + 4));
	pair_delete(p);
}

/* Responses that were taken cannot be taken again. */
TEST_EACH(hostile, responses_taken_back)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;
	struct blkif_rsp rsp;

	start(p, at, 10, 10, 10);
	while (blkif_front_get(&p->front, &rsp) == 1)
		;
	EXPECT_EQ(0, front_sees(p, at + 10));
	EXPECT_EQ(-EPROTO, front_sees(p, at + 9));
	EXPECT_EQ(-EPROTO, front_sees(p, at));
	EXPECT_EQ(-EPROTO, front_sees(p, at + 11));
	pair_delete(p);
}

static int attach(struct pair *p, u32 req_prod, u32 rsp_prod)
{
	p->page->req_prod = req_prod;
	p->page->rsp_prod = rsp_prod;
	return pair_attach(p);
}

TEST_EACH(hostile, attach_to_indexes)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;

	start(p, 0, 0, 0, 0);
	EXPECT_EQ(0, attach(p, at, at));
	EXPECT_EQ(0, attach(p, at + 32, at));
	EXPECT_EQ(-EPROTO, attach(p, at + 33, at));
	EXPECT_EQ(-EPROTO, attach(p, at, at + 1));
	EXPECT_EQ(-EPROTO, attach(p, at + 0x80000000, at));
	pair_delete(p);
}

/* A new backend takes the requests that the previous one did not answer. */
TEST_EACH(hostile, attach_with_requests)
{
	struct pair *p = unit_alloc_lines(sizeof(*p));
	u32 at = variant->base;
	struct blkif_cmd cmd;
	unsigned int n = 0;

	start(p, at, 20, 12, 7);
	EXPECT_EQ(0, pair_attach(p));
	while (blkif_back_get(&p->back, &cmd) == 1) {
		EXPECT_TRUE(is_cmd_of(&blkif_abi_native, &cmd, 1));
		n++;
	}
	EXPECT_EQ(13, n);
	pair_delete(p);
}

UNIT_SUITE(ring,
	   UNIT_CASE(slots),
	   UNIT_CASE(same_layout_as_ring_h),
	   UNIT_CASE(event_rule),
	   UNIT_CASE(model),
	   UNIT_CASE(full),
	   UNIT_CASE(requests),
	   UNIT_CASE(requests_over_unanswered_ones),
	   UNIT_CASE(responses),
	   UNIT_CASE(responses_to_the_unpublished),
	   UNIT_CASE(responses_taken_back),
	   UNIT_CASE(attach_to_indexes),
	   UNIT_CASE(attach_with_requests));
