# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# What a toolstack and its scripts do to a disk, and disks of dom0's own.

## dom0 is the frontend too

# front_in_dom0 ours|intree [PARAMETER=VALUE...]
front_in_dom0() {
	local m which=$1
	shift
	for m in $(modinfo -F depends "/bed/$which/xen-blkfront.ko" | tr , ' '); do modprobe "$m"; done
	trap dom0_left EXIT
	insmod "/bed/$which/xen-blkfront.ko" "$@" || fail "xen-blkfront ($which $*) does not load in dom0"
}
# When a case fails: the runner knows of the guest's disks only.
dom0_left() {
	local x
	[ -d /sys/module/xen_blkfront ] || return 0
	for x in $(bed list "/local/domain/0/backend/vbd/$(guest_id)"); do xl block-detach "$G" "$x" || true; done
	for x in $(bed list /local/domain/0/backend/vbd/0); do xl block-detach 0 "$x" || true; done
	rmmod xen_blkfront || true
}
front_out_of_dom0() {
	wait_for 30 "xen-blkfront to be unloaded from dom0" rmmod xen_blkfront 2>/dev/null || fail "xen-blkfront stays in dom0"
}

dom0_has() { [ -b "/dev/$1" ] && [ "$(cat "/sys/class/block/$1/size")" -gt 0 ]; }
# attach_dom0 DISK XVD, detach_dom0 XVD: the same as attach and detach, for dom0
attach_dom0() {
	xl block-attach 0 "$1" "$2" w >"$state/xl.log" 2>&1 || fail "xl block-attach 0 $1 $2: $(tail -n 2 "$state/xl.log" | tr '\n' '|')"
	wait_for 30 "$2 in dom0" dom0_has "$2" || fail "no $2 in dom0"
}
detach_dom0() {
	wait_for 60 "xl block-detach 0 $1" detached_dom0 "$1" || fail "xl block-detach 0 $1: $(tail -n 2 "$state/xl.log" | tr '\n' '|')"
}
detached_dom0() {
	local be
	be=/local/domain/0/backend/vbd/0/$(devid "$1")
	! bed list "$be" >/dev/null || xl block-detach 0 "$1" >"$state/xl.log" 2>&1
	! bed list "$be" >/dev/null && [ ! -b "/dev/$1" ]
}

chain_jobs() {
	printf '%s\n' '[global]' filename=/dev/xvda size=4m ioengine=libaio direct=1 verify=crc32c verify_fatal=1 randrepeat=0 \
		'[small]' rw=randwrite bs=4k iodepth=16 io_size=512k '[large]' stonewall rw=write bs=1m iodepth=4
}
# chain inner|outer [PARAMETER=VALUE...]: a disk goes to dom0 and from there to the guest; which of
# the two is detached first
chain() {
	local sum first=$1 i
	shift
	load_back "$BACK" "$@"
	load_front "$FRONT" "$@"
	front_in_dom0 "$FRONT" "$@"
	attach_dom0 phy:/dev/vdc xvdb
	attach phy:/dev/xvdb xvda
	guest_fio 120 "$(chain_jobs)" >/dev/null
	sum=$(guest_run 'dd if=/dev/urandom of=/tmp/piece bs=1M count=4 2>/dev/null && dd if=/tmp/piece of=/dev/xvda bs=1M oflag=direct 2>/dev/null && md5sum < /tmp/piece')
	# What is open in dom0 may be refused to go, or may go and leave errors behind.
	[ "$first" = inner ] || xl block-detach 0 xvdb >"$state/xl.log" 2>&1 || true
	detach xvda
	detach_dom0 xvdb
	front_out_of_dom0
	[ "$(dd if=/dev/vdc bs=1M count=4 iflag=direct status=none | md5sum)" = "$sum" ] || fail "the disk has other data than the guest wrote"
}

## hotplug scripts

go=$state/go
# waiting_script: make the hotplug script block-waits, which does as block does once $go is
# there; its process is in $go.pid
waiting_script() {
	rm -f "$go"
	# shellcheck disable=SC2016
	printf '#!/bin/bash\n[ "$1" != add ] || { echo $$ >%s.pid; until [ -e %s ]; do sleep 0.1; done; }\nexec /etc/xen/scripts/block "$@"\n' "$go" "$go" >/etc/xen/scripts/block-waits
	chmod +x /etc/xen/scripts/block-waits
}
# attach_waiting DISK XVD: begin to attach by that script; $attaching is xl
attach_waiting() {
	waiting_script
	command xl block-attach "$G" "format=raw,vdev=$2,access=w,script=block-waits,target=${1#*:}" >"$state/waiting.log" 2>&1 &
	attaching=$!
}
# attach_released: let the script go on; the status of xl
attach_released() {
	: >"$go"
	wait "$attaching" || fail "xl block-attach: $(tail -n 3 "$state/waiting.log" | tr '\n' '|')"
}

# attach_changed DISK XVD COMMAND...: attach; the command changes keys of the backend after they have been
# written and before the guest reads them
attach_changed() {
	local disk=$1 xvd=$2
	shift 2
	attach_waiting "$disk" "$xvd"
	until_nodes 30 "$xvd to be Initialised" "$(frontend_of "$xvd")/state" 3 || fail "the frontend is not Initialised"
	xl pause "$G"
	: >"$go"
	until_nodes 30 "the backend to connect" "$(backend_of "$xvd")/state" 4 || fail "the backend does not connect"
	"$@"
	xl unpause "$G"
	attach_released
	connected "$xvd"
}

# forget XVD: remove all that XenStore knows of a disk
forget() {
	xenstore-rm "$(frontend_of "$1")" "$(backend_of "$1")" "/libxl/$(guest_id)/device/vbd/$(devid "$1")"
}
# forgotten_and_again ROUNDS: a disk in use is removed from XenStore and created again
forgotten_and_again() {
	local i io
	for ((i = 0; i < $1; i++)); do
		attach phy:/dev/vdc xvda
		under_io xvda
		forget xvda
		attach_only phy:/dev/vdd xvda
		ends_with_errors "$io"
		connected xvda
		guest_fio 120 "$(short_jobs /dev/xvda)" >/dev/null
		detach xvda
	done
}

# no_loops_of FILE...: no loop device has one of these files
no_loops_of() {
	local f
	for f; do
		[ -z "$(losetup -n -O NAME -j "$f")" ] || return 1
	done
}

# name_of N: the name of the Nth of many disks, xvda1 to xvda15, xvdb1, ...
name_of() {
	local letters=abcdefgh
	echo "xvd${letters:($1 - 1) / 15:1}$((($1 - 1) % 15 + 1))"
}

milliseconds() { echo $(($(date +%s%N) / 1000000)); }
