/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes as text: two hexadecimal digits for each, or ".." for one whose value
 * does not matter.
 */
#ifndef _BYTES_H
#define _BYTES_H

#include "unit.h"
#include "xen-blkif/abi.h"

#define FILL	0xee

static inline int hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Parse @size bytes; @used tells which of them have a value. */
static inline void unhex(const char *hex, u8 *bytes, bool *used,
			 unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size; i++) {
		used[i] = *hex && *hex != '.';
		bytes[i] = FILL;
		if (used[i])
			bytes[i] = hex_digit(hex[0]) << 4 | hex_digit(hex[1]);
		if (*hex)
			hex += 2;
		while (*hex == ' ')
			hex++;
	}
}

static inline bool same_cmd(const struct blkif_cmd *a,
			    const struct blkif_cmd *b)
{
	unsigned int nr = a->nr_segs;

	if (a->id != b->id || a->op != b->op || a->flags != b->flags ||
	    a->indirect != b->indirect || a->nr_segs != b->nr_segs ||
	    a->nr_pi != b->nr_pi ||
	    a->sector != b->sector || a->nr_sectors != b->nr_sectors)
		return false;
	if (a->indirect)
		return !memcmp(a->indirect_gref, b->indirect_gref,
			       sizeof(a->indirect_gref));
	if (nr > BLKIF_MAX_INLINE)
		nr = BLKIF_MAX_INLINE;
	return !memcmp(a->seg, b->seg, nr * sizeof(a->seg[0]));
}

/* Count bytes that differ from @hex, or were written beyond @size. */
static inline unsigned int wrong_bytes(const u8 *got, const char *hex,
				       unsigned int size, unsigned int room)
{
	unsigned int i, wrong = 0;
	u8 want[128];
	bool used[128];

	unhex(hex, want, used, room);
	for (i = 0; i < room; i++) {
		if (got[i] == want[i] && (i < size || !used[i]))
			continue;
		unit_note("byte %u: %02x, should be %02x", i, got[i], want[i]);
		wrong++;
	}
	return wrong;
}

#endif
