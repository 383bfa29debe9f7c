#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Compare our public header with Xen's after the patches in scripts/series/xen:
# each constant that ours defines, the sizes and offsets of all structures of
# slim requests and of the existing format, for 32 and 64 bits, and the names
# of keys.  Xen's header must also pass the checks of xen/include/Makefile.
#
#   check-xen-header.sh XENSRC/xen/include/public/io/blkif.h
set -u

prog=$(basename "$0")
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
ours=$top/include/xen/interface/io/blkif.h
cc=${CC:-gcc}
cxx=${CXX:-g++}
export LC_ALL=C

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}
[ $# -eq 1 ] || die "usage: $prog XENSRC/xen/include/public/io/blkif.h"
theirs=$(readlink -f "$1")
[ -r "$theirs" ] || die "cannot read $1"
public=$(dirname "$(dirname "$theirs")")
[ -r "$public/xen.h" ] || die "$1 is not in a tree of Xen: there is no $public/xen.h"
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT

# Keys that Xen's header does not have: they belong to XenBus or the toolstack, or
# to none of the patches.
other_keys='state|online|dev|optimal-io-size|virtual-device-ext|removable'

# Structures and their fields.  "a=b" are the names in ours and in Xen's.
fields='
blkif_slim_request lap operation count flags
blkif_slim_request h.rw.first0 h.rw.last0 h.rw.first1 h.rw.last1
blkif_slim_request h.indirect.nr_entries h.indirect.nr_pi h.reserved
blkif_slim_request id u.rw.sector u.rw.gref u.indirect.gref
blkif_slim_request u.range.sector u.range.nr_sectors
blkif_slim_entry sector gref first_sect last_sect reserved
blkif_slim_range sector nr_sectors
blkif_slim_response id reserved status operation lap
blkif_request_segment gref first_sect last_sect
blkif_response id operation status
blkif_request operation u.rw.nr_segments=nr_segments u.rw.handle=handle
blkif_request u.rw.id=id u.rw.sector_number=sector_number u.rw.seg=seg
blkif_request=blkif_request_discard u.discard.flag=flag u.discard.id=id
blkif_request=blkif_request_discard u.discard.sector_number=sector_number
blkif_request=blkif_request_discard u.discard.nr_sectors=nr_sectors
blkif_request=blkif_request_indirect u.indirect.indirect_op=indirect_op
blkif_request=blkif_request_indirect u.indirect.nr_segments=nr_segments
blkif_request=blkif_request_indirect u.indirect.id=id
blkif_request=blkif_request_indirect u.indirect.sector_number=sector_number
blkif_request=blkif_request_indirect u.indirect.handle=handle
blkif_request=blkif_request_indirect u.indirect.indirect_grefs=indirect_grefs
'

constants() {
	sed -nE 's/^#define[[:space:]]+((BLKIF|VDISK)_[A-Z0-9_]+)[[:space:]].*/\1/p' "$ours"
}

# name_of SIDE NAME: what the side calls "a=b", or "a".
name_of() {
	if [ "$1" = ours ]; then echo "${2%=*}"; else echo "${2#*=}"; fi
}

# A program whose assembly has lines "->name value", so that it need not be run;
# $1 is the side, ours or theirs.
program() {
	local side=$1 struct label f name line
	printf '#include <stddef.h>\n#include <stdint.h>\n'
	[ "$side" = ours ] && printf '#include <xen/interface/io/blkif.h>\n'
	[ "$side" = theirs ] && printf '#include "%s"\n' "$theirs"
	printf '#define VALUE(name, v) asm volatile("\\n->" name " %%c0" : : "i" ((long)(v)))\n'
	printf 'void values(void)\n{\n'
	for name in $(constants); do
		printf '#ifdef %s\n\tVALUE("%s", %s);\n#endif\n' "$name" "$name" "$name"
	done
	while read -r struct line; do
		[ -n "$struct" ] || continue
		label=${struct%=*}
		struct=$(name_of "$side" "$struct")
		[ "$label" = "$struct" ] &&
			printf '\tVALUE("sizeof %s", sizeof(struct %s));\n' "$label" "$struct"
		for f in $line; do
			name=$label.${f%=*}
			f=$(name_of "$side" "$f")
			printf '\tVALUE("%s", offsetof(struct %s, %s));\n' "$name" "$struct" "$f"
			printf '\tVALUE("sizeof %s", sizeof(((struct %s *)0)->%s));\n' \
				"$name" "$struct" "$f"
		done
	done <<<"$fields"
	printf '}\n'
}

values() {
	local side=$1 width=$2
	program "$side" >"$tmp/$side.c" || return
	"$cc" "$width" -ffreestanding -w -I"$tmp/include" -I"$top/include" \
		-S -o "$tmp/$side.s" "$tmp/$side.c" || return
	sed -n 's/^->//p' "$tmp/$side.s" | sort -u >"$tmp/$side$width"
}

# As headers.chk, headers99.chk and headers++.chk do it.
check_compile() {
	local width=$1
	"$cc" "$width" -x c -ansi -Wall -Werror -include stdint.h \
		-S -o /dev/null "$theirs" || return
	echo "#include \"$theirs\"" | "$cc" "$width" -x c -std=c99 -Wall -Werror \
		-include stdint.h -S -o /dev/null - || return
	echo "#include \"$theirs\"" | "$cxx" "$width" -x c++ -std=gnu++98 -Wall \
		-Werror -D__XEN_TOOLS__ -include stdint.h -include "$public/xen.h" \
		-S -o /dev/null -
}

check_values() {
	local width=$1
	values ours "$width" && values theirs "$width" || return
	[ -s "$tmp/ours$width" ] || return
	diff -u --label "ours ($width)" --label "Xen's ($width)" \
		"$tmp/ours$width" "$tmp/theirs$width"
}

# Nothing that ours defines is missing in the list above.
check_listed() {
	local struct rc=0
	while read -r struct; do
		grep -q "^$struct " <<<"$fields" && continue
		echo "$prog: struct $struct is not compared"
		rc=1
	done < <(sed -nE 's/^struct (blkif_slim_[a-z_]+) \{$/\1/p' "$ours")
	return $rc
}

check_keys() {
	local key rc=0
	while read -r key; do
		grep -qE "(^ \\* |\")$key(\"|$)" "$theirs" && continue
		echo "$prog: Xen's header has no key $key"
		rc=1
	done < <(sed -nE 's/^ \*  ([a-z][a-z%-]+)(, .*)?( +[BFT]  .*)?$/\1/p' "$ours" |
		grep -vxE "$other_keys" | sort -u)
	return $rc
}

# What ours includes of the kernel.
mkdir -p "$tmp/include/xen/interface/io"
echo 'typedef uint32_t grant_ref_t;' >"$tmp/include/xen/interface/grant_table.h"
echo '#define DEFINE_RING_TYPES(name, req, rsp) struct name##_sring' \
	>"$tmp/include/xen/interface/io/ring.h"

rc=0
check_listed || rc=1
check_keys || rc=1
for width in -m32 -m64; do
	check_compile "$width" || rc=1
	check_values "$width" || rc=1
done
[ $rc -eq 0 ] && echo "$(sort -u "$tmp/ours-m64" | wc -l) values are the same in both headers"
exit $rc
