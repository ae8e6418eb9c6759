# SPDX-License-Identifier: Apache-2.0
"""Starts echo_server for a test and says where it listens."""
import os
import signal
import subprocess
import sys

from wire import fields, frame, varint  # noqa: F401  (for the tests)

CALL = "/policycalc.test.Echo/"


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([os.environ["ECHO_SERVER"], *arguments],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().split()
        if len(line) != 2 or line[0] != "listening":
            raise RuntimeError(f"echo_server did not start: {line}")
        self.address = line[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        assert code == 0, f"echo_server ended with {code}"


def request(text="", payload=b"", count=0, size=0, code=0):
    """EchoRequest on the wire, written by hand so that no generated code is needed."""
    out = b""
    for key, value in ((0x0A, text.encode()), (0x12, payload)):
        if value:
            out += bytes([key]) + varint(len(value)) + value
    for key, value in ((0x18, count), (0x20, size), (0x28, code)):
        if value:
            out += bytes([key]) + varint(value)
    return out


def run(tests):
    failed = 0
    for test in tests:
        try:
            test()
            print("ok  ", test.__name__, flush=True)
        except Exception as err:  # every failure is reported, and fails the program
            failed += 1
            import traceback
            traceback.print_exc()
            print("FAIL", test.__name__, err, flush=True)
    print(f"{len(tests)} tests, {failed} failed")
    sys.exit(1 if failed or not tests else 0)
