# SPDX-License-Identifier: Apache-2.0
"""A full disk under imports, runs, acknowledgements and the webhook: it is said, nothing is lost, nothing
comes twice.

Skipped where no disk may be mounted.

usage: test_full_disk.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import atexit
import errno
import os
import subprocess
import sys
import tempfile
import time

import story
from story import PULLED, grpc, push
from harness import Daemon, FOLDER, SKIP, fails, run
from push_world import Push, draft
from webhook_world import QUICK, Receiver, settled, states, stop, wait
from world import BIG, World

FULL = grpc.StatusCode.RESOURCE_EXHAUSTED


class Disk:
    """A small one, with a file that fills it."""

    def __init__(self, size):
        self.path = tempfile.mkdtemp(prefix="small-", dir=FOLDER)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            print(f"SKIP: no small disk, which only root may mount: {done.stderr.strip()}")
            sys.exit(SKIP)
        atexit.register(subprocess.run, ["umount", "-l", self.path], check=False)

    def free(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_bsize

    def fill(self, left):
        ballast = os.open(self.path + "/ballast", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A service beside us takes of it, too, and is the quicker one now and then.
            while self.free() > left:
                os.write(ballast, bytes(min(self.free() - left, 1 << 20)))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error
        os.close(ballast)
        assert self.free() <= left

    def clear(self):
        os.unlink(self.path + "/ballast")


def test_full_disk():
    disk = Disk("64m")
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


FIRMS = 200


class Filler:
    """Takes whatever it is sent, and fills the disk under the service when it has taken so many."""

    def __init__(self, disk):
        self.disk, self.left = disk, 0

    def answer(self, post):
        self.left -= 1
        if self.left == 0:
            self.disk.fill(0)
        return 200


def failures(daemon):
    return daemon.log().count('"webhook_ledger_failed"')


def test_webhook_on_a_full_disk():
    """What the receiver has taken, and no disk could note, is noted when there is room: it comes once.
    Of a service that is killed meanwhile it comes again, as it was."""
    disk = Disk("48m")
    filler = Filler(disk)
    receiver = Receiver(filler.answer)
    arguments = ("--webhook-url", receiver.url, "--webhook-concurrency", "4", *QUICK)
    folder = disk.path + "/data"

    def told(first, count):
        """As many more that are to be brought, by a service that does not."""
        daemon = Daemon(data=folder, starter="")
        client = Push(daemon.channel())
        if first == 1:
            client.publish([f for f in draft(10) if "held" not in f[0]])
        client.send({n: 30 for n in range(first, first + count)})
        client.run()
        ledger = {key: text for key, (_, text) in client.ledger().items()}
        stop(daemon, client)
        return ledger

    def full():
        """A service that brings some of them until the disk is full."""
        filler.left = 20
        disk.fill(8 << 20)  # the rest goes quickly
        daemon = Daemon(*arguments, data=folder, starter="")
        # What room the files have of their own is used first, and what is under way comes to its end.
        wait(lambda: failures(daemon) >= 1)
        time.sleep(0.3)
        posts = len(receiver.posts)
        wait(lambda: failures(daemon) >= 2)
        # Nothing more is begun: that, too, would have to be noted first.
        assert filler.left <= 0 and len(receiver.posts) == posts, (posts, filler.left)
        assert "no space left" in daemon.log()
        client = Push(daemon.channel())
        assert states(client)["LEASED"] and states(client)["ACKED"] < posts
        return daemon, client

    before = told(1, FIRMS)
    assert len(before) == FIRMS
    daemon, client = full()
    assert len(receiver.posts) < FIRMS
    disk.clear()
    settled(client)
    assert states(client) == {"ACKED": FIRMS}
    stop(daemon, client)
    assert set(receiver.seen) == set(before)
    twice = [(p.attempt, n) for n, p in enumerate(receiver.posts) if len(receiver.of(p.key)) > 1]
    assert len(receiver.posts) == FIRMS, twice

    before = told(FIRMS + 1, FIRMS)
    assert len(before) == 2 * FIRMS
    daemon, client = full()
    under_way = states(client)["LEASED"]
    client.channel.close()
    daemon.kill()
    disk.clear()
    daemon = Daemon(*arguments, data=folder, starter="")
    client = Push(daemon.channel())
    settled(client)
    assert states(client) == {"ACKED": min(2 * FIRMS, 1000)}
    assert {key: text for key, (_, text) in client.ledger().items()} == before
    stop(daemon, client)
    receiver.close()
    # Each has come, with one body (Receiver.keep); again only what the killed one had under way.
    again = [p for p in receiver.posts if p.attempt > 1]
    assert set(receiver.seen) == set(before)
    assert len(again) == under_way and len(receiver.posts) == 2 * FIRMS + len(again), again
    print(f"{2 * FIRMS} brought over two full disks, {under_way} of them again after a kill")


run(test_full_disk, test_webhook_on_a_full_disk)
