#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# One boot: QEMU, Xen, dom0, the payload. Watches it and prints what it reports.
#
#   boot.sh [--shell] SUITE PAYLOAD RESULTS
#
# PAYLOAD is a directory that becomes the second disk; dom0/init in it takes over.
# RESULTS gets verdict (what dom0 reported, a line each), console.log (Xen and dom0) and
# of that xen.log and dom0.log, guests.log, the files that dom0 sent, qemu.cmd (the
# command) and qemu.log (QEMU's output). Exit status 0: dom0 reported END; 2: it did not,
# and one sentence was printed that says why.
#
# XENBLK_STALL_MIN	minutes without a sign of life that end the run (15)
# XENBLK_TOTAL_MIN	minutes the whole boot may take (150)
# XENBLK_CPU XENBLK_SMP XENBLK_MEM XENBLK_DOM0_MEM XENBLK_TB	the machine
# XENBLK_PARALLEL=1	do not wait for another emulator on this machine to end
# XENBLK_ICOUNT=1	virtual time counts instructions
# XENBLK_ONE_THREAD=1	one host CPU for all of the emulated CPUs; several such boots may run at once
# XENBLK_QEMU_ARGS	further arguments
# XENBLK_XEN_ARGS XENBLK_DOM0_ARGS	further parameters of Xen, of dom0's kernel
# XENBLK_SLUB		slub_debug of dom0's kernel (FZP)
set -u
# The braces make bash read all of it before it runs, so that the file can be edited meanwhile.
{
# shellcheck source=lib/host.sh
. "$(dirname "$0")/lib/host.sh"

shell=0
[ "${1-}" = --shell ] && { shell=1; shift; }
[ $# = 3 ] || die "usage: boot.sh [--shell] SUITE PAYLOAD RESULTS"
suite=$1 payload=$2 results=$3
load_suite "$suite"
image=$cache_root/$suite
[ -f "$image/key" ] || die "there is no $suite image yet; run tests/system/build-image.sh $suite"
need_tools qemu-system-x86_64 mke2fs
mkdir -p "$results"

# Documentation/testing.md explains the choice of the CPU.
cpu=${XENBLK_CPU:-max,-la57,-smap,-avx,-avx2,-f16c,-fma}
# With -icount, the clock cannot be read where an x2APIC's timer is set.
[ "${XENBLK_ICOUNT:-0}" = 0 ] || cpu=$cpu,-x2apic
smp=${XENBLK_SMP:-2}
mem=${XENBLK_MEM:-4096}
dom0_mem=${XENBLK_DOM0_MEM:-1024}
stall=$((${XENBLK_STALL_MIN:-15} * 60))
total=$((${XENBLK_TOTAL_MIN:-150} * 60))
disks=4 disk_mib=1024

work=$(mktemp -d "${TMPDIR:-/var/tmp}/xen-blk-run.XXXXXX") || exit 2
qemu=
stop() {
	if [ -n "$qemu" ] && kill -0 "$qemu" 2>/dev/null; then
		kill "$qemu" 2>/dev/null
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$qemu" 2>/dev/null || break
			sleep 0.5
		done
		kill -KILL "$qemu" 2>/dev/null
	fi
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

need_space 2000 "$work"
size=$(du -sm "$payload" | cut -f1)
truncate -s $((size + size / 4 + 8))M "$work/payload.img"
mke2fs -q -t ext4 -O ^has_journal -d "$payload" "$work/payload.img" ||
	die "cannot make the payload disk in $work"

# Debian's kernels have these checks built in and off; they cost some speed and find much.
debug="slub_debug=${XENBLK_SLUB:-FZP} page_poison=1"
# The limits of the kernel's own watchdogs, wide enough for a slow, shared host.
slow="watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=180 workqueue.watchdog_thresh=180"
accel="tcg,thread=multi,tb-size=${XENBLK_TB:-1024}"
[ "${XENBLK_ICOUNT:-0}${XENBLK_ONE_THREAD:-0}" = 00 ] || accel="tcg,thread=single,tb-size=${XENBLK_TB:-1024}"

args=(
	-nodefaults -no-user-config -M q35 -accel "$accel" -cpu "$cpu" -smp "$smp" -m "$mem"
	-display none -no-reboot
	-kernel "$image/xen"
	-append "console=com1 com1=115200 dom0_mem=${dom0_mem}M,max:${dom0_mem}M loglvl=all guest_loglvl=all conring_size=2M bootscrub=0 spec-ctrl=no,eager-fpu xpti=no pv-l1tf=no ${XENBLK_XEN_ARGS-}"
	-initrd "$image/vmlinuz console=hvc0 mitigations=off panic=3 log_buf_len=4M $debug $slow ${XENBLK_DOM0_ARGS-},$image/initrd"
	-device virtio-serial-pci
)
[ "${XENBLK_ICOUNT:-0}" = 1 ] && args+=(-icount "shift=0,sleep=off")
port() { args+=(-chardev "file,id=$1,path=$results/$2" -device "virtserialport,chardev=$1,name=bed.$1"); }
port verdict verdict
port guests guests.log
port files files.tar
disk() { # FILE OPTIONS
	args+=(-drive "file=$1,if=none,id=d${#args[@]},format=raw,$2" -device "virtio-blk-pci,drive=d${#args[@]}")
}
disk "$image/dom0.img" snapshot=on
disk "$work/payload.img" readonly=on
for ((i = 0; i < disks; i++)); do
	truncate -s ${disk_mib}M "$work/disk$i"
	disk "$work/disk$i" cache=unsafe,discard=unmap
done
if [ $shell = 1 ]; then
	args+=(-chardev "stdio,id=con,mux=on,signal=off,logfile=$results/console.log" -serial chardev:con -mon con)
else
	args+=(-serial "file:$results/console.log")
fi
# shellcheck disable=SC2206
args+=(${XENBLK_QEMU_ARGS-})

# Two emulators at once take more than twice as long as one after the other: a vCPU that
# spins waits for one that the host does not run.
lock=/tmp/xen-blk-emulator.lock
if [ "${XENBLK_PARALLEL:-0}${XENBLK_ONE_THREAD:-0}" = 00 ] && : >>"$lock"; then
	exec 9<"$lock"
	waited=0
	until flock -n 9; do
		[ $((waited % 30)) = 0 ] && say "waiting for another emulator on this machine to end ($waited s)"
		[ $waited -lt $total ] || die "another emulator on this machine has not ended for $((total / 60)) minutes"
		sleep 2
		waited=$((waited + 2))
	done
fi

rm -f "$results"/{verdict,console.log,guests.log,files.tar}
: >"$results/verdict"
: >"$results/console.log"
: >"$results/guests.log"
printf '%q ' qemu-system-x86_64 "${args[@]}" >"$results/qemu.cmd"

if [ $shell = 1 ]; then
	say "a shell in dom0 follows; 'poweroff' ends it, Ctrl-A x ends the emulator"
	qemu-system-x86_64 "${args[@]}"
	exit
fi

start=$SECONDS
TMPDIR=$work qemu-system-x86_64 "${args[@]}" </dev/null >"$results/qemu.log" 2>&1 &
qemu=$!

exec 3<"$results/verdict"
current='Xen and dom0 starting' begun=$SECONDS waiting='' ended=0 partial=''
show() { printf '[%6s] %s\n' "$(hms $((SECONDS - start)))" "$*"; }

# take LINE: a line of the verdict, which is KIND and text
take() {
	local kind=${1%% *} rest=${1#* }
	case $kind in
	BEGIN) current=$rest begun=$SECONDS waiting= ;;
	PASS) show "ok    $rest" ;;
	FAIL) show "FAIL  $rest" ;;
	SKIP) show "skip  $rest" ;;
	LOG) show "      $rest" ;;
	WAIT) waiting=$rest ;;
	PULSE) ;;
	END) ended=1 ;;
	*) show "      ?? $1" ;;
	esac
	case $kind in PASS | FAIL | SKIP) current='between cases' begun=$SECONDS waiting= ;; esac
}

