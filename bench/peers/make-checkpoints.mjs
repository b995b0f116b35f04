// Writes one tiny checkpoint of every kind: node make-checkpoints.mjs DIRECTORY
import { join } from "node:path";
import { CHECKPOINT_KINDS, writeCheckpoint } from "@nightbeam/testing/world";

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: node make-checkpoints.mjs DIRECTORY");
for (const [name, kind] of Object.entries(CHECKPOINT_KINDS)) {
  await writeCheckpoint({ directory: join(directory, name), seed: 7, ...kind });
}
