/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The persistent grants of a queue: which references are mapped, which of them
 * are in use, and which was unused for the longest time.
 *
 * Pure: no lock, no allocation, no grant operation.  The caller provides the
 * memory, and makes sure that all queues together keep no more grants than
 * their device may.
 *
 * An entry is
 *   free      on the list of free entries;
 *   busy      in the hash, with users;
 *   idle      in the hash without users, and on the recency list;
 *   evicted   in neither, and owned by the caller until gcache_free().
 */

#ifndef _XEN_BLKBACK_GCACHE_H
#define _XEN_BLKBACK_GCACHE_H

#include <linux/types.h>

#define GCACHE_NONE	0xffffffffU

/**
 * struct gcache_entry - one persistent grant
 * @gref: reference in the frontend's grant table
 * @handle: of the mapping; belongs to the caller
 * @page: where it is mapped; belongs to the caller
 * @stamp: when it was last put, in the caller's unit
 * @users: requests that use it now
 * @chain: next in the hash bucket or on the list of free entries
 * @older: while idle, the entry that was put before this one
 * @newer: while idle, the entry that was put after this one
 */
struct gcache_entry {
	u32 gref;
	u32 handle;
	void *page;
	u64 stamp;
	u32 users;
	u32 chain;
	u32 older;
	u32 newer;
};

/**
 * struct gcache - persistent grants of one queue
 * @entries: @nr_entries of them
 * @buckets: heads of the hash chains, @bucket_mask + 1 of them
 * @nr_entries: most persistent grants
 * @bucket_mask: number of buckets, which is a power of two, minus one
 * @free: list of free entries
 * @oldest: idle entry to evict first
 * @newest: idle entry to evict last
 * @nr_mapped: entries that are busy or idle
 * @nr_idle: entries on the recency list
 */
struct gcache {
	struct gcache_entry *entries;
	u32 *buckets;
	u32 nr_entries;
	u32 bucket_mask;
	u32 free;
	u32 oldest;
	u32 newest;
	u32 nr_mapped;
	u32 nr_idle;
};

static inline u32 *gcache_bucket(struct gcache *cache, u32 gref)
{
	return &cache->buckets[(gref * 0x9e3779b1U >> 8) & cache->bucket_mask];
}

/**
 * gcache_init() - initialise an empty cache
 * @cache: the cache
 * @entries: memory for @nr_entries, may be NULL if that is 0
 * @nr_entries: most persistent grants
 * @buckets: memory for @nr_buckets
 * @nr_buckets: a power of two
 */
static inline void gcache_init(struct gcache *cache,
			       struct gcache_entry *entries, u32 nr_entries,
			       u32 *buckets, u32 nr_buckets)
{
	u32 i;

	*cache = (struct gcache) {
		.entries = entries,
		.buckets = buckets,
		.nr_entries = nr_entries,
		.bucket_mask = nr_buckets - 1,
		.free = nr_entries ? 0 : GCACHE_NONE,
		.oldest = GCACHE_NONE,
		.newest = GCACHE_NONE,
	};
	for (i = 0; i < nr_buckets; i++)
		buckets[i] = GCACHE_NONE;
	for (i = 0; i < nr_entries; i++)
		entries[i].chain = i + 1 < nr_entries ? i + 1 : GCACHE_NONE;
}

static inline void gcache_list_del(struct gcache *cache,
				   struct gcache_entry *entry)
{
	if (entry->older == GCACHE_NONE)
		cache->oldest = entry->newer;
	else
		cache->entries[entry->older].newer = entry->newer;
	if (entry->newer == GCACHE_NONE)
		cache->newest = entry->older;
	else
		cache->entries[entry->newer].older = entry->older;
	cache->nr_idle--;
}

static inline void gcache_list_add(struct gcache *cache,
				   struct gcache_entry *entry)
{
	u32 index = entry - cache->entries;

	entry->older = cache->newest;
	entry->newer = GCACHE_NONE;
	if (cache->newest == GCACHE_NONE)
		cache->oldest = index;
	else
		cache->entries[cache->newest].newer = index;
	cache->newest = index;
	cache->nr_idle++;
}

/**
 * gcache_get() - use a grant if it is mapped
 * @cache: the cache
 * @gref: its reference
 *
 * Return: the entry, busy until gcache_put(), or NULL if it is not mapped.
 */
static inline struct gcache_entry *gcache_get(struct gcache *cache, u32 gref)
{
	u32 index = *gcache_bucket(cache, gref);

	while (index != GCACHE_NONE) {
		struct gcache_entry *entry = &cache->entries[index];

		if (entry->gref == gref) {
			if (!entry->users++)
				gcache_list_del(cache, entry);
			return entry;
		}
		index = entry->chain;
	}
	return NULL;
}

/**
 * gcache_put() - end a use that gcache_get() or gcache_add() has begun
 * @cache: the cache
 * @entry: a busy entry
 * @now: time, in the caller's unit
 */
static inline void gcache_put(struct gcache *cache, struct gcache_entry *entry,
			      u64 now)
{
	entry->stamp = now;
	if (!--entry->users)
		gcache_list_add(cache, entry);
}

/**
 * gcache_add() - add a grant that was mapped
 * @cache: the cache
 * @gref: its reference, which is not in the cache
 *
 * Return: the entry, busy until gcache_put(), for the caller to set @handle and
 * @page; or NULL if the cache is full.
 */
static inline struct gcache_entry *gcache_add(struct gcache *cache, u32 gref)
{
	u32 *bucket = gcache_bucket(cache, gref);
	struct gcache_entry *entry;
	u32 index = cache->free;

	if (index == GCACHE_NONE)
		return NULL;
	entry = &cache->entries[index];
	cache->free = entry->chain;
	entry->gref = gref;
	entry->users = 1;
	entry->chain = *bucket;
	*bucket = index;
	cache->nr_mapped++;
	return entry;
}

/**
 * gcache_evict() - remove the grant that was idle for the longest time
 * @cache: the cache
 * @before: only if it was put before this time
 *
 * Return: the entry, for the caller to unmap and then to gcache_free(), or
 * NULL if there is none.
 */
static inline struct gcache_entry *gcache_evict(struct gcache *cache,
						u64 before)
{
	struct gcache_entry *entry;
	u32 *link;

	if (cache->oldest == GCACHE_NONE)
		return NULL;
	entry = &cache->entries[cache->oldest];
	if (entry->stamp >= before)
		return NULL;
	gcache_list_del(cache, entry);
	link = gcache_bucket(cache, entry->gref);
	while (*link != entry - cache->entries)
		link = &cache->entries[*link].chain;
	*link = entry->chain;
	cache->nr_mapped--;
	return entry;
}

/**
 * gcache_free() - make an entry free
 * @cache: the cache
 * @entry: an evicted entry, whose grant is unmapped
 */
static inline void gcache_free(struct gcache *cache,
			       struct gcache_entry *entry)
{
	entry->chain = cache->free;
	cache->free = entry - cache->entries;
}

#endif /* _XEN_BLKBACK_GCACHE_H */
