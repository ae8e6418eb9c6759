# SPDX-License-Identifier: Apache-2.0
"""
What hostile clients do: each attack ends in a GOAWAY, a closed connection or a status within a second, the
service grows by less than 16 MB, the slowest hundredth of somebody else's calls takes less than twice as long as
before, and the service answers afterwards.

There is one loop, so that whoever is held up is seen. A process of its own (bystander.py) asks every millisecond, and
what it waited is told apart by when it asked: while there was an attack, or between two.

POLICYCALC_LONG=1: twice as long and no more, of a thousand calls at least; for a machine that does nothing else. On one
full of compilers everybody is held up, and an attack takes of the little time that the service gets: there it is five
times, and an attack that seems to hold somebody up is tried again, and the best of the tries counts. An attack
that does hold the loop up does so every time, and for tens of times as long as usual.

usage: test_abuse.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import atexit
import os
import pathlib
import socket
import statistics
import struct
import subprocess
import sys
import time

import h2.events
import h2.exceptions
import h2.settings

import raw_client
from harness import FOLDER, SANITIZED, Daemon, allow_descriptors, calculator, profile, run
from raw_client import packed
from wire import field, frame, groups

SERVICE = "/policycalc.v1.CalculatorService/"
HELLO = frame(calculator.MatchRequest(profile=profile.Profile(), limit=1).SerializeToString())
EVERY = frame(calculator.MatchRequest(profile=profile.Profile()).SerializeToString())
GROWTH = 16 << 10  # KiB
LONG = os.environ.get("POLICYCALC_LONG") == "1"
TIMES, TRIES = (2, 3) if LONG else (5, 8)
FLOOR_MS = 1
daemon = Daemon("--handshake-ms", "600", "--stall-ms", "700", threads=1)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, DATA, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 1, 0, 4, 6, 7, 8, 9


def Client(**more):
    return raw_client.Client(daemon.addresses[0], SERVICE + "Match", HELLO, **more)


def resident(peak=False):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        name = "VmHWM" if peak else "VmRSS"
        return next(int(line.split()[1]) for line in status if line.startswith(name))


def connect():
    host, port = daemon.addresses[0].rsplit(":", 1)
    plain = socket.create_connection((host, int(port)))
    plain.settimeout(5)
    return plain


def http2(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def begun():
    """A plain socket on which HTTP/2 has begun."""
    plain = connect()
    plain.sendall(PREFACE + http2(SETTINGS, 0, 0) + http2(SETTINGS, 1, 0))
    return plain


def literal(name, value):
    """A header field that is not to be indexed."""
    def text(content):
        assert len(content) < 127
        return bytes([len(content)]) + content
    return b"\0" + text(name) + text(value)


REQUEST = b"".join(literal(n.encode(), v.encode()) for n, v in
                   ((":method", "POST"), (":scheme", "http"), (":path", SERVICE + "Match"),
                    (":authority", "x"), ("content-type", "application/grpc"), ("te", "trailers")))


def frames(plain, seconds=3):
    """Everything until the other side closes: (type, flags, stream, payload); and whether it did close."""
    data, closed, end = b"", False, time.monotonic() + seconds
    while time.monotonic() < end:
        plain.settimeout(max(0.01, end - time.monotonic()))
        try:
            piece = plain.recv(65536)
        except socket.timeout:
            break
        except ConnectionError:
            piece = b""
        if not piece:
            closed = True
            break
        data += piece
    found = []
    while len(data) >= 9:
        size = int.from_bytes(data[:3], "big")
        found.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + size]))
        data = data[9 + size:]
    return found, closed


def is_sent_away(plain, within=1.0, code=None, debug=None):
    begin = time.monotonic()
    found, closed = frames(plain, within + 2)
    assert closed, [(f[0], f[3][:40]) for f in found][-3:]
    assert time.monotonic() - begin < within + 1.2, "the connection lingers"  # a second is for the GOAWAY to arrive
    goaways = [f[3] for f in found if f[0] == GOAWAY]
    if code is not None:
        assert goaways and struct.unpack(">I", goaways[-1][4:8])[0] == code, goaways
    if debug:
        assert debug in goaways[-1], goaways
    return goaways


def send(plain, data):
    try:
        plain.sendall(data)
    except OSError:
        pass


class Bystander:
    """Asks all the while, in a process of its own; tells what it waited between two moments."""

    def __init__(self):
        self.path = FOLDER / "bystander"
        self.path.touch()
        self.process = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("bystander.py"), daemon.addresses[0], self.path],
            stdin=subprocess.PIPE)
        self.process.stdin.write(b"".join(struct.pack(">I", len(p)) + p for p in (REQUEST, HELLO)))
        self.process.stdin.close()
        self.file = open(self.path, "rb")
        self.quiet = []  # of the newest quiet phases
        self.waited(0, time.monotonic())  # until it has begun

    def waited(self, begin, end):
        """Milliseconds, of the calls that were due in between; those still under way are waited for."""
        until, data = time.monotonic() + 60, b""
        while True:
            data += self.file.read()
            whole = len(data) // 16 * 16
            if whole and struct.unpack_from("d", data, whole - 16)[0] >= end:
                self.file.seek(whole - len(data), os.SEEK_CUR)
                return [1000 * wait for due, wait in struct.iter_unpack("dd", data[:whole]) if begin <= due < end]
            assert self.process.poll() is None and time.monotonic() < until, "others are not served any more"
            time.sleep(0.01)

    def be_quiet(self, seconds):
        begin = time.monotonic()
        time.sleep(seconds)
        self.quiet = (self.quiet + [self.waited(begin, time.monotonic())])[-4:]

    def normal(self):
        return [wait for phase in self.quiet for wait in phase]

    def end(self):
        self.process.kill()
        self.process.wait()


def p99(waits):
    return sorted(waits)[len(waits) * 99 // 100]


def attacked(bystander, work):
    """What it waited while there was an attack; short ones are made again."""
    begin = time.monotonic()
    end = begin + (1.0 if LONG else 0.12)
    work()
    while time.monotonic() < end:
        work()
    return bystander.waited(begin, time.monotonic())


def is_held_up(bystander, work):
    """Others wait too long in every try."""
    for _ in range(TRIES):
        bystander.be_quiet(0.5 if LONG else 0.15)
        waits = attacked(bystander, work)
        usual = p99(bystander.normal())
        print(f"  {work.__name__}: others' median {statistics.median(bystander.normal()):.2f} ms, while attacked "
              f"{statistics.median(waits):.2f} ms; p99 {usual:.2f} ms, {p99(waits):.2f} ms ({p99(waits) / usual:.2f} "
              f"times, of {len(waits)} calls)", flush=True)
        if p99(waits) < (3000 if SANITIZED else TIMES * (usual if LONG else max(usual, FLOOR_MS))):
            return False
    return True


def attack(work):
    """A test of it: with somebody else's calls, and what it took of memory."""
    def test():
        assert Client().is_alive()
        before = resident()
        assert not is_held_up(others, work)
        after = resident()
        print(f"  {work.__name__}: {after - before} KiB", flush=True)
        assert SANITIZED or after - before < GROWTH, (before, after)
        assert Client().is_alive()
    test.__name__ = work.__name__
    return test


