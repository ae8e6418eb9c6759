#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon under a supervisor that speaks as systemd does: ready, watchdog, reload, sockets handed over; and its
unit file, as systemd-analyze judges it.

usage: test_supervised.py DAEMON PROTOC PROTO_DIR STARTER_DIR UNIT SOCKET_UNIT
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from harness import DAEMON, FOLDER, STARTER, Client, Daemon, few_policies, grpc, run

UNIT, SOCKET_UNIT = sys.argv[5:7]
few_policies()
# What looks for leaks at the end has to be let in.
SANITIZED = any(name in pathlib.Path(DAEMON).read_bytes() for name in (b"__asan_init", b"__tsan_init"))


class Supervisor:
    """Stands for systemd's end of NOTIFY_SOCKET."""

    def __init__(self, name):
        self.path = str(FOLDER / name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.heard = []

    def environment(self, **more):
        return {**os.environ, "NOTIFY_SOCKET": self.path, **more}

    def wait(self, word, seconds=10):
        """The next message with @word; what came before it is heard, too."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                self.heard.append(self.socket.recv(4096).decode())
            except TimeoutError:
                break
            if word in self.heard[-1]:
                return self.heard[-1]
        raise AssertionError((word, self.heard))


def told():
    supervisor = Supervisor("notify")
    daemon = Daemon("--lame-duck-ms", "1000", env=supervisor.environment(WATCHDOG_USEC="300000"))
    ready = supervisor.wait("READY=1")
    assert f"STATUS=serving revision 1 on {daemon.addresses[0]}" in ready
    for _ in range(3):
        supervisor.wait("WATCHDOG=1", 5)
    daemon.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in supervisor.wait("RELOADING=1")
    supervisor.wait("READY=1")
    assert Client(daemon.channel()).match().revision == 1
    daemon.process.send_signal(signal.SIGTERM)
    supervisor.wait("STOPPING=1")
    # A reload meanwhile is done, and does not say that it serves.
    heard = len(supervisor.heard)
    daemon.process.send_signal(signal.SIGHUP)
    assert daemon.process.wait(20) == 0
    supervisor.socket.settimeout(0.01)
    try:
        while True:
            supervisor.heard.append(supervisor.socket.recv(4096).decode())
    except TimeoutError:
        pass
    assert daemon.log().count('"options_reloaded"') == 2, daemon.log()
    assert not [one for one in supervisor.heard[heard:] if "READY=1" in one or "RELOADING=1" in one]


def signals_at_once():
    """Who hears that it is ready may send signals in the same moment."""
    supervisor = Supervisor("notify-at-once")
    daemon = Daemon("--lame-duck-ms", "0", env=supervisor.environment(), wait=False)
    supervisor.wait("READY=1", 60)
    for number in (signal.SIGHUP, signal.SIGTERM):
        daemon.process.send_signal(number)
    assert daemon.process.wait(30) == 0
    events = [json.loads(line)["event"] for line in daemon.log().splitlines()]
    assert events.index("listening") < events.index("options_reloaded") < events.index("stopping"), events


def stopped_process_is_noticed():
    supervisor = Supervisor("notify-2")
    daemon = Daemon(env=supervisor.environment(WATCHDOG_USEC="300000"))
    supervisor.wait("WATCHDOG=1")
    daemon.process.send_signal(signal.SIGSTOP)
    supervisor.socket.settimeout(0.01)
    try:  # what was on its way
        while True:
            supervisor.socket.recv(4096)
    except TimeoutError:
        pass
    supervisor.socket.settimeout(0.5)
    try:
        assert False, supervisor.socket.recv(4096)
    except TimeoutError:
        pass
    daemon.process.send_signal(signal.SIGCONT)
    supervisor.wait("WATCHDOG=1")
    assert daemon.stop() == 0


def start_with(sockets, *arguments):
    """policycalcd with @sockets from 3 on, as a supervisor starts it."""
    log = open(FOLDER / "handed.log", "ab")

    def hand_over():
        for number, one in enumerate(sockets):
            os.dup2(one.fileno(), 100 + number)
        for number in range(len(sockets)):
            os.dup2(100 + number, 3 + number)
            os.close(100 + number)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))
        os.execv(DAEMON, [DAEMON, "--data", str(FOLDER / "handed"), "--starter", STARTER, "--threads", "2",
                          *arguments])
    child = os.fork()
    if child == 0:
        os.dup2(log.fileno(), 2)
        hand_over()
    return child


def sockets_handed_over():
    tcp = socket.create_server(("127.0.0.1", 0))
    tcp.listen(100)
    path = str(FOLDER / "handed.socket")
    local = socket.socket(socket.AF_UNIX)
    local.bind(path)
    local.listen(100)
    address = "127.0.0.1:%d" % tcp.getsockname()[1]
    for turn in range(2):
        child = start_with((tcp, local), "--listen", address, "--listen", "unix:" + path)
        # Nobody is turned away before it has come up: the call waits in the socket's queue.
        for target in (address, "unix:" + path):
            with grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
                assert Client(channel).match().revision == 1
        os.kill(child, signal.SIGTERM)
        assert os.waitpid(child, 0)[1] == 0, turn
        assert os.path.exists(path)  # it is the supervisor's
    child = start_with((tcp, local), "--listen", address)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert "1 of the sockets that were handed over" in (FOLDER / "handed.log").read_text()
    # More than are taken are not passed over in silence.
    child = start_with((tcp,) * 17, "--listen", address)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert "17 sockets were handed over" in (FOLDER / "handed.log").read_text()


def no_core():
    """Neither a core file, nor a look into its memory by another process of its user."""
    nobody = 65534 if os.geteuid() == 0 else None
    os.chmod(FOLDER, 0o755)
    data = FOLDER / "of-nobody"
    data.mkdir()
    os.chown(data, nobody or -1, -1)
    daemon = Daemon(data=data, user=nobody, starter="")
    if not SANITIZED:
        done = subprocess.run(["cat", f"/proc/{daemon.process.pid}/environ"], user=nobody, capture_output=True, text=True)
        assert "Permission denied" in done.stderr, done
    limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"], core
    assert daemon.stop() == 0


def calls_of(analyze, name):
    """What a word of SystemCallFilter= stands for."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.run([analyze, "syscall-filter", "--no-pager", name], capture_output=True, text=True,
                           check=True).stdout.splitlines()[1:]
    return set().union(*(calls_of(analyze, line.strip()) for line in lines
                         if line.strip() and not line.strip().startswith("#")))


