# SPDX-License-Identifier: Apache-2.0
"""A gRPC client that sends anything, byte by byte with python3-h2, and gathers what comes."""
import socket
import time
import zlib

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

HEADERS = {":method": "POST", ":scheme": "http", ":authority": "test",
           "content-type": "application/grpc", "te": "trailers"}


def packed(data):
    gzip = zlib.compressobj(6, zlib.DEFLATED, 31)
    return gzip.compress(data) + gzip.flush()


class Client:
    """One connection to @address; @path and @hello are of a unary call that succeeds."""

    def __init__(self, address, path, hello, settings=None, source=None):
        self.path, self.hello = path, hello
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)),
                                               source_address=source and (source, 0))
        self.socket.settimeout(5)
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False))
        if settings:
            self.http2.local_settings = h2.settings.Settings(client=True,
                                                             initial_values=settings)
        self.http2.initiate_connection()
        self.events = []
        self.closed = False
        self.flush()

    def flush(self):
        data = self.http2.data_to_send()
        if data:
            self.socket.sendall(data)

    def start(self, end=False, **changes):
        stream = self.http2.get_next_available_stream_id()
        headers = {":path": self.path, **HEADERS}
        for name, value in changes.items():
            name = name.replace("_", "-")
            name = ":" + name if name in ("path", "method") else name
            if value is None:
                headers.pop(name)
            else:
                headers[name] = value
        self.http2.send_headers(stream, list(headers.items()), end_stream=end)
        self.flush()
        return stream

    def send(self, stream, data, end=True):
        self.http2.send_data(stream, data, end_stream=end)
        self.flush()

    def send_all(self, stream, data, end=True):
        """@data of any size, as the windows allow; stops when the server wants no more."""
        def moves_on(event):
            return isinstance(event, (h2.events.WindowUpdated, h2.events.StreamReset))
        sent = 0
        while sent < len(data) and stream not in self.resets():
            size = min(self.http2.local_flow_control_window(stream),
                       self.http2.max_outbound_frame_size, len(data) - sent)
            if size == 0:
                if not self.wait(moves_on, 2):
                    break
                continue
            self.send(stream, data[sent:sent + size], end and sent + size == len(data))
            sent += size
        return sent

    def resets(self):
        """The streams that the server has reset, with its reason."""
        return {e.stream_id: e.error_code for e in self.events
                if isinstance(e, h2.events.StreamReset)}

    def wait(self, wanted, seconds=5):
        """Reads until wanted(event) is true or the connection is closed."""
        deadline = time.monotonic() + seconds
        while not self.closed and time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except socket.timeout:
                break
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
                break
            hit = None
            for event in self.http2.receive_data(data):
                self.events.append(event)
                if isinstance(event, h2.events.DataReceived):
                    self.http2.acknowledge_received_data(event.flow_controlled_length,
                                                         event.stream_id)
                if wanted(event):
                    hit = event
            try:
                self.flush()
            except OSError:
                pass
            if hit:
                return hit
        return None

    def answer(self, stream, seconds=5):
        """(headers and trailers, body) of a finished stream."""
        def ended(event):
            return isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)) and \
                event.stream_id == stream
        if not any(ended(e) for e in self.events):
            assert self.wait(ended, seconds), "no end of the stream came"
        found, body = {}, b""
        for event in self.events:
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                found.update({k.decode() if isinstance(k, bytes) else k:
                              v.decode() if isinstance(v, bytes) else v
                              for k, v in event.headers})
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
        return found, body

    def is_alive(self):
        """Another call on the same connection still works."""
        stream = self.start()
        self.send(stream, self.hello)
        return self.answer(stream)[0].get("grpc-status") == "0"

    def goaway(self, seconds=5):
        event = self.wait(lambda e: isinstance(e, h2.events.ConnectionTerminated), seconds)
        assert event, "no GOAWAY came"
        return event

    def expect(self, http, status, body=None, end=True, text=None, **changes):
        """Sends one call, and its headers and trailers must say so; the connection must live on."""
        stream = self.start(end=body is None, **changes)
        if body:
            self.send_all(stream, body, end)
        elif body is not None:
            self.send(stream, body, end)
        headers, _ = self.answer(stream)
        assert (headers[":status"], headers.get("grpc-status")) == (http, status), headers
        assert text is None or text in headers.get("grpc-message", ""), headers
        assert self.is_alive()
        return headers
