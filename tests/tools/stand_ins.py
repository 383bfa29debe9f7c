# SPDX-License-Identifier: GPL-2.0
"""Recordings made by hand, for those that trees/ does not have.

They have the files and keys that the drivers' sources and documents name, with values
that were chosen.  record.sh makes real ones in the test bed; a file trees/NAME.json
takes the place of the stand-in with that name.
"""

GUEST, DOM0 = 1, 0
XVDA, XVDB, XVDB1, XVDD = 51712, 51728, 51729, 51760
BACK_BUS, FRONT_BUS = "/sys/bus/xen-backend/devices", "/sys/bus/xen/devices"
DEBUG = "/sys/kernel/debug"
KERNEL = "6.1.0-57-amd64"
AGREED = {
    "request_format": "slim", "ring_layout": "separate", "ring_alignment": 64, "ring_page_order": 2,
    "slots": 508, "queues": 2, "max_segments": 1024, "persistent_grants": 1, "fua": 1, "discard": 1,
    "discard_secure": 0, "discard_ranges": 256, "write_zeroes": 1, "integrity": "none",
}
ERRORS = ("bad_op bad_request bad_extent read_only bad_grant io not_supported no_space timeout medium "
          "protection offline unmap protocol").split()


def lines(counts):
    """A file of counters in debugfs."""
    return "\n".join(f"{name} {value}" for name, value in counts.items())


