// SPDX-License-Identifier: GPL-2.0
/*
 * Negotiation: whatever the keys of a peer say, the choice is one that both
 * sides accept, and within the limits.
 */

#include <linux/errno.h>
#include "fuzz.h"
#include "xen-blkif/disable.h"
#include "xen-blkif/nego.h"
#include "xen-blkif/ops.h"
#include "xen-blkif/pi.h"
#include "xen-blkif/vdev.h"

/* A string of exact size, from up to @most bytes of the input. */
static char *take_string(struct input *in, u32 most)
{
	u32 len = take_below(in, most + 1);
	char *s;

	if (len > in->left)
		len = in->left;
	s = fuzz_alloc(len + 1);
	take_bytes(in, s, len);
	return s;
}

static void numbers(struct input *in)
{
	char *s = take_string(in, 40);
	size_t digits = strspn(s, "0123456789"), zeroes = strspn(s, "0");
	u32 val = 0xa5a5a5a5;
	int ret = blkif_parse_uint(s, &val);
	bool large = digits - zeroes > 10 ||
		     (digits - zeroes == 10 &&
		      strncmp(s + zeroes, "4294967295", 10) > 0);

	/* Which error it is depends on what comes first. */
	if (!digits || s[digits]) {
		CHECK(ret == -EINVAL || (ret == -ERANGE && large));
		CHECK(val == 0xa5a5a5a5);
	} else if (large) {
		CHECK(ret == -ERANGE && val == 0xa5a5a5a5);
	} else {
		CHECK(!ret && val == strtoull(s, NULL, 10));
	}
	free(s);
}

/* The value of a key as a peer writes it, or a limit of ours. */
static u32 take_number(struct input *in)
{
	u8 kind = take_u8(in);

	switch (kind & 3) {
	case 0:
		return kind >> 2;
	case 1:
		return 1U << (kind >> 2 & 31);
	case 2:
		return (1U << (kind >> 2 & 31)) - 1;
	}
	return take_edge(in);
}

static struct blkif_offer take_offer(struct input *in)
{
	u8 bits = take_u8(in);

