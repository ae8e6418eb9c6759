# SPDX-License-Identifier: Apache-2.0
"""
policycalcd under h2spec, which holds HTTP/2 servers to the letter of RFC 9113 (7540) and HPACK. nghttpd passes
all but one of its cases (5.1.1/2, a stream id lower than an earlier one); ours passes that one too.
"""
import re
import subprocess

import interop_world

PROGRAM = interop_world.foreign("h2spec")

from harness import FOLDER, Daemon, run  # noqa: E402  (it may be skipped without)
from tls_world import Authority  # noqa: E402


def hold_to_the_letter(daemon, *options):
    host, port = daemon.addresses[0].rsplit(":", 1)
    said = subprocess.run([PROGRAM, "-h", host, "-p", port, "-o", "2", *options], check=False,
                          capture_output=True, text=True, timeout=120)
    counts = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", said.stdout)
    assert counts, said
    total, passed, skipped, failed = (int(n) for n in counts.groups())
    assert (passed, skipped, failed) == (total, 0, 0) and total >= 145, \
        said.stdout[said.stdout.find("Failures:"):]
    print(f"# {counts[0]}")
    assert daemon.stop() == 0


def in_clear_text():
    hold_to_the_letter(Daemon())


def over_tls():
    pem, key = Authority(FOLDER / "ca").issue("server", "DNS:localhost,IP:127.0.0.1")
    hold_to_the_letter(Daemon("--tls-cert", str(pem), "--tls-key", str(key)), "-t", "-k")


run(in_clear_text, over_tls)
