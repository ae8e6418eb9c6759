# SPDX-License-Identifier: Apache-2.0
"""Long use: readers that hardly read, clients that cancel, steady calls whose answers are compared with those of
a second evaluator (the generator of the workload), and a catalog that is published anew every minute.

At the end no answer was wrong, no call failed, the open files are those of the beginning, and memory did not
grow. POLICYCALC_SOAK_SECONDS says how long; two hours with POLICYCALC_LONG=1, else ten seconds, in which a
catalog is published. Prints a line a minute and the figures at the end.

usage: test_soak.py DAEMON PROTOC PROTO_DIR STARTER_DIR WORKLOAD
"""
import json
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / name) for name in ("interop", "bench")]
from harness import FOLDER, SANITIZED, Client, Daemon, calculator, catalog, module, profile, run  # noqa: E402
from wire import frame  # noqa: E402
from grpc_rows import mix, value_of  # noqa: E402

WORKLOAD = sys.argv[5]
SECONDS = int(os.environ.get("POLICYCALC_SOAK_SECONDS") or (7200 if os.environ.get("POLICYCALC_LONG") else 10))
POLICIES, FIRMS = 300, 200
CALLERS = 3
PUBLISH_EVERY = min(60, SECONDS / 3)
CROWD = pathlib.Path(__file__).with_name("soak_crowd.py")
SLOPE_MOST = 1.0  # MiB an hour, of runs that are long enough to tell
SLOPE_FROM = 1200
GROWTH_MOST = 80  # MiB, of shorter ones, in which the answers of the slow are still piling up
ended = threading.Event()


