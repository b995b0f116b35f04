// Milliseconds per batch of every way of searching, for prompts, beam widths and batches of several sizes.
//
//   node bench/gpu/steps/speed.mjs --target DIR --catalogue FILE --device cuda [--precision fp16]
//        [--cells 80x10x1,500x20x64] [--cell-seconds 2]
//
// A cell is prompt tokens x beam width x users. Prompts are random. Drafts: `perfect` is what the search
// will ask for; `good` has as many wrong prefixes besides and misses one of the last level; `none` is
// empty. A row per cell, way and draft: the median of at least two runs, and of up to eleven for which the limit
// leaves time, after one that warms up and is not counted.
import { parseArgs } from "node:util";
import { openCatalogue } from "@nightbeam/dataset";
import { CELLS } from "../lib/cells.mjs";
import { scratch } from "../lib/places.mjs";
import { deviceOf, median, printRow, reasonOf } from "../lib/rows.mjs";
import { openWay, WAYS } from "../lib/ways.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    catalogue: { type: "string" },
    device: { type: "string", default: "cuda" },
    precision: { type: "string", default: "fp16" },
    cells: { type: "string" },
    "cell-seconds": { type: "string", default: "2" },
  },
});
const [MIN_RUNS, MAX_RUNS] = [2, 11];
const limit = 1000 * Number(values["cell-seconds"]);
const catalogue = await openCatalogue(values.catalogue);
const { trie } = catalogue;
const options = {
  ...{ directory: values.target, catalogue, scoring: "full", precision: values.precision },
  ...{ cacheDirectory: scratch, device: deviceOf(values.device) },
};
const cells =
  values.cells?.split(",").map((cell) => {
    const [promptTokens, beamWidth, users] = cell.split("x").map(Number);
    return { promptTokens, beamWidth, users };
  }) ?? CELLS;

const opened = new Map();
for (const way of WAYS) {
  // Drafted calls are answered by the model of plain ones.
  if (way === "calls") opened.set(way, opened.get("levels"));
  else opened.set(way, await openWay(way, options).catch((error) => ({ failed: reasonOf(error) })));
}
const { weightsPerPromptToken, weightsPerNode } = opened.get("levels").model ?? {};
printRow({ precision: values.precision, weightsPerPromptToken, weightsPerNode });
for (const cell of cells) await measureCell(cell);
for (const way of ["levels", "whole", "repair"]) await opened.get(way).close?.();

async function measureCell(cell) {
  const plain = Array.from({ length: cell.users }, (_, user) => ({
    prompt: Int32Array.from(
      { length: cell.promptTokens },
      (_, at) => 4 + ((at * 37 + user * 11) % 1000),
    ),
  }));
  const asked = await measure({ way: "levels", cell, users: plain });
  await measure({ way: "whole", cell, users: plain });
  if (asked === undefined) return;
  const drafts = {
    perfect: asked,
    good: asked.map((levels) => levels.map((level, at) => imperfect(level, at))),
    none: asked.map((levels) => levels.map(() => new Uint32Array())),
  };
  for (const [draft, byUser] of Object.entries(drafts)) {
    const users = plain.map((user, at) => ({ ...user, drafted: byUser[at] }));
    await measure({ way: "repair", draft, cell, users });
    await measure({ way: "calls", draft, cell, users });
  }
}

/** Prints a row. @returns what was asked of the target for each user, by depth */
async function measure({ way, draft, cell, users }) {
  const row = { way, ...(draft === undefined ? {} : { draft }), ...cell };
  const { search, failed } = opened.get(way);
  try {
    if (search === undefined) throw new Error(failed);
    const run = () => search(users, { beamWidth: cell.beamWidth });
    const { runs, tokens, nodes, lists, asked } = await run();
    const begin = performance.now();
    const times = [];
    const hasTime = () => performance.now() - begin + times.at(-1) < limit;
    while (times.length < MIN_RUNS || (times.length < MAX_RUNS && hasTime())) {
      const started = performance.now();
      await run();
      times.push(performance.now() - started);
    }
    const milliseconds = median(times);
    printRow({
      ...row,
      milliseconds,
      usersPerSecond: (1000 * cell.users) / milliseconds,
      ...{ times: times.length, runs, tokens, nodes },
      draftedLevels: Math.min(...lists.map(({ draftedLevels }) => draftedLevels)),
    });
    return asked;
  } catch (error) {
    printRow({ ...row, failed: reasonOf(error) });
    return undefined;
  }
}

/** As many wrong prefixes as right ones, and at the last level one right one less. */
function imperfect(level, at) {
  const [first, end] = [trie.levelStart[at + 1], trie.levelStart[at + 2]];
  const kept = at === trie.levels - 2 ? level.slice(0, -1) : level;
  const nodes = new Set(kept);
  const left = new Set(level);
  for (let node = first; node < end && nodes.size < 2 * level.length; node++) {
    if (!left.has(node)) nodes.add(node);
  }
  return Uint32Array.from(nodes).sort();
}
