// SPDX-License-Identifier: GPL-2.0
/* gcache.h, compared with a simple model. */

#include "unit.h"
#include "xen-blkback/gcache.h"

#define MAX_GREFS	2200

enum state { ABSENT, MAPPED, EVICTED };

struct ref {
	enum state state;
	u32 users;
	u64 stamp;
	u64 order;		/* sequence number of when it became idle */
	struct gcache_entry *entry;
};

struct model {
	struct gcache cache;
	struct rng rng;
	struct ref ref[MAX_GREFS];
	u32 cap, nr_grefs;
	u32 nr_mapped, nr_idle, nr_evicted;
	u64 now, order;
	unsigned int errors;
	unsigned int hits, full, evictions;
};

#define CHECK(m, cond) do {						\
	if (!(cond) && !(m)->errors++)					\
		unit_note("line %d: %s", __LINE__, #cond);		\
} while (0)

/* Spread over all 32 bits; many have the same low bits. */
static u32 gref_of(u32 i)
{
	return i & 1 ? i : i << 20;
}

static u32 random_ref(struct model *m)
{
	return rng_below(&m->rng, m->nr_grefs);
}

static void check_entry(struct model *m, u32 i, struct gcache_entry *entry)
{
	CHECK(m, entry >= m->cache.entries);
	CHECK(m, entry < m->cache.entries + m->cap);
	CHECK(m, entry->gref == gref_of(i));
	CHECK(m, entry->handle == ~i);
	CHECK(m, entry->page == &m->ref[i]);
}

static void op_add(struct model *m, u32 i)
{
	struct ref *ref = &m->ref[i];
	bool room = m->nr_mapped + m->nr_evicted < m->cap;

	ref->entry = gcache_add(&m->cache, gref_of(i));
	CHECK(m, !!ref->entry == room);
	if (!ref->entry) {
		m->full++;
		return;
	}
	ref->entry->handle = ~i;
	ref->entry->page = ref;
	ref->state = MAPPED;
	ref->users = 1;
	m->nr_mapped++;
}

static void op_get(struct model *m)
{
	u32 i = random_ref(m);
	struct ref *ref = &m->ref[i];
	struct gcache_entry *entry = gcache_get(&m->cache, gref_of(i));

	CHECK(m, !!entry == (ref->state == MAPPED));
	if (entry) {
		CHECK(m, entry == ref->entry);
		check_entry(m, i, entry);
		m->nr_idle -= !ref->users++;
		m->hits++;
	} else if (ref->state == ABSENT) {
		op_add(m, i);
	}
}

static void op_put(struct model *m)
{
	u32 i = random_ref(m);
	struct ref *ref = &m->ref[i];

	if (ref->state != MAPPED || !ref->users)
		return;
	check_entry(m, i, ref->entry);
	m->now += rng_below(&m->rng, 3);
	gcache_put(&m->cache, ref->entry, m->now);
	ref->stamp = m->now;
	if (--ref->users)
		return;
	ref->order = m->order++;
	m->nr_idle++;
}

static struct ref *oldest_idle(struct model *m)
{
	struct ref *oldest = NULL;
	u32 i;

	for (i = 0; i < m->nr_grefs; i++) {
		struct ref *ref = &m->ref[i];

		if (ref->state == MAPPED && !ref->users &&
		    (!oldest || ref->order < oldest->order))
			oldest = ref;
	}
	return oldest;
}

/* Without regard to age, or only if it was idle for too long. */
static void op_evict(struct model *m)
{
	u64 before = rng_one_in(&m->rng, 2) ? ~0ULL :
		     m->now - rng_below(&m->rng, 2 * m->cap + 2);
	struct ref *want = oldest_idle(m);
	struct gcache_entry *entry;

	if (before > m->now && before != ~0ULL)
		before = 0;
	if (want && want->stamp >= before)
		want = NULL;
	entry = gcache_evict(&m->cache, before);
	CHECK(m, entry == (want ? want->entry : NULL));
	if (!entry)
		return;
	check_entry(m, want - m->ref, entry);
	CHECK(m, !entry->users);
	want->state = EVICTED;
	m->nr_mapped--;
	m->nr_idle--;
	m->nr_evicted++;
	m->evictions++;
}

static void op_free(struct model *m)
{
	struct ref *ref = &m->ref[random_ref(m)];

	if (ref->state != EVICTED)
		return;
	gcache_free(&m->cache, ref->entry);
	ref->state = ABSENT;
	m->nr_evicted--;
}

static void step(struct model *m)
{
	u32 dice = rng_below(&m->rng, 100);

	if (dice < 40)
		op_get(m);
	else if (dice < 80)
		op_put(m);
	else if (dice < 85)
		op_evict(m);
	else
		op_free(m);
	CHECK(m, m->cache.nr_mapped == m->nr_mapped);
	CHECK(m, m->cache.nr_idle == m->nr_idle);
	CHECK(m, m->nr_mapped <= m->cap);
}

