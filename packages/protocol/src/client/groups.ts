import {
  nodeCount,
  type RequestGroup,
  RequestGroups,
  type ScoreRequest,
} from "@nightbeam/decoding";

/** The size of a group of requests. */
export interface GroupSize {
  readonly users: number;
  /** Upper bound of the model's rows. */
  readonly tokens: number;
  /** Upper bound of the answer's bytes. */
  readonly answerBytes: number;
}

export interface SplitOptions {
  /** The usable verifier that has cached a request's prompt, if there is one. */
  readonly homeOf: (request: ScoreRequest) => string | undefined;
  /** Upper bound of the bytes of a request's answer. */
  readonly answerBytes: (request: ScoreRequest) => number;
  readonly max: GroupSize;
}

/** Rows that a request costs a model that has cached nothing of it. */
export function rowsOf({ prompt, tree }: ScoreRequest): number {
  return prompt.length + nodeCount(tree);
}

/**
 * Splits a call by the verifiers that have cached its prompts, and further into groups that are not too large.
 * A single request is never split.
 */
export function splitCall(
  requests: readonly ScoreRequest[],
  { homeOf, answerBytes, max }: SplitOptions,
): readonly RequestGroup<string | undefined, GroupSize>[] {
  const groups = new RequestGroups<string | undefined, GroupSize>({
    sum: (a, b) => ({
      users: a.users + b.users,
      tokens: a.tokens + b.tokens,
      answerBytes: a.answerBytes + b.answerBytes,
    }),
    fits: (size) =>
      size.users <= max.users && size.tokens <= max.tokens && size.answerBytes <= max.answerBytes,
  });
  requests.forEach((request, place) => {
    const size = { users: 1, tokens: rowsOf(request), answerBytes: answerBytes(request) };
    groups.add(place, { home: homeOf(request), size });
  });
  return groups.groups;
}
