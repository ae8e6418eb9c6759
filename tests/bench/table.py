#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the table "what to reach": ours and its peer in turn, medians, ratios, and what is to be
reached. Writes a table for README.md (Markdown), the figures (JSON) and the plots (SVG) to --out.

Ratios count, not times: both sides ran on the same core in the same minutes. Every program compares its
answers with those of the straight loop or of the generator and fails where they differ; a peer that is not
there is said to be skipped, and so is a row without one. About half an hour; --quick about ten minutes with
smaller figures; --answers compares answers only, in a minute.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import bench  # noqa: E402
import grpc_rows  # noqa: E402
import plot  # noqa: E402
import reload_rows  # noqa: E402
import sql_rows  # noqa: E402

ROOT = bench.ROOT


class Table:
    """Rows in the order they were measured, and points of plots."""

    def __init__(self, options):
        self.options, self.rows, self.lines = options, [], {}

    def add(self, what, ours, peer, ratio, must, aim, least=False):
        """@least: the ratio is to be at least that, otherwise at most. @ratio None: skipped, @peer says why."""
        def reached(limit):
            return ratio >= limit if least else ratio <= limit
        met = None
        if ratio is not None and must is not None:
            met = "aim" if reached(aim) else "must" if reached(must) else "no"
        self.rows.append({"what": what, "ours": ours, "peer": peer, "ratio": ratio, "must": must, "aim": aim,
                          "at_least": least, "met": met})
        print(f"{what}: {ours}; {peer}" + ("" if ratio is None else f"; {ratio:.3g} ({met or 'no limit'})"),
              file=sys.stderr, flush=True)

    def point(self, plot_name, line, x, y):
        self.lines.setdefault(plot_name, {}).setdefault(line, []).append((x, y))

    def program(self, name, *arguments, timeout=900):
        """What a program of tests/bench prints; it ends the whole when the answers differ."""
        command = bench.pinned(1, [str(self.options.build / "tests/bench" / name), *map(str, arguments)])
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


# --- one match -----------------------------------------------------------------------------------

INDEX_LINE = re.compile(r"^match index, P=(\d+)(.*?): index ([\d.]+) us, (ordered loop|all known) ([\d.]+) us, "
                        r"ratio ([\d.]+)", re.MULTILINE)
BUILT_LINE = re.compile(r"^match index, P=\d+: built in ([\d.]+) ms, (\d+) bytes a policy", re.MULTILINE)
MEMORY_LINE = re.compile(r"distinct take ([\d.]+) times the memory")
INDEX_LIMITS = {1000: (10, 12), 10000: (35, 50), 100000: (35, 50), 1000000: (40, 45)}


def index_rows(table, rounds):
    sizes = [1000, 10000, 100000] + ([] if table.options.quick else [1000000])
    for policies in sizes:
        output = table.program("bench_match_index", policies, rounds if policies < 1000000 else 3)
        lines = {shape: (float(ours), peer, float(other), float(ratio))
                 for _, shape, ours, peer, other, ratio in INDEX_LINE.findall(output)}
        ours, _, loop, ratio = lines[""]
        table.add(f"one match, ids out, P = {policies:,}, against the ordered loop", f"{ours:.2f} µs",
                  f"{loop:.1f} µs", ratio, *INDEX_LIMITS[policies], least=True)
        table.point("match", "match index", policies, ours)
        table.point("match", "ordered loop", policies, loop)
        three, _, two, ratio = lines[", 5 unknown"]
        table.add(f"three-valued, 5 attributes unknown, P = {policies:,}, against two-valued", f"{three:.2f} µs",
                  f"{two:.2f} µs", ratio, 2, 1.7)
        distinct = lines[", all thresholds distinct"][0]
        table.add(f"all thresholds distinct, P = {policies:,}: time", f"{distinct:.2f} µs", f"{ours:.2f} µs",
                  distinct / ours, 2, 1.7)
        memory = float(MEMORY_LINE.search(output)[1])
        built, size = BUILT_LINE.search(output).groups()
        table.add(f"all thresholds distinct, P = {policies:,}: memory", f"{memory:.2f} times", "rounded ones", memory,
                  2, 1.5)
        if policies == 100000:
            table.add("memory a policy at 100,000, bytes", size, "", float(size), 400, 370)
            table.add("index of 100,000 checked rules, s", f"{float(built) / 1e3:.2f}", "", float(built) / 1e3, .5, .3)
    # There is no index of fewer than 200: their rules are asked one by one.
    for policies in (200,) if table.options.quick else (200, 500, 3000, 30000):
        for _, shape, ours, _, loop, _ in INDEX_LINE.findall(table.program("bench_match_index", policies, 3)):
            if shape == "":
                table.point("match", "match index", policies, float(ours))
                table.point("match", "ordered loop", policies, float(loop))


