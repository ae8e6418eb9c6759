# SPDX-License-Identifier: Apache-2.0
"""The crowd of test_soak.py: clients that hardly read what they asked for, and clients that cancel, each on a
connection of its own. Runs until SIGTERM, then prints what it counted as JSON.

usage: soak_crowd.py ADDRESS FILE    the file holds the framed request
"""
import collections
import json
import pathlib
import random
import signal
import socket
import sys
import time

import h2.config
import h2.connection
import h2.events

SLOW, CANCELLING = 200, 50
MATCH = "/policycalc.v1.CalculatorService/Match"
ended = []


class Crowd:
    def __init__(self, address, body):
        self.address, self.body = address, body
        self.counts = collections.Counter(cancelled=0, slow_bytes=0, slow_answers=0, lost=0)
        self.first = ""

    def connect(self, slow):
        host, port = self.address.rsplit(":", 1)
        link = socket.socket()
        if slow:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect((host, int(port)))
        link.settimeout(5)
        http2 = h2.connection.H2Connection(h2.config.H2Configuration())
        http2.initiate_connection()
        link.sendall(http2.data_to_send())
        return {"link": link, "http2": http2, "slow": slow, "stream": None, "due": time.monotonic() + random.random()}

    def ask(self, one):
        stream = one["http2"].get_next_available_stream_id()
        one["http2"].send_headers(stream, [(":method", "POST"), (":scheme", "http"), (":authority", "soak"),
                                           (":path", MATCH), ("content-type", "application/grpc"), ("te", "trailers")])
        one["http2"].send_data(stream, self.body, end_stream=True)
        one["stream"] = stream

    def take(self, one, most):
        """Reads at most so many bytes; grants the window of what was read."""
        one["link"].setblocking(False)
        try:
            data = one["link"].recv(most)
        except BlockingIOError:
            return
        finally:
            one["link"].settimeout(5)
        if not data:
            raise ConnectionError("closed")
        if one["slow"]:
            self.counts["slow_bytes"] += len(data)
        for event in one["http2"].receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                one["http2"].acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                if event.stream_id == one["stream"]:
                    one["stream"] = None
                    self.counts["slow_answers"] += one["slow"]
            elif isinstance(event, h2.events.ConnectionTerminated):
                raise ConnectionError(f"GOAWAY {event.error_code}")

    def turn(self, one):
        one["due"] = time.monotonic() + (0.5 if one["slow"] else 1)
        if one["slow"]:
            self.take(one, 700)
            if one["stream"] is None:
                self.ask(one)
        else:
            self.take(one, 65536)
            if one["stream"] is not None:
                one["http2"].reset_stream(one["stream"], 8)
                one["stream"] = None
                self.counts["cancelled"] += 1
            self.ask(one)
            if random.random() < 0.5:  # at once, or with an answer under way
                one["http2"].reset_stream(one["stream"], 8)
                one["stream"] = None
                self.counts["cancelled"] += 1
        data = one["http2"].data_to_send()
        if data:
            one["link"].sendall(data)

    def run(self):
        crowd = [self.connect(i < SLOW) for i in range(SLOW + CANCELLING)]
        while not ended:
            now = time.monotonic()
            for i, one in enumerate(crowd):
                if one["due"] > now:
                    continue
                try:
                    self.turn(one)
                except Exception as error:
                    self.counts["lost"] += 1
                    self.first = self.first or f"{'slow' if one['slow'] else 'cancelling'} client: {error!r}"
                    one["link"].close()
                    crowd[i] = self.connect(one["slow"])
            time.sleep(0.02)
        for one in crowd:
            one["link"].close()


signal.signal(signal.SIGTERM, lambda number, at: ended.append(number))
crowd = Crowd(sys.argv[1], pathlib.Path(sys.argv[2]).read_bytes())
crowd.run()
print(json.dumps({**crowd.counts, "first": crowd.first}))
