// Amazon Beauty as published with the AtSpeed paper: the target is trained on train.txt, and 318 items are not in it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./commands.mjs";

/** Writes OUT/histories.jsonl, OUT/held-out.jsonl and OUT/trained.jsonl. */
export function beauty(out, { data }) {
  const folder = join(data, "data", "beauty");
  const files = join(root, "bench", "scripts", "beauty-files.mjs");
  run(process.execPath, [files, out, "--data", folder]);
  const lines = readFileSync(join(folder, "train.txt"), "utf8").trim().split("\n");
  const users = lines.flatMap((line) => {
    const [user, ...items] = line.trim().split(/\s+/);
    const history = items.map((item) => String(Number(item) - 1));
    return history.length === 0 ? [] : [JSON.stringify({ user, history })];
  });
  const trainedOn = join(out, "trained.jsonl");
  writeFileSync(trainedOn, `${users.join("\n")}\n`);
  return {
    target: join(data, "models", "beauty-target"),
    catalogue: join(folder, "items.index.json"),
    histories: join(out, "histories.jsonl"),
    heldOut: join(out, "held-out.jsonl"),
    trainedOn,
  };
}
