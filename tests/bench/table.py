#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the table "what to reach": ours and its peer in turn, medians, ratios, and what is to be
reached. Writes a table for README.md (Markdown), the figures (JSON) and the plots (SVG) to --out.

Ratios count, not times: both sides ran on the same core in the same minutes. Every program compares its
answers with those of the straight loop or of the generator and fails where they differ; a peer that is not
there is said to be skipped, and so is a row without one. All of it goes in steps, of some rows each: what
a step came to is written at once, one that fails is named in the table and at the end, and the others go on;
then the status is 1. --resume goes on where a run was broken off, --list tells the steps. A quarter of an
hour; --quick eight minutes with smaller figures; --answers compares answers only, in a minute. The plots of 10^6
policies and 10^7 enterprises take 8 GB of memory; where there is less, they end at fewer, and it is said.
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
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import bench  # noqa: E402
import grpc_rows  # noqa: E402
import plot  # noqa: E402
import reload_rows  # noqa: E402
import sql_rows  # noqa: E402

ROOT = bench.ROOT


def memory_gib():
    """What programs may take now."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / (1 << 20)


class Table:
    """Steps in the order they were taken: the rows of each, points of plots, how long it took, why it failed."""

    def __init__(self, options, command):
        self.options, self.command, self.steps = options, command, {}
        self.rows, self.lines = [], {}  # of the step that is under way

    def figures(self):
        return self.options.out / "figures.json"

    def resume(self):
        """Takes over the steps that did not fail, of a run of the same kind."""
        try:
            before = json.loads(self.figures().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if before.get("quick") == self.options.quick:
            self.steps = {name: step for name, step in before.get("steps", {}).items() if not step["failed"]}

    def take(self, name, run, place):
        """Takes a step; whatever it comes to stands in files afterwards."""
        if name in self.steps:
            print(f"[{place}] {name}: already there", file=sys.stderr, flush=True)
            return
        print(f"[{place}] {name} ...", file=sys.stderr, flush=True)
        self.rows, self.lines = [], {}
        started, failed = time.monotonic(), None
        try:
            run()
        except (Exception, SystemExit) as error:  # pylint: disable=broad-except
            failed = f"{type(error).__name__}: {error}"
            print(f"{name} FAILED: {failed}", file=sys.stderr, flush=True)
            if not isinstance(error, SystemExit):
                traceback.print_exc()
        took = time.monotonic() - started
        self.steps[name] = {"rows": self.rows, "plots": self.lines, "seconds": round(took, 1), "failed": failed,
                            "load_average": os.getloadavg()[0]}
        print(f"[{place}] {name}: {took:.0f} s", file=sys.stderr, flush=True)
        write(self)

    def failed(self):
        return [name for name, step in self.steps.items() if step["failed"]]

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

    def program(self, name, *arguments, timeout=1800, cores=1):
        """What a program of tests/bench prints; its step has failed when the answers differ."""
        command = bench.pinned(cores, [str(self.options.build / "tests/bench" / name), *map(str, arguments)])
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


# --- one match -----------------------------------------------------------------------------------

INDEX_LINE = re.compile(r"^match index, P=(\d+)(.*?): index ([\d.]+) us, (ordered loop|all known|as made) ([\d.]+) us, "
                        r"ratio ([\d.]+).*?right after another ([\d.]+) us", re.MULTILINE)
BUILT_LINE = re.compile(r"^match index, P=\d+: built in ([\d.]+) ms, (\d+) bytes a policy", re.MULTILINE)
MEMORY_LINE = re.compile(r"distinct take ([\d.]+) times the memory")
INDEX_LIMITS = {1000: (10, 12), 10000: (35, 50), 100000: (35, 50), 1000000: (40, 45)}


INDEX_GIB = 8  # for a million policies


def index_rows(table, policies, rounds):
    if policies == 1000000 and memory_gib() < INDEX_GIB:
        raise SystemExit(f"a million policies take {INDEX_GIB} GiB of memory, which are not there")
    # Only the ordinary shape and that of distinct thresholds; the suite compares the answers of the others, too.
    output = table.program("bench_match_index", policies, rounds, 42, 2)
    lines = {(shape, peer): (float(ours), float(other), float(ratio), float(first))
             for _, shape, ours, peer, other, ratio, first in INDEX_LINE.findall(output)}
    ours, loop, ratio, first = lines["", "ordered loop"]
    table.add(f"one match, ids out, P = {policies:,}, against the ordered loop", f"{ours:.2f} µs",
              f"{loop:.1f} µs", ratio, *INDEX_LIMITS[policies], least=True)
    table.add(f"one match, P = {policies:,}, right after a turn of the loop", f"{first:.2f} µs", f"{loop:.1f} µs",
              loop / first, None, None)
    table.point("match", "match index", policies, ours)
    table.point("match", "ordered loop", policies, loop)
    three, two, ratio, _ = lines[", 5 unknown", "all known"]
    table.add(f"three-valued, 5 attributes unknown, P = {policies:,}, against two-valued", f"{three:.2f} µs",
              f"{two:.2f} µs", ratio, 2, 1.7)
    distinct, rounded, ratio, _ = lines[", all thresholds distinct", "as made"]
    table.add(f"all thresholds distinct, P = {policies:,}, in turn with rounded ones: time", f"{distinct:.2f} µs",
              f"{rounded:.2f} µs", ratio, 2, 1.7)
    memory = float(MEMORY_LINE.search(output)[1])
    built, size = BUILT_LINE.search(output).groups()
    table.add(f"all thresholds distinct, P = {policies:,}: memory", f"{memory:.2f} times", "rounded ones", memory,
              2, 1.5)
    if policies == 100000:
        table.add("memory a policy at 100,000, all that was allocated for the index, bytes", size, "", float(size), 400, 370)
        table.add("index of 100,000 checked rules, s", f"{float(built) / 1e3:.2f}", "", float(built) / 1e3, .5, .3)


FEW_LINE = re.compile(r"^few policies, P=(\d+): rules one by one ([\d.]+) us, ordered loop ([\d.]+) us", re.MULTILINE)


def index_points(table):
    """Between the rows; there is no index of fewer than 200: their rules are asked one by one, as Match does."""
    for policies in (100,) if table.options.quick else (100, 199):
        _, ours, loop = FEW_LINE.search(table.program("bench_few_policies", policies)).groups()
        table.point("match", "rules, one by one", policies, float(ours))
        table.point("match", "ordered loop", policies, float(loop))
    for policies in (200,) if table.options.quick else (200, 500, 3000, 30000):
        for _, shape, ours, _, loop, _, _ in INDEX_LINE.findall(
                table.program("bench_match_index", policies, 3, 42, 1)):
            if shape == "":
                table.point("match", "match index", policies, float(ours))
                table.point("match", "ordered loop", policies, float(loop))


# --- loading -------------------------------------------------------------------------------------

LOAD_LINE = re.compile(r"^(bare scan|load|index of a day|both): ([\d.]+) ms \(processor ([\d.]+) ms\), ([\d.]+) scans "
                       r"\(processor ([\d.]+)\)", re.MULTILINE)
PUBLISH_LINE = re.compile(r"publish (\d+) policies, \d+ files: ([\d.]+) s")
TOUCHING = re.compile(r"to touch (\d+) MiB that were free took (\d+) ms")
MEMORY_AFTER = re.compile(r"memory after the first load (\d+) MiB, after (\d+) more (\d+) MiB")
STARTS = 5  # processes: where its memory and its files lie is another matter in each, and counts for a tenth
START_ROUNDS = 3


def load_figures(outputs):
    """By step: the medians over processes of milliseconds, of the ratio, and of that of processor time."""
    found = {}
    for output in outputs:
        for step, *figures in LOAD_LINE.findall(output):
            found.setdefault(step, []).append([float(figure) for figure in figures])
    return {step: [statistics.median(column) for column in zip(*rows)] for step, rows in found.items()}


def load_rows(table, folder, policies, rounds):
    catalog, data = grpc_rows.workload_catalog(table, folder, policies), folder / "load-data"
    published = table.program("bench_load", catalog, rounds, data, timeout=1800)
    starts = [table.program("bench_load", catalog, START_ROUNDS, data) for _ in range(1 if table.options.quick else STARTS)]
    shutil.rmtree(data)
    for name, outputs, what in (
            ("start", starts, f"of {policies:,} policies, index of the day with it, against a bare scan"),
            ("reload", [published], "of the same in the process that just published them")):
        took = load_figures(outputs)
        scan = f"{took['bare scan'][0]:.1f} ms"
        both, both_cpu, ratio, cpu_ratio = took["both"]
        table.add(f"{name} {what}", f"{both:.1f} ms", scan, ratio, 10, 6)
        table.add(f"{name}: processor time", f"{both_cpu:.1f} ms", f"{took['bare scan'][1]:.1f} ms", cpu_ratio, None, None)
        for step, part in ("load", "read, parsed, checked"), ("index of a day", "index of the day"):
            table.add(f"{name}: {part}", f"{took[step][0]:.1f} ms", scan, took[step][2], None, None)
    touched, touching = TOUCHING.search(published).groups()
    table.add(f"before each load: to touch {touched} MiB that were free, for the host to have them back", f"{touching} ms",
              scan, float(touching) / took["bare scan"][0], None, None)
    count, seconds = PUBLISH_LINE.search(published).groups()
    table.add(f"publish {int(count):,} policies (files read, checked, written), s", seconds, "", None, None, None)
    first, more, after = MEMORY_AFTER.search(published).groups()
    table.add(f"memory after {more} reloads, MiB, against the first", after, first, int(after) / int(first), None, None)


# --- the registry --------------------------------------------------------------------------------

CONSTANT_LINE = re.compile(r"^constant P=\d+: (10\^\d) enterprises ([\d.]+) ms, ([\d.]+) times", re.MULTILINE)
CONSTANT_BLOCKS = {7: 2442, 6: 244}  # by the power of ten
CONSTANT_GIB = 8  # for 10^7
CONSTANT_POLICIES = 200


class Turns:
    """Programs that do a round whenever they are sent a line, and print what it took, see bench_turns.c."""

    def __init__(self, commands):
        self.processes = {}
        try:
            # They make ready side by side, and are then brought to the same core.
            for core, (name, command) in enumerate(commands.items()):
                self.processes[name] = subprocess.Popen(bench.pinned(core % 2, [str(part) for part in command]),
                                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.ready = {name: self.line(name) for name in self.processes}
            for process in self.processes.values():
                for thread in os.listdir(f"/proc/{process.pid}/task"):
                    os.sched_setaffinity(int(thread), {1 if (os.cpu_count() or 1) > 1 else 0})
        except BaseException:
            self.stop()
            raise

    def line(self, name):
        line = self.processes[name].stdout.readline()
        if not line:
            raise SystemExit(f"{name}: ended with {self.processes[name].wait(60)} before its answer")
        return line.strip()

    def take(self, rounds):
        """{name: median}"""
        times = {name: [] for name in self.processes}
        for _ in range(rounds):
            for name, process in self.processes.items():
                process.stdin.write("\n")
                process.stdin.flush()
                times[name].append(float(self.line(name)))
        return {name: statistics.median(all_of) for name, all_of in times.items()}

    def stop(self):
        for process in self.processes.values():
            process.stdin.close()
            process.stdout.close()
            bench.stop(process)


def registry_rows(table, folder, rounds):
    """All that is held against DuckDB, which takes turns with ours: the same policies, a million enterprises."""
    quick = table.options.quick
    blocks, policies = (24, 20) if quick else (244, 40)
    # A query costs DuckDB milliseconds by itself, so it always gets a million at once.
    csv, sql = sql_rows.files(table, folder, 1000000, policies)
    duck, why = sql_rows.duckdb_command(table, csv, sql)
    program = table.options.build / "tests/bench/bench_turns"
    commands = {"one": [program, "alone", blocks, policies], "1k": [program, "all", blocks, 1000],
                "10k": [program, "all", blocks, 10000], "10k sorted": [program, "all", blocks, 10000, "sorted"]}
    peers = {"duck": duck, "duck sorted": [*duck, "sorted"]} if duck else {}
    turns = Turns({**peers, **commands})
    try:
        took = turns.take(rounds)
        loops = {name: float(line.split()[-1]) for name, line in turns.ready.items() if name not in peers}
    finally:
        turns.stop()
        csv.unlink()
    whole = "whole registry, ids out, columns in memory, P = {}: ms a policy and 1,000,000"
    for key, name, must, aim in (("1k", whole.format("1,000"), 25, 35),
                                 ("10k sorted", whole.format("10,000, enterprises by county and industry"), None, None),
                                 ("10k", whole.format("10,000, enterprises as they come"), 60, 100),
                                 ("one", f"one new policy over 1,000,000, mean of {policies}, ms", 3, 4.5)):
        # Enterprises in the order of county and industry are so for both.
        in_order = key == "10k sorted"
        peer = took.get("duck sorted" if in_order else "duck")
        table.add(name + ", against DuckDB" + (" in that order, too" if in_order else ""), f"{took[key]:.3f}",
                  f"{peer:.2f}" if duck else why, peer / took[key] if duck else None, must, aim, least=True)
        if key != "one":
            table.add(name + ", against the straight loop", f"{took[key]:.3f}", f"{loops[key]:.2f}",
                      loops[key] / took[key], None, None)


def sqlite_rows(table, folder, rounds):
    enterprises = 100000 if table.options.quick else 300000
    csv, sql = sql_rows.files(table, folder, enterprises, 10)
    lite = sql_rows.sqlite(csv, sql, 10, min(rounds, 3)) * 1e6 / enterprises
    csv.unlink()
    ours = subprocess.run(bench.pinned(1, [str(table.options.build / "tests/bench/bench_turns"), "alone", "24", "10"]),
                          input="\n" * 3, capture_output=True, text=True, timeout=900, check=True).stdout.split("\n")
    one = statistics.median(map(float, ours[1:4]))
    table.add("one new policy, mean of 10, ms a 1,000,000, against SQLite WHERE", f"{one:.2f}", f"{lite:.1f}",
              lite / one, None, None)


def constant_row(table):
    """Registries of all sizes take turns in one process: apart they are measured in other minutes of the machine."""
    power = 6 if table.options.quick or memory_gib() < CONSTANT_GIB else 7
    found = {size: (float(took), float(ratio)) for size, took, ratio in CONSTANT_LINE.findall(table.program(
        "bench_sweep", ROOT / "service/catalog", "constant", CONSTANT_BLOCKS[power]))}
    size = f"10^{power}"
    less = "" if power == 7 or table.options.quick else f" (10^7 take {CONSTANT_GIB} GiB, which are not there)"
    table.add(f"cost an enterprise, {size} against 10^5 of them, in turn{less}", f"{found[size][0]} ms",
              f"{found['10^5'][0]} ms", found[size][1], 1.1, 1.05)
    for name, (took, _) in found.items():
        enterprises = {"10^4": 3, "10^5": 24, "10^6": 244, "10^7": 2442}[name] * 4096
        table.point("registry", "sweep", enterprises, took * CONSTANT_POLICIES * enterprises / 1e6)


CORES_LINE = re.compile(r"^cores P=.*: one thread ([\d.]+) ms, two ([\d.]+) ms, ([\d.]+) times", re.MULTILINE)


def two_cores_row(table, rounds):
    """The program's own threads, as in a search or a report: two of them against one, over the same registry."""
    if (os.cpu_count() or 1) < 2:
        table.add("two cores: a sweep by two threads against one", "", "one core", None, 1.7, 1.9, least=True)
        return
    blocks = 16 if table.options.quick else 61
    one, two, gain = CORES_LINE.search(table.program("bench_cores", blocks, 200, max(rounds, 5), cores="0,1")).groups()
    table.add("two cores: a sweep by two threads against one, ms", two, one, float(gain), 1.7, 1.9, least=True)


