# SPDX-License-Identifier: Apache-2.0
"""How much one caller may ask for: an identity, or an address without one.

usage: test_limits.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import hashlib
import time

import raw_client
from harness import (FOLDER, SANITIZED, Client, Daemon, calculator, catalog, detail, details, fails, few_policies, grpc,
                     profile, run)
from wire import frame

Code = grpc.StatusCode
few_policies()
QUIET = {"grpc.enable_retries": 0}


def token_of(name):
    return f"pc_made-up-token-of-{name}"


def bearer(name):
    return [("authorization", "Bearer " + token_of(name))]


def tokens(*names):
    path = FOLDER / ("tokens-" + "-".join(names))
    path.write_text("".join(f"{name} reader,editor {hashlib.sha256(token_of(name).encode()).hexdigest()}\n"
                            for name in names))
    path.chmod(0o600)
    return str(path)


def policies(daemon, count, metadata=None, until_refused=False):
    """Codes of so many calls, one after another, on a connection of their own; the last refusal."""
    call = daemon.channel(**QUIET).unary_unary(
        "/policycalc.v1.CatalogService/ListPolicies",
        request_serializer=catalog.ListPoliciesRequest.SerializeToString,
        response_deserializer=catalog.ListPoliciesResponse.FromString)
    codes, last = [], None
    for _ in range(count):
        try:
            call(catalog.ListPoliciesRequest(page_size=1), timeout=20, metadata=metadata)
            codes.append(Code.OK)
        except grpc.RpcError as error:
            codes.append(error.code())
            last = error
            if until_refused:
                break
    return codes, last


def test_calls_a_second():
    """Two seconds' worth at once, then as many as are allowed; who waits as told gets in."""
    daemon = Daemon("--limit-calls", "10", "--limit-local")
    codes, last = policies(daemon, 60)
    assert codes[:20] == [Code.OK] * 20, codes
    assert set(codes) == {Code.OK, Code.RESOURCE_EXHAUSTED} and codes.count(Code.OK) < 45, codes
    last = policies(daemon, 60, until_refused=True)[1]  # nobody has called since
    failure = detail(last, details.QuotaFailure)
    assert [(v.subject, v.description) for v in failure.violations] == [("address", "calls a second")]
    retry = detail(last, details.RetryInfo).retry_delay
    wait = retry.seconds + retry.nanos / 1e9
    assert 0 < wait <= 0.11, retry
    assert "try again in" in last.details(), last.details()
    time.sleep(wait)
    assert policies(daemon, 1)[0] == [Code.OK]
    # All connections of an address count together.
    assert Code.RESOURCE_EXHAUSTED in policies(daemon, 20)[0]
    assert daemon.stop() == 0


def test_identities_apart():
    """Each name has its own; another token of the same name has not; who guesses tokens counts as its address."""
    daemon = Daemon("--limit-calls", "5", "--limit-local", "--tokens", tokens("anna", "bruno"))
    codes, last = policies(daemon, 40, bearer("anna"))
    assert set(codes) == {Code.OK, Code.RESOURCE_EXHAUSTED}, codes
    assert detail(last, details.QuotaFailure).violations[0].subject == "identity anna"
    assert policies(daemon, 5, bearer("bruno"))[0] == [Code.OK] * 5
    codes, last = policies(daemon, 40, bearer("nobody"))
    assert set(codes) == {Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED}, codes
    assert detail(last, details.QuotaFailure).violations[0].subject == "address"
    assert daemon.stop() == 0


def test_questions_of_a_stream():
    """A stream is no way round the calls a second: each question too many is told so, in its turn, and the stream
    goes on."""
    daemon = Daemon("--limit-calls", "5", "--limit-local")
    client = Client(daemon.channel(**QUIET))
    many = [calculator.MatchStreamRequest(request_id=str(i), match=calculator.MatchRequest(
        profile=profile.Profile(), limit=1)) for i in range(200)]
    answers = list(client.match_stream(iter(many)))
    assert [a.request_id for a in answers] == [q.request_id for q in many]
    refused = [a.error for a in answers if a.WhichOneof("result") == "error"]
    assert all(a.WhichOneof("result") == "response" for a in answers[:10]), answers[:10]
    # 200 in well under 38 s, or there would be no need of a limit.
    assert refused and {error.code for error in refused} == {8}, len(refused)
    found = {any_.type_url.rsplit(".", 1)[1]: any_.value for any_ in refused[-1].details}
    failure = details.QuotaFailure.FromString(found["QuotaFailure"])
    assert [(v.subject, v.description) for v in failure.violations] == [("address", "calls a second")]
    delay = details.RetryInfo.FromString(found["RetryInfo"]).retry_delay
    wait = delay.seconds + delay.nanos / 1e9
    assert 0 < wait <= 0.21, delay
    # And calls count what the stream has asked.
    assert policies(daemon, 30)[0].count(Code.RESOURCE_EXHAUSTED) > 0
    assert daemon.stop() == 0


