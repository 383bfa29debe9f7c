# SPDX-License-Identifier: GPL-2.0
"""Tests of xenblk on recordings, and of its parts.

record.sh makes the recordings in the test bed's dom0, with the pair of this project
("ours") and with that of Linux 6.1 ("intree").  stand_ins.py has stand-ins for those
that trees/ does not have.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pty
import signal
import socket
import struct
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parent.parent / "tools" / "xenblk" / "xenblk"
TREES = Path(tempfile.mkdtemp(prefix="xenblk-trees."))


sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
import stand_ins


def setUpModule():
    """Lay out all recordings."""
    for name, make in stand_ins.RECORDINGS.items():
        real = HERE / "trees" / f"{name}.json"
        if real.exists():
            shutil.copy(real, TREES)
        else:
            (TREES / f"{name}.json").write_text(json.dumps({"xenblk": "1.0", "snapshots": make()}))


def tearDownModule():
    """Remove them."""
    shutil.rmtree(TREES)


def load_program():
    """The program as a module; its name has no suffix."""
    loader = importlib.machinery.SourceFileLoader("xenblk", str(PROGRAM))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("xenblk", loader))
    sys.modules["xenblk"] = module
    loader.exec_module(module)
    return module


xenblk = load_program()


def snapshots(name):
    """The snapshots of a recording, to be changed by a test."""
    return json.loads((TREES / f"{name}.json").read_text())["snapshots"]


def run(*args):
    """Status and output of the program."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = xenblk.main(list(args))
        except SystemExit as end:
            status = end.code
    return status, out.getvalue(), err.getvalue()


def on(name, *args):
    """The same on a recording."""
    return run("--from", str(TREES / f"{name}.json"), *args)


def doctor(snapshot, disk=None):
    """The findings for snapshots that a test has changed."""
    looks = snapshot if isinstance(snapshot, list) else [snapshot]
    return xenblk.examine(xenblk.Feed([xenblk.Recorded(s) for s in looks]), disk, 0)[1]


def said(findings, problem=True):
    """All that the doctor says, in a string."""
    return "\n".join("|".join([f.what, f.todo, *f.evidence]) for f in findings if f.problem == problem)


class Text(unittest.TestCase):
    def test_clean(self):
        self.assertEqual(xenblk.clean("a\x1b[2J\x07\n\x7f\x9b"), "a\\x1b[2J\\x07\\x0a\\x7f\\x9b")
        self.assertEqual(xenblk.clean("\u202eb\u00e4\u200b"), "\\u202eb\u00e4\\u200b")

    def test_table_escapes_before_it_measures(self):
        lines = xenblk.table(["A", "B"], [["\x1b", "x"], ["long", "y"]])
        self.assertEqual(lines, ["A     B", "\\x1b  x", "long  y"])

    def test_shorten(self):
        self.assertEqual(xenblk.shorten("x" * 300, 10), "xxxxxxx...")

    def test_number(self):
        self.assertEqual([xenblk.number(t) for t in ("7", " 7\n", "", "x", "7x", None, "\u0667", "9" * 30)],
                         [7, 7, None, None, None, None, None, None])

    def test_names_of_devices(self):
        for device, name in ((51712, "xvda"), (51713, "xvda1"), (51952, "xvdp"), (768, "hda"),
                             (5632, "hdc"), (2048, "sda"), (1 << 28, "xvda"), (1 << 28 | 26 << 8, "xvdaa"),
                             (1 << 28 | 702 << 8 | 3, "xvdaaa3"), (99, "99")):
            self.assertEqual(xenblk.name_of(device), name)

    def test_durations(self):
        self.assertEqual([xenblk.duration(x) for x in (None, 3, 999, 1500, 250000, 2.5e6)],
                         ["-", "3us", "999us", "1.5ms", "250ms", "2.5s"])


class Percentiles(unittest.TestCase):
    def test_none(self):
        self.assertIsNone(xenblk.percentile([0] * 28, 0.5))

    def test_within_a_bucket(self):
        self.assertEqual(xenblk.percentile([0, 0, 0, 100, 0], 0.5), 6.0)

    def test_over_buckets(self):
        self.assertEqual(xenblk.percentile([50, 50, 0], 0.5), 1.0)
        self.assertEqual(xenblk.percentile([1, 98, 0, 1, 0], 0.99), 2.0)

    def test_last_bucket_has_no_end(self):
        self.assertEqual(xenblk.percentile([0, 0, 5], 0.99), 2.0)


