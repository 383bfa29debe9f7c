# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Disks in dom0 that support more than reads and writes, and checks of their content.

nullb=/sys/kernel/config/nullb/nullb0

# null_disk ATTRIBUTE=VALUE...: make /dev/nullb0, in memory
null_disk() {
	local a
	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
	mkdir -p $nullb
	echo 1 >$nullb/memory_backed
	for a; do echo "${a#*=}" >$nullb/"${a%%=*}"; done
	echo 1 >$nullb/power
}
null_disk_gone() {
	echo 0 >$nullb/power
	rmdir $nullb
}

# new_file SIZE: make $img, a sparse file, so that its blocks show what was written
new_file() {
	modprobe loop
	img=/var/tmp/ops.img
	rm -f $img
	truncate -s "$1" $img
}
# loop_disk SIZE [OPTION...]: make $loop, on such a file
loop_disk() {
	new_file "$1"
	loop=$(losetup -f --show "${@:2}" $img)
}
loop_disk_gone() {
	losetup -d "$loop"
	rm -f $img
}

# scsi_disk NAME=VALUE...: make a disk of scsi_debug; its name is in $disk
scsi_disk() {
	modprobe sd_mod
	modprobe scsi_debug dev_size_mb=64 delay=0 "$@"
	wait_for 30 "the disk of scsi_debug" scsi_found || fail "there is no disk of scsi_debug"
}
scsi_found() {
	disk=$(grep -l scsi_debug /sys/block/sd*/device/model 2>/dev/null | head -n 1 | cut -d/ -f4)
	[ -n "$disk" ] && [ -b "/dev/$disk" ]
}
scsi_disk_gone() { wait_for 30 "scsi_debug to be unloaded" rmmod scsi_debug 2>/dev/null || fail "scsi_debug cannot be unloaded"; }

# taken [FILE]: the KiB that a file takes
taken() { echo $(($(stat -c %b "${1:-$img}") / 2)); }

# freed KIB WHAT COMMAND...: a command in the guest that frees so much of the file. The blocks of the
# file system's own metadata may differ.
freed() {
	local kib=$1 what=$2 before after
	shift 2
	sync -f $img
	before=$(taken)
	guest_run "$*" 60
	sync -f $img
	after=$(taken)
	note "$what: the file took $before KiB, now $after"
	[ $((before - after)) -ge $((kib - 256)) ] || fail "$what: the file took $before KiB and now $after, $kib should be free"
	[ $((before - after)) -le $((kib + 256)) ] || fail "$what: the file took $before KiB and now $after, only $kib should be free"
}

# guest_sums XVD PART...: MD5 of parts of a disk, each START:MIB
guest_sums() {
	local disk=$1 p
	shift
	for p; do
		printf 'dd if=/dev/%s bs=1M skip=%s count=%s iflag=direct 2>/dev/null | md5sum\n' "$disk" "${p%:*}" "${p#*:}"
	done | guest_run "$(cat)" 60
}
# zero_sum MIB: what guest_sums prints for zeroes
zero_sum() { head -c $(($1 << 20)) /dev/zero | md5sum; }

# guest_queue XVD FILE: an attribute of the disk's queue
guest_queue() { guest_run "cat /sys/block/$1/queue/$2"; }
# agreed XVD FILE: what was negotiated, according to the frontend
agreed() { guest_run "cat /sys/bus/xen/devices/vbd-$(devid "$1")/negotiated/$2"; }

# attach_offering KEY VALUE DISK XVD: attach from a backend whose KEY has another VALUE than the driver
# wrote. The guest is paused from before the backend connects until the key is changed.
attach_offering() {
	local go=$state/offering slow=/etc/xen/scripts/block-slow
	rm -f "$go"
	printf '#!/bin/bash\nuntil [ -e %s ]; do sleep 0.1; done\nexec /etc/xen/scripts/block "$@"\n' "$go" >$slow
	chmod +x $slow
	xl block-attach "$G" "format=raw,vdev=$4,access=w,script=block-slow,target=${3#phy:}" >"$state/xl.log" 2>&1 &
	until_nodes 30 "$4 to be Initialised" "$(frontend_of "$4")/state" 3 || fail "the frontend is not Initialised"
	xl pause "$G"
	touch "$go"
	until_nodes 30 "the backend to connect" "$(backend_of "$4")/state" 4 || fail "the backend does not connect"
	xenstore-write "$(backend_of "$4")/$1" "$2"
	xl unpause "$G"
	wait || fail "xl block-attach: $(tail -n 3 "$state/xl.log" | tr '\n' '|')"
	connected "$4"
	rm $slow "$go"
}

# trim_matrix FRONT BACK: discards free the blocks of the backend's file, and no others
trim_matrix() {
	local sums ds
	load_back "$2"
	load_front "$1"
	new_file 96M
	attach "file:$img" xvda
	[ "$(guest_queue xvda discard_max_bytes)" -gt 0 ] || fail "the guest cannot discard"
	[ "$(guest_queue xvda discard_granularity)" = 4096 ] || fail "the granularity is $(guest_queue xvda discard_granularity)"
	guest_run 'dd if=/dev/urandom of=/dev/xvda bs=1M count=24 oflag=direct conv=fsync 2>/dev/null' 60
	sums=$(guest_sums xvda 0:8 16:8)
	ds=$(stat_of xvda ds_req)
	freed 8192 "blkdiscard of 8 MiB" "blkdiscard -o 8388608 -l 8388608 /dev/xvda"
	[ "$(stat_of xvda ds_req)" -gt "$ds" ] || fail "ds_req did not count a discard"
	[ "$(guest_sums xvda 0:8 16:8)" = "$sums" ] || fail "data beside the discarded range has changed"
	[ "$(guest_sums xvda 8:8)" = "$(zero_sum 8)" ] || fail "data is left in the discarded range"
	freed 16384 "blkdiscard of all" "blkdiscard /dev/xvda"
	guest_run "/sbin/mke2fs -q -t ext4 -E lazy_itable_init=0,lazy_journal_init=0 /dev/xvda && mount -t ext4 /dev/xvda /mnt &&
		dd if=/dev/urandom of=/mnt/a bs=1M count=16 2>/dev/null && dd if=/dev/urandom of=/mnt/b bs=1M count=4 2>/dev/null &&
		md5sum /mnt/b > /tmp/b.sum && sync && fstrim /mnt && rm /mnt/a && sync" 120
	freed 16384 "fstrim" "fstrim -v /mnt"
	guest_run 'umount /mnt && e2fsck -fn /dev/xvda >/dev/null 2>&1 && mount -t ext4 /dev/xvda /mnt && md5sum -c /tmp/b.sum; rc=$?; umount /mnt; exit $rc' 60
	detach xvda
	rm -f "$img"
}
