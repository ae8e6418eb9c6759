# SPDX-License-Identifier: Apache-2.0
"""The webhook against receivers that are well, slow, broken, rude, false, away, and back.

usage: test_webhook.py DAEMON PROTOC PROTO_DIR STARTER_DIR POLICYCALC
"""
import collections
import email.utils
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

from harness import Daemon, FOLDER, few_policies, refuses_to_start, run
from push_world import Push, code, draft, push
import webhook_receiver
from webhook_world import QUICK, SECRET, Receiver, settled, states, stop, wait

POLICYCALC = sys.argv[5]
few_policies()
daemons = []

def open_world(url, *arguments, count=4, data=None, quick=True, told=True):
    """A daemon that brings @count deliveries to @url; firms 1, 2, …"""
    daemon = Daemon("--webhook-url", url, *(QUICK if quick else ()), *arguments, starter="",
                    data=data)
    daemons.append(daemon)
    client = Push(daemon.channel())
    if data is None:
        client.publish([f for f in draft(10) if "held" not in f[0]])
        client.send({n: 30 for n in range(1, count + 1)})
        if told:
            client.run()
    return daemon, client


def cli(daemon, *arguments, status=0, lang="zh"):
    done = subprocess.run([POLICYCALC, "--server", daemon.addresses[0], *arguments, "--lang", lang],
                          capture_output=True, text=True, timeout=60,
                          env={**os.environ, "COLUMNS": "80", "USER": "tester"})
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def finish(daemon, client, receiver):
    stop(daemon, client)
    receiver.close()


def test_all_is_well():
    """One POST a delivery, with the bytes that push pull writes, signed with either secret."""
    receiver = Receiver()
    daemon, client = open_world(receiver.url, count=40)
    status = settled(client)
    assert len(receiver.posts) == 40 == len(receiver.seen), len(receiver.posts)
    lines = cli(daemon, "push", "deliveries", "--format", "json", "--limit", "100").splitlines()
    for line in lines:
        key = json.loads(line)["key"]
        assert '"digest":' + receiver.seen[key].decode() + "," in line, (line, receiver.seen[key])
        assert json.loads(receiver.seen[key])["key"] == key
    assert len(lines) == 40 and states(client) == {"ACKED": 40}
    assert {d.by for d in client.ask("ListDeliveries").deliveries} == {"webhook"}
    hook = status.webhook
    assert (hook.tries, hook.delivered, hook.failed, hook.dead) == (40, 40, 0, 0), hook
    assert hook.receiver == receiver.url[:receiver.url.index("/hook")] and not hook.reason
    assert 1 <= receiver.most <= 8
    headers, body = receiver.last
    check = webhook_receiver.signed
    assert check(headers, body, receiver.keys) and not check(headers, body + b" ", receiver.keys)
    assert not check(headers, body, [b"0123456789abcdef-of-nobody"])
    assert not check(headers, body, receiver.keys, time.time() + 301)
    # What comes later comes, too; nothing that came comes again.
    client.send({99: 30})
    client.run()
    settled(client)
    assert len(receiver.posts) == 41
    finish(daemon, client, receiver)
    # The older secret is still in use by a receiver that has not changed.
    older = Receiver(keys=webhook_receiver.secrets(SECRET)[1:])
    daemon, client = open_world(older.url, count=2)
    settled(client)
    assert states(client) == {"ACKED": 2}
    finish(daemon, client, older)


def test_broken_then_well():
    """5xx, 408, a cut answer, a closed connection: again, later and later, with the same bytes."""
    kinds = {1: 500, 2: "cut", 3: "close", 4: 408}
    numbers = {}

    def answer(post):
        number = numbers.setdefault(post.key, len(numbers) + 1)
        return kinds[number] if post.attempt < 4 else 200
    receiver = Receiver(answer)
    daemon, client = open_world(receiver.url, "--webhook-concurrency", "4")
    settled(client)
    assert states(client) == {"ACKED": 4}
    for key in receiver.seen:
        posts = receiver.of(key)
        assert len({p.body for p in posts}) == 1
        # A connection that is closed when it is used again is nobody's fault: HTTP has it asked again.
        firsts = [next(p for p in posts if p.attempt == n) for n in [1, 2, 3, 4]]
        assert len(posts) == 4 or kinds[numbers[key]] == "close", posts
        # At least a half of 20 ms, 40 ms, 80 ms.
        for before, after, least in zip(firsts, firsts[1:], [0.01, 0.02, 0.04]):
            assert after.at - before.at >= least, (before.at, after.at)
    finish(daemon, client, receiver)


