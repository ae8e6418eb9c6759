#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The units under a real systemd: booted as process 1 of a container, over a Debian folder that stays as it is.

Needs root, overlay and control groups (v2), and a folder with Debian 12 and systemd: POLICYCALC_SYSTEMD_ROOT, or one
that debootstrap makes in a minute from the network. Skipped where there is no such thing, and without
POLICYCALC_LONG.

usage: test_systemd.py MESON BUILD_DIR
"""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MESON, BUILD = sys.argv[1:3]
PACKAGES = ("systemd,systemd-sysv,libuv1,libnghttp2-14,libprotobuf-c1,libsqlite3-0,libssl3,libcurl4,libjansson4,"
            "libyaml-0-2,zlib1g,libutf8proc2,socat,procps")
DEBIAN_SECONDS = 2400  # a minute of work, and as much as busy machines and slow networks make of it
UNIT = "policycalcd.service"
CONFIG = "/etc/policycalc/policycalcd.conf"
# What a container needs to be one. Mounts must be shared, or systemd cannot hand credentials over.
BOOT = r"""
set -e
root=$1
mount -t overlay overlay -o "lowerdir=$2,upperdir=$3/upper,workdir=$3/work" "$root"
cd "$root"
hostname policycalc-test
ip link set lo up
mkdir -p dev proc sys run tmp old
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
pivot_root . old
umount -l /old
mount --make-rshared /
exec env -i container=policycalc-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd \
    --log-target=console --show-status=no --unit=basic.target
