# SPDX-License-Identifier: Apache-2.0
"""
What a handler sees of the request's headers, and the client of the reply's: conformance_server tells the former in its
answer. Raw, since stock clients send no odd ones.
"""
import h2.events
import h2.settings

import raw_client
from interop_world import Server, run
from wire import field, fields, frame

server = Server("conformance_server", "--threads", "1")
PATH = "/connectrpc.conformance.v1.ConformanceService/Unary"
HEADERS = [(":path", PATH), *raw_client.HEADERS.items()]


def Client():
    return raw_client.Client(server.address, PATH, frame(b""))


def repeated(message, number):
    """All values of a field of bytes, in order."""
    found, rest = [], message
    while rest:
        size, key = rest[1], rest[0] >> 3
        start = 2
        if size & 0x80:
            size, start = size & 0x7F | rest[2] << 7, 3
        if key == number:
            found.append(rest[start:start + size])
        rest = rest[start + size:]
    return found


def call(headers, message=b""):
    """(what the server saw, the reply's headers and trailers)"""
    client = Client()
    stream = client.http2.get_next_available_stream_id()
    client.http2.send_headers(stream, headers)
    client.send(stream, frame(message))
    answered, body = client.answer(stream)
    assert answered["grpc-status"] == "0", answered
    info = fields(fields(body[5:])[1]).get(2, b"")
    seen = {}
    for header in repeated(info, 1):
        name, *values = repeated(header, 1) + repeated(header, 2)
        seen[name.decode()] = [value.decode("latin-1") for value in values]
    return seen, client.events


def what_the_handler_sees():
    seen, _ = call(HEADERS + [
        ("x-a", "1"), ("x-b", "b"), ("x-a", "2"), ("x-a", "1"), ("x-blank", "  in the middle  "),
        ("x-bin", "AA==,AQ"), ("grpc-trace-bin", "AA"), ("grpc-foo", "bar"),
        ("grpc-timeout", "9S"), ("x-empty", "")])
    # Duplicates in order; blanks around a value are none of it; gRPC's own names and pseudo headers stay away.
    assert seen["x-a"] == ["1", "2", "1"] and seen["x-b"] == ["b"]
    assert seen["x-blank"] == ["in the middle"] and seen["x-empty"] == [""]
    assert seen["x-bin"] == ["AA==,AQ"]
    assert not [name for name in seen if name.startswith(("grpc-", ":"))], seen
    assert set(seen) <= {"x-a", "x-b", "x-blank", "x-bin", "x-empty", "content-type", "te"}, seen


def header(name, *values):
    return field(1, name.encode()) + b"".join(field(2, value.encode()) for value in values)


def what_the_client_sees():
    definition = b"".join(field(1, header(*h)) for h in (
        ("x-first", "1", "2"), ("grpc-status", "7"), (":status", "500"), ("x-Upper", "a"), ("x-line", "a\nb"),
        ("x-data-bin", "AQ=="))) + field(2, b"data") + field(4, header("x-last", "3")) + \
        field(4, header("x-more-bin", "AQID"))
    _, events = call(HEADERS, field(1, definition))
    (head,) = [e for e in events if isinstance(e, h2.events.ResponseReceived)]
    (tail,) = [e for e in events if isinstance(e, h2.events.TrailersReceived)]
    text = [(k.decode() if isinstance(k, bytes) else k, v.decode() if isinstance(v, bytes) else v)
            for k, v in head.headers]
    assert text[:2] == [(":status", "200"), ("content-type", "application/grpc")], text
    # Names that are gRPC's or none, and values that are no printable ASCII, do not get out; base64 has no padding.
    assert sorted(text[2:]) == [("grpc-accept-encoding", "identity,gzip"), ("x-data-bin", "AQ"),
                                ("x-first", "1"), ("x-first", "2")], text
    last = [(k.decode() if isinstance(k, bytes) else k, v.decode() if isinstance(v, bytes) else v)
            for k, v in tail.headers]
    assert last == [("grpc-status", "0"), ("x-last", "3"), ("x-more-bin", "AQID")], last
    # Headers, messages, trailers that end the stream: in this order, and nothing else.
    kinds = [type(e).__name__ for e in events if getattr(e, "stream_id", None)]
    assert [k for k in kinds if k != "WindowUpdated"] == [
        "ResponseReceived", "DataReceived", "TrailersReceived", "StreamEnded"], kinds


def what_is_announced():
    client = Client()
    client.wait(lambda e: isinstance(e, h2.events.RemoteSettingsChanged), 2)
    codes = h2.settings.SettingCodes
    settings = client.http2.remote_settings
    assert settings[codes.MAX_HEADER_LIST_SIZE] == 16384 and settings.max_concurrent_streams == 256
    assert settings.initial_window_size == 512 << 10
    assert client.is_alive()
    assert client.http2.outbound_flow_control_window > 1 << 20


with server:
    run([(test.__name__, test) for test in (what_the_handler_sees, what_the_client_sees, what_is_announced)])
