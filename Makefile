# SPDX-License-Identifier: GPL-2.0
# Targets for users; the kernel's build reads Kbuild.

# Kernel to build for: its build directory.
KDIR ?= /lib/modules/$(shell uname -r)/build

kbuild = $(MAKE) -C $(KDIR) M=$(CURDIR) \
	 CONFIG_XEN_BLKDEV_FRONTEND=m CONFIG_XEN_BLKDEV_BACKEND=m

# Where the tool goes.
PREFIX ?= /usr/local

.PHONY: modules modules_install install tool_install check test test-long series deb demo bench \
	bench-profile bench-ring bench-scale clean help kdir deps deb-deps

modules: kdir	## build xen-blkfront.ko and xen-blkback.ko for KDIR
	$(kbuild) modules

modules_install: kdir	## install them where they take precedence over the kernel's own
	$(kbuild) INSTALL_MOD_DIR=updates modules_install

install: modules modules_install	## both of the above

tool_install:	## install xenblk(8) in PREFIX, which is /usr/local
	install -D -m 755 tools/xenblk/xenblk $(DESTDIR)$(PREFIX)/sbin/xenblk
	install -D -m 644 tools/xenblk/xenblk.8 $(DESTDIR)$(PREFIX)/share/man/man8/xenblk.8

check: deps	## static checks, userspace tests, fuzzing; no emulator, five minutes
	@scripts/check.sh

test: deps	## check, then the system tests in an emulator: Debian 12, 13, and the newest kernel
	@scripts/test-all.sh

test-long: deps	## all system tests, on Debian 12 and the newest kernel; all kernels; the series; the package; fuzzing
	@scripts/series-build.sh; built=$$?; \
	scripts/build-kernels.sh; kernels=$$?; \
	tests/fuzz/run --plants && tests/fuzz/run 600; fuzzed=$$?; \
	tests/packages/run; packages=$$?; \
	tests/system/run --suite backports --long; newest=$$?; \
	tests/system/run --suite bookworm --guest pvh --cases '60*'; pvh=$$?; \
	tests/system/run --suite bookworm --long && exit $$((built | kernels | fuzzed | packages | newest | pvh))

deb: deb-deps	## the packages xen-blk-dkms and xenblk for Debian, in build/deb
	@scripts/deb.sh && lintian --allow-root --fail-on warning build/deb/*.deb

# SIGNOFF=y adds a Signed-off-by: of the author that git is configured with.
series:	## patches for KSRC=<Linux source>, for XENSRC=<git tree of Xen>, or both
	@scripts/series.sh $(if $(SIGNOFF),--signoff) $(if $(KSRC),--linux '$(KSRC)') \
		$(if $(XENSRC),--xen '$(XENSRC)')

demo: deps	## boot Xen, attach a disk with our pair, run fio, show the figures
	@scripts/demo.sh

bench: deps	## what an I/O costs: our pair, the distribution's, dom0 alone; 45 minutes
	@scripts/bench.sh

bench-profile: deps	## the functions in which the instructions of an I/O are executed
	@scripts/bench-profile.sh

bench-ring: deps	## what a request costs on our rings and on the existing one
	@tests/bench/run.sh $(CURDIR)/build/bench

bench-scale: deps	## what each of up to 128 disks of a guest takes, and its time to attach; twenty minutes
	@scripts/bench-scale.sh

clean:	## remove what was built here; images are kept elsewhere
	@find . -path ./.git -prune -o -path ./build -prune -o -type f \
		\( -name '*.o' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' \
		-o -name '.*.cmd' -o -name Module.symvers -o -name modules.order \) \
		-exec rm -f {} +
	@rm -rf build .tmp_versions

help:	## this list
	@echo 'make [TARGET] [KDIR=/path/to/kernel/build]'
	@sed -n 's/^\([a-z_-]*\):.*## /  \1|/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

kdir:
	@scripts/kdir.sh '$(KDIR)'

deps:
	@scripts/install-deps.sh

deb-deps:
	@scripts/install-deps.sh deb
