# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# The benchmark's run on disks with latency, in dom0: null_blk that answers 20, 100 and 1000 us
# after it was asked. The emulator's clock counts instructions, and an idle CPU costs none, so that
# what is left is what an I/O costs, with all polling and sleeping. A line for each job:
#	RESULT PAIR JOB iops=N ios=N mark=N p50=N p99=N
# where p50 and p99 are fio's latencies in ns.

slow_disks=(20 100 1000)
slow_xvds=(xvda xvdb xvdc)

# NAME US RW BS DEPTH IOS [OPTION...]
all_jobs() {
	local us
	for us in "${slow_disks[@]}"; do
		cat <<-J
			$us-4k-randread-d1 $us randread 4k 1 500
			$us-4k-randread-d4 $us randread 4k 4 1000
			$us-4k-randread-d32 $us randread 4k 32 2000
			$us-1m-read-d1 $us read 1m 1 60
			$us-4k-100-a-second $us randread 4k 1 100 rate_iops=100
			$us-4k-1000-a-second $us randread 4k 1 500 rate_iops=1000
		J
	done
}

slow_disk() { # US
	local d=/sys/kernel/config/nullb/slow$1
	mkdir "$d"
	echo 1024 >"$d/size"
	echo 0 >"$d/memory_backed"
	echo 2 >"$d/irqmode"
	echo $(($1 * 1000)) >"$d/completion_nsec"
	echo 1 >"$d/power"
	[ -b "/dev/slow$1" ] || fail "dom0 has no disk slow$1"
}
file_of_slow() { # PAIR US
	local i
	[ "$1" != dom0 ] || { echo "/dev/slow$2"; return; }
	for i in "${!slow_disks[@]}"; do
		[ "${slow_disks[i]}" != "$2" ] || echo "/dev/${slow_xvds[i]}"
	done
}

# job MARK FILE NAME RW BS DEPTH IOS [OPTION...]: as much I/O comes first and is not measured, as
# polling has to find out how slow the disk is.
job() {
	local what
	what=$(printf '%s\n' stonewall "filename=$2" "rw=$4" "bs=$5" "iodepth=$6" "number_ios=$7" "${@:8}")
	printf '%s\n' "[warm]" "$what" "[$3]" "$what" "exec_prerun=$1 begin" "exec_postrun=$1 end"
}

marks=0
measure() { # PAIR
	local pair=$1 mark=$guest_files/mark line text names=(nothing) n=(4) i out
	[ "$pair" != dom0 ] || mark=$dom0_files/mark
	# shellcheck disable=SC2086
	text=$(printf '%s\n' '[global]' $BENCH_FIO size=64m io_size=100g ioengine=libaio direct=1 thread)
	# The cost of the marks themselves, to be subtracted from all jobs: fio without any I/O.
	text+=$'\n'$(job "$mark" "$(file_of_slow "$pair" 20)" nothing randread 4k 1 4)$'\n'ioengine=null
	while read -r -a line; do
		# shellcheck disable=SC2086
		wanted "${line[0]}" $BENCH_JOBS || continue
		text+=$'\n'$(job "$mark" "$(file_of_slow "$pair" "${line[1]}")" "${line[0]}" "${line[@]:2}")
		names+=("${line[0]}") n+=("${line[5]}")
	done < <(all_jobs)
	emit BEGIN "$pair, disks with latency"
	out=$(fio_for "$pair" "$text") || exit
	for i in "${!names[@]}"; do
		note "RESULT $pair ${names[i]} $(awk -v job="${names[i]}" -v n="${n[i]}" -v m=$marks \
			'$1 == job { print "iops=" $2 " ios=" n " mark=" m " p50=" $4 " p99=" $5 }' <<<"$out")"
		marks=$((marks + 1))
	done
}

slow_up() { # PAIR
	local i
	[ "$1" != dom0 ] || return 0
	made_of "$1"
	load_back "$back" "${back_args[@]}"
	load_front "$front" "${front_args[@]}"
	for i in "${!slow_disks[@]}"; do attach "phy:/dev/slow${slow_disks[i]}" "${slow_xvds[i]}"; done
	note "$1: $(negotiated xvda)"
}
slow_down() { # PAIR
	local x
	[ "$1" != dom0 ] || return 0
	for x in "${slow_xvds[@]}"; do detach "$x"; done
	unload_front
	unload_back
}

bench() {
	local p us
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	for us in "${slow_disks[@]}"; do slow_disk "$us"; done
	dom0_fio
	emit BEGIN "the guest's start"
	extra_cfg="tsc_mode = \"native\"" new_guest 1
	xl vcpu-pin "$G" all 1 || fail "the guest's CPU cannot be pinned"
	for p in $(chosen_pairs); do
		[ "$p" != guest ] || continue
		slow_up "$p"
		measure "$p"
		slow_down "$p"
	done
	destroy_guest
}
bench
