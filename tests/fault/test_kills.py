# SPDX-License-Identifier: Apache-2.0
"""Exactly once: a service that is killed at any instant ends with the ledger of one that never was.

usage: test_kills.py DAEMON PROTOC PROTO_DIR STARTER_DIR

At least 50 kills, or POLICYCALC_KILLS; 1,000 with POLICYCALC_LONG. What is random hangs on
POLICYCALC_SEED; it is printed.
"""
import os
import tempfile
import time

from story import ASKED, Killer, Story, code, compare, first_staff, push
from harness import FOLDER, run

LONG = bool(os.environ.get("POLICYCALC_LONG"))
KILLS = int(os.environ.get("POLICYCALC_KILLS") or (1000 if LONG else 50))
SEED = int(os.environ.get("POLICYCALC_SEED") or (time.time_ns() % 10**9 if LONG else 20261127))
FIRMS = 8600  # three blocks, the last one partly filled
EACH = 3.0 if LONG else 1.6  # kills a step, besides those while the service starts

calm = {}


def play(kill=None):
    story = Story(tempfile.mkdtemp(prefix="story-", dir=FOLDER), FIRMS, kill)
    end = story.play()
    for key, row in end["deliveries"].items():
        if row[0] in ("ACKED", "LEASED"):
            assert story.inbox[key] == row[-1], key
        assert key not in story.delivered or row[0] == "ACKED", (key, row[0])
    return story, end


def test_undisturbed():
    """The story itself: it has every state and every kind of news, and tells whom it has to."""
    story, end = play()
    calm.update(end=end, durations=story.durations)
    told = {}
    for key, (state, number, uscc, *_, place, _, _, _, text) in end["deliveries"].items():
        digest = push.Digest.FromString(text)
        assert (digest.key, digest.uscc, digest.run) == (key, uscc, number)
        for entry in digest.entries:
            told.setdefault(number, set()).add((uscc, entry.series, entry.kind))
        calm.setdefault("states", {}).setdefault(state, []).append(key)
        calm.setdefault("kinds", set()).update(push.DeltaKind.Name(e.kind)[11:] for e in digest.entries)
    assert set(calm["states"]) == {"HELD", "RELEASED", "LEASED", "ACKED", "REFUSED", "SUPPRESSED",
                                   "SUPERSEDED"}, calm["states"].keys()
    assert calm["kinds"] == {"NEWLY_ELIGIBLE", "NEWLY_NEAR", "AMOUNT_CHANGED", "LAPSED",
                             "CLOSING_SOON", "VERSION_CHANGED"}, calm["kinds"]
    # The first run, found by hand.
    can = {code(n) for n in range(1, FIRMS + 1) if first_staff(n) >= ASKED[1]}
    for series in ["award", "held", "grant", "gone"]:
        assert can == {uscc for uscc, name, kind in told[1] if name == "demo-push-" + series
                       and kind == push.DELTA_KIND_NEWLY_ELIGIBLE}, series
    assert [len(end["enterprises"]), len(end["told"])] == [FIRMS + FIRMS // 10 - 1, 3]
    assert story.delivered == set(calm["states"]["ACKED"])
    print(f"{len(end['deliveries'])} deliveries, "
          f"{ {s: len(k) for s, k in sorted(calm['states'].items())} }; "
          f"{ {s: round(t, 2) for s, t in story.durations.items()} }", flush=True)


def test_undisturbed_twice():
    """What is random or hangs on the clock of the machine is in no ledger."""
    _, end = play()
    assert not compare(end, calm["end"]), compare(end, calm["end"])


def test_killed():
    kills = stories = redelivered = 0
    began = time.monotonic()
    while kills < KILLS:
        seed = f"{SEED}.{stories}"
        kill = Killer(seed, calm["durations"], EACH)
        try:
            story, end = play(kill)
            assert not compare(end, calm["end"]), compare(end, calm["end"])
        except Exception:
            print(f"seed {seed}, after {kill.kills} kills", flush=True)
            raise
        assert kill.kills > 0
        kills += kill.kills
        stories += 1
        redelivered += story.redelivered
        if LONG:
            print(f"{kills} kills, {time.monotonic() - began:.0f} s", flush=True)
    assert redelivered > 0
    print(f"{kills} kills in {stories} stories, seed {SEED}, {redelivered} redeliveries, "
          f"{time.monotonic() - began:.0f} s", flush=True)


run(test_undisturbed, test_undisturbed_twice, test_killed)
