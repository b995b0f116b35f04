// The experiment's figures as Markdown tables: node bench/scripts/alignment/tables.mjs OUT
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2];
if (out === undefined) {
  console.error("usage: node bench/scripts/alignment/tables.mjs OUT");
  process.exit(2);
}
const logs = join(out, "logs");
const benches = readdirSync(logs)
  .filter((name) => name.startsWith("bench-") || name.endsWith("-bench.log"))
  .map((name) => ({
    name: name.replace(/^bench-|-?bench\.log$|\.log$/g, ""),
    file: join(logs, name),
  }))
  .map(({ name, file }) => ({ name, ...JSON.parse(readFileSync(file, "utf8")) }));

const widths = [...new Set(benches.flatMap(({ rows }) => rows.map(({ beamWidth }) => beamWidth)))];
console.log(`| draft | test users | N | ${widths.map((width) => `K = ${width}`).join(" | ")} |`);
console.log(`|---|---|---|${widths.map(() => "---").join("|")}|`);
for (const { name, users, rows } of benches) {
  const ways = [...new Set(rows.map(({ way }) => way))].filter((way) => way !== "plain");
  for (const way of ways) {
    const cells = widths.map((width) => {
      const row = rows.find((each) => each.beamWidth === width && each.way === way);
      if (row === undefined) return "";
      if (!row.sameLists) throw new Error(`${name}, ${way}, K = ${width}: other lists`);
      const steps = row.firstCallAcceptedSteps.toFixed(2);
      return `${steps} / ${row.callsPerUser.toFixed(2)} / ${row.nodesPerUser.toFixed(0)}`;
    });
    console.log(`| ${name} | ${users} | ${way} | ${cells.join(" | ")} |`);
  }
}
console.log("\naccepted steps of the first call (of 3) / calls per user / nodes per user\n");
for (const name of readdirSync(out).filter((each) => each.startsWith("draft-"))) {
  const log = join(out, name, "log.jsonl");
  if (!existsSync(log)) continue;
  const last = JSON.parse(readFileSync(log, "utf8").trim().split("\n").at(-1));
  console.log(`${name}: ${last.epoch} epochs, ${last.seconds.toFixed(0)} s`);
}
