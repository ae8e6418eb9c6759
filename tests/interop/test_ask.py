# SPDX-License-Identifier: Apache-2.0
"""The questionnaire: scripts over standard input against the real daemon with the starter catalog.

usage: test_ask.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

from harness import FOLDER, Client, Daemon, module, run

PROGRAM = sys.argv[5]
AS_OF = ("--as-of", "2026-03-01")
daemon = Daemon()
ENVIRONMENT = dict(os.environ, COLUMNS="80", NO_COLOR="1", POLICYCALC_SERVER=daemon.addresses[0])


def ask(*arguments, lines=(), lang="zh", code=0):
    done = subprocess.run([PROGRAM, "--lang", lang, "ask", *arguments], env=ENVIRONMENT, text=True,
                          input="".join(line + "\n" for line in lines), capture_output=True,
                          timeout=120)
    assert done.returncode == code, (arguments, lines, done.returncode, done.stdout, done.stderr)
    return done.stdout


def events(*arguments, lines=()):
    return [json.loads(line) for line in
            ask(*arguments, "--format", "json", lines=lines).splitlines()]


def path(name):
    return str(pathlib.Path(FOLDER) / name)


def fits(text):
    for line in text.splitlines():
        columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        assert columns <= 80, (columns, line)


def questions(out):
    return re.findall(r"^(\d+)\. (.*)$", out, re.M)


def asks_and_reads_answers():
    out = ask(*AS_OF, "--policy", "national-rd-deduction,smx-tech-loan", lines=["灵宝市", "够了"])
    fits(out)
    assert "→ 灵宝市" in out or "→" in out, out
    assert "以主管部门审核为准" in out and "national-rd-deduction-2023" in out, out
    english = ask(*AS_OF, "--policy", "national-rd-deduction", lines=["help", "enough"], lang="en")
    fits(english)
    assert "policy that lacks information" in english and "Also: skip" in english, english


def wrong_answers_are_asked_again():
    out = ask("staff=45", *AS_OF, "--policy", "smx-tech-loan-2023", lines=["火星", "灵", "灵宝"])
    assert "“火星”不合要求" in out, out
    assert "→ 灵宝市" in out, out
    assert [number for number, _ in questions(out)][:1] == ["1"], out
    out = ask("region=灵宝市", *AS_OF, "--policy", "national-rd-deduction",
              lines=["C3130", "也许", "2"])
    assert out.count("请答“是”或“否”") == 1 and "→ 否" in out, out
    # A figure without a unit, or below what can be true, says what is expected.
    steps = ["C3130", "是", "3800", "-3万元"]
    out = ask("region=灵宝市", *AS_OF, "--policy", "national-rd-deduction", lines=steps)
    assert out.count("不合要求：金额带单位") == 2 and "不小于 0元" in out, out


def goes_back():
    base = (*AS_OF, "--policy", "national-rd-deduction", "region=灵宝市")
    log = events(*base, lines=["返回", "C3130", "是", "返回", "否"])
    assert log[2]["event"] == "problem" and "第一个" in log[2]["message"], log[2]
    asked = [e["question"]["attributes"][0]["key"] for e in log if e["event"] == "question"]
    assert asked[:2] == [asked[0], asked[1]] and asked[3] == asked[1], asked
    answers = [e["answer"] for e in log if e["event"] == "answer"]
    assert answers[1:] == ["是", "否"], answers


def skips():
    log = events(*AS_OF, "--policy", "national-rd-deduction", lines=["不知道"] * 20)
    asked = [e["question"]["attributes"][0]["key"] for e in log if e["event"] == "question"]
    assert len(asked) == len(set(asked)) and len(asked) > 1, asked
    last = [e for e in log if e["event"] == "progress"][-1]["progress"]
    assert last["skippedCount"] == last["undeterminedCount"] == 1, last
    # "Don't know" leaves a fact unknown: the verdict waits, it is not "no".
    assert log[-1]["result"]["answers"][0]["verdict"] == "NEEDS_INFORMATION", log[-1]


def reads_series():
    """Fifteen months are one question; the figures come as people have them."""
    base = ("--as-of", "2026-04-10", "--policy", "henan-full-load-2026q1", "region=灵宝市",
            "industry=C32", "in_statistics_library=是")
    year = [60, 70, 80, 50, 50, 50, 100, 50, 50, 50, 50, 50]
    bare = ",".join(map(str, year + [79, 80, 81]))
    months = "、".join(f"{i % 12 + 1}月 {v}" for i, v in enumerate(year + [79, 80, 81]))
    dated = "，".join(f"2025年{i + 1}月{v}千瓦时" for i, v in enumerate(year))
    dated += ",2026-01:79,2026-02:80,2026-03：81"
    facts = set()
    scaled = ",".join(f"{v / 10000}万千瓦时" for v in year + [79, 80, 81])
    for line in (scaled, bare, bare.replace(",", " "), bare.replace(",", "\t"), months, dated):
        log = events(*base, "--save", path("series.json"), lines=["power", line])
        assert len([e for e in log if e["event"] == "question"]) == 2, log
        answer = log[-1]["result"]["answers"][0]
        assert answer["verdict"] == "NEEDS_REVIEW", (line, answer)
        facts.add(json.load(open(path("series.json"), encoding="utf-8"))
                  ["attributes"]["monthly_power"])
    assert len(facts) == 1, facts
    # Money carries its unit with every figure.
    money = ",".join(f"{v}万元" for v in year + [79, 80, 81])
    log = events(*base, lines=["revenue", money])
    assert log[-1]["result"]["answers"][0]["verdict"] == "NEEDS_REVIEW", log[-1]
    # What will not do says what is expected, and the question stays.
    out = ask(*base, lines=["power", "1,2,3", "1月 6，2月 x", "2024-12:5", "1月60，2月70", "不知道"])
    fits(out)
    for words in ("要 15 个数（2025-01 至 2026-03），给出的是 3 个", "2025-02 的“x”不合要求：整数",
                  "“2024-12”不是 2025-01 至 2026-03 之间的一期", "还缺 2025-03、2025-04",
                  "不清楚请答", "2025-01 至 2026-03 共 15 个数"):
        assert words in out, (words, out)
    assert len(questions(out)) == 2, out
    # What is known already is laid under what is written.
    log = events(*base, "load_evidence=power",
                 "monthly_power=2025-01:60,2025-02:70,2025-03:80,2025-04:50,2025-05:50,2025-06:50,"
                 "2025-07:100,2025-08:50,2025-09:50,2025-10:50,2025-11:50,2025-12:50",
                 lines=["2026-01:79,2026-02:80,2026-03:80"])
    assert log[-1]["result"]["answers"][0]["verdict"] == "INELIGIBLE", log[-1]
    english = ask(*base, lines=["power", "1 2", "skip"], lang="en")
    fits(english)
    assert "15 figures are wanted (2025-01 to 2026-03), 2 are given" in english, english


def answer_to(question):
    """An answer that a firm might give, by the type."""
    attribute = question["attributes"][0]
    if len(question["attributes"]) > 1:
        return "0"
    if not attribute["name"]:
        return "1" if attribute["itemList"] == "loans" else "0"
    if attribute["periods"]:
        return ",".join("100万元" if attribute["type"] == "MONEY_SERIES" else "100"
                        for _ in attribute["periods"])
    return {"MONEY": "500万元", "RATIO": "12.5%", "COUNT": "45", "FLAG": "否",
            "DATE": "2018-06-01", "CODES": "无", "TITLES": "无"}.get(
                attribute["type"], "C3130" if attribute["choiceTable"] == "industries" else
                "灵宝市" if attribute["choiceTable"] == "regions" else "1")


def runs_to_the_end():
    """Question by question until all is settled; the file that is saved matches as the end says."""
    lines, log, seen = [], [], set()
    for _ in range(150):
        log = events(*AS_OF, "--save", path("end.json"), lines=lines)
        question = next((e for e in reversed(log) if e["event"] == "question"), None)
        last = [e["event"] for e in log if e["event"] in ("question", "progress")][-1]
        if last == "progress":
            break
        key = question["question"]["attributes"][0]["key"]
        assert key not in seen, key
        seen.add(key)
        lines.append(answer_to(question["question"]))
    progress = [e for e in log if e["event"] == "progress"][-1]["progress"]
    assert progress["undeterminedCount"] == 0 and progress["settledPpm"] == 1000000, progress
    print(f"  {len(lines)} questions settle {progress['policyCount']} policies")
    result = log[-1]["result"]
    assert all(a["verdict"] != "NEEDS_INFORMATION" for a in result["answers"]), result["answers"]
    matched = json.loads(subprocess.run(
        [PROGRAM, "match", "-f", path("end.json"), *AS_OF, "--all", "--format", "json"],
        env=ENVIRONMENT, text=True, capture_output=True, check=True).stdout)
    verdicts = {a["policyId"]: a["verdict"] for a in matched["answers"]}
    for answer in result["answers"]:
        assert verdicts[answer["policyId"]] == answer["verdict"], answer["policyId"]
    assert os.stat(path("end.json")).st_mode & 0o077 == 0


def saves_and_resumes():
    file = path("half.json")
    first = events(*AS_OF, "--policy", "national-rd-deduction", "--save", file,
                   lines=["C3130", "不知道", "退出"])
    assert first[-1] == {"event": "saved", "path": file}, first[-1]
    second = events("--resume", file, "--policy", "national-rd-deduction", lines=["返回", "是"])
    asked = [e["question"]["attributes"][0]["key"] for e in second if e["event"] == "question"]
    before = [e["question"]["attributes"][0]["key"] for e in first if e["event"] == "question"]
    assert asked[0] not in before[:2], (asked, before)
    # Going back reaches the steps of the first sitting.
    assert asked[1] == before[1], (asked, before)
    ask("--resume", path("nowhere.json"), code=2)
    pathlib.Path(path("bad.json")).write_text('{"ask": {"base": {}, "steps": [1]}}', encoding="utf-8")
    ask("--resume", path("bad.json"), code=2)
    ask("--resume", file, "staff=3", code=2)


def limits():
    log = events(*AS_OF, "--max", "2", lines=["不知道"] * 5)
    assert len([e for e in log if e["event"] == "answer"]) == 0
    assert len([e for e in log if e["event"] == "question"]) <= 3, log
    ask("--max", "0", code=2)
    ask("staf=3", *AS_OF, code=2)
    ask("--policy", "nobody", code=2)


def writes_a_transcript():
    file = path("transcript.md")
    ask(*AS_OF, "--policy", "national-rd-deduction", "region=灵宝市", "--transcript", file,
        lines=["C3130", "不知道", "够了"])
    text = pathlib.Path(file).read_text(encoding="utf-8")
    for part in ("# 政策问答记录", "按 2026-03-01 计算", "第 1 版", "**答：**不知道",
                 "national-rd-deduction-2023", "以主管部门审核为准", "灵宝市"):
        assert part in text, (part, text)
    again = path("again.md")
    ask(*AS_OF, "--policy", "national-rd-deduction", "region=灵宝市", "--transcript", again,
        lines=["C3130", "不知道", "够了"])
    assert pathlib.Path(again).read_text(encoding="utf-8") == text


def odd_input():
    """Input that ends or is not what anybody would type leaves the answers so far, and ends well."""
    base = ("--policy", "national-rd-deduction", "region=灵宝市")

    def raw(content):
        done = subprocess.run([PROGRAM, "ask", *AS_OF, *base], env=ENVIRONMENT, input=content,
                              capture_output=True, timeout=120)
        assert done.returncode == 0, (content[:80], done.returncode, done.stderr)
        out = done.stdout.decode("utf-8")  # whatever came in, what goes out is text
        fits(out)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", out), out[:500]
        assert "national-rd-deduction-2023" in out, out[-500:]
        return out
    for content in ("", "C3130", "C31", "返回", "C3130\n返回"):
        raw(content.encode())
    assert "→ 是" in raw("C3130\n是".encode())  # a last answer without its end of line is one
    for content in (b"\xff\xfe\n", "\x1b[31m否\x1b[0m\n".encode(), b"a\0b\n", b"\n" * 1000,
                    "C3130\r\n否\r\n".encode()):
        raw(content)
    # An answer that will not do is not told back whole.
    out = raw(b"x" * 3_000_000 + "\nC3130\n够了\n".encode())
    assert len(out) < 20_000 and "x…”不合要求" in out and "→ " in out, (len(out), out[:500])


def on_a_narrow_terminal():
    """80 columns: wrong answers, don't know, back and a group, as they stand on the screen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "ask", *AS_OF, "--max", "12", "region=灵宝市", "industry=C3130"],
                  {k: v for k, v in ENVIRONMENT.items() if k != "COLUMNS"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    seen, asked = b"", 0
    answers = ["火星" * 50, "不知道", "返回", "不知道"] + ["0", "不知道"] * 12
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # it has ended
            break
        if len(re.findall(rb"(?m)^> ", seen)) > asked:
            asked += 1
            os.write(terminal, (answers[asked - 1] if asked <= len(answers) else "够了").encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, seen.decode()
    lines = seen.decode().replace("\r", "").split("\n")
    fits("\n".join(line for line in lines if not line.startswith("> ")))
    assert "以主管部门审核为准" in seen.decode() and asked > 5, (asked, seen.decode())


def back_over_a_group():
    """A question for a group is one step: back takes all of it back, and a saved session has it."""
    file = path("group.json")
    lines, groups, last, first, at = [], 0, None, None, 0
    for _ in range(60):
        log = events(*AS_OF, "region=灵宝市", lines=lines)
        asked = [e["question"] for e in log if e["event"] == "question"]
        last = asked[-1] if len(asked) > len(lines) else None
        if last is None:
            break
        if len(last["attributes"]) > 1:
            groups += 1
            lines.append("0")
            if groups == 1:
                first, at = last, len(lines) - 1
            continue
        lines.append(answer_to(last))
    print(f"  {groups} groups in {len(lines)} questions")
    assert groups, lines
    last, lines = first, lines[:at]
    names = [a["key"].removeprefix("e.") for a in last["attributes"]]
    # None of these, then back, then the first of them.
    events(*AS_OF, "region=灵宝市", "--save", file, lines=[*lines, "0", "返回", "1", "退出"])
    kept = json.load(open(file, encoding="utf-8"))["attributes"]
    assert [kept[n] for n in names] == ["是"] + ["否"] * (len(names) - 1), (names, kept)
    # Another sitting goes back over it and leaves it open: then nothing of it is known.
    events("--resume", file, "--save", file, lines=["返回", "不知道", "退出"])
    kept = json.load(open(file, encoding="utf-8"))["attributes"]
    assert not any(n in kept for n in names), (names, kept)


def on_a_terminal():
    """Ctrl-C saves; nothing is lost and nothing else is printed."""
    file = path("terminal.json")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "ask", *AS_OF, "--save", file], ENVIRONMENT)
    seen = b""

    def wait_for(text):
        nonlocal seen
        deadline = time.monotonic() + 60
        while text.encode() not in seen:
            assert time.monotonic() < deadline, seen.decode()
            seen += os.read(terminal, 4096)

    wait_for("> ")
    seen = b""
    os.write(terminal, "灵宝市\n".encode())
    wait_for("2. ")
    wait_for("> ")
    os.kill(pid, signal.SIGINT)
    wait_for("已保存")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert json.load(open(file, encoding="utf-8"))["attributes"] == {"region": "411282"}


