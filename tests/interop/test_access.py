# SPDX-License-Identifier: Apache-2.0
"""Who may call what: tokens, roles, and how tokens are changed while the service runs.

usage: test_access.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

from harness import (FOLDER, Client, Daemon, calculator, catalog, detail, details, fails, few_policies, grpc, module,
                     profile, refuses_to_start, run, starter_files)

Code = grpc.StatusCode
few_policies()
POLICYCALC = sys.argv[5]
registry = module("policycalc.v1.registry_service_pb2")
push = module("policycalc.v1.push_service_pb2")
admin = module("policycalc.v1.admin_service_pb2")
health = module("grpc.health.v1.health_pb2")
reflection = module("grpc.reflection.v1.reflection_pb2")
FIRM = "91411200MA0000000X"  # nobody's
ROLES = ("reader", "registry", "batch", "department", "editor", "publisher", "operator")
# What a role may call besides reflection and health; a method that stands nowhere here is a mistake.
MAY = {
    "reader": {"Match", "MatchStream", "Combine", "NextQuestion", "ListPolicies", "GetPolicy",
               "ListAttributes", "GetGuide", "ListRevisions", "DiffRevisions", "ExportCatalog"},
    "registry": {"GetEnterprise", "FindEnterprises", "GetReport", "GetRegistry", "GetSubscription"},
    "batch": {"GetRegistry", "GetSubscription", "SetSubscription", "ImportEnterprises", "AddCounters",
              "StartRun", "CancelRun", "GetRun", "ListRuns", "WatchRun", "PullDeliveries",
              "AckDeliveries", "ListDeliveries", "DecideDeadLetters", "GetPushStatus"},
    "department": {"GetRun", "ListRuns", "WatchRun", "ListDeliveries", "ConfirmDeliveries"},
    "editor": {"ExportCatalog", "CheckCatalog", "Simulate"},
    "publisher": {"CheckCatalog", "Simulate", "PublishCatalog"},
    "operator": {"GetRegistry", "GetRun", "ListRuns", "WatchRun", "GetPushStatus", "Backup"},
}


def token_of(name):
    return f"pc_made-up-token-of-{name}"


def line(name, roles, token=None):
    return f"{name} {roles} {hashlib.sha256((token or token_of(name)).encode()).hexdigest()}\n"


def tokens_file(name, text, mode=0o600):
    path = FOLDER / name
    path.write_text(text)
    path.chmod(mode)
    return path


def bearer(token):
    return [("authorization", "Bearer " + token)]


def methods():
    """Every method of the schema, of health and of reflection."""
    for generated in (admin, calculator, catalog, registry, push, health, reflection):
        for service in generated.DESCRIPTOR.services_by_name.values():
            yield from service.methods


def code_of(channel, method, metadata):
    """How a call without a message ends: it is never let through to do anything."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    call = channel.stream_stream(path, request_serializer=bytes, response_deserializer=bytes)(
        iter([b"\xff"]), metadata=metadata, timeout=20)
    try:
        list(call)
    except grpc.RpcError as error:
        return error.code(), error.details()
    return Code.OK, ""


def test_every_method():
    """With no token, with a wrong one, and with each role: exactly what the table says."""
    path = tokens_file("roles", "".join(line(role, role) for role in ROLES))
    daemon = Daemon("--tokens", str(path))
    channel = daemon.channel()
    seen = set()
    for method in methods():
        service = method.containing_service.full_name
        if service == "grpc.health.v1.Health":
            continue
        seen.add(method.name)
        for metadata, says in ((None, "must come with the call"), (bearer("pc_" + "x" * 40), "no such token"),
                               ([("authorization", "Basic " + "x" * 40)], "no such token")):
            code, details = code_of(channel, method, metadata)
            assert code == Code.UNAUTHENTICATED and says in details, (method.full_name, code, details)
        for role in ROLES:
            code, details = code_of(channel, method, bearer(token_of(role)))
            if service.startswith("grpc.reflection.") or method.name in MAY[role]:
                # The byte that came is no message: that is said only to who may call.
                assert code not in (Code.UNAUTHENTICATED, Code.PERMISSION_DENIED), (role, method.name)
                assert code != Code.OK, (role, method.name)
            else:
                assert code == Code.PERMISSION_DENIED, (role, method.name, code, details)
                assert "this method asks for the role " in details and role not in details, details
    assert seen == set.union(*MAY.values(), {"ServerReflectionInfo"}), seen
    # Who restarts what hangs has no token.
    check = channel.unary_unary("/grpc.health.v1.Health/Check",
                                request_serializer=health.HealthCheckRequest.SerializeToString,
                                response_deserializer=health.HealthCheckResponse.FromString)
    assert check(health.HealthCheckRequest(), timeout=20).status == 1
    assert check(health.HealthCheckRequest(), metadata=bearer(token_of("batch")), timeout=20).status == 1
    assert check(health.HealthCheckRequest(), metadata=bearer("wrong"), timeout=20).status == 1
    # There is no such method: no secret.
    code, _ = code_of(channel, type("Method", (), {"name": "Nothing", "containing_service": next(
        methods()).containing_service}), None)
    assert code == Code.UNIMPLEMENTED, code
    assert daemon.stop() == 0
    assert token_of("reader") not in daemon.log() and "pc_" not in daemon.log()


