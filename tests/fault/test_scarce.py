# SPDX-License-Identifier: Apache-2.0
"""A whole service without memory: its n-th allocation fails, whoever makes it, in five stories played by a stock
client over real sockets. Once alone, once with the nineteen that follow, once with all until the story is over.

Nothing crashes, nothing hangs; a call that fails says so with RESOURCE_EXHAUSTED, INTERNAL or UNAVAILABLE (its
connection may be closed), one that does not is answered rightly; the next ones are, and nothing is lost for good.

usage: test_scarce.py DAEMON PROTOC PROTO_DIR STARTER_DIR LIBRARY [SCENE [FIRST [LAST [STEP]]]]

What libraries do not survive (Debian 12), and what the service does about it:

    OpenSSL 3.0   crashes after its own start has run out of memory: crypto_library_begin() ends the process before.
                  Calls a file damaged, or leaves out algorithms: a context during whose making anything was
                  refused is not used.
    libuv 1.44    abort()s when its list of descriptors cannot grow: loop_memory.c makes it long enough first.
    SQLite 3.40   calls a file damaged whose pages there was no memory for: database.c looks at what was refused.
    glibc         the stack of a thread is no allocation that is counted here: pthread_create() fails for want of
                  what it keeps beside it only.
    grpcio        says UNKNOWN, "Stream removed", of a connection that is closed in the middle of an answer.

POLICYCALC_LONG takes every n, in processes beside each other (scarce_workers.py), and says which; else some are
drawn by chance; POLICYCALC_SEED repeats a draw. How many allocations there are differs by a few from turn to turn,
since threads share them: a number is not the same allocation each time, and the whole is played beyond its end,
until it is over before such a number three times in a row. "tell" has more with each turn: it lists its runs.
"""
import datetime
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import sys
import tempfile
import time
import traceback

import quick_call
import scarce_workers
import story  # noqa: F401  where the modules of tests/interop lie
from scarcity import ALWAYS, ScarceDaemon
from harness import FOLDER, Client, calculator, catalog, grpc, module, profile, run, small_firm, starter_files
from push_world import Push, code, held_policy, parameter, policy, push
from tls_world import Authority

question = module("policycalc.v1.question_pb2")
LIBRARY = os.path.abspath(sys.argv[5])
LONG = bool(os.environ.get("POLICYCALC_LONG"))
SEED = int(os.environ.get("POLICYCALC_SEED") or random.SystemRandom().randrange(10**6))
ONLY = sys.argv[6:7]
RANGE = [int(n) for n in sys.argv[7:10]]
STOCK = 32  # when every n is taken, a stock client plays each of so many of the scenes start and tls
MISSES = 3  # in a row: it is over earlier than at such a number
BUDGET = 1.5  # seconds of a scene, when not every n is taken
FORMS = {"alone": 1, "with nineteen more": 20, "with all that follow": ALWAYS}
Code = grpc.StatusCode
MAY_END = (Code.RESOURCE_EXHAUSTED, Code.INTERNAL, Code.UNAVAILABLE)
CALL = 20  # seconds: whoever waits longer hangs
OPTIONS = {"grpc.enable_retries": 0, "grpc.use_local_subchannel_pool": 1, "grpc.enable_http_proxy": 0}
# A process of this size may grow by so much over all n: what is kept to be used again, never so much a time.
LEAK_PIECES, LEAK_BYTES = 300, 1 << 20
FAILURES = 5  # are told before a scene gives up


def draft(staff):
    """The smallest catalog: it is read again thousands of times."""
    def chosen(text, word, names):
        head, *entries = re.split(rf"(?m)^  - {word}: ", text)
        return (head + "".join(f"  - {word}: {one}" for one in entries if one.split()[0] in names)).encode()
    files = dict(starter_files())
    return [("attributes.yaml", chosen(files["attributes.yaml"].decode(), "name", ["region", "staff"])),
            ("regions.yaml", chosen(files["regions.yaml"].decode(), "code",
                                    ["100000", "410000", "411200", "411282", "411224"])),
            ("parameters.yaml", b"parameters:\n" + parameter(staff).encode()),
            policy("award"), held_policy()]


def database(folder, name):
    return sqlite3.connect(f"file:{folder}/{name}?mode=ro", uri=True, timeout=10)