def rapid_reset():
    """CVE-2023-44487."""
    plain = begun()
    for stream in range(1, 10001, 2):
        send(plain, http2(HEADERS, 4, stream, REQUEST) + http2(3, 0, stream, struct.pack(">I", 8)))
    is_sent_away(plain)


def made_you_reset():
    """CVE-2025-8671: windows are overflown, so that the server resets."""
    plain = begun()
    for stream in range(1, 801, 2):
        send(plain, http2(HEADERS, 4, stream, REQUEST) +
             http2(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0x7FFFFFFF)))
    goaways = is_sent_away(plain)
    # One who is quicker than the resets has too many calls open before.
    assert goaways and (b"too_many_resets" in goaways[-1] or b"max concurrent" in goaways[-1]), goaways


def zero_window_updates():
    """WINDOW_UPDATE of 0: an error of the stream, or of the connection."""
    plain = begun()
    for stream in range(1, 4001, 2):
        send(plain, http2(HEADERS, 4, stream, REQUEST) + http2(WINDOW_UPDATE, 0, stream, b"\0\0\0\0"))
    is_sent_away(plain)
    plain = begun()
    send(plain, http2(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"))
    is_sent_away(plain, code=1)


def continuations():
    """CVE-2024-28182: a header block without an end."""
    plain = begun()
    send(plain, http2(HEADERS, 0, 1, REQUEST))
    for i in range(3000):
        send(plain, http2(CONTINUATION, 0, 1, literal(b"x-%d" % i, b"v" * 100)))
    is_sent_away(plain)
    plain = begun()
    send(plain, http2(HEADERS, 0, 1, REQUEST) + http2(CONTINUATION, 0, 1) * 3000)
    is_sent_away(plain)


def pings():
    plain = begun()
    send(plain, http2(PING, 0, 0, b"12345678") * 20000)
    is_sent_away(plain, code=11, debug=b"too_many_pings")


def settings():
    plain = begun()
    send(plain, http2(SETTINGS, 0, 0) * 20000)
    is_sent_away(plain, code=11, debug=b"too_many_settings")


def empty_data():
    plain = begun()
    send(plain, http2(HEADERS, 4, 1, REQUEST) + http2(DATA, 0, 1) * 20000)
    is_sent_away(plain, code=11, debug=b"too_many_empty_frames")


def empty_data_of_many_streams():
    """Less than is too much on each."""
    plain = begun()
    for stream in range(1, 401, 2):
        send(plain, http2(HEADERS, 4, stream, REQUEST) + http2(DATA, 0, stream) * 90)
    found, _ = frames(plain, 0.3)
    assert not [f for f in found if f[0] == GOAWAY and struct.unpack(">I", f[3][4:8])[0] == 2], "INTERNAL_ERROR"
    plain.close()


def header_bombs():
    """HPACK: one large field in the table, named again by a byte each; and many that are small."""
    value = b"v" * 3800
    large = b"\x40" + b"\x01x" + b"\x7f" + bytes([(len(value) - 127) & 0x7F | 0x80, (len(value) - 127) >> 7]) + value
    for block in (REQUEST + large + b"\xbe" * 10000, REQUEST + literal(b"x", b"") * 4000):
        plain = begun()
        pieces = [block[i:i + 16000] for i in range(0, len(block), 16000)]
        begin = time.monotonic()
        for i, piece in enumerate(pieces):
            flags = 4 if i + 1 == len(pieces) else 0
            send(plain, http2(CONTINUATION if i else HEADERS, flags, 1, piece))
        found, closed = frames(plain, 0.5)
        # 431 with a trailers-only answer, on a connection that lives on, or GOAWAY.
        assert closed or any(f[0] == HEADERS and f[2] == 1 for f in found), found
        assert time.monotonic() - begin < 1.5
        plain.close()


def slow_beginnings():
    """Nothing, half a preface, a preface without SETTINGS, a header block that stops, or comes byte by byte."""
    starts = (b"", PREFACE[:10], PREFACE, PREFACE + http2(SETTINGS, 0, 0) + http2(HEADERS, 0, 1, REQUEST),
              PREFACE + http2(SETTINGS, 0, 0) + http2(HEADERS, 4, 1, REQUEST)[:-3])
    slow = []
    for start in starts:
        plain = connect()
        plain.sendall(start)
        slow.append(plain)
    trickle = begun()
    send(trickle, http2(HEADERS, 0, 1, REQUEST))
    for _ in range(8):
        time.sleep(0.1)
        send(trickle, http2(CONTINUATION, 0, 1, literal(b"x", b"")))
    for plain in (*slow[:4], trickle):
        is_sent_away(plain, within=1.6)
    # The last one is a frame that stands still: whatever it is of, the connection is no use and costs little.
    slow[4].close()


def slow_bodies():
    """A request that stops, and one that comes a byte at a time for five times as long as it may stand still."""
    client = Client()
    stream = client.start()
    client.send(stream, HELLO[:3], end=False)
    assert client.answer(stream, 3)[0]["grpc-status"] == "4"
    stream = client.start()
    client.send(stream, struct.pack(">BI", 0, 1000), end=False)
    begin = time.monotonic()
    while time.monotonic() - begin < 6 and not client.wait(
            lambda e: isinstance(e, h2.events.StreamEnded), 0.2):
        client.send(stream, b"x", end=False)
    assert time.monotonic() - begin < 5.5, "it may go on for ever"
    assert client.answer(stream)[0]["grpc-status"] == "4" and client.is_alive()


def readers_that_do_not_read():
    """Large answers on every call of a connection, no window for any of them: reset when they stand still."""
    clients = [Client(settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 0}) for _ in range(4)]
    for client in clients:
        for _ in range(60):
            stream = client.start()
            client.send(stream, EVERY)
    for client in clients:
        end = time.monotonic() + 30
        while len(client.resets()) < 60 and time.monotonic() < end and not client.closed:
            client.wait(lambda e: isinstance(e, h2.events.StreamReset), 0.5)
        assert client.closed or len(client.resets()) == 60, len(client.resets())
        client.socket.close()


def open_files():
    """Of the service; None for whoever may not look (it is not dumpable)."""
    try:
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
    except PermissionError:
        return None


def sockets_that_are_not_read():
    """A window for everything, and a socket that nobody empties: the service closes it. The client would see that
    only behind megabytes that the kernel has taken already."""
    before = open_files()
    plain = begun()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    send(plain, http2(SETTINGS, 0, 0, struct.pack(">HI", 4, 0x7FFFFFFF)) +
         http2(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFF0000 - 65535)))
    for stream in range(1, 401, 2):
        send(plain, http2(HEADERS, 4, stream, REQUEST) + http2(DATA, 1, stream, EVERY))
    time.sleep(2.5)
    end = time.monotonic() + 30
    while (left := open_files()) != before and time.monotonic() < end:
        time.sleep(0.1)
    assert left == before, (before, left)
    plain.close()


