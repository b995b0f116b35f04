// The effect of proposed items on lists: recommends with and without candidates, at several thresholds, all checked at
// the start or some per level, and evaluates all items and those that are in no training history.
//
//   node bench/scripts/candidates.mjs OUT [--world beauty|instruments] [--rows "all20,-6 all200/20,-8,-24 …"]
//        [--top-k 10] [--draft NAME --draft-width N] [--limit N] [--data DIR]
//
// Beauty has the published target; of Instruments, one item in twenty is left out of all histories, and OUT/target is
// trained on them by `nightbeam-train`, which takes one core some ten minutes.
//
// A row is LISTS[/PER_LEVEL],ABOVE[,NEW_ABOVE]. The candidates are those of a content recommender (see
// candidates/proposals.mjs): `all20` are 20 per user from the whole catalogue, `new20` from the items that are in no
// training history, and `mix20` has items of both in turn. A set of lists also gets a row of its own, unscored.
//
// OUT keeps all files, lists and runs; a second run continues. DIR has data/beauty and models/beauty-target, or
// data/instruments. Default: NIGHTBEAM_SHARED or ../shared.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { evaluateRanking, readHistories, readRecommendationFile } from "@nightbeam/dataset";
import { readManifest, readRecommendations } from "@nightbeam/run";
import { beauty } from "./candidates/beauty.mjs";
import { nightbeam, root } from "./candidates/commands.mjs";
import { instruments } from "./candidates/instruments.mjs";
import { contentRecommender } from "./candidates/proposals.mjs";

const WORLDS = { beauty, instruments };
const ROWS = {
  beauty: [
    ...["all20,-8", "all200,-6", "all200/10,-6", "all200,-8", "all200/10,-8"],
    ...["new40,-20", "new40,-24", "new40/10,-24"],
    ...["mix200,-8", "mix200,-8,-24", "mix200/10,-8,-24", "mix200/10,-6,-24"],
  ],
  instruments: [
    ...["all20,-6", "all200,-6", "all200/10,-6", "all200,-8", "all200/10,-8"],
    ...["new40,-18", "new40,-20", "new40/5,-18", "new40/5,-20"],
    ...["mix200,-6", "mix200,-6,-18", "mix200,-6,-20", "mix200/10,-6,-18", "mix200/10,-6,-20"],
  ],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    world: { type: "string", default: "beauty" },
    rows: { type: "string" },
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    "top-k": { type: "string", default: "10" },
    draft: { type: "string" },
    "draft-width": { type: "string", default: "20" },
    limit: { type: "string" },
  },
});
const [out] = positionals;
const prepare = WORLDS[values.world];
if (out === undefined || prepare === undefined) {
  console.error("usage: node bench/scripts/candidates.mjs OUT [--world beauty|instruments] …");
  process.exit(2);
}
const topK = values["top-k"];
const world = await prepare(out, values);
const limit = Number(values.limit ?? Number.POSITIVE_INFINITY);
const histories = jsonLines(world.histories).slice(0, limit);
const codes = new Map(Object.entries(JSON.parse(readFileSync(world.catalogue, "utf8"))));
const seen = new Set(jsonLines(world.trainedOn).flatMap(({ history }) => history));
const unseen = [...codes.keys()].filter((item) => !seen.has(item));
console.log(`${histories.length} users; ${unseen.length} of ${codes.size} items are unseen`);

