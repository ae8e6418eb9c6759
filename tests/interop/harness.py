# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a daemon in a folder of its own, and a stock gRPC client.

usage of a test: test_x.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import atexit
import importlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import weakref

SKIP = 77
try:
    import grpc
    from google.protobuf import descriptor_pb2  # noqa: F401
except ImportError as missing:
    print(f"SKIP: {missing}; install python3-grpcio and python3-protobuf")
    sys.exit(SKIP)

DAEMON, PROTOC, PROTO_DIR, STARTER = sys.argv[1:5]
# A sanitizer keeps what is freed, so that memory tells nothing, and is slow.
SANITIZED = any(name in pathlib.Path(DAEMON).read_bytes() for name in (b"__asan_init", b"__tsan_init"))
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="policycalc-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

# Messages from the schema; methods by name, so that no generator of stubs is needed.
_generated = FOLDER / "generated"
_generated.mkdir()
_names = [str(p.relative_to(PROTO_DIR)) for p in sorted(pathlib.Path(PROTO_DIR).rglob("*.proto"))]
subprocess.run([PROTOC, "-I" + PROTO_DIR, "--python_out=" + str(_generated), *_names], check=True)
sys.path.insert(0, str(_generated))
# The installed packages of these names are there first: ours stand beside them.
import google  # noqa: E402
google.__path__ = [*google.__path__, str(_generated / "google")]
grpc.__path__ = [*grpc.__path__, str(_generated / "grpc")]


def module(name):
    return importlib.import_module(name)


calculator = module("policycalc.v1.calculator_service_pb2")
catalog = module("policycalc.v1.catalog_service_pb2")
profile = module("policycalc.v1.profile_pb2")
details = module("google.rpc.error_details_pb2")
status_pb2 = module("google.rpc.status_pb2")


def forget_clock(pid):
    """What libfaketime keeps in shared memory for a process, which one that is killed does not take away; @pid has
    ended, and if another has its number by now, they may be that one's."""
    if pathlib.Path(f"/proc/{pid}").exists():
        return
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        pathlib.Path("/dev/shm", name).unlink(missing_ok=True)


