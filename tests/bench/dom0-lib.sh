# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# Shared by the benchmark's runs in dom0: the disks, the pairs, fio.
#
# Set before this text: BENCH_PAIRS and BENCH_JOBS, lists of patterns, and BENCH_FIO, further
# options of all jobs.

# A disk without memory shows the cost of the path alone; one with memory, that of copies too.
null=nullb0 mem=nullb1
mem_mib=64
# The benchmark's own files, in the guest and in dom0.
guest_files=/bench dom0_files=/bed/brought/bench

# Globs here match names of jobs and pairs, never files.
set -f

wanted() { # NAME PATTERN...
	local n=$1 p
	shift
	for p; do
		# shellcheck disable=SC2053
		[[ $n == $p ]] && return
	done
	return 1
}

chosen_pairs() {
	local p
	# shellcheck disable=SC2086
	for p in $pairs; do wanted $p $BENCH_PAIRS && echo $p; done
	# shellcheck disable=SC2086
	for p in $other_pairs; do [ "$BENCH_PAIRS" != "*" ] && wanted $p $BENCH_PAIRS && echo $p; done
}

make_disk() { # NAME SIZE-MIB MEMORY-BACKED QUEUES
	# Kernels differ in whether the directory or the index names the disk.
	local d=/sys/kernel/config/nullb/$1
	mkdir "$d"
	echo "$2" >"$d/size"
	echo "$3" >"$d/memory_backed"
	echo "$4" >"$d/submit_queues"
	echo 1 >"$d/power"
	[ -b "/dev/$1" ] || fail "dom0 has no disk $1"
}

make_disks() { # QUEUES
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	make_disk $null 1024 0 "$1"
	make_disk $mem $mem_mib 1 "$1"
	# Allocate all of its pages before anything is measured.
	dd if=/dev/zero of=/dev/$mem bs=1M count=$mem_mib oflag=direct 2>/dev/null || fail "the disk $mem cannot be written"
}

# dom0 uses the guest's fio, a static one.
dom0_fio() {
	mkdir -p "$state/fio"
	(cd "$state/fio" && busybox cpio -id bin/fio </guest/base.cpio) 2>/dev/null
	"$state/fio/bin/fio" --version >/dev/null || fail "the guest's fio does not run in dom0"
}

# The lower bound of every pair: null_blk disks in the guest, without a Xen driver.
guest_disks() {
	guest_run "set -e
		while read -r m; do [ -d /sys/module/\${m%.ko} ] || insmod $guest_files/\$m nr_devices=0; done < $guest_files/order
		mount -t configfs none /sys/kernel/config 2>/dev/null || true
		make() {
			mkdir /sys/kernel/config/nullb/\$1; cd /sys/kernel/config/nullb/\$1
			echo \$2 > size; echo \$3 > memory_backed; echo 1 > submit_queues; echo 1 > power
			cd /; [ -b /dev/\$1 ]
		}
		make $null 1024 0
		make $mem $mem_mib 1
		dd if=/dev/zero of=/dev/$mem bs=1M count=$mem_mib oflag=direct 2>/dev/null" 60
}

no_guest_disks() {
	guest_run "rmdir /sys/kernel/config/nullb/$null /sys/kernel/config/nullb/$mem; rmmod null_blk"
}

# made_of PAIR: set the drivers and parameters of a pair. "tuned" is the in-tree pair with the best
# parameters (Documentation/performance.md); those with a dash run only when they are asked for.
pairs="ours intree tuned dom0 guest"
other_pairs="ours-shared ours-none ours-mapped intree-none intree-mapped tuned-cache tuned-none"
made_of() { # PAIR
	front=intree back=intree front_args=() back_args=() scheduler=
	case $1 in
	ours*) front=ours back=ours ;;
	tuned*) front_args=(max_indirect_segments=256 max_ring_page_order=1) ;;
	esac
	case $1 in
	*-none) scheduler=none ;;
	*-shared) front_args=(disable=separate-rings) ;;
	*-mapped) back_args=(feature_persistent=0) ;;
	*-cache) back_args=(max_persistent_grants=8192 max_buffer_pages=8192) ;;
	esac
}

