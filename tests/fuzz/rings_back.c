// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's half of the rings, with a hostile frontend: nothing out of
 * bounds, never more requests unanswered than there are slots, nothing read
 * twice, and every result as the public header says for what was read.
 */

#include "peer.h"

#define STEPS	100
#define BUDGET	2500

struct back {
	struct place place;
	struct blkif_back_rings ring;
	u32 taken, put, published;	/* since the start */
	u32 known;	/* shared ring: requests that are known to be there */
	u32 peer_put;	/* requests that a frontend with good manners has put */
	u32 budget;	/* left for rounds(), so that no input takes long */
};

static UNTRACED u32 slots_of(const struct back *b)
{
	return b->place.slots;
}

static UNTRACED bool is_separate(const struct back *b)
{
	return b->place.layout.separate;
}

/* The indexes or the lap byte say: 1, 0, -EPROTO, as the header has it. */
static int model_shared_peek(struct back *b)
{
	u32 new = peer_view32(0) - b->place.base - b->taken;

	if (new > slots_of(b) - (b->taken - b->put))
		return -EPROTO;
	b->known = b->taken + new;
	return new != 0;
}

static int model_lap(const struct back *b)
{
	u8 lap;

	peer_view(req_at(&b->place, b->taken), &lap, 1);
	if (lap == lap_of(&b->place, b->taken))
		return 1;
	return lap > 2 ? -EPROTO : 0;
}

static int model_peek(struct back *b)
{
	int ret;

	if (!is_separate(b))
		return model_shared_peek(b);
	ret = model_lap(b);
	return ret > 0 && b->taken - b->put == slots_of(b) ? -EPROTO : ret;
}

static int model_get(struct back *b)
{
	if (!is_separate(b) && b->known != b->taken)
		return 1;
	return model_peek(b);
}

/* What the model cannot follow without a trace is taken from the ring. */
static void adopt(struct back *b)
{
	if (!is_separate(b))
		b->known = b->ring.shared.req_prod - b->place.base;
}

/* The private counts are those that the calls imply. */
static UNTRACED void check_counts(const struct back *b)
{
	u32 base = b->place.base;

	CHECK(b->taken - b->put <= slots_of(b));
	if (is_separate(b)) {
		CHECK(b->ring.sep.req.count == base + b->taken);
		CHECK(b->ring.sep.rsp.count == base + b->put);
		return;
	}
	CHECK(b->ring.shared.req_cons == base + b->taken);
	CHECK(b->ring.shared.rsp_prod == base + b->put);
	CHECK(b->ring.shared.req_prod - b->ring.shared.req_cons <=
	      slots_of(b));
}

static struct peer_part request_part(const struct back *b)
{
	return PART(req_at(&b->place, b->taken), b->place.kind->req_size);
}

static struct peer_part req_prod_part(const struct back *b)
{
	return is_separate(b) ? NOTHING : PART(0, 4);
}

static void get(struct back *b)
{
	struct peer_part slot = request_part(b);
	struct blkif_cmd cmd;
	u8 raw[112];
	int ret;

	PEER_WATCH(ret = blkif_back_get(&b->ring, &cmd));
	CHECK(ret == 1 || ret == 0 || ret == -EPROTO);
	check_accesses(req_prod_part(b), slot, NOTHING);
	if (peer_is_known())
		CHECK(ret == model_get(b));
	else
		adopt(b);
	if (ret > 0 && peer_is_known()) {
		peer_view(slot.at, raw, slot.len);
		if (is_separate(b))
			raw[0] = 0;
		check_decoded(b->place.kind, raw, &cmd);
	}
	b->taken += ret > 0;
}

/* A frontend that does not change its mind is in breach for good. */
static void check_breach(struct back *b)
{
	struct blkif_cmd cmd;
	bool hostile = peer.hostile;
	int ret, again;

	peer.hostile = false;
	PEER_WATCH(ret = blkif_back_get(&b->ring, &cmd));
	CHECK(ret == model_get(b));
	if (ret == -EPROTO) {
		PEER_WATCH(again = blkif_back_get(&b->ring, &cmd));
		CHECK(again == -EPROTO);
		CHECK(blkif_back_pending(&b->ring));
		PEER_WATCH(again = blkif_back_rearm(&b->ring));
		CHECK(again == -EPROTO);
	}
	b->taken += ret > 0;
	peer.hostile = hostile;
}

