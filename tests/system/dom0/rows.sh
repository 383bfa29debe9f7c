# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The rows of the covering set in pairs.txt: what is asked for, and what must be agreed on.

# back_agreed XVD, front_agreed XVD: what was negotiated, according to each side
agreed_keys='request_format ring_layout ring_page_order queues slots max_segments persistent_grants'
back_agreed() {
	# shellcheck disable=SC2086
	(cd "$(sysfs_of "$1")/negotiated" && cat $agreed_keys | xargs)
}
front_agreed() {
	guest_run "cd /sys/bus/xen/devices/vbd-$(devid "$1")/negotiated && echo \$(cat $agreed_keys)"
}

# slots_of MODE ORDER: the slots of a ring
slots_of() {
	local pages=$((1 << $2)) fit n=1
	case $1 in
	separate64) echo $(((pages * 4096 - 128) / 32)); return ;;
	separate128) echo $(((pages * 4096 - 256) / 32)); return ;;
	slim) fit=$(((pages * 4096 - 64) / 32)) ;;
	*) fit=$(((pages * 4096 - 64) / 112)) ;;
	esac
	while [ $((n * 2)) -le $fit ]; do n=$((n * 2)); done
	echo $n
}

# segs_of MODE min|mid|max: the segments of the largest request
segs_of() {
	case $1/$2 in
	native/min) echo 11 ;;
	native/mid) echo 32 ;;
	native/max) echo 256 ;;
	*/min) echo 2 ;;
	*/mid) echo 64 ;;
	*/max) echo 1024 ;;
	esac
}

row_jobs() {
	verify_head "$1"
	cat <<-JOB
		[small]
		rw=randwrite
		bs=4k
		iodepth=32
		io_size=2m
		[odd]
		stonewall
		rw=randrw
		bsrange=512-128k
		blockalign=512
		iodepth=16
		io_size=6m
		[large]
		stonewall
		rw=write
		bs=4m
		iodepth=2
	JOB
}

pair_row() {
	local n peers mode order queues entries persistent front=ours back=ours got=native
	local fp bp segs agreed want line p
	read -r n peers mode order queues entries persistent _ < <(awk -v n="$1" '$1 == n' /bed/dom0/pairs.txt)
	[ "$n" = "$1" ] || fail "there is no row $1"
	case $peers in
	oldb) back=intree ;;
	oldf) front=intree ;;
	*) got=$mode ;;
	esac
	segs=$(segs_of "$got" "$entries")
	fp="max_ring_page_order=$order max_queues=$queues feature_persistent=${persistent%,*} max_indirect_segments=$(segs_of native "$entries")"
	bp="max_ring_page_order=4 max_queues=4 feature_persistent=${persistent#*,}"
	if [ $front = ours ]; then
		fp+=" max_slim_indirect_entries=$(segs_of slim "$entries")"
		case $mode in
		native) fp+=" disable=slim-requests" ;;
		slim) fp+=" disable=separate-rings" ;;
		separate128) fp+=" ring_alignment=128" ;;
		esac
	fi
	note "row $n: front $front $fp; back $back $bp"
	# shellcheck disable=SC2086
	load_back $back $bp
	# shellcheck disable=SC2086
	load_front $front $fp
	attach phy:/dev/vdc xvda

	# Up to the default order, our frontend makes the smallest rings with 128 slots, or nearly so if there are several.
	if [ $front = ours ] && [ "$order" -le 2 ]; then
		while [ "$order" -gt 0 ] && [ "$(slots_of "$got" $((order - 1)))" -ge $((queues > 1 ? 120 : 128)) ]; do
			order=$((order - 1))
		done
	fi
	p=0
	[ "$persistent" = 1,1 ] && p=1
	case $got in
	native) want="x86_64-abi shared" ;;
	slim) want="slim shared" ;;
	*) want="slim separate" ;;
	esac
	want+=" $order $queues $(slots_of "$got" "$order")"
	line="queues: $queues, slots: $(slots_of "$got" "$order") (order $order)"
	if [ $front = ours ]; then
		agreed=$(front_agreed xvda)
		[ "$agreed" = "$want $segs $p" ] || fail "the frontend agreed on '$agreed', not on '$want $segs $p'"
		guest_run "dmesg | tail -n 20 | grep -q 'xvda: .* requests, .*$line'"
	else
		expect_key front xvda ring-page-order "$order" 0
		expect_key front xvda multi-queue-num-queues "$queues" 1
	fi
	if [ $back = ours ]; then
		agreed=$(back_agreed xvda)
		# The backend knows the request size that it offered, and not what the frontend uses of it.
		[ "$(cut -d' ' -f1-5,7 <<<"$agreed")" = "$want $p" ] ||
			fail "the backend agreed on '$agreed', not on '$want ... $p'"
		dmesg | tail -n 20 | grep -q "connected: .* requests, .*$line" || fail "dom0's log does not say '$line'"
	fi
	guest_fio 300 "$(row_jobs /dev/xvda)" >/dev/null
	detach xvda
}
