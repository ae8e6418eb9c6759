# SPDX-License-Identifier: Apache-2.0
"""One story of a registry that tells people things, three nights long, played by a client that holds out.

The client is what a real one has to be: it sends an import again whose answer it did not see, looks
whether its run was started before it starts another, pulls again what its leases have lost, and
acknowledges twice rather than never. So the story comes to the same end however often the service
is killed; ledger() reads that end out of the file, without the service.
"""
import glob
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))

import grpc  # noqa: E402

from harness import DAEMON, Daemon, SKIP, module, profile  # noqa: E402
from push_world import Push, code, dictionary, held_policy, policy, push, registry  # noqa: E402

catalog = module("policycalc.v1.catalog_service_pb2")
NIGHTS = ["2026-03-31", "2026-04-01", "2026-04-02"]
PULLED, RETURNED, WAITING, LEASED = REGIONS = ["411282", "411224", "411221", "411202"]
STATES = {value: name[15:] for name, value in push.DeliveryState.items()}
LEASE = 30  # seconds
ASKED = {1: 50, 2: 45}  # staff, by revision

_fake = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))[:1]
# A sanitizer has to come first.
_linked = subprocess.run(["ldd", DAEMON], capture_output=True, text=True).stdout
_fake[:0] = re.findall(r"=> (\S*/libasan\S*)", _linked) if _fake else []


def clock(day, seconds=0):
    """The environment of a daemon whose clock says 08:00 in China on @day, and @seconds more."""
    if not _fake:
        print("SKIP: libfaketime is missing; install faketime")
        sys.exit(SKIP)
    hour, rest = divmod(int(seconds), 3600)
    # The third: else waiting by that clock ends at once, and who waits again turns round and round.
    return {**os.environ, "LD_PRELOAD": " ".join(_fake), "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0", "FAKETIME": f"@{day} {hour:02d}:{rest // 60:02d}:{rest % 60:02d}"}


# --- the catalog ----------------------------------------------------------------------------------

EACH = """  - name: demo_push_each
    type: MONEY
    label: {zh: 演示每人, en: Demo for each}
    values:
      - from: 2020-01-01
        money_fen: 1000元
        source: {doc: 演示, confidence: SEED}
"""


def draft(revision):
    """A catalog of made-up policies; the second one asks for less, has one changed and one taken out."""
    files = dictionary(ASKED[revision], EACH)
    paid = ("nature: CASH, not_stated: true", "nature: CASH, rule: e.staff * p.demo_push_each")
    files.append(policy("award", amount=paid, force=(
        "in_force: {from: 2020-01-01}", "in_force: {from: 2020-01-01, until: 2026-03-31}")))
    path, text = policy("award", amount=paid, identity=("award-2020", "award-2026"), force=(
        "in_force: {from: 2020-01-01}", "in_force: {from: 2026-04-01}"))
    files.append((path.replace("award", "award-2026"), text))
    files.append(held_policy())
    files.append(policy("grant", amount=paid, window=(
        "window_always: true", "windows:\n  - from: 2026-01-01\n    until: 2026-05-01\n"
        "    source: {doc: 演示, confidence: SEED}")))
    if revision == 1:
        files.append(policy("gone", kind="SUBSIDY"))
    return files


# --- enterprises that do not exist ----------------------------------------------------------------

def region(number):
    return REGIONS[number % 4]


def first_staff(number):
    return number * 2654435761 % 2**32 * 60 >> 32


def firm(number, staff):
    values = [profile.AttributeValue(name="region", value=profile.Value(code=region(number)))]
    if staff is not None:
        values.append(profile.AttributeValue(name="staff", value=profile.Value(count=staff)))
    return profile.Profile(uscc=code(number), attributes=values)


class Killed(Exception):
    """The service went away in the middle of what was asked."""


