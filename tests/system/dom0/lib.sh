# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The helpers of the cases. Every limit is in seconds on a normally busy
# machine and is multiplied by $FACTOR, so that a slow machine just waits longer.

# shellcheck source=/dev/null
. /bed/conf
# shellcheck source=channel.sh
. /bed/dom0/channel.sh
export PATH=/bed/bin:$PATH:/usr/lib/xen-$XEN_VERSION/bin
state=/run/bed
G=${G:-g1}	# the guest that helpers work on
guest_type=${guest_type:-$GUEST_TYPE}	# pv or pvh: what new_guest makes

fail() {
	printf '%s\n' "$*" >"$state/reason"
	exit 1
}

skip() {
	printf '%s\n' "$*" >"$state/reason"
	exit 77
}

note() { emit LOG "$*"; }
limit() { echo $(($1 * FACTOR)); }

# wait_for LIMIT WHAT COMMAND...: wait until the command succeeds; returns 1 if it never does.
wait_for() {
	local end=$((SECONDS + $(limit "$1"))) what=$2
	shift 2
	emit WAIT "$what"
	until "$@"; do
		[ $SECONDS -ge $end ] && return 1
		sleep 0.2
	done
	emit WAIT ''
}

# xl with a limit, so that a call that never returns does not hang the case.
xl() { timeout -k 5 "$(limit 60)" xl "$@"; }

xs_read() { bed read "$1"; }

# until_nodes LIMIT WHAT PATH VALUE...: wait_for, for nodes of XenStore, without polling
until_nodes() {
	emit WAIT "$2"
	bed until "$(limit "$1")" "${@:3}" || return
	emit WAIT ''
}

## guests

guest_id() { cat "$state/guest/$G/domid" 2>/dev/null; }
guest_alive() { [ -n "$(guest_id)" ] && [ -n "$(bed read "/local/domain/$(guest_id)/name")" ]; }

