# SPDX-License-Identifier: Apache-2.0
"""The real command line against the real daemon with the starter catalog.

usage: test_cli_daemon.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC FIRM
"""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "catalog"))
import test_guide  # noqa: E402
from harness import FOLDER, SANITIZED, STARTER, Daemon, run

PROGRAM, FIRM = sys.argv[5:7]
MISTAKES = """\
id: six-mistakes
series: six-mistakes
title: {zh: 补助}
levle: CITY
kind: GIFT
in_force: {from: 2025-02-30}
window_always: true
region:
  covers: [419999]
  by: REGISTERED
conditions:
  - id: staff
    role: REQUIRE
    rule: e.staff >= 'ten'
  - id: revenue
    role: REQUIRE
    rule: e.revenu > 0
"""  # in these lines, of words, keys, dates, codes and rules:
MISTAKEN = (4, 5, 6, 9, 14, 17)
AS_OF = ("--as-of", "2026-03-01")  # so that what is open does not depend on the day of the test
daemon = Daemon()


def policycalc(*arguments, server=None, columns="80"):
    environment = dict(os.environ, COLUMNS=columns, NO_COLOR="1",
                       POLICYCALC_SERVER=server or daemon.addresses[0])
    done = subprocess.run([PROGRAM, *arguments], env=environment, text=True, capture_output=True,
                          timeout=120)
    return done.returncode, done.stdout, done.stderr


def succeeds(*arguments, **keywords):
    code, out, err = policycalc(*arguments, **keywords)
    assert code == 0, (arguments, code, err)
    return out


def refused(*arguments, code=2, words=(), **keywords):
    """What is said when the program ends with @code and answers nothing."""
    found, out, err = policycalc(*arguments, **keywords)
    assert (found, out) == (code, ""), (arguments, found, out[:200], err)
    for text in words:
        assert text in err, (arguments, text, err)
    return err


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def fits(text, columns):
    for line in text.splitlines():
        assert width(line) <= columns, (width(line), line)


def draft():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="draft-", dir=FOLDER)) / "catalog"
    shutil.copytree(STARTER, folder)
    return folder


def match_arguments():
    out = succeeds("match", "region=灵宝市", "staff=45", "revenue=3800万元", *AS_OF)
    assert "结论" in out and "编号" in out, out
    fits(out, 80)
    # An argument corrects the file.
    one = json.loads(succeeds("match", "-f", FIRM, *AS_OF, "--explain", "--format=json",
                              "--policy=national-innovative-sme-2022", "region=义马市"))
    assert len(one["answers"]) == 1, one["answers"]


def match_explained():
    for columns in (60, 80, 120):
        out = succeeds("match", "-f", FIRM, "--explain", *AS_OF, columns=str(columns))
        fits(out, columns)
        for heading in ("能享受的政策", "不符合的政策及原因"):
            assert heading in out, out
        # A reason says what the firm has and what is asked for, not how the rule is written.
        raw = re.search(r"(?<![\w.])[eip]\.[a-z]|&&|\|\||CONDITION_STATUS|VERDICT_", out)
        assert not raw, (raw, out)
    english = succeeds("--lang", "en", "match", "-f", FIRM, "--explain", *AS_OF)
    fits(english, 80)
    assert "Eligible" in english and "Not eligible, and why" in english, english
    for text in (english, succeeds("--lang", "en", "match", "-f", FIRM, *AS_OF)):
        assert re.search(r"\d yuan", text) and not re.search(r"\d(万|亿)?元", text), text
    # By default what a person reads; with --all every policy that the short one only counts.
    short, whole = (succeeds("match", "-f", FIRM, "--explain", *AS_OF, *more)
                    for more in ((), ("--all",)))
    assert len(short.splitlines()) < 110 < len(whole.splitlines()), short
    assert re.search(r"另有 \d+ 项", short) and "--all" in short, short
    fits(whole, 80)


