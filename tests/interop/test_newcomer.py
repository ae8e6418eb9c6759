# SPDX-License-Identifier: Apache-2.0
"""What somebody who has read only the README comes to want to know: the policy of the editor's guide, with a
second one in its exclusion group, asked about from the command line.

usage: test_newcomer.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unicodedata

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "catalog"))
import test_guide  # noqa: E402
from harness import FOLDER, STARTER, Daemon, run

PROGRAM = sys.argv[5]
FIRM = ("region=灵宝市", "industry=C3130", "staff=20", "wage_arrears=否", "rd_expense=1200万元",
        "revenue=2亿元", "demo_smart_lines=1", "--as-of", "2026-03-15")


def catalog():
    """The guide's policy, and a second one that excludes it, which nobody has to judge."""
    folder = FOLDER / "catalog"
    shutil.copytree(STARTER, folder)
    policy = test_guide.write(folder)
    second = re.sub(r"  - id: expert_opinion\n(    .*\n)+", "", policy)
    second = second.replace("demo-smart-2026", "demo-other-2026").replace("series: demo-smart", "series: demo-other")
    second = re.sub(r"^examples:.*?(?=^unverified:)", "", second, flags=re.M | re.S)
    second = re.sub(r"^    outside: .*\n", "", second, flags=re.M)
    second = second.replace("示例：智能化改造奖励", "示例：同组的奖励")
    (folder / "policies/demo-other-2026.yaml").write_text(second, encoding="utf-8")
    return folder


daemon = Daemon(starter=catalog())


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Text(str):
    """What a command says; lines may be broken anywhere."""

    def __contains__(self, words):
        return str.__contains__(re.sub(r"\s", "", self), re.sub(r"\s", "", words))

    def times(self, words):
        return re.sub(r"\s", "", self).count(re.sub(r"\s", "", words))


