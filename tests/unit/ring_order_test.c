// SPDX-License-Identifier: GPL-2.0
/*
 * ring.h: no wake-up is lost, in whatever order the two sides run.
 *
 * Producer and consumer are coroutines that yield between any two accesses to
 * an index or event word.  Every schedule there is gets run once.
 */

extern void yield(void);
#define SHIM_YIELD()	yield()

#include <ucontext.h>
#include "ring_fixture.h"

#define TOTAL		2
#define MAX_POINTS	128
#define STACK		(256 * 1024)

struct side {
	ucontext_t context;
	char *stack;
	bool done;
	bool asleep;
};

static ucontext_t scheduler;
static struct side producer, consumer;
static struct side *running;
static struct pair pair;
static bool notified;
static unsigned int consumed, errors;

/* How each choice of the schedule is made, and where there was one. */
static u8 choice[MAX_POINTS], choices[MAX_POINTS];
static unsigned int point;

void yield(void)
{
	if (running)
		swapcontext(&running->context, &scheduler);
}

static void notify(void)
{
	notified = true;
	consumer.asleep = false;
}

static void sleep_until_notified(void)
{
	while (!notified) {
		consumer.asleep = true;
		yield();
	}
	notified = false;
}

static void produce_requests(void)
{
	unsigned int id;

	for (id = 0; id < TOTAL; id++) {
		struct blkif_cmd cmd = cmd_of(id);

		blkif_front_put(&pair.front, &cmd, 0);
		if (blkif_front_push(&pair.front))
			notify();
	}
	producer.done = true;
	yield();
}

static void consume_requests(void)
{
	while (consumed < TOTAL) {
		struct blkif_cmd cmd;
		int ret;

		yield();
		ret = blkif_back_get(&pair.back, &cmd);
		errors += ret < 0;
		if (ret == 1) {
			errors += !is_cmd_of(&cmd, consumed++);
			continue;
		}
		if (blkif_back_arm(&pair.back) == 0)
			sleep_until_notified();
	}
	consumer.done = true;
	yield();
}

static void produce_responses(void)
{
	unsigned int id;

	for (id = 0; id < TOTAL; id++) {
		struct blkif_rsp rsp = rsp_of(id);

		blkif_back_put(&pair.back, &rsp);
		if (blkif_back_push(&pair.back))
			notify();
	}
	producer.done = true;
	yield();
}

static void consume_responses(void)
{
	while (consumed < TOTAL) {
		struct blkif_rsp rsp;
		int ret;

		yield();
		ret = blkif_front_get(&pair.front, &rsp);
		errors += ret < 0;
		if (ret == 1) {
			errors += !is_rsp_of(&rsp, consumed++);
			continue;
		}
		if (blkif_front_arm(&pair.front) == 0)
			sleep_until_notified();
	}
	consumer.done = true;
	yield();
}

static void side_init(struct side *side, void (*fn)(void))
{
	if (!side->stack)
		side->stack = malloc(STACK);
	getcontext(&side->context);
	side->context.uc_stack.ss_sp = side->stack;
	side->context.uc_stack.ss_size = STACK;
	side->context.uc_link = NULL;
	side->done = false;
	side->asleep = false;
	makecontext(&side->context, fn, 0);
}

static bool ready(const struct side *side)
{
	return !side->done && !side->asleep;
}

static struct side *next_side(void)
{
	if (!ready(&producer))
		return &consumer;
	if (!ready(&consumer))
		return &producer;
	if (point == MAX_POINTS)
		return &producer;
	choices[point] = 2;
	return choice[point++] ? &consumer : &producer;
}

/* Return: true if all was consumed. */
static bool run_schedule(void)
{
	point = 0;
	consumed = 0;
	notified = false;
	while (ready(&producer) || ready(&consumer)) {
		running = next_side();
		swapcontext(&scheduler, &running->context);
	}
	running = NULL;
	return consumer.done;
}

/* The next schedule in order, or false after the last. */
static bool next_schedule(void)
{
	while (point && choice[point - 1])
		choice[--point] = 0;
	if (!point)
		return false;
	choice[point - 1] = 1;
	return true;
}

static void start_ring(bool responses, u32 base)
{
	struct blkif_cmd cmd;
	unsigned int i;

	pair_init(&pair, &blkif_abi_native, 0, base);
	if (!responses)
		return;
	for (i = 0; i < TOTAL; i++) {
		cmd = cmd_of(i);
		blkif_front_put(&pair.front, &cmd, 0);
	}
	blkif_front_push(&pair.front);
	while (blkif_back_get(&pair.back, &cmd) == 1)
		;
}

/* Return: how many schedules lost a wake-up; *nr how many there were. */
static unsigned int explore(bool responses, u32 base, unsigned int *nr)
{
	unsigned int lost = 0;

	memset(choice, 0, sizeof(choice));
	*nr = 0;
	do {
		start_ring(responses, base);
		side_init(&producer, responses ? produce_responses :
			  produce_requests);
		side_init(&consumer, responses ? consume_responses :
			  consume_requests);
		lost += !run_schedule();
		pair_free(&pair);
		++*nr;
	} while (next_schedule());
	return lost;
}

FIXTURE(order) { };
FIXTURE_VARIANT(order) { bool responses; u32 base; };
FIXTURE_SETUP(order) { }
FIXTURE_TEARDOWN(order) { }
FIXTURE_VARIANT_ADD(order, requests) { false, 0 };
FIXTURE_VARIANT_ADD(order, requests_at_the_wrap) { false, 0xfffffffe };
FIXTURE_VARIANT_ADD(order, responses) { true, 0 };
FIXTURE_VARIANT_ADD(order, responses_at_the_wrap) { true, 0xfffffffe };

TEST_F(order, no_wakeup_is_lost)
{
	unsigned int nr;

	EXPECT_EQ(0, explore(variant->responses, variant->base, &nr));
	EXPECT_EQ(0, errors);
	EXPECT_LT(300, nr);
	printf("# %u schedules\n", nr);
	fflush(stdout);
}

TEST_HARNESS_MAIN
