import type { Beams } from "../search/beams.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";

/**
 * The union of several drafters' proposals under one budget: at each depth the drafters take turns,
 * each adding its best prefix that is not in yet, until the depth's width is reached. Scores of
 * different drafters are on different scales, ranks are not: the union is in the order of the turns.
 */
export class CombinedDrafter implements Drafter {
  readonly #drafters: readonly Drafter[];

  constructor(drafters: readonly Drafter[]) {
    this.#drafters = drafters;
  }

  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = await Promise.all(this.#drafters.map((drafter) => drafter.draft(requests)));
    return requests.map((request, at) =>
      unite(
        request,
        drafts.flatMap((draft) => draft[at] ?? []),
      ),
    );
  }

  release(keys: readonly number[]): void {
    for (const drafter of this.#drafters) drafter.release(keys);
  }
}

function unite(request: DraftRequest, drafts: readonly Draft[]): Draft {
  const depths = Math.max(0, ...drafts.map(({ levels }) => levels.length));
  const { depth } = request.search.state.beams;
  return {
    levels: Array.from({ length: depths }, (_, below) =>
      takeTurns(
        drafts.flatMap(({ levels }) => levels[below] ?? []),
        { depth: depth + below + 1, width: request.widths[depth + below] ?? 0 },
      ),
    ),
    milliseconds: drafts.reduce((sum, draft) => sum + (draft.milliseconds ?? 0), 0),
  };
}

function takeTurns(
  proposals: readonly Beams[],
  { depth, width }: { depth: number; width: number },
): Beams {
  const taken = new Map<number, number>();
  let queues = proposals.map((proposal) => ({ proposal, rank: 0 }));
  while (queues.length > 0) {
    for (const queue of queues) {
      const { prefixes, scores } = queue.proposal;
      while (taken.has(prefixes[queue.rank] ?? -1)) queue.rank++;
      const prefix = prefixes[queue.rank];
      if (prefix === undefined || taken.size >= width) continue;
      taken.set(prefix, scores[queue.rank] ?? 0);
    }
    queues = queues.filter(
      ({ proposal, rank }) => taken.size < width && rank < proposal.prefixes.length,
    );
  }
  return {
    depth,
    prefixes: Uint32Array.from(taken.keys()),
    scores: Float64Array.from(taken.values()),
  };
}
