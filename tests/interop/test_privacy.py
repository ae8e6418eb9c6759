# SPDX-License-Identifier: Apache-2.0
"""What is personal or a firm's business stays out of everything but answers: codes, phone numbers, names and
amounts that occur nowhere else go through every door, good and bad calls alike, and are then looked for in the
log at its most talkative, in metrics, in what failed calls say, in the process's command line and environment,
and in files beside the databases.

usage: test_privacy.py DAEMON PROTOC PROTO_DIR STARTER_DIR
"""
import json
import os
import pathlib
import re
import time
import urllib.request

from enterprise import code
from harness import FOLDER, Daemon, calculator, grpc, profile, run
from push_world import Push, draft, registry

NAMES = ["秘密甲公司", "绝密乙企业", "Zhang Marked San"]
PHONES = ["13987654321", "+8618812349876"]
AMOUNTS = [7654321987, 8765432198, 98765437, 31415927]
CODES = [code(n) for n in range(770, 776)]
WRONG = code(776, check=False)
MARKS = [*NAMES, *PHONES, *map(str, AMOUNTS), *CODES, WRONG, "9876543.7", "76543219.87", "87654321.98"]
# Of whole words: the hashes of the audit log have such digits between their letters, one in some hundred.
SHAPES = [re.compile(r"(?<![0-9A-Za-z])9[0-9]{7}[0-9A-HJ-NPQRTUWXY]{10}(?![0-9A-Za-z])"),
          re.compile(r"(?<![0-9A-Za-z])1[3-9][0-9]{9}(?![0-9A-Za-z])")]

# A folder that everybody may look into, as an administrator makes it who does not think of it.
DATA = FOLDER / "open"
DATA.mkdir()
DATA.chmod(0o755)
os.umask(0o022)
daemon = Daemon("--log-level", "debug", "--slow-call-ms", "1", "--metrics", "127.0.0.1:0", data=DATA, starter="")
client = Push(daemon.channel())
said = []  # by failed calls: status and details, as they came


def value(name, period="", **kinds):
    return profile.AttributeValue(name=name, period=period, value=profile.Value(**kinds))


def firm(number, *more):
    return profile.Profile(uscc=CODES[number], attributes=[
        value("staff", count=98765437), value("region", code="411282"),
        value("revenue", "2025", money_fen=AMOUNTS[number % 2]), *more])


def tried(call, *arguments, **keywords):
    """A call that is wrong: refused, or taken with what is wrong left aside."""
    try:
        reply = call(*arguments, **keywords)
        if hasattr(reply, "__next__"):
            list(reply)
    except grpc.RpcError as error:
        said.append(repr((error.code(), error.details(), error.trailing_metadata())))


def good_calls():
    client.publish(draft(10))
    client.send({n: 98765437 for n in range(770, 774)})
    client.match(calculator.MatchRequest(profile=firm(0)))
    list(client.match_stream(iter([calculator.MatchStreamRequest(match=calculator.MatchRequest(profile=firm(1)))])))
    client.register("GetEnterprise", uscc=CODES[0])
    client.register("SetSubscription", subscription=registry.Subscription(uscc=CODES[1]))
    client.run()
    leased = client.pull()
    client.ask("ConfirmDeliveries", series="demo-push-held", confirmed_by=NAMES[2], note=PHONES[0])
    client.ask("AckDeliveries", acks=[{"key": one.key, "lease": one.lease} for one in leased])


