#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The metrics of a running daemon: read as Prometheus reads them, compared with what was asked.

usage: test_metrics.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

from harness import DAEMON, FOLDER, Client, Daemon, calculator, catalog, fails, grpc, profile, refuses_to_start, run

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
USCC = "91411282MA9F0000XK"

daemon = Daemon("--metrics", "127.0.0.1:0", listen=("127.0.0.1:0",))
METRICS = next(json.loads(line)["address"] for line in daemon.log().splitlines() if '"metrics"' in line)


CHANNEL = daemon.channel()


def get(path, expect=200):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{METRICS}{path}", timeout=10) as reply:
            assert reply.status == expect, reply.status
            return reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        assert error.code == expect, error.code
        return error.headers, ""


def scrape():
    """{(name, labels): value}; whatever Prometheus would refuse fails here."""
    headers, text = get("/metrics")
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert text.endswith("\n")
    values, types, helped = {}, {}, set()
    family = None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in helped, family
            helped.add(family)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family and name not in types
            types[name] = kind
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            name = match[1]
            base = re.sub("_(bucket|sum|count)$", "", name)
            assert name == family or base == family and types[family] == "histogram", line
            assert types[family] != "counter" or name.endswith("_total"), line
            key = (name, tuple(sorted(LABEL.findall(match[2] or ""))))
            assert key not in values, line
            values[key] = float(match[3])
    return values


def find(values, metric, **labels):
    hits = [v for (n, ls), v in values.items() if n == metric and set(labels.items()) <= set(ls)]
    return sum(hits)


def ask_all():
    client = Client(CHANNEL)
    for _ in range(7):
        answer = client.match()
    fails(grpc.StatusCode.INVALID_ARGUMENT, client.match, calculator.MatchRequest(as_of="never"))
    fails(grpc.StatusCode.UNIMPLEMENTED,
          daemon.channel().unary_unary("/secret.Service/" + USCC), b"", timeout=10)
    client.catalog("ListPolicies", catalog.ListPoliciesRequest())
    list(client.match_stream(iter([calculator.MatchStreamRequest(
        request_id="1", match=calculator.MatchRequest(profile=profile.Profile()))] * 3)))
    return {count.verdict: count.count for count in answer.counts}


def counts():
    outcomes = ask_all()
    # A call is counted when its stream is closed, which the client sees a little earlier.
    for _ in range(100):
        values = scrape()
        if find(values, "grpc_server_handled_total") == 11:
            break
        time.sleep(0.02)
    match = {"grpc_method": "Match", "grpc_service": "policycalc.v1.CalculatorService", "grpc_type": "unary"}
    assert find(values, "grpc_server_started_total", **match) == 8
    assert find(values, "grpc_server_handled_total", grpc_code="OK", **match) == 7
    assert find(values, "grpc_server_handled_total", grpc_code="InvalidArgument", **match) == 1
    assert find(values, "grpc_server_msg_received_total", **match) == 8
    assert find(values, "grpc_server_msg_sent_total", **match) == 7
    assert find(values, "grpc_server_handled_total", grpc_code="Unimplemented", grpc_method="other") == 1
    stream = {"grpc_method": "MatchStream", "grpc_type": "bidi_stream"}
    assert find(values, "grpc_server_msg_received_total", **stream) == 3
    assert find(values, "grpc_server_msg_sent_total", **stream) == 3
    buckets = [(float(dict(ls)["le"].replace("+Inf", "inf")), v) for (n, ls), v in values.items()
               if n == "grpc_server_handling_seconds_bucket" and ("grpc_method", "Match") in ls]
    buckets.sort()
    assert [v for _, v in buckets] == sorted(v for _, v in buckets) and buckets[-1] == (float("inf"), 8)
    assert find(values, "grpc_server_handling_seconds_count", **match) == 8
    assert 0 < find(values, "grpc_server_handling_seconds_sum", **match) < 10
    assert find(values, "policycalc_matches_total") == 10
    for verdict, count in outcomes.items():
        name = catalog.DESCRIPTOR.pool.FindEnumTypeByName("policycalc.v1.Verdict").values_by_number[verdict].name
        assert find(values, "policycalc_match_outcomes_total",
                    outcome=name.removeprefix("VERDICT_").lower()) == 10 * count, (name, count)
    assert find(values, "policycalc_catalog_revision") == 1
    assert find(values, "policycalc_catalog_policies") > 50
    assert 0 < find(values, "policycalc_snapshot_load_seconds") < 60
    # The store's thread tells when it was published; whoever asks while that is at work does not wait.
    for _ in range(100):
        if ("policycalc_catalog_age_seconds", ()) in values:
            break
        time.sleep(0.02)
        values = scrape()
    assert 0 <= values["policycalc_catalog_age_seconds", ()] < 600
    assert find(values, "policycalc_serving") == 1
    assert find(values, "policycalc_connections") >= 1
    assert find(values, "policycalc_registry_observed_timestamp_seconds") > 0
    assert find(values, "process_resident_memory_bytes") > 1 << 20
    assert find(values, "process_open_fds") > 5
    assert ("policycalc_queue_depth", (("queue", "registry"),)) in values


def nothing_personal():
    for path in ("/metrics", "/", "/?lang=en"):
        assert USCC not in get(path)[1] and "secret.Service" not in get(path)[1]


def pages():
    for path, words in (("/", "正在服务"), ("/status?lang=en", "serving")):
        headers, text = get(path)
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert words in text and "CalculatorService/Match" in text and text.endswith("</html>\n")
        # It loads nothing, from nowhere.
        assert not re.search(r"(src|url\(|@import|//)", text)
    assert get("/health")[1] == "SERVING\n"
    get("/favicon.ico", 404)


def strictness():
    host, port = METRICS.rsplit(":", 1)
    for request, answer in ((b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 405 "),
                            (b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"HTTP/1.1 421 "),
                            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/1.1 400 "),
                            (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000, b"HTTP/1.1 431 ")):
        with socket.create_connection((host, int(port)), 10) as raw:
            raw.sendall(request)
            assert raw.recv(100).startswith(answer), request[:40]


def addresses():
    code, said = refuses_to_start("--metrics", "0.0.0.0:0")
    assert code == 2 and "--insecure-metrics" in said, said
    code, said = refuses_to_start("--metrics", METRICS)
    assert code == 1 and "metrics" in said and "in use" in said, said
    other = Daemon("--metrics", "0.0.0.0:0", "--insecure-metrics")
    assert other.stop() == 0


def options():
    """What --print-config prints is what --config reads, and a mistake is found before it matters."""
    config = FOLDER / "metrics.conf"
    wanted = "metrics = 127.0.0.1:0\ninsecure-metrics = false\nslow-call-ms = 77\n"
    config.write_text(wanted)
    command = [DAEMON, "--data", str(FOLDER / "none"), "--config", str(config)]
    printed = subprocess.run([*command, "--print-config"], capture_output=True, text=True, check=True).stdout
    assert wanted in printed, printed
    config.write_text(printed)
    again = subprocess.run([*command, "--print-config"], capture_output=True, text=True, check=True).stdout
    assert again == printed
    for wrong in ("metrics = 10.0.0.1:9464", "slow-call-ms = 0", "insecure-metrics = perhaps"):
        config.write_text(wrong + "\n")
        done = subprocess.run([*command, "--check-config"], capture_output=True, text=True)
        assert done.returncode == 2 and wrong.split(" ")[0] in done.stderr, done
    assert not (FOLDER / "none").exists()


def drains():
    assert daemon.stop() == 0


run(counts, nothing_personal, pages, strictness, addresses, options, drains)
