#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures policycalcd with the starter catalog and prints figures, and ratios where there is a peer.

Calls per second and latency come from h2load (on the other core where there are two); the peer is
nghttpd serving a static body of the same size as the reply, run in turn with ours; without nghttpd
(package nghttp2-server) its column says so. h2load only counts HTTP 200s, so a real gRPC client checks
the answer before and after.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Nothing waits for ever, on however busy a machine; an answer takes milliseconds.
ANSWER_SECONDS = 60
LOADS = [("c=1 m=1", 1, 1), ("c=10 m=10", 10, 10)]
# Programs that measure one room alone; figures.c prints what ROOM_LINE reads.
DICTIONARY = ROOT / "tests/cases/dictionary.case"
ROOMS = [("explain", [DICTIONARY, ROOT / "service/catalog"]), ("calculator", [DICTIONARY]), ("question", [DICTIONARY]),
         ("report", [ROOT / "service/catalog", ROOT / "service/quickstart-firm.yaml"])]
ROOM_LINE = re.compile(r"^(.+): median ([\d.]+) us, least ([\d.]+) us, p99 ([\d.]+) us, limit (\d+) us$",
                       re.MULTILINE)


def generate_stubs(folder):
    protos = [str(p.relative_to(ROOT / "proto")) for p in sorted((ROOT / "proto").rglob("*.proto"))]
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}", *protos], check=True)
    sys.path.insert(0, str(folder))


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def pinned(core, command):
    if (os.cpu_count() or 1) > 1 and shutil.which("taskset"):
        return ["taskset", "-c", str(core), *command]
    return command


