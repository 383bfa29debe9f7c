# SPDX-License-Identifier: GPL-2.0
"""Tests of the benchmark's classes of cache lines (tests/bench/lines.py)."""

import io
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))
import lines

GUEST, DOM0 = "guest kernel", "dom0 kernel"
RING, REQUESTS, RESPONSES, DATA, UNKNOWN = 0x1000, 0x2000, 0x3000, 0x4000, 0x9000
FRAMES = {1: ("ring", 0, 64), 2: ("req-ring", 0, 64), 3: ("rsp-ring", 0, 64), 4: ("data", 0, 64),
          5: ("ring", 1, 64), 6: ("req-ring", 0, 128), 7: ("xenstore", 0, 64), 8: ("console", 0, 64)}
# Made-up functions by address.
NAMES = {1: (GUEST, "blkfront_queue_rq [xen_blkfront]"), 2: (DOM0, "blkback_queue_pass [xen_blkback]"),
         3: ("Xen, guest's CPU", "evtchn_send"), 4: ("Xen, dom0's CPU", "_spin_lock"),
         5: ("Xen, dom0's CPU", "common/sched/core.c#vcpu_wake"), 6: (DOM0, "memcpy"),
         7: (GUEST, "gnttab_claim_grant_reference"), 8: ("dom0 user", "(programs)"),
         9: ("Xen, guest's CPU", "common/grant_table.c#put_maptrack_handle"),
         10: ("Xen, guest's CPU", "arch/x86/mm.c#_get_page_type")}


def classes(*moves):
    """{class: [reads, writes]} of (line, instruction, reads, writes)."""
    sums = {}
    for kind, _, _, r, w in lines.classify([(line, insn, 0, r, w) for line, insn, r, w in moves], FRAMES,
                                           lambda cpu, address: NAMES[address]):
        sums.setdefault(kind, [0, 0])
        sums[kind][0] += r
        sums[kind][1] += w
    return sums


class Frames(unittest.TestCase):
    def test_shared_ring(self):
        """A slot has requests from the guest and responses from dom0."""
        self.assertEqual(classes((RING + 64, 1, 2, 3), (RING + 64, 2, 5, 7)),
                         {"requests": [5, 3], "responses": [2, 7]})

    def test_indexes(self):
        """The first line of the first page of a shared ring, and of no other."""
        self.assertEqual(classes((RING, 1, 1, 1), (RING, 2, 1, 0)), {"event words": [2, 1]})
        self.assertEqual(classes((0x5000, 2, 1, 0)), {"requests": [1, 0]})

    def test_separate_rings(self):
        """The event word is in the second line, or where the alignment puts it."""
        self.assertEqual(classes((REQUESTS + 128, 2, 4, 0), (RESPONSES + 128, 2, 0, 5), (REQUESTS + 64, 1, 0, 6)),
                         {"requests": [4, 0], "responses": [0, 5], "event words": [0, 6]})
        self.assertEqual(classes((0x6080, 2, 1, 0), (0x6100, 2, 1, 0)), {"event words": [1, 0], "requests": [1, 0]})

    def test_others(self):
        """Granted data and XenStore; a console says nothing."""
        self.assertEqual(classes((DATA + 64, 6, 1, 0), (0x7000, 6, 1, 0), (0x8000, 6, 1, 0)),
                         {"guest data": [1, 0], "XenStore": [1, 0], "other of dom0 and guest": [1, 0]})


