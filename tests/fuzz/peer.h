/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that changes the memory it shares whenever it likes, as a second CPU
 * of a hostile guest can, but as the input says and without a thread.
 *
 * With FUZZ_TRACE the compiler calls us before each load and store of the code
 * under test.  Each load of shared memory is preceded by a chance for the peer
 * to change it, and is recorded with what it saw.  A test can tell from the
 * record that nothing was read twice, and that what was decoded is what was
 * read.  Without FUZZ_TRACE the peer has its chance before each marked access
 * (READ_ONCE(), load-acquire, store, barrier) and within memcpy() only.
 *
 * The code under test maps the pages as a driver does: no page of separate
 * rings is next to another, and what it must not write is mapped read-only.
 */
#ifndef _PEER_H
#define _PEER_H

static void peer_moves(void);

#define SHIM_READ()	peer_moves()
#define SHIM_LOAD()	peer_moves()
#define SHIM_YIELD()	peer_moves()

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fuzz.h"

#define PAGE		4096U
#define PEER_PAGES	32U	/* 16 for requests, then 16 for responses */
#define PEER_RSP	(16 * PAGE)
/* Each page of separate rings, and each shared ring, is between holes. */
#define PEER_SEPARATE	(2 * PEER_PAGES + 1)
#define PEER_SHARED	(1 + 2 + 4 + 8 + 16 + 5)
#define PEER_ROOM	((PEER_SEPARATE + PEER_SHARED) * PAGE)
#define PEER_LOG	64

/* An access of the code under test: @len bytes at @at. */
struct peer_access {
	u32 at, len;
	bool store;
	u8 saw[16];
};

static struct peer {
	u8 *mem;		/* all pages as the peer maps them */
	u8 *room;		/* where the code under test maps them */
	u8 *shared;		/* a shared ring in @room, or NULL */
	struct input *in;
	bool watch;		/* code under test is running */
	bool hostile;		/* the peer moves while it does */
	bool moved;		/* and has done so */
	u32 from, to;		/* the part of @mem that the peer may write */
	u32 header;		/* where its event word or indexes are */
	u32 index;		/* an index that is plausible at present */
	u32 slots;		/* what is most likely too much */
	u32 slot;		/* where the next slot is */
	struct peer_access log[PEER_LOG];
	u32 nr_log;
} peer;

static inline void *peer_page(u32 nr)
{
	return peer.room + (2 * nr + 1) * PAGE;
}

static inline void *peer_ring(u32 order)
{
	return peer.room + (PEER_SEPARATE + (1U << order) - 1 + order) * PAGE;
}

static inline void peer_map(int fd, void *addr, u32 at, u32 len, int prot)
{
	if (mmap(addr, len, prot, MAP_SHARED | MAP_FIXED, fd, at) != addr)
		abort();
}

