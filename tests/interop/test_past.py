# SPDX-License-Identifier: Apache-2.0
"""Any revision and any day: an old revision answers for ever as it did when it was the current one, and
no day makes a command fail.

usage: test_past.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC FIRM
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import (FOLDER, STARTER, Client, Daemon, calculator, catalog, module, profile, run)

PROGRAM, FIRM = sys.argv[5:7]
guide = module("policycalc.v1.guide_pb2")
question = module("policycalc.v1.question_pb2")
DAYS = ("1900-01-01", "1999-12-31", "2000-02-29", "2024-02-29", "2025-02-28", "2026-03-31", "2026-04-01",
        "2096-02-29", "2100-02-28", "2100-12-31")


def policycalc(server, *arguments, lines=""):
    done = subprocess.run([PROGRAM, *arguments], text=True, capture_output=True, timeout=120, input=lines,
                          env=dict(os.environ, COLUMNS="80", NO_COLOR="1", POLICYCALC_SERVER=server))
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return done.stdout


def edited(number, folder):
    """One more catalog: a threshold, a title, a policy gone or new, an attribute's label."""
    def replace(name, before, after):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert before in text, (name, before)
        path.write_text(text.replace(before, after), encoding="utf-8")
    if number == 2:
        replace("parameters.yaml", "money_fen: 150万元", "money_fen: 151万元")
        replace("attributes.yaml", "label: {zh: 职工总数", "label: {zh: 从业人员数")
    elif number == 3:
        text = (folder / "policies/smx-talent-loan.yaml").read_text(encoding="utf-8")
        (folder / "policies/new-talent-loan.yaml").write_text(
            text.replace("smx-talent-loan", "new-talent-loan").replace("人才贷", "新人才贷"), encoding="utf-8")
        for path in folder.glob("policies/*.yaml"):
            text = path.read_text(encoding="utf-8")
            if "window_not_stated: true" in text:
                path.write_text(text.replace("window_not_stated: true", "window_always: true"),
                                encoding="utf-8")
    else:
        replace("policies/national-tech-sme-2017.yaml", "points: 16}", "points: 15}")


def questions(client):
    """Every kind of question that names a revision; an answer is its bytes."""
    firm = profile.Profile()
    for name, kind, value in (("region", "code", "411282"), ("industry", "code", "C3130"),
                              ("staff", "count", 45), ("revenue", "money_fen", 3800_0000_00),
                              ("taxable_income", "money_fen", 299_0000_00)):
        firm.attributes.add(name=name, value=profile.Value(**{kind: value}))
    firm.items.add(list="projects", id="a").attributes.add(
        name="completed_investment", value=profile.Value(money_fen=150_0000_00))
    day = "2026-03-01"
    call = client._method
    yield "match", lambda n: client.match(calculator.MatchRequest(
        profile=firm, as_of=day, revision=n, view=3, near=True, combine=True, include_superseded=True))
    yield "combine", lambda n: client.combine(calculator.CombineRequest(profile=firm, as_of=day, revision=n))
    yield "question", lambda n: call(
        "unary_unary", "CalculatorService", "NextQuestion", question.NextQuestionResponse)(
        question.NextQuestionRequest(profile=firm, as_of=day, revision=n), timeout=20)
    yield "guide", lambda n: call("unary_unary", "CatalogService", "GetGuide", guide.GetGuideResponse)(
        guide.GetGuideRequest(policies=["smx-talent-loan", "national-tech-sme-2017"], as_of=day, revision=n),
        timeout=20)
    yield "list", lambda n: client.catalog("ListPolicies", catalog.ListPoliciesRequest(
        revision=n, page_size=100))
    yield "policy", lambda n: client.catalog("GetPolicy", catalog.GetPolicyRequest(
        id="national-tech-sme-2017", revision=n))
    yield "attributes", lambda n: client.catalog("ListAttributes", catalog.ListAttributesRequest(
        revision=n, page_size=100))