# --- what a registry knows ------------------------------------------------------------------------

SIX_TAXES = "national-six-taxes-2023"


def registry_daemon(data=None):
    """A service of its own, and what to call it with."""
    other = Daemon(data=data)
    environment = dict(ENVIRONMENT, POLICYCALC_SERVER=other.addresses[0])
    question = module("policycalc.v1.question_pb2")
    registry = module("policycalc.v1.registry_service_pb2")
    client = Client(other.channel())
    ask_next = client._method("unary_unary", "CalculatorService", "NextQuestion",
                              question.NextQuestionResponse)
    get_registry = client._method("unary_unary", "RegistryService", "GetRegistry",
                                  registry.GetRegistryResponse)

    def policycalc(*arguments, lines=()):
        return subprocess.run([PROGRAM, *arguments], env=environment, text=True, check=True,
                              input="".join(line + "\n" for line in lines),
                              capture_output=True, timeout=120).stdout

    def import_rows(lines):
        """The snapshot that comes of it."""
        file = path("rows.csv")
        pathlib.Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        policycalc("registry", "import", file)
        return get_registry(registry.GetRegistryRequest(), timeout=20).sequence

    def next_question():
        return ask_next(question.NextQuestionRequest(policies=[SIX_TAXES], as_of="2026-03-01"),
                        timeout=20)

    def wait_for(sequence):
        deadline = time.monotonic() + 60
        while (reply := next_question()).priors_sequence != sequence:
            assert time.monotonic() < deadline, reply.priors_sequence
            time.sleep(0.05)
        return reply
    return other, policycalc, import_rows, next_question, wait_for


