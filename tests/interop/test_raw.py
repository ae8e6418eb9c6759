# SPDX-License-Identifier: Apache-2.0
"""Odd requests and hostile clients, byte by byte with python3-h2, against echo_server."""
import socket
import struct
import time
import zlib

import h2.events
import h2.exceptions
import h2.settings

import raw_client
from echo_fixture import CALL, Server, frame, request, run
from raw_client import packed

server = Server("--threads", "2", "--ping-interval", "1000", "--stall", "1500")
HELLO = frame(request("hello"))


def Client(address=None, settings=None):
    return raw_client.Client(address or server.address, CALL + "Unary", HELLO, settings)


def expect(http, status, body=HELLO, **more):
    return Client().expect(http, status, body, **more)


def test_normal():
    expect("200", "0")


def test_without_te():
    expect("200", "0", te=None)


def test_content_types():
    for kind, http in (("application/grpc", "200"), ("application/grpc+proto", "200"),
                       ("application/grpc;charset=utf-8", "200"), ("application/json", "415"),
                       ("application/grpc+json", "415"), ("application/grpcfoo", "415"),
                       (None, "415")):
        headers = expect(http, "0" if http == "200" else "3", content_type=kind)
        assert headers["content-type"].startswith("application/grpc")


def test_get():
    assert expect("405", "13", body=None, method="GET")["allow"] == "POST"


def test_other_http_clients():
    """What is no gRPC is answered when its request has come, or after a second; a GET with a line to read."""
    for method, text in (("GET", b"gRPC"), ("HEAD", b"")):
        client = Client()
        headers, body = client.answer(client.start(end=True, method=method, content_type=None))
        assert headers[":status"] == "405" and headers["grpc-status"] == "13"
        assert headers["content-type"].startswith("text/plain") and text in body
        assert (len(body) > 0) == (method == "GET") and client.is_alive()
    for more, http in (({"method": "PUT"}, "405"), ({"content_type": "text/html"}, "415")):
        client = Client()
        stream = client.start(**more)
        begin = time.monotonic()
        client.send(stream, b"x" * 1000, end=False)
        assert client.answer(stream)[0][":status"] == http
        assert 0.8 < time.monotonic() - begin < 15
        assert stream in client.resets() or client.wait(
            lambda e: isinstance(e, h2.events.StreamReset), 2)
        taken = []
        while len(taken) < 10 and min(taken, default=1) >= 0.8:  # once without the second, on a busy machine
            client = Client()
            stream = client.start(**more)
            begin = time.monotonic()
            assert client.send_all(stream, b"x" * 700000) == 700000
            assert client.answer(stream)[0][":status"] == http
            taken.append(time.monotonic() - begin)
            assert client.is_alive()
        assert min(taken) < 0.8, taken
        # Gone before it is answered.
        client = Client()
        stream = client.start(**more)
        client.http2.reset_stream(stream, 8)
        assert client.is_alive()


def raw_frame(kind, stream, payload=b"", flags=0):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(
        ">I", stream) + payload


def breaks_the_rules(client, code, *frames):
    client.socket.sendall(b"".join(frames))
    event = client.goaway()
    assert event.error_code == code, event
    client.wait(lambda e: False, 3)
    assert client.closed, "the connection stays open"


def test_frames_on_closed_streams():
    """RFC 9113, 5.1: what comes for a stream that is over is a breach, unless the server has reset it."""
    data, headers, reset = (0, b""), (1, b"\0\x01a\x01b"), (3, struct.pack(">I", 8))
    for kind, payload in (data, headers):
        client = Client()
        stream = client.start()
        client.send(stream, HELLO)
        client.answer(stream)
        breaks_the_rules(client, 5, raw_frame(kind, stream, payload, 4))
        client = Client()
        stream = client.start(path=CALL + "BidiStream")
        breaks_the_rules(client, 5, raw_frame(reset[0], stream, reset[1]),
                         raw_frame(kind, stream, payload, 4))
        # A stream that was passed over is closed.
        client = Client()
        client.http2.get_next_available_stream_id()
        client.http2.highest_outbound_stream_id = 1
        assert client.is_alive()
        breaks_the_rules(client, 5, raw_frame(kind, 1, payload, 4))
        # Under way when the server ended the call early.
        client = Client()
        stream = client.start(path=CALL + "Nope")
        client.answer(stream)
        assert stream in client.resets() or client.wait(
            lambda e: isinstance(e, h2.events.StreamReset), 2)
        client.socket.sendall(raw_frame(kind, stream, payload, 4))
        assert client.is_alive()


