#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What tests/packages/run does in the copy of an image, by apt alone.  Descriptor 3 gets
# the verdicts, a line each.
#
#   steps.sh [STEP...]	(default: all; each leaves the copy as it found it)
set -u

cd /test || exit 2
# The kernel that the image has, and the one that comes later.
kernel=$(basename /lib/modules/*)
kernels=$kernel
arch=$(uname -m)

# ok WHAT COMMAND...: a verdict, by the command's status
ok() {
	local what=$1
	shift
	echo "=== $what: $*"
	if "$@"; then echo "PASS $what" >&3; else echo "FAIL $what (${*:0:300})" >&3; fi
}
not() { ! "$@"; }

apt() {
	echo "=== apt-get $*"
	apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

# file_of MODULE KERNEL: what modprobe would load
file_of() { modinfo -k "$2" -n "$1"; }
in_initramfs() { lsinitramfs "/boot/initrd.img-$1" | grep '/xen-blkfront\.ko' | sed 's,.*/lib/modules/[^/]*/,,; s,\.ko.*,,'; }

ours() { # KERNEL
	local m
	for m in xen-blkfront xen-blkback; do
		case $(file_of "$m" "$1") in
		"/lib/modules/$1/updates/dkms/$m.ko"*) ;;
		*) echo "$m of $1 is $(file_of "$m" "$1")" && return 1 ;;
		esac
		[ "$(modinfo -k "$1" -F vermagic "$m" | cut -d' ' -f1)" = "$1" ] || return
	done
	modprobe -S "$1" --show-depends xen:vbd | grep "updates/dkms/xen-blkfront" &&
		modprobe -S "$1" --show-depends xen-backend:vbd | grep "updates/dkms/xen-blkback"
}
distributions() { # KERNEL
	local m
	for m in xen-blkfront xen-blkback; do
		case $(file_of "$m" "$1") in
		"/lib/modules/$1/kernel/drivers/block/"*) ;;
		*) echo "$m of $1 is $(file_of "$m" "$1")" && return 1 ;;
		esac
	done
}
ours_in_initramfs() { [ "$(in_initramfs "$1")" = updates/dkms/xen-blkfront ]; }
distributions_in_initramfs() { [ "$(in_initramfs "$1")" = kernel/drivers/block/xen-blkfront ]; }

# installed_for KERNEL VERSION: DKMS has this version for it and no other
installed_for() {
	local status
	status=$(dkms status -m xen-blk -k "$1")
	echo "$status"
	case $status in
	*$'\n'*) return 1 ;;
	"xen-blk/$2, $1, $arch: installed"*) ;;
	*) return 1 ;;
	esac
}

