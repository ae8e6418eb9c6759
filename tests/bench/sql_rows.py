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


def _files(table, folder, enterprises, policies):
    csv, sql = folder / "enterprises.csv", folder / "policies.jsonl"
    csv.write_text(table.program("policycalc-workload", "csv", enterprises), encoding="utf-8")
    sql.write_text(table.program("policycalc-workload", "sql", policies, enterprises), encoding="utf-8")
    return csv, sql


def _sqlite(csv, sql, most):
    """Milliseconds a policy over all enterprises, of at most @most policies; the answers are compared."""
    db = sqlite3.connect(":memory:")
    with open(csv, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        db.execute(f"CREATE TABLE e ({', '.join(names)})")
        db.executemany(f"INSERT INTO e VALUES ({', '.join('?' * len(names))})",
                       ([int(v) if v.lstrip('-').isdigit() and n not in ("county", "city") else v
                         for n, v in zip(names, line.strip().split(","))] for line in file))
    policies = [json.loads(line) for line in open(sql, encoding="utf-8")][:most]
    started = time.process_time()
    for policy in policies:
        found = db.execute(f"SELECT count(*), coalesce(sum(id), 0) FROM e WHERE {policy['where']}").fetchone()
        if found != (policy["matches"], policy["sum"]):
            raise SystemExit(f"SQLite: {policy['id']}: {found}, not {policy['matches'], policy['sum']}")
    took = (time.process_time() - started) * 1e3 / len(policies)
    db.close()
    return took


def _duckdb(table, folder, csv, sql, rounds):
    """(milliseconds a policy, None), or (None, why it is left out)."""
    if table.options.no_npm or not shutil.which("npm") or not shutil.which("node"):
        return None, "DuckDB: left out, no npm"
    modules = table.options.build / "duckdb"  # kept for the next time
    modules.mkdir(exist_ok=True)
    try:
        if not (modules / "node_modules/@duckdb/node-api").is_dir():
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(modules),
                            "@duckdb/node-api"], check=True, timeout=300, stdout=subprocess.DEVNULL)
        done = subprocess.run(
            bench.pinned(1, ["node", str(pathlib.Path(__file__).parent / "peer_duckdb.mjs"), str(modules / "x.js"),
                             str(csv), str(sql), str(rounds)]),
            capture_output=True, text=True, timeout=900, check=False)
    except (subprocess.SubprocessError, OSError) as error:
        return None, f"DuckDB: left out, {type(error).__name__}"
    if done.returncode:
        if "not " in done.stderr and "w0" in done.stderr:
            raise SystemExit(f"DuckDB answers otherwise: {done.stderr}")
        return None, "DuckDB: left out, it does not start"
    return json.loads(done.stdout)["ms"], None


def measure(table, folder, policies, rounds):
    """Milliseconds a policy and million enterprises."""
    # A query costs DuckDB milliseconds by itself, so it gets a million at once.
    csv, sql = _files(table, folder, 1000000, policies)
    duck, why = _duckdb(table, folder, csv, sql, rounds)
    csv.unlink()
    enterprises = 100000 if table.options.quick else 300000
    csv, sql = _files(table, folder, enterprises, min(policies, 10))
    lite = statistics.median(_sqlite(csv, sql, 10) for _ in range(min(rounds, 3)))
    csv.unlink()
    return {"duckdb_ms": duck, "duckdb_why": why, "sqlite_ms": lite * 1e6 / enterprises}


def check(table, folder, enterprises, policies):
    _sqlite(*_files(table, folder, enterprises, policies), policies)
