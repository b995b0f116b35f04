import { type Catalogue, findPrefix } from "@nightbeam/catalogue";
import { pathsOf } from "../support/arbitraries.js";
import type { FakeModel } from "../support/fake-model.js";

interface Beam {
  readonly path: readonly number[];
  readonly score: number;
}

/**
 * Probabilities of the sets of code paths that decoding by sampling ends with, from the definition: at
 * each step `size` sequences without replacement from softmax(score / temperature) over all children of
 * the beams. By the leaves' numbers, ascending.
 */
export function stepwiseSets(question: {
  catalogue: Catalogue;
  model: FakeModel;
  prompt: Int32Array;
  size: number;
  temperature: number;
}): Map<string, number> {
  const { catalogue, model, prompt, size, temperature } = question;
  const paths = pathsOf(catalogue);
  const sets = new Map<string, number>();
  const step = (beams: readonly Beam[], chance: number) => {
    if (beams[0]?.path.length === catalogue.trie.levels) {
      const leaves = beams.map(({ path }) => findPrefix(catalogue.trie, path));
      const name = leaves.toSorted((a, b) => a - b).join();
      sets.set(name, (sets.get(name) ?? 0) + chance);
      return;
    }
    const candidates = beams.flatMap(({ path, score }) => {
      const below = paths.filter((other) => path.every((code, i) => other[i] === code));
      const codes = [...new Set(below.map((other) => other[path.length] ?? -1))];
      const logProbs = model.logProbs(prompt, { path, codes });
      return codes.map((code, i) => ({ path: [...path, code], score: score + (logProbs[i] ?? 0) }));
    });
    const weights = candidates.map(({ score }) => Math.exp(score / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [places, drawn] of subsets(
      weights.map((weight) => weight / total),
      size,
    )) {
      step(
        places.flatMap((place) => candidates[place] ?? []),
        chance * drawn,
      );
    }
  };
  step([{ path: [], score: 0 }], 1);
  return sets;
}

/** Sets drawn without replacement, each with its probability: the sum over its orders. */
function subsets(chances: readonly number[], size: number): [number[], number][] {
  const found = new Map<string, [number[], number]>();
  const draw = (taken: readonly number[], chance: number, rest: number) => {
    if (taken.length === Math.min(size, chances.length)) {
      const places = taken.toSorted((a, b) => a - b);
      const [, before] = found.get(places.join()) ?? [places, 0];
      found.set(places.join(), [places, before + chance]);
      return;
    }
    chances.forEach((one, place) => {
      if (!taken.includes(place)) draw([...taken, place], (chance * one) / rest, rest - one);
    });
  };
  draw([], 1, 1);
  return [...found.values()];
}