# Parameters of all backends of a run.
more_back_args=()
# pair_up NAME [FRONTEND-PARAMETER...]
pair_up() {
	case $1 in
	guest) guest_disks ;;
	dom0) ;;
	*)
		made_of "$1"
		load_back "$back" "${back_args[@]}" "${more_back_args[@]}"
		load_front "$front" "${front_args[@]}" "${@:2}"
		attach "phy:/dev/$null" xvda
		attach "phy:/dev/$mem" xvdb
		[ -z "$scheduler" ] || guest_run "for d in xvda xvdb; do echo $scheduler > /sys/block/\$d/queue/scheduler; done"
		note "$1: $front's front ${front_args[*]} ${*:2}, $back's back ${back_args[*]}: $(negotiated xvda), scheduler $(guest_run "cat /sys/block/xvda/queue/scheduler")"
		;;
	esac
}

pair_down() { # NAME
	case $1 in
	guest) no_guest_disks ;;
	dom0) ;;
	*)
		detach xvda
		detach xvdb
		unload_front
		unload_back
		;;
	esac
}

file_of() { # PAIR DISK
	case $1/$2 in
	dom0/null | guest/null) echo /dev/$null ;;
	dom0/mem | guest/mem) echo /dev/$mem ;;
	*/null) echo /dev/xvda ;;
	*/mem) echo /dev/xvdb ;;
	esac
}

# fio_for PAIR JOBS: JOBNAME IOPS IOS P50 P99 for each job of the file, a line each; latencies in ns
fio_for() {
	local run="fio --output-format=json /tmp/bench.fio > /tmp/bench.out 2> /tmp/bench.err ||
			{ tail -n 5 /tmp/bench.out /tmp/bench.err; exit 1; }
		awk -F'[\":, ]+' '\$2 == \"jobname\" { job = \$3 } \$2 == \"iops\" { iops[job] += \$3 } \$2 == \"total_ios\" { n[job] += \$3 }
			\$2 == \"50.000000\" && \$3 > p50[job] + 0 { p50[job] = \$3 } \$2 == \"99.000000\" && \$3 > p99[job] + 0 { p99[job] = \$3 }
			END { for (job in n) print job, iops[job], n[job], p50[job] + 0, p99[job] + 0 }' /tmp/bench.out" out
	if [ "$1" = dom0 ]; then
		printf '%s' "$2" >/tmp/bench.fio
		out=$(cd /tmp && PATH=$state/fio/bin:$PATH && eval "($run)") || fail "fio in dom0: $out"
		printf '%s\n' "$out"
	else
		guest_run "cd /tmp; printf '%s' '$2' > /tmp/bench.fio; $run" 600
	fi
}

# irqs_of NAME: a command that counts the interrupts of the event channels so named
irqs_of() {
	echo "awk '\$NF == \"$1\" { for (i = 2; i <= NF && \$i ~ /^[0-9]+\$/; i++) n += \$i } END { print n + 0 }' /proc/interrupts"
}

# sections_of WHERE PAIR MODULE: note the addresses of a module's sections, for its functions' names.
sections_of() { # WHERE PAIR MODULE
	local run="set +f; for f in /sys/module/$3/sections/.*text*; do echo \${f##*/} \$(cat \$f); done"
	if [ "$1" = guest ]; then guest_run "$run"; else eval "($run)"; fi |
		sed "s/^/$2 $1 $3 /" >>"$state/sections.log"
}
sections() { # PAIR
	case $1 in
	dom0) ;;
	guest) sections_of guest guest null_blk ;;
	*)
		sections_of guest "$1" xen_blkfront
		sections_of dom0 "$1" xen_blkback
		;;
	esac
}
# The names of all other functions. The guest's kernel is dom0's, at the same addresses.
symbols() {
	cat /proc/kallsyms >"$state/kallsyms.log"
	cat /proc/xen/xensyms >"$state/xensyms.log"
	[ "$(guest_run "grep -m 1 -w _text /proc/kallsyms")" = "$(grep -m 1 -w _text "$state/kallsyms.log")" ] ||
		note "the guest's kernel is at another address than dom0's: its functions' names are wrong"
}
