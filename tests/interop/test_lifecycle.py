# SPDX-License-Identifier: Apache-2.0
"""Publishing while serving, starting where one cannot, and ending."""
import os
import pathlib
import signal
import socket
import sqlite3
import tempfile
import threading
import time

from harness import (FOLDER, Client, Daemon, calculator, catalog, detail, details, fails,
                     few_policies, grpc, module, profile, refuses_to_start, run, starter_files)

Code = grpc.StatusCode
few_policies()


def changed(files, note):
    """The starter catalog with another text in one policy."""
    path = next(p for p, _ in files if p.startswith("policies/"))
    return [(p, c + f"keywords: [{note}]\n".encode() if p == path and b"\nkeywords:" not in c
             else c.replace(b"\nkeywords: [", f"\nkeywords: [{note}, ".encode()) if p == path
             else c) for p, c in files]


def check_and_publish():
    daemon = Daemon()
    client = Client(daemon.channel())
    files = starter_files()
    reply = client.check(files)
    assert reply.error_count == 0 and reply.policy_count > 10, reply
    bad = [*files, ("policies/bad.yaml", b"id: bad\nbogus: 1\ntitle: [\n")]
    reply = client.check(bad)
    assert reply.error_count > 0
    assert any(f.path == "policies/bad.yaml" and f.line > 0 for f in reply.findings)
    error = fails(Code.FAILED_PRECONDITION, client.publish, bad, base_revision=1)
    first = detail(error, details.PreconditionFailure).violations[0]
    assert first.type == "CATALOG_CHECK" and first.subject.startswith("policies/bad.yaml:")
    same = client.publish(files, base_revision=1)
    assert same.unchanged and same.revision.number == 1
    made = client.publish(changed(files, "一"), base_revision=1, author="editor", note="why")
    assert made.revision.number == 2 and not made.unchanged and made.revision.author == "editor"
    # Two publishers on the same base: the second is told what changed.
    error = fails(Code.ABORTED, client.publish, changed(files, "二"), base_revision=1)
    assert "policy" in error.details(), error.details()
    assert detail(error, details.ErrorInfo).reason == "REVISION_MISMATCH"
    assert client.match().revision == 2
    old = calculator.MatchRequest(profile=profile.Profile(), revision=1)
    assert client.match(old).revision == 1
    stream = [calculator.MatchStreamRequest(request_id=str(r), match=calculator.MatchRequest(
        profile=profile.Profile(), revision=r)) for r in (2, 1, 2)]
    assert [r.response.revision for r in client.match_stream(iter(stream))] == [2, 1, 2]
    listed = client.catalog("ListRevisions", catalog.ListRevisionsRequest(page_size=1))
    assert [r.number for r in listed.revisions] == [2] and listed.next_page_token
    listed = client.catalog("ListRevisions", catalog.ListRevisionsRequest(
        page_token=listed.next_page_token))
    assert [r.number for r in listed.revisions] == [1] and not listed.next_page_token
    exported = {m.file.path: m.file.content for m in client.export(1)}
    assert exported == dict(files)
    assert daemon.stop() == 0
    # What was published is there after a restart.
    again = Daemon(data=daemon.data)
    assert Client(again.channel()).match().revision == 2
    assert again.stop() == 0


def bad_uploads():
    daemon = Daemon()
    client = Client(daemon.channel())
    for path in ("../x.yaml", "/x.yaml", "", "a//b", "x" * 256):
        error = fails(Code.INVALID_ARGUMENT, client.check, [(path, b"")])
        violation, = detail(error, details.BadRequest).field_violations
        assert violation.field == "file.path" and "file.path" not in violation.description
    fails(Code.INVALID_ARGUMENT, client.check, [])
    fails(Code.RESOURCE_EXHAUSTED, client.check, [("x.yaml", b" " * ((1 << 20) + 1))])
    fails(Code.RESOURCE_EXHAUSTED, client.check,
          ((f"policies/{i}.yaml", b" " * (1 << 20)) for i in range(260)))
    assert client.match().revision == 1
    assert daemon.stop() == 0


def publish_while_matching():
    daemon = Daemon()
    failures, counts, over = [], [], threading.Event()

    def ask():
        client, seen, last = Client(daemon.channel()), 0, 0
        while not over.is_set():
            try:
                revision = client.match(calculator.MatchRequest(
                    profile=profile.Profile(), limit=1)).revision
                assert revision >= last, (revision, last)
                last, seen = revision, seen + 1
            except Exception as error:
                failures.append(error)
                break
        counts.append(seen)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    publisher, files = Client(daemon.channel()), starter_files()
    for i in range(1, 6):
        reply = publisher.publish(changed(files, f"词{i}"), base_revision=i)
        assert reply.revision.number == i + 1
    over.set()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert min(counts) > 0, counts
    assert daemon.stop() == 0


