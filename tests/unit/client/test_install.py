#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs policycalc into a folder and uses its client library as a stranger would.

usage: test_install.py SOURCE_ROOT BUILD_ROOT        (run by fake_server.py)

Checked: a C17 and a C++17 program build with pkg-config, shared and static, without warnings, and
get an answer; each public header stands alone; only pcalc_ names are exported; every public function
is documented, and every declared one is defined.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what)


def run(*command, **more):
    return subprocess.run([str(part) for part in command], check=True, text=True,
                          capture_output=True, **more).stdout


def install(folder):
    """meson install into a folder of its own; returns the prefix inside it and the .pc's folder."""
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder)
    pc = next(folder.rglob("policycalc-client.pc"))
    include = next(folder.rglob("policycalc.h")).parent.parent
    return include.parent, pc.parent


def build_and_run(folder, prefix, pkgconfig, sanitized):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(pkgconfig.parent),
                       PKG_CONFIG_PATH=str(pkgconfig), PKG_CONFIG_SYSROOT_DIR=str(folder))
    for name, compiler, language in (("C17", "cc", ["-std=c17"]),
                                     ("C++17", "c++", ["-std=c++17", "-x", "c++"])):
        if not shutil.which(compiler):
            print(f"skipped: no {compiler} for the {name} program")
            continue
        for static in (False, True):
            flags = run("pkg-config", "--cflags", "policycalc-client", env=environment).split()
            libs = run("pkg-config", "--libs", *(["--static"] if static else []),
                       "policycalc-client", env=environment).split()
            if static:
                libs = [str(pkgconfig.parent / "libpolicycalc-client.a")
                        if lib == "-lpolicycalc-client" else lib for lib in libs]
            program = folder / "use"
            try:
                run(compiler, *language, *STRICT, *sanitized, *flags,
                    SOURCE / "tests/unit/client/installed/use.c", "-x", "none", "-o", program,
                    *libs, env=environment)
                run(program, env=environment)
            except subprocess.CalledProcessError as error:
                check(False, f"{name}, static {static}: {error}\n{error.stderr}")
        for header in sorted((SOURCE / "include/policycalc").glob("*.h")):
            text = f"#include <policycalc/{header.name}>\nint main(void) {{ return 0; }}\n"
            result = subprocess.run([compiler, *language, *STRICT, "-fsyntax-only",
                                     f"-I{prefix}/include", *(["-x", "c"] if name == "C17" else []),
                                     "-"], input=text, text=True, capture_output=True)
            check(result.returncode == 0, f"{header.name} alone as {name}: {result.stderr}")


def names(*command):
    return {line.split()[-1].split("@")[0] for line in run(*command).splitlines()
            if len(line.split()) >= 3}


def comment_before(text, at):
    before = text[:at].rstrip()
    return before[before.rfind("/*"):] if before.endswith("*/") else ""


def check_types(header, text):
    """Every struct, enum and handle says what it is; handles may share a comment in one run."""
    count = 0
    for match in re.finditer(r"^(?:typedef )?(?:struct|enum) (pcalc_\w+)(?: \{|[^;{(]*;)", text, re.M):
        at, lines = match.start(), text[:match.start()].splitlines()
        while lines and lines[-1].startswith("typedef struct pcalc_"):
            at -= len(lines.pop()) + 1
        comment = comment_before(text, at)
        check(len(comment) > 12, f"{header.name}: {match[1]} is not documented")
        count += 1
    return count


def check_symbols(libraries):
    declared, types = set(), 0
    for header in sorted((SOURCE / "include/policycalc").glob("*.h")):
        text = header.read_text(encoding="utf-8")
        types += check_types(header, text)
        for match in re.finditer(r"PCALC_PUBLIC[^;#]*?\b(pcalc_\w+)\(", text):
            declared.add(match[1])
            comment = comment_before(text, match.start())
            check(comment.startswith("/**") and len(comment) > 12,
                  f"{header.name}: {match[1]} is not documented")
    shared = names("nm", "-D", "--defined-only", libraries / "libpolicycalc-client.so")
    static = names("nm", "-g", "--defined-only", libraries / "libpolicycalc-client.a")
    # Sanitizers add names of their own.
    shared = {name for name in shared if not name.startswith(("__asan", "__odr", "__ubsan"))}
    static = {name for name in static if not name.startswith(("__asan", "__odr", "__ubsan"))}
    check(len(declared) > 40 and types > 30, "the headers declare too little to be true")
    check(shared == declared, f"shared: {sorted(shared ^ declared)}")
    check(static == declared, f"static: {sorted(static ^ declared)}")


def main():
    options = {option["name"]: option["value"] for option in json.loads(
        run("meson", "introspect", "--buildoptions", BUILD))}
    wanted = options.get("b_sanitize", "none")
    sanitized = [] if wanted == "none" else [f"-fsanitize={wanted}"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        try:
            prefix, pkgconfig = install(folder)
        except subprocess.CalledProcessError as error:
            print(error.stdout, error.stderr)
            return 1
        check_symbols(pkgconfig.parent)
        build_and_run(folder, prefix, pkgconfig, sanitized)
    print(f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
