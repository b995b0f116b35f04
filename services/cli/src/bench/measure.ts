import {
  type BatchDecoder,
  decodeShard,
  type SearchOutcome,
  type ShardUser,
} from "@nightbeam/decoding";

/** What searches cost, each user's counted by itself. */
export interface SearchFigures {
  readonly searches: number;
  readonly callsPerUser: number;
  readonly nodesPerUser: number;
  /** Drafted steps that a user's first call accepted, of levels - 1 (AtSpeed's AS@K, first call). */
  readonly firstCallAcceptedSteps: number;
  /** Drafted steps accepted by all of a user's calls, a call. */
  readonly acceptedStepsPerCall: number;
}

/** What one way of searching cost, over all users. */
export interface Measurement extends SearchFigures {
  /** Prompt tokens and nodes, each counted once however often it was computed. */
  readonly tokens: number;
  readonly nodes: number;
  /** Median over the repetitions. */
  readonly usersPerSecond: number;
  readonly outcomes: readonly SearchOutcome[];
}

export interface Way {
  readonly name: string;
  readonly decoder: BatchDecoder;
}

/**
 * Runs several ways over the same users, turn by turn, so that a machine whose speed drifts treats
 * them alike; the first round warms up and is not counted.
 */
export async function measureWays(
  ways: readonly Way[],
  options: {
    users: readonly ShardUser[];
    batchSize: number;
    concurrency: number;
    repeat: number;
    nextKey: () => number;
    /** Users of the round that warms up; default: all. */
    warmUp?: number;
  },
): Promise<Measurement[]> {
  const { warmUp, users, repeat, ...how } = options;
  const seconds = ways.map(() => [] as number[]);
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

/** Means over searches. */
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Whether two ways gave every user the same paths in the same order. */
export function sameLists(
  a: Pick<Measurement, "outcomes">,
  b: Pick<Measurement, "outcomes">,
): boolean {
  return a.outcomes.every(
    ({ beams }, at) => beams.prefixes.join() === b.outcomes[at]?.beams.prefixes.join(),
  );
}
