#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the table of a run of run.sh into README.md: between the lines "<!-- figures of run.sh: begin -->" and
"<!-- figures of run.sh: end -->" stands afterwards what build-bench/table/figures.json says, and nothing else
is touched. --check: only whether it does."""
import argparse
import json
import pathlib

import table

BEGIN, END = "<!-- figures of run.sh: begin -->", "<!-- figures of run.sh: end -->"


def section(figures):
    head = {name: figures[name] for name in ("machine", "cores", "date", "load_average", "command")}
    failed = figures["failed"]
    text = table.markdown(head, figures["steps"])
    if failed:
        text += f"\nNot measured: {', '.join(failed)}.\n"
    return f"{BEGIN}\n{text}{END}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", default=table.ROOT / "build-bench/table/figures.json", type=pathlib.Path)
    parser.add_argument("--readme", default=table.ROOT / "README.md", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 where they differ")
    options = parser.parse_args()
    text = options.readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise SystemExit(f"{options.readme}: wants one line {BEGIN} and one {END} below it")
    made = section(json.loads(options.figures.read_text(encoding="utf-8")))
    before, rest = text.split(BEGIN)
    changed = before + made + rest.split(END)[1]
    if options.check:
        raise SystemExit(0 if changed == text else f"{options.readme} says something else than {options.figures}")
    options.readme.write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    main()
