#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the log says of calls: one JSON object a line, with the ids by which others find it again.

usage: test_logs.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import json
import os
import re
import signal
import time

from harness import Client, Daemon, calculator, fails, grpc, module, run, starter_files

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = ("traceparent", f"00-{TRACE}-{SPAN}-01")
REQUEST = "8e03978e-40d5-43e8-bc93-6894a57f9324"
USCC, PHONE, NAME = "91411282MA9F0000XK", "13812345678", "Zhang-San"

daemon = Daemon("--log-level", "debug")
client = Client(daemon.channel())


def events(of, name="call"):
    lines = of.log().splitlines()
    found = [json.loads(line) for line in lines]  # every line is one object
    for event in found:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
        assert event["level"] in ("debug", "info", "warning", "error")
    return [event for event in found if event["event"] == name]


def last_call(count, of=daemon):
    """A line comes when the stream is closed, which the client sees a little earlier."""
    for _ in range(200):
        calls = events(of)
        if len(calls) >= count:
            break
        time.sleep(0.01)
    assert len(calls) == count, calls
    return calls[-1]


def match(metadata, **keywords):
    call = client._method("unary_unary", "CalculatorService", "Match", calculator.MatchResponse)
    return call.with_call(calculator.MatchRequest(**keywords), timeout=20, metadata=metadata)[1]


def a_call():
    headers = dict(match([PARENT, ("tracestate", "a=b"), ("x-request-id", REQUEST)]).initial_metadata())
    assert headers["x-request-id"] == REQUEST
    line = last_call(1)
    assert line["service"] == "policycalc.v1.CalculatorService" and line["method"] == "Match"
    assert line["status"] == "OK" and line["code"] == 0 and line["ms"] >= 0 and line["revision"] == 1
    assert line["peer"].startswith("ipv4:127.0.0.1:")
    assert (line["trace_id"], line["parent_id"], line["request_id"]) == (TRACE, SPAN, REQUEST)
    error = fails(grpc.StatusCode.INVALID_ARGUMENT, match, [PARENT, ("x-request-id", "mine")], as_of="never")
    assert ("x-request-id", "mine") in [*error.initial_metadata(), *error.trailing_metadata()]
    line = last_call(2)
    assert line["status"] == "INVALID_ARGUMENT" and line["code"] == 3 and line["trace_id"] == TRACE


def odd_ids():
    """What is no id is neither logged nor in the way; what is printable comes back."""
    for number, (metadata, echo) in enumerate((
            ([("traceparent", "00-" + "0" * 32 + f"-{SPAN}-01")], None),
            ([("traceparent", NAME), ("x-request-id", USCC)], USCC),
            ([("x-request-id", PHONE)], PHONE),
            ([("x-request-id", "a b")], None),
            ([("x-request-id", "x" * 128)], "x" * 128),
            ([("x-request-id", "x" * 129)], None))):
        headers = dict(match(metadata).initial_metadata())
        assert headers.get("x-request-id") == echo, metadata
        line = last_call(3 + number)
        assert "trace_id" not in line and "request_id" not in line
    for value in (USCC, PHONE, NAME):
        assert value not in daemon.log()


def publishing():
    files = starter_files()
    reply = client._method("stream_unary", "CatalogService", "PublishCatalog",
                           module("policycalc.v1.catalog_service_pb2").PublishCatalogResponse)
    request = module("policycalc.v1.catalog_service_pb2")
    path, content = next(f for f in files if f[0].startswith("policies/"))
    content = re.sub(rb"verified_on: \S+", b"verified_on: 2026-11-26", content)
    files = [(p, content if p == path else c) for p, c in files]
    reply((request.PublishCatalogRequest(file=request.SourceFile(path=p, content=c), base_revision=1)
           for p, c in files), timeout=60, metadata=[PARENT])
    published = events(daemon, "published")
    assert len(published) == 1 and published[0]["revision"] == 2 and published[0]["trace_id"] == TRACE
    match([])
    assert events(daemon)[-1]["revision"] == 2 or last_call(10)["revision"] == 2


def only_what_matters():
    """At info an ordinary call has no line; a slow one has, and what is slow may be said while it runs."""
    config = daemon.data / "conf"
    config.write_text("slow-call-ms = 3600000\n")
    own = Daemon("--config", str(config))
    mine = Client(own.channel())
    mine.match()
    fails(grpc.StatusCode.INVALID_ARGUMENT, mine.match, calculator.MatchRequest(as_of="never"))
    config.write_text("slow-call-ms = 1\n")
    os.kill(own.process.pid, signal.SIGHUP)
    for _ in range(200):
        if events(own, "options_reloaded"):
            break
        time.sleep(0.01)
    assert not events(own)
    questions = module("policycalc.v1.question_pb2")
    ask = mine._method("unary_unary", "CalculatorService", "NextQuestion", questions.NextQuestionResponse)
    for _ in range(20):  # one of them takes a millisecond
        ask(questions.NextQuestionRequest(), timeout=20)
        if events(own):
            break
    line = events(own)[0]
    assert line["level"] == "info" and line["method"] == "NextQuestion" and line["ms"] >= 1
    assert own.stop() == 0


def ends():
    assert daemon.stop() == 0


run(a_call, odd_ids, publishing, only_what_matters, ends)
