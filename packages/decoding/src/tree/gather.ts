import { DecodingError } from "../errors.js";

/** Requests of a call that are asked about together. */
export interface RequestGroup<Home = unknown, Size = unknown> {
  /** Where the group goes. */
  readonly home: Home;
  /** Indices of its requests in the call. */
  readonly places: readonly number[];
  /** Sum of its requests' sizes. */
  readonly size: Size;
}

interface GrowingGroup<Home, Size> extends RequestGroup<Home, Size> {
  readonly places: number[];
  size: Size;
}

/** How large a group may get. */
export interface GroupLimit<Size> {
  readonly sum: (a: Size, b: Size) => Size;
  /** A single request need not fit. */
  readonly fits: (size: Size) => boolean;
}

/** Splits a call by where its requests go, and what goes to one home into groups of limited size. */
export class RequestGroups<Home, Size> {
  readonly #limit: GroupLimit<Size>;
  readonly #groups: GrowingGroup<Home, Size>[] = [];
  /** The last group of each home. */
  readonly #last = new Map<Home, GrowingGroup<Home, Size>>();

  constructor(limit: GroupLimit<Size>) {
    this.#limit = limit;
  }

  /** The groups, in the order of their first requests. */
  get groups(): readonly RequestGroup<Home, Size>[] {
    return this.#groups;
  }

  /** Whether a request of this size fits into the last group of a home, or is the home's first. */
  hasRoom(home: Home, size: Size): boolean {
    const { sum, fits } = this.#limit;
    const last = this.#last.get(home);
    return last === undefined || fits(sum(last.size, size));
  }

  /** Adds the request at index `place` of the call. */
  add(place: number, { home, size }: { home: Home; size: Size }): void {
    const last = this.#last.get(home);
    if (last !== undefined && this.hasRoom(home, size)) {
      last.places.push(place);
      last.size = this.#limit.sum(last.size, size);
      return;
    }
    const group = { home, places: [place], size };
    this.#groups.push(group);
    this.#last.set(home, group);
  }
}

export interface GatherOptions<Request, Answer, Group> {
  /** Together, every request of the call once. */
  readonly groups: readonly Group[];
  /** Answers the requests of one group, in their order. */
  readonly ask: (requests: readonly Request[], group: Group) => Promise<readonly Answer[]>;
  /** Called once, when the first group has failed: the answers in progress for the others are not needed. */
  readonly onFailure?: () => void;
  /** Asks about one group after the other. Default: about all at once. */
  readonly inTurn?: boolean;
}

/**
 * Asks about the groups of a call and puts the answers in the order of its requests. Waits for all
 * groups that were asked about, also if one fails.
 *
 * @throws what the first group to fail threw; DecodingError ANSWER_SIZE if a group got more or fewer
 *   answers than it has requests
 */
export async function gather<Request, Answer, Group extends Pick<RequestGroup, "places">>(
  requests: readonly Request[],
  options: GatherOptions<Request, Answer, Group>,
): Promise<Answer[]> {
  const { groups, ask, onFailure, inTurn = false } = options;
  const answers = new Array<Answer>(requests.length);
  const failures: unknown[] = [];
  const askGroup = async (group: Group) => {
    try {
      const { places } = group;
      const answered = await ask(pick(requests, places), group);
      if (answered.length !== places.length) {
        throw new DecodingError(
          "ANSWER_SIZE",
          `the model gave ${answered.length} answers to ${places.length} requests`,
        );
      }
      for (const [at, answer] of answered.entries()) answers[places[at] ?? 0] = answer;
    } catch (error) {
      if (failures.push(error) === 1) onFailure?.();
    }
  };
  if (inTurn) {
    for (const group of groups) if (failures.length === 0) await askGroup(group);
  } else {
    await Promise.all(groups.map(askGroup));
  }
  if (failures.length > 0) throw failures[0];
  return answers;
}

function pick<Request>(requests: readonly Request[], places: readonly number[]): Request[] {
  const picked: Request[] = [];
  for (const place of places) {
    const request = requests[place];
    if (request !== undefined) picked.push(request);
  }
  return picked;
}
