/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both sides of a queue at the same time, on two threads or on four (one for
 * each half of each side), which sleep whenever the ring allows it.
 */
#ifndef _RING_THREADS_H
#define _RING_THREADS_H

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

#define PAIR_ONE_MAPPING
#include "ring_fixture.h"

/*
 * A notification that has not arrived by then is lost.  This is longer than a
 * runnable thread waits for a CPU, even on a slow and busy machine.
 */
#define LOST_MS		300000

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__
#endif
#endif

#ifdef __SANITIZE_THREAD__
#define REQUESTS	20000
#else
#define REQUESTS	100000
#endif

#define BASE		0xffffff00
#define MAX_SLOTS	2044

struct bench {
	struct pair p;
	u32 requests;
	u64 seed;
	/* no tags: only the ring limits the number of requests */
	bool no_tags;
	u8 *answered;			/* number of responses by request */
	int front_event, back_event;
	u32 sent;			/* requests that were published */
	u32 errors;
	u32 sleeps;

	/* requests taken but not answered, shared by the backend's threads */
	pthread_mutex_t lock;
	pthread_cond_t more;
	u64 held[MAX_SLOTS];
	u32 nr_held;

	/* free tags, shared by the frontend's threads */
	pthread_cond_t room;
	u16 tags[MAX_SLOTS];
	u32 nr_tags;
};

