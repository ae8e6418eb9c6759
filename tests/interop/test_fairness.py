# SPDX-License-Identifier: Apache-2.0
"""Many calls at once, on one connection and on many: everybody is answered, and nobody for long at the
cost of the others. One loop, so that all share it. h2load is the crowd, python3-grpcio the polite client."""
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

import h2.settings

import raw_client
from harness import FOLDER, SANITIZED, SKIP, Client, Daemon, calculator, profile, run
from wire import frame

if not shutil.which("h2load"):
    print("SKIP: h2load is not there; install nghttp2-client")
    sys.exit(SKIP)

PATH = "/policycalc.v1.CalculatorService/Match"
STREAMS = 256  # what the daemon allows on one connection
CALLS = 1200 if SANITIZED else 2000  # of a thousand streams
daemon = Daemon(threads=1)
FIRM = profile.Profile(attributes=[
    profile.AttributeValue(name="staff", value=profile.Value(count=126)),
    profile.AttributeValue(name="region", value=profile.Value(code="411282"))])
REQUEST = calculator.MatchRequest(profile=FIRM, as_of="2025-06-01")
BODY = FOLDER / "body"
BODY.write_bytes(frame(REQUEST.SerializeToString()))


def crowd(connections, streams, *how_long):
    return subprocess.Popen(
        ["h2load", f"-c{connections}", f"-m{streams}", *how_long, "-d", str(BODY),
         "-H", "content-type: application/grpc", "-H", "te: trailers",
         f"http://{daemon.addresses[0]}{PATH}"], stdout=subprocess.PIPE, text=True)


def crowd_ends(process):
    """Calls answered, calls that failed, seconds."""
    output = process.communicate(timeout=120)[0]
    done = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed", output)
    taken = re.search(r"finished in ([\d.]+)(m?s)", output)
    seconds = float(taken[1]) / (1000 if taken[2] == "ms" else 1)
    return int(done[2]), int(done[3]), seconds, output


def rss_mib():
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


def latencies(client, until, most=200):
    expected = client.match(REQUEST, timeout=60)
    taken = []
    while len(taken) < most and (time.monotonic() < until or len(taken) < 10):
        begun = time.monotonic()
        assert client.match(REQUEST, timeout=60) == expected
        taken.append(time.monotonic() - begun)
    return taken


def everybody_is_answered(connections, streams, calls):
    before = rss_mib()
    answered, failed, seconds, output = crowd_ends(crowd(connections, streams, f"-n{calls}"))
    print(f"# {connections} connections of {streams} streams: {answered} calls in {seconds:.2f} s, "
          f"{before:.0f} to {rss_mib():.0f} MiB")
    assert answered == calls and failed == 0, output
    # What a call holds while it waits, and what is kept of it, is bounded; a sanitizer holds more.
    assert rss_mib() < before + 150 or before > 60, rss_mib()


def a_thousand_streams_of_one():
    everybody_is_answered(1, 1000, CALLS)


def a_thousand_streams_of_many():
    everybody_is_answered(250, 4, CALLS)


def a_greedy_client_leaves_room():
    """Whoever keeps all its streams busy makes the others wait for a round or two of them, not longer."""
    client = Client(daemon.channel())
    alone = statistics.median(latencies(client, time.monotonic() + 1))
    for duration in (4, 16, 64):  # until a round of them was answered, on a machine that is slow, too
        greedy = crowd(1, 1000, f"-D{duration}")
        time.sleep(0.7)
        taken = latencies(client, time.monotonic() + duration * 0.6)
        answered, failed, seconds, output = crowd_ends(greedy)
        if answered > STREAMS:
            break
    round_trip = STREAMS * seconds / max(answered, 1)
    median = statistics.median(taken)
    print(f"# alone {alone * 1000:.1f} ms; beside {answered / seconds:.0f} calls/s: median "
          f"{median * 1000:.1f} ms, worst {max(taken) * 1000:.1f} ms; a round is {round_trip * 1000:.1f} ms")
    assert answered > STREAMS and failed == 0, output
    assert median < 2 * round_trip + 10 * alone, (median, round_trip, alone)


