import { parentOf } from "@nightbeam/catalogue";
import type { Beams } from "../search/beams.js";
import { isWorthAsking, type SearchView } from "../search/search.js";
import { settledLevels } from "../search/settled-levels.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import { type ProposedPrefix, TrackRecord } from "./track-record.js";

/** What the drafters proposed for one request, and the search that it was for. */
interface Round {
  readonly request: DraftRequest;
  readonly levels: readonly Level[];
}

/** All prefixes proposed for a depth, in the order of turns. */
interface Level {
  readonly depth: number;
  readonly prefixes: readonly (readonly [number, ProposedPrefix])[];
}

/**
 * Several drafters under one budget: each depth gets the prefixes that the search is most likely to keep, up to the
 * depth's width. How likely is learnt from the searches that have ended. Scores of different drafters are on different
 * scales; places are not.
 */
export class CombinedDrafter implements Drafter {
  readonly #drafters: readonly Drafter[];
  readonly #record = new TrackRecord();
  /** Rounds of the searches in progress, by key. */
  readonly #rounds = new Map<number, Round[]>();

  constructor(drafters: readonly Drafter[]) {
    this.#drafters = drafters;
  }

  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = await Promise.all(this.#drafters.map((drafter) => drafter.draft(requests)));
    return requests.map((request, at) => {
      const own = drafts.map((draft) => draft[at] ?? { levels: [] });
      const levels = proposedLevels(
        request.search.state.beams.depth,
        own.map((draft) => draft.levels),
      );
      const round = { request, levels };
      this.#rounds.set(request.key, [...(this.#rounds.get(request.key) ?? []), round]);
      const milliseconds = own.reduce((sum, draft) => sum + (draft.milliseconds ?? 0), 0);
      return { levels: this.#unite(round), milliseconds };
    });
  }

  release(keys: readonly number[]): void {
    for (const key of keys) {
      const rounds = this.#rounds.get(key);
      this.#rounds.delete(key);
      if (rounds !== undefined) this.#learn(rounds);
    }
    for (const drafter of this.#drafters) drafter.release(keys);
  }

  #unite({ request, levels: proposed }: Round): Beams[] {
    const { search, widths } = request;
    const levels: Beams[] = [];
    let above: ReadonlySet<number> = new Set(search.state.beams.prefixes);
    for (const { depth, prefixes } of proposed) {
      const chances = prefixes.map(
        ([prefix, proposed]) => [prefix, this.#record.chance(proposed)] as const,
      );
      const level = likeliest(chances, { depth, above, search, width: widths[depth - 1] ?? 0 });
      levels.push(level);
      above = new Set(level.prefixes);
    }
    return levels;
  }

  /** Compares what was proposed for a search with what it kept. */
  #learn(rounds: readonly Round[]): void {
    const [first] = rounds;
    if (first === undefined) return;
    const kept = Array.from(
      settledLevels(first.request.search),
      ({ prefixes }) => new Set(prefixes),
    );
    for (const { levels } of rounds) {
      for (const { depth, prefixes } of levels) {
        const held = kept[depth];
        if (held === undefined) continue;
        for (const [prefix, proposed] of prefixes) this.#record.observe(proposed, held.has(prefix));
      }
    }
  }
}

/** What drafters proposed below beams of this depth. Shape of `proposals` [drafters][levels]. */
function proposedLevels(from: number, proposals: readonly (readonly Beams[])[]): Level[] {
  const depths = Math.max(0, ...proposals.map((levels) => levels.length));
  return Array.from({ length: depths }, (_, below) => {
    const depth = from + below + 1;
    const lists = proposals.map((levels) => levels[below]?.prefixes ?? []);
    const longest = Math.max(...lists.map(({ length }) => length));
    const places = new Map<number, (number | undefined)[]>();
    for (let place = 0; place < longest; place++) {
      for (const [drafter, list] of lists.entries()) {
        const prefix = list[place];
        if (prefix === undefined) continue;
        const found = places.get(prefix) ?? lists.map(() => undefined);
        found[drafter] = place;
        places.set(prefix, found);
      }
    }
    const prefixes = Array.from(
      places,
      ([prefix, found]) => [prefix, { from, depth, places: found }] as const,
    );
    return { depth, prefixes };
  });
}

/** The likeliest prefixes, best first, of those whose parents are known or fetched as well. */
function likeliest(
  chances: readonly (readonly [number, number])[],
  options: { depth: number; above: ReadonlySet<number>; search: SearchView; width: number },
): Beams {
  const { depth, above, search, width } = options;
  const isReachable = (prefix: number) => {
    const parent = parentOf(search.space.trie, prefix);
    return above.has(parent) || !isWorthAsking(search, parent);
  };
  const best = chances
    .filter(([prefix]) => isReachable(prefix))
    .sort(([, a], [, b]) => b - a)
    .slice(0, width);
  return {
    depth,
    prefixes: Uint32Array.from(best, ([prefix]) => prefix),
    scores: Float64Array.from(best, ([, chance]) => Math.log(chance)),
  };
}
