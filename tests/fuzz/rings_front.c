// SPDX-License-Identifier: GPL-2.0
/*
 * The frontend's half of the rings, with a hostile backend: nothing out of
 * bounds, never more requests in flight than there are slots, nothing read
 * twice, and every result as the public header says for what was read.
 *
 * The frontend has a table of requests in flight, as the driver has, and stops
 * at a response that matches none.  On separate rings nothing else counts the
 * responses, so an input may also tell it to go on; then the rings must still
 * stay within their bounds.
 */

#include "peer.h"

#define TAGS	2048
#define STEPS	100
#define BUDGET	2500

struct front {
	struct place place;
	struct blkif_front_rings ring;
	u32 put, published, taken;	/* since the start */
	u32 known;	/* shared ring: responses that are known to be there */
	u32 peer_put;	/* responses that a backend with good manners has put */
	u32 budget;	/* left for rounds(), so that no input takes long */
	bool tolerant;	/* goes on after a response that matches nothing */
	bool broken;
	struct {
		bool used;
		u32 gen;
	} tag[TAGS];
	u32 next_tag, nr_used;
};

static UNTRACED u32 slots_of(const struct front *f)
{
	return f->place.slots;
}

static UNTRACED bool is_separate(const struct front *f)
{
	return f->place.layout.separate;
}

static struct peer_part response_part(const struct front *f)
{
	return PART(rsp_at(&f->place, f->taken), f->place.kind->rsp_size);
}

static struct peer_part rsp_prod_part(const struct front *f)
{
	return is_separate(f) ? NOTHING : PART(8, 4);
}

static int model_shared_peek(struct front *f)
{
	u32 new = peer_view32(8) - f->place.base - f->taken;

	if (new > f->published - f->taken)
		return -EPROTO;
	f->known = f->taken + new;
	return new != 0;
}

static int model_peek(struct front *f)
{
	u8 lap;

	if (!is_separate(f))
		return model_shared_peek(f);
	peer_view(rsp_at(&f->place, f->taken) + 15, &lap, 1);
	if (lap == lap_of(&f->place, f->taken))
		return 1;
	return lap > 2 ? -EPROTO : 0;
}

/* Sets @consumed if a slot was taken, even if its content is in breach. */
static int model_get(struct front *f, struct blkif_rsp *rsp)
{
	u8 raw[16];
	int ret = 1;

	if (is_separate(f) || f->known == f->taken)
		ret = model_peek(f);
	if (ret <= 0)
		return ret;
	peer_view(rsp_at(&f->place, f->taken), raw, f->place.kind->rsp_size);
	if (is_separate(f))
		raw[15] = 0;
	return model_response(f->place.kind, raw, rsp) ? 1 : -EPROTO;
}

static void adopt(struct front *f)
{
	if (!is_separate(f))
		f->known = f->ring.shared.rsp_prod - f->place.base;
}

static UNTRACED void check_counts(const struct front *f)
{
	u32 base = f->place.base;

	if (is_separate(f)) {
		CHECK(f->ring.sep.req.count == base + f->put);
		CHECK(f->ring.sep.rsp.count == base + f->taken);
	} else {
		CHECK(f->ring.shared.req_prod == base + f->put);
		CHECK(f->ring.shared.req_published == base + f->published);
		CHECK(f->ring.shared.rsp_cons == base + f->taken);
		CHECK(f->published - f->taken <= slots_of(f));
		CHECK(f->ring.shared.rsp_prod - f->ring.shared.rsp_cons <=
		      f->published - f->taken);
	}
	/* Else responses that match nothing may outnumber requests. */
	if (!is_separate(f) || !(f->tolerant || f->broken))
		CHECK(f->put - f->taken <= slots_of(f));
}

/* Does a response match a request in flight? */
static bool match(struct front *f, const struct blkif_rsp *rsp)
{
	u32 tag = blkif_id_tag(rsp->id);

	if (tag >= TAGS || !f->tag[tag].used ||
	    f->tag[tag].gen != blkif_id_gen(rsp->id))
		return false;
	f->tag[tag].used = false;
	f->nr_used--;
	return true;
}

