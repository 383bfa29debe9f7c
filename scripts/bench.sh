#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What an I/O costs, in instructions of the whole machine (guest, dom0 and Xen): our
# pair, the distribution's as it comes and tuned, and the same disk in dom0, one after
# the other in one boot. The emulator's clock counts instructions, one a nanosecond, so
# fio's own figures are the count. It reports; what it reports is nobody's failure.
#
# SUITE			bookworm or trixie (bookworm)
# XENBLK_BENCH_PAIRS	patterns: which of ours, intree, tuned, dom0 (all)
# XENBLK_BENCH_JOBS	patterns: which jobs (all; tests/system/bench-dom0 has the list)
# XENBLK_BENCH_FIO	further options of fio for each job; gtod_reduce=1 spares what fio
#			spends on reading the clock, which in a guest is much
# XENBLK_BENCH_OURS	a directory with our modules (they are built)
# XENBLK_BENCH_DIR	where all of it goes (build/bench)
set -u
# All of it is read before any of it runs: an edit meanwhile must not change its course.
{
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=${XENBLK_BENCH_DIR:-$top/build/bench}
suite=${SUITE:-bookworm}
mkdir -p "$out" || exit 2
rm -f "$out"/{results,lines,bench.csv,bench.dat,bench.png}

{
	printf 'BENCH_PAIRS=%q\n' "${XENBLK_BENCH_PAIRS:-*}"
	printf 'BENCH_JOBS=%q\n' "${XENBLK_BENCH_JOBS:-*}"
	printf 'BENCH_FIO=%q\n' "${XENBLK_BENCH_FIO-}"
	cat "$top/tests/system/bench-dom0"
} >"$out/script"

# ERMS makes a copy one instruction a byte, which would drown all the rest. What the
# system tests check the kernels with costs instructions and is off.
export XENBLK_ICOUNT=1 XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}"
export XENBLK_CPU=${XENBLK_CPU:-max,-la57,-smap,-avx,-avx2,-f16c,-fma,-erms,-fsrm}
# One CPU for dom0 and the other for the guest, so that runs repeat.
export XENBLK_SMP=2 XENBLK_XEN_ARGS="dom0_max_vcpus=1 dom0_vcpus_pin ${XENBLK_XEN_ARGS-}"
status=0
"$top/tests/system/run" --suite "$suite" --results "$out/logs" --guest-args page_poison=0 \
	${XENBLK_BENCH_OURS:+--ours "$XENBLK_BENCH_OURS"} --script "$out/script" || status=1

# An end before its time leaves the figures that were there already.
sed -n 's/^LOG RESULT //p' "$out/logs/verdict" >"$out/results"
if ! [ -s "$out/results" ]; then
	echo "bench: there are no figures; look at $out/logs" >&2
	exit 1
fi

# In the jobs' order, each with its pairs: the raw lines and the same as CSV.
awk -v csv="$out/bench.csv" '
	function ratio(other, cost) { return (other == "" || !cost) ? "-" : sprintf("%.2f", other / cost) }
	# dom0 by itself has no ring.
	function rate(n, pair) { return pair == "dom0" ? "-" : sprintf("%.3f", n) }
	$3 > 0 {
		if (!($2 in seen)) { seen[$2] = 1; job[++jobs] = $2 }
		if (!($1 in known)) { known[$1] = 1; pair[++pairs] = $1 }
		cost[$2, $1] = 1e9 / $3
		requests[$2, $1] = rate($5 / $4, $1); back[$2, $1] = rate($6 / $4, $1); front[$2, $1] = rate($7 / $4, $1)
	}
	END {
		print "job,pair,insns_per_io,ratio_vs_default,ratio_vs_tuned,requests_per_io,back_irqs_per_io,front_irqs_per_io" >csv
		for (i = 1; i <= jobs; i++) for (p = 1; p <= pairs; p++) {
			j = job[i]; w = pair[p]
			if (!((j, w) in cost)) continue
			c = cost[j, w]
			d = ratio(cost[j, "intree"], c); t = ratio(cost[j, "tuned"], c)
			printf "bench %s %s insns_per_io %.0f ratio_vs_default %s ratio_vs_tuned %s requests_per_io %s back_irqs_per_io %s front_irqs_per_io %s\n",
				j, w, c, d, t, requests[j, w], back[j, w], front[j, w]
			printf "%s,%s,%.0f,%s,%s,%s,%s,%s\n", j, w, c, d, t, requests[j, w], back[j, w], front[j, w] >csv
		}
	}' "$out/results" >"$out/lines"
echo
cat "$out/lines"

# A row for each job, a column for each pair; '?' where nothing was measured.
table() { # COLUMN-OF-LINES DIVISOR FORMAT
	awk -v column="$1" -v divisor="$2" -v format="$3" '
		{ if (!($2 in seen)) { seen[$2] = 1; job[++jobs] = $2 } value[$2, $3] = $column }
		END {
			pairs = split("dom0 intree tuned ours", pair, " ")
			printf "%-22s", "job"
			for (p = 1; p <= pairs; p++) printf " %10s", pair[p]
			print ""
			for (i = 1; i <= jobs; i++) {
				printf "%-22s", job[i]
				for (p = 1; p <= pairs; p++) {
					v = (job[i], pair[p]) in value ? value[job[i], pair[p]] : "?"
					printf " %10s", v ~ /^[0-9.]+$/ ? sprintf(format, v / divisor) : v
				}
				print ""
			}
		}' "$out/lines"
}
{
	printf '\nInstructions per I/O, thousands\n\n'
	table 5 1000 %.1f
	printf '\nThe same, times fewer than the distribution'\''s pair as it comes\n\n'
	table 7 1 %.2f
	printf '\nTimes fewer than the tuned one\n\n'
	table 9 1 %.2f
	printf '\nRing requests per I/O\n\n'
	table 11 1 %.3f
	printf '\nInterrupts in dom0 (notifications of the frontend) per I/O\n\n'
	table 13 1 %.3f
	printf '\nInterrupts in the guest (notifications of the backend) per I/O\n\n'
	table 15 1 %.3f
} >"$out/table"
cat "$out/table"

table 7 1 %.2f | sed '1d; s/?/NaN/g; s/ - / NaN /g' >"$out/bench.dat"
gnuplot 2>"$out/gnuplot.log" <<-G || echo "bench: no picture, gnuplot failed; see $out/gnuplot.log" >&2
	set terminal pngcairo size 1100,560 font "sans,11"
	set output "$out/bench.png"
	set title "Instructions per I/O of guest, dom0 and Xen under emulation: how many times fewer"
	set style data histogram
	set style histogram clustered gap 1
	set style fill solid 0.8 border -1
	set datafile missing "NaN"
	set yrange [0:*]
	set ylabel "distribution's pair as it comes = 1"
	set grid ytics
	set key outside top center horizontal
	set rmargin 10
	set xtics rotate by -25
	plot "$out/bench.dat" using 3:xtic(1) title "distribution's pair" lc rgb "#9aa5b1", \
		"" using 4 title "the same, tuned" lc rgb "#5b6b7b", \
		"" using 5 title "this project's" lc rgb "#1f77b4"
G

echo
echo "A copy counts an instruction for each 8 bytes: twice as few instructions is not twice as fast."
echo "figures: $out/bench.csv"
echo "picture: $out/bench.png"
echo "logs:    $out/logs"
exit $status
}
