# SPDX-License-Identifier: Apache-2.0
"""The C example push_client, built as a stranger builds it: against installed headers, with pkg-config.

It sends on what a run has told while its connections are cut, the service is killed, and it is killed
itself: every delivery is handed over once, and acknowledged.

usage: test_push_client.py DAEMON PROTOC PROTO_DIR STARTER_DIR BUILD_ROOT SOURCE
"""
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

from harness import Daemon, FOLDER, few_policies, run
from push_world import Push, push, world

BUILD, SOURCE = sys.argv[5:7]
ACKED = push.DELIVERY_STATE_ACKED
FIRMS = 400
few_policies()


def build():
    """The program, and the environment that it runs in."""
    root = FOLDER / "installed"
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root],
                   check=True)
    pc = next(root.rglob("policycalc-client.pc")).parent
    env = dict(os.environ, LD_LIBRARY_PATH=str(pc.parent), PKG_CONFIG_PATH=str(pc),
               PKG_CONFIG_SYSROOT_DIR=str(root))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "policycalc-client"], env=env,
                           check=True, text=True, capture_output=True).stdout.split()
    program = FOLDER / "push_client"
    sanitize = subprocess.run(["nm", "-D", pc.parent / "libpolicycalc-client.so"], text=True,
                              capture_output=True).stdout.count("__asan_init")
    subprocess.run(["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic",
                    "-Werror", *(["-fsanitize=address,undefined"] if sanitize else []), SOURCE,
                    "-o", program, *flags], env=env, check=True)
    return program, env


class Cutter:
    """A way to the service that breaks off after some bytes, six times; says how often it did."""

    def __init__(self, target):
        self.target, self.cuts, self.random = target, 0, random.Random(20260304)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near = self.listener.accept()[0]
            try:
                host, port = self.target.rsplit(":", 1)
                far = socket.create_connection((host, int(port)))
            except OSError:
                near.close()
                continue
            budget = None if self.cuts >= 6 else [self.random.randrange(200, 60000)]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(one, other, budget), daemon=True).start()

    def _pass(self, one, other, budget):
        try:
            while data := one.recv(2048):
                if budget is not None:
                    budget[0] -= len(data)
                    if budget[0] < 0:
                        self.cuts += 1
                        break
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def states(client):
    return [state for state, _ in client.ledger().values()
            if state not in (push.DELIVERY_STATE_HELD, push.DELIVERY_STATE_SUPERSEDED)]


def wait_for(what, seconds=90):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.1)


def acked(client):
    return states(client).count(ACKED)


def test_every_delivery_once():
    program, env = build()
    daemon, client = world({n: 30 for n in range(1, FIRMS + 1)})
    last = client.run()
    expected = len(states(client))
    assert expected == FIRMS and last.deliveries > FIRMS, last
    cutter = Cutter(daemon.addresses[0])
    handed_over = FOLDER / "handed-over"

    def start():
        return subprocess.Popen([program, cutter.address, "示例", handed_over], env=env)

    # Killed itself, in the middle.
    worker = start()
    wait_for(lambda: acked(client) > 0)
    worker.kill()
    worker.wait()
    assert acked(client) < expected, "too quick to be killed"

    # The service is killed under it and comes back.
    worker = start()
    before = acked(client)
    wait_for(lambda: acked(client) > before)
    daemon.process.kill()
    daemon.process.wait()
    daemon = Daemon(data=daemon.data, starter="")
    client = Push(daemon.channel())
    cutter.target = daemon.addresses[0]
    wait_for(lambda: acked(client) == expected)
    assert cutter.cuts >= 4, cutter.cuts

    # More to come, then asked to stop.
    client.send({n: 31 for n in range(FIRMS + 1, FIRMS + 4)})
    client.run()
    wait_for(lambda: acked(client) == expected + 3)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0

    lines = pathlib.Path(handed_over).read_text(encoding="utf-8").splitlines()
    keys = [line.split()[0] for line in lines]
    assert len(keys) == len(set(keys)) == expected + 3
    ledger = client.ledger()
    for line in lines:
        key, uscc, *news = line.split()
        state, text = ledger[key]
        digest = push.Digest.FromString(text)
        assert state == ACKED and uscc == digest.uscc
        assert news == [f"{e.kind}:{e.series}" for e in digest.entries], (line, digest)
    print(f"{len(lines)} handed over once; {cutter.cuts} connections cut")


def test_bad_input():
    program, env = build_again()
    daemon, _ = world({1: 30})
    done = subprocess.run([program, daemon.addresses[0], "", FOLDER / "nothing"], env=env, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1 and "INVALID_ARGUMENT" in done.stderr, done
    done = subprocess.run([program, "nonsense", "x", FOLDER / "nothing"], env=env, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1 and "is no address" in done.stderr, done
    assert (FOLDER / "nothing").read_bytes() == b""


def build_again():
    root = FOLDER / "installed"
    pc = next(root.rglob("policycalc-client.pc")).parent
    return FOLDER / "push_client", dict(os.environ, LD_LIBRARY_PATH=str(pc.parent))


run(test_every_delivery_once, test_bad_input)
