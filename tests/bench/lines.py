# SPDX-License-Identifier: GPL-2.0
"""Cache lines that move between CPUs for an I/O: the counts of line_count.c by class.

What is in a line is told by its frame, where that is known: frames of rings, of granted pages
and of shared info pages (dom0-lines.sh). Otherwise the function tells that accesses the line.
dom0 has the first half of all CPUs, and the guest the other half.
"""
import collections
import os
import re
import sys

from symbols import Symbols, area, results

CLASSES = ("requests", "responses", "event words", "event channels", "grant tables", "XenStore",
           "guest data", "scheduling", "other of Xen", "other of dom0 and guest")
COLUMNS = ("lines_per_io", "ratio_vs_default", "reads", "writes") + tuple(c.replace(" ", "_") for c in CLASSES)

LINE = 64
PAGE = 4096

# Functions by name, without what compilers append, in Xen and in Linux.
FUNCTIONS = (
    ("event channels", re.compile(
        r"_*evtchn_|_*xen_(pv_)?evtchn_|do_event_channel_op|notify_(via_xen|remote)|vcpu_mark_events_pending|"
        r"(mark|send)_.*virq|create_bounce_frame|test_(all|guest)_events|get_evtchn|set_evtchn|"
        r"xen_(irq_(enable|disable|lateeoi)|save_fl|force_evtchn|send_IPI)|_*xen_send_IPI|check_events|"
        r"(handle_irq_for_port|consume_one_event|exc_xen_hypervisor_callback|xen_asm_exc_xen_hypervisor_callback)|"
        r"\w*(dynirq|evtchn_to_irq|irq_from_evtchn|cpu_from_evtchn)")),
    ("grant tables", re.compile(
        r"_*gnttab_|gnt(dev|alloc)_|do_grant_table_op|grant_|_*map_grant_ref|\w*_grant_(pv|p2m)_mapping|\w*maptrack|"
        r"_set_status|unmap_common|get_paged_frame|(acquire|release)_grant_for_copy|nr_grant_entries|"
        r"(shared|active)_entry")),
    ("XenStore", re.compile(r"xs_|xb_|xenbus_|xenwatch_")),
)
XEN_FUNCTIONS = (
    ("scheduling", re.compile(
        r"csched|sched|do_schedule|schedule|vcpu_(wake|unblock|block|kick|sleep|runstate)|\w*runstate|unit_|"
        r"do_(block|poll|sched_op|set_timer_op|softirq)|\w*softirq|\w*tasklet|\w*timer|(add|remove)_(entry|from_heap)|"
        r"(up|down)_heap|idle_loop|default_idle|acpi_processor_idle|mwait_idle|context_switch|__context_switch|"
        r"send_IPI|smp_send_event|burn_credits|runq_|tickle|_*rcu_(?!lock|unlock)|\w*calibration|event_check_interrupt|"
        r"call_function_interrupt|smp_call_function|cpu_quiet|replenish")),
)
# Sources of Xen, which the names of its static functions have.
FILES = (
    ("event channels", re.compile(r"(.*/)?event_(channel|fifo|2l)\.c")),
    ("grant tables", re.compile(r"(.*/)?grant_table\.c")),
    ("scheduling", re.compile(r"(.*/)?(sched/.*|schedule|softirq|tasklet|timer|rcupdate)\.c")),
)
# These access what others have: their lines tell.
HELPERS = re.compile(
    r"_*(raw_)?(spin|read|write|percpu_write)_(try)?(un)?lock|queue(d)?_(spin|read|write)_|native_queued_|_spin_|"
    r"pv_native|__raw_callee|memcpy|memset|memcmp|memmove|clear_page|copy_page|copy_(to|from)_|_*copy_user|rep_movs|"
    r"_*find_(first|next)|_*bitmap_|cpumask|refcount|_*list_|llist|radix_tree|rb_|xas_|xa_load|__xa|"
    r"_*(get|put)_page|get_domain|rcu_(un)?lock|__lookup|hypercall_|lstar_enter|syscall_enter|restore_all_guest|"
    r"_*(test|set|clear|change)_.*bit|sync_|asm_|ret_from_|common_interrupt")