"""
RECEIVER = """
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
        print("told", flush=True)
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", 8099), Receiver).serve_forever()
"""


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def shell(*command, **keywords):
    return subprocess.run(command, capture_output=True, text=True, **{"timeout": 600, **keywords})


def debian():
    """A folder with Debian and systemd."""
    folder = os.environ.get("POLICYCALC_SYSTEMD_ROOT")
    if folder:
        return folder
    if not shutil.which("debootstrap"):
        skip("there is no debootstrap, and no POLICYCALC_SYSTEMD_ROOT")
    folder = FOLDER / "debian"
    # What it mounts in there, and begins, ends with it, also when it is broken off: the folder is deleted by us.
    try:
        made = shell("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
                     "debootstrap", "--variant=minbase", "--include=" + PACKAGES, "bookworm", str(folder),
                     timeout=DEBIAN_SECONDS)
    except subprocess.TimeoutExpired:
        skip(f"debootstrap took more than {DEBIAN_SECONDS} seconds")
    if made.returncode:
        skip("debootstrap: " + (made.stdout + made.stderr).strip().splitlines()[-1])
    return str(folder)


if not os.environ.get("POLICYCALC_LONG"):
    skip("only with POLICYCALC_LONG")
if os.geteuid() != 0:
    skip("not root")
unified = next((pathlib.Path(line.split()[1]) for line in open("/proc/mounts") if line.split()[2] == "cgroup2"), None)
if not unified:
    skip("no control groups of version 2")
# So that what is mounted and started ends with us, also when we are told to.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="policycalc-systemd-", dir="/var/tmp"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


class Container:
    def __init__(self):
        self.group = unified / f"policycalc-test-{os.getpid()}"
        base = debian()
        for name in ("root", "layer/upper", "layer/work"):
            (FOLDER / name).mkdir(parents=True)
        installed = shell(MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", str(FOLDER / "layer/upper"))
        assert installed.returncode == 0, installed.stdout + installed.stderr
        self.group.mkdir()
        (FOLDER / "boot.sh").write_text(BOOT)
        script = (f'echo $$ > {self.group}/cgroup.procs && exec unshare -f -p -m -u -i -n -C --mount-proc '
                  f'--propagation private sh {FOLDER}/boot.sh {FOLDER}/root {base} {FOLDER}/layer')
        self.log = open(FOLDER / "boot.log", "w")
        self.outer = subprocess.Popen(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=self.log,
                                      stderr=self.log, start_new_session=True)
        atexit.register(self.close)
        self.pid = self.wait(self.first_process, 60)
        if not self.pid:
            skip("no container can be had: " + (FOLDER / "boot.log").read_text()[-300:])
        state = self.wait(lambda: self.run("systemctl", "is-active", "basic.target").strip() == "active", 90)
        assert state, (FOLDER / "boot.log").read_text()[-2000:]

    def wait(self, ready, seconds):
        end_by = time.monotonic() + seconds
        while time.monotonic() < end_by and self.outer.poll() is None:
            found = ready()
            if found:
                return found
            time.sleep(0.1)
        return None

    def first_process(self):
        children = shell("pgrep", "-P", str(self.outer.pid)).stdout.split()
        for child in children:
            try:
                if "systemd" in os.readlink(f"/proc/{child}/exe"):
                    return int(child)
            except OSError:
                pass
        return None

    def command(self, *command):
        return ["nsenter", "-t", str(self.pid), "-p", "-m", "-u", "-i", "-n", "-C", "-r", "-w", "env", "-i",
                "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *command]

    def run(self, *command, expect=None, **keywords):
        done = shell(*self.command(*command), **{"timeout": 120, **keywords})
        assert expect is None or done.returncode == expect, (command, done.returncode, done.stdout, done.stderr,
                                                             self.journal())
        return done.stdout + done.stderr

    def journal(self):
        return shell(*self.command("journalctl", "-u", UNIT, "--no-pager", "-o", "cat", "-b", "-n", "200")).stdout

    def write(self, path, text, mode=0o644):
        self.run("sh", "-c", f'mkdir -p "$(dirname {path})" && cat > {path} && chmod {mode:o} {path}', expect=0,
                 input=text)

    def show(self, name, unit=UNIT):
        return self.run("systemctl", "show", "-p", name, "--value", unit).strip()

    def ctl(self, *command, expect=0):
        return self.run("systemctl", *command, expect=expect)

    def calculate(self, *command, expect=0, **keywords):
        return self.run("policycalc", *command, "--server", "unix:/run/policycalc/socket", "--token-file",
                        "/root/token", "--lang", "en", expect=expect, **keywords)

    def close(self):
        if self.outer.poll() is None and getattr(self, "pid", None):
            os.kill(self.pid, signal.SIGKILL)
        elif self.outer.poll() is None:
            self.outer.kill()
        self.outer.wait(timeout=30)
        for _ in range(50):
            folders = sorted((p for p in self.group.rglob("*") if p.is_dir()), reverse=True)
            try:
                for folder in [*folders, self.group]:
                    folder.rmdir()
                break
            except OSError:
                time.sleep(0.1)


def until(ready, what, seconds=30):
    end_by = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end_by, (what, box.journal()[-3000:])
        time.sleep(0.1)


def set_up():
    box.run("ldconfig", expect=0)
    missing = [line for name in ("policycalcd", "policycalc")
               for line in box.run("ldd", f"/usr/local/bin/{name}").splitlines() if "not found" in line]
    if missing:
        skip(f"the folder lacks libraries: {missing}")
    box.run("systemd-sysusers", expect=0)
    box.ctl("daemon-reload")
    box.write(CONFIG, "")


def as_it_is_shipped():
    """Started, READY is heard, and then it answers; its rights are what the unit says."""
    box.ctl("start", UNIT)
    assert box.show("Type") == "notify" and "serving revision 1" in box.show("StatusText"), box.show("StatusText")
    told = box.run("policycalc", "policies", "--server", "127.0.0.1:50551", "--format", "json", expect=0)
    assert "henan" in told
    pid = box.show("MainPID")
    status = box.run("cat", f"/proc/{pid}/status", expect=0)
    user = box.run("id", "-u", "policycalc", expect=0).strip()
    assert re.search(rf"^Uid:\s+{user}\s+{user}\s", status, re.M), status
    assert re.search(r"^NoNewPrivs:\s+1", status, re.M) and re.search(r"^Seccomp:\s+2", status, re.M), status
    assert re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^CapBnd:\s+0+$", status, re.M), status
    limits = box.run("cat", f"/proc/{pid}/limits", expect=0)
    assert re.search(r"Max core file size\s+0\s", limits) and re.search(r"Max open files\s+20000\s", limits), limits
    data = box.run("stat", "-c", "%a %U", "/var/lib/policycalc", "/var/lib/policycalc/audit.log",
                   "/var/lib/policycalc/catalog.db", expect=0).split("\n")
    assert data[:3] == ["700 policycalc", "600 policycalc", "600 policycalc"], data
    # It sees neither homes nor others' processes, and writes nowhere else.
    mounts = box.run("cat", f"/proc/{pid}/mountinfo", expect=0)
    assert re.search(r" / ro,", mounts), mounts
    began = time.monotonic()
    box.ctl("stop", UNIT)
    assert time.monotonic() - began < 45 and box.show("Result") == "success", box.show("Result")
    assert '"event":"stopped"' in box.journal()


def with_all_it_does():
    """Credentials, TLS, tokens, metrics; publish, import, runs, webhook, backup, audit, all within the sandbox."""
    box.run("sh", "-c", "cd /etc/policycalc && policycalc keygen bureau "
            "reader,registry,batch,editor,publisher,operator,department --out /root/token > tokens && "
            "chmod 600 tokens && policycalc keygen --tls certs --host 127.0.0.1", expect=0)
    box.write("/etc/policycalc/hook", "whsec_" + "dGhpcy1pcy1vbmx5LWEtc2VjcmV0LWZvci10ZXN0cw==" + "\n", 0o600)
    here = "/run/credentials/policycalcd.service"
    box.write(CONFIG, f"listen = 127.0.0.1:50552\nlisten = unix:/run/policycalc/socket\ntokens = {here}/tokens\n"
                      f"tls-cert = {here}/cert\ntls-key = {here}/key\nmetrics = 127.0.0.1:9464\nlame-duck-ms = 200\n"
                      f"webhook-url = http://127.0.0.1:8099/told\nwebhook-secret = {here}/hook\n"
                      f"webhook-insecure-plaintext = true\n")
    box.write(f"/etc/systemd/system/{UNIT}.d/test.conf",
              "[Service]\nLoadCredential=tokens:/etc/policycalc/tokens\n"
              "LoadCredential=cert:/etc/policycalc/certs/server.pem\n"
              "LoadCredential=key:/etc/policycalc/certs/server.key\nLoadCredential=hook:/etc/policycalc/hook\n"
              "RuntimeDirectory=policycalc\nWatchdogSec=6\n")
    receiver = subprocess.Popen(["nsenter", f"--net=/proc/{box.pid}/ns/net", sys.executable, "-c", RECEIVER],
                                stdout=open(FOLDER / "told", "w"))
    atexit.register(receiver.kill)
    box.ctl("daemon-reload")
    box.ctl("start", UNIT)
    box.run("policycalc", "policies", "--server", "https://127.0.0.1:50552", "--tls-ca", "/etc/policycalc/certs/ca.pem",
            "--token-file", "/root/token", expect=0)
    box.run("sh", "-c", "cp -r /usr/local/share/policycalc/catalog /tmp/draft && "
            "sed -i '/^keywords:/d; $ a keywords: [again]' /tmp/draft/policies/henan-robot-2023.yaml", expect=0)
    box.calculate("catalog", "publish", "/tmp/draft", "--base", "1", "--author", "test")
    assert "serving" in box.show("StatusText")
    box.run("sh", "-c", "policycalc registry sample 300 > /tmp/sample.csv", expect=0)
    box.calculate("registry", "import", "/tmp/sample.csv")
    box.calculate("push", "run")
    until(lambda: "told" in (FOLDER / "told").read_text(), "the webhook is told")
    box.calculate("admin", "backup", "/tmp/all.tar")
    assert "catalog.db" in box.run("tar", "-tf", "/tmp/all.tar", expect=0)
    told = json.loads(box.run("policycalc", "audit", "verify", "/var/lib/policycalc/audit.log", "--format", "json",
                              expect=0))
    assert told["ok"] and told["calls"] >= 4 and told["calls_without_end"] == 0, told
    assert "policycalc_registry_enterprises 300" in box.run(
        "sh", "-c", "printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' | socat -t 5 - TCP:127.0.0.1:9464")
    receiver.kill()
    receiver.wait()
    # Nothing of it was forbidden.
    assert "Operation not permitted" not in box.journal(), box.journal()


def reload_and_watchdog():
    box.run("sed", "-i", "s/lame-duck-ms = 200/lame-duck-ms = 100/", CONFIG, expect=0)
    pid = box.show("MainPID")
    box.ctl("reload", UNIT)
    assert '"event":"options_reloaded"' in box.journal() and '"lame_duck_ms":100' in box.journal()
    until(lambda: box.show("ActiveState") == "active" and "serving revision 2" in box.show("StatusText"), "reloaded")
    assert box.show("MainPID") == pid
    # It feeds the dog, more than once.
    fed = set()
    until(lambda: fed.add(box.show("WatchdogTimestampMonotonic")) or len(fed) >= 3, "the watchdog is fed")
    # One that hangs is ended, and another begins.
    box.run("kill", "-STOP", pid, expect=0)
    until(lambda: box.show("NRestarts") == "1" and box.show("ActiveState") == "active", "the dog bites", 60)
    assert box.show("MainPID") != pid and "2" in box.calculate("policies", "--format", "json")


def killed_and_started_again():
    pid, restarts = box.show("MainPID"), int(box.show("NRestarts"))
    box.run("kill", "-KILL", pid, expect=0)
    until(lambda: int(box.show("NRestarts")) == restarts + 1 and box.show("ActiveState") == "active", "it comes back")
    box.calculate("policies")
    box.run("policycalc", "audit", "verify", "/var/lib/policycalc/audit.log", expect=0)
    began = time.monotonic()
    box.ctl("stop", UNIT)
    assert time.monotonic() - began < 45 and box.show("Result") == "success", box.show("Result")


def bad_options():
    """It says so once, and is not started over and over."""
    box.ctl("reset-failed")
    box.run("sh", "-c", f"echo 'no-such-option = 1' >> {CONFIG}", expect=0)
    box.ctl("start", UNIT, expect=1)
    time.sleep(1)
    assert box.show("ActiveState") == "failed" and box.show("ExecMainStatus") == "2", box.journal()
    assert box.journal().count("no-such-option") == 1, box.journal()
    box.ctl("reset-failed", UNIT)


def by_its_socket():
    """The address is there before the service, which the first caller starts; a restart turns nobody away."""
    box.write(CONFIG, "lame-duck-ms = 0\n")
    box.run("rm", "-r", f"/etc/systemd/system/{UNIT}.d", expect=0)
    box.ctl("daemon-reload")
    box.ctl("start", "policycalcd.socket")
    assert box.show("ActiveState") == "inactive"
    asked = ["policycalc", "policies", "--server", "127.0.0.1:50551", "--format", "json", "--timeout", "30"]
    box.run(*asked, expect=0)
    assert box.show("ActiveState") == "active"
    restart = subprocess.Popen(box.command("systemctl", "restart", UNIT))
    for _ in range(5):
        # A call that is under way when the service ends may be told so; to connect works all the time.
        assert "Connection refused" not in box.run(*asked)
    assert restart.wait(timeout=60) == 0
    box.run(*asked, expect=0)
    # More than are taken are not left lying there.
    box.write("/etc/systemd/system/policycalcd.socket.d/many.conf",
              "[Socket]\n" + "".join(f"ListenStream=127.0.0.1:{52000 + i}\n" for i in range(17)))
    box.ctl("stop", UNIT, "policycalcd.socket")
    box.ctl("daemon-reload")
    box.ctl("start", "policycalcd.socket")
    box.ctl("start", UNIT, expect=1)
    until(lambda: "18 sockets" in box.journal(), "they are too many")


box = Container()
for step in (set_up, as_it_is_shipped, with_all_it_does, reload_and_watchdog, killed_and_started_again, bad_options,
             by_its_socket):
    began = time.monotonic()
    step()
    print(f"{step.__name__}: good ({time.monotonic() - began:.1f} s)", flush=True)