static void get(struct front *f)
{
	struct peer_part slot = response_part(f);
	struct blkif_rsp rsp, want;
	u32 before;
	int ret;

	PEER_WATCH(ret = blkif_front_get(&f->ring, &rsp));
	CHECK(ret == 1 || ret == 0 || ret == -EPROTO);
	check_accesses(rsp_prod_part(f), slot, NOTHING);
	if (peer_is_known()) {
		CHECK(ret == model_get(f, &want));
		CHECK(ret <= 0 || (rsp.id == want.id && rsp.op == want.op &&
				   rsp.status == want.status));
	} else {
		adopt(f);
	}
	/* A breach in the content of a slot may have taken it or not. */
	before = f->taken;
	f->taken = (is_separate(f) ? f->ring.sep.rsp.count :
		    f->ring.shared.rsp_cons) - f->place.base;
	CHECK(f->taken - before <= 1);
	CHECK(ret == -EPROTO || f->taken - before == (u32)ret);
	if (ret > 0 && !match(f, &rsp))
		ret = -EPROTO;
	if (ret < 0 && !f->tolerant)
		f->broken = true;
}

static bool is_full(struct front *f)
{
	bool ret;

	PEER_WATCH(ret = blkif_front_full(&f->ring));
	check_accesses(NOTHING, NOTHING, NOTHING);
	/* If responses may outnumber requests, there is no right answer. */
	if (!is_separate(f) || !f->tolerant)
		CHECK(ret == (f->put - f->taken >= slots_of(f)));
	return ret || f->nr_used == TAGS;
}

/* A valid request, whose id is that of a free tag. */
static struct blkif_cmd take_cmd(struct front *f, struct input *in)
{
	u8 what = take_u8(in), i;
	struct blkif_cmd cmd = {
		.op = what & 3,
		.sector = what & 32 ? take_u64(in) : what,
	};

	while (f->tag[f->next_tag % TAGS].used)
		f->next_tag++;
	f->tag[f->next_tag % TAGS].used = true;
	f->nr_used++;
	cmd.id = blkif_id(f->next_tag % TAGS, ++f->tag[f->next_tag % TAGS].gen);
	if (what & 4) {
		cmd.op = BLKIF_OP_DISCARD;
		cmd.nr_sectors = what;
		return cmd;
	}
	cmd.nr_segs = 1 + take_u8(in) % f->place.kind->max_inline;
	if (what & 8) {
		cmd.op &= 1;
		cmd.indirect = true;
		cmd.sector = f->place.kind->slim ? 0 : cmd.sector;
		cmd.indirect_gref[0] = what << 16;
		return cmd;
	}
	for (i = 0; i < cmd.nr_segs; i++) {
		cmd.seg[i].gref = what + i;
		cmd.seg[i].first = i & 3;
		cmd.seg[i].last = 7;
	}
	return cmd;
}

/* What is in a slot is the request, whose sectors follow from the first. */
static UNTRACED void check_slot(const struct front *f, u32 at,
				const struct blkif_cmd *cmd)
{
	struct model_cmd m;
	u8 raw[112];
	u32 i;

	memcpy(raw, peer.mem + at, f->place.kind->req_size);
	if (is_separate(f)) {
		CHECK(raw[0] == lap_of(&f->place, f->put));
		raw[0] = 0;
	}
	m = model_decode(f->place.kind, raw);
	CHECK(!m.reserved && m.op == cmd->op && m.id == cmd->id);
	CHECK(m.indirect == cmd->indirect && m.nr_segs == cmd->nr_segs);
	CHECK(m.sector == cmd->sector && m.nr_sectors == cmd->nr_sectors);
	CHECK(!m.flags && !m.nr_pi);
	for (i = 0; i < m.nr_known; i++)
		CHECK(m.seg[i].gref == cmd->seg[i].gref &&
		      m.seg[i].first == cmd->seg[i].first &&
		      m.seg[i].last == cmd->seg[i].last);
	CHECK(!m.indirect || m.gref[0] == cmd->indirect_gref[0]);
}

