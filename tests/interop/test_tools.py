# SPDX-License-Identifier: Apache-2.0
"""
The daemon and clients that know HTTP/2 but no gRPC: curl, nghttp and h2load of Debian, with frames
made by hand. And grpcurl, when the machine has it, which knows the service by reflection alone.
"""
import json
import re
import shutil
import subprocess
import sys

from interop_world import FOREIGN
from harness import FOLDER, SKIP, STARTER, Daemon, calculator, catalog, profile, run
from wire import frame

missing = [tool for tool in ("curl", "nghttp", "h2load") if not shutil.which(tool)]
if missing:
    print(f"SKIP: no {', '.join(missing)}; install curl and nghttp2-client")
    sys.exit(SKIP)

daemon = Daemon(listen=("127.0.0.1:0", f"unix:{FOLDER}/tools"))
MATCH = "/policycalc.v1.CalculatorService/Match"
STREAM = "/policycalc.v1.CalculatorService/MatchStream"
HEADERS = ("-H", "content-type: application/grpc", "-H", "te: trailers")


def body(*messages):
    path = FOLDER / "body.bin"
    path.write_bytes(b"".join(frame(m.SerializeToString()) for m in messages))
    return path


def question(**fields):
    return calculator.MatchRequest(profile=profile.Profile(), **fields)


def messages(data, kind):
    found = []
    while data:
        size = int.from_bytes(data[1:5], "big")
        assert data[0] == 0 and len(data) >= 5 + size
        found.append(kind.FromString(data[5:5 + size]))
        data = data[5 + size:]
    return found


def curl(path, *arguments, url=None):
    """(headers and trailers, body) of one request with prior knowledge of HTTP/2."""
    out = FOLDER / "answer.bin"
    out.write_bytes(b"")
    said = subprocess.run(
        ["curl", "--silent", "--show-error", "--noproxy", "*", "--http2-prior-knowledge",
         "--max-time", "20", "--dump-header", "-", "--output", str(out), *arguments,
         (url or "http://" + daemon.addresses[0]) + path],
        check=False, capture_output=True, text=True)
    assert said.returncode == 0, said
    lines = [line for line in said.stdout.splitlines() if line.strip()]
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return lines[0].split()[1], headers, out.read_bytes()


def curl_unary():
    for more, url in (((), None), (("--unix-socket", f"{FOLDER}/tools"), "http://localhost")):
        http, headers, data = curl(MATCH, *HEADERS, *more, "--data-binary",
                                   f"@{body(question(limit=3))}", url=url)
        assert (http, headers["grpc-status"]) == ("200", "0"), headers
        assert headers["content-type"] == "application/grpc"
        (reply,) = messages(data, calculator.MatchResponse)
        assert reply.revision == 1 and len(reply.answers) == 3


def curl_errors():
    http, headers, data = curl(MATCH, *HEADERS, "--data-binary", f"@{body(question(limit=-1))}")
    assert (http, headers["grpc-status"], data) == ("200", "3", b"")
    assert "grpc-status-details-bin" in headers
    http, headers, data = curl(MATCH)
    assert (http, headers["allow"], headers["grpc-status"]) == ("405", "POST", "13")
    assert b"gRPC" in data
    # Answered when the body is sent: curl 7.88 loses an answer that comes before.
    for path in (body(question()), STARTER + "/attributes.yaml"):
        http, headers, _ = curl(MATCH, "--data-binary", f"@{path}")
        assert (http, headers["grpc-status"]) == ("415", "3"), headers


