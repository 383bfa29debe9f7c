// SPDX-License-Identifier: GPL-2.0
/*
 * ring.h: no wake-up is lost, in whatever order the two sides run.
 *
 * Producer and consumer are coroutines that yield between any two accesses to
 * an index or event word.  Every possible schedule is run once.
 */

extern void yield(void);
extern void before_load(void);
#define SHIM_YIELD()	yield()
#define SHIM_LOAD()	before_load()

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

/* The decisions of a schedule: run the producer (0) or the consumer (1). */
static u8 choice[MAX_POINTS];
static unsigned int point;

/* Called at each access, in tests without coroutines. */
static void (*meanwhile)(void);

static void run_meanwhile(void)
{
	void (*fn)(void) = meanwhile;

	meanwhile = NULL;
	if (fn)
		fn();
	meanwhile = fn;
}

void before_load(void)
{
	run_meanwhile();
}

void yield(void)
{
	run_meanwhile();
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
		struct blkif_cmd cmd = cmd_of(pair.layout.abi, id);

		blkif_front_put(&pair.front, &cmd, 0);
		if (blkif_front_publish(&pair.front))
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
			errors += !is_cmd_of(pair.layout.abi, &cmd,
					     consumed++);
			continue;
		}
		if (blkif_back_rearm(&pair.back) == 0)
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
		if (blkif_back_publish(&pair.back))
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
		if (blkif_front_rearm(&pair.front, 1) == 0)
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
	return choice[point++] ? &consumer : &producer;
}

/* Return: true if everything was consumed. */
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

	pair_reset(&pair, base);
	if (!responses)
		return;
	for (i = 0; i < TOTAL; i++) {
		cmd = cmd_of(pair.layout.abi, i);
		blkif_front_put(&pair.front, &cmd, 0);
	}
	blkif_front_publish(&pair.front);
	while (blkif_back_get(&pair.back, &cmd) == 1)
		;
}

/* Return: how many of *nr schedules lost a wake-up. */
static unsigned int explore(const struct blkif_layout *layout, bool responses,
			    u32 base, unsigned int *nr)
{
	unsigned int lost = 0;

	memset(choice, 0, sizeof(choice));
	pair_init(&pair, layout, base);
	*nr = 0;
	do {
		start_ring(responses, base);
		side_init(&producer, responses ? produce_responses :
			  produce_requests);
		side_init(&consumer, responses ? consume_responses :
			  consume_requests);
		lost += !run_schedule();
		++*nr;
	} while (next_schedule());
	pair_free(&pair);
	return lost;
}

FIXTURE(order) { };
FIXTURE_VARIANT(order) { struct blkif_layout layout; };
FIXTURE_SETUP(order) { }
FIXTURE_TEARDOWN(order) { }
FIXTURE_VARIANT_ADD(order, native) { .layout = SHARED(native, 0) };
FIXTURE_VARIANT_ADD(order, slim) { .layout = SHARED(slim, 0) };
FIXTURE_VARIANT_ADD(order, separate_64) { .layout = SEPARATE(64, 0) };
FIXTURE_VARIANT_ADD(order, separate_128) { .layout = SEPARATE(128, 1) };

TEST_F(order, no_wakeup_is_lost)
{
	static const u32 bases[] = { 0, 0xfffffffe };
	unsigned int nr, i;

	for (i = 0; i < 2 * ARRAY_SIZE(bases); i++) {
		u32 base = bases[i / 2];

		EXPECT_EQ(0, explore(&variant->layout, i & 1, base, &nr))
			TH_LOG("%s from %#x", i & 1 ? "responses" : "requests",
			       base);
		EXPECT_EQ(0, errors);
		EXPECT_LT(300, nr);
		printf("# %u schedules\n", nr);
	}
	fflush(stdout);
}

/*
 * The halves of the backend run on two CPUs, and the frontend is as fast as
 * possible: it takes each response and puts another request even before the
 * function that published the response returns.  This is valid, and neither
 * half of the backend may take it for a violation of the protocol.
 */

static u32 overtaken;
static bool in_get;		/* in the half that takes requests */
static u32 skip;

static void overtake(void)
{
	struct blkif_cmd cmd = cmd_of(pair.layout.abi, 0);
	struct blkif_rsp rsp;
	int ret;

	if (blkif_front_get(&pair.front, &rsp) != 1)
		return;
	overtaken++;
	blkif_front_put(&pair.front, &cmd, 0);
	blkif_front_publish(&pair.front);
	/* That half must not be entered twice. */
	if (in_get)
		return;
	ret = blkif_back_get(&pair.back, &cmd);
	errors += ret != 1;
}

static void answer_and_overtake(void)
{
	struct blkif_rsp rsp = rsp_of(0);

	if (overtaken || skip--)
		return;
	blkif_back_put(&pair.back, &rsp);
	blkif_back_publish(&pair.back);
	overtake();
}

static void fill(void)
{
	struct blkif_cmd cmd = cmd_of(pair.layout.abi, 0);
	u32 n;

	errors = 0;
	overtaken = 0;
	for (n = 0; n < pair.slots; n++) {
		blkif_front_put(&pair.front, &cmd, 0);
		blkif_front_publish(&pair.front);
		errors += blkif_back_get(&pair.back, &cmd) != 1;
	}
}

TEST_F(order, request_before_publish_returns)
{
	struct blkif_rsp rsp = rsp_of(0);

	pair_init(&pair, &variant->layout, 0);
	fill();
	in_get = false;
	meanwhile = overtake;
	blkif_back_put(&pair.back, &rsp);
	blkif_back_publish(&pair.back);
	meanwhile = NULL;
	EXPECT_EQ(1, overtaken);
	EXPECT_EQ(0, errors);
	pair_free(&pair);
}

static int get_one(void)
{
	struct blkif_cmd cmd;

	return blkif_back_get(&pair.back, &cmd);
}

static int rearm(void)
{
	return blkif_back_rearm(&pair.back);
}

/* The ring is full when @fn starts, and a response comes at access @point. */
static int answer_meanwhile(int (*fn)(void), u32 point)
{
	int ret;

	pair_reset(&pair, 0);
	in_get = true;
	fill();
	skip = point;
	meanwhile = answer_and_overtake;
	ret = fn();
	meanwhile = NULL;
	return ret;
}

TEST_F(order, response_during_get)
{
	u32 point;

	pair_init(&pair, &variant->layout, 0);
	for (point = 0; point < 8; point++) {
		EXPECT_LE(0, answer_meanwhile(get_one, point))
			TH_LOG("point %u", point);
		EXPECT_TRUE(point || overtaken);
		EXPECT_LE(0, answer_meanwhile(rearm, point))
			TH_LOG("point %u", point);
		EXPECT_TRUE(point || overtaken);
	}
	pair_free(&pair);
}

TEST_HARNESS_MAIN
