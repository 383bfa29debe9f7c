#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run all tests except the long ones, and show their output.  At the end it lists
# what was skipped and why; the last line is 'N passed, N failed' over all steps.
#
# As many steps run at once as there are CPUs, each of them with an emulator that
# takes one CPU.  The output of a step begins with its name.
#
# XENBLK_LANES		steps at once (one for each CPU, at most four)
# XENBLK_TEST_BUDGET	seconds after which no further case starts (3900)
# XENBLK_STEP_LIMIT	limit of a step, as for timeout(1) (6h)
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=$top/build/test

# Enough for any step on a machine that is three times slower than usual.
limit=${XENBLK_STEP_LIMIT:-6h}

# In seconds.  Cases that have not started by then are skipped.
budget=${XENBLK_TEST_BUDGET:-3900}

# An emulator wants 5 GiB.
lanes=$(awk -v n="$(nproc)" '$1 == "MemAvailable:" { m = int($2 / 5242880) } END { n = n < m ? n : m; print n < 4 ? n : 4 }' /proc/meminfo)
lanes=${XENBLK_LANES:-$lanes}
[ "$lanes" -ge 1 ] || lanes=1
[ "$lanes" = 1 ] || export XENBLK_ONE_THREAD=1

# In the order in which they start.  Debian 12 has most of the cases; each part ends
# with rows of the covering set, which are the least loss if time runs out.
parts=4
steps=(trixie backports check)
for ((i = 1; i <= parts; i++)); do steps+=("bookworm-$i"); done

# command_of STEP: set cmd
command_of() {
	local suite=${1%-*}
	case $1 in
	check) cmd=("$top/scripts/check.sh") ;;
	*) cmd=("$top/tests/system/run" --suite "$suite" --ours "$out/modules-$suite" --results "$out/logs-$1") ;;
	esac
	case $1 in *-[0-9]) cmd+=(--part "${1##*-}/$parts") ;; esac
}

# named NAME COMMAND...: its output goes to NAME.log, too; NAME.rc gets its status
named() {
	local name=$1
	shift
	"$@" 2>&1 | tee "$out/$name.log" | sed -u "s/^/$name: /"
	echo "${PIPESTATUS[0]}" >"$out/$name.rc"
}

# What the cases of a suite need.  Checks build with the headers in its image, too.
prepare() {
	"$top/tests/system/build-image.sh" "$1" && "$top/scripts/build-modules.sh" "$1" "$out/modules-$1"
}

run_step() {
	local cmd left=$((budget - SECONDS))
	[ $left -gt 60 ] || left=60
	command_of "$1"
	export XENBLK_BUDGET=$left
	named "$1" timeout -k 60 "$limit" "${cmd[@]}"
}

passed=0 failed=0 dead=() skips=()

# count STEP: add what it said last
count() {
	local log=$out/$1.log rc p=0 f=0 last
	rc=$(cat "$out/$1.rc")
	# check.sh prints SKIP lines, tests/system/run a summary.
	mapfile -t -O ${#skips[@]} skips < <(
		if grep -q '^skipped ' "$log"; then sed -n 's/^skipped //p' "$log"
		else sed -n "s/^SKIP /$1 /p" "$log"; fi)
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	[ -z "$last" ] || read -r p _ f _ <<<"$last"
	passed=$((passed + p)) failed=$((failed + f))
	# A step that fails without a failed test counts as a failure.
	[ "$rc" = 0 ] && [ -n "$last" ] && return
	[ "$f" -gt 0 ] && return
	failed=$((failed + 1))
	dead+=("$1 ended with status $rc and no verdict; see $log")
}

rm -rf "$out"
mkdir -p "$out" || exit 2
for s in bookworm trixie backports; do
	[ "$(jobs -rp | wc -l)" -lt "$lanes" ] || wait -n
	named "image-$s" prepare "$s" &
done
wait
for s in "${steps[@]}"; do
	[ "$(jobs -rp | wc -l)" -lt "$lanes" ] || wait -n
	run_step "$s" &
done
wait

echo "==="
for s in "${steps[@]}"; do count "$s"; done
[ ${#skips[@]} = 0 ] || printf 'skipped: %s\n' "${skips[@]}"
[ ${#dead[@]} = 0 ] || printf 'failed: %s\n' "${dead[@]}"
grep -h '^FAIL' "$out"/*.log
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
