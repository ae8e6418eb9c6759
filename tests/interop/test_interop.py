# SPDX-License-Identifier: Apache-2.0
"""The interop cases of gRPC against testing_server, from Debian's python3-grpcio; what only bytes show, by hand."""
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import raw_client
from interop_world import CASES, COMPRESSED, SKIP, Server, run
from wire import frame

try:
    import grpc
    from google.protobuf import descriptor_pb2  # noqa: F401
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-grpcio and python3-protobuf")
    sys.exit(SKIP)

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([os.environ["PROTOC"], "-I" + str(pathlib.Path(__file__).parent),
                    "--python_out=" + folder, "grpc_testing.proto"], check=True)
    sys.path.insert(0, folder)
    pb = importlib.import_module("grpc_testing_pb2")

SERVICE = "/grpc.testing.TestService/"
server = Server("testing_server", "--threads", "2")
channel = grpc.insecure_channel(server.address, options=[("grpc.enable_http_proxy", 0)])
TEXT, BYTES = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
ECHO = ((TEXT, "test_initial_metadata_value"), (BYTES, b"\xab\xab\xab"))


def method(kind, name, request, response, service=SERVICE):
    return getattr(channel, kind)(service + name, request_serializer=request.SerializeToString,
                                  response_deserializer=response.FromString)


empty = method("unary_unary", "EmptyCall", pb.Empty, pb.Empty)
unary = method("unary_unary", "UnaryCall", pb.SimpleRequest, pb.SimpleResponse)
cacheable = method("unary_unary", "CacheableUnaryCall", pb.SimpleRequest, pb.SimpleResponse)
outputs = method("unary_stream", "StreamingOutputCall", pb.StreamingOutputCallRequest,
                 pb.StreamingOutputCallResponse)
inputs = method("stream_unary", "StreamingInputCall", pb.StreamingInputCallRequest,
                pb.StreamingInputCallResponse)
full = method("stream_stream", "FullDuplexCall", pb.StreamingOutputCallRequest,
              pb.StreamingOutputCallResponse)
half = method("stream_stream", "HalfDuplexCall", pb.StreamingOutputCallRequest,
              pb.StreamingOutputCallResponse)
LIMIT = {"timeout": 20}


def zeros(size):
    return pb.Payload(body=bytes(size))


def large(**more):
    return pb.SimpleRequest(response_size=314159, payload=zeros(271828), **more)


def wanted(size=None, question=None, **more):
    parameters = [pb.ResponseParameters(size=size, **more)] if size is not None else []
    return pb.StreamingOutputCallRequest(
        response_parameters=parameters, payload=None if question is None else zeros(question))


def sizes(replies):
    found = []
    for reply in replies:
        assert not any(reply.payload.body)
        found.append(len(reply.payload.body))
    return found


def fails(code, call):
    try:
        reply = call()
        if hasattr(reply, "__next__"):
            list(reply)
    except grpc.RpcError as error:
        assert error.code() == code, error
        return error
    raise AssertionError(f"did not end with {code}")


def empty_unary():
    assert empty(pb.Empty(), **LIMIT) == pb.Empty()


def large_unary():
    body = unary(large(), **LIMIT).payload.body
    assert body == bytes(314159)


def cacheable_unary():
    # Without a proxy in between every answer is new; what a proxy goes by is in the headers.
    first, call = cacheable.with_call(pb.SimpleRequest(), **LIMIT)
    assert dict(call.initial_metadata())["cache-control"] == "max-age=60, public"
    assert first.payload.body != cacheable(pb.SimpleRequest(), **LIMIT).payload.body


def client_streaming():
    asked = [pb.StreamingInputCallRequest(payload=zeros(n)) for n in (27182, 8, 1828, 45904)]
    assert inputs(iter(asked), **LIMIT).aggregated_payload_size == 74922


