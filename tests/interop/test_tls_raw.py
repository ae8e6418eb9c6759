# SPDX-License-Identifier: Apache-2.0
"""TLS as the transport speaks it, against clients that do all sorts of things: echo_server on real sockets."""
import atexit
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import warnings

import h2.settings

import echo_fixture
import raw_client
from echo_fixture import CALL, frame, request, run
from tls_world import Authority

warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of the old TLS that is to be refused
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="policycalc-tls-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
CA = Authority(FOLDER)
CERT, KEY = CA.issue("server", "DNS:localhost,IP:127.0.0.1")
OWN = ("--grace", "100", "--tls-cert", str(CERT), "--tls-key", str(KEY))
HELLO = frame(request("hello"))
OPEN = []  # sockets of clients: a server that ends need not wait for them


class Server(echo_fixture.Server):
    def __exit__(self, *details):
        while OPEN:
            OPEN.pop().close()
        super().__exit__(*details)


def context(alpn=("h2",), authority=CA.pem):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(authority)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


def where(server):
    host, port = server.address.rsplit(":", 1)
    return host, int(port)


class Client(raw_client.Client):
    """Encrypts through memory, so that a test decides which bytes go when: @piece of a record, then @pause."""

    def __init__(self, server, made=None, record=1 << 14, piece=1 << 20):
        self.record, self.piece = record, piece
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = (made or context()).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        real, fake = socket.create_connection, Wrapped(self, where(server))
        socket.create_connection = lambda *_, **__: fake
        try:
            super().__init__(server.address, CALL + "Unary", HELLO)
        finally:
            socket.create_connection = real


class Wrapped:
    """What raw_client needs of a socket."""

    def __init__(self, client, address):
        self.client = client
        self.under = socket.create_connection(address)
        self.under.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.under.settimeout(5)
        OPEN.append(self.under)
        while True:
            try:
                client.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.move()
                self.feed()
        self.move()

    def settimeout(self, seconds):
        self.under.settimeout(seconds)

    def fileno(self):
        return self.under.fileno()

    def move(self):
        data = self.client.outgoing.read()
        for at in range(0, len(data), self.client.piece):
            self.under.sendall(data[at:at + self.client.piece])

    def feed(self):
        data = self.under.recv(1 << 16)
        if not data:
            raise ConnectionResetError("closed")
        self.client.incoming.write(data)

    def sendall(self, data):
        for at in range(0, len(data), self.client.record):
            self.client.tls.write(data[at:at + self.client.record])
        self.move()

    def recv(self, size):
        while True:
            try:
                return self.client.tls.read(size)
            except ssl.SSLWantReadError:
                try:
                    self.feed()
                except ConnectionResetError:
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    def shutdown(self, how):
        self.under.shutdown(how)

    def close(self):
        self.under.close()


def calls(server, **options):
    client = Client(server, **options)
    assert ask(client, HELLO) == HELLO
    return client


def ask(client, message):
    stream = client.start()
    client.send_all(stream, message)
    found, body = client.answer(stream)
    assert found["grpc-status"] == "0", found
    return body


def refused(server, made):
    """How a handshake ends that must not come through."""
    try:
        with socket.create_connection(where(server), 5) as plain, \
                made.wrap_socket(plain, server_hostname="localhost") as tls:
            # In TLS 1.3 the client is through before the server has looked at its certificate.
            tls.settimeout(5)
            got = tls.recv(1)
            raise AssertionError(f"it came through, with {tls.version()} {tls.cipher()}, and {got!r}")
    except (ssl.SSLError, ConnectionResetError) as error:
        return str(error).upper().replace(" ", "_")


def test_versions_and_suites():
    with Server(*OWN) as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            made = context()
            made.minimum_version = made.maximum_version = version
            calls(server, made=made)
            with made.wrap_socket(socket.create_connection(where(server)), server_hostname="localhost") as tls:
                assert tls.version() == version.name.replace("_", "."), tls.version()
                assert tls.selected_alpn_protocol() == "h2" and tls.compression() is None
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            made = context()
            made.set_ciphers("ALL:@SECLEVEL=0")
            made.minimum_version = made.maximum_version = version
            assert "ALERT_PROTOCOL_VERSION" in refused(server, made)
        for suites in ("AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA",
                       "ECDHE-ECDSA-AES128-CCM", "DHE-RSA-AES128-GCM-SHA256"):
            made = context()
            made.maximum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers(suites)
            assert "HANDSHAKE_FAILURE" in refused(server, made), suites
        for suites in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
            made = context()
            made.maximum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers(suites)
            calls(server, made=made)


def test_alpn_must_be_h2():
    with Server(*OWN) as server:
        for alpn in ((), ("http/1.1",), ("h2c", "h3", "http/1.1"), ("h",)):
            assert "NO_APPLICATION_PROTOCOL" in refused(server, context(alpn)), alpn
        calls(server, made=context(("http/1.1", "h2")))


def test_no_renegotiation():
    with Server(*OWN) as server:
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", server.address, "-tls1_2", "-alpn", "h2", "-CAfile", CA.pem],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        client.stdin.write("R\n")
        client.stdin.flush()
        said, _ = client.communicate(timeout=20)
        assert "no renegotiation" in said, said


def test_curl():
    if not shutil.which("curl"):
        return
    with Server(*OWN) as server:
        (FOLDER / "body").write_bytes(HELLO)
        common = ["curl", "-sS", "--cacert", CA.pem, "--data-binary", f"@{FOLDER / 'body'}", "-H",
                  "content-type: application/grpc", "-H", "te: trailers", "-o", FOLDER / "answer", "-w",
                  "%{http_version} %{http_code}", f"https://localhost:{where(server)[1]}{CALL}Unary"]
        done = subprocess.run([*common, "--http2"], capture_output=True, text=True, timeout=20)
        assert done.stdout == "2 200", done
        assert (FOLDER / "answer").read_bytes() == HELLO
        done = subprocess.run([*common, "--http1.1"], capture_output=True, text=True, timeout=20)
        assert done.returncode == 35 and "no application protocol" in done.stderr, done


