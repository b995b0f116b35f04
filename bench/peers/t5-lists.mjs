// Lists of `nightbeam recommend` for ten random T5 models, compared with the beam search of transformers:
//
//   node bench/peers/t5-lists.mjs --python PYTHON [--users 50] [--beams 20] [--only NAME]
//
// Prints a table: whether all lists have the items in the same order, and the largest difference of
// scores in nats, for the target asked in calls and for whole searches. Exits with 1 if any list differs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readRecommendations } from "@nightbeam/run";
import { editJson, writeCheckpoint, writeWorld } from "@nightbeam/testing/world";
import { CODES_PER_LEVEL, T5_CONFIGURATIONS } from "./t5-configurations.mjs";

const TOLERANCE = 1e-4;
const SEARCHES = ["calls", "whole"];

const { values: options } = parseArgs({
  options: {
    python: { type: "string" },
    users: { type: "string", default: "50" },
    beams: { type: "string", default: "20" },
    only: { type: "string" },
  },
});
if (options.python === undefined)
  throw new Error("--python PYTHON, with requirements.txt installed");
const here = dirname(fileURLToPath(import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "nightbeam-t5-lists-"));
let failed = false;
try {
  const worlds = new Map();
  console.log(`${"".padEnd(46)}  lists in order      largest difference, nats`);
  console.log(`${"".padEnd(46)}  calls    whole      calls      whole`);
  for (const [name, kind] of Object.entries(T5_CONFIGURATIONS)) {
    if (options.only !== undefined && name !== options.only) continue;
    const { levels = 4 } = kind.config;
    if (!worlds.has(levels)) worlds.set(levels, await world(levels));
    const files = worlds.get(levels);
    const model = await checkpoint(kind);
    const expected = peerLists(model, files);
    const rows = [];
    for (const search of SEARCHES)
      rows.push(compare(expected, await ownLists(model, files, search)));
    const orders = rows.map(({ equal }) => `${equal}/${expected.length}`.padEnd(9)).join("");
    const differences = rows.map(({ largest }) => largest.toExponential(1).padEnd(11)).join("");
    console.log(`${name.padEnd(46)}  ${orders}  ${differences}`.trimEnd());
    failed ||= rows.some(
      ({ equal, largest }) => equal < expected.length || !(largest <= TOLERANCE),
    );
    rmSync(model, { recursive: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

/** A catalogue and users. The world's own models are not used. */
function world(levels) {
  return writeWorld({
    directory: join(scratch, `world-${levels}`),
    ...{ users: Number(options.users), levels, codesPerLevel: CODES_PER_LEVEL, sharedPaths: 0 },
    ...{ layers: 1, width: 16, heads: 2 },
  });
}

async function checkpoint({ config, options: written, spec = {} }) {
  const directory = join(scratch, "checkpoint");
  const shape = { modelType: "t5", codesPerLevel: CODES_PER_LEVEL, ...config };
  await writeCheckpoint({ directory, seed: 11, config: shape, options: written });
  await editJson(join(directory, "nightbeam.json"), spec);
  return directory;
}

/** Lists of transformers: codes and scores by user. */
function peerLists(model, { catalogue, histories }) {
  const out = join(scratch, "peer.jsonl");
  const flags = [
    ...["--model", model, "--index", catalogue, "--histories", histories],
    ...["--beams", options.beams, "--scores", "--out", out],
    ...["--modes", "sorted", "--batch", "8", "--threads", "1"],
  ];
  run(options.python, [join(here, "hf_generate.py"), ...flags]);
  return readFileSync(out, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

async function ownLists(target, { catalogue, histories }, search) {
  const out = join(scratch, "own");
  const flags = [
    ...["--target", target, "--catalogue", catalogue, "--histories", histories, "--out", out],
    ...["--beam-width", options.beams, "--top-k", options.beams, "--search", search],
  ];
  run(process.execPath, [join(here, "../../services/cli/bin/nightbeam.js"), "recommend", ...flags]);
  const lists = [];
  for await (const batch of readRecommendations(out)) {
    for (const { user, items } of batch) {
      const codes = items.map((item) => item.codes);
      lists.push({ user, codes, scores: items.map(({ score }) => score) });
    }
  }
  rmSync(out, { recursive: true });
  return lists;
}

function compare(expected, found) {
  let [equal, largest] = [0, 0];
  for (const [at, { codes, scores, user }] of expected.entries()) {
    const own = found[at];
    if (own?.user !== user) throw new Error(`user ${user} has no list`);
    if (JSON.stringify(own.codes) === JSON.stringify(codes)) equal++;
    for (const [rank, score] of scores.entries()) {
      largest = Math.max(largest, Math.abs(score - (own.scores[rank] ?? Number.POSITIVE_INFINITY)));
    }
  }
  return { equal, largest };
}

function run(command, args) {
  // Checkpoints of 16 bits are converted in the cache.
  const env = { ...process.env, XDG_CACHE_HOME: join(scratch, "cache") };
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed:\n${stdout}${stderr}`);
}
