# SPDX-License-Identifier: Apache-2.0
"""What a score that is settled early looks like, and that what is not known is told apart from "no" in
everything the command line writes, in both languages.

usage: test_answers.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import html
import json
import os
import re
import subprocess
import sys

from harness import FOLDER, Daemon, run

PROGRAM = sys.argv[5]
AS_OF = ("--as-of", "2026-06-01")
SCORED = ("--policy", "national-tech-sme-2017", *AS_OF)
FIRM = ("region=灵宝市", "mainland_resident=是", "staff=500", "revenue=2亿元", "assets=2亿元",
        "restricted_industry=否", "major_incident_or_dishonesty_2y=否", "listed_abnormal_or_dishonest=否")
NO_DIRECT_PASS = ("titles=innovative_sme:2027-12-31", "science_award_5y=否", "rd_platforms=city",
                  "led_standard_5y=否")
SEVENTY = ("tech_staff=150", "rd_expense=1200万元")                          # 20 + 50, results unknown
AT_MOST_54 = ("tech_staff=50", "rd_expense=600万元", "cost_expense=1.8亿元")  # 4 + 20, results unknown
LITTLE = ("region=灵宝市", "staff=45")
NO = {"zh": re.compile("不符合"), "en": re.compile("not eligible|[Dd]oes not fit")}
daemon = Daemon()


def policycalc(*arguments, lang="zh", lines="", columns="200"):
    done = subprocess.run([PROGRAM, "--lang", lang, *arguments], text=True, capture_output=True, timeout=120,
                          input=lines, env=dict(os.environ, COLUMNS=columns, NO_COLOR="1",
                                                POLICYCALC_SERVER=daemon.addresses[0]))
    assert done.returncode == 0, (arguments, done.returncode, done.stderr)
    return done.stdout


def answers(*arguments):
    return json.loads(policycalc("match", *arguments, "--explain", "--format=json"))["answers"]


def page(*arguments, lang="zh"):
    """The report as text, by section."""
    text = policycalc("match", *arguments, "--format=html", lang=lang)
    parts = re.split(r'<h2 id="(\w+)">', text[text.index("</style>"):])
    plain = [html.unescape(re.sub(r"<[^>]*>", " ", part)) for part in parts]
    return dict(zip(parts[1::2], plain[2::2]))


def score_settles_early():
    # A yes: 70 of at least 60, whatever the results; also while the direct pass is unknown.
    for more in (NO_DIRECT_PASS, ()):
        answer, = answers(*FIRM, *more, *SEVENTY, *SCORED)
        score = next(c["score"] for c in answer["conditions"] if c["id"] == "score")
        assert answer["verdict"] == "ELIGIBLE" and not answer["missing"], answer
        assert (score["least"], score["most"], score["pass"]) == (70, 100, 60), score
        assert [r["state"] for r in score["rows"]] == ["KNOWN", "KNOWN", "NEEDLESS"], score
        text = policycalc("match", *FIRM, *more, *SEVENTY, *SCORED, "--explain", columns="80")
        assert "✓ 得分 70～100 分，不低于 60 分：已符合" in text and "✗" not in text, text
        assert re.search(r"科技成果指标 +未知 +0～30 +30 +不影响结果", text), text
        sections = page(*FIRM, *more, *SEVENTY, *SCORED)
        assert "得分 70～100 分，不低于 60 分：已符合" in sections["gets"], sections
        assert "missing" not in sections and "misses" not in sections, sections
    # A no: at most 54, and by nothing else.
    known = (*FIRM, *NO_DIRECT_PASS, *AT_MOST_54, *SCORED)
    answer, = answers(*known)
    score = next(c["score"] for c in answer["conditions"] if c["id"] == "score")
    assert answer["verdict"] == "INELIGIBLE" and answer["settledBy"] == ["score"], answer
    assert not answer["missing"] and (score["least"], score["most"]) == (24, 54), score
    text = policycalc("match", *known, "--explain", columns="80")
    assert "✗ 得分 24～54 分，要求不低于 60 分，至少还差 6 分" in text, text
    english = policycalc("match", *known, "--explain", lang="en", columns="80")
    assert "✗ score 24 to 54, at least 60 needed, at least 6 short" in english, english
    sections = page(*known)
    assert "至少还差 6 分" in sections["misses"] and "missing" not in sections, sections
    assert "at least 6 short" in page(*known, lang="en")["misses"]
    # Named alone, it is listed: nothing more is left out.
    assert "另有" not in policycalc("match", *known)
    # The same score while a direct pass may still be had: no "no".
    open_ = (*FIRM, *AT_MOST_54, *SCORED)
    answer, = answers(*open_)
    assert answer["verdict"] == "NEEDS_INFORMATION" and not answer["settledBy"], answer
    assert "tech_results_class1" not in " ".join(answer["missing"]), answer["missing"]
    assert "titles" in " ".join(answer["missing"]), answer["missing"]
    sections = page(*open_)
    assert "national-tech-sme-2017" in sections["missing"] and "misses" not in sections, sections


def unknown_in_every_output():
    told = {a["policyId"]: a["verdict"] for a in answers(*LITTLE, *AS_OF, "--all")}
    unknown = {i for i, verdict in told.items() if verdict == "NEEDS_INFORMATION"}
    failed = {i for i, verdict in told.items() if verdict == "INELIGIBLE"}
    assert len(unknown) > 20 and len(failed) > 1, told
    for lang in ("zh", "en"):
        # The table, with near misses behind it: these are of what fails.
        table = policycalc("match", *LITTLE, *AS_OF, "--all", "--near", lang=lang)
        rows = {line.split()[-1]: line for line in table.splitlines() if line.split()}
        for name in unknown:
            assert not NO[lang].search(rows[name]), rows[name]
        for name in failed:
            assert NO[lang].search(rows[name]), rows[name]
        # The whole explanation and the short one.
        heading = {"zh": "还缺信息", "en": "Needs information"}[lang]
        for more in (("--all",), ()):
            text = policycalc("match", *LITTLE, *AS_OF, "--explain", *more, lang=lang)
            section = text[text.index(heading):].split("\n\n")[0]
            assert "✗" not in section and not NO[lang].search(section), section
            assert "_y2" not in re.sub(r"[（(]\w+[)）]", "", section), section
        # The report: each in its own section, and no name of the schema.
        sections = page(*LITTLE, *AS_OF, lang=lang)
        for name in unknown:
            assert name in sections["missing"] and name not in sections["misses"], name
        for name in failed:
            assert name in sections["misses"] and name not in sections["missing"], name
        assert not NO[lang].search(sections["missing"]), sections["missing"]
        for part in sections.values():
            assert not re.search(r"\b[a-z]+_y[23]\b|\b[eip]\.[a-z_]+", part), part
        # The combination: an amount that is not known is not told to be zero.
        text = policycalc("combine", *LITTLE, *AS_OF, lang=lang)
        zero, open_ = {"zh": ("金额为零", "尚不能确定"),
                       "en": ("amount is zero", "not known yet")}[lang]
        assert open_ in text and zero not in text, text


def unknown_in_a_combination():
    reply = json.loads(policycalc("combine", *LITTLE, *AS_OF, "--format=json"))["combination"]
    causes = {r["cause"] for left in reply["possible"]["leftOut"] for r in left["reasons"]}
    assert "NOT_KNOWN" in causes and "NOTHING" not in causes, causes
    assert reply["sure"]["totalFen"] == 0 and reply["possible"]["openEnded"], reply["possible"]
    # A loss of nothing is known: that is zero.
    zero = ("region=灵宝市", "staff=45", "rd_expense=0元", "srdi_pool=是")
    reply = json.loads(policycalc("combine", *zero, *AS_OF, "--policy=henan-srdi-pool-rd-2022",
                                  "--format=json"))["combination"]
    causes = [r["cause"] for left in reply["possible"]["leftOut"] for r in left["reasons"]]
    assert causes in (["NOTHING"], []), causes


def unknown_in_a_questionnaire():
    """Of "don't know" the record makes no "no", and of an amount that is not known no zero."""
    for lang, open_, no, lines in (
            ("zh", "待补充", "不符合", "不知道\n不知道\n够了\n"),
            ("en", "needs information", "not eligible", "don't know\ndon't know\nenough\n")):
        path = FOLDER / f"record-{lang}.md"
        out = policycalc("ask", *AS_OF, "--policy", "national-rd-deduction,national-tech-sme-2017",
                         "region=灵宝市", "--transcript", str(path), lang=lang, lines=lines)
        text = path.read_text(encoding="utf-8")
        results = text[text.rindex("## "):]
        assert results.count(f"| {open_} |") == 2 and f"| {no} |" not in results, text
        assert "最高 0元" not in out and "at most 0 yuan" not in out, out
        assert {"zh": "尚不能确定（", "en": "not known yet ("}[lang] in out, out


def unknown_in_a_guide():
    """Days that nobody states are not no days."""
    names = ("henan-srdi-loan-2022", "smx-talent-loan")
    text = policycalc("guide", *names, *AS_OF)
    assert "时限未载明" in text and "0 个工作日" not in text and "现有资料未载明办理步骤" in text, text
    english = policycalc("guide", *names, *AS_OF, lang="en")
    assert "not stated" in english and not re.search(r"\b0 working days", english), english
    answer = json.loads(policycalc("guide", *names, *AS_OF, "--format=json"))
    assert all("workingDays" not in step for step in answer["steps"]), answer["steps"]


def a_list_of_which_nobody_told():
    """The condition that stands for the items names the list, and it is written in words."""
    asked = ("region=灵宝市", "staff=45", "--policy", "smx-transformation-2022", *AS_OF)
    answer, = answers(*asked)
    condition = next(c for c in answer["conditions"] if c["id"] == "items")
    assert condition["status"] == "UNKNOWN" and condition["missing"] == ["i@projects"], condition
    none, = answers("-f", profile({"attributes": {"region": "灵宝市"}, "projects": []}), *asked[2:])
    condition = next(c for c in none["conditions"] if c["id"] == "items")
    assert condition["status"] == "NOT_MET" and not condition["missing"], condition
    for unknown in [a for a in answers(*LITTLE, *AS_OF, "--all") if a["verdict"] == "NEEDS_INFORMATION"]:
        for condition in unknown["conditions"]:
            assert condition["status"] != "UNKNOWN" or condition["missing"], (unknown["policyId"], condition)


def profile(tree):
    path = FOLDER / f"profile-{len(list(FOLDER.glob('profile-*')))}.json"
    path.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
    return str(path)


def items_as_in_the_catalog():
    """A profile may list its items as the examples of a policy do."""
    facts = {"completed_investment": "200万元"}
    own = profile({"attributes": {"region": "灵宝市"}, "projects": {"甲": facts}})
    example = profile({"attributes": {"region": "灵宝市"},
                       "items": [{"list": "projects", "id": "甲", "attributes": facts}]})
    assert answers("-f", own, "--all", *AS_OF) == answers("-f", example, "--all", *AS_OF)
    for items in ({"list": "projects"}, [{"list": "project", "id": "a"}], [{"id": "a"}], ["a"], [3],
                  [{"list": "projects", "id": "a", "facts": facts}],
                  [{"list": "projects", "id": "a", "attributes": 3}]):
        done = subprocess.run([PROGRAM, "match", "-f", profile({"items": items})], text=True, capture_output=True,
                              timeout=60, env=dict(os.environ, POLICYCALC_SERVER=daemon.addresses[0]))
        assert done.returncode == 2 and not done.stdout and done.stderr, (items, done)


run(a_list_of_which_nobody_told, items_as_in_the_catalog, score_settles_early, unknown_in_every_output, unknown_in_a_combination, unknown_in_a_questionnaire,
    unknown_in_a_guide)