# new_guest [vcpus [MiB]]: create $G, of type $guest_type, with the disks in $disks and what is in
# $extra_cfg, and wait for its agent. A boot loader, $guest_loader, finds kernel
# and initramfs itself.
new_guest() {
	local cfg=$state/$G.cfg mib try
	# For a moment its root is in memory twice, packed and unpacked.
	mib=$((490 + 2 * $(stat -c %s "$state/guest.cpio") / 1048576))
	cat >"$cfg" <<-CFG
		name = "$G"
		type = "$guest_type"
		kernel = "${guest_loader:-/guest/vmlinux}"
		${guest_loader:+#} ramdisk = "$state/guest.cpio"
		extra = "$(guest_cmdline)"
		memory = ${2:-$mib}
		vcpus = ${1:-2}
		disk = [ ${disks-} ]
		on_poweroff = "destroy"
		on_reboot = "destroy"
		on_crash = "${ON_CRASH:-destroy}"
		${extra_cfg-}
	CFG
	for try in 1 2 3; do
		start_guest "$cfg" && return
		# Unless the root is on our disk, none of our modules is loaded yet, so they are not the reason.
		[[ $try != 3 && $(guest_cmdline) != *bedroot=* ]] || break
		note "$G: the kernel of the guest panicked while it started; starting it again"
		destroy_guest
		rm -f "/var/log/xen/guest-$G.log"
		[ ! -f "$state/before/guest-$G.log" ] || echo 0 >"$state/before/guest-$G.log"
	done
	fail "the kernel of guest $G panicked while it started; see guest-$G.log"
}

# start_guest CONFIG: returns 1 if the kernel panicked before the agent started
start_guest() {
	local id log=/var/log/xen/guest-$G.log from end
	emit WAIT "guest $G to start"
	mkdir -p "$state/guest/$G"
	from=$(stat -c %s "$log" 2>/dev/null || echo 0)
	timeout -k 5 "$(limit 120)" xl create "$1" >"$state/$G-create.log" 2>&1 ||
		fail "xl create $G failed: $(tail -n 2 "$state/$G-create.log" | xargs)"
	id=$(command xl domid "$G") || fail "guest $G is gone right after its start"
	echo "$id" >"$state/guest/$G/domid"
	follow_console "$G"
	emit WAIT "the agent in $G"
	end=$((SECONDS + $(limit 120)))
	until bed until 5 "/local/domain/$id/data/bed/ready" +; do
		[ "$(tail -c +$((from + 1)) "$log" | grep -a -c 'Kernel panic')" = 0 ] || return 1
		[ $SECONDS -lt $end ] || fail "guest $G started, but its agent never answered; see guest-$G.log"
	done
	emit WAIT ''
	rm -f "$state/guest/$G/front"
}

guest_cmdline() { echo "console=hvc0 rdinit=/init ignore_loglevel mitigations=off panic=0 log_buf_len=4M $GUEST_ARGS"; }

# Send the guest's console to the host as it comes, so that it is not lost if dom0 dies.
follow_console() {
	[ -f "$state/guest/$1/followed" ] && return
	: >"$state/guest/$1/followed"
	(
		setsid tail -q -n +1 -F "/var/log/xen/guest-$1.log" 2>/dev/null </dev/null |
			sed -u "s/^/$1: /" >&8
	) &
	disown
}

destroy_guest() { # at once, as by pulling the plug
	[ -n "$(guest_id)" ] || return 0
	guest_alive && { xl destroy "$G" 2>"$state/xl.log" || true; }
	wait_for 60 "$G to be gone" guest_gone || fail "$G is still there after xl destroy: $(command xl list | grep -E " $(guest_id) |^$G |null" | xargs)"
	rm -rf "$state/guest/$G/domid" "$state/guest/$G/front"
}

# Gone for Xen too: a domain whose pages are still held lives on as a zombie.
guest_gone() { ! command xl list "$(guest_id)" >/dev/null 2>&1; }

# guest_start COMMAND [LIMIT]: start a command in the guest and print its number.
guest_start() { bed start "$(guest_id)" "$(limit "${2:-60}")" "$1"; }

# guest_wait NUMBER [LIMIT]: wait for such a command and print its output. Returns its exit status,
# 124 if it does not end, 125 if the guest is gone. Stops early if there is no I/O on any disk for long.
guest_wait() {
	local n=$1 left rc was='' now quiet=0
	left=$(limit "${2:-60}")
	while :; do
		rc=0
		# bed waits 15 seconds longer than it is told.
		bed wait "$(guest_id)" $((left < 45 ? left : 45)) "$n" || rc=$?
		left=$((left - 60))
		[ $rc = 124 ] || return $rc
		now=$(signs_of_life)
		quiet=$((quiet + 60))
		[ "$now" = "$was" ] || quiet=0
		was=$now
		[ $left -gt 0 ] && [ $quiet -lt "$(limit 120)" ] || break
	done
	standstill
	return 124
}

# What changes when a guest and its disks do anything. The in-tree backend has no counters in debugfs.
signs_of_life() {
	cat /sys/bus/xen-backend/devices/vbd-*/statistics/*_{req,sect} 2>/dev/null || true
	grep -hsE '^(requests|responses) ' $back_debug/*/counters || true
	stat -c %s /var/log/xen/guest-*.log
}

# standstill: something hangs; note all that helps to find out what. XenStore may be
# what does not answer.
standstill() {
	local d f
	for d in /sys/bus/xen-backend/devices/vbd-*; do
		[ -d "$d" ] || continue
		note "${d##*/}: state $(cat "$d/state" 2>/dev/null), $(grep -sv ' 0$' "$back_debug/${d##*/}/counters" | xargs || true)"
	done
	f=$(timeout -k 5 60 bed run "$(guest_id)" 20 "cd /sys/bus/xen/devices
		for d in vbd-*; do echo \$d: state \$(cat \$d/state), \$(grep -v ' 0\$' $front_debug/\$d/counters); done" 2>/dev/null | xargs) || true
	note "$G: ${f:-has no disk, or does not answer}"
	echo w >/proc/sysrq-trigger
	timeout -k 5 20 xl sysrq "$G" w >/dev/null 2>&1 || true
	timeout -k 5 20 xl debug-keys e >/dev/null 2>&1 || true
}

# guest_try COMMAND [LIMIT]: run a command in the guest; prints its output, returns its status.
guest_try() {
	emit WAIT "in $G: ${1:0:60}"
	if [ "${2:-60}" -le 120 ]; then
		bed run "$(guest_id)" "$(limit "${2:-60}")" "$1"
	else
		guest_wait "$(guest_start "$1" "$2")" "$2"
	fi
}

# guest_run COMMAND [LIMIT]: the same, but the case fails if the command does.
guest_run() {
	local out rc=0
	out=$(guest_try "$1" "${2:-60}") || rc=$?
	case $rc in
	0) [ -z "$out" ] || printf '%s\n' "$out" ;;
	124) fail "in $G, no end within $(limit "${2:-60}") s: ${1:0:100}" ;;
	125) fail "$G died during: ${1:0:100}" ;;
	137) fail "in $G, killed after $(limit "${2:-60}") s: ${1:0:100}: $(tail -n 2 <<<"$out" | xargs -0)" ;;
	*) fail "in $G, status $rc: ${1:0:100}: $(tail -n 3 <<<"$out" | tr '\n' '|')" ;;
	esac
}

