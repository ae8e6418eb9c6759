# SPDX-License-Identifier: Apache-2.0
"""From a policy to enterprises: streamed, narrowed, as of a snapshot, read slowly, given up, and by the CLI.

usage: test_find.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import csv
import io
import json
import subprocess
import sys
import time
import unicodedata

import grpc

from enterprise import code
from harness import SANITIZED, Client, Daemon, detail, details, fails, module, profile, run

calculator = module("policycalc.v1.calculator_service_pb2")
catalog_pb = module("policycalc.v1.catalog_pb2")
find_pb = module("policycalc.v1.find_pb2")
registry = module("policycalc.v1.registry_service_pb2")
POLICY = "henan-rd-subsidy-2018"
DAY = "2020-06-01"
FIRMS = 4500 if SANITIZED else 9000

daemon = Daemon()
client = Client(daemon.channel())


def firm(number, **facts):
    attributes = []
    for name, value in facts.items():
        name, _, period = name.partition("__")
        kind, value = value
        attributes.append(profile.AttributeValue(name=name, period=period,
                                                 value=profile.Value(**{kind: value})))
    return profile.Profile(uscc=code(number), attributes=attributes)


def send(*profiles, complete=()):
    header = registry.ImportEnterprisesRequest(header=registry.ImportHeader(
        supplier="三门峡市测试局", date="2020-03-10", complete=complete))
    parts = [registry.ImportEnterprisesRequest(rows=registry.ImportRows(
        first_row=i + 1, profiles=profiles[i:i + 500])) for i in range(0, len(profiles), 500)]
    return client._method("stream_unary", "RegistryService", "ImportEnterprises",
                          registry.ImportEnterprisesResponse)(iter([header, *parts]), timeout=120)


def call(**fields):
    return client._method("unary_stream", "RegistryService", "FindEnterprises",
                          find_pb.FindEnterprisesResponse)(
        find_pb.FindEnterprisesRequest(**{"policy": POLICY, "as_of": DAY, **fields}), timeout=60)


def find(**fields):
    found, summary = [], None
    for part in call(**fields):
        kind = part.WhichOneof("part")
        assert summary is None, "the summary is the last message"
        if kind == "found":
            found.append(part.found)
        elif kind == "summary":
            summary = part.summary
    assert summary is not None
    return found, summary


def match(number, near=False):
    request = calculator.MatchRequest(enterprise=code(number), as_of=DAY, policies=[POLICY], near=near,
                                      view=calculator.VIEW_BASIC)
    return client._method("unary_unary", "CalculatorService", "Match",
                          calculator.MatchResponse)(request, timeout=20).answers[0]


def some_firm(number):
    """R&D by number; every seventh does not tell its filing, every eleventh is short of one right."""
    amount = 2_000_000_00 + number * 1000_00
    facts = {"region": ("code", ["411282", "411224", "410311"][number % 3]),
             "industry": ("code", ["C3130", "I6510", "C2710"][number % 3]),
             "rd_budget_system": ("flag", True), "rd_own_funds_first": ("flag", number % 5 > 0),
             "main_product_ip_3y": ("count", int(number % 11 > 0)),
             "credit_blacklisted": ("flag", False), "rd_deduction_filed": ("money_fen", amount)}
    if number % 7:
        facts["rd_budget_filed"] = ("flag", True)
    names = {a.name: a for a in attributes}
    return firm(number, **{
        name if names[name].period == catalog_pb.PERIOD_POINT else name + "__2019": value
        for name, value in facts.items()})


attributes = client._method("unary_unary", "CatalogService", "ListAttributes",
                            module("policycalc.v1.catalog_service_pb2").ListAttributesResponse)(
    module("policycalc.v1.catalog_service_pb2").ListAttributesRequest(), timeout=20).attributes
attributes = [a for a in attributes if not a.item_list and not a.HasField("derived")]


def test_an_empty_registry_has_nobody():
    found, summary = find()
    assert not found and summary.told == 0 and summary.sequence == 0 and not summary.counts


def test_import():
    answer = send(*[some_firm(i) for i in range(FIRMS)])
    assert answer.inserted == FIRMS, answer
    assert not answer.rejected, answer.rejects[0]


def test_found_as_matched():
    """All verdicts of all firms, and some of them one by one."""
    everything = [v for v in range(1, 6)]
    found, summary = find(verdicts=everything, near=True)
    assert len(found) == FIRMS and summary.told == FIRMS and summary.left_out == 0
    assert [f.id for f in found] == list(range(1, FIRMS + 1))
    counts = {}
    for each in found:
        counts[each.answer.verdict] = counts.get(each.answer.verdict, 0) + 1
    assert counts == {c.verdict: c.count for c in summary.counts}
    assert len(counts) >= 2, counts
    for number in range(0, FIRMS, 601):
        each = found[number]
        assert each.uscc == code(number)
        expected = match(number, near=True)
        # Nobody has asked how who has it would lose it.
        expected.ClearField("cliffs")
        assert each.answer == expected, each.uscc
    assert sum(len(f.answer.near) > 0 for f in found) == summary.near


def test_narrowed_and_sorted():
    verdicts = [v for v in range(1, 6)]
    found, summary = find(verdicts=verdicts, region="灵宝市")
    assert {f.region for f in found} == {"411282"} and len(found) == FIRMS // 3
    assert found[0].region_label.zh == "灵宝市"
    assert sum(c.count for c in summary.counts) == FIRMS // 3
    found, _ = find(verdicts=verdicts, region="411200", industry="C31")
    assert {f.industry for f in found} == {"C3130"}
    found, summary = find(verdicts=verdicts, sort=find_pb.FIND_SORT_AMOUNT, limit=10)
    amounts = [(f.answer.amount.least_fen, f.answer.amount.most_fen) for f in found]
    assert amounts == sorted(amounts, reverse=True) and len(found) == 10
    assert summary.left_out == FIRMS - 10
    found, summary = find(near=True, sort=find_pb.FIND_SORT_DISTANCE, limit=50)
    costs = [f.answer.near[0].cost_ppm if f.answer.near else -1 for f in found]
    assert costs == sorted(costs)
    only, all_in_all = find(only_near=True, sort=find_pb.FIND_SORT_DISTANCE)
    both, _ = find(near=True, sort=find_pb.FIND_SORT_DISTANCE, limit=10000)
    assert only and [f.uscc for f in only] == [f.uscc for f in both if f.answer.near]
    assert all(f.answer.verdict == catalog_pb.VERDICT_INELIGIBLE for f in only)
    assert all_in_all.counts == summary.counts, "the counts are of all that were looked at"


def test_who_is_undecided_and_why():
    found, summary = find(verdicts=[catalog_pb.VERDICT_NEEDS_INFORMATION])
    assert found and all(f.answer.missing for f in found)
    for lack in summary.lacks:
        assert lack.count == sum(lack.attribute in f.answer.missing for f in found)
        assert lack.alone == sum(list(f.answer.missing) == [lack.attribute] for f in found)
        assert lack.label.zh
    # A figure of an earlier year is called by its label, too.
    _, summary = find(policy="national-htne", verdicts=[catalog_pb.VERDICT_NEEDS_INFORMATION], limit=200)
    labels = {lack.attribute: lack.label.zh for lack in summary.lacks}
    assert all(labels.values()) and "（再往前 1 年）" in labels["e.rd_expense_y2"], labels


def test_snapshots_stay():
    before, old = find()
    assert len(before) > 1000
    answer = send(firm(1, credit_blacklisted=("flag", True)))
    assert answer.updated == 1
    now, new = find()
    assert before[0].id == 2 and [f.id for f in now] == [f.id for f in before[1:]]
    assert new.sequence == answer.sequence > old.sequence
    again, summary = find(sequence=old.sequence)
    assert summary.sequence == old.sequence
    assert [f.SerializeToString() for f in again] == [f.SerializeToString() for f in before]
    fails(grpc.StatusCode.NOT_FOUND, lambda: find(sequence=new.sequence + 1))


def test_a_slow_reader_gets_all():
    everything = [v for v in range(1, 6)]
    parts, count = call(verdicts=everything), 0
    for part in parts:
        if part.WhichOneof("part") == "found":
            count += 1
            if count in (1, 100, 3000):
                time.sleep(0.3)
                # Others are served while this one does not read.
                assert find(limit=1)[1].told <= 1
    assert count == FIRMS


def test_given_up():
    for stop in (1, 50):
        parts = call(verdicts=[v for v in range(1, 6)], near=True)
        for _ in range(stop):
            next(parts)
        parts.cancel()
    assert find(limit=1)[1].told <= 1


def test_wrong_requests():
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    fails(grpc.StatusCode.NOT_FOUND, lambda: find(policy="no-such"))
    error = fails(invalid, lambda: find(region="Atlantis"))
    assert [v.field for v in detail(error, details.BadRequest).field_violations] == ["region"]
    fails(invalid, lambda: find(as_of="2026-02-30"))
    fails(invalid, lambda: find(limit=-1))
    fails(invalid, lambda: find(sequence=-1))
    fails(invalid, lambda: find(policy=""))
    fails(grpc.StatusCode.NOT_FOUND, lambda: find(revision=99))


def cli(*arguments, status=0):
    answer = subprocess.run([sys.argv[5], "--server", daemon.addresses[0], "find", *arguments],
                            capture_output=True, timeout=60, text=True)
    assert answer.returncode == status, answer.stderr
    return answer.stdout


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_command_line():
    text = cli(POLICY, "--as-of", DAY, "--near", "--undecided", "--limit", "30")
    near = cli(POLICY, "--as-of", DAY, "--only-near", "--format", "json").splitlines()
    assert len(near) > 1 and all("near" in json.loads(line)["found"]["answer"] for line in near[:-1])
    lines = text.splitlines()
    assert lines[0].startswith("统一社会信用代码") and code(2) in text
    assert max(width(line) for line in lines) <= 80, max(lines, key=width)
    assert "第 1 版目录" in text and "缺少" in text
    assert "只算了" not in cli(POLICY, "--as-of", DAY, "--undecided")
    assert "只算了" not in cli(POLICY, "--as-of", DAY, "--undecided", "--limit", "3", "--sort", "amount")
    assert "  以下只算了前 3 家（--limit）：" in cli(POLICY, "--as-of", DAY, "--undecided", "--limit", "3")
    english = cli(POLICY, "--as-of", DAY, "--undecided", "--limit", "3", "--lang", "en")
    assert english.startswith("credit code") and "snapshot" in english
    lines = [json.loads(line) for line in
             cli(POLICY, "--as-of", DAY, "--undecided", "--format", "json").splitlines()]
    assert "summary" in lines[-1] and all("found" in line for line in lines[:-1])
    assert len(lines) - 1 == int(lines[-1]["summary"]["told"])
    text = cli(POLICY, "--as-of", DAY, "--undecided", "--format", "csv")
    assert text.startswith("\ufeff")
    table = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert table[0][0] == "统一社会信用代码"
    assert len(table) == len(lines) and {len(row) for row in table} == {9}
    cli(POLICY, "--size", "huge", status=2)
    cli(POLICY, "--sort", "size", status=2)
    cli(status=2)
    cli("no-such", status=2)


def test_the_cache_is_kept_and_repaired():
    before, _ = find(verdicts=[v for v in range(1, 6)])
    daemon.stop()
    cache = daemon.data / "columns.cache"
    content = bytearray(cache.read_bytes())
    assert len(content) > 100000
    for at in range(5000, len(content), 20011):
        content[at] ^= 0x55
    cache.write_bytes(content)
    again = Daemon(data=daemon.data)
    global client
    client = Client(again.channel())
    after, _ = find(verdicts=[v for v in range(1, 6)])
    assert [f.SerializeToString() for f in after] == [f.SerializeToString() for f in before]
    again.stop()


run(test_an_empty_registry_has_nobody, test_import, test_found_as_matched, test_narrowed_and_sorted,
    test_who_is_undecided_and_why, test_snapshots_stay, test_a_slow_reader_gets_all, test_given_up,
    test_wrong_requests, test_command_line, test_the_cache_is_kept_and_repaired)
