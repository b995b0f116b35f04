import { childRange, parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { type Beams, BestPrefixes } from "./search/beams.js";
import { needsLookup } from "./search/scoring.js";
import type { SearchView } from "./search/search.js";

/** How proposed items are checked, and which of them are accepted. */
export interface AcceptanceRules {
  /** Log-likelihood of the whole path, in nats, above which an item is accepted. */
  readonly threshold: number;
  /** Items that have a threshold of their own. Default: none. */
  readonly newItems?: NewItems | undefined;
  /** Candidates that are checked per level. Default: all, at the first. */
  readonly perLevel?: number | undefined;
  /** Candidates that a list takes at most. */
  readonly places: number;
}

/** Items that the target was not trained on, and so finds less likely than they are. */
export interface NewItems {
  /** Log-likelihood of the whole path, in nats, above which a new item is accepted. */
  readonly threshold: number;
  /** Whether a code path, by its leaf, has new items alone. The same for all users. */
  readonly isNew: (leaf: number) => boolean;
}

/** What the target makes of a user's candidates. */
export interface Verdict {
  /** Those furthest above their thresholds, best first, as many as there are places. */
  readonly accepted: readonly ScoredLeaf[];
  /** All that were checked, in the order in which they were. */
  readonly checked: readonly ScoredLeaf[];
  /** Number of candidates, checked or not. */
  readonly proposed: number;
}

export interface ScoredLeaf {
  readonly leaf: number;
  /** Log-probability (nats) of the whole path. */
  readonly score: number;
}

/** A candidate's path: nodes from the root to the leaf. Shape [levels + 1]. */
type Path = readonly number[];

/**
 * Checks one user's candidates round by round. Round t begins with the prefixes that the target's search
 * keeps at depth t: of the candidates that are left, it checks the first `perLevel` that continue one of
 * them, which at the root all do. The rounds end after the last but one depth, or with the first round
 * after which enough are accepted to fill all places.
 *
 * Which candidates a round checks depends on the search alone, so a round can be asked for before the
 * rounds above it are answered. What was asked for early has no influence on the verdict.
 */
export class CandidateRounds {
  readonly #search: SearchView;
  readonly #rules: AcceptanceRules;
  /** What the search keeps, level by level, as far as it has run. */
  readonly #levels: readonly Beams[];
  readonly #proposed: number;
  #left: readonly Path[];
  readonly #rounds: (readonly Path[])[] = [];
  readonly #checked: ScoredLeaf[] = [];
  #answeredRounds = 0;
  #acceptedCount = 0;

  /** @param leaves candidates that may be recommended, each once, in the proposer's order */
  constructor(
    user: { readonly search: SearchView; readonly levels: readonly Beams[] },
    options: AcceptanceRules & { readonly leaves: readonly number[] },
  ) {
    this.#search = user.search;
    this.#levels = user.levels;
    this.#rules = options;
    const { trie } = user.search.space;
    this.#proposed = options.leaves.length;
    this.#left = options.leaves.map((leaf) => pathTo(trie, leaf));
  }

  /** Whether enough candidates are accepted to fill all places. */
  get isFull(): boolean {
    return this.#acceptedCount >= this.#rules.places;
  }

  /** Whether all rounds that have begun are answered, or the rounds have ended. */
  get isAnswered(): boolean {
    return this.isFull || this.#answeredRounds === this.#rounds.length;
  }

  /** Runs on, as far as the search has and its answers reach. */
  advance(): void {
    const { levels } = this.#search.space.trie;
    while (this.#rounds.length < Math.min(this.#levels.length, levels)) this.#beginRound();
    while (!this.isAnswered && this.#missingIn(this.#answeredRounds).next().done === true) {
      for (const path of this.#rounds[this.#answeredRounds] ?? []) {
        const one = { leaf: path.at(-1) ?? ROOT, score: this.#scoreOf(path) };
        this.#checked.push(one);
        if (one.score > this.#thresholdOf(one.leaf)) this.#acceptedCount++;
      }
      this.#answeredRounds++;
    }
  }

  /** Prefixes to ask about, so that all rounds that have begun can be answered. */
  *missing(): Generator<number> {
    if (this.isFull) return;
    for (let round = this.#answeredRounds; round < this.#rounds.length; round++) {
      yield* this.#missingIn(round);
    }
  }

  /** The verdict, after the rounds have ended. */
  verdict(): Verdict {
    const { places, threshold } = this.#rules;
    const best = new BestPrefixes(places);
    for (const { leaf, score } of this.#checked) {
      const own = this.#thresholdOf(leaf);
      // By score alone, new items would lose all places to those that the target was trained on.
      if (score > own) best.offer(leaf, own === threshold ? score : score + (threshold - own));
    }
    const scores = new Map(this.#checked.map(({ leaf, score }) => [leaf, score]));
    const kept = best.drain(this.#search.space.trie.levels);
    const accepted = Array.from(kept.prefixes, (leaf) => ({ leaf, score: scores.get(leaf) ?? 0 }));
    return { accepted, checked: this.#checked, proposed: this.#proposed };
  }

  #beginRound(): void {
    const depth = this.#rounds.length;
    const beams = new Set(this.#levels[depth]?.prefixes);
    const { perLevel = Number.POSITIVE_INFINITY } = this.#rules;
    const round: Path[] = [];
    const left: Path[] = [];
    for (const path of this.#left) {
      const isNext = round.length < perLevel && beams.has(path[depth] ?? ROOT);
      (isNext ? round : left).push(path);
    }
    this.#rounds.push(round);
    this.#left = left;
  }

  *#missingIn(round: number): Generator<number> {
    for (const path of this.#rounds[round] ?? []) {
      for (const prefix of path.slice(0, -1)) {
        if (needsLookup(this.#search.space, prefix) && this.#search.known(prefix) === undefined)
          yield prefix;
      }
    }
  }

  /** The target's log-probability of a path, added up in the order of the search. */
  #scoreOf(path: Path): number {
    const { space } = this.#search;
    let score = 0;
    for (const [at, prefix] of path.slice(0, -1).entries()) {
      if (!needsLookup(space, prefix)) continue;
      const child = (path[at + 1] ?? 0) - childRange(space.trie, prefix).first;
      score += this.#search.known(prefix)?.[child] ?? Number.NaN;
    }
    return score;
  }

  #thresholdOf(leaf: number): number {
    const { newItems, threshold } = this.#rules;
    return newItems?.isNew(leaf) === true ? newItems.threshold : threshold;
  }
}

function pathTo(trie: Trie, leaf: number): Path {
  const path = [leaf];
  for (let at = leaf; at !== ROOT; ) {
    at = parentOf(trie, at);
    path.push(at);
  }
  return path.reverse();
}
