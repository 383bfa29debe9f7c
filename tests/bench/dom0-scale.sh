# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# What each of many disks takes and how long it takes to come and go, in dom0. For each pair,
# disks are attached up to each number, and what they take idle is measured; on the way down,
# after a load and a rest. A line for each pair and number:
#	scale PAIR disks N NAME VALUE...
#
# Set before this text: SCALE_DISKS, numbers in ascending order, SCALE_PAIRS, SCALE_REST in
# seconds and SCALE_MIB, the memory of the guest.

# shellcheck source=../system/dom0/many.sh
. /bed/dom0/many.sh

# last_of N COUNT ARRAY: the median of the values of the Nth disk and those before it, ten at most
# and no more than COUNT
last_of() {
	local -n values=$3
	local n=$1 first
	first=$((n - ($2 < 10 ? $2 : 10) + 1))
	median "${values[@]:first:n - first + 1}"
}

# idle_at N ADDED, after_at N: measure, and keep the fields of the line
idle_at() {
	# Attaching does I/O, too.
	emit WAIT "a rest of $SCALE_REST s"
	sleep "$SCALE_REST"
	taken_by "$1"
	idle[$1]="guest_kib $per_guest_kib dom0_kib $per_dom0_kib grants $per_grants threads $per_threads attach_ms $(last_of "$1" "$2" usable_ms) first_io_ms $(last_of "$1" "$2" first_ms)"
	rest[$1]="xl_ms $(last_of "$1" "$2" xl_ms) evtchns $per_channels guest_evtchns $per_guest_channels guest_threads $per_guest_threads"
	note "$pair, $1 disks, idle: ${idle[$1]}"
}
after_at() {
	emit WAIT "a load on $1 disks"
	many_load 1 "$1" 600
	emit WAIT "a rest of $SCALE_REST s"
	sleep "$SCALE_REST"
	taken_by "$1"
	after[$1]="after_guest_kib $per_guest_kib after_dom0_kib $per_dom0_kib after_grants $per_grants after_threads $per_threads"
	note "$pair, $1 disks, after a load: ${after[$1]}"
}

measure_pair() { # PAIR
	local pair=$1 n before=0 numbers=() i below
	local attached=0 xl_ms=() usable_ms=() first_ms=() detach_ms=() idle=() rest=() after=() stopped=''
	emit BEGIN "$pair, the guest's start"
	new_guest 2 "$SCALE_MIB"
	load_back "$pair"
	load_front "$pair"
	# What is allocated once, whatever the number of disks, is not of interest.
	attach_many 1 1 || { note "scale $pair: not one disk can be attached: $stopped"; destroy_guest; return; }
	many_load 1 1
	detach_many 1 1
	attached=0
	stock_at_rest
	for n in $SCALE_DISKS; do
		emit BEGIN "$pair, $n disks, idle"
		if ! attach_many $((before + 1)) "$n"; then
			note "scale $pair: $attached disks of $n are all that can be attached: $stopped"
			n=$attached
			xl block-detach --force "$G" "$(xvd_of $((n + 1)))" >"$state/xl.log" 2>&1 || true
		fi
		[ "$n" -gt "$before" ] || break
		numbers+=("$n")
		idle_at "$n" $((n - before))
		[ -z "$stopped" ] || break
		before=$n
	done
	for ((i = ${#numbers[@]} - 1; i >= 0; i--)); do
		n=${numbers[i]} below=$((i > 0 ? numbers[i - 1] : 0))
		emit BEGIN "$pair, $n disks, after a load"
		after_at "$n"
		emit BEGIN "$pair, detaching down to $below"
		detach_many "$n" $((below + 1))
	done
	take_stock
	note "$pair, without disks: $((rest_guest - guest_free)) KiB of the guest more than before, $((rest_dom0 - dom0_free)) KiB of dom0, $((rest_grants - free_grants)) grants, $((dom0_threads - rest_dom0_threads)) threads"
	for ((i = 0; i < ${#numbers[@]}; i++)); do
		n=${numbers[i]} below=$((i > 0 ? numbers[i - 1] : 0))
		note "scale $pair disks $n ${idle[n]} detach_ms $(last_of "$n" $((n - below)) detach_ms) ${rest[n]} ${after[n]}"
	done
	unload_front
	destroy_guest
	unload_back
}

scale() {
	local p most=${SCALE_DISKS##* }
	emit BEGIN "the disks"
	roomy_xenstore
	xenstore-control quota | xargs
	quick_scripts
	many_disks "$most"
	for p in $SCALE_PAIRS; do measure_pair "$p"; done
}
scale
