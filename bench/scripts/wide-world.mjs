// Writes a world whose vocabulary is wide: 3 levels of 8,192 codes, and a target of the Beauty target's
// size (6 layers × 256) with a random draft. For `nightbeam bench`.
//
//   node bench/scripts/wide-world.mjs OUT [--items 1000000] [--users 640]
//
// OUT/items.index.json, OUT/histories.jsonl, OUT/target, OUT/draft
import { parseArgs } from "node:util";
import { writeWorld } from "@nightbeam/testing/world";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    items: { type: "string", default: "1000000" },
    users: { type: "string", default: "640" },
  },
});
const [directory] = positionals;
if (directory === undefined) {
  console.error("usage: node bench/scripts/wide-world.mjs OUT [--items N] [--users N]");
  process.exit(2);
}
await writeWorld({
  directory,
  items: Number(values.items),
  users: Number(values.users),
  levels: 3,
  codesPerLevel: 8192,
  layers: 6,
  width: 256,
});
console.log(`${values.items} items and ${values.users} users in ${directory}`);
