# SPDX-License-Identifier: Apache-2.0
"""What the tests of the webhook share: the receiver of the README with answers of the test's choice."""
import collections
import threading
import time

from harness import FOLDER
from push_world import push
import webhook_receiver

SECRET = FOLDER / "secret"
SECRET.write_text("0123456789abcdef-the-newest\n0123456789abcdef-the-older\n")
SECRET.chmod(0o600)
QUICK = ("--webhook-retry-ms", "20", "--webhook-retry-most-ms", "200",
         "--webhook-secret", str(SECRET))

Post = collections.namedtuple("Post", "key attempt body at path")


class Handler(webhook_receiver.Handler):
    def do_POST(self):
        self.server.arrived(+1)
        try:
            super().do_POST()
        finally:
            self.server.arrived(-1)

    def answer(self, status, headers=()):
        if status == "hang":
            self.server.gone.wait(30)
            self.close_connection = True
        elif status == "cut":  # in the middle of the answer
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of")
            self.wfile.flush()
            self.close_connection = True
        elif status == "close":
            self.close_connection = True
        elif status == "flood":  # a good answer that is far too long
            self.send_response(200)
            self.end_headers()
            try:
                while not self.server.gone.is_set():
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
            self.close_connection = True
        else:
            super().answer(status, headers)

    def do_GET(self):
        self.server.posts.append(Post("GET", 0, b"", time.monotonic(), self.path))
        self.answer(200)


class Receiver(webhook_receiver.Receiver):
    """The example of the README, with an answer of the test's choice: @answer(post) → status, headers."""

    def __init__(self, answer=None, port=0, tls=None, keys=None):
        super().__init__(("127.0.0.1", port), keys or webhook_receiver.secrets(SECRET)[:1], tls, Handler)
        self.posts, self.lock, self.gone = [], threading.Lock(), threading.Event()
        self.choose, self.now, self.most, self.last = answer, 0, 0, None
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server_address[1]}/hook?of=portal"

    def handle_error(self, request, address):
        pass

    def arrived(self, step):
        with self.lock:
            self.now += step
            self.most = max(self.most, self.now)

    def take(self, headers, body):
        status, more = super().take(headers, body)
        self.last = headers, body
        assert headers["Content-Type"] == "application/json"
        post = Post(headers["Idempotency-Key"], int(headers["Policycalc-Attempt"]), body,
                    time.monotonic(), None)
        with self.lock:
            self.posts.append(post)
        if status == 204 and self.choose:
            answer = self.choose(post)
            return answer if isinstance(answer, tuple) else (answer, ())
        return status, more

    def keep(self, key, body):
        assert self.seen.setdefault(key, body) == body

    def close(self):
        self.gone.set()
        self.shutdown()
        self.server_close()

    def of(self, key):
        return [p for p in self.posts if p.key == key]


def wait(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not come to be: " + repr(condition()))


def settled(client, seconds=15):
    """Waits until nothing is left to bring; the last status."""
    def ask():
        status = client.ask("GetPushStatus")
        return status if status.released == status.leased == 0 else None
    return wait(ask, seconds)


def states(client):
    return collections.Counter(push.DeliveryState.Name(d.state)[15:]
                               for d in client.ask("ListDeliveries", page_size=1000).deliveries)


def stop(daemon, client):
    client.channel.close()  # a stock client that idles takes its time to say goodbye
    assert daemon.stop() == 0, daemon.log()
