// Writes a data set in LC-Rec's format, such as Instruments, in Nightbeam's formats.
//
//   node bench/scripts/lc-rec-files.mjs OUT --data FILE.inter.json
//
// OUT/histories.jsonl   test users, one in seven: their items but the last, oldest first
// OUT/held-out.jsonl    the last items of the same users
// OUT/train.jsonl       all other users
//
// The file is {"user": [item, …]}, items numbered as in FILE.index.json, which is the catalogue.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const TEST_SHARE = 7;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string" } },
});
const [out] = positionals;
if (out === undefined || values.data === undefined) {
  console.error("usage: node bench/scripts/lc-rec-files.mjs OUT --data FILE.inter.json");
  process.exit(2);
}

const users = Object.entries(JSON.parse(readFileSync(values.data, "utf8"))).map(
  ([user, items]) => ({ user, history: items.map(String) }),
);
const isTest = (_, at) => at % TEST_SHARE === 0;
const test = users.filter(isTest);
mkdirSync(out, { recursive: true });
write(
  "train",
  users.filter((...each) => !isTest(...each)),
);
write(
  "histories",
  test.map(({ user, history }) => ({ user, history: history.slice(0, -1) })),
);
write(
  "held-out",
  test.map(({ user, history }) => ({ user, history: history.slice(-1) })),
);

function write(name, rows) {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(join(out, `${name}.jsonl`), lines.join(""));
  console.log(`${name}.jsonl: ${rows.length} users`);
}
