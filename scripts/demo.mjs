// Shows the main commands on a simulated shop, with the models of demo/world: exact top-10 lists
// for 2,000 users that the models never saw, drafted by a small model and verified by a larger one,
// compared with plain beam search. All its files are under .nightbeam/demo.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeShop, measureBaselines, shopUsers, writeShop } from "@nightbeam/demo-shop";
import { readRecommendations } from "@nightbeam/run";

const SEED = 7;
const ITEMS = 6000;
/** Users from this number on were not used for training: scripts/demo-models.mjs. */
const [FIRST, END] = [22_000, 24_000];
const [BEAM_WIDTH, DRAFT_WIDTH] = ["10", "32"];
const SHOWN = { users: 3, history: 6, list: 5 };

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const world = join(root, "demo", "world");
const directory = join(root, ".nightbeam", "demo");
const at = (...names) => join(directory, ...names);
const shown = (word) => (word.startsWith(root) ? word.slice(root.length + 1) : word);
const started = performance.now();

function nightbeam(...args) {
  console.log(`\n$ npx nightbeam ${args.map(shown).join(" ").replaceAll(" --", " \\\n    --")}`);
  const command = join(root, "services", "cli", "bin", "nightbeam.js");
  const { status } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

const jsonLines = (path) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

rmSync(directory, { recursive: true, force: true });
console.log(`A simulated shop: ${ITEMS} items, ${END - FIRST} users that the models never saw.`);
const shop = await writeShop({
  directory: at("shop"),
  seed: SEED,
  items: ITEMS,
  users: END,
  fromUser: FIRST,
});

for (const model of ["target", "draft"]) {
  nightbeam("convert", "--model", join(world, model), "--out", at(model));
}
const files = [
  ...["--target", at("target"), "--draft", at("draft")],
  ...["--catalogue", join(world, "items.index.json"), "--histories", shop.histories],
];
const lists = at("recommendations");
const widths = ["--beam-width", BEAM_WIDTH, "--draft-width", DRAFT_WIDTH];
nightbeam("recommend", ...files, ...widths, "--exclude-seen", "--out", lists);

const items = new Map(jsonLines(shop.items).map((item) => [item.item, item]));
const histories = new Map(jsonLines(shop.histories).map(({ user, history }) => [user, history]));
const { value: first = [] } = await readRecommendations(lists).next();
for (const { user, items: list } of first.slice(0, SHOWN.users)) {
  const taken = (histories.get(user) ?? []).slice(-SHOWN.history);
  console.log(`\n${user} took, latest last (left), and gets recommended (right):`);
  const rows = Math.max(SHOWN.history, SHOWN.list);
  for (let row = 0; row < rows; row++) {
    const before = items.get(taken[row])?.name ?? "";
    const next = list[row];
    const recommended =
      row < SHOWN.list && next ? `${row + 1}. ${items.get(next.item)?.name ?? next.item}` : "";
    console.log(`  ${before.padEnd(56)}  ${recommended}`.trimEnd());
  }
}

nightbeam("evaluate", "--recommendations", lists, "--held-out", shop.heldOut, "--top-k", "10");
const all = makeShop({ seed: SEED, items: ITEMS });
const { popularity, transitions } = measureBaselines({
  counted: shopUsers({ shop: all, from: 0, to: FIRST }),
  judged: [...shopUsers({ shop: all, from: FIRST, to: END })],
});
console.log(
  `Recall@10 of the shop's bestsellers: ${popularity.toFixed(4)}; ` +
    `of the most frequent successors of the latest item: ${transitions.toFixed(4)}.`,
);

const compared = ["--beam-width", BEAM_WIDTH, "--draft-width", `${DRAFT_WIDTH},auto`];
const brief = ["--batch-size", "32", "--limit", "320", "--repeat", "1"];
nightbeam("bench", ...files, ...compared, ...brief);

const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`
Every search returned the same lists. Drafting saves calls of the target and spends tokens: that pays off
where a call is expensive, on a GPU or across a network. On a CPU the cost is in the tokens: plain search is
usually faster there, and --draft-width auto, the default, finds out which is. One short round, as above,
says little about speed on a machine that is also doing other work; calls and nodes are exact.

The lists are in ${shown(lists)}; manifest.json there names the part files and every figure of the run.
Shop and models are made by code in this repository (npm run demo:models makes them again, in Python).
The demo took ${seconds} s. To use your own checkpoint and catalogue, see README.md.`);
