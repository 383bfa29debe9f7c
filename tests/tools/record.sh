# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Makes the recordings in trees/:
#
#   tests/system/run --script tests/tools/record.sh --results DIR
#   mkdir -p tests/tools/trees && cp DIR/cases/*.json tests/tools/trees/
#
# This takes about ten minutes.  What fails is reported, and the rest is done nevertheless.

# shellcheck source=../system/dom0/detach.sh
. /bed/dom0/detach.sh

# snap NAME [COUNT]: record what xenblk sees now
snap() {
	xenblk record "$state/cases/$1.json" --count "${2:-1}" --interval 3 || fail "xenblk record $1"
	note "recorded $1"
}
# scene FUNCTION: with a new guest, in a shell of its own
scene() {
	(
		new_guest 2
		"$1"
	) || note "FAILED: $1"
	(destroy_guest)
	dmsetup remove_all
}
busy() { [ "$(in_flight xvda)" -gt 0 ]; }

idle_and_busy() {
	load_back ours
	load_front ours
	attach phy:/dev/vdc xvda
	snap ours-idle
	under_io xvda
	sleep 2
	snap ours-busy 3
}

# A disk that is open while it is detached, one of a file that was deleted, one that is refused, and
# keys as a hostile guest writes them.
faults() {
	load_back ours
	load_front ours
	attach phy:/dev/vdc xvda
	hold xvda
	try_detach xvda
	file_disk xvdb
	rm "$(file_of xvdb)"
	(attach_once phy:/dev/vdd xvdb1 w) || note "xvdb1 is refused"
	sleep 2
	xenstore-write "$(frontend_of xvdb)/feature-persistent" $'\033]0;owned\a\033[2J1' \
		"/local/domain/$(guest_id)/error/device/vbd/$(devid xvdb)/error" $'7 \033[31mred\033[0m \xe2\x80\xae \xff\x01 end'
	snap ours-faults
}

slow() {
	local id
	id=$(guest_id)
	slow_disk slow /dev/vdc 0 1000000
	load_back ours
	load_front ours
	attach phy:/dev/mapper/slow xvda
	guest_start 'dd if=/dev/zero of=/dev/xvda bs=64k count=1 oflag=direct 2>/dev/null' 300 >/dev/null
	wait_for 60 "a write to be in flight" busy || fail "nothing is in flight"
	snap ours-stuck 2
	xenstore-write "$(backend_of xvda)/state" 5
	until_nodes 60 "xvda to be closed" "$(frontend_of xvda)/state" 6 "$(backend_of xvda)/state" 6 || fail "xvda does not close"
	snap ours-draining
	command xl destroy "$id"
	sleep 8
	snap ours-draining-gone
	dm_becomes slow "linear /dev/vdc 0"
}

# dom0 has a disk of its own, and the guest one.
both() { # WHICH
	local fio
	load_back "$1"
	load_front "$1"
	front_in_dom0 "$1"
	attach_dom0 phy:/dev/vdd xvdd
	attach phy:/dev/vdc xvda
	under_io xvda
	fio --name=a --filename=/dev/xvdd --rw=randrw --bs=8k --iodepth=4 --ioengine=libaio --direct=1 \
		--time_based --runtime=300 --size=64m >/dev/null 2>&1 &
	fio=$!
	sleep 5
	snap "$1-both" 3
	kill $fio
	wait $fio
	guest_run 'killall fio; sleep 2'
	detach_dom0 xvdd
	front_out_of_dom0
}
both_ours() { both ours; }
both_intree() {
	both intree
	snap intree-idle
	hold xvda
	try_detach xvda
	snap intree-held
	let_go
}

alone() {
	load_back ours
	attach_only phy:/dev/vdc xvda
	sleep 2
	snap ours-no-front
	xl block-detach g1 xvda
	unload_back
	command xl block-attach g1 phy:/dev/vdc xvda &
	sleep 5
	snap no-back
	wait
}

for s in idle_and_busy faults slow both_ours both_intree alone; do scene $s; done
true
