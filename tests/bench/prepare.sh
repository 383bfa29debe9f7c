#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Prepare the benchmark's files in DIR: the plugins that count instructions and cache lines,
# which are tested here, files for the guest and dom0, and all modules that are loaded and
# unloaded, for the names of their functions.
#
#   prepare.sh SUITE DIR [DIR-WITH-OUR-MODULES]
#
# XENBLK_LINES_QEMU	the emulator that cache lines are counted with; without one, that
#			plugin is not built
set -u
# shellcheck source=../system/lib/host.sh
. "$(dirname "$0")/../system/lib/host.sh"

[ $# -ge 2 ] || die "usage: prepare.sh SUITE DIR [DIR-WITH-OUR-MODULES]"
suite=$1 out=$2 ours=${3-}
load_suite "$suite"
"$bed/build-image.sh" "$suite" || exit
image=$cache_root/$suite
kver=$(cat "$image/kver")
drivers=$image/root/lib/modules/$kver/kernel/drivers/block
rm -rf "$out"/{brought,modules}
mkdir -p "$out/brought/bench" "$out/modules"/{ours,intree} || die "cannot write to $out"

unpacked() { case $1 in *.xz) xz -dc "$1" ;; *) cat "$1" ;; esac; }

# This machine's compiler builds it, as the emulator loads it.
src=$top/tests/bench
build() { gcc -O2 -Wall -Wextra -Werror "$@" || die "the plugin and its test do not build"; }
build -fPIC -shared -fvisibility=hidden -o "$out/insn_count.so" "$src/insn_count.c"
build -static -nostdlib -o "$out/brought/bench/mark" "$src/mark.c"
build -static -nostdlib -Wl,-Ttext=0x200000,--build-id=none,-z,noexecstack -o "$out/known" "$src/insn_count_test.S"

# times NAME: how often the block at that symbol ran, according to the plugin
times() {
	local at
	at=$(nm "$out/known" | awk -v n="$1" '$3 == n { sub(/^0*/, "", $1); print $1 }')
	awk -v at="$at" '$2 == at { n += $4 } END { print n + 0 }' "$out/known.counts"
}
# Test the plugin with a program whose counts are known.
timeout 60 qemu-system-x86_64 -nodefaults -M q35 -accel tcg,thread=single -icount shift=0,sleep=off \
	-cpu max -m 64 -display none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1 \
	-kernel "$out/known" -plugin "file=$out/insn_count.so,out=$out/known.counts" >"$out/known.log" 2>&1
# A repeated instruction starts once more, to find that it has ended.
counted="$(times loop) $(times twice) $(times move)"
[ "$counted" = "1000 1000 513" ] ||
	die "the plugin does not count right ($counted instead of 1000 1000 513); see $out/known.log"

# The same for cache lines, with two CPUs: LINE INSTRUCTION CPU READS WRITES of each move, where
# the instruction is the first one behind a symbol that accesses memory.
known_moves() {
	cat <<-'M'
		written first_writes 0 0 100
		written second_reads 1 100 0
		locked first_locks 0 0 100
		locked second_locks 1 0 100
		changed first_changes 0 100 100
		changed second_changes 1 100 100
		shared first_shares 0 0 100
		shared second_shares 1 0 100
		crossed first_crosses 0 0 100
		crossed+64 first_crosses 0 0 100
		crossed second_crosses 1 100 0
		crossed+64 second_crosses 1 100 0
		0x140000000 first_goes_high 0 0 100
		0x140000000 second_goes_high 1 100 0
		copied first_copies 0 0 100
		copied+64 first_copies 0 0 100
		copied second_copies 1 100 0
		copied+64 second_copies 1 100 0
	M
}
# An address of a symbol, perhaps with an offset, as the plugin prints it.
known_address() {
	local at=$1
	[[ $at == 0x* ]] || at=0x$(nm "$out/known-lines" | awk -v n="${1%+*}" '$3 == n { print $1 }')
	[[ $1 != *+* ]] || at=$((at + ${1#*+}))
	printf '%x' "$at"
}
test_lines() {
	local line insn rest
	while read -r line insn rest; do
		echo "$(known_address "$line") $(known_address "$insn") $rest"
	done < <(known_moves) | sort >"$out/known-lines.want"
	# PVH: 5 GiB, most of which is above 4 GiB.
	timeout 120 "$XENBLK_LINES_QEMU" -nodefaults -M q35 -accel tcg,thread=multi -smp 2 -cpu max -m 5120 \
		-display none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1 -kernel "$out/known-lines" \
		-plugin "file=$out/line_count.so,out=$out/known-lines.counts$below" >"$out/known-lines.log" 2>&1
	# The line of the flag moves, too, but not a known number of times.
	grep -v -e '^mark ' -e "^$(known_address turn) " "$out/known-lines.counts" | sort >"$out/known-lines.got"
	diff "$out/known-lines.want" "$out/known-lines.got" >"$out/known-lines.diff" ||
		die "the plugin does not count cache lines right ($(grep -c '^[<>]' "$out/known-lines.diff") differences, in $out/known-lines.diff); see also $out/known-lines.log"
}
if [ -n "${XENBLK_LINES_QEMU-}" ]; then
	api=3 below=
	# The machine has 2 GiB of its memory below 4 GiB if it has 2816 MiB or more.
	case $("$XENBLK_LINES_QEMU" --version) in *'version 7.2'*) api=1 below=,below=0x80000000 ;; esac
	echo "$below" >"$out/line_count.options"
	build -DPLUGIN_API=$api -fPIC -shared -fvisibility=hidden -o "$out/line_count.so" "$src/line_count.c"
	build -static -nostdlib -Wl,-Ttext=0x200000,--build-id=none,-z,noexecstack -o "$out/known-lines" "$src/line_count_test.S"
	test_lines
fi

modprobe -S "$kver" -d "$image/root" --show-depends null_blk | awk '$1 == "insmod" { print $2 }' |
	while read -r f; do
		unpacked "$f" >"$out/brought/bench/$(basename "${f%.xz}")"
		basename "${f%.xz}"
	done >"$out/brought/bench/order"
grep -q '^null_blk.ko$' "$out/brought/bench/order" || die "the $suite image has no null_blk"

for m in xen-blkfront xen-blkback/xen-blkback null_blk/null_blk; do
	unpacked "$drivers/$m.ko"* >"$out/modules/intree/${m##*/}.ko" || die "the $suite image has no $m"
done
if [ -n "$ours" ]; then
	cp "$ours"/xen-blk{front,back}.ko "$out/modules/ours/" || die "there are no modules in $ours"
else
	"$top/scripts/build-modules.sh" "$suite" "$out/modules/ours" || exit
fi
