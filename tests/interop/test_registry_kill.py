# SPDX-License-Identifier: Apache-2.0
"""policycalcd is killed at random instants of imports, and in their midst. Sent again, the registry is as if it never
was.

usage: test_registry_kill.py DAEMON PROTOC PROTO_DIR STARTER_DIR [--long]
"""
import random
import sys
import tempfile
import threading
import time

import grpc

from enterprise import code
from harness import FOLDER, Client, Daemon, module, profile, run

registry = module("policycalc.v1.registry_service_pb2")
LONG = "--long" in sys.argv
KILLS = 300 if LONG else 20
WATCHED = 4  # of so many kills one is in the midst of an import, for certain
ROWS, MESSAGE_ROWS = 50000, 1000  # three transactions


def uscc(number):
    return code(number * 7919 % 9999991)


def messages(version):
    """The encoded messages of an import; the next version changes every third enterprise."""
    out = [registry.ImportEnterprisesRequest(header=registry.ImportHeader(
        supplier="三门峡市测试局", date=f"2026-0{version}-01",
        complete=["wage_arrears"])).SerializeToString()]
    for first in range(0, ROWS, MESSAGE_ROWS):
        rows = registry.ImportRows(first_row=first + 1)
        for number in range(first, first + MESSAGE_ROWS):
            row = rows.profiles.add(uscc=uscc(number))
            staff = row.attributes.add(name="staff")
            staff.value.count = number + (version if number % 3 == 0 else 0)
            if number % 50 == version:
                row.attributes.add(name="wage_arrears").value.flag = True
        out.append(registry.ImportEnterprisesRequest(rows=rows).SerializeToString())
    return out


def importing(client):
    return client._method("stream_unary", "RegistryService", "ImportEnterprises",
                          registry.ImportEnterprisesResponse)


def send(client, list_):
    return importing(client)(iter(list_), timeout=120)


def ask(client, name, **fields):
    return client._method("unary_unary", "RegistryService", name,
                          getattr(registry, name + "Response"))(
        getattr(registry, name + "Request")(**fields), timeout=20)


def known(client, numbers):
    """What is known of some enterprises; who supplied it is an import's number, which may differ."""
    return [(a.name, a.value.count, a.value.flag)
            for number in numbers
            for a in sorted(ask(client, "GetEnterprise", uscc=uscc(number)).profile.attributes,
                            key=lambda a: a.name)]


def staff(client, number):
    """As it was imported last; None: it is not in the registry."""
    try:
        return [count for name, count, _ in known(client, [number]) if name == "staff"][0]
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error
        return None


def killed_by_chance(daemon, list_, after):
    """Whether it had said before that the import is done."""
    killer = threading.Timer(after, daemon.process.kill)
    killer.start()
    try:
        send(Client(daemon.channel()), list_)
        return True
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        return False
    finally:
        killer.join()


def killed_in_between(daemon, list_, after):
    """@after it was seen over another connection that a transaction of the import is there. The import cannot be done
    by then, however long that takes: its last message is held back."""
    killed = threading.Event()

    def held_back():
        yield from list_[:-1]
        killed.wait(120)

    watcher = Client(daemon.channel(**{"grpc.use_local_subchannel_pool": 1}))
    before = ask(watcher, "GetRegistry").sequence
    call = importing(Client(daemon.channel())).future(held_back(), timeout=120)
    try:
        while ask(watcher, "GetRegistry").sequence == before:
            assert not call.done(), call.exception()
        time.sleep(after)
        daemon.process.kill()
        assert call.exception().code() == grpc.StatusCode.UNAVAILABLE, call.exception()
    finally:
        killed.set()


def check_part(client, version):
    """Of an import that was sent for the first time the first transactions are there, and not all."""
    news = [staff(client, number) == number + version for number in range(0, ROWS, 3 * 83)]
    assert news[0] and not news[-1] and news == sorted(news, reverse=True), news


def test_killed_imports():
    imports = [messages(1), messages(2)]
    sampled = random.Random(1).sample(range(ROWS), 300)
    expected = []
    quiet = Daemon()
    client = Client(quiet.channel())
    for list_ in imports:
        begin = time.monotonic()
        send(client, list_)
        took = time.monotonic() - begin
        expected.append(known(client, sampled))
    assert expected[0] != expected[1]
    quiet.stop()
    dice = random.Random(2026)
    data = tempfile.mkdtemp(prefix="killed-", dir=FOLDER)
    in_part = sequence = 0
    step = 0  # which import is under way
    for kill in range(KILLS):
        daemon = Daemon(data=data)
        is_watched = kill % WATCHED == 0  # nothing of this import is there yet
        if is_watched:
            is_done = False
            killed_in_between(daemon, imports[step], dice.uniform(0, took * 0.5))
        else:
            is_done = killed_by_chance(daemon, imports[step], dice.uniform(0, took * 1.1))
        assert daemon.process.wait(10) == -9
        again = Daemon(data=data)
        client = Client(again.channel())
        state = ask(client, "GetRegistry")
        is_in_part = state.sequence > sequence and not state.imports[0].finished_at
        in_part += is_in_part
        if is_watched:
            assert is_in_part, state
            check_part(client, step + 1)
        if not is_done and (kill + 1) % WATCHED == 0:
            send(client, imports[step])
            is_done = True
        if is_done:
            assert known(client, sampled) == expected[step], "an import that said it was done is not all there"
            step += 1
        sequence = ask(client, "GetRegistry").sequence
        assert again.stop() == 0
        if step == len(imports):
            data = tempfile.mkdtemp(prefix="killed-", dir=FOLDER)
            step = sequence = 0
    daemon = Daemon(data=data)
    client = Client(daemon.channel())
    for list_, wanted in list(zip(imports, expected))[step:]:
        send(client, list_)
        assert known(client, sampled) == wanted
    state = ask(client, "GetRegistry")
    assert state.enterprise_count == ROWS
    # Once more, and nothing changes.
    reply = send(client, imports[1])
    assert (reply.unchanged, reply.import_id, reply.sequence) == (ROWS, 0, state.sequence), reply
    print(f"{KILLS} kills, {in_part} of them left an import in part")
    daemon.stop()


run(test_killed_imports)
