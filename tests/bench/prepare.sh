#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Prepare the benchmark's files in DIR: the plugin that counts instructions, which is
# tested here, files for the guest and dom0, and all modules that are loaded and unloaded,
# for the names of their functions.
#
#   prepare.sh SUITE DIR [DIR-WITH-OUR-MODULES]
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
