# SPDX-License-Identifier: Apache-2.0
"""PushService and subscriptions of the server of fake_server.py: one run, three deliveries, and odd
answers for those who ask for them."""
import grpc

USCC = "91410300665989305X"
DAY = "2026-03-04"
TIME = DAY + "T05:06:07Z"


def key(number):
    return f"{number:064x}"


class FakePush:
    def __init__(self):
        from policycalc.v1 import push_service_pb2 as push
        from policycalc.v1 import registry_service_pb2 as registry
        self.push, self.registry = push, registry

    def run(self, number=7, **more):
        return dict(id=number, state="STATE_RUNNING", revision=3, as_of=DAY, sequence=5, total=100,
                    started_at=TIME, **more)

    def start_run(self, request, context):
        if request.note == "BUSY":
            context.abort(grpc.StatusCode.ABORTED, "run 7 is going on")
        if request.note == "EMPTY":
            return self.push.StartRunResponse()
        return self.push.StartRunResponse(run=self.run(
            policies=request.policies, changed_only=request.changed_only, note=request.note,
            since_revision=request.since_revision, silent=request.dry_run,
            reason=f"{request.as_of} {request.revision}"))

    def get_run(self, request, context):
        if request.id > 7:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such run")
        return self.push.GetRunResponse(run=dict(
            self.run(), state="STATE_FINISHED", done=100, deliveries=3, errors=1, finished_at=TIME,
            counts=[dict(series="a", kind="DELTA_KIND_NEWLY_ELIGIBLE", count=2, amount_fen=500),
                    dict(series="a", kind="DELTA_KIND_LAPSED", count=1)]))

    def list_runs(self, request, context):
        page = int(request.page_token or 0)
        return self.push.ListRunsResponse(runs=[self.run(number=9 - 2 * page), self.run(8 - 2 * page)],
                                          next_page_token="" if page else "1")

    def cancel_run(self, request, context):
        return self.push.CancelRunResponse(run=dict(self.run(request.id), state="STATE_CANCELLED"))

    def watch_run(self, request, context):
        for done in (0, 50, 100):
            yield self.push.WatchRunResponse(
                run=dict(self.run(), done=done, state="STATE_FINISHED" if done == 100 else
                         "STATE_RUNNING"), rate=10, left_seconds=(100 - done) // 10)
            if request.id == 99:
                context.abort(grpc.StatusCode.UNAVAILABLE, "the service stops")

    def digest(self, number):
        return dict(
            key=key(number), uscc=USCC, name="演示公司", region="411282", run=7, revision=3, as_of=DAY,
            engine_version="1", replaces=[key(90)], disclaimer=dict(zh="以主管部门审核为准"),
            entries=[
                dict(kind="DELTA_KIND_AMOUNT_CHANGED", series="a", policy="a-2026", title=dict(zh="甲"),
                     policy_kind="KIND_AWARD", departments=["科技局", "财政局"], before_fen=100,
                     amount=dict(exactness="EXACTNESS_EXACT", least_fen=200, most_fen=200),
                     deadline="2026-12-31", reason=dict(zh="2 项条件均符合")),
                dict(kind="DELTA_KIND_LAPSED", series="b", policy="b-1", cause="LAPSE_CAUSE_CONDITION",
                     near=dict(cost_ppm=5, sentence=dict(zh="差 1 人"), changes=[dict(
                         attribute="e.staff", distance=1)]))])

    def pull(self, request, context):
        for number in range(1, min(request.limit or 3, 3) + 1):
            digest = self.push.Digest(**self.digest(number)).SerializeToString(deterministic=True)
            yield self.push.PullDeliveriesResponse(
                key=key(number), lease=f"{request.consumer}-{request.lease_seconds}-{request.region}-"
                f"{list(request.kinds)}", leased_until=TIME, attempts=number - 1,
                digest=b"\xff\xff" if request.consumer == "BAD" else digest)
            if request.consumer == "LOST":
                context.abort(grpc.StatusCode.UNAVAILABLE, "the connection is lost")

    def others(self, keys):
        return [dict(key=k, state="DELIVERY_STATE_LEASED", reason="it is leased to somebody else")
                for k in keys]

    def ack(self, request, context):
        wrong = [a.key for a in request.acks if a.lease == "other"]
        failed = [a.key for a in request.acks if a.failed]
        return self.push.AckDeliveriesResponse(count=len(request.acks) - len(wrong),
                                               others=self.others(wrong + failed))

    def confirm(self, request, context):
        return self.push.ConfirmDeliveriesResponse(
            count=len(request.keys) or 40, others=self.others([
                f"{request.series} {request.refuse} {request.confirmed_by} {request.note}"]))

    def list_deliveries(self, request, context):
        page = int(request.page_token or 0)
        return self.push.ListDeliveriesResponse(
            deliveries=[dict(key=key(n), state=request.state or "DELIVERY_STATE_ACKED",
                             created_at=TIME, changed_at=TIME, not_before=DAY, attempts=2,
                             by=f"{request.uscc} {request.run} {request.series}",
                             reason="the receiver answered 503", tries=3 + n,
                             next_try_at="2026-03-04T06:06:07Z",
                             digest=None if request.series == "BARE" else self.digest(n))
                        for n in range(page * 2, page * 2 + min(request.page_size, 2))],
            next_page_token=str(page + 1) if page < 2 else "")

    def get_subscription(self, request, context):
        if request.uscc != USCC:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such enterprise")
        return self.registry.GetSubscriptionResponse(subscription=dict(
            uscc=USCC, kinds=["KIND_AWARD", "KIND_LOAN"], frequency="FREQUENCY_WEEKLY",
            deltas=["LAPSED"]))

    def set_subscription(self, request, context):
        return self.registry.SetSubscriptionResponse(
            subscription=request.subscription,
            warnings=[dict(reason="NOTHING_LEFT", field="kinds", message="nothing is left")])

    def handlers(self, method):
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        calls = {"StartRun": (unary, self.start_run), "GetRun": (unary, self.get_run),
                 "ListRuns": (unary, self.list_runs), "CancelRun": (unary, self.cancel_run),
                 "WatchRun": (stream, self.watch_run), "PullDeliveries": (stream, self.pull),
                 "AckDeliveries": (unary, self.ack), "ConfirmDeliveries": (unary, self.confirm),
                 "ListDeliveries": (unary, self.list_deliveries)}
        return grpc.method_handlers_generic_handler("policycalc.v1.PushService", {
            name: method(make, function, getattr(self.push, name + "Request"))
            for name, (make, function) in calls.items()})

    def registry_methods(self, method):
        return {name: method(grpc.unary_unary_rpc_method_handler, function,
                             getattr(self.registry, name + "Request"))
                for name, function in (("GetSubscription", self.get_subscription),
                                       ("SetSubscription", self.set_subscription))}
