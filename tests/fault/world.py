# SPDX-License-Identifier: Apache-2.0
"""A service with a catalog of made-up policies and firms that do not exist, under a clock that is set."""
import calendar
import os
import tempfile
import time

import story
from story import ASKED, NIGHTS, Push, code, draft, firm, first_staff, push, registry
from harness import Daemon, FOLDER

BIG = 8600  # firms: three blocks
SERIES = ["award", "held", "grant", "gone"]


class Clock:
    """What the service takes for the time: set while it runs."""

    def __init__(self, text):
        self.path = tempfile.mkstemp(prefix="clock-", dir=FOLDER)[1]
        self.set(text)
        self.env = {**story.clock("2026-01-01"), "FAKETIME_TIMESTAMP_FILE": self.path,
                    "FAKETIME_NO_CACHE": "1"}
        del self.env["FAKETIME"]

    def set(self, text):
        """@text: day and hour in China."""
        self.offset = calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M")) - 8 * 3600 - time.time()
        self.jump(0)

    def jump(self, seconds):
        self.offset += seconds
        other = self.path + ".new"
        with open(other, "w", encoding="ascii") as out:
            out.write(f"{self.offset:+.0f}\n")
        os.replace(other, self.path)


class World:
    def __init__(self, count, data=None, when=NIGHTS[0] + " 08:00"):
        self.clock = Clock(when)
        self.count = count
        self.data = data or tempfile.mkdtemp(prefix="world-", dir=FOLDER)
        self.open()
        self.publish(1)

    def open(self):
        self.daemon = Daemon(data=self.data, starter="", env=self.clock.env)
        self.client = Push(self.daemon.channel())

    def close(self):
        assert self.daemon.stop() == 0, self.daemon.log()

    def publish(self, revision):
        self.client.publish(draft(revision), base_revision=revision - 1)

    def rows(self, numbers=None, add=0):
        """The messages of an import."""
        firms = [firm(n, (first_staff(n) + add) % 60) for n in numbers or range(1, self.count + 1)]
        return [registry.ImportEnterprisesRequest(header=registry.ImportHeader(supplier="演示局", date=NIGHTS[0])),
                *(registry.ImportEnterprisesRequest(rows=registry.ImportRows(
                    first_row=at + 1, profiles=firms[at:at + 500])) for at in range(0, len(firms), 500))]

    def send(self, messages):
        return self.client._method("stream_unary", "RegistryService", "ImportEnterprises",
                                   registry.ImportEnterprisesResponse)(iter(messages), timeout=60)

    def fill(self):
        return self.send(self.rows())

    def watch(self):
        return list(self.client.stream("WatchRun"))[-1].run

    def failed(self, number):
        """The run, which has failed for lack of space whichever way one asks."""
        seen = [list(self.client.stream("WatchRun", id=number))[-1].run,
                self.client.ask("GetRun", id=number).run,
                next(r for r in self.client.ask("ListRuns").runs if r.id == number)]
        for one in seen:
            assert one.state == push.Run.STATE_FAILED and "no space left" in one.reason, one
        return seen[0]

    def told(self):
        """(firm, series, kind), each once, of all there is; and that no key comes twice."""
        found = []
        for _, text in self.client.ledger().values():
            digest = push.Digest.FromString(text)
            found += [(digest.uscc, e.series, e.kind) for e in digest.entries]
        assert len(found) == len(set(found)), "somebody is told the same twice"
        return set(found)

    def eligible(self, asked=ASKED[1]):
        can = [code(n) for n in range(1, self.count + 1) if first_staff(n) >= asked]
        return {(uscc, "demo-push-" + series, push.DELTA_KIND_NEWLY_ELIGIBLE)
                for uscc in can for series in SERIES}
