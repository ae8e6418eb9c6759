#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""policycalc admin backup: taken while the service works, restored with tar, and asked the same.

usage: test_backup.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

from enterprise import code
from harness import FOLDER, Client, Daemon, calculator, fails, few_policies, grpc, module, profile, run
from push_world import Push, draft, world

POLICYCALC = sys.argv[5]
few_policies()
admin = module("policycalc.v1.admin_service_pb2")
daemon, client = world({n: 5 + n % 20 for n in range(1, 1501)})
client.run()
client.ask("ConfirmDeliveries", series="demo-push-held", confirmed_by="test")


def cli(*arguments, server=None, expect=0):
    done = subprocess.run([POLICYCALC, *arguments, "--server", server or daemon.addresses[0]],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def backup(channel, **keywords):
    return channel.unary_stream("/policycalc.v1.AdminService/Backup",
                                request_serializer=admin.BackupRequest.SerializeToString,
                                response_deserializer=admin.BackupResponse.FromString)(
        admin.BackupRequest(), **{"timeout": 30, **keywords})


def answers(of):
    """What the databases are asked for, as bytes."""
    told = [of.match(calculator.MatchRequest(as_of="2026-03-12", revision=revision, profile=profile.Profile(
        attributes=[profile.AttributeValue(name="staff", value=profile.Value(count=30))]))).SerializeToString(
            deterministic=True) for revision in (1, 2)]
    told += [of.register("GetEnterprise", uscc=code(n)).SerializeToString(deterministic=True)
             for n in (1, 700, 1500)]
    told.append(of.ask("ListRuns").SerializeToString(deterministic=True))
    return told, of.ledger()


def restore(path):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="restored-", dir=FOLDER))
    subprocess.run(["tar", "-xf", path, "-C", folder], check=True)
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert sorted(p.name for p in folder.iterdir()) == ["SHA256SUMS", "catalog.db", "registry.db"]
    return folder


def taken_and_restored():
    client.publish(draft(8), base_revision=1)
    before = answers(client)
    assert len(before[1]) > 100, len(before[1])
    file = FOLDER / "all.tar"
    # What lies there already, for all to read, is not what the backup is written into.
    left = FOLDER / "all.tar.part"
    left.write_text("of a backup that was killed")
    left.chmod(0o644)
    # The service is asked meanwhile, and answers.
    ends, asked = threading.Event(), []

    def ask():
        own = Client(daemon.channel())
        while not ends.is_set():
            asked.append(own.match().revision)
    thread = threading.Thread(target=ask)
    thread.start()
    said = cli("admin", "backup", str(file))
    ends.set()
    thread.join()
    assert asked and set(asked) == {2}
    assert "2" in said and "catalog.db" in said and "registry.db" in said, said
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    # What happens later is not in it.
    client.publish(draft(9), base_revision=2)
    client.send({2000: 99})
    again = Daemon(data=restore(file), starter="")
    restored = Push(again.channel())
    assert restored.match().revision == 2
    assert answers(restored) == before
    assert restored.run().id == 2  # it goes on where it was
    assert again.stop() == 0
    assert not list(daemon.data.glob("*.backup*")) and not list(FOLDER.glob("*.part"))


def no_file_is_lost():
    file = FOLDER / "there.tar"
    file.write_text("mine")
    assert "there.tar" in cli("admin", "backup", str(file), expect=3)
    assert file.read_text() == "mine"
    assert "No such file" in cli("admin", "backup", str(FOLDER / "no/such.tar"), expect=3)
    assert not (FOLDER / "nobody.tar").exists()
    cli("admin", "backup", str(FOLDER / "nobody.tar"), server="127.0.0.1:1", expect=3)
    assert not (FOLDER / "nobody.tar").exists() and not (FOLDER / "nobody.tar.part").exists()
    cli("admin", "backup", expect=2)
    # Nor one that is put there while the backup is under way.
    for turn in range(20):
        file = FOLDER / f"meanwhile-{turn}.tar"
        command = subprocess.Popen([POLICYCALC, "admin", "backup", str(file), "--server", daemon.addresses[0]],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not file.with_name(file.name + ".part").exists() and command.poll() is None:
            pass
        command.send_signal(signal.SIGSTOP)
        was_early = not file.exists()
        if was_early:
            file.write_text("mine")
        command.send_signal(signal.SIGCONT)
        said = command.communicate(timeout=60)[1]
        if was_early:
            assert command.returncode == 3 and file.name in said and "已存在" in said, (command.returncode, said)
            assert file.read_text() == "mine" and not file.with_name(file.name + ".part").exists()
            break
        assert command.returncode == 0, said
    else:
        assert False, "it was always ready before anybody could put one there"


def one_at_a_time():
    """A second one is told to wait; one that is given up makes room for the next."""
    # It reads nothing, so that the first cannot end.
    slow = daemon.channel(**{"grpc.http2.bdp_probe": 0, "grpc.http2.lookahead_bytes": 65535})
    first = backup(slow)
    next(first)
    second = fails(grpc.StatusCode.UNAVAILABLE, backup, daemon.channel())
    assert "another backup" in second.details()
    first.cancel()
    for _ in range(100):
        try:
            parts = list(backup(daemon.channel()))
            break
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE
            time.sleep(0.05)
    summary = parts[-1].summary
    assert [f.name for f in summary.files] == ["registry.db", "catalog.db"]
    assert sum(len(p.chunk) for p in parts) == sum(f.size for f in summary.files)


def drains():
    """Nobody waits for a backup that nobody takes: it ends with the grace, and its client hears of it."""
    # It reads nothing, so that it cannot end by itself.
    slow = daemon.channel(**{"grpc.http2.bdp_probe": 0, "grpc.http2.lookahead_bytes": 65535})
    first = backup(slow)
    next(first)
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert daemon.process.poll() is None, "it gives the backup its grace"
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(20) == 0 and time.monotonic() - began < 10
    try:
        list(first)
        assert False, "it cannot have been whole"
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE), error


run(taken_and_restored, no_file_is_lost, one_at_a_time, drains)
