import { ROOT } from "@nightbeam/catalogue";

/**
 * The best prefixes of one depth, best first: higher score first, equal scores by code path.
 */
export interface Beams {
  /** Number of codes of each prefix. */
  readonly depth: number;
  /** Trie nodes. Shape [beams]. */
  readonly prefixes: Uint32Array;
  /**
   * What they are ranked by: the sum of the log-probabilities (nats) along each prefix, or what the
   * space's ranking says. Shape [beams].
   */
  readonly scores: Float64Array;
  /** Log-probabilities (nats) of the prefixes, where those are not the scores. Shape [beams]. */
  readonly logProbs?: Float64Array;
}

/** Where every search begins: the empty prefix, with probability 1. */
export function rootBeams(): Beams {
  return { depth: 0, prefixes: Uint32Array.of(ROOT), scores: Float64Array.of(0) };
}

/**
 * Keeps the `capacity` best of the prefixes offered to it, in a binary heap whose root is the worst
 * one kept. Ties go to the smaller trie node, which is the smaller code path.
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

  /** Takes a prefix in, in place of the worst one where there is no room, unless that is better. */
  offer(prefix: number, score: number): void {
    if (!this.accepts(prefix, score)) return;
    if (this.#size < this.#scores.length) this.#rise(this.#size++, prefix, score);
    else this.#sink(prefix, score);
  }

  /** Takes everything out, best first; the heap is empty afterwards. */
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

  /** Puts an entry in the place of the root and restores the order. */
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
