// Writes the Beauty data set, as published with the AtSpeed paper, in Nightbeam's formats.
//
//   node bench/scripts/beauty-files.mjs OUT [--data DIR]
//
// OUT/histories.jsonl   test users with a history: their items in train and valid, oldest first
// OUT/held-out.jsonl    the next items of the same users
// OUT/train.jsonl       all other users, their items in train and valid: to train drafts on
//
// DIR has train.txt, valid.txt and test.txt, one line per user: the user, then 1-based items in time
// order (items.index.json counts from 0). Default: data/beauty below NIGHTBEAM_SHARED or ../shared.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: "string" } },
});
const [out] = positionals;
if (out === undefined) {
  console.error("usage: node bench/scripts/beauty-files.mjs OUT [--data DIR]");
  process.exit(2);
}
const shared = process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared");
const data = values.data ?? join(shared, "data", "beauty");

/** user -> items, counted from 0 as the catalogue does */
function split(name) {
  const lines = readFileSync(join(data, `${name}.txt`), "utf8")
    .trim()
    .split("\n");
  return new Map(
    lines.map((line) => {
      const [user, ...items] = line.trim().split(/\s+/);
      return [user, items.map((item) => String(Number(item) - 1))];
    }),
  );
}

const [train, valid, test] = ["train", "valid", "test"].map(split);
const users = [...test].flatMap(([user, heldOut]) => {
  const history = [...(train.get(user) ?? []), ...(valid.get(user) ?? [])];
  return history.length > 0 && heldOut.length > 0 ? [{ user, history, heldOut }] : [];
});
const tested = new Set(users.map(({ user }) => user));
const others = [...train].flatMap(([user, items]) => {
  const history = [...items, ...(valid.get(user) ?? [])];
  return tested.has(user) || history.length < 2 ? [] : [{ user, history }];
});
mkdirSync(out, { recursive: true });
const lines = (rows) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
writeFileSync(
  join(out, "histories.jsonl"),
  lines(users.map(({ user, history }) => ({ user, history }))),
);
writeFileSync(
  join(out, "held-out.jsonl"),
  lines(users.map(({ user, heldOut }) => ({ user, history: heldOut }))),
);
writeFileSync(join(out, "train.jsonl"), lines(others));
console.log(`${users.length} test users and ${others.length} others in ${out}`);
