# SPDX-License-Identifier: Apache-2.0
"""Odd requests to policycalcd itself, byte by byte: the table of what a gRPC server answers."""
import struct
import time
import zlib

import h2.events
import h2.exceptions
import h2.settings

import raw_client
from harness import FOLDER, Daemon, calculator, catalog, few_policies, profile, run
from raw_client import packed
from wire import field, frame, groups, nested

SERVICE = "/policycalc.v1.CalculatorService/"
CATALOG = "/policycalc.v1.CatalogService/"
# A call that is slow on a busy machine has no line in the log.
few_policies()
daemon = Daemon("--slow-call-ms", "60000")
MESSAGE = calculator.MatchRequest(profile=profile.Profile(), limit=1).SerializeToString()
HELLO = frame(MESSAGE)


def Client(server=daemon, **more):
    return raw_client.Client(server.addresses[0], SERVICE + "Match", HELLO, **more)


def expect(http, status, body=HELLO, **more):
    return Client().expect(http, status, body, **more)


def normal():
    headers = expect("200", "0")
    assert headers["content-type"] == "application/grpc"
    assert headers["grpc-accept-encoding"] == "identity,gzip"


def te_is_not_needed():
    expect("200", "0", te=None)


def content_types():
    for kind in ("application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"):
        expect("200", "0", content_type=kind)
    for kind in ("application/json", "application/grpc+json", "application/grpcfoo", "text/html",
                 "Application/GRPC", "", None):
        expect("415", "3", content_type=kind)


def methods():
    for method in ("GET", "PUT", "DELETE", "HEAD", "post"):
        assert expect("405", "13", body=None, method=method)["allow"] == "POST"
    # One with a body, and a GET of a browser.
    assert expect("405", "13", method="PUT")["allow"] == "POST"
    expect("405", "13", body=None, method="GET", content_type=None, te=None, path="/")


def unknown_paths():
    for path in (SERVICE + "Nope", SERVICE + "match", SERVICE + "Match/", SERVICE + "Match?x=1",
                 "/policycalc.v1.calculatorservice/Match", "/nope.Nope/Match", "/", "/Match",
                 "//Match", SERVICE, "/grpc.health.v1.Health/Nope", "/" + "x" * 4000):
        expect("200", "12", path=path)


def paths_that_are_none():
    """
    ":path" that does not begin with a slash ("*" belongs to OPTIONS) is malformed HTTP/2 (RFC 9113,
    8.3.1): nghttp2 resets the stream with PROTOCOL_ERROR before we see it, and the connection lives.
    The same for a request without one.
    """
    for path in ("*", "policycalc.v1.CalculatorService/Match", "", None):
        client = Client()
        if path is None:
            stream = client.http2.get_next_available_stream_id()
            client.http2.send_headers(stream, list(raw_client.HEADERS.items()), end_stream=True)
            client.flush()
        else:
            stream = client.start(end=True, path=path)
        event = client.wait(lambda e: isinstance(e, h2.events.StreamReset))
        assert event and (event.stream_id, event.error_code) == (stream, 1), (path, event)
        assert client.is_alive()


def message_counts():
    for path in (SERVICE + "Match", CATALOG + "ExportCatalog", "/grpc.health.v1.Health/Watch"):
        expect("200", "12", body=b"", path=path)
        expect("200", "12", body=None, path=path)
    expect("200", "12", body=HELLO + HELLO)
    expect("200", "12", body=frame(b"") * 2, path=CATALOG + "ExportCatalog")
    # No message at all is a good stream, and a bad upload.
    expect("200", "0", body=b"", path=SERVICE + "MatchStream")
    expect("200", "3", body=b"", path=CATALOG + "CheckCatalog")


def cut_messages():
    for path in (SERVICE + "Match", SERVICE + "MatchStream"):
        for size in (1, 4, 5, len(HELLO) - 1):
            expect("200", "13", body=HELLO[:size], path=path)
    upload = frame(catalog.CheckCatalogRequest(
        file=catalog.SourceFile(path="a.yaml", content=b"x")).SerializeToString())
    expect("200", "13", body=upload + upload[:-1], path=CATALOG + "CheckCatalog")


def flags():
    for body in (MESSAGE, b""):
        expect("200", "13", body=frame(body, 1))
        expect("200", "13", body=frame(body, 1), grpc_encoding="identity")
        for flag in (2, 3, 128, 255):
            expect("200", "13", body=frame(body, flag))
        headers = expect("200", "12", body=frame(body, 1), grpc_encoding="snappy", text="gzip")
        assert headers["grpc-accept-encoding"] == "identity,gzip"
    # Announced and not used.
    for encoding in ("snappy", "gzip", "identity"):
        expect("200", "0", grpc_encoding=encoding)


