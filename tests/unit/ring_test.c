// SPDX-License-Identifier: GPL-2.0
/* ring.h, one thread: batches, the wrap at 2^32, indexes that lie. */

#include "ring_fixture.h"

static const struct blkif_abi *const abis[] = {
	&blkif_abi_x86_32, &blkif_abi_x86_64, &blkif_abi_native,
};

/* (4096 << order - 64) / 108 or 112, rounded down to a power of two. */
TEST(slots)
{
	static const u32 slots[] = { 32, 64, 128, 256, 512 };
	unsigned int order, i;

	for (i = 0; i < ARRAY_SIZE(abis); i++)
		for (order = 0; order < ARRAY_SIZE(slots); order++) {
			EXPECT_EQ(slots[order],
				  blkif_ring_slots(abis[i], order));
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

/* Is @event in (@from, @to]?  Counted, not computed. */
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

	for (from = base; from != base + 32; from++)
		for (to = from; to != base + 64; to++)
			for (event = base; event != base + 64; event++)
				errors += passed(event, from, to) !=
					  blkif_ring_passed(event, from, to);
	return errors;
}

TEST(event_rule)
{
	EXPECT_EQ(0, event_errors(0));
	EXPECT_EQ(0, event_errors(1000));
	EXPECT_EQ(0, event_errors(0x7ffffff0));
	EXPECT_EQ(0, event_errors(0xfffffff0));
}

/* What a ring should do: two queues, and how far each was published. */
struct model {
	struct pair p;
	struct rng rng;
	u64 put, pushed, got;		/* requests */
	u64 rsp_put, rsp_pushed, rsp_got;
	u64 held[512];			/* taken, not answered */
	u64 answers[512];		/* in the order of the ring */
	unsigned int nr_held;
	unsigned int errors;
};

#define CHECK(m, cond) do {						\
	if (!(cond) && !(m)->errors++)					\
		printf("# line %d: %s\n", __LINE__, #cond);		\
} while (0)

static void front_put_some(struct model *m)
{
	u64 room = m->p.slots - (m->put - m->rsp_got);
	u32 n = rng_below(&m->rng, room + 1);

	while (n--) {
		struct blkif_cmd cmd = cmd_of(m->put++);

		blkif_front_put(&m->p.front, &cmd, m->put);
	}
}

static void front_push(struct model *m)
{
	u32 from = m->p.page->req_prod;
	u32 event = m->p.page->req_event;
	bool notify = blkif_front_push(&m->p.front);

	CHECK(m, m->p.page->req_prod == from + (u32)(m->put - m->pushed));
	CHECK(m, notify == passed(event, from, m->p.page->req_prod));
	m->pushed = m->put;
}

static void back_get_some(struct model *m)
{
	u32 n = rng_below(&m->rng, m->p.slots + 2);

	while (n--) {
		struct blkif_cmd cmd;
		int ret = blkif_back_get(&m->p.back, &cmd);

		CHECK(m, ret == (m->got < m->pushed));
		if (ret != 1)
			break;
		CHECK(m, is_cmd_of(&cmd, m->got));
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

		m->answers[m->rsp_put++ % 512] = m->held[i];
		m->held[i] = m->held[--m->nr_held];
		blkif_back_put(&m->p.back, &rsp);
	}
}

static void back_push(struct model *m)
{
	u32 from = m->p.page->rsp_prod;
	u32 event = m->p.page->rsp_event;
	bool notify = blkif_back_push(&m->p.back);

	CHECK(m, m->p.page->rsp_prod ==
		 from + (u32)(m->rsp_put - m->rsp_pushed));
	CHECK(m, notify == passed(event, from, m->p.page->rsp_prod));
	m->rsp_pushed = m->rsp_put;
}

static void front_get_some(struct model *m)
{
	u32 n = rng_below(&m->rng, m->p.slots + 2);

	while (n--) {
		struct blkif_rsp rsp;
		int ret = blkif_front_get(&m->p.front, &rsp);

		CHECK(m, ret == (m->rsp_got < m->rsp_pushed));
		if (ret != 1)
			break;
		CHECK(m, is_rsp_of(&rsp, m->answers[m->rsp_got++ % 512]));
	}
}

static void arm(struct model *m)
{
	if (m->got == m->pushed) {
		CHECK(m, blkif_back_arm(&m->p.back) == 0);
		CHECK(m, m->p.page->req_event == m->p.back.req_cons + 1);
	}
	if (m->rsp_got == m->rsp_pushed) {
		CHECK(m, blkif_front_arm(&m->p.front) == 0);
		CHECK(m, m->p.page->rsp_event == m->p.front.rsp_cons + 1);
	}
}

static unsigned int run_model(const struct blkif_abi *abi, unsigned int order,
			      u32 base, unsigned int steps)
{
	static void (*const step[])(struct model *m) = {
		front_put_some, front_push, back_get_some, back_put_some,
		back_push, front_get_some, arm,
	};
	struct model *m = calloc(1, sizeof(*m));
	unsigned int errors;

	m->rng.state = base + order;
	CHECK(m, pair_init(&m->p, abi, order, base) == 0);
	while (steps--)
		step[rng_below(&m->rng, ARRAY_SIZE(step))](m);
	CHECK(m, m->rsp_got > 3 * m->p.slots);
	errors = m->errors;
	pair_free(&m->p);
	free(m);
	return errors;
}

TEST(model)
{
	static const u32 bases[] = { 0, 0x7fffff00, 0xffffff00, 0xffffffff };
	unsigned int i, order, b;

	for (i = 0; i < ARRAY_SIZE(abis); i++)
		for (order = 0; order <= BLKIF_MAX_RING_ORDER; order++)
			for (b = 0; b < ARRAY_SIZE(bases); b++) {
				EXPECT_EQ(0, run_model(abis[i], order, bases[b],
						       3000))
					TH_LOG("%s, order %u, from %#x",
					       abis[i]->name, order, bases[b]);
			}
}

/* Put and publish @n requests, take @taken of them, answer @answered. */
static void start(struct pair *p, u32 base, u32 n, u32 taken, u32 answered)
{
	struct blkif_cmd cmd = cmd_of(1);
	struct blkif_rsp rsp = rsp_of(1);

	pair_init(p, &blkif_abi_native, 0, base);
	while (n--)
		blkif_front_put(&p->front, &cmd, 0);
	blkif_front_push(&p->front);
	while (taken--)
		blkif_back_get(&p->back, &cmd);
	while (answered--)
		blkif_back_put(&p->back, &rsp);
	blkif_back_push(&p->back);
}

static int back_sees(struct pair *p, u32 req_prod)
{
	p->page->req_prod = req_prod;
	return blkif_back_poll(&p->back);
}

static int front_sees(struct pair *p, u32 rsp_prod)
{
	p->page->rsp_prod = rsp_prod;
	return blkif_front_poll(&p->front);
}

TEST(full)
{
	struct blkif_rsp rsp;
	struct pair p;

	start(&p, 0xffffffe5, 31, 31, 1);
	EXPECT_FALSE(blkif_front_full(&p.front));
	blkif_front_put(&p.front, &(struct blkif_cmd) { 0 }, 0);
	EXPECT_TRUE(blkif_front_full(&p.front));
	EXPECT_EQ(1, blkif_front_get(&p.front, &rsp));
	EXPECT_FALSE(blkif_front_full(&p.front));
	pair_free(&p);
}

FIXTURE(hostile) { struct pair p; u32 at; };
FIXTURE_VARIANT(hostile) { u32 base; };
FIXTURE_SETUP(hostile) { self->at = variant->base; }
FIXTURE_TEARDOWN(hostile) { pair_free(&self->p); }
FIXTURE_VARIANT_ADD(hostile, from_0) { 0 };
FIXTURE_VARIANT_ADD(hostile, before_2_31) { 0x7ffffff8 };
FIXTURE_VARIANT_ADD(hostile, before_2_32) { 0xfffffff8 };

TEST_F(hostile, requests)
{
	static const u32 lies[] = {
		33, 34, 64, 1000, 0x7fffffff, 0x80000000, 0xffffffff, -2, -32,
	};
	struct blkif_cmd cmd;
	unsigned int i;

	start(&self->p, self->at, 0, 0, 0);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		EXPECT_EQ(-EPROTO, back_sees(&self->p, self->at + lies[i]));
		EXPECT_EQ(-EPROTO, blkif_back_get(&self->p.back, &cmd));
		EXPECT_EQ(-EPROTO, blkif_back_arm(&self->p.back));
	}
	EXPECT_EQ(0, back_sees(&self->p, self->at));
	EXPECT_EQ(1, back_sees(&self->p, self->at + 1));
	EXPECT_EQ(1, back_sees(&self->p, self->at + 32));
}

