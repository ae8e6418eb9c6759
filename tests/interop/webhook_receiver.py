#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of policycalcd's webhook, with nothing but Python's own library.

usage: webhook_receiver.py PORT SECRET_FILE [--tls CERTIFICATE_AND_KEY.pem]

Prints each delivery once, as one line of JSON. What a receiver must do, and why:

1. Check the signature over "<timestamp>.<body>" before anything is read from the body, in constant
   time, and that the timestamp is of these minutes, so that nobody replays an old one.
2. Take note of the Idempotency-Key: a delivery may come more than once (its answer got lost, say),
   always with the same key and the same body.
3. Answer 2xx only when the delivery is safe: policycalcd forgets it then. 5xx, 408 or 429 (with
   Retry-After) when it is to come again; any other 4xx makes it a dead letter.
"""
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import sys
import time

SKEW = 300  # seconds


def secrets(path):
    """The file policycalcd has: one secret a line, those on their way out behind the newest."""
    return [line.strip().encode() for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
            if line.strip()]


def signed(headers, body, keys, now=None):
    """Whether one of our secrets has signed this body in these minutes."""
    stamp = headers.get("Policycalc-Timestamp", "")
    if not stamp.isdigit() or abs((now or time.time()) - int(stamp)) > SKEW:
        return False
    given = [part[3:] for part in headers.get("Policycalc-Signature", "").split(",")
             if part.startswith("v1=")]
    for key in keys:
        expected = hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if any(hmac.compare_digest(expected, one) for one in given):
            return True
    return False


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(*self.server.take(self.headers, body))

    def answer(self, status, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, keys, tls=None, handler=Handler):
        super().__init__(address, handler)
        self.keys = keys
        self.seen = {}
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)

    def take(self, headers, body):
        """(status, headers) of the answer to one POST."""
        if not signed(headers, body, self.keys):
            return 401, ()
        key = headers["Idempotency-Key"]
        if key not in self.seen:
            self.keep(key, body)
        return 204, ()

    def keep(self, key, body):
        """A real one writes to its database here, and only then answers."""
        self.seen[key] = body
        print(json.dumps(json.loads(body), ensure_ascii=False), flush=True)


def main():
    port, secret_file = int(sys.argv[1]), sys.argv[2]
    tls = sys.argv[4] if sys.argv[3:4] == ["--tls"] else None
    with Receiver(("127.0.0.1", port), secrets(secret_file), tls) as server:
        print(f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/", file=sys.stderr,
              flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
