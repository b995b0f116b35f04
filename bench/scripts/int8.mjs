// Compares int8 with fp32 on a checkpoint 768 wide and 12 layers deep with random weights: users
// per second, in turn within one run, and whether a user's list and scores are the same alone and
// in batches.
//
//   node --single-threaded-gc bench/scripts/int8.mjs [--users 192] [--repeat 3] [--beam-width 20]
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import { decodeShard, speculativeDecoder } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { writeCheckpoint, writeWorld } from "@nightbeam/testing/world";

const { values } = parseArgs({
  options: {
    users: { type: "string", default: "192" },
    repeat: { type: "string", default: "3" },
    "beam-width": { type: "string", default: "20" },
  },
});
const directory = mkdtempSync(join(tmpdir(), "nightbeam-int8-"));
let key = 0;
try {
  const world = await writeWorld({
    directory,
    seed: 1,
    items: 12_000,
    users: Number(values.users),
    codesPerLevel: 256,
    layers: 1,
    width: 64,
  });
  const large = join(directory, "large");
  await writeCheckpoint({
    directory: large,
    seed: 2,
    config: {
      levels: 4,
      codesPerLevel: 256,
      layers: 12,
      width: 768,
      intermediate: 2048,
      heads: 12,
      keyValueHeads: 12,
      headSize: 64,
    },
    options: { maxItems: 20 },
  });
  const catalogue = await openCatalogue(world.catalogue);
  const open = (precision) =>
    openModel({
      directory: large,
      catalogue,
      scoring: "full",
      precision,
      cacheDirectory: join(directory, "cache"),
      workers: availableParallelism(),
      threads: 1,
      cacheBytes: 2 ** 30,
    });
  const models = { fp32: await open("fp32"), int8: await open("int8") };
  const users = await usersOf(world.histories, {
    catalogue,
    encodePrompt: models.fp32.encodePrompt,
  });
  const decode = (model, some, batchSize) =>
    decodeShard(some, {
      decoder: speculativeDecoder({
        target: model.scorer,
        space: { trie: catalogue.trie, scoring: "full" },
        beamWidth: Number(values["beam-width"]),
      }),
      batchSize,
      concurrency: availableParallelism() + 1,
      nextKey: () => key++,
    });
  const seconds = { fp32: [], int8: [] };
  for (let round = 0; round <= Number(values.repeat); round++) {
    for (const [name, model] of Object.entries(models)) {
      const started = performance.now();
      await decode(model, users, 32);
      if (round > 0) seconds[name].push((performance.now() - started) / 1000);
    }
  }
  const rate = (name) => users.length / median(seconds[name]);
  console.log(`${users.length} users, K = ${values["beam-width"]}, plain search, batches of 32`);
  console.log(`fp32  ${rate("fp32").toFixed(1)} users/s`);
  console.log(
    `int8  ${rate("int8").toFixed(1)} users/s, ${(rate("int8") / rate("fp32")).toFixed(2)} times fp32`,
  );
  const few = users.slice(0, 32);
  const bits = ({ outcomes }) =>
    outcomes.map(({ beams }) => `${beams.prefixes} ${beams.scores}`).join("\n");
  const alone = bits(await decode(models.int8, few, 1));
  const together = bits(await decode(models.int8, few, 32));
  console.log(
    `int8 lists and score bits, alone and in batches of 32: ${alone === together ? "the same" : "DIFFERENT"}`,
  );
  await Promise.all(Object.values(models).map((model) => model.close()));
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function usersOf(path, { catalogue, encodePrompt }) {
  const users = [];
  for await (const rows of readHistories({ path })) {
    for (const row of rows) {
      if (row.kind !== "history") continue;
      const history = Uint32Array.from(row.items, (item) => catalogue.itemIndex(item) ?? 0);
      users.push({ prompt: encodePrompt(history), history, exclusion: NOTHING_EXCLUDED });
    }
  }
  return users;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
