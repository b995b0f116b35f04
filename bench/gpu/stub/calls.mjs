// Searches a batch of users on the stub: a first time, in which memory is allocated, then once between
// marks in its log. The argument is a case of count.mjs, in JSON. Prints the number of the model's runs.
import { appendFileSync } from "node:fs";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { decodeShard, speculativeDecoder } from "@nightbeam/decoding";
import { openModel, openSearcher } from "@nightbeam/model";
import { scratch } from "../lib/places.mjs";

const asked = JSON.parse(process.argv[2] ?? "");
const { program, scoring, batch, beamWidth } = asked;
const catalogue = await openCatalogue(asked.catalogue);
const { trie } = catalogue;
const settings = {
  directory: asked.model,
  catalogue,
  scoring,
  precision: asked.precision,
  cacheDirectory: scratch,
  workers: 1,
  threads: 1,
  device: { kind: "cuda", index: 0 },
};
const prompts = Array.from({ length: batch }, (_, user) =>
  Int32Array.from({ length: asked.promptTokens }, (_, at) => 4 + ((at * 37 + user) % 1000)),
);
const mark = (line) => appendFileSync(process.env.STUB_LOG ?? "/dev/null", `${line}\n`);
let runs = 0;
const { search, close } = await (program === "tree-scores" ? byLevels() : whole());
await search();
mark("begin");
runs = 0;
await search();
mark("end");
console.log(JSON.stringify({ runs }));
await close();

/** The search in TypeScript, which asks the model level by level. */
async function byLevels() {
  const { scorer, close } = await openModel({ ...settings, cacheBytes: 0 });
  const target = {
    score: async (requests) => {
      runs++;
      const answers = await scorer.score(requests);
      // Nothing was computed: the search goes on with numbers that scatter its beams.
      for (const { logProbs } of answers)
        for (let at = 0; at < logProbs.length; at++) logProbs[at] = -(at % 7) - 1;
      return answers;
    },
    release: (keys) => scorer.release(keys),
  };
  const decoder = speculativeDecoder({ target, space: { trie, scoring }, beamWidth });
  const users = prompts.map((prompt) => ({
    prompt,
    history: new Uint32Array(),
    exclusion: NOTHING_EXCLUDED,
  }));
  let key = 0;
  const nextKey = () => key++;
  const options = { decoder, batchSize: batch, concurrency: 1, nextKey };
  return { search: () => decodeShard(users, options), close };
}

/** Whole searches, with twice the beam width drafted at every level. */
async function whole() {
  const { searcher, close } = await openSearcher({ ...settings, program });
  const drafted = Uint32Array.from(
    Array.from({ length: trie.levels - 1 }, (_, level) => {
      const [first = 0, end = 0] = trie.levelStart.subarray(level + 1, level + 3);
      const width = Math.min(2 * beamWidth, end - first);
      return Array.from({ length: width }, (_, at) => first + at);
    }).flat(),
  );
  const closed = new Uint32Array();
  const requests = prompts.map((prompt, key) => ({ key, prompt, closed, drafted }));
  const search = () => {
    runs++;
    return searcher.search(requests, { beamWidth });
  };
  return { search, close };
}
