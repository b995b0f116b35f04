// Writes one tiny checkpoint of every kind of a family, or a T5 of TIGER's size with a catalogue and users:
//
//   node make-checkpoints.mjs llama|t5|tiger DIRECTORY
import { join } from "node:path";
import { LLAMA_KINDS, T5_KINDS, writeCheckpoint, writeWorld } from "@nightbeam/testing/world";
import { CODES_PER_LEVEL, TIGER } from "./t5-configurations.mjs";

const [family, directory] = process.argv.slice(2);
const kinds = { llama: LLAMA_KINDS, t5: T5_KINDS, tiger: {} }[family];
if (kinds === undefined || directory === undefined) {
  throw new Error("usage: node make-checkpoints.mjs llama|t5|tiger DIRECTORY");
}
for (const [name, kind] of Object.entries(kinds)) {
  await writeCheckpoint({ directory: join(directory, name), seed: 7, ...kind });
}
if (family === "tiger") {
  const codes = { levels: 4, codesPerLevel: CODES_PER_LEVEL };
  await writeWorld({ directory, ...codes, items: 10_000, layers: 1, width: 16, heads: 2 });
  const config = { modelType: "t5", ...codes, ...TIGER };
  await writeCheckpoint({ directory: join(directory, "tiger"), seed: 11, config });
}