class FakeStore(threading.Thread):
    """A xenstored on the other end of a socket."""

    def __init__(self, nodes, events=0, silent=False):
        super().__init__(daemon=True)
        self.nodes, self.events, self.silent = nodes, events, silent
        self.end, self.client = socket.socketpair()
        self.start()

    def run(self):
        header = struct.Struct("=IIII")
        while head := self.end.recv(header.size):
            kind, serial, _, size = header.unpack(head)
            args = self.end.recv(size).split(b"\0")
            if self.silent:
                continue
            if self.events:
                self.end.sendall(header.pack(15, 0, 0, 4) + b"a\0b\0")
            reply = self.answer(kind, args)
            data = reply[1]
            # In two parts, as a pipe may.
            message = header.pack(reply[0], serial, 0, len(data)) + data
            self.end.sendall(message[:5])
            self.end.sendall(message[5:])

    def answer(self, kind, args):
        path = args[0].decode()
        value = self.nodes.get(path)
        if value is None:
            return 16, b"ENOENT\0"
        if kind == xenblk.XS_DIRECTORY:
            data = b"".join(n.encode() + b"\0" for n in value)
            return (16, b"E2BIG\0") if len(data) > 4096 else (kind, data)
        if kind == xenblk.XS_DIRECTORY_PART:
            data = b"".join(n.encode() + b"\0" for n in value) + b"\0"
            start = int(args[1])
            part = data[start:start + 2000]
            part = part if start + 2000 >= len(data) else part[:part.rindex(b"\0") + 1]
            return kind, b"77\0" + part
        return kind, value


class Store(xenblk.XenStore):
    """Connected to a fake."""

    def __init__(self, fake, timeout=5):
        self.fake = fake
        super().__init__(timeout)

    def _open(self):
        return os.dup(self.fake.client.fileno())


class StoreClient(unittest.TestCase):
    def test_read(self):
        store = Store(FakeStore({"/a": b"x\xff\x1by"}, events=1))
        self.assertEqual(store.read("/a"), "x\\xff\x1by")
        self.assertIsNone(store.read("/b"))
        self.assertEqual(store.names("/b"), [])

    def test_many_children(self):
        names = [f"a-long-name-of-a-node-{i}" for i in range(500)]
        store = Store(FakeStore({"/many": names}))
        self.assertEqual(store.names("/many"), sorted(names))

    def test_silence(self):
        source = xenblk.Live()
        source.store = Store(FakeStore({}, silent=True), 0.05)
        self.assertIsNone(source.xs_read("/a"))
        self.assertIn("does not answer", source.silent)
        self.assertEqual(source.xs_names("/a"), [])


class ListOurs(unittest.TestCase):
    def test_text(self):
        status, out, err = on("ours-idle", "list")
        self.assertEqual((status, err), (0, ""))
        row = out.splitlines()[1].split()
        self.assertEqual(row[:5], ["g1", "(1)", "xvda", "vdc", "w"])
        self.assertIn("Connected  Connected  xen-blk  slim, separate, 2 x 124 slots, 1024 segments", out)

    def test_json(self):
        disk = json.loads(on("ours-idle", "list", "--json")[1])["disks"][0]
        self.assertEqual((disk["id"], disk["side"], disk["driver"]), ("vbd-1-51712", "backend", "xen-blk"))
        self.assertEqual(disk["negotiated"]["request_format"], "slim")
        self.assertEqual(disk["negotiated"]["queues"], "2")

    def test_selected(self):
        for name in ("xvda", "g1:xvda", "1/xvda", "vbd-1-51712", "51712"):
            self.assertEqual(on("ours-idle", "list", name)[0], 0)
        status, out, err = on("ours-idle", "list", "xvdq")
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err, "xenblk: there is no disk 'xvdq' here; 'xenblk list' shows those that there are\n")

    def test_both_sides(self):
        disks = json.loads(on("ours-both", "list", "--json")[1])["disks"]
        sides = [(d["side"], d["disk"], d["guest"]) for d in disks]
        self.assertIn(("backend", "xvdd", "Domain-0"), sides)
        self.assertIn(("frontend", "xvdd", "Domain-0"), sides)
        text = on("ours-both", "list")[1]
        self.assertEqual(len([x for x in text.splitlines() if "DISK" in x]), 2)


