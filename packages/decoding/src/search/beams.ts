import { type ReadonlyFloat64Array, type ReadonlyUint32Array, ROOT } from "@nightbeam/catalogue";

/**
 * Prefixes of one depth. Those of a search are ordered best first: higher score first, equal scores by
 * code path.
 */
export interface Beams {
  /** Number of codes of each prefix. */
  readonly depth: number;
  /** Trie nodes. Shape [beams]. */
  readonly prefixes: ReadonlyUint32Array;
  /**
   * What they are ranked by: the sum of the log-probabilities (nats) along each prefix, or the score
   * of the space's ranking. Shape [beams].
   */
  readonly scores: ReadonlyFloat64Array;
  /** Log-probabilities (nats) of the prefixes, if the scores are something else. Shape [beams]. */
  readonly logProbs?: ReadonlyFloat64Array;
}

/** The start of every search: the empty prefix, with probability 1. */
export function rootBeams(): Beams {
  return { depth: 0, prefixes: Uint32Array.of(ROOT), scores: Float64Array.of(0) };
}

/**
 * Keeps the `capacity` best of the prefixes offered to it, in a binary heap whose root is the worst
 * one kept. Ties go to the smaller trie node, which has the smaller code path.
 * A capacity of 0 keeps nothing.
 */
export class BestPrefixes {
  readonly #scores: Float64Array;
  readonly #prefixes: Uint32Array;
  #size = 0;

  constructor(capacity: number) {
    this.#scores = new Float64Array(capacity);
    this.#prefixes = new Uint32Array(capacity);
  }

  /** Whether a prefix would be kept if it were offered now. */
  accepts(prefix: number, score: number): boolean {
    if (this.#size < this.#scores.length) return true;
    // Compared in this order, what a full heap refuses (nearly everything) is refused at once.
    const worst = this.#scores[0] ?? Number.POSITIVE_INFINITY;
    return score > worst || (score === worst && prefix < (this.#prefixes[0] ?? 0));
  }

  /** Adds a prefix; if the heap is full, it replaces the worst one, unless that is better. */
  offer(prefix: number, score: number): void {
    if (!this.accepts(prefix, score)) return;
    if (this.#size < this.#scores.length) this.#rise(this.#size++, prefix, score);
    else this.#sink(prefix, score);
  }

  /** Removes and returns all prefixes, best first. */
  drain(depth: number): Beams {
    const prefixes = new Uint32Array(this.#size);
    const scores = new Float64Array(this.#size);
    for (let at = this.#size - 1; at >= 0; at--) {
      prefixes[at] = this.#prefixes[0] ?? 0;
      scores[at] = this.#scores[0] ?? 0;
      const last = --this.#size;
      if (last > 0) this.#sink(this.#prefixes[last] ?? 0, this.#scores[last] ?? 0);
    }
    return { depth, prefixes, scores };
  }

  #rise(from: number, prefix: number, score: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(prefix, score, parent)) break;
      this.#copy(parent, at);
      at = parent;
    }
    this.#prefixes[at] = prefix;
    this.#scores[at] = score;
  }

  /** Replaces the root by an entry and restores the order. */
  #sink(prefix: number, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#isWorse(this.#prefixes[right] ?? 0, this.#scores[right] ?? 0, child)
      ) {
        child = right;
      }
      if (this.#isWorse(prefix, score, child)) break;
      this.#copy(child, at);
      at = child;
    }
    this.#prefixes[at] = prefix;
    this.#scores[at] = score;
  }

  #isWorse(prefix: number, score: number, than: number): boolean {
    const other = this.#scores[than] ?? 0;
    return score < other || (score === other && prefix > (this.#prefixes[than] ?? 0));
  }

  #copy(from: number, to: number): void {
    this.#prefixes[to] = this.#prefixes[from] ?? 0;
    this.#scores[to] = this.#scores[from] ?? 0;
  }
}
