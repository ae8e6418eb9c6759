# SPDX-License-Identifier: Apache-2.0
"""echo_server as a stock client sees it: python3-grpcio."""
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

import grpc

from echo_fixture import CALL, Server, fields, request, run

server = Server("--threads", "2")
channel = grpc.insecure_channel(server.address)
HEALTH = "/grpc.health.v1.Health/"


def unary(name, message, timeout=10, **more):
    return channel.unary_unary(CALL + name)(message, timeout=timeout, **more)


def status_of(call):
    try:
        result = call()
        if hasattr(result, "code"):
            return result.code().value[0]
        list(result)
        return 0
    except grpc.RpcError as err:
        return err.code().value[0]


def test_unary():
    assert fields(unary("Unary", request("中文", count=7)))[1] == "中文".encode()


def test_parallel():
    errors = []

    def work():
        for i in range(200):
            if fields(unary("Unary", request("x", count=i + 1)))[3] != i + 1:
                errors.append(i)
    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not errors


def test_large_both_ways():
    payload = os.urandom(3 << 20)
    assert fields(unary("Unary", request(payload=payload)))[2] == payload


def test_too_large():
    assert status_of(lambda: unary("Unary", request(payload=b"x" * (5 << 20)))) == 8


def test_client_stream():
    call = channel.stream_unary(CALL + "ClientStream")
    result = fields(call(iter([request(payload=b"x" * 10000)] * 3000), timeout=100))
    assert result[3] == 3000 and result[4] == 30000000


def test_empty_client_stream():
    assert channel.stream_unary(CALL + "ClientStream")(iter([]), timeout=5) == b""


def test_server_stream():
    call = channel.unary_stream(CALL + "ServerStream")
    got = [fields(m)[3] for m in call(request(count=2000, size=5000), timeout=100)]
    assert got == list(range(1, 2001))


def test_server_stream_fails_at_the_end():
    call = channel.unary_stream(CALL + "ServerStream")(request(count=3, code=10), timeout=5)
    got = []
    try:
        for message in call:
            got.append(message)
        assert False, "no error"
    except grpc.RpcError as err:
        assert err.code() == grpc.StatusCode.ABORTED and len(got) == 3


def test_slow_reader_gets_everything():
    call = channel.unary_stream(CALL + "ServerStream")
    count = 0
    for _ in call(request(count=400, size=50000), timeout=60):
        count += 1
        if count < 20:
            time.sleep(0.02)
    assert count == 400


def test_bidi():
    call = channel.stream_stream(CALL + "BidiStream")
    got = [fields(m)[3] for m in call((request(count=i + 1) for i in range(3000)), timeout=100)]
    assert got == list(range(1, 3001))


def test_bidi_back_pressure():
    """Much more than all windows and marks hold goes through and comes back in order."""
    call = channel.stream_stream(CALL + "BidiStream")
    got = [fields(m)[3] for m in call(
        (request(payload=b"x" * 100000, count=i + 1) for i in range(300)), timeout=60)]
    assert got == list(range(1, 301))


def test_details():
    try:
        unary("Fail", request("缺少“年收入”", count=2, code=3))
        assert False, "no error"
    except grpc.RpcError as err:
        assert err.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert err.details() == "缺少“年收入”"
        details = dict(err.trailing_metadata())["grpc-status-details-bin"]
        status = fields(details)
        assert status[1] == 3 and status[2].decode() == "缺少“年收入”"
        assert b"google.rpc.BadRequest" in details and b"google.rpc.ErrorInfo" in details
        assert b"profile.attributes[3].value" in details


def test_every_code():
    for code in range(1, 17):
        assert status_of(lambda: unary("Fail", request("x", code=code))) == code


def test_deadline_and_worker():
    assert status_of(lambda: unary("Slow", request(count=10000), timeout=0.1)) == 4
    time.sleep(0.2)
    assert unary("Busy", b"") == b""


def test_cancel():
    future = channel.unary_unary(CALL + "Slow").future(request(count=10000), timeout=20)
    time.sleep(0.1)
    assert fields(unary("Busy", b""))[3] == 1
    future.cancel()
    time.sleep(0.2)
    assert unary("Busy", b"") == b""


def test_cancel_a_stream():
    call = channel.unary_stream(CALL + "ServerStream")(request(count=10**9, size=1000),
                                                       timeout=30)
    for _ in range(10):
        next(call)
    call.cancel()
    time.sleep(0.2)
    assert unary("Busy", b"") == b""


def test_metadata():
    answer, call = channel.unary_unary(CALL + "Unary").with_call(
        request("x"), timeout=5, metadata=(("x-echo", "v"), ("x-echo-bin", b"\x00\xff")))
    assert ("x-echo", "v") in [tuple(m) for m in call.initial_metadata()]
    trailers = dict(call.trailing_metadata())
    assert trailers["x-echo-trailer"] == "v" and trailers["x-echo-bin"] == b"\x00\xff"


def test_gzip():
    assert fields(unary("Unary", request(payload=b"a" * 100000),
                        compression=grpc.Compression.Gzip))[2] == b"a" * 100000


