#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build this tree's modules for the kernel of one suite's image, in the image's
# own file system, so that headers, compiler and host tools are also that suite's.
#
#   build-modules.sh [--src DIR] SUITE OUTDIR [MAKE-VARIABLE=VALUE...]
#
# Without --src the modules are those of the project; OUTDIR gets every .ko.
# C=2 adds sparse. Warnings (W=1) are shown, and kept in OUTDIR/build.log.
set -u
# shellcheck source=../tests/system/lib/host.sh
. "$(dirname "$0")/../tests/system/lib/host.sh"

src=
[ "${1-}" = --src ] && { src=$2; shift 2; }
[ $# -ge 2 ] || die "usage: $prog [--src DIR] SUITE OUTDIR [VARIABLE=VALUE...]"
suite=$1 out=$2
shift 2
load_suite "$suite"
need_root
root=$cache_root/$suite/root
"$bed/build-image.sh" "$suite" || exit
mkdir -p "$out" || die "cannot make $out"
kver=$(cat "$cache_root/$suite/kver")

work=$(mktemp -d "$root/build.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$work"
if [ -n "$src" ]; then
	cp -a "$src/." "$work/"
else
	for d in Kbuild drivers include compat; do
		[ -e "$top/$d" ] && cp -a "$top/$d" "$work/"
	done
	[ -f "$work/Kbuild" ] || die "there is no Kbuild in $top, so there are no modules to build"
	# Objects that were built for another kernel must not be used.
	find "$work" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
fi
cp "$top/scripts/sparse" "$work/" || exit

# In its own mount namespace, so that nothing stays mounted whatever happens.
# shellcheck disable=SC2016
unshare --mount --propagation private bash -c '
	root=$1; shift
	mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc" || exit 3
	exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
' - "$root" make -C "/lib/modules/$kver/build" "M=/${work##*/}" W=1 \
	CHECK="/${work##*/}/sparse" -j"$(nproc)" "$@" modules \
	>"$out/build.log" 2>&1
rc=$?
sed -i "s,/${work##*/}/,,g" "$out/build.log"
grep -E -A 6 'warning:|error:|Error' "$out/build.log" | head -n 60 >&2
[ $rc = 0 ] || die "the modules do not build for Linux $kver; see $out/build.log"
rm -f "$out"/*.ko
find "$work" -name '*.ko' -exec cp {} "$out/" \;