def unknown_is_not_no():
    """A firm of which little is known: what is open is nowhere told as a no."""
    question = ("match", "region=灵宝市", "staff=45", "--all", *AS_OF)
    answers = {a["policyId"]: a for a in json.loads(
        succeeds(*question, "--explain", "--format=json"))["answers"]}
    unknown = {i for i, a in answers.items() if a["verdict"] == "NEEDS_INFORMATION"}
    failed = {i for i, a in answers.items() if a["verdict"] == "INELIGIBLE"}
    assert len(unknown) > 20 and failed, (len(unknown), failed)
    for name in unknown:
        answer = answers[name]
        statuses = {c["status"] for c in answer["conditions"]}
        assert answer["missing"] and not answer["settledBy"], answer
        assert "NOT_MET" not in statuses, (name, statuses)
        for condition in answer["conditions"]:
            zh = condition["sentence"]["zh"]
            assert condition["status"] != "UNKNOWN" or ("未知" in zh or "尚" in zh or "待" in zh or
                                                        "得分" in zh or "有" in zh), (name, zh)
    for name in failed:  # settled, so that nothing is asked for
        assert answers[name]["settledBy"] and not answers[name]["missing"], name
    # The table: each under its own verdict.
    table = succeeds(*question, columns="200")
    for line in table.splitlines():
        name = line.split()[-1] if line.split() else ""
        assert name not in unknown or line.startswith("待补充"), line
        assert name not in failed or line.startswith("不符合"), line
    # The explanation, whole and short: no cross in the section of what is open.
    for more in (("--explain",), ("--explain", "--lang", "en")):
        whole = succeeds(*question, *more, columns="200")
        heading = "Needs information" if "en" in more else "还缺信息"
        section = whole[whole.index(heading):].split("\n\n")[0]
        assert "?" in section and "✗" not in section and "不符合" not in section, section
        assert section.count("●") == len(unknown), section
    short = succeeds("match", "region=灵宝市", "staff=45", "--explain", *AS_OF)
    section = short[short.index("还缺信息"):].split("\n\n")[0]
    assert f"（{len(unknown)} 项）" in section and "✗" not in section, section


def match_near():
    """How little is missing stands behind the table, within its width, and in the JSON."""
    question = ("match", "-f", FIRM, "--near", *AS_OF)
    for columns in (60, 80):
        out = succeeds(*question, columns=str(columns))
        assert "差一点就符合" in out and "→ " in out and "再增加" in out, out
        fits(out, columns)
    answers = json.loads(succeeds(*question, "--format=json"))["answers"]
    near = [one for answer in answers for one in answer["near"]]
    assert near and all(1 <= len(one["changes"]) <= 2 for one in near), near
    assert all(one["verdict"] != "INELIGIBLE" and one["sentence"]["zh"] for one in near), near
    # Who does not ask is not told.
    plain = json.loads(succeeds("match", "-f", FIRM, "--all", "--format=json", *AS_OF))["answers"]
    assert not any(answer["near"] or answer["cliffs"] for answer in plain)


def match_json():
    question = ("match", "-f", FIRM, "--explain", "--format=json", *AS_OF)
    first, second = succeeds(*question), succeeds(*question)
    assert first == second
    reply = json.loads(first)
    assert reply["revision"] == 1 and reply["asOf"] == "2026-03-01", reply["revision"]
    verdicts = {a["verdict"] for a in reply["answers"]}
    assert {"ELIGIBLE", "INELIGIBLE"} <= verdicts, verdicts
    table = succeeds("match", "-f", FIRM, "--all", *AS_OF, columns="200")
    for answer in reply["answers"]:
        assert answer["policyId"] in table, answer["policyId"]