BOMB = frame(packed(b"\0" * (64 << 20)), 1)


def zip_bombs():
    client = Client()
    for _ in range(3):
        begin = time.monotonic()
        stream = client.start(grpc_encoding="gzip")
        client.send_all(stream, BOMB)
        assert client.answer(stream)[0]["grpc-status"] == "8"
        assert time.monotonic() - begin < 3
    assert client.is_alive()


def amplification():
    """4 MB of empty messages: 69 times as much once unpacked, were there no budget."""
    client = Client()
    for body in (field(1, field(3, b"") * 1900000), field(1, field(2, b"") * 1900000)):
        begin = time.monotonic()
        stream = client.start()
        client.send_all(stream, frame(body[:4 << 20] if len(body) > 4 << 20 else body))
        status = client.answer(stream)[0]["grpc-status"]
        assert status in ("3", "8", "13"), status
        assert time.monotonic() - begin < 3
    assert client.is_alive()


def deep_and_bad():
    """Nesting, NUL and texts that are no UTF-8."""
    client = Client()
    for body, status in ((groups(1, 400000), "13"), (field(3, b"a\0b"), "3"), (field(3, b"\xff\xfe"), "3")):
        stream = client.start()
        client.send_all(stream, frame(body))
        assert client.answer(stream)[0]["grpc-status"] == status, status
    assert client.is_alive()