def old_revisions():
    home = Daemon()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="draft-", dir=FOLDER)) / "catalog"
    shutil.copytree(STARTER, folder)
    current = {}   # revision: its answers while it was the current one
    report = {}
    for number in (1, 2, 3, 4):
        if number > 1:
            edited(number, folder)
            (folder / "facts.yaml").unlink(missing_ok=True)
            for path in folder.rglob("*.yaml"):  # what its examples expect is not the point here
                text = path.read_text(encoding="utf-8")
                path.write_text(re.sub(r"(?m)^examples:\n(?:[ -].*\n|\n)*", "", text), encoding="utf-8")
            out = policycalc(home.addresses[0], "catalog", "publish", str(folder))
            assert f"第 {number} 版" in out, out
        client = Client(home.channel())
        current[number] = {name: ask(0).SerializeToString() for name, ask in questions(client)}
        report[number] = policycalc(home.addresses[0], "match", "-f", FIRM, "--as-of", "2026-03-01",
                                    "--format=html")
    names = list(current[1])
    assert len(set(current[n]["match"] for n in current)) == 4, "the edits change nothing"

    def again(server):
        client = Client(server.channel())
        for number in (1, 2, 3, 4, 2, 1):
            for name, ask in questions(client):
                assert ask(number).SerializeToString() == current[number][name], (number, name)
            assert report[number] == policycalc(
                server.addresses[0], "match", "-f", FIRM, "--as-of", "2026-03-01", "--format=html",
                "--revision", str(number)), number
    again(home)
    assert home.stop() == 0
    home = Daemon(data=home.data)
    again(home)
    assert home.stop() == 0
    print(f"  {len(names)} kinds of questions and the report, 4 revisions, before and after a restart")


def any_day():
    home = Daemon()
    server = home.addresses[0]
    for day in DAYS:
        when = ("--as-of", day)
        for lang in ("zh", "en"):
            policycalc(server, "--lang", lang, "match", "-f", FIRM, *when, "--explain", "--all", "--near",
                       "--combine")
        for answer in json.loads(policycalc(server, "match", "-f", FIRM, *when, "--all", "--near", "--explain",
                                            "--format=json"))["answers"]:
            state = answer["availability"]["state"]
            if answer["availability"].get("date"):
                assert state != "NOT_YET" or answer["availability"]["date"] > day, answer["availability"]
                assert state != "OPEN" or answer["availability"]["date"] >= day, answer["availability"]
            assert "RULE_ERROR" not in answer["reviewReasons"], answer["policyId"]
            if state in ("NOT_YET", "ENDED", "CLOSED"):
                assert answer["verdict"] in ("NOT_OPEN", "INELIGIBLE"), answer["policyId"]
        assert "</html>" in policycalc(server, "match", "-f", FIRM, *when, "--format=html")
        policycalc(server, "combine", "-f", FIRM, *when)
        policycalc(server, "guide", "smx-talent-loan", "national-tech-sme-2017", *when, "--format=svg")
        policycalc(server, "policies", *when)
        policycalc(server, "policy", "national-tech-sme-2017", *when)
        policycalc(server, "ask", *when, "--max", "3", "region=灵宝市", lines="不知道\n够了\n")
    # 2100 is no leap year, 2024 is one; what is no day is refused, not answered.
    for day in ("2100-02-29", "2023-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "20260301", "today"):
        for command in (("match", "staff=3"), ("combine", "staff=3"), ("ask", "staff=3"),
                        ("guide", "smx-talent-loan"), ("policies",), ("policy", "smx-talent-loan")):
            done = subprocess.run([PROGRAM, *command, "--as-of", day], text=True, capture_output=True,
                                  timeout=60, input="", env=dict(os.environ, POLICYCALC_SERVER=server))
            assert done.returncode == 2 and not done.stdout and "as_of" in done.stderr, (
                command, day, done.returncode, done.stdout[:200], done.stderr)
    assert home.stop() == 0


run(old_revisions, any_day)