/* All entries can be put, evicted in the order of age, and freed. */
static void drain(struct model *m)
{
	struct gcache_entry *entry;
	u64 stamp = 0;
	u32 i, n = 0;

	for (i = 0; i < m->nr_grefs; i++)
		for (; m->ref[i].state == MAPPED && m->ref[i].users;
		     m->ref[i].users--)
			gcache_put(&m->cache, m->ref[i].entry, m->now);
	CHECK(m, m->cache.nr_idle == m->nr_mapped);
	while ((entry = gcache_evict(&m->cache, ~0ULL))) {
		CHECK(m, entry->stamp >= stamp);
		stamp = entry->stamp;
		gcache_free(&m->cache, entry);
		n++;
	}
	CHECK(m, n == m->nr_mapped);
	CHECK(m, !m->cache.nr_mapped && !m->cache.nr_idle);
	for (i = 0; i < m->cap - m->nr_evicted; i++)
		CHECK(m, gcache_add(&m->cache, 0x80000000 + i));
	CHECK(m, !gcache_add(&m->cache, 0x7fffffff));
}

static const struct {
	const char *name;
	u32 cap, nr_grefs, nr_buckets, steps;
} variants[] = {
	{ "no room", 0, 10, 1, UNIT_ROUNDS(10000) },
	{ "one", 1, 3, 1, UNIT_ROUNDS(100000) },
	{ "few in one bucket", 5, 8, 1, UNIT_ROUNDS(200000) },
	{ "all fit", 64, 64, 64, UNIT_ROUNDS(200000) },
	{ "twice too many", 64, 128, 64, UNIT_ROUNDS(1000000) },
	{ "as in tree", 1056, MAX_GREFS, 1024, UNIT_ROUNDS(150000) },
};

TEST_EACH(variants, model)
{
	struct model *m = unit_alloc(sizeof(*m));
	struct gcache_entry *entries = unit_alloc(variant->cap *
						  sizeof(*entries));
	u32 *buckets = unit_alloc(variant->nr_buckets * sizeof(*buckets));
	u32 i;

	m->cap = variant->cap;
	m->nr_grefs = variant->nr_grefs;
	gcache_init(&m->cache, entries, m->cap, buckets, variant->nr_buckets);
	for (i = 0; i < variant->steps && !m->errors; i++) {
		unit_relax();
		step(m);
	}
	if (m->cap) {
		EXPECT_LT(0, m->hits);
		EXPECT_LT(0, m->evictions);
	}
	if (m->cap < m->nr_grefs) {
		EXPECT_LT(0, m->full);
	}
	drain(m);
	EXPECT_EQ(0, m->errors);
	unit_free(buckets);
	unit_free(entries);
	unit_free(m);
}

TEST(idle_expiry)
{
	struct gcache_entry entries[3], *a, *b;
	struct gcache cache;
	u32 buckets[2];

	gcache_init(&cache, entries, 3, buckets, 2);
	a = gcache_add(&cache, 10);
	b = gcache_add(&cache, 20);
	EXPECT_EQ(NULL, gcache_evict(&cache, ~0ULL));
	gcache_put(&cache, a, 100);
	gcache_put(&cache, b, 200);
	EXPECT_EQ(NULL, gcache_evict(&cache, 100));
	EXPECT_EQ(a, gcache_evict(&cache, 101));
	EXPECT_EQ(NULL, gcache_get(&cache, 10));
	EXPECT_EQ(NULL, gcache_evict(&cache, 200));

	/* Using an entry makes it the youngest. */
	EXPECT_EQ(b, gcache_get(&cache, 20));
	EXPECT_EQ(NULL, gcache_evict(&cache, ~0ULL));
	gcache_put(&cache, b, 300);
	EXPECT_EQ(NULL, gcache_evict(&cache, 300));
	EXPECT_EQ(b, gcache_evict(&cache, 301));
}

/* An evicted entry counts until its grant is unmapped and it is freed. */
TEST(evicted_entries_count)
{
	struct gcache_entry entries[2], *a, *b;
	struct gcache cache;
	u32 buckets[1];

	gcache_init(&cache, entries, 2, buckets, 1);
	a = gcache_add(&cache, 1);
	b = gcache_add(&cache, 2);
	ASSERT_TRUE(a && b && a != b);
	EXPECT_EQ(NULL, gcache_add(&cache, 3));
	gcache_put(&cache, b, 1);
	EXPECT_EQ(b, gcache_evict(&cache, ~0ULL));
	EXPECT_EQ(NULL, gcache_add(&cache, 3));
	gcache_free(&cache, b);
	EXPECT_EQ(b, gcache_add(&cache, 3));
	EXPECT_EQ(a, gcache_get(&cache, 1));
	EXPECT_EQ(2, a->users);
}

UNIT_SUITE(gcache,
	   UNIT_CASE(model),
	   UNIT_CASE(idle_expiry),
	   UNIT_CASE(evicted_entries_count));
