// Compares how fast plain search multiplies at several beam widths, which take turns in every round. Times
// are processor time, which other programs on the machine disturb little.
//
//   node --single-threaded-gc bench/scripts/wide-beams.mjs --target DIR --catalogue FILE --histories FILE
//     [--beam-width 20,128,512] [--batch-size 32] [--limit 640] [--users 64] [--repeat 2] [--scoring full]
//
// Of the first --limit users, --users with the longest prompts are decoded, so that batches are full. The
// rate is in GFLOP per processor second; prompt tokens and nodes count once, as in `nightbeam bench`.
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import { decodeShard, speculativeDecoder } from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";
import { cacheDirectory } from "@nightbeam/recommend";

const text = (value) => ({ type: "string", default: value });
const { values } = parseArgs({
  options: {
    target: { type: "string" },
    catalogue: { type: "string" },
    histories: { type: "string" },
    "beam-width": text("20,128,512"),
    "batch-size": text("32"),
    limit: text("640"),
    users: text("64"),
    repeat: text("2"),
    scoring: text("full"),
  },
});
const { scoring } = values;
const workers = availableParallelism();
const catalogue = await openCatalogue(values.catalogue);
const model = await openModel({
  directory: values.target,
  catalogue,
  scoring,
  precision: "fp32",
  cacheDirectory: cacheDirectory(),
  workers,
  threads: 1,
  cacheBytes: 2 ** 30,
});
const users = await usersWithLongestPrompts();
const widths = values["beam-width"].split(",").map(Number);
const rates = new Map(widths.map((width) => [width, []]));
const hashes = new Map();
let key = 0;
for (let round = 0; round <= Number(values.repeat); round++) {
  for (const width of widths) {
    const started = process.cpuUsage();
    const outcomes = await decode(width);
    const { user, system } = process.cpuUsage(started);
    if (round > 0) rates.get(width).push(workOf(outcomes) / ((user + system) * 1e3));
    else hashes.set(width, hashOf(outcomes));
  }
}
await model.close();
console.log(
  `${users.length} users with ${users[0].prompt.length} prompt tokens, ${workers} workers`,
);
for (const width of widths) {
  const rate = median(rates.get(width));
  const toFirst = ((100 * rate) / median(rates.get(widths[0]))).toFixed(0);
  console.log(
    `K = ${width}: ${rate.toFixed(1)} GFLOP per processor second, ${toFirst}% of K = ${widths[0]}; lists and bits ${hashes.get(width)}`,
  );
}
console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);

async function decode(beamWidth) {
  const space = { trie: catalogue.trie, scoring };
  const shard = await decodeShard(users, {
    decoder: speculativeDecoder({ target: model.scorer, space, beamWidth }),
    batchSize: Number(values["batch-size"]),
    concurrency: workers + 1,
    nextKey: () => key++,
  });
  return shard.outcomes;
}

function workOf(outcomes) {
  const nodes = outcomes.reduce((sum, { cost }) => sum + cost.nodes, 0);
  const promptTokens = users.reduce((sum, { prompt }) => sum + prompt.length, 0);
  return 2 * (promptTokens * model.weightsPerPromptToken + nodes * model.weightsPerNode);
}

/** Names the lists and the bits of their scores. */
function hashOf(outcomes) {
  const hash = createHash("sha256");
  for (const { beams } of outcomes) {
    hash
      .update(beams.prefixes.join())
      .update(new Uint8Array(Float64Array.from(beams.scores).buffer));
  }
  return hash.digest("hex").slice(0, 8);
}

async function usersWithLongestPrompts() {
  const byLength = new Map();
  const limit = Number(values.limit);
  for await (const rows of readHistories({ path: values.histories, limit })) {
    for (const row of rows) {
      if (row.kind !== "history") continue;
      const history = Uint32Array.from(row.items, (item) => catalogue.itemIndex(item) ?? 0);
      const prompt = model.encodePrompt(history);
      const group = byLength.get(prompt.length) ?? [];
      byLength.set(prompt.length, group);
      group.push({ prompt, history, exclusion: NOTHING_EXCLUDED });
    }
  }
  const longest = byLength.get(Math.max(...byLength.keys())) ?? [];
  return longest.slice(0, Number(values.users));
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}