# The files of all kernels, what depmod found, and the modules in each initramfs.
state_of_kernels() { # DIR
	local k
	mkdir -p "$1"
	(cd /lib/modules && find . -type f ! -name 'modules.*.bin' -exec sha256sum {} + -o -printf '%y %p\n' | sort -k 2) >"$1/files"
	(cd /lib/modules && sort ./*/modules.dep) >"$1/depmod"
	for k in $kernels; do
		lsinitramfs "/boot/initrd.img-$k" | grep '\.ko' | sort
		mkdir -p /tmp/initramfs
		unmkinitramfs "/boot/initrd.img-$k" /tmp/initramfs
		find /tmp/initramfs -name 'xen-blkfront.ko*' -exec sha256sum {} +
		rm -rf /tmp/initramfs
	done >"$1/initramfs"
	find /usr/src /usr/lib/xen-blk* /usr/share/initramfs-tools /usr/share/dkms /etc/kernel /var/lib/dkms \
		-name '*xen-blk*' 2>/dev/null | sort >"$1/traces"
}
same_kernels() { # DIR DIR
	local f rc=0
	for f in files depmod initramfs; do
		diff "$1/$f" "$2/$f" | head -n 20
		cmp -s "$1/$f" "$2/$f" || rc=1
	done
	return "$rc"
}

# Signatures are at the end of a module, with a mark behind them.
signed() { # KERNEL
	local m
	for m in xen-blkfront xen-blkback; do
		[ "$(modinfo -k "$1" -F signer "$m")" = "DKMS module signing key" ] || return
	done
}

# says FILE REGEX: once
says() { [ "$(grep -c -E "$2" "$1")" = 1 ]; }

headers=$(readlink -f "/lib/modules/$kernel/build")
pretend() { # RELEASE: a kernel like the image's, but for the name
	mkdir -p "/lib/modules/$1"
	cp -a "$headers" "/usr/src/linux-headers-$1"
	ln -s "/usr/src/linux-headers-$1" "/lib/modules/$1/build"
	cp /lib/modules/"$kernel"/modules.{order,builtin,builtin.modinfo} "/lib/modules/$1/"
	echo "$1" >"/lib/modules/$1/build/include/config/kernel.release"
}
forget() { rm -rf "/lib/modules/$1" "/usr/src/linux-headers-$1"; }
set_config() { # RELEASE SED
	sed -i "$2" "/lib/modules/$1/build/.config" "/lib/modules/$1/build/include/config/auto.conf"
}
built() { (cd "/var/lib/dkms/xen-blk/$version/$1/$arch/module" && find . -name '*.ko*' | sed 's,./,,; s,\.ko.*,,' | sort | xargs); }
refused() { # RELEASE REGEX
	local rc
	dkms install -m xen-blk -v "$version" -k "$1" >refused.log 2>&1
	rc=$?
	cat refused.log
	[ "$rc" = 77 ] && says refused.log "^xen-blk: Linux ${1//+/.} .*$2.*\.$"
}
of_dracut() { lsinitrd "/boot/initrd.img-$1" | grep '/xen-blkfront\.ko' | sed 's,.*/lib/modules/[^/]*/,,; s,\.ko.*,,'; }
is_of_dracut() { [ "$(of_dracut "$1")" = "$2" ]; }

# Installing, updating and removing
step_life() {
	apt install ./package.deb >install.log 2>&1
	ok "apt installs it" [ $? = 0 ]
	cat install.log
	ok "DKMS has it installed" installed_for "$kernel" "$version"
	ok "ours are loaded in place of the kernel's" ours "$kernel"
	ok "the initramfs has ours" ours_in_initramfs "$kernel"
	ok "they are signed" signed "$kernel"
	ok "no word of Secure Boot where it is off" not grep -q 'Secure Boot' install.log

	# A kernel whose headers come later
	apt install "linux-image-$other"
	kernels="$kernel $other"
	ok "a kernel without headers keeps its own" distributions "$other"
	ok "so does its initramfs" distributions_in_initramfs "$other"
	apt install "linux-headers-$other" >headers.log 2>&1
	ok "apt installs headers" [ $? = 0 ]
	cat headers.log
	ok "with headers, it gets ours" ours "$other"
	ok "so does its initramfs then" ours_in_initramfs "$other"
	ok "the other kernel still has ours" ours "$kernel"

	# An update of a kernel that keeps its name
	apt install --reinstall "linux-image-$other"
	ok "ours after an update of the kernel" ours "$other"
	ok "its initramfs has ours then" ours_in_initramfs "$other"

	# The next version of the package
	next=$(dpkg-deb -f next.deb Version)
	apt install ./next.deb
	ok "apt updates the package" [ $? = 0 ]
	for k in $kernels; do
		ok "the next version is installed for $k" installed_for "$k" "$next"
		ok "ours are loaded for $k" ours "$k"
		ok "the initramfs of $k has ours" ours_in_initramfs "$k"
	done
	ok "the old version's sources are gone" [ ! -e "/usr/src/xen-blk-$version" ]

	# The kernel goes, then the package.
	apt purge "linux-image-$other" "linux-headers-$other" "linux-headers-${other%-amd64}-common"
	kernels=$kernel
	ok "a removed kernel leaves nothing behind" [ ! -e "/lib/modules/$other" ]
	ok "DKMS has forgotten it" not grep -E "installed|built" <(dkms status -m xen-blk -k "$other")
	apt remove xen-blk-dkms
	ok "apt removes the package" [ $? = 0 ]
	ok "the kernel's own are loaded again" distributions "$kernel"
	ok "the initramfs has the kernel's own again" distributions_in_initramfs "$kernel"
	state_of_kernels after
	ok "the files, depmod's answers and the initramfs are as before" same_kernels before after
	apt purge xen-blk-dkms
	ok "apt purges the package" [ $? = 0 ]
	state_of_kernels after
	cat after/traces
	ok "nothing of it is left" [ ! -s after/traces ]
	ok "the kernel's files are those of its package" dpkg -V "linux-image-$kernel"
}

# The package xenblk
step_tool() {
	apt install ./xenblk.deb
	ok "apt installs xenblk" [ $? = 0 ]
	ok "it runs" grep -q '^usage: xenblk' <(xenblk --help)
	ok "it says where there is no Xen" says <(xenblk list 2>&1) 'Xen'
	ok "its manual page is there" [ -e /usr/share/man/man8/xenblk.8.gz ]
	apt purge xenblk
	ok "apt removes xenblk" not command -v xenblk
}

# Without a package, as the README says.
by_make() { # KERNEL
	local m
	for m in xen-blkfront xen-blkback; do
		[[ $(file_of "$m" "$1") = "/lib/modules/$1/updates/"*"/$m.ko"* ]] || return
	done
}
step_make() {
	apt install gcc make "linux-headers-$kernel"
	# The kernel that runs is another one.
	(cd tree && make KDIR="$headers" && make KDIR="$headers" modules_install && depmod "$kernel")
	ok "make builds and installs" [ $? = 0 ]
	ok "what make installed is loaded in place of the kernel's" by_make "$kernel"
	find "/lib/modules/$kernel/updates" -name 'xen-blk*.ko*' -delete
	find "/lib/modules/$kernel/updates" -type d -empty -delete
	depmod "$kernel"
	ok "the kernel's own are loaded when it was removed" distributions "$kernel"
}

# Secure Boot is on.
step_secure-boot() {
	printf '%s\n' '#!/bin/sh' 'case $1 in --sb-state) echo SecureBoot enabled ;; --test-key) echo "$2 is not enrolled" ;; esac' >/usr/bin/mokutil
	chmod 755 /usr/bin/mokutil
	apt install ./package.deb >install.log 2>&1
	cat install.log
	ok "the modules are signed with the key" signed "$kernel"
	ok "with Secure Boot, it says how to enrol the key" says install.log 'mokutil --import /var/lib/dkms/mok.pub'
	sed -i 's/is not enrolled/is already enrolled/' /usr/bin/mokutil
	dpkg-reconfigure xen-blk-dkms >configure.log 2>&1
	ok "not if it is enrolled" not grep -q 'Secure Boot' configure.log
	ok "configuring it again changes nothing" ours "$kernel"
	apt purge xen-blk-dkms
	rm -f /usr/bin/mokutil
	state_of_kernels after
	ok "the second time, too, everything is as before" same_kernels before after
}

# Kernels that are refused, and one that has a driver built in
step_refused() {
	apt install ./package.deb
	local k
	for k in 5.10.0-99-amd64 6.9.0-99-amd64 6.11.0-99-amd64; do
		pretend "$k"
		ok "Linux $k is refused" refused "$k" 'is not supported'
		forget "$k"
	done
	k=${kernel%-amd64}-built-in
	pretend "$k"
	set_config "$k" 's/^\(CONFIG_XEN_BLKDEV_[A-Z]*\)=m/\1=y/'
	ok "a kernel that has both built in is refused" refused "$k" 'has both .* built in'
	set_config "$k" 's/^\(CONFIG_XEN_BLKDEV_BACKEND\)=y/\1=m/'
	dkms build -m xen-blk -v "$version" -k "$k" >one.log 2>&1
	cat one.log
	ok "where the frontend is built in, the backend alone is built" [ "$(built "$k")" = xen-blkback ]
	ok "and it says so" says one.log '^xen-blk: Linux .* has xen-blkfront built in'
	apt purge xen-blk-dkms
	forget "$k"
}

# dracut in place of initramfs-tools
step_dracut() {
	apt install --no-install-recommends dracut
	ok "dracut takes the place of initramfs-tools" [ ! -e /usr/sbin/update-initramfs ]
	dracut --quiet --force "/boot/initrd.img-$kernel" "$kernel"
	ok "its initramfs has the kernel's own" is_of_dracut "$kernel" kernel/drivers/block/xen-blkfront
	apt install ./package.deb
	ok "then it has ours" is_of_dracut "$kernel" updates/dkms/xen-blkfront
	apt purge xen-blk-dkms
	ok "then the kernel's own again" is_of_dracut "$kernel" kernel/drivers/block/xen-blkfront
}

apt update || exit
other=$(apt-cache search --names-only '^linux-image-[0-9.]*[-+].*-amd64$' | awk '{ print $1 }' |
	grep -vE -e '-(rt|cloud)-|unsigned|dbg' | grep -vx "linux-image-$kernel" | sed 's/^linux-image-//' | sort -V | tail -n 1)
echo "kernels: $kernel, $other"
[ -n "$other" ] || exit

# Compressing takes longest otherwise.
mkdir -p /etc/initramfs-tools/conf.d /etc/dracut.conf.d
printf '%s\n' COMPRESS=zstd COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/test
echo 'compress="cat"' >/etc/dracut.conf.d/test.conf

# As after an update of initramfs-tools: what follows differs by our modules alone.
update-initramfs -u -k all
state_of_kernels before

version=$(dpkg-deb -f package.deb Version)

[ $# -gt 0 ] || set -- life tool make secure-boot refused dracut
for step; do "step_$step"; done
exit 0
