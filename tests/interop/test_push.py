# SPDX-License-Identifier: Apache-2.0
"""Push runs as a stock client sees them: runs, watching, deliveries, leases, confirmation, bad input."""
import shutil
import signal
import threading
import time

import grpc

from harness import Daemon, FOLDER, SANITIZED, details, detail, fails, few_policies, module, run
from push_world import Push, code, counts, draft, policy, push, world

catalog = module("policycalc.v1.catalog_service_pb2")
INVALID = grpc.StatusCode.INVALID_ARGUMENT
NOT_FOUND = grpc.StatusCode.NOT_FOUND

few_policies()
daemon, client = world({1: 30, 2: 30, 3: 9, 4: 2, 5: 30})


def test_first_run():
    fails(NOT_FOUND, client.ask, "GetRun")
    last = client.run(note="第一次")
    assert counts(last) == {("demo-push-award", "NEWLY_ELIGIBLE"): 3,
                            ("demo-push-held", "NEWLY_ELIGIBLE"): 3,
                            ("demo-push-award", "NEWLY_NEAR"): 1,
                            ("demo-push-held", "NEWLY_NEAR"): 1}, last
    assert (last.id, last.done, last.total, last.deliveries) == (1, 5, 5, 8)
    assert last.note == "第一次" and not last.silent and last.finished_at and last.errors == 0
    assert client.ask("GetRun").run == last == client.ask("GetRun", id=1).run
    assert [r.id for r in client.ask("ListRuns").runs] == [1]
    again = client.run()
    assert not again.counts and again.deliveries == 0


def test_pull_filters_and_ack():
    only = client.pull(region="411224", kinds=["KIND_AWARD"])
    digests = [push.Digest.FromString(d.digest) for d in only]
    assert [d.uscc for d in digests] == [code(2)], digests
    digest = digests[0]
    assert digest.key == only[0].key and digest.region == "411224" and digest.run == 1
    assert digest.engine_version and digest.disclaimer.zh and len(digest.entries) == 1
    entry = digest.entries[0]
    assert (entry.series, entry.kind) == ("demo-push-award", push.DELTA_KIND_NEWLY_ELIGIBLE)
    assert entry.reason.zh == "2 项条件均符合" and entry.departments == ["演示局"]
    rest = client.pull(limit=2)
    assert len(rest) == 2 and not {d.key for d in rest} & {only[0].key}
    assert len(client.pull()) == 1 and client.pull() == []
    reply = client.ask("AckDeliveries", acks=[
        dict(key=only[0].key, lease=only[0].lease),
        dict(key=rest[0].key, lease=only[0].lease),
        dict(key="00" * 32, lease="x"), dict(key="", lease=""),
        dict(key=rest[1].key, lease=rest[1].lease, failed=True)])
    assert reply.count == 2
    assert [(o.key, o.reason) for o in reply.others] == [
        (rest[0].key, "it is leased to somebody else"),
        ("00" * 32, "there is no such delivery"), ("", "there is no such delivery")]
    # An acknowledgement whose answer got lost.
    assert client.ask("AckDeliveries", acks=[dict(key=only[0].key, lease=only[0].lease)]).count == 1
    again = client.pull()
    assert [(d.key, d.digest) for d in again] == [(rest[1].key, rest[1].digest)]
    assert again[0].attempts == 1 and again[0].lease != rest[1].lease


def test_lists():
    assert len(client.ask("ListDeliveries", run=1).deliveries) == 8
    one = client.ask("ListDeliveries", uscc=code(2)).deliveries
    assert [push.DeliveryState.Name(d.state)[15:] for d in one] == ["HELD", "ACKED"]
    assert one[1].by == "test" and one[1].attempts == 1 and one[1].created_at <= one[1].changed_at
    held = client.ask("ListDeliveries", series="demo-push-held", state="DELIVERY_STATE_HELD")
    assert len(held.deliveries) == 4
    pages, token = [], ""
    while True:
        page = client.ask("ListDeliveries", page_size=3, page_token=token)
        pages += [d.key for d in page.deliveries]
        token = page.next_page_token
        if not token:
            break
    assert len(pages) == 8 == len(set(pages))