def plain(name):
    """The name of a function without file, module and what the compiler appends; and the file."""
    path, _, rest = name.rpartition("#")
    return rest.split(" ")[0].split(".")[0], path


def of_function(where, name):
    """The class that a function tells, or None if it only accesses what others have."""
    xen = where.startswith("Xen")
    function, path = plain(name)
    if where.endswith("user"):
        return CLASSES[-1]
    for kind, pattern in FUNCTIONS + (XEN_FUNCTIONS if xen else ()):
        if pattern.match(function):
            return kind
    if HELPERS.match(function):
        return None
    for kind, pattern in FILES:
        if path and pattern.fullmatch(path):
            return kind
    return "other of Xen" if xen else "other of dom0 and guest"


def of_frame(frame, address, guest, write):
    """The class of a line in a frame with a known use, or None."""
    kind, page, align = frame
    line = address % PAGE // LINE
    if kind == "ring":
        # All indexes, and with them both event words, are in the first line. A slot has a
        # request first and then its response.
        if page == 0 and line == 0:
            return "event words"
        return "requests" if guest == write else "responses"
    if kind in ("req-ring", "rsp-ring"):
        if page == 0 and line == align // LINE:
            return "event words"
        return "requests" if kind == "req-ring" else "responses"
    return {"data": "guest data", "xenstore": "XenStore", "shared-info": "event channels"}.get(kind)


def read_frames(path):
    """{pair: {frame number: (kind, page of the ring, alignment)}}"""
    frames = collections.defaultdict(dict)
    with open(path) as f:
        for line in f:
            pair, number, kind, *rest = line.split()
            frames[pair][int(number, 16)] = (kind, int(rest[0]) if rest else 0, int(rest[1]) if len(rest) > 1 else LINE)
    return frames


def marks(path):
    """Of each pair of marks a list of (line, instruction, cpu, reads, writes)."""
    moves = None
    with open(path) as f:
        for line in f:
            w = line.split()
            if w[0] == "mark":
                if moves is not None:
                    yield moves
                moves = []
            else:
                moves.append((int(w[0], 16), int(w[1], 16), int(w[2]), int(w[3]), int(w[4])))
    if moves is not None:
        yield moves


def votes(told):
    """The class of each line that functions tell: that of most moves."""
    sums = collections.defaultdict(collections.Counter)
    for line, kind, n in told:
        sums[line][kind] += n
    return {line: c.most_common(1)[0][0] for line, c in sums.items()}