def combining():
    # Two rates for the same income: the better one counts, and the other says why it does not.
    question = ("combine", "region=灵宝市", "industry=C33", "restricted_industry=否",
                "taxable_income=200万元", "staff=100", "assets=3000万元", "titles=htne:2027-12-31",
                "--policy=national-htne-cit,national-small-profit-2023", *AS_OF)
    out = succeeds(*question)
    fits(out, 80)
    for text in ("national-small-profit-2023", "合计：一年内 40万元", "20万元：同一所得不能与"):
        assert text in out, (text, out)
    reply = json.loads(succeeds(*question, "--format=json"))
    sure = reply["combination"]["sure"]
    assert (sure["totalFen"], sure["proved"]) == (40_0000_00, True), sure
    assert [c["unit"]["policyId"] for c in sure["chosen"]] == ["national-small-profit-2023"], sure
    left = sure["leftOut"]
    assert [c["unit"]["policyId"] for c in left] == ["national-htne-cit"], left
    assert left[0]["reasons"][0]["name"] == "cit-rate", left
    assert left[0]["reasons"][0]["units"] == [sure["chosen"][0]["unit"]], left
    # The same loan: one interest subsidy of two, half of it in the first year.
    loans = [f"loans.{name}.{key}={value}" for name, principal in (("甲", "1000万元"), ("乙", "500万元"))
             for key, value in (("loan_principal", principal), ("loan_drawn_on", "2026-02-01"),
                                ("loan_for_fixed_assets", "是"), ("loan_for_equipment_renewal", "是"),
                                ("loan_has_central_subsidy", "否"))]
    question = ("combine", "region=灵宝市", "industry=C35", "staff=200", "revenue=8000万元",
                "private_enterprise=是", *loans, *AS_OF,
                "--policy=national-sme-loan-interest-2026,national-equipment-loan-interest-2026")
    fits(succeeds(*question), 80)
    possible = json.loads(succeeds(*question, "--format=json"))["combination"]["possible"]
    assert (possible["totalFen"], possible["wholeTermFen"]) == (22_5000_00, 45_0000_00), possible
    assert len(possible["chosen"]) == len(possible["leftOut"]) == 2, possible
    for left in possible["leftOut"]:
        item = left["unit"]["itemId"]
        assert [u["itemId"] for u in left["reasons"][0]["units"]] == [item], left
    for columns in (60, 80):
        fits(succeeds("combine", "-f", FIRM, *AS_OF, columns=str(columns)), columns)
    english = succeeds("--lang", "en", "combine", "-f", FIRM, *AS_OF)
    fits(english, 80)
    assert "The best combination" in english and "total in a year" in english, english
    assert succeeds("combine", "-f", FIRM, *AS_OF, "--format=json") == \
        succeeds("combine", "-f", FIRM, *AS_OF, "--format=json")
    refused("combine", words=("-f",))
    refused("combine", "staff=3", "--policy=nothing", words=("NOT_FOUND",))
    refused("combine", "staff=3", "--as-of", "2026-02-30", words=("as_of",))


def mistakes_of_a_profile():
    refused("match", "revenu=3800万元", words=("revenu", "revenue"))
    # In the user's own language: what was written, what is expected, and its range.
    refused("match", "revenue=3800", words=("revenue", "“3800”不合要求", "金额带单位"))
    refused("match", "staff=-3", words=("“-3”不合要求：整数；不小于 0人",))
    refused("match", "region=灵室市", words=("灵宝市",))
    refused("match", "staff=-3", "--lang=en", words=("must be at least",))
    refused("match", "staff=1", "staff=2", words=("staff：给了两次",))
    refused("match", "revenue=3800人", words=("revenue",))
    refused("match", "staff=-3", words=("staff",))
    refused("match", "registered_on=2026-02-30", words=("registered_on",))
    refused("match", "staff=3", "date=2026-13-01", words=("date",))
    refused("match", "staff=3", "--as-of", "2026-02-30", words=("as_of",))
    # All of them at once, one line each.
    err = refused("match", "revenu=1万元", "staff=-3", "registered_on=2026-02-30")
    assert len(err.splitlines()) == 3, err


