// SPDX-License-Identifier: GPL-2.0
/* nego.h: the choice that two sides with different features agree on. */

#include "unit.h"
#include "xen-blkif/nego.h"

#define HUGE_U32	0xffffffffU

struct row {
	const char *name;
	struct blkif_offer theirs, ours;
	u32 queues, order, segs, align;
	bool persistent, slim, separate;
};

/*
 * An offer is { queues, ring order, indirect segments, slim entries, alignment,
 * persistent, slim, separate }.  A peer that knows the existing protocol only
 * writes no key for slim entries, alignment, slim and separate.
 */
#define LEGACY(queues, order, segs, persistent) \
	{ queues, order, segs, 0, 64, persistent, false, false }
#define OURS	{ 4, 4, 1024, 1024, 128, true, true, true }

static const struct row rows[] = {
	{ "oldest backend", LEGACY(1, 0, 0, false), OURS,
	  1, 0, 11, 64, false, false, false },
	{ "modern backend of the existing protocol", LEGACY(8, 4, 256, true),
	  OURS, 4, 4, 256, 64, true, false, false },
	{ "oldest frontend", { 8, 4, 256, 1024, 128, true, true, true },
	  LEGACY(1, 0, 0, false), 1, 0, 11, 64, false, false, false },
	{ "frontend wants less", LEGACY(8, 4, 256, true), LEGACY(2, 1, 32, true),
	  2, 1, 32, 64, true, false, false },
	{ "zero queues offered", LEGACY(0, 0, 0, false), LEGACY(4, 4, 32, true),
	  1, 0, 11, 64, false, false, false },
	{ "zero queues wanted", LEGACY(4, 0, 0, false), LEGACY(0, 0, 0, false),
	  1, 0, 11, 64, false, false, false },
	{ "huge offer", LEGACY(HUGE_U32, HUGE_U32, HUGE_U32, true),
	  LEGACY(4, 2, 64, true), 4, 2, 64, 64, true, false, false },
	{ "both huge", LEGACY(HUGE_U32, HUGE_U32, HUGE_U32, true),
	  LEGACY(HUGE_U32, HUGE_U32, HUGE_U32, true),
	  256, 4, 4096, 64, true, false, false },
	{ "indirect requests of 11", LEGACY(1, 0, 11, false), LEGACY(1, 0, 32, false),
	  1, 0, 11, 64, false, false, false },
	{ "indirect requests of 12", LEGACY(1, 0, 12, false),
	  LEGACY(1, 0, 32, false), 1, 0, 12, 64, false, false, false },
	{ "indirect requests of 5", LEGACY(1, 0, 5, false),
	  LEGACY(1, 0, 32, false), 1, 0, 11, 64, false, false, false },
	{ "persistent in the backend only", LEGACY(1, 0, 0, true),
	  LEGACY(1, 0, 0, false), 1, 0, 11, 64, false, false, false },
	{ "persistent in the frontend only", LEGACY(1, 0, 0, false),
	  LEGACY(1, 0, 0, true), 1, 0, 11, 64, false, false, false },
	{ "order 5 is more than the protocol has", LEGACY(1, 5, 0, false),
	  LEGACY(1, 5, 0, false), 1, 4, 11, 64, false, false, false },

	{ "all", OURS, OURS, 4, 4, 1024, 128, true, true, true },
	{ "all, huge",
	  { HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32, 1, 1, 1 },
	  { HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32, HUGE_U32, 1, 1, 1 },
	  256, 4, 1024, 128, true, true, true },
	{ "no separate rings in the backend",
	  { 4, 4, 256, 1024, 128, true, true, false }, OURS,
	  4, 4, 1024, 128, true, true, false },
	{ "no separate rings in the frontend", OURS,
	  { 4, 4, 256, 1024, 128, true, true, false },
	  4, 4, 1024, 128, true, true, false },
	{ "separate rings imply slim requests",
	  { 4, 4, 256, 1024, 128, true, false, true }, OURS,
	  4, 4, 1024, 128, true, true, true },
	{ "separate rings in the backend, slim requests in the frontend",
	  { 4, 4, 256, 1024, 128, true, false, true },
	  { 4, 4, 1024, 1024, 128, true, true, false },
	  4, 4, 256, 128, true, false, false },
	{ "backend with 64 only", { 1, 0, 0, 512, 64, false, true, true }, OURS,
	  1, 0, 512, 64, false, true, true },
	{ "frontend with 64 only", OURS, { 1, 0, 0, 512, 64, false, true, true },
	  1, 0, 512, 64, false, true, true },
	{ "alignment 127", OURS,
	  { 1, 0, 0, 512, 127, false, true, true },
	  1, 0, 512, 64, false, true, true },
	{ "alignment 0",
	  { 1, 0, 0, 512, 0, false, true, true }, OURS,
	  1, 0, 512, 64, false, true, true },
	{ "no indirect slim requests", { 1, 0, 256, 0, 64, 0, 1, 1 }, OURS,
	  1, 0, 2, 64, false, true, true },
	{ "indirect slim requests of two", { 1, 0, 256, 2, 64, 0, 1, 1 }, OURS,
	  1, 0, 2, 64, false, true, true },
	{ "indirect slim requests of three", { 1, 0, 256, 3, 64, 0, 1, 0 },
	  OURS, 1, 0, 3, 64, false, true, false },
};

