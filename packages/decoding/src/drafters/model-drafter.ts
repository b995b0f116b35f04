import { childCount } from "@nightbeam/catalogue";
import { treeOf } from "../beam-tree.js";
import type { Scorer } from "../scorer.js";
import { withoutExcluded } from "../scoring.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type Estimator } from "./estimate.js";

/** Drafts with a small model, one of its calls for each level that it has to guess. */
export class ModelDrafter implements Drafter, Estimator {
  readonly #scorer: Scorer;
  readonly #known = new Map<number, Map<number, Float64Array>>();

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
  ): Promise<void> {
    const questions = asked.map(({ request, prefixes }) => ({
      key: request.key,
      prompt: request.prompt,
      tree: treeOf(request.search.space.trie, prefixes),
    }));
    const answers = await this.#scorer.score(questions);
    asked.forEach(({ request }, at) => {
      const tree = questions[at]?.tree;
      const logProbs = answers[at]?.logProbs;
      if (tree !== undefined && logProbs !== undefined) this.#learn(request, tree, logProbs);
    });
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#known.delete(key);
    this.#scorer.release(keys);
  }

  #learn(request: DraftRequest, tree: ReturnType<typeof treeOf>, logProbs: Float64Array): void {
    const { space } = request.search;
    const known = this.#known.get(request.key) ?? new Map<number, Float64Array>();
    this.#known.set(request.key, known);
    let from = 0;
    for (const entry of tree.wanted) {
      const prefix = tree.prefixes[entry] ?? 0;
      const to = from + childCount(space.trie, prefix);
      known.set(prefix, withoutExcluded(space, prefix, logProbs.subarray(from, to)));
      from = to;
    }
  }
}