# --- loading -------------------------------------------------------------------------------------

LOAD_LINE = re.compile(r"bare scan of (\d+) rows, [\d.]+ MB: ([\d.]+) ms \(processor ([\d.]+) ms\); load: ([\d.]+) ms "
                       r"\(processor ([\d.]+) ms\): ([\d.]+) times")
PUBLISH_LINE = re.compile(r"publish (\d+) policies, \d+ files: ([\d.]+) s")
MEMORY_AFTER = re.compile(r"memory after the first load (\d+) MiB, after (\d+) more (\d+) MiB")


def load_rows(table, folder, policies, rounds):
    catalog = folder / "catalog"
    table.program("policycalc-workload", "catalog", policies, catalog)
    output = table.program("bench_load", catalog, rounds, timeout=1800)
    shutil.rmtree(catalog)
    rows, scan, scan_cpu, load, load_cpu, ratio = LOAD_LINE.search(output).groups()
    table.add(f"start or reload of {policies:,} policies, against a bare scan", f"{load} ms", f"{scan} ms", float(ratio),
              10, 6)
    table.add("the same, processor time", f"{load_cpu} ms", f"{scan_cpu} ms", float(load_cpu) / float(scan_cpu), None,
              None)
    count, seconds = PUBLISH_LINE.search(output).groups()
    table.add(f"publish {int(count):,} policies (files read, checked, written), s", seconds, "", None, None, None)
    first, more, after = MEMORY_AFTER.search(output).groups()
    table.add(f"memory after {more} reloads, MiB, against the first", after, first, int(after) / int(first), None, None)


# --- the registry --------------------------------------------------------------------------------

SWEEP_LINE = re.compile(r"^workload P=\d+[^,:]*: sweep ([\d.]+) ms, straight loop ([\d.]+) ms", re.MULTILINE)

CONSTANT_LINE = re.compile(r"^constant P=\d+: (10\^\d) enterprises ([\d.]+) ms, ([\d.]+) times", re.MULTILINE)


def sweep(table, blocks, policies, rounds, *rest):
    found = SWEEP_LINE.search(table.program("bench_sweep", ROOT / "service/catalog", blocks, policies, rounds, "known",
                                            *rest))
    return float(found[1]), float(found[2])


def constant_row(table):
    """Registries of all sizes take turns in one process: apart they are measured in other minutes of the machine."""
    found = CONSTANT_LINE.findall(table.program("bench_sweep", ROOT / "service/catalog", "constant",
                                                *([244] if table.options.quick else [])))
    (_, few, _), (size, many, ratio) = found[0], found[-1]
    table.add(f"cost an enterprise, {size} against 10^5 of them, in turn", f"{many} ms", f"{few} ms", float(ratio), 1.1,
              1.05)


def two_at_once(table, blocks, policies, rounds):
    """How much more two of them do on two cores than one on one; None where there is one core."""
    if (os.cpu_count() or 1) < 2:
        return None
    program = str(table.options.build / "tests/bench/bench_sweep")
    arguments = [program, str(ROOT / "service/catalog"), str(blocks), str(policies), str(rounds), "known"]
    alone, _ = sweep(table, blocks, policies, rounds)
    both = [subprocess.Popen(bench.pinned(core, arguments), stdout=subprocess.PIPE, text=True) for core in (0, 1)]
    times = [float(SWEEP_LINE.search(one.communicate(timeout=900)[0])[1]) for one in both]
    return sum(alone / took for took in times)