def test_refused_before_the_body():
    """The refusal comes while the client has not sent a byte of its first message yet."""
    daemon = Daemon("--tokens", str(tokens_file("body", line("reader", "reader"))))
    hold = threading.Event()

    def never():
        hold.wait(60)
        yield catalog.PublishCatalogRequest()
    for metadata, code in ((None, Code.UNAUTHENTICATED), (bearer(token_of("reader")), Code.PERMISSION_DENIED)):
        begun = time.monotonic()
        call = daemon.channel().stream_unary(
            "/policycalc.v1.CatalogService/PublishCatalog",
            request_serializer=catalog.PublishCatalogRequest.SerializeToString,
            response_deserializer=catalog.PublishCatalogResponse.FromString)
        fails(code, call, never(), metadata=metadata, timeout=50)
        assert time.monotonic() - begun < 30, "it waited for the message"
    hold.set()
    assert daemon.stop() == 0


def test_enterprises_are_for_the_registry():
    """Asking about a firm by its code reads the registry: the reader's role is not enough."""
    path = tokens_file("firms", line("window", "reader") + line("portal", "reader,registry"))
    daemon = Daemon("--tokens", str(path))
    client = Client(daemon.channel())
    question = module("policycalc.v1.question_pb2")
    window, portal = bearer(token_of("window")), bearer(token_of("portal"))
    ask = daemon.channel().unary_unary(
        "/policycalc.v1.CalculatorService/NextQuestion",
        request_serializer=question.NextQuestionRequest.SerializeToString,
        response_deserializer=question.NextQuestionResponse.FromString)
    match = calculator.MatchRequest(enterprise=FIRM)
    for call, request in ((client.match, match),
                          (client.combine, calculator.CombineRequest(enterprise=FIRM)),
                          (ask, question.NextQuestionRequest(enterprise=FIRM))):
        error = fails(Code.PERMISSION_DENIED, call, request, metadata=window)
        assert "the role registry" in error.details() and FIRM not in error.details()
        fails(Code.NOT_FOUND, call, request, metadata=portal)
    stream = [calculator.MatchStreamRequest(request_id="a", match=match),
              calculator.MatchStreamRequest(request_id="b", match=calculator.MatchRequest(
                  profile=profile.Profile()))]
    answers = list(client.match_stream(iter(stream), metadata=window))
    assert [a.request_id for a in answers] == ["a", "b"]
    assert answers[0].error.code == Code.PERMISSION_DENIED.value[0], answers[0]
    assert answers[1].response.revision == 1
    answers = list(client.match_stream(iter(stream), metadata=portal))
    assert answers[0].error.code == Code.NOT_FOUND.value[0], answers[0]
    assert client.match(metadata=window).revision == 1
    assert daemon.stop() == 0


def wait_for(daemon, event, count):
    end = time.monotonic() + 30
    while daemon.log().count(f'"event":"{event}"') < count:
        assert time.monotonic() < end, daemon.log()
        time.sleep(0.02)