static void notify(int event)
{
	u64 one = 1;

	if (write(event, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* Only the first failure is printed; others follow from it. */
static void fail(struct bench *b, int line, const char *what)
{
	if (__atomic_fetch_add(&b->errors, 1, __ATOMIC_RELAXED))
		return;
	printf("# line %d: %s\n", line, what);
	fflush(stdout);
	/* Wake all threads, so that they end. */
	pthread_mutex_lock(&b->lock);
	pthread_cond_broadcast(&b->room);
	pthread_cond_broadcast(&b->more);
	pthread_mutex_unlock(&b->lock);
	notify(b->front_event);
	notify(b->back_event);
}

#define FAIL_IF(b, cond) do {						\
	if (cond)							\
		fail(b, __LINE__, #cond);				\
} while (0)

static bool failed(struct bench *b)
{
	return __atomic_load_n(&b->errors, __ATOMIC_RELAXED);
}

static void wait_for(struct bench *b, int event)
{
	struct pollfd fd = { .fd = event, .events = POLLIN };
	u64 count;

	__atomic_fetch_add(&b->sleeps, 1, __ATOMIC_RELAXED);
	FAIL_IF(b, poll(&fd, 1, LOST_MS) != 1);
	if (!failed(b) && read(event, &count, sizeof(count)) < 0)
		abort();
}

static u64 id_of(u16 tag, u32 n)
{
	return (u64)n << 32 | tag;
}

/* The frontend's request half. */

static bool take_room(struct bench *b, u16 *tag, bool wait)
{
	*tag = 0;
	while (blkif_front_full(&b->p.front)) {
		if (!wait || failed(b))
			return false;
		sched_yield();
	}
	return true;
}

static bool take_tag(struct bench *b, u16 *tag, bool wait)
{
	bool taken = false;

	if (b->no_tags)
		return take_room(b, tag, wait);
	pthread_mutex_lock(&b->lock);
	while (wait && !b->nr_tags && !failed(b))
		pthread_cond_wait(&b->room, &b->lock);
	if (b->nr_tags) {
		*tag = b->tags[--b->nr_tags];
		taken = true;
	}
	pthread_mutex_unlock(&b->lock);
	return taken;
}

static u32 submit(struct bench *b, u32 from, u32 batch, bool wait)
{
	u16 tag;

	while (batch-- && from < b->requests && take_tag(b, &tag, wait)) {
		u64 id = id_of(tag, from++);
		struct blkif_cmd cmd = cmd_of(b->p.layout.abi, id);

		blkif_front_put(&b->p.front, &cmd, tag);
		wait = false;
	}
	if (blkif_front_publish(&b->p.front))
		notify(b->back_event);
	__atomic_store_n(&b->sent, from, __ATOMIC_RELEASE);
	return from;
}

static void *submitter(void *arg)
{
	struct bench *b = arg;
	struct rng rng = { b->seed + 2 };
	u32 n = 0;

	while (n < b->requests && !failed(b))
		n = submit(b, n, 1 + rng_below(&rng, 16), true);
	return NULL;
}

/* The frontend's response half. */

static void free_tag(struct bench *b, u16 tag)
{
	if (b->no_tags)
		return;
	pthread_mutex_lock(&b->lock);
	b->tags[b->nr_tags++] = tag;
	pthread_cond_signal(&b->room);
	pthread_mutex_unlock(&b->lock);
}

static u32 complete(struct bench *b)
{
	struct blkif_rsp rsp;
	u32 n = 0;
	int ret;

	while ((ret = blkif_front_get(&b->p.front, &rsp)) == 1) {
		FAIL_IF(b, !is_rsp_of(&rsp, rsp.id));
		FAIL_IF(b, rsp.id >> 32 >= b->requests ||
			b->answered[rsp.id >> 32]++);
		if (failed(b))
			return n;
		free_tag(b, (u16)rsp.id);
		n++;
	}
	FAIL_IF(b, ret < 0);
	return n;
}

/* Sleep until a random number of the requests in flight is answered. */
static void front_sleep(struct bench *b, struct rng *rng, u32 done)
{
	u32 sent = __atomic_load_n(&b->sent, __ATOMIC_ACQUIRE);
	/* A response may arrive before "sent" is updated. */
	u32 ahead = sent > done ? 1 + rng_below(rng, sent - done) : 1;
	int ret = blkif_front_rearm(&b->p.front, ahead);

	FAIL_IF(b, ret < 0);
	if (!ret)
		wait_for(b, b->front_event);
}

static void *completer(void *arg)
{
	struct bench *b = arg;
	struct rng rng = { b->seed + 6 };
	u32 n = 0;

	while (n < b->requests && !failed(b)) {
		u32 got = complete(b);

		n += got;
		if (!got)
			front_sleep(b, &rng, n);
	}
	return NULL;
}

static void *frontend(void *arg)
{
	struct bench *b = arg;
	struct rng rng = { b->seed + 3 };
	u32 sent = 0, n = 0;

	while (n < b->requests && !failed(b)) {
		u32 before = sent + n;

		sent = submit(b, sent, rng_below(&rng, 16), false);
		n += complete(b);
		if (before == sent + n && sent != n)
			front_sleep(b, &rng, n);
	}
	return NULL;
}

/* The backend's request half. */

static u32 fetch(struct bench *b, u32 max)
{
	struct blkif_cmd cmd;
	u32 n = 0;
	int ret = 0;

	while (n < max && (ret = blkif_back_get(&b->p.back, &cmd)) == 1) {
		FAIL_IF(b, !is_cmd_of(b->p.layout.abi, &cmd, cmd.id));
		pthread_mutex_lock(&b->lock);
		b->held[b->nr_held++] = cmd.id;
		pthread_cond_signal(&b->more);
		pthread_mutex_unlock(&b->lock);
		n++;
	}
	FAIL_IF(b, ret < 0);
	return n;
}

static void back_sleep(struct bench *b)
{
	int ret = blkif_back_rearm(&b->p.back);

	FAIL_IF(b, ret < 0);
	if (!ret)
		wait_for(b, b->back_event);
}

static void *fetcher(void *arg)
{
	struct bench *b = arg;
	u32 n = 0;

	while (n < b->requests && !failed(b)) {
		u32 got = fetch(b, ~0U);

		n += got;
		if (!got)
			back_sleep(b);
	}
	return NULL;
}

/* The backend's response half, which answers in any order. */

static bool take_held(struct bench *b, struct rng *rng, u64 *id, bool wait)
{
	bool taken = false;

	pthread_mutex_lock(&b->lock);
	while (wait && !b->nr_held && !failed(b))
		pthread_cond_wait(&b->more, &b->lock);
	if (b->nr_held) {
		u32 i = rng_below(rng, b->nr_held);

		*id = b->held[i];
		b->held[i] = b->held[--b->nr_held];
		taken = true;
	}
	pthread_mutex_unlock(&b->lock);
	return taken;
}

static u32 answer(struct bench *b, struct rng *rng, u32 batch, bool wait)
{
	u32 n = 0;
	u64 id;

	while (n < batch && take_held(b, rng, &id, wait && !n)) {
		struct blkif_rsp rsp = rsp_of(id);

		blkif_back_put(&b->p.back, &rsp);
		n++;
	}
	if (blkif_back_publish(&b->p.back))
		notify(b->front_event);
	return n;
}

static void *answerer(void *arg)
{
	struct bench *b = arg;
	struct rng rng = { b->seed + 4 };
	u32 n = 0;

	while (n < b->requests && !failed(b))
		n += answer(b, &rng, 1 + rng_below(&rng, 16), true);
	return NULL;
}

static void *backend(void *arg)
{
	struct bench *b = arg;
	struct rng rng = { b->seed + 5 };
	u32 n = 0;

	while (n < b->requests && !failed(b)) {
		u32 got = fetch(b, 1 + rng_below(&rng, 32));

		n += answer(b, &rng, 1 + rng_below(&rng, 16), false);
		if (!got && !b->nr_held && n < b->requests)
			back_sleep(b);
	}
	return NULL;
}

static struct bench *bench_new(const struct blkif_layout *layout, u32 base,
			       u32 requests, u64 seed)
{
	struct bench *b = unit_alloc_lines(sizeof(*b));

	pair_init(&b->p, layout, base);
	b->requests = requests;
	b->seed = seed;
	b->answered = calloc(1, requests);
	b->front_event = eventfd(0, 0);
	b->back_event = eventfd(0, 0);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->more, NULL);
	pthread_cond_init(&b->room, NULL);
	for (; b->nr_tags < b->p.slots; b->nr_tags++)
		b->tags[b->nr_tags] = b->nr_tags;
	return b;
}

static void bench_free(struct bench *b)
{
	pair_free(&b->p);
	close(b->front_event);
	close(b->back_event);
	free(b->answered);
	unit_free(b);
}

static u32 bench_run(struct bench *b, void *(*const *fns)(void *),
		     unsigned int nr)
{
	pthread_t thread[4];
	unsigned int i;

	for (i = 0; i < nr; i++)
		pthread_create(&thread[i], NULL, fns[i], b);
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
	FAIL_IF(b, b->nr_tags != b->p.slots);
	for (i = 0; i < b->requests; i++)
		FAIL_IF(b, b->answered[i] != 1);
	return b->errors;
}

static void *(*const two_threads[])(void *) = { frontend, backend };
static void *(*const four_threads[])(void *) = {
	submitter, completer, fetcher, answerer,
};

/* Return: the number of errors. */
static u32 bench_two(struct bench *b)
{
	return bench_run(b, two_threads, 2);
}

static u32 bench_four(struct bench *b)
{
	return bench_run(b, four_threads, 4);
}

#endif
