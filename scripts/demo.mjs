// Shows the main job on a small made-up shop: exact top-10 lists, drafted by a small model and
// verified by a larger one, beside plain beam search. Everything it writes is under .nightbeam/demo.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRecommendations } from "@nightbeam/dataset";
import { writeWorld } from "@nightbeam/test-world";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const directory = join(root, ".nightbeam", "demo");
const shown = (word) => (word.startsWith(root) ? word.slice(root.length + 1) : word);
const SAMPLES = 3;

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
console.log("Making a small shop: 2,000 items, 500 users, a target model and a draft ...");
const world = await writeWorld({ directory, seed: 1 });
const files = [
  "--target",
  world.target,
  "--draft",
  world.draft,
  "--catalogue",
  world.catalogue,
  "--histories",
  world.histories,
];
const out = join(directory, "recommendations");

nightbeam("recommend", ...files, "--draft-width", "40", "--exclude-seen", "--out", out);

const names = new Map(jsonLines(world.items).map(({ item, name }) => [item, name]));
const histories = new Map(jsonLines(world.histories).map(({ user, history }) => [user, history]));
const { value: first = [] } = await readRecommendations(out).next();
for (const { user, items } of first.slice(0, SAMPLES)) {
  const taken = (histories.get(user) ?? []).slice(-3).map((item) => names.get(item));
  console.log(`\nUser ${user} last took ${taken.join(", ")}`);
  for (const [rank, { item, score }] of items.slice(0, 5).entries()) {
    console.log(
      `  ${rank + 1}. ${(names.get(item) ?? item).padEnd(32)} log-probability ${score.toFixed(2)}`,
    );
  }
}

nightbeam(
  "bench",
  ...files,
  "--beam-width",
  "10",
  "--batch-size",
  "1,32",
  "--draft-width",
  "40,auto",
  "--limit",
  "200",
);
console.log(`
Every search returned the same lists. Drafting saves calls of the target and spends tokens on it: that
pays where a call is dear, on a GPU or across a network. On this machine's processor tokens are what
costs, so plain search is the faster one, and --draft-width auto, the default, finds that out.

The lists are in ${shown(out)}; manifest.json there names the part files and every figure of the run.
The shop and its models are made up: the target's weights are random but for a habit of repeating
what a history shows. On your own data, give your own checkpoint and catalogue: see README.md.`);
