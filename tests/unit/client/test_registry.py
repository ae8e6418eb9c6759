#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The registry commands against the friendly server of fake_server.py, which runs this. Its
dictionary has staff (a count) and revenue (money by year).

usage: test_registry.py POLICYCALC
"""
import csv
import io
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unicodedata
import unittest

PROGRAM = str(pathlib.Path(sys.argv.pop(1)).resolve())
SERVER = os.environ["POLICYCALC_TEST_SERVER"]
A, B, C = "91410300665989305X", "911101085923662400", "911101085923662419"


def run(*arguments, server=SERVER, stdin=None, columns="80", cwd=None):
    environment = dict(os.environ, COLUMNS=columns, POLICYCALC_SERVER=server)
    if isinstance(stdin, str):
        stdin = stdin.encode()
    result = subprocess.run([PROGRAM, "registry", *arguments], env=environment, input=stdin,
                            capture_output=True, timeout=60, cwd=cwd)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def display_width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Folder(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)

    def tearDown(self):
        self.holder.cleanup()

    def write(self, text, name="firms.csv"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def rejects(self, name="firms.csv.rejects.csv"):
        path = self.folder / name
        if not path.exists():
            return None
        data = path.read_bytes()
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


class Import(Folder):
    def test_good(self):
        path = self.write(f"统一社会信用代码,企业名称,职工总数,营业收入（2025年）(万元)\n{A},甲,,\n"
                          .replace("职工总数", "人数") + f"{B},乙,12,380\n{C},丙,未知,1.5亿\n")
        code, out, err = run("import", path)
        self.assertEqual((code, self.rejects()), (0, None), err)
        self.assertRegex(out, r"读到 +3\n新增 +3\n有变化 +0\n无变化 +0\n提醒 +1\n退回 +0\n")
        self.assertIn("导入编号 3，快照 5", out)
        self.assertIn("第 4 行：uscc: the check digit fails", err)
        for line in out.splitlines():
            self.assertLessEqual(display_width(line), 80)

    def test_header(self):
        path = self.write(f"uscc,staff\n{A},7\n")
        code, out, err = run("--format", "json", "import", path, "--supplier", "TELL", "--as-of",
                             "2026-03-01", "--dry-run", "--replace")
        answer = json.loads(out)
        self.assertEqual(code, 0, err)
        self.assertEqual(answer["warnings"][0]["message"], "2026-03-01 [] True True")
        self.assertEqual((answer["unchanged"], answer["import_id"], answer["dry_run"]), (1, 0, True))
        self.assertIn("没有改动", run("import", path, "--dry-run")[1])

    def test_nothing(self):
        path = self.write("uscc,staff,虚构样例\n\n")
        code, out, err = run("import", path)
        self.assertEqual(code, 0)
        self.assertIn("一行数据也没有", err)
        self.assertRegex(out, r"读到 +0\n")

    def test_supplier(self):
        path = self.write(f"uscc,虚构样例,staff\n{A},是,7\n")
        self.assertEqual(json.loads(run("--format", "json", "import", path)[1])["supplier"],
                         "虚构样例")
        path = self.write(f"uscc,staff\n{A},7\n")
        self.assertEqual(json.loads(run("--format", "json", "import", path)[1])["supplier"],
                         "未注明：firms.csv")

    def test_headings_refused(self):
        """Nothing is sent when the headings are wrong: the server would count the supplier WRONG."""
        for headings, words in (
                ("staff,revenue", "没有统一社会信用代码列"),
                ("uscc,staff,USCC", "第 1 列和第 3 列都是统一社会信用代码"),
                ("uscc,staff,人数", "第 2 列“staff”和第 3 列“人数”是同一项：staff"),
                ("uscc,staff@2025", "staff 不分年度"),
                ("uscc,revenue@2025(人)", "“人”不是 revenue 的单位")):
            code, out, err = run("import", self.write(f"{headings}\n{A},1,1\n"), "--supplier", "WRONG")
            self.assertEqual((code, out), (2, ""), err)
            self.assertIn(words, err)
            self.assertNotIn("no such day", err)
            self.assertIsNone(self.rejects())

    def test_other_columns(self):
        path = self.write(f"uscc,电话,staf,staff\n{A},1,2,3\n")
        code, out, err = run("import", path)
        self.assertEqual(code, 0)
        self.assertIn("列“电话”不导入：没有这个属性", err)
        self.assertIn("是不是“staff”", err)
        code, out, err = run("import", path, "--strict")
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(json.loads(run("--format", "json", "import", path)[1])["left_columns"],
                         ["电话", "staf"])

    def test_rejects(self):
        path = self.write(f"uscc,staff,revenue(元)\n{A},7,5\n{B},many,666\n9141,1,\n{B},,666\n"
                          f"{B},2,\n{C},\"3\n")
        code, out, err = run("import", path)
        self.assertEqual(code, 1, err)
        self.assertRegex(out, r"读到 +6\n")
        self.assertRegex(out, r"退回 +5\n  WRONG_TYPE +2\n  BAD_USCC +1\n  QUOTE_OPEN +1\n"
                              r"  DUPLICATE_USCC +1\n")
        rows = self.rejects()
        self.assertEqual(rows[0], ["退回_行", "退回_列", "退回_表头", "退回_原因", "退回_说明",
                                   "uscc", "staff", "revenue(元)"])
        self.assertEqual([row[:4] for row in rows[1:]], [
            ["3", "2", "staff", "WRONG_TYPE"], ["4", "1", "uscc", "BAD_USCC"],
            ["7", "", "", "QUOTE_OPEN"], ["5", "3", "revenue(元)", "WRONG_TYPE"],
            ["6", "1", "uscc", "DUPLICATE_USCC"]])
        self.assertEqual(rows[1][5:], [B, "many", "666"])
        self.assertEqual(rows[4][4:], ["unlucky", B, "", "666"])
        self.assertIn("整数", rows[1][4])
        self.assertEqual(rows[3][5:], [f'{C},"3'])
        # Mended it can be imported as it is; what is rejected again does not grow.
        mended = self.folder / "mended.csv"
        mended.write_text((self.folder / "firms.csv.rejects.csv").read_text("utf-8-sig")
                          .replace("many", "1000"), "utf-8")
        code, out, err = run("import", str(mended))
        self.assertEqual(code, 1)
        self.assertNotIn("不导入", err)
        self.assertEqual(self.rejects("mended.csv.rejects.csv")[0], rows[0])

    def test_rejects_in_english(self):
        path = self.write(f"uscc,staff\n{A},many\n")
        code, out, err = run("--lang", "en", "import", path, "--rejects", str(self.folder / "no.csv"))
        self.assertEqual(code, 1)
        rows = self.rejects("no.csv")
        self.assertEqual(rows[0][:5], ["reject_line", "reject_column", "reject_heading",
                                       "reject_reason", "reject_message"])
        self.assertIn("a whole number", rows[1][4])
        self.assertRegex(out, r"rejected +1\n")

    def test_rejects_that_cannot_be_written(self):
        path = self.write(f"uscc,staff\n{A},many\n")
        code, out, err = run("import", path, "--rejects", path)
        self.assertEqual((code, out), (2, ""), err)
        self.assertIn("导入的文件本身", err)
        code, out, err = run("import", path, "--rejects", "/dev/full")
        self.assertEqual((code, out), (3, ""), err)

    def test_complete(self):
        path = self.write(f"uscc,staff\n{A},7\n")
        code, out, err = run("import", path, "--complete", "staff")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("不是企业的是否类属性", err)

    def test_encodings(self):
        text = f"统一社会信用代码,人数,营业收入(万元)\n{A},7,\n{B},,3万元\n"
        for data in (text.encode("gb18030"), b"\xef\xbb\xbf" + text.encode(),
                     text.replace("\n", "\r\n").encode()):
            code, out, err = run("import", self.write(data))
            self.assertEqual(code, 0, err)
            self.assertRegex(out, r"新增 +1\n有变化 +0\n无变化 +1\n")
        mixed = text.encode() + f"{C},1,万元甲\n".encode("gb18030") + f"{C},2,\n".encode()
        code, out, err = run("import", self.write(mixed))
        self.assertEqual(code, 1)
        self.assertEqual(self.rejects()[1], [
            "4", "3", "营业收入(万元)", "ENCODING", "第 3 列是 GB18030 编码，文件其余是 UTF-8", C, "1",
            "万元甲"])
        self.assertRegex(out, r"新增 +2\n")
        code, out, err = run("import", self.write(text.encode("utf-16")))
        self.assertEqual((code, out), (2, ""))
        self.assertIn("UTF-16", err)
        code, out, err = run("import", self.write(text.encode("gb18030")), "--encoding", "utf-8")
        self.assertEqual((code, out), (2, ""))
        self.assertIn("--encoding", err)
        code, out, err = run("import", self.write(text), "--encoding", "latin1")
        self.assertEqual((code, out), (2, ""))

    def test_delimiters(self):
        for delimiter in "\t;|":
            text = f"uscc,staff\n{A},7\n".replace(",", delimiter)
            self.assertEqual(run("import", self.write(text))[0], 0)
            self.assertEqual(run("import", self.write(text), "--delimiter",
                                 "tab" if delimiter == "\t" else delimiter)[0], 0)
        text = f"统一社会信用代码|人数\n{A}|7\n".encode("gb18030")
        code, out, err = run("import", self.write(text))
        self.assertEqual((code, out), (2, ""))
        self.assertIn("UTF-8", err)
        self.assertEqual(run("import", self.write(f"uscc,staff\n{A},7\n"), "--delimiter", "")[0], 2)

    def test_damaged(self):
        # A line that is far too long, a file that ends in the middle.
        path = self.write(f"uscc,staff\n{A},7\n{B}," + "9" * (3 << 20) + f"\n{B},1\n{C}")
        code, out, err = run("import", path)
        self.assertEqual(code, 1)
        rows = self.rejects()
        self.assertEqual([row[0] + row[3] for row in rows[1:]], ["3LINE_TOO_LONG", "5FIELD_COUNT"])
        self.assertIn("可能不完整", rows[2][4])
        self.assertLess(len(rows[1][5]), 1000)
        self.assertRegex(out, r"新增 +1\n有变化 +0\n无变化 +1\n")
        for text, words in (("", "空的"), ("\"uscc,staff\n", "表头"), ("uscc\0,staff\n", "表头")):
            code, out, err = run("import", self.write(text))
            self.assertEqual((code, out), (2, ""))
            self.assertIn(words, err)
        self.assertEqual(run("import", self.write("uscc,staff\n"))[0], 0)
        self.assertEqual(run("import", str(self.folder))[0], 2)
        self.assertEqual(run("import", str(self.folder / "none.csv"))[0], 2)
        self.assertEqual(run("import")[0], 2)

    def test_json(self):
        lines = "\n".join((json.dumps({"uscc": A, "attributes": {"staff": 7}}),
                           json.dumps({"uscc": B, "attributes": {"revenue@2025": "6亿元"}}),
                           json.dumps({"uscc": C, "attributes": {"staf": 7}}), "{", ""))
        for name in ("firms.ndjson", "firms.jsonl", "firms"):
            code, out, err = run("import", self.write(lines, name))
            self.assertEqual(code, 1, err)
            rows = self.rejects(f"{name}.rejects.csv")
            self.assertEqual([row[0] + row[3] for row in rows[1:]], ["3BAD_PROFILE", "4BAD_JSON"])
            self.assertIn("staff", rows[1][4])
            self.assertEqual(json.loads(rows[1][5])["uscc"], C)
            self.assertRegex(out, r"新增 +1\n有变化 +0\n无变化 +1\n")

    def test_stdin(self):
        code, out, err = run("import", "-", stdin=f"uscc,revenue(元)\n{A},\n{B},666\n{C},x\n",
                             cwd=self.folder)
        self.assertEqual(code, 1, err)
        rows = self.rejects("stdin.rejects.csv")
        self.assertEqual([row[:4] for row in rows[1:]], [["4", "2", "revenue(元)", "WRONG_TYPE"],
                                                         ["3", "2", "revenue(元)", "WRONG_TYPE"]])
        code, out, err = run("import", "-", stdin=json.dumps({"uscc": A}))
        self.assertEqual(code, 0, err)

    def test_service_failures(self):
        path = self.write(f"uscc,staff\n{A},7\n" + f"{B},1\n" * 20000)
        code, out, err = run("import", path, "--supplier", "WRONG")
        self.assertEqual((code, out), (2, ""), err)
        self.assertIn("no such day", err)
        self.assertNotIn("再导入一次", err)
        code, out, err = run("import", path, "--supplier", "LATE")
        self.assertEqual((code, out), (3, ""))
        self.assertIn("the disk is full", err)
        self.assertIn("再导入一次", err)
        code, out, err = run("import", path, server=os.environ["POLICYCALC_TEST_DEAD"])
        self.assertEqual((code, out), (3, ""))

    def test_many_rejects(self):
        """What the server lists it lists by line, also when rows are many and lines are missing."""
        text = ["uscc,staff"]
        for i in range(3000):
            text.append(f"{B},{'x' if i % 3 == 0 else 1}")
        code, out, err = run("import", self.write("\n".join(text) + "\n"))
        self.assertEqual(code, 1)
        rows = self.rejects()[1:]
        self.assertEqual(sum(row[3] == "WRONG_TYPE" for row in rows), 1000)
        self.assertEqual([int(row[0]) for row in rows if row[3] == "DUPLICATE_USCC"],
                         [i + 2 for i in range(3000) if i % 3][1:])

    def test_progress(self):
        """A bar on a terminal, with rate and what is left; nothing of it elsewhere."""
        path = self.write("uscc,staff\n" + f"{B},1\n" * 60000)
        controller, terminal = pty.openpty()
        process = subprocess.Popen([PROGRAM, "registry", "import", path], stderr=terminal,
                                   stdout=subprocess.PIPE, env=dict(os.environ,
                                                                    POLICYCALC_SERVER=SERVER))
        os.close(terminal)
        shown = b""
        while True:
            try:
                data = os.read(controller, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        process.communicate(timeout=60)
        os.close(controller)
        self.assertRegex(shown.decode(), r"\r\[#*\.*\] +\d+%  \d+ 行  \d+ 行/秒  剩余 [-\d]+:[-\d]+")
        for line in re.split(r"[\r\n]+", shown.decode().replace("\033[K", "")):
            self.assertLessEqual(display_width(line), 80, line)
        self.assertNotIn("\r", run("import", path)[2])


class Sample(Folder):
    def test_deterministic(self):
        small, large = run("sample", "20")[1], run("sample", "200")[1]
        self.assertTrue(large.startswith(small))
        self.assertEqual(run("sample", "20", "--seed", "1")[1], small)
        self.assertNotEqual(run("sample", "20", "--seed", "2")[1], small)
        path = self.folder / "out.csv"
        self.assertEqual(run("sample", "20", "--out", str(path))[:2], (0, ""))
        self.assertEqual(path.read_text(), small)
        for arguments in (("sample",), ("sample", "-1"), ("sample", "x"), ("sample", "100000000"),
                          ("sample", "5", "--as-of", "2026-13-01"), ("sample", "5", "--seed", "x"),
                          ("sample", "5", "--out", "/no/such/place")):
            self.assertEqual(run(*arguments)[0], 2, arguments)

    def test_marked(self):
        symbols = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        rows = list(csv.reader(io.StringIO(run("sample", "3000")[1])))
        seen = set()
        for row in rows[1:]:
            self.assertEqual(len(row), len(rows[0]))
            self.assertIn("(虚构)", row[1])
            self.assertEqual(row[2], "是")
            uscc = row[0]
            self.assertTrue(uscc.startswith("91999999"))
            self.assertEqual(sum(symbols.index(c) * pow(3, i, 31) for i, c in
                                 enumerate(uscc[:17])) % 31 + symbols.index(uscc[17]) - 31 *
                             (sum(symbols.index(c) * pow(3, i, 31) for i, c in
                                  enumerate(uscc[:17])) % 31 != 0), 0, uscc)
            weights = (3, 7, 9, 10, 5, 8, 4, 2)
            check = (11 - sum(int(c) * w for c, w in zip(uscc[8:16], weights)) % 11) % 11
            self.assertEqual(uscc[16], "X" if check == 10 else str(check))
            seen.add(uscc)
        self.assertEqual(len(seen), 3000)

    def test_plausible(self):
        rows = list(csv.DictReader(io.StringIO(run("--lang", "en", "sample", "4000")[1])))
        staff = [int(row["staff"]) for row in rows if row["staff"]]
        self.assertTrue(5 < sorted(staff)[len(staff) // 2] < 40)
        self.assertGreater(max(staff), 500)
        known = [(float(row["revenue@2025(万元)"]), float(row["rd_expense@2025(万元)"])) for row in
                 rows if row["revenue@2025(万元)"] and row["rd_expense@2025(万元)"]]
        active = [(revenue, research) for revenue, research in known if research]
        self.assertTrue(0.05 < len(active) / len(known) < 0.5, len(active) / len(known))
        self.assertTrue(all(research < revenue for revenue, research in active))
        titled = [row for row in rows if row["titles"] not in ("", "none")]
        self.assertTrue(0.02 < len(titled) / len(rows) < 0.3, len(titled))
        cells = sum(1 for row in rows for value in list(row.values())[3:] if value)
        self.assertTrue(38 < cells / len(rows) < 42, cells / len(rows))
        self.assertEqual(len({row["region"] for row in rows}), 9)


class Reading(unittest.TestCase):
    def test_get(self):
        code, out, err = run("get", A)
        self.assertEqual(code, 0, err)
        self.assertIn(f"{A}  快照 5", out)
        self.assertRegex(out, r"人数 +7（不在名单） +三门峡市统计局 +2026-01-01")
        self.assertRegex(out, r"营业收入 +2025 +380万元 ")
        self.assertRegex(out, r"l1\n  staff：\?")
        self.assertNotIn("改动前", out)
        code, out, err = run("get", A, "--history", "--at", "9")
        self.assertRegex(out, r"10 +人数 +6 +7\n")
        self.assertRegex(out, r"10 +营业收入 +2025 +380万元\n")
        for line in out.splitlines():
            self.assertLessEqual(display_width(line), 80)
        self.assertEqual(json.loads(run("--format", "json", "get", A)[1])["profile"]["uscc"], A)
        code, out, err = run("get", B)
        self.assertEqual((code, out), (2, ""))
        self.assertIn("no such enterprise", err)
        self.assertEqual(run("get")[0], 2)
        self.assertEqual(run("get", A, "--at", "x")[0], 2)

    def test_status(self):
        for name in ("status", "list"):
            code, out, err = run(name)
            self.assertEqual(code, 0, err)
            self.assertIn("12345678 家企业，最新快照 5", out)
            self.assertIn("2026-01-03 07:04", out)
            self.assertIn("（虚构、中断）", out)
            for line in out.splitlines():
                self.assertLessEqual(display_width(line), 80)
        self.assertEqual(json.loads(run("--format", "json", "status")[1])["sequence"], 5)
        self.assertEqual(run("status", "x")[0], 2)

    def test_help(self):
        for command in ((), ("import",), ("get",), ("status",), ("sample",)):
            for lang, first in (("zh", "用法："), ("en", "usage:")):
                code, out, err = run("--lang", lang, *command, "--help")
                self.assertEqual(code, 0, err)
                self.assertTrue(out.startswith(first))
                for line in out.splitlines():
                    self.assertLessEqual(display_width(line), 80, line)


if __name__ == "__main__":
    unittest.main()