class ListInTree(unittest.TestCase):
    def test_what_keys_tell(self):
        disk = json.loads(on("intree-idle", "list", "--json", "g1:xvda")[1])["disks"][0]
        self.assertEqual(disk["driver"], "in-tree")
        self.assertEqual(disk["negotiated"]["ring_layout"], "shared")
        self.assertEqual(disk["negotiated"]["queues"], "2")
        self.assertIn("rd_req", disk["statistics"])


class Top(unittest.TestCase):
    def disks(self, name, *args):
        """The frames of a recording."""
        status, out, err = on(name, "top", "--json", *args)
        self.assertEqual((status, err), (0, ""))
        return [json.loads(line)["disks"] for line in out.splitlines()]

    def test_ours(self):
        frames = self.disks("ours-busy")
        self.assertEqual(len(frames), 2)
        for (disk,) in frames:
            self.assertGreater(disk["iops"], 0)
            self.assertAlmostEqual(disk["iops"], sum(disk[f"{n}_iops"] for n in ("read", "write", "flush", "discard")), 1)
            self.assertGreater(disk["read_mb"], disk["write_mb"])
            self.assertLess(0, disk["write_p50_us"])
            self.assertLessEqual(disk["write_p50_us"], disk["write_p99_us"])
            self.assertTrue(0 < disk["notifications_per_io"] < 2)
            self.assertGreater(disk["grants_per_io"], 0)
            self.assertTrue(0 < disk["cpu_percent"] < 200)

    def test_figures_are_differences(self):
        old, new, _ = snapshots("ours-busy")
        disk = self.disks("ours-busy")[0][0]
        name = next(n for n in new["files"] if n.endswith("/counters"))
        one, two = (int(s["files"][name].split("wr_req ")[1].split()[0]) for s in (old, new))
        per_second = (two - one) / (new["time"] - old["time"])
        self.assertAlmostEqual(disk["write_iops"], per_second, 2)

    def test_in_tree(self):
        disks = {(d["side"], d["disk"]): d for d in self.disks("intree-both")[-1]}
        back, front = disks["backend", "xvdd"], disks["frontend", "xvdd"]
        self.assertGreater(back["iops"], 0)
        self.assertIsNone(back["read_p50_us"])
        self.assertIsNone(back["ring_full"])
        self.assertIsNotNone(back["read_device_us"])
        self.assertIsNotNone(back["cpu_percent"])
        self.assertGreater(front["iops"], 0)
        self.assertGreater(front["read_avg_us"], 0)
        self.assertIsNone(front["cpu_percent"])

    def test_columns_that_nobody_counts(self):
        out = on("intree-both", "top", "--once")[1]
        head, *rows = out.splitlines()
        self.assertEqual(head.split()[:3], ["GUEST", "DISK", "IOPS"])
        back = next(r for r in rows if r.split()[1] == "xvdd")
        self.assertIn("~", back)
        front = next(r for r in rows if r.split()[1] == "xvdd*")
        self.assertIn("=", front)

    def test_sorted(self):
        for column, key in (("iops", "iops"), ("rmb/s", "read_mb"), ("cpu%", "cpu_percent")):
            values = [d[key] for d in self.disks("ours-both", "--sort", column)[-1] if d[key] is not None]
            self.assertEqual(values, sorted(values, reverse=True))
        values = [d["iops"] for d in self.disks("ours-both", "-r")[-1]]
        self.assertEqual(values, sorted(values))

    def test_unknown_column(self):
        status, _, err = on("ours-busy", "top", "--sort", "colour")
        self.assertEqual(status, 2)
        self.assertNotIn("Traceback", err)

    def test_disks_come_and_go(self):
        old, new, last = snapshots("ours-busy")
        gone = {key: {} if key in ("files", "links", "xenstore") else value for key, value in new.items()}
        gone["xenstore"] = {"domid": "0"}
        gone["files"]["/sys/hypervisor/type"] = "xen"
        watch = xenblk.Watch(xenblk.Feed([xenblk.Recorded(s) for s in (old, gone, new, last)]), "xvda")
        self.assertEqual(watch.next(), [])
        (back,) = watch.next()
        self.assertEqual(back.value["iops"], 0)
        (flows,) = watch.next()
        self.assertGreater(flows.value["iops"], 0)
        self.assertIsNone(watch.next())

    def test_counters_that_start_again(self):
        old, new, _ = snapshots("ours-busy")
        watch = xenblk.Watch(xenblk.Feed([xenblk.Recorded(s) for s in (new, old)]), None)
        (rates,) = watch.next()
        self.assertEqual(rates.value["iops"], 0)

    def test_narrow(self):
        watch = xenblk.Watch(xenblk.Feed([xenblk.Recorded(s) for s in snapshots("ours-busy")]), None)
        rates = watch.next()
        for width in (40, 60, 80, 120):
            lines = xenblk.frame(rates, width)
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertIn("xvda", lines[1])
        self.assertIn("CPU%", xenblk.frame(rates, 200)[0])


