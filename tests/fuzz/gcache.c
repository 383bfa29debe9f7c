// SPDX-License-Identifier: GPL-2.0
/*
 * The cache of persistent grants, against a model that searches its arrays.
 */

#include "fuzz.h"
#include "xen-blkback/gcache.h"

#define MOST	24	/* entries */

enum state {
	FREE,
	BUSY,
	IDLE,
	EVICTED,
};

/* What must be true of each entry, by its index in the cache. */
struct model {
	struct gcache cache;
	u32 nr;
	struct {
		enum state state;
		u32 gref, users;
		u64 stamp, order;
	} entry[MOST];
	u64 now, puts;
};

static u32 count(const struct model *m, enum state state)
{
	u32 i, nr = 0;

	for (i = 0; i < m->nr; i++)
		nr += m->entry[i].state == state;
	return nr;
}

/* The entry of a mapped grant, or GCACHE_NONE. */
static u32 lookup(const struct model *m, u32 gref)
{
	u32 i;

	for (i = 0; i < m->nr; i++) {
		if ((m->entry[i].state == BUSY || m->entry[i].state == IDLE) &&
		    m->entry[i].gref == gref)
			return i;
	}
	return GCACHE_NONE;
}

static u32 oldest(const struct model *m)
{
	u32 i, best = GCACHE_NONE;

	for (i = 0; i < m->nr; i++) {
		if (m->entry[i].state == IDLE &&
		    (best == GCACHE_NONE ||
		     m->entry[i].order < m->entry[best].order))
			best = i;
	}
	return best;
}

static u32 index_of(const struct model *m, const struct gcache_entry *entry)
{
	u32 index = entry - m->cache.entries;

	CHECK(index < m->nr);
	return index;
}

/* An entry in @state, chosen by the input; GCACHE_NONE if there is none. */
static u32 take_entry(struct input *in, const struct model *m, enum state state)
{
	u32 nr = count(m, state), i;

	if (!nr)
		return GCACHE_NONE;
	nr = take_below(in, nr);
	for (i = 0; m->entry[i].state != state || nr--; i++)
		;
	return i;
}

static void get(struct model *m, u32 gref)
{
	struct gcache_entry *entry = gcache_get(&m->cache, gref);
	u32 want = lookup(m, gref);

	CHECK(!entry == (want == GCACHE_NONE));
	if (!entry)
		return;
	CHECK(index_of(m, entry) == want);
	CHECK(entry->gref == gref);
	m->entry[want].state = BUSY;
	m->entry[want].users++;
}

static void add(struct model *m, u32 gref)
{
	struct gcache_entry *entry;
	u32 index;

	if (lookup(m, gref) != GCACHE_NONE)
		return;
	entry = gcache_add(&m->cache, gref);
	CHECK(!entry == !count(m, FREE));
	if (!entry)
		return;
	index = index_of(m, entry);
	CHECK(m->entry[index].state == FREE);
	CHECK(entry->gref == gref);
	m->entry[index].state = BUSY;
	m->entry[index].gref = gref;
	m->entry[index].users = 1;
	/* They belong to the caller. */
	entry->handle = ~gref;
	entry->page = m;
}

static void put(struct model *m, u32 index)
{
	if (index == GCACHE_NONE)
		return;
	gcache_put(&m->cache, &m->cache.entries[index], m->now);
	m->entry[index].stamp = m->now;
	if (--m->entry[index].users)
		return;
	m->entry[index].state = IDLE;
	m->entry[index].order = ++m->puts;
}

static void evict(struct model *m, u64 before)
{
	struct gcache_entry *entry = gcache_evict(&m->cache, before);
	u32 want = oldest(m);

	if (want == GCACHE_NONE || m->entry[want].stamp >= before) {
		CHECK(!entry);
		return;
	}
	CHECK(entry && index_of(m, entry) == want);
	CHECK(entry->gref == m->entry[want].gref);
	CHECK(entry->handle == ~entry->gref && entry->page == m);
	m->entry[want].state = EVICTED;
}

static void release(struct model *m, u32 index)
{
	if (index == GCACHE_NONE)
		return;
	gcache_free(&m->cache, &m->cache.entries[index]);
	m->entry[index].state = FREE;
}

/* The lists have what the model has, and end. */
static void check_lists(const struct model *m)
{
	const struct gcache *cache = &m->cache;
	u32 index, nr = 0, last = GCACHE_NONE;

	for (index = cache->free; index != GCACHE_NONE; nr++) {
		CHECK(nr < m->nr && index < m->nr);
		CHECK(m->entry[index].state == FREE);
		index = cache->entries[index].chain;
	}
	CHECK(nr == count(m, FREE));
	nr = 0;
	for (index = cache->oldest; index != GCACHE_NONE; nr++) {
		CHECK(nr < m->nr && index < m->nr);
		CHECK(m->entry[index].state == IDLE);
		CHECK(cache->entries[index].older == last);
		CHECK(last == GCACHE_NONE || m->entry[last].order <
					     m->entry[index].order);
		last = index;
		index = cache->entries[index].newer;
	}
	CHECK(cache->newest == last);
	CHECK(nr == count(m, IDLE));
	CHECK(cache->nr_idle == nr);
	CHECK(cache->nr_mapped == nr + count(m, BUSY));
}

static void step(struct model *m, struct input *in)
{
	/* Few references, so that they meet. */
	u8 what = take_u8(in);
	u32 gref = take_u8(in) % 48 * 0x01000193U;

	switch (what & 7) {
	case 0:
	case 1:
		get(m, gref);
		break;
	case 2:
	case 3:
		add(m, gref);
		break;
	case 4:
	case 5:
		m->now += what >> 6;
		put(m, take_entry(in, m, BUSY));
		break;
	case 6:
		evict(m, what & 8 ? ~0ULL : m->now - (what >> 5));
		break;
	case 7:
		release(m, take_entry(in, m, EVICTED));
		break;
	}
	check_lists(m);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct model m = { .nr = take_below(&in, MOST + 1), .now = 8 };
	u32 nr_buckets = 1U << take_below(&in, 6);
	u32 *buckets = fuzz_alloc(nr_buckets * sizeof(*buckets));
	struct gcache_entry *entries = NULL;
	u32 i;

	if (m.nr)
		entries = fuzz_alloc(m.nr * sizeof(*entries));
	gcache_init(&m.cache, entries, m.nr, buckets, nr_buckets);
	check_lists(&m);
	for (i = 0; i < 1000 && in.left; i++)
		step(&m, &in);
	free(entries);
	free(buckets);
	return 0;
}