## modules

# Is the module loaded that was asked for? The names are the same, but not the build ids.
note_of=/notes/.note.gnu.build-id
id_of() { cat "/bed/ids/$1-$2.ko"; }
back_is() { [ "$(md5sum </sys/module/xen_blkback$note_of | cut -d' ' -f1)" = "$(id_of "$1" xen-blkback)" ]; }

unload_back() {
	[ -d /sys/module/xen_blkback ] || return 0
	wait_for 30 "xen-blkback to be unloaded" rmmod xen_blkback 2>"$state/rmmod.log" ||
		fail "xen-blkback cannot be unloaded: $(grep -v '^+' "$state/rmmod.log" | tail -n 1)"
}

# load_back ours|intree [PARAMETER=VALUE...]
load_back() {
	local which=$1 file
	shift
	file=/bed/$which/xen-blkback.ko
	[ -f "$file" ] || fail "there is no xen-blkback '$which'"
	unload_back
	insmod "$file" "$@" || fail "xen-blkback ($which $*) does not load"
	back_is "$which" || fail "xen-blkback is loaded, but not the one asked for ($which)"
}

unload_front() {
	guest_run 'n=0; [ -d /sys/module/xen_blkfront ] || exit 0
		until rmmod xen_blkfront; do n=$((n + 1)); [ $n -gt 50 ] && exit 1; usleep 200000; done' 60
}

# load_front ours|intree [PARAMETER=VALUE...]
load_front() {
	local which=$1 want
	shift
	[ -f "/bed/$which/xen-blkfront.ko" ] || fail "there is no xen-blkfront '$which'"
	want=$(id_of "$which" xen-blkfront)
	unload_front
	# The modules that it depends on may be loaded already.
	guest_run "[ ! -f /mod/$which/order ] || while read -r m; do insmod /mod/$which/\$m 2>/dev/null; done < /mod/$which/order
		insmod /mod/$which/xen-blkfront.ko $* &&
		[ \$(md5sum < /sys/module/xen_blkfront$note_of | cut -d' ' -f1) = $want ]" 60
}

## disks

# devid NAME: the device number of a disk's name, by Xen's documentation of vbd names
devid() {
	local l=0 n i c
	[[ $1 =~ ^(xvd|hd|sd)([a-z]+)([0-9]*)$ ]] || return
	for ((i = 0; i < ${#BASH_REMATCH[2]}; i++)); do
		printf -v c %d "'${BASH_REMATCH[2]:i:1}"
		l=$((l * 26 + c - 96))
	done
	l=$((l - 1)) n=${BASH_REMATCH[3]:-0}
	case ${BASH_REMATCH[1]} in
	xvd) if [ $l -lt 16 ] && [ "$n" -lt 16 ]; then echo $((202 << 8 | l << 4 | n)); else echo $((1 << 28 | l << 8 | n)); fi ;;
	hd) echo $(((l < 2 ? 3 : 22) << 8 | (l % 2) << 6 | n)) ;;
	sd) echo $((8 << 8 | l << 4 | n)) ;;
	esac
}
backend_of() { echo "/local/domain/0/backend/vbd/$(guest_id)/$(devid "$1")"; }
frontend_of() { echo "/local/domain/$(guest_id)/device/vbd/$(devid "$1")"; }
back_key() { xs_read "$(backend_of "$1")/$2"; }
front_key() { xs_read "$(frontend_of "$1")/$2"; }
backend_gone() { ! bed list "$(backend_of "$1")" >/dev/null; }
# The backend's device in sysfs.
sysfs_of() { echo "/sys/bus/xen-backend/devices/vbd-$(guest_id)-$(devid "$1")"; }
stat_of() { cat "$(sysfs_of "$1")/statistics/$2"; }
# The counters of our drivers are in debugfs, one file a device, one line a count: NAME VALUE
back_debug=/sys/kernel/debug/xen-blkback front_debug=/sys/kernel/debug/xen-blkfront
# count_of XVD NAME, latency_of XVD NAME: of the backend
count_of() { sed -n "s/^$2 //p" "$back_debug/$(basename "$(sysfs_of "$1")")/counters"; }
latency_of() { sed -n "s/^$2 //p" "$back_debug/$(basename "$(sysfs_of "$1")")/latency"; }
# front_count XVD NAME: of the frontend; front_stat XVD NAME: what it has in sysfs
front_count() { guest_run "sed -n 's/^$2 //p' $front_debug/vbd-$(devid "$1")/counters"; }
front_stat() { guest_run "cat /sys/bus/xen/devices/vbd-$(devid "$1")/statistics/$2"; }

