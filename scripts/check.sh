#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every check that needs no emulator: static checks, the build without a
# warning, models of the rings, the pure headers in user space, fuzzed as well.
# Prints a line for each check, and below it what failed and where.  The last
# line is 'N passed, N failed'.
#
# XENBLK_FUZZ_SECONDS	length of the check "fuzz" after its planted faults (60)
#
#   check.sh [NAME...]      only the checks with these names
#
# A check is a function check_NAME: 0 passed, 77 skipped (its last line says
# why), anything else failed.
set -u

top=$(cd "$(dirname "$0")/.." && pwd) || exit 2
cd "$top" || exit 2
out=$top/build/check
cache=${XENBLK_CACHE:-/var/cache/xen-blk}
passed=0 failed=0 skipped=0
export LC_ALL=C
# The make commands below are not jobs of a make that started this script.
unset MAKEFLAGS MFLAGS MAKELEVEL

skip() {
	echo "$*"
	exit 77
}

kernel_sources() {
	find drivers include compat -name '*.[ch]' ! -name '*.mod.c' | sort
}

# Scripts, found by their first line.
scripts() {
	find scripts tests .ci packaging -type f ! -path '*/results/*' -exec \
		awk 'FNR == 1 { if (/^#!.*(bash|[\/ ]sh)( |$)/) print FILENAME; nextfile }' {} + | sort
}

check_sizes() {
	scripts/check-size.py "$top"
}

# Rules of checkpatch that do not apply to a file, not even in a kernel tree:
#   include: the public header is Xen's, which has other types, no BIT() and no
#     __packed
#   abi.h: the ABI is the architecture's
#   sysfs.c, agreed.h: the arguments that their macros repeat are parts of names,
#     and a list of initializers has no parentheses
#   stats.h: each struct takes some counters of a list and ignores the others
#   trace.h: TRACE_EVENT() has a style of its own, and the minus in a path is no
#     operator
#   tests: the lines of a table of bytes have a meaning; EXPECT_*() is several
#     statements in user space, so the body of a loop with one has braces
#   abi_test.c: as abi.h
#   unit*.[ch]: a test framework consists of macros: a case returns from one, a
#     check is the head of a loop, TEST_EACH() is a type and a function
#   ring_fixture.h, nego_test.c: their macros are rows of a table or arguments
excepted() {
	case $1 in
	include/*) echo PREFER_KERNEL_TYPES,BIT_MACRO,ARCH_DEFINES,PREFER_DEFINED_ATTRIBUTE_MACRO ;;
	drivers/block/xen-blkif/abi.h) echo ARCH_DEFINES ;;
	*/sysfs.c) echo MACRO_ARG_REUSE ;;
	*/agreed.h) echo MACRO_ARG_REUSE,COMPLEX_MACRO ;;
	*/tests/unit*.[ch]) echo MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL,COMPLEX_MACRO,SPACING,ASSIGN_IN_IF,TRAILING_SEMICOLON,LINE_SPACING ;;
	*/tests/abi_test.c) echo ARCH_DEFINES,BRACES ;;
	*/tests/ring_fixture.h | */tests/nego_test.c) echo COMPLEX_MACRO,MACRO_ARG_REUSE,BRACES ;;
	*/tests/*_test.c | */tests/vectors.h) echo SPLIT_STRING,BRACES ;;
	*/stats.h) echo MACRO_ARG_UNUSED ;;
	*/trace.h) echo PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,SPACING ;;
	esac
}

