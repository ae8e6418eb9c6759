# SPDX-License-Identifier: Apache-2.0
"""Calls of a stock Python client: unary, streams, deadlines, cancellation, bad requests."""
import pathlib
import threading
import time

from harness import (FOLDER, Client, Daemon, calculator, catalog, detail, details, fails, grpc, module,
                     profile, run, small_firm)
from wire import groups, nested

daemon = Daemon(listen=("127.0.0.1:0", f"unix:{FOLDER}/calls"))
client = Client(daemon.channel())
Code = grpc.StatusCode


def question(**fields):
    return calculator.MatchRequest(profile=profile.Profile(), **fields)


def unary():
    reply = client.match(question())
    assert reply.revision == 1 and reply.as_of and len(reply.answers) > 10, reply
    assert client.match(question(as_of="2024-01-02")).as_of == "2024-01-02"


def combination():
    firm = small_firm()
    reply = client.combine(calculator.CombineRequest(profile=firm, as_of="2026-03-01"))
    assert reply.revision == 1 and reply.as_of == "2026-03-01", reply
    both = client.match(calculator.MatchRequest(profile=firm, as_of="2026-03-01", combine=True, limit=1))
    assert both.combination == reply.combination and len(both.answers) == 1
    assert not client.match(question()).HasField("combination")
    found = reply.combination
    for choice in (found.sure, found.possible):
        assert choice.proved and choice.total_fen == sum(c.counted_fen for c in choice.chosen), choice
        assert all(one.reasons for one in choice.left_out), choice
        ids = [(c.unit.policy_id, c.unit.item_id) for c in choice.chosen]
        assert ids == sorted(ids), ids
    assert found.sure.total_fen <= found.possible.total_fen and found.answers, found
    # All that names several groups names chosen benefits of the same choice.
    for choice in (found.sure, found.possible):
        chosen = {(c.unit.policy_id, c.unit.item_id) for c in choice.chosen}
        for left in choice.left_out:
            for reason in left.reasons:
                assert {(u.policy_id, u.item_id) for u in reason.units} <= chosen, left
    bad = fails(Code.INVALID_ARGUMENT, client.combine, calculator.CombineRequest(as_of="x"))
    assert "as_of" in bad.details(), bad
    fails(Code.NOT_FOUND, client.combine, calculator.CombineRequest(policies=["nothing"]))


def unix_socket():
    assert Client(daemon.channel(1)).match().revision == 1


def stream_answers_in_order():
    def requests():
        for i in range(200):
            yield calculator.MatchStreamRequest(
                request_id=str(i), match=question(limit=-1 if i % 7 == 3 else 2))
    replies = list(client.match_stream(requests()))
    assert [r.request_id for r in replies] == [str(i) for i in range(200)]
    for i, reply in enumerate(replies):
        if i % 7 == 3:
            assert reply.error.code == Code.INVALID_ARGUMENT.value[0], reply
            bad = details.BadRequest.FromString(reply.error.details[0].value)
            assert bad.field_violations[0].field == "match.limit"
        else:
            assert reply.response.revision == 1
    # A question without a question, and one of a revision that is not.
    replies = list(client.match_stream(iter([
        calculator.MatchStreamRequest(request_id="a"),
        calculator.MatchStreamRequest(request_id="b", match=question(revision=99)),
        calculator.MatchStreamRequest(request_id="c", match=question())])))
    assert [r.error.code for r in replies] == [3, 5, 0], replies


def stream_ping_pong():
    ready, sent = threading.Semaphore(1), []

    def requests():
        for i in range(20):
            ready.acquire()
            sent.append(i)
            yield calculator.MatchStreamRequest(request_id=str(i), match=question(limit=1))
    for i, reply in enumerate(client.match_stream(requests())):
        assert reply.request_id == str(i) and len(sent) == i + 1
        ready.release()
    assert i == 19


