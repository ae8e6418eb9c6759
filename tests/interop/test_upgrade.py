#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Databases of the first schema, as the service of then left them: today's opens them, answers the same, and goes
on; one that is newer than it knows is refused and not touched.

usage: test_upgrade.py DAEMON PROTOC PROTO_DIR STARTER_DIR FOLDER

FOLDER has both databases as SQL and what the service of then answered. They were made by policycalcd at the commit
that gave the registry its ledger (the first whose databases have all tables), with `--write` in place of a test: two
policies, a few enterprises that do not exist, a run and its deliveries. Nobody makes them anew: that is their point.
Beside them lies an audit log of the first form, whose lines do not tell what of them is on the disk, of a service that
was killed.
"""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import sys
import tempfile

from enterprise import code
from harness import FOLDER, Daemon, calculator, profile, refuses_to_start, run
from push_world import Push, push

KEPT = pathlib.Path(sys.argv[5])
NAMES = ("catalog.db", "registry.db")
FIRMS = {1: 30, 2: 30, 3: 9, 4: 2, 5: 30}


def asked(client):
    """What stays the same for ever, as plain data."""
    verdicts = []
    for staff in (5, 9, 10, 30):
        for day in ("2020-01-01", "2026-03-01"):
            answer = client.match(calculator.MatchRequest(as_of=day, profile=profile.Profile(attributes=[
                profile.AttributeValue(name="staff", value=profile.Value(count=staff)),
                profile.AttributeValue(name="region", value=profile.Value(code="411282"))])))
            verdicts.append([answer.revision, [[a.policy_id, a.verdict] for a in answer.answers]])
    firms = []
    for number in FIRMS:
        found = client.register("GetEnterprise", uscc=code(number))
        firms.append([[a.name, a.value.count, a.value.code] for a in found.profile.attributes])
    runs = [[r.id, r.state, r.done, r.deliveries, r.revision] for r in client.ask("ListRuns").runs]
    ledger = sorted([key, state, hashlib.sha256(digest).hexdigest()] for key, (state, digest) in
                    client.ledger().items())
    return {"verdicts": verdicts, "firms": firms, "runs": runs, "ledger": ledger}


def write():
    """With the daemon of then only."""
    daemon = Daemon(starter=KEPT / "draft")
    client = Push(daemon.channel())
    client.send(FIRMS)
    client.run()
    taken = client.pull(limit=1)
    client.ask("AckDeliveries", acks=[dict(key=taken[0].key, lease=taken[0].lease)])
    (KEPT / "answers.json").write_text(json.dumps(asked(client), indent=1) + "\n")
    assert daemon.stop() == 0
    for name in NAMES:
        with sqlite3.connect(daemon.data / name) as db:
            head = [f"PRAGMA {pragma} = {db.execute('PRAGMA ' + pragma).fetchone()[0]};"
                    for pragma in ("application_id", "user_version")]
            (KEPT / (name + ".sql")).write_text("\n".join([*head, *db.iterdump()]) + "\n")


def old_databases():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="old-", dir=FOLDER))
    for name in NAMES:
        with sqlite3.connect(folder / name) as db:
            db.executescript((KEPT / (name + ".sql")).read_text())
            assert db.execute("PRAGMA user_version").fetchone()[0] == 1
        db.close()
    shutil.copy(KEPT / "audit.log", folder)
    with open(folder / "audit.log.key", "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as key:
        key.write(os.urandom(32))
    return folder


def audited(folder):
    """The lines of the audit log, which goes on where the old one ended."""
    text = (folder / "audit.log").read_bytes()
    assert text.startswith((KEPT / "audit.log").read_bytes())
    head, events = "0" * 64, []
    for line in text.splitlines():
        event = json.loads(line)
        assert (event["prev"], event["seq"]) == (head, len(events) + 1), event
        head = hashlib.sha256(line).hexdigest()
        events.append(event)
    return events


def opened_and_goes_on():
    folder = old_databases()
    expected = json.loads((KEPT / "answers.json").read_text())
    for _ in range(2):  # also once it is of today
        daemon = Daemon(data=folder, starter="")
        client = Push(daemon.channel())
        assert asked(client) == expected
        assert daemon.stop() == 0
        assert audited(folder)[-1]["event"] == "close"
    daemon = Daemon(data=folder, starter="")
    client = Push(daemon.channel())
    # What was told is not told again; what is new is.
    assert client.run().deliveries == 0
    client.send({3: 12})
    assert client.run(changed_only=True).deliveries == 2
    assert {d.state for d in client.ask("ListDeliveries", page_size=100).deliveries} >= {
        push.DELIVERY_STATE_ACKED, push.DELIVERY_STATE_HELD, push.DELIVERY_STATE_RELEASED}
    assert daemon.stop() == 0
    assert [e["method"].split("/")[1] for e in audited(folder)[-5:] if e["event"] == "end"] == [
        "ImportEnterprises", "StartRun"]


def newer_is_refused():
    for name in NAMES:
        folder = old_databases()
        with sqlite3.connect(folder / name) as db:
            db.execute("PRAGMA user_version = 2")
        db.close()
        before = (folder / name).read_bytes()
        exit_code, said = refuses_to_start(data=folder, starter="")
        assert exit_code == 1 and "schema version 2" in said and "newer version" in said, said
        assert (folder / name).read_bytes() == before
        assert not [p for p in folder.iterdir() if p.name.startswith(name + "-") and p.stat().st_size], name


if "--write" in sys.argv:
    write()
else:
    run(opened_and_goes_on, newer_is_refused)