# The check below also leaves out rules that do not apply outside of a kernel tree:
#   everywhere: CAMELCASE, as the kernel's own XenbusState... are only known as
#     such inside of a kernel tree
#   compat: that is where versions are compared (which checkpatch then takes for
#     constants), it repeats definitions of the kernel as they are there, and its
#     macros have the parameters of functions of the kernel
check_checkpatch() {
	local tree f ignore rc=0
	tree=$(scripts/kernel-files.sh) || return
	# Without an empty tree, checkpatch looks for a tree in the root directory.
	mkdir -p "$out/empty/include"
	for f in $(kernel_sources); do
		ignore=CAMELCASE,$(excepted "$f")
		case $f in
		compat/*) ignore+=,LINUX_VERSION_CODE,CONSTANT_COMPARISON,NEW_TYPEDEFS,BIT_MACRO,MACRO_ARG_UNUSED,MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL ;;
		esac
		(cd "$out" && perl "$tree/scripts/checkpatch.pl" --no-tree --root="$out/empty" \
			--strict --no-summary --terse --show-types --ignore "$ignore" \
			-f "$top/$f" 2>&1) || rc=1
	done
	return $rc
}

# Run checkpatch on a patch, with the exceptions above.  A missing Signed-off-by: is
# no fault: whoever sends the patch adds it.
patch_faults() {
	local line file type
	(cd "$1" && perl scripts/checkpatch.pl --strict --no-signoff --no-summary --terse \
		--showfile --show-types "$2" 2>&1) | while IFS= read -r line; do
		file=${line%%:*}
		type=$(sed -nE 's/^[^ ]* (ERROR|WARNING|CHECK):([A-Z_]+): .*/\2/p' <<<"$line")
		case ,$(excepted "$file"), in *,"${type:-none}",*) continue ;; esac
		# A name of the kernel's, which checkpatch only looks for among macros.
		case $line in *'Avoid CamelCase: <XenbusState'*) continue ;; esac
		echo "${2##*/}: $line"
	done
}

# The series applies to a kernel of Debian, and checkpatch accepts its patches.
check_series() {
	local tree patch faults rc=0
	tree=$(scripts/kernel-files.sh) || return
	scripts/series.sh --linux "$tree" --out "$out/series" || return
	for patch in "$out"/series/linux/*.patch; do
		case $patch in */0000-*) continue ;; esac
		faults=$(patch_faults "$tree" "$patch")
		[ -z "$faults" ] || { echo "$faults" && rc=1; }
	done
	return $rc
}

# All kernel-doc comments are complete.
check_kernel-doc() {
	local tree warn=''
	tree=$(scripts/kernel-files.sh) || return
	# Linux 6.1 checks the same without being told to.
	! grep -q -e -Wall "$tree/scripts/kernel-doc" || warn=-Wall
	kernel_sources | grep -vx compat/compat.h |
		xargs "$tree/scripts/kernel-doc" -none ${warn:+"$warn"} -Werror 2>&1
}

check_spdx() {
	local f rc=0
	for f in $(kernel_sources) $(scripts) Makefile Kbuild \
		$(find drivers tests scripts \( -name '*.[ch]' -o -name Makefile -o -name Kbuild -o -name '*.py' -o -name '*.litmus' \) \
			! -name '*.mod.c') $(find tools/xenblk -type f); do
		head -n 3 "$f" | grep -q 'SPDX-License-Identifier: ' && continue
		echo "$f: no SPDX tag in the first three lines"
		rc=1
	done
	return $rc
}

# Kernel versions are compat.h's business alone.
check_versions() {
	! kernel_sources | grep -vx compat/compat.h | xargs \
		grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION|linux/version\.h'
}

# Nothing that a peer or a disk does may stop the machine.
check_bugs() {
	! kernel_sources | xargs grep -nE '\b(BUG|BUG_ON|panic)[[:space:]]*\('
}

# abi_names SIDE: attributes in sysfs and module parameters, one name in each line.  Counters are in
# debugfs and are no ABI.
abi_names() {
	local f macros
	find "drivers/block/xen-blk$1"* drivers/block/xen-blkif/agreed.h -name '*.[ch]' ! -name '*.mod.c' |
		while read -r f; do
			# Macros of this file that make an attribute of their first argument.
			macros=$(sed -n ':a; /\\$/ { N; s/\\\n//; ba }; s/^#define \([A-Z_]*\)(_*name.*BLKIF_ATTR(_*name,.*/\1/p' "$f" | tr '\n' '|')
			grep -hoE "\b(${macros}BLKIF_ATTR|DEVICE_ATTR_R[OW]|module_param(_named|_cb)?)\([a-z_]+" "$f"
		done | sed 's/.*(//' | grep -vxE '_?name' | sort -u
}

