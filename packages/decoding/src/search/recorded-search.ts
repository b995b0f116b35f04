import { childRange, parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import type { Beams } from "./beams.js";
import { needsLookup } from "./scoring.js";
import type { SearchView } from "./search.js";

/** How one user's search went: what was asked, by whom, and what became of it. */
export interface RecordedSearch {
  /** Parents before children, siblings by code; the first is the root. Empty for a user to whom nothing is open. */
  readonly prefixes: readonly RecordedPrefix[];
  /** Calls of the target that the user took part in. */
  readonly calls: number;
}

/** A prefix that was asked about, kept, or lies above one of these. */
export interface RecordedPrefix {
  /** Trie node. */
  readonly prefix: number;
  /** Place of the parent in the list; -1 for the root. */
  readonly parent: number;
  /** Log-probability (nats) of its last code after its parent; 0 if it is certain, null if the target was not asked or rules it out. */
  readonly logProb: number | null;
  /** Sum of these along the path, from the root on; null if one is not known. */
  readonly score: number | null;
  /** The call, from 1, that asked what follows it; null if none did. */
  readonly call: number | null;
  /** Why it was asked: the search was missing it, or the draft expected the search to ask for it later. */
  readonly askedBy: "target" | "draft" | null;
  /** Whether the search looked up what follows it. */
  readonly used: boolean;
  /** Whether it is among the prefixes that the search kept at its level. */
  readonly kept: boolean;
}

interface Question {
  readonly call: number;
  readonly askedBy: "target" | "draft";
}

/** Follows one search of a user whose search is wanted. */
export class SearchRecorder {
  /** By prefix: the first call that asked. */
  readonly #questions = new Map<number, Question>();
  /** The prefixes that the search kept, level by level from the root. */
  readonly #levels: Beams[] = [];
  #calls = 0;

  /** Called for each level that the search settles, the root included. */
  readonly onLevel = (beams: Beams): void => {
    this.#levels[beams.depth] = beams;
  };

  /**
   * Called for each call of the target.
   *
   * @param missing what the search cannot go on without
   * @param asked all prefixes that the call asks about
   */
  onCall({ missing, asked }: { missing: readonly number[]; asked: Iterable<number> }): void {
    this.#calls++;
    const wanted = new Set(missing);
    for (const prefix of asked) {
      if (this.#questions.has(prefix)) continue;
      const askedBy = wanted.has(prefix) ? "target" : "draft";
      this.#questions.set(prefix, { call: this.#calls, askedBy });
    }
  }

  /** The record, at the end of the search. */
  record(search: Pick<SearchView, "space" | "known">): RecordedSearch {
    const kept = new Set(this.#levels.flatMap(({ prefixes }) => [...prefixes]));
    // The search looked past every level but the last one that it settled.
    const passed = new Set(this.#levels.slice(0, -1).flatMap(({ prefixes }) => [...prefixes]));
    const prefixes = describe(search.space.trie, [...kept, ...this.#questions.keys()], {
      logProb: (prefix, parent) => logProbOf(search, { prefix, parent }),
      facts: (prefix) => ({
        ...(this.#questions.get(prefix) ?? NOT_ASKED),
        used: passed.has(prefix) && needsLookup(search.space, prefix),
        kept: kept.has(prefix),
      }),
    });
    return { prefixes, calls: this.#calls };
  }
}

/**
 * The record of a search that the target ran itself: which prefixes it kept on the way is not known, except for
 * those that lead to the list; neither is what was asked and what a prefix scored.
 */
export function recordOfWholeSearch(trie: Trie, beams: Beams): RecordedSearch {
  const calls = beams.prefixes.length > 0 ? 1 : 0;
  const scores = new Map(
    Array.from(beams.prefixes, (leaf, rank) => [leaf, beams.scores[rank] ?? 0]),
  );
  const prefixes = describe(trie, beams.prefixes, {
    logProb: () => null,
    facts: (prefix) => ({ ...NOT_ASKED, used: prefix < firstLeaf(trie), kept: true }),
  });
  const scored = prefixes.map((one) => ({
    ...one,
    score: one.prefix === ROOT ? 0 : (scores.get(one.prefix) ?? null),
  }));
  return { prefixes: scored, calls };
}

const NOT_ASKED = { call: null, askedBy: null } as const;

/** The prefixes and all that lie above them, parents before children. */
function describe(
  trie: Trie,
  wanted: Iterable<number>,
  about: {
    logProb: (prefix: number, parent: number) => number | null;
    facts: (prefix: number) => Pick<RecordedPrefix, "call" | "askedBy" | "used" | "kept">;
  },
): RecordedPrefix[] {
  const places = new Map<number, number>();
  const described: RecordedPrefix[] = [];
  for (const prefix of [...withAncestors(trie, wanted)].sort((a, b) => a - b)) {
    const parent = prefix === ROOT ? -1 : (places.get(parentOf(trie, prefix)) ?? 0);
    const above = described[parent];
    const logProb = above === undefined ? 0 : about.logProb(prefix, above.prefix);
    const before = above === undefined ? 0 : above.score;
    const score = logProb === null || before === null ? null : before + logProb;
    places.set(prefix, described.length);
    described.push({ prefix, parent, logProb, score, ...about.facts(prefix) });
  }
  return described;
}

function withAncestors(trie: Trie, prefixes: Iterable<number>): Set<number> {
  const all = new Set<number>();
  for (const prefix of prefixes) {
    for (let at = prefix; !all.has(at); at = parentOf(trie, at)) {
      all.add(at);
      if (at === ROOT) break;
    }
  }
  return all;
}

function logProbOf(
  search: Pick<SearchView, "space" | "known">,
  { prefix, parent }: { prefix: number; parent: number },
): number | null {
  const { space } = search;
  if (!needsLookup(space, parent)) return 0;
  const logProb = search.known(parent)?.[prefix - childRange(space.trie, parent).first];
  return logProb !== undefined && Number.isFinite(logProb) ? logProb : null;
}

function firstLeaf(trie: Trie): number {
  return trie.levelStart[trie.levels] ?? 0;
}