# The end of the console's log, or its first kernel fault.
last_words() {
	local c=$results/console.log fault='BUG: |kernel BUG|Oops|int3:|general protection|Kernel panic|Panic on CPU|Xen BUG'
	if grep -q -a -E "$fault" "$c"; then
		grep -a -m 1 -B 3 -A 45 -E "$fault" "$c"
	else
		tail -n 25 "$c"
		echo "the guests' consoles:"
		tail -n 15 "$results/guests.log"
	fi | tr -d '\r' | cut -c1-200 | sed 's/^/| /'
}

# dead WHY: the boot ended without a report
dead() {
	last_words
	die "$1; see $results/console.log"
}

# autopsy: what the console shows of the reason, as half a sentence
autopsy() {
	local c=$results/console.log
	if grep -q -a 'Panic on CPU' "$c"; then
		echo "Xen crashed: $(grep -a -A 3 'Panic on CPU' "$c" | tr -d '\r' | sed 's/(XEN) *//; /^\**$/d' | xargs -0 | tr '\n' ' ' | cut -c1-160)"
	elif grep -q -a 'Kernel panic' "$c"; then
		echo "dom0's kernel panicked: $(grep -a -m 1 'Kernel panic' "$c" | tr -d '\r' | cut -c1-160)"
	elif grep -q -a '^BED: ' "$c"; then
		grep -a -m 1 '^BED: ' "$c" | tr -d '\r'
	elif [ -s "$results/qemu.log" ]; then
		echo "QEMU said: $(tail -n 1 "$results/qemu.log" | cut -c1-160)"
	else
		echo "nothing on the console says why"
	fi
}

