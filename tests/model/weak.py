#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Check litmus tests for a CPU that orders memory weakly, with Spin.

A test has the format of the kernel's tools/memory-model.  All executions that
ARM allows are searched: a store may stay in the store buffer of its CPU, and
the buffer drains in any order; a load may be early, even before a branch in
front of it is decided, and may take its value from the buffer.  The only order
within a thread is
  - that of accesses to one variable, except that a load need not wait for an
    earlier store, whose value it then has
  - from a load to a store whose value or execution depends on it
  - that of barriers.  A release is not ordered before a later acquire.
A store that has left the buffer is visible to all CPUs at the same time.

The search is repeated with planted faults, every combination of them: a release
or acquire becomes a plain access, a full barrier is left out.  Without any
barrier the result must change, or without it and others that only together make
up for it.  If it does not, the comment of the test has to say so, as in
'Spare: P0.2 REASON' for the second barrier of the first thread.

The comment also has the result ('Result: Never') and, for each thread, the
functions that it models, with their accesses and barriers in the order of the
source: 'P0 FUNCTION: PRIMITIVE...'.  These are compared with the source, and
their barriers with those of the thread.  'P0 kernel:' has barriers that are not
in the drivers.  Tests with 'Result: Sometimes' model nothing, but show that the
search finds what ARM allows.

