import { type Catalogue, type Exclusion, findPrefix } from "@nightbeam/catalogue";
import { type FakeModel, fakeModel } from "../support/fake-model.js";

/** What is sampled, written from the definition: nothing here knows of noise. */
export interface Population {
  /** Leaves in the trie's order. */
  readonly leaves: readonly number[];
  readonly probabilities: readonly number[];
}

/**
 * Probabilities of the code paths that a user may get: at every prefix, softmax(log p / temperature)
 * over the codes that lead to one of them.
 */
export function population(question: {
  catalogue: Catalogue;
  paths: readonly (readonly number[])[];
  model: FakeModel;
  prompt: Int32Array;
  temperature: number;
}): Population {
  const { catalogue, paths, model, prompt, temperature } = question;
  const probabilities = paths.map((path) => {
    let product = 1;
    for (let depth = 0; depth < path.length; depth++) {
      const above = path.slice(0, depth);
      const below = paths.filter((other) => above.every((code, i) => other[i] === code));
      const codes = [...new Set(below.map((other) => other[depth] ?? -1))];
      const powers = model
        .logProbs(prompt, { path: above, codes })
        .map((logProb) => Math.exp(logProb) ** (1 / temperature));
      const sum = powers.reduce((total, one) => total + one, 0);
      product *= (powers[codes.indexOf(path[depth] ?? -1)] ?? 0) / sum;
    }
    return product;
  });
  return { leaves: paths.map((path) => findPrefix(catalogue.trie, path)), probabilities };
}

/** Probability of every ordered pair drawn without replacement. Shape [first][second]. */
export function orderedPairs({ probabilities }: Population): number[][] {
  return probabilities.map((first, i) =>
    probabilities.map((second, j) => (i === j ? 0 : (first * second) / (1 - first))),
  );
}

/** Probability of each to be among the first `size` drawn without replacement. */
export function inclusions({ probabilities }: Population, size: number): number[] {
  const included = new Array<number>(probabilities.length).fill(0);
  const draw = (taken: ReadonlySet<number>, chance: number, rest: number) => {
    if (taken.size === size) {
      for (const one of taken) included[one] = (included[one] ?? 0) + chance;
      return;
    }
    probabilities.forEach((probability, one) => {
      if (taken.has(one) || probability === 0) return;
      draw(new Set([...taken, one]), (chance * probability) / rest, rest - probability);
    });
  };
  draw(new Set(), 1, 1);
  return included;
}

/** A model under `full` scoring: what it gives to codes outside the catalogue must not matter. */
export const sampledModel: FakeModel = fakeModel({ seed: 11, scoring: "full" });

export function openPaths(
  catalogue: Catalogue,
  { exclusion, paths }: { exclusion: Exclusion; paths: readonly (readonly number[])[] },
) {
  return paths.filter((path) => !exclusion.isDead(findPrefix(catalogue.trie, path)));
}
