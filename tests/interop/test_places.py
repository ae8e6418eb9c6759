# SPDX-License-Identifier: Apache-2.0
"""
Who has a place when connections are many: one address may have all of them, and keeps nobody out.

usage: test_places.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import json
import resource
import socket
import struct
import subprocess
import time
import urllib.request
import weakref

import h2.events

import raw_client
from harness import DAEMON, FOLDER, SANITIZED, Daemon, calculator, few_policies, profile, run
from wire import frame

few_policies()
MATCH = "/policycalc.v1.CalculatorService/Match"
WATCH = "/grpc.health.v1.Health/Watch"
HELLO = frame(calculator.MatchRequest(profile=profile.Profile(), limit=1).SerializeToString())
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
GOAWAY = 7
MOST = 300


def client(daemon, source=None):
    return raw_client.Client(daemon.addresses[0], MATCH, HELLO, source=source)


def hold(daemon, count, source="127.0.0.2", wait=True):
    """So many connections of @source that have begun, and say nothing more; all have their places, if they are waited for."""
    host, port = daemon.addresses[0].rsplit(":", 1)
    held = []
    for _ in range(count):
        held.append(socket.create_connection((host, int(port)), source_address=(source, 0)))
        held[-1].sendall(PREFACE)
    for plain in held if wait else ():
        plain.settimeout(10)
        assert plain.recv(4096)
    return held


heard = weakref.WeakKeyDictionary()


def is_gone(plain):
    """What came is read; whether the other side has closed, and all that was heard of it."""
    data = heard.setdefault(plain, bytearray())
    plain.setblocking(False)
    try:
        while piece := plain.recv(65536):
            data += piece
        return True, data
    except BlockingIOError:
        return False, data
    except ConnectionError:
        return True, data


def gone_of(held):
    return [data for gone, data in map(is_gone, held) if gone]


def goaways(data):
    """(last stream, code, debug data) of each that came."""
    found = []
    while len(data) >= 9:
        size = int.from_bytes(data[:3], "big")
        if data[3] == GOAWAY:
            found.append((*struct.unpack(">II", data[9:17]), data[17:9 + size]))
        data = data[9 + size:]
    return found


def is_served(daemon, source=None, within=1.0):
    """A newcomer of @source is answered, and how soon."""
    begin = time.monotonic()
    newcomer = client(daemon, source)
    try:
        assert newcomer.is_alive()
        took = time.monotonic() - begin
        assert took < (10 if SANITIZED else within), took
    finally:
        newcomer.socket.close()
    return took


def is_refused(daemon, source=None):
    """It is closed at once, and no GOAWAY or anything else is said."""
    host, port = daemon.addresses[0].rsplit(":", 1)
    with socket.create_connection((host, int(port)), source_address=source and (source, 0)) as plain:
        plain.settimeout(10)
        try:
            plain.sendall(PREFACE)
            return plain.recv(100) == b""
        except ConnectionError:
            return True


def wait_until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not come to be"
        time.sleep(0.02)


def scrape(daemon):
    address = next(json.loads(line)["address"] for line in daemon.log().splitlines() if '"event":"metrics"' in line)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{address}/metrics") as page:
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def events(daemon, name):
    return [e for e in map(json.loads, filter(None, daemon.log().splitlines())) if e["event"] == name]


def test_nobody_is_locked_out():
    """One address has all places; others get in all the same, and are answered within a second, however often."""
    daemon = Daemon("--max-connections", str(MOST), "--metrics", "127.0.0.1:0")
    held = hold(daemon, MOST)
    assert scrape(daemon)["policycalc_connections"] == MOST and not gone_of(held)
    slowest = max(is_served(daemon) for _ in range(20))
    print(f"  the slowest of 20 newcomers was answered after {1000 * slowest:.1f} ms", flush=True)
    # Whose places they are gets no others, and those of others stay with them.
    others = [client(daemon, "127.0.0.3") for _ in range(20)]
    assert all(other.is_alive() for other in others)
    wait_until(lambda: len(gone_of(held)) >= 20)
    # One that lingered has made others go for nothing: it may fill that up again, and no more.
    wait_until(lambda: is_refused(daemon, "127.0.0.2") or held.extend(hold(daemon, 1, wait=False)))
    assert all(is_refused(daemon, "127.0.0.2") for _ in range(5))
    assert all(other.is_alive() for other in others)
    told = [e for data in gone_of(held) for e in goaways(data)[-1:]]
    assert len(told) >= 20 and all(e[1:] == (0, b"too_many_connections") for e in told), told
    numbers = scrape(daemon)
    assert numbers["policycalc_connections_limit"] == MOST
    assert 20 <= numbers["policycalc_connections_displaced_total"] <= 60, numbers
    assert numbers['policycalc_connections_refused_total{reason="full"}'] >= 5
    told = events(daemon, "connections_short")
    assert told and told[0]["peer"].startswith("ipv4:127.0.0.2:") and told[0]["level"] == "warning", told
    assert len(told) < 4, "a line for each"
    for plain in (*held, *(other.socket for other in others)):
        plain.close()
    assert daemon.stop() == 0


def test_how_it_is_told():
    """Who has to go hears GOAWAY without an error, and why; who was of use last stays longest."""
    daemon = Daemon("--max-connections", "20", threads=1)
    used = [client(daemon, "127.0.0.2") for _ in range(10)]
    idle = hold(daemon, 10)
    time.sleep(0.1)
    assert all(one.is_alive() for one in used)
    newcomers = [client(daemon) for _ in range(9)]
    assert all(one.is_alive() for one in newcomers)
    time.sleep(0.2)
    said = []
    for plain in idle:
        gone, data = is_gone(plain)
        said += [(code, why) for _, code, why in goaways(data)[-1:]]
        assert gone == bool(goaways(data)), data
    assert said == [(0, b"too_many_connections")] * 9, said
    assert all(one.is_alive() for one in used)
    # The last one, and one more that was used: then both have half of all, and leave each other alone.
    newcomers.append(client(daemon))
    assert newcomers[-1].is_alive()
    assert is_refused(daemon) and is_refused(daemon, "127.0.0.2")
    assert all(one.is_alive() for one in (*newcomers, *used))
    # And a third is let in still.
    assert is_served(daemon, "127.0.0.4")
    assert daemon.stop() == 0


def test_a_balancer():
    """One address may have all places, and keeps them when nobody else comes; also the calls on them."""
    daemon = Daemon("--max-connections", "50", "--metrics", "127.0.0.1:0")
    held = [client(daemon, "127.0.0.2") for _ in range(50)]
    assert all(one.is_alive() for one in held)
    assert is_refused(daemon, "127.0.0.2")
    assert all(one.is_alive() for one in held)
    assert scrape(daemon)["policycalc_connections_displaced_total"] == 0
    # One goes: there is room for another at once.
    held.pop().socket.close()
    wait_until(lambda: scrape(daemon)["policycalc_connections"] == 49)
    assert is_served(daemon, "127.0.0.2")
    assert daemon.stop() == 0


def test_calls_are_finished():
    """Of an address whose connections all have calls one is told to go, and its call goes on; one without calls first."""
    daemon = Daemon("--max-connections", "12", threads=1)
    held = [client(daemon, "127.0.0.2") for _ in range(11)]
    for one in held:
        one.stream = one.start(path=WATCH)
        one.send(one.stream, frame(b""))
        assert one.wait(lambda e: isinstance(e, h2.events.DataReceived))
    idle = hold(daemon, 1)[0]
    time.sleep(0.1)
    newcomers = [client(daemon)]
    assert newcomers[0].is_alive()
    wait_until(lambda: is_gone(idle)[0])
    newcomers.append(client(daemon))
    assert newcomers[1].is_alive()
    time.sleep(0.2)
    told = []
    for one in held:
        one.wait(lambda e: isinstance(e, h2.events.ConnectionTerminated), 0.05)
        if any(isinstance(e, h2.events.ConnectionTerminated) for e in one.events):
            told.append(one)
    assert len(told) == 1 and not told[0].closed, len(told)
    assert not told[0].resets()
    # Its call ends as the client likes, and then the connection.
    told[0].socket.sendall(b"\0\0\4\3\0" + struct.pack(">II", told[0].stream, 8))
    told[0].wait(lambda e: False, 5)
    assert told[0].closed
    assert daemon.stop() == 0


def test_many_loops():
    """Where the newcomer's loop has none that could go, another has. With calls on all of them, too."""
    daemon = Daemon("--max-connections", "8", "--metrics", "127.0.0.1:0", threads=16)
    held = hold(daemon, 8)
    for _ in range(6):
        is_served(daemon)
        wait_until(lambda: scrape(daemon)["policycalc_connections"] == 7)
        held = [plain for plain in held if not is_gone(plain)[0]]
        held += hold(daemon, 8 - len(held))
    assert daemon.stop() == 0


