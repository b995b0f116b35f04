import {
  childCodes,
  childCount,
  depthOf,
  type ReadonlyInt32Array,
  ROOT,
} from "@nightbeam/catalogue";
import { DecodingError } from "../errors.js";
import { logSoftmax } from "../search/log-softmax.js";
import { withoutExcluded } from "../search/scoring.js";
import type { SearchSpace } from "../search/search-space.js";
import { checkRow } from "../tree/answer-rows.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type EstimateRequest, type Estimator } from "./estimate.js";

/** What level heads are asked about one user: which codes does the next item have? */
export interface LevelHeadsRequest {
  /** Identifies the prompt within a run: equal keys mean equal prompts. */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: ReadonlyInt32Array;
}

/** What the level heads answered about one user. */
export interface LevelHeadsAnswer {
  /**
   * Log-probabilities (nats) of the codes of each level, independent of the codes before: one array for
   * each level but the last, whose codes are never drafted. Shape [levels - 1][codes of the level].
   */
  readonly levels: readonly Float32Array[];
  /** Compute time of the heads for this answer, without waiting. */
  readonly milliseconds: number;
}

/**
 * Prediction heads as in Medusa, one per level: one forward pass guesses every level's code at once,
 * each independently of the others.
 */
export interface LevelHeadsScorer {
  /** One call, all levels; the answers are in the order of the requests. */
  levelLogProbs(requests: readonly LevelHeadsRequest[]): Promise<readonly LevelHeadsAnswer[]>;
  /** Drops what was kept under these keys. */
  release(keys: readonly number[]): void;
}

/**
 * Drafts with level heads, asked once per user. The levels' guesses are combined along the paths that
 * exist: a prefix's score is the sum of its codes' log-probabilities, the best of each level are kept,
 * and combinations of codes that no item has are never considered.
 *
 * The target's log-probabilities replace those of the heads as soon as they are known. A head ignores
 * the codes before and spreads over all codes of its level, the target over those that follow a prefix:
 * to make the two comparable, a head's output is then normalised over a prefix's children as well.
 */
export class LevelHeadsDrafter implements Drafter, Estimator {
  readonly #heads: LevelHeadsScorer;
  readonly #answers = new Map<number, LevelHeadsAnswer>();
  readonly #rows = new Map<number, Rows>();
  readonly #closingLevels: number;

  /**
   * @param options.closingLevels levels of the trie after the codes, about which heads know nothing: as about the
   * last code, whose codes are equally likely then. Default: none
   */
  constructor(heads: LevelHeadsScorer, options: { readonly closingLevels?: number } = {}) {
    this.#heads = heads;
    this.#closingLevels = options.closingLevels ?? 0;
  }

  /** @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER; what the heads throw */
  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const isNew = requests.map(({ key }) => !this.#answers.has(key));
    const drafts = await draftByEstimate(requests, this);
    return requests.map(({ key }, at) => {
      const answer = isNew[at] ? this.#answers.get(key) : undefined;
      return { levels: drafts[at]?.levels ?? [], milliseconds: answer?.milliseconds ?? 0 };
    });
  }

  lookup(request: DraftRequest, prefix: number): Float64Array | undefined {
    return this.#rows.get(request.key)?.[scaleOf(request)].get(prefix);
  }

  /** @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER; what the heads throw */
  async estimate(asked: readonly EstimateRequest[]): Promise<void> {
    await this.#ask(asked.map(({ request }) => request));
    for (const { request, prefixes } of asked) {
      const { key, search } = request;
      const levels = this.#answers.get(key)?.levels ?? [];
      const rows = this.#rows.get(key) ?? { level: new Map(), children: new Map() };
      this.#rows.set(key, rows);
      const scale = scaleOf(request);
      for (const prefix of prefixes) {
        rows[scale].set(
          prefix,
          rowOf(search.space, { prefix, levels, scale, closingLevels: this.#closingLevels }),
        );
      }
    }
  }

  release(keys: readonly number[]): void {
    for (const key of keys) {
      this.#answers.delete(key);
      this.#rows.delete(key);
    }
    this.#heads.release(keys);
  }

  /** Asks about the users who are new. */
  async #ask(requests: readonly DraftRequest[]): Promise<void> {
    const open = requests.filter(({ key }) => !this.#answers.has(key));
    if (open.length === 0) return;
    const answers = await this.#heads.levelLogProbs(
      open.map(({ key, prompt }) => ({ key, prompt })),
    );
    if (answers.length !== open.length) {
      throw new DecodingError(
        "ANSWER_SIZE",
        `the heads gave ${answers.length} answers to ${open.length} requests`,
      );
    }
    answers.forEach((answer, at) => {
      const key = open[at]?.key;
      if (key !== undefined) this.#answers.set(key, answer);
    });
  }
}

/** What log-probabilities are normalised over: all codes of the level, or a prefix's children. */
type Scale = "level" | "children";

/** The heads' log-probabilities of prefixes' children, on either scale. */
type Rows = Readonly<Record<Scale, Map<number, Float64Array>>>;

/** Until the target has answered, heads are compared with heads alone. */
function scaleOf({ search }: DraftRequest): Scale {
  const isCompared = search.known(ROOT) !== undefined || search.space.scoring === "renormalized";
  return isCompared ? "children" : "level";
}

function rowOf(
  space: SearchSpace,
  row: {
    prefix: number;
    levels: readonly Float32Array[];
    closingLevels: number;
    scale: Scale;
  },
): Float64Array {
  const { trie } = space;
  const { prefix, levels, closingLevels, scale } = row;
  const depth = depthOf(trie, prefix);
  const level = levels[depth];
  if (depth >= trie.levels - 1 - closingLevels) {
    const children = childCount(trie, prefix);
    return new Float64Array(children).fill(-Math.log(children));
  }
  const logProbs = Float64Array.from(childCodes(trie, prefix), (code) => {
    const logProb = level?.[code];
    if (logProb !== undefined) return logProb;
    throw new DecodingError(
      "ANSWER_SIZE",
      `the heads have no output for code ${code} of level ${depth + 1}, which the catalogue has`,
    );
  });
  checkRow(trie, { prefix, logProbs });
  if (scale === "level") return logProbs;
  const normaliser = logSoftmax(logProbs);
  return normaliser === Number.NEGATIVE_INFINITY
    ? logProbs
    : withoutExcluded(space, prefix, logProbs);
}
