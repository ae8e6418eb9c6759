# SPDX-License-Identifier: Apache-2.0
"""A draft simulated over the service: the change of the three transformations back, by gRPC and by the CLI.

usage: test_simulate.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import unicodedata
import xml.dom.minidom

import grpc

from enterprise import code
from harness import FOLDER, SANITIZED, STARTER, Client, Daemon, detail, details, fails, module, profile, run

catalog = module("policycalc.v1.catalog_service_pb2")
registry = module("policycalc.v1.registry_service_pb2")
simulate_pb = module("policycalc.v1.simulate_pb2")
DAY = "2026-06-01"
WAN = 1_000_000
POLICY = "smx-transformation-2022"

daemon = Daemon()
client = Client(daemon.channel())
draft = FOLDER / "draft"


def firm(number, region, is_srdi, invested):
    titles = profile.TitleList(titles=[profile.TitleList.Title(
        code="srdi", valid_until="2028-12-31")] if is_srdi else [])
    return profile.Profile(uscc=code(number), attributes=[
        profile.AttributeValue(name="region", value=profile.Value(code=region)),
        profile.AttributeValue(name="industry", value=profile.Value(code="C3130")),
        profile.AttributeValue(name="titles", value=profile.Value(titles=titles)),
    ], items=[profile.Item(list="projects", id="p", attributes=[profile.AttributeValue(
        name="completed_investment", value=profile.Value(money_fen=invested))])])


def send(*profiles):
    return client._method("stream_unary", "RegistryService", "ImportEnterprises",
                          registry.ImportEnterprisesResponse)(iter([
        registry.ImportEnterprisesRequest(header=registry.ImportHeader(
            supplier="三门峡市测试局", date="2026-03-10")),
        registry.ImportEnterprisesRequest(rows=registry.ImportRows(first_row=1, profiles=profiles))]),
        timeout=60)


def files(folder):
    folder = pathlib.Path(folder)
    return [catalog.SourceFile(path=str(p.relative_to(folder)), content=p.read_bytes())
            for p in sorted(folder.rglob("*.yaml"))]


def simulate(folder=None, sources=None, **fields):
    sources = files(folder or draft) if sources is None else sources
    messages = [catalog.SimulateRequest(file=f, **(fields if i == 0 else {}))
                for i, f in enumerate(sources)]
    parts = list(client._method("stream_stream", "CatalogService", "Simulate",
                                catalog.SimulateResponse)(iter(messages), timeout=120))
    assert all(p.WhichOneof("part") == "progress" for p in parts[:-1])
    return parts[-1].simulation


def change(text, after, old, new):
    start = text.index(old, text.index(after))
    return text[:start] + new + text[start + len(old):]


def make_draft():
    shutil.copytree(STARTER, draft)
    path = draft / "parameters.yaml"
    text = path.read_text(encoding="utf-8")
    text = change(text, "name: smx_transformation_rate_srdi\n", "40%", "30%")
    path.write_text(change(text, "name: smx_transformation_min\n", "150万元", "300万元"),
                    encoding="utf-8")
    path = draft / "policies" / (POLICY + ".yaml")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[:text.index("\nexamples:\n")] + text[text.index("\nambiguous:\n"):],
                    encoding="utf-8")


def test_import():
    make_draft()
    answer = send(firm(0, "411282", True, 200 * WAN), firm(1, "411282", True, 400 * WAN),
                  firm(2, "411224", False, 300 * WAN), firm(3, "410311", True, 900 * WAN))
    assert answer.inserted == 4, answer


def test_who_loses():
    result = simulate(as_of=DAY)
    assert [p.series for p in result.policies] == ["smx-transformation"]
    assert (result.revision, result.as_of, result.enterprises) == (1, DAY, 4)
    both = result.policies[0].change
    assert (both.before.eligible, both.after.eligible, both.losing, both.less) == (3, 2, 1, 1)
    assert both.before.sure_fen == (80 + 160 + 90) * WAN
    assert both.after.sure_fen == (120 + 90) * WAN and both.loss_fen == 120 * WAN
    assert {g.code: g.losing for g in result.regions} == {"411224": 0, "411282": 1}
    budget = result.budgets[0]
    assert budget.after_limit_fen == budget.before_limit_fen == 10000 * WAN
    assert result.total == both or result.total.losing == both.losing
    # Nothing was changed by asking.
    revisions = client.catalog("ListRevisions", catalog.ListRevisionsRequest())
    assert len(revisions.revisions) == 1


def test_sensitivity():
    steps = simulate_pb.ParameterSteps(parameter="p.smx_transformation_min", **{"from": "100万元"},
                                       to="500万元", step="100万元")
    curve = simulate(as_of=DAY, sensitivity=steps, region="三门峡市").curve
    assert [p.value for p in curve.points] == [n * 100 * WAN for n in range(1, 6)]
    assert [p.eligible for p in curve.points] == [3, 3, 2, 1, 0]
    assert curve.draft_value == 300 * WAN and curve.label.zh


def test_wrong():
    error = fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: simulate(as_of=DAY, region="Atlantis"))
    assert [v.field for v in detail(error, details.BadRequest).field_violations] == ["region"]
    fails(grpc.StatusCode.NOT_FOUND, lambda: simulate(as_of=DAY, policies=["no-such"]))
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: simulate(sources=[]))
    broken = [f for f in files(draft) if f.path != "parameters.yaml"]
    error = fails(grpc.StatusCode.FAILED_PRECONDITION, lambda: simulate(sources=broken))
    assert "errors" in error.details(), error.details()
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: simulate(
        sources=[catalog.SourceFile(path="/etc/passwd", content=b"x")]))


def until(wanted, attempt):
    """Attempts until the status is the one wanted, for at most twenty seconds."""
    end = time.monotonic() + 20
    while True:
        try:
            attempt()
            status, told = grpc.StatusCode.OK, ""
        except grpc.RpcError as error:
            status, told = error.code(), error.details()
        if status == wanted:
            return told
        assert time.monotonic() < end, (status, told)
        time.sleep(0.05)


def test_drafts_at_once():
    """Those that are simulated and those that are checked take the same eight places."""
    over = threading.Event()
    sources = files(draft)

    def unfinished(kind):
        yield kind(file=sources[0])
        over.wait(60)

    def check():
        return client._method("stream_unary", "CatalogService", "CheckCatalog",
                              catalog.CheckCatalogResponse)

    simulated = client._method("stream_stream", "CatalogService", "Simulate",
                               catalog.SimulateResponse)
    calls = [simulated(unfinished(catalog.SimulateRequest), timeout=60) for _ in range(4)]
    calls += [check().future(unfinished(catalog.CheckCatalogRequest), timeout=60)
              for _ in range(4)]
    whole = [catalog.CheckCatalogRequest(file=f) for f in sources]
    attempts = (lambda: simulate(as_of=DAY), lambda: check()(iter(whole), timeout=60))
    for attempt in attempts:
        told = until(grpc.StatusCode.UNAVAILABLE, attempt)
        assert told == "too many drafts are being checked; try again later", told
    # A place that is given back is there for either.
    calls.pop(0).cancel()
    for attempt in attempts:
        until(grpc.StatusCode.OK, attempt)
    for call in calls:
        call.cancel()
    over.set()


def test_draft_above_its_memory():
    """A third of a million examples in each of sixteen files take more than a draft of 16 MiB may. A sanitizer sees a
    draft without memory in the tests that let each allocation fail, and half a GiB takes it long."""
    if SANITIZED:
        return
    content = b"examples: [" + b"{}," * 340000 + b"]\n"
    crowded = [catalog.SourceFile(path=f"policies/{i}.yaml", content=content) for i in range(16)]

    check = client._method("stream_unary", "CatalogService", "CheckCatalog", catalog.CheckCatalogResponse)
    error = fails(grpc.StatusCode.RESOURCE_EXHAUSTED, check,
                  iter([catalog.CheckCatalogRequest(file=f) for f in crowded]), timeout=240)
    assert error.details() == "out of memory while checking the catalog: " \
        "a draft of this size may take 512 MiB", error.details()
    assert not simulate(folder=STARTER, as_of=DAY).policies


NEW = """  - name: demo_only_here
    type: COUNT
    unit: {zh: 个, en: pieces}
    period: POINT
    label: {zh: 演示, en: Demo}
    question: {zh: 演示有几个？, en: 'How many?'}
    supplier: {zh: 演示局, en: Demo bureau}
    sensitivity: PUBLIC
    ask_cost: 1
    kept_for: {zh: 只供演示。, en: For demonstration.}
  - name: region
