# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Queues of our backend that have no thread while they are not used.

# threads_of [DOMID]: the number of threads that serve queues of that domain's disks
threads_of() { cat /proc/[0-9]*/comm 2>/dev/null | grep -c -E "^${1:-$(guest_id)}\.[a-z]+[0-9]*-[0-9]+$" || true; }
# at_rest [XVD...]: wait until no queue of the guest, or of these disks, has a thread
at_rest() {
	wait_for 60 "all queues to be at rest" is_at_rest "$@" ||
		fail "threads are left: $(cat /proc/[0-9]*/comm 2>/dev/null | grep "^$(guest_id)\." | xargs)"
}
is_at_rest() {
	local x
	[ $# -gt 0 ] || { [ "$(threads_of)" = 0 ]; return; }
	for x; do [ "$(count_of "$x" active_queues)" = 0 ] || return; done
}
# rest_after MS: a thread that had nothing to do for this time ends
rest_after() { echo "$1" >/sys/kernel/debug/xen-blkback/rest_ms; }
