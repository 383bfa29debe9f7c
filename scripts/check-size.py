#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hold the sizes of functions and files to the limits of this project.

A function is what stands between a '{' and a '}' in the first column; its
size is the number of lines between them.

usage: check-size.py [TOP]
"""

import statistics
import sys
from pathlib import Path

FUNCTION_MAX = 60
MEDIAN_MAX = 15
FILE_MAX = 800

# Long functions that are flat lists: path:function -> why it is one.
FLAT_LISTS: dict[str, str] = {}

GROUPS = {
    "xen-blkfront": ["drivers/block/xen-blkfront.c", "drivers/block/xen-blkfront"],
    "xen-blkback": ["drivers/block/xen-blkback"],
    "xen-blkif": ["drivers/block/xen-blkif"],
}
OTHERS = ["compat", "include"]


def sources(top, path):
    path = top / path
    if path.is_file():
        return [path]
    found = (f for f in path.rglob("*.[ch]") if not f.name.endswith(".mod.c"))
    return sorted(found)


def name_of(lines, brace):
    """The function whose body opens at line number @brace."""
    start = brace - 1
    while start and lines[start][:1] in ("\t", " "):
        start -= 1
    signature = " ".join(lines[start:brace])
    return signature.split("(")[0].split()[-1].lstrip("*")


def functions(lines):
    """Yield (name, number of the first line, lines between the braces)."""
    opened = None
    for number, line in enumerate(lines):
        if line == "{":
            opened = number
        elif line.startswith("}") and opened is not None:
            yield name_of(lines, opened), opened + 1, number - opened - 1
            opened = None


def check_file(top, path, faults):
    """Return the sizes of the file's functions; add to faults what is too big."""
    lines = path.read_text().splitlines()
    relative = str(path.relative_to(top))
    if len(lines) > FILE_MAX:
        faults.append(f"{relative}: {len(lines)} lines, at most {FILE_MAX}")
    sizes = []
    for name, line, size in functions(lines):
        sizes.append(size)
        if size > FUNCTION_MAX and f"{relative}:{name}" not in FLAT_LISTS:
            faults.append(
                f"{relative}:{line}: {name}() has {size} lines, at most {FUNCTION_MAX}"
            )
    return sizes


def check_group(top, name, paths, faults):
    files = [f for path in paths for f in sources(top, path)]
    sizes = [size for f in files for size in check_file(top, f, faults)]
    if not sizes:
        faults.append(f"{name}: no function found in {', '.join(paths)}")
        return
    median = statistics.median(sizes)
    print(
        f"{name}: {len(sizes)} functions, median {median:g} lines, longest {max(sizes)}"
    )
    if median > MEDIAN_MAX:
        faults.append(
            f"{name}: the median function has {median:g} lines, at most {MEDIAN_MAX}"
        )


def main():
    top = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    faults = []
    for name, paths in GROUPS.items():
        check_group(top, name, paths, faults)
    for path in OTHERS:
        for f in sources(top, path):
            check_file(top, f, faults)
    print("\n".join(faults), end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
