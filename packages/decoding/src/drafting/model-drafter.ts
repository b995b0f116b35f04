import { KnownRows } from "../search/known-rows.js";
import { answerRows, ask } from "../tree/answer-rows.js";
import { type BeamTree, treeOf } from "../tree/beam-tree.js";
import type { Scorer } from "../tree/scorer.js";
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
        worked += await this.#ask(asked);
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

  /** Returns the compute time of the answers, in milliseconds. */
  async #ask(estimates: readonly EstimateRequest[]): Promise<number> {
    const asked = estimates.map(({ request: user, prefixes }) => {
      const { key, prompt, search } = user;
      return { user, request: { key, prompt, tree: treeOf(search.space.trie, prefixes) } };
    });
    let milliseconds = 0;
    for (const { user, request, answer } of await ask(this.#scorer, asked)) {
      this.#learn(user, { tree: request.tree, logProbs: answer.logProbs });
      milliseconds += answer.milliseconds;
    }
    return milliseconds;
  }

  #learn(request: DraftRequest, answered: { tree: BeamTree; logProbs: Float64Array }): void {
    const { space } = request.search;
    const known = this.#known.get(request.key) ?? new KnownRows(space);
    this.#known.set(request.key, known);
    const rows = answerRows(space.trie, answered);
    for (const { prefix, logProbs } of rows) known.learn(prefix, logProbs);
  }
}