def calls_allowed(analyze, text):
    """As systemd.exec has it: the first line allows, each that follows adds or, with a tilde, takes away."""
    allowed = set()
    for line in text.splitlines():
        if line.startswith("SystemCallFilter="):
            words = line.split("=", 1)[1]
            named = set().union(*(calls_of(analyze, word) for word in words.removeprefix("~").split()))
            allowed = allowed - named if words.startswith("~") else allowed | named
    return allowed


def unit_file():
    """At most 2.0, by systemd's own judgement; nothing in it that systemd does not know, or that we need and lack."""
    analyze = shutil.which("systemd-analyze")
    if not analyze or "--offline" not in subprocess.run([analyze, "--help"], capture_output=True,
                                                        text=True).stdout:
        print("SKIP: systemd-analyze is not there, or too old for security --offline")
        return
    # verify looks for the program and for the unit's own name
    folder = FOLDER / "units"
    folder.mkdir()
    text = pathlib.Path(UNIT).read_text()
    program = next(l for l in text.splitlines() if l.startswith("ExecStart=")).split("=", 1)[1].split()[0]
    (folder / "policycalcd.service").write_text(text.replace(program, DAEMON if DAEMON.startswith("/") else
                                                             str(pathlib.Path(DAEMON).resolve())))
    shutil.copy(SOCKET_UNIT, folder / "policycalcd.socket")
    done = subprocess.run([analyze, "security", "--offline=true", "--threshold=20", "--no-pager",
                           str(folder / "policycalcd.service")], capture_output=True, text=True)
    assert done.returncode == 0 and "Overall exposure level" in done.stdout, done.stdout + done.stderr
    print(done.stdout.strip().splitlines()[-1])
    allowed = calls_allowed(analyze, text)
    # base/thread.c does without when it is refused, and nobody would notice; bind and chroot: that it is a filter
    assert {"sched_setscheduler", "setpriority", "bind"} <= allowed and "chroot" not in allowed, allowed
    for word in ("LimitCORE=0", "WatchdogSec=", "Type=notify", "StateDirectory=policycalc"):
        assert word in text, word
    # It is root's whatever User= says, and the service reads its options there.
    mode = next(l for l in text.splitlines() if l.startswith("ConfigurationDirectoryMode=")).split("=")[1]
    assert int(mode, 8) & 0o005 == 0o005, mode
    done = subprocess.run([analyze, "verify", "--man=no", *map(str, folder.iterdir())], capture_output=True,
                          text=True)
    ours = [l for l in done.stderr.splitlines() if "policycalcd" in l]
    assert not ours, ours


run(told, signals_at_once, stopped_process_is_noticed, sockets_handed_over, no_core, unit_file)
