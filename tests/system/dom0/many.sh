# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2034
# Many disks: small parts of the scratch disks, attached and detached by xl, with the time that
# takes, and what they take of the guest, dom0 and Xen.

## disks

# many_disks COUNT [MIB]: make the disks /dev/dm-0, /dev/dm-1, ... of the scratch disks
many_disks() {
	local n sectors=$((${2:-8} * 2048)) each=$((1024 / ${2:-8})) table='' scratch=(vdc vdd vde vdf)
	modprobe dm-mod
	small_disks=()
	for ((n = 0; n < $1; n++)); do
		small_disks+=("many$n")
		table+="many$n,,,rw,0 $sectors linear /dev/${scratch[n % 4]} $((n / 4 % each * sectors));"
	done
	# Nothing has to look for file systems on them.
	dmsetup create --noudevrules --noudevsync --concise "${table%;}"
	[ "$(cat "/sys/block/dm-$(($1 - 1))/dm/name")" = "many$(($1 - 1))" ] || fail "there are other disks of the device mapper"
}
many_disks_gone() {
	wait_for 60 "the small disks to be free" dmsetup remove --noudevrules --noudevsync "${small_disks[@]}" 2>"$state/dm.log" ||
		fail "the small disks are in use: $(tail -n 2 "$state/dm.log" | xargs)"
}

# xvd_of N: the name of the Nth disk of a guest: xvda, ..., xvdz, xvdaa, ...
xvd_of() {
	local l=abcdefghijklmnopqrstuvwxyz n=$(($1 - 1)) x=''
	while :; do
		x=${l:n % 26:1}$x
		n=$((n / 26 - 1))
		[ $n -ge 0 ] || break
	done
	echo "xvd$x"
}

# XenStore gives a guest 1000 nodes and 128 watches, which some fifty disks use up, whatever the drivers.
roomy_xenstore() {
	xenstore-control quota set nodes 100000
	xenstore-control quota set watches 10000
}
usual_xenstore() {
	xenstore-control quota set nodes 1000
	xenstore-control quota set watches 128
}

# quick_scripts: make hotplug scripts that do what is needed and no more. The usual script for disks compares
# a disk with all that are attached, so its time grows with their number.
quick_scripts() {
	# shellcheck disable=SC2016
	printf '%s\n' '#!/bin/sh' '[ "$1" = add ] || exit 0' \
		'exec xenstore-write "$XENBUS_PATH/physical-device" "$(stat -L -c %t:%T "$(xenstore-read "$XENBUS_PATH/params")")" "$XENBUS_PATH/hotplug-status" connected' \
		>/etc/xen/scripts/block-quick
	# shellcheck disable=SC2016
	printf '%s\n' '#!/bin/sh' '[ "$1" = online ] || exit 0' \
		'exec xenstore-write "$XENBUS_PATH/hotplug-status" connected' >/etc/xen/scripts/vif-quick
	chmod +x /etc/xen/scripts/{block,vif}-quick
}

## attaching and detaching; the milliseconds are in xl_ms[N], usable_ms[N], first_ms[N] and detach_ms[N]

# attach_many FIRST LAST [OFFSET]: attach a small disk, its number moved by OFFSET, as the Nth disk of the guest. Returns 1 if one
# never becomes usable; why is in $stopped, and $attached is the last one that did.
attach_many() {
	local n x id names='' base watcher from usable first limit_s
	id=$(guest_id)
	base=/local/domain/$id/data/bed
	limit_s=$(limit 20)
	xenstore-rm "$base/usable" "$base/did_io" 2>/dev/null || true
	for ((n = $1; n <= $2; n++)); do names+=" $(xvd_of "$n")"; done
	watcher=$(guest_start "echo \$\$ > /tmp/usable.pid; exec /bed usable$names" 3000)
	stopped=''
	for ((n = $1; n <= $2; n++)); do
		x=$(xvd_of "$n")
		emit WAIT "$G: disk $n to be usable"
		bed times "$limit_s" "$(frontend_of "$x")/state" "$base/usable/$x" "$base/did_io/$x" >"$state/times" &
		from=${EPOCHREALTIME/./}
		if xl block-attach "$G" "format=raw,vdev=$x,access=w,script=block-quick,target=/dev/dm-$((n - 1 + ${3:-0}))" >"$state/xl.log" 2>&1; then
			xl_ms[n]=$(((${EPOCHREALTIME/./} - from) / 1000))
		else
			stopped="xl: $(tail -n 2 "$state/xl.log" | xargs -0 | tr '\n' ' ')"
		fi
		if ! wait $! || [ -n "$stopped" ]; then
			stopped="$x: ${stopped:-backend state $(back_key "$x" state), frontend state $(front_key "$x" state)}, $(last_error "$x")"
			guest_try 'kill $(cat /tmp/usable.pid)' >/dev/null || true
			return 1
		fi
		{ read -r usable && read -r first; } <"$state/times"
		usable_ms[n]=$(((usable - from) / 1000)) first_ms[n]=$(((first - from) / 1000))
		attached=$n
	done
	emit WAIT ''
	guest_wait "$watcher" 60 >/dev/null
}
# last_error XVD: what the guest says of a disk that does not come up
last_error() {
	local d
	d=$(devid "$1")
	xs_read "/local/domain/$(guest_id)/error/device/vbd/$d/error" || guest_try "dmesg | grep -E 'vbd-$d|grant' | tail -n 2" 20
}

