#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Where the instructions of an I/O are executed.

    profile.py DIR [TOP]

DIR has the files of a counted run of scripts/bench.sh.
"""
import os
import sys

from symbols import AREAS, counted


def per_io(count, n):
    return n / count.ios


def areas(counts):
    """A line for each pair and job, a column for each area."""
    print("Instructions per I/O\n")
    print("%-22s %-8s %9s" % ("job", "pair", "all") + "".join("%18s" % a for a in AREAS))
    for c in sorted(counts, key=lambda c: c.job):
        print("%-22s %-8s %9.0f" % (c.job, c.pair, per_io(c, c.total())) +
              "".join("%18.0f" % per_io(c, c.areas[a]) for a in AREAS))


def hypercalls(counts):
    print("\nHypercalls and Xen's other entries, per I/O, from the guest's CPU and from dom0's")
    names = set()
    for c in counts:
        for w in ("Xen, guest's CPU", "Xen, dom0's CPU"):
            names |= {n for n, t in c.calls[w].items() if n.startswith("do_") and t / c.ios >= 0.001}
    for c in sorted(counts, key=lambda c: c.job):
        print("\n%s, %s" % (c.job, c.pair))
        for n in sorted(names):
            g, d = (per_io(c, c.calls[w][n]) for w in ("Xen, guest's CPU", "Xen, dom0's CPU"))
            if g >= 0.001 or d >= 0.001:
                print("    %-36s %9.3f %9.3f" % (n, g, d))


def functions(c, top):
    print("\n%s, %s: the functions that executed most; instructions, calls, per I/O" % (c.job, c.pair))
    for a in AREAS:
        if a.endswith("user"):
            continue
        print("\n  %s: %.0f" % (a, per_io(c, c.areas[a])))
        for name, n in c.functions[a].most_common(top):
            print("    %-52s %9.0f %9.2f" % (name, per_io(c, n), per_io(c, c.calls[a][name])))


def main():
    out, top = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 25
    counts = [c for c, _ in counted(os.path.join(out, "logs"), os.path.join(out, "results"),
                                    os.path.join(out, "counts"), os.path.join(out, "modules"))]
    areas(counts)
    hypercalls(counts)
    for c in sorted(counts, key=lambda c: c.job):
        functions(c, top)


main()
