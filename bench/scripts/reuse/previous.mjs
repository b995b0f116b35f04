// What last night's list is worth as a draft for the users who acted since: ten nights, of which every night a share of
// the users takes the next item of their history. Calls and nodes of the target per user who acted, with the model
// alone, and with model and list under one width: by turns, and shared by what searches kept of each.
//
//   node bench/scripts/reuse/previous.mjs [--data DIR] [--draft DIR] [--users 400] [--nights 10] [--active 5,20,50]
//       [--beam-width 10,20] [--draft-width 40] [--seed 1]
//
// DIR as for loops.mjs; the users are those of Amazon Beauty with more than 10 items.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import {
  CombinedDrafter,
  decodeShard,
  fixedWidths,
  LeafListsBuilder,
  ListsDrafter,
  ModelDrafter,
  speculativeDecoder,
  uniformWidths,
} from "@nightbeam/decoding";
import { openModel } from "@nightbeam/model";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const { values } = parseArgs({
  options: {
    data: { type: "string", default: process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared") },
    draft: { type: "string" },
    users: { type: "string", default: "400" },
    nights: { type: "string", default: "10" },
    active: { type: "string", default: "5,20,50" },
    "beam-width": { type: "string", default: "10,20" },
    "draft-width": { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
  },
});
const nights = Number(values.nights);
const catalogue = await openCatalogue(join(values.data, "data", "beauty", "items.index.json"));
const { trie } = catalogue;
const cacheDirectory = mkdtempSync(join(tmpdir(), "nightbeam-previous-"));
const model = (directory) =>
  openModel({
    ...{ directory, catalogue, scoring: "full", precision: "fp32", cacheDirectory },
    ...{ workers: 1, threads: 1, cacheBytes: 2 ** 28 },
  });
const target = await model(join(values.data, "models", "beauty-target"));
const draft = await model(values.draft ?? join(values.data, "models", "beauty-draft"));
let key = 0;
try {
  const people = readPeople(Number(values.users));
  console.log(
    "K   active  nights users   model alone    by turns       shared         (calls / nodes per user)",
  );
  for (const beamWidth of values["beam-width"].split(",").map(Number)) {
    for (const active of values.active.split(",").map(Number))
      await simulate({ beamWidth, active });
  }

  /** All drafters see the same nights; each keeps what it learnt from one night to the next, as one run does. */
  async function simulate({ beamWidth, active }) {
    const random = randomFrom(Number(values.seed));
    const users = people.map(({ name, items }) => ({ name, items, seen: items.length - nights }));
    const first = await decode(users, { drafter: new ModelDrafter(draft.scorer), beamWidth });
    const lists = new Map(users.map(({ name }, at) => [name, first[at].beams.prefixes]));
    const previous = {
      draft: (requests) => new ListsDrafter(packed(lists)).draft(requests),
      release() {},
    };
    const both = () => [new ModelDrafter(draft.scorer), previous];
    const ways = [new ModelDrafter(draft.scorer), takingTurns(both()), new CombinedDrafter(both())];
    const sums = ways.map(() => ({ users: 0, calls: 0, nodes: 0 }));
    for (let night = 1; night <= nights; night++) {
      const acting = users.filter(
        ({ seen, items }) => random() < active / 100 && seen < items.length,
      );
      for (const user of acting) user.seen++;
      const outcomes = [];
      for (const [at, drafter] of ways.entries()) {
        outcomes[at] = await decode(acting, { drafter, beamWidth });
        sums[at].users += acting.length;
        for (const { cost } of outcomes[at]) {
          sums[at].calls += cost.calls;
          sums[at].nodes += cost.nodes;
        }
      }
      requireEqual(outcomes);
      acting.forEach(({ name }, at) => {
        lists.set(name, outcomes[0][at].beams.prefixes);
      });
    }
    const cells = sums.map(({ users: all, calls, nodes }) =>
      `${(calls / all).toFixed(3)} / ${(nodes / all).toFixed(1)}`.padEnd(14),
    );
    const facts = [String(beamWidth).padEnd(3), `${active}%`.padEnd(7), `1-${nights}`.padEnd(6)];
    console.log([...facts, String(sums[0].users).padEnd(7), ...cells].join(" "));
  }
} finally {
  await Promise.all([target.close(), draft.close()]);
  rmSync(cacheDirectory, { recursive: true, force: true });
}

/** A combined drafter that never learns, which lets its drafters take turns. */
function takingTurns(drafters) {
  return {
    draft: (requests) => new CombinedDrafter(drafters).draft(requests),
    release: (keys) => {
      for (const drafter of drafters) drafter.release(keys);
    },
  };
}

async function decode(users, { drafter, beamWidth }) {
  const policy = fixedWidths(uniformWidths(Number(values["draft-width"]), trie.levels));
  const { outcomes } = await decodeShard(
    users.map(({ name, items, seen }) => {
      const history = Uint32Array.from(items.slice(0, seen));
      const prompt = target.encodePrompt([...history]);
      return { name, prompt, history, exclusion: NOTHING_EXCLUDED };
    }),
    {
      decoder: speculativeDecoder({
        ...{ target: target.scorer, drafter, policy },
        ...{ space: { trie, scoring: "full" }, beamWidth },
      }),
      ...{ batchSize: 32, concurrency: 2, nextKey: () => key++ },
    },
  );
  return outcomes;
}

function packed(lists) {
  const builder = new LeafListsBuilder();
  for (const [name, leaves] of lists) builder.add(name, leaves);
  return builder.finish();
}

function requireEqual([first, ...others]) {
  for (const outcomes of others) {
    outcomes.forEach(({ beams }, at) => {
      const { prefixes, scores } = first[at].beams;
      const same =
        beams.prefixes.join() === prefixes.join() && beams.scores.join() === scores.join();
      if (!same) throw new Error("a list depends on the draft");
    });
  }
}

function readPeople(count) {
  const histories = new Map();
  for (const file of ["train.txt", "valid.txt", "test.txt"]) {
    const text = readFileSync(join(values.data, "data", "beauty", file), "utf8").trimEnd();
    for (const line of text.split("\n")) {
      const [name, ...items] = line.split(" ");
      const own = histories.get(name) ?? [];
      histories.set(name, [...own, ...items.map((item) => catalogue.itemIndex(String(item - 1)))]);
    }
  }
  return [...histories]
    .filter(([, items]) => items.length > nights)
    .slice(0, count)
    .map(([name, items]) => ({ name, items }));
}

/** The generator of the ANSI C standard: numbers from 0 to 1. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
