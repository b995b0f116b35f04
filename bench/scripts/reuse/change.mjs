// What it costs to compare two catalogues: time and memory of `catalogueChange`.
//
//   node bench/scripts/reuse/change.mjs [--items 10000000] [--changed 0.0025]
//
// Random code paths of four levels of 256 codes; that share of them gone, and as many new ones.
import { parseArgs } from "node:util";
import { catalogueChange } from "@nightbeam/catalogue";

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "10000000" },
    changed: { type: "string", default: "0.0025" },
  },
});
const LEVELS = 4;
const items = Number(values.items);
const changed = Math.round(Number(values.changed) * items);
let state = 1;
const before = distinct(Uint32Array.from({ length: items }, random));
const after = distinct(
  Uint32Array.from({ length: before.length }, (_, at) => (at < changed ? random() : before[at])),
);
const [old, young] = [trieOf(before), trieOf(after)];
for (let round = 0; round < 3; round++) {
  const held = process.memoryUsage();
  const begin = performance.now();
  const { kinds, tree } = catalogueChange(old, young);
  const seconds = (performance.now() - begin) / 1000;
  const bytes = kinds.byteLength + tree.codes.byteLength + tree.firstChild.byteLength;
  const grown = process.memoryUsage().arrayBuffers - held.arrayBuffers;
  console.log(
    `${old.codes.length} and ${young.codes.length} nodes, ${kinds.length} in the change: ${seconds.toFixed(2)} s, ` +
      `${(bytes / 2 ** 20).toFixed(1)} MiB kept, ${(grown / 2 ** 20).toFixed(1)} MiB more at the end`,
  );
}

function random() {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) ^ (state >>> 13)) >>> 0;
}

/** Each path once, ascending; a path is four bytes, the first code highest. */
function distinct(paths) {
  paths.sort();
  return paths.filter((path, at) => at === 0 || path !== paths[at - 1]);
}

/** The trie of sorted paths, as `Trie` describes it. */
function trieOf(paths) {
  const levelStart = new Uint32Array(LEVELS + 2);
  levelStart[1] = 1;
  for (let depth = 1; depth <= LEVELS; depth++) {
    const shift = 8 * (LEVELS - depth);
    let nodes = 0;
    for (let at = 0; at < paths.length; at++) {
      if (at === 0 || paths[at] >>> shift !== paths[at - 1] >>> shift) nodes++;
    }
    levelStart[depth + 1] = levelStart[depth] + nodes;
  }
  const count = levelStart[LEVELS + 1];
  const codes = new Uint16Array(count);
  const firstChild = new Uint32Array(count + 1).fill(count);
  const next = levelStart.slice();
  for (let at = 0; at < paths.length; at++) {
    const shared = at === 0 ? -1 : Math.floor(Math.clz32(paths[at] ^ paths[at - 1]) / 8);
    if (at === 0) firstChild[next[0]++] = next[1];
    for (let depth = Math.max(1, shared + 1); depth <= LEVELS; depth++) {
      codes[next[depth]] = (paths[at] >>> (8 * (LEVELS - depth))) & 255;
      firstChild[next[depth]++] = next[depth + 1] ?? count;
    }
  }
  return { levels: LEVELS, codes, firstChild, levelStart };
}