# attach_only DISK XVD [w|r]: attach, and do not wait for a frontend. DISK may be a whole
# specification for xl ("vdev=xvda,access=w,no-discard,target=...").
attach_only() {
	local disk=$1 xvd=$2 mode=${3:-w}
	emit WAIT "xl block-attach $G $disk $xvd $mode"
	attach_once "$disk" "$xvd" "$mode" || attach_once "$disk" "$xvd" "$mode" || attach_once "$disk" "$xvd" "$mode" ||
		fail "xl block-attach $disk $xvd $mode: $(tail -n 3 "$state/xl.log" | tr '\n' '|')"
}

# attach DISK XVD [w|r [NAME]]: attach, and wait until both sides are connected and the guest has
# the disk, which is called NAME there if that differs (hda is xvda).
attach() {
	attach_only "$1" "$2" "${3:-w}"
	connected "$2" "${4:-$2}"
}

# libxl kills the hotplug script after forty seconds, however slow the machine is, and
# removes the disk again. That is no fault of the drivers, so then it returns 1 for another try.
attach_once() {
	local spec=("$1" "$2" "$3")
	# The hotplug script makes a loop device of a file; without the script's name, xl would
	# choose another backend.
	[[ $1 != file:* ]] || spec=("format=raw,vdev=$2,access=$3,script=block,target=${1#file:}")
	[[ $1 != *vdev=* ]] || spec=("$1")
	xl block-attach "$G" "${spec[@]}" >"$state/xl.log" 2>&1 && return
	grep -q 'killing execution of /etc/xen/scripts/block' "$state/xl.log" ||
		fail "xl block-attach $1 $2 $3: $(tail -n 3 "$state/xl.log" | tr '\n' '|')"
	note "the hotplug script of $2 was killed for being slow"
	wait_for 30 "what is left of $2 to go" backend_gone "$2" || xl block-detach --force "$G" "$2" || true
	return 1
}

# connected XVD [NAME]: wait until both sides are connected and the guest has the disk.
connected() {
	local name=${2:-$1}
	until_nodes 30 "$1 to connect" "$(backend_of "$1")/state" 4 "$(frontend_of "$1")/state" 4 ||
		fail "$1 never connected: backend state $(back_key "$1" state), frontend state $(front_key "$1" state)"
	guest_run "n=0; until [ -b /dev/$name ] && [ \$(cat /sys/class/block/$name/size) -gt 0 ]; do
		n=\$((n + 1)); [ \$n -gt $(limit 100) ] && exit 1; usleep 100000; done" 30
}

# detach XVD [NAME]: detach, and wait until the disk has gone on both sides.
detach() {
	local name=${2:-$1}
	emit WAIT "xl block-detach $G $1"
	# xl gives up after ten seconds, however slow the machine is, but the drivers go on: try again.
	wait_for 60 "xl block-detach $1" detach_once "$1" ||
		fail "xl block-detach $1: $(tail -n 2 "$state/xl.log" | tr '\n' '|'); backend state $(back_key "$1" state), frontend state $(front_key "$1" state)"
	guest_run "n=0; while [ -b /dev/$name ]; do n=\$((n + 1)); [ \$n -gt $(limit 100) ] && exit 1; usleep 100000; done" 30
}
# detach_in_use XVD [NAME]: the same for a disk that is open in the guest
detach_in_use() {
	guest_run 'f=/sys/module/xen_blkfront/parameters/detach_in_use; [ ! -f $f ] || echo Y > $f'
	detach "$@"
}
detach_once() {
	backend_gone "$1" || xl block-detach "$G" "$1" >"$state/xl.log" 2>&1
	backend_gone "$1"
}

# shellcheck source=work.sh
. /bed/dom0/work.sh
. /bed/dom0/rows.sh
. /bed/dom0/disks.sh
. /bed/dom0/life.sh
. /bed/dom0/toolstack.sh
. /bed/dom0/types.sh
