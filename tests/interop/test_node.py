# SPDX-License-Identifier: Apache-2.0
"""Starts the daemon and hands its address to the Node.js client."""
import pathlib
import shutil
import subprocess
import sys

from harness import PROTO_DIR, SKIP, Daemon

folder = pathlib.Path(__file__).parent / "node"
if not shutil.which("node") or not (folder / "node_modules").is_dir():
    print("SKIP: no Node.js, or no 'npm ci' in tests/interop/node")
    sys.exit(SKIP)
daemon = Daemon()
code = subprocess.run(["node", str(folder / "calls.js"), daemon.addresses[0], PROTO_DIR],
                      timeout=100).returncode
assert daemon.stop() == 0
sys.exit(code)
