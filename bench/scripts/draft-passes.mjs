// Passes of the target that a batch needs with a trained draft, by drafted calls and by verify-tree, and the
// share of users who need a second, third and fourth call.
//
//   node bench/scripts/draft-passes.mjs [--data DIR] [--beam-width 5,10,20,50] [--batch-size 1,8,32]
//
// The draft has twice as many prefixes per level as beams. DIR as for loops.mjs; the users are the first 96 of
// its golden file, by the length of their prompts.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import {
  fixedWidths,
  ModelDrafter,
  searchDecoder,
  speculativeDecoder,
  uniformWidths,
} from "@nightbeam/decoding";
import { openModel, openSearcher } from "@nightbeam/model";

const USERS = 96;
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values } = parseArgs({
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    "beam-width": { type: "string", default: "5,10,20,50" },
    "batch-size": { type: "string", default: "1,8,32" },
  },
});
const catalogue = await openCatalogue(join(values.data, "data", "beauty", "items.index.json"));
const { trie } = catalogue;
const cacheDirectory = mkdtempSync(join(tmpdir(), "nightbeam-passes-"));
const options = (name) => ({
  ...{ directory: join(values.data, "models", name), catalogue, scoring: "full", cacheDirectory },
  ...{ precision: "fp32", workers: 1, threads: 1, cacheBytes: 2 ** 28 },
});
const opened = [];
let key = 0;
try {
  const open = async (model) => opened[opened.push(await model) - 1];
  const target = await open(openModel(options("beauty-target")));
  const draft = await open(openModel(options("beauty-draft")));
  const verify = await open(openSearcher({ ...options("beauty-target"), program: "verify-tree" }));
  const prompts = readFileSync(join(values.data, "golden", "beauty-beams.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(0, USERS)
    .map((line) => Int32Array.from(JSON.parse(line).prompt))
    .sort((a, b) => a.length - b.length);
  console.log(
    "K   batch  calls of the batch  passes of verify-tree  users with a 2nd, 3rd, 4th call",
  );
  for (const beamWidth of values["beam-width"].split(",").map(Number)) {
    const common = {
      drafter: new ModelDrafter(draft.scorer),
      policy: fixedWidths(uniformWidths(2 * beamWidth, trie.levels)),
      ...{ space: { trie, scoring: "full" }, beamWidth },
    };
    const calling = speculativeDecoder({ target: target.scorer, ...common });
    const searching = searchDecoder({ target: verify.searcher, ...common });
    for (const size of values["batch-size"].split(",").map(Number)) {
      const batches = Array.from({ length: Math.floor(prompts.length / size) }, (_, at) =>
        prompts.slice(at * size, (at + 1) * size),
      );
      const calls = [];
      const passes = [];
      for (const batch of batches) {
        const called = await decode(calling, batch);
        calls.push(called.map(({ cost }) => cost.calls));
        const searched = await decode(searching, batch);
        // A level is repaired for all if it is for one, so this is the least.
        const drafted = Math.min(...searched.map(({ cost }) => cost.acceptedSteps));
        passes.push(trie.levels - drafted);
      }
      const further = [2, 3, 4].map((count) => share(calls.flat(), (made) => made >= count));
      const ofBatch = calls.map((made) => Math.max(...made));
      console.log(
        `${String(beamWidth).padEnd(3)} ${String(size).padEnd(6)} ${mean(ofBatch).toFixed(2).padEnd(19)} ` +
          `${mean(passes).toFixed(2).padEnd(22)} ${further.join(", ")}`,
      );
    }
  }
} finally {
  for (const model of opened) await model.close();
  rmSync(cacheDirectory, { recursive: true, force: true });
}

function decode(decoder, prompts) {
  const jobs = prompts.map((prompt) => ({
    ...{ key: key++, prompt, history: new Uint32Array(), exclusion: NOTHING_EXCLUDED },
  }));
  return decoder.decode(jobs, new AbortController().signal);
}

function mean(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

function share(numbers, isCounted) {
  return `${((100 * numbers.filter(isCounted).length) / numbers.length).toFixed(0)}%`;
}
