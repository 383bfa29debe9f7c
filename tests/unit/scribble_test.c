// SPDX-License-Identifier: GPL-2.0
/*
 * Separate rings whose pages another thread overwrites at random while both
 * sides read them.
 */

#include <pthread.h>
#include "ring_fixture.h"

static const struct {
	const char *name;
	struct blkif_layout layout;
	u32 base;
} rings[] = {
	{ "from 0", SEPARATE(64, 0), 0 },
	{ "before 2^31", SEPARATE(128, 1), 0x7ffffff8 },
	{ "before 2^32", SEPARATE(64, 2), 0xfffffff8 },
};

struct scribble {
	struct pair *p;
	bool stop;
	u32 words;
};

static void scribble_on(void *const *pages, u32 nr, struct rng *rng)
{
	/* An invalid lap byte stops the reader, so these are rare. */
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

/* No more requests are taken than there are slots, whatever is read. */
TEST_EACH(rings, pages_that_change)
{
	struct pair *p = pair_new(&variant->layout, variant->base);
	struct scribble s = { .p = p };
	struct rng rng = { 14 };
	u32 taken = 0, got = 0, errors = 0;
	u64 pass;
	pthread_t thread;

	pthread_create(&thread, NULL, scribbler, &s);
	for (pass = 0; pass < 200000 || !scribbled_enough(&s); pass++) {
		struct blkif_cmd cmd;
		struct blkif_rsp rsp = { 0 };
		int ret = blkif_back_get(&p->back, &cmd);

		taken += ret > 0;
		errors += ret < 0;
		ASSERT_LE(taken, p->slots);
		if (taken && rng_one_in(&rng, 2)) {
			blkif_back_put(&p->back, &rsp);
			blkif_back_publish(&p->back);
			taken--;
		}
		ret = blkif_front_get(&p->front, &rsp);
		got += ret > 0;
		errors += ret < 0;
		blkif_back_rearm(&p->back);
		blkif_front_rearm(&p->front, 1);
		/* In case the other thread gets little time. */
		scribble(p, &rng);
		scribble(p, &rng);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_LT(0, errors);
	EXPECT_LT(0, got);
	pair_delete(p);
}

UNIT_SUITE(scribble,
	   UNIT_CASE(pages_that_change));
