// Nights that reuse the night before, against computing all: calls, tokens and time of each, and whether every list is the same.
//
//   node bench/scripts/beauty-files.mjs /tmp/beauty
//   node bench/scripts/reuse/nights.mjs OUT --histories /tmp/beauty/histories.jsonl [--users 3553] [--top-k 10]
//        [--beam-width 10] [--active 0.1] [--change 0.0025] [--nights 10] [--compare 1] [--draft-width 0]
//        [--data DIR | --synthetic]
//
// Each night, a share `--active` of the users has one more item in the history, and a share `--change` of the items
// is added to the shop and removed from it, by the lists of items to block. A new item has the first one to three
// codes of some item, and random codes after them. `--compare 1`: every night is computed anew as well; 3: every third;
// 0: none. DIR has data/beauty and models/beauty-*; with --synthetic, a small world is made in OUT instead.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { recommendRun } from "@nightbeam/recommend";
import { parseRecommendSettings } from "@nightbeam/settings";
import { writeWorld } from "@nightbeam/testing/world";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    synthetic: { type: "boolean", default: false },
    histories: { type: "string" },
    users: { type: "string", default: "3553" },
    "top-k": { type: "string", default: "10" },
    "beam-width": { type: "string" },
    active: { type: "string", default: "0.1" },
    change: { type: "string", default: "0.0025" },
    nights: { type: "string", default: "10" },
    compare: { type: "string", default: "1" },
    "draft-width": { type: "string", default: "0" },
    "part-size": { type: "string", default: "1024" },
  },
});
const [out] = positionals;
if (out === undefined || (values.histories === undefined && !values.synthetic)) {
  console.error("usage: node bench/scripts/reuse/nights.mjs OUT --histories FILE | --synthetic …");
  process.exit(2);
}
const nights = Number(values.nights);
const topK = Number(values["top-k"]);
const random = seeded(1);
mkdirSync(out, { recursive: true });

const world = values.synthetic
  ? await writeWorld({
      ...{ directory: join(out, "world"), items: 2_000, users: Number(values.users) },
      ...{ levels: 3, codesPerLevel: 32, layers: 2, width: 16, heads: 2, maxItems: 6 },
    })
  : {
      target: join(values.data, "models", "beauty-target"),
      draft: join(values.data, "models", "beauty-draft"),
      catalogue: join(values.data, "data", "beauty", "items.index.json"),
      histories: values.histories,
    };
const index = JSON.parse(readFileSync(world.catalogue, "utf8"));
const paths = Object.values(index);
const perNight = Math.round(Number(values.change) * paths.length);
const known = Object.keys(index);
const added = Array.from({ length: nights * perNight }, (_, at) => {
  const like = paths[below(paths.length)];
  const depth = 1 + below(3);
  const codes = like.map((code, level) =>
    level < depth
      ? code
      : `${code.slice(0, 3)}${/\d+/.exec(paths[below(paths.length)][level])[0]}>`,
  );
  index[`new${at}`] = codes;
  return `new${at}`;
});
const catalogue = join(out, "items.index.json");
writeFileSync(catalogue, JSON.stringify(index));
const users = readFileSync(world.histories, "utf8")
  .trimEnd()
  .split("\n")
  .slice(0, Number(values.users))
  .map((line) => JSON.parse(line))
  // What comes in the nights is held back.
  .map(({ user, history }) => {
    const held = Math.min(nights, history.length - 1);
    return {
      user,
      history: history.slice(0, history.length - held),
      next: history.slice(history.length - held),
    };
  });

