#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against the friendly server of fake_server.py, which runs this.

usage: test_cli.py POLICYCALC
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unicodedata
import unittest

PROGRAM = sys.argv.pop(1)
SERVER = os.environ["POLICYCALC_TEST_SERVER"]


def run(*arguments, server=SERVER, stdin=None, columns="80"):
    environment = dict(os.environ, COLUMNS=columns, POLICYCALC_SERVER=server)
    result = subprocess.run([PROGRAM, *arguments], env=environment, input=stdin, text=True,
                            capture_output=True, timeout=60)
    return result.returncode, result.stdout, result.stderr


def display_width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Options(unittest.TestCase):
    def test_help(self):
        for command in ((), ("match",), ("policies",), ("policy",), ("attributes",), ("catalog",),
                        ("catalog", "publish"), ("catalog", "log"), ("catalog", "export")):
            code, out, _ = run(*command, "--help")
            self.assertEqual(code, 0, command)
            self.assertIn("用法：policycalc", out)
            self.assertTrue(run("--lang", "en", *command, "--help")[1].startswith("usage:"))
            for columns in (40, 60, 80):
                for lang in ("zh", "en"):
                    for line in run("--lang", lang, *command, "--help",
                                    columns=str(columns))[1].splitlines():
                        self.assertLessEqual(display_width(line), columns, line)
                        self.assertEqual(line, line.rstrip())
        self.assertIn("\n                     $POLICYCALC_SERVER 或\n", run("--help", columns="50")[1])

    def test_files_that_cannot_be_read_are_told_in_chinese(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = os.path.join(folder, "broken.yaml")
            with open(broken, "w", encoding="utf-8") as file:
                file.write("staff: [1, 2\n")
            missing = os.path.join(folder, "missing")
            for arguments, zh, en in (
                    (("match", "-f", missing), "没有这个文件或目录", "No such file or directory"),
                    (("match", "-f", broken), "缺少 , 或 ]", "did not find expected ',' or ']'"),
                    (("ask", "-f", broken), "缺少 , 或 ]", "did not find expected ',' or ']'"),
                    (("ask", "--resume", missing), "没有这个文件或目录", "No such file or directory"),
                    (("ask", "staff"), "“staff”不是 名称=值", "'staff' is not name=value"),
                    (("match", "--token-file", missing, "staff=1"), "没有这个文件或目录", "No such file or directory"),
                    (("match", "--tls-ca", missing, "staff=1"), "没有这个文件或目录", "No such file or directory"),
                    (("match", "--tls-ca", broken, "staff=1"), "没有 PEM 格式的证书", "holds no certificate in PEM")):
                for lang, says, other in (("zh", zh, en), ("en", en, zh)):
                    code, out, err = run("--lang", lang, *arguments)
                    self.assertEqual((code, out), (2, ""), arguments)
                    self.assertIn(says, err)
                    self.assertNotIn(other, err)

    def test_help_tells_every_role(self):
        roles = ("reader", "registry", "batch", "department", "editor", "publisher", "operator")
        for lang, colon in (("zh", "："), ("en", ": ")):
            _, out, _ = run("--lang", lang, "keygen", "--help")
            said = [line.split(colon)[0].strip() for line in out.splitlines() if line.startswith("  ")]
            self.assertEqual([name for name in said if name in roles], list(roles))

    def test_what_the_check_finds_in_both_languages(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "policies").mkdir()
            pathlib.Path(folder, "attributes.yaml").write_text("""\
attributes:
  - {name: staff, type: COUNT, minimum: 0, period: POINT, label: {zh: 职工, en: Staff}, lable: x}
""", encoding="utf-8")
            code, out, _ = run("catalog", "check", folder)
            self.assertEqual(code, 1)
            self.assertIn('attributes.yaml:2:87: 错误: 没有“lable”这个键，是不是 label？\n', out)
            self.assertNotIn("unknown key", out)
            _, out, _ = run("--lang", "en", "catalog", "check", folder)
            self.assertIn('attributes.yaml:2:87: error: unknown key "lable"; did you mean label?\n', out)
            # The document is the service's, whatever the language.
            _, out, _ = run("--format", "json", "catalog", "check", folder)
            self.assertIn("did you mean label?", out)

    def test_a_folder_that_will_not_do_in_both_languages(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "attributes.yaml").symlink_to("/dev/null")
            for arguments in (("check",), ("publish",), ("simulate",), ("diff", folder)):
                code, _, err = run("catalog", *arguments, folder)
                self.assertEqual(code, 2)
                self.assertIn("attributes.yaml：不能是符号链接\n", err)
                _, _, err = run("--lang", "en", "catalog", *arguments, folder)
                self.assertIn("attributes.yaml: symbolic links are not followed\n", err)

    def test_how_a_call_failed_in_both_languages(self):
        _, _, err = run("--server", "127.0.0.1:1", "policies")
        self.assertIn("policycalc: 服务不可用：连接 127.0.0.1:1：连接被拒绝 (UNAVAILABLE)\n", err)
        _, _, err = run("--lang", "en", "--server", "127.0.0.1:1", "policies")
        self.assertIn("policycalc: connecting to 127.0.0.1:1: Connection refused (UNAVAILABLE)\n", err)

    def test_output_that_cannot_be_written(self):
        """Nothing is lost without a word, and nothing printed goes where it was not meant to."""
        for arguments in (("--help",), ("match", "staff=1"), ("policies",)):
            for redirection in (">/dev/full", ">&-", "| true"):
                result = subprocess.run(
                    ["bash", "-c", f'set -o pipefail; trap "" PIPE; "$@" {redirection}', "bash",
                     PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                    env=dict(os.environ, POLICYCALC_SERVER=SERVER))
                if redirection == "| true":  # it may have been in time, or not
                    self.assertNotIn("标准输出", result.stderr)
                else:
                    self.assertEqual(result.returncode, 3, (arguments, redirection))
                    self.assertIn("标准输出", result.stderr)

    def test_mistakes(self):
        for arguments, words in (
                ((), "用法"),
                (("mach",), "是不是 'match'"),
                (("catalog", "pubish"), "是不是 'catalog publish'"),
                (("match", "--exlain", "a=1"), "是不是 '--explain'"),
                (("match", "--as-of"), "需要一个值"),
                (("match", "--all=yes"), "不带值"),
                (("match",), "--help"),
                (("match", "staff"), "不是 名称=值"),
                (("match", "revenue@=5元"), "如 revenue@2024"),
                (("match", "projects.p1=5"), "projects.编号.属性"),
                (("match", "--format", "xml", "staff=1"), "table | json"),
                (("policies", "--kind", "gift"), "tax-relief"),
                (("policies", "extra"), "--search"),
                (("policy",), "编号"),
                (("attributes", "stafg"), "是不是 'staff'"),
                (("match", "-f", "/no/such/file"), "没有这个文件")):
            code, _, err = run(*arguments)
            self.assertEqual(code, 2, arguments)
            self.assertIn(words, err)

    def test_all_mistakes_of_a_profile(self):
        code, out, err = run("match", "revenu=1万元", "staf=1", "revenue=12")
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(len(err.splitlines()), 3)
        self.assertIn("'revenue'", err)
        self.assertIn("'staff'", err)

    def test_no_service(self):
        code, _, err = run("policies", server=os.environ["POLICYCALC_TEST_DEAD"])
        self.assertEqual(code, 3)
        self.assertIn("--server", err)
        code, _, err = run("policies", "--timeout", "1",
                           server=os.environ["POLICYCALC_TEST_SILENT"])
        self.assertEqual(code, 3)
        self.assertIn("DEADLINE_EXCEEDED", err)


class Deadlines(unittest.TestCase):
    def seconds(self, *arguments):
        """How long the calls of a command may take, by function of the fake server."""
        calls = pathlib.Path(os.environ["POLICYCALC_TEST_CALLS"])
        before = len(calls.read_bytes()) if calls.exists() else 0
        code, _, err = run(*arguments)
        self.assertEqual(code, 0, err)
        lines = calls.read_bytes()[before:].decode().split("\n")[:-1]
        return {name: None if left == "None" or float(left) > 1e9 else float(left)
                for name, left in (line.split() for line in lines)}

    def test_what_takes_long_has_no_end_unless_told(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "policies").mkdir()
            pathlib.Path(folder, "policies/p1.yaml").write_text("id: p1\n", encoding="utf-8")
            for name, arguments in (
                    ("find", ["find", "p1"]), ("report", ["report", "blocked"]),
                    ("simulate", ["catalog", "simulate", folder]), ("pull", ["push", "pull"]),
                    ("watch_run", ["push", "watch"]), ("publish", ["catalog", "publish", folder]),
                    ("export", ["catalog", "export", folder + "/out"])):
                self.assertIsNone(self.seconds(*arguments)[name], name)
                left = self.seconds(*arguments, "--timeout", "7")[name]
                self.assertTrue(0 < left <= 7, (name, left))
        self.assertTrue(20 < self.seconds("policies")["list_policies"] <= 30)


class Pages(unittest.TestCase):
    def test_a_server_that_repeats_itself(self):
        calls = pathlib.Path(os.environ["POLICYCALC_TEST_CALLS"])
        stuck = calls.with_name(calls.name + ".stuck")
        lists = ((["policies"], "list_policies", "编号"), (["attributes"], "list_attributes", "名称"),
                 (["catalog", "log"], "revisions", "版本"), (["push", "list"], "list_runs", "状态"),
                 (["push", "deliveries", "--limit", "1000"], "list_deliveries", "状态"),
                 (["push", "dead", "--limit", "1000"], "list_deliveries", "原因"))
        stuck.touch()
        self.addCleanup(lambda: stuck.unlink(missing_ok=True))
        for arguments, function, heading in lists:
            before = len(calls.read_bytes()) if calls.exists() else 0
            code, out, err = run(*arguments)
            self.assertEqual(code, 0, (arguments, err))
            self.assertEqual(calls.read_bytes()[before:].decode().count(f"{function} "), 2, arguments)
            self.assertEqual(out.count(heading), 1, out)

    def test_one_heading_over_all_pages(self):
        for arguments, rows in ((["push", "list"], 4), (["push", "deliveries"], 6),
                                (["push", "dead"], 6), (["push", "dead", "--limit", "3"], 3)):
            code, out, err = run(*arguments)
            self.assertEqual(code, 0, err)
            self.assertEqual(len(out.splitlines()), rows + 2, out)
            self.assertEqual(len(run(*arguments, "--format=json")[1].splitlines()), rows)


class Match(unittest.TestCase):
    def test_table(self):
        code, out, _ = run("match", "revenue=380万元")
        self.assertEqual(code, 0)
        self.assertIn("可享受  政策revenue  380万元  revenue", out)

    def test_json(self):
        answers = json.loads(run("match", "--format=json", "revenue=380万元")[1])["answers"]
        self.assertEqual(answers[0]["amount"]["mostFen"], 380000000)
        self.assertEqual(answers[0]["verdict"], "ELIGIBLE")

    def test_combination(self):
        """Behind the table, and behind the explanation, as the command of its own prints it."""
        alone = run("combine", "revenue=380万元", "staff=9")
        self.assertEqual(alone[0], 0)
        self.assertIn("合计：一年内 190万元，全期 380万元", alone[1])
        self.assertIn("- 政策staff（p1） 0.07元：择一享受；", alone[1])
        for view in ((), ("--explain",), ("--explain", "--all"), ("--near",)):
            _, without, _ = run("match", *view, "revenue=380万元", "staff=9")
            # On what all that rests is the last line, once.
            *lines, basis = without.splitlines(keepends=True)
            self.assertIn("以主管部门审核为准", basis)
            combined = alone[1].splitlines(keepends=True)[:-1]
            self.assertEqual(run("match", "--combine", *view, "revenue=380万元", "staff=9")[:2],
                             (0, "".join(lines + ["\n"] + combined + [basis])), view)
        for columns in (40, 60, 80):
            for lang in ("zh", "en"):
                for line in run("--lang", lang, "match", "--combine", "revenue=380万元", "staff=9",
                                columns=str(columns))[1].splitlines():
                    self.assertLessEqual(display_width(line), columns, line)
        answer = json.loads(run("match", "--combine", "--format=json", "revenue=380万元")[1])
        self.assertEqual(answer["combination"]["sure"]["totalFen"], 190000000)
        self.assertNotIn("combination",
                         json.loads(run("match", "--format=json", "revenue=380万元")[1]))

    def test_profiles(self):
        yaml = "attributes:\n  revenue: 380万元\n"
        as_json = '{"attributes": {"revenue": 380000000}}'
        expected = run("match", "--format=json", "revenue=380万元")[1]
        for text in (yaml, as_json):
            self.assertEqual(run("match", "--format=json", "-f", "-", stdin=text)[:2],
                             (0, expected))
        # Arguments correct the file.
        code, out, _ = run("match", "-f", "-", "revenue=1元", stdin=yaml)
        self.assertEqual(code, 0)
        self.assertIn("  1元", out)

    def test_bad_profiles(self):
        for text, words in (
                ("attributes: {revenue: 1万元, revenue: 2万元}", "1:28"),
                ("attributes: &a {revenue: 1万元}", "1:13"),
                ("a: {" * 40, "嵌套太深"),
                ("attribute: {}", "attributes"),
                ("revenue: 1万元", "attributes"),
                ("- a", "对象"),
                ("", "文件是空的"),
                ("attributes: {}\n---\nb: 1", "第二个文档"),
                ("attributes: \xff", ""),
                ('{"attributes": {"revenue": 1.5}}', "整数"),
                ('{"attributes": {"revenue": null}}', "不知道"),
                ('{"attributes": ', "1:"),
                ('{"complete_lists": ["cars"]}', "cars")):
            code, out, err = run("match", "-f", "-", stdin=text)
            self.assertEqual((code, out), (2, ""), text)
            self.assertIn(words, err, text)

    def test_refused_by_the_service(self):
        code, _, err = run("match", "uscc=WRONG", "revenue=1元")
        self.assertEqual(code, 2)
        self.assertIn("profile.attributes[0].value: 需要一个金额", err)

    def test_too_many(self):
        for lang, says in (("zh", ("超出限额: 每秒调用次数", "属于: 身份 portal", "请在 3 秒后再试")),
                           ("en", ("over the limit: calls a second", "of: identity portal", "try again in 3 s"))):
            code, _, err = run("match", "uscc=MANY", "revenue=1元", "--lang", lang)
            self.assertEqual(code, 3, err)
            for words in says:
                self.assertIn("  " + words + "\n", err)


class Catalog(unittest.TestCase):
    def test_policies(self):
        self.assertIn("p1    市    贷款  科技贷", run("policies")[1])
        lines = run("policies", "--format=json")[1].splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines], ["p1"])
        self.assertIn("共 0 项", run("policies", "--search", "没有")[1])

    def test_policy(self):
        code, out, _ = run("policy", "p1")
        self.assertEqual(code, 0)
        self.assertIn("e.staff > 1", out)
        self.assertIn("""\
参数
  p.limit
    额度
    ＝ 50万元（至2024-12-31）
    ＝ 300万元（2025-01-01起）
  p.rate
    比例
    ＝ 未载明（2025-01-01至2025-12-31）
  p.age
    年限
    ＝ 3年
""", out)
        self.assertIn("= 300万元 (from 2025-01-01)", run("--lang", "en", "policy", "p1")[1])
        self.assertEqual(run("policy", "p9")[0], 2)

    def test_attributes_are_read_page_by_page(self):
        lines = run("attributes", "--format=json")[1].splitlines()
        self.assertEqual([json.loads(line)["name"] for line in lines], ["revenue", "staff"])

    def test_narrow(self):
        for columns in (40, 60, 80):
            for command in ("policies", "attributes"):
                for line in run(command, columns=str(columns))[1].splitlines():
                    self.assertLessEqual(display_width(line), columns)

    def test_log_export_publish(self):
        self.assertIn("7", run("catalog", "log")[1])
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run("catalog", "export", folder)[0], 0)
            written = pathlib.Path(folder, "policies/p1.yaml").read_text(encoding="utf-8")
            self.assertEqual(written, "id: p1\n")
            code, out, _ = run("catalog", "publish", folder, "--note", "test")
            self.assertEqual(code, 0)
            self.assertIn("已发布为第 14 版", out)


if __name__ == "__main__":
    unittest.main()