def test_at_once():
    """A try is made when it is due, and what a run releases is brought then, not at the next look."""
    receiver = Receiver(lambda post: 503 if post.attempt < 3 else 200)
    daemon, client = open_world(receiver.url, count=1)
    settled(client)
    first, _, last = receiver.posts
    # Looked for once a second it would take two.
    assert last.at - first.at < 1, last.at - first.at
    receiver.choose = None
    waits = []
    for number in range(50, 57):
        client.send({number: 30})
        client.run()
        ended = time.monotonic()
        settled(client)
        waits.append(receiver.posts[-1].at - ended)
    # Looked for once a second it would be half a second.
    assert len(receiver.posts) == 10 and sorted(waits)[3] < 0.2, waits
    finish(daemon, client, receiver)


def test_retry_after():
    """In seconds or as a date; whoever asks for time is asked for nothing meanwhile."""
    for status, after in [(429, lambda: "1"),
                          (503, lambda: email.utils.formatdate(time.time() + 2, usegmt=True))]:
        receiver = Receiver(lambda post: (status, [("Retry-After", after())])
                            if len(receiver.posts) == 1 else 200)
        daemon, client = open_world(receiver.url, count=1)
        wait(lambda: client.ask("GetPushStatus").webhook.failed)
        now = client.ask("GetPushStatus")
        # A date has whole seconds, and so has the clock that it is held against, which may be a tick behind.
        assert now.retrying == 1 and 0 < now.webhook.pause_ms <= 3000, now
        one = client.ask("ListDeliveries").deliveries[0]
        assert (one.tries, one.reason) == (1, f"the receiver answered {status}") and one.next_try_at
        client.send({50: 30})
        client.run()
        settled(client)
        first, *rest = receiver.posts
        assert len(rest) == 2 and all(p.at - first.at >= 0.95 for p in rest)
        finish(daemon, client, receiver)


def test_dead_letters():
    """What a receiver refuses for good is tried once; staff send it again, or put it aside."""
    refuse = {"on": True}
    receiver = Receiver(lambda post: [410, 422, 302, 404][int(post.key, 16) % 4]
                        if refuse["on"] else 200)
    daemon, client = open_world(receiver.url, count=6)
    assert settled(client).dead == 6
    assert len(receiver.posts) == 6 and all(p.attempt == 1 for p in receiver.posts)
    assert states(client) == {"DEAD": 6}
    for letter in client.ask("ListDeliveries").deliveries:
        expected = [410, 422, 302, 404][int(letter.key, 16) % 4]
        assert letter.reason.startswith(f"the receiver answered {expected}"), letter
        assert ("redirects" in letter.reason) == (expected == 302) and letter.tries == 1
    assert all(p.key != "GET" for p in receiver.posts)
    keys = [p.key for p in receiver.posts]
    refuse["on"] = False
    table = cli(daemon, "push", "dead")
    assert all(key[:8] in table for key in keys) and "接收方答复" in table, table
    assert len(cli(daemon, "push", "dead", "list", "--format", "json").splitlines()) == 6
    assert cli(daemon, "push", "dead", "drop", keys[0], "--note", "企业已注销") == "已搁置 1 份\n"
    assert cli(daemon, "push", "dead", "retry", keys[1], lang="en") == "released 1\n"
    settled(client)
    assert [p.attempt for p in receiver.of(keys[1])] == [1, 1]
    assert states(client) == {"DEAD": 4, "ACKED": 1, "DROPPED": 1}
    assert cli(daemon, "push", "dead", "retry", keys[0], "00", status=1) == "已重新发出 0 份\n"
    assert cli(daemon, "push", "dead", "retry", "--all") == "已重新发出 4 份\n"
    settled(client)
    assert states(client) == {"ACKED": 5, "DROPPED": 1}
    assert set(receiver.seen) == set(keys) and len(receiver.of(keys[0])) == 1
    assert cli(daemon, "push", "dead") == "没有退信\n"
    cli(daemon, "push", "dead", "drop", status=2)
    cli(daemon, "push", "dead", "drop", "--all", keys[0], status=2)
    cli(daemon, "push", "dead", "stray", status=2)
    for lang, words in [("zh", ["已送达", "退信"]), ("en", ["delivered", "dead letters"])]:
        text = cli(daemon, "push", "status", lang=lang)
        assert all(word in text for word in words) and "127.0.0.1" in text, text
        assert "hook?of" not in text
    assert json.loads(cli(daemon, "push", "status", "--format", "json"))["webhook"]["delivered"] == 5
    finish(daemon, client, receiver)


