import type { ReadonlyInt32Array } from "@nightbeam/catalogue";
import type { BeamTree } from "./beam-tree.js";

/** What a model is asked about one user: what follows these prefixes, after this prompt? */
export interface ScoreRequest {
  /**
   * Identifies the prompt within a run: equal keys mean equal prompts. A scorer may cache under it
   * what it computed (keys and values of the prompt and of prefixes), until `release` is called.
   */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: ReadonlyInt32Array;
  readonly tree: BeamTree;
  /**
   * Codes that are wanted per wanted entry besides the children: `ScoreAnswer.outside`. Only under `full`
   * scoring. Default: 0.
   */
  readonly outside?: number | undefined;
}

/** What a model answered to one request. */
export interface ScoreAnswer {
  /**
   * Log-probabilities (nats) of the children, in the trie's order, of every wanted entry, in the
   * tree's order, concatenated. Shape [sum of children over wanted entries].
   */
  readonly logProbs: Float64Array;
  /**
   * The most likely codes that the wanted entries do not have in the catalogue, if they were asked for. A
   * scorer may leave them out, which only makes answers harder to reuse.
   */
  readonly outside?: OutsideCodes | undefined;
  /** Prompt tokens and nodes that the model computed for this answer. */
  readonly tokens: number;
  /** Compute time of the model: an even share of its call, without waiting. */
  readonly milliseconds: number;
}

/** Codes that prefixes do not have in the catalogue, of as many per prefix as the request says. */
export interface OutsideCodes {
  /** Per wanted entry, the most likely first. Shape [wanted × outside]. */
  readonly codes: Uint16Array;
  /**
   * Their log-probabilities (nats), the same bits that an answer would have if they were children. Any other
   * code that is no child, up to the largest that the catalogue has at the level, is at most as likely as
   * the last. If there are fewer codes than asked for, the rest is minus infinity. Shape [wanted × outside].
   */
  readonly logProbs: Float64Array;
}

/**
 * A model as the search sees it: the target (whose answers count) or a draft (whose answers are
 * guesses). Each row depends on the prompt and its prefix alone, to the last bit: neither on the rest of
 * the tree, nor on the other requests of the call, nor on what was cached before.
 */
export interface Scorer {
  /** One call of the model; the answers are in the order of the requests. */
  score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]>;
  /** Drops what was cached under these keys. Unknown keys are ignored. */
  release(keys: readonly number[]): void;
  /** Nodes of a call beyond which it only takes more memory. Default: no limit. */
  readonly maxNodes?: number | undefined;
}
