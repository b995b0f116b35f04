import type { Catalogue } from "@nightbeam/catalogue";
import { nodeCount, type ScoreRequest, type Scorer, treeOf } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import type { Clock } from "@nightbeam/service";
import { type CostLine, fitLine, type TimedPass } from "./fit-line.js";

/** Users and nodes of the calls that are timed: from a minimal call to a small batch. */
const SIZES: readonly (readonly [users: number, nodes: number])[] = [
  [1, 1],
  [2, 32],
  [8, 32],
  [4, 64],
];
/** The fastest of this many tries per size counts; the others were disturbed. */
const TRIES = 3;
/** After this time no more sizes are measured, if there are two. */
const LONG_ENOUGH_MS = 3_000;
/** Items per made-up history. */
const HISTORY = 20;

export interface CostOptions {
  readonly scorer: Scorer;
  readonly model: Pick<Model, "encodePrompt" | "maxPromptTokens">;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  /** Maximum rows of a call. */
  readonly maxTokens: number;
}

/**
 * Times made-up calls of different sizes, one at a time, on a worker that serves no other calls yet.
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
  // The first call of a session allocates memory, so it is not representative.
  if (smallest !== undefined) await timed(smallest);
  const passes: TimedPass[] = [];
  const startedAt = clock.now();
  const isLong = () => clock.now() - startedAt > LONG_ENOUGH_MS;
  for (const call of calls) {
    // A line needs two sizes, however long they take.
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

/** The smallest of the calls that were timed. */
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
    // Clients' keys are not negative, so these do not collide.
    return { key: -1 - user, prompt, tree: treeOf(trie, wanted) };
  });
  const tokens = requests.reduce(
    (sum, { prompt, tree }) => sum + prompt.length + nodeCount(tree),
    0,
  );
  return { requests, tokens };
}