def room_rows(table):
    # A policy is the made-up one or the one in the middle; the longest of the starter catalog are shown beside them.
    limits = {"Explaining one policy, made up": (20, 10), "Explaining one policy, median": (20, 10),
              "Explaining one policy": (None, None), "Combine, 30 policies": (1000, 500), "NextQuestion": (5000, 2500)}
    for room in bench.measure_rooms(table.options.build):
        found = [limit for name, limit in limits.items() if room["what"].startswith(name)]
        if found:
            table.add(room["what"] + ", µs of processor time", f"{room['median_us']:.1f}",
                      f"least {room['least_us']:.1f}", room["median_us"], *found[0])


# --- what is written -----------------------------------------------------------------------------

PLOTS = (("match", "One match of one enterprise, ids out", "policies", "time, µs"),
         ("registry", f"All enterprises under {CONSTANT_POLICIES} policies, ids out, one core", "enterprises", "time, ms"),
         ("connections", "Match over gRPC, 10 streams a connection, one core", "connections", "calls a second"))


def write_whole(path, text):
    """A reader finds the file as it was or as it is."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def short(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def markdown(head, steps):
    lines = [f"{head['machine']}, {head['cores']} cores, {head['date']}, load {head['load_average']:.1f}: "
             f"`{head['command']}`", "", "| what | ours | peer | ratio | must | aim | |", "|---|---|---|---|---|---|---|"]
    for name, step in steps.items():
        for row in step["rows"]:
            sign = "≥" if row["at_least"] else "≤"
            ratio = "skipped" if row["ratio"] is None else short(row["ratio"])
            limits = ["", ""] if row["must"] is None else [f"{sign} {short(row['must'])}", f"{sign} {short(row['aim'])}"]
            if row["must"] is None and row["ratio"] is None:
                ratio = ""
            lines.append(f"| {row['what']} | {row['ours']} | {row['peer']} | {ratio} | {limits[0]} | {limits[1]} "
                         f"| {row['met'] or ''} |")
        if step["failed"]:
            why = " ".join(step["failed"].split()).replace("|", "/")[:200]
            lines.append(f"| {name}: FAILED | {why} | | | | | |")
    return "\n".join(lines) + "\n"


def write(table):
    options = table.options
    options.out.mkdir(parents=True, exist_ok=True)
    machine = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                    if line.startswith("model name")), platform.machine())
    head = {"machine": machine, "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"), "command": table.command,
            "load_average": statistics.median(step["load_average"] for step in table.steps.values()),
            "quick": options.quick}
    plots = {}
    for step in table.steps.values():
        for name, lines in step["plots"].items():
            for line, points in lines.items():
                plots.setdefault(name, {}).setdefault(line, []).extend(points)
    rows = [row for step in table.steps.values() for row in step["rows"]]
    write_whole(table.figures(), json.dumps({**head, "failed": table.failed(), "rows": rows, "plots": plots,
                                             "steps": table.steps}, indent=2, ensure_ascii=False) + "\n")
    write_whole(options.out / "table.md", markdown(head, table.steps))
    for name, title, x, y in PLOTS:
        if name in plots:
            plot.plot(options.out / f"{name}.svg", title, x, y, plots[name])


def answers(table, folder):
    """No figure: each program compares its answers with those of the loop or the generator."""
    table.program("test-bench-generator")
    table.program("bench_match_index", 2000, 1)
    table.program("bench_few_policies", 100, 1)
    table.program("bench_explain", bench.DICTIONARY, ROOT / "service/catalog", 1)
    table.program("bench_sweep", ROOT / "service/catalog", 2, 300, 1)
    table.program("bench_turns", "alone", 3, 60, "once")
    table.program("bench_load", grpc_rows.workload_catalog(table, folder, 500), 1)
    sql_rows.check(table, folder, 5000, 60)
    grpc_rows.check(table, folder)
    print("the answers are the same everywhere")


def steps_of(table, folder, rounds):
    """[(section, step, what to do)]; those that take longest last."""
    quick = table.options.quick
    index = [(policies, rounds if policies < 1000000 else 3) for policies in
             (1000, 10000, 100000) + (() if quick else (1000000,))]
    return [
        ("rooms", "rooms", lambda: room_rows(table)),
        ("grpc", "grpc", lambda: grpc_rows.measure(table, folder, rounds)),
        ("registry", "registry-duckdb", lambda: registry_rows(table, folder, rounds if quick else 9)),
        ("registry", "registry-sqlite", lambda: sqlite_rows(table, folder, rounds)),
        ("registry", "registry-cores", lambda: two_cores_row(table, rounds)),
        *[("index", f"index-{policies}", lambda policies=policies, times=times: index_rows(table, policies, times))
          for policies, times in index[:3]],
        ("index", "index-points", lambda: index_points(table)),
        ("load", "load-policies", lambda: load_rows(table, folder, 10000 if quick else 100000, 3 if quick else 7)),
        ("load", "reload", lambda: reload_rows.measure(table, folder, 10000 if quick else 100000, 3)),
        ("registry", "registry-constant", lambda: constant_row(table)),
        *[("index", f"index-{policies}", lambda policies=policies, times=times: index_rows(table, policies, times))
          for policies, times in index[3:]],
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, help="build-bench/table; with --quick build-bench/table-quick")
    parser.add_argument("--quick", action="store_true", help="smaller figures, about eight minutes")
    parser.add_argument("--answers", action="store_true", help="only compare answers, about a minute")
    parser.add_argument("--no-npm", action="store_true", help="leave DuckDB out")
    parser.add_argument("--only", metavar="STEP", action="append",
                        help="only these steps, or sections: index, load, registry, grpc, rooms; may be repeated")
    parser.add_argument("--resume", action="store_true", help="keep the steps that --out has, but those that failed")
    parser.add_argument("--list", action="store_true", help="print the steps and end")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.out = options.out or options.build / ("table-quick" if options.quick else "table")
    table = Table(options, " ".join(["sh tests/bench/run.sh", *sys.argv[1:]]))
    with tempfile.TemporaryDirectory(prefix="policycalc-bench-") as name:
        folder = pathlib.Path(name)
        if options.answers:
            answers(table, folder)
            return
        steps = steps_of(table, folder, 3 if options.quick else 5)
        known = {word for section, step, _ in steps for word in (section, step)}
        if set(options.only or []) - known:
            parser.error(f"--only: one of {', '.join(sorted(known))}")
        steps = [(step, run) for section, step, run in steps
                 if not options.only or section in options.only or step in options.only]
        if options.list:
            print("\n".join(step for step, _ in steps))
            return
        if options.resume:
            table.resume()
        started = time.monotonic()
        for place, (step, run) in enumerate(steps, 1):
            table.take(step, run, f"{place}/{len(steps)}, {(time.monotonic() - started) / 60:.0f} min")
    print((options.out / "table.md").read_text(encoding="utf-8"), end="")
    if table.failed():
        raise SystemExit(f"failed: {', '.join(table.failed())}; --resume measures only these again")


if __name__ == "__main__":
    main()
