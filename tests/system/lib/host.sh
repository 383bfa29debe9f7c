# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by all scripts of the test bed that run on the host.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
bed=$top/tests/system
cache_root=${XENBLK_CACHE:-/var/cache/xen-blk}
prog=$(basename "$0")

say() { printf '%s: %s\n' "$prog" "$*" >&2; }

# die SENTENCE: exit with what is wrong, and what to do about it
die() {
	say "$*"
	exit 2
}

need_root() {
	[ "$(id -u)" = 0 ] || die "this must run as root (it makes file systems and chroots); try: sudo $0"
}

need_tools() {
	local t
	for t; do
		command -v "$t" >/dev/null ||
			die "'$t' is not installed; run scripts/install-deps.sh first"
	done
}

# need_space MIB DIR
need_space() {
	local dir=$2 free
	while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
	free=$(df -Pm "$dir" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$1" ] ||
		die "only $free MiB are free in $dir and $1 are needed; free some, or set XENBLK_CACHE to another place"
}

suites() {
	local f
	for f in "$bed"/image/*.suite; do basename "$f" .suite; done
}

# Those whose kernel is of the same release of Debian.
suites_of_one_release() {
	local s
	for s in $(suites); do (load_suite "$s" && [ -z "$kernel_from" ] && echo "$s"); done
}

# load_suite SUITE: set xen_version, base (Debian's suite) and kernel_from (the one that the
# kernel comes from, if another), or exit if there is no such suite
load_suite() {
	[ -f "$bed/image/$1.suite" ] ||
		die "no suite '$1' (there are: $(suites | xargs))"
	# shellcheck disable=SC2034
	base=$1 kernel_from=
	# shellcheck source=/dev/null
	. "$bed/image/$1.suite"
}

# hms SECONDS
hms() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
