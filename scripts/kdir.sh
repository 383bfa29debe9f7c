#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Can the modules be built for this kernel?  If not, say why in one sentence.
#
#   kdir.sh KDIR
#   kdir.sh --modules KDIR	without advice for make; prints the modules to build,
#				which are those that the kernel has not built in
set -u

modules=no
[ "${1-}" = --modules ] && { modules=yes; shift; }
kdir=${1:?usage: kdir.sh [--modules] KDIR}

others=$(find /lib/modules/*/build -maxdepth 0 -printf '%p ' 2>/dev/null)
hint="; choose one with make KDIR=/path/to/kernel/build${others:+ (there are: ${others% })}"
[ $modules = no ] || hint=

die() {
	echo "$*$hint." >&2
	exit 2
}
note() {
	echo "$*." >&2
}

# Which kernels there is support for, from where the compiler has it.  In the package,
# this script is one directory higher.
here=$(dirname "$0")
compat=$here/compat/compat.h
[ -r "$compat" ] || compat=$here/../compat/compat.h
supported=$(sed -n 's/^#define COMPAT_BUILDS(v) //p' "$compat")
newest=$(sed -n 's/^#define COMPAT_NEWEST //p' "$compat")
range=$(sed -n 's/^#error ".*build for \(Linux .*\)"$/\1/p' "$compat")
[[ $supported && $newest && $range ]] || die "$compat does not say which kernels are supported"
builds() { ((${supported//(v)/$1})); }

[ -e "$kdir" ] || {
	[ $modules = yes ] || hint=", or${hint#;}"
	die "There are no kernel headers at $kdir; install them (on Debian: apt-get install linux-headers-\$(uname -r), or linux-headers-amd64 and a boot of the newest kernel)"
}
[ -r "$kdir/include/config/kernel.release" ] ||
	die "$kdir is not a kernel's build directory, or the kernel was not configured yet"

release=$(cat "$kdir/include/config/kernel.release")
IFS=.- read -r major minor _ <<<"$release"
case $major.$minor in
*[!0-9.]* | . | *. | .*) die "$kdir is of a kernel with the strange release '$release'" ;;
esac

version=$((major * 1000 + minor))
builds $version ||
	die "Linux $release is not supported by these Xen block drivers, which build for $range"
[ $version -le "$newest" ] ||
	note "Linux $release is newer than the kernels that these Xen block drivers are tested with, which end at $((newest / 1000)).$((newest % 1000))"

# has VALUE SYMBOL: the kernel's configuration has the symbol with the value
has() { [ -r "$kdir/.config" ] && grep -q "^CONFIG_$2=$1\$" "$kdir/.config"; }

[ ! -r "$kdir/.config" ] || has y XEN || die "Linux $release at $kdir is built without Xen"
front=xen-blkfront back=xen-blkback
! has y XEN_BLKDEV_FRONTEND || front=
! has y XEN_BLKDEV_BACKEND || back=
case $front,$back in
,) die "Linux $release has both Xen block drivers built in, which modules cannot replace" ;;
,*) note "Linux $release has xen-blkfront built in, which a module cannot replace, so only xen-blkback is of use" ;;
*,) note "Linux $release has xen-blkback built in, which a module cannot replace, so only xen-blkfront is of use" ;;
esac
[ $modules = no ] || echo $front $back
