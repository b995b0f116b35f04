// Decodes users with the runtime's own decoder, from tables in place of models: for test_runtime.py.
//
//   node runtime.mjs < CASES      prints, for each case, the costs of its users, as JSON
//
// A case: {index, scoring, beamWidth, widths, users: [{target, draft}]}; index is an LC-Rec index, target
// and draft have the log-probabilities (nats) of every node's children, in the order of their codes.
import { readFileSync } from "node:fs";

const packages = new URL("../../../packages/", import.meta.url);
const load = (name) => import(new URL(`${name}/dist/index.js`, packages));
const { NOTHING_EXCLUDED, parseLcRecIndex } = await load("catalogue");
const { fixedWidths, ModelDrafter, speculativeDecoder } = await load("decoding");

/** A scorer that looks the answers up; the key of a request is the number of the user. */
function scorerOf(tables) {
  return {
    async score(requests) {
      return requests.map(({ key, tree }) => {
        const rows = [...tree.wanted].flatMap((entry) => tables[key][tree.prefixes[entry]]);
        return { logProbs: Float64Array.from(rows), tokens: 0, milliseconds: 0 };
      });
    },
    release() {},
  };
}

const costs = [];
for (const { index, scoring, beamWidth, widths, users } of JSON.parse(readFileSync(0, "utf8"))) {
  const { trie } = parseLcRecIndex(JSON.stringify(index));
  const decoder = speculativeDecoder({
    target: scorerOf(users.map(({ target }) => target)),
    drafter: new ModelDrafter(scorerOf(users.map(({ draft }) => draft))),
    space: { trie, scoring },
    beamWidth,
    policy: fixedWidths(widths),
  });
  const jobs = users.map((_, key) => ({
    ...{ key, prompt: Int32Array.of(1), history: new Uint32Array() },
    exclusion: NOTHING_EXCLUDED,
  }));
  const outcomes = await decoder.decode(jobs, new AbortController().signal);
  costs.push(outcomes.map(({ cost }) => cost));
}
console.log(JSON.stringify(costs));
