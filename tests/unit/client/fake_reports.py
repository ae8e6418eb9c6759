# SPDX-License-Identifier: Apache-2.0
"""FindEnterprises, GetReport and Simulate of the server of fake_server.py; odd answers for the policy,
the region or the day ODD, LOST and REFUSED."""
import grpc

USCC = "91410300665989305X"


class FakeReports:
    def __init__(self):
        from policycalc.v1 import catalog_service_pb2 as catalog
        from policycalc.v1 import registry_service_pb2 as registry
        from policycalc.v1 import find_pb2, report_pb2, simulate_pb2
        self.catalog, self.registry = catalog, registry
        self.find_pb2, self.report_pb2, self.simulate_pb2 = find_pb2, report_pb2, simulate_pb2

    # --- finding ----------------------------------------------------------------------------------

    def find(self, request, context):
        response = self.find_pb2.FindEnterprisesResponse
        if request.policy == "ODD":
            yield response(found=dict(id=1, uscc=USCC))
        yield response(progress=dict(done=5, total=10))
        for number in range(2):
            yield response(found=dict(
                id=number + 1, uscc=USCC, region="411282", region_label=dict(zh="灵宝市"),
                industry="C3130", answer=dict(
                    policy_id=request.policy, title=dict(zh="甲"),
                    verdict="VERDICT_INELIGIBLE" if number else "VERDICT_ELIGIBLE",
                    amount=dict(exactness="EXACTNESS_EXACT", least_fen=700, most_fen=700),
                    near=[dict(cost_ppm=9, sentence=dict(zh="差 1 人"))] if number else [])))
        if request.policy == "LOST":
            context.abort(grpc.StatusCode.UNAVAILABLE, "the connection is lost")
        yield response(progress=dict(done=10, total=10))
        if request.policy != "BROKEN":
            yield response(summary=dict(
                policy_id=f"{request.policy} {list(request.verdicts)} {request.near} {request.region} "
                f"{request.industry} {request.size} {request.sort} {request.limit} {request.revision} "
                f"{request.sequence}", title=dict(zh="甲"), revision=3, as_of=request.as_of, sequence=5,
                counts=[dict(verdict="VERDICT_ELIGIBLE", count=40),
                        dict(verdict="VERDICT_NEEDS_INFORMATION", count=3)],
                told=2, left_out=1, near=1, sure_fen=28000, refused=6, looked_at=3,
                lacks=[dict(attribute="e.staff", label=dict(zh="从业人员"), count=3, alone=2)]))

    # --- reports ----------------------------------------------------------------------------------

    def head(self, request):
        return dict(as_of=request.as_of or "2026-03-31", revision=3, sequence=5, engine_version="1",
                    region="411200", region_name=dict(zh="三门峡市"), enterprise_count=444,
                    unread_count=2, sample=True, disclaimer=dict(zh="以主管部门审核为准"))

    def coverage(self, request):
        def count(total, covered):
            return dict(total=total, covered=covered, unknown=1, four=2, four_unknown=3,
                        **(dict(rate_permille=(2000 * covered + total) // (2 * total))
                           if total else {}))
        return dict(
            head=self.head(request), month="2026-03", target_ppm=request.target_ppm, draft=request.draft,
            signed_by=request.signed_by, city=dict(count=count(444, 328), needed_all=116,
                                                   needed_target=72),
            units=[dict(code="411224", name=dict(zh="卢氏县"), rank=1, count=count(39, 34),
                        needed_all=5, target_met=True, opening_fen=900, opening_firms=2),
                   dict(code="411299", name=dict(zh="示范区"), zone=True, count=count(0, 0),
                        months_below=3)],
            notices=[dict(kind=5, sentence=dict(zh="表扬"))])

    def report(self, request, context):
        response = self.report_pb2.GetReportResponse
        for done in range(3):
            yield response(progress=dict(done=done * 100, total=444))
        if request.as_of == "REFUSED":
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"{request.expected_total} is not 444")
        if request.as_of == "ODD":
            return
        if request.kind == 1:
            yield response(coverage=self.coverage(request))
            for part in range(3 if request.names else 0):
                yield response(firms=dict(firms=[dict(
                    uscc=f"{part}{i}", unit="411224", industry="C3130", size="SMALL", reason=4,
                    contact_officer="王", opening_fen=450, opens=[dict(policy_id="a")])
                    for i in range(4)]))
        elif request.kind == 2:
            item = dict(name="e.staff", label=dict(zh="从业人员"), supplier=dict(zh="统计局"), alone=7,
                        among=2)
            yield response(blocked=dict(
                head=self.head(request), attributes=[dict(item, alone=70)], policies=[dict(
                    policy_id="a-2026", series="a", title=dict(zh="甲"),
                    verdicts=[dict(verdict="VERDICT_ELIGIBLE", count=30),
                              dict(verdict="VERDICT_INELIGIBLE", count=400)],
                    conditions=[dict(id="staff", label=dict(zh="人数"), alone=1, among=2, unknown=3,
                                     review=4)], attributes=[item])]))
        elif request.kind == 3:
            policy = dict(policy_id="a-2026", title=dict(zh="甲"), eligible=3, least_fen=10, most_fen=20,
                          without_amount=1, nature="NATURE_CASH", beneficiary="BENEFICIARY_ENTERPRISE")
            unit = dict(code="411224", name=dict(zh="卢氏县"), enterprises=9, eligible=3, sure_fen=10,
                        without_amount=1, policies=[policy])
            yield response(unclaimed=dict(head=self.head(request), units=[unit], policies=[policy, policy],
                                          sum=dict(enterprises=90, eligible=30, sure_fen=100)))
        else:
            count = dict(code="a", name=dict(zh="甲"), told=9, news=8, acknowledged=7, held=6,
                         suppressed=5)
            yield response(push=dict(
                head=self.head(request), policies=[count], units=[dict(count, code="411224")],
                negatives=[dict(name="e.dishonest", label=dict(zh="失信"), supplier=dict(zh="法院"),
                                unknown=50, undecided=40, undecided_alone=30)]))

    # --- simulation -------------------------------------------------------------------------------

    def simulate(self, requests, context):
        response = self.catalog.SimulateResponse
        first, files = None, 0
        for request in requests:
            first = first or request
            assert request is first or not request.as_of
            files += len(request.file.content)
        for done in range(3):
            yield response(progress=dict(done=done, total=2))
        if first.as_of == "ODD":
            return
        side = dict(policy_id="a-2026", eligible=10, needs_review=2, needs_information=3, sure_fen=100,
                    most_fen=200, unbounded=4)
        change = dict(before=side, after=dict(side, eligible=12), gaining=3, losing=1, more=5, less=6,
                      gain_fen=70, loss_fen=7)
        group = dict(code="411282", label=dict(zh="灵宝市"), before=5, after=6, gaining=2, losing=1,
                     before_fen=50, after_fen=60)
        steps = first.sensitivity
        yield response(simulation=dict(
            revision=3, as_of=first.as_of, sequence=5, enterprises=files, gaining_enterprises=3,
            losing_enterprises=1, refused=2, total=change, regions=[group, dict(group, code="")],
            industries=[dict(group, code="C")], sizes=[dict(group, code="SMALL")],
            policies=[dict(series=f"{list(first.policies)} {first.region}", title=dict(zh="甲"),
                           change=change, regions=[group], unchanged=True)],
            budgets=[dict(label=dict(zh="研发"), policies=["a", "b"], after_limit_fen=10**10,
                          before_fen=1, after_fen=2, after_most_fen=3, after_unbounded=4)],
            curve=dict(parameter=f"{steps.parameter} {steps.to} {steps.step}", points=[
                dict(value=len(steps.to), eligible=1, needs_review=2, sure_fen=3, most_fen=4)])
            if first.HasField("sensitivity") else None))

    def registry_methods(self, method):
        return {name: method(grpc.unary_stream_rpc_method_handler, function, request)
                for name, function, request in (
                    ("FindEnterprises", self.find, self.find_pb2.FindEnterprisesRequest),
                    ("GetReport", self.report, self.report_pb2.GetReportRequest))}

    def catalog_methods(self, method):
        return {"Simulate": method(grpc.stream_stream_rpc_method_handler, self.simulate,
                                   self.catalog.SimulateRequest)}
