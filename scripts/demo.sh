#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A demonstration: Xen, a guest, a disk with our pair of drivers and with the
# distribution's, a file system, fio, and both side by side.
#
# SUITE				bookworm or trixie (bookworm)
# XENBLK_DEMO_OURS		a directory with our modules (they are built if it is not set)
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=$top/build/demo
suite=${SUITE:-bookworm}
mkdir -p "$out" || exit 2
rm -f "$out"/{lines,table,counts.dat,times.dat,demo.png}
ours=()
[ -z "${XENBLK_DEMO_OURS-}" ] || ours=(--ours "$XENBLK_DEMO_OURS")

# Without the debug checks of the tests, which cost more than the drivers.
if ! XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}" \
	"$top/tests/system/run" --suite "$suite" --results "$out/logs" --guest-args page_poison=0 "${ours[@]}" \
	--script "$top/tests/system/demo-dom0"; then
	echo "demo: it failed; see the logs in $out/logs" >&2
	exit 1
fi
sed -n -E 's/^LOG ((COUNT|TIME) .*)/\1/p' "$out/logs/verdict" >"$out/lines"
echo
python3 "$top/scripts/demo-report.py" "$out/lines" "$out" | tee "$out/table"
[ "${PIPESTATUS[0]}" = 0 ] || exit 1

gnuplot <<-G || echo "demo: no picture, gnuplot failed" >&2
	set terminal pngcairo size 1200,520 font "sans,10"
	set output "$out/demo.png"
	set multiplot layout 1,2 title "A disk of a Xen guest: this project's drivers, where those of the distribution are 1"
	set grid ytics
	set style data histogram
	set style histogram clustered gap 1
	set style fill solid 0.8 border -1
	set yrange [0:*]
	set bmargin 4
	set offsets 0, 0, 0.25, 0
	set title "What each I/O takes, counted: lower is less work"
	set key top right horizontal
	plot 1 with lines lc rgb "#555555" notitle, \
		"$out/counts.dat" using 2:xtic(1) title "requests", "" using 3 title "notifications"
	set title "Speed by the emulator's clock (median, lowest, highest): higher is faster"
	set key off
	set xrange [-0.5:4.5]
	set boxwidth 0.5
	plot 1 with lines lc rgb "#555555", "$out/times.dat" using 1:3:xtic(2) with boxes lc rgb "#1f77b4", \
		"" using 1:3:4:5 with yerrorbars lc rgb "black" lw 2
	unset multiplot
G

echo
echo "picture: $out/demo.png"
echo "logs:    $out/logs"
