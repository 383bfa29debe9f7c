#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All tests but those that take long, one step after the other, shown as they
# run.  The last line is 'N passed, N failed' over all of them, after what was
# skipped and why.
#
# XENBLK_TEST_BUDGET	seconds after which no case begins any more (3900)
# XENBLK_STEP_LIMIT	how long a step may take, as timeout(1) has it (6h)
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=$top/build/test
passed=0 failed=0 dead=() skips=()

# Longer than any step takes on a machine three times slower than a usual one.
limit=${XENBLK_STEP_LIMIT:-6h}

# When the last case may begin, in seconds.  What has not begun is skipped.
budget=${XENBLK_TEST_BUDGET:-3900}

# step NAME COMMAND...
step() {
	local name=$1 log=$out/$1.log rc last
	shift
	echo "=== $name: $*"
	timeout -k 60 "$limit" "$@" 2>&1 | tee "$log"
	rc=${PIPESTATUS[0]}
	# check.sh says SKIP once, tests/system/run sums up at its end.
	mapfile -t -O ${#skips[@]} skips < <(
		if grep -q '^skipped ' "$log"; then sed -n 's/^skipped //p' "$log"
		else sed -n "s/^SKIP /$name /p" "$log"; fi)
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
	if [ -n "$last" ]; then
		read -r p _ f _ <<<"$last"
		passed=$((passed + p)) failed=$((failed + f))
	fi
	# A step that ended badly without a failed test has failed itself.
	if [ "$rc" != 0 ] && { [ -z "$last" ] || [ "$f" = 0 ]; } || [ -z "$last" ]; then
		failed=$((failed + 1))
		dead+=("$name ended with status $rc and no verdict; see $log")
	fi
}

mkdir -p "$out" || exit 2
# First, as the check builds the modules with Debian 13's headers too.
"$top/tests/system/build-image.sh" trixie
step check "$top/scripts/check.sh"
# On Debian 13 first: it is the shorter one, and what is left of the time goes to
# the rest.  No case begins after that; on a usual machine none is left by then.
for suite in trixie bookworm; do
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
