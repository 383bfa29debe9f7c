# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Disks that are detached while they are in use.

# file_disk XVD [MIB]: attach a file of its own, by the hotplug script
file_of() { echo "/var/tmp/detach-$1.img"; }
file_disk() {
	modprobe loop
	rm -f "$(file_of "$1")"
	truncate -s "${2:-64}M" "$(file_of "$1")"
	attach "file:$(file_of "$1")" "$1"
}
# file_freed XVD: the hotplug script has freed the loop device
file_freed() {
	! losetup -n -l -O BACK-FILE | grep -q "$(file_of "$1")" || fail "the loop device of $1 is not free"
	rm -f "$(file_of "$1")"
}

# try_detach XVD...: a plain detach of each, at the same time; xl's status and seconds are in $state/XVD.detach.
# xl waits ten seconds.
try_detach() {
	local xvd
	emit WAIT "xl block-detach $*"
	for xvd; do
		(
			from=$SECONDS rc=0
			xl block-detach "$G" "$xvd" >"$state/$xvd.xl" 2>&1 || rc=$?
			echo "$rc $((SECONDS - from))" >"$state/$xvd.detach"
		) &
	done
	wait
	emit WAIT ''
}
# detach_refused XVD...: a plain detach of each fails, as xl says, the guest says why, and the device stays
detach_refused() {
	local xvd rc secs
	try_detach "$@"
	for xvd; do
		read -r rc secs <"$state/$xvd.detach"
		[ "$rc" != 0 ] || fail "a disk in use was detached: $xvd"
		[ "$rc" != 124 ] && [ "$secs" -le $((12 + 2 * FACTOR)) ] || fail "xl needs $secs s to report that $xvd cannot be detached"
		grep -q 'safe_remove failed' "$state/$xvd.xl" || fail "xl says: $(xargs -0 <"$state/$xvd.xl")"
		guest_said "$xvd is in use .openers: $xvd" >/dev/null
		backend_gone "$xvd" && fail "the backend of $xvd is gone"
		[ "$(front_key "$xvd" state)" = 4 ] || fail "the frontend of $xvd is in state $(front_key "$xvd" state)"
		[[ $(xs_read "/local/domain/$(guest_id)/error/device/vbd/$(devid "$xvd")/error") == *"$xvd is in use"* ]] ||
			fail "XenStore does not say that $xvd is in use"
	done
}
# detach_at_once XVD [OPTION]: a detach, by force with --force, succeeds at the first try: before xl gives up after ten
# seconds.  The hotplug script comes after that.  xl knows no options behind the domain.
detach_at_once() {
	local rc=0 from=$SECONDS
	emit WAIT "xl block-detach $*"
	xl block-detach "${@:2}" "$G" "$1" >"$state/xl.log" 2>&1 || rc=$?
	[ $rc = 0 ] || fail "xl block-detach $*: status $rc, $(xargs -0 <"$state/xl.log")"
	note "xl block-detach $*: $((SECONDS - from)) s"
	backend_gone "$1" || fail "the backend of $1 is still there"
}

# keep_writing DIRECTORY: write files there, until wrote_all is called
keep_writing() {
	guest_run 'rm -f /tmp/enough'
	writer=$(guest_start "n=0; while [ ! -f /tmp/enough ]; do
			dd if=/dev/urandom of=$1/data bs=64k count=8 conv=fsync 2>/dev/null || exit 1
			md5sum < $1/data > /tmp/sum
			n=\$((n + 1)); [ \$n -lt 3 ] || : > /tmp/writing
		done; echo \$n" 600)
	guest_run 'n=0; until [ -f /tmp/writing ]; do n=$((n + 1)); [ $n -gt 600 ] && exit 1; usleep 100000; done; rm /tmp/writing'
}
# more_written: the writer goes on
more_written() { guest_run 'n=0; until [ -f /tmp/writing ]; do n=$((n + 1)); [ $n -gt 600 ] && exit 1; usleep 100000; done; rm /tmp/writing'; }
wrote_all() {
	guest_run ': > /tmp/enough'
	guest_wait "$writer" 120 >/dev/null || fail "writing failed: status $?"
}

# hold XVD: have a program in the guest keep a disk open, until let_go
hold() {
	holder=$(guest_start "exec 3<>/dev/$1; : > /tmp/held; while [ -f /tmp/held ]; do usleep 100000; done" 900)
	guest_run 'n=0; until [ -f /tmp/held ]; do n=$((n + 1)); [ $n -gt 600 ] && exit 1; usleep 100000; done'
}
let_go() {
	guest_run 'rm /tmp/held'
	guest_wait "$holder" >/dev/null
}