def classify(moves, frames, function_of):
    """(class, where, function, reads, writes) of each move.

    function_of(cpu, address) is a function's place (symbols.AREAS) and name.
    """
    known, unknown = [], []
    for line, insn, cpu, reads, writes in moves:
        where, name = function_of(cpu, insn)
        guest = where.startswith("guest") or "guest's CPU" in where
        frame = frames.get(line // PAGE)
        kinds = [of_frame(frame, line, guest, write) if frame else None for write in (False, True)]
        if kinds[0]:
            known += [(k, where, name, r, w) for k, r, w in ((kinds[0], reads, 0), (kinds[1], 0, writes)) if r + w]
        else:
            unknown.append((line, of_function(where, name), where, name, reads, writes))
    of_line = votes((line, kind, r + w) for line, kind, _, _, r, w in unknown if kind)
    for line, kind, where, name, reads, writes in unknown:
        other = "other of Xen" if where.startswith("Xen") else CLASSES[-1]
        known.append((kind or of_line.get(line, other), where, name, reads, writes))
    return known


class Moves:
    """Lines that move in one job of one pair."""

    def __init__(self, moves):
        self.reads, self.writes = collections.Counter(), collections.Counter()
        self.functions = collections.Counter()
        for kind, where, name, reads, writes in moves:
            self.reads[kind] += reads
            self.writes[kind] += writes
            self.functions[kind, where, name] += reads + writes

    def less(self, other):
        """Without what the marks and the start of fio's threads cost."""
        for mine, its in ((self.reads, other.reads), (self.writes, other.writes), (self.functions, other.functions)):
            for k in mine:
                mine[k] = max(0, mine[k] - its[k])

    def row(self, ios):
        row = {"reads": sum(self.reads.values()) / ios, "writes": sum(self.writes.values()) / ios}
        for kind, column in zip(CLASSES, COLUMNS[4:]):
            row[column] = (self.reads[kind] + self.writes[kind]) / ios
        row["lines_per_io"] = row["reads"] + row["writes"]
        return row


def of_boot(out, queues):
    """{(pair, job): (Moves, I/Os)} of the boot with so many queues."""
    logs = os.path.join(out, "logs-lines-q%d" % queues)
    symbols = Symbols(logs, os.path.join(out, "modules"))
    frames = read_frames(os.path.join(logs, "frames.log"))
    counts = list(marks(os.path.join(out, "counts-lines-q%d" % queues)))
    jobs, nothing = {}, {}
    for pair, job, values in results(os.path.join(out, "lines-q%d" % queues)):
        names = {}

        def function_of(cpu, address, pair=pair, names=names):
            where = area(cpu >= queues, address)
            if (where, address) not in names:
                names[where, address] = symbols.find(pair, where, address)[0]
            return where, names[where, address]

        moves = Moves(classify(counts[int(values["mark"])], frames[pair], function_of))
        if job.startswith("nothing"):
            nothing[pair] = moves
            continue
        moves.less(nothing[pair])
        jobs[pair, job] = moves, values["ios"]
    return jobs


def rows_of(jobs):
    rows = {key: moves.row(ios) for key, (moves, ios) in jobs.items()}
    for (_, job), row in rows.items():
        base = rows.get(("intree", job))
        row["ratio_vs_default"] = base["lines_per_io"] / row["lines_per_io"] if base and row["lines_per_io"] else None
    return rows


def read(out):
    """All boots' jobs, or nothing."""
    jobs = {}
    for queues in range(1, 5):
        needed = ["lines-q%d" % queues, "counts-lines-q%d" % queues]
        needed += [os.path.join("logs-lines-q%d" % queues, f) for f in ("frames.log", "sections.log", "xensyms.log")]
        missing = [f for f in needed if not os.path.exists(os.path.join(out, f))]
        if not missing:
            jobs.update(of_boot(out, queues))
        elif missing[0] != needed[0]:
            print("lines: without", " and ".join(missing), "there are no figures", file=sys.stderr)
    return jobs


def report(f, rows, order):
    print("\n\nCache lines that move between CPUs for an I/O, by what is in them\n", file=f)
    for job in dict.fromkeys(job for _, job in order):
        pairs = [p for p, j in order if j == job]
        print("%-28s" % job + "".join("%14s" % p for p in pairs), file=f)
        for column in ("lines_per_io", "reads", "writes") + COLUMNS[4:]:
            print("    %-24s" % column + "".join("%14.2f" % rows[p, job][column] for p in pairs), file=f)


def write_functions(f, jobs, order, top=12):
    """The functions to which most lines of each class move, for an I/O."""
    for pair, job in order:
        moves, ios = jobs[pair, job]
        print("%s, %s" % (job, pair), file=f)
        for kind in CLASSES:
            mine = [(n, where, name) for (k, where, name), n in moves.functions.items() if k == kind and n]
            print("  %s: %.2f" % (kind, sum(n for n, _, _ in mine) / ios), file=f)
            for n, where, name in sorted(mine, reverse=True)[:top]:
                print("    %-18s %-56s %9.3f" % (where, name, n / ios), file=f)


def write_picture(out, rows, order):
    """A bar for each pair, a gap after each job, the job's name under the middle of its bars.

    Without disks that store data: the data's lines would hide all others.
    """
    x = 0
    with open(os.path.join(out, "lines.dat"), "w") as f, open(os.path.join(out, "lines.labels"), "w") as labels:
        for job in dict.fromkeys(job for _, job in order if not job.startswith("mem-")):
            pairs = [p for p, j in order if j == job]
            for p in pairs:
                print(p, *("%.3f" % rows[p, job][c] for c in COLUMNS[4:]), file=f)
            print('""', *["NaN"] * len(CLASSES), file=f)
            print('set label "%s" at %.1f, graph -0.16 center' % (job, x + (len(pairs) - 1) / 2), file=labels)
            x += len(pairs) + 1
