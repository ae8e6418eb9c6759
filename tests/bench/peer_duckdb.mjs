// SPDX-License-Identifier: Apache-2.0
// peer_duckdb.mjs MODULE [CSV SQL [sorted]]: what one policy takes over the enterprises of CSV in DuckDB, in milliseconds;
// a turn for every line that comes on standard input, see bench_turns.c.
//
// One thread, everything in memory; processor time, as ours. Texts are ENUM and numbers as narrow as they fit: a table of
// BIGINT takes a quarter longer. Codes in a policy are literals of the ENUM, since beside plain texts DuckDB 1.5 casts the
// column to VARCHAR for every row of an IN. "sorted": by county and industry, so that blocks of rows are passed over.
// Of every policy it asks how many match and the sum of their ids, which is less work than writing the ids out, and
// compares both with what SQL says.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [module, csv, sql, order] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(module)("@duckdb/node-api");
const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
const db = await instance.connect();
if (!csv)
  process.exit(0); // it is there and starts
const texts = ["county", "city", "industry", "division", "sector", "size_class", "credit_grade",
  "ownership", "listing_board", "park"];
await db.run(`CREATE TABLE raw AS SELECT * FROM read_csv('${csv}', header = true,
  types = {${texts.map((name) => `'${name}': 'VARCHAR'`).join(", ")}})`);
for (const name of texts)
  await db.run(`CREATE TYPE ${name}_t AS ENUM (SELECT DISTINCT ${name} FROM raw ORDER BY 1)`);
const names = (await db.runAndReadAll("DESCRIBE raw")).getRows().map(([name]) => name);
const types = {};
for (const name of names) {
  if (texts.includes(name)) {
    types[name] = `${name}_t`;
    continue;
  }
  const [least, most] = (await db.runAndReadAll(`SELECT min(${name}), max(${name}) FROM raw`)).getRows()[0].map(Number);
  const bytes = [1, 2, 4, 8].find((size) => size === 8 || (least >= -(2 ** (8 * size - 1)) && most < 2 ** (8 * size - 1)));
  types[name] = { 1: "TINYINT", 2: "SMALLINT", 4: "INTEGER", 8: "BIGINT" }[bytes];
}
await db.run(`CREATE TABLE e AS SELECT ${names.map((name) => `${name}::${types[name]} AS ${name}`).join(", ")} FROM raw
  ${order === "sorted" ? "ORDER BY county, industry" : ""}`);
await db.run("DROP TABLE raw");
const typed = (where) => where.replace(/(\w+) IN \(([^)]*)\)/g, (all, name, codes) => texts.includes(name)
  ? `${name} IN (${codes.split(", ").map((code) => `${code}::${name}_t`).join(", ")})` : all);
const policies = readFileSync(sql, "utf8").trim().split("\n").map((line) => JSON.parse(line))
  .map((policy) => ({ ...policy, where: typed(policy.where) }));
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  const begin = process.cpuUsage();
  for (const policy of policies) {
    const result = await db.runAndReadAll(
      `SELECT count(*), coalesce(sum(id), 0) FROM e WHERE ${policy.where}`);
    const [matches, sum] = result.getRows()[0].map(Number);
    if (matches !== policy.matches || sum !== policy.sum) {
      console.error(`${policy.id}: ${matches} ${sum}, not ${policy.matches} ${policy.sum}`);
      process.exit(1);
    }
  }
  const took = process.cpuUsage(begin);
  console.log((took.user + took.system) / 1e3 / policies.length);
}