def test_broken_frames_end_the_connection():
    for code, frames in ((6, raw_frame(6, 0, b"12345")), (1, raw_frame(6, 1, b"12345678")),
                         (1, raw_frame(0, 0, b"x")), (1, raw_frame(2, 0, b"12345")),
                         (6, raw_frame(4, 0, b"x"))):
        client = Client()
        client.wait(lambda e: isinstance(e, h2.events.SettingsAcknowledged), 2)
        breaks_the_rules(client, code, frames)
    assert Client().is_alive()


def test_unknown_paths():
    for path in (CALL + "Nope", "/nope.Nope/Unary", "/", "/Unary", CALL + "unary"):
        expect("200", "12", path=path)


def test_trailers_only_is_one_block():
    client = Client()
    stream = client.start(path=CALL + "Nope")
    client.send(stream, HELLO)
    client.answer(stream)
    kinds = [type(e) for e in client.events if getattr(e, "stream_id", 0) == stream]
    assert kinds.count(h2.events.ResponseReceived) == 1
    assert h2.events.TrailersReceived not in kinds and h2.events.DataReceived not in kinds


def test_message_counts():
    expect("200", "12", body=b"")
    expect("200", "12", body=None)
    expect("200", "12", body=HELLO + HELLO)
    expect("200", "12", body=None, path=CALL + "ServerStream")


def test_cut_messages():
    for size in (1, 4, 5, len(HELLO) - 1):
        expect("200", "13", body=HELLO[:size])
    expect("200", "13", body=HELLO + HELLO[:3], path=CALL + "ClientStream")


def test_flags():
    expect("200", "13", body=frame(request("hello"), 1))
    for flag in (2, 255):
        expect("200", "13", body=frame(request("hello"), flag))
    headers = expect("200", "12", body=frame(b"", 1), grpc_encoding="snappy", text="gzip")
    assert headers["grpc-accept-encoding"] == "identity,gzip"
    expect("200", "0", grpc_encoding="snappy")
    # Announced, packed, and not flagged.
    expect("200", "12", body=frame(b"\xff\xff\xff"), grpc_encoding="snappy", text="gzip")


def test_gzip():
    message = request("hello", payload=b"a" * 2000)
    client = Client()
    stream = client.start(grpc_encoding="gzip", grpc_accept_encoding="identity, gzip")
    client.send(stream, frame(packed(message), 1))
    headers, body = client.answer(stream)
    assert headers["grpc-status"] == "0" and headers["grpc-encoding"] == "gzip", headers
    assert body[0] == 1 and len(body) < 200
    assert b"a" * 2000 in zlib.decompress(body[5:], 31)
    # A client that does not list it gets none.
    client = Client()
    stream = client.start(grpc_encoding="gzip")
    client.send(stream, frame(packed(message), 1))
    headers, body = client.answer(stream)
    assert headers["grpc-status"] == "0" and "grpc-encoding" not in headers and body[0] == 0
    expect("200", "13", body=frame(b"no gzip at all", 1), grpc_encoding="gzip")
    expect("200", "13", body=frame(packed(message)[:-9], 1), grpc_encoding="gzip")


def sizes(address, path="Unary", count=0, **headers):
    """Of the answers' messages in flight, and whether each is packed."""
    client = Client(address)
    stream = client.start(path=CALL + path, **headers)
    client.send(stream, frame(request("hello", size=300 << 10, count=count)))
    answered, body = client.answer(stream, 20)
    assert answered["grpc-status"] == "0", answered
    found = []
    while body:
        size = struct.unpack(">I", body[1:5])[0]
        found.append((body[0], size))
        body = body[5 + size:]
    return answered.get("grpc-encoding"), found


