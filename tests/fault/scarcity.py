# SPDX-License-Identifier: Apache-2.0
"""Memory that runs short in a whole process: what tests/fault/scarce.c does, from the test's side."""
import atexit
import bisect
import mmap
import os
import re
import select
import signal
import struct
import subprocess
import tempfile

import story  # noqa: F401  where the modules of tests/interop lie
from harness import FOLDER, Daemon

ALWAYS = 2**63
_FIELDS = ["is_counting", "first", "length", "count", "failed", "pieces", "bytes", "depth"]
_SIZE = 4096


class Scarcity:
    """The allocations of one process: counted, and failed from the @first on, @length of them."""

    def __init__(self, library):
        self.library = library
        handle, self.path = tempfile.mkstemp(prefix="scarce-", dir=FOLDER)
        with open(handle, "r+b") as file:
            file.truncate(_SIZE)
            self.memory = mmap.mmap(file.fileno(), _SIZE)

    def __getattr__(self, name):
        return struct.unpack_from("q", self.memory, 8 * _FIELDS.index(name))[0]

    def _set(self, **fields):
        for name, value in fields.items():
            struct.pack_into("q", self.memory, 8 * _FIELDS.index(name), min(value, 2**63 - 1))

    def environment(self):
        return {**os.environ, "LD_PRELOAD": self.library, "POLICYCALC_SCARCE": self.path}

    def arm(self, first=0, length=1):
        """Counts from now on; @first 0: nothing fails."""
        self._set(is_counting=0)
        self._set(first=first, length=length, count=0, failed=0, depth=0)
        self._set(is_counting=1)

    def disarm(self):
        """How many there were."""
        self._set(is_counting=0)
        return self.count

    def trace(self):
        return list(struct.unpack_from(f"{self.depth}Q", self.memory, 8 * len(_FIELDS)))


class ScarceDaemon(Daemon):
    def __init__(self, library, *arguments, armed=None, **keywords):
        self.scarcity = Scarcity(library)
        if armed:
            self.scarcity.arm(*armed)
        super().__init__(*arguments, env=self.scarcity.environment(), **keywords)
        self.handle = os.pidfd_open(self.process.pid)

    def ends_within(self, seconds):
        """Whether it does: at once when it is so, where Popen.wait() looks again ever more seldom."""
        return self.process.poll() is not None or bool(
            select.select([self.handle], [], [], seconds)[0]) and self.process.wait() is not None

    def stop(self, number=signal.SIGTERM, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.end(timeout)

    def end(self, timeout):
        """Its exit status."""
        assert self.ends_within(timeout), "it does not end"
        return self.process.wait()

    def forget(self):
        """When there are thousands of them, one after the other."""
        self.kill()
        atexit.unregister(self.kill)
        os.close(self.handle)
        for path in (self.log_path, self.scarcity.path):
            os.unlink(path)

    def where(self):
        """Who asked for the first piece that was not given, innermost first."""
        try:
            with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as maps:
                places = [re.match(r"(\w+)-(\w+) \S+ (\w+) \S+ \S+ +(/.*)", line) for line in maps]
        except OSError:
            return ["(it has ended)"]
        found = []
        for address in self.scarcity.trace():
            for place in filter(None, places):
                low, high, offset = (int(place.group(i), 16) for i in (1, 2, 3))
                if low <= address < high:
                    found.append((place.group(4), address - low + offset))
        return [name_of(*one) for one in found]


_names = {}


def name_of(path, offset):
    if path not in _names:
        table = []
        for extra in ([], ["-D"]):
            text = subprocess.run(["nm", "-C", *extra, path], capture_output=True, text=True).stdout
            table += [(int(line.split()[0], 16), line.split()[2]) for line in text.splitlines()
                      if len(line.split()) == 3 and line.split()[1] in "tTwW"]
        _names[path] = sorted(table)
    table = _names[path]
    at = bisect.bisect_right(table, (offset, "\x7f"))
    name = table[at - 1][1] if at else "?"
    return name if path.endswith("policycalcd") else f"{os.path.basename(path)}:{name}"
