#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Lay out the sources of blkif_unit.ko in a directory, as they are in a kernel
# tree, for scripts/build-modules.sh --src DIR or make -C KDIR M=DIR.
#
#   stage.sh DIR
set -eu

top=$(cd "$(dirname "$0")/../../.." && pwd)
dir=${1:?usage: stage.sh DIR}
block=$dir/drivers/block
tests=$block/xen-blkif/tests
mkdir -p "$tests" "$block/xen-blkback"
cp -r "$top/include" "$dir/"
cp "$top"/drivers/block/xen-blkif/*.h "$block/xen-blkif/"
cp "$top"/drivers/block/xen-blkback/*.h "$block/xen-blkback/"
cd "$top/tests/unit"
cp -- *_test.c unit_kernel.c unit.h unit_kernel.h bytes.h vectors.h ring_fixture.h "$tests/"
cp kunit/Makefile kunit/Kconfig "$tests/"
cp kunit/module.kbuild "$dir/Kbuild"