def test_confirmation():
    held = client.ask("ListDeliveries", state="DELIVERY_STATE_HELD", uscc=code(1)).deliveries
    reply = client.ask("ConfirmDeliveries", keys=[held[0].key, "zz"], confirmed_by="演示局 王")
    assert reply.count == 1 and [(o.key, o.reason) for o in reply.others] == [
        ("zz", "there is no such delivery")]
    reply = client.ask("ConfirmDeliveries", keys=[held[0].key], confirmed_by="演示局 王")
    assert reply.count == 0 and reply.others[0].reason == "it is not held"
    assert client.ask("ConfirmDeliveries", series="demo-push-held", refuse=True, note="材料不全",
                      confirmed_by="演示局 王").count == 3
    now = client.ask("ListDeliveries", series="demo-push-held").deliveries
    assert sorted(push.DeliveryState.Name(d.state)[15:] for d in now) == [
        "REFUSED", "REFUSED", "REFUSED", "RELEASED"]
    assert {d.by for d in now} == {"演示局 王"}
    assert not client.run().counts


def test_changed_threshold():
    current = client.catalog("ListRevisions", catalog.ListRevisionsRequest()).revisions[0].number
    client.publish(draft(2), base_revision=current)
    last = client.run(since_revision=current)
    assert counts(last) == {("demo-push-award", "NEWLY_ELIGIBLE"): 2,
                            ("demo-push-held", "NEWLY_ELIGIBLE"): 2}, last
    old = client.run(revision=current)
    assert old.silent and old.reason == "an old revision" and old.deliveries == 0
    dry = client.run(dry_run=True, policies=["demo-push-award"])
    assert dry.silent and dry.reason == "dry run" and not dry.counts


def test_wishes():
    client.send({6: 40})
    client.register("SetSubscription", subscription=dict(uscc=code(6), opted_out=True))
    client.run(changed_only=True)
    assert [d.state for d in client.ask("ListDeliveries", uscc=code(6)).deliveries] == [
        push.DELIVERY_STATE_SUPPRESSED]


def test_bad_input():
    for fields, field in [
            (dict(revision=-1), "revision"), (dict(since_revision=-1), "since_revision"),
            (dict(as_of="2026-02-30"), "as_of"), (dict(note="x" * 501), "note")]:
        error = fails(INVALID, client.ask, "StartRun", **fields)
        assert detail(error, details.BadRequest).field_violations[0].field == field
    error = fails(NOT_FOUND, client.ask, "StartRun", policies=["demo-push-award", "no-such"])
    assert 'policies[1]: there is no policy or series "no-such"' in error.details()
    fails(NOT_FOUND, client.ask, "StartRun", revision=99)
    fails(NOT_FOUND, client.ask, "GetRun", id=99)
    fails(NOT_FOUND, client.stream, "WatchRun", id=99)
    fails(NOT_FOUND, client.ask, "CancelRun", id=99)
    fails(grpc.StatusCode.FAILED_PRECONDITION, client.ask, "CancelRun", id=1)
    for fields in [dict(consumer=""), dict(limit=-1), dict(lease_seconds=9), dict(lease_seconds=86401),
                   dict(region="999999"), dict(kinds=[77])]:
        fails(INVALID, client.stream, "PullDeliveries", **{"consumer": "t", **fields})
    for seconds in [10, 86400]:
        assert client.pull(region="411221", lease_seconds=seconds) == []
    for fields in [dict(), dict(keys=["a"], series="b"), dict(keys=["a"] * 1001)]:
        fails(INVALID, client.ask, "ConfirmDeliveries", confirmed_by="w", **fields)
    fails(INVALID, client.ask, "ConfirmDeliveries", keys=["a"])
    fails(NOT_FOUND, client.ask, "ConfirmDeliveries", series="no-such", confirmed_by="w")
    fails(INVALID, client.ask, "AckDeliveries")
    nothing = dict(key="00" * 32, lease="x")
    fails(INVALID, client.ask, "AckDeliveries", acks=[nothing] * 10001)
    reply = client.ask("AckDeliveries", acks=[nothing] * 10000)
    assert reply.count == 0 and len(reply.others) == 10000
    fails(INVALID, client.ask, "ListDeliveries", page_token="x")
    error = fails(INVALID, client.ask, "ListDeliveries", uscc="x")
    assert detail(error, details.BadRequest).field_violations[0].field == "uscc"
    fails(NOT_FOUND, client.ask, "ListDeliveries", uscc=code(77))
    fails(NOT_FOUND, client.ask, "ListDeliveries", series="no-such")


