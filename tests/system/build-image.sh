#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the image of one suite, or find it in the cache:
#
#   root/        the suite's file system, also the chroot modules are built in
#   dom0.img     the same without compiler and headers, as a disk for dom0
#   xen vmlinuz initrd	what QEMU starts
#   kver         the kernel's release
#   key          hash of the recipe; a changed recipe makes a new image
#
# The guest's kernel and the base of its initramfs are inside dom0.img, in /guest.
set -u
# shellcheck source=lib/host.sh
. "$(dirname "$0")/lib/host.sh"

usage() {
	echo "usage: $prog [--force] [--path] SUITE	(one of: $(suites | xargs))"
	echo "  --force  build it although there is one"
	echo "  --path   only print where the image is"
	exit "${1:-2}"
}

force=0 path_only=0
while [ $# -gt 0 ]; do
	case $1 in
	--force) force=1 ;;
	--path) path_only=1 ;;
	-h | --help) usage 0 ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# = 1 ] || usage
suite=$1
load_suite "$suite"
dir=$cache_root/$suite
[ $path_only = 1 ] && { echo "$dir"; exit 0; }

archive=${XENBLK_MIRROR:-$("$top/scripts/debian-archive.sh")}
security=${XENBLK_SECURITY_MIRROR:-$("$top/scripts/debian-archive.sh" -security)}

packages=(
	"xen-hypervisor-$xen_version-amd64" "xen-utils-$xen_version" xenstore-utils
	"linux-image-amd64${kernel_from:+/$kernel_from}" kmod udev procps psmisc iproute2 mount util-linux
	e2fsprogs fio busybox-static fdisk lvm2 grub-xen-host
	# for building modules, and the guest's fio, for this very suite
	"linux-headers-amd64${kernel_from:+/$kernel_from}" gcc libc6-dev make sparse libaio-dev zlib1g-dev libxen-dev
	dpkg-dev binutils xz-utils zstd
)
recipe=("$bed/build-image.sh" "$bed/image/$suite.suite" "$bed/image/initrd-init" "$bed/image/bed-init")
key=$({ cat "${recipe[@]}"; echo "${packages[@]}"; } | sha256sum | cut -c1-16)

fresh() { [ -f "$dir/key" ] && [ "$(cat "$dir/key")" = "$key" ]; }
[ $force = 0 ] && fresh && exit 0

[ -n "$archive" ] ||
	die "apt has no source of Debian packages here; name one with XENBLK_MIRROR=URI"
need_root
need_tools mmdebstrap mke2fs cpio xz gunzip strip modprobe flock
mkdir -p "$cache_root" || die "cannot make $cache_root; set XENBLK_CACHE to a place that can be written"

# Two runs at once build one image, the second waits for the first.
exec 9>"$cache_root/.$suite.lock"
flock -n 9 || { say "waiting for another build of the $suite image"; flock 9; }
[ $force = 0 ] && fresh && exit 0
need_space 6000 "$cache_root"

