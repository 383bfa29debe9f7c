#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Measure the rings and show the figures: tables, the goals beside what was
# reached, and a picture.  No result makes it fail.
#
#   run.sh DIR      build, and write the figures and ring.png, in DIR
#
# XENBLK_BENCH_SECONDS: how long to measure (100)
set -u

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
out=${1:?usage: run.sh DIR}
seconds=${XENBLK_BENCH_SECONDS:-100}
export LC_ALL=C

die() {
	echo "run.sh: $*" >&2
	exit 2
}

mkdir -p "$out" || die "cannot write to $out"
case $seconds in
'' | *[!0-9]*) die "XENBLK_BENCH_SECONDS='$seconds' is not a number" ;;
esac
# compile NAME FLAG...
compile() {
	local name=$1
	shift
	gcc -std=gnu11 -O2 -fno-strict-aliasing -Wall -Wextra -Wno-unused-parameter \
		-Wno-sign-compare -Werror -I"$top/tests/unit/include" -I"$top/include" \
		-I"$top/drivers/block" "$@" -c -o "$out/$name.o" "$top/tests/bench/$name.c"
}
# The measured loops are compiled as the kernel is: without vector registers.
{
	compile loops -mgeneral-regs-only && compile ring_bench &&
		gcc -o "$out/ring_bench" "$out/loops.o" "$out/ring_bench.o" -pthread
} || die "ring_bench does not build"

echo "measuring for $seconds seconds, until the end of a round"
timeout -k 5 $((seconds * 3 + 120)) "$out/ring_bench" "$seconds" >"$out/ring.txt" ||
	die "the measurement ended with status $?"
grep '^ring ' "$out/ring.txt"

# table WHAT COLUMN: a row for each layout, a column for each depth and batch.
table() {
	awk -v column="$2" -v what="$1" '
		$1 == "ring" {
			if (!(($3, $4) in seen)) { seen[$3, $4]; cell[++cells] = $3 " " $4 }
			if (!($2 in row)) { row[$2]; name[++names] = $2 }
			value[$2, $3 " " $4] = $column
		}
		END {
			printf "\n%s\n%-9s", what, ""
			for (c = 1; c <= cells; c++) printf "%10s", cell[c]
			for (n = 1; n <= names; n++) {
				printf "\n%-9s", name[n]
				for (c = 1; c <= cells; c++) printf "%10s", value[name[n], cell[c]]
			}
			print ""
		}' "$out/ring.txt"
}

# The goals of separate rings, against the existing ring and the tuned one; in
# parentheses the same slots without our headers, and with requests kept in memory.
goals() {
	awk '
		BEGIN {
			n = split("d1 b1 1.6 1.5,d32 b1 4.0 3.0,d32 b8 1.55 1.4", goal, ",")
			for (i = 1; i <= n; i++) {
				split(goal[i], w, " ")
				cell[i] = w[1] " " w[2]
				plain[i] = w[3]; tuned[i] = w[4]
			}
		}
		$1 == "ring" { ratio[$2, $3 " " $4] = $8 }
		END {
			print "\nseparate (raw, kept) and its goal: against L0, and against L0d (a quotient of both ratios)"
			for (i = 1; i <= n; i++)
				printf "%-8s %.2f (%.2f, %.2f) of %.2f   %.2f (%.2f, %.2f) of %.2f\n", cell[i],
					ratio["separate", cell[i]], ratio["raw", cell[i]], ratio["kept", cell[i]], plain[i],
					ratio["separate", cell[i]] / ratio["L0d", cell[i]],
					ratio["raw", cell[i]] / ratio["L0d", cell[i]],
					ratio["kept", cell[i]] / ratio["L0d", cell[i]], tuned[i]
		}' "$out/ring.txt"
}

picture() {
	local layouts="L0aa L0d slim kept separate raw"
	awk -v layouts="$layouts" '
		BEGIN { n = split(layouts, name, " "); printf "cell"
			for (i = 1; i <= n; i++) printf " %s", name[i]; print "" }
		$1 == "ring" {
			key = $3 "/" $4
			if (!(key in seen)) { seen[key]; cell[++cells] = key }
			ratio[$2, key] = $8
		}
		END {
			for (c = 1; c <= cells; c++) {
				printf "%s", cell[c]
				for (i = 1; i <= n; i++) printf " %s", ratio[name[i], cell[c]]
				print ""
			}
		}' "$out/ring.txt" >"$out/ring.dat"
	gnuplot <<-EOF
		set terminal pngcairo size 1100,520
		set output "$out/ring.png"
		set title "Requests a second on one ring, the existing ring as Linux runs it = 1"
		set style data histogram
		set style histogram clustered gap 1
		set style fill solid 0.8 border -1
		set xlabel "requests in flight / most pushed together"
		set ylabel "ratio"
		set yrange [0:*]
		set offsets 0, 0, 0.2, 0
		set grid ytics
		set key top left
		plot 1 with lines lc black notitle, for [i=2:7] "$out/ring.dat" using i:xtic(1) title columnheader
	EOF
}

table 'ns a request, there and back (median)' 6
table 'times as fast as L0 (median of paired slices; L0aa is L0 again, its distance from 1 the error)' 8
goals
echo
grep '^rounds' "$out/ring.txt"
if command -v gnuplot >/dev/null; then
	picture && echo "picture: $out/ring.png"
else
	echo "no picture: gnuplot is not installed (package gnuplot-nox)"
fi
echo "figures: $out/ring.txt"
