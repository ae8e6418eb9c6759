# SPDX-License-Identifier: Apache-2.0
"""
connectrpc's conformance suite against conformance_server: its runner asks with two reference clients (connect-go's and
grpc-go's) all cases of gRPC over HTTP/2 that conformance.yaml says apply: in clear text, over TLS, with certificates of
clients. And `buf curl`, which
is a third client, when run.sh has installed it.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile

from interop_world import Server, foreign, run
from tls_world import Authority

HERE = pathlib.Path(__file__).parent
RUNNER = foreign("connectconformance")
BUF = HERE.parent.parent / "build-ci-buf/node_modules/.bin/buf"
METHOD = "connectrpc.conformance.v1.ConformanceService/"


def suite():
    with tempfile.TemporaryDirectory() as folder:
        pem, key = Authority(folder).issue("server", "DNS:localhost,IP:127.0.0.1")
        said = subprocess.run([RUNNER, "--mode", "server", "--conf", str(HERE / "conformance.yaml"), "-v",
                               "--", os.environ["CONFORMANCE_SERVER"], "--tls-cert", str(pem), "--tls-key",
                               str(key)], check=False, capture_output=True, text=True, timeout=100)
    output = said.stdout + said.stderr
    counts = re.search(r"(\d+) passed, (\d+) failed", output)
    assert said.returncode == 0 and counts, output[-5000:]
    assert int(counts[1]) >= 570 and counts[2] == "0", output[-5000:]
    print("#", counts[0])


def buf_curl():
    if not BUF.exists():
        print("# no buf: not tried (tests/run.sh installs it)")
        return
    with Server("conformance_server") as server:
        def ask(method, request, code=0):
            said = subprocess.run(
                [str(BUF), "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--schema",
                 "conformance.proto", "-d", json.dumps(request),
                 f"http://{server.address}/{METHOD}{method}"],
                check=False, capture_output=True, text=True, timeout=60, cwd=HERE)
            assert said.returncode == code, said
            return said.stdout if code == 0 else said.stderr
        definition = {"responseHeaders": [{"name": "x-a", "value": ["b"]}]}
        reply = json.loads(ask("Unary", {"responseDefinition": {
            **definition, "responseData": "aGFsbG8="}}))
        assert reply["payload"]["data"] == "aGFsbG8="
        assert len(reply["payload"]["requestInfo"]["requests"]) == 1
        said = ask("ServerStream", {"responseDefinition": {
            **definition, "responseData": ["YQ==", "Yg=="]}})
        assert re.findall(r'"data": *"(.*?)"', said) == ["YQ==", "Yg=="], said
        said = ask("Unary", {"responseDefinition": {"error": {"code": 9, "message": "中文"}}}, 9 * 8)
        assert "failed_precondition" in said and "中文" in said


run([("suite", suite), ("buf_curl", buf_curl)])