def sound(folder, *names):
    """With the service gone, nobody holds them."""
    for name in names:
        base = database(folder, name)
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)], name
        assert base.execute("PRAGMA foreign_key_check").fetchall() == [], name
        base.close()


def quickly(daemon, request, tls=None):
    """What it answers, or the error, without a stock client."""
    try:
        answer = quick_call.call(daemon.addresses[0], "CalculatorService/Match", request.SerializeToString(), CALL, tls)
    except TimeoutError:
        raise
    except OSError as error:
        return error
    except quick_call.Failed as error:
        assert error.status in [one.value[0] for one in MAY_END], error
        return error
    return calculator.MatchResponse.FromString(answer).SerializeToString(deterministic=True)


class Scene:
    """One story; play() is what happens while memory is short, settle() what must hold afterwards."""
    name = ""
    daemon = None
    missed = False
    warm = 2  # turns, until what is kept to be used again is there

    def attempt(self, call, *arguments, **keywords):
        """What came of a call: (answer, None) or (None, error)."""
        try:
            return call(*arguments, **{"timeout": CALL, **keywords}), None
        except grpc.RpcError as error:
            # What grpcio calls it when a connection is closed in the middle of an answer.
            assert error.code() in MAY_END or error.details() == "Stream removed", (error.code(), error.details())
            return None, error

    def open(self, *arguments, **keywords):
        self.daemon = ScarceDaemon(LIBRARY, *arguments, threads=1, **keywords)

    def is_stock(self, first):
        """Whether it is a stock client that asks: nearly all of the time of some scenes is its."""
        return not RANGE or first % STOCK == 0

    def once(self, first, length):
        """Plays it with allocation @first failing, and settles it; how many there were, and failed."""
        self.first = first
        scarcity = self.daemon.scarcity
        scarcity.arm(first, length)
        try:
            self.play()
        finally:
            count = scarcity.disarm()
        self.settle()
        return count, scarcity.failed

    def close(self):
        assert self.daemon.stop() == 0, self.daemon.log()[-2000:]

    def tell(self, first, form):
        print(f"  {self.name}: allocation {first} {form}", flush=True)
        if self.daemon:
            print("  asked for by", " < ".join(self.daemon.where()), flush=True)
            print(self.daemon.log()[-3000:], flush=True)

    def sweep(self):
        self.prepare()
        for _ in range(self.warm):
            count, _ = self.once(0, 0)
        before = self.daemon.scarcity.pieces, self.daemon.scarcity.bytes
        ran, missed, failures = 0, 0, 0
        for first, form in self.points(count):
            ran += 1
            try:
                self.missed = self.once(first, FORMS[form])[1] == 0
                missed += self.missed
            except (AssertionError, OSError, grpc.RpcError, sqlite3.Error):
                failures += 1
                self.tell(first, form)
                traceback.print_exc()
                if failures == FAILURES:
                    raise
                self.daemon.kill()
                self.prepare()
        assert not failures, failures
        self.once(0, 0)
        grown = (self.daemon.scarcity.pieces - before[0], self.daemon.scarcity.bytes - before[1])
        print(f"  {self.name}: {count} allocations; played {ran} times with some that fail ({missed} times it was over"
              f" before){'; all that there are' * self.is_all}; {grown[0]} pieces, {grown[1]} bytes more in use", flush=True)
        self.bound(*grown)
        self.close()
        self.verify()

    def bound(self, pieces, size):
        assert pieces < LEAK_PIECES and size < LEAK_BYTES, (pieces, size)

    is_all = False

    def points(self, count):
        if RANGE:
            step = RANGE[2] if len(RANGE) > 2 else 1
            self.is_all = True
            for form in FORMS:
                first, misses = RANGE[0], 0
                while misses < MISSES and (len(RANGE) < 2 or first <= RANGE[1]):
                    yield first, form
                    misses = misses + 1 if self.missed else 0
                    first += step
                self.is_all &= misses == MISSES
            return
        chance = random.Random(f"{SEED} {self.name}")
        end = time.monotonic() + BUDGET
        taken = 0
        while taken < 3 or time.monotonic() < end:
            # Half of them among the first, where connections and calls begin.
            most = count if taken % 2 else min(count, 300)
            yield chance.randint(1, most), list(FORMS)[taken % 3]
            taken += 1

    def verify(self):
        pass


