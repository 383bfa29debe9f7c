#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Write the project as a series of patches for a Linux kernel tree.

    linux.py [--signoff] KERNEL OUTDIR

KERNEL is a git repository of Linux (its HEAD is taken) or an unpacked source.
Only the files that the series touches are read; KERNEL is never written to.
OUTDIR gets 0000-cover-letter.patch and one file for each patch.

The files scripts/series/linux/NNNN-*.txt say what each patch contains:

    Path: SOURCE [=> TARGET]   a file, or a directory, which replaces the
                               kernel's as a whole
    Keep: FILE PATTERN         lines of the kernel's FILE that match, and that ours
                               lacks, stay at its end until a later Path
    Config: SYMBOL             its entry of the Kconfig at the root, and its line
                               of drivers/block/Kbuild
    Tests: SOURCE => TARGET    a directory with Makefile and Kconfig, the files of
                               the directory above that the Makefile builds, and
                               the files that these include

then an empty line and the commit message. MAINTAINERS and the index of the
documentation follow from the paths.
"""

import argparse
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
TEXTS = TOP / "scripts/series/linux"

# The kernel's files that are read; the series creates those that do not exist.
TOUCHED = (
    "Documentation/ABI/testing/sysfs-driver-xen-blkback",
    "Documentation/ABI/testing/sysfs-driver-xen-blkfront",
    "Documentation/block/index.rst",
    "MAINTAINERS",
    "Makefile",
    "drivers/block/Kconfig",
    "drivers/block/Makefile",
    "drivers/block/xen-blkback",
    "drivers/block/xen-blkfront.c",
    "include/xen/interface/io/blkif.h",
)
NEEDED = ("MAINTAINERS", "Makefile", "drivers/block/Kconfig",
          "drivers/block/Makefile", "drivers/block/xen-blkback")

# Files for a kernel tree, in directories where builds leave other files.
SOURCES = ("*.c", "*.h", "*.rst", "Makefile", "Kconfig", "sysfs-driver-*")


def die(text):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {text}")


class Step:
    """One patch: its contents and its message."""

    def __init__(self, file):
        head, _, self.message = file.read_text().partition("\n\n")
        self.paths, self.keeps, self.configs, self.tests = [], [], [], []
        for line in head.splitlines():
            key, _, value = line.partition(": ")
            source, _, target = value.partition(" => ")
            if key == "Path":
                self.paths.append((source, target or source))
            elif key == "Keep":
                self.keeps.append(value.split(" ", 1))
            elif key == "Config":
                self.configs.append(value)
            elif key == "Tests":
                self.tests.append((source, target))
            else:
                die(f"{file.name}: '{key}:' is not known; see the head of {__file__}")


class Tree:
    """A git repository with the files of a kernel that the series touches."""

    def __init__(self, directory, date):
        self.dir = pathlib.Path(directory)
        self.env = dict(os.environ, **identity(), GIT_CONFIG_GLOBAL="/dev/null",
                        GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_DATE=date,
                        GIT_COMMITTER_DATE=date)
        self.dir.mkdir(parents=True)
        self.git("init", "-q")

    def git(self, *args):
        done = subprocess.run(("git", "-C", self.dir) + args, env=self.env,
                              capture_output=True, text=True)
        if done.returncode:
            die(f"git {args[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def commit(self, message):
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "-m", message)

    def changed(self):
        self.git("add", "-A", "-f")
        return self.git("diff", "--cached", "--name-only").split()

    def edit(self, name, change, *args):
        file = self.dir / name
        file.write_text(change(file.read_text(), *args))


def identity():
    """Author and committer, as git is configured."""
    ident = subprocess.run(("git", "-C", TOP, "var", "GIT_AUTHOR_IDENT"),
                           capture_output=True, text=True).stdout
    name, mail = "xen-blk developers", "xen-blk@localhost"
    if match := re.match(r"(.*) <(.*)> ", ident):
        name, mail = match.groups()
    return {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", mail))}


def project_date():
    """The date of the newest commit, so that patches are reproducible."""
    done = subprocess.run(("git", "-C", TOP, "log", "-1", "--format=%cI"),
                          capture_output=True, text=True)
    return done.stdout.strip() or "2026-01-01T00:00:00Z"


def is_repository(kernel):
    return (kernel / ".git").exists() or (
        (kernel / "objects").is_dir() and (kernel / "HEAD").is_file())


def read_repository(kernel, to):
    """Copy the touched files of HEAD; return the name of the commit."""
    def git(*args, **kw):
        return subprocess.run(("git", "-C", kernel) + args, check=True,
                              stdout=subprocess.PIPE, **kw).stdout
    there = [name for name in TOUCHED
             if git("ls-tree", "--name-only", "HEAD", name)]
    archive = git("archive", "HEAD", *there)
    subprocess.run(("tar", "-x", "-C", to), input=archive, check=True)
    return git("rev-parse", "HEAD", text=True).strip()


def read_source(kernel, to):
    for name in TOUCHED:
        source, target = kernel / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            copy_directory(source, target)
        elif source.is_file():
            shutil.copyfile(source, target)


def read_kernel(kernel, to):
    """Copy the files that the series touches; return the name of the base."""
    commit = None
    if is_repository(kernel):
        commit = read_repository(kernel, to)
    else:
        read_source(kernel, to)
    missing = [name for name in NEEDED if not (to / name).exists()]
    if missing:
        die(f"{kernel} is not a Linux source: it has no {missing[0]}")
    head = (to / "Makefile").read_text()
    version = [re.search(rf"^{key} *= *(\S*)", head, re.M).group(1)
               for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    (to / "Makefile").unlink()
    return "Linux " + ".".join(version), commit


def sources_in(directory):
    return sorted(file.relative_to(directory) for file in directory.rglob("*")
                  if file.is_file() and not file.name.endswith(".mod.c") and
                  any(file.match(pattern) for pattern in SOURCES))


def copy_directory(source, target):
    if target.exists():
        shutil.rmtree(target)
    for name in sources_in(source):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)


def copy_paths(step, tree):
    for source, target in step.paths:
        found = sorted(TOP.glob(source))
        if not found:
            die(f"there is no {source}, which '{step.message.splitlines()[0]}'"
                " is to bring")
        for path in found:
            to = tree.dir / target
            if path.is_dir():
                copy_directory(path, to)
                continue
            if target.endswith("/"):
                to = to / path.name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)


def keep_lines(text, old, pattern):
    """Put what users of the old header need in front of its last #endif."""
    lines = [line for line in old.splitlines(keepends=True)
             if re.match(pattern, line) and line not in text]
    head, endif, tail = text.rpartition("#endif")
    return head + "".join(lines) + "\n" + endif + tail if lines else text