TEST(choose)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct blkif_choice c = blkif_choose(&r->theirs, &r->ours);
		const struct blkif_layout *l = &c.layout;

		EXPECT_EQ(r->slim ? &blkif_abi_slim : &blkif_abi_native,
			  l->abi)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->separate, l->separate)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->queues, c.nr_queues)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->order, l->order)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->align, l->align)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->persistent, c.persistent)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->segs,
			  blkif_choose_segs(l->abi, &r->theirs, &r->ours))
			TH_LOG("%s", r->name);
		EXPECT_EQ(NULL, blkif_refuse(&c, &r->theirs))
			TH_LOG("%s", r->name);
	}
}

static struct blkif_offer random_offer(struct rng *rng)
{
	struct blkif_offer offer = {
		.max_queues = rng_edge(rng),
		.max_ring_order = rng_edge(rng),
		.max_indirect_segs = rng_edge(rng),
		.max_slim_entries = rng_edge(rng),
		.max_align = rng_edge(rng),
		.persistent = rng_one_in(rng, 2),
		.slim = rng_one_in(rng, 2),
		.separate = rng_one_in(rng, 2),
	};

	return offer;
}

/* 0, or the line of the rule that the choice violates. */
static int bad_choice(const struct blkif_choice *c,
		      const struct blkif_offer *theirs,
		      const struct blkif_offer *ours)
{
	const struct blkif_layout *l = &c->layout;

	if (c->nr_queues < 1 || c->nr_queues > 256 || l->order > 4)
		return __LINE__;
	if (c->nr_queues > 1 && (c->nr_queues > theirs->max_queues ||
				 c->nr_queues > ours->max_queues))
		return __LINE__;
	if (l->order > theirs->max_ring_order ||
	    l->order > ours->max_ring_order)
		return __LINE__;
	if (c->persistent != (theirs->persistent && ours->persistent))
		return __LINE__;
	if (l->separate != (theirs->separate && ours->separate))
		return __LINE__;
	if (l->abi != (l->separate || (theirs->slim && ours->slim) ?
		       &blkif_abi_slim : &blkif_abi_native))
		return __LINE__;
	if (l->align != 64 && (l->align != 128 || theirs->max_align < 128 ||
			       ours->max_align < 128))
		return __LINE__;
	return 0;
}

static int bad_segs(u32 segs, const struct blkif_choice *c,
		    const struct blkif_offer *theirs,
		    const struct blkif_offer *ours)
{
	bool slim = c->layout.abi == &blkif_abi_slim;
	u32 inline_segs = slim ? 2 : 11, most = slim ? 1024 : 4096;
	u32 a = slim ? theirs->max_slim_entries : theirs->max_indirect_segs;
	u32 b = slim ? ours->max_slim_entries : ours->max_indirect_segs;

	if (segs < inline_segs || segs > most)
		return __LINE__;
	return segs > inline_segs && (segs > a || segs > b) ? __LINE__ : 0;
}

