import { KnownRows } from "../search/known-rows.js";
import { ask, rowsOf } from "../tree/answer-rows.js";
import { type BeamTree, treeOf } from "../tree/beam-tree.js";
import type { Scorer } from "../tree/scorer.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type Estimator } from "./estimate.js";

/**
 * Drafts with a small model, one of its calls for each level that it has to guess. A model that
 * breaks the contract of `Scorer` is an error here as it is for the target: it would draft nonsense.
 */
export class ModelDrafter implements Drafter, Estimator {
  readonly #scorer: Scorer;
  readonly #known = new Map<number, KnownRows>();

  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    return draftByEstimate(requests, this);
  }

  lookup(request: DraftRequest, prefix: number): Float64Array | undefined {
    return this.#known.get(request.key)?.get(prefix);
  }

  async estimate(
    asked: readonly { request: DraftRequest; prefixes: readonly number[] }[],
  ): Promise<number> {
    const questions = asked.map(({ request, prefixes }) => ({
      key: request.key,
      prompt: request.prompt,
      tree: treeOf(request.search.space.trie, prefixes),
    }));
    const answers = await ask(this.#scorer, questions);
    asked.forEach(({ request }, at) => {
      const tree = questions[at]?.tree;
      const logProbs = answers[at]?.logProbs;
      if (tree !== undefined && logProbs !== undefined) this.#learn(request, { tree, logProbs });
    });
    return answers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#known.delete(key);
    this.#scorer.release(keys);
  }

  #learn(request: DraftRequest, answered: { tree: BeamTree; logProbs: Float64Array }): void {
    const { space } = request.search;
    const known = this.#known.get(request.key) ?? new KnownRows(space);
    this.#known.set(request.key, known);
    for (const { prefix, logProbs } of rowsOf(space.trie, answered)) known.learn(prefix, logProbs);
  }
}