# Every attribute in sysfs and every parameter is documented, and nothing else.
check_abi() {
	local side doc rc=0
	mkdir -p "$out"
	for side in back front; do
		doc=Documentation/ABI/testing/sysfs-driver-xen-blk$side
		abi_names "$side" >"$out/abi-code"
		sed -n '\,^What:.*/sys/kernel/debug/,d; s,^What:.*/\([a-z_]*[a-z]\)$,\1,p' "$doc" | sort -u >"$out/abi-doc"
		comm -23 "$out/abi-code" "$out/abi-doc" | sed "s,^,$doc does not document ," | grep . && rc=1
		comm -13 "$out/abi-code" "$out/abi-doc" | sed "s,^,$doc documents what does not exist: ," | grep . && rc=1
		[ -s "$out/abi-code" ] || { echo "no attribute found for $doc"; rc=1; }
	done
	return $rc
}

check_shellcheck() {
	scripts | xargs shellcheck -x
}

# The covering set of the system tests covers what it says.
check_pairs() {
	python3 tests/system/lib/pairs.py
}

check_spelling() {
	codespell -q 3 -L hda,sring,nd,inflight -S '*/results,*/corpus,*.o,*.ko,*/tools/trees' \
		drivers include compat scripts tests tools packaging Documentation Makefile ./*.md
}

# build DIR MAKE...: both modules, in a copy so that nothing else is disturbed.
build() {
	local dir=$1
	shift
	rm -rf "$dir" && mkdir -p "$dir" && cp -a Kbuild drivers include compat "$dir/" || return
	find "$dir" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
	"$@" 2>&1 | tee "$dir/build.log" || return
	clean_build "$dir/build.log" "$dir"
}

# clean_build LOG DIR: no warning of compiler, sparse or modpost; both modules.
clean_build() {
	local m
	! grep -qE 'warning:|error:|WARNING:|ERROR:' "$1" || return
	for m in xen-blkfront xen-blkback; do
		[ -n "$(find "$2" -name $m.ko)" ] && continue
		echo "$m.ko was not built"
		return 1
	done
}

check_build-6.1() {
	local kdir dir=$out/build-6.1
	kdir=$(find /lib/modules/6.1.*/build /usr/src/linux-headers-6.1.*[0-9]-amd64 -maxdepth 0 2>/dev/null | tail -n 1)
	[ -n "$kdir" ] || skip "no headers of a Linux 6.1 (package linux-headers-amd64)"
	set -o pipefail
	build "$dir" make -C "$kdir" M="$dir" W=1 C=2 -j"$(nproc)" \
		CONFIG_XEN_BLKDEV_FRONTEND=m CONFIG_XEN_BLKDEV_BACKEND=m modules
}

# build_in SUITE DIR: in the suite's image
build_in() {
	[ -r "$cache/$1/kver" ] || skip "no image of the suite $1 yet; tests/system/build-image.sh $1 makes it"
	[ "$(id -u)" = 0 ] || skip "only root can build in the image of the suite $1"
	timeout -k 5 900 scripts/build-modules.sh "$1" "$2" C=2 || return
	clean_build "$2/build.log" "$2"
}

check_build-6.12() {
	build_in trixie "$out/build-6.12"
}

check_build-newest() {
	build_in backports "$out/build-newest"
}

# What says which kernels the drivers build for says the same as compat.h, and each kernel is
# built for, or refused in one sentence.
check_kernels() {
	local range f v says rc=0 kdir=$out/kdir
	range=$(sed -n 's/^#error ".*build for \(Linux .*\)"$/\1/p' compat/compat.h)
	[ -n "$range" ] || return
	for f in README.md packaging/debian/control packaging/debian/README.Debian; do
		tr -s ' \n' ' ' <"$f" | grep -qF "$range" || { echo "$f does not say '$range'"; rc=1; }
	done
	mkdir -p "$kdir/include/config"
	for v in 5.10.0 6.1.0-57-amd64 6.2.0 6.5.13 6.6.120 6.7.0 6.8.0-31-generic 6.9.0 6.11.0 6.12.0 6.13.1 6.18.2 7.0.0 7.3.4; do
		echo $v >"$kdir/include/config/kernel.release"
		says=$(scripts/kdir.sh --modules "$kdir" 2>&1)
		case $v in
		6.1.* | 6.6.* | 6.8.* | 6.12.* | 6.13.* | 6.18.* | 7.*) [ "$(tail -n 1 <<<"$says")" = "xen-blkfront xen-blkback" ] ;;
		*) grep -qF "Linux $v is not supported" <<<"$says" && [ "$(wc -l <<<"$says")" = 1 ] ;;
		esac || { echo "Linux $v: $says"; rc=1; }
	done
	# Newer than any that is tested.
	echo 99.1.0 >"$kdir/include/config/kernel.release"
	says=$(scripts/kdir.sh --modules "$kdir" 2>&1)
	[[ $says == *'is newer than the kernels'*'xen-blkfront xen-blkback' ]] || { echo "Linux 99.1: $says"; rc=1; }
	printf 'CONFIG_%s=y\n' XEN XEN_BLKDEV_FRONTEND XEN_BLKDEV_BACKEND >"$kdir/.config"
	says=$(scripts/kdir.sh --modules "$kdir" 2>&1)
	grep -q 'has both Xen block drivers built in' <<<"$says" || { echo "both built in: $says"; rc=1; }
	rm "$kdir/.config"
	return $rc
}

