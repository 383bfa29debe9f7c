#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Run all tests except the long ones, one step after the other, and show their
# output.  At the end it lists what was skipped and why; the last line is 'N
# passed, N failed' over all steps.
#
# XENBLK_TEST_BUDGET	seconds after which no further case starts (3900)
# XENBLK_STEP_LIMIT	limit of a step, as for timeout(1) (6h)
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=$top/build/test
passed=0 failed=0 dead=() skips=()

# Enough for any step on a machine that is three times slower than usual.
limit=${XENBLK_STEP_LIMIT:-6h}

# In seconds.  Cases that have not started by then are skipped.
budget=${XENBLK_TEST_BUDGET:-3900}

# step NAME COMMAND...
step() {
	local name=$1 log=$out/$1.log rc last
	shift
	echo "=== $name: $*"
	timeout -k 60 "$limit" "$@" 2>&1 | tee "$log"
	rc=${PIPESTATUS[0]}
	# check.sh prints SKIP lines, tests/system/run a summary.
	mapfile -t -O ${#skips[@]} skips < <(
		if grep -q '^skipped ' "$log"; then sed -n 's/^skipped //p' "$log"
		else sed -n "s/^SKIP /$name /p" "$log"; fi)
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	if [ -n "$last" ]; then
		read -r p _ f _ <<<"$last"
		passed=$((passed + p)) failed=$((failed + f))
	fi
	# A step that fails without a failed test counts as a failure.
	if [ "$rc" != 0 ] && { [ -z "$last" ] || [ "$f" = 0 ]; } || [ -z "$last" ]; then
		failed=$((failed + 1))
		dead+=("$name ended with status $rc and no verdict; see $log")
	fi
}

mkdir -p "$out" || exit 2
# First, because checks build the modules with the headers in these images.
"$top/tests/system/build-image.sh" trixie
"$top/tests/system/build-image.sh" backports
step check "$top/scripts/check.sh"
# Those with fewer cases first; Debian 12 gets the rest of the budget.  On a usual machine
# that is enough for all cases.
for suite in trixie backports bookworm; do
	"$top/tests/system/build-image.sh" "$suite"
	left=$((budget - SECONDS))
	[ $left -gt 60 ] || left=60
	step "$suite" env XENBLK_BUDGET=$left "$top/tests/system/run" --suite "$suite"
done

echo "==="
[ ${#skips[@]} = 0 ] || printf 'skipped: %s\n' "${skips[@]}"
[ ${#dead[@]} = 0 ] || printf 'failed: %s\n' "${dead[@]}"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