def bad_bytes():
    """Bytes that are no text are named with their place, in profiles, in rules and in catalogs."""
    path = FOLDER / "profile"
    for content, words in (
            (b"attributes:\n  staff: 3\n  region: \xff\xfe\n", ("3:11", "UTF-8")),
            (b"attributes:\n  staff: 3\x00\n", ("2:11", "NUL")),
            (b'{"attributes": {"staff": 3, "region": "\xff"}}', ("UTF-8",)),
            (b'{"attributes": {"staff": 3}}\x00', ("NUL",)),
            (b'{"attributes": {"region": "\\u0000"}}', ("NUL",))):
        path.write_bytes(content)
        refused("match", "-f", str(path), words=words)
    refused("match", b"region=\xff", words=("region", "UTF-8"))
    refused("match", b"\xff=1", words=("没有属性",))
    code, out, err = policycalc("rule", "eval", b"e.staff >= \xff1", "--var", "e.staff=3")
    assert code == 1 and "第 12 个字节不是合法的 UTF-8" in err, (code, out, err)
    # What was read of a value goes with it, too: the run with sanitizers looks for what is left.
    refused("rule", "eval", "x > 1", "--var", "x={}", words=("--var x",))
    code, out, err = policycalc("rule", "eval", 'x == "a"', "--var", 'x={"string": "a"}')
    assert (code, json.loads(out)) == (0, {"value": {"bool": True}}), (code, out, err)
    bad = draft()
    for content, words in ((b"id: bad\xff\n", "UTF-8"), (b"id: bad\x00\n", "NUL")):
        (bad / "policies/bad.yaml").write_bytes(content)
        for command in ("check", "publish"):
            code, out, err = policycalc("catalog", command, str(bad))
            assert code == 1 and "policies/bad.yaml:1:8" in out + err, (code, out, err)
            assert words in out + err, (out, err)
    assert "第 1 版" in succeeds("catalog", "publish", str(STARTER))


def six_mistakes():
    """All that is wrong with a file is said at once, and nothing is published."""
    folder = draft()
    (folder / "policies/six-mistakes.yaml").write_text(MISTAKES, encoding="utf-8")
    code, out, _ = policycalc("catalog", "check", str(folder), "--format=json")
    found = [f for f in json.loads(out)["findings"] if f["severity"] == "ERROR"]
    assert code == 1 and {f["path"] for f in found} == {"policies/six-mistakes.yaml"}, found
    assert [f["line"] for f in found] == list(MISTAKEN), found
    assert all(f["column"] > 0 and "^" in f["excerpt"] for f in found), found
    refused("catalog", "publish", str(folder), code=1, words=("policies/six-mistakes.yaml",))
    assert len(succeeds("catalog", "log", "--format=json").splitlines()) == 1


