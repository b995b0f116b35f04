import { childCodes, depthOf, ROOT } from "@nightbeam/catalogue";
import { checkRow } from "../answer-rows.js";
import { DecodingError } from "../errors.js";
import { withoutExcluded } from "../scoring.js";
import type { SearchSpace } from "../search-space.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type Estimator } from "./estimate.js";

/** One user's question to level heads: which codes does the next item have? */
export interface LevelHeadsRequest {
  /** Names the prompt within a run: equal keys, equal prompts. */
  readonly key: number;
  /** Token ids, at least one. Shape [tokens]. */
  readonly prompt: Int32Array;
}

/** What the level heads answer to one request. */
export interface LevelHeadsAnswer {
  /**
   * Log-probabilities (nats) of the codes of each level, regardless of the codes before: one array per
   * level but the last, which is never drafted. Shape [levels - 1][codes of the level].
   */
  readonly levels: readonly Float32Array[];
  /** Time that the heads worked for this answer, without waiting. */
  readonly milliseconds: number;
}

/**
 * Output layers that guess one level's code each, as Medusa's heads do: all in one forward pass, each
 * without knowing the others.
 */
export interface LevelHeadsScorer {
  /** One call, all levels; answers come in the order of the requests. */
  levelLogProbs(requests: readonly LevelHeadsRequest[]): Promise<readonly LevelHeadsAnswer[]>;
  /** Drops what was kept under these keys. */
  release(keys: readonly number[]): void;
}

/**
 * Drafts with heads, asked once a user. The levels' guesses are combined along the paths that exist:
 * a prefix's score is the sum of its codes' log-probabilities, level by level the best are kept, and
 * no combination that is no item's is looked at.
 *
 * Where the target's log-probabilities are known they take the heads' place. A head knows nothing of
 * the codes before and spreads over all codes of its level, the target over those that go on from a
 * prefix: beside each other, what a head says is normalised over a prefix's children as well.
 */
export class LevelHeadsDrafter implements Drafter, Estimator {
  readonly #heads: LevelHeadsScorer;
  readonly #levels = new Map<number, readonly Float32Array[]>();
  readonly #rows = new Map<number, Rows>();

  constructor(heads: LevelHeadsScorer) {
    this.#heads = heads;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    return draftByEstimate(requests, this);
  }

  lookup(request: DraftRequest, prefix: number): Float64Array | undefined {
    return this.#rows.get(request.key)?.[scaleOf(request)].get(prefix);
  }

  /** @throws DecodingError ANSWER_SIZE, NOT_A_NUMBER; what the heads throw */
  async estimate(
    asked: readonly { request: DraftRequest; prefixes: readonly number[] }[],
  ): Promise<number> {
    const worked = await this.#ask(asked.map(({ request }) => request));
    const started = performance.now();
    for (const { request, prefixes } of asked) {
      const { key, search } = request;
      const levels = this.#levels.get(key) ?? [];
      const rows = this.#rows.get(key) ?? { level: new Map(), children: new Map() };
      this.#rows.set(key, rows);
      const scale = scaleOf(request);
      for (const prefix of prefixes) {
        rows[scale].set(prefix, rowOf(search.space, { prefix, levels, scale }));
      }
    }
    return worked + performance.now() - started;
  }

  release(keys: readonly number[]): void {
    for (const key of keys) {
      this.#levels.delete(key);
      this.#rows.delete(key);
    }
    this.#heads.release(keys);
  }

  /** Asks for the users who have not been asked for; tells the milliseconds worked. */
  async #ask(requests: readonly DraftRequest[]): Promise<number> {
    const open = requests.filter(({ key }) => !this.#levels.has(key));
    if (open.length === 0) return 0;
    const answers = await this.#heads.levelLogProbs(
      open.map(({ key, prompt }) => ({ key, prompt })),
    );
    if (answers.length !== open.length) {
      throw new DecodingError(
        "ANSWER_SIZE",
        `the heads gave ${answers.length} answers to ${open.length} requests`,
      );
    }
    open.forEach(({ key }, at) => void this.#levels.set(key, answers[at]?.levels ?? []));
    return answers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  }
}

/** What log-probabilities are normalised over: all codes of the level, or a prefix's children. */
type Scale = "level" | "children";

/** What the heads say of prefixes' children, on either scale. */
type Rows = Readonly<Record<Scale, Map<number, Float64Array>>>;

/** As long as the target has said nothing, heads are compared with heads alone. */
function scaleOf({ search }: DraftRequest): Scale {
  const isCompared = search.known(ROOT) !== undefined || search.space.scoring === "renormalized";
  return isCompared ? "children" : "level";
}

function rowOf(
  space: SearchSpace,
  { prefix, levels, scale }: { prefix: number; levels: readonly Float32Array[]; scale: Scale },
): Float64Array {
  const { trie } = space;
  const depth = depthOf(trie, prefix);
  const level = levels[depth];
  const logProbs = Float64Array.from(childCodes(trie, prefix), (code) => {
    const logProb = level?.[code];
    if (logProb !== undefined) return logProb;
    throw new DecodingError(
      "ANSWER_SIZE",
      `the heads say nothing of code ${code} of level ${depth + 1}, which the catalogue has`,
    );
  });
  checkRow(trie, { prefix, logProbs });
  if (scale === "level") return logProbs;
  const largest = logProbs.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (largest === Number.NEGATIVE_INFINITY) return logProbs;
  const sum = logProbs.reduce((total, value) => total + Math.exp(value - largest), 0);
  const normaliser = largest + Math.log(sum);
  return withoutExcluded(
    space,
    prefix,
    logProbs.map((value) => value - normaliser),
  );
}
