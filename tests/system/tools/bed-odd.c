// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes of a disk out of memory that is cut into odd pieces, each checked
 * against a copy of what the disk should hold:
 *
 *	bed-odd DISK BLOCK UNIT BYTES ROUNDS
 *
 * BLOCK is the disk's, BYTES from its start on are used. Direct ones have pieces of
 * whole blocks, as Linux has it, that begin at any UNIT; others begin and end at any byte, and go
 * through the page cache. Prints how many of each there were.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECES	48
#define MOST	(384 << 10)
/* What that takes in pages, with the widest gaps. */
#define ARENA	(4 << 20)

static struct disk {
	int direct, cached;
	size_t block, unit, bytes;
	uint8_t *copy;
} disk;
static uint8_t *arena;

/* A sequence of its own, so that a failure can be had again. */
static uint32_t any(uint32_t below)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (x >> 16) % below;
}

struct io {
	size_t at, bytes;
	struct iovec piece[PIECES];
	int nr;
};

/* Cut it into pieces in the arena, with gaps between most of them. */
static void cut(struct io *io)
{
	uint8_t *place = arena + any(16) * disk.unit;
	size_t left = io->bytes;

	for (io->nr = 0; left; io->nr++) {
		size_t take = left;

		if (io->nr < PIECES - 1)
			take = disk.block * (1 + any(left / disk.block < 40 ? left / disk.block : 40));
		io->piece[io->nr] = (struct iovec) { place, take };
		place += take + any(3) * any(9) * disk.unit;
		left -= take;
	}
}

static void choose_direct(struct io *io)
{
	size_t blocks = MOST / disk.block;

	/* As many small as large ones. */
	io->bytes = disk.block * (1 + any(1 + any(blocks)));
	io->at = disk.block * any((disk.bytes - io->bytes) / disk.block);
	cut(io);
}

static void choose_cached(struct io *io)
{
	io->bytes = 1 + any(20000);
	io->at = any(disk.bytes - io->bytes);
	io->piece[0] = (struct iovec) { arena + any(4096), io->bytes };
	io->nr = 1;
}

/* So that what was there before is not taken for what is read. */
static void fill(const struct io *io)
{
	size_t byte;
	int i;

	for (i = 0; i < io->nr; i++)
		for (byte = 0; byte < io->piece[i].iov_len; byte++)
			((uint8_t *)io->piece[i].iov_base)[byte] = any(256);
}

/* Does what is in the pieces equal the copy, or is it to become the copy? */
static void compare(const struct io *io, int write)
{
	uint8_t *copy = disk.copy + io->at;
	int i;

	for (i = 0; i < io->nr; copy += io->piece[i++].iov_len) {
		if (write)
			memcpy(copy, io->piece[i].iov_base, io->piece[i].iov_len);
		else if (memcmp(copy, io->piece[i].iov_base, io->piece[i].iov_len))
			errx(1, "%zu bytes at %zu in %d pieces: piece %d is not what was written",
			     io->bytes, io->at, io->nr, i);
	}
}

static void once(int direct, int write)
{
	int fd = direct ? disk.direct : disk.cached;
	struct io io;
	ssize_t did;

	if (direct)
		choose_direct(&io);
	else
		choose_cached(&io);
	fill(&io);
	did = write ? pwritev(fd, io.piece, io.nr, io.at) : preadv(fd, io.piece, io.nr, io.at);
	if (did != (ssize_t)io.bytes)
		err(1, "%s: %zu bytes at %zu in %d pieces: %zd", write ? "write" : "read",
		    io.bytes, io.at, io.nr, did);
	compare(&io, write);
}

static int open_disk(const char *name, int flags)
{
	int fd = open(name, O_RDWR | flags);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

int main(int argc, char **argv)
{
	int count[4] = { 0 }, n;

	if (argc != 6)
		errx(2, "usage: bed-odd DISK BLOCK UNIT BYTES ROUNDS");
	disk.direct = open_disk(argv[1], O_DIRECT);
	disk.cached = open_disk(argv[1], 0);
	disk.block = strtoul(argv[2], NULL, 0);
	disk.unit = strtoul(argv[3], NULL, 0);
	disk.bytes = strtoul(argv[4], NULL, 0);
	disk.copy = malloc(disk.bytes);
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!disk.copy || arena == MAP_FAILED)
		err(1, "memory");
	if (pread(disk.cached, disk.copy, disk.bytes, 0) != (ssize_t)disk.bytes)
		err(1, "%s: its first %zu bytes", argv[1], disk.bytes);
	for (n = atoi(argv[5]); n > 0; n--) {
		int which = any(8), direct = which < 6, write = which & 1;

		once(direct, write);
		count[2 * direct + write]++;
	}
	if (fsync(disk.cached))
		err(1, "fsync");
	printf("direct: %d reads, %d writes; cached: %d reads, %d writes\n",
	       count[2], count[3], count[0], count[1]);
	return 0;
}
