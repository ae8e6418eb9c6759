# SPDX-License-Identifier: Apache-2.0
"""A service that is killed while it brings deliveries brings each, with its bytes, and counts its tries.

usage: test_webhook_kills.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC

At least 24 kills, or POLICYCALC_KILLS; 500 with POLICYCALC_LONG. What is random hangs on
POLICYCALC_SEED; it is printed.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))

from harness import Daemon, run  # noqa: E402
from push_world import Push, draft  # noqa: E402
from webhook_world import QUICK, Receiver, settled, states, stop, wait  # noqa: E402

POLICYCALC = sys.argv[5]
LONG = bool(os.environ.get("POLICYCALC_LONG"))
KILLS = int(os.environ.get("POLICYCALC_KILLS") or (500 if LONG else 24))
SEED = int(os.environ.get("POLICYCALC_SEED") or (time.time_ns() % 10**9 if LONG else 20261127))
FIRMS = 12 * KILLS


class Executioner:
    """Answers like a receiver of mixed moods, and kills the service at a POST of its choice."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.daemon = None
        self.left = 0

    def aim(self, daemon):
        self.left, self.daemon = self.dice.randrange(1, 12), daemon

    def answer(self, post):
        time.sleep(self.dice.random() * 0.004)
        self.left -= 1
        # Before the answer is sent, when it is lost; or a moment later, when it may be known or not.
        if self.left == 0:
            if self.dice.random() < 0.4:
                self.daemon.process.kill()
            else:
                delay = self.dice.random() * 0.02
                process = self.daemon.process
                subprocess.Popen(["/bin/sh", "-c", f"sleep {delay:.4f}; kill -9 {process.pid}"])
        return self.dice.choice([200, 200, 200, 200, 204, 500, 429])


def expected_bodies(daemon):
    """key → the JSON of its digest, as the command line writes it."""
    done = subprocess.run([POLICYCALC, "--server", daemon.addresses[0], "push", "deliveries",
                           "--format", "json", "--limit", "100000"], capture_output=True, check=True)
    bodies = {}
    for line in done.stdout.splitlines():
        digest = line[line.index(b'"digest":') + 9:line.index(b',"createdAt":')]
        bodies[json.loads(digest)["key"]] = digest
    return bodies


def test_killed_while_it_brings():
    print(f"seed {SEED}", flush=True)
    daemon = Daemon(starter="")
    client = Push(daemon.channel())
    client.publish([f for f in draft(10) if "held" not in f[0]])
    client.send({n: 30 for n in range(1, FIRMS + 1)})
    client.run()
    expected = expected_bodies(daemon)
    before = client.ledger()
    assert len(expected) == FIRMS == len(before)
    stop(daemon, client)
    killer = Executioner(SEED)
    receiver = Receiver(killer.answer)
    arguments = ("--webhook-url", receiver.url, "--webhook-concurrency", "4", *QUICK,
                 "--webhook-attempts", "1000")
    kills = recovered = 0
    while kills < KILLS:
        daemon = Daemon(*arguments, data=daemon.data, starter="", wait=False)
        killer.aim(daemon)
        wait(lambda: daemon.process.poll() is not None, 60)
        assert daemon.process.returncode == -9, daemon.log()
        recovered += '"webhook_recovered"' in daemon.log()
        kills += 1
    daemon = Daemon(*arguments, data=daemon.data, starter="")
    client = Push(daemon.channel())
    settled(client, 60)
    assert states(client) == {"ACKED": min(FIRMS, 1000)}
    after = client.ledger()
    assert {k: b for k, (_, b) in after.items()} == {k: b for k, (_, b) in before.items()}
    stop(daemon, client)
    receiver.close()
    # None is lost, none is made up; each has one body (Receiver.keep), the ledger's.
    assert receiver.seen == expected, len(receiver.seen)
    tries = {}
    for post in receiver.posts:
        tries.setdefault(post.key, []).append(post.attempt)
    # What a process has begun the next one knows of.
    assert all(a < b for list_ in tries.values() for a, b in zip(list_, list_[1:])), tries
    again = sum(len(list_) - 1 for list_ in tries.values())
    print(f"{kills} kills, {len(receiver.posts)} posts of {FIRMS}, {again} again, "
          f"{recovered} starts with something under way", flush=True)
    assert recovered > KILLS // 2


run(test_killed_while_it_brings)
