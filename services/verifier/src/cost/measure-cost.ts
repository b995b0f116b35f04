import type { Catalogue } from "@nightbeam/catalogue";
import { nodeCount, type ScoreRequest, type Scorer, treeOf } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import type { Clock } from "@nightbeam/service";
import { type CostLine, fitLine, type TimedPass } from "./fit-line.js";

/** Users and nodes of each of the calls that are timed: from next to nothing to a small batch. */
const SIZES: readonly (readonly [users: number, nodes: number])[] = [
  [1, 1],
  [2, 32],
  [8, 32],
  [4, 64],
];
/** Of each size the fastest counts: the others were disturbed. */
const TRIES = 3;
/** After this long no further size is begun, once there are two. */
const LONG_ENOUGH_MS = 3_000;
/** Items of the made-up histories. */
const HISTORY = 20;

export interface CostOptions {
  readonly scorer: Scorer;
  readonly model: Pick<Model, "encodePrompt" | "maxPromptTokens">;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Rows of the largest call to try. */
  readonly maxTokens: number;
}

/**
 * Times made-up calls of different sizes, one at a time. For a worker that serves nobody yet.
 *
 * @throws ModelError RUNTIME
 */
export async function measureCost(options: CostOptions): Promise<CostLine> {
  const { scorer, clock } = options;
  const timed = async ({ requests, tokens }: MadeUpCall): Promise<TimedPass> => {
    const startedAt = clock.now();
    await scorer.score(requests);
    const milliseconds = clock.now() - startedAt;
    scorer.release(requests.map(({ key }) => key));
    return { tokens, milliseconds };
  };
  const calls = SIZES.map(([users, nodes]) => madeUpCall(options, { users, nodes }));
  const [smallest] = calls;
  // The first call of a session allocates, and says nothing about the others.
  if (smallest !== undefined) await timed(smallest);
  const passes: TimedPass[] = [];
  const startedAt = clock.now();
  const isLong = () => clock.now() - startedAt > LONG_ENOUGH_MS;
  for (const call of calls) {
    // Two sizes make a line, however long they take.
    if (passes.length >= 2 && (isLong() || call.tokens > options.maxTokens)) continue;
    let best = await timed(call);
    for (let tries = 1; tries < TRIES && !isLong(); tries++) {
      const again = await timed(call);
      if (again.milliseconds < best.milliseconds) best = again;
    }
    passes.push(best);
  }
  return fitLine(passes);
}

/** A smallest question, such as have been timed. */
export function smallestCall(
  options: Pick<CostOptions, "model" | "catalogue">,
): readonly ScoreRequest[] {
  return madeUpCall(options, { users: 1, nodes: 1 }).requests;
}

interface MadeUpCall {
  readonly requests: readonly ScoreRequest[];
  readonly tokens: number;
}

function madeUpCall(
  { catalogue, model }: Pick<CostOptions, "model" | "catalogue">,
  size: { readonly users: number; readonly nodes: number },
): MadeUpCall {
  const { trie, itemCount } = catalogue;
  const inner = trie.levelStart[trie.levels] ?? 1;
  const requests = Array.from({ length: size.users }, (_, user) => {
    const history = Array.from(
      { length: HISTORY },
      (_, at) => (user * 7919 + at * 104_729) % itemCount,
    );
    const prompt = model.encodePrompt(history).subarray(0, model.maxPromptTokens);
    const wanted = Array.from({ length: size.nodes }, (_, at) =>
      Math.floor(((at + 0.5) / size.nodes) * inner),
    );
    // Clients' keys count up from 0: these are nobody's.
    return { key: -1 - user, prompt, tree: treeOf(trie, wanted) };
  });
  const tokens = requests.reduce(
    (sum, { prompt, tree }) => sum + prompt.length + nodeCount(tree),
    0,
  );
  return { requests, tokens };
}
