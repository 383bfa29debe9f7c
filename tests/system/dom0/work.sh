# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# I/O that several cases use.

# guest_fio LIMIT JOBS: one fio run in the guest; the case fails unless fio ends with 0.
# Prints "NAME read-KiB written-KiB" for every job.
guest_fio() {
	guest_run "printf '%s' '$2' > /tmp/job.fio
		fio --minimal /tmp/job.fio > /tmp/fio.out 2> /tmp/fio.err
		rc=\$?
		[ \$rc = 0 ] || { grep -v '^[0-9];' /tmp/fio.out | tail -n 5; tail -n 5 /tmp/fio.err; exit \$rc; }
		awk -F';' '/^[0-9]+;/ { print \$3, \$6, \$47 }' /tmp/fio.out" "$1"
}

# guest_verified LIMIT JOBS: guest_fio, and note how much was verified
guest_verified() {
	local did
	# A failure in an argument of note would go unnoticed.
	did=$(guest_fio "$1" "$2" | awk '{ r += $2; w += $3 } END { printf "fio verified %d KiB written, %d KiB read", w, r }')
	note "$did"
}

# guest_ms COMMAND [LIMIT]: the milliseconds that a command takes in the guest, by the guest's clock
guest_ms() {
	guest_run "s=\$(cut -d' ' -f1 /proc/uptime)
		$1 || exit
		e=\$(cut -d' ' -f1 /proc/uptime)
		awk -v s=\$s -v e=\$e 'BEGIN { printf \"%d\n\", (e - s) * 1000 }'" "${2:-60}"
}

# verify_head FILE: the global section of jobs that read back and verify what they write
verify_head() {
	printf '%s\n' '[global]' "filename=$1" size=16m ioengine=libaio direct=1 verify=crc32c verify_fatal=1 randrepeat=0
}

# verify_jobs FILE: random and sequential, small and large, shallow and deep, one job after the other in
# one fio, as each start of fio takes seconds; everything written is read back and verified.
verify_jobs() {
	verify_head "$1"
	cat <<-JOB
		[rand4k-qd32]
		rw=randwrite
		bs=4k
		iodepth=32
		io_size=4m
		[rand512-qd1]
		stonewall
		rw=randwrite
		bs=512
		iodepth=1
		io_size=64k
		[mixed-qd16]
		stonewall
		rw=randrw
		bsrange=512-256k
		blockalign=512
		iodepth=16
		io_size=12m
		[seq1m-qd4]
		stonewall
		rw=write
		bs=1m
		iodepth=4
		[rand64k-qd8]
		stonewall
		rw=randwrite
		bs=64k
		iodepth=8
		io_size=8m
	JOB
}

# short_jobs FILE...: a short verified job for each disk, for cases that test something else.
short_jobs() {
	local f
	printf '%s\n' '[global]' size=4m ioengine=libaio direct=1 verify=crc32c verify_fatal=1 rw=randwrite bs=16k iodepth=16
	for f; do printf '[%s]\nfilename=%s\n' "${f##*/}" "$f"; done
}

# endless_jobs FILE: reads and writes until something ends them.
endless_jobs() {
	printf '%s\n' '[global]' "filename=$1" size=64m ioengine=libaio direct=1 time_based runtime=100000 \
		'[write]' rw=randwrite bs=4k iodepth=16 '[read]' rw=randread bs=128k iodepth=8
}

# under_io XVD: start endless I/O in the guest and wait until it flows; its number is in $io
# shellcheck disable=SC2034
under_io() {
	local before
	before=$(stat_of "$1" wr_sect)
	io=$(guest_start "printf '%s' '$(endless_jobs "/dev/$1")' > /tmp/endless.fio; fio --minimal /tmp/endless.fio" 600)
	wait_for 60 "I/O on $1 to flow" io_flows "$1" "$before" || fail "fio was started on $1, but nothing is written"
}
io_flows() { [ "$(stat_of "$1" wr_sect)" -gt $(($2 + 200)) ] && [ "$(stat_of "$1" rd_sect)" -gt 200 ]; }

# ends_with_errors NUMBER: wait for such a command, which must fail
ends_with_errors() {
	local rc=0
	guest_wait "$1" 120 >/dev/null || rc=$?
	case $rc in
	0) fail "the I/O on the disk saw no error" ;;
	124 | 125 | 137) fail "the I/O on the disk did not end: $rc" ;;
	esac
}

# make_tree XVD: a new file system with files of many sizes and their checksums
make_tree() {
	guest_run "set -e
		/sbin/mke2fs -q -t ext4 /dev/$1
		mount -t ext4 /dev/$1 /mnt
		cd /mnt
		mkdir -p a b/c d
		dd if=/dev/urandom of=seed bs=64k count=32 2>/dev/null
		for i in 0 1 2 3 4 5 6 7 8 9; do
			tail -c \$((i * 40961 + 1)) seed > a/\$i; head -c \$((i * i * 513)) seed > b/c/\$i; head -c \$((i * 100003)) seed > d/\$i
		done
		find . -type f ! -name sums | sort | xargs md5sum > sums
		[ \$(wc -l < sums) = 31 ]
		cd /
		umount /mnt" 120
}

check_tree() {
	guest_run "set -e
		e2fsck -fn /dev/$1 > /tmp/fsck 2>&1 || { cat /tmp/fsck; exit 1; }
		mount -t ext4 -o ro /dev/$1 /mnt
		cd /mnt
		md5sum -c sums > /tmp/sums || { grep -v ': OK' /tmp/sums; exit 1; }
		cd /
		umount /mnt" 120
}

# check_tree_in_dom0 DISK: the same on the backend's disk, in dom0
check_tree_in_dom0() {
	mkdir -p /run/bed/mnt
	mount -t ext4 -o ro "$1" /run/bed/mnt || fail "dom0 cannot mount $1, which the guest has written"
	(cd /run/bed/mnt && md5sum --quiet -c sums) || { umount /run/bed/mnt; fail "dom0 reads other files from $1 than the guest wrote"; }
	umount /run/bed/mnt
}

# matrix FRONT BACK [PARAM=VALUE...]: what every pair of drivers must pass; parameters are the backend's
matrix() {
	load_back "${@:2}"
	load_front "$1"
	attach phy:/dev/vdc xvda
	make_tree xvda
	detach xvda
	check_tree_in_dom0 /dev/vdc
	attach phy:/dev/vdc xvda
	check_tree xvda
	guest_verified 300 "$(verify_jobs /dev/xvda)"
	note "negotiated: $(negotiated xvda)"
	detach xvda
}

# negotiated XVD: what the two sides agreed on, by keys that every pair writes
negotiated() {
	local f b
	f=$(frontend_of "$1") b=$(backend_of "$1")
	printf 'order %s, queues %s, persistent %s/%s' "$(xs_or "$f/ring-page-order" 0)" "$(xs_or "$f/multi-queue-num-queues" 1)" \
		"$(xs_or "$f/feature-persistent" 0)" "$(xs_or "$b/feature-persistent" 0)"
}
xs_or() { local v; v=$(xs_read "$1") || v=$2; printf %s "$v"; }

# expect_key front|back XVD KEY VALUE [DEFAULT]
expect_key() {
	local v
	v=$(xs_or "$("$1end_of" "$2")/$3" "${5:-absent}")
	[ "$v" = "$4" ] || fail "$1end's $3 is $v, not $4"
}
