# SPDX-License-Identifier: Apache-2.0
"""policycalcd is killed at random instants of imports. Sent again, the registry is as if it never was.

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


def send(client, list_):
    return client._method("stream_unary", "RegistryService", "ImportEnterprises",
                          registry.ImportEnterprisesResponse)(iter(list_), timeout=120)


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
    kills = in_between = 0
    step = 0  # which import is under way
    while kills < KILLS:
        daemon = Daemon(data=data)
        client = Client(daemon.channel())
        killer = threading.Timer(dice.uniform(0, took * 1.1), daemon.process.kill)
        killer.start()
        try:
            send(client, imports[step])
            if known(client, sampled) != expected[step]:
                raise AssertionError("an import that said it was done is not all there")
            step += 1
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        killer.join()
        assert daemon.process.wait(10) == -9
        kills += 1
        again = Daemon(data=data)
        state = ask(Client(again.channel()), "GetRegistry")
        in_between += 0 < state.enterprise_count < ROWS
        assert again.stop() == 0
        if step == len(imports):
            data = tempfile.mkdtemp(prefix="killed-", dir=FOLDER)
            step = 0
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
    print(f"{kills} kills, {in_between} of them between two transactions")
    assert in_between > 0
    daemon.stop()


run(test_killed_imports)
