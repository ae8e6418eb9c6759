#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures push runs over a made-up registry and the starter catalog: a first run, runs again with and
without changes, on the same day and on the nights after, and one over a single changed policy; beside
them what it takes to read the same enterprises out of the database and nothing else.

The clock of the service is a made-up one (libfaketime), so that nights pass; time is processor time of
the service, which hardly depends on what else the machine does. What runs tell is checked: nothing twice,
no more than has changed, and of the changed policy exactly what `find` counts.
"""
import argparse
import csv
import ctypes
import glob
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

from bench import answers, stop

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST_RATIO = 3  # of a run with at most a hundredth changed, to the bare SELECT
MOST_POLICY_SECONDS = 1  # of one changed policy, a million enterprises
MOST_GROWTH = 1.1  # of the first run's time an enterprise, when there are many more of them
MOST_MIB = 1024  # resident, however many enterprises there are
FIRST_DAY = 13
IDLE_SECONDS = 0.001  # of processor time, in half a second
SETTLE_SECONDS = 300
POLICY, SERIES = "national-small-profit-2023", "national-small-profit"
INCOME = "年应纳税所得额（加计扣除前）@2025(万元)"
THRESHOLD = "e.staff <= p.small_profit_staff"


class Service:
    """policycalcd on a day of October 2026."""

    def __init__(self, build, folder, day):
        faketime = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
        if not faketime:
            raise SystemExit("libfaketime is missing (package faketime)")
        self.folder, self.build = folder, build
        path = folder / "socket"
        path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [build / "service/policycalcd", "--data", folder / "data", "--listen", f"unix:{path}"],
            env={**os.environ, "LD_PRELOAD": faketime[0], "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                 # Else waiting by that clock ends at once, and who waits again turns round and round.
                 "FAKETIME_FORCE_MONOTONIC_FIX": "0", "FAKETIME": f"@2026-10-{day} 02:00:00"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1500):
            if answers(path):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise SystemExit("policycalcd did not start")

    def ask(self, *arguments):
        done = subprocess.run([self.build / "client/policycalc", "--server",
                               f"unix:{self.folder}/socket", "--timeout", "0",
                               *map(str, arguments)],
                              stdout=subprocess.PIPE, check=True, timeout=3600)
        return done.stdout

    def processor_seconds(self):
        """By the clock that bench_select reads of itself: threads that have ended count, too."""
        clock = ctypes.c_int()
        if ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock)):
            raise SystemExit("policycalcd has no processor time")
        return time.clock_gettime(clock.value)

    def peak_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024

    def stop(self):
        stop(self.process, 300)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.build = options.build.resolve()
        self.service, self.day, self.peak = None, FIRST_DAY, 0
        self.told = 0
        self.figures = {}

    # --- the service -----------------------------------------------------------------------------

    def stop(self):
        if self.service:
            self.peak = max(self.peak, self.service.peak_mib())
            self.service.stop()
        self.service = None

    def start(self, nights=0):
        self.stop()
        self.day += nights
        self.service = Service(self.build, self.folder, self.day)

    def settle(self):
        """Waits until the service does nothing of its own accord (it counts the registry at times)."""
        spent, began = -1, time.monotonic()
        while self.service.processor_seconds() - spent > IDLE_SECONDS:
            spent = self.service.processor_seconds()
            if time.monotonic() - began > SETTLE_SECONDS:
                raise SystemExit(f"policycalcd is at work still after {SETTLE_SECONDS} s without anything to do")
            time.sleep(0.5)

    def run(self, name, *arguments):
        self.settle()
        before, began = self.service.processor_seconds(), time.monotonic()
        run = json.loads(self.service.ask("push", "run", "--format", "json", *arguments))
        figure = {"processor_s": self.service.processor_seconds() - before,
                  "wall_s": time.monotonic() - began, "deliveries": run["deliveries"]}
        assert run["state"] == "FINISHED" and not run["silent"] and run["errors"] == 0, run
        self.told += run["deliveries"]
        self.figures.setdefault(name, []).append(figure)
        print(f"{name}: {figure['processor_s']:.3f} s of processor time, {figure['wall_s']:.2f} s, "
              f"{figure['deliveries']:,} deliveries", file=sys.stderr)
        return run

    # --- the registry ----------------------------------------------------------------------------

    def sample(self):
        path = self.folder / "firms.csv"
        subprocess.run([self.build / "client/policycalc", "registry", "sample", str(self.options.rows),
                        "--out", path], check=True, timeout=3600)
        self.changes = []
        with open(path, encoding="utf-8", newline="") as lines:
            headings = lines.readline()
            cells = next(csv.reader([headings]))
            staff, income = cells.index("职工总数"), cells.index(INCOME)
            parts = [open(self.folder / f"changed{i}.csv", "w", encoding="utf-8", newline="")
                     for i in range(2 * self.options.rounds)]
            for part in parts:
                part.write(headings)
            for number, line in enumerate(lines):
                if number % 100 < len(parts):
                    cells = line.rstrip("\n").split(",")
                    cells[staff] = str(int(cells[staff] or 0) + 1)
                    # Nearly every second firm hears that an amount has changed.
                    cells[income] = f"{float(cells[income] or 0) + 1:.2f}"
                    parts[number % 100].write(",".join(cells) + "\n")
        for part in parts:
            part.close()
            self.changes.append(part.name)
        self.take(path, "2026-06-30")
        path.unlink()

    def take(self, path, day):
        answer = json.loads(self.service.ask("registry", "import", "--format", "json", "--strict",
                                             "--as-of", day, path))
        assert answer["rejected"] == 0, answer
        return answer["inserted"] + answer["updated"]

    def change(self):
        changed = self.take(self.changes.pop(), f"2026-10-{self.day}")
        assert changed > 0
        return changed

    def select(self):
        """Reads all enterprises, while the service, which has the database to itself, is away."""
        self.stop()
        done = subprocess.run([self.build / "tests/bench/bench_select", self.folder / "data/registry.db",
                               "5"], stdout=subprocess.PIPE, check=True, text=True, timeout=3600)
        rows, _, milliseconds = done.stdout.split()
        assert int(rows) == self.options.rows, rows
        self.figures.setdefault("select", []).append({"processor_s": float(milliseconds) / 1000})
        self.start()

    # --- the catalog -----------------------------------------------------------------------------

    def entitled(self):
        """Who may have the policy, and something comes of it."""
        lines = self.service.ask("find", SERIES, "--format", "csv").decode("utf-8-sig").splitlines()
        table = csv.DictReader(lines)
        return sum(row["结论"] == "可享受" and row["金额上限（元）"] != "0.00" for row in table)

    def publish(self, step):
        """A threshold that is a little lower; examples that it would break are left out."""
        draft = self.folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(ROOT / "service/catalog", draft)
        path = draft / f"policies/{POLICY}.yaml"
        text = re.sub(r"(?ms)^examples:\n.*?(?=^\S|\Z)", "", path.read_text(encoding="utf-8"))
        assert THRESHOLD in text
        path.write_text(text.replace(THRESHOLD, f"{THRESHOLD} - {step}"), encoding="utf-8")
        self.service.ask("catalog", "publish", draft)

    def first(self, name):
        """A first run over a registry of its own, and nothing else."""
        self.start()
        self.sample()
        run = self.run(name)
        self.stop()
        return run

    # --- all of it -------------------------------------------------------------------------------

    def measure(self):
        rounds = self.options.rounds
        self.start()
        self.sample()
        self.select()
        first = self.run("first run")
        for _ in range(rounds):
            assert self.run("again, nothing changed")["deliveries"] == 0
        for _ in range(rounds):
            changed = self.change()
            assert 0 < self.run("again, 1% changed")["deliveries"] <= changed
        for _ in range(rounds):
            self.start(nights=1)
            assert self.run("the next night, nothing changed")["deliveries"] < self.options.rows / 100
        for _ in range(rounds):
            self.start(nights=1)
            changed = self.change()
            # News of the day alone is rare: of a title that ran out.
            assert self.run("the next night, 1% changed")["deliveries"] <= changed * 2
        self.select()
        count = self.entitled()
        for step in range(1, rounds + 1):
            self.publish(25 * step)
            counts = self.run("one policy changed", "--since-revision", step)["counts"]
            lost = sum(row["count"] for row in counts if row["kind"] == "LAPSED")
            before, count = count, self.entitled()
            assert lost == before - count, (counts, before, count)
        self.stop()
        self.check(first)

    def check(self, first):
        with sqlite3.connect(f"file:{self.folder}/data/registry.db?mode=ro", uri=True) as db:
            told, twice = db.execute(
                "SELECT count(*), count(*) - count(DISTINCT key) FROM delivery").fetchone()
            sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        assert (told, twice, sound) == (self.told, 0, "ok"), (told, self.told, twice, sound)
        assert first["deliveries"] > self.options.rows / 2, first


def median(figures, key):
    return statistics.median(figure[key] for figure in figures)


def growth_tell(options, bench, result):
    """What an enterprise of many costs against one of few, in first runs."""
    few, many = ([figure["processor_s"] / rows * 1e6 for figure in bench.figures[name]]
                 for name, rows in (("first run", options.rows), ("first run, grown", options.grown)))
    growth = statistics.median(many) / statistics.median(few)
    result["growth"] = {"rows": options.grown, "few_us": few, "many_us": many, "ratio": growth}
    print(f"a first run over {options.grown:,}: {statistics.median(many):.1f} µs an enterprise, {growth:.2f} times that "
          f"over {options.rows:,} (limit {MOST_GROWTH})")
    return growth


def tell(options, bench):
    select = median(bench.figures["select"], "processor_s")
    result = {"rows": options.rows, "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"),
              "rounds": options.rounds, "select_s": select, "peak_mib": bench.peak, "runs": {}}
    print(f"{options.rows:,} made-up enterprises, the starter catalog, {os.cpu_count()} cores, "
          f"{result['date']}; medians of {options.rounds}; a bare SELECT of the same rows takes "
          f"{select:.3f} s")
    print("| run | processor time of the service | to the SELECT | µs an enterprise | on the wall "
          "| deliveries |")
    print("|---|---|---|---|---|---|")
    for name, figures in bench.figures.items():
        if name in ("select", "first run, grown"):
            continue
        seconds, wall = median(figures, "processor_s"), median(figures, "wall_s")
        told = statistics.median(figure["deliveries"] for figure in figures)
        result["runs"][name] = {"processor_s": seconds, "wall_s": wall, "ratio": seconds / select,
                                "deliveries": told}
        print(f"| {name} | {seconds:.3f} s | {seconds / select:.2f} | {seconds / options.rows * 1e6:.1f} "
              f"| {wall:.2f} s | {told:,.0f} |")
    growth = growth_tell(options, bench, result) if options.grown else 0
    print(f"at most {bench.peak:.0f} MiB resident (limit {MOST_MIB})")
    bad = [name for name in result["runs"] if name.endswith("changed") and name != "one policy changed"
           and result["runs"][name]["ratio"] > MOST_RATIO]
    policy = result["runs"]["one policy changed"]["processor_s"] / options.rows * 1e6
    bad += ["one policy changed"] if policy > MOST_POLICY_SECONDS else []
    bad += ["growth"] if growth > MOST_GROWTH else []
    bad += ["memory"] if bench.peak > MOST_MIB else []
    print(f"runs with at most 1% changed against {MOST_RATIO} SELECTs, one policy against "
          f"{MOST_POLICY_SECONDS} s a million: " + (f"OVER: {', '.join(bad)}" if bad else "within"))
    return result


def measure(options, run):
    """A bench with data of its own, which is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-push-", dir=options.folder))
    bench = Bench(options, folder)
    try:
        run(bench)
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return bench


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--rounds", type=int, default=3, help="of every run but the first (1 to 5)")
    parser.add_argument("--grown", type=int, metavar="ROWS",
                        help="a first run over so many, too: whether an enterprise costs the same")
    parser.add_argument("--folder", type=pathlib.Path, help="where data goes (default: a temporary one)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    options = parser.parse_args()
    if not 1 <= options.rounds <= 5:
        parser.error("--rounds: 1 to 5")
    bench = measure(options, Bench.measure)
    if options.grown:
        # Before and after the larger one, since the machine is not the same all the time.
        grown = argparse.Namespace(**{**vars(options), "rows": options.grown})
        for name, rows in (("first run, grown", grown), ("first run", options)):
            other = measure(rows, lambda bench, name=name: bench.first(name))
            bench.figures[name] = bench.figures.get(name, []) + other.figures[name]
            bench.peak = max(bench.peak, other.peak)
    result = tell(options, bench)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
