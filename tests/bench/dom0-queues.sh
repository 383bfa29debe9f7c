# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# The benchmark's counted run by queues, in dom0: eight CPUs, four for dom0's vCPUs and four
# for the guest's; one queue to four, and four threads in the guest, each with the same depth.
# Each CPU's instructions for an I/O are counted: those of the busiest CPU bound the I/Os per
# second, if all CPUs ran at the same time. A line for each job:
#	RESULT PAIR JOB-qQUEUES ios=N mark=N
# where mark is the number of the plugin's count.

# NAME DISK RW BS DEPTH IOS, the last two for each thread
queue_jobs() {
	cat <<-J
		4k-randread-4xd16 null randread 4k 16 1000
		64k-read-4xd4 null read 64k 4 500
	J
}

# The four threads cannot set the marks: a job before them and one after them do.
job() { # MARK FILE RW BS DEPTH IOS
	printf '%s\n' '[global]' "filename=$2" "rw=$3" "bs=$4" size=${mem_mib}m io_size=100g ioengine=libaio direct=1 thread \
		'[warm]' "iodepth=$5" numjobs=4 group_reporting "number_ios=$((($6 + 3) / 4))" \
		'[begin]' stonewall iodepth=1 number_ios=1 "exec_postrun=$1 begin" \
		'[job]' stonewall "iodepth=$5" numjobs=4 group_reporting "number_ios=$6" \
		'[end]' stonewall iodepth=1 number_ios=1 "exec_prerun=$1 end"
}

marks=0
measure() { # PAIR QUEUES NAME DISK RW BS DEPTH IOS
	local text
	emit BEGIN "$1, $2 queues, $3"
	text=$(job "$guest_files/mark" "$(file_of "$1" "$4")" "${@:5}")
	fio_for "$1" "$text" >/dev/null || exit
	note "RESULT $1 $3-q$2 ios=$(($8 * 4)) mark=$marks"
	marks=$((marks + 1))
}

bench() {
	local p q i line
	make_disks 4
	emit BEGIN "the guest of four CPUs"
	extra_cfg="tsc_mode = \"native\"" new_guest 4
	for i in 0 1 2 3; do
		xl vcpu-pin "$G" $i $((i + 4)) || fail "the guest's CPUs cannot be pinned"
	done
	for p in $(chosen_pairs); do
		case $p in ours | intree) ;; *) continue ;; esac
		for q in 1 2 3 4; do
			emit BEGIN "$p, $q queues, its disks"
			pair_up "$p" max_queues=$q
			expect_key front xvda multi-queue-num-queues $q 1
			while read -r -u 9 -a line; do
				measure "$p" $q "${line[@]}"
			done 9< <(queue_jobs)
			pair_down "$p"
		done
	done
	destroy_guest
}
bench
