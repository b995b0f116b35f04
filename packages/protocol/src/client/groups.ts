import { nodeCount, type ScoreRequest } from "@nightbeam/decoding";

/** Places in a call that go to one verifier together. */
export interface Share {
  readonly places: readonly number[];
  /** Rows of the model at most. */
  readonly tokens: number;
  readonly home: string | undefined;
}

export interface ShareOptions {
  /** The verifier that knows a request's prompt and can be asked; undefined without one. */
  readonly homeOf: (request: ScoreRequest) => string | undefined;
  /** Most bytes that a request's answer has. */
  readonly answerBytes: (request: ScoreRequest) => number;
  readonly most: { readonly users: number; readonly tokens: number; readonly answerBytes: number };
}

interface OpenShare {
  readonly places: number[];
  tokens: number;
  answerBytes: number;
}

/** Rows that a request costs a model that knows nothing of it. */
export function rowsOf({ prompt, tree }: ScoreRequest): number {
  return prompt.length + nodeCount(tree);
}

/**
 * Splits a call by the verifiers that know its prompts; within these, in order, into shares that are
 * not too large. A single request is never split.
 */
export function sharesOf(requests: readonly ScoreRequest[], options: ShareOptions): Share[] {
  const { most } = options;
  const open = new Map<string | undefined, OpenShare>();
  const shares: Share[] = [];
  requests.forEach((request, place) => {
    const home = options.homeOf(request);
    const tokens = rowsOf(request);
    const answerBytes = options.answerBytes(request);
    let share = open.get(home);
    if (
      share === undefined ||
      share.places.length >= most.users ||
      share.tokens + tokens > most.tokens ||
      share.answerBytes + answerBytes > most.answerBytes
    ) {
      if (share !== undefined) shares.push({ ...share, home });
      share = { places: [], tokens: 0, answerBytes: 0 };
      open.set(home, share);
    }
    share.places.push(place);
    share.tokens += tokens;
    share.answerBytes += answerBytes;
  });
  for (const [home, share] of open) shares.push({ ...share, home });
  return shares;
}
