#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures an import end to end: a made-up registry as CSV, read by the command line, streamed,
committed by the service. Then the same file again, which changes nothing, and a newer one of which one
row in a hundred differs.

Time on the wall is that of a machine with nothing else to do: the load before and after is printed, and
the processor time of both sides, which tells what the machine could do.
"""
import argparse
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from bench import answers, stop

LEAST_ROWS_A_SECOND = 60000  # of the first import, 40 values a row, two cores
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def threads(pid):
    """Processor seconds of each thread that had any."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        found.append((int(fields[11]) + int(fields[12])) / TICKS)
    return sorted((seconds for seconds in found if seconds > 0.05), reverse=True)


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


class Service:
    def __init__(self, build, folder, options=(), cores=None):
        self.address = f"unix:{folder}/socket"
        self.data = folder / "data"
        path = folder / "socket"
        path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(build / "service/policycalcd"), "--data", str(self.data), "--listen", self.address,
             *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None)
        for _ in range(3000):
            if answers(path):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.stop()
        raise SystemExit("policycalcd did not start")

    def stop(self):
        stop(self.process, 60)


def measure(build, service, path, day, rows):
    before = processor_seconds(service.process.pid)
    started, load = time.monotonic(), os.getloadavg()[0]
    times = os.times()
    done = subprocess.run([str(build / "client/policycalc"), "--server", service.address, "--format",
                           "json", "registry", "import", "--strict", "--as-of", day, str(path)],
                          stdout=subprocess.PIPE, check=True, timeout=3600)
    seconds = time.monotonic() - started
    spent = os.times()
    answer = json.loads(done.stdout)
    assert answer["rows"] == rows and answer["rejected"] == 0, answer
    return {"seconds": seconds, "rows_a_second": rows / seconds, "load": load,
            "client_us": (spent.children_user + spent.children_system - times.children_user
                          - times.children_system) / rows * 1e6,
            "service_us": (processor_seconds(service.process.pid) - before) / rows * 1e6,
            **{key: answer[key] for key in ("inserted", "updated", "unchanged")}}


def make_newer(path, newer):
    """One row in a hundred has other figures."""
    with open(path, encoding="utf-8", newline="") as old, open(newer, "w", encoding="utf-8",
                                                               newline="") as new:
        headings = old.readline()
        at = next(csv.reader([headings])).index("职工总数")
        new.write(headings)
        for number, line in enumerate(old):
            if number % 100 == 0:
                cells = line.rstrip("\n").split(",")
                cells[at] = str(int(cells[at] or 0) + 1)
                line = ",".join(cells) + "\n"
            new.write(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-bench", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--folder", type=pathlib.Path, help="where data goes (default: a temporary one)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    options = parser.parse_args()
    build = options.build.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-registry-", dir=options.folder))
    service = None
    try:
        path, newer = folder / "firms.csv", folder / "newer.csv"
        started = time.monotonic()
        subprocess.run([str(build / "client/policycalc"), "registry", "sample", str(options.rows), "--out",
                        str(path)], check=True, timeout=3600)
        made = time.monotonic() - started
        make_newer(path, newer)
        service = Service(build, folder)
        figures = {"rows": options.rows, "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d"),
                   "file_mib": path.stat().st_size / 2**20, "sample_rows_a_second": options.rows / made,
                   "runs": {}}
        for name, file, day in (("first import", path, "2026-06-30"),
                                ("the same again", path, "2026-06-30"),
                                ("a day later, 1% changed", newer, "2026-07-01")):
            figures["runs"][name] = measure(build, service, file, day, options.rows)
        figures["service_threads_s"] = threads(service.process.pid)
        figures["service_peak_mib"] = peak_mib(service.process.pid)
        figures["data_mib"] = sum(file.stat().st_size for file in service.data.iterdir()) / 2**20
    finally:
        if service:
            service.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{figures['rows']:,} rows, {figures['file_mib']:.0f} MiB of CSV, {figures['cores']} cores, "
          f"{figures['date']}; made at {figures['sample_rows_a_second']:,.0f} rows/s")
    print("| import | rows/s | seconds | new / changed / unchanged | command line, µs/row "
          "| service, µs/row | load before |")
    print("|---|---|---|---|---|---|---|")
    for name, run in figures["runs"].items():
        print(f"| {name} | {run['rows_a_second']:,.0f} | {run['seconds']:.1f} | {run['inserted']:,} / "
              f"{run['updated']:,} / {run['unchanged']:,} | {run['client_us']:.1f} "
              f"| {run['service_us']:.1f} | {run['load']:.1f} |")
    print(f"service: at most {figures['service_peak_mib']:.0f} MiB resident, {figures['data_mib']:.0f} MiB "
          f"of data, threads {', '.join(f'{s:.1f} s' for s in figures['service_threads_s'])}")
    first = figures["runs"]["first import"]["rows_a_second"]
    print(f"first import: {first:,.0f} rows/s, wanted {LEAST_ROWS_A_SECOND:,}"
          + ("" if first >= LEAST_ROWS_A_SECOND else " (below)"))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