static void rearm(struct back *b)
{
	u32 at = req_event_at(&b->place);
	struct peer_part slot = is_separate(b) ? request_part(b) : NOTHING;
	int ret;

	/* Only an empty ring is rearmed. */
	if (!is_separate(b) && b->known != b->taken)
		return;
	PEER_WATCH(ret = blkif_back_rearm(&b->ring));
	check_accesses(req_prod_part(b), slot, PART(at, 4));
	if (is_separate(b) || !peer.moved)
		CHECK(get32(peer.mem + at) == b->place.base + b->taken + 1);
	if (peer_is_known())
		CHECK(ret == model_peek(b));
	else
		adopt(b);
	CHECK(ret == 1 || ret == 0 || ret == -EPROTO);
}

static void pending(struct back *b)
{
	bool ret, want;

	PEER_WATCH(ret = blkif_back_pending(&b->ring));
	check_accesses(req_prod_part(b), is_separate(b) ? request_part(b) :
							  NOTHING, NOTHING);
	if (!peer_is_known())
		return;
	want = is_separate(b) ? model_lap(b) != 0 :
	       peer_view32(0) != b->place.base + b->taken;
	CHECK(ret == want);
}

static void put(struct back *b, struct input *in)
{
	u32 at = rsp_at(&b->place, b->put), len = b->place.kind->rsp_size;
	struct blkif_rsp rsp;
	u8 raw[16];

	if (b->put == b->taken)
		return;
	rsp = (struct blkif_rsp) {
		.id = take_u8(in) * 0x0101010101010101ULL,
		.op = take_u8(in),
		.status = (s8)take_u8(in),
	};
	PEER_WATCH(blkif_back_put(&b->ring, &rsp));
	check_accesses(NOTHING, NOTHING, PART(at, len));
	memcpy(raw, peer.mem + at, len);
	if (is_separate(b)) {
		CHECK(raw[15] == lap_of(&b->place, b->put));
		raw[15] = 0;
	}
	if (is_separate(b) || !peer.moved)
		check_response(b->place.kind, raw, &rsp);
	b->put++;
}

static void publish(struct back *b)
{
	bool ret, want;
	u32 event;

	PEER_WATCH(ret = blkif_back_publish(&b->ring));
	check_accesses(PART(rsp_event_at(&b->place), 4), NOTHING,
		       is_separate(b) ? NOTHING : PART(8, 4));
	if (!is_separate(b) && !peer.moved && b->published != b->put)
		CHECK(get32(peer.mem + 8) == b->place.base + b->put);
	event = peer_view32(rsp_event_at(&b->place)) - b->place.base;
	/* Is it one of those from @published + 1 to @put? */
	want = event - b->published - 1 < b->put - b->published;
	if (peer_is_known())
		CHECK(ret == want);
	b->published = b->put;
}

static void owes(struct back *b)
{
	bool ret, want;
	u32 event;

	PEER_WATCH(ret = blkif_back_owes_event(&b->ring));
	check_accesses(is_separate(b) ? PART(rsp_event_at(&b->place), 4) :
					NOTHING, NOTHING, NOTHING);
	event = peer_view32(rsp_event_at(&b->place)) - b->place.base;
	want = is_separate(b) && event - b->put - 1 < slots_of(b);
	if (peer_is_known())
		CHECK(ret == want);
}

/* The frontend puts requests as it should, as far as there is room. */
static UNTRACED void peer_puts(struct back *b, struct input *in, u32 nr)
{
	u8 seed = take_u8(in), raw[112];

	if (b->peer_put - b->put > slots_of(b) || b->peer_put < b->taken)
		b->peer_put = b->taken;
	memset(raw, seed, sizeof(raw));
	raw[b->place.kind->slim] = seed & 7;
	raw[b->place.kind->slim + 1] = seed >> 3 & 3;
	for (; nr-- && b->peer_put - b->put < slots_of(b); b->peer_put++) {
		u32 at = req_at(&b->place, b->peer_put);

		if (b->place.kind->slim)
			raw[0] = is_separate(b) ?
				 lap_of(&b->place, b->peer_put) : 0;
		raw[b->place.kind->pad + 8] = b->peer_put;
		memcpy(peer.mem + at, raw, b->place.kind->req_size);
	}
	if (!is_separate(b))
		put32(0, b->place.base + b->peer_put);
}

