import { type Catalogue, childRange, parentOf, ROOT } from "@nightbeam/catalogue";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { draftByEstimate, type EstimateRequest, type Estimator } from "./estimate.js";
import type { TransitionTable } from "./transition-table.js";

/** Factor on an item's weight for each place further from the end of the history. */
const RECENCY_DECAY = 0.8;
/** How many of the last items vote. */
const VOTING_ITEMS = 20;
/** Share of the probability that is spread evenly over the catalogue, so that every prefix is possible. */
const EVEN_SHARE = 0.1;

/** What is kept per user. */
interface Ballot {
  /** Share of all votes that falls below each prefix; empty if there were none. */
  readonly votes: ReadonlyMap<number, number>;
  /** Estimated log-probabilities of the children of prefixes. */
  readonly rows: Map<number, Float64Array>;
}

/**
 * Drafts from item-to-item counts: what followed the user's items in other histories, except what is
 * excluded for the user. Needs no model and no call. A prefix's probability is the sum over the items
 * below it.
 */
export class TransitionsDrafter implements Drafter, Estimator {
  readonly #catalogue: Catalogue;
  readonly #table: TransitionTable;
  readonly #ballots = new Map<number, Ballot>();

  constructor(options: { catalogue: Catalogue; table: TransitionTable }) {
    this.#catalogue = options.catalogue;
    this.#table = options.table;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    return draftByEstimate(requests, this);
  }

  /** Nothing to wait for: the counts are in memory. */
  async estimate(asked: readonly EstimateRequest[]): Promise<void> {
    for (const { request, prefixes } of asked) {
      const ballot = this.#ballots.get(request.key) ?? this.#cast(request);
      this.#ballots.set(request.key, ballot);
      for (const prefix of prefixes) ballot.rows.set(prefix, this.#row(ballot, prefix));
    }
  }

  lookup(request: DraftRequest, prefix: number): Float64Array | undefined {
    return this.#ballots.get(request.key)?.rows.get(prefix);
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#ballots.delete(key);
  }

  #row(ballot: Ballot, prefix: number): Float64Array {
    const { first, end } = childRange(this.#catalogue.trie, prefix);
    const row = new Float64Array(end - first);
    const here = this.#probability(ballot, prefix);
    for (let i = 0; i < row.length; i++) {
      row[i] = Math.log(this.#probability(ballot, first + i) / here);
    }
    return row;
  }

  /** Up to a factor that is the same for all prefixes: without votes, only the even share counts. */
  #probability({ votes }: Ballot, prefix: number): number {
    const even = this.#catalogue.itemsUnder(prefix) / this.#catalogue.itemCount;
    return (1 - EVEN_SHARE) * (votes.get(prefix) ?? 0) + EVEN_SHARE * even;
  }

  #cast({ history, search }: DraftRequest): Ballot {
    const { exclusion, trie } = search.space;
    const votes = new Map<number, number>();
    const add = (prefix: number, weight: number) => {
      votes.set(prefix, (votes.get(prefix) ?? 0) + weight);
    };
    let weight = 1;
    const oldest = Math.max(0, history.length - VOTING_ITEMS);
    for (let at = history.length - 1; at >= oldest; at--, weight *= RECENCY_DECAY) {
      this.#table.forEachSuccessor(history[at] ?? 0, (item, share) => {
        if (!exclusion.hasItem(item)) add(this.#catalogue.leafOf(item), weight * share);
      });
    }
    // A map is iterated in the order of insertion, entries added meanwhile included: first all leaves,
    // then their parents, and so on, so that a prefix is complete when its turn comes.
    for (const [prefix, sum] of votes) if (prefix !== ROOT) add(parentOf(trie, prefix), sum);
    const total = votes.get(ROOT) ?? 0;
    for (const [prefix, sum] of votes) votes.set(prefix, sum / total);
    return { votes, rows: new Map() };
  }
}