class Story:
    """@kill: decides when the service dies; None: never."""

    def __init__(self, data, firms, kill=None):
        self.data, self.firms, self.kill = data, firms, kill
        self.night, self.passed = 0, 0
        self.inbox = {}  # key: bytes, of everything that was ever handed out
        self.delivered = set()
        self.redelivered = 0
        self.runs = []
        self.durations = {}
        self.daemon = None
        self.channel = None
        self.start()

    # --- the service, and how it dies

    def start(self):
        while True:
            self.began = began = time.monotonic()
            self.daemon = Daemon(data=self.data, starter="", wait=False,
                                 env=clock(NIGHTS[self.night], self.passed))
            timer = self.kill and self.kill.at_start(self.daemon.process)
            try:
                self.daemon._wait_for(1)
            except AssertionError:
                if self.daemon.process.poll() != -signal.SIGKILL:
                    raise
                self.daemon.kill()
                continue
            finally:
                if timer:
                    timer.cancel()
            if timer and timer.fired.is_set():
                self.daemon.kill()
                continue
            self.durations.setdefault("start", time.monotonic() - began)
            break
        self.channel = self.daemon.channel()
        self.client = Push(self.channel)

    def end(self):
        """What of the clock has passed, when the service is gone."""
        self.channel.close()
        self.daemon.kill()
        self.passed += time.monotonic() - self.began

    def do(self, step, work):
        """Does @work until it comes through; a service that dies is started again in between."""
        began = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            timer = self.kill and self.kill.during(self.daemon.process, step, attempt)
            try:
                result = work(attempt)
            except grpc.RpcError as error:
                # Whoever talks to a service that dies sees one of these.
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED,
                                        grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
                    raise
                if timer is None or not timer.fired.is_set():
                    raise
                self.end()
                self.start()
                continue
            finally:
                if timer:
                    timer.cancel()
            if timer and timer.fired.is_set():  # after the answer, or while nobody asked
                self.end()
                self.start()
            self.durations.setdefault(step, time.monotonic() - began)
            return result

    def next_night(self):
        if self.daemon.process.poll() is None:
            assert self.daemon.stop() == 0, self.daemon.log()
        self.end()
        self.night += 1
        self.passed = 0
        self.start()

    # --- what is done

    def publish(self, revision):
        def work(attempt):
            revisions = self.client.catalog("ListRevisions", catalog.ListRevisionsRequest()).revisions
            current = revisions[0].number if revisions else 0
            if current == revision - 1:
                self.client.publish(draft(revision), base_revision=current)
            else:
                assert current == revision and attempt > 1, current
        self.do(f"publish {revision}", work)

    def send(self, step, firms, **header):
        def messages():
            yield registry.ImportEnterprisesRequest(header=registry.ImportHeader(
                supplier="演示局", date="2026-03-31", **header))
            for at in range(0, len(firms), 500):
                yield registry.ImportEnterprisesRequest(rows=registry.ImportRows(
                    first_row=at + 1, profiles=firms[at:at + 500]))

        def work(attempt):
            reply = self.client._method(
                "stream_unary", "RegistryService", "ImportEnterprises",
                registry.ImportEnterprisesResponse)(messages(), timeout=120)
            assert reply.rejected == 0 and reply.rows == len(firms), reply
        self.do(step, work)

    def wish(self):
        def work(attempt):
            for number in range(1, self.firms, 301):
                kind = number // 301 % 3
                wish = [dict(opted_out=True), dict(frequency="FREQUENCY_WEEKLY"),
                        dict(deltas=["NEWLY_ELIGIBLE"])][kind]
                self.client.register("SetSubscription", subscription=dict(uscc=code(number), **wish))
        self.do("wish", work)

    def run(self, name, **fields):
        def work(attempt):
            runs = self.client.ask("ListRuns").runs
            mine = [r.id for r in runs if r.note == name]
            assert len(mine) <= 1, runs
            number = mine[0] if mine else self.client.ask("StartRun", note=name, **fields).run.id
            last = list(self.client.stream("WatchRun", id=number))[-1].run
            assert last.state == push.Run.STATE_FINISHED, last
            assert not last.silent and last.errors == 0, last
            return last
        self.runs.append(self.do(name, work))

    def pull(self, place, length=LEASE):
        """Everything of one region on leases; what comes again is what came before."""
        leases = {}
        while True:  # a lease may run out behind the place where a pull has come to
            before = len(leases)
            for d in self.client.stream("PullDeliveries", consumer="story", region=place,
                                        limit=10**6, lease_seconds=length):
                assert push.Digest.FromString(d.digest).key == d.key
                assert self.inbox.setdefault(d.key, d.digest) == d.digest, d.key
                assert d.key not in self.delivered and d.key not in leases, d.key
                self.redelivered += d.attempts > 0
                leases[d.key] = d.lease
            if len(leases) == before:
                return leases

    def settle(self, step, place, failed=False):
        """Pulls a region and acknowledges, or gives back, all of it."""
        leases = {}

        def work(attempt):
            if attempt > 1 and (not leases or random.Random(f"{step}{attempt}").random() < 0.5):
                # The client has lost what it knew, too: the leases run out.
                leases.clear()
                self.lose_leases()
            if not leases:
                leases.update(self.pull(place))
            keys = list(leases)
            for at in range(0, len(keys), 200):
                part = keys[at:at + 200]
                reply = self.client.ask("AckDeliveries", acks=[
                    dict(key=k, lease=leases[k], failed=failed) for k in part])
                if failed:
                    # Given back before, with an answer that got lost.
                    for other in reply.others:
                        assert attempt > 1 and STATES[other.state] == "RELEASED", other
                else:
                    assert reply.count == len(part), (attempt, reply)
                    self.delivered.update(part)
            # What an acknowledgement has told the ledger of before the answer got lost.
            if not failed:
                rest = self.pull(place)
                assert not rest, len(rest)
                self.delivered.update(leases)
        self.do(step, work)

    def lose_leases(self):
        """The clock goes on until no lease is left."""
        self.daemon.kill()
        self.passed += LEASE + 1  # the clock of the next one has whole seconds
        self.end()
        self.start()

    def lease(self, step, place):
        def work(attempt):
            if attempt > 1:
                self.lose_leases()
            self.pull(place)
        self.do(step, work)

    def decide(self, step, refuse, chosen=None):
        """Decides what is held: of the firms that @chosen(number) names, or all of the series."""
        keys = []

        def work(attempt):
            if chosen is None:
                self.client.ask("ConfirmDeliveries", series="demo-push-held", confirmed_by="演示局",
                                refuse=refuse)
                return
            if not keys:
                keys.extend([d.key for d in self.held() if chosen(int(d.digest.uscc[10:17]))])
            for at in range(0, len(keys), 100):
                reply = self.client.ask("ConfirmDeliveries", keys=keys[at:at + 100], refuse=refuse,
                                        confirmed_by="演示局")
                for other in reply.others:
                    assert attempt > 1 and other.reason == "it is not held", other
        self.do(step, work)

    def held(self):
        token = ""
        while True:
            page = self.client.ask("ListDeliveries", state="DELIVERY_STATE_HELD", page_size=1000,
                                   page_token=token)
            yield from page.deliveries
            token = page.next_page_token
            if not token:
                return

    def play(self):
        count = self.firms
        self.publish(1)
        self.send("import A", [firm(n, first_staff(n)) for n in range(1, count + 1)])
        self.wish()
        self.run("run 1")
        self.settle("ack 1", PULLED)
        self.settle("give back", RETURNED, failed=True)
        self.decide("refuse", True, lambda n: n % 3 == 0)
        self.decide("confirm", False, lambda n: n % 3 == 1)
        self.next_night()
        # Some have more people and some fewer, some are new, and one feed has lost its column.
        self.send("import B", [firm(n, (first_staff(n) + (20 if n % 2 else 4)) % 60)
                               for n in range(1, count + 1) if n % 7 == 0] +
                  [firm(n, first_staff(n)) for n in range(count + 1, count + count // 10)])
        self.send("import lost", [firm(n, None) for n in range(1, count + 1) if n % 7 == 1],
                  replace=True)
        self.publish(2)
        self.run("run 2")
        self.decide("confirm all", False)
        self.settle("ack 2", PULLED)
        self.next_night()
        self.send("import C", [firm(n, 60 - first_staff(n)) for n in range(1, count + 1)
                               if n % 7 == 2])
        self.run("run 3", changed_only=True)
        self.settle("ack 3", PULLED)
        self.settle("ack returned", RETURNED)
        self.lease("lease", LEASED)
        if self.daemon.process.poll() is None:
            assert self.daemon.stop() == 0, self.daemon.log()
        self.end()
        return ledger(self.data)


# --- the end of it --------------------------------------------------------------------------------

def ledger(data):
    """What stands in the file when the service has ended, but for times and counters of attempts."""
    base = sqlite3.connect(f"file:{data}/registry.db", uri=True)
    assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    rows = base.execute(
        "SELECT lower(hex(key)), state, run, uscc, day, not_before, kinds, region, who, note, entries,"
        " bytes FROM delivery JOIN delivery_digest USING (id) JOIN enterprise"
        " ON enterprise.id = delivery.enterprise").fetchall()
    found = dict(
        deliveries={row[0]: (STATES[row[1]], *row[2:]) for row in rows},
        told=dict(base.execute("SELECT block, blob FROM told")),
        series=base.execute("SELECT id, name FROM push_series ORDER BY id").fetchall(),
        enterprises=base.execute("SELECT id, uscc FROM enterprise ORDER BY id").fetchall(),
        runs={})
    assert len(found["deliveries"]) == len(rows)
    assert len(rows) == base.execute("SELECT count(*) FROM delivery").fetchone()[0]
    assert len(rows) == base.execute("SELECT count(*) FROM delivery_digest").fetchone()[0]
    for state, blob in base.execute("SELECT state, run FROM push_run ORDER BY id"):
        one = push.Run.FromString(blob)
        assert state == one.state
        one.started_at = one.finished_at = ""
        one.sequence = 0  # counts the batches of imports
        found["runs"][one.id] = one
    base.close()
    return found


def compare(found, expected):
    """Says where two ends differ; "" when they do not."""
    for part in expected:
        if found[part] == expected[part]:
            continue
        if not isinstance(found[part], dict):
            return f"{part} differ"
        lost = expected[part].keys() - found[part].keys()
        new = found[part].keys() - expected[part].keys()
        other = [k for k in expected[part].keys() & found[part].keys()
                 if found[part][k] != expected[part][k]]
        return (f"{part}: {len(lost)} lost {[expected[part][k] for k in sorted(lost)[:2]]}, "
                f"{len(new)} too many {[found[part][k] for k in sorted(new)[:2]]}, "
                f"{len(other)} differ {[(found[part][k], expected[part][k]) for k in other[:2]]}")
    return ""


# --- dying ----------------------------------------------------------------------------------------

class Timer:
    """Kills a process after a while, unless it is cancelled."""

    def __init__(self, killer, process, delay):
        self.fired = threading.Event()
        self.lock = threading.Lock()
        self.cancelled = False
        self.killer, self.process = killer, process
        self.timer = threading.Timer(delay, self.fire)
        self.timer.daemon = True
        self.timer.start()

    def fire(self):
        with self.lock:
            if self.cancelled or self.process.poll() is not None:
                return
            self.killer.kills += 1
            self.fired.set()
            self.process.kill()

    def cancel(self):
        with self.lock:
            self.cancelled = True
        self.timer.cancel()


class Killer:
    """Kills at random instants of every step, as long as its steps took undisturbed."""

    def __init__(self, seed, durations, each):
        self.random = random.Random(seed)
        self.durations, self.each = durations, each
        self.kills, self.of = 0, {}
        self.left = {}

    def at_start(self, process):
        if self.random.random() < 0.25:
            return Timer(self, process, self.random.uniform(0, 1.2 * self.durations["start"]))
        return None

    def during(self, process, step, attempt):
        if attempt == 1:
            whole = int(self.each)
            self.left[step] = whole + (self.random.random() < self.each - whole)
        if self.left[step] <= 0:
            return None
        self.left[step] -= 1
        return Timer(self, process, self.random.uniform(0, self.durations[step]))
