// Calls a model on the stub, as often as it takes until nothing is allocated any more. The argument is a
// case of count.mjs, in JSON.
import { readFileSync } from "node:fs";
import { parseLcRecIndex } from "@nightbeam/catalogue";
import { treeOf } from "@nightbeam/decoding";
import { openModel, openSearcher } from "@nightbeam/model";
import { scratch } from "../lib/places.mjs";

const TIMES = 3;
const asked = JSON.parse(process.argv[2] ?? "");
const { program, batch, promptTokens, beamWidth, levels } = asked;
const catalogue = parseLcRecIndex(readFileSync(asked.catalogue, "utf8"));
const { trie } = catalogue;
const settings = {
  directory: asked.model,
  catalogue,
  scoring: asked.scoring,
  precision: asked.precision,
  cacheDirectory: scratch,
  workers: 1,
  threads: 1,
  device: { kind: "cuda", index: 0 },
};
const users = Array.from({ length: batch }, (_, key) => ({
  key,
  prompt: Int32Array.from({ length: promptTokens }, (_, at) => 4 + ((at * 37 + key) % 1000)),
}));
/** The first prefixes of each level, `beamWidth` per level. */
const prefixes = Array.from({ length: trie.levels - 1 }, (_, level) => {
  const first = trie.levelStart[level + 1] ?? 0;
  const end = trie.levelStart[level + 2] ?? 0;
  return Array.from({ length: Math.min(beamWidth, end - first) }, (_, at) => first + at);
});

async function askForTrees() {
  const { scorer, close } = await openModel({ ...settings, cacheBytes: 0 });
  const tree = treeOf(trie, prefixes.slice(0, levels).flat());
  for (let time = 0; time < TIMES; time++) {
    await scorer.score(users.map((user) => ({ ...user, tree })));
    scorer.release(users.map(({ key }) => key));
  }
  await close();
}

async function askForLists() {
  const { searcher, close } = await openSearcher({ ...settings, program });
  const drafted = Uint32Array.from(prefixes.flat());
  const requests = users.map((user) => ({ ...user, closed: new Uint32Array(), drafted }));
  for (let time = 0; time < TIMES; time++) await searcher.search(requests, { beamWidth });
  await close();
}

await (program === "tree-scores" ? askForTrees() : askForLists());
