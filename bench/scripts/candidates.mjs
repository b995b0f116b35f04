// The effect of proposed items on lists: recommends on Amazon Beauty with and without candidates, at
// several thresholds, and evaluates all items and those that are in no training history.
//
//   node bench/scripts/candidates.mjs OUT [--data DIR] [--all=-6,-8,-10] [--new=-12,-16,-20,-24]
//        [--per-user 20] [--top-k 10] [--draft-width 0] [--limit 3553]
//
// The candidates are those of a content recommender: of the items that begin with the same codes as the
// user's latest items, those that share the most codes, then those of the latest item, then the lowest
// item numbers; without the user's own items. There are two sets of lists: `all` proposes from the whole
// catalogue, `new` items that are in no training history; each has its thresholds, and a row for the
// unscored proposals. With a draft width, models/beauty-draft drafts.
//
// OUT keeps all files, lists and runs; a second run continues. DIR has data/beauty, models/beauty-target
// and models/beauty-draft. Default: NIGHTBEAM_SHARED or ../shared.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { evaluateRanking, readHistories, readRecommendationFile } from "@nightbeam/dataset";
import { readManifest, readRecommendations } from "@nightbeam/run";

const LATEST = 5;

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    all: { type: "string", default: "-6,-8,-10" },
    new: { type: "string", default: "-12,-16,-20,-24" },
    "per-user": { type: "string", default: "20" },
    "top-k": { type: "string", default: "10" },
    "draft-width": { type: "string", default: "0" },
    limit: { type: "string", default: "3553" },
  },
});
const [out] = positionals;
if (out === undefined) {
  console.error("usage: node bench/scripts/candidates.mjs OUT [--new=LIST] …");
  process.exit(2);
}
const { data, limit } = values;
const topK = values["top-k"];
const beauty = join(data, "data", "beauty");
mkdirSync(out, { recursive: true });

run(join(root, "bench", "scripts", "beauty-files.mjs"), [out, "--data", beauty]);
const trained = writeTrained();
const histories = jsonLines(join(out, "histories.jsonl")).slice(0, Number(limit));
const codes = new Map(
  Object.entries(JSON.parse(readFileSync(join(beauty, "items.index.json"), "utf8"))),
);
const width = values["draft-width"];
const drafting =
  width === "0" ? [] : ["--draft", join(data, "models", "beauty-draft"), "--draft-width", width];
const seen = new Set(jsonLines(trained).flatMap(({ history }) => history));
const unseen = [...codes.keys()].filter((item) => !seen.has(item));
console.log(`${histories.length} users; ${unseen.length} of ${codes.size} items are unseen`);

const head = [
  "proposed",
  "above",
  "accepted per user",
  "lists changed",
  `Recall@${topK}`,
  `Recall@${topK}, unseen`,
  "unseen in lists",
  "calls",
  "nodes",
];
printRow(head);
printRow(head.map(() => "---"));
printRow(await figures("plain", []));
for (const [name, items] of [
  ["all", [...codes.keys()]],
  ["new", unseen],
]) {
  const lists = writeCandidates(name, items);
  printRow([name, "unscored", ...(await proposalFigures(lists))]);
  for (const threshold of values[name].split(",")) {
    const accepting = ["--candidates", lists, "--accept-above", threshold];
    printRow(await figures(`${name}${threshold}`, accepting, [name, threshold]));
  }
}
function printRow(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

/** Recommends and evaluates; returns one row of the table. */
async function figures(name, flags, [proposed, threshold] = ["nothing", ""]) {
  const directory = join(out, `run-${name}`);
  nightbeam("recommend", [
    ...["--target", join(data, "models", "beauty-target")],
    ...drafting,
    ...["--catalogue", join(beauty, "items.index.json")],
    ...["--histories", join(out, "histories.jsonl"), "--limit", limit],
    ...["--top-k", topK, "--exclude-seen", "--out", directory],
    ...flags,
  ]);
  const { users, stats } = await readManifest(directory);
  const report = JSON.parse(
    nightbeam("evaluate", [
      ...["--recommendations", directory, "--held-out", join(out, "held-out.jsonl")],
      ...["--trained-on", trained, "--top-k", topK, "--json"],
    ]),
  );
  const [all, apart] = [report.metrics[0], report.unseen.metrics[0]];
  return [
    proposed,
    threshold,
    ((stats.acceptedItems ?? 0) / users).toFixed(2),
    `${((100 * (await changed(directory))) / users).toFixed(1)}%`,
    all.recall.toFixed(4),
    apart.recall.toFixed(4),
    apart.listed,
    stats.callsPerUser.toFixed(2),
    stats.nodesPerUser.toFixed(1),
  ];
}

/** Metrics of the unscored proposals. */
async function proposalFigures(lists) {
  const { metrics, unseen } = await evaluateRanking({
    recommendations: readRecommendationFile({ path: lists }),
    heldOut: readHistories({ path: join(out, "held-out.jsonl") }),
    trainedOn: readHistories({ path: trained }),
    ks: [Number(topK)],
  });
  const [all, apart] = [metrics[0], unseen.metrics[0]];
  return ["", "", all.recall.toFixed(4), apart.recall.toFixed(4), apart.listed, "", ""];
}

/** Number of lists that differ from the plain run's, in items or order. */
async function changed(directory) {
  const [one, other] = [await itemsIn(join(out, "run-plain")), await itemsIn(directory)];
  return other.filter((items, at) => items !== one[at]).length;
}

async function itemsIn(directory) {
  const lists = [];
  for await (const batch of readRecommendations(directory)) {
    for (const { items } of batch) lists.push(items.map(({ item }) => item).join());
  }
  return lists;
}

function writeCandidates(name, items) {
  const byPrefix = new Map();
  for (const item of items) {
    for (const prefix of prefixesOf(item)) {
      byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), item]);
    }
  }
  const lists = histories.map(({ user, history }) => {
    const had = new Set(history);
    const anchors = history.slice(-LATEST).reverse();
    const levels = prefixesOf(anchors[0]).length;
    // Deepest prefixes first, for the most codes in common.
    const near = Array.from({ length: levels }, (_, up) =>
      anchors.flatMap((anchor) => byPrefix.get(prefixesOf(anchor)[levels - 1 - up]) ?? []),
    ).flat();
    const proposed = [...new Set(near)].filter((item) => !had.has(item));
    const first = proposed.slice(0, Number(values["per-user"]));
    return { user, items: first.map((item) => ({ item, score: 0, codes: [] })) };
  });
  const path = join(out, `candidates-${name}.jsonl`);
  writeFileSync(path, lists.map((list) => `${JSON.stringify(list)}\n`).join(""));
  return path;
}

/** Prefixes of an item's codes, shortest first, the whole path last. */
function prefixesOf(item) {
  const path = codes.get(item) ?? [];
  return path.map((_, at) => path.slice(0, at + 1).join(""));
}

/** All users' items in the training period, which the target was trained on. */
function writeTrained() {
  const lines = readFileSync(join(beauty, "train.txt"), "utf8").trim().split("\n");
  const path = join(out, "trained.jsonl");
  const users = lines.flatMap((line) => {
    const [user, ...items] = line.trim().split(/\s+/);
    const history = items.map((item) => String(Number(item) - 1));
    return history.length === 0 ? [] : [JSON.stringify({ user, history })];
  });
  writeFileSync(path, `${users.join("\n")}\n`);
  return path;
}

function jsonLines(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function nightbeam(command, args) {
  return run(join(root, "services", "cli", "bin", "nightbeam.js"), [command, ...args]);
}

function run(script, args) {
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exit(1);
  return stdout;
}