class Functions(unittest.TestCase):
    def test_by_function(self):
        """What is in an unknown frame is told by the function."""
        self.assertEqual(classes((UNKNOWN, 3, 1, 0), (UNKNOWN + 64, 5, 0, 1), (UNKNOWN + 128, 7, 1, 1),
                                 (UNKNOWN + 192, 8, 1, 0), (UNKNOWN + 256, 9, 0, 1)),
                         {"event channels": [1, 0], "scheduling": [0, 1], "grant tables": [1, 2],
                          "other of dom0 and guest": [1, 0]})

    def test_helpers(self):
        """A lock belongs to what most others do with its line, if there are any."""
        self.assertEqual(classes((UNKNOWN, 3, 2, 0), (UNKNOWN, 5, 1, 0), (UNKNOWN, 4, 0, 9)),
                         {"event channels": [2, 9], "scheduling": [1, 0]})
        self.assertEqual(classes((UNKNOWN, 4, 0, 9), (UNKNOWN + 64, 6, 1, 0), (UNKNOWN + 128, 10, 1, 0)),
                         {"other of Xen": [1, 9], "other of dom0 and guest": [1, 0]})

    def test_plain(self):
        self.assertEqual(lines.plain("common/a.c#f.isra.0"), ("f", "common/a.c"))
        self.assertEqual(lines.plain("f.cold [xen_blkfront]"), ("f", ""))

    def test_known_names(self):
        for where, name, kind in (
                ("Xen, dom0's CPU", "common/event_fifo.c#evtchn_fifo_set_pending", "event channels"),
                ("Xen, dom0's CPU", "do_event_channel_op", "event channels"),
                ("Xen, dom0's CPU", "rcu_lock_domain_by_id", None),
                ("Xen, dom0's CPU", "common/rcupdate.c#rcu_process_callbacks", "scheduling"),
                ("Xen, dom0's CPU", "common/sched/credit2.c#csched2_unit_wake", "scheduling"),
                ("Xen, dom0's CPU", "common/grant_table.c#_set_status.isra.0", "grant tables"),
                ("Xen, dom0's CPU", "do_mmu_update", "other of Xen"),
                (DOM0, "schedule", "other of dom0 and guest"),
                (DOM0, "__xen_pv_evtchn_do_upcall", "event channels"),
                (DOM0, "blkback_grant_map [xen_blkback]", "other of dom0 and guest"),
                (GUEST, "evtchn_fifo_unmask", "event channels"),
                (GUEST, "xs_talkv", "XenStore"),
                (GUEST, "_raw_spin_lock_irqsave", None)):
            self.assertEqual(lines.of_function(where, name), kind, name)


class Files(unittest.TestCase):
    def file(self, text):
        f = tempfile.NamedTemporaryFile("w", suffix=".lines")
        self.addCleanup(f.close)
        f.write(text)
        f.flush()
        return f.name

    def test_marks(self):
        name = self.file("mark 0\n13e602040 ffffffff81000010 1 2 3\nmark 1\n")
        self.assertEqual(list(lines.marks(name)), [[(0x13e602040, 0xffffffff81000010, 1, 2, 3)], []])

    def test_frames(self):
        name = self.file("ours 13e602 req-ring 1 128\nours 13e603 data\nintree 13e602 shared-info\n")
        self.assertEqual(lines.read_frames(name), {
            "ours": {0x13e602: ("req-ring", 1, 128), 0x13e603: ("data", 0, 64)},
            "intree": {0x13e602: ("shared-info", 0, 64)}})


class Figures(unittest.TestCase):
    def test_rows(self):
        """What starting takes is subtracted, and a ratio is to the in-tree pair."""
        def moves(n):
            return lines.Moves([("requests", DOM0, "f", n, 0), ("guest data", GUEST, "g", 0, 2)])
        ours, intree, start = moves(50), moves(100), moves(10)
        ours.less(start)
        intree.less(start)
        rows = lines.rows_of({("ours", "j"): (ours, 10), ("intree", "j"): (intree, 10)})
        self.assertEqual(rows["ours", "j"]["requests"], 4)
        self.assertEqual(rows["ours", "j"]["guest_data"], 0)
        self.assertEqual(rows["ours", "j"]["ratio_vs_default"], 9 / 4)
        f = io.StringIO()
        lines.report(f, rows, [("intree", "j"), ("ours", "j")])
        self.assertIn("9.00          4.00", f.getvalue())


if __name__ == "__main__":
    unittest.main()