def tells(*arguments, code=0):
    environment = dict(os.environ, COLUMNS="80", NO_COLOR="1", POLICYCALC_SERVER=daemon.addresses[0])
    done = subprocess.run([PROGRAM, *arguments], env=environment, text=True, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    text = done.stdout or done.stderr
    if "html" not in arguments and code == 0:
        for line in text.splitlines():
            assert width(line) <= 80, line
    return Text(text)


OUTSIDE = "不能与“同一投入的其他市级奖补”兼得（《示例办法》第七条）"


def exclusions():
    for view in (("--explain",), ("--explain", "--all")):
        text = tells("match", *FIRM, *view, "--policy", "demo-smart-2026,demo-other-2026")
        assert text.times("未核对：同一企业同一年度，" + OUTSIDE) == 1, text
        head = Text(text.split("\n\n")[0])
        assert "同一企业同一年度只能取其一（《示例办法》第七条）：示例：同组的奖励、示例：智能化改造奖励" in head, text
        assert "policycalc combine" in head, text
    # One of them alone excludes nothing that is there.
    assert "只能取其一" not in tells("match", *FIRM, "--explain", "--policy", "demo-smart-2026")
    assert "“同一投入的其他市级奖补”" not in tells("match", "staff=3", *FIRM[-2:], "--explain", "--all", "--policy", "demo-smart")
    assert OUTSIDE in tells("match", *FIRM, "--format", "html", "--policy", "demo-smart-2026")
    text = tells("combine", *FIRM, "--policy", "demo-smart-2026,demo-other-2026")
    assert "目录以外的互斥（未核对" in text and "示例：智能化改造奖励：未核对：" in text and OUTSIDE in text, text
    assert "未核对" not in tells("combine", *FIRM, "--policy", "demo-other-2026")
    text = tells("guide", "demo-smart-2026", "--as-of", "2026-03-15")
    assert OUTSIDE in text, text
    text = tells("--lang", "en", "guide", "demo-smart-2026", "--as-of", "2026-03-15")
    assert 'not checked: cannot be had together with "Other city awards for the same expense"' in text, text


def policy():
    """All that the editor has written can be read again, with its sources."""
    text = tells("policy", "demo-smart-2026")
    for words in ("有效期：2026-01-01 至 2027-12-31", "申报：2026-03-01 至 2026-04-30",
                  "申报：2027-03-01 至 2027-04-30", "地区：411200 三门峡市", "行业：C 制造业；不含 C16 烟草制品业",
                  "  · demo-smart 组：同一企业同一年度只能取其一", OUTSIDE, "依据：《示例办法》第三条第一款",
                  "基数：e.rd_expense", "分段：至 p.demo_first_part：p.demo_rate_first", "分段：p.demo_rate_rest",
                  "上限：每年：p.demo_cap", "评分表：evaluation",
                  "＝ 100万元（2026-01-01至2026-12-31）", "依据：《示例办法》（示例〔2026〕1号）第四条",
                  "依据：《示例办法的补充通知》第一条"):
        assert words in text, (words, text)
    assert "层级：县区" in tells("policy", "lushi-startup-loan")
    assert "申报：时间未载明（按可以申报计算）" in tells("policy", "lushi-startup-loan")
    text = tells("--lang", "en", "policy", "demo-smart-2026")
    for words in ("in force: 2026-01-01 to 2027-12-31", "apply: 2026-03-01 to", "group demo-smart:", "source: 示例办法"):
        assert words in text, (words, text)


def before_it_opens():
    """The document states the amount, only not for today."""
    text = tells("match", *FIRM[:-1], "2025-12-01", "--explain", "--all", "--policy", "demo-smart-2026")
    assert "尚未开始：2026-01-01" in text and "开放后计算：金额所依据的数字自开放时起才有规定" in text, text
    assert "未载明" not in text, text


def sources():
    """A figure is cited by number and clause, not by an edition that does not exist."""
    firm = [fact.replace("staff=20", "staff=19") for fact in FIRM]
    text = tells("match", *firm, "--explain", "--all", "--policy", "demo-smart-2026")
    assert "职工总数 19 人，要求不低于 20 人，还差 1 人（《示例办法》示例〔2026〕1号第三条）" in text, text
    assert "2026 版" not in text, text


def part_of_a_name():
    """As in the questionnaire, a part that only one name has is enough; otherwise all is said in Chinese."""
    whole, part = (tells("match", f"region={name}", *FIRM[1:], "--policy", "demo-smart-2026")
                   for name in ("湖滨区", "湖滨"))
    assert whole == part and "待审核" in part, (whole, part)
    text = tells("match", "region=三门峡开", *FIRM[1:], code=2)
    assert "没有“三门峡开”" in text and "no such" not in text, text
    text = tells("match", "region=三门", *FIRM[1:], code=2)
    assert "“三门”有" in text and "三门峡市（411200）" in text and "请写全称或代码" in text, text
    file = FOLDER / "firms.csv"
    file.write_text("统一社会信用代码,注册地,职工总数\n91999999000000019D,湖滨,45\n919999990000000278,三门,45\n",
                    encoding="utf-8")
    text = tells("registry", "import", str(file), "--supplier", "三门峡市测试局", "--as-of", "2026-06-30", code=1)
    rejected = Text((FOLDER / "firms.csv.rejects.csv").read_text(encoding="utf-8"))
    assert "“三门”有" in rejected and "湖滨" not in rejected and "no such" not in rejected, rejected
    assert "411202" in tells("registry", "get", "91999999000000019D", "--format", "json")


def basis():
    """Day, revision, and that the department decides, under every table."""
    for command in (("match",), ("combine",), ("match", "--combine")):
        assert "按 2026-03-15 的政策目录（第 1 版）计算，以主管部门审核为准。" in tells(*command, *FIRM), command
    assert "以主管部门审核为准。" in tells("match", *FIRM, "--explain")


def open_amount():
    """The questionnaire does not end with a range as if that were all there is to know."""
    known = [fact for fact in FIRM[:-2] if not fact.startswith("rd_expense")]
    text = tells("ask", *known, "rd_intensity=6%", *FIRM[-2:], "--policy", "demo-other-2026")
    assert "全部政策都已有结论" in text and "结论已定而金额还不确定的" in text, text
    assert "补充后可算出金额：上年度研发投入（rd_expense）" in text, text


def first_call():
    """The caller's program of the README, and the part of it that is shown there."""
    root = pathlib.Path(__file__).resolve().parents[2]
    program = (root / "tests/interop/first_call.py").read_text(encoding="utf-8")
    shown = re.search(r"^```python\n(.*?)^```$", (root / "README.md").read_text(encoding="utf-8"), re.M | re.S)[1]
    for line in shown.splitlines()[1:]:
        assert line in program.splitlines(), line
    generated = FOLDER / "calls"
    generated.mkdir()
    subprocess.run(f"{sys.argv[2]} -I . --python_out={generated} google/rpc/status.proto policycalc/v1/*.proto",
                   shell=True, check=True, cwd=sys.argv[3], timeout=60)
    done = subprocess.run([sys.executable, str(root / "tests/interop/first_call.py"), daemon.addresses[0],
                           str(generated)], capture_output=True, text=True, check=True, timeout=60)
    assert "第 1 版目录，2026-03-01" in done.stdout and "VERDICT_" in done.stdout, done.stdout


run(exclusions, policy, before_it_opens, sources, part_of_a_name, basis, open_amount, first_call)
