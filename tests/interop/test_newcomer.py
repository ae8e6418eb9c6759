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


run(exclusions, policy)