def ten_greedy_clients_leave_room():
    client = Client(daemon.channel())
    alone = statistics.median(latencies(client, time.monotonic() + 0.5))
    greedy = crowd(10, 100, "-D4")
    time.sleep(0.7)
    taken = latencies(client, time.monotonic() + 2.5)
    answered, failed, seconds, output = crowd_ends(greedy)
    round_trip = 1000 * seconds / max(answered, 1)
    median = statistics.median(taken)
    print(f"# beside ten: median {median * 1000:.1f} ms; a round is {round_trip * 1000:.1f} ms")
    assert failed == 0, output
    assert median < 2 * round_trip + 10 * alone, (median, round_trip, alone)


def whoever_does_not_read_is_held_up_alone():
    """Two hundred answers in full that nobody fetches: the daemon does not pile up what the socket does not
    take, and serves the others as before."""
    full = calculator.MatchRequest(profile=FIRM, view=calculator.VIEW_FULL)
    before = rss_mib()
    deaf = raw_client.Client(
        daemon.addresses[0], PATH, frame(full.SerializeToString()),
        settings={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: (1 << 31) - 1})
    deaf.http2.increment_flow_control_window((1 << 31) - 65536)
    deaf.flush()
    for _ in range(200):
        stream = deaf.start()
        deaf.send(stream, frame(full.SerializeToString()))
    polite = Client(daemon.channel())
    taken = latencies(polite, time.monotonic() + 2)
    # A slow build is still at the first of the two hundred: what counts is that it comes to an end.
    for _ in range(60):
        first = rss_mib()
        latencies(polite, time.monotonic() + 1)
        last = rss_mib()
        if last < first + 20:
            break
    print(f"# beside one that does not read: median {statistics.median(taken) * 1000:.1f} ms; "
          f"{before:.0f} to {first:.0f} and {last:.0f} MiB")
    assert last < first + 20
    assert SANITIZED or last < before + 30, (before, last)
    assert statistics.median(taken) < 5


def a_thousand_slow_readers_leave_room():
    """A thousand answers of 40 KB each that are fetched a window at a time: whoever reads at once is answered
    as before, memory stays, and the slow ones get what they fetch."""
    polite = Client(daemon.channel())
    alone = statistics.median(latencies(polite, time.monotonic() + 0.5))
    before = rss_mib()
    slow = [raw_client.Client(daemon.addresses[0], PATH, BODY.read_bytes()) for _ in range(4)]
    for client in slow:
        for _ in range(250):
            client.send(client.start(), BODY.read_bytes())
    stopped = threading.Event()

    def fetch():
        while not stopped.is_set():
            for client in slow:
                client.wait(lambda event: isinstance(event, h2.events.DataReceived), 0.01)
            time.sleep(0.01)
    reader = threading.Thread(target=fetch)
    reader.start()
    taken = latencies(polite, time.monotonic() + 1.2)
    grown = rss_mib() - before
    stopped.set()
    reader.join()

    def bytes_of(client):
        return sum(len(event.data) for event in client.events if isinstance(event, h2.events.DataReceived))

    def answering_now():
        return len({(at, event.stream_id) for at, client in enumerate(slow) for event in client.events
                    if isinstance(event, h2.events.ResponseReceived)})
    end = time.monotonic() + 60  # on a busy machine they have not all had their turn yet
    while (min(map(bytes_of, slow)) < 65535 or answering_now() < 1000) and time.monotonic() < end:
        for client in slow:
            client.wait(lambda event: isinstance(event, h2.events.DataReceived), 0.1)
    fetched, answering = [bytes_of(client) for client in slow], answering_now()
    for client in slow:
        client.socket.close()
    median = statistics.median(taken)
    print(f"# alone {alone * 1000:.1f} ms; beside a thousand slow readers: median {median * 1000:.1f} ms, worst "
          f"{max(taken) * 1000:.1f} ms; {grown:.0f} MiB more; {answering} streams and {sum(fetched) >> 10} KiB came")
    assert median < 10 * alone + 0.05, (median, alone)
    assert grown < 150 or before > 60, grown
    # Each of them at least the window it began with, and every stream at least its headers.
    assert min(fetched) >= 65535 and answering == 1000, (fetched, answering)


run(a_thousand_slow_readers_leave_room, a_thousand_streams_of_one, a_thousand_streams_of_many,
    a_greedy_client_leaves_room, ten_greedy_clients_leave_room, whoever_does_not_read_is_held_up_alone)
