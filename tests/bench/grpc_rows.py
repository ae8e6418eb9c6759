# SPDX-License-Identifier: Apache-2.0
"""Match over gRPC with the workload's 1,000 policies, beside gRPC C++'s empty handler and nghttpd."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import bench

MATCH = "/policycalc.v1.CalculatorService/Match"
LOADS = [("c=1 m=1", 1, 1), ("c=10 m=10", 10, 10), ("c=100 m=10", 100, 10)]
MEMORY = re.compile(r"VmRSS:\s+(\d+)")


class Peer:
    """A process that serves on a port of its own, pinned as ours is."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen(bench.pinned(0, command), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        started = time.monotonic()
        while not bench.listens(port):
            if self.process.poll() is not None or time.monotonic() - started > 60:
                self.stop()
                raise SystemExit(f"{command[0]} does not serve")
            time.sleep(0.01)

    memory_kib = bench.Server.memory_kib
    cpu_seconds = bench.Server.cpu_seconds

    def stop(self):
        bench.stop(self.process, 10)


def workload_catalog(table, folder, policies):
    """The folder of the workload as a catalog: made once for all steps."""
    catalog = folder / f"catalog-{policies}"
    if not catalog.is_dir():
        table.program("policycalc-workload", "catalog", policies, catalog)
    return catalog


def start(table, folder, policies, options=()):
    """Our service with the workload as its catalog."""
    catalog = workload_catalog(table, folder, policies)
    data = folder / f"data-{policies}"
    seconds = 60 + policies // 500  # to publish it, on a machine however busy
    bench.Server(table.options.build, data, ["--starter", str(catalog)], seconds).stop()
    return bench.Server(table.options.build, data, options)  # what publishing took is no part of what serving takes


def grpc_peer(table, response):
    """gRPC C++ with an empty handler; None, and why, where it cannot be built."""
    script = pathlib.Path(__file__).parent / "build_peer_grpc.sh"
    try:
        done = subprocess.run(["sh", str(script), str(table.options.build)], capture_output=True, text=True,
                              timeout=900, check=False)
    except subprocess.TimeoutExpired:
        return None, "gRPC C++: left out, not built within 15 minutes"
    if done.returncode:
        return None, "gRPC C++: left out, " + (done.stderr.strip().splitlines() or ["not built"])[-1][:60]
    port = bench.free_port()
    return Peer([str(table.options.build / "peer_grpc"), str(port), str(response)], port), None