def test_a_unix_socket_is_an_address():
    path = FOLDER / "places.sock"
    daemon = Daemon("--max-connections", "40", "--metrics", "127.0.0.1:0",
                    listen=("127.0.0.1:0", f"unix:{path}"))
    held = []
    for _ in range(40):
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(str(path))
        held[-1].sendall(PREFACE)
        assert held[-1].recv(4096)
    assert not gone_of(held)
    is_served(daemon)
    wait_until(lambda: gone_of(held))
    # And the other way round.
    for plain in held:
        plain.close()
    wait_until(lambda: scrape(daemon)["policycalc_connections"] == 0)
    held = hold(daemon, 40)
    assert is_refused(daemon, "127.0.0.2")
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(path))
        plain.sendall(PREFACE)
        plain.settimeout(5)
        assert plain.recv(100)
    assert daemon.stop() == 0


def test_a_limit_of_each():
    """--limit-connections: no address has more; this machine's only with --limit-local."""
    daemon = Daemon("--limit-connections", "5", "--limit-local", "--metrics", "127.0.0.1:0")
    held = hold(daemon, 5)
    assert is_refused(daemon, "127.0.0.2")
    assert is_served(daemon, "127.0.0.3")
    assert scrape(daemon)['policycalc_connections_refused_total{reason="address"}'] == 1
    held.pop().close()
    wait_until(lambda: not is_refused(daemon, "127.0.0.2"))
    assert daemon.stop() == 0
    daemon = Daemon("--limit-connections", "5")
    held = hold(daemon, 20)
    assert is_served(daemon, "127.0.0.2")
    assert not gone_of(held)
    assert daemon.stop() == 0


