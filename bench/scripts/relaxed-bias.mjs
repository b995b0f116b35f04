// Measures how far relaxed lists are from sampling the target: total variation distance between the
// sets of sequences of relaxed verification and those of step-wise sampling without replacement,
// whose probabilities are enumerated, on small catalogues with synthetic models. Also prints the
// distance of the same number of draws from the target itself, the accepted steps and the calls,
// and in the last column the calls of --verification sampled with the same draft, whose lists are
// exact.
//
//   node bench/scripts/relaxed-bias.mjs [--draws 20000] [--seeds 3] [--temperature 1]
import { parseArgs } from "node:util";
import { buildCatalogue, childCount, NOTHING_EXCLUDED, ROOT } from "@nightbeam/catalogue";
import {
  decodeShard,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  speculativeDecoder,
} from "@nightbeam/decoding";

const { values } = parseArgs({
  options: {
    draws: { type: "string", default: "20000" },
    seeds: { type: "string", default: "3" },
    temperature: { type: "string", default: "1" },
  },
});
const draws = Number(values.draws);
const temperature = Number(values.temperature);

/** Three levels of three codes. */
const LEVELS = 3;
const CODES = 3;
const entries = Array.from({ length: CODES ** LEVELS }, (_, item) => ({
  id: `i${item}`,
  codes: Array.from({ length: LEVELS }, (_, level) => Math.floor(item / CODES ** level) % CODES),
  where: `item ${item}`,
}));
const { trie } = buildCatalogue(entries);
const SPREAD = 1.5;

/** Normal numbers from a seed. */
function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (((mixed ^ (mixed >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Log-probabilities after every inner prefix; `noise` is added to the logits of another table. */
function table(seed, { like, noise = 0 } = {}) {
  const normal = normals(seed);
  return Array.from({ length: trie.levelStart[LEVELS] }, (_, prefix) => {
    const logits = Array.from({ length: childCount(trie, prefix) }, (_, child) =>
      like === undefined ? SPREAD * normal() : like[prefix][child] + noise * normal(),
    );
    const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return Float64Array.from(logits, (logit) => logit - normaliser);
  });
}

function scorerOf(rows) {
  return {
    score: (requests) =>
      Promise.resolve(
        requests.map(({ tree }) => ({
          logProbs: Float64Array.from(
            [...tree.wanted].flatMap((entry) => [...rows[tree.prefixes[entry]]]),
          ),
          tokens: 1,
          milliseconds: 0,
        })),
      ),
    release: () => undefined,
  };
}

/** Probabilities of the sets that result from sampling the target step by step. */
function exactSets(rows, size) {
  const sets = new Map();
  const step = (beams, depth, chance) => {
    if (depth === LEVELS) {
      const name = nameOf(beams.map(({ prefix }) => prefix));
      sets.set(name, (sets.get(name) ?? 0) + chance);
      return;
    }
    const candidates = beams.flatMap(({ prefix, score }) =>
      [...rows[prefix]].map((logProb, i) => ({
        prefix: trie.firstChild[prefix] + i,
        score: score + logProb,
      })),
    );
    const weights = candidates.map(({ score }) => Math.exp(score / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const chances = weights.map((weight) => weight / total);
    for (const { places, drawn } of subsets(chances, size)) {
      step(
        places.map((place) => candidates[place]),
        depth + 1,
        chance * drawn,
      );
    }
  };
  step([{ prefix: ROOT, score: 0 }], 0, 1);
  return sets;
}

/** Sets drawn without replacement, each with the sum over its orders. */
function subsets(chances, size) {
  const found = new Map();
  const draw = (taken, chance, rest) => {
    if (taken.length === Math.min(size, chances.length)) {
      const places = taken.toSorted((a, b) => a - b);
      const before = found.get(places.join())?.drawn ?? 0;
      found.set(places.join(), { places, drawn: before + chance });
      return;
    }
    chances.forEach((one, place) => {
      if (!taken.includes(place)) draw([...taken, place], (chance * one) / rest, rest - one);
    });
  };
  draw([], 1, 1);
  return [...found.values()];
}

function nameOf(prefixes) {
  return [...prefixes].toSorted((a, b) => a - b).join();
}

async function drawLists(target, draft, { size, width, drafted, kind = "relaxed" }) {
  const decoder = speculativeDecoder({
    target: scorerOf(target),
    drafter: draft === undefined ? emptyDrafter : new ModelDrafter(scorerOf(draft)),
    policy: fixedWidths(draft === undefined ? [] : new Array(LEVELS - 1).fill(width)),
    space: { trie, scoring: "renormalized" },
    beamWidth: size,
    verification: { kind, seed: 1, temperature, drafted },
  });
  const users = Array.from({ length: draws }, (_, user) => ({
    name: `user ${user}`,
    prompt: Int32Array.of(1),
    history: new Uint32Array(),
    exclusion: NOTHING_EXCLUDED,
  }));
  let key = 0;
  const shard = { decoder, batchSize: 500, concurrency: 1, nextKey: () => key++ };
  return (await decodeShard(users, shard)).outcomes;
}

function distance(exact, outcomes) {
  const counts = new Map();
  for (const { beams } of outcomes) {
    const name = nameOf(beams.prefixes);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  let sum = 0;
  for (const name of new Set([...exact.keys(), ...counts.keys()])) {
    sum += Math.abs((exact.get(name) ?? 0) - (counts.get(name) ?? 0) / outcomes.length);
  }
  return sum / 2;
}

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const print = (cells) =>
  console.log(cells.map((cell, at) => String(cell).padStart(at === 0 ? 14 : 9)).join(""));

print([
  "draft's noise",
  "K",
  "N",
  "sampled",
  "beam",
  "floor",
  "AS samp.",
  "AS beam",
  "calls",
  "exact",
]);
for (const noise of [0.25, 1, 3]) {
  for (const [size, widths] of [
    [1, [1, 3, 9]],
    [2, [2, 4, 9]],
  ]) {
    for (const width of widths) {
      const rows = {
        sampled: [],
        beam: [],
        floor: [],
        accepted: [],
        beamAccepted: [],
        calls: [],
        exact: [],
      };
      for (let seed = 1; seed <= Number(values.seeds); seed++) {
        const target = table(seed);
        const draft = table(seed + 1_000, { like: target, noise });
        const exact = exactSets(target, size);
        const sampled = await drawLists(target, draft, { size, width, drafted: "sampled" });
        const beam = await drawLists(target, draft, { size, width, drafted: "beam" });
        const plain = await drawLists(target, undefined, { size, width, drafted: "sampled" });
        const options = { size, width, drafted: "sampled", kind: "sampled" };
        const exactly = await drawLists(target, draft, options);
        rows.exact.push(mean(exactly.map(({ cost }) => cost.calls)));
        rows.sampled.push(distance(exact, sampled));
        rows.beam.push(distance(exact, beam));
        rows.floor.push(distance(exact, plain));
        rows.accepted.push(mean(sampled.map(({ cost }) => cost.acceptedSteps)));
        rows.beamAccepted.push(mean(beam.map(({ cost }) => cost.acceptedSteps)));
        rows.calls.push(mean(sampled.map(({ cost }) => cost.calls)));
      }
      const { accepted, beamAccepted, calls, exact } = rows;
      const distances = [rows.sampled, rows.beam, rows.floor].map((one) => mean(one).toFixed(3));
      const counts = [accepted, beamAccepted, calls, exact].map((one) => mean(one).toFixed(2));
      print([noise, size, width, ...distances, ...counts]);
    }
  }
}
