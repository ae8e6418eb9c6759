# SPDX-License-Identifier: Apache-2.0
"""Reports, searches and a push run while the registry is imported into: imports go on meanwhile, nobody
waits for anybody's end, and every answer is that of one snapshot, as it is told again when all is quiet.

usage: test_together.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import threading

from enterprise import code
from harness import SANITIZED, Client, Daemon, module, profile, run, starter_files

registry = module("policycalc.v1.registry_service_pb2")
report_pb = module("policycalc.v1.report_pb2")
catalog = module("policycalc.v1.catalog_service_pb2")
find_pb = module("policycalc.v1.find_pb2")
push = module("policycalc.v1.push_service_pb2")
FIRMS = 4500 if SANITIZED else 9000  # two blocks, or three
DAY = "2026-06-30"
UNITS = ["411224", "411281", "411282", "411202"]
KINDS = [report_pb.REPORT_KIND_BLOCKED, report_pb.REPORT_KIND_UNCLAIMED, report_pb.REPORT_KIND_COVERAGE,
         report_pb.REPORT_KIND_PUSH]
daemon = Daemon()
client = Client(daemon.channel())


def fact(name, period="", **value):
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**value))


def firm(number, staff):
    unit = UNITS[number % len(UNITS)]
    return profile.Profile(uscc=code(number), attributes=[
        fact("region", code=unit), fact("statistical_region", code=unit), fact("industry", code="C31"),
        fact("org_type", code="enterprise"), fact("staff", count=staff),
        fact("in_statistics_library", flag=number % 40 == 0),
        fact("rd_statistics_included", flag=number % 80 == 0),
        fact("revenue", "2025", money_fen=number * 1000000),
        fact("taxable_income", "2025", money_fen=number * 100000)])


def send(first, count, staff):
    messages = [registry.ImportEnterprisesRequest(header=registry.ImportHeader(
        supplier="三门峡市测试局", date=DAY))]
    profiles = [firm(number, staff) for number in range(first, first + count)]
    messages += [registry.ImportEnterprisesRequest(rows=registry.ImportRows(
        first_row=1 + i, profiles=profiles[i:i + 500])) for i in range(0, count, 500)]
    answer = client._method("stream_unary", "RegistryService", "ImportEnterprises",
                            registry.ImportEnterprisesResponse)(iter(messages), timeout=120)
    assert answer.rejected == 0, answer
    return answer.sequence


def report(kind, sequence):
    parts = client._method("unary_stream", "RegistryService", "GetReport",
                           report_pb.GetReportResponse)(
        report_pb.GetReportRequest(kind=kind, sequence=sequence, as_of=DAY, draft=True), timeout=120)
    return [part for part in parts if part.WhichOneof("part") != "progress"]


def head_of(parts):
    return getattr(parts[0], parts[0].WhichOneof("part")).head


def find(sequence=0):
    parts = client._method("unary_stream", "RegistryService", "FindEnterprises",
                           find_pb.FindEnterprisesResponse)(
        find_pb.FindEnterprisesRequest(policy="national-small-profit-2023", as_of=DAY,
                                       sequence=sequence, limit=3000), timeout=120)
    return [part for part in parts if part.WhichOneof("part") != "progress"]


def push_run():
    started = client._method("unary_unary", "PushService", "StartRun", push.StartRunResponse)(
        push.StartRunRequest(as_of=DAY), timeout=60).run
    for part in client._method("unary_stream", "PushService", "WatchRun", push.WatchRunResponse)(
            push.WatchRunRequest(id=started.id), timeout=120):
        last = part.run
    return last


class Asking(threading.Thread):
    """Asks in a thread of its own, again and again until told to stop, at least once."""

    def __init__(self, ask, again):
        super().__init__()
        self.ask, self.again, self.answers, self.failure = ask, again, [], None
        self.start()

    def run(self):
        try:
            while not self.answers or self.again():
                self.answers.append(self.ask())
        except Exception as failure:  # told by whoever waits
            self.failure = failure

    def result(self):
        self.join()
        if self.failure:
            raise self.failure
        return self.answers


def simulate():
    """The catalog as a draft of itself: nobody gains."""
    messages = [catalog.SimulateRequest(file=catalog.SourceFile(path=path, content=content))
                for path, content in starter_files()]
    messages[0].policies.append("national-small-profit")
    parts = client._method("stream_stream", "CatalogService", "Simulate", catalog.SimulateResponse)(
        iter(messages), timeout=120)
    return [part.simulation for part in parts if part.WhichOneof("part") == "simulation"]


def test_together():
    send(1, FIRMS, 10)
    first, imports, meanwhile = send(1, 10, 11), [], 0
    reports = [Asking(lambda kind=kind: report(kind, first), lambda: False) for kind in KINDS]
    finds = Asking(find, lambda: any(one.is_alive() for one in reports))
    others = [finds, Asking(push_run, lambda: False), Asking(simulate, lambda: False)]
    while any(one.is_alive() for one in reports + others):
        imports.append(send(1 + 50 * (len(imports) % (FIRMS // 50)), 50, 100 + len(imports)))
        meanwhile += any(one.is_alive() for one in reports)
    assert meanwhile >= 2, "no import ended before the reports did"
    assert imports == sorted(set(imports)), "each import is a snapshot of its own"
    for kind, asked in zip(KINDS, reports):
        [parts] = asked.result()
        assert head_of(parts).enterprise_count == FIRMS, parts
        # The same three give the same bytes, however much came since, and whoever asked beside.
        assert [p.SerializeToString() for p in parts] == [
            p.SerializeToString() for p in report(kind, first)], kind
    for parts in finds.result():
        summary = parts[-1].summary
        assert sum(count.count for count in summary.counts) == FIRMS, summary
        assert parts == find(summary.sequence)
    [[simulation]], [last] = others[2].result(), others[1].result()
    assert simulation.enterprises == FIRMS and simulation.gaining_enterprises == 0, simulation
    assert last.done == last.total == FIRMS and last.errors == 0, last


run(test_together)
assert daemon.stop() == 0, daemon.log()
