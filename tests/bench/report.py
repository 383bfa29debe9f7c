#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compute the benchmark's figures from the files of a run.

    report.py DIR

Reads   results and totals (counted run), counts and logs/*.log (the plugin's), queues and
        counts-queues (counted run by queues), slow and counts-slow (disks with latency), lines-qN,
        counts-lines-qN and logs-lines-qN/*.log (cache lines, N queues), clock (run by the plain
        clock), about (NAME=VALUE: versions and the like)
Writes  lines, table, line-functions, bench.csv, queues.csv, slow.csv, lines.csv, clock.csv,
        bench.json, *.dat for the pictures
"""
import collections
import csv
import json
import os
import statistics
import sys

import lines as moved_lines
from symbols import AREAS, area, counted, marks, results

PAIRS = ("guest", "dom0", "intree", "intree-none", "intree-mapped", "tuned", "tuned-cache", "tuned-none",
         "ours-shared", "ours", "ours-none", "ours-mapped")

WHERE_JOBS = ("4k-randread-d1", "4k-randread-d32", "64k-read-d8", "1m-read-d8", "1m-write-d8", "mem-1m-write-d8")

COLUMNS = ("insns_per_io", "ratio_vs_default", "ratio_vs_tuned", "clock_insns_per_io",
           "guest_kernel", "guest_user", "xen_guest", "xen_dom0", "dom0_kernel", "dom0_user",
           "requests", "guest_notifies", "dom0_notifies", "guest_hypercalls", "dom0_hypercalls",
           "grant_hypercalls", "grants_mapped", "grants_unmapped", "grants_copied", "switches_guest",
           "bytes_copied_guest", "bytes_copied_xen")


def rounded(n):
    return None if n is None else round(n, 0 if n >= 1000 else 3)


def per_job(count, values):
    """One row: the cost of a job of a pair, for each I/O."""
    row = {"clock_insns_per_io": 1e9 / values["iops"], "insns_per_io": count.total() / count.ios}
    for name, where in zip(COLUMNS[4:10], AREAS):
        row[name] = count.areas[where] / count.ios
    row.update(count.operations())
    if count.pair in ("guest", "dom0"):
        row["requests"] = None  # there is no ring
    return row


def add_ratios(rows):
    for (pair, job), row in rows.items():
        for other, name in (("intree", "ratio_vs_default"), ("tuned", "ratio_vs_tuned")):
            base = rows.get((other, job))
            row[name] = base["insns_per_io"] / row["insns_per_io"] if base else None


def text(n, digits=3):
    return "-" if n is None else "%.0f" % n if n >= 1000 else "%.*f" % (digits, n)


def order(rows):
    """All (pair, job), in the order of the jobs."""
    jobs = list(dict.fromkeys(job for _, job in rows))
    return [(pair, job) for job in jobs for pair in PAIRS if (pair, job) in rows]


def write_lines(f, rows):
    for pair, job in order(rows):
        row = rows[pair, job]
        print("bench", job, pair, " ".join("%s %s" % (c, text(row.get(c))) for c in COLUMNS), file=f)


def write_csv(path, names, rows):
    with open(path, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(names)
        w.writerows(rows)


def table(f, title, rows, column, scale=1, digits=1):
    """A row for each job, a column for each pair."""
    pairs = [p for p in PAIRS if any(pair == p for pair, _ in rows)]
    print("\n%s\n\n%-22s" % (title, "job") + "".join("%13s" % p for p in pairs), file=f)
    for job in dict.fromkeys(job for _, job in order(rows)):
        cells = []
        for p in pairs:
            n = rows.get((p, job), {}).get(column)
            cells.append("-" if n is None else "%.*f" % (digits, n / scale))
        print("%-22s" % job + "".join("%13s" % c for c in cells), file=f)


TABLES = (
    ("Instructions per I/O, thousands", "insns_per_io", 1000, 1),
    ("The same, times fewer than the distribution's pair as it comes", "ratio_vs_default", 1, 2),
    ("Times fewer than the tuned one", "ratio_vs_tuned", 1, 2),
    ("Ring requests per I/O", "requests", 1, 3),
    ("Notifications of the guest per I/O", "guest_notifies", 1, 3),
    ("Notifications of dom0 per I/O", "dom0_notifies", 1, 3),
    ("Hypercalls of the guest per I/O", "guest_hypercalls", 1, 2),
    ("Hypercalls of dom0 per I/O", "dom0_hypercalls", 1, 2),
    ("of these for grants", "grant_hypercalls", 1, 3),
    ("Grants mapped per I/O", "grants_mapped", 1, 2),
    ("Grants unmapped per I/O", "grants_unmapped", 1, 2),
    ("Grants copied per I/O", "grants_copied", 1, 2),
    ("Switches between tasks in the guest per I/O", "switches_guest", 1, 2),
    ("KiB copied in the guest's kernel per I/O", "bytes_copied_guest", 1024, 2),
    ("KiB copied in Xen per I/O", "bytes_copied_xen", 1024, 2),
)


def totals(f, path):
    """The drivers' own counts over all jobs of a pair, including their unmeasured starts."""
    sums = collections.defaultdict(collections.Counter)
    with open(path) as lines:
        for line in lines:
            pair, *rest = line.split()
            sums[pair].update({k: int(v) for k, v in (x.split("=") for x in rest)})
    if sums:
        print("\nThe drivers' own counts over all jobs, including their unmeasured starts, per I/O\n", file=f)
    for pair in (p for p in PAIRS if p in sums):
        ios = sums[pair].pop("ios")
        print("%-14s %d I/Os: %s" % (pair, ios, ", ".join(
            "%s %s" % (k, text(v / ios)) for k, v in sorted(sums[pair].items()))), file=f)


QUEUES = ("insns_per_io", "busiest_dom0", "busiest_guest", "bound_vs_one_queue", "bound_vs_default")


def queue_rows(lines, counts):
    """Instructions of each side's busiest CPU for an I/O. CPUs 0 to 3 are dom0's."""
    rows = {}
    all_marks = list(marks(counts))
    for pair, job, values in results(lines):
        cpus = collections.Counter()
        for cpu, _, insns, times in all_marks[int(values["mark"])]:
            cpus[cpu] += insns * times / values["ios"]
        rows[pair, job] = {"insns_per_io": sum(cpus.values()),
                           "busiest_dom0": max(cpus[c] for c in range(4)),
                           "busiest_guest": max(cpus[c] for c in range(4, 8))}

    for (pair, job), row in rows.items():
        for name, other in (("bound_vs_one_queue", (pair, one_queue(job))), ("bound_vs_default", ("intree", job))):
            row[name] = busiest(rows[other]) / busiest(row) if other in rows else None
    return rows


def busiest(row):
    return max(row["busiest_dom0"], row["busiest_guest"])


def one_queue(job):
    return job.rsplit("-q", 1)[0] + "-q1"


def queue_report(f, rows):
    print("\n\nQueues, 4 CPUs for each side: thousand instructions per I/O of all CPUs, of dom0's busiest and"
          "\nthe guest's; what that bounds I/Os per second to if all ran at once, one queue = 1; and the"
          "\ndistribution's pair with as many = 1\n", file=f)
    for pair, job in order(rows):
        r = rows[pair, job]
        print("%-26s %-8s %8.1f %8.1f %8.1f %8s %8s" % (
            job, pair, r["insns_per_io"] / 1000, r["busiest_dom0"] / 1000, r["busiest_guest"] / 1000,
            text(r["bound_vs_one_queue"], 2), text(r["bound_vs_default"], 2)), file=f)


SLOW = ("insns_per_io", "ratio_vs_default", "ratio_vs_tuned", "guest_insns", "dom0_insns", "p50_us", "p99_us")


def slow_rows(lines, counts):
    """Instructions of each side for an I/O, Xen's on its CPU included, and latencies."""
    rows, nothing = {}, {}
    for (pair, job, values), blocks in zip(results(lines), marks(counts)):
        sides = collections.Counter()
        for cpu, address, insns, times in blocks:
            sides["guest" if "guest" in area(cpu, address) else "dom0"] += insns * times
        if job == "nothing":
            nothing[pair] = sides
            continue
        sides.subtract(nothing[pair])
        rows[pair, job] = {"insns_per_io": sum(sides.values()) / values["ios"],
                           "guest_insns": sides["guest"] / values["ios"],
                           "dom0_insns": sides["dom0"] / values["ios"],
                           "p50_us": values["p50"] / 1000, "p99_us": values["p99"] / 1000}
    add_ratios(rows)
    return rows


def slow_report(f, rows):
    print("\n\nDisks that answer after 20, 100 and 1000 us: thousand instructions per I/O, of the guest and"
          "\nof dom0; times fewer than the distribution's pair; latencies in us, one instruction = 1 ns\n", file=f)
    print("%-24s %-8s %8s %8s %8s %8s %10s %10s" % ("job", "", "all", "guest", "dom0", "ratio", "p50", "p99"), file=f)
    for pair, job in order(rows):
        r = rows[pair, job]
        print("%-24s %-8s %8.1f %8.1f %8.1f %8s %10.1f %10.1f" % (
            job, pair, r["insns_per_io"] / 1000, r["guest_insns"] / 1000, r["dom0_insns"] / 1000,
            text(r["ratio_vs_default"], 2), r["p50_us"], r["p99_us"]), file=f)


def clock_rows(path):
    """Medians and spread over the rounds, and ratios within each round."""
    rounds = collections.defaultdict(dict)
    for pair, job, v in results(path):
        rounds[pair, job][v["round"]] = v
    for (pair, job), mine in rounds.items():
        base = rounds.get(("intree", job), {})
        ratios = [v["iops"] / base[r]["iops"] for r, v in mine.items() if r in base]
        ios = sum(v["ios"] for v in mine.values())
        row = {"rounds": len(mine), "iops": statistics.median(v["iops"] for v in mine.values())}
        if ratios:
            row.update(ratio_vs_default=statistics.median(ratios),
                       ratio_min=min(ratios), ratio_max=max(ratios))
        if pair != "dom0":
            for name in ("requests", "back_irqs", "front_irqs"):
                row[name] = sum(v[name] for v in mine.values()) / ios
        yield (pair, job), row


CLOCK = ("rounds", "iops", "ratio_vs_default", "ratio_min", "ratio_max", "requests", "back_irqs", "front_irqs")


def clock_report(f, rows):
    pairs_rows = {k: r for k, r in rows.items() if "-q" not in k[1]}
    print("\n\nBy the plain clock, ratios of I/Os per second to the distribution's pair in the same round:"
          "\nmedian (least, most); and notifications per I/O, to dom0 and back\n", file=f)
    for pair, job in order(pairs_rows):
        r = rows[pair, job]
        print("%-22s %-8s %6s (%s, %s)   %8s %8s" % (
            job, pair, text(r.get("ratio_vs_default"), 2), text(r.get("ratio_min"), 2),
            text(r.get("ratio_max"), 2), text(r.get("back_irqs")), text(r.get("front_irqs"))), file=f)
    queues = {k: r for k, r in rows.items() if "-q" in k[1]}
    if queues:
        print("\nQueues, 4 CPUs for each side: I/Os per second, one queue of the same pair = 1\n", file=f)
    for pair, job in order(queues):
        one = queues.get((pair, one_queue(job)))
        if one:
            print("%-26s %-8s %6.2f" % (job, pair, queues[pair, job]["iops"] / one["iops"]), file=f)


def main():
    out = sys.argv[1]

    def path(name):
        return os.path.join(out, name)

    rows, queues, slow, clock, about = {}, {}, {}, {}, {}
    if os.path.exists(path("results")):
        for count, (pair, job, values) in counted(path("logs"), path("results"), path("counts"), path("modules")):
            rows[pair, job] = per_job(count, values)
        add_ratios(rows)
    if os.path.exists(path("queues")):
        queues = queue_rows(path("queues"), path("counts-queues"))
    if os.path.exists(path("slow")):
        slow = slow_rows(path("slow"), path("counts-slow"))
    jobs = moved_lines.read(out)
    moved = moved_lines.rows_of(jobs)
    if os.path.exists(path("clock")):
        clock = dict(clock_rows(path("clock")))
    if os.path.exists(path("about")):
        with open(path("about")) as f:
            about = dict(line.rstrip("\n").split("=", 1) for line in f)

    with open(path("lines"), "w") as f:
        write_lines(f, rows)
    with open(path("table"), "w") as f:
        for title, column, scale, digits in TABLES:
            if any(r.get(column) is not None for r in rows.values()):
                table(f, title, rows, column, scale, digits)
        if os.path.exists(path("totals")):
            totals(f, path("totals"))
        if queues:
            queue_report(f, queues)
        if slow:
            slow_report(f, slow)
        if moved:
            moved_lines.report(f, moved, order(moved))
        if clock:
            clock_report(f, clock)
    with open(path("line-functions"), "w") as f:
        moved_lines.write_functions(f, jobs, order(moved))
    write_csv(path("bench.csv"), ("job", "pair") + COLUMNS,
              [[job, pair] + [rounded(rows[pair, job].get(c)) for c in COLUMNS] for pair, job in order(rows)])
    write_csv(path("queues.csv"), ("job", "pair") + QUEUES,
              [[job, pair] + [rounded(queues[pair, job].get(c)) for c in QUEUES] for pair, job in order(queues)])
    write_csv(path("slow.csv"), ("job", "pair") + SLOW,
              [[job, pair] + [rounded(slow[pair, job].get(c)) for c in SLOW] for pair, job in order(slow)])
    write_csv(path("lines.csv"), ("job", "pair") + moved_lines.COLUMNS,
              [[job, pair] + [rounded(moved[pair, job].get(c)) for c in moved_lines.COLUMNS]
               for pair, job in order(moved)])
    write_csv(path("clock.csv"), ("job", "pair") + CLOCK,
              [[job, pair] + [rounded(clock[pair, job].get(c)) for c in CLOCK] for pair, job in order(clock)])
    with open(path("bench.json"), "w") as f:
        json.dump({"about": about,
                   "counted": [{"job": j, "pair": p, **rows[p, j]} for p, j in order(rows)],
                   "queues": [{"job": j, "pair": p, **queues[p, j]} for p, j in order(queues)],
                   "slow": [{"job": j, "pair": p, **slow[p, j]} for p, j in order(slow)],
                   "lines": [{"job": j, "pair": p, **moved[p, j]} for p, j in order(moved)],
                   "clock": [{"job": j, "pair": p, **clock[p, j]} for p, j in order(clock)]}, f, indent=1)
        f.write("\n")
    write_pictures(out, rows, queues, slow, clock)
    moved_lines.write_picture(out, moved, order(moved))


def write_pictures(out, rows, queues, slow, clock):
    """Write the data of pictures.sh."""
    with open(os.path.join(out, "ratio.dat"), "w") as f:
        for job in dict.fromkeys(job for _, job in order(rows)):
            print(job, *(text(rows.get((p, job), {}).get("ratio_vs_default")).replace("-", "NaN")
                         for p in ("intree", "tuned", "ours")), file=f)

    # A bar for each pair, a gap after each job, the job's name under the middle of its bars.
    x = 0
    with open(os.path.join(out, "where.dat"), "w") as f, open(os.path.join(out, "where.labels"), "w") as labels:
        for job in WHERE_JOBS:
            base = rows.get(("intree", job))
            pairs = [p for p in PAIRS if (p, job) in rows and "guest_kernel" in rows[p, job]]
            if not base or not pairs:
                continue
            for p in pairs:
                print(p, *("%.4f" % (rows[p, job][c] / base["insns_per_io"]) for c in COLUMNS[4:10]), file=f)
            print('""', *["NaN"] * 6, file=f)
            print('set label "%s\\n%.0f k in-tree" at %.1f, graph -0.16 center' % (
                job, base["insns_per_io"] / 1000, x + (len(pairs) - 1) / 2), file=labels)
            x += len(pairs) + 1

    with open(os.path.join(out, "queues.dat"), "w") as f:
        for job in dict.fromkeys(job for _, job in order(queues)):
            base = queues.get(("intree", one_queue(job)))
            if base:
                print(job, *(text(busiest(base) / busiest(queues[p, job]) if (p, job) in queues else None, 3).replace(
                    "-", "NaN") for p in ("intree", "ours")), file=f)

    with open(os.path.join(out, "slow.dat"), "w") as f:
        for job in dict.fromkeys(job for _, job in order(slow)):
            base = slow.get(("intree", job))
            if base:
                print(job, *(text(slow[p, job]["insns_per_io"] / base["insns_per_io"] if (p, job) in slow else None, 3
                                  ).replace("-", "NaN") for p in ("intree", "tuned", "ours")), file=f)

    with open(os.path.join(out, "clock.dat"), "w") as f:
        for job in dict.fromkeys(job for _, job in order(clock)):
            if "-q" in job:
                continue
            print(job, *("%s %s %s" % tuple(text(clock.get((p, job), {}).get(c)).replace("-", "NaN") for c in
                                            ("ratio_vs_default", "ratio_min", "ratio_max"))
                         for p in ("tuned", "ours")), file=f)


if __name__ == "__main__":
    main()
