# SPDX-License-Identifier: Apache-2.0
"""Near misses of random firms, taken at their word: each change applied to the profile and asked again
gives the verdict and the amount that were promised, and a step less of it does not.

usage: test_near.py DAEMON PROTOC PROTO_DIR STARTER_DIR [SEED [SECONDS]]
"""
import collections
import random
import re
import sys
import time

from harness import Client, Daemon, calculator, catalog, grpc, module, profile, run

SEED = int(sys.argv[5]) if len(sys.argv) > 5 else 20261127
SECONDS = float(sys.argv[6]) if len(sys.argv) > 6 else 8
FIRMS_LEAST = 12  # however slow the machine is
schema = module("policycalc.v1.catalog_pb2")
DAYS = ("2026-04-10", "2026-11-27", "2026-03-01", "2025-06-01", "2022-10-01", "2019-06-01", "2100-12-31")
REGIONS = ("411282", "411200", "411202", "411222", "410100", "110000")
INDUSTRIES = ("C3130", "C35", "C27", "I65", "A01", "M73", "F51")
FIGURES = ("money_fen", "ratio_ppm", "count")
daemon = Daemon()
client = Client(daemon.channel(**{"grpc.max_receive_message_length": 64 << 20}))


def pages(name, field):
    token, found = "", []
    while True:
        reply = client.catalog(name, getattr(catalog, name + "Request")(page_size=100, page_token=token))
        found += getattr(reply, field)
        token = reply.next_page_token
        if not token:
            return found


class World:
    """The dictionary, and around which figures the rules turn."""

    def __init__(self):
        self.attributes = pages("ListAttributes", "attributes")
        self.mutable = {a.name for a in self.attributes if a.mutable}
        self.figures = collections.defaultdict(set)
        for policy in pages("ListPolicies", "policies"):
            whole = client.catalog("GetPolicy", catalog.GetPolicyRequest(id=policy.id))
            values = {p.name: p.values for p in whole.parameters}
            for name, parameter in re.findall(r"[ei]\.(\w+) *[<>=]+ *p\.(\w+)", str(whole.policy)):
                for value in values.get(parameter, ()):
                    kind = value.WhichOneof("kind")
                    if kind in FIGURES:
                        self.figures[name].add(getattr(value, kind))