def gzip_in():
    expect("200", "0", body=frame(packed(MESSAGE), 1), grpc_encoding="gzip")
    expect("200", "13", body=frame(b"no gzip at all", 1), grpc_encoding="gzip")
    expect("200", "13", body=frame(packed(MESSAGE)[:-9], 1), grpc_encoding="gzip")
    expect("200", "8", body=frame(packed(b"\0" * (5 << 20)), 1), grpc_encoding="gzip")


def bad_protobuf():
    for bytes_ in (b"\xff\xff\xffSECRET", b"\x0a\x7fSECRET", b"\x07SECRET", b"\x02"):
        for path in (SERVICE + "Match", SERVICE + "MatchStream", CATALOG + "CheckCatalog"):
            headers = expect("200", "13", body=frame(bytes_), path=path)
            assert "SECRET" not in headers["grpc-message"]
    assert "SECRET" not in daemon.log()


def deep_nesting():
    """
    No request has a recursive type, so that depth can only come as bytes that no field has room for:
    within an unknown field they are stepped over whole (a newer client may send such a field); within
    a text they are bad text (INVALID_ARGUMENT); as groups, or where a message of another shape is
    due, they are no such message (INTERNAL, as any bad protobuf).
    """
    depth = 10000
    expect("200", "0", body=frame(MESSAGE + nested(100, depth)))
    expect("200", "0", body=frame(field(1, nested(100, depth))))
    expect("200", "3", body=frame(nested(1, depth)), text="profile.uscc")     # a text
    expect("200", "3", body=frame(nested(3, depth)), text="as_of")            # a text
    expect("200", "3", body=frame(field(1, field(3, nested(1, depth)))))
    expect("200", "13", body=frame(nested(2, depth)))                         # a number
    for number in (1, 3, 100):
        expect("200", "13", body=frame(groups(number, depth)))
        expect("200", "13", body=frame(MESSAGE + groups(number, depth)))
        # Never closed, and closed too often.
        expect("200", "13", body=frame(groups(number, depth)[:-1]))
        expect("200", "13", body=frame(groups(number, depth) + groups(number, 1)[-1:]))
    expect("200", "13", body=frame(field(1, groups(1, depth))))
    for path in (SERVICE + "MatchStream", CATALOG + "CheckCatalog"):
        expect("200", "13", body=frame(groups(7, depth)), path=path)


def bad_texts():
    for text in (b"\xff\xfe", b"a\0b", b"\0", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                 b"\xe7\x81"):
        headers = expect("200", "3", body=frame(field(3, text)), text="as_of")
        assert "grpc-status-details-bin" in headers
        expect("200", "3", body=frame(field(1, field(1, text))), text="profile.uscc")
    # Bytes are bytes: a file may hold anything until it is read as a catalog.
    upload = frame(field(1, field(1, b"a.yaml") + field(2, b"\xff\0")))
    expect("200", "0", body=upload, path=CATALOG + "CheckCatalog")


def too_large_at_once():
    for size in ((4 << 20) + 1, 5 << 20, 2**32 - 1):
        client = Client()
        stream = client.start()
        client.send(stream, struct.pack(">BI", 0, size), end=False)
        begin = time.monotonic()
        assert client.answer(stream)[0]["grpc-status"] == "8"
        assert time.monotonic() - begin < 10 and client.is_alive()


def five_megabytes():
    """The whole of it is on its way when the answer comes; the connection lives."""
    expect("200", "8", body=frame(field(3, b"x" * (5 << 20))))
    assert client_sends(1 << 20) == "3"  # as long as a question may be: no day


def client_sends(size):
    client = Client()
    stream = client.start()
    body = frame(field(3, b"x" * (size - 5)))
    assert client.send_all(stream, body) == len(body)
    return client.answer(stream)[0]["grpc-status"]


