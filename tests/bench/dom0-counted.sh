# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# The benchmark's counted run, in dom0: the same disks and the same jobs for each pair. The
# emulator's clock counts instructions, and its plugin counts every block of code that runs
# between the two marks of a job. A line for each job:
#	RESULT PAIR JOB iops=N ios=N mark=N
# where iops is fio's, and mark is the number of the plugin's count for these ios I/Os; and a line
# with the drivers' own counts over all jobs, including their unmeasured starts:
#	TOTAL PAIR ios=N requests=N back_irqs=N front_irqs=N ...

# GROUP NAME DISK RW BS DEPTH IOS, the most important group first
all_jobs() {
	cat <<-J
		first 4k-randread-d1 null randread 4k 1 500
		first 4k-randread-d32 null randread 4k 32 2000
		first 4k-randread-d128 null randread 4k 128 2000
		first 4k-randwrite-d32 null randwrite 4k 32 2000
		first 4k-randrw70-d32 null randrw 4k 32 2000
		first 64k-read-d8 null read 64k 8 500
		first 1m-read-d8 null read 1m 8 120
		first 1m-write-d8 null write 1m 8 120
		first repeat-4k-randread-d32 null randread 4k 32 2000
		second mem-4k-randread-d32 mem randread 4k 32 2000
		second mem-4k-randwrite-d32 mem randwrite 4k 32 2000
		second mem-4k-randrw70-d32 mem randrw 4k 32 2000
		second mem-1m-read-d8 mem read 1m 8 120
		second mem-1m-write-d8 mem write 1m 8 120
		third 4k-randwrite-d1 null randwrite 4k 1 500
		third 4k-randwrite-d128 null randwrite 4k 128 2000
		third 64k-write-d8 null write 64k 8 500
		third 4m-read-d4 null read 4m 4 40
		third 4m-write-d4 null write 4m 4 40
		third mem-4k-randread-d1 mem randread 4k 1 500
		third mem-64k-read-d8 mem read 64k 8 500
		third mem-64k-write-d8 mem write 64k 8 500
		third mem-4m-read-d4 mem read 4m 4 40
		third mem-4m-write-d4 mem write 4m 4 40
	J
}

# job MARK FILE NAME RW BS DEPTH IOS: a quarter of the I/O comes first and is not measured, so that
# caches, pools of pages and persistent grants have reached their steady state.
job() {
	local what
	what=$(printf '%s\n' stonewall "filename=$2" "rw=$4" "bs=$5" "iodepth=$6")
	printf '%s\n' "[warm]" "$what" "number_ios=$((($7 + 3) / 4))" \
		"[$3]" "$what" "number_ios=$7" "exec_prerun=$1 begin" "exec_postrun=$1 end"
}

# counts XVD...: what the drivers count, NAME=VALUE each; ours have more counters
counts() { # XVD...
	local x n v
	echo "back_irqs=$(eval "$(irqs_of blkif-backend)")"
	for x; do
		echo requests=$(($(stat_of "$x" rd_req) + $(stat_of "$x" wr_req)))
		for n in hits maps unmaps evictions copies hypercalls; do
			v=$(count_of "$x" $n 2>/dev/null) && echo "$n=$v"
		done
	done
	guest_run "echo front_irqs=\$($(irqs_of blkif))
		for x in $(for x; do echo "vbd-$(devid "$x")"; done | xargs); do
			[ ! -d $front_debug/\$x ] || sed -n 's/^copied /copied=/p' $front_debug/\$x/counters; done"
}

# less FIRST SECOND: subtract the first list from the second, on one line
less() {
	awk -F= 'NR == FNR { n[$1] -= $2; next } { n[$1] += $2 } END { for (i in n) printf " %s=%d", i, n[i] }' "$1" "$2"
}

marks=0
# group PAIR GROUP: all jobs of the group in one fio, as each start of fio takes seconds
group() {
	local pair=$1 mark=$guest_files/mark line text names=() n=() i out iops total=0
	[ "$pair" != dom0 ] || mark=$dom0_files/mark
	# shellcheck disable=SC2086
	text=$(printf '%s\n' '[global]' $BENCH_FIO rwmixread=70 size=${mem_mib}m io_size=100g ioengine=libaio direct=1 thread)
	# The cost of the marks themselves, to be subtracted from all jobs: fio without any I/O.
	text+=$'\n'$(job "$mark" "$(file_of "$pair" null)" nothing randread 4k 1 4)$'\n'ioengine=null
	names=(nothing) n=(4)
	while read -r -a line; do
		# shellcheck disable=SC2086
		if [ "${line[0]}" != "$2" ] || ! wanted "${line[1]}" $BENCH_JOBS; then continue; fi
		text+=$'\n'$(job "$mark" "$(file_of "$pair" "${line[2]}")" "${line[1]}" "${line[@]:3}")
		names+=("${line[1]}") n+=("${line[6]}")
	done < <(all_jobs)
	[ ${#names[@]} -gt 1 ] || return 0

	emit BEGIN "$pair, its $2 jobs"
	case $pair in dom0 | guest) ;; *) counts xvda xvdb >"$state/before" ;; esac
	out=$(fio_for "$pair" "$text") || exit
	for i in "${!names[@]}"; do
		iops=$(awk -v job="${names[i]}" '$1 == job { print $2 }' <<<"$out")
		[ -n "$iops" ] || fail "fio has no result of ${names[i]}"
		note "RESULT $pair ${names[i]} iops=$iops ios=${n[i]} mark=$marks"
		marks=$((marks + 1)) total=$((total + n[i] + (n[i] + 3) / 4))
	done
	case $pair in dom0 | guest) return ;; esac
	counts xvda xvdb >"$state/after"
	note "TOTAL $pair ios=$total$(less "$state/before" "$state/after")"
}

# The host's time in seconds; always 0 if there is no RTC.
host_now() { cat /sys/class/rtc/rtc0/since_epoch 2>/dev/null || echo 0; }

# measure_all PAIR END: no group begins after that time
measure_all() {
	local g
	for g in first second third; do
		if [ "$(host_now)" -le "$2" ]; then
			group "$1" $g
		else
			note "SKIPPED $1, its $g jobs: no time left"
		fi
	done
}

bench() {
	local p now end left
	now=$(host_now)
	end=$((now + BENCH_MINUTES * 60))
	make_disks 1
	dom0_fio

	# The guest runs all the time, so that dom0's figures include it, too.
	emit BEGIN "the guest's start"
	note "a guest with one CPU is started"
	# Without it Xen emulates RDTSC for the guest, as the emulated host has no invariant TSC.
	# Real hosts have one, and each I/O reads the clock several times.
	extra_cfg="tsc_mode = \"native\"" new_guest 1
	# An event between CPUs costs more, so the figures would depend on where a vCPU runs.
	xl vcpu-pin "$G" all 1 || fail "the guest's CPU cannot be pinned"
	left=$(chosen_pairs | wc -l)
	for p in $(chosen_pairs); do
		emit BEGIN "$p, its disks"
		pair_up "$p"
		# Each pair gets an equal share of the time that is left.
		now=$(host_now)
		measure_all "$p" $((now + (end - now) / left))
		left=$((left - 1))
		sections "$p"
		pair_down "$p"
	done
	emit BEGIN "the names of functions"
	symbols
	destroy_guest
}
bench