def test_gzip_answers():
    """
    A server may pack what the client can unpack. Ours packs for clients that pack their own
    messages, and for whoever lists gzip when the answer is large; --compress-above says how large.
    """
    lists, both = "identity,deflate,gzip", {"grpc_encoding": "gzip", "grpc_accept_encoding": "gzip"}
    encoding, ((flag, size),) = sizes(server.address, grpc_accept_encoding=lists)
    assert (encoding, flag) == ("gzip", 1) and size < 10000
    encoding, ((flag, size),) = sizes(server.address)
    assert (encoding, flag) == (None, 0) and size > 300 << 10
    encoding, ((flag, _),) = sizes(server.address, grpc_encoding="gzip")  # cannot unpack itself
    assert (encoding, flag) == (None, 0)
    encoding, found = sizes(server.address, "ServerStream", 3, grpc_accept_encoding=lists)
    assert encoding == "gzip" and [f for f, _ in found] == [1, 1, 1]
    # Small ones are not, and then nothing is said of gzip.
    headers = expect("200", "0", grpc_accept_encoding=lists)
    assert "grpc-encoding" not in headers
    with Server("--compress-above", "0") as own:
        encoding, ((flag, _),) = sizes(own.address, grpc_accept_encoding=lists)
        assert (encoding, flag) == (None, 0)
        encoding, ((flag, _),) = sizes(own.address, **both)
        assert (encoding, flag) == ("gzip", 1)
    with Server("--compress-above", "1") as own:
        client = Client(own.address)
        headers = client.expect("200", "0", HELLO, grpc_accept_encoding=lists)
        assert headers["grpc-encoding"] == "gzip"  # said; a message that would grow is sent plain


def test_zip_bomb():
    bomb = frame(packed(b"\0" * (64 << 20)), 1)
    client = Client()
    stream = client.start(grpc_encoding="gzip")
    for i in range(0, len(bomb), 16000):
        client.send(stream, bomb[i:i + 16000], end=i + 16000 >= len(bomb))
    assert client.answer(stream)[0]["grpc-status"] == "8"


def test_bad_protobuf():
    headers = expect("200", "13", body=frame(b"\xff\xff\xffSECRET"))
    assert "SECRET" not in headers["grpc-message"]


def test_bad_strings():
    for text in (b"\xff\xfe", b"a\0b"):
        expect("200", "3", body=frame(b"\x0a" + bytes([len(text)]) + text))


def test_too_large_at_once():
    client = Client()
    stream = client.start()
    client.send(stream, struct.pack(">BI", 0, 5 << 20), end=False)
    begin = time.monotonic()
    headers, _ = client.answer(stream)
    assert headers["grpc-status"] == "8" and time.monotonic() - begin < 10
    assert client.is_alive()


def test_timeouts():
    expect("200", "4", grpc_timeout="0S")
    expect("200", "4", grpc_timeout="1n", path=CALL + "Slow", body=frame(request(count=3000)))
    for bad in ("abc", "123456789S", "5", "S", "-1S", "1 S"):
        expect("200", "13", grpc_timeout=bad)
    expect("200", "0", grpc_timeout="99999999H")


def test_deadline():
    begin = time.monotonic()
    expect("200", "4", grpc_timeout="100m", path=CALL + "Slow",
           body=frame(request(count=5000)))
    assert 0.09 < time.monotonic() - begin < 4.5  # not five seconds


def test_bad_base64_metadata():
    expect("200", "0", **{"x_echo_bin": "!!!"})


def test_binary_metadata():
    """With padding or without, several in one value; what is sent has none."""
    for sent, back in (("YQ==", "YQ"), ("YQ", "YQ"), ("YWI=", "YWI"), ("YQ==,Yg==", "YQ"), ("YQ,Yg", "YQ")):
        assert expect("200", "0", x_echo_bin=sent)["x-echo-bin"] == back, sent


def test_metadata():
    headers = expect("200", "0", x_echo="abc", x_echo_bin="5Lit5paH")
    assert headers["x-echo"] == "abc" and headers["x-echo-trailer"] == "abc"
    assert headers["x-echo-bin"] == "5Lit5paH"


def test_one_byte_frames_and_many_in_one():
    client = Client()
    stream = client.start()
    for i, byte in enumerate(HELLO):
        client.send(stream, bytes([byte]), end=i + 1 == len(HELLO))
    headers, body = client.answer(stream)
    assert headers["grpc-status"] == "0" and body == HELLO
    stream = client.start(path=CALL + "BidiStream")
    client.send(stream, HELLO * 500)
    headers, body = client.answer(stream)
    assert headers["grpc-status"] == "0" and body == HELLO * 500


def test_chinese_message():
    text = "企业“研发投入”不足 100% \U0001F600"
    headers = expect("200", "3", path=CALL + "Fail", body=frame(request(text, code=3)))
    assert headers["grpc-message"] == "".join(
        chr(b) if 0x20 <= b <= 0x7E and b != 0x25 else f"%{b:02X}" for b in text.encode())


def test_trailers_stay_small():
    headers = expect("200", "3", path=CALL + "Fail",
                     body=frame(request("错" * 2000, code=3, count=200)))
    size = sum(len(k) + len(v) + 32 for k, v in headers.items())
    assert size < 8192 and "grpc-status-details-bin" in headers, size