def static_peer(folder, size):
    import shutil
    program = shutil.which("nghttpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        return None, "nghttpd: not there"
    (folder / "static").write_bytes(b"x" * size)
    port = bench.free_port()
    return Peer([program, "--no-tls", "-n1", "-d", str(folder), str(port)], port), None


def load(server, path, body, clients, streams, options, log):
    before = server.cpu_seconds()
    figure = bench.h2load(server.port, path, body, clients, streams, options.seconds, log)
    # The second of warming up is counted neither in calls nor here.
    figure["cpu_us"] = (1e6 * (server.cpu_seconds() - before) / max(1, figure["calls"])
                        * options.seconds / (options.seconds + 1))
    return figure


def measure(table, folder, rounds):
    bench.generate_stubs(folder)
    options = table.options
    options.seconds = 2 if options.quick else 3
    server = start(table, folder, 1000)
    processes = [server]
    try:
        body = folder / "request"
        table.program("hot_path_request", "workload", body, 1000, 42)
        call = server.channel.unary_unary(MATCH)
        idle = server.memory_kib()
        reply = call(body.read_bytes()[5:], timeout=bench.ANSWER_SECONDS)
        (folder / "response").write_bytes(reply)
        grpc_cpp, why_grpc = grpc_peer(table, folder / "response")
        static, why_static = static_peer(folder, len(reply) + 5)
        processes += [peer for peer in (grpc_cpp, static) if peer]
        idle_peer = grpc_cpp.memory_kib() if grpc_cpp else None
        sides = [("ours", server, MATCH, body), ("grpc", grpc_cpp, MATCH, body), ("static", static, "/static", None)]
        found = {}
        for name, clients, streams in LOADS:
            runs = {side: [] for side, *_ in sides}
            for _ in range(rounds):  # the three take turns
                for side, process, path, data in sides:
                    if process:
                        runs[side].append(load(process, path, data, clients, streams, options, folder / "log"))
            found[name] = {side: bench.median_of(run) if run else None for side, run in runs.items()}
        rows(table, found, idle, idle_peer, len(reply), why_grpc, why_static)
        connections(table, sides, folder)
        if call(body.read_bytes()[5:], timeout=bench.ANSWER_SECONDS) != reply:
            raise SystemExit("the answer changed under load")
    finally:
        for process in processes:
            process.stop()


def connections(table, sides, folder):
    """Points of the plot; what fails in one of them does not take the others away."""
    names = {"ours": "Match", "grpc": "gRPC C++, empty handler", "static": "nghttpd, static body"}
    failed = []
    for clients in (1, 3, 10, 30, 100, 300, 1000):
        for side, process, path, data in sides:
            # On a busy machine a thousand connections may be too late for h2load once.
            for last in (False, True):
                if not process:
                    continue
                try:
                    figure = load(process, path, data, clients, 10, table.options, folder / "log")
                    table.point("connections", names[side], clients, figure["rate"])
                    break
                except (SystemExit, subprocess.SubprocessError, OSError) as error:
                    if last:
                        failed.append(f"{names[side]} at {clients} connections: {error}")
    if failed:
        raise SystemExit("; ".join(failed))


def rows(table, found, idle, idle_peer, size, why_grpc, why_static):
    for name, must, aim in (("c=10 m=10", 4.5, 6), ("c=100 m=10", 5.5, 7)):
        ours, peer = found[name]["ours"], found[name]["grpc"]
        table.add(f"Match over gRPC, P = 1,000, reply of {size:,} bytes, {name}: calls/s, against gRPC C++'s empty "
                  "handler", f"{ours['rate']:,.0f}", f"{peer['rate']:,.0f}" if peer else why_grpc,
                  ours["rate"] / peer["rate"] if peer else None, must, aim, least=True)
    middle, one = found["c=10 m=10"], found["c=1 m=1"]
    if middle["static"]:
        table.add("its calls a CPU second against nghttpd's, c=10 m=10", f"{1e6 / middle['ours']['cpu_us']:,.0f}",
                  f"{1e6 / middle['static']['cpu_us']:,.0f}",
                  middle["static"]["cpu_us"] / middle["ours"]["cpu_us"], .4, .6, least=True)
    else:
        table.add("its calls a CPU second against nghttpd's", "", why_static, None, .4, .6, least=True)
    pairs = [("p99 at c=10 m=10 against gRPC C++, µs", middle, "p99_us", 1 / 3, .2),
             ("c=1 m=1: p50 against gRPC C++, µs", one, "p50_us", .9, .85),
             ("c=1 m=1: server CPU a call against gRPC C++, µs", one, "cpu_us", .65, .55)]
    for what, loads, key, must, aim in pairs:
        ours, peer = loads["ours"], loads["grpc"]
        table.add(what, f"{ours[key]:,.0f}", f"{peer[key]:,.0f}" if peer else why_grpc,
                  ours[key] / peer[key] if peer else None, must, aim)
    table.add("idle memory, P = 1,000, against gRPC C++, MiB", f"{idle / 1024:.1f}",
              f"{idle_peer / 1024:.1f}" if idle_peer else why_grpc, idle / idle_peer if idle_peer else None, .6, .5)


# --- answers through the service -----------------------------------------------------------------

def mix(index):
    mask = (1 << 64) - 1
    x = (index + 1) * 0x9E3779B97F4A7C15 & mask
    x ^= x >> 29
    x = x * 0xBF58476D1CE4E5B9 & mask
    return x ^ x >> 32


def value_of(kinds, name, value):
    from policycalc.v1 import profile_pb2
    kind, unit = kinds[name]
    if kind == "bool":
        return profile_pb2.Value(flag=value)
    if kind == "string":
        return profile_pb2.Value(code=value)
    if kind == "list(string)":
        return profile_pb2.Value(codes=profile_pb2.CodeList(codes=value))
    return profile_pb2.Value(**{{"fen": "money_fen", "ppm": "ratio_ppm", "count": "count"}[unit]: value})


def check(table, folder, policies=500, enterprises=40):
    """Counts and hashes of `workload answers`, asked of the service over gRPC."""
    bench.generate_stubs(folder)
    from policycalc.v1 import calculator_service_pb2, catalog_pb2, profile_pb2
    lines = table.program("policycalc-workload", "attributes").splitlines()
    kinds = {line["name"]: (line["type"], line["unit"]) for line in map(json.loads, lines)}
    server = start(table, folder, policies)
    match = server.channel.unary_unary(MATCH, request_serializer=calculator_service_pb2.MatchRequest.SerializeToString,
                                       response_deserializer=calculator_service_pb2.MatchResponse.FromString)
    profiles = table.program("policycalc-workload", "enterprises", enterprises).splitlines()
    known = table.program("policycalc-workload", "answers", policies, enterprises).splitlines()
    try:
        for profile, answer in zip(map(json.loads, profiles), map(json.loads, known)):
            request = calculator_service_pb2.MatchRequest(as_of="2026-06-01",
                                                          view=calculator_service_pb2.VIEW_BASIC)
            for name, value in profile["attributes"].items():
                request.profile.attributes.append(
                    profile_pb2.AttributeValue(name=name, value=value_of(kinds, name, value)))
            eligible = [int(one.policy_id[1:]) for one in match(request, timeout=bench.ANSWER_SECONDS).answers
                        if one.verdict == catalog_pb2.VERDICT_ELIGIBLE]
            found = (len(eligible), f"{sum(map(mix, eligible)) & (1 << 64) - 1:016x}")
            if found != (answer["matches"], answer["hash"]):
                raise SystemExit(f"{profile['id']}: the service answers {found}, not {answer}")
    finally:
        server.stop()
    print(f"{enterprises} enterprises against {policies} policies over gRPC: as the generator says", file=sys.stderr)
