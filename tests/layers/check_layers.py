#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the source tree against the house: what each room may include.

usage: check_layers.py SOURCE_ROOT

Each room has an allow-list of rooms whose headers it may include, and each outside library has the
rooms that may know it. Also checked: one SPDX line a file, no file over 600 lines.
"""
import pathlib
import re
import sys

# Room -> rooms it may include besides itself. "pb" is the C generated from proto/.
BELOW = {
    "base": set(),
    "proto": {"base", "pb"},
    "rules": {"base"},
    "store": {"proto", "pb", "base"},
    "calculator": {"rules", "proto", "pb", "base"},
    "publish": {"calculator", "store", "rules", "proto", "pb", "base"},
    "registry": {"publish", "calculator", "store", "proto", "pb", "base"},
    "reports": {"registry", "publish", "calculator", "store", "proto", "pb", "base"},
    "push": {"reports", "registry", "publish", "calculator", "store", "proto", "pb", "base"},
    "rpc": {"proto", "pb", "base"},
    "transport": {"rpc", "base"},
    "operations": {"base"},
    "handlers": {"operations", "rpc", "push", "reports", "registry", "publish", "calculator", "store",
                 "proto", "pb", "base"},
    "service": {"transport", "handlers", "operations", "rpc", "push", "reports", "registry",
                "publish", "calculator", "rules", "store", "proto", "pb", "base"},
    "client/lib": {"policycalc", "proto", "pb", "base"},
    "client/render": {"proto", "pb", "base"},
    # The two offline commands reach down to publish/ and below.
    "client/cli": {"client/lib", "client/render", "policycalc", "publish", "calculator", "rules",
                   "proto", "pb", "base"},
    "include": {"policycalc"},
}

# Outside header prefix -> rooms that may include it.
LIBRARIES = {
    "sqlite3.h": {"store"},
    "nghttp2/": {"transport", "client/lib"},
    "uv.h": {"transport", "service"},
    "curl/": {"operations"},
    "openssl/": {"operations", "transport", "publish", "client/lib", "client/cli", "handlers", "store"},
    "yaml.h": {"proto", "client/cli"},
    "jansson.h": {"proto", "client/cli"},
    "zlib.h": {"rpc", "registry", "client/lib"},
    "protobuf-c/": {"proto", "rpc", "calculator", "publish", "registry", "reports", "push", "store",
                    "handlers", "client/lib", "client/render", "client/cli"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')
LONGEST = 600


def room_of_file(path):
    parts = path.parts
    if parts[0] == "service":
        return parts[1] if len(parts) > 2 else "service"
    if parts[0] == "client":
        return "/".join(parts[:2]) if len(parts) > 2 else "client/cli"
    return parts[0]


def room_of_include(name):
    first = name.split("/", 1)[0]
    if name.endswith(".pb-c.h"):
        return "pb"
    if first == "client":
        return "/".join(name.split("/")[:2])
    if first in ("service", "call_line.h", "certificates.h", "config.h", "config_limits.h",
                 "config_operation.h", "config_options.h", "config_tls.h", "config_webhook.h", "descriptors.h",
                 "gate.h", "meter.h", "recorder.h", "service.h", "supervisor.h"):
        return "service"
    return first if "/" in name else None


def check(root):
    findings = []
    files = sorted(p for top in ("service", "client", "proto", "include")
                   for p in (root / top).rglob("*") if p.suffix in (".c", ".h"))
    for path in files:
        relative = path.relative_to(root)
        room = room_of_file(relative)
        lines = path.read_text(encoding="utf-8").splitlines()
        if room not in BELOW:
            findings.append(f"{relative}: room '{room}' has no allow-list")
            continue
        if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:2]):
            findings.append(f"{relative}: no SPDX line at the top")
        if len(lines) > LONGEST:
            findings.append(f"{relative}: {len(lines)} lines, at most {LONGEST}: look for the seam")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            if match[1] == "<":
                for prefix, rooms in LIBRARIES.items():
                    if match[2].startswith(prefix) and room not in rooms:
                        findings.append(f"{relative}:{number}: {room} may not know <{match[2]}>")
                continue
            other = room_of_include(match[2])
            if other is None:
                findings.append(f"{relative}:{number}: \"{match[2]}\" does not carry its room")
            elif other != room and other not in BELOW[room]:
                findings.append(f"{relative}:{number}: {room} may not include {other}")
    return len(files), findings


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    count, findings = check(root)
    for finding in findings:
        print(finding)
    print(f"{count} files, {len(findings)} findings")
    return 1 if findings or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