class TopOnTerminal(unittest.TestCase):
    """The screen, on a pseudo terminal."""

    def start(self, *args, size=(24, 80)):
        """Begin, on a terminal of this size."""
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.pop("COLUMNS", None)
            os.environ.pop("LINES", None)
            os.execv(sys.executable, [sys.executable, str(PROGRAM), "--from", str(TREES / "ours-busy.json"), "top", *args])
        import fcntl
        import termios
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.addCleanup(os.close, fd)
        return pid, fd

    def read_until(self, fd, text, seconds=20):
        """What it writes, up to this."""
        import select
        seen, end = b"", time.monotonic() + seconds
        while text not in seen and time.monotonic() < end:
            if select.select([fd], [], [], 0.2)[0]:
                try:
                    seen += os.read(fd, 65536)
                except OSError:
                    break
        self.assertIn(text, seen)
        return seen

    def test_keys_and_size(self):
        import fcntl
        import termios
        pid, fd = self.start("-d", "30")
        self.read_until(fd, b"measuring")
        os.write(fd, b"s")
        self.read_until(fd, b"by r/s")
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 30, 0, 0))
        self.read_until(fd, b"\x1b[10;1H")
        os.write(fd, b"q")
        self.read_until(fd, b"\x1b[?25h\x1b[?1049l")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def test_end_of_recording(self):
        pid, fd = self.start("-d", "0.3")
        seen = self.read_until(fd, b"\x1b[?1049l")
        self.assertIn(b"xvda", seen)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def test_terminated(self):
        pid, fd = self.start("-d", "30")
        self.read_until(fd, b"measuring")
        os.kill(pid, signal.SIGTERM)
        self.read_until(fd, b"\x1b[?1049l")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)


class DoctorHealthy(unittest.TestCase):
    def test_nothing_wrong(self):
        for name in ("ours-idle", "intree-idle", "ours-busy", "ours-both", "intree-both"):
            status, out, err = on(name, "doctor")
            self.assertEqual((status, err), (0, ""), f"{name}: {out}")
            self.assertIn("no problems found", out)

    def test_versions(self):
        versions = json.loads(on("ours-idle", "doctor", "--json")[1])["versions"]
        self.assertTrue(versions["kernel"].startswith("6.1."))
        self.assertTrue(versions["xen"].startswith("4.17"))
        self.assertIn("of the xen-blk project", versions["backend"])
        self.assertEqual(versions["domain"], "dom0")
        self.assertIn("in-tree", json.loads(on("intree-idle", "doctor", "--json")[1])["versions"]["backend"])


