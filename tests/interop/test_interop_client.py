# SPDX-License-Identifier: Apache-2.0
"""
gRPC's interop cases against testing_server from one foreign client: test_interop_client.py node
"""
import pathlib
import shutil
import subprocess
import sys

from interop_world import SKIP, Server

HERE = pathlib.Path(__file__).parent


def node(server):
    folder = HERE / "node"
    if not shutil.which("node") or not (folder / "node_modules").is_dir():
        print("SKIP: no Node.js, or no 'npm ci' in tests/interop/node")
        sys.exit(SKIP)
    return subprocess.run(["node", str(folder / "interop.js"), server.address,
                           str(HERE / "grpc_testing.proto")], timeout=100).returncode


with Server("testing_server", "--threads", "2") as under_test:
    code = {"node": node}[sys.argv[1]](under_test)
sys.exit(code)
