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

export interface SplitOptions<Request> {
  /** The usable verifier that has cached a request's prompt, if there is one. */
  readonly homeOf: (request: Request) => string | undefined;
  readonly sizeOf: (request: Request) => Omit<GroupSize, "users">;
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
export function splitCall<Request>(
  requests: readonly Request[],
  { homeOf, sizeOf, max }: SplitOptions<Request>,
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
    groups.add(place, { home: homeOf(request), size: { users: 1, ...sizeOf(request) } });
  });
  return groups.groups;
}