class Guest(unittest.TestCase):
    """The side of the frontend, without what only dom0 has."""

    def setUp(self):
        self.trees = snapshots("ours-both")
        for tree in self.trees:
            for table in ("files", "links"):
                tree[table] = {k: v for k, v in tree[table].items() if "xen-backend" not in k and "blkback" not in k}
            tree["xenstore"] = {k: v for k, v in tree["xenstore"].items() if "/vbd/1/" not in k}
            # The device of a backend is its only other directory in sysfs.
            tree["xenstore"]["domid"] = "5"
            tree["xenstore"] |= {k.replace("/domain/0/device", "/domain/5/device"): v for k, v in tree["xenstore"].items()}
            path = "/local/domain/0/backend/vbd/0/51760/frontend"
            tree["xenstore"][path] = "/local/domain/5/device/vbd/51760"

    def disks(self, tree):
        """The disks of a snapshot."""
        return xenblk.Domain(xenblk.Recorded(tree)).disks()

    def test_list(self):
        (disk,) = self.disks(self.trees[-1])
        self.assertEqual((disk.side, disk.name, disk.where), ("frontend", "xvdd", "Domain-0"))
        self.assertEqual(disk.negotiated["slots"], "508")

    def test_healthy(self):
        self.assertEqual(said(doctor(self.trees)), "")

    def test_users_of_a_disk_that_is_detached(self):
        tree = self.trees[-1]
        back = "/local/domain/0/backend/vbd/0/51760"
        tree["xenstore"] |= {f"{back}/online": "0", f"{back}/state": "5"}
        tree["files"]["/proc/mounts"] = "/dev/xvdd1 /srv ext4 rw 0 0"
        tree["files"]["/sys/block/xvdd/xvdd1/size"] = "8"
        tree["files"]["/sys/block/xvdd/holders/dm-0/"] = ""
        out = said(doctor(tree))
        self.assertIn("xvdd1 is mounted on /srv", out)
        self.assertIn("xvdd is part of dm-0", out)

    def test_without_xenstore(self):
        for tree in self.trees:
            tree["xenstore"], tree["silent"] = {}, "no permission for XenStore"
        (disk,) = self.disks(self.trees[-1])
        self.assertEqual((disk.name, disk.front_state), ("xvdd", None))
        watch = xenblk.Watch(xenblk.Feed([xenblk.Recorded(t) for t in self.trees]), None)
        self.assertGreater(watch.next()[0].value["iops"], 0)
        self.assertEqual(said(doctor(self.trees)), "")

    def test_backend_is_gone(self):
        tree = self.trees[-1]
        tree["xenstore"] = {k: v for k, v in tree["xenstore"].items() if "/backend/vbd/0/" not in k}
        self.assertIn("the backend's directory in XenStore is gone", said(doctor(tree)))


class DoctorFaults(unittest.TestCase):
    """Faults that were recorded."""

    def test_detach_pending(self):
        status, out, _ = on("ours-faults", "doctor", "xvda")
        self.assertEqual(status, 1)
        self.assertIn("asked to detach this disk, and the guest has it open", out)
        self.assertIn("is in use (openers: xvda", out)
        self.assertIn("xl block-detach --force g1 xvda", out)

    def test_refused(self):
        out = said(doctor(snapshots("ours-faults"), "xvdb1"))
        self.assertIn("refused or given up", out)
        self.assertIn("another disk has its name", out)

    def test_deleted_file(self):
        out = said(doctor(snapshots("ours-faults"), "xvdb"))
        self.assertIn("was deleted", out)

    def test_what_guests_write_is_escaped(self):
        for args in (("doctor",), ("list",), ("top", "--once"), ("doctor", "--json"), ("list", "--json")):
            out = on("ours-faults", *args)[1]
            self.assertFalse(any(c in out for c in "\x1b\x07\u202e"), args)
        self.assertIn("\\x1b[2J", on("ours-faults", "doctor", "xvdb")[1])

    def test_stuck(self):
        out = said(doctor(snapshots("ours-stuck")))
        self.assertIn("1 requests are in flight", out)
        self.assertIn("(/dev/mapper/slow)", out)

    def test_draining(self):
        out = said(doctor(snapshots("ours-draining")))
        self.assertIn("has not answered 1 requests of a connection that ended", out)

    def test_draining_of_a_guest_that_is_gone(self):
        status, out, _ = on("ours-draining-gone", "doctor")
        self.assertEqual(status, 1)
        self.assertIn("has not answered 1 of its requests", out)

    def test_no_frontend(self):
        out = said(doctor(snapshots("ours-no-front"), "xvda"))
        self.assertIn("the backend waits for the guest", out)

    def test_no_backend(self):
        out = said(doctor(snapshots("no-back"), "xvda"))
        self.assertIn("xen-blkback is not loaded", out)


