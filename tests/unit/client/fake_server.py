# SPDX-License-Identifier: Apache-2.0
"""Servers for the client's tests: a friendly one of grpcio, and unfriendly ones.

usage: fake_server.py PROTO_DIR PROGRAM [ARGUMENT...]

Starts them, runs PROGRAM with their addresses in the environment (POLICYCALC_TEST_SERVER, _UNIX,
_DEAD, _SILENT, _HTTP1, _ODD), and exits as it does. Each call on the friendly one adds a line to the
file POLICYCALC_TEST_CALLS: its function, and how many seconds it may take, or None. While there is a
file of that name and ".stuck", every page names the same next one. What the friendly server does is chosen by the
profile's uscc: "SLOW" answers after three seconds, "WRONG" fails with details, else it answers one
policy for each attribute, named after it; of these the combination takes the first, truncated by a
cap, and leaves out the others. It asks for e.staff until that is known or skipped.
"""
import concurrent.futures
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

try:
    import grpc
    import h2.config
    import h2.connection
    import h2.events
except ImportError as missing:
    print(f"skipped: {missing} (python3-grpcio, python3-protobuf and python3-h2 are needed)")
    sys.exit(77)


def load_messages(proto_dir, folder):
    names = ["google/rpc/status", "google/rpc/error_details"]
    names += sorted(f"policycalc/v1/{path.stem}"
                    for path in pathlib.Path(proto_dir, "policycalc/v1").glob("*.proto"))
    subprocess.run(["protoc", f"-I{proto_dir}", f"--python_out={folder}"]
                   + [f"{proto_dir}/{name}.proto" for name in names], check=True)
    sys.path.insert(0, folder)
    from policycalc.v1 import calculator_service_pb2, catalog_pb2, catalog_service_pb2
    # grpcio's own package "google" may hide ours: load these two by path.
    import importlib.util
    loaded = []
    for name in ("status", "error_details"):
        spec = importlib.util.spec_from_file_location(f"our_{name}",
                                                      f"{folder}/google/rpc/{name}_pb2.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        loaded.append(module)
    return calculator_service_pb2, catalog_pb2, catalog_service_pb2, *loaded


class Friendly:
    def __init__(self, proto_dir, folder):
        import google
        google.__path__.append(f"{folder}/google")
        (self.calculator, self.catalog, self.service, self.status,
         self.details) = load_messages(proto_dir, folder)

    def wrong_details(self):
        bad = self.details.BadRequest(field_violations=[
            dict(field="profile.attributes[0].value", description="需要一个金额"),
            dict(field="profile.date", description="expected YYYY-MM-DD")])
        return self.status.Status(code=3, message="请求有误: 2 处", details=[dict(
            type_url="type.googleapis.com/google.rpc.BadRequest",
            value=bad.SerializeToString())])

    def too_many(self):
        """As the service refuses whoever asks too much."""
        quota = self.details.QuotaFailure(violations=[dict(subject="identity portal", description="calls a second")])
        retry = self.details.RetryInfo(retry_delay=dict(seconds=2, nanos=100000001))
        return self.status.Status(code=8, message="too many calls a second: try again in 2101 ms", details=[
            dict(type_url="type.googleapis.com/google.rpc." + kind.DESCRIPTOR.name, value=kind.SerializeToString())
            for kind in (quota, retry)])

    scored = dict(id="score", status=3, score=dict(
        table="t", label=dict(zh="得分"), least=20, most=50, full=100, **{"pass": 60}, status=3,
        direct_pass=2, sentence=dict(zh="得分 20～50 分"), rows=[
            dict(id="known", least=20, most=20, full=50, state=1, alternatives=[
                dict(attribute="e.a"),
                dict(attribute="e.b", observed=dict(zh="3%"), counted=True,
                     next=dict(required=dict(zh="≥ 4%", en="≥ 4%"), points=30, more=10))]),
            dict(id="open", most=30, full=50, state=2, missing=["e.c"])]))

    def combination(self, request):
        units = [dict(policy_id=fact.name, title=dict(zh="政策" + fact.name, en="Policy"), verdict=5,
                      list="projects" if index else "", item_id="p1" if index else "")
                 for index, fact in enumerate(request.profile.attributes)]
        if not units:
            return dict(sure=dict(proved=True), possible=dict(open_ended=True))
        first = request.profile.attributes[0].value.money_fen
        cap = dict(cause=3, name="cap", units=units, limit_fen=first // 2,
                   source=dict(doc="《办法》", clause="第五条"), sentence=dict(zh="共用上限", en="shared cap"))
        group = dict(cause=1, name="group", units=units[:1], sentence=dict(zh="择一享受", en="one only"))
        return dict(
            sure=dict(total_fen=first // 2, whole_term_fen=first, proved=True,
                      chosen=[dict(unit=units[0], amount_fen=first, counted_fen=first // 2,
                                   whole_term_fen=first, truncated_by=cap)],
                      left_out=[dict(unit=unit, amount_fen=7, reasons=[group, dict(cause=4)])
                                for unit in units[1:]]),
            possible=dict(total_fen=first * 2, whole_term_fen=first * 3, open_ended=True,
                          chosen=[dict(unit=unit, amount_fen=first, counted_fen=first,
                                       whole_term_fen=first) for unit in units]),
            answers=[dict(name="e.staff", units=units)],
            others=[dict(beneficiary=2, nature=6, sure_fen=5, possible_fen=6, open_ended=True,
                         units=[dict(policy_id=name) for name in request.policies])],
            opening_later=[dict(unit=units[-1], date="2026-09-01", amount_fen=8)])

    def combine(self, request, context):
        if request.profile.uscc == "WRONG":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "wrong")
        response = dict(revision=request.revision or 7, as_of=request.as_of or "2026-01-01",
                        warnings=[dict(reason="STRICT" if request.strict else "LENIENT", field="f",
                                       message="m")])
        if request.profile.uscc != "EMPTY":
            response["combination"] = self.combination(request)
        return self.calculator.CombineResponse(**response)

    def next_question(self, request, context):
        from policycalc.v1 import question_pb2
        if request.profile.uscc == "WRONG":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "wrong")
        known = {fact.name for fact in request.profile.attributes}
        progress = dict(policy_count=9, settled_count=8, undetermined_count=1, eligible_count=2,
                        review_count=3, not_open_count=4, ineligible_count=5,
                        expected_questions_milli=1500, certain_fen=600, possible_fen=700)
        done = 1 if "staff" in known else 2 if request.enough_ppm == 1 else 3 if request.skipped else 0
        response = dict(revision=7, as_of="2026-01-01", progress=progress, done=done)
        if not done:
            asked = (f"{request.revision} {request.as_of} {request.include_superseded} "
                     + ",".join(request.policies))
            response["question"] = dict(
                text=dict(zh="有多少人？", en="How many?"), reason=dict(zh=asked),
                attributes=[dict(key="e.staff", name="staff", period="2025", type=3,
                                 label=dict(zh="人数"), question=dict(zh="2025年有多少人？")),
                            dict(key="i.kind@loans/a", name="kind", item_list="loans", item_id="a",
                                 type=5, periods=["2025-01", "2025-02"], help=dict(zh="见合同"),
                                 choice_count=2, choices=[
                                     dict(code="x", label=dict(zh="甲")),
                                     dict(code="y", label=dict(zh="乙", en="second"))])])
        return question_pb2.NextQuestionResponse(**response)

    near = [
        dict(cost_ppm=250000, verdict=5, sentence=dict(zh="再增加 8 人", en="8 more people"),
             stays_unknown=["e.d", "e.e"],
             amount=dict(exactness=1, least_fen=40, most_fen=50, term_months=12),
             changes=[dict(attribute="e.staff", distance=8, percent_ppm=80000, parameter="p.least_staff"),
                      dict(attribute="i.cost@projects/p1", distance=900)]),
        dict(cost_ppm=300000, verdict=4, sentence=dict(zh="取得资质"),
             changes=[dict(attribute="e.high_tech", distance=1, percent_ppm=0)])]
    cliffs = [
        dict(attribute="e.staff", above=True, distance=3, percent_ppm=30000, parameter="p.most_staff",
             sentence=dict(zh="再增加 4 人即失去资格", en="lost with 4 more people")),
        dict(attribute="e.revenue", distance=7)]

    def match_one(self, request):
        answers = []
        for fact in request.profile.attributes:
            kind = fact.value.WhichOneof("kind")
            value = fact.value.money_fen if kind == "money_fen" else 0
            answers.append(dict(policy_id=fact.name, series="series-" + fact.name, verdict=5,
                                conditions_verdict=5, title=dict(zh="政策" + fact.name, en="Policy"),
                                amount=dict(exactness=1, least_fen=value, most_fen=value,
                                    first_year_least_fen=value // 2, first_year_most_fen=value // 2,
                                    term_months=24, rounded=True, cap=dict(limit_fen=9000, bound=True),
                                    funding=[dict(level=2, share_ppm=500000, most_fen=1900),
                                             dict(level=4, share_ppm=500000, most_fen=1900)]),
                                missing=["e.staff"], conditions=[self.scored, dict(id="plain")],
                                near=self.near if request.near else [],
                                cliffs=self.cliffs if request.near else []))
        return self.calculator.MatchResponse(revision=7, as_of=request.as_of or "2026-01-01",
                                             engine_version="test", answers=answers,
                                             warnings=[dict(reason="UNKNOWN_ATTRIBUTE", field="f",
                                                            message="m")],
                                             combination=(self.combination(request)
                                                          if request.combine else None))

    def match(self, request, context):
        if request.profile.uscc == "SLOW":
            time.sleep(3)
        if request.profile.uscc == "WRONG":
            status = self.wrong_details()
            context.set_trailing_metadata((("grpc-status-details-bin",
                                            status.SerializeToString()),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, status.message)
        if request.profile.uscc == "MANY":
            status = self.too_many()
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, status.message)
        if request.profile.uscc == "LARGE":
            answer = self.catalog.Text(zh="长" * 1000)
            return self.calculator.MatchResponse(answers=[dict(policy_id=str(i), title=answer)
                                                          for i in range(2000)])
        return self.match_one(request)

    def match_stream(self, requests, context):
        for request in requests:
            if request.match.profile.uscc == "WRONG":
                yield self.calculator.MatchStreamResponse(request_id=request.request_id,
                                                          error=self.wrong_details())
            elif request.match.profile.uscc == "MANY":
                yield self.calculator.MatchStreamResponse(request_id=request.request_id, error=self.too_many())
            else:
                yield self.calculator.MatchStreamResponse(request_id=request.request_id,
                                                          response=self.match_one(request.match))

    def list_attributes(self, request, context):
        """Two pages, so that reading on is tested."""
        if request.page_token:
            return self.service.ListAttributesResponse(
                revision=7, attributes=[dict(name="staff", type=3, label=dict(zh="人数"))])
        return self.service.ListAttributesResponse(
            revision=7, next_page_token="next",
            attributes=[dict(name="revenue", type=1, period=2, label=dict(zh="营业收入"))])

    def list_policies(self, request, context):
        found = [dict(id="p1", title=dict(zh="科技贷"), kind=1, level=3)]
        return self.service.ListPoliciesResponse(revision=7, total=1, policies=(
            [] if request.search and request.search not in "科技贷" else found))

    def get_policy(self, request, context):
        if request.id != "p1":
            context.abort(grpc.StatusCode.NOT_FOUND, "no policy 'p9'")
        return self.service.GetPolicyResponse(revision=7, policy=dict(
            id="p1", title=dict(zh="科技贷"), conditions=[dict(id="staff", rule="e.staff > 1")]),
            parameters=[
                dict(name="limit", type=1, label=dict(zh="额度"), values=[
                    {"from": "not_stated", "until": "2024-12-31", "money_fen": 50000000},
                    {"from": "2025-01-01", "money_fen": 300000000}]),
                dict(name="rate", type=2, label=dict(zh="比例"), values=[
                    {"from": "2025-01-01", "until": "2025-12-31", "not_stated": True}]),
                dict(name="age", type=3, label=dict(zh="年限"), unit=dict(zh="年"), values=[
                    {"from": "not_stated", "count": 3}])])

    def get_guide(self, request, context):
        from policycalc.v1 import guide_pb2
        return guide_pb2.GetGuideResponse(
            revision=7, as_of="2026-03-01", working_days=3, papers_saved=1,
            policies=[dict(id=name) for name in request.policies],
            steps=[dict(title=dict(zh="提交"), working_days=3, policies=[0], materials=[0]),
                   dict(title=dict(zh="拨付"), policies=[0], after=[0], reused_materials=[0])],
            materials=[dict(code="licence", name=dict(zh="营业执照"), policies=[0])])

    def check(self, requests, context):
        files = [request.file.path for request in requests]
        return self.service.CheckCatalogResponse(error_count=1, policy_count=len(files), findings=[
            dict(severity=1, path=path, line=1, column=2, message="wrong") for path in files[:1]])

    def publish(self, requests, context):
        size = sum(len(request.file.content) for request in requests)
        return self.service.PublishCatalogResponse(revision=dict(number=size), unchanged=False)

    def revisions(self, request, context):
        return self.service.ListRevisionsResponse(revisions=[dict(number=7, policy_count=1)])

    def export(self, request, context):
        for name in ("attributes.yaml", "policies/p1.yaml"):
            yield self.service.ExportCatalogResponse(file=dict(path=name, content=b"id: p1\n"))

    def diff(self, request, context):
        from policycalc.v1 import diff_pb2
        if request.to_revision > 5:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no revision {request.to_revision}")
        return diff_pb2.DiffRevisionsResponse(
            from_revision=request.from_revision, to_revision=request.to_revision, changes=[
                dict(kind=1, entry=1, id="p2", title=dict(zh="奖励")),
                dict(kind=3, entry=2, id="limit", title=dict(zh="额度"),
                     affects=["p1", "e.at_least_small"], fields=[
                         dict(path="values[2025-01-01].money_fen", kind=3, before="100万元",
                              before_en="1,000,000 yuan", after="150万元", after_en="1,500,000 yuan",
                              label=dict(zh="值", en="value")),
                         dict(path="values[2024-01-01]", kind=2, before="7")])])

    def import_enterprises(self, requests, context):
        """Knows one firm, 91410300665989305X, whose staff is 7; takes no two rows of one firm, nor
        a supplier called WRONG or LATE (who says so at once, and after all rows)."""
        from policycalc.v1 import registry_service_pb2 as registry
        header, seen, findings, warnings = None, {}, [], []
        rows = same = 0
        for request in requests:
            if request.WhichOneof("part") == "header":
                assert header is None
                header = request.header
                if header.supplier == "WRONG":
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such day")
                continue
            for number, profile in enumerate(request.rows.profiles, request.rows.first_row):
                rows += 1
                if profile.uscc in seen:
                    findings.append(dict(row=number, field="uscc", reason="DUPLICATE_USCC",
                                         message=f"also in row {seen[profile.uscc]}"))
                    continue
                seen[profile.uscc] = number
                for fact in profile.attributes:
                    if fact.value.money_fen == 66600:
                        findings.append(dict(row=number, field=f"{fact.name}@{fact.period or 2025}",
                                             reason="WRONG_TYPE", message="unlucky"))
                same += profile.uscc == "91410300665989305X" and len(profile.attributes) == 1
                if profile.uscc.endswith("9"):
                    warnings.append(dict(row=number, field="uscc", reason="CHECK_DIGIT",
                                         message="the check digit fails"))
        if header.supplier == "LATE":
            context.abort(grpc.StatusCode.UNAVAILABLE, "the disk is full")
        if header.supplier == "TELL":
            warnings.append(dict(message=f"{header.date} {list(header.complete)} {header.dry_run} "
                                         f"{header.replace}"))
        return registry.ImportEnterprisesResponse(
            rows=rows, inserted=len(seen) - same, unchanged=same, rejected=len(findings),
            rejects=findings, warnings=warnings, warning_count=len(warnings), sequence=5,
            import_id=0 if header.dry_run else 3)

    def get_enterprise(self, request, context):
        from policycalc.v1 import registry_service_pb2 as registry
        if request.uscc != "91410300665989305X":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such enterprise")
        origins = [dict(attribute=name, supplier="三门峡市统计局", date="2026-01-01",
                        imported_at="2026-01-02T03:04:05Z") for name in
                   ("e.staff", "e.revenue@2025", "e.c", "e.t", "e.s")]
        facts = [dict(name="staff", value=dict(count=7)),
                 dict(name="revenue", period="2025", value=dict(money_fen=380000000)),
                 dict(name="c", value=dict(codes=dict(codes=["a", "b"]))),
                 dict(name="t", value=dict(titles=dict(titles=[
                     dict(code="srdi", valid_until="2027-12-31")]))),
                 dict(name="s", value=dict(count_series=dict(points=[
                     dict(period="2024", value=3), dict(period="2025", value=4)])))]
        profile = dict(uscc=request.uscc, attributes=facts, items=[
            dict(list="loans", id="l1", attributes=[dict(name="staff", value=dict(count=1))])])
        versions = [dict(from_sequence=2, until_sequence=request.sequence or 4, profile=dict(
            uscc=request.uscc, attributes=[dict(name="staff", value=dict(count=6))]))]
        return registry.GetEnterpriseResponse(profile=profile, origins=origins, sequence=5,
                                              not_on_list=["staff"],
                                              versions=versions if request.history else [])

    def get_registry(self, request, context):
        from policycalc.v1 import registry_service_pb2 as registry
        return registry.GetRegistryResponse(enterprise_count=12345678, sequence=5, imports=[
            dict(id=3, supplier="三门峡市统计局", date="2026-01-01", rows=12345678, changed=5,
                 rejected=2, sequence=5, started_at="2026-01-02T23:04:05Z", complete=["dishonest"],
                 finished_at="2026-01-02T23:05:05Z"),
            dict(id=2, supplier="虚构样例", sample=True, date="2026-01-01", rows=3, sequence=4,
                 started_at="2026-01-01T03:04:05Z")])

    def add_counters(self, request, context):
        from policycalc.v1 import report_pb2
        for entry in request.entries:
            if entry.value < 0:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, " ".join(
                    [f"'{entry.region}'", entry.name, entry.date, entry.source]))
        return report_pb2.AddCountersResponse(count=len(request.entries),
                                              sequence=sum(e.value for e in request.entries))

    def start(self, unix_path, calls_path):
        def noted(function):
            def call(request, context):
                with open(calls_path, "a", encoding="utf-8") as calls:
                    print(function.__name__, context.time_remaining(), file=calls)
                answer = function(request, context)
                if hasattr(answer, "next_page_token") and os.path.exists(calls_path + ".stuck"):
                    answer.next_page_token = "1"
                return answer
            return call

        def method(make, function, request):
            return make(noted(function), request_deserializer=request.FromString,
                        response_serializer=lambda message: message.SerializeToString())
        from policycalc.v1 import diff_pb2, guide_pb2, question_pb2, report_pb2
        from policycalc.v1 import registry_service_pb2 as registry
        calculator, service = self.calculator, self.service
        from fake_push import FakePush
        from fake_reports import FakeReports
        fake_push, fake_reports = FakePush(), FakeReports()
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("policycalc.v1.CalculatorService", {
                "Match": method(grpc.unary_unary_rpc_method_handler, self.match,
                                calculator.MatchRequest),
                "MatchStream": method(grpc.stream_stream_rpc_method_handler, self.match_stream,
                                      calculator.MatchStreamRequest),
                "Combine": method(grpc.unary_unary_rpc_method_handler, self.combine,
                                  calculator.CombineRequest),
                "NextQuestion": method(grpc.unary_unary_rpc_method_handler, self.next_question,
                                       question_pb2.NextQuestionRequest)}),
            grpc.method_handlers_generic_handler("policycalc.v1.RegistryService", {
                "ImportEnterprises": method(grpc.stream_unary_rpc_method_handler,
                                            self.import_enterprises,
                                            registry.ImportEnterprisesRequest),
                "GetEnterprise": method(grpc.unary_unary_rpc_method_handler, self.get_enterprise,
                                        registry.GetEnterpriseRequest),
                "GetRegistry": method(grpc.unary_unary_rpc_method_handler, self.get_registry,
                                      registry.GetRegistryRequest),
                "AddCounters": method(grpc.unary_unary_rpc_method_handler, self.add_counters,
                                      report_pb2.AddCountersRequest),
                **fake_push.registry_methods(method), **fake_reports.registry_methods(method)}),
            fake_push.handlers(method),
            grpc.method_handlers_generic_handler("policycalc.v1.CatalogService", {
                "ListAttributes": method(grpc.unary_unary_rpc_method_handler,
                                         self.list_attributes, service.ListAttributesRequest),
                "ListPolicies": method(grpc.unary_unary_rpc_method_handler, self.list_policies,
                                       service.ListPoliciesRequest),
                "GetPolicy": method(grpc.unary_unary_rpc_method_handler, self.get_policy,
                                    service.GetPolicyRequest),
                "GetGuide": method(grpc.unary_unary_rpc_method_handler, self.get_guide,
                                   guide_pb2.GetGuideRequest),
                "ListRevisions": method(grpc.unary_unary_rpc_method_handler, self.revisions,
                                        service.ListRevisionsRequest),
                "ExportCatalog": method(grpc.unary_stream_rpc_method_handler, self.export,
                                        service.ExportCatalogRequest),
                "DiffRevisions": method(grpc.unary_unary_rpc_method_handler, self.diff,
                                        diff_pb2.DiffRevisionsRequest),
                "CheckCatalog": method(grpc.stream_unary_rpc_method_handler, self.check,
                                       service.CheckCatalogRequest),
                "PublishCatalog": method(grpc.stream_unary_rpc_method_handler, self.publish,
                                         service.PublishCatalogRequest),
                **fake_reports.catalog_methods(method)})))
        port = server.add_insecure_port("127.0.0.1:0")
        server.add_insecure_port(f"unix:{unix_path}")
        server.start()
        return server, f"127.0.0.1:{port}"