def test_large_headers():
    for extra in ({f"x_{i}": "v" for i in range(120)}, {"x_big": "v" * 17000}):
        headers = expect("431", "8", **extra)
        assert headers[":status"] == "431"


def test_small_window():
    client = Client(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1000})
    stream = client.start()
    client.send(stream, frame(request(size=1 << 20)))
    headers, body = client.answer(stream, 20)
    assert headers["grpc-status"] == "0" and len(body) > 1 << 20


def test_reader_that_stops():
    """A stream whose client grants no window stalls, and is reset; the connection lives."""
    client = Client(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
    stream = client.start()
    client.send(stream, HELLO)
    event = client.wait(lambda e: isinstance(e, h2.events.StreamReset), 6)
    assert event and event.stream_id == stream


def test_body_that_stops():
    client = Client()
    stream = client.start()
    client.send(stream, HELLO[:3], end=False)
    assert client.answer(stream, 6)[0]["grpc-status"] == "4"


def test_end_before_the_request_ends():
    client = Client()
    stream = client.start(path=CALL + "BidiStream")
    client.send(stream, frame(request("x", code=9)), end=False)
    assert client.answer(stream)[0]["grpc-status"] == "9"
    event = client.wait(lambda e: isinstance(e, h2.events.StreamReset), 2) or \
        [e for e in client.events if isinstance(e, h2.events.StreamReset)][0]
    assert event.error_code == 0


def test_cancel_frees_the_worker():
    client = Client()
    stream = client.start(path=CALL + "Slow")
    client.send(stream, frame(request(count=20000)))
    time.sleep(0.1)
    client.http2.reset_stream(stream, 8)
    client.flush()
    time.sleep(0.2)
    stream = client.start(path=CALL + "Busy")
    client.send(stream, frame(b""))
    assert client.answer(stream)[1] == frame(b""), "a worker is still busy"


def flood(send, debug, count):
    client = Client()
    stream = client.start(path=CALL + "BidiStream")
    client.wait(lambda e: isinstance(e, h2.events.SettingsAcknowledged), 2)
    try:
        for _ in range(count):
            send(client, stream)
        client.flush()
    except OSError:
        pass
    event = client.goaway()
    assert event.error_code == 11 and event.additional_data == debug, event
    client.wait(lambda e: False, 3)
    assert client.closed, "the connection stays open"
    assert Client().is_alive()


def test_ping_flood():
    flood(lambda c, s: c.http2.ping(b"12345678"), b"too_many_pings", 50)


def pings(client, count, every):
    for i in range(count):
        client.http2.ping(b"%08d" % i)
        try:
            client.flush()
        except OSError:
            pass
        if client.wait(lambda e: isinstance(e, h2.events.ConnectionTerminated), every) or \
                client.closed:
            return False
    return True


def test_ping_policy():
    """gRFC A8: a client with calls may ping every interval, one without less often."""
    with Server("--ping-interval", "200", "--idle-ping-interval", "800") as own:
        busy = Client(own.address)
        busy.start(path=CALL + "BidiStream")
        assert pings(busy, 6, 0.35), "thrown out for pings that are allowed"
        assert not pings(busy, 8, 0.05), "pings four times too often are taken"
        idle = Client(own.address)
        assert not pings(idle, 8, 0.3), "pings of an idle connection are taken"
        idle = Client(own.address)
        assert pings(idle, 3, 1.1) and idle.is_alive()
        # Two too early are forgiven, and all are when data was sent.
        for _ in range(3):
            assert pings(idle, 3, 0.02) and idle.is_alive()
        idle.socket.close()


def test_many_calls_that_do_not_read():
    """
    Calls whose answers nobody reads stop reading questions. Together they may hold 8 MiB, then the
    connection's window stays shut: the client is held up, and no call fails.
    """
    with Server("--threads", "1") as own:
        client = Client(own.address, settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0})
        client.wait(lambda e: isinstance(e, h2.events.RemoteSettingsChanged), 2)
        message = frame(request(payload=b"x" * 16000, count=1))
        streams = [client.start(path=CALL + "BidiStream") for _ in range(60)]
        sent = dict.fromkeys(streams, 0)

        def send_what_goes():
            moved = False
            for stream in streams:
                while client.http2.local_flow_control_window(stream) >= len(message):
                    client.send(stream, message, end=False)
                    sent[stream] += 1
                    moved = True
            return moved
        while send_what_goes() or client.wait(
                lambda e: isinstance(e, h2.events.WindowUpdated), 1):
            assert sum(sent.values()) * len(message) < 60 << 20
        held = sum(sent.values()) * len(message)
        assert not client.resets() and not client.closed
        # 256 KiB of answers wait in each call, and what is in flight besides.
        assert 6 << 20 < held < (8 << 20) + 60 * (300 << 10), held
        # Once somebody reads, all of it is answered.
        client.http2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 24})
        client.http2.increment_flow_control_window(1 << 26)
        for stream in streams:
            client.http2.end_stream(stream)
        client.flush()
        for stream in streams:
            headers, body = client.answer(stream, 20)
            assert headers.get("grpc-status") == "0", headers
            assert len(body) >= sent[stream] * len(message)
        assert client.is_alive()