def kconfig_entry(text, symbol):
    """The entry of a symbol, from its first line to its last."""
    match = re.search(rf"^config {symbol}\n(?:(?:[ \t].*)?\n)*", text, re.M)
    return match.group(0).rstrip("\n") + "\n" if match else None


def set_kconfig(text, symbol):
    ours = kconfig_entry((TOP / "Kconfig").read_text(), symbol)
    if not ours:
        die(f"Kconfig has no entry of {symbol}")
    theirs = kconfig_entry(text, symbol)
    if not theirs:
        die(f"the kernel's drivers/block/Kconfig has no entry of {symbol}")
    return text.replace(theirs, ours)


def our_object(symbol):
    kbuild = (TOP / "drivers/block/Kbuild").read_text()
    match = re.search(rf"^obj-\$\(CONFIG_{symbol}\)\s*\+=\s*(\S+)$", kbuild, re.M)
    if not match:
        die(f"drivers/block/Kbuild builds nothing for {symbol}")
    return match.group(1)


def set_makefile(text, symbol, obj):
    """Have drivers/block/Makefile build OBJ for a symbol."""
    line = re.compile(rf"^(obj-\$\(CONFIG_{symbol}\)\s*\+=\s*)\S+$", re.M)
    if line.search(text):
        return line.sub(rf"\g<1>{obj}", text)
    after = re.search(r"^obj-\$\(CONFIG_XEN_BLKDEV_BACKEND\).*\n", text, re.M)
    new = f"obj-$(CONFIG_{symbol})\t+= {obj}\n"
    return text[:after.end()] + new + text[after.end():]


def add_source(text, name):
    after = kconfig_entry(text, "XEN_BLKDEV_BACKEND")
    return text.replace(after, f'{after}\nsource "{name}"\n')


def included(file):
    """The files that a test includes in quotes, as paths of this project."""
    for name in re.findall(r'^#include "(.*)"', file.read_text(), re.M):
        for directory in (file.parent, TOP / "drivers/block"):
            # Files for user space only do not belong in a kernel tree.
            if (directory / name).exists() and not name.endswith("_user.h"):
                yield (directory / name).resolve()


def test_files(directory):
    """The sources that a Makefile builds from the directory above it."""
    makefile = (directory / "Makefile").read_text()
    todo = [directory.parent / f"{name}.c"
            for name in re.findall(r"\b(\w+)\.o\b", makefile)]
    todo = [file for file in todo if file.exists()]
    for file in todo:
        todo += [name for name in included(file) if name not in todo]
    return todo


