// Writes a synthetic catalogue: ids of ten characters, code paths that are a function of the item's number.
//
//   node bench/scripts/scale/catalogue-file.mjs OUT [--items 10000000] [--levels 4] [--codes 256]
//
// OUT ends in .parquet (columns item_id, c0, c1, …) or .json (an index as LC-Rec writes it).

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { streamColumns, withDuckDb } from "@nightbeam/dataset";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    items: { type: "string", default: "10000000" },
    levels: { type: "string", default: "4" },
    codes: { type: "string", default: "256" },
  },
});
const [out] = positionals;
const [items, levels, codes] = [values.items, values.levels, values.codes].map(Number);
if (out === undefined || !/\.(parquet|json)$/.test(out)) {
  console.error(
    "usage: node bench/scripts/scale/catalogue-file.mjs OUT.parquet|OUT.json [--items N] [--levels L] [--codes C]",
  );
  process.exit(2);
}
const columns = Array.from({ length: levels }, (_, level) => {
  return `(hash(i * ${levels} + ${level}) % ${codes})::USMALLINT AS c${level}`;
});
// 7 and a prime below 10^9 have no common factor, so the ids are distinct and in no order.
const rows = `SELECT 'B' || lpad(((i * 700000001) % 999999937)::VARCHAR, 9, '0') AS item_id, ${columns.join(", ")}
  FROM range(${items}) AS numbers(i)`;
await withDuckDb({}, (connection) =>
  (out.endsWith(".json") ? writeIndex : writeParquet)(connection),
);
console.log(`${items} items of ${levels} × ${codes} codes in ${out}`);

async function writeParquet(connection) {
  await connection.run(`COPY (${rows}) TO '${out.replaceAll("'", "''")}' (FORMAT parquet)`);
}

async function writeIndex(connection) {
  const path = Array.from({ length: levels }, (_, level) => {
    return `'"<${String.fromCharCode(97 + level)}_' || c${level} || '>"'`;
  });
  const entry = `'"' || item_id || '": [' || ${path.join(" || ', ' || ")} || ']'`;
  const file = createWriteStream(out);
  const sql = `SELECT ${entry} AS entry FROM (${rows})`;
  let before = "{";
  for await (const [entries] of streamColumns(connection, { sql, path: out })) {
    if (!file.write(`${before}${entries.join(", ")}`)) await once(file, "drain");
    before = ", ";
  }
  file.end("}\n");
  await once(file, "finish");
}
