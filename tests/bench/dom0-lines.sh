# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# The benchmark's run that counts cache lines, in dom0: the emulator's plugin (line_count.c) counts
# those that move from one CPU to another. CPUs run at the same time; the first half of them is
# dom0's, and the other half the guest's, one for each queue. A line for each job:
#	RESULT PAIR JOB-qQUEUES ios=N mark=N
# where mark is the number of the plugin's count. frames.log gets a line for each frame whose use is
# known:
#	PAIR FRAME ring|req-ring|rsp-ring|data|xenstore|console|shared-info [PAGE-OF-RING LINE-SIZE]
#
# BENCH_QUEUES is set before this text, too.

pairs="intree ours-shared ours" other_pairs="tuned intree-none intree-mapped ours-mapped"
line_disks=(xvda xvdb)
# Grants that are mapped only while they are used would be missing in the list of frames.
more_back_args=(persistent_grant_unused_seconds=600)

# NAME DISK RW BS DEPTH IOS, the last two for each thread, of which there is one for each queue
line_jobs() {
	local n=
	[ "$BENCH_QUEUES" = 1 ] || n=${BENCH_QUEUES}x
	cat <<-J
		4k-randread-${n}d1 null randread 4k 1 500
		4k-randread-${n}d32 null randread 4k 32 2000
		mem-4k-randread-${n}d32 mem randread 4k 32 1000
	J
}

# job NAME FILE RW BS DEPTH IOS [OPTION]: the first mark is before the I/O that warms caches, of the
# plugin and of the drivers. The threads cannot set the marks: jobs before and after them do.
job() {
	local disk threads one=(stonewall iodepth=1 number_ios=1 cpus_allowed=0)
	disk=$(printf '%s\n' "filename=$2" "rw=$3" "bs=$4" "${@:7}")
	threads=$(printf '%s\n' stonewall "iodepth=$5" "numjobs=$BENCH_QUEUES" group_reporting "number_ios=$6" \
		"cpus_allowed=0-$((BENCH_QUEUES - 1))" cpus_allowed_policy=split)
	printf '%s\n' "[follow]" "$disk" "${one[@]}" "exec_postrun=$guest_files/mark begin" \
		"[warm]" "$disk" "$threads" \
		"[begin]" "$disk" "${one[@]}" "exec_postrun=$guest_files/mark begin" \
		"[$1]" "$disk" "$threads" \
		"[end]" "$disk" "${one[@]}" "exec_prerun=$guest_files/mark end"
}

marks=0
measure() { # PAIR
	local line text names=(nothing) n=(4) i
	text=$(printf '%s\n' '[global]' "size=${mem_mib}m" io_size=100g ioengine=libaio direct=1 thread)
	# What the marks and the start of the threads cost, to be subtracted: fio without any I/O.
	text+=$'\n'$(job nothing "$(file_of "$1" null)" randread 4k 1 1 ioengine=null)
	while read -r -a line; do
		# shellcheck disable=SC2086
		wanted "${line[0]}" $BENCH_JOBS || continue
		text+=$'\n'$(job "${line[0]}" "$(file_of "$1" "${line[1]}")" "${line[@]:2}")
		names+=("${line[0]}") n+=($((line[5] * BENCH_QUEUES)))
	done < <(line_jobs)
	emit BEGIN "$1, $BENCH_QUEUES queues, cache lines"
	fio_for "$1" "$text" >/dev/null || exit
	for i in "${!names[@]}"; do
		note "RESULT $1 ${names[i]}-q$BENCH_QUEUES ios=${n[i]} mark=$marks"
		marks=$((marks + 1))
	done
}

# ring_refs: REF KIND PAGE of each page of a ring of the disks
ring_refs() {
	local x q dir key
	for x in "${line_disks[@]}"; do
		for ((q = 0; q < BENCH_QUEUES; q++)); do
			dir=$(frontend_of "$x")
			[ "$BENCH_QUEUES" = 1 ] || dir+=/queue-$q
			for key in $(bed list "$dir" | grep -E '^(req-|rsp-)?ring-ref[0-9]*$'); do
				echo "$(xs_read "$dir/$key") $(sed -E 's/-ref$/ 0/; s/-ref/ /' <<<"$key")"
			done
		done
	done
}

# frames PAIR: what is known of the guest's and Xen's frames
frames() {
	local align
	emit BEGIN "$1, its frames"
	bed-xen frames "$state/xen-frames.log" "$(guest_id)" >"$state/mapped" || fail "Xen does not tell the guest's frames"
	ring_refs >"$state/rings"
	align=$(xs_or "$(frontend_of xvda)/ring-alignment" 64)
	awk -v pair="$1" -v align="$align" '
		NR == FNR { ring[$1] = $2 " " $3 " " align; next }
		$1 == "shared_info" { print pair, $3, "shared-info"; next }
		$2 in ring { print pair, $3, ring[$2]; rings++; next }
		{ print pair, $3, $2 == 0 ? "console" : $2 == 1 ? "xenstore" : "data" }
		END { if (!rings) exit 1 }' "$state/rings" "$state/mapped" >"$state/frames" ||
		fail "none of the $(wc -l <"$state/rings") pages of rings is among the $(wc -l <"$state/mapped") frames"
	cat "$state/frames" >>"$state/frames.log"
	note "$1: frames of $(cut -d' ' -f3 "$state/frames" | sort | uniq -c | xargs)"
}

bench() {
	local p i layout
	make_disks "$BENCH_QUEUES"
	emit BEGIN "the guest of $BENCH_QUEUES CPUs"
	extra_cfg="tsc_mode = \"native\"" new_guest "$BENCH_QUEUES"
	for ((i = 0; i < BENCH_QUEUES; i++)); do
		xl vcpu-pin "$G" $i $((BENCH_QUEUES + i)) || fail "the guest's CPUs cannot be pinned"
	done
	for p in $(chosen_pairs); do
		emit BEGIN "$p, $BENCH_QUEUES queues, its disks"
		pair_up "$p" "max_queues=$BENCH_QUEUES"
		expect_key front xvda multi-queue-num-queues "$BENCH_QUEUES" 1
		case $p in ours | ours-mapped) layout='split' ;; *) layout='absent' ;; esac
		expect_key front xvda ring-layout $layout
		measure "$p"
		frames "$p"
		sections "$p"
		pair_down "$p"
	done
	emit BEGIN "the names of functions"
	symbols
	destroy_guest
}
bench
