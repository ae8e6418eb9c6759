# SPDX-License-Identifier: Apache-2.0
"""No more descriptors: connections that are there go on, new ones wait or are closed, what needs a file says so
and changes nothing; when there are some again, all is as before.

usage: test_files.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import os
import pathlib
import resource
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))
from harness import Client, Daemon, fails, grpc, module, run  # noqa: E402
from push_world import Push, draft  # noqa: E402

admin = module("policycalc.v1.admin_service_pb2")
daemon = Daemon(starter="")
address = daemon.addresses[0].rsplit(":", 1)
client = Push(daemon.channel())
client.publish(draft(1))
client.send({n: n for n in range(1, 5)})


def files(limit):
    """The service may have @limit files; None: as many as at first."""
    pid = daemon.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (first if limit is None else limit, hard))
    return soft


def held():
    return max(int(name) for name in os.listdir(f"/proc/{daemon.process.pid}/fd")) + 1


first = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)[0]


def dial():
    return socket.create_connection((address[0], int(address[1])), 5)


def served(link, seconds):
    """Whether the service says something to who begins to speak."""
    link.settimeout(seconds)
    try:
        link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        return bool(link.recv(1))
    except OSError:
        return False


def test_connections():
    waiting = []
    files(held())
    try:
        for _ in range(20):
            waiting.append(dial())
        assert client.match().revision == 1  # who is there goes on
        assert not any(served(link, 0.1) for link in waiting[10:13])  # a descriptor or two may lie between
        assert client.match().revision == 1
    finally:
        files(None)
    with dial() as link:
        assert served(link, 20), "nobody is taken any more"
    for link in waiting:
        link.close()
    assert Client(daemon.channel()).match().revision == 1


def backup(link):
    return list(link.unary_stream(
        "/policycalc.v1.AdminService/Backup", request_serializer=admin.BackupRequest.SerializeToString,
        response_deserializer=admin.BackupResponse.FromString)(admin.BackupRequest(), timeout=30))


def test_what_changes_something():
    """It has its files open: with none to open it is done all the same, whole."""
    files(held())
    try:
        assert client.publish(draft(2), base_revision=1).revision.number == 2
        client.send({5: 5, 6: 6})
        client.run()
        got = client.pull()
        acks = [dict(key=d.key, lease=d.lease) for d in got]
        assert got and client.ask("AckDeliveries", acks=acks).count == len(got)
        assert client.match().revision == 2
    finally:
        files(None)


def test_what_needs_a_file():
    """It says that it could not, and why; later it can."""
    link = daemon.channel()
    grpc.channel_ready_future(link).result(20)
    files(held())
    try:
        error = fails(grpc.StatusCode.RESOURCE_EXHAUSTED, backup, link)
        assert "Too many open files" in error.details(), error
        assert client.match().revision == 2
    finally:
        files(None)
    print("# a backup:", error.code().name, error.details())
    assert backup(link)


def test_restarts():
    before = client.ledger()
    assert daemon.stop() == 0, daemon.log()
    after = Daemon(data=daemon.data, starter="")
    assert Push(after.channel()).ledger() == before
    assert Client(after.channel()).match().revision == 2


run(test_connections, test_what_changes_something, test_what_needs_a_file, test_restarts)