/* Slots that hold a request without an answer cannot be filled again. */
TEST_F(hostile, requests_over_unanswered_ones)
{
	start(&self->p, self->at, 20, 20, 5);
	EXPECT_EQ(0, back_sees(&self->p, self->at + 20));
	EXPECT_EQ(1, back_sees(&self->p, self->at + 37));
	EXPECT_EQ(-EPROTO, back_sees(&self->p, self->at + 38));
	EXPECT_EQ(-EPROTO, back_sees(&self->p, self->at + 52));
	EXPECT_EQ(-EPROTO, back_sees(&self->p, self->at + 19));
}

TEST_F(hostile, responses)
{
	struct blkif_rsp rsp;

	start(&self->p, self->at, 20, 0, 0);
	EXPECT_EQ(0, front_sees(&self->p, self->at));
	EXPECT_EQ(1, front_sees(&self->p, self->at + 20));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at + 21));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at + 0x80000000));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at - 1));
	self->p.front.rsp_prod = self->p.front.rsp_cons;
	EXPECT_EQ(-EPROTO, blkif_front_get(&self->p.front, &rsp));
	EXPECT_EQ(-EPROTO, blkif_front_arm(&self->p.front));
}

/* What was put and not pushed cannot have been answered. */
TEST_F(hostile, responses_to_the_unpublished)
{
	struct blkif_cmd cmd = cmd_of(2);

	start(&self->p, self->at, 3, 0, 0);
	blkif_front_put(&self->p.front, &cmd, 0);
	EXPECT_EQ(1, front_sees(&self->p, self->at + 3));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at + 4));
	blkif_front_push(&self->p.front);
	EXPECT_EQ(1, front_sees(&self->p, self->at + 4));
}