const blocked = new Set(added);
const sold = new Set(known);
const width = Number(values["draft-width"]);
const common = {
  ...{
    target: world.target,
    catalogue,
    topK,
    partSize: Number(values["part-size"]),
    format: "jsonl",
  },
  ...(values["beam-width"] === undefined ? {} : { beamWidth: Number(values["beam-width"]) }),
  ...(width === 0 ? {} : { draft: [world.draft], draftWidth: [width] }),
};
console.log(
  `${users.length} users, ${known.length} items, ${nights} nights; each ${values.active} of the users active, ${perNight} items added and ${perNight} removed; top ${topK}`,
);
console.log(
  "night   reused    new  changed  catalogue |     calls (of all)      tokens (of all)   seconds (of all) | lists",
);
const before = await night(0, undefined);
let last = before;
const sums = { calls: 0, tokens: 0, seconds: 0, ofCalls: 0, ofTokens: 0, ofSeconds: 0 };
for (let day = 1; day <= nights; day++) {
  for (const at of someOf(users.length, Math.round(Number(values.active) * users.length))) {
    const { history, next } = users[at];
    history.push(next.shift() ?? known[below(known.length)]);
  }
  for (const id of added.slice((day - 1) * perNight, day * perNight)) blocked.delete(id);
  for (let gone = 0; gone < perNight; ) {
    const id = known[below(known.length)];
    if (!sold.delete(id)) continue;
    blocked.add(id);
    gone++;
  }
  const reusing = await night(day, last.dir);
  const compare = Number(values.compare);
  const anew = compare > 0 && day % compare === 0 ? await night(day, undefined) : undefined;
  report(day, reusing, anew);
  if (last !== before) rmSync(last.dir, { recursive: true });
  last = reusing;
  if (anew !== undefined) rmSync(anew.dir, { recursive: true });
}
console.log(
  `of the calls of computing all: ${share(sums.calls, sums.ofCalls)}; of the tokens: ${share(sums.tokens, sums.ofTokens)}; of the time: ${share(sums.seconds, sums.ofSeconds)}`,
);

async function night(day, reuse) {
  const histories = join(out, "histories.jsonl");
  writeFileSync(
    histories,
    users.map(({ user, history }) => `${JSON.stringify({ user, history })}\n`).join(""),
  );
  const block = join(out, "block.txt");
  writeFileSync(block, [...blocked].map((id) => `${id}\n`).join(""));
  const dir = join(out, `night-${day}${reuse === undefined ? "-anew" : ""}`);
  rmSync(dir, { recursive: true, force: true });
  const filter = blocked.size === 0 ? {} : { block };
  const settings = parseRecommendSettings({
    ...{ ...common, ...filter, histories, out: dir },
    ...(reuse === undefined ? {} : { reuse }),
  });
  const started = performance.now();
  const { manifest } = await recommendRun(settings, {
    onEvent: () => undefined,
    signal: new AbortController().signal,
  });
  return { dir, manifest, seconds: (performance.now() - started) / 1_000 };
}

function report(day, { manifest, seconds }, anew) {
  const { stats } = manifest;
  const { reusedUsers = 0, computedNew = 0, computedChanged = 0, computedCatalogue = 0 } = stats;
  const of = (part, all) => (all === undefined ? "" : `(${share(part, all)})`).padStart(9);
  const { targetCalls: ofCalls, tokens: ofTokens } = anew?.manifest.stats ?? {};
  let lists = "not compared";
  if (anew !== undefined) {
    const hashes = (run) => run.parts.map(({ file, sha256 }) => `${file} ${sha256}`).join();
    lists = hashes(manifest) === hashes(anew.manifest) ? "identical" : "DIFFERENT";
    if (lists === "DIFFERENT") process.exitCode = 1;
    sums.calls += stats.targetCalls;
    sums.tokens += stats.tokens;
    sums.seconds += seconds;
    sums.ofCalls += ofCalls;
    sums.ofTokens += ofTokens;
    sums.ofSeconds += anew.seconds;
  }
  console.log(
    [
      `${day}`.padStart(5),
      `${reusedUsers}`.padStart(9),
      `${computedNew}`.padStart(7),
      `${computedChanged}`.padStart(9),
      `${computedCatalogue}`.padStart(11),
      " |",
      `${stats.targetCalls}`.padStart(10),
      of(stats.targetCalls, ofCalls),
      `${stats.tokens}`.padStart(12),
      of(stats.tokens, ofTokens),
      seconds.toFixed(1).padStart(10),
      of(seconds, anew?.seconds),
      ` | ${lists}`,
    ].join(""),
  );
}

function share(part, all) {
  return all === 0 ? "" : `${((100 * part) / all).toFixed(1)}%`;
}

function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

/** So many different whole numbers below a bound. */
function someOf(bound, count) {
  const chosen = new Set();
  while (chosen.size < count) chosen.add(below(bound));
  return chosen;
}

function below(bound) {
  return Math.floor(random() * bound);
}