def serve_raw(handle):
    """Runs handle(connection) for every connection; returns the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def silent(connection):
    time.sleep(60)
    connection.close()


def http1(connection):
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    connection.close()


GOOD = [(":status", "200"), ("content-type", "application/grpc")]
# Path of the call -> what is sent: headers, data, trailers, or "goaway", "close", "reset", "quiet":
# nothing, although pings are answered.
ODD = {
    "/no-status": [GOOD, b"\0\0\0\0\0", []],
    "/compressed": [GOOD, b"\1\0\0\0\1x", [("grpc-status", "0")]],
    "/huge": [GOOD, b"\0\xff\xff\xff\xff", [("grpc-status", "0")]],
    "/cut": [GOOD, b"\0\0\0\0\x09abc", [("grpc-status", "0")]],
    "/rubbish": [GOOD, b"\0\0\0\0\x03\xff\xff\xff", [("grpc-status", "0")]],
    "/nul": [GOOD, b"\0\0\0\0\x05\x12\x03a\0b", [("grpc-status", "0")]],
    "/two": [GOOD, b"\0\0\0\0\0\0\0\0\0\0", [("grpc-status", "0")]],
    "/none": [GOOD, b"", [("grpc-status", "0")]],
    "/html": [[(":status", "503"), ("content-type", "text/html")], b"<html>", []],
    "/percent": [GOOD, b"", [("grpc-status", "5"), ("grpc-message", "%E6%B2%A1%E6%9C%89%zz%")]],
    "/strange-code": [GOOD, b"", [("grpc-status", "4711")]],
    "/bad-details": [GOOD, b"", [("grpc-status", "3"), ("grpc-status-details-bin", "****")]],
    "/quiet": "quiet",
    "/reset": "reset",
    "/close": "close",
    "/goaway": "goaway",
}


def odd(connection):
    h = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False,
                                                              header_encoding="utf-8",
                                                              validate_outbound_headers=False))
    h.initiate_connection()
    connection.sendall(h.data_to_send())
    while True:
        data = connection.recv(65536)
        if not data:
            return
        for event in h.receive_data(data):
            if not isinstance(event, h2.events.RequestReceived):
                continue
            plan = ODD[dict(event.headers)[":path"]]
            if plan == "close":
                connection.close()
                return
            if plan == "quiet":
                continue
            if plan == "reset":
                h.reset_stream(event.stream_id, 2)
            elif plan == "goaway":
                connection.sendall(h.data_to_send() + b"\0\0\x08\x07\0\0\0\0\0" + b"\0" * 8)
                connection.close()
                return
            else:
                headers, body, trailers = plan
                h.send_headers(event.stream_id, headers)
                if body:
                    h.send_data(event.stream_id, body, end_stream=not trailers)
                elif not trailers:
                    h.end_stream(event.stream_id)
                if trailers:
                    h.send_headers(event.stream_id, trailers, end_stream=True)
        connection.sendall(h.data_to_send())


def main():
    proto_dir, program = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        server, address = Friendly(proto_dir, folder).start(f"{folder}/socket", f"{folder}/calls")
        dead = socket.create_server(("127.0.0.1", 0))
        dead_address = f"127.0.0.1:{dead.getsockname()[1]}"
        dead.close()
        environment = dict(os.environ, POLICYCALC_TEST_SERVER=address,
                           POLICYCALC_TEST_UNIX=f"unix:{folder}/socket",
                           POLICYCALC_TEST_CALLS=f"{folder}/calls",
                           POLICYCALC_TEST_DEAD=dead_address,
                           POLICYCALC_TEST_SILENT=serve_raw(silent),
                           POLICYCALC_TEST_HTTP1=serve_raw(http1),
                           POLICYCALC_TEST_ODD=serve_raw(odd))
        result = subprocess.run(program, env=environment).returncode
        server.stop(0)
    # No waiting for threads that sleep on purpose.
    sys.stdout.flush()
    os._exit(result if result >= 0 else 1)


if __name__ == "__main__":
    main()