usage: weak.py TOP DIR TEST...      DIR receives a directory for each test
"""

import re
import subprocess
import sys
from pathlib import Path

# What a planted fault changes, and in the source the barrier of the same kind.
BARRIERS = {
    "smp_store_release": "release",
    "virt_store_release": "release",
    "smp_load_acquire": "acquire",
    "virt_load_acquire": "acquire",
    "smp_mb": "mb",
    "virt_mb": "mb",
    "smp_wmb": "wmb",
    "smp_rmb": "rmb",
    "xchg": "xchg",
    "cmpxchg": "cmpxchg",
    "atomic_set_release": "release",
    "atomic_read_acquire": "acquire",
}

PRIMITIVE = re.compile(
    r"\b((?:READ|WRITE)_ONCE|(?:virt|smp|atomic)_\w+|xchg|cmpxchg|memcpy|set_bit"
    r"|blkif_(?:cmd|rsp)_encode|blkfront_(?:revoke|want_update|log_revoked)"
    r"|blkif_(?:front|back)_(?!shared)\w+|blkfront_write_slot|notify_remote_via_irq|xen_irq_lateeoi|wake_up"
    r"|blkif_(?:sep|front_shared|back_shared|shared_copy)_\w+)\s*\("
    r"|\b(slot->[\w\[\]]+|tag->\w+|req->cmd\.id)\s*=[^=]"
)
# How a test models what is no barrier; anything else is left out.
ACCESS = re.compile(
    r"(?P<R>READ_ONCE|atomic_read|blkif_shared_copy_)"
    r"|(?P<W>WRITE_ONCE|atomic_inc|set_bit|.*(?:->|_encode$))"
)
EXPANDED = ("separate.h", "shared.h")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
LITMUS_COMMENT = re.compile(r"\(\*\s(.*?)\*\)|//[^\n]*", re.S)
# FUNCTION_32 is the function on a machine of 32 bits.
WORDS = re.compile(r"#if BITS_PER_LONG == 64\n(.*?)#else\n(.*?)#endif\n", re.S)
FUNCTION = re.compile(r"^(?:[a-z][^;{}()#=]*?[\s*])(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", re.S | re.M)


class Fault(Exception):
    """The test or the source is not as it must be."""


def squeeze(kinds):
    """Without repetitions of an access: a slot of several words is one variable."""
    return [kind for index, kind in enumerate(kinds) if kind not in kinds[index - 1 : index] or kind not in "RW"]


def modelled_by(primitives):
    """The accesses and barriers of a thread that models these primitives."""
    kinds = []
    for word in primitives:
        match = ACCESS.match(word)
        if word in BARRIERS:
            kinds.append(BARRIERS[word])
        elif match:
            kinds.append(match.lastgroup)
    return squeeze(kinds)


class Sources:
    """The functions of the drivers."""

    def __init__(self, top):
        self.body = {}
        self.expanded = set()
        self.modelled = set()
        for path in sorted((top / "drivers").rglob("*.[ch]")):
            text = COMMENT.sub("", path.read_text())
            for name, body in FUNCTION.findall(text):
                self.body.setdefault(name, WORDS.sub(r"\1", body))
                if WORDS.search(body):
                    self.body[name + "_32"] = WORDS.sub(r"\2", body)
                if path.name in EXPANDED:
                    self.expanded.add(name)

    def primitives(self, name):
        """The accesses and barriers of a function, in the order of the source."""
        if name not in self.body:
            raise Fault(f"there is no function {name}()")
        self.modelled.add(name)
        found = []
        for call, store in PRIMITIVE.findall(self.body[name]):
            if not call:
                found.append(store)
            elif name not in self.expanded or call not in self.expanded or "shared_copy" in call:
                found.append(call)
            else:
                found += self.primitives(call)
        return found

    def uncovered(self):
        """The functions of the ring headers whose barriers no test models."""
        barrier = re.compile(r"\b(?:virt|smp)_\w+\s*\(")
        return sorted(name for name in self.expanded - self.modelled if barrier.search(self.body[name]))


class Event:
    """An access or a barrier of a thread."""

    def __init__(self, kind, guard, var=None, reg=None, value=None, barrier=None):
        self.kind = kind  # R, W, X (both), F (no access)
        self.guard = guard  # conditions of registers
        self.var, self.reg, self.value = var, reg, value
        self.barrier = barrier  # release, acquire, mb, ...
        self.number = None  # of the barrier, in the test
        self.done = None  # variable of the model

    def needs(self):
        """The registers that its value depends on."""
        return set(re.findall(r"\br\w+", self.value or ""))

    def branches(self):
        return set(re.findall(r"\br\w+", " ".join(self.guard)))


STATEMENTS = (
    (r"int \w+(?:, \w+)*;", None),
    (r"(\w+) = READ_ONCE\(\*(\w+)\);", lambda m, g: Event("R", g, m[2], m[1])),
    (r"(\w+) = smp_load_acquire\((\w+)\);", lambda m, g: Event("R", g, m[2], m[1], barrier="acquire")),
    (r"WRITE_ONCE\(\*(\w+), ([^;]+)\);", lambda m, g: Event("W", g, m[1], value=m[2])),
    (r"smp_store_release\((\w+), ([^;]+)\);", lambda m, g: Event("W", g, m[1], value=m[2], barrier="release")),
    (r"smp_(mb|wmb|rmb)\(\);", lambda m, g: Event("F", g, barrier=m[1])),
    (r"(\w+) = xchg\((\w+), ([^;]+)\);", lambda m, g: Event("X", g, m[2], m[1], m[3], "xchg")),
    (
        r"(\w+) = cmpxchg\((\w+), (\w+), (\w+)\);",
        lambda m, g: Event("X", g, m[2], m[1], f"{m[4]} if {m[3]}", "cmpxchg"),
    ),
)


def parse_thread(text):
    """The events of a thread.  Nothing may follow an 'if' but its own block."""
    events, guard, closed = [], [], False
    text = " ".join(text.split())
    while text:
        match = re.match(r"if \((.*?)\) \{ ?|\} ?", text)
        if match:
            closed = closed or match[1] is None
            if match[1]:
                guard = guard + [match[1]]
        else:
            for pattern, make in STATEMENTS:
                match = re.match(pattern + " ?", text)
                if match:
                    break
            else:
                raise Fault(f"cannot parse '{text[:40]}'")
            if make:
                if closed or (events and events[-1].barrier == "cmpxchg"):
                    raise Fault(f"'{match[0]}' follows a block or a cmpxchg")
                events.append(make(match, guard))
        text = text[match.end() :]
    return events


class Test:
    """A litmus test."""

    def __init__(self, path):
        self.name = path.stem
        text = path.read_text()
        comment = re.search(r"\(\*\n(.*?)\*\)", text, re.S)[1]
        self.comment = re.sub(r"^ \* ?", "", comment, flags=re.M)
        text = LITMUS_COMMENT.sub("", text)
        self.init = dict(re.findall(r"(\w+) = (\d+);", re.search(r"\{(.*?)\}", text, re.S)[1]))
        bodies = re.findall(r"^P\d\([^)]*\) *\n\{\n(.*?)^\}", text, re.S | re.M)
        self.threads = [parse_thread(body) for body in bodies]
        self.exists = re.search(r"^exists \((.*?)\)\s*$", text, re.S | re.M)[1]
        self.barriers = []
        for number, thread in enumerate(self.threads):
            mine = [event for event in thread if event.barrier]
            for index, event in enumerate(mine):
                event.number = len(self.barriers)
                self.barriers.append((f"P{number}.{index + 1}", event.barrier))
            for index, event in enumerate(thread):
                event.done = f"done_{number}_{index}"

    def never(self):
        return re.search(r"^Result: (\w+)", self.comment, re.M)[1] == "Never"

    def spare(self):
        return set(re.findall(r"^Spare: (P\d\.\d)", self.comment, re.M))

    def compare(self, sources):
        """Compare the lists of the comment with the source and the threads."""
        listed = re.findall(r"^P(\d) (\w+): ((?:.|\n(?=  ))*)", self.comment, re.M)
        for number, thread in enumerate(self.threads):
            expected = []
            for which, function, words in listed:
                if int(which) != number:
                    continue
                found = words.split() if function == "kernel" else sources.primitives(function)
                if words.split() != found:
                    listed_as = " ".join(words.split())
                    raise Fault(f"{function}() is listed as '{listed_as}' but is '{' '.join(found)}'")
                expected += modelled_by(found)
            expected = squeeze(expected)
            kinds = squeeze([event.barrier or event.kind for event in thread])
            rest = iter(kinds)
            barriers = [[kind for kind in either if kind not in "RW"] for either in (kinds, expected)]
            # A thread may have more accesses, but none less.
            if barriers[0] != barriers[1] or not all(kind in rest for kind in expected):
                raise Fault(f"P{number} is {' '.join(kinds)}, the functions are {' '.join(expected)}")


def barrier_orders(first, second):
    """The numbers of the barriers that order two events of a thread directly."""
    reasons = set()
    if first.barrier in ("acquire", "mb", "wmb", "rmb", "xchg", "cmpxchg"):
        reasons.add(first.number)
    if second.barrier in ("release", "mb", "wmb", "rmb", "xchg", "cmpxchg"):
        reasons.add(second.number)
    for fence, other in ((first, second), (second, first)):
        useless = {"wmb": "R", "rmb": "W"}.get(fence.barrier)
        if useless and other.kind == useless:
            reasons.discard(fence.number)
    return reasons


def always_ordered(first, second):
    """Are two events of a thread ordered without a barrier?"""
    if first.reg and first.reg in second.needs():
        return True
    if first.reg and first.reg in second.branches() and second.kind != "R":
        return True
    if not first.var or first.var != second.var:
        return False
    return not (first.kind == "W" and second.kind == "R")


class Model:
    """The Promela of a test."""

    def __init__(self, test):
        self.test = test
        self.lines = []

    def register(self, number, reg):
        return f"p{number}_{reg}"

    def registers(self, number, text):
        return re.sub(r"\b(r\w+)", lambda m: self.register(number, m[1]), text)

    def condition(self, number, event):
        return " && ".join(f"({self.registers(number, guard)})" for guard in event.guard)

    def waits(self, thread, index):
        """What must be done before an event is."""
        second, waits = thread[index], []
        for first in thread[:index]:
            reasons = barrier_orders(first, second)
            bits = sum(1 << number for number in reasons)
            if always_ordered(first, second):
                waits.append(first.done)
            elif bits:
                waits.append(f"({first.done} || (fault & {bits}) == {bits})")
        return waits

    def load(self, number, thread, index):
        """Options of a load: from memory, or from the newest store buffered."""
        event = thread[index]
        reg = self.register(number, event.reg)
        stores = [e for e in thread[:index] if e.kind == "W" and e.var == event.var]
        memory = [store.done for store in stores]
        yield memory, f"{reg} = {event.var}"
        if stores:
            newest = stores[-1]
            known = [e.done for e in thread[:index] if e.reg in newest.needs()]
            yield [f"!{newest.done}"] + known, f"{reg} = {self.registers(number, newest.value)}"

    def options(self, number, thread, index):
        """(conditions, action) of each way to perform an event."""
        event = thread[index]
        waits = self.waits(thread, index)
        if event.kind == "R":
            for more, action in self.load(number, thread, index):
                yield waits + more, action
            return
        condition = self.condition(number, event)
        known = [e.done for e in thread[:index] if e.reg in event.branches()]
        if condition:
            yield known + [f"!({condition})"], "skip"
            waits = waits + known + [condition]
        if event.kind == "F":
            yield waits, "skip"
        elif event.kind == "W":
            yield waits, f"{event.var} = {self.registers(number, event.value)}"
        elif event.barrier == "xchg":
            value = self.registers(number, event.value)
            yield waits, f"{self.register(number, event.reg)} = {event.var}; {event.var} = {value}"
        else:
            new, old = event.value.split(" if ")
            reg = self.register(number, event.reg)
            yield waits + [f"{event.var} == {old}"], f"{reg} = {old}; {event.var} = {new}"
            same = [e.done for e in thread[:index] if e.var == event.var]
            yield same + [f"{event.var} != {old}"], f"{reg} = {event.var}"

    def text(self):
        """The model: events are done in any order that is allowed."""
        test, out = self.test, []
        threads = list(enumerate(test.threads))
        every = [(n, t, i) for n, t in threads for i in range(len(t))]
        for var in sorted({e.var for t in test.threads for e in t if e.var}):
            out.append(f"byte {var} = {test.init.get(var, 0)};")
        registers = {self.register(n, e.reg) for n, t in threads for e in t if e.reg}
        out += [f"byte {reg};" for reg in sorted(registers)]
        out += [f"bool {t[i].done};" for _, t, i in every]
        out += ["int fault;", "init {", "\tdo"]
        out += [f"\t:: fault < {(1 << len(test.barriers)) - 1} -> fault++", "\t:: break", "\tod;", "\tdo"]
        for number, thread, index in every:
            done = thread[index].done
            for conditions, action in self.options(number, thread, index):
                when = " && ".join([f"!{done}"] + conditions)
                out.append(f"\t:: d_step {{ {when} -> {action}; {done} = true }}")
        out += ["\t:: else -> break", "\tod;"]
        out.append(f"\tassert({' && '.join(t[i].done for _, t, i in every)});")
        # A load in a block that is not executed has no effect.
        for number, thread, index in every:
            event = thread[index]
            if event.kind == "R" and event.guard:
                reg = self.register(number, event.reg)
                out.append(f"\tif :: {self.condition(number, event)} :: else -> {reg} = 0 fi;")
        exists = re.sub(r"(\d):(r\w+)", r"p\1_\2", test.exists)
        exists = exists.replace("/\\", "&&").replace("\\/", "||")
        exists = re.sub(r"(?<![=!])=(?!=)", "==", exists)
        out.append("\tif")
        out.append(f"\t:: {exists} -> c_code {{ printf(\"found with %d\\n\", now.fault); }}")
        out.append("\t:: else -> c_code { printf(\"other with %d\\n\", now.fault); }")
        out += ["\tfi", "}", ""]
        return "\n".join(out)


def search(test, directory):
    """Return (faults with which the outcome is found, with which another is)."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "weak.pml").write_text(Model(test).text())
    steps = (
        "(spin -a weak.pml && gcc -w -O0 -DSAFETY -DNOREDUCE -DMEMLIM=500 -o pan pan.c &&"
        " timeout -k 5 300 ./pan -m10000) >log 2>&1"
    )
    failed = subprocess.call(["bash", "-c", steps], cwd=directory)
    log = (directory / "log").read_text()
    if failed or ", errors: 0\n" not in log or re.search(r"not completed|too small", log):
        raise Fault(f"the search failed ({directory / 'log'})")
    found = set(map(int, re.findall(r"^found with (\d+)", log, re.M)))
    other = set(map(int, re.findall(r"^other with (\d+)", log, re.M)))
    return found, other