class Tree:
    """A snapshot of dom0.  @done says how much I/O there was."""

    def __init__(self, ours=True, done=0, time=1.0):
        self.ours, self.done, self.time = ours, done, time
        self.files = {
            "/sys/hypervisor/type": "xen", "/sys/hypervisor/version/major": "4",
            "/sys/hypervisor/version/minor": "17", "/sys/hypervisor/version/extra": ".5",
            "/proc/sys/kernel/osrelease": KERNEL, "/proc/mounts": "", "/proc/swaps": "Filename Type",
            f"/lib/modules/{KERNEL}/modules.dep": "kernel/drivers/block/xen-blkback/xen-blkback.ko:",
        }
        self.links, self.log = {}, []
        self.xenstore = {"domid": "0", "/local/domain/0/name": "Domain-0", "/local/domain/1/name": "g1"}
        self._module("xen_blkback")
        if ours:
            self.files[f"{DEBUG}/xen-blkback/draining"] = ""

    def _put(self, top, values, into=None):
        table = self.files if into is None else into
        for name, value in values.items():
            table[f"{top}/{name}"] = str(value)

    def _module(self, name):
        self._put(f"/sys/module/{name}", {"srcversion": "533BB7E5866E52F63B9ACCB", "parameters/max_queues": 2})
        if self.ours:
            self.files[f"/sys/module/{name}/parameters/disable"] = ""

    def block(self, name, numbers):
        """A block device with these numbers in hexadecimal."""
        n = self.done
        self._put(f"/sys/block/{name}", {
            "size": 2097152, "ro": 0, "stat": f"{n} 0 {n * 8} {n * 3} {n} 0 {n * 8} {n} 0 {n} {n} 0 0 0 0 0 0"})
        major, minor = (int(x, 16) for x in numbers.split(":"))
        self.links[f"/sys/dev/block/{major}:{minor}"] = name

    def backend(self, domain, device, name, block, numbers="fe:20", states=(4, 4), params=None):
        """A disk that dom0 serves, and the keys of its frontend."""
        back = f"/local/domain/0/backend/vbd/{domain}/{device}"
        front = f"/local/domain/{domain}/device/vbd/{device}"
        self.block(block, numbers)
        self._back_keys(back, front, domain, name, numbers, states[0], params or f"/dev/{block}")
        self._front_keys(front, back, device, states)
        bus = f"{BACK_BUS}/vbd-{domain}-{device}"
        self.links[f"{bus}/driver"] = "vbd"
        self._put(bus, {"physical_device": numbers, "mode": "w"})
        self._back_counts(f"vbd-{domain}-{device}", states == (4, 4))
        for queue in range(2):
            pid, comm = 1000 + 100 * domain + device % 89 + queue, f"{domain}.{name}-{queue}"
            self._put(f"/proc/{pid}", {
                "comm": comm, "stat": f"{pid} ({comm}) S 2 0 0 0 -1 2129984 0 0 0 0 3 {self.done // 7} 0 0 20 0"})
        return self

    def _back_keys(self, path, front, domain, name, numbers, state, params):
        self._put(path, {
            "state": state, "online": 1, "frontend": front, "frontend-id": domain, "dev": name, "mode": "w",
            "params": params, "physical-device": numbers, "sectors": 2097152, "sector-size": 512,
            "max-ring-page-order": 4, "multi-queue-max-queues": 2, "feature-persistent": 1,
            "feature-discard": 1, "feature-max-indirect-segments": 256}, self.xenstore)
        if self.ours:
            self._put(path, {"feature-slim-requests": 1, "feature-separate-rings": 1, "max-ring-alignment": 128},
                      self.xenstore)

    def _front_keys(self, path, back, device, states):
        self._put(path, {"state": states[1], "backend": back, "backend-id": 0, "virtual-device": device,
                         "device-type": "disk"}, self.xenstore)
        if states[1] == 4:
            self._put(path, {"ring-page-order": 2, "multi-queue-num-queues": 2, "feature-persistent": 1,
                             "protocol": "x86_64-abi"}, self.xenstore)
            if self.ours:
                self._put(path, {"request-format": "slim", "ring-layout": "split"}, self.xenstore)

    def _back_counts(self, device, connected):
        n, bus, debug = self.done, f"{BACK_BUS}/{device}", f"{DEBUG}/xen-blkback/{device}"
        self._put(f"{bus}/statistics", {"rd_req": n * 10, "wr_req": n * 5, "f_req": 0, "ds_req": 0, "oo_req": 0,
                                        "rd_sect": n * 720, "wr_sect": n * 40})
        if not self.ours:
            return
        self._put(f"{bus}/statistics", {"errors": 0, "ring_full": n, "ring_full_us": n * 1000,
                                        "rd_us": n * 3000, "wr_us": n * 900, "f_us": 0, "ds_us": 0})
        if connected:
            self._put(f"{bus}/negotiated", AGREED)
        self._put(f"{bus}/draining", {"requests": 0, "seconds": 0})
        zeroes = dict.fromkeys(["lost_events", *ERRORS], 0)
        self.files[f"{debug}/counters"] = lines({
            "requests": n * 15, "responses": n * 15, "notifications": n * 9, "events": n * 4, "maps": n,
            "copies": n * 20, **zeroes, "in_flight": 1 if n else 0})
        self.files[f"{debug}/latency"] = lines({
            "rd_hist": " ".join(["0"] * 7 + [str(n * 8), str(n * 2)] + ["0"] * 19),
            "wr_hist": " ".join(["0"] * 7 + [str(n * 4), str(n)] + ["0"] * 19)})

    def frontend(self, device, name):
        """A disk that dom0 has; its keys are those of the backend."""
        n, bus = self.done, f"{FRONT_BUS}/vbd-{device}"
        self._module("xen_blkfront")
        self.links[f"{bus}/driver"] = "vbd"
        self.files[f"{bus}/block/{name}/"] = ""
        self._put(f"/sys/block/{name}", {
            "size": 2097152,
            "stat": f"{n * 10} 0 {n * 80} {n * 30} {n * 5} 0 {n * 40} {n * 9} 0 {n} {n} 0 0 0 0 0 0"})
        if self.ours:
            self._put(f"{bus}/negotiated", AGREED)
            self._put(f"{bus}/statistics", {"errors": 0, "ring_full": 0})
            self.files[f"{DEBUG}/xen-blkfront/vbd-{device}/counters"] = lines({
                "requests": n * 15, "responses": n * 15, "notifications": n * 9, "interrupts": n * 4,
                "grant_waits": 0, "lost_events": 0})
        return self

    def set_back(self, device, **values):
        """Keys of a backend of the guest."""
        self._put(f"/local/domain/0/backend/vbd/1/{device}", values, self.xenstore)
        return self

    def front_error(self, device, text):
        """What the guest reported."""
        self.xenstore[f"/local/domain/1/error/device/vbd/{device}/error"] = text
        return self

    def snapshot(self):
        """As 'xenblk record' writes it."""
        return {"time": self.time, "files": self.files, "links": self.links, "xenstore": self.xenstore,
                "log": self.log, "denied": [], "silent": ""}