def timeouts():
    expect("200", "4", grpc_timeout="0S")
    expect("200", "4", grpc_timeout="0n")
    for good in ("99999999H", "99999999M", "99999999S", "9999999m", "99999999u", "20S", "00000020S"):
        expect("200", "0", grpc_timeout=good)
    for bad in ("abc", "123456789S", "5", "S", "-1S", "1 S", "+1S", "1s", "1.5S", "1S1S",
                "0x1S", ""):
        expect("200", "13", grpc_timeout=bad)
    # A stream that says nothing runs into its deadline.
    begin = time.monotonic()
    client = Client()
    stream = client.start(path=SERVICE + "MatchStream", grpc_timeout="200m")
    assert client.answer(stream)[0]["grpc-status"] == "4"
    assert 0.19 < time.monotonic() - begin < 10 and client.is_alive()


def odd_metadata():
    """Odd, but HTTP: nothing of it may fail a call, or the connection."""
    expect("200", "0", **{"x_bin": "!!!", "y_bin": "=", "z_bin": "5Lit5paH,AA==,", "x_empty": "",
                          "grpc_foo": "bar", "grpc_previous_rpc_attempts": "3",
                          "user_agent": "grpc-nobody/1", "x_latin": b"\xe9\xff".decode("latin-1"),
                          "grpc_accept_encoding": "snappy,,gzip , ", "grpc_message": "%",
                          "grpc_status": "9"})
    # Twice the same name, cookies in pieces, and headers behind the body.
    client = Client()
    stream = client.http2.get_next_available_stream_id()
    client.http2.send_headers(stream, [
        (":path", SERVICE + "Match"), *raw_client.HEADERS.items(), ("x-a", "1"), ("x-a", "2"),
        ("cookie", "a=1"), ("cookie", "b=2"), ("grpc-timeout", "9S"), ("grpc-timeout", "bad")])
    client.http2.send_data(stream, HELLO)
    client.http2.send_headers(stream, [("x-trailer", "1")], end_stream=True)
    client.flush()
    assert client.answer(stream)[0]["grpc-status"] == "0" and client.is_alive()


def headers_that_are_no_http():
    """Upper case, connection headers, another te: malformed; the stream is reset, not the connection."""
    for name, value in (("X-Upper", "1"), ("connection", "close"), ("te", "gzip"),
                        ("x-newline", "a\nb"), ("x nul", "1")):
        client = Client()
        stream = client.http2.get_next_available_stream_id()
        headers = {":path": SERVICE + "Match", **raw_client.HEADERS, name: value}
        client.http2.send_headers(stream, list(headers.items()))
        client.flush()
        event = client.wait(lambda e: isinstance(e, (h2.events.StreamReset,
                                                     h2.events.ResponseReceived)), 2)
        if event is None:
            client.send(stream, HELLO)
        if isinstance(event, h2.events.StreamReset):
            assert event.error_code == 1
        else:  # dropped by nghttp2, as it may be for a regular field: then the call is a good one
            assert client.answer(stream)[0]["grpc-status"] == "0", name
        assert client.is_alive()


def large_headers():
    for extra in ({f"x_{i}": "v" for i in range(120)}, {"x_big": "v" * 17000}):
        expect("431", "8", **extra)


def frames_of_any_size():
    client = Client()
    stream = client.start()
    for i, byte in enumerate(HELLO):
        client.send(stream, bytes([byte]), end=i + 1 == len(HELLO))
    assert client.answer(stream)[0]["grpc-status"] == "0"
    one = frame(calculator.MatchStreamRequest(request_id="a", match=calculator.MatchRequest(
        profile=profile.Profile(), limit=1)).SerializeToString())
    stream = client.start(path=SERVICE + "MatchStream")
    client.send(stream, one * 300)
    headers, body = client.answer(stream)
    assert headers["grpc-status"] == "0"
    count = 0
    while body:
        body = body[5 + struct.unpack(">I", body[1:5])[0]:]
        count += 1
    assert count == 300


def trailers_only_is_one_block():
    client = Client()
    stream = client.start(path=SERVICE + "Nope")
    client.send(stream, HELLO)
    client.answer(stream)
    kinds = [type(e) for e in client.events if getattr(e, "stream_id", 0) == stream]
    assert kinds.count(h2.events.ResponseReceived) == 1
    assert h2.events.TrailersReceived not in kinds and h2.events.DataReceived not in kinds


def early_end():
    """The answer is complete before the request is: RST_STREAM(NO_ERROR) follows."""
    client = Client()
    stream = client.start(path=SERVICE + "Nope")
    client.answer(stream)
    event = next((e for e in client.events if isinstance(e, h2.events.StreamReset)), None) or \
        client.wait(lambda e: isinstance(e, h2.events.StreamReset), 2)
    assert event.error_code == 0 and client.is_alive()