static void put(struct front *f, struct input *in)
{
	u32 at = req_at(&f->place, f->put);
	struct blkif_cmd cmd;

	if (is_full(f))
		return;
	cmd = take_cmd(f, in);
	PEER_WATCH(blkif_front_put(&f->ring, &cmd, 0x1234));
	check_accesses(NOTHING, NOTHING,
		       PART(at, f->place.kind->req_size));
	if (!peer.moved)
		check_slot(f, at, &cmd);
	f->put++;
}

static void publish(struct front *f)
{
	u32 from = f->published, event;
	bool ret;

	PEER_WATCH(ret = blkif_front_publish(&f->ring));
	check_accesses(PART(req_event_at(&f->place), 4), NOTHING,
		       is_separate(f) ? NOTHING : PART(0, 4));
	if (!is_separate(f) && !peer.moved && from != f->put)
		CHECK(get32(peer.mem) == f->place.base + f->put);
	event = peer_view32(req_event_at(&f->place)) - f->place.base;
	if (peer_is_known())
		CHECK(ret == (event - from - 1 < f->put - from));
	f->published = f->put;
}

static void rearm(struct front *f, struct input *in)
{
	u32 at = rsp_event_at(&f->place), ahead;
	u32 in_flight = f->published - f->taken;
	struct peer_part slot = is_separate(f) ? response_part(f) : NOTHING;
	int ret;

	if (!is_separate(f) && f->known != f->taken)
		return;
	ahead = 1 + (in_flight ? take_u8(in) % in_flight : 0);
	PEER_WATCH(ret = blkif_front_rearm(&f->ring, ahead));
	check_accesses(rsp_prod_part(f), slot, PART(at, 4));
	if (is_separate(f) || !peer.moved)
		CHECK(get32(peer.mem + at) ==
		      f->place.base + f->taken + ahead);
	CHECK(ret == 1 || ret == 0 || ret == -EPROTO);
	if (peer_is_known())
		CHECK(ret == model_peek(f));
	else
		adopt(f);
}

static void pending(struct front *f)
{
	bool ret, want;

	PEER_WATCH(ret = blkif_front_pending(&f->ring));
	check_accesses(rsp_prod_part(f), is_separate(f) ? response_part(f) :
							  NOTHING, NOTHING);
	if (!peer_is_known())
		return;
	want = is_separate(f) ? model_peek(f) != 0 :
	       peer_view32(8) != f->place.base + f->taken;
	CHECK(ret == want);
}

/* The backend answers requests in flight as it should, in any order. */
static UNTRACED void peer_answers(struct front *f, struct input *in, u32 nr)
{
	const struct model_kind *kind = f->place.kind;
	u32 tag = take_u8(in), tries;
	u8 raw[16];

	/* Some answers may have been forged meanwhile. */
	if (f->published - f->peer_put > slots_of(f) || f->peer_put < f->taken)
		f->peer_put = f->taken;
	for (tries = 0; nr && f->peer_put != f->published && tries < TAGS;
	     tries++, tag = (tag + 1) % TAGS) {
		u64 id = blkif_id(tag, f->tag[tag].gen);

		if (!f->tag[tag].used)
			continue;
		memset(raw, 0, sizeof(raw));
		memcpy(raw, &id, 8);
		if (is_separate(f))
			raw[15] = lap_of(&f->place, f->peer_put);
		memcpy(peer.mem + rsp_at(&f->place, f->peer_put), raw,
		       kind->rsp_size);
		f->peer_put++;
		nr--;
	}
	if (!is_separate(f))
		put32(8, f->place.base + f->peer_put);
}