def curl_streams():
    asked = [calculator.MatchStreamRequest(request_id=str(i), match=question(limit=1))
             for i in range(50)]
    http, headers, data = curl(STREAM, *HEADERS, "--data-binary", f"@{body(*asked)}")
    assert (http, headers["grpc-status"]) == ("200", "0")
    replies = messages(data, calculator.MatchStreamResponse)
    assert [r.request_id for r in replies] == [str(i) for i in range(50)]
    _, headers, data = curl("/policycalc.v1.CatalogService/ExportCatalog", *HEADERS,
                            "--data-binary", f"@{body(catalog.ExportCatalogRequest())}")
    exported = messages(data, catalog.ExportCatalogResponse)
    assert headers["grpc-status"] == "0" and len(exported) > 20
    uploads = [catalog.CheckCatalogRequest(file=m.file) for m in exported]
    _, headers, data = curl("/policycalc.v1.CatalogService/CheckCatalog", *HEADERS,
                            "--data-binary", f"@{body(*uploads)}")
    (reply,) = messages(data, catalog.CheckCatalogResponse)
    assert headers["grpc-status"] == "0" and reply.error_count == 0, reply


def nghttp():
    """Its frames, in order: headers, data, trailers that end the stream."""
    said = subprocess.run(
        ["nghttp", "-v", "-H", ":method: POST", *HEADERS, "-d",
         str(body(question(limit=1))), f"http://{daemon.addresses[0]}{MATCH}"],
        check=True, capture_output=True, timeout=30).stdout.decode("utf-8", "replace")
    received = re.findall(r"recv (HEADERS|DATA) frame <length=\d+, flags=0x(\d\d), stream_id=13>", said)
    assert received[0] == ("HEADERS", "04") and received[-1] == ("HEADERS", "05"), received
    assert {kind for kind, _ in received[1:-1]} == {"DATA"}, received
    assert "grpc-status: 0" in said and "GOAWAY" not in said.split("send GOAWAY")[0]


def h2load():
    """Many calls over few connections; each must be answered with 2xx, and none may fail."""
    said = subprocess.run(
        ["h2load", "-n", "2000", "-c", "4", "-m", "20", "-d", str(body(question(limit=1))), *HEADERS,
         f"http://{daemon.addresses[0]}{MATCH}"],
        check=True, capture_output=True, text=True, timeout=60).stdout
    assert "2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored" in said, said
    assert "status codes: 2000 2xx" in said, said
    # Windows of 1 KiB make every answer stop and go on.
    said = subprocess.run(
        ["h2load", "-n", "200", "-c", "2", "-m", "10", "-w", "10", "-W", "10", "-d",
         str(body(question(limit=5))), *HEADERS, f"http://{daemon.addresses[0]}{MATCH}"],
        check=True, capture_output=True, text=True, timeout=60).stdout
    assert "200 succeeded, 0 failed, 0 errored" in said, said


def grpcurl():
    tool = shutil.which("grpcurl", path=str(FOREIGN)) or shutil.which("grpcurl")
    if not tool:
        print("# no grpcurl: not tried (sh tests/interop/foreign.sh makes it)")
        return

    def ask(*arguments, code=0):
        said = subprocess.run([tool, "-plaintext", *arguments], check=False, capture_output=True,
                              text=True, timeout=60)
        assert said.returncode == code, said
        return said.stdout if code == 0 else said.stderr
    address = daemon.addresses[0]
    assert "policycalc.v1.CalculatorService" in ask(address, "list").split()
    assert "rpc MatchStream ( stream .policycalc.v1.MatchStreamRequest )" in ask(
        address, "describe", "policycalc.v1.CalculatorService")
    reply = json.loads(ask("-d", '{"profile":{},"limit":2}', address, MATCH[1:]))
    assert reply["revision"] == "1" and len(reply["answers"]) == 2
    said = ask("-d", '{"limit":-1}', address, MATCH[1:], code=64 + 3)
    assert "InvalidArgument" in said and '"field": "limit"' in said, said
    said = ask("-d", '{"request_id":"a","match":{"limit":1}}{"request_id":"b","match":{"limit":1}}',
               address, STREAM[1:])
    assert re.findall(r'"requestId": "(\w)"', said) == ["a", "b"]
    said = ask("-max-time", "1", "-d", "{}", address, "grpc.health.v1.Health/Watch", code=64 + 4)
    assert "DeadlineExceeded" in said


run(curl_unary, curl_errors, curl_streams, nghttp, h2load, grpcurl)
