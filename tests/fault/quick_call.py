# SPDX-License-Identifier: Apache-2.0
"""A unary call over a connection of its own, byte by byte: what is asked thousands of times only to see that a
service is well, for which a stock client makes three threads and takes ten times as long."""
import socket
import struct

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
UNAVAILABLE = 14


class Failed(Exception):
    """The call has ended with a status that is not 0, or its stream was reset, or its connection is to end."""

    def __init__(self, status, message=""):
        super().__init__(status, message)
        self.status = status


def frame(kind, flags, stream, content=b""):
    return struct.pack(">IBI", len(content) << 8 | kind, flags, stream) + content


def exactly(connection, size):
    content = b""
    while len(content) < size:
        part = connection.recv(size - len(content))
        if not part:
            raise ConnectionError("closed before the answer was there")
        content += part
    return content


def call(address, method, message, seconds, tls=None):
    """The bytes of the answer; Failed, or OSError when the connection is not made or closed before."""
    host, port = address.rsplit(":", 1)
    asked = hpack.Encoder().encode([
        (":method", "POST"), (":scheme", "https" if tls else "http"), (":path", f"/policycalc.v1.{method}"),
        (":authority", "127.0.0.1"), ("content-type", "application/grpc"), ("te", "trailers")])
    body = struct.pack(">BI", 0, len(message)) + message
    connection = socket.create_connection((host, int(port)), seconds)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            connection = tls.wrap_socket(connection, server_hostname=host)
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, asked) +
                           frame(DATA, END_STREAM, 1, body))
        decoder, found, answer, ended = hpack.Decoder(), {}, b"", False
        while not ended:
            size, flags, stream = struct.unpack(">IBI", exactly(connection, 9))
            kind, content = size & 0xFF, exactly(connection, size >> 8)
            if stream != 1:
                if kind == GOAWAY:
                    raise Failed(UNAVAILABLE, content)
                continue
            if kind == RST_STREAM:
                raise Failed(UNAVAILABLE, content)
            if kind == HEADERS:
                assert flags & END_HEADERS
                found.update(decoder.decode(content))
            elif kind == DATA:
                answer += content
            ended = kind in (HEADERS, DATA) and flags & END_STREAM
    finally:
        connection.close()
    assert found.get("grpc-status"), found
    if found["grpc-status"] != "0":
        raise Failed(int(found["grpc-status"]), found.get("grpc-message", ""))
    assert len(answer) >= 5 and struct.unpack(">BI", answer[:5]) == (0, len(answer) - 5), answer[:5]
    return answer[5:]