/* The choice is never refused, whatever the offer and the capabilities. */
TEST(choice_is_acceptable)
{
	unsigned int i, kinds[3] = { 0 };
	struct rng rng = { 1 };

	for (i = 0; i < UNIT_ROUNDS(1000000); i++) {
		struct blkif_offer theirs = random_offer(&rng);
		struct blkif_offer ours = random_offer(&rng);
		struct blkif_choice c = blkif_choose(&theirs, &ours);
		u32 segs = blkif_choose_segs(c.layout.abi, &theirs, &ours);

		unit_relax();
		ASSERT_EQ(NULL, blkif_refuse(&c, &theirs));
		ASSERT_EQ(0, bad_choice(&c, &theirs, &ours));
		ASSERT_EQ(0, bad_segs(segs, &c, &theirs, &ours));
		kinds[c.layout.separate ? 2 : c.layout.abi->slim]++;
	}
	for (i = 0; i < 3; i++) {
		EXPECT_LT(UNIT_ROUNDS(100000), kinds[i]);
	}
}

/* A peer without the new keys gets the existing protocol. */
TEST(fall_back)
{
	const struct blkif_offer ours = OURS;
	struct rng rng = { 2 };
	unsigned int i;

	for (i = 0; i < UNIT_ROUNDS(100000); i++) {
		struct blkif_offer legacy = random_offer(&rng);
		struct blkif_choice c;

		legacy.slim = false;
		legacy.separate = false;
		c = blkif_choose(&legacy, &ours);
		ASSERT_EQ(&blkif_abi_native, c.layout.abi);
		ASSERT_FALSE(c.layout.separate);
		c = blkif_choose(&ours, &legacy);
		ASSERT_EQ(&blkif_abi_native, c.layout.abi);
		ASSERT_FALSE(c.layout.separate);
	}
}

#define SHARED(_abi, _order)	{ .abi = (_abi), .order = (_order) }
#define SEPARATE(_abi, _align, _order)					\
	{ .abi = (_abi), .separate = true, .order = (_order),		\
	  .align = (_align) }