# --- calls ----------------------------------------------------------------------------------------

class Calls(Scene):
    """A plaintext connection, and what is asked over it: each time of another day, for which the rules have to
    be made ready first."""
    name = "calls"
    day = datetime.date(2024, 1, 1)

    def prepare(self):
        self.open()

    def questions(self):
        day = self.day.isoformat()
        match = calculator.MatchRequest(profile=small_firm(), as_of=day)
        yield "Match", match
        yield "Match", calculator.MatchRequest(profile=small_firm(), as_of=day, near=True,
                                               view=calculator.VIEW_FULL)
        yield "Combine", calculator.CombineRequest(profile=small_firm(), as_of=day)
        yield "NextQuestion", question.NextQuestionRequest(profile=small_firm(), as_of=day)
        yield "MatchStream", [calculator.MatchStreamRequest(request_id=one, match=match) for one in "ab"]

    def ask(self):
        answers = []
        with self.daemon.channel(**OPTIONS) as channel:
            client = Client(channel)
            for name, asked in self.questions():
                reply = getattr(question if name == "NextQuestion" else calculator, name + "Response")
                if name == "MatchStream":
                    answer, error = self.attempt(lambda **k: list(client.match_stream(iter(asked), **k)))
                    answer = answer and [one.SerializeToString(deterministic=True) for one in answer]
                else:
                    answer, error = self.attempt(
                        client._method("unary_unary", "CalculatorService", name, reply), asked)
                    answer = answer and answer.SerializeToString(deterministic=True)
                answers.append(error or answer)
        return answers

    def play(self):
        self.answers = self.ask()

    def settle(self):
        for answer, right in zip(self.answers, self.ask()):
            assert not isinstance(right, grpc.RpcError), right
            if isinstance(answer, list):
                for one, other in zip(answer, right):
                    failed = calculator.MatchStreamResponse.FromString(one).error.code
                    assert one == other or failed == Code.RESOURCE_EXHAUSTED.value[0], failed
            else:
                assert isinstance(answer, grpc.RpcError) or answer == right, "answered wrongly"
        self.day += datetime.timedelta(1)


# --- the start ------------------------------------------------------------------------------------

class Start(Scene):
    """A service with a catalog and a registry starts and is asked for the first time. It starts well, or ends
    with a message and a status that is not 0; nothing of the files is lost."""
    name = "start"
    told = 0

    def prepare(self):
        self.kept = tempfile.mkdtemp(prefix="kept-", dir=FOLDER)
        self.open(data=self.kept, starter="")
        client = Push(self.daemon.channel())
        client.publish(draft(10))
        client.send({n: n for n in range(1, 20)})
        client.run()
        self.right = self.ask(client)
        assert self.daemon.stop() == 0

    def crowd(self):
        """So many that libuv's list of descriptors, were it not long enough, would have to grow."""
        host, port = self.daemon.addresses[0].rsplit(":", 1)
        return [socket.create_connection((host, int(port)), CALL) for _ in range(64)]

    REQUEST = calculator.MatchRequest(enterprise=code(15))

    def ask(self, client):
        answer, error = self.attempt(client.match, self.REQUEST)
        return answer.SerializeToString(deterministic=True) if answer else error

    def visit(self):
        """What is answered in a crowd."""
        crowd = []
        try:
            crowd = self.crowd()
        except OSError:
            pass  # it ends
        if self.is_stock(self.first):
            with self.daemon.channel(**OPTIONS) as channel:
                answer = self.ask(Push(channel))
        else:
            answer = quickly(self.daemon, self.REQUEST)
        for one in crowd:
            one.close()
        return answer

    def once(self, first, length):
        self.first = first
        folder = shutil.copytree(self.kept, FOLDER / "started", dirs_exist_ok=True)
        self.open(data=folder, starter="", armed=(first, length), wait=False)
        scarcity = self.daemon.scarcity
        answer = None
        try:
            end = time.monotonic() + CALL
            while '"event":"listening"' not in self.daemon.log() and not self.daemon.ends_within(0.002):
                assert time.monotonic() < end, "it neither starts nor ends"
            if self.daemon.process.poll() is None:
                self.daemon._wait_for(1)
                answer = self.visit()
        finally:
            count = scarcity.disarm()
        if answer:
            assert answer == self.right or isinstance(answer, Exception), "answered wrongly"
            # Who says that he listens has all that he needs to go on.
            again = quickly(self.daemon, self.REQUEST)
            assert again == self.right, (again, self.daemon.log())
            status = self.daemon.stop()
            assert status == 0, (status, self.daemon.log())
        else:
            status = self.daemon.end(CALL)
            assert status == 1 and "policycalcd: " in self.daemon.log(), (status, self.daemon.log())
            self.told += 1
        failed = scarcity.failed
        sound(folder, "catalog.db", "registry.db")
        shutil.rmtree(folder)
        self.daemon.forget()
        return count, failed

    def bound(self, pieces, size):
        print(f"  {self.name}: {self.told} times it said why it does not start", flush=True)

    def close(self):
        pass