def asks_what_the_registry_makes_telling():
    """Nine in ten firms are enterprises; whether one is a small taxpayer divides them."""
    other, policycalc, import_rows, next_question, wait_for = registry_daemon()
    before = next_question()
    assert before.priors_sequence == 0, before
    assert before.question.attributes[0].key == "e.org_type", before.question
    sample = policycalc("registry", "sample", "2000", "--seed", "5").splitlines()
    # Too few firms to say anything of: as if there were none.
    import_rows(sample[:900])
    time.sleep(0.3)
    assert next_question() == before, next_question()
    first = import_rows(sample)
    after = wait_for(first)
    assert after.question.attributes[0].key == "e.vat_small_scale", after.question
    assert next_question().SerializeToString(deterministic=True) == \
        after.SerializeToString(deterministic=True)

    def asked_first():
        log = [json.loads(line) for line in policycalc(
            "ask", *AS_OF, "--policy", SIX_TAXES, "--format", "json",
            "--transcript", path("priors.md")).splitlines()]
        return next(e["question"]["attributes"][0]["key"] for e in log
                    if e["event"] == "question")
    assert asked_first() == "e.vat_small_scale"
    transcript = pathlib.Path(path("priors.md")).read_text(encoding="utf-8")
    assert f"企业库第 {first} 号快照" in transcript, transcript
    # A few firms that change do not change how it asks; a hundredth of them does.
    column = sample[0].split(",").index("职工总数")

    def changed(count):
        lines = [sample[0]]
        for line in sample[1:count + 1]:
            cells = line.split(",")
            cells[column] = str(int(cells[column] or 0) + 1000)
            lines.append(",".join(cells))
        return lines
    few = import_rows(changed(10))
    assert few > first
    time.sleep(0.5)
    assert next_question() == after
    many = import_rows(changed(60))
    assert wait_for(many).question.attributes[0].key == "e.vat_small_scale"
    # Counted again when the service starts.
    assert other.stop() == 0
    other, *_, wait_for = registry_daemon(other.data)
    wait_for(many)
    assert "priors_not_counted" not in other.log(), other.log()
    assert other.stop() == 0


run(asks_and_reads_answers, wrong_answers_are_asked_again, goes_back, skips, reads_series,
    runs_to_the_end, saves_and_resumes, odd_input, back_over_a_group, on_a_narrow_terminal, limits,
    writes_a_transcript, on_a_terminal, asks_what_the_registry_makes_telling)
