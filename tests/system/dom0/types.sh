# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# Shared by the cases about guests that are not PV.

# matrix_by_cpus FRONT/BACK...: matrix for each of these pairs, in the guest with two CPUs that there is and
# in one with one
matrix_by_cpus() {
	local n pair
	for n in 2 1; do
		[ $n = 2 ] || { destroy_guest && new_guest $n; }
		for pair; do
			note "$n CPU, $pair"
			# dom0 may have one CPU, and would offer one queue.
			matrix "${pair%/*}" "${pair#*/}" max_queues=2
		done
	done
	destroy_guest
}
