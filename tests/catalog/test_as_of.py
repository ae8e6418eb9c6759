# SPDX-License-Identifier: Apache-2.0
"""Asks the real service about the firms of as_of.yaml on each of their days.

usage: test_as_of.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC AS_OF_YAML HARNESS_DIR
"""
import json
import os
import subprocess
import sys

import yaml

PROGRAM, TABLE, HARNESS = sys.argv[5:8]
sys.path.insert(0, HARNESS)
from harness import Daemon  # noqa: E402

daemon = Daemon()


def ask(firm, row):
    profile = {"attributes": firm["facts"]}
    for name in ("projects", "loans", "hires"):
        if name in firm:
            profile[name] = firm[name]
            profile.setdefault("complete_lists", []).append(name)
    done = subprocess.run(
        [PROGRAM, "match", "-f", "-", "--policy", row["ask"], "--as-of", str(row["day"]), "--format=json"],
        input=yaml.safe_dump(profile, allow_unicode=True), text=True, capture_output=True, timeout=60,
        env=dict(os.environ, POLICYCALC_SERVER=daemon.addresses[0]))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["answers"]


def short(value):
    return value.split("_", 1)[1] if value.startswith(("VERDICT_", "STATE_")) else value


def check(firm, row):
    answers = ask(firm, row)
    # A series also shows what comes later, and that alone; one version answers for the day.
    later = [a for a in answers if short(a["availability"]["state"]) == "NOT_YET"]
    answer = next((a for a in answers if a["policyId"] == row["policy"]), None)
    assert answer, [a["policyId"] for a in answers]
    assert all(a is answer or a in later for a in answers), [a["policyId"] for a in answers]
    if "verdict" in row:
        assert short(answer["verdict"]) == row["verdict"], answer["verdict"]
    if "state" in row:
        assert short(answer["availability"]["state"]) == row["state"], answer["availability"]
    if "date" in row:
        assert answer["availability"]["date"] == str(row["date"]), answer["availability"]
    if "most" in row:
        wanted = int(row["most"].removesuffix("万元")) * 10000 * 100
        assert int(answer["amount"]["mostFen"]) == wanted, answer["amount"]


class Text(yaml.SafeLoader):
    """Every scalar as it is written: days and shares are no numbers here."""


Text.yaml_implicit_resolvers = {}

good = bad = 0
for firm in yaml.load(open(TABLE, encoding="utf-8"), Text):
    for row in firm["rows"]:
        try:
            check(firm, row)
            good += 1
        except AssertionError as wrong:
            bad += 1
            print(f"{firm['firm']}: {row['day']} {row['ask']}: {wrong}")
print(f"{good} passed, {bad} failed")
sys.exit(bad != 0 or good < 10)
