import type { BeamTree } from "./beam-tree.js";

/** One user's question to a model: what follows these prefixes, behind this prompt? */
export interface ScoreRequest {
  /**
   * Names the prompt within a run: equal keys, equal prompts. A scorer may keep under it what it
   * computed (keys and values of the prompt and of prefixes), until `release` is called.
   */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: Int32Array;
  readonly tree: BeamTree;
}

/** What a model answered to one request. */
export interface ScoreAnswer {
  /**
   * Log-probabilities (nats) of the children, in the trie's order, of every wanted entry, in the
   * tree's order, one behind the other. Shape [sum of children over wanted entries].
   */
  readonly logProbs: Float64Array;
  /** Rows that the model computed for this answer: prompt tokens and nodes. */
  readonly tokens: number;
  /** Time that the model worked for this answer: an even share of its call, waiting not counted. */
  readonly milliseconds: number;
}

/**
 * A model as the search sees it: the target (whose answers count) or a draft (whose answers guess).
 * Answers depend on the request alone, never on who shares the batch.
 */
export interface Scorer {
  /** One call of the model; answers come in the order of the requests. */
  score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]>;
  /** Drops what was kept under these keys. Unknown keys are ignored. */
  release(keys: readonly number[]): void;
}