def slow_reader_holds_up_the_stream():
    taken = []

    def requests():
        for i in range(3000):
            taken.append(i)
            # Questions must outgrow the server's window of 512 KiB, too.
            yield calculator.MatchStreamRequest(request_id=f"{i}" + " " * 2000,
                                                match=question(limit=1))
    # A client that does not widen its windows by itself.
    narrow = Client(daemon.channel(**{"grpc.http2.bdp_probe": 0,
                                      "grpc.http2.lookahead_bytes": 65536}))
    call = narrow.match_stream(requests())
    next(call)
    time.sleep(1.0)
    held_at = len(taken)
    assert held_at < 3000, "everything was taken while nothing was read"
    assert sum(1 for _ in call) == 2999


def error_details():
    error = fails(Code.INVALID_ARGUMENT, client.match, question(limit=-1))
    assert detail(error, details.BadRequest).field_violations[0].field == "limit"
    fails(Code.NOT_FOUND, client.match, question(revision=99))
    error = fails(Code.INVALID_ARGUMENT, client.match, question(revision=-1))
    assert detail(error, details.BadRequest).field_violations[0].field == "revision"


def deadline_and_cancel():
    silent = threading.Event()

    def waits():
        silent.wait(20)
        return
        yield
    fails(Code.DEADLINE_EXCEEDED, client.match_stream, waits(), timeout=0.3)
    call = client.match_stream(waits())
    threading.Timer(0.2, call.cancel).start()
    fails(Code.CANCELLED, lambda: call)
    silent.set()
    assert client.match().revision == 1


