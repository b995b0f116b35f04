import type { Catalogue } from "@nightbeam/catalogue";
import { ROOT } from "@nightbeam/catalogue";
import { ancestorsOf } from "../ancestors.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type Estimator } from "./estimate.js";
import type { TransitionTable } from "./transition-table.js";

/** How much an item counts that stands one place further from the end of the history. */
const RECENCY_DECAY = 0.8;
/** How many of the last items vote. */
const VOTING_ITEMS = 20;
/** Share of the probability that is spread evenly over the catalogue, so that no prefix is impossible. */
const EVEN_SHARE = 0.1;

/**
 * Drafts from item-to-item counts: what followed the user's items in other histories. Needs no
 * model and no call. A prefix's probability is the sum over the items below it.
 */
export class TransitionsDrafter implements Drafter, Estimator {
  readonly #catalogue: Catalogue;
  readonly #table: TransitionTable;
  readonly #mass = new Map<number, Map<number, number>>();

  constructor(options: { catalogue: Catalogue; table: TransitionTable }) {
    this.#catalogue = options.catalogue;
    this.#table = options.table;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    for (const { key, history } of requests) {
      if (!this.#mass.has(key)) this.#mass.set(key, this.#prefixMass(history));
    }
    return draftByEstimate(requests, this);
  }

  /** Nothing to wait for: the counts are at hand. */
  estimate(): Promise<void> {
    return Promise.resolve();
  }

  lookup(request: DraftRequest, prefix: number): Float64Array | undefined {
    const mass = this.#mass.get(request.key);
    if (mass === undefined) return undefined;
    const { trie } = this.#catalogue;
    const first = trie.firstChild[prefix] ?? 0;
    const end = trie.firstChild[prefix + 1] ?? 0;
    const here = this.#probability(mass, prefix);
    return Float64Array.from({ length: end - first }, (_, i) =>
      Math.log(this.#probability(mass, first + i) / here),
    );
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#mass.delete(key);
  }

  #probability(mass: ReadonlyMap<number, number>, prefix: number): number {
    const even = this.#catalogue.itemsUnder(prefix) / this.#catalogue.itemCount;
    return (1 - EVEN_SHARE) * (mass.get(prefix) ?? 0) + EVEN_SHARE * even;
  }

  /** Share of the votes that falls below each prefix; the root has all of them, or none were cast. */
  #prefixMass(history: Uint32Array): Map<number, number> {
    const mass = new Map<number, number>();
    let weight = 1;
    const oldest = Math.max(0, history.length - VOTING_ITEMS);
    for (let at = history.length - 1; at >= oldest; at--, weight *= RECENCY_DECAY) {
      this.#table.forEachSuccessor(history[at] ?? 0, (item, share) => {
        const leaf = this.#catalogue.leafOf(item);
        for (const prefix of ancestorsOf(this.#catalogue.trie, leaf)) {
          mass.set(prefix, (mass.get(prefix) ?? 0) + weight * share);
        }
      });
    }
    const total = mass.get(ROOT) ?? 0;
    if (total > 0) for (const [prefix, votes] of mass) mass.set(prefix, votes / total);
    else mass.set(ROOT, 1);
    return mass;
  }
}