def add_tests(tree, source, target):
    directory, to = TOP / source, tree.dir / target
    if not directory.is_dir():
        die(f"there is no {source}, with the Makefile of the KUnit tests")
    to.mkdir(parents=True)
    for name in ("Makefile", "Kconfig"):
        shutil.copyfile(directory / name, to / name)
    for file in test_files(directory):
        if file.parent == directory.parent:
            shutil.copyfile(file, to / file.name)
        elif not (tree.dir / file.relative_to(TOP)).exists():
            shutil.copyfile(file, tree.dir / file.relative_to(TOP))
    symbol = re.search(r"^config (\S+)", (to / "Kconfig").read_text(), re.M)
    below = to.relative_to(tree.dir / "drivers/block")
    tree.edit("drivers/block/Kconfig", add_source, f"{target}/Kconfig")
    tree.edit("drivers/block/Makefile", set_makefile, symbol.group(1), f"{below}/")


def covers(pattern, name):
    """Does a line F: of MAINTAINERS cover a file?"""
    if pattern.endswith("/"):
        return name.startswith(pattern)
    return (fnmatch.fnmatch(name, pattern) and
            name.count("/") == pattern.count("/"))


def set_maintainers(text, names):
    """Add our lines F: that cover the files of a patch."""
    entry = re.compile(r"^(XEN BLOCK SUBSYSTEM\n(?:[A-EG-Z]:.*\n)*)"
                       r"((?:F:.*\n)+)", re.M)
    match = entry.search(text)
    if not match:
        die("the kernel's MAINTAINERS has no 'XEN BLOCK SUBSYSTEM'")
    ours = entry.search((TOP / "MAINTAINERS").read_text()).group(2)
    files = set(match.group(2).splitlines())
    files |= {line for line in ours.splitlines()
              if any(covers(line.split()[1], name) for name in names)}
    return entry.sub(lambda m: m.group(1) + "\n".join(sorted(files)) + "\n",
                     text, count=1)


def set_index(text, name):
    """Add a document to the index of its directory."""
    entry = f"   {pathlib.Path(name).stem}\n"
    return text if entry in text else text.rstrip("\n") + "\n" + entry


def apply_step(step, tree):
    copy_paths(step, tree)
    for name, pattern in step.keeps:
        tree.edit(name, keep_lines, tree.git("show", f"base:{name}"), pattern)
    for symbol in step.configs:
        tree.edit("drivers/block/Kconfig", set_kconfig, symbol)
        tree.edit("drivers/block/Makefile", set_makefile, symbol,
                  our_object(symbol))
    for source, target in step.tests:
        add_tests(tree, source, target)
    names = tree.changed()
    tree.edit("MAINTAINERS", set_maintainers, names)
    for name in fnmatch.filter(names, "Documentation/block/*.rst"):
        if not name.endswith("/index.rst"):
            tree.edit("Documentation/block/index.rst", set_index, name)
    tree.commit(step.message)


def write_cover(file, base, commit):
    subject, _, body = (TEXTS / "cover.txt").read_text().partition("\n\n")
    text = file.read_text()
    text = text.replace("*** SUBJECT HERE ***", subject)
    text = text.replace("*** BLURB HERE ***\n", body.replace("@BASE@", base))
    if commit:
        text = text.replace("\n-- \n", f"\nbase-commit: {commit}\n-- \n")
    file.write_text(text)


def write_patches(tree, out, signoff):
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    # Show a file that has nothing in common with the old one as a new one.
    tree.git("format-patch", "-q", "--cover-letter", "--no-renames", "-B",
             *(["--signoff"] if signoff else []), "-o", str(out.resolve()),
             "base")


def verify(tree, work, patches):
    """Check that git am produces the intended files."""
    tree.git("worktree", "add", "-q", str(work), "base")
    tree.git("-C", str(work), "am", "-q", *map(str, patches))
    tree.git("-C", str(work), "diff", "--exit-code", "HEAD", "master")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--signoff", action="store_true")
    parser.add_argument("kernel", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    if not args.kernel.is_dir():
        die(f"there is no directory {args.kernel}")
    with tempfile.TemporaryDirectory(prefix="xen-blk-series.") as temp:
        tree = Tree(pathlib.Path(temp) / "linux", project_date())
        tree.git("checkout", "-q", "-b", "master")
        base, commit = read_kernel(args.kernel, tree.dir)
        tree.commit(base)
        tree.git("tag", "base")
        for file in sorted(TEXTS.glob("[0-9]*.txt")):
            apply_step(Step(file), tree)
        write_patches(tree, args.out, args.signoff)
        patches = sorted(args.out.resolve().glob("*.patch"))
        write_cover(patches[0], base, commit)
        verify(tree, pathlib.Path(temp) / "am", patches[1:])
    print(f"{args.out}: a cover letter and {len(patches) - 1} patches for "
          f"{base}, and git am takes them")


main()