def too_many_calls():
    """
    More calls than SETTINGS_MAX_CONCURRENT_STREAMS. Sent before the client can know the limit, they
    are refused before any work, so safe to try again (REFUSED_STREAM); a client that knows it and
    goes on breaks the protocol, and nghttp2 ends the connection.
    """
    client = Client()
    streams = [client.start(path=SERVICE + "MatchStream") for _ in range(257)]
    event = client.wait(lambda e: isinstance(e, h2.events.StreamReset))
    assert (event.stream_id, event.error_code) == (streams[-1], 7), event
    assert client.http2.remote_settings.max_concurrent_streams == 256
    client.http2.end_stream(streams[0])
    client.flush()
    assert client.answer(streams[0])[0]["grpc-status"] == "0" and client.is_alive()
    client.http2.remote_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] = 1000
    client.http2.remote_settings.acknowledge()
    for _ in range(2):
        client.start(path=SERVICE + "MatchStream")
    assert client.goaway().error_code == 1 and Client().is_alive()


def options():
    """How often clients may ping and which answers are packed are the operator's to say."""
    own = Daemon("--ping-interval-ms", "300", "--idle-ping-interval-ms", "300",
                 "--compress-above", "2000")
    client = Client(own)
    for _ in range(5):
        client.http2.ping(b"12345678")
        client.flush()
        assert not client.wait(lambda e: isinstance(e, h2.events.ConnectionTerminated), 0.5)
    for _ in range(5):
        client.http2.ping(b"12345678")
    client.flush()
    event = client.goaway()
    assert (event.error_code, event.additional_data) == (11, b"too_many_pings"), event
    # The default is 10 s.
    client = Client()
    for _ in range(5):
        client.http2.ping(b"12345678")
    client.flush()
    assert client.goaway().additional_data == b"too_many_pings"

    def answer(server, request, **headers):
        client = Client(server)
        stream = client.start(**headers)
        client.send(stream, frame(request.SerializeToString()))
        return client.answer(stream)
    every = calculator.MatchRequest(profile=profile.Profile())
    for server, packs in ((own, True), (daemon, False)):
        headers, body = answer(server, every, grpc_accept_encoding="gzip")
        assert headers["grpc-status"] == "0"
        assert (headers.get("grpc-encoding") == "gzip") == packs and body[0] == packs
        content = zlib.decompress(body[5:], 31) if packs else body[5:]
        assert len(calculator.MatchResponse.FromString(content).answers) > 10
        headers, body = answer(server, every)
        assert "grpc-encoding" not in headers and body[0] == 0
    assert own.stop() == 0


def chinese_message():
    headers = expect("200", "3", body=frame(field(3, "今天".encode())))
    assert all(0x20 <= ord(c) <= 0x7E for c in headers["grpc-message"])


def small_window():
    client = Client(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 100})
    stream = client.start()
    client.send(stream, frame(field(1, b"")))
    headers, body = client.answer(stream, 20)
    assert headers["grpc-status"] == "0" and len(body) > 1000
    assert len(body) == 5 + struct.unpack(">I", body[1:5])[0]


def mistakes_of_clients_fill_no_log():
    """What stood above sent many things that end INTERNAL: none of them is a warning of ours."""
    for body in (b"\x3a\x01\x80", b"\x10" + b"\xff" * 9 + b"\x02", b"\x15\x01\0\0\0"):
        expect("200", "13", body=frame(body))  # a cut packed run, a varint too long, fixed for varint
    calls = [line for line in daemon.log().splitlines() if '"event":"call"' in line]
    assert not calls, calls[:3]
    # With the log at debug they are told, without a word of what was sent, and without what was answered.
    own = Daemon("--log-level", "debug")
    Client(own).expect("200", "13", body=frame(b"\x3a\x01\x80"))
    told = [line for line in own.log().splitlines() if '"event":"call"' in line]
    assert '"debug"' in told[0] and '"code":13' in told[0] and "malformed" not in told[0], told
    assert own.stop() == 0


run(normal, te_is_not_needed, content_types, methods, unknown_paths, paths_that_are_none,
    message_counts, cut_messages, flags, gzip_in, bad_protobuf, deep_nesting, bad_texts,
    too_large_at_once, five_megabytes, timeouts, odd_metadata, headers_that_are_no_http,
    large_headers, frames_of_any_size, trailers_only_is_one_block, early_end, too_many_calls,
    options, chinese_message, small_window, mistakes_of_clients_fill_no_log)
