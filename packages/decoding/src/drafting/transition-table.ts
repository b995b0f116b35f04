/**
 * Item-to-item counts: how often item b came soon after item a. Compressed rows in typed arrays:
 * row a holds the most frequent successors of a and their shares of a's count.
 */
export interface TransitionTable {
  /** The successors of an item, most frequent first; their shares sum to 1 if there are any. */
  forEachSuccessor(item: number, visit: (successor: number, share: number) => void): void;
}

/** How many items after an item are counted as successors; the k-th one counts 1 / k. */
const REACH = 3;
/** Successors kept per item: the long tail costs memory and decides nothing. */
const MAX_SUCCESSORS = 128;
/** Different successors counted per item before the rarest are dropped, which bounds memory. */
const PRUNE_AT = 4 * MAX_SUCCESSORS;

/** Counts transitions over histories that are added one by one. */
export class TransitionCounter {
  readonly #counts: (Map<number, number> | undefined)[];

  constructor(itemCount: number) {
    this.#counts = new Array<Map<number, number> | undefined>(itemCount).fill(undefined);
  }

  /**
   * @param history item indices, oldest first
   * @throws RangeError for an index that no item has
   */
  add(history: ArrayLike<number>): void {
    for (let at = 0; at < history.length; at++) this.#checkItem(history[at] ?? 0);
    for (let at = 0; at + 1 < history.length; at++) {
      const item = history[at] ?? 0;
      const row = this.#counts[item] ?? new Map<number, number>();
      this.#counts[item] = row;
      for (let step = 1; step <= REACH && at + step < history.length; step++) {
        const successor = history[at + step] ?? 0;
        row.set(successor, (row.get(successor) ?? 0) + 1 / step);
      }
      if (row.size > PRUNE_AT) this.#counts[item] = new Map(topByCount(row));
    }
  }

  /** Returns the table of all counts so far. */
  finish(): TransitionTable {
    const start = new Uint32Array(this.#counts.length + 1);
    this.#counts.forEach((row, item) => {
      start[item + 1] = (start[item] ?? 0) + Math.min(row?.size ?? 0, MAX_SUCCESSORS);
    });
    const successors = new Uint32Array(start[this.#counts.length] ?? 0);
    const shares = new Float32Array(successors.length);
    this.#counts.forEach((row, item) => {
      const kept = row === undefined ? [] : topByCount(row);
      const total = kept.reduce((sum, [, count]) => sum + count, 0);
      kept.forEach(([successor, count], i) => {
        successors[(start[item] ?? 0) + i] = successor;
        shares[(start[item] ?? 0) + i] = count / total;
      });
    });
    return {
      forEachSuccessor(item, visit) {
        const end = start[item + 1] ?? 0;
        for (let at = start[item] ?? 0; at < end; at++) visit(successors[at] ?? 0, shares[at] ?? 0);
      },
    };
  }

  #checkItem(item: number): void {
    if (Number.isInteger(item) && item >= 0 && item < this.#counts.length) return;
    throw new RangeError(`item index ${item} is outside 0 to ${this.#counts.length - 1}`);
  }
}

function topByCount(row: ReadonlyMap<number, number>): [item: number, count: number][] {
  return [...row].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MAX_SUCCESSORS);
}
