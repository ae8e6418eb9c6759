#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs vectors of the rule language through "policycalc rule eval --jsonl" and compares by line.

usage: test_vectors.py POLICYCALC FILE
       test_vectors.py POLICYCALC --shared SOURCE_ROOT

The first form takes vectors of our own. The second takes the two files of the folder "shared" beside
the source tree (POLICYCALC_SHARED names another place) and is skipped where there is none.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys


def comparable(value):
    """A VALUE in a form that == compares: maps without order, doubles as numbers."""
    kind, content = next(iter(value.items()))
    if kind == "list":
        return kind, [comparable(item) for item in content]
    if kind == "map":
        return kind, sorted(repr((comparable(key), comparable(item))) for key, item in content)
    if kind == "double":
        return kind, repr(float(content))
    return kind, content


def judge(vector, answer):
    """"right", "refused" (a feature that may be missing, said clearly) or "wrong"."""
    expected = vector["expect"]
    error = answer.get("error")
    if error and not (error["message"] and error["line"] >= 1 and error["column"] >= 1):
        return "wrong"
    if vector.get("subset") == "reject":
        return "right" if error and error["kind"] in ("check", "parse") else "wrong"
    if {"matches", "tzname"} & set(vector.get("needs") or []):
        clear = error and error["kind"] == "check" and "not supported" in error["message"]
        return "refused" if clear else "wrong"
    if "value" in expected:
        right = "value" in answer and comparable(answer["value"]) == comparable(expected["value"])
    elif "unknown" in expected:
        right = sorted(answer.get("unknown", ())) == sorted(expected["unknown"])
        right = right and "unknown" in answer
    elif "message" in expected:
        right = error and expected["message"] in error["message"]
        right = right and expected.get("column", error["column"]) == error["column"]
    else:
        right = error and error["kind"] == "eval"
    return "right" if right else "wrong"


def run(policycalc, path):
    vectors = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    done = subprocess.run([policycalc, "rule", "eval", "--jsonl"], stdin=path.open("rb"),
                          capture_output=True, check=False)
    answers = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    if done.returncode not in (0, 1) or len(answers) != len(vectors):
        print(f"{path.name}: {len(vectors)} lines gave {len(answers)} answers,"
              f" exit {done.returncode}: {done.stderr.decode(errors='replace')[:500]}")
        return False
    counts = collections.Counter()
    for number, (vector, answer) in enumerate(zip(vectors, answers), 1):
        outcome = judge(vector, answer)
        counts[vector.get("subset", "own"), outcome] += 1
        if outcome == "wrong":
            print(f"{path.name}:{number}: {vector['expr']}\n    expected {vector['expect']}\n"
                  f"    got      {answer}")
    for (subset, outcome), count in sorted(counts.items()):
        print(f"{path.name}: {subset} {outcome}: {count}")
    return not any(outcome == "wrong" for _, outcome in counts)


def main():
    policycalc, place = sys.argv[1:3]
    if place != "--shared":
        return 0 if run(policycalc, pathlib.Path(place)) else 1
    shared = os.environ.get("POLICYCALC_SHARED")
    folder = pathlib.Path(shared) if shared else pathlib.Path(sys.argv[3]).parent / "shared"
    files = [folder / "cel" / name for name in ("conformance.jsonl", "unknowns.jsonl")]
    if not all(file.exists() for file in files):
        print(f"skipped: no vectors in {folder / 'cel'}")
        return 77
    return 0 if all([run(policycalc, file) for file in files]) else 1


sys.exit(main())
