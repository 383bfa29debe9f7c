// SPDX-License-Identifier: GPL-2.0
/*
 * Headers that convert or decide small things: statuses, operations, sizes of
 * protection information, when to try again, where a range is cut, histograms.
 */

#include "fuzz.h"
#include "xen-blkback/hist.h"
#include "xen-blkback/range.h"
#include "xen-blkif/backoff.h"
#include "xen-blkif/pi.h"
#include "xen-blkif/status.h"

static void statuses(struct input *in)
{
	bool slim = take_u8(in) & 1;
	blk_status_t status = take_u8(in), back;
	s16 wire = take_u16(in), again;

	again = blkif_status_to_wire(slim, status);
	CHECK(again <= 0 && again >= (slim ? BLKIF_RSP_OFFLINE :
					     BLKIF_RSP_EOPNOTSUPP));
	CHECK(!again == !status);
	/* What the other side makes of it says the same, or just an error. */
	back = blkif_status_from_wire(slim, again);
	CHECK(back == status || back == BLK_STS_IOERR);
	back = blkif_status_from_wire(slim, wire);
	CHECK(!back == !wire);
	CHECK((back == BLK_STS_NOTSUPP) == (wire == BLKIF_RSP_EOPNOTSUPP));
	if (wire > 0 || wire < (slim ? BLKIF_RSP_OFFLINE :
				       BLKIF_RSP_EOPNOTSUPP))
		CHECK(back == BLK_STS_IOERR);
	else
		CHECK(blkif_status_to_wire(slim, back) == wire);
}

/* Operations of requests and of their responses. */
static void answers(struct input *in)
{
	struct blkif_cmd cmd = {
		.op = take_u8(in),
		.indirect = take_u8(in) & 1,
		.nr_segs = take_u16(in),
		.nr_pi = take_u16(in),
	};
	u8 op = take_u8(in);
	bool data = cmd.op < 4, range = cmd.op == 5 || cmd.op == 7;

	CHECK(blkif_cmd_answered_by(&cmd, op) ==
	      (op == cmd.op || (cmd.indirect && op == 6)));
	CHECK(blkif_op_has_data(cmd.op) == data);
	CHECK(blkif_op_is_range(cmd.op) == range);
	CHECK(blkif_op_is_write(cmd.op) == (cmd.op != 0));
	CHECK(blkif_cmd_entries(&cmd) == (u32)cmd.nr_segs + cmd.nr_pi);
}

static u32 pages_for(u32 interval, u32 segs)
{
	return (segs * 4096 / interval * 8 + 4095) / 4096;
}

static void tuples(struct input *in)
{
	u32 interval = 512U << take_below(in, 4);
	u32 sectors = take_below(in, 8193) / (interval / 512) *
		      (interval / 512);
	u32 entries = take_below(in, 1025);
	u32 bytes = blkif_pi_bytes(interval, sectors);
	u32 offset = take_u16(in) & ~7, room, segs;

	CHECK(bytes == sectors * 512 / interval * 8);
	CHECK(blkif_pi_pages(interval, sectors) == (bytes + 4095) / 4096);
	CHECK(blkif_pi_pages(interval, sectors) <= BLKIF_PI_MAX_PAGES);
	room = blkif_pi_room(interval, offset);
	CHECK(room >= interval);
	/* Its tuples end where the page does. */
	CHECK((offset + room / interval * 8) % 4096 == 0);
	CHECK(room / interval * 8 <= 4096);
	segs = blkif_pi_max_segs(interval, entries);
	CHECK(segs + pages_for(interval, segs) <= entries);
	CHECK(segs + 1 + pages_for(interval, segs + 1) > entries);
}

static void attempts(struct input *in)
{
	struct blkif_backoff backoff = { 0 };
	u32 skipped = 0, level = 0, retry = 64, i;

	for (i = 0; i < 2000 && in->left; i++) {
		bool tries = blkif_backoff_try(&backoff);
		bool paid = take_u8(in) & 1;

		CHECK(tries == (level || skipped + 1 == retry));
		skipped = tries ? 0 : skipped + 1;
		if (!tries)
			continue;
		CHECK(blkif_backoff_learn(&backoff, paid) == paid);
		if (paid)
			retry = 64;
		else if (!level && retry < 256)
			retry *= 2;
		level = paid ? (level < 8 ? level + 1 : 8) : level / 2;
		CHECK(backoff.level == level);
	}
	/* It takes more than one that paid off, or that did not, to change. */
	for (i = 0; i < 256 && !blkif_backoff_try(&backoff); i++)
		;
	CHECK(i < 256);
}

static void cuts(struct input *in)
{
	struct range_cut cut;
	struct blkif_range range;
	u32 nr, i;

	cut.granule = 1 + (take_edge(in) & 0xffffff);
	cut.max = cut.granule + (take_edge(in) & 0xffffff);
	cut.first = take_u32(in) % cut.granule;
	/* As far as a disk of Linux goes. */
	range.sector = take_edge(in) & ((1ULL << 55) - 1);
	range.nr_sectors = take_edge(in) & ((1ULL << 55) - 1);
	for (i = 0; i < 8 && range.nr_sectors; i++) {
		nr = range_cut_off(&range, &cut);
		CHECK(nr && nr <= cut.max && nr <= range.nr_sectors);
		range.sector += nr;
		range.nr_sectors -= nr;
		CHECK(!range.nr_sectors || (range.sector + cut.granule -
					    cut.first) % cut.granule == 0);
	}
}

static void latencies(struct input *in)
{
	struct blkback_hist hist = { 0 };
	u64 ns = take_edge(in), us = ns / 1000;
	u32 bucket = blkback_hist_bucket(us), i;

	CHECK(bucket < BLKBACK_HIST_BUCKETS);
	CHECK(!bucket == !us);
	CHECK(!bucket || us >= 1ULL << (bucket - 1));
	CHECK(bucket == BLKBACK_HIST_BUCKETS - 1 || us < 1ULL << bucket);
	blkback_hist_add(&hist, ns);
	CHECK(hist.ns == ns);
	for (i = 0; i < BLKBACK_HIST_BUCKETS; i++)
		CHECK(hist.bucket[i] == (i == bucket));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (*const parts[])(struct input *) = {
		statuses, answers, tuples, attempts, cuts, latencies,
	};
	struct input in = { data, size };

	parts[take_below(&in, ARRAY_SIZE(parts))](&in);
	return 0;
}