def figure(R, world, attribute, unit):
    known = sorted(world.figures[attribute.name])
    if known and R.random() < .8:
        number = R.choice(known)
        number += R.choice((-1, 0, 1)) * R.choice((0, 1, unit, abs(number) // 20, abs(number) // 5))
    else:
        number = R.choice((0, 1, 50, 500)) * unit
    if attribute.HasField("minimum"):
        number = max(number, attribute.minimum)
    if attribute.HasField("maximum"):
        number = min(number, attribute.maximum)
    return number


def random_value(R, world, attribute):
    kind = schema.ValueType.Name(attribute.type).removeprefix("VALUE_TYPE_")
    if kind == "MONEY":
        return profile.Value(money_fen=figure(R, world, attribute, 1_000_000))
    if kind == "RATIO":
        return profile.Value(ratio_ppm=figure(R, world, attribute, 10_000))
    if kind == "COUNT":
        return profile.Value(count=figure(R, world, attribute, 1))
    if kind == "FLAG":
        return profile.Value(flag=R.random() < .5)
    if kind == "DATE":
        return profile.Value(date=f"{R.randint(2008, 2027)}-{R.randint(1, 12):02}-{R.randint(1, 28):02}")
    codes = sorted(c.code for c in attribute.choices)
    if kind == "CODE":
        table = INDUSTRIES if attribute.choice_table == "industries" else REGIONS
        return profile.Value(code=R.choice(codes or table))
    chosen = sorted(R.sample(codes, R.randint(0, len(codes)))) if codes else []
    if kind == "CODES":
        return profile.Value(codes=profile.CodeList(codes=chosen))
    if kind == "TITLES":
        return profile.Value(titles=profile.TitleList(titles=[
            profile.TitleList.Title(code=c, valid_until=f"{R.randint(2024, 2028)}-06-30")
            for c in chosen if R.random() < .5]))
    return None  # texts and series: nothing turns on the first, and the second are long


def random_firm(R, world):
    firm = profile.Profile()
    told = R.choice((.3, .7, .95, 1))

    def facts(of):
        for attribute in world.attributes:
            if attribute.item_list != of or attribute.HasField("derived") or attribute.deprecated:
                continue
            value = random_value(R, world, attribute) if R.random() < told else None
            if value is not None:
                if attribute.name == "region" and R.random() < .8:
                    value = profile.Value(code="411282")
                yield profile.AttributeValue(name=attribute.name, value=value)
    firm.attributes.extend(facts(""))
    for name in sorted({a.item_list for a in world.attributes if a.item_list}):
        if R.random() < told:
            firm.complete_lists.append(name)
            for i in range(R.randint(0, 2)):
                firm.items.add(list=name, id=f"x{i}").attributes.extend(facts(name))
    return firm


def changed(firm, changes):
    other = profile.Profile()
    other.CopyFrom(firm)
    for change in changes:
        name, _, where = change.attribute[2:].partition("@")
        facts = other.attributes
        if where:
            of, _, item = where.partition("/")
            facts = next(i for i in other.items if (i.list, i.id) == (of, item)).attributes
        fact = next((f for f in facts if f.name == name), None) or facts.add(name=name)
        fact.value.CopyFrom(change.target)
    return other


def ask(firm, day, **more):
    return client.match(calculator.MatchRequest(profile=firm, as_of=day, include_superseded=True, view=3, **more))


def less(change):
    """The change by one unit less; None where there is no such thing."""
    kind = change.target.WhichOneof("kind")
    if kind not in FIGURES or not change.HasField("observed"):
        return None
    before, after = getattr(change.observed, kind), getattr(change.target, kind)
    assert abs(after - before) == abs(change.distance), change
    if abs(after - before) < 2:
        return None
    smaller = calculator.NearChange()
    smaller.CopyFrom(change)
    setattr(smaller.target, kind, after - (1 if after > before else -1))
    return smaller


def conditions(answer):
    for of in (answer, *answer.items):
        for condition in of.conditions:
            yield (getattr(of, "id", ""), condition.id), condition.status


def failed(answer):
    return {name for name, status in conditions(answer) if status == calculator.CONDITION_STATUS_NOT_MET}


def not_met(answer):
    """What fails, or is not known: a near miss makes what failed MET, not only open."""
    return {name for name, status in conditions(answer) if status != calculator.CONDITION_STATUS_MET}


def check(firm, day, answer, world, seen):
    assert not answer.near or answer.verdict == schema.VERDICT_INELIGIBLE, answer.policy_id
    for near in answer.near:
        where = (answer.policy_id, day, str(near.changes))
        assert 1 <= len(near.changes) <= 2, where
        for change in near.changes:
            name = change.attribute[2:].split("@")[0]
            assert re.sub(r"_[yp]\d+$", "", name) in world.mutable, where
        told = ask(changed(firm, near.changes), day, policies=[answer.policy_id]).answers[0]
        assert told.verdict == near.verdict != schema.VERDICT_INELIGIBLE, (told.verdict, where)
        if near.HasField("amount"):
            assert told.amount == near.amount, (told.amount, near.amount, where)
        else:
            exactness = calculator.AmountAnswer
            assert told.amount.exactness in (exactness.EXACTNESS_UNSPECIFIED,
                                             exactness.EXACTNESS_NOT_COMPUTABLE), (told.amount, where)
        assert sorted(near.stays_unknown) == sorted(told.missing), (near.stays_unknown, told.missing, where)
        seen["near"] += 1
        smaller = less(near.changes[0]) if len(near.changes) == 1 else None
        if smaller is not None:
            told = ask(changed(firm, [smaller]), day, policies=[answer.policy_id]).answers[0]
            assert told.verdict == schema.VERDICT_INELIGIBLE or failed(answer) & not_met(told), where
            seen["minimal"] += 1


def names_outlive_the_search():
    """
    A search that changed an item made the figures over all items again, and left what is missing for
    them in memory that was taken back: this firm of one hire ended the service.
    """
    firm = profile.Profile(complete_lists=["hires", "loans", "projects"])
    hire = firm.items.add(list="hires", id="x0")
    for name, value in (("contract_months", profile.Value(count=12)),
                        ("hire_group", profile.Value(code="registered_unemployed_half_year")),
                        ("socially_insured", profile.Value(flag=True))):
        hire.attributes.add(name=name, value=value)
    with_near, without = ask(firm, "2026-03-01", near=True), ask(firm, "2026-03-01")
    for one, other in zip(with_near.answers, without.answers, strict=True):
        assert one.missing == other.missing and one.amount == other.amount, one.policy_id


def literally():
    R = random.Random(SEED)
    world = World()
    seen = collections.Counter()
    end = time.monotonic() + SECONDS
    while seen["firms"] < FIRMS_LEAST or time.monotonic() < end:
        firm, day = random_firm(R, world), R.choice(DAYS)
        seen["firms"] += 1
        try:
            for answer in ask(firm, day, near=True).answers:
                check(firm, day, answer, world, seen)
        except AssertionError:
            print("seed", SEED, "firm", seen["firms"], flush=True)
            raise
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(seen.items())))
    assert seen["near"] > 30 and seen["minimal"] > 10, seen
    assert daemon.stop() == 0


run(names_outlive_the_search, literally)
