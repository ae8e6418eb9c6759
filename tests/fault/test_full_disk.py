# SPDX-License-Identifier: Apache-2.0
"""A full disk under imports, runs and acknowledgements: it is said, nothing is lost, nothing comes twice.

Skipped where no disk may be mounted.

usage: test_full_disk.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import atexit
import os
import subprocess
import sys
import tempfile

import story
from story import PULLED, grpc, push
from harness import FOLDER, SKIP, fails, run
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
        with open(self.path + "/ballast", "ab") as out:
            out.write(bytes(max(0, self.free() - left)))
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


run(test_full_disk)
