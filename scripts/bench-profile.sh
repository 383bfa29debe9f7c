#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Where the instructions of an I/O are executed: for a few jobs and each pair, the shares of
# guest, Xen and dom0, the hypercalls, and the functions that execute most. Exact, as it is a
# counted run of scripts/bench.sh, whose variables apply here too.
#
# XENBLK_PROFILE_TOP	number of functions for each part (25)
set -u
top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
out=${XENBLK_BENCH_DIR:-$top/build/bench-profile}
export XENBLK_BENCH_DIR=$out XENBLK_BENCH_RUNS=counted
export XENBLK_BENCH_PAIRS=${XENBLK_BENCH_PAIRS-ours intree}
export XENBLK_BENCH_JOBS=${XENBLK_BENCH_JOBS-4k-randread-d1 4k-randread-d32 1m-read-d8 1m-write-d8}
"$top/scripts/bench.sh" || exit
"$top/tests/bench/profile.py" "$out" "${XENBLK_PROFILE_TOP:-25}" >"$out/profile" || exit
cat "$out/profile"
echo
echo "profile: $out/profile"