# --- a revision is published ----------------------------------------------------------------------

class Publish(Scene):
    """A draft that asks for other numbers of staff each time. Published it is, or not; who is told that it
    failed sees the old revision, or was told so."""
    name = "publish"
    warm = 8  # older revisions are kept at hand
    turn = 0

    def prepare(self):
        self.open(starter="")
        self.channel = self.daemon.channel(**OPTIONS)
        self.client = Push(self.channel)
        self.client.publish(draft(10))
        self.client.send({1: 30})
        self.current = 1
        self.staff = 10

    def send(self):
        with self.daemon.channel(**OPTIONS) as channel:
            return self.attempt(lambda timeout: Push(channel).publish(draft(self.asked),
                                                                      base_revision=self.current))

    def play(self):
        self.turn += 1
        self.asked = 20 + self.turn % 20
        self.answer, self.error = self.send()

    def newest(self):
        return self.client.catalog("ListRevisions", catalog.ListRevisionsRequest()).revisions[0].number

    def served(self):
        """Revision, and how many must work in an enterprise."""
        answer = self.client.match(calculator.MatchRequest(enterprise=code(1), view=calculator.VIEW_FULL))
        verdicts = {one.policy_id: one.verdict for one in answer.answers}
        return answer.revision, verdicts["demo-push-award-2020"] == module("policycalc.v1.catalog_pb2").VERDICT_ELIGIBLE

    def settle(self):
        newest = self.newest()
        if self.answer:
            assert newest == self.answer.revision.number == self.current + 1, (newest, self.answer)
        elif newest != self.current:
            assert newest == self.current + 1, newest
            # There was no memory for the answer, perhaps not even to say that.
            said = self.error.details()
            assert "is published, but" in said or "nothing" not in said, said
        asked = self.staff if newest == self.current else self.asked
        revision, eligible = self.served()
        if revision != newest:
            assert not self.answer and (revision, newest) == (self.current, self.current + 1)
            assert eligible == (30 >= self.staff), "answered wrongly"
        else:
            assert eligible == (30 >= asked), "answered wrongly"
        # Whoever sends it again has it, and it is served.
        self.current = newest
        if not self.answer:
            again, error = self.send()
            assert again, error
            assert again.unchanged == (newest == again.revision.number) and self.newest() == again.revision.number
            self.current = again.revision.number
        self.staff = self.asked
        assert self.served() == (self.current, 30 >= self.staff)

    def verify(self):
        sound(self.daemon.data, "catalog.db", "registry.db")
        self.open(data=self.daemon.data, starter="")
        self.client = Push(self.daemon.channel())
        assert self.served() == (self.current, 30 >= self.staff)
        self.daemon.stop()


# --- firms are told -------------------------------------------------------------------------------