def bits_of(number):
    return [1 << bit for bit in range(number.bit_length()) if number >> bit & 1]


def judge(test, directory):
    """Search, and return the words of the result; a Fault if it is wrong."""
    found, other = search(test, directory)
    if len(other | found) != 1 << len(test.barriers) or 0 not in other:
        raise Fault("an execution is missing")
    if not test.never():
        if 0 not in found:
            raise Fault("what must be possible was not found")
        return "found, as it must be"
    if 0 in found:
        raise Fault(f"the barriers do not suffice ({directory / 'weak.pml'})")
    needed = 0
    caught = [faults for faults in found if not any(faults & ~bit in found for bit in bits_of(faults))]
    for faults in caught:
        needed |= faults
    for number, (place, barrier) in enumerate(test.barriers):
        if bool(needed >> number & 1) == (place in test.spare()):
            result = "changes" if place in test.spare() else "is the same"
            raise Fault(f"without the {barrier} {place} the result {result}")
    if not caught:
        raise Fault("no planted fault")
    return f"holds, and {len(caught)} planted faults are caught"


def main():
    top, out = Path(sys.argv[1]), Path(sys.argv[2])
    sources = Sources(top)
    failed = False
    for path in map(Path, sys.argv[3:]):
        name = f"model-weak-{path.stem}"
        try:
            test = Test(path)
            if test.never():
                test.compare(sources)
            print(f"ok {name}: {judge(test, out / path.stem)}", flush=True)
        except Fault as fault:
            failed = True
            print(f"not ok {name}: {fault}", flush=True)
    missing = sources.uncovered()
    if missing:
        print(f"not ok model-weak-covered: no test models {', '.join(missing)}")
    else:
        print("ok model-weak-covered: all barriers of the ring headers are modelled")
    return failed or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
