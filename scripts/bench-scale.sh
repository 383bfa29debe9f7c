#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What each of many disks of a guest takes, idle and after a load, and how long it takes to
# attach and to detach: for our pair of drivers and the distribution's, in one boot.
# Documentation/performance.md describes the figures.
#
# Its exit status does not depend on the results.
#
# SUITE			bookworm or trixie (bookworm)
# XENBLK_SCALE_DISKS	numbers of disks ("1 8 32 128")
# XENBLK_SCALE_PAIRS	which of ours, intree ("ours intree")
# XENBLK_SCALE_REST	seconds of rest after attaching and after a load (35)
# XENBLK_SCALE_DIR	the directory of all results (build/bench-scale)
# XENBLK_BENCH_OURS	a directory with our modules (they are built if it is not set)
set -u
# The braces make bash read the whole file first, so that it can be edited during a run.
{
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
here=$top/tests/bench
out=${XENBLK_SCALE_DIR:-$top/build/bench-scale}
suite=${SUITE:-bookworm}
numbers=$(tr -s ' ,' '\n' <<<"${XENBLK_SCALE_DISKS:-1 8 32 128}" | grep . | sort -n -u | xargs)
for n in $numbers; do
	if ! [[ $n =~ ^[1-9][0-9]*$ ]] || [ "$n" -gt 500 ]; then
		echo "bench-scale: '$n' is no number of disks, 1 to 500" >&2
		exit 2
	fi
done
pairs=${XENBLK_SCALE_PAIRS:-ours intree}
for p in $pairs; do
	case $p in
	ours | intree) ;;
	*) echo "bench-scale: no pair '$p' (there are: ours, intree)" >&2; exit 2 ;;
	esac
done
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
rm -rf "$out"/{scale.csv,scale.dat,scale.png,lines,logs}

# Enough for disks that take 14 MiB of the guest and 8 MiB of dom0 each.
most=${numbers##* }
guest_mib=$((700 + 14 * most)) dom0_mib=$((1024 + 8 * most))
{
	printf '%s=%q\n' SCALE_DISKS "$numbers" SCALE_PAIRS "$pairs" SCALE_REST "${XENBLK_SCALE_REST:-35}" SCALE_MIB "$guest_mib"
	cat "$here/dom0-scale.sh"
} >"$out/script"
status=0
# The kernels' debug checks of the system tests take memory, so they are off.
XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}" XENBLK_MEM=$((guest_mib + dom0_mib + 512)) \
	"$top/tests/system/run" --suite "$suite" --results "$out/logs" --guest-args page_poison=0 --dom0-mem "$dom0_mib" \
	${XENBLK_BENCH_OURS:+--ours "$XENBLK_BENCH_OURS"} --script "$out/script" || status=1

sed -n 's/^LOG \(scale [a-z]* disks .*\)/\1/p' "$out/logs/verdict" >"$out/lines"
if ! [ -s "$out/lines" ]; then
	echo "bench-scale: there are no figures; look at $out/logs" >&2
	exit 1
fi
awk '{
	names = "pair"; values = $2
	for (i = 3; i < NF; i += 2) { names = names "," $i; values = values "," $(i + 1) }
	if (NR == 1) print names
	print values
}' "$out/lines" >"$out/scale.csv"
# For the picture, a block for each pair.
awk -F, 'NR == 1 { next } $1 != pair { if (pair) print "\n"; pair = $1; print "\"" pair "\"" } { $1 = ""; print }' "$out/scale.csv" >"$out/scale.dat"
echo
cat "$out/lines"
sed -n 's/^LOG scale \([a-z]*: .*\)/\1/p' "$out/logs/verdict"
"$here/pictures.sh" "$out" || echo "bench-scale: no picture, gnuplot failed; see $out/gnuplot.log" >&2
echo
echo "figures: $out/scale.csv"
echo "picture: $out/scale.png"
echo "logs:    $out/logs"
exit $status
}