def test_this_machine():
    """A proxy on this machine speaks for many: without a token it is not limited, unless told."""
    daemon = Daemon("--limit-calls", "5")
    assert policies(daemon, 60)[0] == [Code.OK] * 60
    assert daemon.stop() == 0
    daemon = Daemon("--limit-calls", "0", "--limit-running", "0", "--limit-heavy", "0",
                    "--limit-heavy-running", "0", "--limit-local")
    assert policies(daemon, 60)[0] == [Code.OK] * 60
    assert daemon.stop() == 0


def test_at_once():
    """Calls that go on: as many as are allowed, and room again as soon as one is over, however it ends."""
    daemon = Daemon("--limit-running", "6", "--limit-heavy-running", "3", "--limit-local")
    path = "/policycalc.v1.CalculatorService/MatchStream"
    hello = frame(calculator.MatchRequest(profile=profile.Profile(), limit=1).SerializeToString())
    client = raw_client.Client(daemon.addresses[0], "/policycalc.v1.CalculatorService/Match", hello)
    streams = [client.start(path=path) for _ in range(3)]
    refused = client.start(path=path)
    headers, _ = client.answer(refused)
    assert headers["grpc-status"] == "8" and "heavy calls at once" in headers["grpc-message"], headers
    assert client.is_alive(), "light calls are held up by heavy ones"
    watches = [client.start(path="/grpc.health.v1.Health/Watch") for _ in range(3)]
    for stream in watches:
        client.send(stream, frame(b""))
    headers, _ = client.answer(client.start(path=path))
    assert headers["grpc-status"] == "8" and "calls at once" in headers["grpc-message"], headers
    # One reset, one ended.
    client.http2.reset_stream(watches[0], 8)
    client.http2.end_stream(streams[0])
    client.flush()
    assert client.answer(streams[0])[0]["grpc-status"] == "0"
    client.wait(lambda e: False, 0.2)
    assert client.is_alive()
    again = client.start(path=path)
    client.http2.end_stream(again)
    client.flush()
    assert client.answer(again)[0]["grpc-status"] == "0"
    # And a connection that is lost.
    client.socket.close()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        other = raw_client.Client(daemon.addresses[0], "/policycalc.v1.CalculatorService/Match", hello)
        opened = [other.start(path=path) for _ in range(3)]
        if other.is_alive() and not other.resets():
            break
        other.socket.close()
    assert other.is_alive() and len(opened) == 3
    assert daemon.stop() == 0


def test_heavy_ones_a_second():
    daemon = Daemon("--limit-heavy", "1", "--limit-local")
    client = Client(daemon.channel(**QUIET))
    ok = 0
    for _ in range(60):
        try:
            client.check([("attributes.yaml", b"x")])
            ok += 1
        except grpc.RpcError as error:
            assert error.code() == Code.RESOURCE_EXHAUSTED, error
            assert detail(error, details.QuotaFailure).violations[0].description == "heavy calls a second"
            break
    assert 10 <= ok < 60, ok
    assert client.match().revision == 1
    assert daemon.stop() == 0


def test_many_addresses():
    """127.0.0.0/8 holds many: what they use is counted apart, and no list of them grows."""
    daemon = Daemon("--limit-calls", "2", "--limit-local")
    hello = frame(calculator.MatchRequest(profile=profile.Profile(), limit=1).SerializeToString())
    host, port = daemon.addresses[0].rsplit(":", 1)

    def resident():
        with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    before, good = None, 0
    for i in range(400):
        client = raw_client.Client(daemon.addresses[0], "/policycalc.v1.CalculatorService/Match", hello,
                                   source=f"127.0.{1 + i // 200}.{1 + i % 200}")
        good += client.is_alive()
        client.socket.close()
        if i == 100:
            before = resident()
    assert good == 400, good
    assert SANITIZED or resident() - before < 2 << 10, (before, resident())
    assert daemon.stop() == 0


run(test_calls_a_second, test_identities_apart, test_questions_of_a_stream, test_this_machine, test_at_once,
    test_heavy_ones_a_second, test_many_addresses)