	return (struct blkif_offer) {
		.max_queues = take_number(in),
		.max_ring_order = take_number(in),
		.max_indirect_segs = take_number(in),
		.max_slim_entries = take_number(in),
		.max_align = take_number(in),
		.persistent = bits & 1,
		.slim = bits & 2,
		.separate = bits & 4,
	};
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* The size of what both sides allocate for a queue. */
static void check_layout(const struct blkif_layout *layout)
{
	u32 bytes = 4096U << layout->order, slots = blkif_layout_slots(layout);
	u32 rsp;

	CHECK(layout->order <= 4);
	CHECK(blkif_layout_req_pages(layout) == 1U << layout->order);
	CHECK(blkif_layout_name(layout)[0]);
	if (!layout->separate) {
		CHECK(!blkif_layout_rsp_pages(layout));
		CHECK(slots && !(slots & (slots - 1)));
		CHECK(64 + slots * layout->abi->req_size <= bytes);
		CHECK(64 + 2 * slots * layout->abi->req_size > bytes);
		return;
	}
	CHECK(layout->align == 64 || layout->align == 128);
	CHECK(layout->abi->slim);
	CHECK(slots == (bytes - 2 * layout->align) / 32);
	rsp = 2 * layout->align + slots * 16;
	CHECK(blkif_layout_rsp_pages(layout) == (rsp + 4095) / 4096);
	CHECK(blkif_layout_rsp_pages(layout) <= BLKIF_SEP_MAX_PAGES);
}

static bool is_acceptable(const struct blkif_choice *choice,
			  const struct blkif_offer *offer)
{
	const struct blkif_layout *layout = &choice->layout;

	if (!choice->nr_queues || choice->nr_queues > 256 ||
	    (choice->nr_queues > 1 && choice->nr_queues > offer->max_queues))
		return false;
	if (!layout->abi || layout->order > 4 ||
	    layout->order > offer->max_ring_order)
		return false;
	if (!layout->separate)
		return !layout->abi->slim || offer->slim;
	return offer->separate && layout->abi->slim &&
	       (layout->align == 64 ||
		(layout->align == 128 && offer->max_align >= 128));
}

static void check_segs(u32 segs, const struct blkif_abi *abi,
		       const struct blkif_offer *theirs,
		       const struct blkif_offer *ours)
{
	u32 want;

	if (abi->slim)
		want = least(least(theirs->max_slim_entries,
				   ours->max_slim_entries), 1024);
	else
		want = least(least(theirs->max_indirect_segs,
				   ours->max_indirect_segs), 4096);
	CHECK(segs == want || (segs > want && segs == (abi->slim ? 2 : 11)));
}

static void choice(struct input *in)
{
	struct blkif_offer theirs = take_offer(in), ours = take_offer(in);
	struct blkif_choice choice = blkif_choose(&theirs, &ours);
	const struct blkif_layout *layout = &choice.layout;
	bool separate = theirs.separate && ours.separate;

	CHECK(!blkif_refuse(&choice, &theirs));
	CHECK(!blkif_refuse(&choice, &ours));
	CHECK(is_acceptable(&choice, &theirs));
	CHECK(layout->separate == separate);
	CHECK(layout->abi->slim ==
	      (separate || (theirs.slim && ours.slim)));
	CHECK(choice.persistent == (theirs.persistent && ours.persistent));
	CHECK(layout->order == least(least(theirs.max_ring_order,
					   ours.max_ring_order), 4));
	CHECK(choice.nr_queues == 1 ||
	      choice.nr_queues == least(least(theirs.max_queues,
					      ours.max_queues), 256));
	CHECK(!separate || layout->align == (theirs.max_align >= 128 &&
					     ours.max_align >= 128 ? 128 : 64));
	check_layout(layout);
	check_segs(blkif_choose_segs(layout->abi, &theirs, &ours), layout->abi,
		   &theirs, &ours);
}

/* A choice that a frontend may write whatever was offered. */
static void refusal(struct input *in)
{
	static const struct blkif_abi *const slim = &blkif_abi_slim;
	struct blkif_offer offer = take_offer(in);
	u8 bits = take_u8(in);
	char *name = take_string(in, 12);
	const struct blkif_abi *abi = blkif_abi_by_name(bits & 8 ? name : NULL);
	struct blkif_choice choice = {
		.layout = {
			.abi = bits & 1 ? slim : bits & 2 ? abi :
			       &blkif_abi_native,
			.separate = bits & 4,
			.order = take_u8(in),
			.align = bits & 16 ? take_u16(in) :
				 bits & 32 ? 128 : 64,
		},
		.nr_queues = take_number(in),
	};
	bool accepted = !blkif_refuse(&choice, &offer);

	CHECK(accepted == is_acceptable(&choice, &offer));
	if (accepted)
		check_layout(&choice.layout);
	if (bits & 8 && *name)
		CHECK(!abi || !strcmp(abi->name, name));
	free(name);
}

/* What a list of features means, or false if a name is unknown. */
static bool model_features(const char *s, u32 *mask)
{
	static const char *const names[] = {
		"slim-requests", "separate-rings", "fua", "discard",
		"discard-ranges", "secure-erase", "write-zeroes", "integrity",
	};
	char *list = strdup(s), *rest = list, *word;
	bool known = true;
	u32 i;

	*mask = 0;
	list[strcspn(list, "\n")] = '\0';
	while (*rest && (word = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (!strcmp(word, names[i]))
				break;
		}
		if (i == ARRAY_SIZE(names))
			known = false;
		else
			*mask |= 1U << i;
		if (!rest)
			break;
	}
	free(list);
	return known;
}

/* A list of names, some of which are known. */
static char *take_list(struct input *in)
{
	static const char *const words[] = {
		"slim-requests", "separate-rings", "fua", "discard",
		"discard-ranges", "secure-erase", "write-zeroes", "integrity",
		"fua", "fua", "fua", "discard", "discard-", "\n", "x", "",
	};
	char list[400] = "";
	u32 nr = take_below(in, 20), word;

	while (nr--) {
		word = take_u8(in);
		strcat(list, words[word % ARRAY_SIZE(words)]);
		/* Few commas are missing. */
		if (nr && word < 240)
			strcat(list, ",");
	}
	return strdup(list);
}

static void features(struct input *in)
{
	char *s = take_u8(in) & 1 ? take_string(in, 200) : take_list(in);
	struct blkif_disable disable = { .mask = 0x5a, .text = "before" };
	struct kernel_param kp = { .arg = &disable };
	char *shown = fuzz_alloc(4096);
	size_t len = strcspn(s, "\n");
	u32 mask, got = 0x5a;
	bool known = model_features(s, &mask);
	struct blkif_word unknown = blkif_features_parse(s, &got);
	int ret = blkif_disable_set(s, &kp);

	CHECK(!unknown.s == known);
	CHECK(got == (known ? mask : 0x5a));
	if (!known) {
		CHECK(unknown.s >= s && unknown.s + unknown.len <= s + len);
		CHECK(!memchr(unknown.s, ',', unknown.len));
	}
	CHECK(!ret == (known && len < sizeof(disable.text)));
	CHECK(disable.mask == (ret ? 0x5a : mask));
	blkif_disable_get(shown, &kp);
	if (ret)
		CHECK(!strcmp(shown, "before\n"));
	else
		CHECK(!strncmp(shown, s, len) && !strcmp(shown + len, "\n"));
	free(shown);
	free(s);
}

static bool model_vdev(u32 number, u32 *disk, u32 *part)
{
	u32 major = number >> 8, minor = number & 255;

	*disk = minor >> 4;
	*part = minor & 15;
	if (number >= 1U << 28) {
		*disk = (number & 0xfffffff) >> 8;
		*part = minor;
		/* Linux has 20 bits for minors. */
		return number < (1U << 28) + (1U << 20);
	}
	switch (major) {
	case 3:
	case 22:
		*disk = (minor >> 6) + (major == 22 ? 2 : 0);
		*part = 0;
		return true;
	case 65 ... 71:
		*disk += (major - 65) * 16 + 16;
		return true;
	case 128 ... 135:
		*disk += (major - 128) * 16 + 128;
		return true;
	}
	return major == 8 || major == 202;
}

/* The name says the same: "xvd", a number in letters, one in digits. */
static void check_name(const char *name, u32 disk, u32 part)
{
	const char *p = name + 3;
	u32 letters = 0;

	CHECK(!strncmp(name, "xvd", 3));
	CHECK(*p >= 'a' && *p <= 'z');
	for (; *p >= 'a' && *p <= 'z'; p++)
		letters = letters * 26 + (*p - 'a' + 1);
	CHECK(letters == disk + 1);
	CHECK(*p != '0' && strspn(p, "0123456789") == strlen(p));
	CHECK((*p ? strtoul(p, NULL, 10) : 0) == part);
}

static void vdev(struct input *in)
{
	static const u32 majors[] = { 3, 8, 22, 65, 71, 72, 128, 135, 136, 202,
				      1 << 20, 1 << 21 };
	u8 kind = take_u8(in);
	u32 number = kind & 1 ? take_u32(in) :
		     majors[take_below(in, ARRAY_SIZE(majors))] << 8 |
		     take_u8(in) | (kind & 2 ? take_u16(in) << 8 : 0);
	char name[BLKIF_VDEV_NAME_LEN + 1];
	struct blkif_vdev vdev;
	u32 disk, part;
	bool known = model_vdev(number, &disk, &part);

	CHECK(!blkif_vdev_parse(number, &vdev) == known);
	if (!known)
		return;
	CHECK(vdev.index == disk && vdev.part == part);
	CHECK(vdev.nr_minors == (part ? 1 : number >> 28 ? 256 : 16));
	CHECK(vdev.minor == disk * (number >> 28 ? 256 : 16) + part);
	CHECK(vdev.minor + vdev.nr_minors <= 1U << 20);
	memset(name, 0x5a, sizeof(name));
	blkif_vdev_name(&vdev, name);
	CHECK(memchr(name, '\0', BLKIF_VDEV_NAME_LEN));
	check_name(name, disk, part);
}

static struct blkif_ops take_ops(struct input *in)
{
	u8 bits = take_u8(in);

