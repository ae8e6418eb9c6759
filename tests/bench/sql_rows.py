# SPDX-License-Identifier: Apache-2.0
"""The workload in databases: SQLite's WHERE, and DuckDB where npm brings it."""
import json
import pathlib
import shutil
import sqlite3
import statistics
import subprocess
import time

import bench


def files(table, folder, enterprises, policies):
    """The workload as CSV and as policies in SQL with their answers."""
    csv, sql = folder / "enterprises.csv", folder / "policies.jsonl"
    for path, arguments in ((csv, ["csv", enterprises]), (sql, ["sql", policies, enterprises])):
        with open(path, "w", encoding="utf-8") as out:
            subprocess.run([str(table.options.build / "tests/bench/policycalc-workload"), *map(str, arguments)],
                           stdout=out, check=True, timeout=900)
    return csv, sql


def sqlite(csv, sql, most, rounds):
    """Milliseconds a policy over all enterprises, of at most @most policies; the answers are compared."""
    db = sqlite3.connect(":memory:")
    with open(csv, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        db.execute(f"CREATE TABLE e ({', '.join(names)})")
        db.executemany(f"INSERT INTO e VALUES ({', '.join('?' * len(names))})",
                       ([int(v) if v.lstrip('-').isdigit() and n not in ("county", "city") else v
                         for n, v in zip(names, line.strip().split(","))] for line in file))
    with open(sql, encoding="utf-8") as file:
        policies = [json.loads(line) for line in file][:most]
    times = []
    for _ in range(rounds):
        started = time.process_time()
        for policy in policies:
            found = db.execute(f"SELECT count(*), coalesce(sum(id), 0) FROM e WHERE {policy['where']}").fetchone()
            if found != (policy["matches"], policy["sum"]):
                raise SystemExit(f"SQLite: {policy['id']}: {found}, not {policy['matches'], policy['sum']}")
        times.append((time.process_time() - started) * 1e3 / len(policies))
    db.close()
    return statistics.median(times)


def duckdb_command(table, csv, sql):
    """(what starts DuckDB with the workload, None), or (None, why it is left out)."""
    if table.options.no_npm or not shutil.which("npm") or not shutil.which("node"):
        return None, "DuckDB: left out, no npm"
    modules = table.options.build / "duckdb"  # kept for the next time
    modules.mkdir(exist_ok=True)
    peer = pathlib.Path(__file__).parent / "peer_duckdb.mjs"
    try:
        if not (modules / "node_modules/@duckdb/node-api").is_dir():
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(modules),
                            "@duckdb/node-api"], check=True, timeout=300, stdout=subprocess.DEVNULL)
        subprocess.run(["node", str(peer), str(modules / "x.js")], check=True, timeout=60,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError) as error:
        return None, f"DuckDB: left out, {type(error).__name__}"
    return ["node", str(peer), str(modules / "x.js"), str(csv), str(sql)], None


def check(table, folder, enterprises, policies):
    sqlite(*files(table, folder, enterprises, policies), policies, 1)