pulse=0 seen_at=$SECONDS heartbeat=$SECONDS
while :; do
	if IFS= read -r line <&3; then
		line=$partial$line partial=
		take "$line"
		heartbeat=$SECONDS
		continue
	fi
	# Without a newline it is the start of a line: keep it.
	partial=$partial$line
	sleep 0.3
	alive=1
	kill -0 "$qemu" 2>/dev/null || alive=0
	now=$(stat -c %s "$results/verdict" "$results/console.log" "$results/guests.log" | xargs)
	[ "$now" != "$pulse" ] && { pulse=$now seen_at=$SECONDS; }
	if [ $alive = 0 ]; then
		while IFS= read -r line <&3; do take "$partial$line"; partial=; done
		break
	fi
	[ $ended = 1 ] && [ $((SECONDS - seen_at)) -gt 60 ] && break
	if [ $((SECONDS - seen_at)) -ge $stall ]; then
		dead "no sign of life for $((stall / 60)) minutes in: $current${waiting:+ (waiting for $waiting)}"
	fi
	if [ $((SECONDS - start)) -ge $total ]; then
		dead "the run took more than $((total / 60)) minutes and was ended in: $current"
	fi
	if [ $((SECONDS - heartbeat)) -ge 20 ]; then
		heartbeat=$SECONDS
		show "  ... $current, $((SECONDS - begun)) s${waiting:+, waiting for $waiting}"
	fi
	# A panic without a reset would otherwise only be found by the stall limit.
	if grep -q -a -E 'Kernel panic|Panic on CPU' "$results/console.log"; then
		for _ in {1..20}; do kill -0 "$qemu" 2>/dev/null || break; sleep 1; done
		[ $ended = 0 ] && dead "$(autopsy)"
	fi
done

# Separate Xen's lines from dom0's.
grep -a '^(XEN)' "$results/console.log" >"$results/xen.log"
grep -a -v '^(XEN)' "$results/console.log" >"$results/dom0.log"
[ -s "$results/files.tar" ] && tar -C "$results" -xf "$results/files.tar" 2>/dev/null && rm -f "$results/files.tar"
[ $ended = 1 ] || dead "the emulator ended early, in: $current; $(autopsy)"
exit 0
}
