// Compares lists with golden ones, and each user's bits alone and in batches.
//
//   node bench/gpu/steps/lists.mjs --target DIR --catalogue FILE --golden FILE --device cuda
//        [--precision fp32] [--tf32] [--users 100] [--batches 1,8,64]
//
// A row per way of searching, scoring and size of batch. A line of the golden file has a `prompt`, and for
// each scoring a list of `codes` and `score`, best first. --tf32 lets cuBLAS round the inputs of fp32
// products, which the library itself never does.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, Worker } from "node:worker_threads";
import { openCatalogue } from "@nightbeam/dataset";
import { scratch } from "../lib/places.mjs";
import { deviceOf, printRow, reasonOf } from "../lib/rows.mjs";
import { openWay } from "../lib/ways.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    catalogue: { type: "string" },
    golden: { type: "string" },
    device: { type: "string", default: "cuda" },
    precision: { type: "string", default: "fp32" },
    tf32: { type: "boolean", default: false },
    users: { type: "string", default: "100" },
    batches: { type: "string", default: "1,8,64" },
  },
});
if (!existsSync(values.golden ?? "")) throw new Error(`--golden ${values.golden} does not exist`);
if (values.tf32 && isMainThread) {
  // The library's check reads the thread's environment, cuBLAS that of the process.
  delete process.env.NVIDIA_TF32_OVERRIDE;
  const env = { ...process.env, NVIDIA_TF32_OVERRIDE: "0" };
  const worker = new Worker(fileURLToPath(import.meta.url), { argv: process.argv.slice(2), env });
  worker.on("error", (error) => {
    throw error;
  });
} else {
  await main();
}

async function main() {
  const catalogue = await openCatalogue(values.catalogue);
  const golden = readFileSync(values.golden, "utf8")
    .trimEnd()
    .split("\n")
    .slice(0, Number(values.users))
    .map((line) => JSON.parse(line))
    // As in a real run, users of about equal prompt length share a batch.
    .sort((a, b) => a.prompt.length - b.prompt.length);
  for (const scoring of ["full", "renormalized"]) {
    for (const way of ["whole", "levels", "repair"]) {
      const settings = { way, scoring, precision: values.tf32 ? "tf32" : values.precision };
      try {
        for (const row of await compare({ way, scoring, golden, catalogue })) {
          printRow({ ...settings, ...row });
        }
      } catch (error) {
        printRow({ ...settings, failed: reasonOf(error) });
      }
    }
  }
}

async function compare({ way, scoring, golden, catalogue }) {
  const { search, close } = await openWay(way, {
    ...{ directory: values.target, catalogue, scoring, precision: values.precision },
    ...{ cacheDirectory: scratch, device: deviceOf(values.device) },
  });
  try {
    const rows = [];
    let alone;
    for (const batch of values.batches.split(",").map(Number)) {
      const lists = [];
      for (let from = 0; from < golden.length; from += batch) {
        const some = golden.slice(from, from + batch);
        lists.push(...(await listsOf(some, { way, scoring, trie: catalogue.trie, search })));
      }
      alone ??= lists;
      rows.push({ batch, ...summary(lists, { golden, scoring, trie: catalogue.trie, alone }) });
    }
    return rows;
  } finally {
    await close();
  }
}

async function listsOf(golden, { way, scoring, trie, search }) {
  const users = golden.map(({ prompt, [scoring]: list }) => ({
    prompt: Int32Array.from(prompt),
    ...(way === "repair" ? { drafted: halfDraft(trie, list) } : {}),
  }));
  const { lists } = await search(users, { beamWidth: golden[0][scoring].length });
  return lists;
}

function summary(lists, { golden, scoring, trie, alone }) {
  const compared = lists.map((list, at) => compareLists(trie, list, golden[at][scoring]));
  return {
    users: lists.length,
    sameOrder: compared.filter(({ sameOrder }) => sameOrder).length,
    sameItems: compared.filter(({ sameItems }) => sameItems).length,
    largestDifference: Math.max(...compared.map(({ difference }) => difference)),
    bitsAsAlone: lists.filter((list, at) => bitsOf(list) === bitsOf(alone[at])).length,
  };
}

/** Every other prefix of the golden list: some levels are drafted, others have to be repaired. */
function halfDraft(trie, list) {
  const nodes = list.filter((_, at) => at % 2 === 0).map(({ codes }) => nodesOf(trie, codes));
  return Array.from({ length: trie.levels - 1 }, (_, at) =>
    Uint32Array.from(new Set(nodes.map((path) => path[at]))).sort(),
  );
}

function compareLists(trie, { prefixes, scores }, golden) {
  const wanted = golden.map(({ codes }) => nodesOf(trie, codes).at(-1));
  const place = new Map([...prefixes].map((leaf, at) => [leaf, at]));
  const differences = wanted.flatMap((leaf, at) =>
    place.has(leaf) ? Math.abs(scores[place.get(leaf)] - golden[at].score) : [],
  );
  return {
    sameOrder: wanted.every((leaf, at) => prefixes[at] === leaf),
    sameItems: wanted.every((leaf) => place.has(leaf)),
    difference: Math.max(0, ...differences),
  };
}

/** The nodes along a code path. */
function nodesOf(trie, codes) {
  let node = 0;
  return codes.map((code) => {
    const end = trie.firstChild[node + 1];
    for (node = trie.firstChild[node]; node < end && trie.codes[node] !== code; ) node++;
    return node;
  });
}

function bitsOf({ prefixes, scores }) {
  return `${prefixes} ${new BigUint64Array(Float64Array.from(scores).buffer)}`;
}