class Tell(Scene):
    """Some firms are new each time: they are sent, a run looks at them, they are told, and that is acknowledged.
    A step that fails is tried once more without memory and then with it; each firm is told once all it must be."""
    name = "tell"
    FIRMS = [5, 12, 25, 3]
    turn = 0

    def prepare(self):
        self.open(starter="")
        self.channel = self.daemon.channel(**OPTIONS)
        Push(self.channel).publish(draft(10))
        self.told = {}

    def play(self):
        first = 1 + self.turn * len(self.FIRMS)
        self.turn += 1
        self.firms = {first + i: staff for i, staff in enumerate(self.FIRMS)}
        self.leases, self.cut, self.done = {}, False, 0
        with self.daemon.channel(**OPTIONS) as channel:
            self.go(Push(channel), False)

    def go(self, client, must):
        for number, step in enumerate([self.send, self.run, self.confirm, self.pull, self.acknowledge]):
            for _ in range(2):
                if self.done > number:
                    break
                _, error = self.attempt(lambda timeout: step(client))
                if not error:
                    self.done = number + 1
                else:
                    self.cut |= step == self.pull
                    # A run that was started when memory was short may be found to have failed.
                    assert not must or isinstance(error, Failed), error
            if self.done <= number:
                assert not must, "it fails again and again"
                return

    def send(self, client):
        client.send(self.firms)

    def run(self, client):
        note = f"turn {self.turn}"
        mine = [one for one in client.ask("ListRuns").runs if one.note == note]
        failed = [one for one in mine if one.state == push.Run.STATE_FAILED]
        for one in failed:
            assert "memory" in one.reason, one
        assert len(mine) - len(failed) <= 1, mine
        number = mine[0].id if len(mine) > len(failed) else \
            client.ask("StartRun", note=note, changed_only=True).run.id
        last = list(client.stream("WatchRun", id=number, timeout=CALL))[-1].run
        if last.state == push.Run.STATE_FAILED:
            assert "memory" in last.reason, last
            raise Failed()
        assert last.state == push.Run.STATE_FINISHED and not last.errors, last

    def confirm(self, client):
        client.ask("ConfirmDeliveries", series="demo-push-held", confirmed_by="演示局")

    def pull(self, client):
        for one in client.stream("PullDeliveries", consumer="scarce", lease_seconds=10, timeout=CALL):
            digest = push.Digest.FromString(one.digest)
            assert digest.key == one.key and self.told.get(one.key) != "ACKED"
            self.leases[one.key] = one.lease, digest

    def acknowledge(self, client):
        if self.leases:
            client.ask("AckDeliveries", acks=[dict(key=key, lease=lease)
                                              for key, (lease, _) in self.leases.items()])

    def settle(self):
        client = Push(self.channel)
        self.go(client, True)
        for number, staff in self.firms.items():
            news = []
            for one in client.ask("ListDeliveries", uscc=code(number)).deliveries:
                # A pull that was cut off holds its leases for a while; another one hands them out again.
                state = push.DeliveryState.Name(one.state)[15:]
                assert state == "ACKED" or state == "LEASED" and self.cut and one.key not in self.leases, one
                self.told[one.key] = state
                news += [(entry.series, entry.kind) for entry in one.digest.entries]
            assert sorted(news) == [(f"demo-push-{name}", push.DELTA_KIND_NEWLY_ELIGIBLE)
                                    for name in ("award", "held") if staff >= 10], (number, staff, news)

    def close(self):
        waiting = {key for key, state in self.told.items() if state == "LEASED"}
        if waiting and LONG:
            time.sleep(11)
            self.leases = {}
            client = Push(self.channel)
            self.pull(client)
            self.acknowledge(client)
            assert set(self.leases) <= waiting
            for key, (state, _) in client.ledger().items():
                assert state == push.DELIVERY_STATE_ACKED and key in self.told, (key, state)
        super().close()

    def bound(self, pieces, size):
        """Firms, and runs, become more with each turn: 1 piece and 4,300 bytes, without any failure."""
        super().bound(pieces - 2 * self.turn, size - 6000 * self.turn)

    def verify(self):
        sound(self.daemon.data, "catalog.db", "registry.db")


class Failed(grpc.RpcError):
    """A run that failed, and said why."""

    def code(self):
        return Code.RESOURCE_EXHAUSTED

    def details(self):
        return "the run failed"


# --- TLS ------------------------------------------------------------------------------------------

