// The published loop of speculative beam search beside the demand-driven one: calls and nodes per user
// with a trained pair, on users whose lists are known. `unaided` is the demand-driven loop with a draft
// that, after the first call, uses only its own scores, even where the target's are known.
//
//   node bench/scripts/loops.mjs [--data DIR] [--beam-width 1,3,5,10,20] [--draft-width 40]
//        [--scoring full] [--users 100]
//
// DIR has data/beauty/items.index.json, models/beauty-target, models/beauty-draft and
// golden/beauty-beams.jsonl. Default: NIGHTBEAM_SHARED or ../shared.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import {
  decodeShard,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  publishedDecoder,
  speculativeDecoder,
  uniformWidths,
} from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values } = parseArgs({
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    "beam-width": { type: "string", default: "1,3,5,10,20" },
    "draft-width": { type: "string", default: "40" },
    scoring: { type: "string", default: "full" },
    users: { type: "string", default: "100" },
  },
});
const { data, scoring } = values;
const catalogue = await openCatalogue(join(data, "data", "beauty", "items.index.json"));
const { trie } = catalogue;
const cacheDirectory = mkdtempSync(join(tmpdir(), "nightbeam-loops-"));
const opened = [];
let key = 0;
try {
  const target = await open("beauty-target");
  const draft = await open("beauty-draft");
  const users = readFileSync(join(data, "golden", "beauty-beams.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .slice(0, Number(values.users))
    .map((line) => {
      // The golden file counts items from 1.
      const items = JSON.parse(line).history.map((item) => catalogue.itemIndex(String(item - 1)));
      const history = Uint32Array.from(items);
      return { prompt: target.encodePrompt(history), history, exclusion: NOTHING_EXCLUDED };
    });
  const ways = {
    plain: { drafter: emptyDrafter, decoderOf: speculativeDecoder, width: 0 },
    published: {
      drafter: new ModelDrafter(draft.scorer),
      decoderOf: publishedDecoder,
      width: Number(values["draft-width"]),
    },
    unaided: {
      drafter: unaided(new ModelDrafter(draft.scorer)),
      decoderOf: speculativeDecoder,
      width: Number(values["draft-width"]),
    },
    demand: {
      drafter: new ModelDrafter(draft.scorer),
      decoderOf: speculativeDecoder,
      width: Number(values["draft-width"]),
    },
  };
  console.log(`${users.length} users, ${scoring} scoring, N = ${values["draft-width"]}`);
  console.log("K   loop       calls  nodes   accepted by the first call  lists");
  for (const beamWidth of values["beam-width"].split(",").map(Number)) {
    let lists;
    for (const [name, way] of Object.entries(ways)) {
      const { outcomes, searched } = await decodeShard(users, {
        decoder: way.decoderOf({
          target: target.scorer,
          drafter: way.drafter,
          policy: fixedWidths(uniformWidths(way.width, trie.levels)),
          space: { trie, scoring },
          beamWidth,
        }),
        batchSize: 32,
        concurrency: availableParallelism() + 1,
        nextKey: () => key++,
      });
      const found = outcomes.map(({ beams }) => `${beams.prefixes} ${beams.scores}`).join("\n");
      lists ??= found;
      const mean = (figure, digits) =>
        (searched.reduce((sum, { cost }) => sum + cost[figure], 0) / searched.length).toFixed(
          digits,
        );
      console.log(
        [
          String(beamWidth).padEnd(4),
          name.padEnd(11),
          mean("calls", 2).padEnd(7),
          mean("nodes", 1).padEnd(8),
          mean("firstCallAcceptedSteps", 2).padEnd(28),
          found === lists ? "same" : "DIFFERENT",
        ].join(""),
      );
    }
  }
} finally {
  await Promise.all(opened.map((model) => model.close()));
  rmSync(cacheDirectory, { recursive: true, force: true });
}

/** A drafter that does not see the target's log-probabilities. */
function unaided(drafter) {
  const hiding = ({ search, ...request }) => {
    const { space, beamWidth, state } = search;
    return { ...request, search: { space, beamWidth, state, known: () => undefined } };
  };
  return {
    draft: (requests) => drafter.draft(requests.map(hiding)),
    release: (keys) => drafter.release(keys),
  };
}

async function open(name) {
  const model = await openModel({
    directory: join(data, "models", name),
    catalogue,
    scoring,
    precision: "fp32",
    cacheDirectory,
    workers: availableParallelism(),
    threads: 1,
    cacheBytes: 2 ** 28,
  });
  opened.push(model);
  return model;
}