/* Rounds with good manners, to get around the ring; a large one once. */
static void rounds(struct front *f, struct input *in)
{
	u32 nr = take_u8(in), batch = 1 + take_u8(in), i;

	if (nr * batch > f->budget)
		nr = f->budget / batch;
	f->budget -= nr * batch;
	while (nr-- && !f->broken) {
		for (i = 0; i < batch; i++)
			put(f, in);
		publish(f);
		peer_answers(f, in, batch);
		for (i = 0; i < batch && !f->broken; i++)
			get(f);
		rearm(f, in);
		check_counts(f);
	}
}

static void step(struct front *f, struct input *in)
{
	u8 what = take_u8(in), i;

	peer.index = f->place.base + (what & 128 ? f->put : f->taken);
	peer.slot = rsp_at(&f->place, f->taken);
	peer.hostile = what & 64;
	switch (what & 15) {
	case 0:
	case 1:
		for (i = 0; i <= (what >> 4 & 3) && !f->broken; i++)
			get(f);
		break;
	case 2:
	case 3:
		for (i = 0; i <= (what >> 4 & 3); i++)
			put(f, in);
		break;
	case 4:
		publish(f);
		break;
	case 5:
		rearm(f, in);
		break;
	case 6:
		pending(f);
		break;
	case 7:
		is_full(f);
		break;
	case 8:
	case 9:
		peer_answers(f, in, what & 16 ? slots_of(f) : take_u8(in) % 8);
		break;
	case 10:
		rounds(f, in);
		break;
	case 11:
	case 12:
		peer_changes(rsp_at(&f->place, f->taken));
		break;
	case 13:
		peer_changes(peer.header);
		break;
	case 14:
		peer_changes(req_event_at(&f->place));
		break;
	case 15:
		peer_changes(rsp_at(&f->place, f->taken) |
			     (f->place.kind->rsp_size - 4));
		break;
	}
	check_counts(f);
}

/* The frontend initializes all pages before it grants them. */
static void start(struct front *f)
{
	void *req[16], *rsp[16], *fresh[16];
	u32 i, base = f->place.base;

	peer_pages(&f->place, req, rsp);
	for (i = 0; i < 16; i++)
		fresh[i] = peer.mem + PEER_RSP + i * PAGE;
	blkif_front_rings_init(&f->ring, &f->place.layout, req, fresh);
	CHECK(get32(peer.mem + req_event_at(&f->place)) == 1);
	CHECK(get32(peer.mem + rsp_event_at(&f->place)) == 1);
	/* As if this many requests had been answered. */
	put32(req_event_at(&f->place), base + 1);
	put32(rsp_event_at(&f->place), base + 1);
	if (is_separate(f)) {
		memcpy(f->ring.sep.rsp.pages, rsp, sizeof(rsp));
		blkif_sep_enter_page(&f->ring.sep.rsp, 0);
		f->ring.sep.req.count = base;
		f->ring.sep.req.checked = base;
		f->ring.sep.req.seen = base;
		f->ring.sep.rsp.count = base;
		return;
	}
	put32(0, base);
	put32(8, base);
	f->ring.shared.req_prod = base;
	f->ring.shared.req_published = base;
	f->ring.shared.rsp_cons = base;
	f->ring.shared.rsp_prod = base;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct front *f;
	struct input in = { data, size };
	u32 i;

	if (!f) {
		/* Response pages are only read once the rings are in use. */
		peer_create(PROT_READ | PROT_WRITE, PROT_READ);
		f = aligned_alloc(64, (sizeof(*f) + 63) & ~63UL);
		if (!f)
			abort();
	}
	memset(f, 0, sizeof(*f));
	f->place = take_place(&in);
	f->budget = BUDGET;
	f->tolerant = take_u8(&in) & 1;
	peer_start(&f->place, &in, false);
	start(f);
	for (i = 0; i < STEPS && in.left && !f->broken; i++)
		step(f, &in);
	return 0;
}