def rivals():
    """Of several who publish on the same base at once, one does; the others are told what changed."""
    home = Daemon()
    folders = []
    for number in range(4):
        folder = draft()
        path = folder / "policies/smx-talent-loan.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("keywords: [人才贷]", f"keywords: [人才贷{number}]"),
                        encoding="utf-8")
        folders.append(folder)
    environment = dict(os.environ, POLICYCALC_SERVER=home.addresses[0])
    started = [subprocess.Popen([PROGRAM, "catalog", "publish", str(f), "--base", "1"],
                                env=environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for f in folders]
    ends = [(*p.communicate(timeout=60), p.returncode) for p in started]
    assert sorted(code for *_, code in ends) == [0, 3, 3, 3], ends
    for _, err, code in ends:
        assert code == 0 or ("ABORTED" in err and "smx-talent-loan" in err), err
    rows = succeeds("catalog", "log", "--format=json", server=home.addresses[0]).splitlines()
    assert len(rows) == 2, rows
    assert home.stop() == 0


def half_written():
    """The daemon is killed while it publishes: what stands there afterwards is whole. A sanitizer sees nothing of it
    that it does not see in the other tests."""
    if SANITIZED:
        return
    home = Daemon()
    folder = draft()
    path = folder / "policies/smx-talent-loan.yaml"
    text = path.read_text(encoding="utf-8")
    seen = set()
    for number in range(8):
        path.write_text(text.replace("keywords: [人才贷]", f"keywords: [人才贷{number}]"),
                        encoding="utf-8")
        before = json.loads(succeeds("match", "staff=3", "--format=json",
                                     server=home.addresses[0]))["revision"]
        publisher = subprocess.Popen([PROGRAM, "--server", home.addresses[0], "catalog",
                                      "publish", str(folder)], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
        time.sleep(0.03 * number)
        home.kill()
        publisher.wait(60)
        home = Daemon(data=home.data)
        after = json.loads(succeeds("match", "staff=3", "--format=json",
                                    server=home.addresses[0]))["revision"]
        assert after in (before, before + 1), (before, after)
        seen.add(after - before)
        out = FOLDER / f"whole-{number}"
        succeeds("catalog", "export", str(out), server=home.addresses[0])
        succeeds("catalog", "check", str(out), "--strict")
    print("killed while publishing: new revision or not:", sorted(seen))
    assert home.stop() == 0


def lists():
    rows = [json.loads(line) for line in succeeds("policies", "--format=json").splitlines()]
    ids = sorted(p.stem for p in pathlib.Path(STARTER, "policies").glob("*.yaml"))
    assert sorted(r["id"] for r in rows) == ids
    table = succeeds("policies")
    assert f"共 {len(ids)} 项" in table
    fits(table, 80)
    found = succeeds("policies", "--search", "贷")
    assert "smx-talent-loan" in found and "共 0 项" not in found, found
    one = succeeds("policy", "smx-talent-loan")
    assert "编号：smx-talent-loan" in one and "条件" in one, one
    fits(one, 80)
    assert json.loads(succeeds("policy", "smx-talent-loan",
                               "--format=json"))["policy"]["id"] == "smx-talent-loan"
    refused("policy", "smx-talent-lone", words=("NOT_FOUND",))
    fits(succeeds("attributes"), 80)
    assert "staff" in succeeds("attributes", "staff")
    refused("attributes", "stafg", words=("staff",))
    found = succeeds("attributes", "研发").splitlines()
    assert len(found) > 4 and all("研发" in line for line in found[2:]), found
    assert "projects.completed_investment" in succeeds("attributes", "projects.completed_investment").splitlines()[0]
    assert all("…" not in line.split("  ")[0] for line in succeeds("attributes").splitlines())


def guides():
    names = ("henan-srdi-loan-2022", "henan-stability-refund-2025", "smx-talent-loan")
    for columns in ("80", "40"):
        fits(succeeds("guide", *names, columns=columns), int(columns))
    text = succeeds("guide", *names)
    assert "填报融资需求并选择银行" in text and "须先完成：1" in text, text
    assert "免申即享" in text and "未载明办理步骤" in text and "以主管部门审核为准" in text, text
    answer = json.loads(succeeds("guide", *names, "--format=json"))
    assert [p["id"] for p in answer["policies"]] == list(names), answer
    titles = [step["title"]["zh"] for step in answer["steps"]]
    register, need = (titles.index(title) for title in
                      ("在“专精特新贷”融资平台注册", "填报融资需求并选择银行"))
    assert answer["steps"][need]["after"] == [register], answer["steps"]
    svg = xml.etree.ElementTree.fromstring(succeeds("guide", *names, "--format", "svg"))
    assert svg.tag.endswith("svg")
    assert succeeds("guide", *names, "--format=mermaid").startswith("flowchart TD\n")
    assert succeeds("guide", *names, "--format=dot").startswith("digraph guide {\n")
    assert "Register on the SRDI loan platform" in succeeds("guide", names[0], "--lang=en")
    refused("guide", words=("编号",))
    refused("guide", names[0], names[0], words=("policies[1]",))
    refused("guide", "nothing", words=("policies[0]",))
    refused("guide", names[0], "--format=pdf", words=("mermaid | dot | svg",))
    refused("policies", "--format=svg", words=("table | json",))


def report():
    page = succeeds("match", "-f", FIRM, *AS_OF, "--format=html")
    for heading in ("能享受的政策", "还缺信息", "最佳组合", "差一点", "日程", "怎么办理", "不符合的政策", "依据"):
        assert heading in page, heading
    assert "以主管部门审核为准" in page and "<svg" in page and "<script" not in page
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/2000/svg", "", page)
    assert page == succeeds("match", "-f", FIRM, *AS_OF, "--format=html")
    english = succeeds("match", "-f", FIRM, *AS_OF, "--format=html", "--lang=en")
    assert '<html lang="en">' in english and "What the firm gets" in english
    best = english[english.index('id="best"'):english.index('id="near"')]
    assert "yuan" in best and "万元" not in best, best[:400]
    facts = english[english.index('id="facts"'):]
    assert re.search(r"<td>[\d,]+ yuan</td>", facts) and "元</td>" not in facts, facts[:400]
    best = succeeds("combine", "-f", FIRM, *AS_OF, "--lang=en")
    assert "yuan" in best and "万元" not in best, best[:400]
    fits(best, 80)


def checking_offline():
    out = succeeds("catalog", "check", STARTER, "--strict", server="127.0.0.1:1")
    assert out.startswith("0 个错误"), out
    bad = draft()
    (bad / "policies/bad.yaml").write_text("id: bad\nbogus: 1\n", encoding="utf-8")
    code, out, _ = policycalc("catalog", "check", str(bad))
    assert code == 1 and "policies/bad.yaml:2:1" in out and "bogus" in out, (code, out)
    code, out, _ = policycalc("catalog", "check", str(bad), "--format=json")
    reply = json.loads(out)
    assert code == 1 and reply["errorCount"] == len(
        [f for f in reply["findings"] if f["severity"] == "ERROR"]) > 0, out
    refused("catalog", "check", str(bad / "nowhere"))


def publishing():
    folder = draft()
    out = succeeds("catalog", "publish", str(folder), "--author", "编辑", "--note", "无变化")
    assert "仍是第 1 版" in out, out
    path = folder / "policies/smx-talent-loan.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "# 修订\n", encoding="utf-8")
    succeeds("catalog", "check", str(folder))
    (folder / "policies/bad.yaml").write_text("id: bad\nbogus: 1\n", encoding="utf-8")
    refused("catalog", "publish", str(folder), code=1, words=("policies/bad.yaml",))
    (folder / "policies/bad.yaml").unlink()
    for line in text.splitlines():
        if line.startswith("title:") and "zh:" in line:
            path.write_text(text.replace(line, line.replace("zh: ", "zh: 新", 1)),
                            encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    out = succeeds("catalog", "publish", str(folder), "--author", "编辑", "--note", "改标题")
    assert "已发布为第 2 版" in out, out
    code, _, err = policycalc("catalog", "publish", str(STARTER), "--base", "1")
    assert code == 3 and "ABORTED" in err, (code, err)
    log = succeeds("catalog", "log")
    fits(log, 80)
    assert "编辑" in log and "改标题" in log, log
    rows = [json.loads(line) for line in succeeds("catalog", "log", "--format=json").splitlines()]
    assert [r["number"] for r in rows] == [2, 1], rows
    # An old revision still answers, and an exported one is a draft like any other.
    assert json.loads(succeeds("match", "staff=3", "--revision=1", "--format=json"))["revision"] == 1
    for number in (1, 2):
        out = FOLDER / f"export-{number}"
        succeeds("catalog", "export", "--revision", str(number), str(out))
        succeeds("catalog", "check", str(out), "--strict")
        written = {p.relative_to(out): p.read_bytes() for p in out.rglob("*.yaml")}
        source = pathlib.Path(STARTER) if number == 1 else folder
        assert written == {p.relative_to(source): p.read_bytes()
                           for p in source.rglob("*.yaml")}
    assert "仍是第 2 版" in succeeds("catalog", "publish", str(FOLDER / "export-2"))


def differences():
    """What "publishing" has published as revision 2, against revision 1, and drafts."""
    code, out, err = policycalc("catalog", "diff", "1", "2")
    assert code == 1 and "smx-talent-loan" in out, (code, out, err)
    fits(out, 80)
    code, text, err = policycalc("catalog", "diff", "1", "2", "--format=json")
    answer = json.loads(text)
    assert (answer["fromRevision"], answer["toRevision"]) == (1, 2), answer
    assert [c["id"] for c in answer["changes"]] == ["smx-talent-loan"], answer
    # The current revision and the same files: nothing differs.
    assert "共 0 处不同" in succeeds("catalog", "diff", str(FOLDER / "export-2"))
    assert succeeds("catalog", "diff", "2", "2").startswith("共 0 处不同")
    folder = draft()
    path = folder / "parameters.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("money_fen: 500万元",
                                                            "money_fen: 600万元", 1),
                    encoding="utf-8")
    code, out, err = policycalc("catalog", "diff", STARTER, str(folder), server="127.0.0.1:1")
    assert code == 1 and "由 500万元 改为 600万元" in out and "影响：" in out, (code, out, err)
    code, out, err = policycalc("catalog", "diff", STARTER, str(folder), "--lang=en")
    assert code == 1 and "from 500万元 to 600万元" in out and "affects: " in out, (code, out, err)
    refused("catalog", "diff", "1", "9", words=("NOT_FOUND",))
    refused("catalog", "diff")
    (folder / "parameters.yaml").write_text("parameters: 3\n", encoding="utf-8")
    refused("catalog", "diff", STARTER, str(folder), words=("catalog check",))


def newcomer():
    """The policy of README.md's guide, from the text to an answer with its amount."""
    service = Daemon()
    server = service.addresses[0]
    folder = draft()
    test_guide.write(folder)
    day = ("--as-of", "2026-03-15")
    succeeds("catalog", "check", str(folder), "--strict")
    code, out, err = policycalc("catalog", "diff", str(folder), server=server)
    assert code == 1 and "+ 政策“示例：智能化改造奖励”" in out, (out, err)
    out = succeeds("catalog", "publish", str(folder), "--strict", "--author", "张三", server=server)
    assert "已发布为第 2 版" in out, out
    firm = ("region=灵宝市", "industry=C3130", "staff=20", "wage_arrears=否", "rd_expense=1200万元",
            "revenue=2亿元", "demo_smart_lines=1")
    out = succeeds("match", "--policy", "demo-smart-2026", "--explain", *day, *firm, server=server)
    assert "金额：75万元" in out and "专家评审意见" in out, out
    assert "demo_cap" in succeeds("policy", "demo-smart-2026", *day, server=server)
    assert "20 个工作日" in succeeds("guide", "demo-smart-2026", *day, server=server)
    # Going back to an old revision: what was published is deprecated, not removed.
    old = FOLDER / "old"
    succeeds("catalog", "export", "--revision", "1", str(old), server=server)
    refused("catalog", "publish", str(old), code=1, server=server, words=("demo_smart_lines",))
    assert service.stop() == 0


def no_service():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{free.getsockname()[1]}"
        refused("match", "staff=3", code=3, server=dead, words=("--server", dead))
        refused("catalog", "log", code=3, server=dead)
    gone = Daemon()
    succeeds("policies", server=gone.addresses[0])
    assert gone.stop() == 0
    refused("policies", code=3, server=gone.addresses[0])


run(
    match_arguments,
    match_explained,
    unknown_is_not_no,
    match_near,
    match_json,
    combining,
    mistakes_of_a_profile,
    bad_bytes,
    six_mistakes,
    lists,
    guides,
    report,
    checking_offline,
    publishing,
    differences,
    rivals,
    newcomer,
    half_written,
    no_service,
)