/* Once; @req_prot and @rsp_prot are the rights of the code under test. */
static inline void peer_create(int req_prot, int rsp_prot)
{
	int fd = syscall(SYS_memfd_create, "rings", 0);
	u32 i;

	if (fd < 0 || ftruncate(fd, PEER_PAGES * PAGE))
		abort();
	peer.mem = mmap(NULL, PEER_PAGES * PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	peer.room = mmap(NULL, PEER_ROOM, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (peer.mem == MAP_FAILED || peer.room == MAP_FAILED)
		abort();
	for (i = 0; i < PEER_PAGES; i++)
		peer_map(fd, peer_page(i), i * PAGE, PAGE,
			 i < 16 ? req_prot : rsp_prot);
	for (i = 0; i <= 4; i++)
		peer_map(fd, peer_ring(i), 0, PAGE << i,
			 PROT_READ | PROT_WRITE);
	close(fd);
}

/* Is @p in shared memory?  Sets the place in peer.mem. */
static inline UNTRACED bool peer_finds(const void *p, u32 *at)
{
	size_t off = (const u8 *)p - peer.room;

	if (!peer.room || off >= PEER_ROOM)
		return false;
	if (peer.shared) {
		*at = (const u8 *)p - peer.shared;
		return *at < PEER_PAGES * PAGE;
	}
	*at = off / PAGE / 2 * PAGE + off % PAGE;
	/* An access to a hole is about to fault. */
	return off / PAGE & 1 && off / PAGE < PEER_SEPARATE;
}

static inline UNTRACED void peer_writes(u32 at, const void *val, u32 len)
{
	if (at < peer.from || at + len > peer.to)
		return;
	memcpy(peer.mem + at, val, len);
	peer.moved = true;
}

static inline u32 peer_word(u32 at)
{
	struct input *in = peer.in;
	u8 kind = take_u8(in);
	u32 val;

	memcpy(&val, peer.mem + at, sizeof(val));
	switch (kind & 7) {
	case 0:
		return kind >> 3 & 3;			/* a lap byte */
	case 1:
		return (u32)(kind >> 3 & 3) << 24;	/* of a response */
	case 2:
		return (val & ~0xffU) | (kind >> 3 & 3);
	case 3:
		return (val & 0xffffff) | (u32)(kind >> 3 & 3) << 24;
	case 4:
		return peer.index + (kind >> 3) - 8;
	case 5:
		return peer.index + peer.slots + (kind >> 3) - 8;
	case 6:
		return val ^ 1U << (kind >> 3);
	}
	return take_u32(in);
}

/* The peer may change something; @at is what is read next, if that is known. */
static inline void peer_changes(u32 at)
{
	struct input *in = peer.in;
	u8 burst[16];
	u32 val;

	at &= ~3U;
	switch (take_u8(in) & 15) {
	case 9:
		break;
	case 10:
		at ^= 4;
		break;
	case 11:
		at = peer.header + (take_u8(in) & 12);
		break;
	case 12:
		at &= ~31U;
		break;
	case 13:
		at = peer.from + (take_u16(in) * 4) % (peer.to - peer.from);
		break;
	case 14:
		take_bytes(in, burst, sizeof(burst));
		peer_writes(at & ~15U, burst, sizeof(burst));
		return;
	case 15:
		at = (at | 15) - 3;
		break;
	default:
		return;
	}
	CHECK(at <= PEER_PAGES * PAGE - 4);
	val = peer_word(at);
	peer_writes(at, &val, sizeof(val));
}

/* Before a marked access, wherever it goes. */
static void peer_moves(void)
{
#ifndef FUZZ_TRACE
	if (peer.watch && peer.hostile)
		peer_changes(peer.slot);
#endif
}

static inline UNTRACED void peer_accessed(const void *p, u32 len, bool store)
{
	struct peer_access *access;
	u32 at;

	if (!peer.watch || !peer_finds(p, &at))
		return;
	peer.watch = false;
	if (peer.hostile && !store)
		peer_changes(at);
	CHECK(peer.nr_log < PEER_LOG && len <= 16);
	access = &peer.log[peer.nr_log++];
	access->at = at;
	access->len = len;
	access->store = store;
	memcpy(access->saw, peer.mem + at, len);
	peer.watch = true;
}

#ifdef FUZZ_TRACE
#define PEER_HOOKS(size)						\
UNTRACED void __sanitizer_cov_load##size(void *p);			\
UNTRACED void __sanitizer_cov_load##size(void *p)			\
{									\
	peer_accessed(p, size, false);					\
}									\
UNTRACED void __sanitizer_cov_store##size(void *p);			\
UNTRACED void __sanitizer_cov_store##size(void *p)			\
{									\
	peer_accessed(p, size, true);					\
}

PEER_HOOKS(1)
PEER_HOOKS(2)
PEER_HOOKS(4)
PEER_HOOKS(8)
PEER_HOOKS(16)
#endif

/* The peer may move while more than a word is copied. */
static inline UNTRACED void *
peer_memcpy(void *to, const void *from, size_t len)
{
	size_t i, step;

	for (i = 0; i < len; i += step) {
		step = len - i < 8 ? len - i : 8;
		peer_accessed((const u8 *)from + i, step, false);
		peer_accessed((u8 *)to + i, step, true);
		__builtin_memcpy((u8 *)to + i, (const u8 *)from + i, step);
	}
	return to;
}

#include <linux/string.h>
/* A copy of a word becomes a load and a store. */
#define memcpy(to, from, len)						\
	(__builtin_constant_p(len) && (len) <= 8 ?			\
	 __builtin_memcpy(to, from, len) : peer_memcpy(to, from, len))

#include "model.h"
#include "xen-blkif/check.h"
#include "xen-blkif/ring.h"

/* Run code under test; the log is then that of its accesses. */
#define PEER_WATCH(expr) do {						\
	peer.nr_log = 0;						\
	peer.moved = false;						\
	peer.watch = true;						\
	expr;								\
	peer.watch = false;						\
} while (0)

/* Can a model tell what the code under test has seen? */
static inline bool peer_is_known(void)
{
#ifdef FUZZ_TRACE
	return true;
#else
	return !peer.moved;
#endif
}

/* @len bytes at @at, as the code under test has seen them. */
static inline UNTRACED void peer_view(u32 at, void *buf, u32 len)
{
	u32 i, j;

	memcpy(buf, peer.mem + at, len);
	for (i = 0; i < peer.nr_log; i++) {
		const struct peer_access *access = &peer.log[i];

		if (access->store)
			continue;
		for (j = 0; j < access->len; j++) {
			if (access->at + j - at < len)
				((u8 *)buf)[access->at + j - at] =
					access->saw[j];
		}
	}
}

static inline UNTRACED u32 peer_view32(u32 at)
{
	u32 val;

	peer_view(at, &val, sizeof(val));
	return val;
}

/* Bytes of shared memory that may be accessed. */
struct peer_part {
	u32 at, len;
};

/*
 * All accesses were within the given parts, and no byte of the second was read
 * twice: the peer may have changed it in between.
 */
static inline UNTRACED void
check_accesses(struct peer_part word, struct peer_part slot,
	       struct peer_part store)
{
#ifdef FUZZ_TRACE
	u8 times[128] = { 0 };
	u32 i, j;

	CHECK(slot.len <= sizeof(times));
	for (i = 0; i < peer.nr_log; i++) {
		const struct peer_access *access = &peer.log[i];
		u32 at = access->at, len = access->len;

		if (access->store) {
			CHECK(at - store.at < store.len &&
			      at - store.at + len <= store.len);
			continue;
		}
		if (at - word.at < word.len && at - word.at + len <= word.len)
			continue;
		CHECK(at - slot.at < slot.len &&
		      at - slot.at + len <= slot.len);
		for (j = at - slot.at; j < at - slot.at + len; j++)
			CHECK(!times[j]++);
	}
#endif
}

#define NOTHING		((struct peer_part) { 0, 0 })
#define PART(at, len)	((struct peer_part) { (at), (len) })

/* The rings under test, and where the public header says that things are. */
struct place {
	const struct model_kind *kind;
	struct blkif_layout layout;
	u32 slots;
	u32 base;	/* the count of both rings at the start */
};

static inline struct place take_place(struct input *in)
{
	u8 bits = take_u8(in), order = take_u8(in) % 5;
	struct place place = {
		.kind = &model_kinds[bits & 3],
		.layout = {
			.separate = bits & 4,
			.order = bits & 8 ? order : 0,
			.align = bits & 16 ? 128 : 64,
		},
	};
	u32 bytes = PAGE << place.layout.order;

	place.base = bits & 32 ? 0 : -(u32)take_below(in, 300);
	if (bits & 64)
		place.base += 1U << 31;
	if (place.layout.separate)
		place.kind = &model_kinds[3];
	place.layout.abi = place.kind->abi;
	if (place.layout.separate) {
		place.slots = (bytes - 2 * place.layout.align) / 32;
	} else {
		place.slots = 1;
		while (64 + 2 * place.slots * place.kind->req_size <= bytes)
			place.slots *= 2;
	}
	CHECK(blkif_layout_slots(&place.layout) == place.slots);
	return place;
}

/* The slots of request and response number @nr, counted from 0. */
static inline UNTRACED u32 req_at(const struct place *place, u32 nr)
{
	if (place->layout.separate)
		return 2 * place->layout.align + nr % place->slots * 32;
	return 64 + (place->base + nr) % place->slots * place->kind->req_size;
}

static inline UNTRACED u32 rsp_at(const struct place *place, u32 nr)
{
	if (place->layout.separate)
		return PEER_RSP + 2 * place->layout.align +
		       nr % place->slots * 16;
	return req_at(place, nr);
}

static inline UNTRACED u8 lap_of(const struct place *place, u32 nr)
{
	return 1 + nr / place->slots % 2;
}

static inline u32 req_event_at(const struct place *place)
{
	return place->layout.separate ? PEER_RSP + place->layout.align : 4;
}

static inline u32 rsp_event_at(const struct place *place)
{
	return place->layout.separate ? place->layout.align : 12;
}

static inline UNTRACED void put32(u32 at, u32 val)
{
	memcpy(peer.mem + at, &val, sizeof(val));
}

/* Fresh pages for an input. */
static inline void peer_start(const struct place *place, struct input *in,
			      bool is_front)
{
	u32 bytes = PAGE << place->layout.order;

	memset(peer.mem, 0, bytes);
	peer.in = in;
	peer.index = place->base;
	peer.slots = place->slots;
	peer.shared = NULL;
	peer.from = 0;
	peer.to = bytes;
	peer.header = 0;
	peer.slot = 0;
	if (!place->layout.separate) {
		peer.shared = peer_ring(place->layout.order);
		return;
	}
	memset(peer.mem + PEER_RSP, 0, bytes);
	peer.header = place->layout.align;
	if (!is_front) {
		peer.from = PEER_RSP;
		peer.to = PEER_RSP +
			  blkif_layout_rsp_pages(&place->layout) * PAGE;
		peer.header += PEER_RSP;
	}
}

/* Pointers to the pages as the code under test maps them. */
static inline void peer_pages(const struct place *place, void **req, void **rsp)
{
	u32 i;

	for (i = 0; i < 16; i++) {
		req[i] = place->layout.separate ? peer_page(i) :
			 peer.shared + i * PAGE;
		rsp[i] = peer_page(16 + i);
	}
}

#endif