def at(step, ours=True):
    """A tree after some I/O."""
    return Tree(ours, 190 * step + 1, 1 + 2.1 * step)


def one(tree, **more):
    """With the guest's xvda on vdc."""
    return tree.backend(GUEST, XVDA, "xvda", "vdc", **more)


def both(ours):
    """dom0 has a disk of its own, and the guest one."""
    trees = (one(at(i, ours)).backend(DOM0, XVDD, "xvdd", "vdd", "fe:30").frontend(XVDD, "xvdd") for i in range(3))
    return [tree.snapshot() for tree in trees]


def faults():
    """A disk that is open while it is detached, one of a file that was deleted, one that is refused."""
    tree = one(Tree(), states=(5, 4)).set_back(XVDA, online=0)
    tree.front_error(XVDA, "16 xvda is in use (openers: xvda 1); it is detached when it is closed, or by force")
    tree.backend(GUEST, XVDB, "xvdb", "loop0", "7:0", params="/var/tmp/detach-xvdb.img")
    tree.files["/sys/block/loop0/loop/backing_file"] = "/var/tmp/detach-xvdb.img (deleted)"
    tree.front_error(XVDB, "7 \x1b[31mred\x1b[0m \u202e \\xff\x01 end")
    tree.xenstore[f"/local/domain/1/device/vbd/{XVDB}/feature-persistent"] = "\x1b]0;owned\x07\x1b[2J1"
    tree.backend(GUEST, XVDB1, "xvdb1", "vdd", "fe:30", (6, 6))
    tree.front_error(XVDB1, "16 virtual-device 0xca11: another disk has its name, or had it and is still being deleted")
    return [tree.snapshot()]


def slow(done, time, states=(4, 4)):
    """A disk that does not answer."""
    tree = Tree(True, done, time).backend(GUEST, XVDA, "xvda", "dm-0", "fd:0", states, "/dev/mapper/slow")
    tree.files["/sys/block/dm-0/dm/name"] = "slow"
    return tree


def drained(gone):
    """Such a disk whose connection has ended, and whose guest may be gone."""
    tree = Tree() if gone else slow(0, 1.0, (6, 6))
    if not gone:
        tree.files[f"{BACK_BUS}/vbd-1-{XVDA}/draining/requests"] = "1"
        tree.files[f"{BACK_BUS}/vbd-1-{XVDA}/draining/seconds"] = "25"
    tree.files[f"{DEBUG}/xen-blkback/draining"] = f"vbd-1-{XVDA} disk fd:0 requests 1 seconds 25"
    return [tree.snapshot()]


def no_backend():
    """xen-blkback is not loaded."""
    tree = one(Tree(), states=(1, 1))
    tree.files = {k: v for k, v in tree.files.items() if "xen_blkback" not in k}
    del tree.links[f"{BACK_BUS}/vbd-1-{XVDA}/driver"]
    return [tree.snapshot()]


RECORDINGS = {
    "ours-idle": lambda: [one(Tree()).snapshot()],
    "ours-busy": lambda: [one(at(i)).snapshot() for i in range(3)],
    "ours-both": lambda: both(True),
    "ours-faults": faults,
    "ours-stuck": lambda: [slow(1, 1.0).snapshot(), slow(1, 4.0).snapshot()],
    "ours-draining": lambda: drained(False),
    "ours-draining-gone": lambda: drained(True),
    "ours-no-front": lambda: [one(Tree(), states=(2, 1)).snapshot()],
    "no-back": no_backend,
    "intree-both": lambda: both(False),
    "intree-idle": lambda: [one(Tree(False)).snapshot()],
}
