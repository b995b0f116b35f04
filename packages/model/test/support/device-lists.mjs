// Searches a small model on two devices and prints both lists. A process of its own, because the
// libraries of a device are looked for when a process starts.
// Arguments: checkpoint, scoring, device.
import { excludeItems, NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import {
  fixedWidths,
  RetrievalDrafter,
  searchDecoder,
  speculativeDecoder,
  uniformWidths,
} from "@nightbeam/decoding";
import { openModel, openSearcher } from "@nightbeam/model";
import { seeded } from "@nightbeam/testing";
import { someCatalogue, somePrompt } from "@nightbeam/testing/conformance";

const [directory = "", scoring = "", device = ""] = process.argv.slice(2);
const size = { levels: 3, codesPerLevel: 24 };
const catalogue = someCatalogue({ ...size, items: 300, seed: 5 });
const search = { space: { trie: catalogue.trie, scoring }, beamWidth: 6 };
const drafting = {
  drafter: new RetrievalDrafter(),
  policy: fixedWidths(uniformWidths(9, size.levels)),
};

const openScorer = async (settings) => {
  const { scorer, close } = await openModel({ ...settings, cacheBytes: 0 });
  return { decoder: speculativeDecoder({ ...search, ...drafting, target: scorer }), close };
};
const openWhole = (program, draft) => async (settings) => {
  const { searcher, close } = await openSearcher({ ...settings, program });
  return { decoder: searchDecoder({ ...search, ...draft, target: searcher }), close };
};

const PROGRAMS = {
  "tree-scores": openScorer,
  "beam-search": openWhole("beam-search", {}),
  "verify-tree": openWhole("verify-tree", drafting),
};

const random = seeded(7);
const jobs = [9, 20, 9, 1].map((length, key) => ({
  key,
  prompt: somePrompt({ length, vocabularySize: 4 + size.levels * size.codesPerLevel, random }),
  history: new Uint32Array(),
  exclusion: key === 2 ? excludeItems(catalogue, [...Array(250).keys()]) : NOTHING_EXCLUDED,
}));

async function listsOf(open, device) {
  const { decoder, close } = await open({
    directory,
    catalogue,
    scoring,
    precision: "fp32",
    cacheDirectory: directory,
    workers: 1,
    threads: 1,
    device,
  });
  try {
    const outcomes = await decoder.decode(jobs, new AbortController().signal);
    return outcomes.map(({ beams: { prefixes, scores } }) => ({
      prefixes: [...prefixes],
      scores: [...scores],
    }));
  } finally {
    await close();
  }
}

const lists = {};
for (const [program, open] of Object.entries(PROGRAMS)) {
  lists[program] = {
    processor: await listsOf(open, { kind: "cpu" }),
    device: await listsOf(open, { kind: device }),
  };
}
console.log(JSON.stringify(lists));
