# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Shared by the cases about the life of a device: drivers that are unbound, disks that are slow
# or fail, guests that are saved.

## drivers

back_driver=/sys/bus/xen-backend/drivers/vbd
back_unbind() { emit WAIT "the backend of $1 to be unbound" && basename "$(sysfs_of "$1")" >$back_driver/unbind; }
back_bind() { basename "$(sysfs_of "$1")" >$back_driver/bind; }
# back_again XVD: unbind and bind the backend, and wait until both sides are connected
back_again() {
	back_unbind "$1"
	back_bind "$1"
	connected "$1"
}
front_unbind() { guest_run "echo vbd-$(devid "$1") > /sys/bus/xen/drivers/vbd/unbind"; }
front_bind() { guest_run "echo vbd-$(devid "$1") > /sys/bus/xen/drivers/vbd/bind"; }

## I/O in the background

round_jobs() { # FILE
	printf '%s\n' '[global]' "filename=$1" size=4m ioengine=libaio direct=1 verify=crc32c verify_fatal=1 randrepeat=0 \
		'[small]' rw=randwrite bs=4k iodepth=16 '[large]' stonewall rw=randwrite bs=256k iodepth=4
}

# guest_is_content: check that the guest has logged no disk error since from_here
# guest_said PATTERN: the number of lines that it has logged since from_here; the case fails if there are none
from_here() { guest_run "echo 'bed: from here' > /dev/kmsg"; }
since_here='{ dmesg | awk "/bed: from here\$/ { s = \"\" } { s = s \"\\n\" \$0 } END { print s }"; }'
guest_said() { guest_run "$since_here | grep -c -E \"$1\""; }
guest_is_content() {
	guest_run "! $since_here |
		grep -E 'error, dev|I/O error|xvda.*error|is disabled|without an event'"
}

# keep_verifying XVD [NAME]: write, read back and check, round after round, until verified is called; meanwhile
# the guest's log must be clean
keep_verifying() {
	guest_run 'rm -f /tmp/enough'
	from_here
	verifier=$(guest_start "printf '%s' '$(round_jobs "/dev/${2:-$1}")' > /tmp/round.fio; n=0
		while [ ! -f /tmp/enough ]; do
			fio --minimal /tmp/round.fio > /tmp/round.out 2>&1 || { tail -n 5 /tmp/round.out; exit 1; }
			n=\$((n + 1))
		done
		echo \$n" 3000)
	flows "$1"
}

# flows XVD [SECTORS]: wait until so many more sectors have been read or written
flows() { wait_for 120 "I/O on $1 to flow" moves "$1" $(($(moved "$1") + ${2:-512})) || fail "nothing moves on $1"; }
moved() { echo $(($(stat_of "$1" wr_sect) + $(stat_of "$1" rd_sect))); }
moves() { [ "$(moved "$1")" -gt "$2" ]; }

# verified: end what keep_verifying began, and check that nothing was lost or logged
verified() {
	local rounds
	guest_run ': > /tmp/enough'
	rounds=$(guest_wait "$verifier" 600) || fail "fio ended with status $?: $(tail -n 3 <<<"$rounds" | xargs -0)"
	[ "$rounds" -gt 0 ] || fail "not one round was verified"
	note "$rounds rounds were verified"
	guest_is_content
}

# no_faults XVD: the backend, which is ours, has counted no error
no_faults() {
	[ "$(stat_of "$1" errors)" = 0 ] || fail "the backend of $1 has counted errors: $(error_counts "$1")"
}
# error_counts XVD: print the backend's error counters that are not 0
error_counts() {
	local n
	for n in bad_op bad_request bad_extent read_only bad_grant io not_supported no_space timeout medium protection \
		offline unmap protocol; do
		[ "$(count_of "$1" $n)" = 0 ] || echo "$n $(count_of "$1" $n)"
	done | xargs
}

# in_flight XVD: requests in flight in our backend
in_flight() { count_of "$1" in_flight; }

## disks

sectors_of() { blockdev --getsz "$1"; }
# dm_disk NAME TABLE-WITHOUT-RANGE DISK: /dev/mapper/NAME, as large as DISK
dm_disk() { dmsetup create "$1" --table "0 $(sectors_of "$3") $2"; }
# dm_becomes NAME TABLE-WITHOUT-RANGE: change the table of that disk while it is in use
dm_becomes() {
	dmsetup load "$1" --table "0 $(sectors_of "/dev/mapper/$1") $2"
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup resume "$1"
}
dm_gone() { wait_for 60 "the disk $1 to be free" dmsetup remove "$1" 2>/dev/null || fail "$1 is still in use"; }
# slow_disk NAME DISK READ-MS WRITE-MS: make /dev/mapper/NAME, which delays each request
slow_disk() {
	modprobe dm-delay
	dm_disk "$1" "delay $2 0 $3 $2 0 $4" "$2"
}

# guest_has XVD FILE VALUE: wait until /sys/block/XVD/FILE has it
guest_has() {
	guest_run "n=0; until [ \"\$(cat /sys/block/$1/$2)\" = '$3' ]; do
		n=\$((n + 1)); [ \$n -gt $(limit 150) ] && { cat /sys/block/$1/$2; exit 1; }; usleep 100000; done" 60
}

## guests

# save_and_restore XVD BACK [PARAMETER=VALUE...]: save the guest and restore it on that backend
save_and_restore() {
	local xvd=$1 go
	shift
	go=$(agent_count)
	emit WAIT "xl save"
	xl save "$G" /dev/vde >"$state/xl.log" 2>&1 || fail "xl save: $(tail -n 2 "$state/xl.log" | xargs)"
	load_back "$@"
	emit WAIT "xl restore"
	xl restore /dev/vde >"$state/xl.log" 2>&1 || fail "xl restore: $(tail -n 2 "$state/xl.log" | xargs)"
	goes_on "$xvd" "$go"
}
# migrate XVD: migrate the guest within this host, to another domain. Returns 1 if this Xen cannot;
# the guest then goes on as it was.
migrate() {
	local go
	go=$(agent_count)
	emit WAIT "xl migrate"
	# Its name during the migration must not change the name of its console's log.
	ln -sf "guest-$G.log" "/var/log/xen/guest-$G--incoming.log"
	if ! xl migrate -s '' "$G" 'xl migrate-receive' >"$state/xl.log" 2>&1; then
		grep -q 'enable logdirty' "$state/xl.log" && return 1
		fail "xl migrate: $(tail -n 3 "$state/xl.log" | xargs)"
	fi
	goes_on "$1" "$go"
}
# The agent counts on, but its nodes in XenStore are not saved.
agent_count() { xs_read "/local/domain/$(guest_id)/data/bed/go"; }
goes_on() { # XVD COUNT
	local id
	id=$(command xl domid "$G") || fail "$G does not exist after it was moved"
	echo "$id" >"$state/guest/$G/domid"
	xenstore-write "/local/domain/$id/data/bed/go" "$2"
	connected "$1"
}
