# SPDX-License-Identifier: Apache-2.0
"""Full disks, two services and two runners at once, a catalog published in mid-run, a clock that jumps,
leases of others: what was wrong is said, nothing is lost, nothing comes twice.

usage: test_disturbed.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import atexit
import calendar
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import story
from story import ASKED, NIGHTS, PULLED, Push, catalog, code, draft, firm, first_staff, grpc, push, registry
from harness import Daemon, FOLDER, fails, refuses_to_start, run

POLICYCALC = sys.argv[5]
FULL = grpc.StatusCode.RESOURCE_EXHAUSTED
BIG = 8600  # three blocks
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

    def fill(self, numbers=None, add=0):
        def messages():
            yield registry.ImportEnterprisesRequest(header=registry.ImportHeader(
                supplier="演示局", date=NIGHTS[0]))
            firms = [firm(n, (first_staff(n) + add) % 60) for n in numbers or range(1, self.count + 1)]
            for at in range(0, len(firms), 500):
                yield registry.ImportEnterprisesRequest(rows=registry.ImportRows(
                    first_row=at + 1, profiles=firms[at:at + 500]))
        return self.client._method("stream_unary", "RegistryService", "ImportEnterprises",
                                   registry.ImportEnterprisesResponse)(messages(), timeout=60)

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


# --- a full disk ----------------------------------------------------------------------------------

class Disk:
    """A small one, with a file that fills it."""

    def __init__(self, size):
        self.path = tempfile.mkdtemp(prefix="small-", dir=FOLDER)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path],
                              capture_output=True, text=True)
        self.is_mounted = done.returncode == 0
        if self.is_mounted:
            atexit.register(subprocess.run, ["umount", "-l", self.path], check=False)

    def free(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_bsize

    def fill(self, left):
        with open(self.path + "/ballast", "ab") as out:
            out.write(bytes(max(0, self.free() - left)))
        assert self.free() <= left

    def clear(self):
        os.unlink(self.path + "/ballast")


def test_full_disk():
    disk = Disk("64m")
    if not disk.is_mounted:
        print("no full disk: only root may mount one")
        return
    world = World(BIG, data=disk.path + "/data")
    disk.fill(200 << 10)
    assert "no space left" in fails(FULL, world.fill).details()
    # It goes on answering; and once there is room the import is sent again.
    world.client.match()
    disk.clear()
    reply = world.fill()
    assert reply.rejected == 0 and reply.inserted + reply.unchanged == BIG, reply
    # A run that comes to a full disk keeps what it has told, and fails.
    for room in range(4, 24, 2):  # megabytes: as many as the first block takes, and no more
        world.close()
        world.open()
        first = world.client.ask("StartRun").run.id
        disk.fill(room << 20)
        last = world.failed(first)
        if last.done:
            break
        disk.clear()
    assert 0 < last.done < last.total and 0 < last.deliveries, last
    # One whose end could not even be written has ended nevertheless, for whoever asks.
    disk.clear()
    world.close()
    world.open()
    second = world.client.ask("StartRun").run.id
    disk.fill(0)
    world.failed(second)
    assert "no space left" in fails(FULL, world.client.ask, "StartRun").details()
    world.failed(second)
    before = world.client.ledger()
    disk.clear()
    # The next one finds the rest, and nothing else.
    third = world.client.run()
    assert third.id == second + 1
    assert {r.state for r in world.client.ask("ListRuns").runs if r.id != third.id} == {
        push.Run.STATE_FAILED}
    assert third.deliveries + last.deliveries == len(world.client.ledger()), (third, last)
    after = world.client.ledger()
    assert before.items() <= after.items() and len(after) > len(before) > 0
    assert {t for t in world.told() if t[2] == push.DELTA_KIND_NEWLY_ELIGIBLE} == world.eligible()
    # An acknowledgement that could not be written is none, and can be sent again.
    leased = world.client.pull(region=PULLED, limit=10000)
    acks = [dict(key=d.key, lease=d.lease) for d in leased]
    disk.fill(0)
    refused = 0
    for at in range(0, len(acks), 100):
        try:
            assert world.client.ask("AckDeliveries", acks=acks[at:at + 100]).count == len(
                acks[at:at + 100])
        except grpc.RpcError as error:
            assert error.code() == FULL and "no space left" in error.details(), error
            refused += 1
    disk.clear()
    assert world.client.ask("AckDeliveries", acks=acks).count == len(acks)
    print(f"{len(before)} of {len(after)} deliveries before the disk was full; "
          f"{refused} acknowledgements refused")
    world.close()
    world.open()
    world.failed(second)
    assert set(world.client.ledger()) == set(after)
    world.close()
    story.ledger(world.data)  # and the file is whole


# --- two at once ----------------------------------------------------------------------------------

def test_two_services():
    world = World(BIG)
    world.fill()
    world.client.ask("StartRun")
    status, log = refuses_to_start(data=world.data, starter="", env=world.clock.env)
    assert status not in (0, None) and "is in use by process" in log, (status, log)
    assert world.watch().state == push.Run.STATE_FINISHED
    assert {t for t in world.told() if t[2] == push.DELTA_KIND_NEWLY_ELIGIBLE} == world.eligible()
    world.close()


def test_two_runners():
    world = World(BIG)
    world.fill()
    answers = []

    def start():
        try:
            answers.append(world.client.ask("StartRun").run.id)
        except grpc.RpcError as error:
            answers.append((error.code(), error.details()))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(1) == 1, answers
    assert answers.count((grpc.StatusCode.ABORTED, "run 1 is going on")) == 7, answers
    assert world.watch().state == push.Run.STATE_FINISHED
    assert [r.id for r in world.client.ask("ListRuns").runs] == [1]
    world.close()


# --- what changes in mid-run ----------------------------------------------------------------------

def test_pinned():
    """A run stands on its revision, its snapshot and its day, also after the service was killed."""
    calm = World(BIG)
    calm.fill()
    expected_run = calm.client.run()
    expected = calm.client.ledger()
    calm.close()

    for _ in range(5):
        world = World(BIG)
        world.fill()
        world.client.ask("StartRun")
        world.publish(2)
        world.fill([*range(1, BIG, 50), *range(BIG + 1, BIG + 200)], add=20)
        world.clock.jump(20 * 3600)
        if world.client.ask("GetRun").run.state == push.Run.STATE_RUNNING:
            break
        world.close()  # it was too quick
    else:
        raise AssertionError("five runs have ended before a catalog was published")
    world.daemon.process.kill()
    world.daemon.process.wait()
    world.open()
    last = world.watch()
    assert last.state == push.Run.STATE_FINISHED
    assert (last.revision, last.as_of, last.total) == (1, NIGHTS[0], BIG)
    assert (last.counts, last.deliveries) == (expected_run.counts, expected_run.deliveries)
    assert world.client.ledger() == expected
    following = world.client.run()
    assert (following.revision, following.as_of, following.total) == (2, NIGHTS[1], BIG + 199)
    assert following.deliveries > 0
    world.close()


# --- the clock ------------------------------------------------------------------------------------

def test_leases_when_the_clock_jumps():
    world = World(60)
    world.fill()
    world.client.run()
    first = {d.key: d for d in world.client.pull(consumer="a", lease_seconds=600)}
    assert first
    world.clock.jump(3600)
    second = {d.key: d for d in world.client.pull(consumer="b", lease_seconds=600)}
    assert {k: d.digest for k, d in second.items()} == {k: d.digest for k, d in first.items()}
    assert all(d.attempts == 1 for d in second.values())
    late = world.client.ask("AckDeliveries", acks=[dict(key=k, lease=d.lease)
                                                   for k, d in first.items()])
    assert late.count == 0 and {o.reason for o in late.others} == {"it is leased to somebody else"}
    # The clock goes back: what was leased in the future lasts no longer than its length from now on.
    world.clock.jump(-3600)
    assert world.client.pull(consumer="c") == []
    one = next(iter(second.values()))
    assert world.client.ask("AckDeliveries", acks=[dict(key=one.key, lease=one.lease)]).count == 1
    world.clock.jump(601)
    third = {d.key: d for d in world.client.pull(consumer="c", lease_seconds=600)}
    assert third.keys() == second.keys() - {one.key}
    assert all(third[k].digest == first[k].digest for k in third)
    # Over for good: said so, and handed out again.
    world.clock.jump(601)
    two = next(iter(third.values()))
    reply = world.client.ask("AckDeliveries", acks=[dict(key=two.key, lease=two.lease)])
    assert reply.count == 0 and reply.others[0].reason == "the lease has expired", reply
    assert two.key in {d.key for d in world.client.pull(consumer="d")}
    world.close()


def test_day_when_the_clock_jumps():
    """Over midnight and back: what was told on the next day is told, and nothing again."""
    world = World(60, when=NIGHTS[0] + " 23:30")
    world.fill()
    assert world.client.run().as_of == NIGHTS[0]
    before = world.client.ledger()
    world.clock.jump(3600)
    last = world.client.run()
    assert last.as_of == NIGHTS[1] and not last.silent and last.deliveries > 0
    ahead = world.client.ledger()
    assert before.keys() < ahead.keys()
    world.clock.jump(-3600)
    back = world.client.run()
    assert (back.as_of, back.silent, back.reason) == (NIGHTS[0], True, "a past day"), back
    assert world.client.ledger() == ahead
    world.clock.jump(3600)
    again = world.client.run()
    assert again.as_of == NIGHTS[1] and not again.silent and again.deliveries == 0
    assert world.client.ledger() == ahead
    world.close()


# --- bad input ------------------------------------------------------------------------------------

def test_bad_input_of_the_command_line():
    world = World(60)
    world.fill()

    def cli(*arguments, status=0):
        done = subprocess.run(
            [POLICYCALC, "--server", world.daemon.addresses[0], "push", *arguments, "--lang", "en"],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    assert 'there is no policy or series "no-such"' in cli("run", "--policy", "no-such", status=2)
    assert not world.client.ask("ListRuns").runs
    cli("run")
    ledger = world.client.ledger()

    def pull(lease):
        return [json.loads(line) for line in cli(
            "pull", "--format", "ndjson", "--limit", "1", "--lease", lease).splitlines()]

    mine, others = pull("60")[0], pull("86400")[0]
    assert "it is leased to somebody else" in cli("ack", others["key"], mine["lease"], status=1)
    assert "there is no such delivery" in cli("ack", "00" * 32, mine["lease"], status=1)
    assert "acknowledged 1" in cli("ack", others["key"], others["lease"])
    assert "acknowledged 1" in cli("ack", others["key"], others["lease"])
    assert "it was acknowledged by somebody else" in cli("ack", others["key"], mine["lease"], status=1)
    world.clock.jump(61)
    assert "the lease has expired" in cli("ack", mine["key"], mine["lease"], status=1)
    again = pull("60")[0]
    assert (again["key"], again["digest"]) == (mine["key"], mine["digest"])
    assert again["lease"] != mine["lease"] and again["attempts"] == 1
    assert "it is leased to somebody else" in cli("ack", mine["key"], mine["lease"], status=1)
    assert "acknowledged 1" in cli("ack", again["key"], again["lease"])
    after = world.client.ledger()
    assert {k: v[1] for k, v in after.items()} == {k: v[1] for k, v in ledger.items()}
    assert {k for k in after if after[k] != ledger[k]} == {mine["key"], others["key"]}
    world.close()


run(test_full_disk, test_two_services, test_two_runners, test_pinned,
    test_leases_when_the_clock_jumps, test_day_when_the_clock_jumps, test_bad_input_of_the_command_line)