def test_tokens_are_changed_while_it_ends():
    """A loop without connections is gone at once; those of the others hear of it all the same."""
    path = tokens_file("ending", line("portal", "reader", "pc_the-old-token-of-the-portal"))
    daemon = Daemon("--tokens", str(path), "--grace-ms", "60000", "--lame-duck-ms", "0", threads=4)
    more = threading.Event()

    def questions():
        yield calculator.MatchStreamRequest(request_id="1", match=calculator.MatchRequest())
        more.wait(60)
    stream = Client(daemon.channel()).match_stream(questions(), metadata=bearer("pc_the-old-token-of-the-portal"))
    assert next(stream).request_id == "1"
    daemon.process.send_signal(signal.SIGTERM)
    wait_for(daemon, "stopping", 1)
    host, port = daemon.addresses[0].rsplit(":", 1)
    while True:  # nobody listens any more
        try:
            socket.create_connection((host, int(port))).close()
        except OSError:
            break
        time.sleep(0.02)
    time.sleep(0.2)
    path.write_text(line("other", "reader", "pc_another-token-than-before"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(daemon, "tokens_reloaded", 1)
    assert "taken back" in fails(Code.UNAUTHENTICATED, lambda: stream).details()
    more.set()
    assert daemon.process.wait(60) == 0


def test_tokens_are_changed():
    """New beside old, then without it; streams of tokens that are gone end; a bad file changes nothing."""
    path = tokens_file("changing", line("portal", "reader", "pc_the-old-token-of-the-portal"))
    daemon = Daemon("--tokens", str(path))
    client = Client(daemon.channel())
    old, new = bearer("pc_the-old-token-of-the-portal"), bearer("pc_the-new-token-of-the-portal")
    assert client.match(metadata=old).revision == 1
    fails(Code.UNAUTHENTICATED, client.match, metadata=new)
    more = threading.Event()

    def questions():
        yield calculator.MatchStreamRequest(request_id="1", match=calculator.MatchRequest())
        more.wait(60)
        yield calculator.MatchStreamRequest(request_id="2", match=calculator.MatchRequest(enterprise=FIRM))
    stream = client.match_stream(questions(), metadata=old)
    assert next(stream).request_id == "1"
    watch = daemon.channel().unary_stream(
        "/grpc.health.v1.Health/Watch", request_serializer=health.HealthCheckRequest.SerializeToString,
        response_deserializer=health.HealthCheckResponse.FromString)(health.HealthCheckRequest(), timeout=60)
    assert next(watch).status == 1
    with open(path, "a", encoding="utf-8") as file:
        file.write(line("portal", "reader", "pc_the-new-token-of-the-portal"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(daemon, "tokens_reloaded", 1)
    assert client.match(metadata=old).revision == 1 and client.match(metadata=new).revision == 1
    fresh = client.match_stream(questions(), metadata=new)
    assert next(fresh).request_id == "1"
    path.write_text(line("portal", "reader", "pc_the-new-token-of-the-portal"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(daemon, "tokens_reloaded", 2)
    begun = time.monotonic()
    error = fails(Code.UNAUTHENTICATED, lambda: stream)
    assert "taken back" in error.details() and time.monotonic() - begun < 15, error
    fails(Code.UNAUTHENTICATED, client.match, metadata=old)
    assert client.match(metadata=new).revision == 1
    path.write_text("portal root nonsense\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(daemon, "tokens_not_reloaded", 1)
    assert f"{path}:1: roles are" in daemon.log()
    assert client.match(metadata=new).revision == 1
    # The stream was let in, as who it was; what that may do has not grown.
    more.set()
    assert next(fresh).error.code == Code.PERMISSION_DENIED.value[0]
    # Who needs no token is not asked for one.
    assert watch.is_active()
    watch.cancel()
    # Many changes under load: every call ends one way or the other.
    stop, codes = threading.Event(), []

    def load():
        mine = Client(daemon.channel())
        while not stop.is_set():
            try:
                mine.match(metadata=new)
                codes.append(Code.OK)
            except grpc.RpcError as error:
                codes.append(error.code())
    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(20):
        path.write_text(line("portal" if i % 2 else "other", "reader", "pc_the-new-token-of-the-portal"))
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(daemon, "tokens_reloaded", 3 + i)
    stop.set()
    for thread in threads:
        thread.join()
    assert codes and set(codes) == {Code.OK}, set(codes)
    assert daemon.stop() == 0


def test_names_in_the_record():
    """With tokens it is the token's name that is recorded; what the request says stands beside it."""
    path = tokens_file("names", line("bureau", "publisher,editor,reader") + line("night", "batch,department"))
    daemon = Daemon("--tokens", str(path))
    client, bureau = Client(daemon.channel()), bearer(token_of("bureau"))
    for said, recorded in (("Zhang", "bureau/Zhang"), ("", "bureau"), ("bureau", "bureau"),
                           ("editor-x", "bureau/editor-x")):
        files = changed_files(recorded + said)
        number = publish(daemon, files, bureau, author=said).revision.number
        assert client.catalog("ListRevisions", catalog.ListRevisionsRequest(page_size=1),
                              metadata=bureau).revisions[0].author == recorded
        assert number > 1
    # A decision needs no name of its own.
    confirm = daemon.channel().unary_unary(
        "/policycalc.v1.PushService/ConfirmDeliveries",
        request_serializer=push.ConfirmDeliveriesRequest.SerializeToString,
        response_deserializer=push.ConfirmDeliveriesResponse.FromString)
    night = bearer(token_of("night"))
    error = fails(Code.INVALID_ARGUMENT, confirm, push.ConfirmDeliveriesRequest(), metadata=night, timeout=20)
    assert "keys" in error.details(), error
    error = fails(Code.INVALID_ARGUMENT, confirm, push.ConfirmDeliveriesRequest(confirmed_by="x" * 201),
                  metadata=night, timeout=20)
    assert "confirmed_by" in error.details(), error
    assert daemon.stop() == 0


def changed_files(note):
    """The starter catalog with a title of its own, so that its content is another each time."""
    found = []
    for name, content in starter_files():
        if name == "attributes.yaml":
            content = content.replace("zh: ".encode(), f"zh: {note} ".encode(), 1)
        found.append((name, content))
    return found


def upload(daemon, name, files, metadata, **options):
    request = getattr(catalog, name + "Request")
    messages = (request(file=catalog.SourceFile(path=p, content=c), **options) for p, c in files)
    return daemon.channel().stream_unary(
        "/policycalc.v1.CatalogService/" + name, request_serializer=request.SerializeToString,
        response_deserializer=getattr(catalog, name + "Response").FromString)(
        messages, timeout=120, metadata=metadata)


def publish(daemon, files, metadata, **options):
    current = daemon.channel().unary_unary(
        "/policycalc.v1.CatalogService/ListRevisions",
        request_serializer=catalog.ListRevisionsRequest.SerializeToString,
        response_deserializer=catalog.ListRevisionsResponse.FromString)(
        catalog.ListRevisionsRequest(page_size=1), timeout=20, metadata=metadata).revisions[0].number
    return upload(daemon, "PublishCatalog", files, metadata, base_revision=current, **options)


def test_four_eyes():
    """Nobody publishes what he has brought alone; the same draft from another identity goes out."""
    roles = "reader,editor,publisher"
    text = line("anna", roles) + line("anna", roles, "pc_annas-other-token-of-hers") + \
        line("bruno", roles) + line("edit", "editor,reader")
    daemon = Daemon("--four-eyes", "--tokens", str(tokens_file("eyes", text)))
    anna, bruno, edit = (bearer(token_of(name)) for name in ("anna", "bruno", "edit"))
    other_token = bearer("pc_annas-other-token-of-hers")
    first, second = changed_files("first"), changed_files("second")
    for metadata in (anna, anna, other_token):
        error = fails(Code.FAILED_PRECONDITION, publish, daemon, first, metadata)
        info = detail(error, details.ErrorInfo)
        assert (info.reason, info.domain) == ("SECOND_IDENTITY_NEEDED", "policycalc"), info
        assert info.metadata["uploaded_by"] == "anna" and len(info.metadata["content_hash"]) == 64
        assert "four eyes" in error.details() and "anna" in error.details(), error.details()
    # Another draft is another; a bad one is no draft.
    fails(Code.FAILED_PRECONDITION, publish, daemon, second, bruno)
    bad = [(p, c.replace(b"rule: ", b"rule: (", 1)) for p, c in first]
    error = fails(Code.FAILED_PRECONDITION, publish, daemon, bad, bruno)
    assert "errors" in error.details(), error.details()
    revision = publish(daemon, first, bruno, author="Bruno B").revision
    assert revision.number == 2 and revision.author == "bruno/Bruno B (draft: anna)", revision
    # What is published already asks for nobody.
    assert publish(daemon, first, anna).unchanged
    # An editor's check is an upload, too.
    third = changed_files("third")
    assert upload(daemon, "CheckCatalog", third, edit).error_count == 0
    assert publish(daemon, third, anna).revision.author == "anna (draft: edit)"
    # What went out was allowed once: to bring it back another day takes two again.
    error = fails(Code.FAILED_PRECONDITION, publish, daemon, first, bruno)
    assert detail(error, details.ErrorInfo).reason == "SECOND_IDENTITY_NEEDED", error
    # On another base it is said what changed, as ever.
    fails(Code.ABORTED, upload, daemon, "PublishCatalog", second, anna, base_revision=2)
    folder = FOLDER / "eyes-draft"
    for name, content in changed_files("fourth"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    token = FOLDER / "anna.token"
    token.write_text(token_of("anna") + "\n")
    said = cli(daemon, "catalog", "publish", str(folder), "--token-file", str(token), status=1)
    assert "FAILED_PRECONDITION" in said and "另一个令牌" in said and "anna" in said, said
    said = cli(daemon, "catalog", "publish", str(folder), "--token-file", str(token), "--lang", "en", status=1)
    assert "another token" in said, said
    assert daemon.stop() == 0
    code, said = refuses_to_start("--four-eyes")
    assert code == 2 and "four-eyes needs tokens" in said, (code, said)


def test_without_tokens():
    """As long as nobody has made tokens everybody may call; a token that comes all the same is not looked at."""
    daemon = Daemon()
    client = Client(daemon.channel())
    assert client.match().revision == 1
    assert client.match(metadata=bearer("whatever-that-may-be")).revision == 1
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(daemon, "options_reloaded", 1)
    assert client.match().revision == 1
    assert daemon.stop() == 0


def test_files_that_will_not_do():
    for name, text, mode, says in (
            ("open", line("a", "reader"), 0o604, "everybody on this machine"),
            ("empty", "# none yet\n", 0o600, "holds no token"),
            ("bad", line("a", "reader") + "b reader 12\n", 0o600, "bad:2: the SHA-256")):
        code, log = refuses_to_start("--tokens", str(tokens_file(name, text, mode)))
        assert code == 1 and says in log, (code, log)
    code, log = refuses_to_start("--tokens", str(FOLDER / "nowhere"))
    assert code == 1 and "nowhere: No such file" in log, (code, log)


def cli(daemon, *arguments, status=0, **environment):
    done = subprocess.run([POLICYCALC, "--server", daemon.addresses[0] if daemon else "127.0.0.1:1", *arguments],
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, "COLUMNS": "80", **environment})
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def test_the_command_line():
    """keygen makes what the service and the CLI take; what is wrong is said, and nothing is written over."""
    token, second = FOLDER / "portal.token", FOLDER / "editor.token"
    printed = cli(None, "keygen", "portal", "reader,registry", "--out", str(token))
    assert token.stat().st_mode & 0o777 == 0o600
    text = token.read_text()
    assert text.endswith("\n") and len(text) == 68 and text.startswith("pc_"), len(text)
    assert printed == line("portal", "reader,registry", text.strip()), printed
    printed += cli(None, "keygen", "bureau", "editor", "--out", str(second))
    assert second.read_text() != text
    assert "File exists" in cli(None, "keygen", "portal", "reader", "--out", str(token), status=2)
    assert token.read_text() == text
    # Whatever role the service knows, and together.
    every = ",".join(ROLES)
    made = tokens_file("every", cli(None, "keygen", "all", every, "--out", str(FOLDER / "all.token")))
    daemon = Daemon("--tokens", str(made))
    cli(daemon, "policies", "--token-file", str(FOLDER / "all.token"))
    assert daemon.stop() == 0
    for arguments in (("keygen",), ("keygen", "a", "reader"), ("keygen", "a b", "reader", "--out", "x"),
                      ("keygen", "a", "root", "--out", "x"), ("keygen", "a", "reader,", "--out", "x"),
                      ("keygen", "a", "", "--out", "x"), ("keygen", "", "reader", "--out", "x")):
        cli(None, *arguments, status=2)
        assert not pathlib.Path("x").exists()
    daemon = Daemon("--tokens", str(tokens_file("made", printed)))
    assert "编号" in cli(daemon, "policies", "--token-file", str(token))
    assert "编号" in cli(daemon, "policies", POLICYCALC_TOKEN_FILE=str(token))
    said = cli(daemon, "policies", status=3)
    assert "UNAUTHENTICATED" in said and "--token-file" in said, said
    said = cli(daemon, "policies", "--token-file", str(second), status=3)
    assert "PERMISSION_DENIED" in said and "reader" in said, said
    assert "登记库" in cli(daemon, "registry", "status", "--token-file", str(token))
    assert "没有这个文件" in cli(daemon, "policies", "--token-file", str(FOLDER / "none"), status=2)
    empty = FOLDER / "no.token"
    empty.write_text("\n")
    assert "令牌" in cli(daemon, "policies", "--token-file", str(empty), status=2)
    # What needs no service needs no token.
    cli(daemon, "rule", "eval", "1 + 1", POLICYCALC_TOKEN_FILE=str(FOLDER / "none"))
    assert daemon.stop() == 0


run(test_every_method, test_refused_before_the_body, test_enterprises_are_for_the_registry,
    test_tokens_are_changed, test_tokens_are_changed_while_it_ends, test_names_in_the_record,
    test_four_eyes, test_without_tokens, test_files_that_will_not_do, test_the_command_line)