def test_lists_of_a_series():
    """A delivery about several series is found by each of them."""
    other = Daemon(starter="")
    both = Push(other.channel())
    both.publish([*draft(10), policy("grant")])
    both.send({1: 30, 2: 30})
    both.run()
    found = [[d.key for d in both.ask("ListDeliveries", series="demo-push-" + name).deliveries]
             for name in ("award", "grant", "held")]
    assert len(found[0]) == 2 and found[0] == found[1], found
    assert len(found[2]) == 2 and not set(found[2]) & set(found[0]), found
    assert other.stop() == 0


# Each is dear with a sanitizer, and a run long enough with fewer.
FIRMS = {n: n % 40 for n in range(1, 5001 if SANITIZED else 12001)}


def test_one_at_a_time_and_flow():
    """A long run: another is refused by name, the watcher sees it grow, a slow reader is waited for."""
    other, big = world(FIRMS)
    # One that is stopped leaves the rest to the next.
    stopped = big.ask("StartRun").run.id
    big.ask("CancelRun", id=stopped)
    last = list(big.stream("WatchRun", id=stopped))[-1].run
    assert last.state == push.Run.STATE_CANCELLED and last.done < last.total, last
    fails(grpc.StatusCode.FAILED_PRECONDITION, big.ask, "CancelRun", id=stopped)
    number = big.ask("StartRun").run.id
    error = fails(grpc.StatusCode.ABORTED, big.ask, "StartRun")
    assert error.details() == f"run {number} is going on"
    seen = [p.run.done for p in big.stream("WatchRun")]
    assert seen == sorted(seen) and seen[-1] == len(FIRMS), seen
    # A client whose window does not grow: the stock one takes megabytes that nobody has asked for.
    slow = Push(other.channel(**{"grpc.http2.bdp_probe": 0, "grpc.http2.lookahead_bytes": 65536}))
    stream = slow.stream("PullDeliveries", consumer="slow", limit=100000)
    first = next(stream)
    time.sleep(1)
    leased = 0
    token = ""
    while True:
        page = big.ask("ListDeliveries", state="DELIVERY_STATE_LEASED", page_size=1000,
                       page_token=token)
        leased += len(page.deliveries)
        token = page.next_page_token
        if not token:
            break
    total = sum(1 for s in FIRMS.values() if s >= 8)
    assert 0 < leased < total, (leased, total)
    assert 1 + sum(1 for _ in stream) == total and first.key
    other.stop()


def test_killed_and_resumed():
    """A run that is killed goes on at the next start, and ends with the ledger of an undisturbed one."""
    other, big = world(FIRMS)
    other.stop()
    copy = FOLDER / "undisturbed"
    shutil.copytree(other.data, copy)
    whole = Daemon(data=copy, starter="")
    calm = Push(whole.channel())
    expected_run = calm.run()
    expected = calm.ledger()
    whole.stop()
    kills = 0
    victim = Daemon(data=other.data, starter="")
    big = Push(victim.channel())
    big.ask("StartRun")
    for wait in (0.1, 0.25, 0.4, 0.1):
        time.sleep(wait)
        victim.process.send_signal(signal.SIGKILL)
        victim.process.wait()
        kills += 1
        victim = Daemon(data=other.data, starter="")
        big = Push(victim.channel())
    last = list(big.stream("WatchRun", id=1))[-1].run
    assert last.state == push.Run.STATE_FINISHED and kills == 4
    assert counts(last) == counts(expected_run) and last.deliveries == expected_run.deliveries
    assert big.ledger() == expected
    victim.stop()


def test_watchers_hear_the_end():
    """Whoever watches when the service ends is told so."""
    other, big = world(FIRMS)
    big.ask("StartRun")
    ended = []

    def watch():
        try:
            ended.append([p.run.state for p in big.stream("WatchRun")][-1])
        except grpc.RpcError as error:
            ended.append(error.code())

    thread = threading.Thread(target=watch)
    thread.start()
    time.sleep(0.2)
    assert other.stop() == 0, other.log()
    thread.join(30)
    assert not thread.is_alive() and ended
    again = Daemon(data=other.data, starter="")
    last = list(Push(again.channel()).stream("WatchRun"))[-1].run
    assert last.state == push.Run.STATE_FINISHED
    assert again.stop() == 0


run(test_first_run, test_pull_filters_and_ack, test_lists, test_confirmation,
    test_changed_threshold, test_wishes, test_bad_input, test_lists_of_a_series,
    test_one_at_a_time_and_flow, test_killed_and_resumed, test_watchers_hear_the_end)
