#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Replays what dm-log-writes has recorded of a disk, one durable point after the other.

	replay.py LOG IMAGE COMMAND

From the first mark on, at every mark, flush and FUA write, IMAGE holds what is on the
disk if it loses its power right then, and COMMAND runs with a word for the point:

	mark NAME       the guest was told that all before it is durable
	flush NUMBER    entry of the log

A status other than 0 ends the replay.  Last it prints counts of what the log has.

The log holds a block for itself, then for each entry one with its head, and its data
behind it.  What no flush has made durable is not in it, so its order is the order in
which things became durable.
"""
import struct
import subprocess
import sys

MAGIC = 0x6a736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")


def entries(log):
    """Each entry's flags, its place and length in bytes, the name of a mark, and data."""
    magic, version, nr, size = SUPER.unpack(log.read(SUPER.size))
    if magic != MAGIC or version != 1:
        sys.exit("this is not the log of dm-log-writes")
    log.seek(size)
    for _ in range(nr):
        head = log.read(size)
        sector, sectors, flags, length = ENTRY.unpack_from(head)
        name = head[ENTRY.size:ENTRY.size + length].decode() if flags & MARK else ""
        data = b"" if flags & DISCARD else log.read(sectors * size)
        yield flags, sector * size, sectors * size, name, data


def main():
    path, target, command = sys.argv[1:]
    count = {"writes": 0, "flushes": 0, "fua": 0, "discards": 0, "marks": 0}
    with open(path, "rb") as log, open(target, "r+b", buffering=0) as image:
        for nr, (flags, place, length, name, data) in enumerate(entries(log)):
            # The recorder's own, when it is removed.
            if name == "dm-log-writes-end":
                break
            image.seek(place)
            if flags & DISCARD:
                data = bytes(length)
                count["discards"] += 1
            if data:
                image.write(data)
                count["writes"] += 1
            count["flushes"] += bool(flags & FLUSH)
            count["fua"] += bool(flags & FUA)
            count["marks"] += bool(flags & MARK)
            point = ["mark", name] if flags & MARK else ["flush", str(nr)]
            if count["marks"] and flags & (FLUSH | FUA | MARK):
                subprocess.run([command, *point], check=True)
    print(" ".join(f"{name}={value}" for name, value in count.items()))


main()
