#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the modules, without a warning of compiler (W=1) or sparse, for the kernels whose
# headers Debian has, and for kernels that are named.  Prints a line for each kernel; the last
# line is 'N passed, N failed'.
#
#   build-kernels.sh [--kernel TREE]... [SUITE[/ARCH][+state]...]
#
# --kernel TREE		a kernel's build directory, or its source, which is not changed; the
#			compiler is this machine's
# SUITE			bookworm, bookworm-backports, trixie or trixie-backports: the newest
#			kernel there, built in a copy of that release's image by its compiler
# ARCH			amd64 (default) or arm64, which is built by a cross compiler
# +state		with the newer signature of xenbus_read_driver_state() in its headers, as
#			distributions have it in older kernels
#
# All of Debian's if nothing is named.  What is downloaded is kept in $XENBLK_CACHE/kernels.
set -u
# The braces make bash read all of it before it runs, so that the file can be edited meanwhile.
{
# shellcheck source=../tests/system/lib/host.sh
. "$(dirname "$0")/../tests/system/lib/host.sh"
# shellcheck source=../tests/packages/copy.sh
. "$top/tests/packages/copy.sh"

usage() {
	die "usage: $prog [--kernel TREE]... [SUITE[/ARCH][+state]...]"
}

trees=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel)
		[ -d "${2-}" ] || usage
		trees+=("$(cd "$2" && pwd)")
		shift
		;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || [ ${#trees[@]} -gt 0 ] || set -- bookworm bookworm-backports trixie trixie+state \
	trixie-backports trixie/arm64 trixie-backports/arm64
for name; do
	[[ $name =~ ^(bookworm|trixie)(-backports)?(/amd64|/arm64)?([+]state)?$ ]] || usage
done
export LC_ALL=C
# The make commands below are not jobs of a make that started this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

work=$top/build/kernels
mkdir -p "$work" || die "cannot make $work"
passed=0 failed=0

# report STATUS NAME LOG
report() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "PASS $2"
		return
	fi
	failed=$((failed + 1))
	echo "FAIL $2"
	grep -E -A 6 'warning:|error:|WARNING:|ERROR:|^E: |: not ' "$3" | head -n 40 | sed 's/^/     /'
	echo "     (all of it: $3)"
}

# What Kbuild reads, in DIR.
lay_out() {
	mkdir -p "$1" && cp -a "$top"/{Kbuild,drivers,include,compat} "$1/" || return
	find "$1" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
}

# clean LOG DIR: nobody has warned, and both modules are there.  What sparse says of casts in the
# architecture's own headers does not count.
clean() {
	local m
	sed -i -E '/\/arch\/[a-z0-9]+\/include\/asm\/.*: warning: cast (removes address space|truncates bits) /d' "$1"
	! grep -qE 'warning:|error:|WARNING:|ERROR:' "$1" || return
	for m in xen-blkfront xen-blkback; do
		[ -n "$(find "$2" -name $m.ko)" ] && continue
		echo "error: $m.ko was not built" >>"$1"
		return 1
	done
}

# --- Debian's ---

# copy_of RELEASE: a directory for what is changed in that image, kept as long as the image
# is the same.
copy_of() {
	local dir=$cache_root/kernels/$1 key=$cache_root/$1/key
	if ! cmp -s "$key" "$dir/key"; then
		rm -rf "$dir"
		mkdir -p "$dir" && cp "$key" "$dir/key" || return
	fi
	echo "$dir"
}

# headers RELEASE SUITE ARCH: runs in the copy.  Unpacks the newest headers there, and what
# they need, and prints their directory.  Installing them would not do for another architecture.
# shellcheck disable=SC2016
headers='
	set -e
	release=$1 suite=$2 arch=$3 archive=$4
	[ "$suite" = "$release" ] || echo "deb $archive $suite main" >/etc/apt/sources.list.d/kernels.list
	if [ "$arch" != amd64 ]; then
		dpkg --add-architecture "$arch"
		command -v aarch64-linux-gnu-gcc || tools=gcc-aarch64-linux-gnu
	fi
	apt-get -q update
	[ -z "${tools-}" ] || apt-get -q -y install --no-install-recommends $tools
	shown() { apt-cache -o APT::Default-Release="$suite" show --no-all-versions "$1" | sed -n "s/^Depends: //p"; }
	named() { tr , "\n" | sed "s/^ *//; s/ .*//" | grep -E "$1" | head -n 1; }
	of=$(shown "linux-headers-$arch:$arch" | named "^linux-headers-.*-$arch$")
	common=$(shown "$of:$arch" | named "^linux-headers-.*-common$")
	kbuild=$(shown "$of:$arch" | named "^linux-kbuild-")
	mkdir -p /test/debs
	cd /test/debs
	for p in "$of:$arch" "$common" "$kbuild:amd64"; do
		[ ! -e "/test/have-$p" ] || continue
		rm -f ./*.deb
		apt-get -q -o APT::Sandbox::User=root -o APT::Default-Release="$suite" download "$p"
		dpkg-deb -x ./*.deb /
		touch "/test/have-$p"
	done
	rm -f ./*.deb
	echo "/usr/src/$of" >/test/headers
'

# newer_state HEADERS: runs in the copy
# shellcheck disable=SC2016
newer_state='
	set -e
	of=xenbus_read_driver_state
	header=$(sed -n "s,.*\(/usr/src/[^ ]*-common\).*,\1,p" "$1/Makefile" | head -n 1)/include/xen/xenbus.h
	grep "$of(const char \*path)" "$header"
	sed -i "s/$of(/$of(const struct xenbus_device *dev, /" "$header"
'

# debian_build COPY RELEASE ARCH HEADERS: in the copy, with its compiler
debian_build() {
	local copy=$1 release=$2 arch=$3 dir=$4 cross=()
	[ "$arch" = amd64 ] || cross=(ARCH="$arch" CROSS_COMPILE=aarch64-linux-gnu-)
	rm -rf "$copy/upper/test/modules"
	lay_out "$copy/upper/test/modules" && cp "$top/scripts/sparse" "$copy/upper/test/" || return
	in_copy "$release" "$copy" make -C "$dir" M=/test/modules W=1 C=2 CHECK=/test/sparse -j"$(nproc)" \
		"${cross[@]}" CONFIG_XEN_BLKDEV_FRONTEND=m CONFIG_XEN_BLKDEV_BACKEND=m modules
}

# debian NAME: for the newest kernel of a suite
debian() {
	local what=${1%+state} log=$work/${1//\//-}.log suite arch=amd64 release copy dir rc
	case $what in */*) arch=${what#*/} ;; esac
	suite=${what%/*} release=${what%%[-/]*}
	"$bed/build-image.sh" "$release" && copy=$(copy_of "$release") || exit
	in_copy "$release" "$copy" sh -c "$headers" - "$release" "$suite" "$arch" "$archive" >"$log" 2>&1 || {
		report 1 "$1: its headers cannot be had" "$log"
		return
	}
	dir=$(cat "$copy/upper/test/headers")
	if [ "$what" != "$1" ]; then
		# The next one unpacks them again.
		rm -f "$copy"/upper/test/have-*-common
		in_copy "$release" "$copy" sh -c "$newer_state" - "$dir" >"$log" 2>&1 || {
			report 1 "$1: its headers have another signature" "$log"
			return
		}
	fi
	debian_build "$copy" "$release" "$arch" "$dir" >"$log" 2>&1
	rc=$?
	[ $rc != 0 ] || clean "$log" "$copy/upper/test/modules" || rc=1
	rm -rf "$copy/upper/test/modules"
	report $rc "$1: Linux ${dir#/usr/src/linux-headers-}" "$log"
}

# --- A tree ---

# The smallest kernel that can have both drivers and all that they use.
fragment() {
	printf 'CONFIG_%s=y\n' 64BIT SMP PRINTK MODULES SYSFS PROC_FS DEBUG_FS DEBUG_KERNEL FTRACE \
		ENABLE_DEFAULT_TRACERS BLOCK BLK_DEV BLK_DEV_INTEGRITY HYPERVISOR_GUEST PARAVIRT XEN \
		XEN_PV XEN_BACKEND
	printf 'CONFIG_%s=m\n' XEN_BLKDEV_FRONTEND XEN_BLKDEV_BACKEND
}

# prepare TREE DIR: configure a source, as far as modules need it
prepare() {
	mkdir -p "$2" && fragment >"$2/fragment" || return
	make -C "$1" O="$2" -j"$(nproc)" KCONFIG_ALLCONFIG="$2/fragment" allnoconfig &&
		make -C "$1" O="$2" -j"$(nproc)" modules_prepare || return
	sed 's/#.*//' "$2/.config" | sort | comm -23 <(sort "$2/fragment") - | sed 's/^/error: not configured: /' | grep . && return 1
	return 0
}

# A kernel that was not built does not know what it exports, but its source does, except for
# what macros make.
exported() { # TREE DIR
	grep -rhoE --include='*.[chS]' '\bEXPORT_[A-Z_]*SYMBOL[A-Z_]*\([a-zA-Z0-9_]+' "$1" |
		sed 's/.*(//' | sort -u >"$2/exports"
	find "$2" -name 'xen-blk*.ko' -exec nm -u {} + | awk '$1 == "U" { print $2 }' | sort -u |
		comm -23 - "$2/exports" | grep -vE '^(_dev_(err|warn|notice|info)|param_(get|set|ops)_[a-z]+|__SC[TK]__[a-z_]+)$' | sed 's/^/error: not exported: /' | grep . && return 1
	return 0
}

tree_build() { # TREE BUILD DIR
	local modpost=()
	[ -e "$2/Module.symvers" ] || modpost=(KBUILD_MODPOST_WARN=1)
	lay_out "$3" || return
	make -C "$2" M="$3" W=1 C=2 CHECK="$top/scripts/sparse" -j"$(nproc)" "${modpost[@]}" \
		CONFIG_XEN_BLKDEV_FRONTEND=m CONFIG_XEN_BLKDEV_BACKEND=m modules
}

tree() {
	local tree=$1 name dir build=$1 log rc=0
	name=$(basename "$tree") dir=$work/$(basename "$tree") log=$work/$(basename "$tree").log
	rm -rf "$dir"
	mkdir -p "$dir"
	if [ ! -e "$tree/include/config/kernel.release" ]; then
		build=$dir/kernel
		prepare "$tree" "$build" >"$log" 2>&1 || {
			report 1 "$name: it cannot be configured" "$log"
			return
		}
	fi
	"$top/scripts/kdir.sh" --modules "$build" >"$log" 2>&1 || {
		report 1 "$name: $(tail -n 1 "$log")" "$log"
		return
	}
	tree_build "$tree" "$build" "$dir/modules" >"$log" 2>&1 || rc=1
	if [ ! -e "$build/Module.symvers" ]; then
		# modpost has warned of each symbol.
		sed -i -E '/^WARNING: (modpost: )?("[^"]*" \[.*\] undefined!|suppressed [0-9]+ unresolved|.*Module\.symvers)/d' "$log"
		[ $rc != 0 ] || exported "$tree" "$dir/modules" >>"$log" 2>&1 || rc=1
	fi
	[ $rc != 0 ] || clean "$log" "$dir/modules" || rc=1
	report $rc "$name: Linux $(cat "$build/include/config/kernel.release")" "$log"
	rm -rf "$dir"
}

for t in "${trees[@]}"; do tree "$t"; done
if [ $# -gt 0 ]; then
	need_root
	archive=${XENBLK_MIRROR:-$("$top/scripts/debian-archive.sh")}
	[ -n "$archive" ] || die "apt has no source of Debian packages here; name one with XENBLK_MIRROR=URI"
	for name; do debian "$name"; done
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
exit
}
