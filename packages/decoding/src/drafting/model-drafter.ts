import { KnownRows } from "../search/known-rows.js";
import { answerRows, ask } from "../tree/answer-rows.js";
import { type BeamTree, treeOf } from "../tree/beam-tree.js";
import type { ScoreAnswer, Scorer } from "../tree/scorer.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type EstimateRequest } from "./estimate.js";

/**
 * Drafts with a small model, one of its calls for each level that it has to guess. A model that
 * breaks the contract of `Scorer` is an error here as it is for the target: it would draft nonsense.
 */
export class ModelDrafter implements Drafter {
  readonly #scorer: Scorer;
  readonly #known = new Map<number, KnownRows>();

  constructor(scorer: Scorer) {
    this.#scorer = scorer;
  }

  /** @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER; what the scorer throws */
  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    let worked = 0;
    const drafts = await draftByEstimate(requests, {
      lookup: (request, prefix) => this.lookup(request, prefix),
      estimate: async (asked) => {
        for (const { milliseconds } of await this.#ask(asked)) worked += milliseconds;
      },
    });
    return drafts.map((draft) => ({ ...draft, milliseconds: worked / requests.length }));
  }

  /** The draft's log-probabilities (nats) of a prefix's children, once asked for. Shape [children]. */
  lookup(request: Pick<DraftRequest, "key">, prefix: number): Float64Array | undefined {
    return this.#known.get(request.key)?.get(prefix);
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#known.delete(key);
    this.#scorer.release(keys);
  }

  async #ask(asked: readonly EstimateRequest[]): Promise<readonly ScoreAnswer[]> {
    const scoreRequests = asked.map(({ request, prefixes }) => ({
      key: request.key,
      prompt: request.prompt,
      tree: treeOf(request.search.space.trie, prefixes),
    }));
    const answers = await ask(this.#scorer, scoreRequests);
    asked.forEach(({ request }, at) => {
      const tree = scoreRequests[at]?.tree;
      const logProbs = answers[at]?.logProbs;
      if (tree !== undefined && logProbs !== undefined) this.#learn(request, { tree, logProbs });
    });
    return answers;
  }

  #learn(request: DraftRequest, answered: { tree: BeamTree; logProbs: Float64Array }): void {
    const { space } = request.search;
    const known = this.#known.get(request.key) ?? new KnownRows(space);
    this.#known.set(request.key, known);
    const rows = answerRows(space.trie, answered);
    for (const { prefix, logProbs } of rows) known.learn(prefix, logProbs);
  }
}
