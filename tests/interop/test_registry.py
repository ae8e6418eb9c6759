# SPDX-License-Identifier: Apache-2.0
"""The registry as a stock client sees it: imports, what is known, its past, subscriptions, bad input.

usage: test_registry.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import datetime
import json
import os
import subprocess
import sys
import time

import grpc

from enterprise import code
from harness import Client, Daemon, detail, details, fails, module, profile, refuses_to_start, run

calculator = module("policycalc.v1.calculator_service_pb2")
question = module("policycalc.v1.question_pb2")
registry = module("policycalc.v1.registry_service_pb2")
catalog_pb = module("policycalc.v1.catalog_pb2")
INVALID = grpc.StatusCode.INVALID_ARGUMENT
TODAY = (datetime.datetime.now(datetime.timezone.utc)
         + datetime.timedelta(hours=8)).date()

daemon = Daemon()
client = Client(daemon.channel())


def attribute(name, period="", **value):
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**value))


def firm(number, *attributes, items=(), complete=()):
    return profile.Profile(uscc=number if isinstance(number, str) else code(number),
                           attributes=attributes, items=items, complete_lists=complete)


def header(date="2026-03-10", **fields):
    return registry.ImportEnterprisesRequest(header=registry.ImportHeader(
        **{"supplier": "三门峡市测试局", "date": date, **fields}))


def rows(*profiles, first=1):
    return registry.ImportEnterprisesRequest(rows=registry.ImportRows(
        first_row=first, profiles=profiles))


def send(*messages, on=None, **keywords):
    return (on or client)._method("stream_unary", "RegistryService", "ImportEnterprises",
                                  registry.ImportEnterprisesResponse)(
        iter(messages), **{"timeout": 60, **keywords})


def ask(name, on=None, **fields):
    return (on or client)._method("unary_unary", "RegistryService", name,
                                  getattr(registry, name + "Response"))(
        getattr(registry, name + "Request")(**fields), timeout=20)


def known(number, **fields):
    """Attributes (name, period) to value, of one enterprise."""
    reply = ask("GetEnterprise", uscc=code(number), **fields)
    return {(a.name, a.period): getattr(a.value, a.value.WhichOneof("kind"))
            for a in reply.profile.attributes}


def findings(list_):
    return [(f.row, f.field, f.reason) for f in list_]


def test_import_and_get():
    before = ask("GetRegistry")
    reply = send(header(), rows(
        firm(1, attribute("staff", count=120), attribute("revenue", money_fen=380_0000_00),
             attribute("revenue", "2023", money_fen=-5 + 10), attribute("region", code="411282"),
             attribute("registered_on", date="2009-02-28"),
             attribute("wage_arrears", flag=True),
             attribute("rd_platforms", codes=profile.CodeList(codes=["provincial", "national"])),
             attribute("titles", titles=profile.TitleList(titles=[
                 profile.TitleList.Title(code="srdi", valid_until="2027-12-31")]))),
        firm(2, attribute("staff", count=0))))
    assert (reply.rows, reply.inserted, reply.updated, reply.unchanged, reply.rejected) == (
        2, 2, 0, 0, 0), reply
    assert not reply.warnings and reply.warning_count == 0
    assert reply.sequence == before.sequence + 1 and reply.import_id > 0
    found = known(1)
    # A bare value belongs to the last full year before the day of the import.
    assert found[("revenue", "2025")] == 380_0000_00 and found[("revenue", "2023")] == 5
    assert found[("staff", "")] == 120 and found[("region", "")] == "411282"
    assert found[("registered_on", "")] == "2009-02-28" and found[("wage_arrears", "")] is True
    assert list(found[("rd_platforms", "")].codes) == ["provincial", "national"]
    assert found[("titles", "")].titles[0].valid_until == "2027-12-31"
    reply = ask("GetEnterprise", uscc=code(1))
    assert len(reply.origins) == len(reply.profile.attributes) == 8
    origin = {o.attribute: o for o in reply.origins}["e.revenue@2025"]
    assert origin.supplier == "三门峡市测试局" and origin.date == "2026-03-10"
    assert origin.imported_at.endswith("Z") and not reply.versions
    after = ask("GetRegistry")
    assert after.enterprise_count == before.enterprise_count + 2
    record = after.imports[0]
    assert (record.supplier, record.date, record.rows, record.changed, record.rejected) == (
        "三门峡市测试局", "2026-03-10", 2, 2, 0)
    assert record.finished_at and record.sequence == after.sequence and not record.sample


def test_again_changes_nothing():
    message = rows(firm(10, attribute("staff", count=7), attribute("revenue", money_fen=1)))
    first = send(header(), message)
    again = send(header(), message)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 1), again
    assert again.sequence == first.sequence and again.import_id == 0
    # A later day with the same values is no change either.
    later = send(header("2026-04-10"), message)
    assert (later.updated, later.unchanged, later.sequence) == (0, 1, first.sequence), later


def test_upsert_and_past():
    first = send(header("2026-03-01"), rows(
        firm(20, attribute("staff", count=10), attribute("revenue", "2024", money_fen=100))))
    second = send(header("2026-04-01"), rows(
        firm(20, attribute("staff", count=11), attribute("revenue", "2025", money_fen=200))))
    assert second.updated == 1 and second.sequence == first.sequence + 1
    assert known(20) == {("staff", ""): 11, ("revenue", "2024"): 100, ("revenue", "2025"): 200}
    assert known(20, sequence=first.sequence) == {("staff", ""): 10, ("revenue", "2024"): 100}
    fails(grpc.StatusCode.NOT_FOUND, known, 20, sequence=first.sequence - 1)
    reply = ask("GetEnterprise", uscc=code(20), history=True)
    assert reply.sequence == second.sequence and len(reply.versions) == 1
    version = reply.versions[0]
    assert (version.from_sequence, version.until_sequence) == (
        first.sequence, second.sequence - 1)
    assert len(version.profile.attributes) == 2
    # A value of an earlier day does not replace a later one, and says so.
    third = send(header("2026-03-15"), rows(
        firm(20, attribute("staff", count=9), attribute("assets", "2025", money_fen=3))))
    assert findings(third.warnings) == [(1, "staff", "OLDER_THAN_KNOWN")]
    assert known(20)[("staff", "")] == 11 and known(20)[("assets", "2025")] == 3
    # Replacing forgets what is not mentioned and not newer.
    fourth = send(header("2026-03-20", replace=True), rows(
        firm(20, attribute("private_enterprise", flag=True))))
    assert fourth.updated == 1
    assert known(20) == {("private_enterprise", ""): True, ("staff", ""): 11,
                         ("revenue", "2025"): 200}


def test_items():
    send(header(), rows(firm(30, items=[project("b", 2), project("a", 1)], complete=["projects"])))
    reply = ask("GetEnterprise", uscc=code(30))
    assert [(i.id, i.attributes[0].value.money_fen) for i in reply.profile.items] == [
        ("a", 1), ("b", 2)]
    assert list(reply.profile.complete_lists) == ["projects"]
    assert [o.attribute for o in reply.origins] == [
        "i.completed_investment@projects/a", "i.completed_investment@projects/b"]
    # An item more, and a list that comes whole again.
    send(header("2026-04-01"), rows(firm(30, items=[project("c", 3)])))
    assert len(ask("GetEnterprise", uscc=code(30)).profile.items) == 3
    send(header("2026-05-01"), rows(firm(30, items=[project("c", 4)], complete=["projects"])))
    reply = ask("GetEnterprise", uscc=code(30))
    assert [(i.id, i.attributes[0].value.money_fen) for i in reply.profile.items] == [("c", 4)]
    bad = send(header(), rows(firm(31, items=[
        profile.Item(list="cars", id="a"), profile.Item(list="hires"),
        profile.Item(list="loans", id="x", attributes=[attribute("staff", count=1)]),
        project("p", 1), project("p", 2)])))
    assert findings(bad.rejects) == [
        (1, "items[0].list", "UNKNOWN_LIST"), (1, "items[1].id", "WRONG_ID"),
        (1, "staff@loans/x", "UNKNOWN_ATTRIBUTE"), (1, "items[4].id", "TWICE")]


def test_rejects():
    year = TODAY.year
    reply = send(header(TODAY.isoformat()), rows(
        firm(40, attribute("staff", count=1)),
        firm(41, attribute("staff", money_fen=1)),
        firm(42, attribute("staff", count=-1), attribute("region", code="nowhere")),
        firm(43, attribute("stafff", count=1)),
        firm(44, attribute("revenue", "2024Q1", money_fen=1)),
        firm(45, attribute("revenue", str(year + 1), money_fen=1)),
        firm(46, attribute("revenue", str(year), money_fen=1)),
        firm(47, attribute("staff", "2024", count=1)),
        firm(48, attribute("staff", count=1), attribute("staff", count=2)),
        firm(49, profile.AttributeValue(name="staff")),
        firm("", attribute("staff", count=1)),
        firm("91411282MA000004OO", attribute("staff", count=1)),
        firm(code(50, check=False), attribute("staff", count=1)),
        firm(40, attribute("staff", count=3)),
        first=7))
    assert findings(reply.rejects) == [
        (8, "staff", "WRONG_TYPE"), (9, "staff", "WRONG_VALUE"), (9, "region", "WRONG_VALUE"),
        (10, "stafff", "UNKNOWN_ATTRIBUTE"), (11, "revenue@2024Q1", "WRONG_PERIOD"),
        (12, f"revenue@{year + 1}", "FUTURE_PERIOD"), (14, "staff@2024", "WRONG_PERIOD"),
        (15, "staff", "TWICE"), (16, "staff", "WRONG_TYPE"), (17, "uscc", "NO_USCC"),
        (18, "uscc", "WRONG_USCC")], findings(reply.rejects)
    assert "did you mean staff?" in reply.rejects[3].message
    assert findings(reply.warnings) == [
        (13, f"revenue@{year}", "PERIOD_NOT_OVER"), (19, "uscc", "CHECK_DIGIT"),
        (20, "uscc", "DUPLICATE_USCC")], findings(reply.warnings)
    # The good rows are there: 40 (and once more), 46, and the one whose check digit fails.
    assert (reply.rows, reply.rejected, reply.inserted, reply.warning_count) == (14, 10, 3, 3)
    assert known(40) == {("staff", ""): 3}
    assert ask("GetEnterprise", uscc=code(50, check=False)).profile.attributes[0].value.count == 1
    for finding in reply.rejects:
        assert "nowhere" not in finding.message and "2024Q1" not in finding.message


def test_headers():
    def violation(*messages):
        error = fails(INVALID, send, *messages)
        return detail(error, details.BadRequest).field_violations[0].field
    good = rows(firm(60, attribute("staff", count=1)))
    assert violation(good) == "header"
    assert violation() == "header"
    assert violation(header(), header()) == "header"
    assert violation(registry.ImportEnterprisesRequest()) == "part"
    assert violation(header(supplier="")) == "header.supplier"
    assert violation(header(supplier="长" * 201)) == "header.supplier"
    assert violation(header(supplier="甲\0乙")) == "header.supplier"
    assert violation(header("2026-02-30")) == "header.date"
    assert violation(header((TODAY + datetime.timedelta(days=1)).isoformat())) == "header.date"
    assert violation(header(complete=["staff"])) == "header.complete"
    assert violation(header(complete=["nothing"])) == "header.complete"
    assert violation(header(), rows(first=0)) == "rows.first_row"
    assert violation(header(), rows(*[profile.Profile()] * 10001)) == "rows.profiles"
    fails(grpc.StatusCode.NOT_FOUND, known, 60)
    # The longest supplier, and a message of as many rows as may be: none has a code.
    reply = send(header(supplier="长" * 200), rows(*[profile.Profile()] * 10000))
    assert (reply.rows, reply.rejected, len(reply.rejects)) == (10000, 10000, 1000)


def test_dry_run():
    before = ask("GetRegistry")
    send_again = header(dry_run=True)
    reply = send(send_again, rows(firm(70, attribute("staff", count=1)),
                                  firm(70, attribute("staff", count=1)),
                                  firm(1, attribute("staff", count=99999)), firm(71),
                                  firm("short")))
    assert (reply.inserted, reply.updated, reply.rejected, reply.import_id) == (2, 1, 1, 0), reply
    assert findings(reply.warnings) == [(2, "uscc", "DUPLICATE_USCC")]
    assert ask("GetRegistry") == before
    fails(grpc.StatusCode.NOT_FOUND, known, 70)


def test_complete_lists():
    """Who is not on a complete list is not; an own value of the day or later stands against it."""
    name = "wage_arrears"
    send(header("2026-05-01"), rows(firm(80, attribute(name, flag=True)), firm(81),
                                    firm(82, attribute(name, flag=True)),
                                    firm(83, attribute("staff", count=1))))
    send(header("2026-07-01", supplier="其他局"), rows(firm(82, attribute(name, flag=True))))
    send(header("2026-05-02", supplier="其他局"), rows(firm(83, attribute("staff", count=2))))
    fact = (name, "")
    before = ask("GetRegistry").sequence
    assert known(80)[fact] is True and fact not in known(81)
    one = send(header("2026-06-01", complete=[name]), rows(firm(81, attribute(name, flag=True))))
    assert one.sequence > before
    assert known(80)[fact] is False and known(81)[fact] is True
    # 82 was said again a month later, though only after the list of June is it worth anything.
    assert known(83)[fact] is False
    reply = ask("GetEnterprise", uscc=code(83))
    assert list(reply.not_on_list) == [name] and reply.sequence == one.sequence
    origin = {o.attribute: o for o in reply.origins}["e." + name]
    assert (origin.supplier, origin.date) == ("三门峡市测试局", "2026-06-01")
    # What was known before the list is still known of that snapshot.
    assert known(80, sequence=before)[fact] is True and fact not in known(83, sequence=before)
    # The list again: nothing new. The list corrected: 80 instead of 81.
    again = send(header("2026-06-01", complete=[name]), rows(firm(81, attribute(name, flag=True))))
    assert again.import_id == 0 and again.sequence == one.sequence
    two = send(header("2026-06-01", complete=[name]), rows(firm(80, attribute(name, flag=True))))
    assert two.sequence > one.sequence
    assert known(80)[fact] is True and known(81)[fact] is False
    # A later list of nobody at all.
    send(header("2026-08-01", complete=[name]))
    assert known(80)[fact] is False and known(1)[fact] is False
    record = ask("GetRegistry").imports[0]
    assert list(record.complete) == [name] and record.rows == 0


def test_said_again_before_a_list():
    """A "yes" that is confirmed on a later day stands against a list of a day between."""
    name = "credit_blacklisted"
    fact = (name, "")
    send(header("2026-03-01", complete=[name]), rows(firm(85, attribute(name, flag=True))))
    send(header("2026-05-01"), rows(firm(85, attribute(name, flag=True))))
    send(header("2026-04-01", complete=[name], supplier="其他局"))
    assert known(85)[fact] is True


def test_subscriptions():
    send(header(), rows(firm(90), firm(91)))
    default = ask("GetSubscription", uscc=code(90)).subscription
    assert default == registry.Subscription(uscc=code(90), frequency=1)
    wanted = registry.Subscription(uscc=code(90), kinds=[2, 3], frequency=2,
                                   deltas=["NEWLY_ELIGIBLE", "LAPSED"])
    assert ask("SetSubscription", subscription=wanted).subscription == wanted
    assert ask("GetSubscription", uscc=code(90)).subscription == wanted
    assert ask("GetSubscription", uscc=code(91)).subscription.frequency == 1
    odd = ask("SetSubscription", subscription=registry.Subscription(
        uscc=code(90), opted_out=True, kinds=[1]))
    assert odd.warnings[0].reason == "OPTED_OUT" and odd.subscription.opted_out
    fails(grpc.StatusCode.NOT_FOUND, ask, "GetSubscription", uscc=code(99))
    for field, wrong in [("subscription.kinds", {"kinds": [99]}),
                         ("subscription.frequency", {"frequency": 9}),
                         ("subscription.deltas", {"deltas": ["GOSSIP"]}),
                         ("subscription.uscc", {"uscc": "x"})]:
        error = fails(INVALID, ask, "SetSubscription", subscription=registry.Subscription(
            **{"uscc": code(90), **wrong}))
        assert detail(error, details.BadRequest).field_violations[0].field == field
    assert ask("GetSubscription", uscc=code(90)).subscription.opted_out


def test_unknown():
    fails(grpc.StatusCode.NOT_FOUND, known, 999)
    error = fails(INVALID, ask, "GetEnterprise", uscc="x")
    assert detail(error, details.BadRequest).field_violations[0].field == "uscc"
    fails(INVALID, ask, "GetEnterprise", uscc=code(1), sequence=-1)


def test_broken_off():
    """What was committed before a stream broke off stays; sent again whole, it is as if never broken."""
    firms = [firm(100000 + i, attribute("staff", count=i)) for i in range(25000)]
    messages = [rows(*firms[i:i + 2500], first=i + 1) for i in range(0, len(firms), 2500)]

    def slowly():
        yield header()
        yield from messages[:-1]
        time.sleep(30)
        yield messages[-1]
    before = ask("GetRegistry").enterprise_count
    call = client._method("stream_unary", "RegistryService", "ImportEnterprises",
                          registry.ImportEnterprisesResponse).future(slowly(), timeout=60)
    end = time.monotonic() + 30
    while ask("GetRegistry").enterprise_count == before and time.monotonic() < end:
        time.sleep(0.05)
    call.cancel()
    broken = ask("GetRegistry")
    assert 20000 <= broken.enterprise_count - before < 25000
    assert broken.imports[0].finished_at == ""
    reply = send(header(), *messages)
    assert reply.inserted + reply.unchanged == 25000 and reply.updated == 0
    assert reply.unchanged == broken.enterprise_count - before
    assert ask("GetRegistry").enterprise_count == before + 25000
    assert known(124999)[("staff", "")] == 24999


def test_two_imports_at_once():
    def messages(first):
        yield header(supplier=f"局{first}")
        for i in range(0, 5000, 500):
            yield rows(*[firm(first + i + k, attribute("staff", count=i + k))
                         for k in range(500)], first=i + 1)
    method = client._method("stream_unary", "RegistryService", "ImportEnterprises",
                            registry.ImportEnterprisesResponse)
    calls = [method.future(messages(first), timeout=60) for first in (200000, 300000, 202500)]
    replies = [call.result() for call in calls]
    assert sum(r.inserted for r in replies) == 12500, replies
    assert all(r.inserted + r.unchanged + r.updated == 5000 for r in replies)
    assert known(304999)[("staff", "")] == 4999


FACTS = [attribute("region", code="411282"), attribute("industry", code="C3130"),
         attribute("staff", count=120), attribute("revenue", "2025", money_fen=3_800_0000_00),
         attribute("rd_expense", "2025", money_fen=380_0000_00),
         attribute("rd_expense", "2024", money_fen=300_0000_00),
         attribute("total_income", "2025", money_fen=3_900_0000_00)]


def project(id_, amount):
    return profile.Item(list="projects", id=id_, attributes=[
        attribute("completed_investment", money_fen=amount)])


def same(a, b):
    """Two answers about the same facts: only the order in which facts came differs."""
    a.ClearField("warnings"), b.ClearField("warnings")
    return a == b


def next_question(**fields):
    return client._method("unary_unary", "CalculatorService", "NextQuestion",
                          question.NextQuestionResponse)(
        question.NextQuestionRequest(**fields), timeout=20)


def test_match_by_code():
    """An enterprise of the registry is matched as its profile is, and what is said goes before it."""
    send(header("2026-03-10"), rows(firm(400, *FACTS, items=[project("p1", 200_0000_00)],
                                         complete=["projects"])))
    mine = code(400)

    def match(**fields):
        return client.match(calculator.MatchRequest(as_of="2026-06-01", near=True, view=3, **fields))
    # The registry holds a few "no" of complete lists beside: ask for those too.
    whole = ask("GetEnterprise", uscc=mine).profile
    assert same(match(enterprise=mine), match(profile=whole))
    assert len(match(enterprise=mine).answers) > 10
    # A value said replaces the one of the same period, others stay.
    changed = profile.Profile()
    changed.CopyFrom(whole)
    for fact in changed.attributes:
        if fact.name == "rd_expense" and fact.period == "2025":
            fact.value.money_fen = 1
        if fact.name == "staff":
            fact.value.count = 5000
    changed.attributes.append(attribute("rd_ledger", flag=True))
    changed.items.append(project("p2", 7))
    said = profile.Profile(attributes=[attribute("staff", count=5000),
                                       attribute("rd_expense", money_fen=1),
                                       attribute("rd_ledger", flag=True)],
                           items=[project("p2", 7)])
    got, expected = match(enterprise=mine, profile=said), match(profile=changed)
    by_id = {a.policy_id: a for a in expected.answers}
    assert len(got.answers) == len(by_id)
    assert all(a.verdict == by_id[a.policy_id].verdict and a.amount.least_fen ==
               by_id[a.policy_id].amount.least_fen for a in got.answers)
    assert not same(got, match(enterprise=mine))
    # A bare value belongs to the last full year before the profile's own date.
    earlier = profile.Profile(date="2025-06-01", attributes=[attribute("rd_expense", money_fen=1)])
    assert any(same_amount != other for same_amount, other in
               zip(match(enterprise=mine, profile=earlier).answers, got.answers))
    # What is wrong is told where it was sent.
    error = fails(INVALID, match, enterprise=mine, profile=profile.Profile(attributes=[
        attribute("rd_ledger", flag=True), attribute("staff", count=-1)]))
    assert detail(error, details.BadRequest).field_violations[0].field == \
        "profile.attributes[1].value.count"
    fails(grpc.StatusCode.NOT_FOUND, match, enterprise=code(401))
    error = fails(INVALID, match, enterprise="123")
    assert detail(error, details.BadRequest).field_violations[0].field == "enterprise"
    # Also an older revision, which must be loaded first.
    assert match(enterprise=mine, revision=1).revision == 1
    # Combining and asking.
    combined = client.combine(calculator.CombineRequest(enterprise=mine, as_of="2026-06-01"))
    assert combined == client.combine(calculator.CombineRequest(profile=whole, as_of="2026-06-01"))
    asked = next_question(enterprise=mine, as_of="2026-06-01")
    assert asked.question == next_question(profile=whole, as_of="2026-06-01").question
    assert asked.question != next_question(as_of="2026-06-01").question
    fails(grpc.StatusCode.NOT_FOUND, next_question, enterprise=code(401))


def test_match_stream_by_code():
    """In order, whatever has to be fetched; a wrong code ends one question, not the stream."""
    mine = code(400)
    requests = []
    for i in range(40):
        match = calculator.MatchRequest(as_of="2026-06-01", limit=3)
        if i % 4 == 1:
            match.enterprise = mine
        elif i % 4 == 2:
            match.enterprise = code(401)
        elif i % 4 == 3:
            match.enterprise = "x"
        requests.append(calculator.MatchStreamRequest(request_id=str(i), match=match))
    replies = list(client.match_stream(iter(requests)))
    assert [r.request_id for r in replies] == [str(i) for i in range(40)]
    one = client.match(requests[1].match)
    for i, reply in enumerate(replies):
        if i % 4 == 1:
            assert reply.response == one
        elif i % 4 > 1:
            assert reply.error.code == (5 if i % 4 == 2 else 3), reply
        else:
            assert reply.WhichOneof("result") == "response" and reply.response != one


def policycalc(*arguments, code=0):
    environment = dict(os.environ, COLUMNS="80", NO_COLOR="1",
                       POLICYCALC_SERVER=daemon.addresses[0])
    done = subprocess.run([sys.argv[5], *arguments], env=environment, text=True,
                          capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def test_cli_by_code():
    mine, day = code(400), ("--as-of", "2026-06-01")
    facts = ["region=灵宝市", "industry=C3130", "staff=120", "revenue@2025=3800万元",
             "rd_expense@2025=380万元", "rd_expense@2024=300万元", "total_income@2025=3900万元",
             "projects.p1.completed_investment=200万元", "wage_arrears=否", "credit_blacklisted=否"]

    def verdicts(*arguments):
        found = json.loads(policycalc("match", *arguments, *day, "--all", "--format", "json"))
        return {a["policyId"]: a["verdict"] for a in found["answers"]}
    assert verdicts("--id", mine) == verdicts(*facts)
    assert verdicts("--id", mine, "region=北京市") != verdicts("--id", mine)
    assert json.loads(policycalc("combine", "--id", mine, *day, "--format", "json")) == \
        json.loads(policycalc("combine", *facts, *day, "--format", "json"))
    page = policycalc("match", "--id", mine, "staff=777", *day, "--format", "html")
    assert "777" in page and "3800" in page
    # What is known is not asked.
    asked = policycalc("ask", "--id", mine, *day, "--max", "1", "--format", "json")
    assert '"e.staff"' not in asked and '"event": "question"' in asked.replace('":"', '": "')
    assert "no enterprise" in policycalc("match", "--id", code(401), "--lang", "en", code=2)
    policycalc("match", "--id", "123", code=2)


def test_restart():
    before = ask("GetRegistry")
    profiles = [ask("GetEnterprise", uscc=code(n), history=True) for n in (1, 20, 30, 80, 90)]
    subscription = ask("GetSubscription", uscc=code(90))
    assert daemon.stop() == 0
    again = Daemon(data=daemon.data)
    other = Client(again.channel())
    assert ask("GetRegistry", on=other) == before
    for old in profiles:
        assert ask("GetEnterprise", on=other, uscc=old.profile.uscc, history=True) == old
    assert ask("GetSubscription", on=other, uscc=code(90)) == subscription
    # One data folder, one service.
    status, log = refuses_to_start(data=daemon.data)
    assert status == 1 and "in use by process" in log, log
    # Nothing of an enterprise is in the log.
    assert "91411282" not in again.log() and "91411282" not in daemon.log()
    again.stop()


run(test_import_and_get, test_again_changes_nothing, test_upsert_and_past, test_items, test_rejects,
    test_headers, test_dry_run, test_complete_lists, test_said_again_before_a_list,
    test_subscriptions, test_unknown, test_broken_off, test_two_imports_at_once,
    test_match_by_code, test_match_stream_by_code, test_cli_by_code, test_restart)
