# SPDX-License-Identifier: Apache-2.0
"""What calls notice of a publish: their 99th percentile while one is checked, written, loaded and swapped in.

The service has one core, h2load the other, at 30% of what the service can do. A quiet stretch and one with
publishes in it take turns; of the latter only calls count that began while a publish was on its way. Of the
99th percentiles of the rounds the medians are compared. The catalogs differ in a title, so that every publish
makes a revision; a real client looks at the answers between and after, which may differ in the revision alone.
At the end the service's memory is compared with that after the first publishes.
"""
import os
import re
import statistics
import subprocess
import time

import bench
import grpc_rows

CLIENTS = 10
PART = .3  # of what it can do
SECONDS = 3


def h2load_at(server, body, rate, seconds, log):
    """[(begin, duration)] in microseconds of calls at @rate a second in all."""
    command = ["h2load", f"-c{CLIENTS}", "-m4", f"--rps={max(1, round(rate / CLIENTS))}", f"-D{seconds}",
               f"--log-file={log}", "-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers",
               f"http://127.0.0.1:{server.port}{grpc_rows.MATCH}"]
    return subprocess.Popen(bench.pinned(1, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def calls_of(process, log, seconds):
    output, _ = process.communicate(timeout=seconds + 120)
    done = re.search(r"(\d+) succeeded, (\d+) failed", output)
    if process.returncode or not done or int(done[2]) or not int(done[1]):
        raise SystemExit(f"h2load saw failures:\n{output}")
    with open(log, encoding="ascii") as lines:
        calls = [(int(line.split("\t")[0]), int(line.split("\t")[2])) for line in lines]
    os.unlink(log)
    return calls


def p99(calls):
    durations = sorted(duration for _, duration in calls)
    return durations[len(durations) * 99 // 100]


def publish(table, server, catalog, number):
    """Publishes @catalog with another title; when that began and ended, in microseconds."""
    policy = catalog / "policies/w000000.yaml"
    text = re.sub(r"(?m)^(title: \{zh: 测算政策0).*?,", rf"\1第{number}版,", policy.read_text(encoding="utf-8"))
    policy.write_text(text, encoding="utf-8")
    begin = time.time()
    subprocess.run(["nice", "-n", "19", *bench.pinned(1, [
        str(table.options.build / "client/policycalc"), "--server", f"127.0.0.1:{server.port}", "--timeout", "300",
        "catalog", "publish", str(catalog)])], check=True, stdout=subprocess.DEVNULL, timeout=600)
    return begin * 1e6, time.time() * 1e6


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


def measure(table, folder, policies, rounds, publishes=1):
    bench.generate_stubs(folder)
    server = grpc_rows.start(table, folder, policies)
    catalog = folder / f"catalog-{policies}"
    body = folder / "reload-request"
    table.program("hot_path_request", "workload", body, policies, 42)
    request = body.read_bytes()[5:]
    call = server.channel.unary_unary(grpc_rows.MATCH)
    quiet, busy, longest, count, memory = [], [], [], 0, []
    try:
        known = look(call, request, None)
        for _ in range(5):  # the index of the day is made when it is asked for again and again
            look(call, request, known)
        capacity = bench.h2load(server.port, grpc_rows.MATCH, body, CLIENTS, 10, 2, folder / "log")["rate"]
        for _ in range(rounds):
            still = calls_of(h2load_at(server, body, capacity * PART, SECONDS, folder / "log"), folder / "log", SECONDS)
            loading = h2load_at(server, body, capacity * PART, 3 * SECONDS, folder / "log")
            time.sleep(.5)
            windows = []
            for _ in range(publishes):
                count += 1
                windows.append(publish(table, server, catalog, count))
                before, known = known, look(call, request, known)
                if known[0] != before[0] + 1:
                    raise SystemExit(f"revision {known[0]} answers after a publish on {before[0]}")
                memory.append(server.memory_kib())
            loaded = [one for one in calls_of(loading, folder / "log", 3 * SECONDS)
                      if any(begin <= one[0] <= end for begin, end in windows)]
            # One by one, so that a round in which the machine did something else counts once.
            quiet.append(p99(still))
            busy.append(p99(loaded))
            longest.append((max(one for _, one in loaded), max(one for _, one in still)))
        ours, peer = statistics.median(busy), statistics.median(quiet)
        table.add(f"p99 of Match at {PART:.0%} of {capacity:,.0f} calls/s while {policies:,} policies are published, "
                  "against the quiet p99, µs", f"{ours:,.0f}", f"{peer:,.0f}", ours / peer, 2, 1.5)
        ours, peer = max(one for one, _ in longest), max(one for _, one in longest)
        table.add("the longest of them, µs", f"{ours:,}", f"{peer:,}", ours / peer, None, None)
        table.add(f"memory after {len(memory)} publishes, against that after the first, MiB",
                  f"{memory[-1] / 1024:.0f}", f"{memory[0] / 1024:.0f}", memory[-1] / memory[0], None, None)
    finally:
        server.stop()