def test_those_that_come_back():
    """Who has all places and comes again for each that it loses, from many sockets at once, wins nothing."""
    daemon = Daemon("--max-connections", "60")
    held, served = hold(daemon, 60), 0
    kept = [client(daemon, "127.0.0.3") for _ in range(10)]
    end = time.monotonic() + 2
    while time.monotonic() < end:
        held = [plain for plain in held if not is_gone(plain)[0]]
        try:
            held += hold(daemon, 10, wait=False)
        except ConnectionError:
            pass
        is_served(daemon)
        served += 1
    assert served > 3, served
    assert all(one.is_alive() for one in kept)
    assert daemon.stop() == 0


def with_descriptors(soft, hard, *arguments):
    return Daemon(*arguments, descriptors=(soft, min(hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))


def test_many_newcomers_at_once():
    """More than there are spare places come within a moment: those that go for them are gone at once, and do not
    linger until their clients have heard of it."""
    daemon = Daemon("--max-connections", str(MOST))
    held = hold(daemon, MOST)
    newcomers = hold(daemon, MOST // 2 - 10, "127.0.0.3")
    assert not gone_of(newcomers)
    # They are told nevertheless; a loop may have asked another for them.
    wait_until(lambda: len(gone_of(held)) >= MOST // 2 - 10)
    told = [goaways(data)[-1:] for data in gone_of(held)]
    assert len(told) == MOST // 2 - 10, len(told)
    assert all(said and said[0][1:] == (0, b"too_many_connections") for said in told), told
    assert daemon.stop() == 0


def test_options():
    def printed(*options):
        done = subprocess.run([DAEMON, "--data", FOLDER, "--print-config", *options], capture_output=True, text=True)
        return done.returncode, [line for line in done.stdout.splitlines() if "-connections = " in line]
    assert printed() == (0, ["max-connections = 10000", "limit-connections = 0"])
    assert printed("--max-connections", "7", "--limit-connections", "3") == \
        (0, ["max-connections = 7", "limit-connections = 3"])
    assert printed("--max-connections", "0")[0] == 2
    assert printed("--limit-connections", "-1")[0] == 2


def test_descriptors():
    """The process allows itself what it needs. Where it may not, it takes fewer connections and says so, and who has
    most makes room for others as ever."""
    daemon = with_descriptors(256, 20000)
    with open(f"/proc/{daemon.process.pid}/limits", encoding="ascii") as limits:
        soft = next(int(line.split()[3]) for line in limits if line.startswith("Max open files"))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard >= 20000:
        assert 11000 < soft < 20000, soft
        assert not events(daemon, "descriptors_short")
    assert daemon.stop() == 0
    daemon = with_descriptors(256, 256)
    told = events(daemon, "descriptors_short")
    assert len(told) == 1 and told[0]["allowed"] == 256 and told[0]["wanted"] > 11000, told
    most = told[0]["connections"]
    checked = subprocess.run([DAEMON, "--data", FOLDER, "--check-config"], capture_output=True, text=True, check=True,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))).stdout
    assert checked.startswith("warning: 256 open files are allowed") and f"at most {most} connections" in checked, checked
    assert 100 < most < 192, most
    held = hold(daemon, most)
    assert is_refused(daemon, "127.0.0.2")
    is_served(daemon)
    for plain in held:
        plain.close()
    assert daemon.stop() == 0


run(test_nobody_is_locked_out, test_how_it_is_told, test_a_balancer, test_calls_are_finished, test_many_loops,
    test_a_unix_socket_is_an_address, test_a_limit_of_each, test_those_that_come_back, test_many_newcomers_at_once,
    test_options, test_descriptors)
