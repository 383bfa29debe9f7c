#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is pairs.txt a covering set, and is there a case for each row?

What is not covered is printed, a line each; the status says whether anything was.
"""
import itertools
import pathlib
import re
import sys

VALUES = {
    "mode": ("native", "slim", "split64", "split128"),
    "order": ("0", "1", "2", "3", "4"),
    "queues": ("1", "2"),
    "entries": ("min", "mid", "max"),
    "persistent": ("0,0", "0,1", "1,0", "1,1"),
}
PEERS = ("ours", "oldb", "oldf")
# An in-tree frontend has no memory for these.
LARGE = {("order", "3"), ("order", "4"), ("entries", "max")}


def missing(rows, columns):
    """Pairs of values of two columns that stand together in no row."""
    for a, b in itertools.combinations(columns, 2):
        for x, y in itertools.product(columns[a], columns[b]):
            if not any(row[a] == x and row[b] == y for row in rows):
                yield (a, x), (b, y)


def main():
    bed = pathlib.Path(__file__).resolve().parent.parent
    rows, bad = [], []
    for line in (bed / "dom0/pairs.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            rows.append(dict(zip(("row", "peers", *VALUES), line.split())))
    for one, other in missing([r for r in rows if r["peers"] == "ours"], VALUES):
        bad.append(f"ours with ours: {'='.join(one)} with {'='.join(other)}")
    for one, other in missing(rows, {"peers": PEERS, **VALUES}):
        if ("peers", "oldf") in (one, other) and {one, other} & LARGE:
            continue
        bad.append(f"{'='.join(one)} with {'='.join(other)}")
    run = set()
    for case in (bed / "cases").glob("2*-pairs"):
        run |= set(re.findall(r"pair_row (\d+)", case.read_text()))
    bad += [f"row {r['row']} is in no case" for r in rows if r["row"] not in run]
    print("\n".join(bad) or f"{len(rows)} rows")
    return bool(bad)


sys.exit(main())