def test_health():
    def check(service):
        return channel.unary_unary(HEALTH + "Check")(
            b"\x0a" + bytes([len(service)]) + service if service else b"", timeout=5)
    assert check(b"") == b"\x08\x01" and check(b"policycalc.test.Echo") == b"\x08\x01"
    assert status_of(lambda: check(b"nope")) == 5
    listed = channel.unary_unary(HEALTH + "List")(b"", timeout=5)
    assert b"policycalc.test.Echo" in listed


def symbol_request(name):
    return b"\x22" + bytes([len(name)]) + name.encode()


def test_reflection():
    """Each request is answered in order; what is not found is told within an answer, and is no end."""
    name = b"policycalc/v1/calculator_service.proto"
    symbols = ("policycalc.v1.CalculatorService.Match", "policycalc.v1.CalculatorService",
               "policycalc.v1.MatchRequest", "policycalc.v1.MatchRequest.as_of", "policycalc.v1.View")
    extension = b"\x2a\x06\x0a\x02.x\x10\x01"
    for version in ("v1", "v1alpha"):
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        answers = list(call(iter([
            b"\x3a\x00", *[symbol_request(s) for s in symbols], b"\x1a" + bytes([len(name)]) + name,
            symbol_request("nope"), symbol_request("policycalc.v1.MatchRequest.nope"), b"\x32\x04nope",
            extension]), timeout=5))
        assert len(answers) == 11
        assert b"policycalc.test.Echo" in fields(answers[0])[6]
        for answer in answers[1:7]:
            files = fields(answer)[4]
            assert b"CalculatorService" in files and b"policycalc/v1/profile.proto" in files
        for answer in answers[7:]:
            assert fields(fields(answer)[7])[1] == 5


def test_watch_and_drain():
    with Server("--threads", "2") as own:
        other = grpc.insecure_channel(own.address)
        watch = other.unary_stream(HEALTH + "Watch")
        service = b"policycalc.test.Echo"
        known = watch(b"\x0a" + bytes([len(service)]) + service, timeout=20)
        unknown = watch(b"\x0a\x04nope", timeout=20)
        assert next(known) == b"\x08\x01" and next(unknown) == b"\x08\x03"
        own.process.send_signal(signal.SIGINT)
        assert next(known) == b"\x08\x02"
        future = other.unary_unary(CALL + "Slow").future(request(count=500), timeout=10)
        time.sleep(0.2)
        own.process.terminate()
        begin = time.monotonic()
        assert fields(future.result())[3] == 500, "a call in flight must finish"
        try:
            next(known)
            assert False, "the watch must end"
        except grpc.RpcError as err:
            assert err.code() == grpc.StatusCode.UNAVAILABLE
        assert own.process.wait(20) == 0 and time.monotonic() - begin < 9
        other.close()


def test_grace_ends():
    own = Server("--threads", "1", "--grace", "300")
    other = grpc.insecure_channel(own.address)
    future = other.unary_unary(CALL + "Slow").future(request(count=60000), timeout=20)
    time.sleep(0.3)
    own.process.terminate()
    begin = time.monotonic()
    assert status_of(lambda: future.result()) in (1, 14)
    assert own.process.wait(20) == 0 and time.monotonic() - begin < 9
    other.close()


def start_fails(*listen):
    result = subprocess.run([os.environ["ECHO_SERVER"], "--listen", *listen],
                            capture_output=True, text=True, timeout=10, check=False)
    assert result.returncode != 0
    return result.stderr


def test_port_in_use():
    assert "in use" in start_fails(server.address)


def test_bad_addresses():
    for text in ("nonsense", "127.0.0.1:", "[::1:5", "unix:", "unix:" + "x" * 200,
                 "127.0.0.1:99999999"):
        assert "listen" in start_fails(text)


def test_unix_socket():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        with Server("--listen", "unix:" + path, "--threads", "2") as own:
            assert own.address == "unix:" + path
            other = grpc.insecure_channel(own.address)
            assert fields(other.unary_unary(CALL + "Unary")(request("x"), timeout=5))[1] == b"x"
            assert "another process" in start_fails("unix:" + path)
            other.close()
        assert not os.path.exists(path), "the socket file is left"
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(path)
        dead.close()
        with Server("--listen", "unix:" + path):
            pass
        with open(path, "w", encoding="utf-8") as file:
            file.write("precious")
        assert "not a socket" in start_fails("unix:" + path)
        with open(path, encoding="utf-8") as file:
            assert file.read() == "precious"


def test_idle_and_age():
    for option in ("--idle", "--age"):
        with Server(option, "300", "--threads", "1") as own:
            other = grpc.insecure_channel(own.address)
            for _ in range(4):
                assert fields(other.unary_unary(CALL + "Unary")(
                    request("x"), timeout=5, wait_for_ready=True))[1] == b"x"
                time.sleep(0.35)
            other.close()


def test_longest_deadline():
    with Server("--deadline-max", "200", "--threads", "1") as own:
        other = grpc.insecure_channel(own.address)
        assert status_of(lambda: other.unary_unary(CALL + "Slow")(
            request(count=10000), timeout=20)) == 4
        other.close()


with server:
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
    channel.close()
