#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The emulator of the counted runs: QEMU 7.2 of Debian 12. Prints its directory, for PATH.
#
# Later versions count wrongly. Where the clock counts instructions, the vCPUs run in turn,
# and QEMU 10 then reports a block for the vCPU that it was translated for, although Xen's
# code is translated once for all of them. Its CPU also is of a family for which Linux 6.1
# copies by a loop of single instructions, so that callers of memcpy() look worse than they
# are. The faults of 7.2 (Documentation/testing.md) need vCPUs that run at the same time.
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
		die "cannot download QEMU 7.2, which needs Debian 12 as a package source"
	for p in "$dir"/*.deb; do dpkg-deb -x "$p" "$dir" || die "cannot unpack $p"; done
	rm "$dir"/*.deb
	printf '#!/bin/sh\nexec %s -L %s -L %s "$@"\n' "$dir/usr/bin/qemu-system-x86_64" \
		"$dir/usr/share/qemu" "$dir/usr/share/seabios" >"$dir/bin/qemu-system-x86_64"
	chmod +x "$dir/bin/qemu-system-x86_64"
fi
"$dir/bin/qemu-system-x86_64" --version | grep -q 'version 7\.2' || die "what is in $dir is not QEMU 7.2; remove it"
echo "$dir/bin"