def test_given_up():
    """The last of the tries makes a dead letter, with why."""
    receiver = Receiver(lambda post: 503)
    daemon, client = open_world(receiver.url, "--webhook-attempts", "3", count=2)
    assert settled(client).dead == 2
    assert collections.Counter(p.key for p in receiver.posts) == {k: 3 for k in receiver.seen}
    letters = client.ask("ListDeliveries").deliveries
    assert {d.reason for d in letters} == {
        "given up after 3 tries; the last: the receiver answered 503"}, letters
    finish(daemon, client, receiver)


def test_slow_receiver():
    """Few are on their way, however many wait; pullers have the rest, and nobody has one twice."""
    hold = threading.Event()
    receiver = Receiver(lambda post: 200 if hold.wait(20) else 500)
    daemon, client = open_world(receiver.url, "--webhook-concurrency", "3", count=60)
    wait(lambda: receiver.now == 3)
    time.sleep(0.3)
    assert receiver.most == 3 and states(client) == {"LEASED": 3, "RELEASED": 57}
    pulled = client.pull(limit=40)
    assert len(pulled) == 40 and not {d.key for d in pulled} & {p.key for p in receiver.posts}
    hold.set()
    wait(lambda: states(client) == {"LEASED": 40, "ACKED": 20})
    assert not {d.key for d in pulled} & {p.key for p in receiver.posts}
    # What a puller gives back is brought.
    client.ask("AckDeliveries", acks=[dict(key=d.key, lease=d.lease, failed=True) for d in pulled])
    settled(client)
    assert len(receiver.posts) == 60 == len(receiver.seen)
    finish(daemon, client, receiver)


def test_hanging():
    """No answer in time: again; and an answer that does not end is left."""
    receiver = Receiver(lambda post: "hang" if post.attempt == 1 else "flood")
    daemon, client = open_world(receiver.url, "--webhook-timeout-ms", "300", count=2)
    settled(client)
    assert sorted(p.attempt for p in receiver.posts) == [1, 1, 2, 2]
    assert client.ask("GetPushStatus").webhook.reason == "Timeout was reached"
    finish(daemon, client, receiver)