def workload(*arguments):
    return subprocess.run([WORKLOAD, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


# --- what is asked, and what a second evaluator says -----------------------------------------------

def questions():
    kinds = {line["name"]: (line["type"], line["unit"])
             for line in map(json.loads, workload("attributes").splitlines())}
    found = []
    for firm, answer in zip(map(json.loads, workload("enterprises", FIRMS).splitlines()),
                            map(json.loads, workload("answers", POLICIES, FIRMS).splitlines())):
        request = calculator.MatchRequest(as_of="2026-06-01", view=calculator.VIEW_BASIC)
        for name, value in firm["attributes"].items():
            request.profile.attributes.append(profile.AttributeValue(name=name, value=value_of(kinds, name, value)))
        found.append((request, answer["matches"], answer["hash"]))
    return found


# --- those who call --------------------------------------------------------------------------------

class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.calls = self.wrong = self.failed = self.published = 0
        self.first = ""

    def add(self, **changes):
        with self.lock:
            for name, change in changes.items():
                setattr(self, name, getattr(self, name) + change)

    def fail(self, text):
        with self.lock:
            self.first = self.first or text


def caller(daemon, asked, counts, seed):
    chance = random.Random(seed)
    client = Client(daemon.channel(0, **{"grpc.use_local_subchannel_pool": 1}))
    while not ended.is_set():
        request, matches, digest = chance.choice(asked)
        try:
            answers = client.match(request, timeout=60).answers
        except Exception as error:  # whatever it is, it must not be
            counts.fail(repr(error)[:300])
            counts.add(failed=1)
            continue
        eligible = [int(one.policy_id[1:]) for one in answers if one.verdict == catalog_pb2.VERDICT_ELIGIBLE]
        said = (len(eligible), f"{sum(map(mix, eligible)) & (1 << 64) - 1:016x}")
        if said != (matches, digest):
            counts.fail(f"{said} is not {(matches, digest)}")
            counts.add(wrong=1)
        counts.add(calls=1)
        time.sleep(0.01)


def publisher(daemon, folder, counts):
    """The same policies, one of them worded anew: the answers stay, the revision goes on."""
    client = Client(daemon.channel(0, **{"grpc.use_local_subchannel_pool": 1}))
    number, revision = 0, 1
    while not ended.wait(PUBLISH_EVERY):
        workload("edit", folder, number % POLICIES)
        number += 1
        files = [(str(path.relative_to(folder)), path.read_bytes()) for path in sorted(folder.rglob("*.yaml"))]
        try:
            revision = client.publish(files, base_revision=revision).revision.number
            counts.add(published=1)
        except Exception as error:
            counts.fail("publish: " + repr(error)[:300])
            counts.add(failed=1)
        daemon.process.send_signal(signal.SIGHUP)


# --- what the process holds ------------------------------------------------------------------------

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def held(address):
    """MiB and open files, by the service's metrics: into its folder of /proc only root may look."""
    with OPENER.open(f"http://{address}/metrics", timeout=30) as reply:
        text = reply.read().decode()
    memory, files = (int(re.search(rf"^process_{name} (\d+)$", text, re.M)[1])
                     for name in ("resident_memory_bytes", "open_fds"))
    return memory / 1048576, files


def slope(samples):
    """MiB an hour, by least squares."""
    times = [at for at, _ in samples]
    middle = statistics.mean(times)
    spread = sum((at - middle) ** 2 for at in times)
    level = statistics.mean(memory for _, memory in samples)
    return sum((at - middle) * (memory - level) for at, memory in samples) / spread * 3600 if spread else 0.0


def soak():
    folder = FOLDER / "catalog"
    workload("catalog", POLICIES, folder)
    daemon = Daemon("--metrics", "127.0.0.1:0", starter=folder)
    metrics = next(json.loads(line)["address"] for line in daemon.log().splitlines() if '"metrics"' in line)
    asked = questions()
    counts = Counts()
    Client(daemon.channel()).match(asked[0][0])  # whatever is opened by a first call
    daemon_files = held(metrics)[1]
    full = calculator.MatchRequest(profile=asked[0][0].profile, as_of="2026-06-01", view=calculator.VIEW_FULL,
                                   limit=100)
    threads = [threading.Thread(target=caller, args=(daemon, asked, counts, seed)) for seed in range(CALLERS)]
    threads.append(threading.Thread(target=publisher, args=(daemon, folder, counts)))
    body = FOLDER / "body"
    body.write_bytes(frame(full.SerializeToString()))
    crowd = subprocess.Popen([sys.executable, CROWD, daemon.addresses[0], body], stdout=subprocess.PIPE, text=True)
    begun = time.monotonic()
    samples, told = [], begun
    for thread in threads:
        thread.start()
    try:
        while time.monotonic() - begun < SECONDS and daemon.process.poll() is None:
            time.sleep(min(1, SECONDS / 20))
            memory, files = held(metrics)
            samples.append((time.monotonic() - begun, memory))
            if time.monotonic() - told >= 60:
                told = time.monotonic()
                print(f"# {told - begun:.0f} s: {memory:.1f} MiB, {files} files, {counts.calls} answers, "
                      f"{counts.published} published", flush=True)
    finally:
        ended.set()
        for thread in threads:
            thread.join(120)
        crowd.send_signal(signal.SIGTERM)
        many = json.loads(crowd.communicate(timeout=60)[0])
    assert daemon.process.poll() is None, daemon.log()[-2000:]
    for _ in range(100):  # connections of the crowd are closed; the polite clients' stay
        files = held(metrics)[1]
        if files <= daemon_files + CALLERS + 1:
            break
        time.sleep(0.1)
    settled = [(at, memory) for at, memory in samples if at > SECONDS / 3]
    grown = slope(settled)
    print(f"# {SECONDS} s: {counts.calls} answers compared, {counts.wrong} wrong, {counts.failed} failed; "
          f"{many['cancelled']} cancelled; {many['slow_bytes']} bytes and {many['slow_answers']} answers read slowly; "
          f"{counts.published} catalogs published; {many['lost']} connections lost; memory {samples[0][1]:.1f} MiB, "
          f"{settled[0][1]:.1f} after a third, {settled[-1][1]:.1f} at the end, slope {grown:+.2f} MiB/h; "
          f"files {daemon_files}, {files} at the end")
    assert (counts.wrong, counts.failed, many["lost"]) == (0, 0, 0), (counts.first, many)
    assert counts.calls > SECONDS and many["cancelled"] > 0 and many["slow_bytes"] > 0, (counts.calls, many)
    assert counts.published >= 1, counts.published
    # The clients that still stand have a connection each.
    assert files <= daemon_files + CALLERS + 1, (daemon_files, files)
    if not SANITIZED and SECONDS >= SLOPE_FROM:
        assert grown < SLOPE_MOST, grown
    elif not SANITIZED:
        assert settled[-1][1] < settled[0][1] + GROWTH_MOST, settled
    assert daemon.stop() == 0


catalog_pb2 = module("policycalc.v1.catalog_pb2")
run(soak)
