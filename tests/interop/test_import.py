# SPDX-License-Identifier: Apache-2.0
"""Registry files through the command line into the real daemon with the starter catalog.

usage: test_import.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import csv
import datetime
import io
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import enterprise
from harness import FOLDER, Daemon, run

PROGRAM = str(pathlib.Path(sys.argv[5]).resolve())
AS_OF = ("--as-of", "2026-06-30")
daemon = Daemon()


def policycalc(*arguments, stdin=None, server=None, cwd=None):
    environment = dict(os.environ, COLUMNS="80", NO_COLOR="1",
                       POLICYCALC_SERVER=server or daemon.addresses[0])
    done = subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, timeout=120,
                          input=stdin, cwd=cwd)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def code(number, check=True):
    return enterprise.code(number, check, place="411203")


def file(text, name="firms.csv"):
    path = pathlib.Path(tempfile.mkdtemp(prefix="import-", dir=FOLDER)) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(path, *options, expect=0, **keywords):
    """The JSON answer of an import."""
    found, out, err = policycalc("--format", "json", "registry", "import", str(path), *AS_OF,
                                 *options, **keywords)
    assert found == expect, (found, out, err)
    return json.loads(out) if out else err


def rejects(path):
    text = pathlib.Path(f"{path}.rejects.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def known(number):
    """Attribute (with its period) to value as people read it, supplier, day."""
    found, out, err = policycalc("--format", "json", "registry", "get", code(number))
    assert found == 0, err
    answer = json.loads(out)
    return {fact["name"] + ("@" + fact["period"] if fact["period"] else ""): fact["value"]
            for fact in answer["profile"]["attributes"]}, answer


def test_chinese_table():
    path = file("统一社会信用代码,企业名称,注册地,营业收入（2025年）(万元),上年度研发投入@2024,职工总数,民营企业,"
                "有效称号,研发平台,成立日期,境内研发费用占比(%)\r\n"
                f"{code(1)},甲公司,陕县,\"3,800.5\",60万元,45人,是,srdi:2027-12-31;高企:2026-11-30,"
                "企业自建研发机构;市级研发平台,2018/6/1,99.5\r\n"
                f"{code(2)},乙公司,灵宝市,,,未知,否,无,,,\r\n")
    answer = load(path, "--supplier", "三门峡市测试局", "--strict")
    assert (answer["rows"], answer["inserted"], answer["rejected"]) == (2, 2, 0), answer
    facts, whole = known(1)
    assert facts == {
        "name": {"text": "甲公司"}, "region": {"code": "411203"}, "revenue@2025": {"moneyFen": 3800500000},
        "rd_expense@2024": {"moneyFen": 60000000}, "staff": {"count": 45},
        "private_enterprise": {"flag": True}, "registered_on": {"date": "2018-06-01"},
        "rd_domestic_share": {"ratioPpm": 995000},
        "rd_platforms": {"codes": {"codes": ["own", "city"]}},
        "titles": {"titles": {"titles": [{"code": "srdi", "validUntil": "2027-12-31"},
                                         {"code": "htne", "validUntil": "2026-11-30"}]}}}, facts
    assert {origin["supplier"] for origin in whole["origins"]} == {"三门峡市测试局"}
    assert {origin["date"] for origin in whole["origins"]} == {"2026-06-30"}
    assert sorted(known(2)[0]) == ["name", "private_enterprise", "region", "titles"]
    # Again: nothing changes. An empty cell forgets nothing; --replace does.
    assert load(path, "--supplier", "三门峡市测试局")["unchanged"] == 2
    path = file(f"uscc,staff\n{code(1)},46\n")
    assert load(path)["updated"] == 1
    facts, _ = known(1)
    assert facts["staff"] == {"count": 46} and "region" in facts
    assert load(path, "--replace", "--dry-run")["updated"] == 1
    assert len(known(1)[0]) > 1
    load(path, "--replace")
    assert list(known(1)[0]) == ["staff"], known(1)[0]


def test_names():
    """The name is a fact as any other: known, told in what the firm gets, and never in the log."""
    text = "{},{}\n{},乙名科技有限公司,灵宝市,12,3000万元,200万元,否\n"
    for number, heading in ((5, "单位名称"), (6, "名称"), (7, "name")):
        load(file(text.format("uscc", heading + ",注册地,staff,assets,taxable_income,restricted_industry",
                              code(number))))
        assert known(number)[0]["name"] == {"text": "乙名科技有限公司"}, known(number)[0]
    _, out, err = policycalc("registry", "get", code(5))
    assert re.search("企业名称 +乙名科技有限公司", out), (out, err)
    found, out, err = policycalc("push", "run", "--policy", "national-small-profit")
    assert found == 0, err
    found, out, err = policycalc("push", "pull", "--format", "ndjson", "--region", "灵宝市")
    digests = {d["uscc"]: d for d in (json.loads(line)["digest"] for line in out.splitlines())}
    assert found == 0 and {code(5), code(6), code(7)} <= digests.keys(), (out, err)
    assert digests[code(5)]["name"] == "乙名科技有限公司", digests[code(5)]
    assert {d["region"] for d in digests.values()} == {"411282"}, digests
    assert "乙名科技" not in daemon.log()


def test_periods():
    """A bare periodic column is that of the last full year before the day of the import."""
    path = file(f"uscc,营业收入(万元),营业收入@2023(万元)\n{code(3)},5,6\n")
    load(path)
    assert known(3)[0] == {"revenue@2025": {"moneyFen": 5000000},
                           "revenue@2023": {"moneyFen": 6000000}}


def test_encodings():
    text = f"统一社会信用代码,注册地,民营企业\n{code(10)},灵宝市,是\n{code(11)},卢氏县,否\n"
    answer = load(file(text.encode("gb18030")))
    assert answer["inserted"] == 2, answer
    assert known(10)[0]["region"] == {"code": "411282"}
    mixed = text.encode() + f"{code(12)},义马市,是\n".encode("gb18030") + f"{code(13)},,是\n".encode()
    path = file(mixed)
    answer = load(path, expect=1)
    assert (answer["inserted"], answer["unchanged"], answer["reasons"]) == (
        1, 2, {"ENCODING": 1}), answer
    row = rejects(path)[1]
    assert row[:4] == ["4", "2", "注册地", "ENCODING"] and row[5:] == [code(12), "义马市", "是"], row
    # What is told can be imported as it is: it is UTF-8 by now.
    assert load(f"{path}.rejects.csv")["inserted"] == 1
    assert known(12)[0]["region"] == {"code": "411281"}


def test_headings():
    for headings, words in (("注册地,民营企业", "没有统一社会信用代码列"),
                            ("uscc,注册地,统一社会信用代码", "第 1 列和第 3 列"),
                            ("uscc,研发投入,rd_expense@2025", "是同一项"),
                            ("uscc,注册地@2025", "不分年度")):
        before = policycalc("registry", "status")[1]
        err = load(file(f"{headings}\n{code(20)},,\n"), expect=2)
        assert words in err, err
        assert policycalc("registry", "status")[1] == before


def test_codes():
    """A failing check digit is warned of and kept; so is a second row of a firm, laid over the first."""
    path = file(f"uscc,职工总数,注册地\n{code(30, check=False)},7,\n{code(31)},8,湖滨区\n{code(31)},9,\n"
                f"{code(32)[:17]},1,\n{code(33).lower()},3,\n")
    answer = load(path, expect=1)
    assert (answer["inserted"], answer["rejected"], answer["warning_count"]) == (3, 1, 2), answer
    assert [(w["line"], w["reason"]) for w in answer["warnings"]] == [
        (2, "CHECK_DIGIT"), (4, "DUPLICATE_USCC")], answer["warnings"]
    assert [row[0] + row[3] for row in rejects(path)[1:]] == ["5BAD_USCC"]
    assert known(31)[0] == {"staff": {"count": 9}, "region": {"code": "411202"}}
    assert known(33)[0] == {"staff": {"count": 3}}
    found, out, err = policycalc("registry", "import", str(path), *AS_OF)
    assert found == 1 and "第 2 行：uscc" in err and "第 4 行：uscc" in err, err


def test_cells():
    """All that is wrong with a row is told at once; what is good beside it is kept."""
    path = file(f"uscc,营业收入(万元),职工总数,注册地\n{code(40)},x,1.5,火星\n{code(41)},1,2,湖滨区\n")
    answer = load(path, expect=1)
    assert answer["inserted"] == 1 and answer["reasons"] == {"WRONG_TYPE": 1}, answer
    row = rejects(path)[1]
    assert row[:4] == ["2", "2", "营业收入(万元)", "WRONG_TYPE"], row
    assert all(word in row[4] for word in ("营业收入", "职工总数", "注册地", "火星")), row
    assert policycalc("registry", "get", code(40))[0] == 2


def test_damaged():
    path = file(f"uscc,职工总数\n{code(50)},1\n{code(51)},\"" + "x" * (2 << 20)
                + f"\n{code(52)},2\n" + f"{code(53)}," + "9" * (2 << 20) + f"\n{code(54)},3\n{code(55)}")
    answer = load(path, expect=1)
    assert answer["inserted"] == 3, answer
    assert answer["reasons"] == {"QUOTE_OPEN": 1, "LINE_TOO_LONG": 1, "FIELD_COUNT": 1}, answer
    assert [row[0] for row in rejects(path)[1:]] == ["3", "5", "7"]
    assert "可能不完整" in rejects(path)[3][4]


def test_json_lines():
    lines = [{"uscc": code(60), "attributes": {"staff": 5, "revenue@2025": "200万元"},
              "projects": {"p1": {"completed_investment": "5万元"}}},
             {"uscc": code(61), "attributes": {"stff": 5}}]
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n"
    path = file(text, "firms.ndjson")
    answer = load(path, expect=1)
    assert (answer["inserted"], answer["reasons"]) == (1, {"BAD_PROFILE": 1}), answer
    items = known(60)[1]["profile"]["items"]
    assert [(item["list"], item["id"]) for item in items] == [("projects", "p1")]
    found, out, err = policycalc("registry", "get", code(60))
    assert found == 0 and "p1" in out and "5万元" in out, out
    # Standard input, too, and its form is found out.
    folder = tempfile.mkdtemp(dir=FOLDER)
    for text in (f"uscc,职工总数\n{code(62)},5\n", json.dumps({"uscc": code(63)}) + "\n"):
        found, out, err = policycalc("registry", "import", "-", *AS_OF, stdin=text.encode(),
                                     cwd=folder)
        assert found == 0 and "新增" in out, (out, err)
    assert os.listdir(folder) == []


def test_complete():
    """A complete list makes a flag false for whoever is not on it; with rejects it is none."""
    load(file(f"uscc,职工总数\n{code(70)},1\n{code(71)},2\n"))
    path = file(f"uscc,拖欠职工工资\n{code(70)},是\n")
    answer = load(path, "--complete", "wage_arrears", "--supplier", "人社局")
    assert known(70)[0]["wage_arrears"] == {"flag": True}
    facts, whole = known(71)
    assert facts["wage_arrears"] == {"flag": False} and whole["notOnList"] == ["wage_arrears"], whole
    found, out, err = policycalc("registry", "get", code(71))
    assert "（不在名单）" in out, out
    path = file(f"uscc,欠缴社会保险费\n{code(70)},是\n9141,是\n")
    answer = load(path, "--complete", "social_insurance_arrears", expect=1)
    assert answer["incomplete"] and answer["rejected"] == 1, answer
    assert "social_insurance_arrears" not in known(71)[0]
    # A row that only the service rejects has the same effect.
    path = file(f"uscc,营业收入@2030(万元),欠缴社会保险费\n{code(70)},1,是\n")
    answer = load(path, "--complete", "social_insurance_arrears", expect=1)
    assert answer["incomplete"] and answer["reasons"] == {"FUTURE_PERIOD": 1}, answer
    assert "social_insurance_arrears" not in known(71)[0]
    assert rejects(path)[1][:4] == ["2", "2", "营业收入@2030(万元)", "FUTURE_PERIOD"], rejects(path)
    err = load(file("uscc,拖欠职工工资\n"), "--complete", "wage_arrears", expect=2)
    assert "一行数据也没有" in err, err
    err = load(file(f"uscc,职工总数\n{code(70)},1\n"), "--complete", "wage_arrears", expect=2)
    assert "没有这一列" in err, err


def test_history():
    load(file(f"uscc,职工总数\n{code(80)},5\n"), "--supplier", "甲")
    before = known(80)[1]["sequence"]
    load(file(f"uscc,职工总数\n{code(80)},6\n"), "--supplier", "乙")
    found, out, err = policycalc("registry", "get", code(80), "--history")
    assert found == 0 and "5人" in out and "6人" in out and "乙" in out, out
    found, out, err = policycalc("registry", "get", code(80), "--at", str(before))
    assert "5人" in out and "6人" not in out, out


def test_sample():
    """What is made up is understood whole, marked, and matched like any firm."""
    path = FOLDER / "sample.csv"
    found, out, err = policycalc("registry", "sample", "2500", "--out", str(path))
    assert found == 0, err
    answer = load(path, "--strict")
    assert (answer["inserted"], answer["rejected"], answer["warning_count"]) == (2500, 0, 0), answer
    found, out, err = policycalc("--lang", "en", "registry", "sample", "2500")
    # In English it is the same, but for the names.
    path.write_text(re.sub(r"Made-up Enterprise (\d+)", r"示例企业\1(虚构)", out), "utf-8")
    again = load(path, "--strict")
    assert again["unchanged"] == 2500, again
    imports = json.loads(policycalc("--format", "json", "registry", "status")[1])["imports"]
    assert imports[0]["sample"], imports[:2]
    found, out, err = policycalc("registry", "status")
    assert "（虚构）" in out, out
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    found, out, err = policycalc("registry", "get", rows[1][0])
    assert found == 0 and "虚构样例" in out, (out, err)


def test_future():
    err = load(file(f"uscc,职工总数\n{code(90)},5\n"), "--as-of",
               (datetime.date.today() + datetime.timedelta(days=9)).isoformat(), expect=2)
    assert "header.date" in err, err


def test_readme():
    """The registry's chapter of README.md: its file and its commands, as they stand there."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    chapter = text[text.index("## 企业登记库"):text.index("## The registry")]
    table = re.search(r"^```csv\n(.*?)^```$", chapter, re.M | re.S)[1]
    commands = re.search(r"^```sh\n(.*?)^```$", chapter, re.M | re.S)[1].splitlines()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="readme-", dir=FOLDER))
    (folder / "firms.csv").write_text(table, "utf-8")
    fresh = Daemon()
    said = []
    for command in commands:
        words = shlex.split(command, comments=True)
        assert words[0] == "build/client/policycalc", command
        found, out, err = policycalc(*words[1:], cwd=folder, server=fresh.addresses[0])
        assert found == 0 and not err, (command, found, out, err)
        said.append(out)
    fresh.stop()
    assert len(commands) == 6 and sorted(os.listdir(folder)) == ["firms.csv", "sample.csv"]
    assert re.search(r"新增 +2\n", said[0]) and re.search(r"\n营业收入 +2025 +3800.5万元", said[1]), said
    assert "没有改动" in said[3] and "三门峡市统计局" in said[4] and "结论" in said[5], said


run(test_readme, test_chinese_table, test_names, test_periods, test_encodings, test_headings, test_codes, test_cells,
    test_damaged, test_json_lines, test_complete, test_history, test_sample, test_future)