def processor_time():
    """Seconds, of all threads of the service."""
    tasks = pathlib.Path(f"/proc/{daemon.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def a_cancel_ends_the_work():
    """
    Thousands of questions wait in the service when their client goes: less than 50 ms are spent on them. Processor
    time, not the clock's: a busy machine is no slower by it.
    """
    over = threading.Event()

    def questions():
        while not over.is_set():
            yield question()
    # Its window stays small, so that what it does not read is not answered.
    own = Client(daemon.channel(**{"grpc.http2.bdp_probe": 0, "grpc.http2.lookahead_bytes": 65535}))
    parts = own.match_stream(questions())
    before = processor_time()
    for _ in range(100):
        next(parts)
    assert processor_time() > before, "the machine does not tell what was spent"
    time.sleep(0.3)  # the questions pile up
    before = processor_time()
    parts.cancel()
    time.sleep(0.5)
    spent = processor_time() - before
    over.set()
    assert spent < 0.05, spent


def bad_bytes():
    fails(Code.RESOURCE_EXHAUSTED, client.match, question(as_of="x" * (5 << 20)))
    fails(Code.INVALID_ARGUMENT, client.match, b"\x1a\x02\xff\xfe")      # as_of: no UTF-8
    fails(Code.INVALID_ARGUMENT, client.match, b"\x1a\x03a\x00b")        # as_of: NUL inside
    # What is nested too deeply is in test_daemon_raw.py; here, that a stock client hears the same.
    fails(Code.INTERNAL, client.match, groups(100, 10000))
    fails(Code.INVALID_ARGUMENT, client.match, nested(1, 10000))
    assert client.match(question().SerializeToString() + nested(100, 10000)).revision == 1
    # Files may nest, and are read as a catalog: that is a finding, with its place.
    deep = (("policies/a.yaml", b"id: a\nconditions: " + b"[" * 10000 + b"]" * 10000),
            ("policies/b.yaml", b"id: b\nconditions:\n  - {id: c, rule: '" + b"(" * 5000 +
             b"e.staff > 1" + b")" * 5000 + b"'}\n"))
    for path, content in deep:
        reply = client.check([(path, content)])
        assert any(f.path == path and f.line and "deep" in f.message
                   for f in reply.findings), [f.message for f in reply.findings]
    fails(Code.UNIMPLEMENTED, daemon.channel().unary_unary("/policycalc.v1.Nobody/Asks"), b"")
    assert client.match().revision == 1


def lists():
    whole = client.catalog("ListPolicies", catalog.ListPoliciesRequest())
    assert whole.total == len(whole.policies) and not whole.next_page_token
    ids, token = [], ""
    while True:
        page = client.catalog("ListPolicies", catalog.ListPoliciesRequest(
            page_size=7, page_token=token))
        ids += [p.id for p in page.policies]
        token = page.next_page_token
        assert page.total == whole.total
        if not token:
            break
        kept = token
    assert ids == [p.id for p in whole.policies] and ids == sorted(ids)
    fails(Code.INVALID_ARGUMENT, client.catalog, "ListPolicies",
          catalog.ListPoliciesRequest(page_token=kept, search="贷"))
    for bad in ({"page_token": "x"}, {"page_size": 1001}, {"page_size": -1}, {"as_of": "today"}):
        error = fails(Code.INVALID_ARGUMENT, client.catalog, "ListPolicies",
                      catalog.ListPoliciesRequest(**bad))
        assert detail(error, details.BadRequest).field_violations[0].field == list(bad)[0]
    loans = client.catalog("ListPolicies", catalog.ListPoliciesRequest(search="科技贷"))
    assert 0 < loans.total < whole.total
    one = client.catalog("GetPolicy", catalog.GetPolicyRequest(id=ids[0]))
    assert one.policy.id == ids[0] and one.revision == 1
    names = [p.name for p in one.parameters]
    assert names == sorted(names)
    fails(Code.NOT_FOUND, client.catalog, "GetPolicy", catalog.GetPolicyRequest(id="nobody"))
    fails(Code.INVALID_ARGUMENT, client.catalog, "GetPolicy", catalog.GetPolicyRequest())


def attributes():
    reply = client.catalog("ListAttributes", catalog.ListAttributesRequest())
    by_name = {a.name: a for a in reply.attributes}
    assert any(c.label.zh == "灵宝市" for c in by_name["region"].choices)
    first = client.catalog("ListAttributes", catalog.ListAttributesRequest(page_size=3))
    rest = client.catalog("ListAttributes", catalog.ListAttributesRequest(
        page_token=first.next_page_token))
    assert len(first.attributes) == 3
    assert [a.name for a in [*first.attributes, *rest.attributes]] == \
        [a.name for a in reply.attributes]


def health():
    pb = module("grpc.health.v1.health_pb2")

    def method(kind, name, reply):
        return getattr(daemon.channel(), kind)(
            "/grpc.health.v1.Health/" + name,
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=reply.FromString)
    check = method("unary_unary", "Check", pb.HealthCheckResponse)
    assert check(pb.HealthCheckRequest(), timeout=5).status == 1
    assert check(pb.HealthCheckRequest(service="policycalc.v1.CatalogService"),
                 timeout=5).status == 1
    fails(Code.NOT_FOUND, check, pb.HealthCheckRequest(service="nobody"), timeout=5)
    watch = method("unary_stream", "Watch", pb.HealthCheckResponse)(
        pb.HealthCheckRequest(), timeout=5)
    assert next(watch).status == 1
    watch.cancel()
    every = method("unary_unary", "List", pb.HealthListResponse)(
        pb.HealthListRequest(), timeout=5)
    assert every.statuses["policycalc.v1.CalculatorService"].status == 1


def reflection():
    for version in ("v1", "v1alpha"):
        pb = module(f"grpc.reflection.{version}.reflection_pb2")
        call = daemon.channel().stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=pb.ServerReflectionResponse.FromString)
        listed, found, missing = call(iter([
            pb.ServerReflectionRequest(list_services=""),
            pb.ServerReflectionRequest(file_containing_symbol="policycalc.v1.MatchRequest"),
            pb.ServerReflectionRequest(file_containing_symbol="nobody")]), timeout=5)
        names = [s.name for s in listed.list_services_response.service]
        assert "policycalc.v1.CalculatorService" in names, names
        assert any(b"calculator_service.proto" in f for f in
                   found.file_descriptor_response.file_descriptor_proto)
        assert missing.error_response.error_code == Code.NOT_FOUND.value[0]
    # Unless the operator does not want it.
    own = Daemon("--no-reflection")
    call = own.channel().stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
    fails(Code.UNIMPLEMENTED, lambda: list(call(iter([b"\x3a\x00"]), timeout=5)))
    assert Client(own.channel()).match().revision == 1 and own.stop() == 0


run(unary, combination, unix_socket, stream_answers_in_order, stream_ping_pong,
    slow_reader_holds_up_the_stream, error_details, deadline_and_cancel, a_cancel_ends_the_work, bad_bytes,
    lists, attributes, health, reflection)
