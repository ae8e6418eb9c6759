# SPDX-License-Identifier: Apache-2.0
"""What calls notice of a reload: their 99th percentile while a catalog is published, and while it is loaded.

The service has one core, h2load the other, at 30% of what the service can do. A quiet stretch and one with a
publish in it take turns. A publish of many policies lasts: files are sent, checked and written, then the new
revision is loaded, its index made, and it takes the place of the old one, which is freed behind it. The calls that
count began from a little before that load until a second after it; the row beside it has those of the whole publish.
Of the 99th percentiles of the rounds the medians are compared. The catalogs differ in a title, so that every
publish makes a revision; a real client looks at the answers between and after, which may differ in the revision
alone. At the end the service's memory is compared with that after the first publish.
"""
import os
import re
import statistics
import subprocess
import time
import urllib.request

import bench
import grpc_rows

CLIENTS = 10
PART = .3  # of what it can do
SECONDS = 3
AFTER = 1  # second in which what was replaced is freed
NICE = 19  # of who publishes, beside h2load


class Load:
    """h2load at a rate for some seconds, in the background."""

    def __init__(self, server, body, rate, seconds, log):
        self.log, self.seconds = log, seconds
        self.process = subprocess.Popen(bench.pinned(1, [
            "h2load", f"-c{CLIENTS}", "-m4", f"--rps={max(1, round(rate / CLIENTS))}", f"-D{seconds}",
            f"--log-file={log}", "-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers",
            f"http://127.0.0.1:{server.port}{grpc_rows.MATCH}"]),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def calls(self):
        """[(begin, duration)] in microseconds."""
        output, _ = self.process.communicate(timeout=self.seconds + 120)
        done = re.search(r"(\d+) succeeded, (\d+) failed", output)
        if self.process.returncode or not done or int(done[2]) or not int(done[1]):
            raise SystemExit(f"h2load saw failures:\n{output}")
        with open(self.log, encoding="ascii") as lines:
            calls = [(int(line.split("\t")[0]), int(line.split("\t")[2])) for line in lines]
        os.unlink(self.log)
        return calls


def p99(calls):
    durations = sorted(duration for _, duration in calls)
    return durations[len(durations) * 99 // 100]


def within(calls, begin, end):
    return [one for one in calls if begin <= one[0] <= end]


def publish(table, server, catalog, number):
    """Starts to publish @catalog with another title."""
    policy = catalog / "policies/w000000.yaml"
    text = re.sub(r"(?m)^(title: \{zh: 测算政策0).*?,", rf"\1第{number}版,", policy.read_text(encoding="utf-8"))
    policy.write_text(text, encoding="utf-8")
    return subprocess.Popen(["nice", "-n", str(NICE), *bench.pinned(1, [
        str(table.options.build / "client/policycalc"), "--server", f"127.0.0.1:{server.port}", "--timeout", "900",
        "catalog", "publish", str(catalog)])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def load_seconds(metrics):
    """What the last load took, by the service itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=10) as answer:
        return float(re.search(r"(?m)^policycalc_snapshot_load_seconds ([\d.e+-]+)$", answer.read().decode())[1])


def look(call, request, known):
    """The answer of now, which is that of @known but for the revision; its revision."""
    from policycalc.v1 import calculator_service_pb2
    answer = calculator_service_pb2.MatchResponse.FromString(call(request, timeout=bench.ANSWER_SECONDS))
    revision = answer.revision
    found = [(one.policy_id, one.verdict, one.amount.SerializeToString()) for one in answer.answers]
    if known and found != known[1]:
        raise SystemExit("a publish that changed a title changed the answers")
    if known and revision < known[0]:
        raise SystemExit(f"revision {revision} answers after {known[0]} did")
    return revision, found


def busy_calls(start_load, publishing):
    """All calls while @publishing is on its way and AFTER it, and when it ended, in microseconds."""
    calls, end = [], None
    while end is None or time.time() < end + AFTER:
        load = start_load()
        while load.process.poll() is None and end is None:
            if publishing.poll() is not None:
                end = time.time()
            time.sleep(.002)
        calls += load.calls()
    if publishing.returncode:
        raise SystemExit(f"publish failed: {publishing.stdout.read()}")
    return calls, end * 1e6


def measure(table, folder, policies, rounds):
    bench.generate_stubs(folder)
    metrics = bench.free_port()
    server = grpc_rows.start(table, folder, policies, ["--metrics", f"127.0.0.1:{metrics}"])
    catalog = grpc_rows.workload_catalog(table, folder, policies)
    body = folder / "reload-request"
    table.program("hot_path_request", "workload", body, policies, 42)
    request = body.read_bytes()[5:]
    call = server.channel.unary_unary(grpc_rows.MATCH)
    quiet, whole, loading, longest, took, memory = [], [], [], [], [], []
    try:
        known = look(call, request, None)
        for _ in range(5):  # the index of the day is made when it is asked for again and again
            look(call, request, known)
        capacity = bench.h2load(server.port, grpc_rows.MATCH, body, CLIENTS, 10, 2, folder / "log")["rate"]

        def start_load():
            return Load(server, body, capacity * PART, SECONDS, folder / "log")

        for number in range(1, rounds + 1):
            still = start_load().calls()
            publishing, begin = publish(table, server, catalog, number), time.time() * 1e6
            busy, end = busy_calls(start_load, publishing)
            before, known = known, look(call, request, known)
            if known[0] != before[0] + 1:
                raise SystemExit(f"revision {known[0]} answers after a publish on {before[0]}")
            memory.append(server.memory_kib())
            took.append(load_seconds(metrics))
            at_load = within(busy, end - took[-1] * 1e6 - 1e5, end + AFTER * 1e6)
            # One by one, so that a round in which the machine did something else counts once.
            quiet.append(p99(still))
            whole.append(p99(within(busy, begin, end)))
            loading.append(p99(at_load))
            longest.append((max(one for _, one in at_load), max(one for _, one in still)))
    finally:
        server.stop()
    what = f"p99 of Match at {PART:.0%} of {capacity:,.0f} calls/s while {policies:,} policies are"
    for doing, found in ((f"loaded ({statistics.median(took):.2f} s) and the old ones freed", loading),
                         ("published, all of it", whole)):
        ours, peer = statistics.median(found), statistics.median(quiet)
        table.add(f"{what} {doing}, against the quiet p99, µs", f"{ours:,.0f}", f"{peer:,.0f}", ours / peer, 2, 1.5)
    ours, peer = max(one for one, _ in longest), max(one for _, one in longest)
    table.add("the longest of them, µs", f"{ours:,}", f"{peer:,}", ours / peer, None, None)
    table.add(f"memory after {len(memory)} publishes, against that after the first, MiB",
              f"{memory[-1] / 1024:.0f}", f"{memory[0] / 1024:.0f}", memory[-1] / memory[0], None, None)