def test_settings_flood():
    flood(lambda c, s: c.socket.sendall(b"\0\0\0\x04\0\0\0\0\0"), b"too_many_settings", 200)


def test_empty_data_flood():
    flood(lambda c, s: c.http2.send_data(s, b""), b"too_many_empty_frames", 300)


def test_made_you_reset():
    """CVE-2025-8671: each stream's window is overflown, so that the server must reset it."""
    client = Client()
    client.wait(lambda e: isinstance(e, h2.events.RemoteSettingsChanged), 2)
    try:
        for i in range(400):
            stream = client.start(path=CALL + "BidiStream")
            client.socket.sendall(struct.pack(">I", 4)[1:] + b"\x08\0" +
                                  struct.pack(">II", stream, 0x7FFFFFFF))
            if i % 20 == 0:
                client.wait(lambda e: getattr(e, "stream_id", 0) == stream, 1)
    except (OSError, h2.exceptions.ProtocolError):
        pass
    terminated = [e for e in client.events if isinstance(e, h2.events.ConnectionTerminated)]
    event = terminated[0] if terminated else client.goaway()
    assert event.error_code == 11 and event.additional_data == b"too_many_resets", event


def test_rapid_reset():
    client = Client()
    # All is made first: who takes half a minute to make it resets no more than is allowed in that time.
    for _ in range(5000):
        stream = client.http2.get_next_available_stream_id()
        client.http2.send_headers(stream, [(":path", CALL + "Unary"), *raw_client.HEADERS.items()])
        client.http2.reset_stream(stream, 8)
    try:
        client.flush()
    except OSError:
        pass
    client.wait(lambda e: False, 10)
    assert client.closed, "5,000 resets at once were taken"
    assert Client().is_alive()


def is_taken(address):
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 5) as plain:
        return plain.recv(1) != b""


def test_too_many_connections():
    """One too many is closed at once; when others have gone there is room again."""
    with Server("--threads", "1", "--connections", "3", "--grace", "100") as own:
        held = [Client(own.address) for _ in range(3)]
        assert all(client.is_alive() for client in held)
        assert [is_taken(own.address) for _ in range(3)] == [False] * 3
        assert held[0].is_alive()
        for client in held:
            client.socket.close()
        end = time.monotonic() + 5
        while not is_taken(own.address):
            assert time.monotonic() < end, "the server listens no more"


def test_no_http2():
    host, port = server.address.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        plain.settimeout(5)
        while plain.recv(4096):
            pass
    assert Client().is_alive()


def frames_until_end(sock):
    """(type, flags, stream, payload) of everything that still comes, read without h2."""
    sock.settimeout(10)
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except ConnectionError:
            break
        if not piece:
            break
        data += piece
    while len(data) >= 9:
        size = int.from_bytes(data[:3], "big")
        yield data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + size]
        data = data[9 + size:]


def test_two_step_goodbye():
    own = Server("--threads", "1", "--grace", "20000")
    client = Client(own.address)
    stream = client.start(path=CALL + "Slow")
    client.send(stream, frame(request(count=1500)))
    time.sleep(0.1)
    own.process.terminate()
    frames = list(frames_until_end(client.socket))
    goaways = [struct.unpack(">II", p[:8]) for kind, _, _, p in frames if kind == 7]
    # The notice; after a second without an answer to the PING the last stream; at the end the
    # call that was in flight has its answer.
    assert goaways[:2] == [(2**31 - 1, 0), (stream, 0)], goaways
    assert any(kind == 6 for kind, _, _, _ in frames), "no PING came with the notice"
    order = [kind for kind, _, _, _ in frames if kind in (0, 7)]
    assert order[:3] == [7, 7, 0], order
    assert own.process.wait(10) == 0


with server:
    run([value for name, value in list(globals().items()) if name.startswith("test_")])