def server_streaming():
    for method_ in (outputs, lambda asked, **more: half(iter([asked]), **more)):
        asked = pb.StreamingOutputCallRequest(response_parameters=[
            pb.ResponseParameters(size=n) for n in (31415, 9, 2653, 58979)])
        assert sizes(method_(asked, **LIMIT)) == [31415, 9, 2653, 58979]


def ping_pong():
    answered = threading.Semaphore(1)

    def questions():
        for question, answer in ((27182, 31415), (8, 9), (1828, 2653), (45904, 58979)):
            assert answered.acquire(timeout=10)
            yield wanted(answer, question)
    found = []
    for reply in full(questions(), **LIMIT):
        found += sizes([reply])
        answered.release()
    assert found == [31415, 9, 2653, 58979]


def empty_stream():
    assert not list(full(iter([]), **LIMIT)) and not list(half(iter([]), **LIMIT))


def custom_metadata():
    _, call = unary.with_call(large(), metadata=ECHO, **LIMIT)
    stream = full(iter([wanted(314159, 271828)]), metadata=ECHO, **LIMIT)
    assert sizes(stream) == [314159]
    for ended in (call, stream):
        assert dict(ended.initial_metadata())[TEXT] == ECHO[0][1]
        assert dict(ended.trailing_metadata())[BYTES] == ECHO[1][1]


def statuses(text):
    status = pb.EchoStatus(code=2, message=text)
    for call in (lambda: unary(pb.SimpleRequest(response_status=status), **LIMIT),
                 lambda: full(iter([pb.StreamingOutputCallRequest(response_status=status)]),
                              **LIMIT)):
        assert fails(grpc.StatusCode.UNKNOWN, call).details() == text


def status_code_and_message():
    statuses("test status message")


def special_status_message():
    statuses("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \U0001F608\t\n")


def unimplemented_method():
    fails(grpc.StatusCode.UNIMPLEMENTED,
          lambda: method("unary_unary", "UnimplementedCall", pb.Empty, pb.Empty)(
              pb.Empty(), **LIMIT))


def unimplemented_service():
    fails(grpc.StatusCode.UNIMPLEMENTED,
          lambda: method("unary_unary", "UnimplementedCall", pb.Empty, pb.Empty,
                         "/grpc.testing.UnimplementedService/")(pb.Empty(), **LIMIT))


def cancel_after_begin():
    asks = threading.Event()
    call = inputs.future(iter(lambda: asks.wait(20), True), **LIMIT)
    call.cancel()
    asks.set()
    assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED


def cancel_after_first_response():
    done = threading.Event()

    def questions():
        yield wanted(31415, 27182)
        done.wait(20)
    call = full(questions(), **LIMIT)
    assert sizes([next(call)]) == [31415]
    call.cancel()
    fails(grpc.StatusCode.CANCELLED, lambda: call)
    done.set()


def timeout_on_sleeping_server():
    done = threading.Event()

    def questions():
        yield wanted(None, 27182)
        done.wait(20)
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: full(questions(), timeout=0.001))
    # One that surely reaches the server, which would answer in ten seconds.
    begin = time.monotonic()
    fails(grpc.StatusCode.DEADLINE_EXCEEDED,
          lambda: outputs(wanted(1, interval_us=10000000), timeout=0.2))
    assert time.monotonic() - begin < 5
    done.set()


def intervals():
    begin = time.monotonic()
    asked = pb.StreamingOutputCallRequest(response_parameters=[
        pb.ResponseParameters(size=n, interval_us=50000) for n in (1, 2, 3)])
    assert sizes(outputs(asked, **LIMIT)) == [1, 2, 3] and time.monotonic() - begin > 0.14


def concurrent_large_unary():
    # 16 MiB of half messages is what one connection may have with the server.
    calls = [unary.future(large(), **LIMIT) for _ in range(50)]
    assert all(len(call.result().payload.body) == 314159 for call in calls)