/* Responses that were taken are not given again. */
TEST_F(hostile, responses_taken_back)
{
	struct blkif_rsp rsp;

	start(&self->p, self->at, 10, 10, 10);
	while (blkif_front_get(&self->p.front, &rsp) == 1)
		;
	EXPECT_EQ(0, front_sees(&self->p, self->at + 10));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at + 9));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at));
	EXPECT_EQ(-EPROTO, front_sees(&self->p, self->at + 11));
}

static int attach(struct pair *p, u32 req_prod, u32 rsp_prod)
{
	p->page->req_prod = req_prod;
	p->page->rsp_prod = rsp_prod;
	return blkif_back_ring_init(&p->back, p->page, &blkif_abi_native, 0);
}

TEST_F(hostile, attach)
{
	start(&self->p, 0, 0, 0, 0);
	EXPECT_EQ(0, attach(&self->p, self->at, self->at));
	EXPECT_EQ(0, attach(&self->p, self->at + 32, self->at));
	EXPECT_EQ(-EPROTO, attach(&self->p, self->at + 33, self->at));
	EXPECT_EQ(-EPROTO, attach(&self->p, self->at, self->at + 1));
	EXPECT_EQ(-EPROTO, attach(&self->p, self->at + 0x80000000, self->at));
}

/* A backend that starts again takes what its predecessor did not answer. */
TEST_F(hostile, attach_with_requests)
{
	struct blkif_cmd cmd;
	unsigned int n = 0;

	start(&self->p, self->at, 20, 12, 7);
	EXPECT_EQ(0, blkif_back_ring_init(&self->p.back, self->p.page,
					  &blkif_abi_native, 0));
	while (blkif_back_get(&self->p.back, &cmd) == 1) {
		EXPECT_TRUE(is_cmd_of(&cmd, 1));
		n++;
	}
	EXPECT_EQ(13, n);
}

TEST_HARNESS_MAIN