class DoctorChanged(unittest.TestCase):
    """Faults that are planted in a recording of a healthy disk."""

    def setUp(self):
        self.tree = snapshots("ours-idle")[-1]
        self.back = "/local/domain/0/backend/vbd/1/51712"
        self.front = "/local/domain/1/device/vbd/51712"
        self.bus = "/sys/bus/xen-backend/devices/vbd-1-51712"
        self.debug = "/sys/kernel/debug/xen-blkback/vbd-1-51712"

    def says(self, text, problem=True):
        """The doctor says this."""
        self.assertIn(text, said(doctor(self.tree), problem))

    def test_healthy(self):
        self.assertEqual(said(doctor(self.tree)), "")

    def test_driver(self):
        driver = xenblk.driver_of(xenblk.Recorded(self.tree), "backend")
        self.assertTrue(driver.loaded and driver.ours and not driver.built_in)
        self.tree["files"]["/sys/module/xen_blkback/srcversion"] = "ABC"
        self.assertIn("srcversion ABC", xenblk.driver_of(xenblk.Recorded(self.tree), "backend").text)
        del self.tree["files"]["/sys/module/xen_blkback/initstate"]
        self.assertIn("built in", xenblk.driver_of(xenblk.Recorded(self.tree), "backend").text)

    def test_too_many_queues(self):
        self.tree["xenstore"][self.front + "/multi-queue-num-queues"] = "99"
        self.says("multi-queue-num-queues is 99, but the backend's multi-queue-max-queues is")
        self.says("the backend uses queues = 2")

    def test_not_offered(self):
        del self.tree["xenstore"][self.back + "/feature-slim-requests"]
        self.says("does not offer feature-slim-requests")

    def test_no_number(self):
        self.tree["xenstore"][self.front + "/ring-page-order"] = "x" * 3000
        self.says("which is no number")
        self.assertLess(max(map(len, said(doctor(self.tree)).splitlines())), 600)

    def test_pointer(self):
        self.tree["xenstore"][self.front + "/backend"] = "/local/domain/0/backend/vbd/7/51712"
        self.says("the frontend's key backend names /local/domain/0/backend/vbd/7/51712")

    def test_written_back(self):
        self.tree["xenstore"].update({self.front + "/state": "3", self.back + "/state": "2"})
        self.says("the guest waits for the backend")
        self.tree["log"].append(f"6,999,5000000,-;vbd vbd-1-51712: {xenblk.CLEANING}")
        self.says("what this domain has cached of it is written back")

    def test_invalid_state(self):
        self.tree["xenstore"][self.front + "/state"] = "4x"
        self.says("'4x', which is no state")

    def test_errors(self):
        counters = self.debug + "/counters"
        self.tree["files"][self.bus + "/statistics/errors"] = "3"
        self.tree["files"][counters] = self.tree["files"][counters].replace("medium 0", "medium 3")
        self.says("3 errors since the disk was attached: medium 3")

    def test_lost_events(self):
        counters = self.debug + "/counters"
        self.tree["files"][counters] = self.tree["files"][counters].replace("lost_events 0", "lost_events 2")
        self.says("2 events were lost")

    def test_memory(self):
        counters = self.debug + "/counters"
        self.tree["files"][counters] = self.tree["files"][counters].replace("oo_req 0", "oo_req 8")
        self.says("8 requests had to wait", problem=False)

    def test_old_error_is_a_note(self):
        self.tree["xenstore"]["/local/domain/1/error/device/vbd/51712/error"] = "16 old"
        self.says("the frontend reported: old (EBUSY)", problem=False)
        self.assertEqual(said(doctor(self.tree)), "")

    def test_hotplug(self):
        self.tree["xenstore"][self.back + "/state"] = "2"
        self.tree["xenstore"][self.back + "/hotplug-error"] = "no such file"
        self.says("the hotplug script failed: no such file")

    def test_read_only_device(self):
        self.tree["files"]["/sys/block/vdc/ro"] = "1"
        self.says("vdc is read-only")

    def test_size(self):
        self.tree["files"]["/sys/block/vdc/size"] = "2048"
        self.says("vdc has 2048 sectors, but the guest was told")
        self.tree["files"]["/sys/block/vdc/size"] = "0"
        self.says("vdc has no sectors")

    def test_device_is_gone(self):
        self.tree["links"] = {k: v for k, v in self.tree["links"].items() if v != "vdc"}
        self.says("does not exist any more")

    def test_no_driver(self):
        del self.tree["links"][self.bus + "/driver"]
        self.says("no driver is bound")

    def test_left_over(self):
        for table in ("files", "links"):
            self.tree[table] = {k: v for k, v in self.tree[table].items() if not k.startswith(self.bus)}
        self.says("the kernel has no such device")

    def test_nodes_are_gone(self):
        self.tree["xenstore"] = {k: v for k, v in self.tree["xenstore"].items()
                                 if not k.startswith((self.back, self.front))}
        self.says("its directory in XenStore is gone")

    def test_two_writers(self):
        copy = {k.replace("/1/51712", "/1/51728"): v for k, v in self.tree["xenstore"].items() if k.startswith(self.back)}
        self.tree["xenstore"] |= copy
        self.says("vdc is writable by several disks")

    def test_installed_but_not_loaded(self):
        tree = snapshots("intree-idle")[-1]
        release = tree["files"]["/proc/sys/kernel/osrelease"]
        tree["files"][f"/lib/modules/{release}/modules.dep"] = "updates/dkms/xen-blkback.ko.xz:\n"
        self.assertIn("is installed, but the kernel's own is loaded", said(doctor(tree), problem=False))

    def test_log(self):
        self.tree["log"].append("4,1,5000000,-;vbd vbd-1-51712: queue 0: rejected operation 1 at sector 8: \x1b[2J")
        self.says("[5.0] vbd vbd-1-51712: queue 0: rejected operation 1", problem=False)

    def test_silent_store(self):
        self.tree["xenstore"] = {}
        self.tree["silent"] = "XenStore does not answer"
        findings = doctor(self.tree)
        self.assertEqual(said(findings), "")

    def test_guest_is_short_of_grants(self):
        tree = snapshots("ours-both")[-1]
        counters = "/sys/kernel/debug/xen-blkfront/vbd-51760/counters"
        self.assertIn("grant_waits 0", tree["files"][counters])
        tree["files"][counters] = tree["files"][counters].replace("grant_waits 0", "grant_waits 9")
        self.assertIn("short of them", said(doctor(tree)))

    def test_sides_disagree(self):
        tree = snapshots("ours-both")[-1]
        tree["files"]["/sys/bus/xen/devices/vbd-51760/negotiated/slots"] = "1"
        self.assertIn("the backend uses slots = 508, the frontend 1", said(doctor(tree)))