	return (struct blkif_ops) {
		.fua = bits & 1,
		.discard = bits & 2,
		.secure = bits & 4,
		.zeroes = bits & 8,
		.max_discard = take_number(in),
		.max_zeroes = take_number(in),
		.max_ranges = take_number(in),
		.granularity = take_number(in),
		.alignment = take_number(in),
	};
}

/* The most sectors of a request: whole blocks, no more than was offered. */
static void check_max(bool used, u32 max, u32 offered, u32 block)
{
	CHECK(!used || max);
	CHECK(max <= 0xffffffffU / 512);
	CHECK(!offered || max <= offered);
	CHECK(max % (block / 512) == 0);
}

static void operations(struct input *in)
{
	const struct blkif_abi *abi = take_u8(in) & 1 ? &blkif_abi_slim :
							&blkif_abi_native;
	struct blkif_ops theirs = take_ops(in), ours = take_ops(in), ops;
	u32 block = 512U << take_below(in, 8);
	u32 hint = take_number(in), opt = blkif_usable_opt(hint, block);

	ops = blkif_choose_ops(abi, &theirs, &ours, block);
	CHECK(ops.fua == (abi->slim && theirs.fua && ours.fua));
	CHECK(!ops.discard || (theirs.discard && ours.discard));
	CHECK(!ops.secure || (ops.discard && theirs.secure && ours.secure));
	CHECK(!ops.zeroes || (abi->slim && theirs.zeroes && ours.zeroes));
	CHECK(blkif_discard_name(&ops)[0]);
	check_max(ops.discard, ops.max_discard, theirs.max_discard, block);
	check_max(ops.zeroes, ops.max_zeroes, theirs.max_zeroes, block);
	CHECK(ops.max_ranges >= 1 && ops.max_ranges <= 256);
	if (ops.max_ranges > 1) {
		CHECK(abi->slim && ops.discard);
		CHECK(ops.max_ranges <= theirs.max_ranges);
		CHECK(ops.max_ranges <= ours.max_ranges);
	}
	CHECK(ops.granularity && ops.granularity % block == 0);
	CHECK(!ops.discard || ops.granularity / 512 <= ops.max_discard);
	CHECK(ops.alignment % block == 0 && ops.alignment < ops.granularity);
	CHECK(!opt || (opt == hint && opt % block == 0 && opt <= 32U << 20));
	CHECK(opt || !hint || hint % block || hint > 32U << 20);
}

static void integrity(struct input *in)
{
	static const char *const names[] = {
		"T10-DIF-TYPE1-CRC", "T10-DIF-TYPE3-CRC",
		"T10-DIF-TYPE1-IP", "T10-DIF-TYPE3-IP",
	};
	char *s = take_string(in, 24);
	u8 bits = take_u8(in);
	const char *name = bits & 4 ? s : names[bits & 3];
	const struct blkif_pi_profile *profile = blkif_pi_by_name(name);
	u32 interval = take_number(in), tuple = bits & 8 ? take_number(in) : 8;
	u32 block = 512U << take_below(in, 4);
	struct blkif_pi pi = blkif_pi_make(profile, interval, tuple, block);
	u32 i, known = 0;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		known += !strcmp(name, names[i]);
	CHECK(!!profile == known);
	CHECK(!profile || !strcmp(blkif_pi_name(&(struct blkif_pi) {
				  profile, 512 }), name));
	CHECK(!profile || blkif_pi_profile(profile->ip, profile->ref) ==
			  profile);
	CHECK(!!pi.profile == (known && tuple == 8 && interval >= 512 &&
			       interval <= block && block % interval == 0));
	CHECK(pi.interval == (pi.profile ? interval : 0));
	CHECK(blkif_pi_same(&pi, &pi));
	CHECK(blkif_pi_name(&pi)[0]);
	free(s);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static void (*const parts[])(struct input *) = {
		numbers, choice, refusal, features, vdev, operations, integrity,
	};
	struct input in = { data, size };

	parts[take_below(&in, ARRAY_SIZE(parts))](&in);
	return 0;
}
