# SPDX-License-Identifier: Apache-2.0
"""
The caller's guide: one example in each language, against the real service. In between stands a door that turns the
first question away with RESOURCE_EXHAUSTED and a RetryInfo, the second with UNAVAILABLE: a caller that does what it
should asks again each time, waits as long as it is told, and sends its token with every try. Then without a token, and
over TLS.

usage: test_examples.py DAEMON PROTOC PROTO_DIR STARTER_DIR BUILD_ROOT LANGUAGE
"""
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time
from concurrent import futures

from interop_world import SKIP, foreign

BUILD, LANGUAGE = sys.argv[5:7]
EXAMPLES = pathlib.Path(__file__).parent / "examples"
if LANGUAGE in ("go", "java"):
    PROGRAM = foreign("example-" + LANGUAGE)

import harness  # noqa: E402  (it makes Python of the schema)
from harness import FOLDER, PROTO_DIR, Daemon, details, grpc, run, status_pb2  # noqa: E402
from tls_world import Authority  # noqa: E402

TOKEN = "pc_made-up-token-of-an-example"


def tokens():
    """The daemon's list, and the caller's file."""
    import hashlib
    file, own = FOLDER / "tokens", FOLDER / "example.token"
    file.write_text(f"example reader {hashlib.sha256(TOKEN.encode()).hexdigest()}\n")
    own.write_text(TOKEN + "\n")
    file.chmod(0o600)
    own.chmod(0o600)
    return file, own


TOKENS, OWN = tokens()
daemon = Daemon("--tokens", str(TOKENS))


class Door(grpc.GenericRpcHandler):
    """Hands calls on; but for the first two, where it is @strict."""

    def __init__(self, strict=True):
        self.strict = strict
        self.lock = threading.Lock()
        self.seen = []  # (time, metadata) of every try
        self.far = daemon.channel()
        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self.take(call.method, request, context))

    def take(self, method, request, context):
        metadata = dict(context.invocation_metadata())
        with self.lock:
            self.seen.append((time.monotonic(), metadata, context.time_remaining()))
            number = len(self.seen)
        if self.strict and number == 1:
            self.turn_away(context)
        if self.strict and number == 2:
            context.abort(grpc.StatusCode.UNAVAILABLE, "not just now")
        passed_on = [(k, v) for k, v in metadata.items() if k == "authorization"]
        try:
            return self.far.unary_unary(method)(request, metadata=passed_on, timeout=10)
        except grpc.RpcError as error:
            context.set_trailing_metadata([(k, v) for k, v in error.trailing_metadata()
                                           if k == "grpc-status-details-bin"])
            context.abort(error.code(), error.details())

    def turn_away(self, context):
        info = details.RetryInfo(retry_delay=details.RetryInfo.Delay(nanos=400000000))
        status = status_pb2.Status(code=8, message="too many questions")
        status.details.add(type_url="type.googleapis.com/google.rpc.RetryInfo",
                           value=info.SerializeToString())
        context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
        context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, status.message)


def build_c():
    """As a stranger builds it: against installed headers, with pkg-config."""
    root = FOLDER / "installed"
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root],
                   check=True)
    pc = next(root.rglob("policycalc-client.pc")).parent
    env = dict(os.environ, LD_LIBRARY_PATH=str(pc.parent), PKG_CONFIG_PATH=str(pc),
               PKG_CONFIG_SYSROOT_DIR=str(root))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "policycalc-client"], env=env,
                           check=True, text=True, capture_output=True).stdout.split()
    sanitize = subprocess.run(["nm", "-D", pc.parent / "libpolicycalc-client.so"], text=True,
                              capture_output=True).stdout.count("__asan_init")
    program = FOLDER / "match"
    subprocess.run(["cc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                    *(["-fsanitize=address,undefined"] if sanitize else []),
                    str(EXAMPLES / "c/match.c"), "-o", str(program), *flags], env=env, check=True)
    return program, env


