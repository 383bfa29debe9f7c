# SPDX-License-Identifier: GPL-2.0
"""The counts of insn_count.c by CPU, by side and by function.

dom0 has CPU 0 for itself and the guest CPU 1; Xen runs on both. In a PV
domain the address tells what runs: programs below, Xen, the kernel above.
"""
import bisect
import collections
import os
import subprocess

AREAS = ("guest kernel", "guest user", "Xen, guest's CPU",
         "Xen, dom0's CPU", "dom0 kernel", "dom0 user")


def area(cpu, address):
    side = "guest" if cpu else "dom0"
    if address < 1 << 47:
        return side + " user"
    if address < 0xffff880000000000:
        return "Xen, %s's CPU" % side
    return side + " kernel"


class Table:
    """Functions by address."""

    def __init__(self, symbols):
        symbols = sorted(set(symbols))
        self.starts = [s[0] for s in symbols]
        self.names = [s[1] for s in symbols]

    def find(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        return (self.names[i], self.starts[i]) if i >= 0 else ("?", 0)


def listed(path, modules):
    """(address, name) of functions in a file as /proc/kallsyms is."""
    with open(path) as f:
        for line in f:
            w = line.split()
            if w[1] in "tTwW" and (modules or len(w) == 3):
                yield int(w[0], 16), w[2] + (" " + w[3] if len(w) > 3 else "")


def of_module(ko, module, sections):
    """(address, name) of a module's functions, from its file and its sections' places."""
    out = subprocess.run(["nm", "--format=sysv", ko], capture_output=True, text=True, check=True)
    for line in out.stdout.splitlines():
        w = [x.strip() for x in line.split("|")]
        if len(w) == 7 and w[2] in ("t", "T") and w[6] in sections:
            yield sections[w[6]] + int(w[1], 16), "%s [%s]" % (w[0], module)


class Symbols:
    """All names of a run whose files are in a directory."""

    def __init__(self, logs, modules):
        # xensyms has only functions; the names of static ones include their file.
        self.xen = Table(listed(os.path.join(logs, "xensyms.log"), True))
        self.kallsyms = os.path.join(logs, "kallsyms.log")
        self.modules = modules
        self.kernels = {}
        self.sections = collections.defaultdict(dict)
        with open(os.path.join(logs, "sections.log")) as f:
            for line in f:
                pair, side, module, section, address = line.split()
                self.sections[pair, side, module][section] = int(address, 16)

    def ko(self, pair, module):
        maker = "ours" if pair.startswith("ours") else "intree"
        name = module if module == "null_blk" else module.replace("_", "-")
        return os.path.join(self.modules, maker, name + ".ko")

    def kernel(self, pair, side):
        if (pair, side) not in self.kernels:
            # The memory of another pair's modules may have been reused.
            names = [s for s in listed(self.kallsyms, side == "dom0")
                     if not s[1].endswith("[xen_blkback]")]
            for (p, s, module), sections in self.sections.items():
                if (p, s) == (pair, side):
                    names += of_module(self.ko(pair, module), module, sections)
            self.kernels[pair, side] = Table(names)
        return self.kernels[pair, side]

    def find(self, pair, where, address):
        if where.endswith("user"):
            return ("(programs)", 0)
        if where.startswith("Xen"):
            return self.xen.find(address)
        return self.kernel(pair, where.split()[0]).find(address)


def marks(path):
    """Of each pair of marks a list of (cpu, address, instructions, times)."""
    blocks = None
    with open(path) as f:
        for line in f:
            w = line.split()
            if w[0] == "mark":
                if blocks is not None:
                    yield blocks
                blocks = []
            else:
                blocks.append((int(w[0]), int(w[1], 16), int(w[2]), int(w[3])))
    if blocks is not None:
        yield blocks


def results(path):
    """The lines of the counted run: (pair, job, {name: value})."""
    with open(path) as f:
        for line in f:
            pair, job, *rest = line.split()
            yield pair, job, {k: float(v) for k, v in (x.split("=") for x in rest)}


# Entries of Xen's table of hypercalls that a PV machine uses.
HYPERCALLS = frozenset("do_" + n for n in (
    "mmu_update mmuext_op update_va_mapping multicall iret set_segment_base stack_switch fpu_taskswitch "
    "sched_op event_channel_op grant_table_op memory_op set_timer_op vcpu_op vm_assist xen_version "
    "console_io physdev_op update_descriptor set_debugreg get_debugreg set_trap_table set_gdt "
    "set_callbacks platform_op hvm_op sysctl domctl").split())


class Count:
    """One job of one pair: instructions by area and function, calls by function."""

    def __init__(self, symbols, pair, job, ios, blocks):
        self.pair, self.job, self.ios = pair, job, ios
        self.areas = dict.fromkeys(AREAS, 0)
        self.functions = collections.defaultdict(collections.Counter)
        self.calls = collections.defaultdict(collections.Counter)
        self.copied = collections.Counter()
        repeated = {}
        for cpu, address, insns, times in blocks:
            where = area(cpu, address)
            name, start = symbols.find(pair, where, address)
            self.areas[where] += insns * times
            self.functions[where][name] += insns * times
            if address == start:
                self.calls[where][name] += times
            if name == "memcpy" and insns == 1:
                # The lowest is rep movsq, which runs once for each 8 bytes.
                repeated[where] = min(repeated.get(where, (address, times)), (address, times))
            elif name.startswith("blkfront_") and insns == 1 and times >= 64 * ios:
                # The same, inlined: no other single instruction runs as often.
                self.copied[where] += 8 * times
        for where, (_, times) in repeated.items():
            self.copied[where] += 8 * times

    def less(self, other):
        """Without what the marks themselves cost."""
        for mine, its in ((self.areas, other.areas), (self.copied, other.copied)):
            for k in mine:
                mine[k] = max(0, mine[k] - its[k])
        for mine, its in ((self.functions, other.functions), (self.calls, other.calls)):
            for where in mine:
                mine[where].subtract(its[where])

    def total(self):
        return sum(self.areas.values())

    def called(self, where, *names):
        """Calls of functions, whatever file or clone they are of, per I/O."""
        return max(0, sum(n for f, n in self.calls[where].items()
                          if f.split("#")[-1].split(".")[0] in names)) / self.ios

    def operations(self):
        """What an I/O takes besides instructions."""
        guest, dom0 = "Xen, guest's CPU", "Xen, dom0's CPU"
        return {
            "requests": self.called("guest kernel", "blk_mq_start_request"),
            "guest_notifies": self.called(guest, "evtchn_send"),
            "dom0_notifies": self.called(dom0, "evtchn_send"),
            "guest_hypercalls": self.called(guest, *HYPERCALLS),
            "dom0_hypercalls": self.called(dom0, *HYPERCALLS),
            "grant_hypercalls": self.called(dom0, "do_grant_table_op"),
            "grants_mapped": self.called(dom0, "create_grant_pv_mapping"),
            "grants_unmapped": self.called(dom0, "replace_grant_pv_mapping"),
            "grants_copied": self.called(dom0, "acquire_grant_for_copy"),
            "switches_guest": self.called("guest kernel", "__switch_to"),
            "bytes_copied_guest": self.copied["guest kernel"] / self.ios,
            "bytes_copied_xen": self.copied[dom0] / self.ios,
        }


def counted(logs, lines, counts, modules):
    """Each job's Count, and its line of the results."""
    symbols = Symbols(logs, modules)
    all_marks = marks(counts)
    nothing = {}
    for pair, job, values in results(lines):
        count = Count(symbols, pair, job, values["ios"], next(all_marks))
        if job == "nothing":
            nothing[pair] = count
            continue
        count.less(nothing[pair])
        yield count, (pair, job, values)
