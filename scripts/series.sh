#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Write the project as patches for a Linux tree, a Xen tree, or both.
#
#   series.sh [--signoff] [--linux TREE] [--xen TREE] [--out DIR]
#
# --linux TREE	a git repository of Linux, or its unpacked source; the patches go to
#		DIR/linux
# --xen TREE	a git repository of Xen; the patches of its public header, in
#		scripts/series/xen, are applied to a clone of it and go to DIR/xen
# --out DIR	default: build/series
# --signoff	add a Signed-off-by: of the author that git is configured with
#
# Succeeds only if git am applies every patch.
set -u

prog=$(basename "$0")
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}

linux='' xen='' out=$top/build/series signoff=()
while [ $# -gt 0 ]; do
	case $1 in
	--signoff) signoff=(--signoff) ;;
	--linux | --xen | --out)
		[ $# -ge 2 ] || die "$1 wants a directory"
		printf -v "${1#--}" '%s' "$2"
		shift
		;;
	*) die "unknown argument '$1'; see the head of scripts/$prog" ;;
	esac
	shift
done
[ -n "$linux$xen" ] ||
	die "name a Linux source by 'make series KSRC=DIR', a git tree of Xen by XENSRC=DIR, or both"

header=xen/include/public/io/blkif.h

# The subject is the first line of the text, the rest of it the letter.
write_cover() {
	local text=$1 cover=$2 base=$3
	awk -v text="$text" -v base="$base" '
		function rest() { getline line <text; while ((getline line <text) > 0) { gsub("@BASE@", base, line); print line } }
		/\*\*\* SUBJECT HERE \*\*\*/ { getline line <text; sub(/\*\*\* SUBJECT HERE \*\*\*/, line) }
		/^\*\*\* BLURB HERE \*\*\*$/ { rest(); next }
		{ print }' "$cover" >"$cover.new" && mv "$cover.new" "$cover"
}

write_xen() {
	local tmp=$1/xen base patches=("$top"/scripts/series/xen/*.patch)
	[ -e "${patches[0]}" ] || die "there are no patches in scripts/series/xen"
	git -C "$xen" rev-parse -q --verify "HEAD:$header" >/dev/null 2>&1 ||
		die "$xen is not a git repository of Xen: its HEAD has no $header"
	# One commit with the public headers suffices as a base, without a work tree.
	git init -q "$tmp" && git -C "$xen" archive HEAD xen/include | tar -x -C "$tmp" &&
		git -C "$tmp" add -A -f && git -C "$tmp" commit -q -m base && git -C "$tmp" tag base || return
	git -C "$tmp" am -q "${patches[@]}" ||
		die "the patches of scripts/series/xen do not apply to $xen"
	"$top/scripts/series/check-xen-header.sh" "$tmp/$header" ||
		die "the patched header of Xen is not as include/xen/interface/io/blkif.h says, see above"
	rm -rf "$out/xen" && mkdir -p "$out/xen" || return
	git -C "$tmp" format-patch -q --cover-letter "${signoff[@]}" --subject-prefix='PATCH' \
		-o "$(cd "$out/xen" && pwd)" base || return
	base=$(git -C "$xen" rev-parse HEAD)
	write_cover "$top/scripts/series/xen/cover.txt" "$out/xen/0000-cover-letter.patch" "$base"
	echo "$out/xen: a cover letter and ${#patches[@]} patches for Xen ${base:0:12}, and git am takes them"
}

mkdir -p "$out" || die "cannot make $out"
if [ -n "$linux" ]; then
	"$top/scripts/series/linux.py" "${signoff[@]}" "$linux" "$out/linux" || exit
fi
if [ -n "$xen" ]; then
	tmp=$(mktemp -d) || exit 2
	trap 'rm -rf "$tmp"' EXIT
	ident=$(git -C "$top" var GIT_AUTHOR_IDENT 2>/dev/null) || ident='xen-blk developers <xen-blk@localhost> 0 +0000'
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	GIT_COMMITTER_NAME=${ident%% <*} GIT_COMMITTER_EMAIL=${ident#*<}
	GIT_COMMITTER_EMAIL=${GIT_COMMITTER_EMAIL%%>*}
	export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
	export GIT_AUTHOR_NAME=$GIT_COMMITTER_NAME GIT_AUTHOR_EMAIL=$GIT_COMMITTER_EMAIL
	write_xen "$tmp" || exit
fi