class Server:
    """A policycalcd of its own on a free port."""

    def __init__(self, build, data, options=(), wait_seconds=60):
        self.port, self.wait_seconds = free_port(), wait_seconds
        started = time.monotonic()
        self.process = subprocess.Popen(
            pinned(0, [str(build / "service/policycalcd"), "--data", str(data), "--listen",
                       f"127.0.0.1:{self.port}", "--threads", "1", *options]),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.channel = None
        try:
            self.wait_until_serving(started)
        except BaseException:
            self.stop()  # one that is left behind would be in the way of all that is measured later
            raise
        self.start_seconds = time.monotonic() - started

    def wait_until_serving(self, started):
        # A channel made before the port listens would wait out its own back-off.
        while not listens(self.port):
            if self.process.poll() is not None:
                raise SystemExit(f"policycalcd ended with {self.process.returncode}")
            if time.monotonic() - started > self.wait_seconds:
                raise SystemExit(f"policycalcd did not serve within {self.wait_seconds} s")
            time.sleep(0.001)
        self.channel = grpc_channel(self.port)
        while not is_serving(self.channel):
            if time.monotonic() - started > self.wait_seconds:
                raise SystemExit("policycalcd listens but does not serve")
            time.sleep(0.001)

    def memory_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.channel:
            self.channel.close()
        stop(self.process)


def answers(path):
    """Whether somebody listens there: the file is there a little earlier."""
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def stop(process, seconds=30):
    """Ends @process; whatever it does, it is gone afterwards."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def grpc_channel(port):
    import grpc
    return grpc.insecure_channel(f"127.0.0.1:{port}")


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def is_serving(channel):
    """grpc.health.v1.Health/Check of the server as a whole, without generated code."""
    import grpc
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    try:
        return check(b"", timeout=1) == b"\x08\x01"
    except grpc.RpcError:
        return False


def profile_request(view):
    from policycalc.v1 import calculator_service_pb2, profile_pb2
    request = calculator_service_pb2.MatchRequest(as_of="2025-06-01", view=view)
    for name, kind, value in [
            ("region", "code", "411282"), ("industry", "code", "C3130"), ("staff", "count", 126),
            ("revenue", "money_fen", 86_000_000_00), ("rd_expense", "money_fen", 4_200_000_00),
            ("assets", "money_fen", 72_000_000_00)]:
        request.profile.attributes.append(
            profile_pb2.AttributeValue(name=name, value=profile_pb2.Value(**{kind: value})))
    return request


def h2load(port, path, body, clients, streams, seconds, log):
    command = ["h2load", f"-c{clients}", f"-m{streams}", f"-D{seconds}", "--warm-up-time=1",
               f"--log-file={log}"]
    if body:
        command += ["-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers"]
    command.append(f"http://127.0.0.1:{port}{path}")
    output = subprocess.run(pinned(1, command), capture_output=True, text=True, check=True,
                            timeout=seconds + 60).stdout
    done = re.search(r"requests: \d+ total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed", output)
    if int(done[3]) or int(done[1]) != int(done[2]):
        raise SystemExit(f"h2load saw failures:\n{output}")
    micros = sorted(int(line.split("\t")[2]) for line in open(log))
    os.unlink(log)
    if not micros:
        raise SystemExit(f"h2load made no request:\n{output}")
    return {"calls": len(micros), "rate": len(micros) / seconds,
            "p50_us": micros[len(micros) // 2], "p99_us": micros[len(micros) * 99 // 100]}


def start_peer(folder, port):
    """nghttpd with the files of @folder; None where there is none."""
    program = shutil.which("nghttpd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        print("nghttpd is not there (package nghttp2-server): measured without a peer", file=sys.stderr)
        return None
    peer = subprocess.Popen(pinned(0, [program, "--no-tls", "-n1", "-d", str(folder), str(port)]),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started = time.monotonic()
    while not listens(port):
        if peer.poll() is not None or time.monotonic() - started > 10:
            stop(peer)
            raise SystemExit("nghttpd does not serve")
        time.sleep(0.01)
    return peer


def median_of(rounds):
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


def publish_seconds(options, server, folder):
    """Publishes the starter catalog with one changed title, so that a new revision is made."""
    draft = folder / "draft"
    shutil.copytree(ROOT / "service/catalog", draft, dirs_exist_ok=True)
    policy = sorted((draft / "policies").glob("*.yaml"))[0]
    policy.write_text(re.sub(r"(?m)^(verified_on:).*$", r"\1 2001-01-01", policy.read_text())
                      + ("" if "verified_on:" in policy.read_text() else "verified_on: 2001-01-01\n"))
    started = time.monotonic()
    done = subprocess.run([str(options.build / "client/policycalc"), "--server",
                           f"127.0.0.1:{server.port}", "catalog", "publish", str(draft)],
                          capture_output=True, text=True, timeout=900)
    if done.returncode:
        raise SystemExit(f"publish failed: {done.stdout}{done.stderr}")
    return time.monotonic() - started


def measure(options, folder):
    from policycalc.v1 import calculator_service_pb2
    data = folder / "data"
    first = Server(options.build, data)
    first_start = first.start_seconds
    first.stop()
    server = Server(options.build, data)
    figures = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(),
               "date": time.strftime("%Y-%m-%d"), "start_empty_s": first_start,
               "start_s": server.start_seconds, "idle_kib": server.memory_kib(), "loads": []}
    match = server.channel.unary_unary(
        "/policycalc.v1.CalculatorService/Match",
        request_serializer=calculator_service_pb2.MatchRequest.SerializeToString,
        response_deserializer=calculator_service_pb2.MatchResponse.FromString)
    request = profile_request(calculator_service_pb2.VIEW_BASIC)
    answer = match(request, timeout=ANSWER_SECONDS)
    if not answer.answers:
        raise SystemExit("Match answered no policies")
    payload, reply = request.SerializeToString(), answer.SerializeToString()
    figures.update(request_bytes=len(payload), reply_bytes=len(reply), policies=len(answer.answers))
    body = folder / "body"
    body.write_bytes(b"\0" + len(payload).to_bytes(4, "big") + payload)
    (folder / "static").write_bytes(b"x" * (len(reply) + 5))
    peer_port = free_port()
    peer = start_peer(folder, peer_port)
    try:
        for name, clients, streams in LOADS:
            ours, peers = [], []
            for _ in range(options.rounds):
                before = server.cpu_seconds()
                ours.append(h2load(server.port, "/policycalc.v1.CalculatorService/Match", body,
                                   clients, streams, options.seconds, folder / "log"))
                ours[-1]["cpu_us_per_call"] = (1e6 * (server.cpu_seconds() - before)
                                               / max(1, ours[-1]["calls"]))
                if peer:
                    peers.append(h2load(peer_port, "/static", None, clients, streams,
                                        options.seconds, folder / "log"))
            figures["loads"].append({"load": name, "ours": median_of(ours),
                                     "nghttpd": median_of(peers) if peer else None})
    finally:
        if peer:
            stop(peer)
    if match(request, timeout=ANSWER_SECONDS) != answer:
        raise SystemExit("the answer changed under load")
    figures["loaded_kib"] = server.memory_kib()
    figures["publish_s"] = publish_seconds(options, server, folder)
    server.stop()
    return figures


def measure_rooms(build):
    """Processor time of what is computed without network and encoding, beside what it may take."""
    rooms = []
    for name, arguments in ROOMS:
        output = subprocess.run(pinned(1, [str(build / "tests/bench" / f"bench_{name}"), *arguments]),
                                capture_output=True, text=True, check=True, timeout=900).stdout
        lines = ROOM_LINE.findall(output)
        if not lines:
            raise SystemExit(f"bench_{name} printed no figure:\n{output}")
        for what, median, least, p99, limit in lines:
            rooms.append({"what": what, "median_us": float(median), "least_us": float(least),
                          "p99_us": float(p99), "limit_us": int(limit) or None})
    return rooms


def print_rooms(rooms):
    print("| what, in µs of processor time | median | least | p99 | limit |")
    print("|---|---|---|---|---|")
    for room in rooms:
        limit = room["limit_us"]
        over = " (over)" if limit and room["median_us"] > limit else ""
        print(f"| {room['what']} | {room['median_us']:,.1f}{over} | {room['least_us']:,.1f} "
              f"| {room['p99_us']:,.1f} | {format(limit, ',') if limit else ''} |")


def print_table(figures):
    print(f"{figures['machine']}, {figures['cores']} cores, {figures['date']}; "
          f"request {figures['request_bytes']} bytes, reply {figures['reply_bytes']} bytes, "
          f"{figures['policies']} policies")
    print()
    print("| what | policycalcd | nghttpd, same body size | ratio |")
    print("|---|---|---|---|")
    for load in figures["loads"]:
        ours, peer = load["ours"], load["nghttpd"]
        if not peer:
            print(f"| Match, {load['load']}: calls/s | {ours['rate']:,.0f} | not there: skipped | |")
            print(f"| Match, {load['load']}: p50 / p99 µs "
                  f"| {ours['p50_us']:.0f} / {ours['p99_us']:.0f} | not there: skipped | |")
            continue
        print(f"| Match, {load['load']}: calls/s | {ours['rate']:,.0f} | {peer['rate']:,.0f} "
              f"| {ours['rate'] / peer['rate']:.2f} |")
        print(f"| Match, {load['load']}: p50 / p99 µs | {ours['p50_us']:.0f} / {ours['p99_us']:.0f} "
              f"| {peer['p50_us']:.0f} / {peer['p99_us']:.0f} "
              f"| {ours['p50_us'] / peer['p50_us']:.2f} / {ours['p99_us'] / peer['p99_us']:.2f} |")
    print(f"| start on an empty folder (publishes the starter catalog) "
          f"| {figures['start_empty_s'] * 1000:.0f} ms | | |")
    print(f"| start on an existing catalog | {figures['start_s'] * 1000:.0f} ms | | |")
    print(f"| publish a changed catalog, end to end | {figures['publish_s'] * 1000:.0f} ms | | |")
    print(f"| resident memory, idle / after load | {figures['idle_kib'] / 1024:.1f} / "
          f"{figures['loaded_kib'] / 1024:.1f} MiB | | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=3, help="length of one h2load run")
    parser.add_argument("--rounds", type=int, default=3, help="how often ours and the peer take turns")
    parser.add_argument("--rooms", action="store_true",
                        help="only what needs no server: a few seconds")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    options = parser.parse_args()
    options.build = options.build.resolve()

    figures = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(),
               "date": time.strftime("%Y-%m-%d"), "rooms": measure_rooms(options.build)}
    if not options.rooms:
        if not shutil.which("h2load"):
            raise SystemExit("h2load is not there (package nghttp2-client): only --rooms can be measured")
        with tempfile.TemporaryDirectory() as folder:
            generate_stubs(pathlib.Path(folder))
            figures.update(measure(options, pathlib.Path(folder)))
        print_table(figures)
        print()
    print_rooms(figures["rooms"])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