"""


def test_nothing_changes():
    result = simulate(folder=STARTER, as_of=DAY)
    assert not result.policies and result.total.gaining == 0
    # An attribute that only the draft has is named by no policy that both have.
    sources = files(STARTER)
    for source in sources:
        if source.path == "attributes.yaml":
            source.content = change(source.content.decode(), "attributes:", "  - name: region\n", NEW).encode()
    assert not simulate(sources=sources, as_of=DAY).policies
    # One that both have, and differs, may turn every answer: all are compared, and none is shown to differ.
    for source in sources:
        source.content = source.content.replace("注册在哪个县".encode(), "登记在哪个县".encode())
    result = simulate(sources=sources, as_of=DAY)
    assert len(result.policies) > 50 and result.total.gaining == 0
    other = FOLDER / "other"
    for source in sources:
        path = other / source.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.content)
    text = cli(str(other), "--as-of", DAY)
    assert f"另有 {len(result.policies)} 项政策" in text and "→" not in text, text
    assert "没有可比的企业" in cli(str(draft), "--as-of", DAY, "--region", "411203")


def cli(*arguments, status=0):
    answer = subprocess.run([sys.argv[5], "--server", daemon.addresses[0], "catalog", "simulate",
                             *arguments], capture_output=True, timeout=120, text=True)
    assert answer.returncode == status, (answer.returncode, answer.stderr)
    return answer.stdout


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_command_line():
    curve = ("--sensitivity", "p.smx_transformation_min=100万元:500万元:100万元")
    text = cli(str(draft), "--as-of", DAY, *curve)
    assert "三大改造" in text and "额度 1亿元" in text and "灵宝市" in text and "敏感性" in text
    assert max(width(line) for line in text.splitlines()) <= 80, max(text.splitlines(), key=width)
    english = cli(str(draft), "--as-of", DAY, "--lang", "en")
    assert "Budgets" in english and "By registered region" in english
    answer = json.loads(cli(str(draft), "--as-of", DAY, "--format", "json"))
    assert answer["policies"][0]["change"]["losing"] == 1
    svg = xml.dom.minidom.parseString(cli(str(draft), "--as-of", DAY, *curve, "--format", "svg"))
    assert len(svg.getElementsByTagName("circle")) == 10
    page = cli(str(draft), "--as-of", DAY, *curve, "--format", "html")
    assert page.startswith("<!DOCTYPE html>") and "<svg" in page and "<script" not in page
    assert "没有一项政策" in cli(STARTER, "--as-of", DAY)
    cli(str(draft), "--format", "svg", status=2)
    cli(str(draft), "--sensitivity", "p.x=1", status=2)
    cli(str(FOLDER / "nowhere"), status=2)
    cli(status=2)


run(test_import, test_who_loses, test_sensitivity, test_wrong, test_drafts_at_once,
    test_draft_above_its_memory, test_nothing_changes, test_command_line)