def test_idle_connections():
    """10,000 connections that say nothing more take at most 250 MB; the service answers beside them."""
    wanted = 12500  # the service's own for 10,000 connections, and all else
    if allow_descriptors(wanted) < wanted:
        print(f"SKIP test_idle_connections: ulimit -n allows less than the {wanted} that are needed", flush=True)
        return
    # What fills every piece of memory as it is handed out makes pages resident that nobody has used.
    own = Daemon("--handshake-ms", "60000", env={k: v for k, v in os.environ.items() if k != "MALLOC_PERTURB_"})
    held = []
    try:
        host, port = own.addresses[0].rsplit(":", 1)
        hello = PREFACE + http2(SETTINGS, 0, 0)
        for i in range(9990):
            plain = socket.create_connection((host, int(port)), source_address=(f"127.0.0.{2 + i % 4}", 0))
            plain.sendall(hello)
            held.append(plain)
        time.sleep(0.5)
        client = raw_client.Client(own.addresses[0], SERVICE + "Match", HELLO)
        assert client.is_alive()
        with open(f"/proc/{own.process.pid}/status", encoding="ascii") as status:
            took = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        print(f"  {len(held)} idle connections: {took >> 10} MiB resident", flush=True)
        assert SANITIZED or took < 250 << 10, took
    finally:
        for plain in held:
            plain.close()
        own.kill()


others = Bystander()
atexit.register(others.end)
run(*[attack(work) for work in (
    rapid_reset, made_you_reset, zero_window_updates, continuations, pings, settings, empty_data,
    empty_data_of_many_streams, header_bombs, slow_beginnings, slow_bodies, readers_that_do_not_read,
    sockets_that_are_not_read, zip_bombs, amplification, deep_and_bad)], test_idle_connections)
