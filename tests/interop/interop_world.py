# SPDX-License-Identifier: Apache-2.0
"""
testing_server for the tests that drive it, and the programs that tests/interop/foreign.sh has made:
clients of other implementations. The cases are those of gRPC's interop-test-descriptions.md.
"""
import os
import pathlib
import signal
import subprocess
import sys

SKIP = 77
FOREIGN = pathlib.Path(os.environ.get("POLICYCALC_FOREIGN") or
                       pathlib.Path.home() / ".cache/policycalc-foreign")
# Every case that a server alone can answer: no cloud credentials, no balancer, no caching proxy.
CASES = ("empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong",
         "empty_stream", "custom_metadata", "status_code_and_message", "special_status_message",
         "unimplemented_method", "unimplemented_service", "cancel_after_begin",
         "cancel_after_first_response", "timeout_on_sleeping_server")
COMPRESSED = ("client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
              "server_compressed_streaming")


class Server:
    """One of the test servers; ends with the with-block, and well."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([os.environ[program.upper()], *arguments], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != "listening":
            raise RuntimeError(f"{program} did not start: {line}")
        self.address = line[1]
        self.host, self.port = self.address.rsplit(":", 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        assert code == 0, f"the server ended with {code}"


def foreign(name):
    """A program of foreign.sh; without it the test is skipped, with the reason that foreign.sh left."""
    program = FOREIGN / name
    if program.exists():
        return str(program)
    reason = FOREIGN / (name.split("/")[0] + ".missing")
    print("SKIP:", reason.read_text().strip() if reason.exists() else
          f"no {program}; sh tests/interop/foreign.sh makes it")
    sys.exit(SKIP)


def run(tests):
    """(name, function) each; ends the program."""
    import traceback
    failed = 0
    for name, test in tests:
        try:
            test()
            print("ok", name, flush=True)
        except Exception:  # every failure is told, and fails the program
            failed += 1
            print("not ok", name, flush=True)
            traceback.print_exc()
    print(f"{len(tests) - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not tests else 0)
