#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Print the path of a kernel tree, or of as much of one as checks need: its
# checkpatch.pl and kernel-doc, the framework of its self-tests, and what the
# series changes.  The tree is $KERNEL_TREE, or is extracted once from the newest
# of Debian's packages linux-source that is installed.
set -u

prog=$(basename "$0")
die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
files=(
	scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h
	scripts/kernel-doc include/xen
	COPYING CREDITS Kbuild Makefile MAINTAINERS README Documentation/ABI/testing Documentation/block
	drivers/block/Kconfig drivers/block/Makefile drivers/block/xen-blkfront.c
	drivers/block/xen-blkback
)

tree=${KERNEL_TREE:-$top/build/linux}
complete() {
	local f
	for f in "${files[@]}"; do
		[ -r "$tree/$f" ] || return
	done
}
tarball=''
# The tree is complete and, if it is ours, from the newest source that is installed.
current() {
	complete && { [ -z "$tarball" ] || [ "$(cat "$tree/.tarball" 2>/dev/null)" = "$(identity)" ]; }
}
identity() {
	stat -c '%n %s %Y' "$tarball"
}

if [ -z "${KERNEL_TREE-}" ]; then
	tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -n 1)
fi
current && { echo "$tree"; exit; }
[ -z "${KERNEL_TREE-}" ] || die "KERNEL_TREE=$KERNEL_TREE is not a Linux source tree"
[ -n "$tarball" ] ||
	die "no Linux source: install the package linux-source, or set KERNEL_TREE to a tree"
mkdir -p "$top/build"
new=$(mktemp -d "$top/build/linux.XXXXXX") ||
	die "cannot write to $top/build"
trap 'rm -rf "$new"' EXIT
name=$(basename "$tarball" .tar.xz)
tar -C "$new" -xJf "$tarball" --strip-components=1 "${files[@]/#/$name/}" ||
	die "cannot unpack $tarball"
# checkpatch.pl takes nothing for a kernel tree that lacks one of these.
(cd "$new" && mkdir -p arch fs init ipc kernel lib)
identity >"$new/.tarball"
rm -rf "$tree"
mv -T "$new" "$tree" 2>/dev/null
complete || die "$tarball does not hold what is needed"
echo "$tree"
