// SPDX-License-Identifier: GPL-2.0
/* nego.h: what two sides that know different things agree on. */

#include "unit.h"
#include "xen-blkif/nego.h"

#define HUGE_U32	0xffffffffU

struct row {
	const char *name;
	struct blkif_offer theirs, ours;
	u32 queues, order, segs;
	bool persistent;
};

/* An offer is { queues, ring order, indirect segments, persistent }. */
static const struct row rows[] = {
	{ "old backend", { 1, 0, 0, false }, { 4, 4, 1024, true },
	  1, 0, 11, false },
	{ "old frontend", { 8, 4, 256, true }, { 1, 0, 0, false },
	  1, 0, 11, false },
	{ "both modern", { 8, 4, 256, true }, { 4, 4, 1024, true },
	  4, 4, 256, true },
	{ "frontend wants less", { 8, 4, 256, true }, { 2, 1, 32, true },
	  2, 1, 32, true },
	{ "zero queues offered", { 0, 0, 0, false }, { 4, 4, 32, true },
	  1, 0, 11, false },
	{ "zero queues wanted", { 4, 0, 0, false }, { 0, 0, 0, false },
	  1, 0, 11, false },
	{ "huge offer", { HUGE_U32, HUGE_U32, HUGE_U32, true },
	  { 4, 2, 64, true }, 4, 2, 64, true },
	{ "both huge", { HUGE_U32, HUGE_U32, HUGE_U32, true },
	  { HUGE_U32, HUGE_U32, HUGE_U32, true }, 256, 4, 4096, true },
	{ "indirect is no gain", { 1, 0, 11, false }, { 1, 0, 32, false },
	  1, 0, 11, false },
	{ "indirect is a small gain", { 1, 0, 12, false }, { 1, 0, 32, false },
	  1, 0, 12, false },
	{ "indirect of 5 is worse than none", { 1, 0, 5, false },
	  { 1, 0, 32, false }, 1, 0, 11, false },
	{ "persistent in the backend only", { 1, 0, 0, true },
	  { 1, 0, 0, false }, 1, 0, 11, false },
	{ "persistent in the frontend only", { 1, 0, 0, false },
	  { 1, 0, 0, true }, 1, 0, 11, false },
	{ "order 5 is more than the protocol has", { 1, 5, 0, false },
	  { 1, 5, 0, false }, 1, 4, 11, false },
};

TEST(choose)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct blkif_choice c = blkif_choose(&r->theirs, &r->ours);

		EXPECT_EQ(&blkif_abi_native, c.abi);
		EXPECT_EQ(r->queues, c.nr_queues)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->order, c.ring_order)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->persistent, c.persistent)
			TH_LOG("%s", r->name);
		EXPECT_EQ(r->segs, blkif_choose_segs(&r->theirs, &r->ours))
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
		.persistent = rng_one_in(rng, 2),
	};

	return offer;
}

/* Whatever was offered and is wanted, the choice is not refused. */
TEST(choice_is_acceptable)
{
	struct rng rng = { 1 };
	unsigned int i;

	for (i = 0; i < 1000000; i++) {
		struct blkif_offer theirs = random_offer(&rng);
		struct blkif_offer ours = random_offer(&rng);
		struct blkif_choice c = blkif_choose(&theirs, &ours);
		u32 segs = blkif_choose_segs(&theirs, &ours);

		ASSERT_EQ(NULL, blkif_refuse(&c, &theirs));
		ASSERT_GE(256, c.nr_queues);
		ASSERT_GE(4, c.ring_order);
		ASSERT_EQ(theirs.persistent && ours.persistent, c.persistent);
		ASSERT_LE(11, segs);
		ASSERT_GE(4096, segs);
		if (segs > 11) {
			ASSERT_GE(theirs.max_indirect_segs, segs);
			ASSERT_GE(ours.max_indirect_segs, segs);
		}
	}
}

static const struct refusal {
	struct blkif_choice choice;
	const char *reason;
} refusals[] = {
	/* to a backend that offers 4 queues and order 2 */
	{ { &blkif_abi_x86_32, 1, 0, false }, NULL },
	{ { &blkif_abi_x86_64, 4, 2, true }, NULL },
	{ { NULL, 1, 0, false }, "unknown protocol" },
	{ { &blkif_abi_native, 0, 0, false },
	  "multi-queue-num-queues is zero" },
	{ { &blkif_abi_native, 5, 0, false }, "more queues than offered" },
	{ { &blkif_abi_native, HUGE_U32, 0, false },
	  "more queues than offered" },
	{ { &blkif_abi_native, 4, 3, false },
	  "more ring pages than offered" },
	{ { &blkif_abi_native, 4, HUGE_U32, false },
	  "more ring pages than offered" },
};

TEST(refuse)
{
	const struct blkif_offer offer = { 4, 2, 0, false };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		const char *why = blkif_refuse(&refusals[i].choice, &offer);

		EXPECT_STREQ(refusals[i].reason ?: "fine", why ?: "fine");
	}
}

/* A backend that was told to offer more than there is takes no more. */
TEST(refuse_more_than_the_protocol_has)
{
	const struct blkif_offer offer = { HUGE_U32, HUGE_U32, 0, false };
	struct blkif_choice c = { &blkif_abi_native, 256, 4, false };

	EXPECT_EQ(NULL, blkif_refuse(&c, &offer));
	c.nr_queues = 257;
	EXPECT_NE(NULL, blkif_refuse(&c, &offer));
	c.nr_queues = 1;
	c.ring_order = 5;
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

TEST_HARNESS_MAIN