class Daemon:
    """policycalcd on addresses of its own choice; told to end when the tests are through, killed when they failed."""
    started = weakref.WeakSet()

    def __init__(self, *arguments, data=None, listen=("127.0.0.1:0",), starter=None,
                 wait=True, env=None, user=None, threads=2, descriptors=None):
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="data-", dir=FOLDER))
        program = DAEMON
        if user is not None:  # who may not look into our build folder
            program = shutil.copy(DAEMON, FOLDER / "policycalcd")
        starter = STARTER if starter is None else starter
        command = [program, "--data", str(self.data), "--starter", str(starter), "--threads", str(threads)]
        for address in listen:
            command += ["--listen", address]
        handle, path = tempfile.mkstemp(prefix="log-", dir=FOLDER)
        self.log_path, self.log_file = pathlib.Path(path), open(handle, "wb")
        self.process = subprocess.Popen(command + list(arguments), stderr=self.log_file,
                                        stdout=self.log_file, env=env, user=user,
                                        preexec_fn=descriptors and (lambda: resource.setrlimit(
                                            resource.RLIMIT_NOFILE, descriptors)))
        atexit.register(self.kill)
        self.started.add(self)
        self.addresses, self.channels = [], weakref.WeakSet()
        if wait:
            self._wait_for(len(listen))

    def log(self):
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def _wait_for(self, count):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            events = [json.loads(line) for line in self.log().splitlines()
                      if line.startswith("{") and line.endswith("}")]
            self.addresses = [e["address"] for e in events if e["event"] == "listening"]
            if len(self.addresses) == count:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError("the daemon did not start:\n" + self.log())

    def channel(self, index=0, /, **options):
        channel = grpc.insecure_channel(self.addresses[index],
                                        options=[("grpc.enable_http_proxy", 0), *options.items()])
        self.channels.add(channel)
        return channel

    def tell_to_end(self, number=signal.SIGTERM):
        """Its clients go first: grpcio does not answer on a channel without calls, and is waited for, two seconds. A
        test of those who stay sends the signal itself."""
        for channel in list(self.channels):
            channel.close()
        if self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout=30):
        self.tell_to_end(number)
        return self.process.wait(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        forget_clock(self.process.pid)
        self.log_file.close()


def allow_descriptors(wanted):
    """This process, and those that it starts, may open so many files, or as many as it may allow itself; how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def refuses_to_start(*arguments, **keywords):
    """Exit code and what was said, of a daemon that must not start."""
    daemon = Daemon(*arguments, wait=False, **keywords)
    code = daemon.process.wait(60)
    return code, daemon.log()


class Client:
    def __init__(self, channel):
        self.channel = channel

    def _method(self, kind, service, name, reply):
        return getattr(self.channel, kind)(
            f"/policycalc.v1.{service}/{name}",
            request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
            response_deserializer=reply.FromString)

    def match(self, request=None, **keywords):
        return self._method("unary_unary", "CalculatorService", "Match",
                            calculator.MatchResponse)(
            request if request is not None else calculator.MatchRequest(
                profile=profile.Profile()), **{"timeout": 20, **keywords})

    def combine(self, request, **keywords):
        return self._method("unary_unary", "CalculatorService", "Combine",
                            calculator.CombineResponse)(request, **{"timeout": 20, **keywords})

    def match_stream(self, requests, **keywords):
        return self._method("stream_stream", "CalculatorService", "MatchStream",
                            calculator.MatchStreamResponse)(
            requests, **{"timeout": 30, **keywords})

    def catalog(self, name, request, **keywords):
        return self._method("unary_unary", "CatalogService", name,
                            getattr(catalog, name + "Response"))(
            request, **{"timeout": 20, **keywords})

    def export(self, revision=0):
        return self._method("unary_stream", "CatalogService", "ExportCatalog",
                            catalog.ExportCatalogResponse)(
            catalog.ExportCatalogRequest(revision=revision), timeout=20)

    def check(self, files, **options):
        return self._upload("CheckCatalog", files, options)

    def publish(self, files, **options):
        return self._upload("PublishCatalog", files, options)

    def _upload(self, name, files, options):
        request = getattr(catalog, name + "Request")
        messages = (request(file=catalog.SourceFile(path=path, content=content), **options)
                    for path, content in files)
        return self._method("stream_unary", "CatalogService", name,
                            getattr(catalog, name + "Response"))(messages, timeout=300 if SANITIZED else 60)


# A policy of its own catalog, of no document, and the parameter it stands on.
MADE_UP_POLICY = """id: {id}
series: {series}
title: {{zh: {zh}, en: {en}}}
summary: {{zh: 演示用, en: For demonstration}}
level: CITY
kind: {kind}
departments: [演示局]
sources: [{{doc: 演示, confidence: SEED}}]
in_force: {{from: 2020-01-01}}
window_always: true
region: {{covers: ["411200"]}}
conditions:
  - id: staff
    role: REQUIRE
    label: {{zh: 人数, en: Staff}}
    rule: e.staff >= p.{parameter}
    source: {{doc: 演示, confidence: SEED}}
amount: {{beneficiary: ENTERPRISE, nature: CASH, not_stated: true}}
{more}
"""
MADE_UP_PARAMETER = """  - name: {name}
    type: COUNT
    label: {{zh: 演示人数, en: Demo staff}}
    values:
      - from: 2020-01-01
        count: {staff}
        source: {{doc: 演示, confidence: SEED}}
"""
FEW_ATTRIBUTES = ("region", "statistical_region", "industry", "staff", "revenue", "assets", "taxable_income")


def few_policies():
    """For tests about something else than policies: with a sanitizer, reading the starter catalog takes most of their
    time, so that there the services start with a dozen made-up policies and the few attributes that firms have."""
    global STARTER
    if not SANITIZED:
        return
    whole, few = pathlib.Path(STARTER), FOLDER / "few-policies"
    (few / "policies").mkdir(parents=True)
    for name in ("regions.yaml", "industries.yaml"):
        shutil.copy(whole / name, few)
    head, *attributes = re.split(r"(?m)^(?=  - name: )", (whole / "attributes.yaml").read_text(encoding="utf-8"))
    kept = [text for text in attributes if text.split()[2] in FEW_ATTRIBUTES]
    assert len(kept) == len(FEW_ATTRIBUTES), len(kept)
    (few / "attributes.yaml").write_text(head + "".join(kept), encoding="utf-8")
    (few / "parameters.yaml").write_text("parameters:\n" + MADE_UP_PARAMETER.format(
        name="demo_staff", staff=10), encoding="utf-8")
    for number in range(12):
        (few / "policies" / f"demo-{number}.yaml").write_text(MADE_UP_POLICY.format(
            id=f"demo-{number}", series=f"demo-{number}", zh=f"演示{number}", en=f"Demo {number}", kind="AWARD",
            parameter="demo_staff", more="keywords: [演示]"), encoding="utf-8")
    STARTER = str(few)


def starter_files():
    root = pathlib.Path(STARTER)
    return [(str(p.relative_to(root)), p.read_bytes()) for p in sorted(root.rglob("*.yaml"))]


def small_firm():
    """Made up: small, in Lingbao, with its lists complete; it can have several policies of the starter catalog."""
    firm = profile.Profile(complete_lists=["loans", "projects", "hires"])
    for name, value in (("taxable_income", profile.Value(money_fen=200_0000_00)),
                        ("staff", profile.Value(count=100)),
                        ("assets", profile.Value(money_fen=3000_0000_00)),
                        ("restricted_industry", profile.Value(flag=False)),
                        ("region", profile.Value(code="411282"))):
        firm.attributes.add(name=name, value=value)
    return firm


def fails(code, call, *arguments, **keywords):
    """The RpcError of a call that must end with @code."""
    try:
        reply = call(*arguments, **keywords)
        if hasattr(reply, "__next__"):
            list(reply)
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details())
        return error
    raise AssertionError(f"did not end with {code}")


def detail(error, kind):
    """The google.rpc detail of @kind in a failure."""
    for key, value in error.trailing_metadata():
        if key != "grpc-status-details-bin":
            continue
        status = status_pb2.Status.FromString(value)
        assert status.code == error.code().value[0]
        for entry in status.details:
            if entry.type_url == "type.googleapis.com/" + kind.DESCRIPTOR.full_name:
                return kind.FromString(entry.value)
    raise AssertionError("no " + kind.DESCRIPTOR.full_name)


# A code of an enterprise, a phone number; whole words, since hashes have such digits between their letters.
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:9[0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}|1[3-9][0-9]{9})(?![0-9A-Za-z])")


def logs_are_clean():
    """Whatever a test was about: nothing that a daemon of it wrote down is about an enterprise or a person."""
    for path in sorted([*FOLDER.glob("log-*"), *FOLDER.rglob("audit.log*")]):
        found = PERSONAL.search(path.read_text(encoding="utf-8", errors="replace"))
        assert not found, found.string[max(0, found.start() - 300):found.end() + 100]


def services_end():
    """Whatever a test was about: each of its services that still runs ends when it is told to, without an error, or a
    leak that a sanitizer finds."""
    running = [daemon for daemon in Daemon.started if daemon.process.poll() is None]
    for daemon in running:
        daemon.tell_to_end()
    for daemon in running:
        status = daemon.process.wait(30)
        assert status == 0, (status, daemon.log()[-3000:])


def run(*tests):
    failed, tests = 0, (*tests, services_end, logs_are_clean)
    for test in tests:
        try:
            test()
            print("ok", test.__name__, flush=True)
        except Exception:
            failed += 1
            print("not ok", test.__name__, flush=True)
            traceback.print_exc()
    print(f"{len(tests) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)