# 'MODULE NAME' for each module parameter in the sources
parameters() {
	local side
	for side in back front; do
		find "drivers/block/xen-blk$side"* -name '*.c' ! -name '*.mod.c' -exec \
			sed -nE "s/^module_param(_named|_cb)?\(([a-z_]+),.*/xen-blk$side \2/p" {} +
	done | sort
}

# The package builds, twice with the same result, has what it should have, and lintian
# finds nothing. The example for modprobe.d has each parameter once and no other.
check_deb() {
	local deb files f rc=0
	command -v dh_dkms lintian >/dev/null || skip "no dh_dkms or no lintian (scripts/install-deps.sh deb)"
	rm -rf "$out/deb"
	scripts/deb.sh "$out/deb/1" && scripts/deb.sh "$out/deb/2" || return
	for deb in "$out"/deb/1/*.deb; do cmp "$deb" "$out/deb/2/${deb##*/}" || rc=1; done
	lintian --fail-on warning --allow-root "$out"/deb/1/*.deb || rc=1
	deb=$(echo "$out"/deb/1/xen-blk-dkms_*.deb)
	files=$(dpkg-deb -c "$deb" | awk '{ print $NF }' | sed 's,/usr/src/xen-blk-[^/]*/,/usr/src/xen-blk/,')
	# All that Kbuild reads, and nothing that a build has left.
	for f in Kbuild dkms.conf $(git ls-files drivers include compat 2>/dev/null || kernel_sources); do
		grep -qx "./usr/src/xen-blk/$f" <<<"$files" || { echo "the package has no $f"; rc=1; }
	done
	! grep -E '\.(o|ko|cmd|mod|mod\.c)$' <<<"$files" || rc=1
	diff <(sed -nE 's/^#options (xen-blk[a-z]+) ([a-z_]+)=.*/\1 \2/p' packaging/debian/examples/xen-blk.conf | sort) \
		<(parameters) || { echo "the example for modprobe.d has other parameters than the modules"; rc=1; }
	return $rc
}

check_layout-arm64() {
	make -s -C tests/unit headers-arm64
}

# What is wrong with one test's output, if anything.
unit_faults() {
	grep -q '^# exit 0$' "$1" && ! grep -q '^not ok' "$1" && return
	grep -vE '^ok|^#  +(RUN|OK)|^# Totals' "$1"
}

