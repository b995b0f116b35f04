import { rmSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "@nightbeam/run";
import { measuredLine, printCost } from "./cost.mjs";
import { printLists } from "./lists.mjs";
import { places, shown } from "./places.mjs";
import { elapsed, nightbeam, nightbeamJson, step } from "./run.mjs";
import { baselines, draftedLists, FILES, makeWorld, SHOP, shop, WIDTHS } from "./world.mjs";

/** The night on one machine: with the draft, with plain search, and what both say. */
export async function oneMachine() {
  rmSync(places.directory, { recursive: true, force: true });
  step(SHOP);
  await makeWorld();

  step("Lists, with a draft: a small model guesses, the large one answers");
  draftedLists();

  step("The same lists by plain search, to compare");
  nightbeam("recommend", ...FILES, ...WIDTHS, "--sample-searches", "0", "--out", places.plainLists);
  nightbeam("compare", places.lists, places.plainLists);

  step("What users get");
  await printLists();
  const { metrics } = nightbeamJson(
    "evaluate",
    "--recommendations",
    places.lists,
    "--held-out",
    shop.heldOut,
    "--top-k",
    "10",
  );
  const { popularity, transitions } = baselines();
  console.log(
    `\nRecall@10, the share of users whose next item is in the list: ${percent(metrics[0]?.recall)}. By the shop's bestsellers it\n` +
      `is ${percent(popularity)}, by the most frequent successors of the latest item ${percent(transitions)}.`,
  );

  step("What calls cost elsewhere");
  const line = await measuredLine();
  const [drafted, plain] = [
    await readManifest(places.lists),
    await readManifest(places.plainLists),
  ];
  if (line !== undefined) printCost({ drafted, plain }, line);

  step("A report to read in a browser");
  nightbeam("report", places.lists, "--titles", shop.items, "--against", places.plainLists);
  const saved = 1 - drafted.stats.callsPerUser / plain.stats.callsPerUser;
  console.log(`
The draft saved ${percent(saved)} of the calls and changed no list. On this processor a call costs next to nothing and
every row the same, so plain search is often as fast here; --draft-width auto, the default, finds that out.
Done in ${elapsed()} s. Next: npm run demo -- --cluster, or your own checkpoint and catalogue (README.md). Open:
${shown(join(places.lists, "report.html"))}`);
}

const percent = (share = 0) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
