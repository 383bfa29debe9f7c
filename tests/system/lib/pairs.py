#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Is pairs.txt a covering set whose rows are the cases 201-pairs, 202-pairs and so on?

Prints what is not covered, a line each; the exit status is 1 if anything is not.
"""
import itertools
import pathlib
import sys

VALUES = {
    "mode": ("native", "slim", "separate64", "separate128"),
    "order": ("0", "1", "2", "3", "4"),
    "queues": ("1", "2"),
    "entries": ("min", "mid", "max"),
    "persistent": ("0,0", "0,1", "1,0", "1,1"),
}
PEERS = ("ours", "oldb", "oldf")
RUNS = ("usual", "long")
# The next case after these is 240-counts.
MOST_ROWS = 39
# An in-tree frontend has no memory for these.
LARGE = {("order", "3"), ("order", "4"), ("entries", "max")}


def missing(rows, columns):
    """Yield the pairs of values of two columns that stand together in no row."""
    for a, b in itertools.combinations(columns, 2):
        for x, y in itertools.product(columns[a], columns[b]):
            if not any(row[a] == x and row[b] == y for row in rows):
                yield (a, x), (b, y)


def malformed(rows):
    """Yield what is wrong with the form of the table."""
    columns = {"peers": PEERS, **VALUES, "run": RUNS}
    for number, row in enumerate(rows, 1):
        if row.get("row") != str(number):
            yield f"row {row.get('row')} stands where row {number} should"
        for column, values in columns.items():
            if row.get(column) not in values:
                yield f"row {number}: {column} is {row.get(column)}"
    if len(rows) > MOST_ROWS:
        yield f"{len(rows)} rows, but only {MOST_ROWS} can be cases"


def main():
    bed = pathlib.Path(__file__).resolve().parent.parent
    rows, bad = [], []
    for line in (bed / "dom0/pairs.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            rows.append(dict(zip(("row", "peers", *VALUES, "run"), line.split())))
    bad += malformed(rows)
    for one, other in missing([r for r in rows if r["peers"] == "ours"], VALUES):
        bad.append(f"ours with ours: {'='.join(one)} with {'='.join(other)}")
    for one, other in missing(rows, {"peers": PEERS, **VALUES}):
        if ("peers", "oldf") in (one, other) and {one, other} & LARGE:
            continue
        bad.append(f"{'='.join(one)} with {'='.join(other)}")
    print("\n".join(bad) or f"{len(rows)} rows")
    return bool(bad)


sys.exit(main())