# Whatever an earlier, interrupted build has left; nobody else holds the lock.
rm -rf "$cache_root/.$suite".tmp.*
tmp=$(mktemp -d "$cache_root/.$suite.tmp.XXXXXX") || exit 2
chmod 755 "$tmp"
child=
cleanup() {
	[ -n "$child" ] && kill -- "-$child" 2>/dev/null && wait "$child"
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

log=$cache_root/$suite-build.log
: >"$log"
start=$SECONDS

# step SENTENCE COMMAND...: run it with its output in the log, show a sign of life.
step() {
	local what=$1 t0=$SECONDS next=30
	shift
	say "[$(hms $((SECONDS - start)))] $what"
	# A process group of its own, so that an interrupt takes all of it down.
	set -m
	"$@" >>"$log" 2>&1 9>&- </dev/null &
	child=$!
	set +m
	while kill -0 "$child" 2>/dev/null; do
		sleep 0.5
		if [ $((SECONDS - t0)) -ge $next ]; then
			next=$((next + 30))
			say "[$(hms $((SECONDS - start)))]   still at it: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-100)"
		fi
		if [ $((SECONDS - t0)) -ge "${XENBLK_IMAGE_LIMIT:-5400}" ]; then
			die "'$what' did not end within ${XENBLK_IMAGE_LIMIT:-5400} s; see $log"
		fi
	done
	wait "$child"
	local rc=$?
	child=
	[ $rc = 0 ] && return
	if grep -q -E 'Could not resolve|Could not connect|Connection (failed|timed out)|Failed to fetch' "$log"; then
		die "Debian's archive ($archive) cannot be reached, so the $suite image cannot be built; see $log"
	elif grep -q 'No space left' "$log"; then
		die "the disk ran full while building the $suite image; free some space in $cache_root ($log)"
	fi
	die "'$what' failed for $suite; the log is $log and ends: $(tail -n 1 "$log")"
}

bootstrap() {
	mmdebstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" \
		--aptopt='Acquire::Retries "3"' "$base" "$tmp/root" \
		"deb $archive $base main" "deb-src $archive $base main" \
		"deb $archive $base-updates main" ${security:+"deb $security $base-security main"} \
		${kernel_from:+"deb $archive $kernel_from main"}
}

in_root() { chroot "$tmp/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"; }

# fio for the guest. Debian's own loads some sixty shared libraries, which is
# seconds for each start under emulation and 100 MB of the guest's memory: it is
# taken only where its source, to link it statically, cannot be had.
guest_fio() {
	mkdir -p "$tmp/root/guest/bin"
	(static_fio) || {
		echo "no source of fio: taking the packaged one with its libraries"
		cp "$tmp/root/usr/bin/fio" "$tmp/root/guest/bin/fio"
	}
	in_root /guest/bin/fio --version
}

static_fio() {
	set -e
	cp /etc/resolv.conf "$tmp/root/etc/resolv.conf"
	# shellcheck disable=SC2016
	in_root sh -ec '
		cd /usr/src
		apt-get -q update
		apt-get -q source fio
		cd fio-*/
		# What a version of fio does not know cannot be switched off either.
		opts=
		for o in disable-native disable-numa disable-rdma disable-rados disable-rbd \
			disable-http disable-gfapi disable-lex disable-pmem disable-shm \
			disable-tcmalloc disable-libzbc disable-libnfs disable-xnvme; do
			! grep -q -e "--$o)" configure || opts="$opts --$o"
		done
		./configure --build-static $opts
		make -j"$(nproc)" fio
		strip fio
		install -D fio /guest/bin/fio
		cd ..
		rm -rf fio* '
}

# The guest's initramfs: busybox, fio, what makes file systems, partitions and volumes, and
# the modules. It finds those of the device mapper in a place of their own.
guest_root() {
	set -e
	local g=$tmp/root/guest k=$1 f
	mkdir -p "$g"/{bin,sbin,etc,proc,sys,dev,mnt,tmp,run,mod,lib64}
	cp "$tmp/root/bin/busybox" "$g/bin/"
	ln -s mke2fs "$g/sbin/mkfs.ext4"
	# Busybox's has no aligned memory for small blocks, and goes through the page cache then.
	cp "$tmp/root/bin/dd" "$g/sbin/"
	for f in /sbin/{mke2fs,e2fsck,sfdisk,blkid,dmsetup,lvm}; do
		cp -L "$tmp/root$f" "$g$(dirname "$f")/"
		in_root ldd "$f"
		in_root ldd /guest/bin/fio || true
	done | awk '$2 == "=>" { print $3 } $1 ~ /^\/lib64/ { print $1 }' | sort -u | while read -r f; do
		mkdir -p "$g$(dirname "$f")"
		cp -L "$tmp/root$f" "$g$f"
	done
	cp "$tmp/root/etc/mke2fs.conf" "$g/etc/"
	modules "$k" "$g/mod" xen-blkfront crc32c_generic ext4
	modules "$k" "$g/mod/dm" dm-mod
	(cd "$g" && find . | cpio -o -H newc) >"$tmp/root/base.cpio"
	rm -rf "$g"
	mkdir "$g"
	mv "$tmp/root/base.cpio" "$g/"
	# An unpacked kernel spares unpacking it under emulation at each start.
	local z=$tmp/root/boot/vmlinuz-$k off
	off=$(LC_ALL=C grep -obUaP '\xfd7zXZ\x00' "$z" | head -n 1 | cut -d: -f1)
	if [ -n "$off" ]; then
		tail -c +$((off + 1)) "$z" | xz -dcq >"$g/vmlinux" || true
	else
		off=$(LC_ALL=C grep -obUaP '\x28\xb5\x2f\xfd' "$z" | head -n 1 | cut -d: -f1)
		tail -c +$((off + 1)) "$z" | zstd -dcq >"$g/vmlinux" || true
	fi
	# The decompressors complain about what follows the stream: judge the result.
	readelf -h "$g/vmlinux" >/dev/null
	strip --strip-debug "$g/vmlinux" || true
}

# modules KVER DIR NAME...: copy them with what they need, unpacked; DIR/order says in which order.
modules() {
	local k=$1 out=$2 m f
	shift 2
	mkdir -p "$out"
	for m; do
		# Newer kernels have this one in another form, which those who need it name.
		modprobe -S "$k" -d "$tmp/root" --show-depends "$m" || [ "$m" = crc32c_generic ]
	done |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r f; do
		case $f in
		*.xz) xz -dc "$f" >"$out/$(basename "$f" .xz)" ;;
		*) cp "$f" "$out/" ;;
		esac
		basename "$f" .xz
	done >"$out/order"
}

