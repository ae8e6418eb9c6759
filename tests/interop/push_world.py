# SPDX-License-Identifier: Apache-2.0
"""What the tests of push runs share: a small catalog, enterprises that do not exist, and a client."""
from enterprise import code
from harness import MADE_UP_PARAMETER, MADE_UP_POLICY, Client, Daemon, module, profile, starter_files

registry = module("policycalc.v1.registry_service_pb2")
push = module("policycalc.v1.push_service_pb2")

STAFF = "demo_push_staff"


def parameter(staff):
    return MADE_UP_PARAMETER.format(name=STAFF, staff=staff)


def policy(name, kind="AWARD", more="", **changes):
    """A file of a made-up policy; @changes, (old, new) each, of what stands in all of them."""
    text = MADE_UP_POLICY.format(id=f"demo-push-{name}-2020", series=f"demo-push-{name}", zh=f"演示推送{name}",
                                 en=f"Demo {name}", kind=kind, parameter=STAFF, more=more)
    for old, new in changes.values():
        assert old in text, (old, text)
        text = text.replace(old, new)
    return (f"policies/demo-push-{name}.yaml", text.encode())


def held_policy():
    return policy("held", kind="SUBSIDY", more="confirm_before_push: true\n")


def dictionary(staff, parameters=""):
    """Files of the starter catalog without its policies, with what the made-up ones stand on."""
    files = []
    for path, content in starter_files():
        if path.startswith("policies/") or path == "facts.yaml":
            continue
        if path == "parameters.yaml":
            content = content.rstrip() + b"\n" + (parameter(staff) + parameters).encode()
        files.append((path, content))
    return files


def draft(staff):
    return [*dictionary(staff), policy("award"), held_policy()]


class Push(Client):
    def ask(self, name, **fields):
        return self._method("unary_unary", "PushService", name, getattr(push, name + "Response"))(
            getattr(push, name + "Request")(**fields), timeout=60)

    def stream(self, name, timeout=60, **fields):
        return self._method("unary_stream", "PushService", name, getattr(push, name + "Response"))(
            getattr(push, name + "Request")(**fields), timeout=timeout)

    def register(self, name, **fields):
        return self._method("unary_unary", "RegistryService", name,
                            getattr(registry, name + "Response"))(
            getattr(registry, name + "Request")(**fields), timeout=20)

    def send(self, firms):
        """Imports {number: staff}."""
        def messages():
            yield registry.ImportEnterprisesRequest(header=registry.ImportHeader(
                supplier="演示局", date="2026-03-10"))
            numbers = list(firms)
            for at in range(0, len(numbers), 1000):
                yield registry.ImportEnterprisesRequest(rows=registry.ImportRows(
                    first_row=at + 1, profiles=[profile.Profile(uscc=code(n), attributes=[
                        profile.AttributeValue(name="staff", value=profile.Value(count=firms[n])),
                        profile.AttributeValue(name="region", value=profile.Value(
                            code="411282" if n % 2 else "411224"))])
                        for n in numbers[at:at + 1000]]))
        reply = self._method("stream_unary", "RegistryService", "ImportEnterprises",
                             registry.ImportEnterprisesResponse)(messages(), timeout=120)
        assert reply.rejected == 0, reply
        return reply

    def run(self, **fields):
        """Starts a run and waits for its end."""
        number = self.ask("StartRun", **fields).run.id
        last = list(self.stream("WatchRun", id=number))[-1].run
        assert last.state == push.Run.STATE_FINISHED, last
        return last

    def pull(self, **fields):
        return list(self.stream("PullDeliveries", **{"consumer": "test", **fields}))

    def ledger(self):
        """key -> (state, bytes) of every delivery."""
        found, token = {}, ""
        while True:
            page = self.ask("ListDeliveries", page_size=1000, page_token=token)
            for d in page.deliveries:
                assert d.key not in found
                found[d.key] = (d.state, d.digest.SerializeToString(deterministic=True))
            token = page.next_page_token
            if not token:
                return found


def world(firms, staff=10):
    daemon = Daemon(starter="")
    client = Push(daemon.channel())
    client.publish(draft(staff))
    client.send(firms)
    return daemon, client


def counts(run_):
    return {(c.series, push.DeltaKind.Name(c.kind)[11:]): c.count for c in run_.counts}
