#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Draw the benchmark's pictures from the files that report.py wrote to DIR.
set -u
cd "${1:?usage: pictures.sh DIR}" || exit 2
: >gnuplot.log

# picture NAME: draw NAME.dat, if there is data, by the gnuplot commands on stdin
picture() {
	[ -s "$1.dat" ] || return 0
	{
		cat <<-G
			set terminal pngcairo size 1300,640 font "sans,11"
			set output "$1.png"
			set style data histogram
			set style fill solid 0.85 border -1
			set datafile missing "NaN"
			set yrange [0:*]
			set grid ytics
			set key outside top center horizontal
			set xtics rotate by -30
			grey = "#9aa5b1"; dark = "#5b6b7b"; blue = "#1f77b4"
		G
		cat
	} | gnuplot 2>>gnuplot.log
}

rc=0
picture ratio <<-'G' || rc=1
	set title "Instructions per I/O of guest, dom0 and Xen: how many times fewer than the distribution's pair"
	set style histogram clustered gap 1
	set ylabel "distribution's pair as it comes = 1"
	set rmargin 10
	plot "ratio.dat" using 2:xtic(1) title "distribution's pair" lc rgb grey, \
		"" using 3 title "the same, tuned" lc rgb dark, "" using 4 title "this project's" lc rgb blue
G
picture where <<-'G' || rc=1
	set title "Where the instructions of an I/O are executed"
	set style histogram rowstacked
	set boxwidth 0.8
	set bmargin 8
	set ylabel "distribution's pair as it comes = 1"
	load "where.labels"
	plot "where.dat" using 2:xtic(1) title "guest: kernel" lc rgb "#1f77b4", \
		"" using 3 title "guest: fio" lc rgb "#aec7e8", \
		"" using 4 title "Xen, guest's CPU" lc rgb "#d62728", "" using 5 title "Xen, dom0's CPU" lc rgb "#ff9896", \
		"" using 6 title "dom0: kernel" lc rgb "#2ca02c", "" using 7 title "dom0: programs" lc rgb "#98df8a"
G
picture queues <<-'G' || rc=1
	set title "One queue to four: what the busiest CPU's instructions bound I/Os per second to, 4 CPUs for each side"
	set style histogram clustered gap 1
	set ylabel "distribution's pair with one queue = 1"
	plot "queues.dat" using 2:xtic(1) title "distribution's pair" lc rgb grey, \
		"" using 3 title "this project's" lc rgb blue
G
picture slow <<-'G' || rc=1
	set title "Disks that answer after 20, 100 and 1000 us: instructions per I/O of guest, dom0 and Xen, with all polling"
	set style histogram clustered gap 1
	set ylabel "distribution's pair as it comes = 1"
	set rmargin 10
	plot "slow.dat" using 2:xtic(1) title "distribution's pair" lc rgb grey, \
		"" using 3 title "the same, tuned" lc rgb dark, "" using 4 title "this project's" lc rgb blue
G
picture lines <<-'G' || rc=1
	set title "Cache lines that move between CPUs for an I/O, by what is in them"
	set style histogram rowstacked
	set boxwidth 0.8
	set bmargin 8
	set ylabel "lines"
	set key outside right top vertical
	load "lines.labels"
	plot "lines.dat" using 2:xtic(1) title "requests" lc rgb "#1f77b4", \
		"" using 3 title "responses" lc rgb "#aec7e8", "" using 4 title "event words, indexes" lc rgb "#ff7f0e", \
		"" using 5 title "event channels" lc rgb "#d62728", "" using 6 title "grant tables" lc rgb "#9467bd", \
		"" using 7 title "XenStore" lc rgb "#8c564b", "" using 8 title "guest data" lc rgb "#2ca02c", \
		"" using 9 title "scheduling" lc rgb "#ff9896", "" using 10 title "Xen, other" lc rgb "#c7c7c7", \
		"" using 11 title "guest and dom0, other" lc rgb "#7f7f7f"
G
picture clock <<-'G' || rc=1
	set title "I/Os per second by the plain clock, both CPUs at once: median of the rounds' ratios, and all of them"
	set style histogram errorbars gap 1 lw 1
	set ylabel "distribution's pair as it comes = 1"
	set rmargin 10
	plot "clock.dat" using 2:3:4:xtic(1) title "distribution's pair, tuned" lc rgb dark, \
		"" using 5:6:7 title "this project's" lc rgb blue, 1 with lines lc black notitle
G
# scale.dat has a block for each pair, with its name above it; the columns are those of scale.csv.
picture scale <<-'G' || rc=1
	set terminal pngcairo size 1300,900 font "sans,11"
	set style data linespoints
	set linetype 1 lc rgb blue lw 2 pt 7
	set linetype 2 lc rgb grey lw 2 pt 7
	set linetype 3 lc rgb blue lw 2 pt 6 dt 2
	set linetype 4 lc rgb grey lw 2 pt 6 dt 2
	stats "scale.dat" using 1 skip 1 nooutput
	pairs = STATS_blocks
	set logscale x 2
	set xtics norotate
	set xlabel "disks of the guest"
	set key inside top left vertical
	set offsets graph 0, 0, 0.1, 0
	set multiplot layout 2,3 title "What each of many disks takes, and how long it takes to come and go"
	set title "KiB of the guest for a disk"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:2 lt i+1 title columnheader(1), \
		for [i=0:pairs-1] "" index i using 1:13 lt i+3 title "after a load"
	set title "KiB of dom0 for a disk"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:3 lt i+1 title columnheader(1), \
		for [i=0:pairs-1] "" index i using 1:14 lt i+3 title "after a load"
	set title "grants of the guest for a disk"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:4 lt i+1 title columnheader(1), \
		for [i=0:pairs-1] "" index i using 1:15 lt i+3 title "after a load"
	set title "threads of dom0 for a disk"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:5 lt i+1 title columnheader(1), \
		for [i=0:pairs-1] "" index i using 1:16 lt i+3 title "after a load"
	set title "ms until a disk is usable"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:6 lt i+1 title columnheader(1)
	set title "ms until a disk is detached"
	plot for [i=0:pairs-1] "scale.dat" index i using 1:8 lt i+1 title columnheader(1)
	unset multiplot
G
exit $rc
