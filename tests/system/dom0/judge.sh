# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# What is checked after every case, whatever its own verdict: the three logs since it
# began, and whether Xen, XenStore and the guests are as before. What is wrong goes to
# stdout, a line each.

# What a healthy kernel never logs.
bad_kernel='WARNING:|BUG[: ]|kernel BUG|Oops|general protection|invalid opcode|Call Trace:|soft lockup|hard LOCKUP|blocked for more than|detected stalls|self-detected stall|KASAN|KFENCE|UBSAN|Redzone|Poison overwritten|Object already free|list_(add|del) corruption|refcount_t:|deferring g\.e\.|still in use|leaking g\.e\.|[Bb]ad page|scheduling while atomic|sleeping function|possible circular|segfault|traps:|trap invalid|Kernel panic|double free|page allocation failure|unable to handle|workqueue lockup|grant_unmap|Failed to (un)?map'
# What Xen never logs about a well-behaved dom0 and guest.
bad_xen='Xen BUG|Xen WARN|Assertion|Xen call trace|Panic on CPU|grant_table\.c|gnttab_[a-z_]*:|[Bb]ad (grant|ref|flags|frame)|Bogus|mm\.c:[0-9]+:d|crashed|event_channel\.c'
# What healthy kernels log when they start.
benign='spurious|Bad page map.*taint'

kmsg_mark() { echo "<5>bed: $1" >/dev/kmsg; }

dom0_log() { dmesg | sed -n "/bed: begin $1\$/,\$p" | sed 1d; }

guest_logs() { find /var/log/xen -maxdepth 1 -name 'guest-*.log' -printf '%f\n' | sort; }

judge_begin() { # CASE
	local f
	rm -rf "$state/before"
	mkdir -p "$state/before"
	for f in $(guest_logs); do stat -c %s "/var/log/xen/$f" >"$state/before/$f"; done
	resources >"$state/before/resources"
	: >"$state/xen-case.log"
	kmsg_mark "begin $1"
}

# The guest's log comes through xenconsoled: wait until a mark at its end has arrived.
guest_log_settled() {
	local log=/var/log/xen/guest-$G.log mark
	guest_alive || return 0
	mark="end $1 $RANDOM"
	guest_try "echo '<5>bed: $mark' > /dev/kmsg" 20 >/dev/null || {
		echo "$G does not answer after the case"
		return
	}
	wait_for 10 "the console of $G" grep -q -a "bed: $mark" "$log" || echo "the console of $G is stuck"
}

# For each domain: its grants that are mapped, event channels and vbd nodes in XenStore, a line each.
resources() {
	local id
	bed-xen look "$state/xen-case.log"
	for id in $(bed list /local/domain); do
		[ "$id" = 0 ] || printf 'disks of d%s: %s %s\n' "$id" \
			"$(bed list "/local/domain/0/backend/vbd/$id" | wc -l)" \
			"$(bed list "/local/domain/$id/device/vbd" | wc -l)"
	done
	printf 'backends in dom0: %s\n' "$(find /sys/bus/xen-backend/devices/ -name 'vbd-*' | wc -l)"
	guest_alive && printf 'free grants of %s: %s\n' "$G" "$(guest_try 'cat /sys/module/bed_grants/parameters/free' 20)"
}

# first: at most three lines, so that a reason stays readable
first() { head -n 3 | cut -c1-200; }

judge_end() { # CASE ALLOWED
	local f from allow=${2:-^$}
	guest_log_settled "$1"
	dom0_log "$1" >"$state/dom0-case.log"
	grep -E "$bad_kernel" "$state/dom0-case.log" | grep -v -E "$benign|$allow" | sed 's/^/dom0: /' | first
	for f in $(guest_logs); do
		from=$(cat "$state/before/$f" 2>/dev/null || echo 0)
		tail -c +$((from + 1)) "/var/log/xen/$f" | tr -d '\r' | grep -a -E "$bad_kernel" |
			grep -v -E "$benign|$allow" | sed "s/^/${f%.log}: /" | first
	done
	resources_settled
	grep -E "$bad_xen" "$state/xen-case.log" | grep -v -E "$allow" | sed 's/^/Xen: /' | first
}

# Some resources are freed a little after the disk has gone: wait for that, within a limit.
resources_settled() {
	local end=$((SECONDS + $(limit 10))) d
	while :; do
		resources >"$state/after"
		d=$(compare "$state/before/resources" "$state/after")
		[ -z "$d" ] && return
		[ $SECONDS -ge $end ] && break
		sleep 1
	done
	printf '%s\n' "$d"
}

# compare BEFORE AFTER: a domain that is new has nothing to be compared with, but may have no disk left.
# Fewer resources than before are no leak: a case may destroy its guest.
compare() {
	awk -F': ' '
		NR == FNR { was[$1] = $2; next }
		$1 ~ /^free grants/ { if ($1 in was && $2 + 0 < was[$1] + 0) print $1 " were " was[$1] ", now " $2; next }
		$1 ~ /^disks of/ && $1 in was { if (was[$1] != $2) print $1 " were " was[$1] ", now " $2; next }
		$1 in was { if ($2 + 0 > was[$1] + 0) print $1 " were " was[$1] ", now " $2; next }
		$1 == "zombie" { print }
		$1 ~ /^disks of/ && $2 != "0 0" { print $1 " left over: " $2 }' "$1" "$2"
}
