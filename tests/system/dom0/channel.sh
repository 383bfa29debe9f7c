# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The channels to the host: one line a message on the verdict port (fd 7), the
# guests' consoles on another (fd 8), the logs at the end on a third.

port_dev() {
	local f
	for f in /sys/class/virtio-ports/*; do
		[ "$(cat "$f/name" 2>/dev/null)" = "$1" ] && echo "/dev/${f##*/}" && return
	done
	return 1
}

open_channels() {
	local v g n=0
	until v=$(port_dev bed.verdict) && g=$(port_dev bed.guests); do
		n=$((n + 1))
		[ $n -gt 300 ] && return 1
		sleep 0.2
	done
	exec 7>"$v" 8>"$g"
}

# emit KIND TEXT: one line, even if the text has several.
emit() {
	local t=${2-}
	t=${t//$'\n'/ | }
	printf '%s %s\n' "$1" "${t:0:900}" >&7
}

# Send all logs and the cases' files to the host.
send_files() {
	local f
	dmesg >/run/bed/dom0-dmesg.log 2>/dev/null
	f=$(port_dev bed.files) || return
	(cd /run/bed && tar -c --ignore-failed-read ./*.log cases 2>/dev/null; ) >"$f"
}

poweroff_now() {
	sync
	sleep 0.2
	echo o >/proc/sysrq-trigger
	sleep 600
}
