# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# The benchmark's run by the plain clock, in dom0: vCPUs run at the same time. The machine is
# noisy, so only ratios within a round are meaningful, and each round has all pairs.
# A line for each:
#	RESULT PAIR JOB round=N iops=N ios=N requests=N back_irqs=N front_irqs=N
#
# BENCH_ROUNDS is set before this text, too.

# NAME DISK RW BS DEPTH THREADS
clock_jobs() {
	cat <<-J
		4k-randread-d1 null randread 4k 1 1
		4k-randread-d32 null randread 4k 32 1
		4k-randwrite-d32 null randwrite 4k 32 1
		1m-read-d8 null read 1m 8 1
		mem-4k-randrw70-d32 mem randrw 4k 32 1
		mem-1m-write-d8 mem write 1m 8 1
	J
}
# Jobs with the same total depth, however many queues there are.
queue_jobs() {
	cat <<-J
		4k-randread-4xd16 null randread 4k 16 4
		64k-read-4xd4 null read 64k 4 4
	J
}

job() { # FILE RW BS DEPTH THREADS
	# shellcheck disable=SC2086
	printf '%s\n' '[global]' $BENCH_FIO "filename=$1" "rw=$2" "bs=$3" "iodepth=$4" "numjobs=$5" rwmixread=70 \
		size=${mem_mib}m ioengine=libaio direct=1 thread group_reporting time_based \
		"runtime=${BENCH_SECONDS:-2}" '[job]'
}

counts() { # XVD: requests, interrupts in dom0, interrupts in the guest
	echo $(($(stat_of "$1" rd_req) + $(stat_of "$1" wr_req))) \
		"$(eval "$(irqs_of blkif-backend)")" "$(guest_run "$(irqs_of blkif)")"
}

measure() { # ROUND PAIR NAME DISK RW BS DEPTH THREADS
	local file iops b=(0 0 0) a=(0 0 0)
	emit BEGIN "round $1, $2, $3"
	file=$(file_of "$2" "$4")
	[ "$2" = dom0 ] || read -r -a b <<<"$(counts "${file#/dev/}")"
	iops=$(fio_for "$2" "$(job "$file" "${@:5}")") || exit
	[ "$2" = dom0 ] || read -r -a a <<<"$(counts "${file#/dev/}")"
	read -r _ iops ios <<<"$iops"
	note "RESULT $2 $3 round=$1 iops=$iops ios=$ios requests=$((a[0] - b[0])) back_irqs=$((a[1] - b[1])) front_irqs=$((a[2] - b[2]))"
}

# measure_all ROUND PAIR LIST [SUFFIX]
measure_all() {
	local line
	while read -r -u 9 -a line; do
		# shellcheck disable=SC2086
		wanted "${line[0]}" $BENCH_JOBS && measure "$1" "$2" "${line[0]}${4-}" "${line[@]:1}"
	done 9< <("$3")
}

# One CPU for each side, one queue.
by_pairs() {
	local round p
	emit BEGIN "the guest's start"
	extra_cfg="tsc_mode = \"native\"" new_guest 1
	{ xl vcpu-pin 0 0 0 && xl vcpu-pin "$G" all 1; } || fail "CPUs cannot be pinned"
	for ((round = 1; round <= BENCH_ROUNDS; round++)); do
		for p in $(chosen_pairs); do
			[ "$p" != guest ] || continue
			emit BEGIN "round $round, $p, its disks"
			pair_up "$p"
			measure_all "$round" "$p" clock_jobs
			pair_down "$p"
		done
	done
	destroy_guest
}

dom0_cpus() { # 0|1
	local c
	for c in 1 2 3; do echo "$1" >/sys/devices/system/cpu/cpu$c/online; done
}

# Four vCPUs for each side, placed by Xen; one queue to four.
by_queues() {
	local round p q
	emit BEGIN "the guest of four CPUs"
	dom0_cpus 1
	xl vcpu-pin 0 all all || fail "dom0's CPUs cannot be let free"
	extra_cfg="tsc_mode = \"native\"" new_guest 4
	for ((round = 1; round <= BENCH_ROUNDS; round++)); do
		for p in $(chosen_pairs); do
			case $p in ours | intree) ;; *) continue ;; esac
			for q in 1 2 3 4; do
				emit BEGIN "round $round, $p, $q queues, its disks"
				pair_up "$p" max_queues=$q
				expect_key front xvda multi-queue-num-queues $q 1
				measure_all "$round" "$p" queue_jobs "-q$q"
				pair_down "$p"
			done
		done
	done
	destroy_guest
}

bench() {
	make_disks 4
	dom0_fio
	dom0_cpus 0
	by_pairs
	by_queues
}
bench
