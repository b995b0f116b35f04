import {
  type BatchDecoder,
  decodeShard,
  publishedDecoder,
  type SearchOutcome,
  type ShardUser,
  speculativeDecoder,
} from "@nightbeam/decoding";

/** What searches cost, counted per user. */
export interface SearchFigures {
  readonly searches: number;
  readonly callsPerUser: number;
  readonly nodesPerUser: number;
  /** Drafted steps that a user's first call accepted, at most levels - 1 (AtSpeed's AS@K, first call). */
  readonly firstCallAcceptedSteps: number;
  /** Drafted steps accepted per call. */
  readonly acceptedStepsPerCall: number;
}

/** What one way of searching cost for all users. */
export interface Measurement extends SearchFigures {
  /** Prompt tokens and nodes; each counts once, even if it was computed again. */
  readonly tokens: number;
  readonly nodes: number;
  /** Median over the counted rounds. */
  readonly usersPerSecond: number;
  readonly outcomes: readonly SearchOutcome[];
}

/** The loops that decode with drafts, by name. */
export const LOOPS = { demand: speculativeDecoder, published: publishedDecoder } as const;

export type Loop = keyof typeof LOOPS;

/** A way of searching. */
export interface Way {
  readonly name: string;
  readonly decoder: BatchDecoder;
}

/**
 * Runs several ways of searching over the same users. They take turns in every round, so a machine whose
 * speed drifts treats them alike. The first round warms up and is not counted.
 */
export async function measureWays(
  ways: readonly Way[],
  options: {
    users: readonly ShardUser[];
    batchSize: number;
    concurrency: number;
    repeat: number;
    nextKey: () => number;
    /** Users of the warm-up round. Default: all. */
    warmUp?: number;
  },
): Promise<Measurement[]> {
  const { warmUp, users, repeat, ...how } = options;
  const seconds = ways.map((): number[] => []);
  const last: (readonly SearchOutcome[])[] = [];
  const searched: (readonly SearchOutcome[])[] = [];
  for (let round = 0; round <= repeat; round++) {
    const all = round === 0 ? users.slice(0, warmUp) : users;
    for (const [at, { decoder }] of ways.entries()) {
      const started = performance.now();
      const shard = await decodeShard(all, { ...how, decoder });
      if (round > 0) seconds[at]?.push((performance.now() - started) / 1000);
      last[at] = shard.outcomes;
      searched[at] = shard.searched;
    }
  }
  const promptTokens = users.reduce((sum, { prompt }) => sum + prompt.length, 0);
  return ways.map((_, at) =>
    summarise({
      outcomes: last[at] ?? [],
      searched: searched[at] ?? [],
      seconds: median(seconds[at] ?? []),
      promptTokens,
    }),
  );
}

function summarise(run: {
  outcomes: readonly SearchOutcome[];
  searched: readonly SearchOutcome[];
  seconds: number;
  promptTokens: number;
}): Measurement {
  const { outcomes, searched } = run;
  const nodes = searched.reduce((sum, { cost }) => sum + cost.nodes, 0);
  return {
    ...searchFigures(searched),
    tokens: run.promptTokens + nodes,
    nodes,
    usersPerSecond: outcomes.length / run.seconds,
    outcomes,
  };
}

/** Computes the means over searches. */
export function searchFigures(searched: readonly SearchOutcome[]): SearchFigures {
  const sum = (figure: (cost: SearchOutcome["cost"]) => number) =>
    searched.reduce((total, { cost }) => total + figure(cost), 0);
  const searches = searched.length;
  const calls = sum((cost) => cost.calls);
  return {
    searches,
    callsPerUser: calls / searches,
    nodesPerUser: sum(({ nodes }) => nodes) / searches,
    firstCallAcceptedSteps: sum((cost) => cost.firstCallAcceptedSteps) / searches,
    acceptedStepsPerCall: sum(({ acceptedSteps }) => acceptedSteps) / calls,
  };
}

/** The median; of an even number of values the upper one. NaN if there are none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Returns whether two ways gave every user the same paths in the same order. */
export function sameLists(
  a: Pick<Measurement, "outcomes">,
  b: Pick<Measurement, "outcomes">,
): boolean {
  return a.outcomes.every(
    ({ beams }, at) => beams.prefixes.join() === b.outcomes[at]?.beams.prefixes.join(),
  );
}
