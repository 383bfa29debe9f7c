#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the series in the newest kernel source that Debian has: after each of its
# patches, and then all of it without a warning of compiler or sparse, as modules
# and built in.  Prints a line for each check; the last line is 'N passed, N failed'.
#
#   series-build.sh [--kernel TREE] [ARCH...]	(x86_64 and arm64 if none is named)
#
# --kernel TREE	an unpacked source of Linux; it is copied, not changed
#
# XENBLK_CACHE	where Debian's package is kept (/var/cache/xen-blk)
set -u

prog=$(basename "$0")
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cache=${XENBLK_CACHE:-/var/cache/xen-blk}
work=$top/build/series-build
suite=trixie-backports
export LC_ALL=C
# The make commands below are not jobs of a make that started this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}

kernel=''
if [ "${1-}" = --kernel ]; then
	kernel=${2:?$1 wants a directory}
	shift 2
fi
[ $# -gt 0 ] || set -- x86_64 arm64
for arch; do
	case $arch in x86_64 | arm64) ;; *) die "'$arch' is none of x86_64 and arm64" ;; esac
done

# The machine's apt, but with a separate index and cache.
apt=$cache/$suite
backports_apt() {
	local tool=$1
	shift
	"$tool" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/sources" \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" \
		-o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}

# Print the name of the newest package linux-source-N.N; the index is fetched first.
newest_source() {
	local archive
	archive=$("$top/scripts/debian-archive.sh") ||
		die "apt has no source of Debian packages here, and $suite has the kernel; give one by --kernel"
	mkdir -p "$apt/sources" "$apt/lists/partial" "$apt/cache/archives/partial" || return
	printf '%s\n' 'Types: deb' "URIs: $archive" "Suites: $suite" 'Components: main' \
		'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' >"$apt/sources/$suite.sources"
	backports_apt apt-get update >"$apt/log" 2>&1 || {
		die "the index of $suite cannot be fetched; see $apt/log"
	}
	backports_apt apt-cache pkgnames linux-source- | grep -E '^linux-source-[0-9.]+$' | sort -V | tail -n 1
}

# Unpack it as $1.
unpack_newest() {
	local package tarball
	package=$(newest_source) || exit
	[ -n "$package" ] || die "$suite has no package linux-source-N"
	(cd "$apt" && backports_apt apt-get download "$package") >>"$apt/log" 2>&1 ||
		die "$package cannot be fetched from $suite; see $apt/log"
	# Older ones are not needed once there is a new one.
	find "$apt" -maxdepth 1 -name 'linux-source-*.deb' -printf '%T@ %p\n' | sort -n | head -n -1 |
		cut -d' ' -f2- | xargs -r rm -f
	rm -rf "$work/deb"
	dpkg-deb -x "$apt/$package"_*.deb "$work/deb" || die "$package cannot be unpacked"
	tarball=$(find "$work/deb/usr/src" -name 'linux-source-*.tar.xz')
	mkdir -p "$1"
	tar -C "$1" --strip-components=1 -xJf "$tarball" || die "$tarball cannot be unpacked"
	rm -rf "$work/deb"
}

passed=0 failed=0
report() {
	if [ "$1" = PASS ]; then
		passed=$((passed + 1))
		echo "PASS $2"
		return
	fi
	failed=$((failed + 1))
	echo "FAIL $2"
	grep -E -A 6 'warning:|error:|Error|undefined' "$3" | head -n 40 | sed 's/^/     /'
	echo "     (all of it: $3)"
}

# The smallest kernel with both drivers and everything that they use if available.
config_of() {
	printf 'CONFIG_%s=y\n' 64BIT SMP PRINTK MODULES SYSFS PROC_FS DEBUG_FS DEBUG_KERNEL \
		RUNTIME_TESTING_MENU FTRACE ENABLE_DEFAULT_TRACERS \
		BLOCK BLK_DEV BLK_DEV_INTEGRITY XEN XEN_BACKEND
	[ "$1" != x86_64 ] || printf 'CONFIG_%s=y\n' HYPERVISOR_GUEST PARAVIRT XEN_PV
	printf "CONFIG_%s=$2\n" KUNIT XEN_BLKDEV_FRONTEND XEN_BLKDEV_BACKEND XEN_BLKIF_KUNIT_TEST
}

# kmake ARCH TARGET...
kmake() {
	local arch=$1 cross=''
	shift
	[ "$arch" = "$(uname -m)" ] || cross=CROSS_COMPILE=aarch64-linux-gnu-
	make -C "$tree" O="$work/$arch" ARCH="$arch" $cross -j"$(nproc)" "$@"
}

# configure ARCH m|y [early]: it is a failure if an option that was wanted is not set,
# unless a later patch may add it.
configure() {
	config_of "$1" "$2" >"$work/$1.fragment"
	kmake "$1" KCONFIG_ALLCONFIG="$work/$1.fragment" allnoconfig || return
	sed 's/#.*//' "$work/$1/.config" | sort | comm -23 <(sort "$work/$1.fragment") - >"$work/$1.lost"
	[ "${3-}" = early ] || ! sed 's/^/error: not configured: /' "$work/$1.lost" | grep .
}

# Ignores warnings about the kernel's other files.
ours_clean() {
	! grep -E '(warning|error):' "$1" | grep -E 'drivers/block/xen|io/blkif\.h'
}

build_step() {
	configure "$1" m early && kmake "$1" drivers/block/
}

# Compiler and sparse, then what links it.
build_all() {
	local arch=$1 how=$2 log=$3
	configure "$arch" "$how" && kmake "$arch" W=1 C=2 CHECK="$top/scripts/sparse" drivers/block/ || return
	ours_clean "$log" || return
	kmake "$arch" vmlinux || return
	[ "$how" = y ] || kmake "$arch" modules
}

check() {
	local name=$1 log=$work/$1.log
	shift
	# shellcheck disable=SC2094 # what is judged is written by then
	if "$@" "$log" >"$log" 2>&1; then report PASS "$name"; else report FAIL "$name" "$log"; fi
}

rm -rf "$work"
mkdir -p "$work" || die "cannot make $work"
tree=$work/kernel
if [ -n "$kernel" ]; then
	cp -a "$kernel" "$tree" || die "cannot copy $kernel"
else
	unpack_newest "$tree"
fi
"$top/scripts/series.sh" --linux "$tree" --out "$work" || exit

# Each patch leaves a kernel that builds, which one architecture suffices to show.
for patch in "$work"/linux/*.patch; do
	name=$(basename "$patch" .patch)
	case $name in 0000-*) continue ;; esac
	patch -d "$tree" -p1 -s -E <"$patch" || die "$name does not apply"
	check "step-${name:0:4}" build_step "$1"
done
for arch; do
	check "$arch-modules" build_all "$arch" m
	check "$arch-built-in" build_all "$arch" y
done
# The trees are as large as a kernel.
[ $failed != 0 ] || rm -rf "$tree" "${@/#/$work/}"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
