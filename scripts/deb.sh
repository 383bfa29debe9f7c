#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the Debian packages xen-blk-dkms and xenblk, in a copy: nothing in the tree changes.
#
#   deb.sh [--version VERSION] [OUTDIR]		(default build/deb)
#   deb.sh --print-version
#
# The version is that of the file VERSION, followed by the time and the hash of the
# last commit unless that has the tag vVERSION, and by +local if files were changed.
# Two builds of one version are equal, byte for byte.
set -u

prog=$(basename "$0")
die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cd "$top" || exit 2

# git, if this is a clone: an unpacked archive has no commits.
commits() { [ -e .git ] && git -c safe.directory="$top" "$@" 2>/dev/null; }

# What of the tree is in the package, or changes what is.
parts=(Kbuild VERSION drivers include compat packaging scripts/deb.sh scripts/kdir.sh
	tools/xenblk Documentation/failures.md Documentation/ABI)

tree_version() {
	local base commit
	base=$(cat VERSION) || die "there is no file VERSION"
	commit=$(TZ=UTC commits log -1 --abbrev=7 --date=format-local:%Y%m%d%H%M%S --format='+git%cd.%h') || commit=
	[ -z "$(commits tag --points-at HEAD --list "v$base")" ] || commit=
	[ -z "$(commits status --porcelain -- "${parts[@]}")" ] || commit+=+local
	echo "$base$commit"
}

version=''
case ${1-} in
--print-version)
	tree_version
	exit
	;;
--version)
	[ $# -ge 2 ] || die "usage: $prog [--version VERSION] [OUTDIR]"
	version=$2
	shift 2
	;;
esac
out=${1:-$top/build/deb}
[ -n "$version" ] || version=$(tree_version) || exit
for tool in dpkg-buildpackage dh dh_dkms; do
	command -v $tool >/dev/null || die "there is no $tool; scripts/install-deps.sh deb installs what is needed"
done

# The time of the last commit, or of the newest file.
SOURCE_DATE_EPOCH=$(commits log -1 --format=%ct) ||
	SOURCE_DATE_EPOCH=$(find "${parts[@]}" -type f -printf '%Ts\n' | sort -n | tail -n 1)
export SOURCE_DATE_EPOCH
export LC_ALL=C TZ=UTC
umask 022
# The make commands below are not jobs of a make that started this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

mkdir -p "$out" || die "cannot make $out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/work.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

src=$work/xen-blk
mkdir "$src"
cp -r --parents "${parts[@]}" "$src/" || exit
# What an earlier build has left in the tree is not part of the sources.
find "$src" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
	-o -name Module.symvers -o -name modules.order -o -name .gitignore \) -delete
mv "$src/packaging/debian" "$src/debian"
maintainer=$(sed -n 's/^Maintainer: //p' "$src/debian/control")
cat >"$src/debian/changelog" <<-E
	xen-blk ($version) unstable; urgency=medium

	  * Built from the sources of this version; their history is in git.

	 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
E

log=$out/build.log
(cd "$src" && dpkg-buildpackage --build=binary --no-sign) >"$log" 2>&1 || {
	tail -n 20 "$log" >&2
	die "the package does not build; all of it: $log"
}
rm -f "$out"/{xen-blk-dkms,xenblk}_*.deb
for deb in {xen-blk-dkms,xenblk}_"${version}"_all.deb; do
	mv "$work/$deb" "$out/" || die "there is no $deb; see $log"
	echo "${out#"$top/"}/$deb"
done