def bad_calls():
    """Whatever is wrong with a value, what is said names the field and never the value."""
    for attribute in (value(NAMES[0], count=1), value("staff", count=-AMOUNTS[3]), value("staff", text=NAMES[1]),
                      value("staff", money_fen=AMOUNTS[0]), value("region", code=PHONES[0]),
                      value("revenue", PHONES[1], money_fen=AMOUNTS[1]), value("founded_on", date=NAMES[2]),
                      value("revenue", "2025", ratio_ppm=AMOUNTS[2])):
        tried(client.match, calculator.MatchRequest(
            profile=profile.Profile(uscc=CODES[2], attributes=[attribute])))
    for uscc in (NAMES[0], PHONES[0], CODES[0] + "7"):
        tried(client.match, calculator.MatchRequest(profile=profile.Profile(uscc=uscc)))
        tried(client.register, "GetEnterprise", uscc=uscc)
        tried(client.register, "SetSubscription", subscription=registry.Subscription(uscc=uscc))
    tried(client.register, "GetEnterprise", uscc=CODES[5])
    tried(client.match, calculator.MatchRequest(profile=firm(0), as_of=PHONES[0]))
    tried(client.match, calculator.MatchRequest(profile=firm(0), policies=[NAMES[0]]))
    tried(client.ask, "StartRun", policies=[NAMES[1]])
    tried(client.ask, "AckDeliveries", acks=[{"key": PHONES[0], "lease": CODES[0]}])
    tried(client.ask, "ConfirmDeliveries", keys=[CODES[0]], confirmed_by="")
    tried(client.ask, "ListDeliveries", page_token=PHONES[1])
    tried(client.pull, region=NAMES[0])
    tried(client.match, b"\x0a" + bytes([len(NAMES[0].encode())]) + NAMES[0].encode())
    tried(daemon.channel().unary_unary(f"/{CODES[0]}/{PHONES[0]}"), b"", timeout=20)


def import_with_mistakes():
    """The rows' findings go back to whoever sent the rows, and nowhere else."""
    def messages():
        yield registry.ImportEnterprisesRequest(header=registry.ImportHeader(supplier=NAMES[1], date="2026-03-10"))
        yield registry.ImportEnterprisesRequest(rows=registry.ImportRows(first_row=1, profiles=[
            profile.Profile(uscc=WRONG, attributes=[value("staff", count=AMOUNTS[3])]),
            profile.Profile(uscc=PHONES[0]), firm(3, value("staff", "2031", count=1)),
            profile.Profile(uscc=CODES[4], attributes=[value(NAMES[0], count=2)])]))
    reply = client._method("stream_unary", "RegistryService", "ImportEnterprises",
                           registry.ImportEnterprisesResponse)(messages(), timeout=60)
    assert reply.rejected == 3, reply


def cut_off():
    """Calls that end in the middle."""
    match = client._method("unary_unary", "CalculatorService", "Match", calculator.MatchResponse)
    for _ in range(5):
        match.future(calculator.MatchRequest(profile=firm(1)), timeout=20).cancel()


def nothing_is_told():
    time.sleep(0.3)  # the last lines of the log come after the streams are closed
    address = next(json.loads(line)["address"] for line in daemon.log().splitlines() if '"metrics"' in line)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    told = {"log": daemon.log(), "failed calls": "\n".join(said)}
    for path in ("/metrics", "/", "/?lang=en"):
        with opener.open(f"http://{address}{path}", timeout=10) as reply:
            told["metrics " + path] = reply.read().decode()
    process = pathlib.Path(f"/proc/{daemon.process.pid}")
    told["cmdline"] = (process / "cmdline").read_bytes().decode(errors="replace")
    try:
        told["environ"] = (process / "environ").read_bytes().decode(errors="replace")
    except PermissionError:
        print("who runs this test may not read the environment of the service, as nobody but root may")
    for path in daemon.data.rglob("*"):
        if path.is_file() and not re.search(r"\.(db|db-wal|db-shm|cache)$", path.name):
            told[path.name] = path.read_bytes().decode(errors="replace")
    assert len(re.findall('"event": ?"call"', told["log"])) > 30, "the log says nothing: this test shows nothing"
    assert len(said) > 20, len(said)
    # A policy that is not there is named to whoever asked for it, and to nobody else.
    told["failed calls"] = told["failed calls"].replace(f'no policy or series "{NAMES[1]}"', "")
    for where, text in told.items():
        for mark in MARKS:
            assert mark not in text, (where, mark, text[max(0, text.index(mark) - 200):][:400])
        for shape in SHAPES:
            assert not shape.search(text), (where, shape.search(text)[0])


def nothing_is_open_to_others():
    """What the service writes is its own, whatever the folder allows."""
    files = [path for path in DATA.rglob("*") if path.is_file()]
    assert {"catalog.db", "registry.db", "registry.db-wal", "audit.log"} <= {path.name for path in files}, files
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, (path, oct(path.stat().st_mode))


run(good_calls, bad_calls, import_with_mistakes, cut_off, nothing_is_told, nothing_is_open_to_others)