# Each case of each test in each configuration counts by itself.
run_unit() {
	local dir=$top/build/unit tap name ok bad
	# Results of a test that was removed do not count.
	[ ! -d "$dir" ] || find "$dir" -name '*.tap' -delete
	make -s -k -j"$(nproc)" -C tests/unit OUT="$dir" >"$out/unit.log" 2>&1 || {
		report FAIL "unit tests do not build" "$out/unit.log"
		return
	}
	for tap in "$dir"/*/*.tap; do
		name=unit-$(basename "$(dirname "$tap")")-$(basename "$tap" .tap)
		ok=$(grep -c '^ok' "$tap") bad=$(grep -c '^not ok' "$tap")
		passed=$((passed + ok))
		if [ "$bad" = 0 ] && [ "$ok" -gt 0 ] && grep -q '^# exit 0$' "$tap"; then
			echo "PASS $name ($ok cases)"
			continue
		fi
		# A test that died has failed even if no case says so.
		failed=$((failed + (bad ? bad : 1) - 1))
		unit_faults "$tap" >"$out/$name.log"
		report FAIL "$name" "$out/$name.log"
	done
}

# run_listed NAME LIMIT COMMAND...: a command that prints 'ok NAME: ...' or 'not ok NAME: ...' for
# each of its checks, followed by indented lines.  Each counts by itself.
run_listed() {
	local name=$1 limit=$2 log=$out/$1.log line rc
	shift 2
	timeout -k 5 "$limit" "$@" >"$log" 2>&1
	rc=$?
	if [ $rc = 77 ]; then
		report SKIP "$name" "$log"
		return
	fi
	while IFS= read -r line; do
		case $line in
		"ok "*) passed=$((passed + 1)) && echo "PASS ${line#ok }" ;;
		"not ok "*) failed=$((failed + 1)) && echo "FAIL ${line#not ok }" ;;
		"   "*) echo "  $line" ;;
		esac
	done <"$log"
	# A run without a result, or that died, has failed itself.
	[ $rc = 0 ] && grep -q '^ok ' "$log" || grep -q '^not ok ' "$log" ||
		report FAIL "$name" "$log"
}

# The model holds, and each planted fault is found.
run_model() {
	run_listed model 1500 tests/model/run.sh "$top/build/model"
}

# Inputs that the fuzz targets have not had yet.  Their corpus is also replayed by the unit tests.
run_fuzz() {
	local seconds=${XENBLK_FUZZ_SECONDS:-60}
	run_listed fuzz $((seconds + 3600)) tests/fuzz/run "$seconds"
}

# No names that are unknown or unused in the programs in Python, and no warning for a manual page.
check_tool-style() {
	local f
	if command -v pyflakes3 >/dev/null; then
		pyflakes3 tools/xenblk/xenblk tests/tools/*.py || return
	else
		for f in tools/xenblk/xenblk tests/tools/*.py; do
			python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" || return
		done
	fi
	command -v man >/dev/null || return 0
	! man --warnings -l tools/xenblk/xenblk.8 2>&1 >/dev/null | grep .
}

# Each test of xenblk counts by itself.
run_tool() {
	local log=$out/tool.log ok bad
	run_check tool-style
	timeout -k 5 300 python3 -B -m unittest discover -v -s tests/tools >"$log" 2>&1
	ok=$(grep -c '\.\.\. ok$' "$log") bad=$(grep -cE '^(FAIL|ERROR): ' "$log")
	passed=$((passed + ok))
	if [ "$bad" = 0 ] && [ "$ok" -gt 0 ] && grep -q '^OK' "$log"; then
		echo "PASS tool ($ok cases)"
		return
	fi
	# Tests that died have failed even if no case says so.
	failed=$((failed + (bad ? bad : 1) - 1))
	sed -n '/^=====/,$p' "$log" >"$out/tool-faults.log"
	report FAIL tool "$out/tool-faults.log"
}

# report VERDICT NAME LOG: count and print a verdict.
report() {
	case $1 in
	PASS) passed=$((passed + 1)) ;;
	FAIL) failed=$((failed + 1)) ;;
	SKIP) skipped=$((skipped + 1)) ;;
	esac
	case $1 in
	SKIP) echo "SKIP $2: $(tail -n 1 "$3")" ;;
	PASS) echo "PASS $2" ;;
	FAIL)
		echo "FAIL $2"
		grep -vE '^make|^  (CC|LD|CHECK|MODPOST|BTF)' "$3" | head -n 40 | sed 's/^/     /'
		echo "     (all of it: $3)"
		;;
	esac
}

run_check() {
	local log=$out/$1.log
	("check_$1") >"$log" 2>&1
	case $? in
	0) report PASS "$1" "$log" ;;
	77) report SKIP "$1" "$log" ;;
	*) report FAIL "$1" "$log" ;;
	esac
}

all=(sizes checkpatch kernel-doc series spdx versions bugs abi pairs shellcheck spelling deb layout-arm64 kernels build-6.1 build-6.12 build-newest model unit fuzz tool)
[ $# -gt 0 ] || set -- "${all[@]}"
mkdir -p "$out" || exit 2
for name; do
	case " ${all[*]} " in *" $name "*) ;; *)
		echo "check.sh: no check '$name' (there are: ${all[*]})" >&2
		exit 2
		;;
	esac
	case $name in
	unit | model | fuzz | tool) "run_$name" ;;
	*) run_check "$name" ;;
	esac
done
[ $skipped = 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