# all_attached FIRST LAST [OFFSET]: attach_many, and the case fails unless all are usable
all_attached() { attach_many "$@" || fail "the disk after ${attached:-none} cannot be attached: $stopped"; }

# detach_many LAST FIRST: detach them, the last one first
detach_many() {
	local n x from
	for ((n = $1; n >= $2; n--)); do
		x=$(xvd_of "$n")
		emit WAIT "$G: disk $n to be detached"
		from=${EPOCHREALTIME/./}
		wait_for 60 "xl block-detach $x" detach_once "$x" ||
			fail "xl block-detach $x: $(tail -n 2 "$state/xl.log" | tr '\n' '|'); backend state $(back_key "$x" state), frontend state $(front_key "$x" state)"
		detach_ms[n]=$(((${EPOCHREALTIME/./} - from) / 1000))
	done
	guest_run "n=0; while [ -b /dev/$(xvd_of "$2") ]; do n=\$((n + 1)); [ \$n -gt $(limit 100) ] && exit 1; usleep 100000; done" 30
}

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

## what they take

# Free memory with empty caches, in KiB. Pages that wait in lists of the CPUs are free, too. Done
# again, as the first round leads to further pages being freed.
free_memory='for i in 1 2 3; do
		sync; echo 3 > /proc/sys/vm/drop_caches
		[ $i != 1 ] || for f in /sys/kernel/slab/*/shrink; do echo 1 > $f; done 2>/dev/null
		sleep 1
	done
	awk "/^MemFree:/ { n += \$2 } /^ +count:/ { n += \$2 * 4 } END { print n }" /proc/meminfo /proc/zoneinfo'
# Threads of the kernel but those that serve all work queues.
threads='{ cat /proc/[0-9]*/stat 2>/dev/null || true; } | grep " S 2 \| I 2 \| D 2 \| R 2 " | grep -v -c "(kworker"'

# take_stock: set $guest_free and $dom0_free (KiB), $free_grants, $dom0_threads and $guest_threads,
# $dom0_channels and $guest_channels
take_stock() {
	local out id
	id=$(guest_id)
	emit WAIT "$G and dom0 to be measured"
	out=$(guest_run "$threads; cat /sys/module/bed_grants/parameters/free; $free_memory" 120)
	{ read -r guest_threads && read -r free_grants && read -r guest_free; } <<<"$out" || fail "$G does not say what it has free: $out"
	dom0_threads=$(eval "$threads")
	out=$(bed-xen channels)
	dom0_channels=$(sed -n 's/^event channels of d0: //p' <<<"$out")
	guest_channels=$(sed -n "s/^event channels of d$id: //p" <<<"$out")
	dom0_free=$(eval "$free_memory")
	emit WAIT ''
}
# stock_at_rest: what there is without a disk, for taken_by
stock_at_rest() {
	take_stock
	rest_guest=$guest_free rest_dom0=$dom0_free rest_grants=$free_grants
	rest_dom0_threads=$dom0_threads rest_guest_threads=$guest_threads
	rest_dom0_channels=$dom0_channels rest_guest_channels=$guest_channels
}
# taken_by COUNT: set $per_guest_kib, $per_dom0_kib, $per_grants, $per_threads, $per_guest_threads, $per_channels and
# $per_guest_channels: what each of so many disks takes; as a text in $taken
taken_by() {
	take_stock
	per_guest_kib=$(part $((rest_guest - guest_free)) "$1")
	per_dom0_kib=$(part $((rest_dom0 - dom0_free)) "$1")
	per_grants=$(part $((rest_grants - free_grants)) "$1")
	per_threads=$(part $((dom0_threads - rest_dom0_threads)) "$1")
	per_guest_threads=$(part $((guest_threads - rest_guest_threads)) "$1")
	per_channels=$(part $((dom0_channels - rest_dom0_channels)) "$1")
	per_guest_channels=$(part $((guest_channels - rest_guest_channels)) "$1")
	taken="for a disk $per_guest_kib KiB of the guest, $per_dom0_kib KiB of dom0, $per_grants grants, threads $per_threads of dom0 and $per_guest_threads of the guest, event channels $per_channels and $per_guest_channels"
}
# part TOTAL COUNT: with one digit unless it is a whole number
part() { awk -v t="$1" -v n="$2" 'BEGIN { p = sprintf("%.1f", t / n); sub(/\.0$/, "", p); print p == "-0" ? 0 : p }'; }
# at_most NUMBER LIMIT: numbers may have a fraction
at_most() { awk -v n="$1" -v l="$2" 'BEGIN { exit !(n <= l) }'; }

