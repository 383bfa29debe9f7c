#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Can the modules be built for this kernel?  If not, say why in one sentence.
#
#   kdir.sh KDIR
set -u

die() {
	echo "$*" >&2
	exit 2
}

kdir=${1:?usage: kdir.sh KDIR}
others=$(find /lib/modules/*/build -maxdepth 0 -printf '%p ' 2>/dev/null)
hint="choose one with make KDIR=/path/to/kernel/build${others:+ (there are: ${others% })}"

[ -e "$kdir" ] ||
	die "There are no kernel headers at $kdir; install them (on Debian: apt-get install linux-headers-\$(uname -r), or linux-headers-amd64 and a boot of the newest kernel), or $hint."
[ -r "$kdir/include/config/kernel.release" ] ||
	die "$kdir is not a kernel's build directory, or the kernel was not configured yet; $hint."

release=$(cat "$kdir/include/config/kernel.release")
IFS=.- read -r major minor _ <<<"$release"
case $major.$minor in
*[!0-9.]* | . | *. | .*) die "$kdir is of a kernel with the strange release '$release'; $hint." ;;
6.1) ;;
*)
	[ $((major * 1000 + minor)) -ge 6012 ] ||
		die "Linux $release is not supported, only 6.1 and 6.12 or newer are; $hint."
	;;
esac
[ ! -r "$kdir/.config" ] || grep -q '^CONFIG_XEN=y' "$kdir/.config" ||
	die "Linux $release at $kdir is built without Xen; $hint."