def certificate(name):
    path = FOLDER / (name + ".pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", path, "-out", FOLDER / (name + ".crt"), "-days", "2",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    with open(path, "ab") as out:
        out.write((FOLDER / (name + ".crt")).read_bytes())
    return str(path), str(FOLDER / (name + ".crt"))


def test_certificates():
    """A receiver that is not who it should be gets nothing."""
    own, authority = certificate("own")
    _, other = certificate("other")
    receiver = Receiver(tls=own)
    for trusted in [("--webhook-ca", other), ()]:
        daemon, client = open_world(receiver.url, *trusted, count=1)
        wait(lambda: client.ask("GetPushStatus").webhook.failed)
        reason = client.ask("GetPushStatus").webhook.reason
        assert "certificate" in reason and not receiver.posts, reason
        data = daemon.data
        stop(daemon, client)
    daemon, client = open_world(receiver.url, "--webhook-ca", authority, data=data)
    settled(client)
    assert states(client) == {"ACKED": 1} and len(receiver.posts) == 1
    assert receiver.posts[0].attempt > 1
    finish(daemon, client, receiver)


def test_away_and_back():
    """A receiver that is away costs few tries, and gets all when it is back; across a restart, too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    daemon, client = open_world(url, count=50)
    wait(lambda: client.ask("GetPushStatus").webhook.down)
    time.sleep(0.5)
    before = client.ask("GetPushStatus")
    # Eight at once, then one at a time with pauses of up to 0.2 s.
    assert before.webhook.tries <= 25 and before.webhook.delivered == 0, before
    assert before.webhook.reason == "Couldn't connect to server"
    tried = {d.key: (d.tries, d.reason) for d in
             client.ask("ListDeliveries", page_size=1000).deliveries if d.tries}
    assert sum(n for n, _ in tried.values()) >= 6
    stop(daemon, client)
    daemon, client = open_world(url, data=daemon.data)
    again = {d.key: d.tries for d in
             client.ask("ListDeliveries", page_size=1000).deliveries}
    assert all(again[key] >= n for key, (n, _) in tried.items())
    receiver = Receiver(port=port)
    settled(client)
    assert states(client) == {"ACKED": 50} and len(receiver.seen) == 50
    assert all(p.attempt > tried.get(p.key, (0,))[0] for p in receiver.posts)
    assert '"webhook_back"' in daemon.log() or not client.ask("GetPushStatus").webhook.failed
    finish(daemon, client, receiver)


def processor_time(daemon):
    """Seconds, of all threads; 0 on a machine that does not tell so exactly."""
    tasks = pathlib.Path(f"/proc/{daemon.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def test_ending():
    """At the end what is on its way may arrive; what does not goes back, and comes again."""
    hold = threading.Event()
    receiver = Receiver(lambda post: 200 if hold.wait(20) else 500)
    daemon, client = open_world(receiver.url, "--grace-ms", "8000", count=2)
    wait(lambda: receiver.now == 2)
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(1.2)
    before = processor_time(daemon)
    time.sleep(0.3)
    # It waits, and does not ask itself all the time whether it is over.
    assert daemon.process.poll() is None and processor_time(daemon) - before <= 0.005
    hold.set()
    stop(daemon, client)
    assert len(receiver.posts) == 2
    hold.clear()
    # The last of the tries, too: that the service ended says nothing of the receiver.
    daemon, client = open_world(receiver.url, "--grace-ms", "300", "--webhook-attempts", "1",
                                data=daemon.data)
    client.send({3: 30, 4: 30, 5: 30})
    client.run()
    wait(lambda: len(receiver.posts) == 5)
    assert states(client) == {"ACKED": 2, "LEASED": 3}
    began = time.monotonic()
    stop(daemon, client)
    assert time.monotonic() - began < 10
    hold.set()
    # Without a webhook they lie there as if nobody had had them.
    daemon = Daemon(data=daemon.data, starter="")
    client = Push(daemon.channel())
    assert states(client) == {"ACKED": 2, "RELEASED": 3}
    left = [d for d in client.ask("ListDeliveries").deliveries if d.state == 2]
    assert {(d.reason, d.tries) for d in left} == {
        ("the service ended before the answer came", 1)}, left
    assert not client.ask("GetPushStatus").HasField("webhook")
    assert "没有配置" in cli(daemon, "push", "status")
    stop(daemon, client)
    daemon, client = open_world(receiver.url, data=daemon.data)
    settled(client)
    again = [p for p in receiver.posts if p.attempt == 2]
    assert len(again) == 3 and states(client) == {"ACKED": 5}
    assert all(len({p.body for p in receiver.of(q.key)}) == 1 for q in again)
    finish(daemon, client, receiver)


def test_filters():
    receiver = Receiver()
    daemon, client = open_world(receiver.url, "--webhook-region", "411224", "--webhook-kinds",
                                "award,loan", count=6)
    wait(lambda: len(receiver.seen) == 3)
    time.sleep(0.2)
    assert {json.loads(b)["uscc"] for b in receiver.seen.values()} == {code(n) for n in [2, 4, 6]}
    assert states(client) == {"ACKED": 3, "RELEASED": 3}
    hook = client.ask("GetPushStatus").webhook
    assert hook.region == "411224" and list(hook.kinds) == [1, 3], hook
    finish(daemon, client, receiver)
    none = Receiver()
    daemon, client = open_world(none.url, "--webhook-kinds", "loan", count=2)
    time.sleep(0.3)
    assert not none.posts and states(client) == {"RELEASED": 2}
    finish(daemon, client, none)


def test_wrong_options():
    loose = FOLDER / "loose"
    loose.write_text("0123456789abcdef\n")
    loose.chmod(0o644)
    for arguments, status, words in [
            (["--webhook-url", "http://10.0.0.1/"], 2, "https://"),
            (["--webhook-url", "https://u:p@h/"], 2, "user or password"),
            (["--webhook-url", "https://h/", "--webhook-kinds", "gift"], 2, "subsidy"),
            (["--webhook-url", "https://h/", "--webhook-region", "灵宝"], 2, "six digits"),
            (["--webhook-url", "https://h/", "--webhook-retry-most-ms", "10"], 2, "must not be less"),
            (["--webhook-url", "https://h/", "--webhook-secret", str(loose)], 1, "chmod 600"),
            (["--webhook-url", "https://h/", "--webhook-ca", "/nonexistent"], 1, "/nonexistent")]:
        code_, log = refuses_to_start(*arguments, starter="")
        assert code_ == status and words in log, (arguments, code_, log)
        assert "0123456789abcdef" not in log


def test_logs_name_nobody():
    for daemon in daemons:
        log = daemon.log()
        assert "hook?of" not in log and "91411282" not in log, log
        assert not any(word in log for word in ["演示推送", "0123456789abcdef"]), log


run(test_all_is_well, test_broken_then_well, test_at_once, test_retry_after, test_dead_letters,
    test_given_up, test_slow_receiver, test_hanging, test_certificates, test_away_and_back, test_ending,
    test_filters, test_wrong_options, test_logs_name_nobody)
