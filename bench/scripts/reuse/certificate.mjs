// How many users' lists are certain to stay when the catalogue changes, and whether they do.
//
//   node bench/scripts/beauty-files.mjs /tmp/beauty
//   node bench/scripts/reuse/certificate.mjs /tmp/beauty/histories.jsonl [--users 600] [--beam-width 10,20]
//        [--scoring full] [--trials 10] [--check 0] [--outside on] [--data DIR]
//
// Searches once per beam width, then changes the catalogue `--trials` times per share of items added and removed. A
// new item has the first one to three codes of some item, and random codes after them. `--check n`: the first
// n users are searched again in the changed catalogue of one trial, and lists that are certain are compared.
// `--outside off`: a target that says nothing about codes outside the catalogue.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildCatalogue, catalogueChange, NOTHING_EXCLUDED, pathOf } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import {
  decodeAnswer,
  decodeShard,
  encodeAnswer,
  outcomeOf,
  speculativeDecoder,
  stillHolds,
} from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    users: { type: "string", default: "600" },
    "beam-width": { type: "string", default: "10,20" },
    scoring: { type: "string", default: "full" },
    trials: { type: "string", default: "10" },
    check: { type: "string", default: "0" },
    outside: { type: "string", default: "on" },
  },
});
const [histories] = positionals;
if (histories === undefined) {
  console.error("usage: node bench/scripts/reuse/certificate.mjs HISTORIES [options]");
  process.exit(2);
}
const { data, scoring } = values;
const CHANGES = [
  { added: 0, removed: 0.0025 },
  { added: 0, removed: 0.01 },
  { added: 0.0025, removed: 0 },
  { added: 0.0025, removed: 0.0025 },
  { added: 0.01, removed: 0 },
];
const catalogue = await openCatalogue(join(data, "data", "beauty", "items.index.json"));
const cacheDirectory = mkdtempSync(join(tmpdir(), "nightbeam-certificate-"));
const people = readFileSync(histories, "utf8")
  .trimEnd()
  .split("\n")
  .slice(0, Number(values.users))
  .map((line) => JSON.parse(line).history);
const prompts = await withTarget(catalogue, ({ encodePrompt }) =>
  people.map((items) => encodePrompt(Uint32Array.from(items, (item) => catalogue.itemIndex(item)))),
);
let seed = 1;
try {
  for (const beamWidth of values["beam-width"].split(",").map(Number)) await measure(beamWidth);
} finally {
  rmSync(cacheDirectory, { recursive: true });
}

async function measure(beamWidth) {
  const begin = performance.now();
  const kept = (await search(catalogue, { beamWidth, prompts })).map(encodeAnswer);
  const seconds = (performance.now() - begin) / 1000;
  const bytes = kept.reduce((sum, { length }) => sum + length, 0) / kept.length;
  console.log(
    `K = ${beamWidth}: ${kept.length} users in ${seconds.toFixed(1)} s, ${bytes.toFixed(0)} bytes per answer`,
  );
  for (const { added, removed } of CHANGES) {
    const reasons = {};
    let microseconds = 0;
    for (let trial = 0; trial < Number(values.trials); trial++) {
      const changed = edit({ added, removed });
      const change = catalogueChange(catalogue.trie, changed.trie);
      const start = performance.now();
      const verdicts = kept.map((one) => stillHolds(decodeAnswer(one), change));
      microseconds += ((performance.now() - start) * 1000) / kept.length / Number(values.trials);
      for (const { holds, reason } of verdicts) {
        const key = holds ? "hold" : reason;
        reasons[key] = (reasons[key] ?? 0) + 1 / kept.length / Number(values.trials);
      }
      if (trial === 0 && Number(values.check) > 0)
        await check(changed, { beamWidth, kept, verdicts });
    }
    const shares = Object.entries(reasons).map(
      ([key, share]) => `${key} ${(100 * share).toFixed(1)}%`,
    );
    console.log(
      `  ${100 * added}% of items added, ${100 * removed}% removed: ${shares.sort().join(", ")}; ${microseconds.toFixed(0)} µs per answer`,
    );
  }
}

/** Searches again where the answer is certain, and compares. */
async function check(changed, { beamWidth, kept, verdicts }) {
  const count = Number(values.check);
  const found = await search(changed, { beamWidth, prompts: prompts.slice(0, count) });
  const tally = {
    certain: 0,
    different: 0,
    "not certain, the same": 0,
    "not certain, different": 0,
  };
  found.forEach((answer, at) => {
    const reused = outcomeOf(decodeAnswer(kept[at]), changed.trie)?.beams;
    const { beams } = outcomeOf(answer, changed.trie);
    const same =
      reused?.prefixes.join() === beams.prefixes.join() &&
      reused.scores.every((score, rank) => Object.is(score, beams.scores[rank]));
    if (verdicts[at].holds) tally[same ? "certain" : "different"]++;
    else tally[same ? "not certain, the same" : "not certain, different"]++;
  });
  const counts = Object.entries(tally).map(([key, n]) => `${key} ${n}`);
  console.log(`  searched again: ${counts.join(", ")}`);
  if (tally.different > 0) process.exitCode = 1;
}

async function search(searched, { beamWidth, prompts }) {
  return withTarget(searched, async ({ scorer }) => {
    const target = values.outside === "on" ? scorer : withoutOutside(scorer);
    const answers = [];
    const users = prompts.map((prompt, at) => ({
      ...{ prompt, history: new Uint32Array(), exclusion: NOTHING_EXCLUDED, name: String(at) },
      onAnswer: (answer) => {
        answers[at] = answer;
      },
    }));
    const space = { trie: searched.trie, scoring };
    let key = 0;
    await decodeShard(users, {
      decoder: speculativeDecoder({ target, space, beamWidth }),
      ...{ batchSize: 32, concurrency: 3, nextKey: () => key++ },
    });
    return answers;
  });
}

/** A target that says nothing about codes outside the catalogue. */
function withoutOutside(scorer) {
  return {
    score: (requests) => scorer.score(requests.map(({ outside, ...request }) => request)),
    release: (keys) => scorer.release(keys),
    maxNodes: scorer.maxNodes,
  };
}

async function withTarget(searched, use) {
  const directory = join(data, "models", "beauty-target");
  const workers = availableParallelism();
  const model = await openModel({
    ...{ directory, catalogue: searched, scoring, precision: "fp32", workers, threads: 1 },
    ...{ cacheBytes: 2 ** 28, cacheDirectory },
  });
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** The catalogue with some items gone and some new ones. */
function edit({ added, removed }) {
  const count = catalogue.itemCount;
  const gone = new Set();
  while (gone.size < Math.round(removed * count)) gone.add(Math.floor(random() * count));
  const entry = (id, codes) => ({ id, codes, where: id });
  const path = (item) => pathOf(catalogue.trie, catalogue.leafOf(item));
  const entries = Array.from({ length: count }, (_, item) => item)
    .filter((item) => !gone.has(item))
    .map((item) => entry(catalogue.itemId(item), path(item)));
  for (let i = 0; i < Math.round(added * count); i++) {
    const like = path(Math.floor(random() * count));
    const depth = 1 + Math.floor(random() * (like.length - 1));
    const codes = like.map((code, level) => (level < depth ? code : Math.floor(random() * 256)));
    entries.push(entry(`new ${i}`, codes));
  }
  return buildCatalogue(entries);
}

function random() {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return seed / 2 ** 31;
}
