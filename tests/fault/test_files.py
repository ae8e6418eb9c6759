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
import time

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
    """What the service has open, by its descriptors."""
    folder, links = f"/proc/{daemon.process.pid}/fd", {}
    for name in os.listdir(folder):
        try:
            links[int(name)] = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:  # closed meanwhile
            pass
    return links


def sockets():
    return sum(link.startswith("socket:") for link in held().values())


def least():
    """The lowest limit at which nothing can be opened: there is no gap below."""
    numbers = held()
    return next(number for number in range(len(numbers) + 1) if number not in numbers)


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


def spent():
    """Processor time of the service, in seconds."""
    fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_connections():
    """Each loop serves those that it has, whatever the others do; who waits is taken in the end."""
    there = [Client(daemon.channel(**{"grpc.use_local_subchannel_pool": 1})) for _ in range(8)]
    for one in there:
        assert one.match().revision == 1
    at_first = sockets()
    for turn in range(10):
        waiting = []
        files(least())
        try:
            for _ in range(20):
                waiting.append(dial())
            for one in there:
                assert one.match().revision == 1, turn  # who is there goes on
            assert not any(served(link, 0.02) for link in waiting[10:13])
            if turn == 0:  # and nobody tries without end
                before = spent()
                time.sleep(0.5)
                assert spent() - before < 0.25
        finally:
            files(None)
        assert all(served(link, 20) for link in waiting[-3:]), "who waited is not taken any more"
        for link in waiting:
            link.close()
        for _ in range(2000):
            if sockets() <= at_first:
                break
            time.sleep(0.01)
        assert sockets() <= at_first, (turn, at_first, held())
    assert daemon.log().count('"connections_wait"') == 1, daemon.log()
    assert Client(daemon.channel()).match().revision == 1


def backup(link):
    return list(link.unary_stream(
        "/policycalc.v1.AdminService/Backup", request_serializer=admin.BackupRequest.SerializeToString,
        response_deserializer=admin.BackupResponse.FromString)(admin.BackupRequest(), timeout=30))


def test_what_changes_something():
    """It has its files open: with none to open it is done all the same, whole."""
    files(least())
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
    floor, said = least(), set()
    for more in range(20):
        files(floor + more)
        try:
            if len(backup(link)) > 0:
                break
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
            assert error.details().endswith(": Too many open files"), error
            said.add(error.details().split(" ")[0])
        finally:
            files(None)
        assert client.match().revision == 2
    assert more > 1 and said == {"cannot", "copying"}, (more, said)
    assert backup(link)


def test_restarts():
    before = client.ledger()
    assert daemon.stop() == 0, daemon.log()
    after = Daemon(data=daemon.data, starter="")
    assert Push(after.channel()).ledger() == before
    assert Client(after.channel()).match().revision == 2


run(test_connections, test_what_changes_something, test_what_needs_a_file, test_restarts)
