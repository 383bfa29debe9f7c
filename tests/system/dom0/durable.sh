# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Does data that was acknowledged as durable survive a power failure? dm-log-writes records what
# the backend does to its disk; replay.py makes the disk as it would be after a failure at each point.

durable=/run/bed/durable

# recorder DISK LOG: make /dev/mapper/recorded, which records on LOG what is done to DISK
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

# told N: the guest writes file N, and is told that it is durable
told() {
	local kib=$(($1 * 12 + 4)) write
	write="dd if=/dev/urandom of=/mnt/$1 bs=4k count=$((kib / 4)) conv=fsync 2>/dev/null"
	# By synchronous writes, each of which is durable when it ends.
	[ $(($1 % 2)) = 0 ] || write="fio --minimal --name=told --filename=/mnt/$1 --size=${kib}k --rw=write --bs=4k --direct=1 --sync=1 --ioengine=psync >/dev/null && sync /mnt/$1"
	guest_run "$write && md5sum < /mnt/$1" 60 >"$durable/sum.$1"
	dmsetup message recorded 0 mark "$1"
}

# check_point: called by replay.py at each point; recovers the file system and checks the files
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
		[ "$got" = "$(cat "$durable/sum.$n")" ] || { echo "at $*: file $n was acknowledged as durable, but does not have what was written"; break; }
	done
	umount "$durable/mnt"
	[ "$n" -gt "$last" ]
}

# replay LOG: check every point of the record; its counts are in $durable/counts
replay() {
	printf '#!/bin/bash\ndurable=%s\n%s\ncheck_point "$@"\n' "$durable" "$(declare -f check_point)" >"$durable/point"
	chmod +x "$durable/point"
	echo 0 >"$durable/last"
	emit WAIT "each point of the record to be checked"
	python3 /bed/dom0/replay.py "$1" "$durable/image" "$durable/point" >"$durable/counts" 2>"$durable/err" ||
		fail "$(head -n 2 "$durable/counts" | tr '\n' ' ')$(sed -n '1p;$p' "$durable/err" | tr '\n' ' ')"
	emit WAIT ''
}
counted() { sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" "$durable/counts"; }

# record FILES: files that the guest writes to a new file system, with other writes at the same time
record() {
	local n io
	guest_run "/sbin/mke2fs -q -t ext4 -b 4096 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 /dev/xvda 12288 &&
		mount -t ext4 /dev/xvda /mnt && dd if=/dev/zero of=/mnt/beside bs=1M count=2 conv=fsync 2>/dev/null && sync" 60
	dmsetup message recorded 0 mark 0
	io=$(guest_start "fio --minimal --name=beside --filename=/mnt/beside --size=2m --io_size=256k --rw=randwrite --bs=8k --ioengine=libaio --iodepth=4 --direct=1 --sync=1 >/dev/null" 120)
	for ((n = 1; n <= $1; n++)); do told $n; done
	guest_wait "$io" 120 >/dev/null || fail "the fio that writes at the same time ended with status $?"
	guest_run "umount /mnt"
}

# durable FILES [ATTACH...]: record on a disk, attached by a command of the case's own or as usual,
# and check the record after the detach
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
