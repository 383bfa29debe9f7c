#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Is the emulator fit to judge a driver? An hour of program starts and fio verify
# in dom0 under Xen, with the settings the tests use and no Xen block driver.
#
#   soak.sh [--minutes N] [--results DIR] [SUITE]
set -u
# shellcheck source=lib/host.sh
. "$(dirname "$0")/lib/host.sh"

minutes=60 results=
while [ $# -gt 0 ]; do
	case $1 in
	--minutes) minutes=$2; shift ;;
	--results) results=$2; shift ;;
	-*) die "usage: soak.sh [--minutes N] [--results DIR] [SUITE]" ;;
	*) break ;;
	esac
	shift
done
suite=${1:-bookworm}
load_suite "$suite"
"$bed/build-image.sh" "$suite" || exit
results=${results:-$bed/results/soak-$suite}
mkdir -p "$results"
payload=$(mktemp -d "${TMPDIR:-/var/tmp}/xen-blk-payload.XXXXXX") || exit 2
trap 'rm -rf "$payload"' EXIT
trap 'exit 130' INT TERM HUP
cp -r "$bed/dom0" "$payload/"
printf '%s\n' MODE=soak "SUITE=$suite" "XEN_VERSION=$xen_version" "SOAK_SECONDS=$((minutes * 60))" >"$payload/conf"
XENBLK_TOTAL_MIN=$((minutes * 2 + 120)) "$bed/boot.sh" "$suite" "$payload" "$results" || exit
grep -q '^PASS soak' "$results/verdict"
