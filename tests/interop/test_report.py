# SPDX-License-Identifier: Apache-2.0
"""Reports of the real daemon: the monthly ranking to the letter, in every format, and again later.

usage: test_report.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import csv
import datetime
import html.parser
import io
import json
import os
import subprocess
import sys
import unicodedata

import grpc

from enterprise import code
from harness import FOLDER, Client, Daemon, detail, details, fails, module, profile, run

registry = module("policycalc.v1.registry_service_pb2")
report_pb = module("policycalc.v1.report_pb2")
catalog_pb = module("policycalc.v1.catalog_pb2")
PROGRAM = sys.argv[5]
TODAY = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=8)).date()
LAST_YEAR = str(TODAY.year - 1)
# Rates and order as in the city's reply; the denominators are made up.
FIXTURE = [("411224", "卢氏县", 34, 39, "87.2%"), ("411281", "义马市", 36, 42, "85.7%"),
           ("411282", "灵宝市", 81, 101, "80.2%"), ("411271", "经开区", 28, 36, "77.8%"),
           ("4112Z1", "示范区", 27, 36, "75.0%"), ("411221", "渑池县", 56, 86, "65.1%"),
           ("411203", "陕州区", 46, 72, "63.9%"), ("411202", "湖滨区", 20, 32, "62.5%")]
daemon = Daemon()
client = Client(daemon.channel())


def fact(name, period="", **value):
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**value))


def firm(number, unit, covered, *more):
    """Without R&D activity every third one spends on R&D all the same."""
    spends = covered or number % 3 == 0
    facts = [fact("region", code=unit), fact("in_statistics_library", flag=True),
             fact("rd_statistics_included", flag=covered), fact("industry", code="C31"),
             fact("org_type", code="enterprise"), fact("staff", count=80),
             fact("audited_collection", flag=True), fact("rd_ledger", flag=covered),
             fact("revenue", LAST_YEAR, money_fen=3000000000),
             fact("taxable_income", LAST_YEAR, money_fen=300000000),
             fact("rd_expense", LAST_YEAR, money_fen=200000000 if spends else 0),
             fact("contact_officer", text="=张三,\"<b>\""), *more]
    return profile.Profile(uscc=code(number), attributes=facts)


def send(on, *profiles, date=None, **header):
    messages = [registry.ImportEnterprisesRequest(header=registry.ImportHeader(
        supplier="三门峡市统计局", date=date or str(TODAY), **header))]
    messages += [registry.ImportEnterprisesRequest(rows=registry.ImportRows(
        first_row=1 + i, profiles=profiles[i:i + 200])) for i in range(0, len(profiles), 200)]
    answer = on._method("stream_unary", "RegistryService", "ImportEnterprises",
                        registry.ImportEnterprisesResponse)(iter(messages), timeout=60)
    assert answer.rejected == 0, answer
    return answer.sequence


def report(on=client, **fields):
    """The parts of a report, progress left out."""
    parts = list(on._method("unary_stream", "RegistryService", "GetReport",
                            report_pb.GetReportResponse)(
        report_pb.GetReportRequest(**fields), timeout=60))
    return [p for p in parts if p.WhichOneof("part") != "progress"]


def policycalc(*arguments, code=0, at=None):
    environment = dict(os.environ, COLUMNS="80", NO_COLOR="1",
                       POLICYCALC_SERVER=(at or daemon).addresses[0])
    done = subprocess.run([PROGRAM, "report", *arguments], env=environment, text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout if code == 0 else done.stderr


def fill():
    number, profiles = 0, []
    for unit, _, covered, total, _ in FIXTURE:
        for i in range(total):
            number += 1
            profiles.append(firm(number, unit, i < covered, fact("statistical_region", code=unit)))
    # A firm that is not in the library, and one of which that is unknown.
    profiles.append(profile.Profile(uscc=code(9001), attributes=[
        fact("region", code="411224"), fact("in_statistics_library", flag=False)]))
    profiles.append(profile.Profile(uscc=code(9002), attributes=[fact("region", code="411224")]))
    return send(client, *profiles)


SEQUENCE = fill()


def width(line):
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def coverage_to_the_letter():
    whole = report(kind=report_pb.REPORT_KIND_COVERAGE)[0].coverage
    assert (whole.city.count.total, whole.city.count.covered) == (444, 328), whole.city
    assert whole.city.count.rate_permille == 739 and whole.city.needed_all == 116
    assert whole.city.start_permille == 140 and whole.target_ppm == 1000000
    assert whole.library_unknown == 1 and whole.head.enterprise_count == 446
    assert whole.sum == whole.city.count and not whole.draft
    assert [u.code for u in whole.units] == [f[0] for f in FIXTURE] + ["4112Z2"]
    assert [u.rank for u in whole.units] == [1, 2, 3, 4, 5, 6, 7, 8, 0]
    assert [u.standing for u in whole.units] == [1] * 5 + [3] * 3 + [0]
    assert "超过全市平均水平" in whole.notices[0].sentence.zh
    assert not whole.firms and whole.target_source.date == "2022-09-08"
    # What opens for the firms that spend on R&D and do not report it: the deduction, for one.
    opens = {o.policy_id: o for o in whole.openings}
    spending = sum(1 for n, covered in numbered() if not covered and n % 3 == 0)
    assert opens["national-rd-deduction-2023"].eligible == spending, opens
    assert opens["smx-rd-statistics-award-2022"].review == 116, opens
    assert sum(u.opening_firms for u in whole.units) == spending
    assert sum(u.opening_fen for u in whole.units) == spending * 10000000, whole.units


def numbered():
    number = 0
    for _, _, covered, total, _ in FIXTURE:
        for i in range(total):
            number += 1
            yield number, i < covered


class Page(html.parser.HTMLParser):
    """The cells of every table row; fails on what a page may not have."""
    VOID = {"meta", "br"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.rows, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe", "a", "b"), tag
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "href"), (tag, name)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] in ("td", "th") and self.rows:
            self.rows[-1][-1] += data


def every_format_has_the_same_figures():
    table = policycalc("coverage", "--names")
    for line in table.splitlines():
        assert width(line) <= 80, (width(line), line)
    for line in policycalc("coverage", "--lang", "en").splitlines():
        assert width(line) <= 80, (width(line), line)
    rows = list(csv.DictReader(io.StringIO(
        policycalc("coverage", "--format", "csv").removeprefix("\ufeff"))))
    # Nothing is known of the month before: no figure, and no nought.
    assert {row[name] for row in rows for name in ("本月新增有研发", "本月不再有研发", "入库", "退库")} == {""}, rows
    page = Page(policycalc("coverage", "--format", "html", "--names"))
    whole = json.loads(policycalc("coverage", "--format", "json"))["coverage"]
    for place, (unit, name, covered, total, rate) in enumerate(FIXTURE):
        assert any(line.split()[:5] == [str(place + 1), name, str(total), str(covered), rate]
                   for line in table.splitlines()), (name, table)
        assert (rows[place]["代码"], rows[place]["规上企业"], rows[place]["覆盖率"]) == \
            (unit, str(total), rate), rows[place]
        assert any(row[:5] == [str(place + 1), name, str(total), str(covered), rate]
                   for row in page.rows), name
        assert (whole["units"][place]["count"]["covered"], whole["units"][place]["rank"]) == \
            (covered, place + 1)
    assert rows[8]["名次"] == "" and rows[9]["规上企业"] == "444" and len(rows) == 10
    assert any(word.strip() == "87.2% (34/39)" for word in page.words), "no bars"
    assert "default-src 'none'" in policycalc("coverage", "--format", "html")
    for part in ("notices", "trend", "firms", "openings", "assignments", "counters"):
        text = policycalc("coverage", "--format", "csv", "--part", part, "--names")
        assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[0], part
    # Values of others are never markup, nor a formula.
    firms = list(csv.reader(io.StringIO(policycalc(
        "coverage", "--format", "csv", "--part", "firms", "--names").removeprefix("\ufeff"))))
    assert firms[1][5] == "'=张三,\"<b>\"", firms[1]
    assert any("=张三,\"<b>\"" in cell for row in page.rows for cell in row)


def what_it_rests_on_is_printed():
    """Definitions, sources, the rule of ranking, from where it began and who signs: in words, everywhere."""
    whole = report(kind=report_pb.REPORT_KIND_COVERAGE, signed_by="张三")[0].coverage
    assert whole.signed_by == "张三" and whole.month == str(TODAY)[:7]
    texts = [whole.definition, whole.data_source, whole.four_definition, whole.ranking_rule]
    for text, words in zip(texts, ["研发活动", "统计", "四有", "并列"]):
        assert words in text.zh and text.en, (words, text)
    table = policycalc("coverage", "--signed", "张三").replace("\n", "").replace(" ", "")
    page = "".join(Page(policycalc("coverage", "--format", "html", "--signed", "张三")).words)
    for words in [t.zh for t in texts] + ["张三", "14.0"]:
        assert words.replace(" ", "") in table, (words, table)
        assert words in page, words
    assert "签发：张三" in table and "签发" not in policycalc("coverage")
    english = policycalc("coverage", "--lang", "en").replace("\n", " ")
    for text in texts:
        assert text.en.split(".")[0][:30] in english, text.en
    # A unit without enterprises has no rank and no rate.
    empty = next(line.split() for line in policycalc("coverage").splitlines() if "高新区" in line)
    assert empty[0] == "—" and empty[2:5] == ["0", "0", "—"], empty


def names_only_when_asked_for():
    assert code(35) not in policycalc("coverage", "--format", "json")
    assert code(35) not in policycalc("coverage", "--format", "html")
    parts = report(kind=report_pb.REPORT_KIND_COVERAGE, names=True)
    firms = [f for p in parts if p.WhichOneof("part") == "firms" for f in p.firms.firms]
    assert len(firms) == 116 and not parts[0].coverage.firms
    assert [f.unit for f in firms[:5]] == ["411224"] * 5 and firms[0].uscc == code(35)
    reasons = {f.reason for f in firms}
    assert reasons == {report_pb.UNCOVERED_REASON_NOT_REPORTED,
                       report_pb.UNCOVERED_REASON_NO_RD}, reasons
    spending = next(f for f in firms if f.reason == report_pb.UNCOVERED_REASON_NOT_REPORTED)
    opened = {o.policy_id: o for o in spending.opens}
    assert opened["national-rd-deduction-2023"].amount.least_fen == 10000000, spending
    assert opened["national-rd-deduction-2023"].verdict == catalog_pb.VERDICT_ELIGIBLE
    assert spending.opening_fen == 10000000 and spending.industry == "C31"
    assert spending.size == "SMALL", spending.size
    whole = json.loads(policycalc("coverage", "--format", "json", "--names"))["coverage"]
    assert len(whole["firms"]) == 116


def target_and_expectation():
    text = policycalc("coverage", "--target", "80%")
    assert "卢氏县、义马市、灵宝市：达到目标，列入通报表扬名单。" in text.replace("\n", ""), text
    policycalc("coverage", "--expect", "444/328")
    assert "expected" in policycalc("coverage", "--expect", "444/327", "--lang", "en", code=1)
    said = policycalc("coverage", "--expect", "444/327", code=1)
    assert "全市 444 家，其中有研发活动 328 家，与 --expect 给出的不符" in said, said
    assert "expected" not in said, said
    assert "不得发布" in policycalc("coverage", "--expect", "444/327", "--draft")


def the_same_report_again():
    """What is imported later changes the present, and not what was reported."""
    global SEQUENCE
    arguments = ("coverage", "--as-of", str(TODAY), "--snapshot", str(SEQUENCE), "--names")
    before = [policycalc(*arguments, "--format", f) for f in ("json", "html", "csv", "table")]
    SEQUENCE = send(client, firm(35, "411224", True, fact("statistical_region", code="411224")))
    after = [policycalc(*arguments, "--format", f) for f in ("json", "html", "csv", "table")]
    assert before == after
    now = report(kind=report_pb.REPORT_KIND_COVERAGE)[0].coverage
    assert now.units[0].count.covered == 35 and now.head.sequence == SEQUENCE
    # Days before the first import know nothing.
    assert "empty" in policycalc("coverage", "--as-of", str(TODAY - datetime.timedelta(days=1)),
                                 code=1)


def a_firm_without_region_is_refused():
    other = Daemon()
    on = Client(other.channel())
    send(on, firm(1, "411224", True, fact("statistical_region", code="411224")),
         firm(2, "411224", True),
         firm(3, "4112Z1", True, fact("statistical_region", code="411202")))
    error = fails(grpc.StatusCode.FAILED_PRECONDITION, report, on,
                  kind=report_pb.REPORT_KIND_COVERAGE)
    assert "1 without statistical region" in error.details(), error.details()
    assert code(2) not in error.details()
    said = policycalc("coverage", code=1, at=other)
    assert "各单位合计 2 家（有研发活动 2 家），全市 3 家（3 家）" in said, said
    assert "1 家缺统计归属地" in said and "PRECONDITION" not in said and code(2) not in said, said
    draft = report(on, kind=report_pb.REPORT_KIND_COVERAGE, draft=True, names=True)[0].coverage
    assert draft.draft and draft.sum.total == 2 and draft.city.count.total == 3
    found = {f.uscc: f for f in draft.assignment_findings}
    assert found[code(2)].kind == report_pb.ASSIGNMENT_KIND_MISSING
    # Registered in a zone, reported by the county: counted there, once.
    assert (found[code(3)].kind, found[code(3)].unit, found[code(3)].other_unit) == \
        (report_pb.ASSIGNMENT_KIND_ZONE_AND_COUNTY, "411202", "4112Z1")
    other.stop()


def blocked_and_unclaimed():
    whole = report(kind=report_pb.REPORT_KIND_BLOCKED,
                   policies=["smx-rd-statistics-award-2022", "national-small-profit-2023"])[0].blocked
    award = next(p for p in whole.policies if p.policy_id == "smx-rd-statistics-award-2022")
    statistics = next(c for c in award.conditions if c.id == "statistics")
    # 115 do not report and one is not in the library; of one that is unknown.
    assert (statistics.alone, statistics.unknown) == (116, 1), award
    assert sum(v.count for v in award.verdicts) == 446 == whole.head.enterprise_count
    small = next(p for p in whole.policies if p.policy_id == "national-small-profit-2023")
    alone = {a.name: (a.alone, a.among) for a in small.attributes}
    assert "e.assets" in alone and alone["e.assets"][0] + alone["e.assets"][1] > 400, alone
    text = policycalc("blocked", "--policy", "smx-rd-statistics-award-2022")
    assert all(width(line) <= 80 for line in text.splitlines()), text
    money = report(kind=report_pb.REPORT_KIND_UNCLAIMED)[0].unclaimed
    assert "现为可享金额" in money.caveat.zh
    assert money.sum.sure_fen == sum(u.sure_fen for u in money.units) > 0
    assert money.sum.enterprises == 446
    deduction = next(p for p in money.policies if p.policy_id == "national-rd-deduction-2023")
    assert deduction.eligible == 329 and deduction.least_fen == 329 * 10000000, deduction
    for kind in ("blocked", "unclaimed"):
        for form in ("csv", "html", "json", "table"):
            arguments = (kind, "--policy", "national-rd-deduction-2023", "--format", form)
            assert policycalc(*arguments) == policycalc(*arguments), arguments
        Page(policycalc(kind, "--policy", "national-rd-deduction-2023", "--format", "html"))


def what_was_told():
    """One run, pulled and acknowledged by one county."""
    push = module("policycalc.v1.push_service_pb2")
    other = Daemon()
    on = Client(other.channel())
    ask = lambda name, **fields: on._method(
        "unary_unary", "PushService", name, getattr(push, name + "Response"))(
        getattr(push, name + "Request")(**fields), timeout=20)
    units = ["411224"] * 3 + ["411281"] * 2
    send(on, *[firm(n + 1, unit, True, fact("statistical_region", code=unit))
               for n, unit in enumerate(units)])
    ask("StartRun", policies=["national-rd-deduction"])
    runs = list(on._method("unary_stream", "PushService", "WatchRun", push.WatchRunResponse)(
        push.WatchRunRequest(), timeout=60))
    assert runs[-1].run.state == push.Run.STATE_FINISHED, runs[-1]
    pulled = list(on._method("unary_stream", "PushService", "PullDeliveries",
                             push.PullDeliveriesResponse)(
        push.PullDeliveriesRequest(consumer="t", region="411224", limit=2), timeout=20))
    assert len(pulled) == 2
    ask("AckDeliveries", acks=[push.AckDeliveriesRequest.Ack(key=p.key, lease=p.lease)
                               for p in pulled])
    told = report(on, kind=report_pb.REPORT_KIND_PUSH)[0].push
    assert told == report(on, kind=report_pb.REPORT_KIND_PUSH)[0].push
    assert told.run == runs[-1].run.id and len(told.ledger_hash) == 64, told
    series = {p.code: p for p in told.policies}["national-rd-deduction"]
    assert (series.told, series.news, series.acknowledged) == (5, 5, 2), series
    units = {u.code: (u.told, u.acknowledged) for u in told.units}
    assert units["411224"] == (3, 2) and units["411281"] == (2, 0) and units[""] == (0, 0)
    wages = {n.name: n for n in told.negatives}["e.wage_arrears"]
    assert wages.unknown == 5 and 0 <= wages.undecided_alone <= wages.undecided <= 5
    assert not report(on, kind=report_pb.REPORT_KIND_PUSH,
                      policies=["smx-rd-award-2022"])[0].push.policies
    fails(grpc.StatusCode.NOT_FOUND, report, on, kind=report_pb.REPORT_KIND_PUSH, policies=["x"])
    for form in ("table", "csv", "html", "json"):
        text = policycalc("push", "--format", form, at=other)
        assert form != "table" or all(width(line) <= 80 for line in text.splitlines()), text
        assert form == "csv" or told.ledger_hash[:16] in text, text
    Page(policycalc("push", "--format", "html", at=other))
    # One more is acknowledged: other figures, and it can be seen that they rest on something else.
    more = next(iter(on._method("unary_stream", "PushService", "PullDeliveries",
                                push.PullDeliveriesResponse)(
        push.PullDeliveriesRequest(consumer="t", region="卢氏县", limit=1), timeout=20)))
    ask("AckDeliveries", acks=[push.AckDeliveriesRequest.Ack(key=more.key, lease=more.lease)])
    later = report(on, kind=report_pb.REPORT_KIND_PUSH)[0].push
    assert later.head == told.head and later.run == told.run
    assert later.ledger_hash != told.ledger_hash and later != told
    other.stop()


def made_up_firms_can_be_reported():
    """What "registry sample" makes needs no draft."""
    other = Daemon()
    environment = dict(os.environ, POLICYCALC_SERVER=other.addresses[0])
    path = FOLDER / "sample.csv"
    for command in (["sample", "1000", "--out", str(path)], ["import", str(path)]):
        subprocess.run([PROGRAM, "registry", *command], env=environment, check=True,
                       capture_output=True, timeout=120)
    text = policycalc("coverage", at=other)
    assert "含有虚构的示例企业" in text and "草稿" not in text, text
    other.stop()


def counters_of_the_year():
    def counter(*arguments, code=0):
        environment = dict(os.environ, POLICYCALC_SERVER=daemon.addresses[0])
        done = subprocess.run([PROGRAM, "registry", "counter", *arguments], env=environment,
                              text=True, capture_output=True, timeout=60)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        return done.stderr

    path = FOLDER / "counters.csv"
    path.write_text("\ufeff指标,日期,数量,来源\ntraining,%s,1200,人社局\n\nmatching,%s,3,工信局\n"
                    % (TODAY, TODAY), encoding="utf-8")
    counter("import", str(path))
    counter("add", "matching", str(TODAY), "5", "--source", "工信局")
    before = report(kind=report_pb.REPORT_KIND_COVERAGE)[0].coverage
    found = {c.name: (c.total, c.aim) for c in before.counters}
    assert found == {"training": (1200, 60000), "matching": (5, 200)}, found
    # As it was known before the correction.
    then = report(kind=report_pb.REPORT_KIND_COVERAGE,
                  sequence=before.head.sequence - 1)[0].coverage
    assert {c.name: c.total for c in then.counters} == {"training": 1200, "matching": 3}
    assert "1200" in policycalc("coverage") and "60000" in policycalc("coverage")
    # As many as may come at once, and who says so at full length: more than a question may be.
    path.write_text("name,date,value,source\n" + f"matching,{TODAY},5,{'人力资源和社会保障局' * 6}\n" * 10000, encoding="utf-8")
    counter("import", str(path))
    for arguments in (("add", "unheard", str(TODAY), "5", "--source", "x"),
                      ("add", "matching", "2026-02-30", "5", "--source", "x"),
                      ("add", "matching", "9999-01-01", "5", "--source", "x"),
                      ("add", "matching", str(TODAY), "5", "--source", "")):
        assert counter(*arguments, code=2), arguments
    counter("add", "matching", str(TODAY), "-5", "--source", "x", code=2)
    counter("add", "matching", str(TODAY), "5", code=2)
    counter("import", str(FOLDER / "nothing.csv"), code=2)
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    counter("import", str(path), code=2)


def what_is_wrong_is_said():
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    for field, fields in (("kind", {}), ("as_of", {"as_of": "2026-13"}),
                          ("as_of", {"as_of": str(TODAY + datetime.timedelta(days=40))[:7]}),
                          ("as_of", {"as_of": "9999-01-01"}), ("sequence", {"sequence": -1}),
                          ("target_ppm", {"target_ppm": 1000001}),
                          ("expected_total", {"expected_total": -1}),
                          ("policies", {"policies": ["x"]})):
        if field != "kind":
            fields["kind"] = report_pb.REPORT_KIND_COVERAGE
        error = fails(invalid, report, **fields)
        violations = detail(error, details.BadRequest).field_violations
        assert violations[0].field == field, (field, violations)
    fails(grpc.StatusCode.NOT_FOUND, report, kind=report_pb.REPORT_KIND_COVERAGE, region="火星")
    add = client._method("unary_unary", "RegistryService", "AddCounters", report_pb.AddCountersResponse)
    error = fails(invalid, add, report_pb.AddCountersRequest(entries=[report_pb.CounterEntry(region="火星")]),
                  timeout=60)
    assert [(v.field, v.description) for v in detail(error, details.BadRequest).field_violations] == [
        ("entries[0].region", "the catalog has no such region")]
    fails(grpc.StatusCode.NOT_FOUND, report, kind=report_pb.REPORT_KIND_COVERAGE, sequence=10**9)
    fails(grpc.StatusCode.NOT_FOUND, report, kind=report_pb.REPORT_KIND_BLOCKED, policies=["x"])
    policycalc("nothing", code=2)
    policycalc("coverage", "--target", "120%", code=2)
    policycalc("coverage", "--expect", "444", code=2)
    policycalc("coverage", "--part", "units", code=2)
    policycalc("coverage", "--format", "csv", "--part", "x", code=2)
    policycalc("blocked", "--names", code=2)
    # One county for itself.
    county = report(kind=report_pb.REPORT_KIND_COVERAGE, region="卢氏县")[0].coverage
    assert county.city.count.total == 39 and len(county.units) == 1


run(coverage_to_the_letter, every_format_has_the_same_figures, what_it_rests_on_is_printed, names_only_when_asked_for,
    target_and_expectation, the_same_report_again, a_firm_without_region_is_refused,
    made_up_firms_can_be_reported,
    blocked_and_unclaimed, what_was_told, counters_of_the_year, what_is_wrong_is_said)
