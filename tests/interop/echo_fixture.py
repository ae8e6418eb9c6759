# SPDX-License-Identifier: Apache-2.0
"""Starts echo_server for a test and says where it listens."""
import os
import signal
import struct
import subprocess
import sys

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


def varint(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


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


def fields(message):
    """The fields of a message as {number: last value}."""
    out, i = {}, 0

    def number():
        nonlocal i
        value = shift = 0
        while True:
            byte = message[i]
            i += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while i < len(message):
        key = number()
        if key & 7 == 0:
            out[key >> 3] = number()
        else:
            size = number()
            out[key >> 3] = message[i:i + size]
            i += size
    return out


def frame(message, flag=0):
    return struct.pack(">BI", flag, len(message)) + message


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
