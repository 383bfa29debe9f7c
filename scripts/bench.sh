#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What an I/O costs: our pair, the distribution's as it comes and tuned, the same disk in
# dom0, and one in the guest with no Xen driver at all. Three boots:
#
# counted	The emulator's clock counts instructions, and a plugin of it counts every
#		block of code that runs: instructions, calls, hypercalls for each I/O.
# queues	Counted likewise, for each of eight CPUs, with one queue to four: our pair
#		and the distribution's.
# clock		The plain clock, pairs in turn, several rounds: ratios, and what happens
#		when both CPUs really run at once.
#
# It reports; what it reports is nobody's failure.
#
# SUITE			bookworm or trixie (bookworm)
# XENBLK_BENCH_RUNS	which of counted, queues, clock (all of these)
# XENBLK_BENCH_PAIRS	patterns: which of ours, intree, tuned, dom0, guest (all of these)
# XENBLK_BENCH_JOBS	patterns: which jobs (all; tests/bench/dom0-*.sh have the lists)
# XENBLK_BENCH_MINUTES	what the counted run may take; what does not fit is skipped and said (9)
# XENBLK_BENCH_ROUNDS	of the run by the clock (3)
# XENBLK_BENCH_FIO	further options of fio for each job; gtod_reduce=1 spares what fio
#			spends on reading the clock, which in a guest is much
# XENBLK_BENCH_OURS	a directory with our modules (they are built)
# XENBLK_BENCH_DIR	where all of it goes (build/bench)
set -u
# All of it is read before any of it runs: an edit meanwhile must not change its course.
{
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
here=$top/tests/bench
out=${XENBLK_BENCH_DIR:-$top/build/bench}
suite=${SUITE:-bookworm}
runs=${XENBLK_BENCH_RUNS:-counted queues clock}
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
rm -rf "$out"/{results,totals,counts,queues,counts-queues,clock,about,lines,table,logs,logs-queues,logs-clock}
rm -f "$out"/*.{csv,json,dat,png,labels}
status=0

counting=$("$here/emulator.sh") || exit
PATH=$counting:$PATH "$here/prepare.sh" "$suite" "$out" "${XENBLK_BENCH_OURS-}" || exit

# boot NAME LOGS VARIABLE=VALUE...: one boot that runs dom0-NAME.sh
boot() {
	local name=$1 logs=$2
	shift 2
	{
		printf 'BENCH_PAIRS=%q\n' "${XENBLK_BENCH_PAIRS:-*}"
		printf 'BENCH_JOBS=%q\n' "${XENBLK_BENCH_JOBS:-*}"
		printf 'BENCH_FIO=%q\n' "${XENBLK_BENCH_FIO-}"
		printf 'BENCH_ROUNDS=%q\n' "${XENBLK_BENCH_ROUNDS:-3}"
		printf 'BENCH_MINUTES=%q\n' "${XENBLK_BENCH_MINUTES:-9}"
		cat "$here/dom0-lib.sh" "$here/dom0-$name.sh"
	} >"$out/script-$name"
	# What the system tests check the kernels with costs instructions and is off.
	env XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}" "$@" \
		"$top/tests/system/run" --suite "$suite" --results "$logs" --guest-args page_poison=0 \
		--overlay "$out/brought" --ours "$out/modules/ours" --script "$out/script-$name" || status=1
}

# ERMS makes a copy one instruction a byte, which would drown all the rest. One CPU for
# dom0 and the other for the guest, so that runs repeat. dom0 learns the host's time from
# its RTC, as the clock is not of this world.
cpu=max,-la57,-smap,-avx,-avx2,-f16c,-fma
# boot_counted NAME LOGS COUNTS CPUS-OF-DOM0 CPUS
boot_counted() {
	boot "$1" "$2" PATH="$counting:$PATH" XENBLK_ICOUNT=1 XENBLK_SMP="$5" XENBLK_CPU="${XENBLK_CPU:-$cpu,-erms,-fsrm}" \
		XENBLK_XEN_ARGS="dom0_max_vcpus=$4 dom0_vcpus_pin ${XENBLK_XEN_ARGS-}" \
		XENBLK_QEMU_ARGS="-plugin file=$out/insn_count.so,out=$3 ${XENBLK_QEMU_ARGS-}"
}

counted() {
	boot_counted counted "$out/logs" "$out/counts" 1 2
	# An end before its time leaves the figures that were there already.
	sed -n 's/^LOG RESULT //p' "$out/logs/verdict" >"$out/results"
	sed -n 's/^LOG TOTAL //p' "$out/logs/verdict" >"$out/totals"
}

queues() {
	boot_counted queues "$out/logs-queues" "$out/counts-queues" 4 8
	sed -n 's/^LOG RESULT //p' "$out/logs-queues/verdict" >"$out/queues"
}

clock() {
	boot clock "$out/logs-clock" XENBLK_SMP=2 XENBLK_CPU="${XENBLK_CPU:-$cpu}" \
		XENBLK_XEN_ARGS="dom0_max_vcpus=4 ${XENBLK_XEN_ARGS-}"
	sed -n 's/^LOG RESULT //p' "$out/logs-clock/verdict" >"$out/clock"
}

version_of() { "${1-}qemu-system-x86_64" --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

for run in $runs; do
	case $run in
	counted | queues | clock) "$run" ;;
	*) echo "bench: no run '$run' (there are: counted, queues, clock)" >&2; exit 2 ;;
	esac
done
if ! [ -s "$out/results" ] && ! [ -s "$out/queues" ] && ! [ -s "$out/clock" ]; then
	echo "bench: there are no figures; look at $out/logs*" >&2
	exit 1
fi

{
	echo "date=$(date +%F)"
	echo "machine=$(nproc) cores, QEMU TCG"
	echo "qemu=$(version_of "$counting/"), by the clock $(version_of)"
	echo "linux=$(cat "$("$top/tests/system/build-image.sh" --path "$suite")/kver")"
	echo "xen=$(sed -n 's/^xen_version=//p' "$top/tests/system/image/$suite.suite")"
	echo "source=$(git -C "$top" describe --always --dirty 2>/dev/null)"
	echo "skipped=$(sed -n 's/^LOG SKIPPED //p' "$out"/logs*/verdict | tr '\n' ';')"
} >"$out/about"
python3 "$here/report.py" "$out" || exit
echo
cat "$out/lines" "$out/table"
sed -n 's/^LOG SKIPPED /skipped: /p' "$out"/logs*/verdict
"$here/pictures.sh" "$out" || echo "bench: no pictures, gnuplot failed; see $out/gnuplot.log" >&2

echo
echo "A copy counts an instruction for each 8 bytes: twice as few instructions is not twice as fast."
echo "figures:  $out/bench.csv $out/queues.csv $out/clock.csv $out/bench.json"
echo "pictures: $out/*.png"
echo "logs:     $out/logs*"
exit $status
}