const recommenders = new Map();
const head = [
  ...["proposed", "per level", "above", "new above", "checked", "accepted per user"],
  ...["lists changed", `Recall@${topK}`, `Recall@${topK}, unseen`, "unseen in lists"],
  ...["calls", "nodes"],
];
printRow(head);
printRow(head.map(() => "---"));
printRow(["nothing", "", "", "", ...(await figures("plain", []))]);
const shown = new Set();
for (const row of values.rows?.trim().split(/\s+/) ?? ROWS[values.world]) {
  const [from, above, newAbove] = row.split(",");
  const [proposed, perLevel] = from.split("/");
  const lists = writeCandidates(proposed);
  if (!shown.has(proposed)) {
    printRow([proposed, "", "unscored", "", ...(await proposalFigures(lists))]);
    shown.add(proposed);
  }
  const flags = [
    ...["--candidates", lists, "--accept-above", above],
    ...(newAbove === undefined
      ? []
      : ["--accept-new-above", newAbove, "--trained-on", world.trainedOn]),
    ...(perLevel === undefined ? [] : ["--candidates-per-level", perLevel]),
  ];
  const name = row.replace("/", "-by-");
  printRow([proposed, perLevel ?? "all", above, newAbove ?? "", ...(await figures(name, flags))]);
}

function printRow(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

/** Recommends and evaluates; returns the figures of a row. */
async function figures(name, flags) {
  const directory = join(out, `run-${name}`);
  const { draft } = values;
  nightbeam("recommend", [
    ...["--target", world.target, "--catalogue", world.catalogue],
    ...["--histories", world.histories, ...(values.limit === undefined ? [] : ["--limit", limit])],
    ...(draft === undefined ? [] : ["--draft", draft, "--draft-width", values["draft-width"]]),
    ...["--top-k", topK, "--exclude-seen", "--out", directory],
    ...flags,
  ]);
  const { users, stats } = await readManifest(directory);
  const { metrics, unseen } = nightbeam("evaluate", [
    ...["--recommendations", directory, "--held-out", world.heldOut],
    ...["--trained-on", world.trainedOn, "--top-k", topK],
  ]);
  const [all, apart] = [metrics[0], unseen.metrics[0]];
  const perUser = (count = 0) => (count / users).toFixed(2);
  return [
    perUser(stats.checkedCandidates),
    perUser(stats.acceptedItems),
    `${((100 * (await changed(directory))) / users).toFixed(1)}%`,
    ...[all.recall.toFixed(4), apart.recall.toFixed(4), apart.listed],
    ...[stats.callsPerUser.toFixed(2), stats.nodesPerUser.toFixed(1)],
  ];
}

/** Metrics of the unscored proposals. */
async function proposalFigures(lists) {
  const { metrics, unseen } = await evaluateRanking({
    recommendations: readRecommendationFile({ path: lists }),
    heldOut: readHistories({ path: world.heldOut }),
    trainedOn: readHistories({ path: world.trainedOn }),
    ks: [Number(topK)],
  });
  const [all, apart] = [metrics[0], unseen.metrics[0]];
  return ["", "", "", all.recall.toFixed(4), apart.recall.toFixed(4), apart.listed, "", ""];
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

/** A content recommender, made once. */
function recommender(name, items) {
  const made = recommenders.get(name) ?? contentRecommender(codes, items);
  recommenders.set(name, made);
  return made;
}

/** Writes the lists that a name such as all20 stands for. */
function writeCandidates(name) {
  const [, from, count] = /^(all|new|mix)(\d+)$/.exec(name) ?? [];
  if (count === undefined) throw new Error(`--rows: give all20, new20 or mix20, not ${name}`);
  const [all, fresh] = [recommender("all", [...codes.keys()]), recommender("new", unseen)];
  const mix = (history) => {
    const [known, young] = [all(history), fresh(history)];
    return [...new Set(known.flatMap((item, at) => [young[at] ?? item, item]))];
  };
  const proposals = { all, new: fresh, mix }[from];
  const lists = histories.map(({ user, history }) => {
    const first = proposals(history).slice(0, Number(count));
    return { user, items: first.map((item) => ({ item, score: 0, codes: [] })) };
  });
  const path = join(out, `candidates-${name}.jsonl`);
  writeFileSync(path, lists.map((list) => `${JSON.stringify(list)}\n`).join(""));
  return path;
}

function jsonLines(path) {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