## I/O

# names_of FIRST LAST: their names in the guest
names_of() {
	local n
	for ((n = $1; n <= $2; n++)); do xvd_of "$n"; done | xargs
}
# many_jobs FIRST LAST OPTION...: a command for the guest that runs fio with a job for each of the disks
many_jobs() {
	cat <<-C
		{ printf '%s\n' '[global]' ioengine=libaio direct=1 thread ${*:3}
		for d in $(names_of "$1" "$2"); do printf '[%s]\nfilename=/dev/%s\n' \$d \$d; done; } > /tmp/many.fio
		fio --minimal /tmp/many.fio > /tmp/many.out 2> /tmp/many.err || { grep -v '^[0-9];' /tmp/many.out | tail -n 5; tail -n 5 /tmp/many.err; exit 1; }
	C
}
# many_load FIRST LAST [LIMIT]: a short load on all of them, with sixteen requests of 64 KiB in flight
many_load() { guest_run "$(many_jobs "$1" "$2" rw=randrw bs=64k iodepth=16 size=4m)" "${3:-300}"; }
# many_verified: options of fio, of requests small and large that are read back
many_verified='rw=randwrite bsrange=4k-128k blockalign=4k iodepth=8 size=4m io_size=1m verify=crc32c verify_fatal=1 randrepeat=0'

## judgement

# warmed_up: attach a disk, use it and detach it, so that what is allocated once is allocated; then stock_at_rest
warmed_up() {
	all_attached 1 1
	many_load 1 1
	detach_many 1 1
	attached=0
	stock_at_rest
}
# idle_disks COUNT QUEUES: attach them
idle_disks() {
	warmed_up
	all_attached 1 "$1"
	expect_key front xvda multi-queue-num-queues "$2" 1
}
# over: print what is more than an idle disk may take
over() {
	at_most "$per_grants" 64 || echo "$per_grants grants"
	at_most "$per_guest_kib" 256 || echo "$per_guest_kib KiB of the guest"
	at_most "$per_dom0_kib" 128 || echo "$per_dom0_kib KiB of dom0"
}
# soon_small WHEN COUNT: within half a minute of rest, idle disks take no more than they may
soon_small() {
	local from=$SECONDS o
	while :; do
		taken_by "$2"
		o=$(over | xargs)
		[ -n "$o" ] && [ $((SECONDS - from)) -lt 35 ] || break
	done
	note "$1, after $((SECONDS - from)) s: $taken"
	[ -z "$o" ] || fail "$1, a disk takes $o ($taken)"
}
# no_disk_failed: the guest has logged no failure of a disk since from_here
no_disk_failed() {
	guest_run "! $since_here | grep -E 'error, dev|I/O error|xvd[a-z]*.*error|is disabled|without an event'"
}
# nothing_left: memory, grants, threads and event channels are as they were at rest, but for what both kernels
# cache here and there
nothing_left() {
	take_stock
	note "without disks: $((rest_guest - guest_free)) KiB of the guest more than before, $((rest_dom0 - dom0_free)) KiB of dom0"
	[ "$free_grants" -ge "$rest_grants" ] || fail "$rest_grants grants were free, now $free_grants"
	[ "$dom0_threads" -le "$rest_dom0_threads" ] || fail "dom0 had $rest_dom0_threads threads, now $dom0_threads"
	[ "$guest_threads" -le "$rest_guest_threads" ] || fail "the guest had $rest_guest_threads threads, now $guest_threads"
	[ "$dom0_channels" -le "$rest_dom0_channels" ] || fail "dom0 had $rest_dom0_channels event channels, now $dom0_channels"
	[ "$guest_channels" -le "$rest_guest_channels" ] || fail "the guest had $rest_guest_channels event channels, now $guest_channels"
	[ $((rest_guest - guest_free)) -le 8192 ] || fail "the guest has lost $((rest_guest - guest_free)) KiB"
	[ $((rest_dom0 - dom0_free)) -le 8192 ] || fail "dom0 has lost $((rest_dom0 - dom0_free)) KiB"
}
