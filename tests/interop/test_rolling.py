#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two replicas of one catalog behind HAProxy, restarted in turn under steady calls: none fails.

usage: test_rolling.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import atexit
import shutil
import random
import socket
import subprocess
import sys
import threading
import time

from harness import FOLDER, SKIP, Client, Daemon, calculator, grpc, profile, run

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
if not HAPROXY:
    print("SKIP: haproxy is not there; apt install haproxy")
    sys.exit(SKIP)

STATS = FOLDER / "haproxy.sock"
# As in the README.
CONFIG = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch 1
    retry-on conn-failure empty-response
frontend front
    bind {front} proto h2
    default_backend replicas
backend replicas
    balance roundrobin
    option httpchk
    http-check connect proto h1
    http-check send meth GET uri /health
    default-server proto h2 check inter 100ms fall 1 rise 1
    server one {one} port {one_port}
    server two {two} port {two_port}
"""


def free_port():
    """Below those that the system hands out: nobody's connection takes it while a replica is away."""
    while True:
        port = random.randrange(20000, 32000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue


class Replica:
    """With a data folder of its own, at an address that stays."""

    def __init__(self, name):
        self.address = f"127.0.0.1:{free_port()}"
        self.data = FOLDER / (name + "-data")
        self.port = free_port()
        self.start()

    def start(self):
        # Health says NOT_SERVING for longer than the balancer takes to notice.
        self.daemon = Daemon("--lame-duck-ms", "1500", "--metrics", f"127.0.0.1:{self.port}", data=self.data,
                             listen=(self.address,), threads=1)

    def stop(self):
        assert self.daemon.stop() == 0


def balance(replicas):
    front = f"127.0.0.1:{free_port()}"
    path = FOLDER / "haproxy.cfg"
    # Beside what the README has: a socket that tells whom the balancer has found.
    config = CONFIG.replace("    maxconn 1000\n", f"    maxconn 1000\n    stats socket {STATS}\n")
    path.write_text(config.format(front=front, one=replicas[0].address, two=replicas[1].address,
                                  one_port=replicas[0].port, two_port=replicas[1].port))
    process = subprocess.Popen([HAPROXY, "-db", "-f", str(path)], stdout=subprocess.DEVNULL,
                               stderr=open(FOLDER / "haproxy.log", "wb"))
    atexit.register(process.kill)
    return front


def wait_until_found(count):
    """@count replicas are up, as the balancer sees it."""
    state = ""
    for _ in range(400):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(STATS))
            asked.sendall(b"show stat\n")
            state = b"".join(iter(lambda: asked.recv(65536), b"")).decode()
        if sum(line.split(",")[:1] == ["replicas"] and line.split(",")[1] in ("one", "two") and
               line.split(",")[17].startswith("UP") for line in state.splitlines()) == count:
            return
        time.sleep(0.05)
    raise AssertionError(state)


class Caller(threading.Thread):
    """Asks without a pause of more than some milliseconds, and keeps what came."""

    def __init__(self, front, ends):
        super().__init__()
        self.channel = grpc.insecure_channel(front, options=[("grpc.enable_http_proxy", 0)])
        self.ends, self.answers, self.failures = ends, [], []

    def run(self):
        client = Client(self.channel)
        request = calculator.MatchRequest(as_of="2026-03-01", profile=profile.Profile())
        while not self.ends.is_set():
            try:
                # The way to the balancer is the client's own: after a lost connection it waits for another.
                self.answers.append(client.match(request, timeout=10, wait_for_ready=True)
                                    .SerializeToString(deterministic=True))
            except grpc.RpcError as error:
                self.failures.append((error.code(), error.details()))
            time.sleep(0.003)


def first_answer(front):
    """When the balancer has come up and found the replicas."""
    for _ in range(200):
        with grpc.insecure_channel(front, options=[("grpc.enable_http_proxy", 0)]) as channel:
            try:
                return Client(channel).match(calculator.MatchRequest(as_of="2026-03-01", profile=profile.Profile()))
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        time.sleep(0.05)
    raise AssertionError((FOLDER / "haproxy.log").read_text())


def restarted_in_turn():
    replicas = [Replica("one"), Replica("two")]
    front = balance(replicas)
    first = first_answer(front)
    wait_until_found(2)
    ends = threading.Event()
    callers = [Caller(front, ends) for _ in range(2)]
    for caller in callers:
        caller.start()
    for replica in replicas:
        time.sleep(0.3)
        replica.stop()
        replica.start()
        wait_until_found(2)
    ends.set()
    for caller in callers:
        caller.join()
    failures = [f for c in callers for f in c.failures]
    answers = [a for c in callers for a in c.answers]
    print(len(answers), "answers,", len(failures), "failures")
    assert not failures, failures[:5]
    assert len(answers) > 100 and set(answers) == {first.SerializeToString(deterministic=True)}
    for replica in replicas:
        replica.stop()


run(restarted_in_turn)
