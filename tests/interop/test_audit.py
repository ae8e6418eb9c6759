# SPDX-License-Identifier: Apache-2.0
"""The audit log: what stands in it, that it is there before the answer, and what becomes of it.

usage: test_audit.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import atexit
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import raw_client
from harness import FOLDER, Client, Daemon, catalog, fails, few_policies, grpc, module, refuses_to_start, run, \
    starter_files

Code = grpc.StatusCode
POLICYCALC = sys.argv[5]
few_policies()
registry = module("policycalc.v1.registry_service_pb2")
push = module("policycalc.v1.push_service_pb2")
counters = module("policycalc.v1.report_pb2")
FIRM, OTHER = "91411200MA0000000X", "91411200MA9999999X"  # nobody's


def line(name, roles):
    return f"{name} {roles} {hashlib.sha256(token_of(name).encode()).hexdigest()}\n"


def token_of(name):
    return f"pc_made-up-token-of-{name}"


def bearer(name):
    return [("authorization", "Bearer " + token_of(name))]


def tokens(name, text):
    path = FOLDER / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def unary(daemon, service, name, request, **keywords):
    messages = sys.modules[type(request).__module__]
    path = f"/policycalc.v1.{service.capitalize()}Service/{name}"
    return daemon.channel().unary_unary(
        path, request_serializer=type(request).SerializeToString,
        response_deserializer=getattr(messages, name + "Response").FromString)(
        request, **{"timeout": 20, **keywords})


def lines(path):
    """Read and checked as anybody could, from what the README says of the form."""
    found, head = [], "0" * 64
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        entry = json.loads(text)
        assert entry["prev"] == head and entry["seq"] == number, (number, entry)
        head = hashlib.sha256(text).hexdigest()
        found.append(entry)
    return found


def verify(path, *arguments, status=0):
    done = subprocess.run([POLICYCALC, "audit", "verify", str(path), *arguments], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def report(path, *arguments, status=0):
    return json.loads(verify(path, "--format", "json", *arguments, status=status))


def add_counter(daemon, **keywords):
    return unary(daemon, "registry", "AddCounters", counters.AddCountersRequest(), **keywords)


def test_what_stands_in_it():
    path = tokens("audit", line("night", "batch") + line("bureau", "publisher") + line("window", "reader"))
    daemon = Daemon("--tokens", path)
    log = daemon.data / "audit.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert (daemon.data / "audit.log.key").stat().st_mode & 0o777 == 0o600
    client = Client(daemon.channel())
    # Asking leaves nothing.
    client.match(metadata=bearer("window"))
    assert [e["event"] for e in lines(log)] == ["open"]
    secret = "某某企业有限公司"
    request = registry.SetSubscriptionRequest(subscription=registry.Subscription(uscc=FIRM))
    fails(Code.NOT_FOUND, unary, daemon, "registry", "SetSubscription", request, metadata=bearer("night"))
    begin, end = lines(log)[1:]  # it is there when the answer is
    assert begin["event"] == "begin" and begin["identity"] == "night" and begin["revision"] == 1
    assert begin["method"] == "policycalc.v1.RegistryService/SetSubscription" == end["method"]
    assert begin["peer"].startswith("ipv4:127.0.0.1:"), begin
    assert (end["event"], end["call"], end["status"]) == ("end", begin["seq"], "NOT_FOUND"), end
    assert end["messages"] == 1 and len(end["request"]) == 64
    # The same request, the same hash; another, another; and nobody can work it out without the key.
    fails(Code.NOT_FOUND, unary, daemon, "registry", "SetSubscription", request, metadata=bearer("night"))
    fails(Code.NOT_FOUND, unary, daemon, "registry", "SetSubscription",
          registry.SetSubscriptionRequest(subscription=registry.Subscription(uscc=OTHER)), metadata=bearer("night"))
    hashes = [e["request"] for e in lines(log) if e["event"] == "end"]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashlib.sha256(request.SerializeToString()).hexdigest() not in hashes
    # A publish, that goes from one revision to the next; the files are streamed.
    files = [(p, c + b"\n# again\n") if p == "catalog.yaml" else (p, c) for p, c in starter_files()]
    name = "CatalogService/PublishCatalog"

    def publish(author="", base=1, **keywords):
        messages = (catalog.PublishCatalogRequest(
            file=catalog.SourceFile(path=p, content=c), base_revision=base, author=author)
            for p, c in files)
        return daemon.channel().stream_unary(
            "/policycalc.v1." + name, request_serializer=catalog.PublishCatalogRequest.SerializeToString,
            response_deserializer=catalog.PublishCatalogResponse.FromString)(
            messages, timeout=120, metadata=bearer("bureau"), **keywords)
    assert publish(author=secret).revision.number == 1
    assert lines(log)[-1]["messages"] == len(files)
    fails(Code.PERMISSION_DENIED, unary, daemon, "registry", "SetSubscription", request,
          metadata=bearer("window"))
    fails(Code.UNAUTHENTICATED, unary, daemon, "registry", "SetSubscription", request)
    end_by = time.monotonic() + 10
    while lines(log)[-1]["event"] != "refused":
        assert time.monotonic() < end_by
        time.sleep(0.01)
    entry = lines(log)[-1]
    assert (entry["identity"], entry["status"]) == ("window", "PERMISSION_DENIED"), entry
    assert daemon.stop() == 0
    text = log.read_text(encoding="utf-8")
    assert lines(log)[-1]["event"] == "close"
    for value in (FIRM, OTHER, secret, token_of("night")):
        assert value not in text and value not in daemon.log()


def test_refused_over_and_over():
    """Beyond the limits of a caller nothing is written: who may not do it does not fill the disk."""
    daemon = Daemon("--tokens", tokens("few", line("window", "reader")), "--limit-calls", "1")
    request, codes = registry.SetSubscriptionRequest(), []
    for _ in range(40):
        try:
            unary(daemon, "registry", "SetSubscription", request, metadata=bearer("window"))
        except grpc.RpcError as error:
            codes.append(error.code())
    assert daemon.stop() == 0
    refused = [e for e in lines(daemon.data / "audit.log") if e["event"] == "refused"]
    assert len(codes) == 40 and set(codes) == {Code.PERMISSION_DENIED, Code.RESOURCE_EXHAUSTED}, codes
    assert len(refused) == codes.count(Code.PERMISSION_DENIED), (len(refused), codes)


def test_the_chain_goes_on():
    """Over a restart, a kill, and a line that was torn; every other change breaks it where it was made."""
    daemon = Daemon(starter="")
    log = daemon.data / "audit.log"
    for _ in range(3):
        fails(Code.INVALID_ARGUMENT, add_counter, daemon)
    first = json.loads(daemon.log().split('"audit_opened"')[1].join(['{"event":"audit_opened"', ""]).splitlines()[0])
    assert report(log, "--head", first["head"])["head_found"]
    daemon.stop(signal.SIGKILL)
    before = log.read_bytes()
    log.write_bytes(before + b'{"seq":8,"time":"2026-0')
    assert report(log)["torn_bytes"] == 23
    daemon = Daemon(data=daemon.data, starter="")
    events = [e["event"] for e in lines(log)]
    assert events == ["open"] + ["begin", "end"] * 3 + ["torn", "open"], events
    torn = lines(log)[-2]
    aside = (daemon.data / torn["file"]).read_bytes()
    assert aside == b'{"seq":8,"time":"2026-0' and torn["bytes"] == 23 and log.read_bytes().startswith(before)
    assert torn["sha256"] == hashlib.sha256(aside).hexdigest() and "audit_torn" in daemon.log()
    fails(Code.INVALID_ARGUMENT, add_counter, daemon)
    assert daemon.stop() == 0
    whole = log.read_bytes().splitlines(keepends=True)
    told = report(log)
    assert told["ok"] and told["lines"] == len(whole) == 12 and told["calls"] == 4, told
    assert told["torn_before"] == 1 and told["torn_bytes"] == 0, told
    assert told["calls_without_end"] == 0 and told["head"] == hashlib.sha256(whole[-1][:-1]).hexdigest()
    assert "审计日志完好" in verify(log) and "the audit log is whole" in verify(log, "--lang", "en")
    bad = FOLDER / "bad.log"
    changed = [whole[0], whole[1].replace(b'"seq":2', b'"seq":3'), *whole[2:]]
    identity = [*whole[:4], whole[4].replace(b'"identity":""', b'"identity":"x"'), *whole[5:]]
    for content, where in ((changed, 2), (identity, 6), (whole[1:], 1), ([*whole[:5], *whole[6:]], 6),
                           ([*whole[:5], whole[4], *whole[5:]], 6),
                           ([*whole[:3], whole[4], whole[3], *whole[5:]], 4),
                           ([*whole, b"something else\n"], 13), ([*whole, b"{}\n"], 13)):
        bad.write_bytes(b"".join(content))
        told = report(bad, status=1)
        assert told["broken_line"] == where and not told["ok"], (where, told)
        assert f"第 {where} 行断链" in verify(bad, status=1)
    # Lines that hang together, and tell of ends that cannot be.
    for call, where in ((1, 3), (2, 4), (4, 3), (0, 3)):
        head, pieces = "0" * 64, []
        for seq, more in enumerate(({"event": "open"}, {"event": "begin"}, {"event": "end", "call": call},
                                    {"event": "end", "call": call}), 1):
            text = json.dumps({"seq": seq, "time": "2026-03-01T04:05:06.789Z", **more, "prev": head}).encode()
            head = hashlib.sha256(text).hexdigest()
            pieces.append(text + b"\n")
        bad.write_bytes(b"".join(pieces))
        assert report(bad, status=1)["broken_line"] == where, (call, where)
    for events, where in (([("end", 2, False), ("outcome", 2)], None), ([("end", 2, True), ("outcome", 2)], 4),
                          ([("outcome", 2)], 3), ([("end", 2, False), ("outcome", 2), ("outcome", 2)], 5)):
        head, pieces = "0" * 64, []
        members = [{"event": "open"}, {"event": "begin"}, *(
            {"event": event, "call": call, **({"settled": False} if rest == [False] else {})}
            for event, call, *rest in events)]
        for seq, more in enumerate(members, 1):
            text = json.dumps({"seq": seq, "time": "2026-03-01T04:05:06.789Z", **more, "prev": head}).encode()
            head = hashlib.sha256(text).hexdigest()
            pieces.append(text + b"\n")
        bad.write_bytes(b"".join(pieces))
        assert report(bad, status=1 if where else 0).get("broken_line") == where, (events, where)
    # What was cut off at a line's end only a hash that was noted elsewhere shows.
    bad.write_bytes(b"".join(whole[:-2]))
    assert report(bad)["ok"]
    assert not report(bad, "--head", hashlib.sha256(whole[-1][:-1]).hexdigest(), status=1)["ok"]
    verify(FOLDER / "nowhere", status=2)
    # A service goes on only with what is a log.
    log.write_bytes(b"".join(whole) + b"something else\n")
    code, said = refuses_to_start(data=daemon.data)
    assert code == 1 and "does not end with a line of an audit log" in said, said


def test_one_file_after_another():
    """A full file is put away; all are verified in order, a missing one is found, also while it goes on."""
    daemon = Daemon("--audit-log-bytes", "2000", starter="")
    log = daemon.data / "audit.log"
    for number in range(14):
        fails(Code.INVALID_ARGUMENT, add_counter, daemon)
        if number == 7:
            assert report(log)["calls"] == 8
    assert daemon.stop() == 0
    older = sorted(daemon.data.glob("audit.log.0*"))
    assert len(older) >= 3 and older[0].name == "audit.log.000000000001", older
    assert all(2000 <= path.stat().st_size < 4000 and path.stat().st_mode & 0o777 == 0o600 for path in older)
    told = report(log)
    text = b"".join(path.read_bytes() for path in (*older, log))
    assert (told["files"], told["first_line"], told["lines"]) == (len(older) + 1, 1, text.count(b"\n")), told
    assert told["calls"] == 14 and told["calls_without_end"] == 0, told
    first = json.loads(older[1].read_bytes().splitlines()[0])
    assert (first["event"], first["former"]) == ("continue", older[0].name), first
    assert report(older[1])["lines"] == older[1].read_bytes().count(b"\n")  # one by itself
    # Retention: the oldest may go, and that is said. Any other may not.
    shutil.move(older[0], FOLDER / "first")
    told = report(log)
    assert told["ok"] and told["first_line"] == first["seq"] and told["calls_without_end"] == 0, told
    assert f"第 {first['seq']} 行" in verify(log)
    shutil.move(older[1], FOLDER / "second")
    shutil.move(FOLDER / "first", older[0])
    told = report(log, status=1)
    next_first = json.loads(older[2].read_bytes().splitlines()[0])["seq"]
    assert told["broken_line"] == first["seq"] and told["broken_file"] == str(older[2]), told
    assert f"{first['seq']} 至 {next_first - 1} 行" in told["reason"], told
    shutil.move(FOLDER / "second", older[1])
    # Changed in an older one: the end of a file hangs on to the next one's beginning.
    last = older[1].read_bytes()
    older[1].write_bytes(last.replace(b'"identity":""', b'"identity":"x"'))
    assert report(log, status=1)["broken_file"] == str(older[1])
    older[1].write_bytes(last[:-1])
    assert report(log, status=1)["broken_file"] == str(older[1])
    older[1].write_bytes(last)
    # Without the newest the service does not begin anew.
    shutil.move(log, FOLDER / "newest")
    code, said = refuses_to_start(data=daemon.data)
    assert code == 1 and "missing or empty beside its older files" in said, said


def test_two_services_one_log():
    log = FOLDER / "shared.log"
    daemon = Daemon("--audit-log", str(log), starter="")
    code, said = refuses_to_start("--audit-log", str(log))
    assert code == 1 and "another process writes to it" in said, said
    assert daemon.stop() == 0
    daemon = Daemon("--audit-log", "none", starter="")
    fails(Code.INVALID_ARGUMENT, add_counter, daemon)
    assert not (daemon.data / "audit.log").exists()
    assert daemon.stop() == 0


def test_many_at_once():
    """All calls of all threads stand in one chain, each begun before it ended."""
    daemon = Daemon(starter="")
    log = daemon.data / "audit.log"

    def work():
        for _ in range(15):
            fails(Code.INVALID_ARGUMENT, add_counter, daemon)
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun = set()
    for entry in lines(log):
        if entry["event"] == "begin":
            begun.add(entry["seq"])
        elif entry["event"] == "end":
            begun.remove(entry["call"])
    assert not begun and report(log)["calls"] == 90
    assert daemon.stop() == 0


def test_callers_that_go_away():
    """A stream that its client drops has its end; so has one that the service cuts, and one past its deadline."""
    daemon = Daemon(starter="")
    log = daemon.data / "audit.log"
    hold = threading.Event()

    def never():
        hold.wait(30)
        yield registry.ImportEnterprisesRequest()

    channel = daemon.channel()

    def start(**keywords):
        return channel.stream_unary(
            "/policycalc.v1.RegistryService/ImportEnterprises",
            request_serializer=registry.ImportEnterprisesRequest.SerializeToString,
            response_deserializer=registry.ImportEnterprisesResponse.FromString).future(never(), **keywords)

    def wait_for(status):
        end_by = time.monotonic() + 10
        while not any(e.get("status") == status for e in lines(log)):
            assert time.monotonic() < end_by, lines(log)
            time.sleep(0.02)
    call = start()
    while not any(e["event"] == "begin" for e in lines(log)):
        time.sleep(0.02)
    call.cancel()
    wait_for("CANCELLED")
    hold.set()
    client = raw_client.Client(daemon.addresses[0], "/policycalc.v1.RegistryService/ImportEnterprises", b"")
    stream = client.start(grpc_timeout="200m")
    assert client.answer(stream)[0]["grpc-status"] == "4"
    wait_for("DEADLINE_EXCEEDED")
    # It was answered while the method was at work: what came of that has a line of its own.
    end_by = time.monotonic() + 10
    while lines(log)[-1]["event"] != "outcome":
        assert time.monotonic() < end_by, lines(log)
        time.sleep(0.02)
    end, outcome = (next(e for e in lines(log) if e["event"] == event and e["call"] == lines(log)[-1]["call"])
                    for event in ("end", "outcome"))
    assert end["status"] == "DEADLINE_EXCEEDED" and end["settled"] is False, end
    assert outcome["status"] == "CANCELLED" and "request" not in outcome, outcome
    assert all("settled" not in e for e in lines(log) if e.get("status") == "CANCELLED")
    told = report(log)
    assert told["calls_without_end"] == 0 and told["calls_cut"] == 1 and told["cut_without_outcome"] == 0, told
    assert daemon.stop() == 0


def test_a_full_disk():
    """
    When no more can be written the call is not done, and says so; asking goes on; once there is room all goes on.
    The log stands near the largest size that this process may give a file.
    """
    # In memory, a size near the limit cannot even be set aside: there it would end before it begins.
    data = pathlib.Path(tempfile.mkdtemp(prefix="policycalc-full-", dir="/var/tmp"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    path = tokens("full-disk", line("night", "batch,reader") + line("window", "reader"))
    night, window = bearer("night"), bearer("window")
    daemon = Daemon("--tokens", path, data=data)
    fails(Code.INVALID_ARGUMENT, add_counter, daemon, metadata=night)
    assert daemon.stop() == 0
    log = data / "audit.log"
    entries, head = log.read_bytes(), report(log)["head"]
    seq = report(log)["lines"]
    pieces, size = [entries], len(entries)
    while size < 10 << 20:
        seq += 1
        text = json.dumps({"seq": seq, "time": "2026-03-01T04:05:06.789Z", "event": "close",
                           "pad": "x" * 1800, "prev": head}, separators=(",", ":")).encode()
        head = hashlib.sha256(text).hexdigest()
        pieces.append(text + b"\n")
        size += len(text) + 1
    log.write_bytes(b"".join(pieces))
    assert report(log)["lines"] == seq
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1500, before[1]))
    try:
        daemon = Daemon("--tokens", path, data=data)
        pid = daemon.process.pid
        codes = []
        for _ in range(5):
            try:
                add_counter(daemon, metadata=night)
            except grpc.RpcError as error:
                codes.append((error.code(), error.details()))
        assert codes[0][0] == Code.INVALID_ARGUMENT and codes[-1][0] == Code.UNAVAILABLE, codes
        assert "audit log" in codes[-1][1] and "not done" in codes[-1][1], codes
        assert Client(daemon.channel()).match(metadata=night).revision == 1
        fails(Code.PERMISSION_DENIED, add_counter, daemon, metadata=window)
        assert "audit_not_written" in daemon.log()
        written = lines(log)
        count = len(written)
        assert [e["event"] for e in written[seq:]][:1] == ["open"]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                         if before[1] == resource.RLIM_INFINITY else (before[1], before[1]))
        fails(Code.INVALID_ARGUMENT, add_counter, daemon, metadata=night)
        assert len(lines(log)) >= count + 2 and report(log)["calls_without_end"] == 0, lines(log)[seq:]
        # Who was refused meanwhile has no line, and that is said.
        assert not any(e["event"] == "refused" for e in lines(log)) and "refusals_lost" not in daemon.log()
        fails(Code.PERMISSION_DENIED, add_counter, daemon, metadata=window)
        assert daemon.stop() == 0
        assert lines(log)[-2]["event"] == "refused" and "audit_refusals_lost" in daemon.log(), daemon.log()
        # One that cannot even say that it begins does not begin.
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 10, before[1]))
        code, said = refuses_to_start(data=data)
        assert code == 1 and "audit log" in said, said
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    verify(log)


run(test_what_stands_in_it, test_refused_over_and_over, test_the_chain_goes_on, test_one_file_after_another,
    test_two_services_one_log, test_many_at_once, test_callers_that_go_away, test_a_full_disk)