def registry_rows(table, folder, rounds):
    blocks = 16 if table.options.quick else 61
    peer = sql_rows.measure(table, folder, 20 if table.options.quick else 40, rounds)
    duck, lite = peer["duckdb_ms"], peer["sqlite_ms"]
    for policies, must, aim, rest in ((1000, 25, 35, ()), (10000, 60, 100, ("sorted",))):
        ours, loop = sweep(table, blocks if policies == 1000 else max(4, blocks // 4), policies, rounds, *rest)
        name = f"whole registry, ids out, columns in memory, P = {policies:,}: ms a policy and 1,000,000"
        table.add(name + ", against DuckDB", f"{ours:.3f}", f"{duck:.2f}" if duck else peer["duckdb_why"], duck / ours if duck else None,
                  must, aim, least=True)
        table.add(name + ", against SQLite WHERE", f"{ours:.3f}", f"{lite:.1f}", lite / ours, None, None)
        table.add(name + ", against the straight loop", f"{ours:.3f}", f"{loop:.2f}", loop / ours, None, None)
    one, _ = sweep(table, blocks, 1, rounds)
    table.add("one new policy over the registry, ms a 1,000,000, against DuckDB", f"{one:.2f}",
              f"{duck:.2f}" if duck else peer["duckdb_why"], duck / one if duck else None, 3, 4.5, least=True)
    constant_row(table)
    for blocks_of in (3, 24, 244) + (() if table.options.quick else (2442,)):
        took, _ = sweep(table, blocks_of, 200, 1)
        table.point("registry", "sweep", blocks_of * 4096, took * 200 * blocks_of * 4096 / 1e6)
    gain = two_at_once(table, blocks, 200, rounds)
    table.add("two cores: two sweeps at once against one", "" if gain is None else f"{gain:.2f} times", "one core", gain,
              1.7, 1.9, least=True)


def room_rows(table):
    limits = {"Explaining one policy": (20, 10), "Combine, 30 policies": (1000, 500), "NextQuestion": (5000, 2500)}
    for room in bench.measure_rooms(table.options.build):
        for name, (must, aim) in limits.items():
            if room["what"].startswith(name):
                table.add(room["what"] + ", µs of processor time", f"{room['median_us']:.1f}",
                          f"least {room['least_us']:.1f}", room["median_us"], must, aim)


# --- what is written -----------------------------------------------------------------------------

def write(table, command):
    options = table.options
    options.out.mkdir(parents=True, exist_ok=True)
    machine = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                    if line.startswith("model name")), platform.machine())
    head = {"machine": machine, "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "command": command,
            "load_average": os.getloadavg()[0]}
    (options.out / "figures.json").write_text(
        json.dumps({**head, "rows": table.rows, "plots": table.lines}, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8")
    lines = [f"{machine}, {os.cpu_count()} cores, {head['date']}, load {head['load_average']:.1f}: `{command}`", "",
             "| what | ours | peer | ratio | must | aim | |", "|---|---|---|---|---|---|---|"]
    for row in table.rows:
        sign = "≥" if row["at_least"] else "≤"
        ratio = "skipped" if row["ratio"] is None else f"{row['ratio']:.3g}"
        limits = ["", ""] if row["must"] is None else [f"{sign} {row['must']:g}", f"{sign} {row['aim']:g}"]
        if row["must"] is None and row["ratio"] is None:
            ratio = ""
        lines.append(f"| {row['what']} | {row['ours']} | {row['peer']} | {ratio} | {limits[0]} | {limits[1]} "
                     f"| {row['met'] or ''} |")
    (options.out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    for name, title, x, y in (("match", "One match of one enterprise, ids out", "policies", "time, µs"),
                              ("registry", "All enterprises under 200 policies, ids out, one core", "enterprises",
                               "time, ms"),
                              ("connections", "Match over gRPC, 10 streams a connection, one core",
                               "connections", "calls a second")):
        if name in table.lines:
            plot.plot(options.out / f"{name}.svg", title, x, y, table.lines[name])


def answers(table, folder):
    """No figure: each program compares its answers with those of the loop or the generator."""
    table.program("test-bench-generator")
    table.program("bench_match_index", 2000, 1)
    table.program("bench_sweep", ROOT / "service/catalog", 2, 300, 1)
    catalog = folder / "catalog"
    table.program("policycalc-workload", "catalog", 500, catalog)
    table.program("bench_load", catalog, 1)
    sql_rows.check(table, folder, 5000, 60)
    grpc_rows.check(table, folder)
    print("the answers are the same everywhere")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--out", default="build-bench/table", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="smaller figures, about ten minutes")
    parser.add_argument("--answers", action="store_true", help="only compare answers, about a minute")
    parser.add_argument("--no-npm", action="store_true", help="leave DuckDB out")
    parser.add_argument("--only", choices=["index", "load", "registry", "grpc", "rooms"], action="append",
                        help="only these rows; may be repeated")
    options = parser.parse_args()
    options.build = options.build.resolve()
    table = Table(options)
    rounds = 3 if options.quick else 5
    with tempfile.TemporaryDirectory(prefix="policycalc-bench-") as name:
        folder = pathlib.Path(name)
        if options.answers:
            answers(table, folder)
            return
        sections = {"index": lambda: index_rows(table, rounds),
                    "load": lambda: (load_rows(table, folder, 10000 if options.quick else 100000, rounds),
                                     reload_rows.measure(table, folder, 10000, rounds)),
                    "registry": lambda: registry_rows(table, folder, rounds),
                    "grpc": lambda: grpc_rows.measure(table, folder, rounds),
                    "rooms": lambda: room_rows(table)}
        for section, run in sections.items():
            if not options.only or section in options.only:
                run()
    write(table, " ".join(["sh tests/bench/run.sh", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
