#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulator that counts: QEMU 7.2, Debian 12's own. Its path is printed, for PATH.
#
# Later ones do not count right. With CPUs in turn, as it has to be where the clock counts
# instructions, QEMU 10 tells a plugin that a block ran on the CPU that it was translated
# for, and Xen's code is translated once for all of them; and its CPU is of another
# family, for which Linux 6.1 copies by a loop of single instructions, which makes who
# calls memcpy() look worse than it is. What is wrong with 7.2 (Documentation/testing.md)
# needs CPUs that run at once.
set -u
# shellcheck source=../system/lib/host.sh
. "$(dirname "$0")/../system/lib/host.sh"

packages=(qemu-system-x86 qemu-system-common qemu-system-data seabios)
dir=$cache_root/qemu-7.2
if [ ! -x "$dir/bin/qemu-system-x86_64" ]; then
	need_tools apt-get dpkg-deb
	rm -rf "$dir"
	mkdir -p "$dir/bin" || die "cannot make $dir"
	(cd "$dir" && apt-get -q -q -o Acquire::Retries=3 -o APT::Sandbox::User=root download "${packages[@]/%//bookworm}") >&2 ||
		die "QEMU 7.2 cannot be had: it takes Debian 12 and its mirror"
	for p in "$dir"/*.deb; do dpkg-deb -x "$p" "$dir" || die "cannot unpack $p"; done
	rm "$dir"/*.deb
	printf '#!/bin/sh\nexec %s -L %s -L %s "$@"\n' "$dir/usr/bin/qemu-system-x86_64" \
		"$dir/usr/share/qemu" "$dir/usr/share/seabios" >"$dir/bin/qemu-system-x86_64"
	chmod +x "$dir/bin/qemu-system-x86_64"
fi
"$dir/bin/qemu-system-x86_64" --version | grep -q 'version 7\.2' || die "what is in $dir is not QEMU 7.2; remove it"
echo "$dir/bin"
