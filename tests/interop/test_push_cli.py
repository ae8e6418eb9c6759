# SPDX-License-Identifier: Apache-2.0
"""policycalc push against a real daemon: runs, pulling, acknowledging, confirming, wishes, exit codes.

usage: test_push_cli.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import csv
import io
import json
import os
import subprocess
import sys
import unicodedata

from harness import FOLDER, few_policies, run
from push_world import code, world

POLICYCALC = sys.argv[5]
few_policies()
daemon, client = world({1: 30, 2: 30, 3: 9, 4: 2})


def cli(*arguments, status=0, lang="zh", stdin=None):
    """Standard output of a command that must end with @status."""
    done = subprocess.run(
        [POLICYCALC, "--server", daemon.addresses[0], *arguments, "--lang", lang],
        input=stdin, capture_output=True, text=True, timeout=60,
        env={**os.environ, "COLUMNS": "80", "USER": "tester"})
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    cli.err = done.stderr
    for line in done.stdout.splitlines() if "--format" not in arguments else []:
        width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        assert width <= 80, line
    return done.stdout


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_help():
    for command in ["run", "watch", "list", "show", "cancel", "deliveries", "confirm", "pull", "ack",
                    "subscribe", "dead", "status"]:
        assert cli("push", command, "--help").startswith("用法：policycalc push " + command)
        assert cli("push", command, "--help", lang="en").startswith(
            "usage: policycalc push " + command)
    assert "push run" in cli("--help") and "subscribe" in cli("push", "--help")
    cli("push", "nothing", status=2)


def test_run_and_show():
    dry = json.loads(cli("push", "run", "--dry-run", "--format", "json"))
    assert dry["silent"] and dry["reason"] == "dry run" and dry["deliveries"] == 0
    text = cli("push", "run", "--note", "每夜")
    assert "第 2 次推送：完成" in text and "demo-push-award" in text and "新符合" in text, text
    assert "全部政策，全部企业" in text and "每夜" in text
    again = cli("push", "run", lang="en")
    assert "nothing new" in again and "run 3: finished" in again, again
    one = json.loads(cli("push", "show", "2", "--format", "json"))
    assert {(c["series"], c["kind"], c["count"]) for c in one["counts"]} == {
        ("demo-push-award", "NEWLY_ELIGIBLE", 2), ("demo-push-held", "NEWLY_ELIGIBLE", 2),
        ("demo-push-award", "NEWLY_NEAR", 1), ("demo-push-held", "NEWLY_NEAR", 1)}
    runs = json_lines(cli("push", "list", "--format", "json"))
    assert [r["id"] for r in runs] == [3, 2, 1]
    assert "试运行" in cli("push", "list")
    steps = json_lines(cli("push", "watch", "2", "--format", "json"))
    assert steps[-1]["run"]["state"] == "FINISHED"
    assert "第 3 次推送" in cli("push", "watch")
    cli("push", "run", "--policy", "demo-push-award", "demo-push-held", "--changed", "--no-wait")
    cli("push", "watch")


def test_wrong_usage():
    cli("push", "run", "--full", "--changed", status=2)
    cli("push", "run", "stray", status=2)
    cli("push", "run", "--since-revision", "x", status=2)
    cli("push", "run", "--policy", "no-such", status=2)
    assert 'there is no policy or series "no-such"' in cli.err
    cli("push", "run", "--as-of", "2026-02-30", status=2)
    cli("push", "show", "99", status=2)
    cli("push", "cancel", "2", status=1)
    assert "run 2 has ended" in cli.err
    cli("push", "cancel", status=2)
    cli("push", "pull", "--lease", "5", status=2)
    cli("push", "pull", "--kind", "gift", status=2)
    cli("push", "pull", "--region", "火星", status=2)
    assert "no region of the catalog" in cli.err
    cli("push", "ack", "one", status=2)
    cli("push", "ack", "-f", "/no/such/file", status=2)
    cli("push", "confirm", status=2)
    cli("push", "subscribe", status=2)
    cli("push", "deliveries", "--state", "lost", status=2)


def test_pull_and_ack():
    text = cli("push", "pull", "--limit", "1", "--lease", "86400")
    assert code(1) in text and "新符合　演示推送award" in text and "2 项条件均符合" in text, text
    assert "已领取 1 份" in text and "push ack -f" in text, text
    lines = json_lines(cli("push", "pull", "--format", "ndjson", "--region", "卢氏县"))
    assert len(lines) == 1 and lines[0]["digest"]["uscc"] == code(2)
    assert lines[0]["digest"]["entries"][0]["kind"] == "NEWLY_ELIGIBLE"
    assert lines[0]["digest"]["key"] == lines[0]["key"] and lines[0]["attempts"] == 0
    path = FOLDER / "news.ndjson"
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    assert cli("push", "ack", "-f", str(path), "--failed") == "已退回 1 份\n"
    table = cli("push", "pull", "--format", "csv")
    assert table.startswith("\ufeff") and table.count("\ufeff") == 1
    rows = list(csv.reader(io.StringIO(table[1:])))
    assert rows[0][0] == "凭证号" and len(rows) == 3, rows
    assert {row[2] for row in rows[1:]} == {code(2), code(3)}
    assert {row[7] for row in rows[1:]} == {"新符合", "接近符合"}
    one = next(row for row in rows if row[2] == code(2))
    # The table is taken back as it was written, and a row that is no row is named.
    path = FOLDER / "news.csv"
    path.write_text(table)
    assert cli("push", "ack", "-f", str(path), "--failed") == "已退回 2 份\n"
    table = cli("push", "pull", "--format", "csv")
    one = next(row for row in csv.reader(io.StringIO(table[1:])) if row[2] == code(2))
    for text, where in (("key,lease\nx\n", "news.csv:2: "), ("a,b\n1,2\n", "news.csv:1: "), ("{}\n", "news.csv:1: "),
                        ('key,lease\n"x,y\n', "news.csv:2: ")):
        path.write_text(text)
        cli("push", "ack", "-f", str(path), status=2)
        assert where in cli.err and "没有 key 和 lease" in cli.err, cli.err
    path.write_text("")
    assert cli("push", "ack", "-f", str(path)) == "已确认送达 0 份\n"
    assert cli("push", "ack", one[0], one[1]) == "已确认送达 1 份\n"
    out = cli("push", "ack", one[0], "other", "ff", "x", status=1, lang="en")
    assert out == "acknowledged 0\n"
    assert "it was acknowledged by somebody else" in cli.err and "no such delivery" in cli.err
    assert cli("push", "pull") == "没有可领取的消息\n"


def test_confirm_and_list():
    held = json_lines(cli("push", "deliveries", "--state", "held", "--format", "json"))
    assert len(held) == 3
    assert cli("push", "confirm", held[0]["key"], "--by", "演示局") == "已确认 1 份\n"
    cli("push", "confirm", held[0]["key"], status=1)
    assert "it is not held" in cli.err
    assert cli("push", "confirm", "--series", "demo-push-held", "--refuse", "--note", "材料不全",
               lang="en") == "refused 2\n"
    table = cli("push", "deliveries", "--series", "demo-push-held")
    assert "不同意" in table and "可领取" in table, table
    assert len(json_lines(cli("push", "pull", "--ack", "--format", "json"))) == 1
    states = [d["state"] for d in json_lines(cli(
        "push", "deliveries", "--id", code(1), "--format", "json"))]
    assert sorted(states) in (["ACKED", "LEASED"], ["LEASED", "REFUSED"]), states
    assert cli("push", "deliveries", "--run", "77") == "没有消息\n"


def test_subscribe():
    assert "每次推送" in cli("push", "subscribe", code(1))
    text = cli("push", "subscribe", code(1), "--frequency", "weekly", "--kinds", "loan,award",
               "--deltas", "newly_eligible")
    assert "每七天至多一次" in text and "贷款、奖励" in text and "新符合" in text, text
    wish = json.loads(cli("push", "subscribe", code(1), "--format", "json"))
    assert wish["frequency"] == "WEEKLY" and wish["kinds"] == ["LOAN", "AWARD"]
    assert "什么都不接收" in cli("push", "subscribe", code(1), "--opt-out")
    back = cli("push", "subscribe", code(1), "--opt-in", "--kinds", "all", "--deltas", "all",
               lang="en")
    assert "at most once in seven days" in back and "kinds: all" in back
    cli("push", "subscribe", code(1), "--kinds", "gift", status=2)
    cli("push", "subscribe", code(99), status=2)


run(test_help, test_run_and_show, test_wrong_usage, test_pull_and_ack, test_confirm_and_list,
    test_subscribe)
