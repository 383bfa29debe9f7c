#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The cost of an I/O: for our pair of drivers, the distribution's pair with its defaults and
# tuned, the same disk in dom0, and a disk in the guest without a Xen driver. Six boots:
#
# counted	The emulator's clock counts instructions, and its plugin counts every block
#		of code that runs: instructions, calls, hypercalls for each I/O.
# queues	Counted as well, for each of eight CPUs, with one queue to four: our pair
#		and the distribution's.
# slow		Counted as well, on disks that answer after 20, 100 and 1000 us, and with a guest
#		that sends few requests: the cost of polling and of sleeping.
# lines		CPUs that run at the same time, and the emulator's plugin counts the cache lines
#		that move between them: our pair, with separate rings and with a shared one, and
#		the distribution's. Two boots: one queue and two CPUs, four queues and eight.
# clock		The plain clock, with all pairs in each of several rounds: ratios, and the
#		effects of CPUs that run at the same time.
#
# Its exit status does not depend on the results.
#
# SUITE			bookworm or trixie (bookworm)
# XENBLK_BENCH_RUNS	which of counted, queues, slow, lines, clock (all of these)
# XENBLK_BENCH_PAIRS	patterns: which of ours, intree, tuned, dom0, guest, ours-shared (all of these)
# XENBLK_BENCH_JOBS	patterns: which jobs (all; listed in tests/bench/dom0-*.sh)
# XENBLK_BENCH_MINUTES	limit of the counted run; what does not fit is skipped and reported (9)
# XENBLK_BENCH_ROUNDS	rounds of the run by the clock (3)
# XENBLK_BENCH_LINES	numbers of queues of the run that counts lines, at most 4 (1 4)
# XENBLK_LINES_QEMU	the emulator of that run (qemu-system-x86_64, as in the run by the clock)
# XENBLK_BENCH_FIO	further options of fio for each job; gtod_reduce=1 saves most of
#			fio's reads of the clock, which are expensive in a guest
# XENBLK_BENCH_OURS	a directory with our modules (they are built if it is not set)
# XENBLK_BENCH_DIR	the directory of all results (build/bench)
set -u
# The braces make bash read the whole file first, so that it can be edited during a run.
{
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
here=$top/tests/bench
out=${XENBLK_BENCH_DIR:-$top/build/bench}
suite=${SUITE:-bookworm}
runs=${XENBLK_BENCH_RUNS:-counted queues slow lines clock}
lines_qemu=$(command -v "${XENBLK_LINES_QEMU:-qemu-system-x86_64}") ||
	{ echo "bench: there is no emulator ${XENBLK_LINES_QEMU:-qemu-system-x86_64}" >&2; exit 2; }
mkdir -p "$out" && out=$(cd "$out" && pwd) || exit 2
rm -rf "$out"/{results,totals,counts,queues,counts-queues,slow,counts-slow,clock,about,lines,table}
rm -rf "$out"/{lines-q?,counts-lines-q?,line-functions} "$out"/logs{,-queues,-slow,-clock} "$out"/logs-lines-q?
rm -f "$out"/*.{csv,json,dat,png,labels}
status=0

counting=$("$here/emulator.sh") || exit
[[ " $runs " == *" lines "* ]] || lines_qemu=
XENBLK_LINES_QEMU=$lines_qemu PATH=$counting:$PATH "$here/prepare.sh" "$suite" "$out" "${XENBLK_BENCH_OURS-}" || exit

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
		printf 'BENCH_QUEUES=%q\n' "${queues:-1}"
		cat "$here/dom0-lib.sh" "$here/dom0-$name.sh"
	} >"$out/script-$name"
	# The kernels' debug checks of the system tests cost instructions, so they are off.
	env XENBLK_SLUB=- XENBLK_DOM0_ARGS="page_poison=0 ${XENBLK_DOM0_ARGS-}" "$@" \
		"$top/tests/system/run" --suite "$suite" --results "$logs" --guest-args page_poison=0 \
		--overlay "$out/brought" --ours "$out/modules/ours" --script "$out/script-$name" || status=1
}

# With ERMS a copy is one instruction for each byte, which would hide everything else. dom0
# and the guest have a CPU each, so that runs can be repeated. dom0 reads the host's time
# from the RTC, as its clock counts instructions.
cpu=max,-la57,-smap,-avx,-avx2,-f16c,-fma
# boot_counted NAME LOGS COUNTS CPUS-OF-DOM0 CPUS
boot_counted() {
	boot "$1" "$2" PATH="$counting:$PATH" XENBLK_ICOUNT=1 XENBLK_SMP="$5" XENBLK_CPU="${XENBLK_CPU:-$cpu,-erms,-fsrm}" \
		XENBLK_XEN_ARGS="dom0_max_vcpus=$4 dom0_vcpus_pin ${XENBLK_XEN_ARGS-}" \
		XENBLK_QEMU_ARGS="-plugin file=$out/insn_count.so,out=$3 ${XENBLK_QEMU_ARGS-}"
}

counted() {
	boot_counted counted "$out/logs" "$out/counts" 1 2
	# A run that ends early leaves the results that it has so far.
	sed -n 's/^LOG RESULT //p' "$out/logs/verdict" >"$out/results"
	sed -n 's/^LOG TOTAL //p' "$out/logs/verdict" >"$out/totals"
}

queues() {
	boot_counted queues "$out/logs-queues" "$out/counts-queues" 4 8
	sed -n 's/^LOG RESULT //p' "$out/logs-queues/verdict" >"$out/queues"
}

slow() {
	boot_counted slow "$out/logs-slow" "$out/counts-slow" 1 2
	sed -n 's/^LOG RESULT //p' "$out/logs-slow/verdict" >"$out/slow"
}

# As in the run by the clock, CPUs run at the same time; as in the counted one, each has one vCPU.
lines() {
	local queues logs
	for queues in ${XENBLK_BENCH_LINES:-1 4}; do
		logs=$out/logs-lines-q$queues
		boot lines "$logs" PATH="$(dirname "$lines_qemu"):$PATH" XENBLK_SMP=$((queues * 2)) \
			XENBLK_CPU="${XENBLK_CPU:-$cpu,-erms,-fsrm}" \
			XENBLK_XEN_ARGS="dom0_max_vcpus=$queues dom0_vcpus_pin ${XENBLK_XEN_ARGS-}" \
			XENBLK_QEMU_ARGS="-plugin file=$out/line_count.so,out=$out/counts-lines-q$queues$(cat "$out/line_count.options") ${XENBLK_QEMU_ARGS-}"
		sed -n 's/^LOG RESULT //p' "$logs/verdict" >"$out/lines-q$queues"
	done
}

clock() {
	boot clock "$out/logs-clock" XENBLK_SMP=2 XENBLK_CPU="${XENBLK_CPU:-$cpu}" \
		XENBLK_XEN_ARGS="dom0_max_vcpus=4 ${XENBLK_XEN_ARGS-}"
	sed -n 's/^LOG RESULT //p' "$out/logs-clock/verdict" >"$out/clock"
}

version_of() { "${1-}qemu-system-x86_64" --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'; }

for run in $runs; do
	case $run in
	counted | queues | slow | lines | clock) "$run" ;;
	*) echo "bench: no run '$run' (there are: counted, queues, slow, lines, clock)" >&2; exit 2 ;;
	esac
done
if [ -z "$(find "$out" -maxdepth 1 -regex '.*/\(results\|queues\|slow\|clock\|lines-q.\)' -size +0)" ]; then
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
echo "A copy counts as an instruction for each 8 bytes: half the instructions is not twice the speed."
echo "figures:  $out/bench.csv $out/queues.csv $out/slow.csv $out/lines.csv $out/clock.csv $out/bench.json"
echo "pictures: $out/*.png"
echo "logs:     $out/logs*"
exit $status
}
