# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# A copy of a suite's image, to change what one likes in it.

# in_copy SUITE DIR COMMAND...: run it in the image, as changed by what is in DIR/upper,
# where changes go.  In its own mount namespace, so that nothing stays mounted whatever
# happens.
in_copy() {
	local lower=$cache_root/$1/root copy=$2
	shift 2
	mkdir -p "$copy"/{upper,work,root} && chmod 755 "$copy/upper" || return
	unshare --mount --pid --fork --kill-child --propagation private bash -c '
		lower=$1 copy=$2
		shift 2
		mount -t overlay overlay -o "lowerdir=$lower,upperdir=$copy/upper,workdir=$copy/work" "$copy/root" &&
			mount --bind /dev "$copy/root/dev" && mount -t proc proc "$copy/root/proc" || exit 3
		cp /etc/resolv.conf "$copy/root/etc/resolv.conf"
		exec chroot "$copy/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			DEBIAN_FRONTEND=noninteractive "$@"
	' - "$lower" "$copy" "$@"
}
