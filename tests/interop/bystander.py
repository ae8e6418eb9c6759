# SPDX-License-Identifier: Apache-2.0
"""
Somebody else, in a process of its own, who asks at a steady pace while others are hostile.

usage: bystander.py HOST:PORT SAMPLES < the bytes of a header block, then those of a request
       (each after its size in four bytes)

Appends to SAMPLES, for each call, two doubles: when it was due (monotonic) and how long after that its answer was
whole. What was due while an answer did not come is taken to be answered with it, and counts from when it was due:
that is what callers who come by at such a moment would see. Nothing piles up on a machine that is too slow for the pace.
"""
import os
import socket
import struct
import sys
import time

PACE = 0.001
HEADERS, DATA, SETTINGS, PING, WINDOW_UPDATE = 1, 0, 4, 6, 8
ACK = END_STREAM = 1


def http2(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


class Bystander:
    def __init__(self, address, block, request):
        host, port = address.rsplit(":", 1)
        self.block, self.request, self.data, self.stream = block, request, b"", -1
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(60)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2(SETTINGS, 0, 0) +
                            http2(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFF0000 - 65535)))

    def ask(self):
        self.stream += 2
        self.socket.sendall(http2(HEADERS, 4, self.stream, self.block) +
                            http2(DATA, END_STREAM, self.stream, self.request))
        while not self.take():
            piece = self.socket.recv(65536)
            if not piece:
                sys.exit("the connection was closed")
            self.data += piece

    def take(self):
        """True at the end of the answer."""
        while len(self.data) >= 9:
            size = int.from_bytes(self.data[:3], "big")
            if len(self.data) < 9 + size:
                break
            kind, flags, stream = self.data[3], self.data[4], int.from_bytes(self.data[5:9], "big")
            payload, self.data = self.data[9:9 + size], self.data[9 + size:]
            if kind in (SETTINGS, PING) and not flags & ACK:
                self.socket.sendall(http2(kind, ACK, 0, payload if kind == PING else b""))
            elif kind == HEADERS and flags & END_STREAM and stream == self.stream:
                return True
            elif kind not in (HEADERS, DATA, SETTINGS, PING, WINDOW_UPDATE):
                sys.exit(f"a frame of type {kind} came")
        return False


def main():
    pieces = sys.stdin.buffer.read()
    block_size = int.from_bytes(pieces[:4], "big")
    block, request = pieces[4:4 + block_size], pieces[8 + block_size:]
    bystander = Bystander(sys.argv[1], block, request)
    samples = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)
    due = time.monotonic()
    while True:
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        bystander.ask()
        end, lines = time.monotonic(), b""
        while due < end:
            lines += struct.pack("dd", due, end - due)
            due += PACE
        os.write(samples, lines)


main()
