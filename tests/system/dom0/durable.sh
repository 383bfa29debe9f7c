# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Is what a guest was told is durable on the disk, if power fails right then?
# dm-log-writes records below the backend; replay.py makes the disk of each point.

durable=/run/bed/durable

# A recorder over DISK, its log on LOG: /dev/mapper/recorded
recorder() {
	local n
	n=$(blockdev --getsz "$1")
	modprobe dm-log-writes
	dmsetup create recorded --table "0 $n log-writes $1 $2"
	udevadm settle
}
recorder_gone() {
	udevadm settle
	dmsetup remove recorded || fail "the recorder is still in use"
}

# told N: the guest has been told that file N is durable
told() {
	local kib=$(($1 * 12 + 4)) write
	write="dd if=/dev/urandom of=/mnt/$1 bs=4k count=$((kib / 4)) conv=fsync 2>/dev/null"
	# As a disk with FUA has it: each write is durable by itself.
	[ $(($1 % 2)) = 0 ] || write="fio --minimal --name=told --filename=/mnt/$1 --size=${kib}k --rw=write --bs=4k --direct=1 --sync=1 --ioengine=psync >/dev/null && sync /mnt/$1"
	guest_run "$write && md5sum < /mnt/$1" 60 >"$durable/sum.$1"
	dmsetup message recorded 0 mark "$1"
}

# What replay.py calls at each point: recover as a machine would that starts again, then look.
check_point() {
	local copy=$durable/copy n got
	cp --sparse=always "$durable/image" "$copy"
	if [ "$1" = mark ]; then last=$2; echo "$2" >"$durable/last"; else last=$(cat "$durable/last"); fi
	e2fsck -fy -E journal_only "$copy" >"$durable/fsck" 2>&1 || [ $? = 1 ] || { echo "at $*: the journal cannot be replayed"; return 1; }
	e2fsck -fn "$copy" >"$durable/fsck" 2>&1 || { echo "at $*: $(grep -v '^e2fsck' "$durable/fsck" | head -n 3 | tr '\n' '|')"; return 1; }
	[ "$last" -gt 0 ] || return 0
	mount -o loop,ro "$copy" "$durable/mnt" || return
	for ((n = 1; n <= last; n++)); do
		got=$(md5sum <"$durable/mnt/$n")
		[ "$got" = "$(cat "$durable/sum.$n")" ] || { echo "at $*: file $n was told to be durable, and is not what was written"; break; }
	done
	umount "$durable/mnt"
	[ "$n" -gt "$last" ]
}

# replay: every point of what was recorded; its counts in $durable/counts
replay() {
	printf '#!/bin/bash\ndurable=%s\n%s\ncheck_point "$@"\n' "$durable" "$(declare -f check_point)" >"$durable/point"
	chmod +x "$durable/point"
	echo 0 >"$durable/last"
	emit WAIT "each point of what was recorded to be looked at"
	python3 /bed/dom0/replay.py "$1" "$durable/image" "$durable/point" >"$durable/counts" 2>"$durable/err" ||
		fail "$(head -n 2 "$durable/counts" | tr '\n' ' ')$(sed -n '1p;$p' "$durable/err" | tr '\n' ' ')"
	emit WAIT ''
}
counted() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" "$durable/counts"; }

# record FILES: a guest's work on a new file system, with another that writes beside it
record() {
	local n io
	guest_run "/sbin/mke2fs -q -t ext4 -b 4096 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 /dev/xvda 12288 &&
		mount -t ext4 /dev/xvda /mnt && dd if=/dev/zero of=/mnt/beside bs=1M count=2 conv=fsync 2>/dev/null && sync" 60
	dmsetup message recorded 0 mark 0
	io=$(guest_start "fio --minimal --name=beside --filename=/mnt/beside --size=2m --io_size=256k --rw=randwrite --bs=8k --ioengine=libaio --iodepth=4 --direct=1 --sync=1 >/dev/null" 120)
	for ((n = 1; n <= $1; n++)); do told $n; done
	guest_wait "$io" 120 >/dev/null || fail "fio beside it: status $?"
	guest_run "umount /mnt"
}

# durable FILES [ATTACH...]: a disk with the recorder under it, attached in the usual way or
# by a command of the case's own; what became durable is looked at when it is gone
durable() {
	rm -rf $durable
	mkdir -p $durable/mnt
	modprobe loop
	recorder /dev/vdc /dev/vdd
	"${@:2}" attach phy:/dev/mapper/recorded xvda
	record "$1"
	detach xvda
	recorder_gone
	truncate -s 48M $durable/image
	replay /dev/vdd
	note "$(cat $durable/counts)"
	[ "$(counted marks)" = $(($1 + 1)) ] || fail "of $(($1 + 1)) marks the log has $(counted marks)"
	[ "$(counted flushes)" -gt "$1" ] || fail "the log has $(counted flushes) flushes"
}

# barrier_only attach DISK XVD: attach from a backend that knows barriers but no flushes, as old ones do
barrier_only() { attach_offering feature-flush-cache 0 "$2" "$3"; }