def test_small_pieces():
    """Records of one byte; then every record in pieces of one byte, the handshake's too."""
    with Server(*OWN) as server:
        calls(server, record=1)
        calls(server, piece=1)


def test_large_both_ways():
    payload = bytes(range(256)) * 4096  # 1 MiB, over many records and windows
    with Server(*OWN) as server:
        assert payload in ask(calls(server), frame(request("", payload)))


def test_bytes_that_are_no_tls():
    with Server(*OWN, "--handshake", "60000") as server:
        for data in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff",
                     b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x00" * 5000, b"\x80\x2e\x01\x00\x02"):
            with socket.create_connection(where(server), 5) as plain:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
                while plain.recv(4096):
                    pass
        # A record that was tampered with.
        client = calls(server)
        client.tls.write(b"x" * 100)
        data = bytearray(client.outgoing.read())
        data[-1] ^= 1
        client.socket.under.sendall(data)
        try:
            while client.socket.recv(4096):
                pass
            raise AssertionError("no alert came")
        except ssl.SSLError as error:
            assert "BAD_RECORD_MAC" in str(error), error
        calls(server)


def test_cut_in_the_handshake():
    """At every length of what a client says in the handshake it may be gone; the server lives on."""
    with Server(*OWN) as server:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        hello = outgoing.read()
        for size in range(0, len(hello) + 1, 7):
            with socket.create_connection(where(server), 5) as plain:
                plain.sendall(hello[:size])
                if size % 2:  # a reset instead of an end
                    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        calls(server)


def test_never_finished():
    """Whoever does not come through is closed in time, whether silent or slow; so is who never sends SETTINGS."""
    with Server(*OWN, "--handshake", "600") as server:
        ends = {}

        def stay(name, act):
            began = time.monotonic()
            with socket.create_connection(where(server), 10) as plain:
                try:
                    act(plain)
                    while plain.recv(4096):
                        pass
                except (ConnectionError, ssl.SSLError):
                    pass
            ends[name] = time.monotonic() - began

        def slow(plain):
            for byte in b"\x16\x03\x01\x02\x00" + bytes(300):
                plain.sendall(bytes([byte]))
                time.sleep(0.02)

        def settled(plain):
            with context().wrap_socket(plain.dup(), server_hostname="localhost") as tls:
                while tls.recv(4096):
                    pass
        threads = [threading.Thread(target=stay, args=pair) for pair in
                   (("silent", lambda plain: None), ("slow", slow), ("settled", settled))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(ends) == {"silent", "slow", "settled"}, ends
        for seconds in ends.values():
            assert 0.5 < seconds < 5, ends


def test_goodbyes():
    """close_notify is said by both, and at the end of the server too."""
    with Server(*OWN) as server:
        client = calls(server)
        try:
            client.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        client.socket.move()
        client.socket.feed()
        client.tls.unwrap()  # would raise again if no goodbye had come
        other = calls(server)
        server.process.terminate()
        try:
            while True:
                other.tls.read(4096)
        except ssl.SSLWantReadError:
            pass
        rest = b""
        while data := other.socket.under.recv(4096):
            rest += data
        other.incoming.write(rest)
        while other.tls.read(4096):  # empty at the goodbye, SSLWantReadError without one
            pass


def most_resident(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


def test_who_does_not_read():
    """Windows wide open and a socket that is never read: little waits for it, and it is closed in time."""
    with Server(*OWN, "--stall", "700") as server:
        lazy = calls(server)
        before = most_resident(server)
        lazy.http2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: (1 << 31) - 1})
        lazy.http2.increment_flow_control_window((1 << 31) - 70000)
        lazy.flush()
        for _ in range(20):
            stream = lazy.start(path=CALL + "ServerStream")
            lazy.send(stream, frame(request(size=100 << 10, count=500)))
        time.sleep(0.4)
        calls(server)
        time.sleep(1)
        got = 0
        try:
            while data := lazy.socket.under.recv(1 << 20):
                got += len(data)
        except ConnectionResetError:
            pass
        assert got < 64 << 20, got  # of 976 MiB
        # The most it ever was: 8 MB; without a bound hundreds, which are given back when it is closed.
        assert most_resident(server) - before < 32 << 20, most_resident(server) - before


def test_clients_show_certificates():
    stranger = Authority(FOLDER / "stranger", "stranger")
    good, good_key = CA.issue("good", "URI:spiffe://test/good")
    with Server(*OWN, "--tls-client-ca", str(CA.pem)) as server:
        def made(*pair):
            result = context()
            if pair:
                result.load_cert_chain(*pair)
            return result
        calls(server, made=made(good, good_key))
        assert "CERTIFICATE_REQUIRED" in refused(server, made())
        assert "UNKNOWN_CA" in refused(server, made(*stranger.issue("them", "DNS:them")))
        assert "CERTIFICATE_EXPIRED" in refused(server, made(*CA.issue("late", "DNS:late", days=-1)))
        old = made()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert "HANDSHAKE_FAILURE" in refused(server, old)
        # No session is taken up again: each connection is verified.
        with made(good, good_key).wrap_socket(socket.create_connection(where(server)),
                                              server_hostname="localhost") as tls:
            assert not tls.session or not tls.session.has_ticket


if __name__ == "__main__":
    run([test for name, test in list(globals().items()) if name.startswith("test_")])
