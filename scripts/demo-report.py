#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The demonstration's table, from what demo-dom0 reported.

    demo-report.py LINES DIR

LINES has lines "COUNT ..." and "TIME ...". The table goes to stdout, and the data of
the picture to DIR/counts.dat and DIR/times.dat.
"""
import collections
import statistics
import sys

PAIRS = ("intree", "ours")
# What is counted, its title, and of what it is the sum.
COUNTS = (("requests", "requests", ("requests",)),
          ("notifications", "notifications", ("to_dom0", "to_guest")),
          ("calls", "grant hypercalls", ("calls",)),
          ("grants", "grants", ("grants",)),
          ("kib", "KiB of data", ("kib",)))
NAMES = {"4k-read-1": "4 KiB read, one at a time", "4k-read-32": "4 KiB read, 32 in flight",
         "4k-write-32": "4 KiB write, 32 in flight", "1m-read-8": "1 MiB read, 8 in flight",
         "1m-write-8": "1 MiB write, 8 in flight"}


def fields(words):
    return {k: float(v) for k, v in (w.split("=") for w in words)}


class Demo:
    def __init__(self, lines):
        self.counts = {}
        self.times = collections.defaultdict(dict)
        for line in lines:
            words = line.split()
            kind, pair, job, values = words[0], words[1], words[2], fields(words[3:])
            if kind == "COUNT":
                values["kib"] = values["sectors"] / 2
                self.counts[job, pair] = values
            elif kind == "TIME":
                self.times[job, int(values["round"])][pair] = values["iops"]
        self.jobs = [j for j in NAMES if all((j, p) in self.counts for p in PAIRS)]

    def per_io(self, job, pair, parts):
        """What an I/O took."""
        values = self.counts[job, pair]
        return sum(values[p] for p in parts) / values["ios"]

    def rounds(self, job):
        """The pairs' speeds in the rounds that have both."""
        return [r for (j, _), r in sorted(self.times.items()) if j == job and len(r) == len(PAIRS)]

    def ratios(self, job):
        """Ours divided by the distribution's, in each round."""
        return sorted(r["ours"] / r["intree"] for r in self.rounds(job) if r["intree"])

    def verdict(self, job):
        """What all rounds agree on, if there are enough."""
        ratios = self.ratios(job)
        if len(ratios) >= 3 and ratios[0] > 1:
            return "faster"
        if len(ratios) >= 3 and ratios[-1] < 1:
            return "slower"
        return "undecided"


def number(value):
    if value == 0:
        return "0"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def print_counts(demo):
    print("WHAT AN I/O TAKES, counted (in-tree > ours); the speed of the machine matters little")
    titles = [title for _, title, _ in COUNTS]
    print(f"  {'':26}" + "".join(f"{t:>18}" for t in titles))
    for job in demo.jobs:
        cells = []
        for _, _, parts in COUNTS:
            a, b = (number(demo.per_io(job, p, parts)) for p in PAIRS)
            cells.append(f"{a} > {b}")
        print(f"  {NAMES[job]:26}" + "".join(f"{c:>18}" for c in cells))


def print_times(demo):
    count = min((len(demo.ratios(j)) for j in demo.jobs), default=0)
    print(f"HOW FAST, I/O per second by the emulator's clock: median of {count} rounds in turn (lowest - highest)")
    print(f"  {'':26}{'in-tree':>22}{'ours':>22}{'ours / in-tree':>22}")
    for job in demo.jobs:
        cells = []
        for pair in PAIRS:
            values = [r[pair] for r in demo.rounds(job)]
            cells.append(f"{statistics.median(values):.0f} ({min(values):.0f} - {max(values):.0f})")
        r = demo.ratios(job)
        cells.append(f"{statistics.median(r):.2f} ({r[0]:.2f} - {r[-1]:.2f})")
        print(f"  {NAMES[job]:26}" + "".join(f"{c:>22}" for c in cells) + f"  {demo.verdict(job)}")


def conclusion(demo):
    """One line, from the figures."""
    said = []
    for what, job, parts in (("requests for 1 MiB", "1m-read-8", ("requests",)),
                             ("notifications for a 4 KiB read", "4k-read-1", ("to_dom0", "to_guest")),
                             ("notifications for 1 MiB", "1m-read-8", ("to_dom0", "to_guest"))):
        if job not in demo.jobs:
            continue
        a, b = (demo.per_io(job, p, parts) for p in PAIRS)
        said.append(f"{number(b)} {what} in place of {number(a)}")
    verdicts = collections.Counter(demo.verdict(j) for j in demo.jobs)
    clock = ", ".join(f"{v} in {verdicts[v]}" for v in ("faster", "undecided", "slower") if verdicts[v])
    return (f"Conclude: ours needs {'; '.join(said)}. The clock is that of an emulator in which a CPU waits for "
            f"others ({clock} of {len(demo.jobs)} jobs); it does not tell how fast a real machine is.")


def label(job):
    """For gnuplot, which takes \\n as the end of a line."""
    return '"' + NAMES[job].replace(", ", ",\\n") + '"'


def write_data(demo, directory):
    with open(f"{directory}/counts.dat", "w", encoding="ascii") as f:
        for job in demo.jobs:
            cells = []
            for _, _, parts in COUNTS[:2]:
                a, b = (demo.per_io(job, p, parts) for p in PAIRS)
                cells.append(f"{b / a:.4f}" if a else "NaN")
            print(label(job), *cells, file=f)
    with open(f"{directory}/times.dat", "w", encoding="ascii") as f:
        for n, job in enumerate(demo.jobs):
            r = demo.ratios(job)
            print(n, label(job), f"{statistics.median(r):.3f} {r[0]:.3f} {r[-1]:.3f}", file=f)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="ascii") as f:
        demo = Demo(f)
    demo.jobs = [j for j in demo.jobs if demo.ratios(j)]
    if not demo.jobs:
        sys.exit("demo: there are no figures")
    print_counts(demo)
    print()
    print_times(demo)
    print()
    print(conclusion(demo))
    write_data(demo, sys.argv[2])


main()
