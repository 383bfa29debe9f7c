#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A demonstration: Xen, a guest, a disk with our pair of drivers and with the
# distribution's, a file system, fio, and the results side by side.
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=$top/build/demo
suite=${SUITE:-bookworm}
mkdir -p "$out" || exit 2
rm -f "$out"/figures "$out"/demo.png

# Without the debug checks of the tests, which cost more than the drivers.
if ! XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}" \
	"$top/tests/system/run" --suite "$suite" --results "$out/logs" --guest-args page_poison=0 \
	--script "$top/tests/system/demo-dom0"; then
	echo "demo: it failed; see the logs in $out/logs" >&2
	exit 1
fi
sed -n 's/^LOG RESULT //p' "$out/logs/verdict" >"$out/results"

# JOB, operations per second of the distribution's pair and ours, their ratio, KiB/s of both
awk '{ io[$2, $1] = $3; bw[$2, $1] = $4; if (!($2 in seen)) { seen[$2] = 1; job[n++] = $2 } }
	END { for (i = 0; i < n; i++) { j = job[i]
		if (io[j, "intree"] && io[j, "ours"])
			printf "%s %d %d %.2f %d %d\n", j, io[j, "intree"], io[j, "ours"],
				io[j, "ours"] / io[j, "intree"], bw[j, "intree"], bw[j, "ours"] } }' \
	"$out/results" >"$out/figures"
[ -s "$out/figures" ] || { echo "demo: there are no results; see the logs in $out/logs" >&2; exit 1; }

gnuplot <<-G || echo "demo: no picture, gnuplot failed" >&2
	set terminal pngcairo size 900,480 font "sans,11"
	set output "$out/demo.png"
	set title "I/O in a Xen guest under emulation, relative to the distribution's pair"
	set style data histogram
	set style histogram clustered gap 1
	set style fill solid 0.8 border -1
	set yrange [0:*]
	set ylabel "operations per second, distribution's pair = 1"
	set grid ytics
	set key top left
	set xtics rotate by -20
	plot "$out/figures" using (1):xtic(1) title "distribution's xen-blkfront and xen-blkback" lc rgb "#9aa5b1", \
		"" using 4 title "this project's" lc rgb "#1f77b4"
G

echo
printf '%-20s %14s %14s %8s %12s %12s\n' '' 'in-tree IOPS' 'ours IOPS' ratio 'in-tree MB/s' 'ours MB/s'
awk '{ printf "%-20s %14d %14d %8.2f %12.1f %12.1f\n", $1, $2, $3, $4, $5 / 1000, $6 / 1000 }' "$out/figures"
echo
echo "One run in an emulator: only the ratio is meaningful, and it is not exact."
echo "picture: $out/demo.png"
echo "logs:    $out/logs"