def command(address, **files):
    """How the example is called, and its environment."""
    options = [word for name, file in files.items() if file
                    for word in ("--" + name.replace("_", "-"), str(file))]
    if LANGUAGE == "python":
        return [sys.executable, str(EXAMPLES / "python/match.py"), str(FOLDER / "generated"), address,
                *options], None
    if LANGUAGE == "node":
        folder = EXAMPLES.parent / "node/node_modules"
        if not shutil.which("node") or not folder.is_dir():
            print("SKIP: no Node.js, or no 'npm ci' in tests/interop/node")
            sys.exit(SKIP)
        return ["node", str(EXAMPLES / "node/match.js"), PROTO_DIR, address, *options], \
            dict(os.environ, NODE_PATH=str(folder))
    if LANGUAGE == "c":
        program, env = C
        return [str(program), address, *options], env
    if LANGUAGE == "go":
        return [PROGRAM, *options, address], None
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{PROGRAM}/classes:{PROGRAM}/jars/*", "Match", address,
            *options], None


C = build_c() if LANGUAGE == "c" else None


def called(address, token, **files):
    arguments, env = command(address, token_file=token, **files)
    return subprocess.run(arguments, env=env, check=False, capture_output=True, text=True,
                          encoding="utf-8", timeout=60)


def patiently(ask):
    """Where the machine is busy a program may not come to its question before the deadline; that shows nothing."""
    for _ in range(3):
        said = ask()
        if "deadline" not in said.stderr.lower():
            break
    return said


def called_through_door(token, strict=True):
    doors = []

    def ask():
        doors.append(Door(strict))
        said = called(doors[-1].address, token)
        doors[-1].server.stop(0)
        return said
    return patiently(ask), doors[-1]


def asks_again():
    said, door = called_through_door(OWN)
    assert said.returncode == 0, said
    lines = said.stdout.splitlines()
    expected = harness.Client(daemon.channel()).match(question(), metadata=[
        ("authorization", "Bearer " + TOKEN)])
    assert lines[0] == f"revision {expected.revision}, as of 2026-03-01", lines
    assert lines[1:6] == [f"{a.policy_id} {a.title.zh}" for a in expected.answers], lines
    wrong = [line.split(": ")[1] for line in lines[6:]]
    assert all(line.startswith("wrong: ") for line in lines[6:]), lines
    assert sorted(wrong) == ["as_of", "limit"], lines
    # Turned away twice, then the question, then the wrong one, which is not asked again.
    times = [when for when, _, _ in door.seen]
    assert len(times) == 4, door.seen
    assert times[1] - times[0] > 0.39, times
    assert all(m.get("authorization") == "Bearer " + TOKEN for _, m, _ in door.seen), door.seen
    assert all(left is not None and 0 < left <= 10.5 for _, _, left in door.seen), door.seen
    # One deadline for all tries.
    assert door.seen[2][2] < door.seen[0][2] - 0.39, door.seen


def question():
    def fact(name, period="", **value):
        return harness.profile.AttributeValue(name=name, period=period,
                                              value=harness.profile.Value(**value))
    return harness.calculator.MatchRequest(as_of="2026-03-01", limit=5, profile=harness.profile.Profile(
        attributes=[fact("region", code="411282"), fact("industry", code="C3130"),
                    fact("staff", count=126), fact("revenue", period="2025",
                                                   money_fen=8600 * 10000 * 100)]))


def no_token():
    """Refused, said so, and not tried again."""
    said, door = called_through_door(None, strict=False)
    assert said.returncode != 0 and len(door.seen) == 1, (said, door.seen)
    assert "authorization" in said.stderr.lower() or "token" in said.stderr.lower(), said.stderr


def over_tls():
    """With the authority's certificate, and not with another's."""
    pem, key = (authority := Authority(FOLDER / "ca")).issue("server", "DNS:localhost,IP:127.0.0.1")
    other = Authority(FOLDER / "other", "other")
    safe = Daemon("--tokens", str(TOKENS), "--tls-cert", str(pem), "--tls-key", str(key))
    said = patiently(lambda: called(safe.addresses[0], OWN, ca=authority.pem))
    assert said.returncode == 0 and said.stdout.startswith("revision 1, as of 2026-03-01\n"), said
    said = called(safe.addresses[0], OWN, ca=other.pem)
    assert said.returncode != 0 and "revision" not in said.stdout, said
    assert safe.stop() == 0
    # A service that asks for a certificate of ours.
    safe = Daemon("--tokens", str(TOKENS), "--tls-cert", str(pem), "--tls-key", str(key),
                  "--tls-client-ca", str(authority.pem))
    cert, key = authority.issue("client", "DNS:example")
    said = patiently(lambda: called(safe.addresses[0], OWN, ca=authority.pem, cert=cert, key=key))
    assert said.returncode == 0 and said.stdout.startswith("revision 1, as of 2026-03-01\n"), said
    assert safe.stop() == 0


def ends():
    assert daemon.stop() == 0


run(asks_again, no_token, over_tls, ends)
