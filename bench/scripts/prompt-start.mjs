// Measures what it is worth to compute what all prompts start with (an instruction) once per worker: plain search
// with and without, in turn, in one process. Lists are compared.
//
//   node bench/scripts/prompt-start.mjs --target DIR --catalogue FILE --histories FILE
//       [--users 2000] [--beam-width 20] [--batch-size 32] [--repeat 3] [--workers N]
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import { decodeShard, speculativeDecoder } from "@nightbeam/decoding";
import { openModel, searchedCatalogue } from "@nightbeam/model";
import { batchesAtOnce, userReader, workerCount } from "@nightbeam/recommend";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    catalogue: { type: "string" },
    histories: { type: "string" },
    users: { type: "string", default: "2000" },
    "beam-width": { type: "string", default: "20" },
    "batch-size": { type: "string", default: "32" },
    repeat: { type: "string", default: "3" },
    workers: { type: "string" },
  },
});
const { target: directory, histories } = values;
if (directory === undefined || values.catalogue === undefined || histories === undefined) {
  console.error(
    "usage: node bench/scripts/prompt-start.mjs --target DIR --catalogue FILE --histories FILE",
  );
  process.exit(2);
}
const scoring = "full";
const catalogue = await openCatalogue(values.catalogue);
const searched = await searchedCatalogue(catalogue, { directory, scoring });
const workers = values.workers === undefined ? workerCount({}) : Number(values.workers);

const ways = [];
for (const shareStart of [false, true]) {
  const model = await openModel({
    ...{ directory, catalogue: searched, historyCatalogue: catalogue, scoring, shareStart },
    ...{ precision: "fp32", workers, threads: 1, cacheBytes: 2 ** 30 },
    cacheDirectory: join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nightbeam"),
  });
  const decoder = speculativeDecoder({
    target: model.scorer,
    space: { trie: searched.trie, scoring },
    beamWidth: Number(values["beam-width"]),
  });
  ways.push({ shareStart, model, decoder, seconds: [], outcomes: [] });
}

const read = userReader({
  ...{ historyCatalogue: catalogue, searched, excludeSeen: false },
  encodePrompt: ways[0].model.encodePrompt,
  maxPromptTokens: ways[0].model.maxPromptTokens,
});
const users = [];
for await (const rows of readHistories({ path: histories, limit: Number(values.users) })) {
  for (const row of rows) {
    const reading = read(row);
    if (reading.kind === "user") users.push(reading.user);
  }
}
const lengths = users.map(({ prompt }) => prompt.length).sort((a, b) => a - b);
console.log(
  `${users.length} users, prompts of ${lengths[0]} to ${lengths.at(-1)} tokens (median ${lengths[lengths.length >> 1]}, ${new Set(lengths).size} lengths), K = ${values["beam-width"]}, ${workers} workers`,
);

let key = 0;
for (let lap = 0; lap <= Number(values.repeat); lap++) {
  for (const way of ways) {
    const started = performance.now();
    const { outcomes } = await decodeShard(lap === 0 ? users.slice(0, 64) : users, {
      decoder: way.decoder,
      batchSize: Number(values["batch-size"]),
      concurrency: batchesAtOnce({ workers }),
      nextKey: () => key++,
    });
    // The first lap warms up.
    if (lap === 0) continue;
    way.seconds.push((performance.now() - started) / 1000);
    way.outcomes = outcomes;
  }
}
const [without, withStart] = ways;
const rate = ({ seconds }) => users.length / seconds.toSorted((a, b) => a - b)[seconds.length >> 1];
const tokens = ({ outcomes }) =>
  outcomes.reduce((sum, { cost }) => sum + cost.tokens, 0) / users.length;
for (const way of ways) {
  const name = way.shareStart ? "start computed once" : "every prompt whole ";
  console.log(
    `${name}  ${rate(way).toFixed(1)} users/s  ${tokens(way).toFixed(1)} tokens per user`,
  );
}
const same = without.outcomes.every(({ beams }, at) => {
  const other = withStart.outcomes[at].beams;
  return (
    Buffer.from(beams.prefixes.buffer).equals(Buffer.from(other.prefixes.buffer)) &&
    Buffer.from(beams.scores.buffer).equals(Buffer.from(other.scores.buffer))
  );
});
const laps = without.seconds.map((seconds, at) => (seconds / withStart.seconds[at]).toFixed(2));
console.log(
  `ratio ${(rate(withStart) / rate(without)).toFixed(2)} (laps: ${laps.join(", ")}); lists and score bits ${same ? "the same" : "DIFFER"}`,
);
await Promise.all(ways.map(({ model }) => model.close()));
if (!same) process.exit(1);
