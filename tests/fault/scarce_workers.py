# SPDX-License-Identifier: Apache-2.0
"""Every n of one scene of tests/fault/test_scarce.py, in processes beside each other: each plays some numbers in a
row, the next ones when it is through, until there is none that is not over before. One line says what was played.

POLICYCALC_WORKERS says how many processes (default: two a processor, which wait for each other most of the time),
POLICYCALC_SCARCE_LOGS a folder for what they print, and for ranges.txt, a line each.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import threading
import time

PIECE = 250  # numbers of one process
FAILED_MOST = 10  # processes: who always fails never finds the end
SUMMARY = re.compile(r": (\d+) allocations; played (\d+) times with some that fail \((\d+) times it was over before\)"
                     r"(?:; all that there are)?")


class Pieces:
    """From @first on, one after the other, until somebody has found the end, or to @last."""

    def __init__(self, first, last):
        self.lock = threading.Lock()
        self.first, self.last = first, last

    def take(self):
        with self.lock:
            if self.last and self.first > self.last:
                return None
            first = self.first
            self.first += PIECE
            return first, min(first + PIECE - 1, self.last or sys.maxsize)

    def end(self, last):
        with self.lock:
            self.last = min(self.last or last, last)


def play(command, scene, pieces, logs, results):
    while piece := pieces.take():
        began = time.monotonic()
        ended = subprocess.run([*command, scene, str(piece[0]), str(piece[1])], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")
        said = SUMMARY.search(ended.stdout)
        counts = [int(one) for one in said.groups()] if said else [0, 0, 0]
        is_last = bool(said) and "all that there are" in said.group()
        if is_last:
            pieces.end(piece[1])
        results.append((piece, ended.returncode, counts))
        if sum(status != 0 for _, status, _ in results) >= FAILED_MOST:
            pieces.end(piece[1])
        if logs:
            with open(f"{logs}/{scene}-{piece[0]}.log", "w", encoding="utf-8") as log:
                log.write(ended.stdout)
            with open(f"{logs}/ranges.txt", "a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%H:%M:%S')} {scene} {piece[0]}..{piece[1]}, three forms:"
                          f" {'ok' if ended.returncode == 0 else 'FAILED'}, played {counts[1]} times, {counts[2]} over"
                          f" before{', the last' if is_last else ''}; {time.monotonic() - began:.0f} s\n")
        if ended.returncode:
            print(f"  {scene} {piece[0]} to {piece[1]}:\n{ended.stdout[-6000:]}", flush=True)


def everything(command, scene, first=1, last=0):
    """Whether all that was played went well."""
    workers = int(os.environ.get("POLICYCALC_WORKERS") or 2 * (os.cpu_count() or 1))
    pieces, results, began = Pieces(first, last), [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for one in [pool.submit(play, command, scene, pieces, os.environ.get("POLICYCALC_SCARCE_LOGS"), results)
                    for _ in range(workers)]:
            one.result()
    bad = [piece for piece, status, _ in results if status]
    print(f"  {scene}: every allocation from {first} to {max(piece[1] for piece, _, _ in results)}, in three forms;"
          f" played {sum(counts[1] for _, _, counts in results)} times,"
          f" {sum(counts[2] for _, _, counts in results)} of them it was over before;"
          f" {workers} processes, {time.monotonic() - began:.0f} s; failed: {sorted(bad) or 'none'}", flush=True)
    return not bad