def cannot_start():
    daemon = Daemon()
    port = daemon.addresses[0]
    code, said = refuses_to_start(listen=(port,))
    assert code == 1 and port.rsplit(":", 1)[1] in said and "in use" in said, said
    code, said = refuses_to_start(data=daemon.data)
    assert code == 1 and str(daemon.process.pid) in said, said
    assert Client(daemon.channel()).match().revision == 1
    assert daemon.stop() == 0

    foreign = tempfile.mkdtemp(dir=FOLDER)
    with sqlite3.connect(foreign + "/catalog.db") as db:
        db.execute("CREATE TABLE other(x)")
    db.close()
    before = open(foreign + "/catalog.db", "rb").read()
    code, said = refuses_to_start(data=foreign)
    assert code == 1 and "catalog" in said, said
    assert open(foreign + "/catalog.db", "rb").read() == before

    with sqlite3.connect(str(daemon.data / "catalog.db")) as db:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        db.execute(f"PRAGMA user_version = {version + 1}")
    db.close()
    code, said = refuses_to_start(data=daemon.data)
    assert code == 1 and "newer" in said, said

    bad = tempfile.mkdtemp(dir=FOLDER)
    os.mkdir(bad + "/policies")
    open(bad + "/attributes.yaml", "w").write("attributes:\n  - bogus: 1\n")
    code, said = refuses_to_start(starter=bad)
    assert code == 1 and "attributes.yaml:2" in said, said
    for arguments in (("--bogus",), ("--threads", "x")):
        code, said = refuses_to_start(*arguments)
        assert code == 2, said
    code, said = refuses_to_start(listen=("0.0.0.0:0",))
    assert code == 2 and "--insecure-plaintext" in said, said


def read_only():
    """A folder, then a database, that may only be read; root may write anywhere, so as nobody."""
    nobody = 65534 if os.geteuid() == 0 else None
    os.chmod(FOLDER, 0o755)

    def folder_of(data, mode, file_mode=None):
        for path in data.iterdir():
            os.chmod(path, file_mode or 0o644)
            os.chown(path, nobody or -1, -1)
        os.chmod(data, mode)
        os.chown(data, nobody or -1, -1)
    empty = pathlib.Path(tempfile.mkdtemp(dir=FOLDER))
    folder_of(empty, 0o500)
    code, said = refuses_to_start(data=empty, user=nobody)
    assert code == 1 and str(empty) in said, said
    assert list(empty.iterdir()) == []

    daemon = Daemon()
    assert daemon.stop() == 0
    before = (daemon.data / "catalog.db").read_bytes()
    for mode, file_mode in ((0o500, 0o400), (0o700, 0o400), (0o500, 0o600)):
        folder_of(daemon.data, mode, file_mode)
        code, said = refuses_to_start(data=daemon.data, user=nobody)
        assert code == 1 and str(daemon.data) in said, (oct(mode), oct(file_mode), said)
        assert "Traceback" not in said and (daemon.data / "catalog.db").read_bytes() == before
    folder_of(daemon.data, 0o700, 0o600)
    again = Daemon(data=daemon.data, user=nobody)
    assert Client(again.channel()).match().revision == 1
    assert again.stop() == 0


def database_of_another_process():
    """Held by somebody who knows nothing of our lock file: an sqlite3 shell, a backup."""
    daemon = Daemon()
    assert daemon.stop() == 0
    other = sqlite3.connect(str(daemon.data / "catalog.db"), isolation_level=None)
    for lock in ("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"):
        other.execute(lock)
        begin = time.monotonic()
        code, said = refuses_to_start(data=daemon.data)
        assert code == 1 and "catalog.db" in said and "locked" in said, said
        assert time.monotonic() - begin < 30
        other.execute("ROLLBACK")
    other.close()
    again = Daemon(data=daemon.data)
    assert Client(again.channel()).match().revision == 1
    # And the other way round: nobody else writes while we serve.
    other = sqlite3.connect(str(daemon.data / "catalog.db"), timeout=0.1)
    try:
        other.execute("PRAGMA user_version = 99")
        raise AssertionError("another process wrote into the database")
    except sqlite3.OperationalError as error:
        assert "locked" in str(error), error
    other.close()
    assert again.stop() == 0


def unix_socket_files():
    path = tempfile.mkdtemp(dir=FOLDER) + "/socket"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(path)
    dead.close()
    daemon = Daemon(listen=("unix:" + path,))
    assert Client(daemon.channel()).match().revision == 1
    code, said = refuses_to_start(listen=("unix:" + path,))
    assert code == 1 and path in said, said
    assert Client(daemon.channel()).match().revision == 1
    assert daemon.stop() == 0
    assert not os.path.exists(path)


