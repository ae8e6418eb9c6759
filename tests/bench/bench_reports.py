#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures reports, searches and a simulation over a made-up registry, asked by the command line.

The service runs twice: on one core, and on all. Both must answer the same to the byte, and every answer
must account for every firm. The catalog it serves has the three transformations (三大改造) as they were,
30% and from 3 million on; the draft is the catalog as it is, 40% and from 1.5 million on.

Time on the wall is that of a machine with nothing else to do: the load is printed. The processor time of
the service tells what the machine could do.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench_registry import Service, peak_mib, processor_seconds

DAY = "2026-07-15"
QUESTIONS = {
    "report blocked": ["report", "blocked"],
    "report unclaimed": ["report", "unclaimed"],
    "report coverage": ["report", "coverage", "--draft"],
    "report push": ["report", "push"],
    "find by score table, undecided": ["find", "national-tech-sme-2017", "--undecided", "--sort",
                                       "amount"],
    "find by amount": ["find", "national-small-profit-2023", "--sort", "amount"],
    "simulate 30% to 40%": ["catalog", "simulate", "{draft}", "--policy", "smx-transformation"],
}
POLICY = "policies/smx-transformation-2022.yaml"


def catalog_before(catalog, folder):
    """The catalog before the change; the examples of the policy are of the new figures."""
    shutil.copytree(catalog, folder)
    parameters = folder / "parameters.yaml"
    text = parameters.read_text(encoding="utf-8")
    for name, new, old in (("smx_transformation_rate_srdi", "40%", "30%"),
                           ("smx_transformation_min", "150万元", "300万元")):
        at = text.index(f"name: {name}\n")
        found = text.index(new, at)
        text = text[:found] + old + text[found + len(new):]
    parameters.write_text(text, encoding="utf-8")
    policy = folder / POLICY
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text[:text.index("\nexamples:\n")] + text[text.index("\nambiguous:\n"):],
                      encoding="utf-8")
    return folder


def ask(build, service, question):
    before = processor_seconds(service.process.pid)
    started = time.monotonic()
    done = subprocess.run([str(build / "client/policycalc"), "--server", service.address, "--format",
                           "json", *question], stdout=subprocess.PIPE, check=True, timeout=3600)
    return {"wall": time.monotonic() - started,
            "processor": processor_seconds(service.process.pid) - before}, done.stdout


def check(name, answer, rows):
    """Every firm is accounted for."""
    last = json.loads(answer.decode().rstrip().splitlines()[-1] if name.startswith("find") else answer)
    last = last.get(name.split()[-1], last)
    if name == "report blocked":
        for policy in last["policies"]:
            assert sum(int(v.get("count", 0)) for v in policy["verdicts"]) == rows, policy["policyId"]
    elif name == "report unclaimed":
        assert sum(int(unit.get("enterprises", 0)) for unit in last["units"]) == rows
    elif name.startswith("report"):
        assert int(last["head"]["enterpriseCount"]) == rows
    elif name.startswith("find"):
        assert sum(int(count["count"]) for count in last["summary"]["counts"]) == rows
    else:
        assert int(last["enterprises"]) == rows


def measure(build, folder, cores, starter, draft, options):
    service = Service(build, folder, ["--starter", str(starter)], cores)
    figures, answers = {}, {}
    try:
        for name, question in QUESTIONS.items():
            if options.only and not any(word in name for word in options.only):
                continue
            question = [part.format(draft=draft) for part in question] + ["--as-of", DAY]
            if question[0] != "catalog":
                question += ["--snapshot", str(options.snapshot)]
            runs = []
            # The first one may build columns.
            for turn in range(options.rounds + (not figures)):
                run, answers[name] = ask(build, service, question)
                if turn or figures:
                    runs.append(run)
            check(name, answers[name], options.rows)
            figures[name] = {key: statistics.median(run[key] for run in runs)
                             for key in ("wall", "processor")}
        figures["peak_mib"] = peak_mib(service.process.pid)
    finally:
        service.stop()
    return figures, answers


def import_rows(build, folder, path, starter, options):
    service = Service(build, folder, ["--starter", str(starter)], os.sched_getaffinity(0))
    try:
        done = subprocess.run([str(build / "client/policycalc"), "--server", service.address, "--format",
                               "json", "registry", "import", "--strict", "--as-of", "2026-06-30",
                               str(path)], stdout=subprocess.PIPE, check=True, timeout=3600)
        answer = json.loads(done.stdout)
        assert int(answer["rows"]) == options.rows, answer
        options.snapshot = answer["sequence"]
    finally:
        service.stop()


def tell(figures, options):
    cores = figures["cores"]
    print(f"{options.rows:,} firms of 'registry sample', {options.rounds} rounds, medians; load "
          f"{figures['load'][0]:.1f} before, {figures['load'][1]:.1f} after")
    print(f"| question | 1 thread, s | {cores} threads, s | ratio | processor, s | µs/firm |")
    print("|---|---|---|---|---|---|")
    for name, one in figures["one"].items():
        if name == "peak_mib":
            continue
        all_cores = figures["all"][name]
        print(f"| {name} | {one['wall']:.2f} | {all_cores['wall']:.2f} "
              f"| {one['wall'] / all_cores['wall']:.2f} | {all_cores['processor']:.2f} "
              f"| {all_cores['processor'] / options.rows * 1e6:.1f} |")
    print(f"service: at most {figures['one']['peak_mib']:.0f} MiB resident on one core, "
          f"{figures['all']['peak_mib']:.0f} MiB on all; the same answers on both")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="questions with this in their name")
    parser.add_argument("--catalog", default="service/catalog", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path, help="where data goes (default: a temporary one)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    options = parser.parse_args()
    build, draft = options.build.resolve(), options.catalog.resolve()
    cores = sorted(os.sched_getaffinity(0))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-reports-", dir=options.folder))
    figures = {"rows": options.rows, "cores": len(cores), "date": time.strftime("%Y-%m-%d"),
               "load": [os.getloadavg()[0]]}
    try:
        starter = catalog_before(draft, folder / "before")
        subprocess.run([str(build / "client/policycalc"), "registry", "sample", str(options.rows),
                        "--out", str(folder / "firms.csv")], check=True, timeout=3600)
        import_rows(build, folder, folder / "firms.csv", starter, options)
        figures["one"], one = measure(build, folder, {cores[0]}, starter, draft, options)
        figures["all"], all_cores = measure(build, folder, set(cores), starter, draft, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures["load"].append(os.getloadavg()[0])
    for name, answer in one.items():
        assert hashlib.sha256(answer).digest() == hashlib.sha256(all_cores[name]).digest(), name
    tell(figures, options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
