# SPDX-License-Identifier: Apache-2.0
"""A disk that takes a quarter of a second for every sync: who asks does not wait for it, what is changed is changed, and
whoever does not want to wait hears so.

usage: test_slow_disk.py DAEMON PROTOC PROTO_DIR STARTER_DIR SLOW_DISK_LIBRARY
"""
import os
import pathlib
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from harness import FOLDER, Client, Daemon, calculator, catalog, grpc, profile, run  # noqa: E402
from push_world import Push, draft  # noqa: E402

LIBRARY = os.path.abspath(sys.argv[5])
DELAY_MS = 250


class Disk:
    """How slow it is, and how many syncs have been; see slow_disk.c."""

    def __init__(self):
        self.path = tempfile.mkstemp(prefix="slow-", dir=FOLDER)[1]
        self.env = {**os.environ, "LD_PRELOAD": LIBRARY, "SLOW_DISK": self.path}
        self._write(0, 0)

    def _write(self, *numbers):
        with open(self.path, "r+b") as file:
            file.write(struct.pack("=2i", *numbers))

    def set(self, ms):
        self._write(ms, 0)

    def waited(self):
        with open(self.path, "rb") as file:
            return struct.unpack("=2i", file.read(8))[1]


class Asking:
    """Somebody who asks without a pause while the block runs; how long each answer took, in seconds."""

    def __init__(self, daemon):
        self.client = Client(daemon.channel())
        self.seconds, self.revisions = [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._ask)

    def _ask(self):
        request = calculator.MatchRequest(profile=profile.Profile(), view=calculator.VIEW_BASIC)
        while not self.over.is_set():
            start = time.monotonic()
            self.revisions.append(self.client.match(request, timeout=60).revision)
            self.seconds.append(time.monotonic() - start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


syncs, delays = [], []  # of each piece of work: how many syncs there were, how many answers took as long as one
disk = Disk()
daemon = Daemon(starter="", env=disk.env)
client = Push(daemon.channel())
client.publish(draft(1))


def slowly(work, least):
    """@work on the slow disk, of @least syncs, beside somebody who asks."""
    disk.set(DELAY_MS)
    with Asking(daemon) as asking:
        result = work()
    waited = disk.waited()
    disk.set(0)
    late = sum(s >= DELAY_MS / 1000 * 0.9 for s in asking.seconds)
    print(f"# {waited} syncs of {DELAY_MS} ms, {len(asking.seconds)} answers meanwhile, the longest in "
          f"{max(asking.seconds) * 1000:.0f} ms, {late} late")
    assert waited >= least, waited
    syncs.append(waited)
    delays.append(late)
    assert len(asking.seconds) > waited, (len(asking.seconds), waited)
    return result, asking.revisions


def test_publish():
    reply, revisions = slowly(lambda: client.publish(draft(2), base_revision=1), 3)
    assert reply.revision.number == 2
    assert set(revisions) <= {1, 2} and revisions == sorted(revisions)
    assert client.match().revision == 2


def test_who_does_not_wait():
    """The deadline passes first: that is said, and the old revision or the new one answers, whole."""
    def upload():
        for path, content in draft(3):
            yield catalog.PublishCatalogRequest(
                file=catalog.SourceFile(path=path, content=content), base_revision=2)

    disk.set(DELAY_MS)
    call = client._method("stream_unary", "CatalogService", "PublishCatalog", catalog.PublishCatalogResponse)
    start = time.monotonic()
    try:
        call(upload(), timeout=DELAY_MS / 1000 / 2)
        raise AssertionError("answered before it could be on the disk")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert client.match().revision in (2, 3)
    disk.set(0)
    again = client.publish(draft(3), base_revision=client.match().revision)
    assert again.revision.number == 3 and client.match().revision == 3
    print(f"# {time.monotonic() - start:.1f} s until it was there")


def test_import_run_and_acknowledgement():
    slowly(lambda: client.send({n: n for n in range(1, 7)}), 2)
    run_, _ = slowly(client.run, 2)
    assert sum(c.count for c in run_.counts) == 10, run_
    got, _ = slowly(client.pull, 1)
    acks = [dict(key=d.key, lease=d.lease) for d in got]
    reply, _ = slowly(lambda: client.ask("AckDeliveries", acks=acks), 2)
    assert got and reply.count == len(got)
    before = client.ledger()
    assert daemon.stop() == 0, daemon.log()
    after = Daemon(data=daemon.data, starter="")
    assert Push(after.channel()).ledger() == before


def test_nobody_waited():
    """Who asks would be late as often as the disk was; a busy machine may delay one or another."""
    assert len(syncs) == 5 and sum(delays) < sum(syncs) / 2, (syncs, delays)


run(test_publish, test_who_does_not_wait, test_import_run_and_acknowledgement, test_nobody_waited)