def ends_in_two_steps():
    daemon = Daemon()
    client = Client(daemon.channel())
    gate = threading.Event()

    def requests():
        yield calculator.MatchStreamRequest(request_id="1", match=calculator.MatchRequest(
            profile=profile.Profile()))
        gate.wait(10)
        yield calculator.MatchStreamRequest(request_id="2", match=calculator.MatchRequest(
            profile=profile.Profile()))
    call = client.match_stream(requests())
    assert next(call).request_id == "1"
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    gate.set()
    # The stream in flight goes on to its end, and then the process.
    assert [r.request_id for r in call] == ["2"]
    assert daemon.process.wait(20) == 0
    assert '"event":"stopped"' in daemon.log()


def watch(channel, service=""):
    pb = module("grpc.health.v1.health_pb2")
    return channel.unary_stream(
        "/grpc.health.v1.Health/Watch", request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=lambda b: pb.HealthCheckResponse.FromString(b).status)(
        pb.HealthCheckRequest(service=service), timeout=60)


def health_says_it_first():
    """Watchers hear NOT_SERVING while the connection still works, and a call in flight goes on."""
    daemon = Daemon("--lame-duck-ms", "5000", "--grace-ms", "20000")
    channel = daemon.channel()
    watches = [watch(channel, s) for s in ("", "policycalc.v1.CalculatorService",
                                           "policycalc.v1.CatalogService")]
    stranger = watch(channel, "nobody")
    assert [next(w) for w in watches] == [1, 1, 1] and next(stranger) == 3
    gate = threading.Event()

    def requests():
        yield calculator.MatchStreamRequest(request_id="1", match=calculator.MatchRequest(
            profile=profile.Profile(), limit=1))
        gate.wait(20)
        yield calculator.MatchStreamRequest(request_id="2", match=calculator.MatchRequest(
            profile=profile.Profile(), limit=1))
    stream = Client(channel).match_stream(requests())
    assert next(stream).request_id == "1"

    states = []
    channel.subscribe(states.append)
    begin = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert [next(w) for w in watches] == [2, 2, 2]
    told = time.monotonic() - begin
    assert told < 4, told
    for ended in (*watches, stranger):
        fails(Code.UNAVAILABLE, lambda ended=ended: ended)
    # The lame duck: old connections and new ones are served; health says no to whoever asks.
    assert Client(channel).match().revision == 1
    other = daemon.channel(**{"grpc.use_local_subchannel_pool": 1})
    assert Client(other).match().revision == 1
    late = watch(other)
    assert next(late) == 2
    fails(Code.UNAVAILABLE, lambda: late)
    assert time.monotonic() - begin < 4.9, "too slow to be sure that this was the lame duck"
    assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states
    # Then nobody new comes in, and what is in flight ends as it should.
    while time.monotonic() - begin < 5.5:
        time.sleep(0.05)
    host, port = daemon.addresses[0].rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
        raise AssertionError("the port is still open after the lame duck")
    except ConnectionRefusedError:
        pass
    assert daemon.process.poll() is None
    gate.set()
    assert [r.request_id for r in stream] == ["2"]
    assert daemon.process.wait(10) == 0
    other.close()
    channel.close()


def health_without_a_lame_duck():
    """By default the goodbye follows at once; health has still said it first."""
    daemon = Daemon()
    channel = daemon.channel()
    watching = watch(channel)
    assert next(watching) == 1
    daemon.process.send_signal(signal.SIGTERM)
    assert next(watching) == 2
    fails(Code.UNAVAILABLE, lambda: watching)
    assert daemon.process.wait(10) == 0
    channel.close()


def lame_duck_is_cut_short():
    daemon = Daemon("--lame-duck-ms", "60000")
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert daemon.process.poll() is None
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0


def second_signal_ends_at_once():
    daemon = Daemon("--grace-ms", "60000")
    forever = threading.Event()

    def waits():
        yield calculator.MatchStreamRequest(request_id="1", match=calculator.MatchRequest(
            profile=profile.Profile()))
        forever.wait(20)
    call = Client(daemon.channel()).match_stream(waits())
    assert next(call).request_id == "1"
    daemon.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert daemon.process.poll() is None
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0
    fails(Code.CANCELLED, lambda: call)  # reset, as a peer that gives up does
    forever.set()


def options_reload():
    path = FOLDER / "reload.conf"
    path.write_text("log-level = info\n")
    daemon = Daemon("--config", str(path))
    path.write_text("log-level = debug\n")
    daemon.process.send_signal(signal.SIGHUP)
    for _ in range(100):
        if "options_reloaded" in daemon.log():
            break
        time.sleep(0.05)
    Client(daemon.channel()).match()
    assert daemon.stop() == 0
    assert '"method":"Match"' in daemon.log(), daemon.log()


run(check_and_publish, bad_uploads, publish_while_matching, cannot_start, read_only,
    database_of_another_process, unix_socket_files, ends_in_two_steps, health_says_it_first,
    health_without_a_lame_duck, lame_duck_is_cut_short, second_signal_ends_at_once, options_reload)
