# SPDX-License-Identifier: Apache-2.0
"""
gRPC's interop cases against testing_server from one foreign client: test_interop_client.py node|cpp|java|go
"""
import pathlib
import shutil
import subprocess
import sys

from interop_world import CASES, SKIP, Server, foreign

HERE = pathlib.Path(__file__).parent


def node(server):
    folder = HERE / "node"
    if not shutil.which("node") or not (folder / "node_modules").is_dir():
        print("SKIP: no Node.js, or no 'npm ci' in tests/interop/node")
        sys.exit(SKIP)
    return subprocess.run(["node", str(folder / "interop.js"), server.address,
                           str(HERE / "grpc_testing.proto")], timeout=100).returncode


def cpp(server):
    return subprocess.run([foreign("interop-cpp"), server.address], timeout=100).returncode


def java(server):
    folder = foreign("interop-java")
    return subprocess.run(["java", "-XX:TieredStopAtLevel=1", f"@{folder}/arguments", "InteropClient",
                           server.address], timeout=100).returncode


def go(server):
    """The interop client of grpc-go itself; its repository's proto, its assertions."""
    program = foreign("interop-go")
    failed = 0
    for case in (*CASES, "rpc_soak", "channel_soak"):
        said = subprocess.run([program, f"--server_host={server.host}",
                               f"--server_port={server.port}", f"--test_case={case}"],
                              check=False, capture_output=True, text=True, timeout=60)
        print("ok" if said.returncode == 0 else "not ok", case, flush=True)
        if said.returncode != 0:
            failed += 1
            print(said.stderr)
    return 1 if failed else 0


with Server("testing_server", "--threads", "2") as under_test:
    code = {"node": node, "cpp": cpp, "java": java, "go": go}[sys.argv[1]](under_test)
sys.exit(code)