dom0_boot() {
	set -e
	local k=$1
	gunzip -c "$tmp/root/boot/xen-$xen_version-amd64.gz" >"$tmp/xen"
	cp "$tmp/root/boot/vmlinuz-$k" "$tmp/vmlinuz"
	mkdir -p "$tmp/initrd.d"/{bin,dev,proc,root,mod}
	cp "$tmp/root/bin/busybox" "$tmp/initrd.d/bin/"
	install -m755 "$bed/image/initrd-init" "$tmp/initrd.d/init"
	modules "$k" "$tmp/initrd.d/mod" virtio_pci virtio_blk crc32c_generic ext4
	(cd "$tmp/initrd.d" && find . | cpio -o -H newc) >"$tmp/initrd"
	rm -rf "$tmp/initrd.d"
	echo "$k" >"$tmp/kver"
}

dom0_disk() {
	set -e
	install -m755 "$bed/image/bed-init" "$tmp/root/sbin/bed-init"
	# dom0 needs neither compiler, headers nor package lists, nor to look for volumes on each
	# disk that comes up: a copy by links without them.
	cp -al "$tmp/root" "$tmp/disk"
	rm -f "$tmp/disk"/{usr/,}lib/udev/rules.d/{56-lvm,69-lvm}.rules
	rm -rf "$tmp/disk"/usr/src "$tmp/disk"/usr/lib/gcc* "$tmp/disk"/usr/libexec/gcc "$tmp/disk"/usr/lib/linux-kbuild* \
		"$tmp/disk"/usr/include "$tmp/disk"/usr/share/{doc,man,locale,info} "$tmp/disk"/var/{cache,lib}/apt \
		"$tmp/disk"/boot "$tmp/disk"/usr/lib/x86_64-linux-gnu/*.a
	truncate -s 2G "$tmp/dom0.img"
	mke2fs -q -t ext4 -O ^has_journal -d "$tmp/disk" "$tmp/dom0.img"
	rm -rf "$tmp/disk"
}

step "installing $suite with Xen $xen_version" bootstrap
kver=$(basename "$(ls -d "$tmp"/root/lib/modules/*-amd64)")
step "building the guest's fio" guest_fio
step "packing the guest" guest_root "$kver"
step "preparing dom0's boot" dom0_boot "$kver"
step "making dom0's disk" dom0_disk
echo "$key" >"$tmp/key"

# Nothing half-done is ever seen under the final name.
old=$cache_root/.$suite.tmp.old
rm -rf "$old"
[ -d "$dir" ] && mv "$dir" "$old"
mv "$tmp" "$dir" || die "cannot move the new image to $dir"
rm -rf "$old"
say "[$(hms $((SECONDS - start)))] the $suite image is ready: Linux $kver, Xen $xen_version, $(du -sh "$dir" | cut -f1)"