/* Rounds with good manners, to get around the ring; a large one once. */
static void rounds(struct back *b, struct input *in)
{
	u32 nr = take_u8(in), batch = 1 + take_u8(in), i;

	if (nr * batch > b->budget)
		nr = b->budget / batch;
	b->budget -= nr * batch;
	while (nr--) {
		peer_puts(b, in, batch);
		for (i = 0; i < batch; i++)
			get(b);
		rearm(b);
		for (i = 0; i < batch; i++)
			put(b, in);
		publish(b);
		check_counts(b);
	}
}

static void step(struct back *b, struct input *in)
{
	u8 what = take_u8(in), i;

	peer.index = b->place.base + (what & 128 ? b->put : b->taken);
	peer.slot = req_at(&b->place, b->taken);
	peer.hostile = what & 64;
	switch (what & 15) {
	case 0:
	case 1:
		for (i = 0; i <= (what >> 4 & 3); i++)
			get(b);
		break;
	case 2:
	case 3:
		for (i = 0; i <= (what >> 4 & 3); i++)
			put(b, in);
		break;
	case 4:
		publish(b);
		break;
	case 5:
		rearm(b);
		break;
	case 6:
		pending(b);
		break;
	case 7:
		owes(b);
		break;
	case 8:
		peer_puts(b, in, what & 16 ? slots_of(b) : take_u8(in) % 8);
		break;
	case 9:
		rounds(b, in);
		break;
	case 10:
		check_breach(b);
		break;
	case 11:
	case 12:
		peer_changes(req_at(&b->place, b->taken));
		break;
	case 13:
		peer_changes(peer.header);
		break;
	case 14:
		peer_changes(rsp_event_at(&b->place));
		break;
	case 15:
		put32(peer.slot, peer_word(peer.slot));
		break;
	}
	check_counts(b);
}

/* A shared ring may have been in use, with whatever the frontend wrote. */
static bool start(struct back *b, struct input *in)
{
	void *req[16], *rsp[16];
	u32 unanswered = 0;
	int ret;

	peer_pages(&b->place, req, rsp);
	if (!is_separate(b)) {
		unanswered = take_u8(in);
		put32(8, b->place.base);
		put32(0, b->place.base + unanswered);
		put32(12, b->place.base + 1);
		peer.hostile = unanswered & 1;
	}
	PEER_WATCH(ret = blkif_back_rings_init(&b->ring, &b->place.layout, req,
					       rsp));
	/* The frontend may change these until they are read. */
	if (!is_separate(b)) {
		u32 prod = peer_view32(8);

		check_accesses(PART(0, 4), PART(8, 4), NOTHING);
		if (peer_is_known())
			CHECK(ret == (peer_view32(0) - prod > slots_of(b) ?
				      -EPROTO : 0));
		b->place.base = b->ring.shared.rsp_prod;
		CHECK(!peer_is_known() || b->place.base == prod);
		return !ret;
	}
	CHECK(!ret);
	/* As if this many requests had been answered. */
	b->ring.sep.req.count = b->place.base;
	b->ring.sep.req.seen = b->place.base;
	b->ring.sep.rsp.count = b->place.base;
	b->ring.sep.rsp.checked = b->place.base;
	put32(rsp_event_at(&b->place), b->place.base + 1);
	return true;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct back *b;
	u32 i;

	if (!peer.mem)
		peer_create(PROT_READ, PROT_READ | PROT_WRITE);
	b = aligned_alloc(64, (sizeof(*b) + 63) & ~63UL);
	if (!b)
		abort();
	memset(b, 0, sizeof(*b));
	b->place = take_place(&in);
	b->budget = BUDGET;
	peer_start(&b->place, &in, true);
	if (start(b, &in)) {
		for (i = 0; i < STEPS && in.left; i++)
			step(b, &in);
	}
	free(b);
	return 0;
}
