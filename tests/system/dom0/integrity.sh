# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Shared by the cases about protection information: a disk of scsi_debug that stores
# it, and I/O with it.

pi_driver=/sys/bus/pseudo/drivers/scsi_debug

# pi_disk NAME=VALUE...: make such a disk; its name is in $sd
# shellcheck disable=SC2034
pi_disk() {
	modprobe sd_mod
	# One that a failed case has left has other parameters.
	[ ! -d /sys/module/scsi_debug ] || pi_disk_gone
	modprobe scsi_debug dev_size_mb=48 delay=0 "$@" || fail "scsi_debug $* does not load"
	wait_for 30 "the disk of scsi_debug" pi_found || fail "scsi_debug $* has no disk with protection information"
	sd=$(pi_name)
}
pi_name() { find "$pi_driver"/adapter*/host*/target*/*/block -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null; }
pi_found() {
	local n
	n=$(pi_name)
	[ -b "/dev/$n" ] && grep -q T10 "/sys/block/$n/integrity/format"
}
pi_disk_gone() { wait_for 30 "scsi_debug to be unloaded" rmmod scsi_debug 2>/dev/null || fail "scsi_debug cannot be unloaded"; }

# pi_count 40|42: how many commands with tuples the disk was given since pi_counting, by
# operation: 40 reads and 42 writes, in ten bytes
pi_event=/sys/kernel/tracing/events/scsi/scsi_dispatch_cmd_start
pi_trigger='hist:keys=opcode if prot_sglen > 0'
pi_counting() {
	mountpoint -q /sys/kernel/tracing || mount -t tracefs trace /sys/kernel/tracing
	echo "$pi_trigger" >$pi_event/trigger
}
pi_counted() { echo "!$pi_trigger" >$pi_event/trigger; }
pi_count() { awk -v op="$1" '/hitcount:/ { gsub(/[{},]/, ""); if ($2 == op) n += $NF } END { print n + 0 }' $pi_event/hist; }

# Keep dom0 from generating tuples, so that all tuples are the guest's.
pi_from_guest_only() { echo 0 >"/sys/block/$1/integrity/write_generate"; }

# pi_guest FILE: an attribute of the integrity profile in the guest
pi_guest() { guest_run "cat /sys/block/xvda/integrity/$1"; }

# pi_expect FORMAT INTERVAL: check the profile on both sides
pi_expect() {
	local got
	expect_key back xvda feature-integrity "$1"
	expect_key back xvda integrity-interval "$2"
	expect_key back xvda integrity-tuple-size 8
	expect_key front xvda integrity "$1"
	got=$(guest_run 'cd /sys/block/xvda/integrity && echo $(cat format protection_interval_bytes device_is_integrity_capable read_verify write_generate)')
	[ "$got" = "$1 $2 1 1 1" ] || fail "the guest has '$got', not '$1 $2 1 1 1'"
	# The block layer cannot make a tuple for an interval that spans two buffers.
	got=$(guest_run 'cat /sys/block/xvda/queue/dma_alignment')
	[ "$got" -ge $(($2 - 1)) ] || fail "the guest takes data aligned to $((got + 1)), but an interval has $2 bytes"
	got="$(cat "$(sysfs_of xvda)/negotiated/integrity") $(guest_run "cat /sys/bus/xen/devices/vbd-$(devid xvda)/negotiated/integrity")"
	[ "$got" = "$1 $1" ] || fail "the two drivers agreed on '$got', not on '$1 $1'"
}

# pi_expect_none: check that neither side uses tuples
pi_expect_none() {
	local got
	expect_key front xvda integrity absent
	got=$(pi_guest format)
	[ "$got" = none ] || fail "the guest has '$got' on a disk that is not used with it"
	got=$(guest_run "cat /sys/bus/xen/devices/vbd-$(devid xvda)/negotiated/integrity")
	[ "$got" = none ] || fail "the frontend says '$got'"
}

# pi_jobs FILE SECTOR-SIZE: requests of all sizes, up to those whose tuples fill sixteen pages
pi_jobs() {
	verify_head "$1"
	cat <<-JOB
		[sectors]
		rw=randwrite
		bs=$2
		iodepth=16
		io_size=128k
		[pages]
		stonewall
		rw=randwrite
		bs=4k
		iodepth=32
		io_size=2m
		[odd]
		stonewall
		rw=randrw
		bsrange=$2-384k
		blockalign=$2
		iodepth=8
		io_size=12m
		[large]
		stonewall
		rw=write
		bs=4m
		iodepth=2
	JOB
}

# pi_clean DISK SECTOR-SIZE SD: I/O on a disk of the guest that is SD or a part of it; checks that
# the guest's tuples reach it and match the data
pi_clean() {
	local reads writes
	pi_from_guest_only "$3"
	pi_counting
	from_here
	guest_fio 300 "$(pi_jobs /dev/xvda "$2")" >/dev/null
	make_tree xvda
	guest_run 'echo 3 > /proc/sys/vm/drop_caches'
	check_tree xvda
	reads=$(pi_count 40) writes=$(pi_count 42)
	pi_counted
	[ $reads -gt 500 ] || fail "only $reads reads had tuples"
	[ $writes -gt 500 ] || fail "only $writes writes had tuples"
	[ "$(count_of xvda protection)" = 0 ] || fail "the backend counted errors"
	guest_is_content
	# dom0 verifies the tuples when it reads.
	dd if="$1" of=/dev/null bs=1M iflag=direct status=none || fail "the data on the disk does not match its tuples"
	note "$(cat "$(sysfs_of xvda)/negotiated/integrity"), $2 bytes: $reads reads and $writes writes with tuples"
}