class CommandLine(unittest.TestCase):
    def program(self, *args, **more):
        """Run the program itself."""
        return subprocess.run([sys.executable, str(PROGRAM), *args], capture_output=True, text=True,
                              timeout=60, check=False, **more)

    def test_not_xen(self):
        if os.path.exists("/sys/hypervisor/type"):
            self.skipTest("this is a Xen domain")
        for args in (("list",), ("top", "--once"), ("doctor",)):
            done = self.program(*args)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertIn("not a Xen domain", done.stderr)

    def test_bad_recordings(self):
        for file, text in (("/nonexistent", "No such file"), (str(PROGRAM), "no recording")):
            done = self.program("--from", file, "list")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(text, done.stderr)
            self.assertNotIn("Traceback", done.stderr)

    def test_bad_numbers(self):
        for args in (("top", "--interval", "0"), ("top", "-d", "nan"), ("top", "-n", "x"), ("doctor", "--wait", "-1")):
            self.assertEqual(self.program(*args).returncode, 2, args)

    def test_closed_pipe(self):
        tree = str(TREES / "ours-busy.json")
        script = f"{sys.executable} {PROGRAM} --from {tree} list --json | head -c 1"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")

    def test_no_permission(self):
        tree = snapshots("ours-idle")[-1]
        tree["denied"] = ["/sys/kernel/debug/xen-blkback", "/dev/kmsg"]
        case, findings = xenblk.examine(xenblk.Feed([xenblk.Recorded(tree)]), None, 0)
        self.assertEqual(len(xenblk.gaps(case)), 2)
        self.assertEqual(said(findings), "")

    def test_record(self):
        done = self.program("record", "/nonexistent/x", "-n", "1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cannot write /nonexistent/x", done.stderr)


if __name__ == "__main__":
    unittest.main()
