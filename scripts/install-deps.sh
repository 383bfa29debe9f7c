#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Install what this project needs to build and test itself on Debian 12.
# Says nothing and needs no network when everything is there already.
#
#   install-deps.sh [deb]	deb: only what 'make deb' needs, on Debian 12 or 13
set -u

prog=$(basename "$0")
here=$(cd "$(dirname "$0")" && pwd) || exit 2
die() {
	printf '%s: %s\n' "$prog" "$*" >&2
	exit 2
}

# Modules and static checks; userspace tests; the test bed; pictures.
packages=(
	build-essential bc bison flex libelf-dev libssl-dev kmod sparse shellcheck codespell spin git
	linux-headers-amd64 linux-source linux-source-6.12 patch gcc-aarch64-linux-gnu
	clang libclang-rt-14-dev gcc-12-multilib libc6-dev-i386 qemu-user
	qemu-system-x86 mmdebstrap debian-archive-keyring e2fsprogs busybox-static
	cpio xz-utils zstd procps util-linux
	python3 gnuplot-nox
)
# The package for Debian.
deb_packages=(build-essential git debhelper dh-dkms lintian)
# Room for the packages above, before the images (build-image.sh checks its own).
need_mib=3500
case ${1-} in
'') packages+=("${deb_packages[@]}") ;;
deb) packages=("${deb_packages[@]}") need_mib=500 ;;
*) die "usage: $prog [deb]" ;;
esac

missing() {
	local p
	for p in "${packages[@]}"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# Older emulators sometimes execute code as it was before another CPU patched it:
# see Documentation/testing.md.  Debian 12 has this one among its backports.
emulator=1:10
is_emulator_new() {
	local v
	v=$(dpkg-query -W -f '${Version}' qemu-system-x86 2>/dev/null) && dpkg --compare-versions "$v" ge "$emulator"
}
is_bookworm() { grep -q '^VERSION_CODENAME=bookworm$' /etc/os-release; }
needs_emulator() { [[ " ${packages[*]} " == *' qemu-system-x86 '* ]] && is_bookworm && ! is_emulator_new; }
is_complete() { [ ${#todo[@]} -eq 0 ] && ! needs_emulator; }

[ -r /etc/debian_version ] ||
	die "this is not Debian; install by hand the equivalents of: ${packages[*]}"
mapfile -t todo < <(missing)
is_complete && exit 0

[ "$(id -u)" = 0 ] ||
	die "these packages are missing or old and only root can install them (try sudo $0): ${todo[*]:-qemu-system-x86}"
free=$(df -Pm /usr | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$need_mib" ] ||
	die "only $free MiB are free in /usr and $need_mib are needed; free some and start again"

log=$(mktemp /tmp/xen-blk-deps.XXXXXX)
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)

# The emulator first, so that it is not installed twice.  Backports have a lower
# priority: nothing else comes from there unless requested.
backports=/etc/apt/sources.list.d/xen-blk-backports.sources
install_emulator() {
	local archive
	if ! grep -q -r bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null; then
		archive=$("$here/debian-archive.sh") || {
			timeout 600 "${apt[@]}" update >>"$log" 2>&1
			archive=$("$here/debian-archive.sh") || return
		}
		printf '%s\n' 'Types: deb' "URIs: $archive" 'Suites: bookworm-backports' \
			'Components: main' 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' >"$backports"
	fi
	timeout 600 "${apt[@]}" update >>"$log" 2>&1
	timeout 3600 "${apt[@]}" install --no-install-recommends -t bookworm-backports qemu-system-x86 >>"$log" 2>&1
}
if needs_emulator; then
	echo "$prog: installing QEMU from Debian's backports"
	install_emulator
	is_emulator_new || {
		rm -f "$backports"
		echo "$prog: QEMU 10 is not available; with an older one, a boot of the test bed may sometimes die ($log)"
	}
	mapfile -t todo < <(missing)
	[ ${#todo[@]} -gt 0 ] || exit 0
fi

echo "$prog: installing ${todo[*]}"
install_all() { "${apt[@]}" install --no-install-recommends "${todo[@]}" >>"$log" 2>&1; }

# The present index may be good enough; if it is too old, it is fetched again.
if ! install_all; then
	timeout 600 "${apt[@]}" update >>"$log" 2>&1
	timeout 3600 "${apt[@]}" install --no-install-recommends "${todo[@]}" >>"$log" 2>&1 || {
		if grep -q -E 'Could not resolve|Could not connect|Connection (failed|timed out)|Failed to fetch' "$log"; then
			die "Debian's archive cannot be reached, so nothing can be installed; see $log"
		elif grep -q 'No space left' "$log"; then
			die "the disk ran full while installing; free some space and start again ($log)"
		else
			die "installing failed; the last lines of $log say: $(tail -n 2 "$log" | xargs)"
		fi
	}
fi
mapfile -t todo < <(missing)
[ ${#todo[@]} -eq 0 ] || die "still missing after a successful install: ${todo[*]}; see $log"
rm -f "$log"
