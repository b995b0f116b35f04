// Writes one tiny checkpoint of every kind of a family: node make-checkpoints.mjs llama|t5 DIRECTORY
import { join } from "node:path";
import { LLAMA_KINDS, T5_KINDS, writeCheckpoint } from "@nightbeam/testing/world";

const [family, directory] = process.argv.slice(2);
const kinds = { llama: LLAMA_KINDS, t5: T5_KINDS }[family];
if (kinds === undefined || directory === undefined) {
  throw new Error("usage: node make-checkpoints.mjs llama|t5 DIRECTORY");
}
for (const [name, kind] of Object.entries(kinds)) {
  await writeCheckpoint({ directory: join(directory, name), seed: 7, ...kind });
}