class Tls(Scene):
    """A connection with certificates on both sides, a call, and a reload of the certificates beside it."""
    name = "tls"
    before, after = 0, 0  # allocations until the reload, and until its end

    def prepare(self):
        authority = Authority(FOLDER / "authority")
        server = authority.issue("server", "IP:127.0.0.1")
        client = authority.issue("client", "DNS:client")
        self.credentials = grpc.ssl_channel_credentials(
            authority.pem.read_bytes(), client[1].read_bytes(), client[0].read_bytes())
        self.open("--tls-cert", str(server[0]), "--tls-key", str(server[1]),
                  "--tls-client-ca", str(authority.pem), starter="")
        self.read = 0
        self.quick = ssl.create_default_context(cafile=authority.pem)
        self.quick.load_cert_chain(*client)
        self.quick.set_alpn_protocols(["h2"])
        with self.connect() as channel:
            Push(channel).publish(draft(10))
        self.right = self.ask()

    def connect(self):
        return grpc.secure_channel(self.daemon.addresses[0], self.credentials, list(OPTIONS.items()))

    REQUEST = calculator.MatchRequest(as_of="2026-03-01", profile=profile.Profile(
        attributes=[profile.AttributeValue(name="staff", value=profile.Value(count=12))]))

    def ask(self):
        with self.connect() as channel:
            answer, error = self.attempt(Client(channel).match, self.REQUEST)
        return answer.SerializeToString(deterministic=True) if answer else error

    def reload(self):
        """Whether it was said that they were reloaded."""
        self.daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + CALL
        while True:
            said = [word for word in ("certificates_reloaded", "certificates_not_reloaded")
                    if f'"{word}"' in self.fresh()]
            if said:
                break
            assert time.monotonic() < end, "nothing is said of the reload"
            time.sleep(0.002)
        if said[0] == "certificates_not_reloaded":
            assert "memory" in self.fresh(), self.fresh()
        self.read = self.daemon.log_path.stat().st_size
        return said[0] == "certificates_reloaded"

    def fresh(self):
        with open(self.daemon.log_path, "rb") as log:
            log.seek(self.read)
            return log.read().decode().rpartition("\n")[0]  # whole lines

    def bound(self, pieces, size):
        """What was replaced, 294 pieces, goes when its last connection does."""
        super().bound(pieces - 600, size)

    def once(self, first, length):
        """Nearly all is taken in the reload: of the numbers in its midst not each is played with the calls beside it,
        which are the same every time."""
        if not RANGE or self.is_stock(first) or not self.is_within(first):
            return super().once(first, length)
        scarcity = self.daemon.scarcity
        scarcity.arm(first - self.before, length)
        try:
            is_new = self.reload()
        finally:
            count = scarcity.disarm()
        assert scarcity.failed or is_new
        # One that is refused leaves those there that were found good.
        if is_new or first % 4 == 0:
            answer = quickly(self.daemon, self.REQUEST, self.quick)
            assert answer == self.right, answer
        assert self.reload()
        return count + self.before, scarcity.failed

    def is_within(self, first):
        """Whether it is in the reload, as those of the calls were counted first, which differ by a few."""
        if not self.before:
            scarcity = self.daemon.scarcity
            scarcity.arm(0, 0)
            self.question()
            self.before = scarcity.disarm()
            scarcity.arm(0, 0)
            self.reload()
            self.after = self.before + scarcity.disarm()
        return self.before + 30 < first < self.after - 30

    def play(self):
        self.answers = [self.question()]
        self.reload()
        self.answers.append(self.question())

    def question(self):
        return self.ask() if self.is_stock(self.first) else quickly(self.daemon, self.REQUEST, self.quick)

    def settle(self):
        for answer in self.answers:
            assert isinstance(answer, Exception) or answer == self.right, "answered wrongly"
        # Those that were said to be good are.
        answer = quickly(self.daemon, self.REQUEST, self.quick)
        assert answer == self.right, answer
        assert self.reload()
        # With these the next turn begins.
        assert not self.is_stock(self.first) or self.ask() == self.right


SCENES = [Start, Calls, Publish, Tell, Tls]


def test(scene):
    def play():
        scene().sweep()
    play.__name__ = scene.name
    return play


if LONG and not RANGE:
    # Each of the processes has a range.
    sys.exit(0 if all([scarce_workers.everything([sys.executable, *sys.argv[:6]], scene.name)
                       for scene in SCENES if not ONLY or scene.name in ONLY]) else 1)
print("seed", SEED, flush=True)
run(*(test(scene) for scene in SCENES if not ONLY or scene.name in ONLY))