def pushback():
    """Far more than all windows and queues hold, both ways."""
    asked = (wanted(100000, 100000) for _ in range(200))
    assert sizes(full(asked, **LIMIT)) == [100000] * 200


def no_such_payload():
    for request in (pb.SimpleRequest(response_type=7), pb.SimpleRequest(response_size=-1),
                    pb.SimpleRequest(response_size=64 << 20)):
        fails(grpc.StatusCode.INVALID_ARGUMENT, lambda r=request: unary(r, **LIMIT))


# --- compression: grpcio packs what it is told to, and bytes show what came ---

def client_compressed_unary():
    gzip = {"compression": grpc.Compression.Gzip}
    yes, no = pb.BoolValue(value=True), pb.BoolValue(value=False)
    fails(grpc.StatusCode.INVALID_ARGUMENT,
          lambda: unary(large(expect_compressed=yes), **LIMIT))
    assert len(unary(large(expect_compressed=yes), **gzip, **LIMIT).payload.body) == 314159
    assert len(unary(large(expect_compressed=no), **LIMIT).payload.body) == 314159
    fails(grpc.StatusCode.INVALID_ARGUMENT,
          lambda: unary(large(expect_compressed=no), **gzip, **LIMIT))


def raw_call(name, body, **headers):
    """([(flag, bytes)], grpc-status, grpc-encoding)"""
    client = raw_client.Client(server.address, SERVICE + name, frame(b""))
    stream = client.start(**headers)
    client.send_all(stream, body)
    answered, data = client.answer(stream, 20)
    found = []
    while data:
        size = int.from_bytes(data[1:5], "big")
        found.append((data[0], data[5:5 + size]))
        data = data[5 + size:]
    return found, answered["grpc-status"], answered.get("grpc-encoding")


GZIP = {"grpc_encoding": "gzip", "grpc_accept_encoding": "identity,gzip"}


def client_compressed_streaming():
    def asked(expected, size, packs):
        message = pb.StreamingInputCallRequest(
            expect_compressed=pb.BoolValue(value=expected), payload=zeros(size)).SerializeToString()
        return frame(raw_client.packed(message), 1) if packs else frame(message)
    assert raw_call("StreamingInputCall", asked(True, 27182, False), **GZIP)[1] == "3"
    found, status, _ = raw_call("StreamingInputCall", asked(True, 27182, True) +
                                asked(False, 45904, False), **GZIP)
    assert status == "0" and pb.StreamingInputCallResponse.FromString(
        found[0][1]).aggregated_payload_size == 73086


def server_compressed_unary():
    for packs in (True, False):
        request = large(response_compressed=pb.BoolValue(value=packs))
        (flag, data), = raw_call("UnaryCall", frame(request.SerializeToString()), **GZIP)[0]
        assert flag == packs and (len(data) < 2000) == packs
        assert len(unary(request, **LIMIT).payload.body) == 314159
    # Who does not take gzip gets none, whatever was asked for.
    request = large(response_compressed=pb.BoolValue(value=True))
    (flag, data), = raw_call("UnaryCall", frame(request.SerializeToString()))[0]
    assert flag == 0 and len(data) > 314159


def server_compressed_streaming():
    asked = pb.StreamingOutputCallRequest(response_parameters=[
        pb.ResponseParameters(size=size, compressed=pb.BoolValue(value=packs))
        for size, packs in ((31415, True), (92653, False))])
    found, status, encoding = raw_call("StreamingOutputCall", frame(asked.SerializeToString()),
                                       **GZIP)
    assert (status, encoding) == ("0", "gzip") and [flag for flag, _ in found] == [1, 0]
    assert sizes(outputs(asked, **LIMIT)) == [31415, 92653]


MORE = ("cacheable_unary", "intervals", "concurrent_large_unary", "pushback", "no_such_payload")
with server:
    run([(name, globals()[name]) for name in (*CASES, *COMPRESSED, *MORE)])
