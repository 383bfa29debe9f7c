#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Search all states of lap.pml and rest.pml, then search them once with each planted
# fault, which must be found.  Then check the litmus tests for a CPU that orders
# memory weakly, by weak.py.  Prints 'ok NAME: ...' or 'not ok NAME: ...' for each.
#
#   run.sh DIR      build and search in DIR, and leave the logs there
#
# Takes about two minutes of one CPU and at most 1 GiB of memory.
set -u

models=$(cd "$(dirname "$0")" && pwd) || exit 2
model=lap
out=${1:?usage: run.sh DIR}
memory=1800	# MiB
depth=20000	# a search that needs more fails
failed=0
export LC_ALL=C

# result VERDICT NAME WORDS
result() {
	echo "$1 $2: $3"
	[ "$1" = ok ] || failed=1
}

# search NAME DEFINE...: the output is in $out/NAME/log
search() {
	local name=$1 dir=$out/$1
	shift
	rm -rf "$dir" && mkdir -p "$dir" && cp "$models/$model.pml" "$dir" || return
	(
		cd "$dir" && spin -a "$@" $model.pml &&
			gcc -O2 -w -DSAFETY -DMEMLIM=$memory -o pan pan.c &&
			timeout -k 5 300 ./pan -m$depth
		echo "exit $?"
	) >"$dir/log" 2>&1
}

# holds NAME DEFINE...: the search is complete and finds no error, and reaches
# every line but the ends of the processes that do not end.
holds() {
	local log=$out/$1/log states=
	search "$@"
	states=$(awk '/states, stored/ { print $1; exit }' "$log")
	if ! grep -q '^exit 0$' "$log" || ! grep -q ', errors: 0$' "$log"; then
		result 'not ok' "$1" "$(grep -m 1 -E '^pan:|rror' "$log") ($log)"
	elif grep -qE 'Search not completed|too small|MEMLIM|max search depth|memory bound' "$log"; then
		result 'not ok' "$1" "the search was cut short ($log)"
	elif grep -qE '^[[:space:]]+[^ ]+:[0-9]+, state [0-9]+, "[^-]' "$log"; then
		result 'not ok' "$1" "code that is never reached ($log)"
	elif [ -z "$states" ] || [ "${states%%.*}" -lt 100000 ]; then
		result 'not ok' "$1" "only ${states:-no} states ($log)"
	else
		result ok "$1" "the model holds, in $states states"
	fi
}

# caught NAME ERROR DEFINE...: the search ends with this error
caught() {
	local name=$1 error=$2 log=$out/$1/log
	shift 2
	search "$name" "$@"
	if grep -qE "^pan:1: $error" "$log" && grep -q ', errors: 1$' "$log"; then
		result ok "$name" "caught, $(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$log")"
	else
		result 'not ok' "$name" "the planted fault was not found ($log)"
	fi
}

command -v spin >/dev/null || {
	echo "spin is not installed (package spin)"
	exit 77
}
# Both wrap: five requests are three laps through two slots.
holds model-2-slots -DSLOTS=2 -DREQUESTS=5
holds model-3-slots -DSLOTS=3 -DREQUESTS=4
caught model-fault-rearm 'invalid end state' -DFAULT_REARM
caught model-fault-lap 'assertion violated' -DFAULT_LAP
caught model-fault-count 'assertion violated' -DFAULT_COUNT
caught model-fault-ahead 'invalid end state' -DFAULT_AHEAD
caught model-fault-pending 'invalid end state' -DFAULT_PENDING
model=rest
holds model-rest
caught model-rest-fault-irq 'assertion violated' -DFAULT_IRQ
caught model-rest-fault-rest 'assertion violated' -DFAULT_REST
caught model-rest-fault-count 'assertion violated' -DFAULT_COUNT
caught model-rest-fault-hand 'assertion violated' -DFAULT_HAND
python3 "$models/weak.py" "$models/../.." "$out/weak" "$models"/litmus/*.litmus || failed=1
exit $failed
