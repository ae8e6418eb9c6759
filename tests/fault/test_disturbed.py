# SPDX-License-Identifier: Apache-2.0
"""Two services and two runners at once, a catalog published in mid-run, a clock that jumps, leases of
others: what was wrong is said, nothing is lost, nothing comes twice.

usage: test_disturbed.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import json
import queue
import subprocess
import sys
import threading
import time

from story import NIGHTS, grpc, push
from harness import FOLDER, Daemon, calculator, profile, refuses_to_start, run
from tls_world import Authority
from world import BIG, Clock, World

POLICYCALC = sys.argv[5]


# --- two at once ----------------------------------------------------------------------------------

def test_two_services():
    world = World(BIG)
    world.fill()
    world.client.ask("StartRun")
    status, log = refuses_to_start(data=world.data, starter="", env=world.clock.env)
    assert status not in (0, None) and "is in use by process" in log, (status, log)
    assert world.watch().state == push.Run.STATE_FINISHED
    assert {t for t in world.told() if t[2] == push.DELTA_KIND_NEWLY_ELIGIBLE} == world.eligible()
    world.close()


def test_two_runners():
    world = World(BIG)
    world.fill()
    answers = []

    def start():
        try:
            answers.append(world.client.ask("StartRun").run.id)
        except grpc.RpcError as error:
            answers.append((error.code(), error.details()))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(1) == 1, answers
    assert answers.count((grpc.StatusCode.ABORTED, "run 1 is going on")) == 7, answers
    assert world.watch().state == push.Run.STATE_FINISHED
    assert [r.id for r in world.client.ask("ListRuns").runs] == [1]
    world.close()


# --- what changes in mid-run ----------------------------------------------------------------------

def test_pinned():
    """A run stands on its revision, its snapshot and its day, also after the service was killed."""
    # On a busy machine we may be slower than the run: a longer one, then.
    for count in (BIG, 2 * BIG, 4 * BIG, 8 * BIG):
        calm = World(count)
        calm.fill()
        expected_run = calm.client.run()
        expected = calm.client.ledger()
        calm.close()
        world = World(count)
        world.fill()
        news = world.rows([*range(1, count, 50 * count // BIG), *range(count + 1, count + 200)], add=20)
        world.client.ask("StartRun")
        world.publish(2)
        world.send(news)
        world.clock.jump(20 * 3600)
        if world.client.ask("GetRun").run.state == push.Run.STATE_RUNNING:
            break
        world.close()  # it was too quick
    else:
        raise AssertionError("the runs have ended before a catalog was published")
    world.daemon.process.kill()
    world.daemon.process.wait()
    world.open()
    last = world.watch()
    assert last.state == push.Run.STATE_FINISHED
    assert (last.revision, last.as_of, last.total) == (1, NIGHTS[0], count)
    assert (last.counts, last.deliveries) == (expected_run.counts, expected_run.deliveries)
    assert world.client.ledger() == expected
    following = world.client.run()
    assert (following.revision, following.as_of, following.total) == (2, NIGHTS[1], count + 199)
    assert following.deliveries > 0
    world.close()


# --- the clock ------------------------------------------------------------------------------------

def test_leases_when_the_clock_jumps():
    world = World(60)
    world.fill()
    world.client.run()
    first = {d.key: d for d in world.client.pull(consumer="a", lease_seconds=600)}
    assert first
    world.clock.jump(3600)
    second = {d.key: d for d in world.client.pull(consumer="b", lease_seconds=600)}
    assert {k: d.digest for k, d in second.items()} == {k: d.digest for k, d in first.items()}
    assert all(d.attempts == 1 for d in second.values())
    late = world.client.ask("AckDeliveries", acks=[dict(key=k, lease=d.lease)
                                                   for k, d in first.items()])
    assert late.count == 0 and {o.reason for o in late.others} == {"it is leased to somebody else"}
    # The clock goes back: what was leased in the future lasts no longer than its length from now on.
    world.clock.jump(-3600)
    assert world.client.pull(consumer="c") == []
    one = next(iter(second.values()))
    assert world.client.ask("AckDeliveries", acks=[dict(key=one.key, lease=one.lease)]).count == 1
    world.clock.jump(601)
    third = {d.key: d for d in world.client.pull(consumer="c", lease_seconds=600)}
    assert third.keys() == second.keys() - {one.key}
    assert all(third[k].digest == first[k].digest for k in third)
    # Over for good: said so, and handed out again.
    world.clock.jump(601)
    two = next(iter(third.values()))
    reply = world.client.ask("AckDeliveries", acks=[dict(key=two.key, lease=two.lease)])
    assert reply.count == 0 and reply.others[0].reason == "the lease has expired", reply
    assert two.key in {d.key for d in world.client.pull(consumer="d")}
    world.close()


def test_day_when_the_clock_jumps():
    """Over midnight and back: what was told on the next day is told, and nothing again."""
    world = World(60, when=NIGHTS[0] + " 23:30")
    world.fill()
    assert world.client.run().as_of == NIGHTS[0]
    before = world.client.ledger()
    world.clock.jump(3600)
    last = world.client.run()
    assert last.as_of == NIGHTS[1] and not last.silent and last.deliveries > 0
    ahead = world.client.ledger()
    assert before.keys() < ahead.keys()
    world.clock.jump(-3600)
    back = world.client.run()
    assert (back.as_of, back.silent, back.reason) == (NIGHTS[0], True, "a past day"), back
    assert world.client.ledger() == ahead
    world.clock.jump(3600)
    again = world.client.run()
    assert again.as_of == NIGHTS[1] and not again.silent and again.deliveries == 0
    assert world.client.ledger() == ahead
    world.close()


def test_calls_when_the_clock_jumps():
    """Days ahead and days back: a call that has a deadline, and its connection, go on; only the day is another."""
    world = World(60)
    world.fill()
    questions = queue.SimpleQueue()
    answers = world.client.match_stream(iter(questions.get, None), timeout=300)
    for seconds in (0, 7200, 3 * 86400, -7 * 86400, 86400):
        world.clock.jump(seconds)
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + world.clock.offset + 8 * 3600))
        questions.put(calculator.MatchStreamRequest(match=calculator.MatchRequest(profile=profile.Profile())))
        assert next(answers).response.as_of == day
        assert world.client.match(timeout=60).as_of == day
    world.publish(2)
    assert world.client.match(timeout=60).revision == 2
    questions.put(None)
    assert not list(answers)
    world.clock.jump(-86400)
    world.close()


def test_certificate_that_ends():
    """Who never restarts the service is told each day that its certificate is about to end, or has."""
    authority = Authority(FOLDER / "ca")
    pair = authority.issue("server", "IP:127.0.0.1", days=30)
    clock = Clock(time.strftime("%Y-%m-%d %H:%M", time.gmtime(time.time() + 9 * 3600)))
    # It looks as often as the watchdog is fed.
    daemon = Daemon("--tls-cert", str(pair[0]), "--tls-key", str(pair[1]),
                    env={**clock.env, "WATCHDOG_USEC": "300000", "NOTIFY_SOCKET": "@policycalc-nobody-listens"})

    def warned(count, says):
        end = time.monotonic() + 30
        while daemon.log().count("certificates_warning") < count:
            assert time.monotonic() < end, daemon.log()
            time.sleep(0.02)
        time.sleep(0.3)
        assert daemon.log().count("certificates_warning") == count and says in daemon.log(), daemon.log()
    clock.jump(15 * 86400)
    warned(0, "")
    for count, (days, says) in enumerate(((4, "ends in 1"), (5, "ends in 5 days"), (1, "ends in 4 days"),
                                          (5, "has expired")), 1):
        clock.jump(days * 86400)
        warned(count, says)
    assert daemon.stop() == 0


# --- bad input ------------------------------------------------------------------------------------

def test_bad_input_of_the_command_line():
    world = World(60)
    world.fill()

    def cli(*arguments, status=0):
        done = subprocess.run(
            [POLICYCALC, "--server", world.daemon.addresses[0], "push", *arguments, "--lang", "en"],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    assert 'there is no policy or series "no-such"' in cli("run", "--policy", "no-such", status=2)
    assert not world.client.ask("ListRuns").runs
    cli("run")
    ledger = world.client.ledger()

    def pull(lease):
        return [json.loads(line) for line in cli(
            "pull", "--format", "ndjson", "--limit", "1", "--lease", lease).splitlines()]

    mine, others = pull("60")[0], pull("86400")[0]
    assert "it is leased to somebody else" in cli("ack", others["key"], mine["lease"], status=1)
    assert "there is no such delivery" in cli("ack", "00" * 32, mine["lease"], status=1)
    assert "acknowledged 1" in cli("ack", others["key"], others["lease"])
    assert "acknowledged 1" in cli("ack", others["key"], others["lease"])
    assert "it was acknowledged by somebody else" in cli("ack", others["key"], mine["lease"], status=1)
    world.clock.jump(61)
    assert "the lease has expired" in cli("ack", mine["key"], mine["lease"], status=1)
    again = pull("60")[0]
    assert (again["key"], again["digest"]) == (mine["key"], mine["digest"])
    assert again["lease"] != mine["lease"] and again["attempts"] == 1
    assert "it is leased to somebody else" in cli("ack", mine["key"], mine["lease"], status=1)
    assert "acknowledged 1" in cli("ack", again["key"], again["lease"])
    after = world.client.ledger()
    assert {k: v[1] for k, v in after.items()} == {k: v[1] for k, v in ledger.items()}
    assert {k for k in after if after[k] != ledger[k]} == {mine["key"], others["key"]}
    world.close()


run(test_two_services, test_two_runners, test_pinned,
    test_leases_when_the_clock_jumps, test_day_when_the_clock_jumps, test_calls_when_the_clock_jumps,
    test_certificate_that_ends, test_bad_input_of_the_command_line)