static const struct refusal {
	struct blkif_choice choice;
	/* reason, if the backend offers 4 queues, order 2 and ... */
	const char *nothing, *slim, *separate_64, *all;
} refusals[] = {
	{ { SHARED(&blkif_abi_x86_32, 0), 1, false }, NULL, NULL, NULL, NULL },
	{ { SHARED(&blkif_abi_x86_64, 2), 4, true }, NULL, NULL, NULL, NULL },
#define ALL(why)	why, why, why, why
	{ { SHARED(NULL, 0), 1, false }, ALL("an unknown protocol") },
	{ { SHARED(&blkif_abi_native, 0), 0, false }, ALL("no queue") },
	{ { SHARED(&blkif_abi_native, 0), 5, false },
	  ALL("more queues than offered") },
	{ { SHARED(&blkif_abi_native, 0), HUGE_U32, false },
	  ALL("more queues than offered") },
	{ { SHARED(&blkif_abi_native, 3), 4, false },
	  ALL("more ring pages than offered") },
	{ { SHARED(&blkif_abi_slim, 255), 4, false },
	  ALL("more ring pages than offered") },
	{ { SEPARATE(&blkif_abi_slim, 64, 3), 4, false },
	  ALL("more ring pages than offered") },
#define NOT_SLIM	"slim requests, which were not offered"
	{ { SHARED(&blkif_abi_slim, 2), 4, false },
	  NOT_SLIM, NULL, NOT_SLIM, NULL },
#define NOT_SEPARATE	"separate rings, which were not offered"
	{ { SEPARATE(&blkif_abi_slim, 64, 2), 4, true },
	  NOT_SEPARATE, NOT_SEPARATE, NULL, NULL },
#define NOT_ALIGN	"a ring alignment that was not offered"
	{ { SEPARATE(&blkif_abi_slim, 128, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NULL },
	{ { SEPARATE(&blkif_abi_slim, 0, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NOT_ALIGN },
	{ { SEPARATE(&blkif_abi_slim, 32, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NOT_ALIGN },
	{ { SEPARATE(&blkif_abi_slim, 96, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NOT_ALIGN },
	{ { SEPARATE(&blkif_abi_slim, 256, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NOT_ALIGN },
	{ { SEPARATE(&blkif_abi_slim, 65535, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NOT_ALIGN, NOT_ALIGN },
#define NEED_SLIM	"separate rings without slim requests"
	{ { SEPARATE(&blkif_abi_native, 64, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NEED_SLIM, NEED_SLIM },
	{ { SEPARATE(&blkif_abi_x86_32, 64, 0), 1, false },
	  NOT_SEPARATE, NOT_SEPARATE, NEED_SLIM, NEED_SLIM },
};

TEST(refuse)
{
	static const struct blkif_offer offers[] = {
		{ 4, 2, 0, 0, 64, false, false, false },
		{ 4, 2, 0, 0, 64, false, true, false },
		{ 4, 2, 0, 0, 64, false, false, true },
		{ 4, 2, 0, 0, 128, false, true, true },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		const char *const want[] = {
			r->nothing, r->slim, r->separate_64, r->all,
		};

		for (j = 0; j < ARRAY_SIZE(offers); j++) {
			const char *why = blkif_refuse(&r->choice, &offers[j]);

			EXPECT_STREQ(want[j] ?: "fine", why ?: "fine")
				TH_LOG("row %u, offer %u", i, j);
		}
	}
}

/* A backend that offers more than the protocol has does not accept it. */
TEST(refuse_more_than_the_protocol_has)
{
	const struct blkif_offer offer = {
		HUGE_U32, HUGE_U32, 0, HUGE_U32, HUGE_U32,
		false, true, true,
	};
	struct blkif_choice c = {
		SEPARATE(&blkif_abi_slim, 128, 4), 256, false
	};

	EXPECT_EQ(NULL, blkif_refuse(&c, &offer));
	c.nr_queues = 257;
	EXPECT_NE(NULL, blkif_refuse(&c, &offer));
	c.nr_queues = 1;
	c.layout.order = 5;
	EXPECT_NE(NULL, blkif_refuse(&c, &offer));
	c.layout.order = 0;
	c.layout.align = 256;
	EXPECT_NE(NULL, blkif_refuse(&c, &offer));
}

static const struct number {
	const char *text;
	int ret;
	u32 val;
} numbers[] = {
	{ "0", 0, 0 },
	{ "1", 0, 1 },
	{ "007", 0, 7 },
	{ "4294967295", 0, 4294967295U },
	{ "4294967296", -ERANGE, 0 },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "18446744073709551617", -ERANGE, 0 },
	{ "99999999999999999999999999999999999999", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1\n", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1.5", -EINVAL, 0 },
	{ "ten", -EINVAL, 0 },
	{ "\xff", -EINVAL, 0 },
	{ "1:", -EINVAL, 0 },
	{ "1/", -EINVAL, 0 },
};

TEST(parse_uint)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct number *n = &numbers[i];
		u32 val = 12345;

		EXPECT_EQ(n->ret, blkif_parse_uint(n->text, &val))
			TH_LOG("\"%s\"", n->text);
		EXPECT_EQ(n->ret ? 12345 : n->val, val)
			TH_LOG("\"%s\"", n->text);
	}
}

UNIT_SUITE(nego,
	   UNIT_CASE(choose),
	   UNIT_CASE(choice_is_acceptable),
	   UNIT_CASE(fall_back),
	   UNIT_CASE(refuse),
	   UNIT_CASE(refuse_more_than_the_protocol_has),
	   UNIT_CASE(parse_uint));
