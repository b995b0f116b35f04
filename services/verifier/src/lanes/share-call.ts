import { setMaxListeners } from "node:events";
import { gather, type RequestGroup } from "@nightbeam/decoding";
import type { CountedAnswer } from "../batching/micro-batcher.js";
import type { LaneAnswer, LaneCall } from "../batching/waiting-call.js";
import { VerifierError } from "../errors.js";
import type { Lane } from "./lane.js";

/** Some requests of a call, for one lane; their size is in rows. */
export type LaneGroup<
  Request extends { readonly key: number },
  Answer extends CountedAnswer,
> = RequestGroup<Lane<Request, Answer>, number>;

/** The part of a lane's call that depends on its requests. */
type PartOfCall<Request> = Omit<LaneCall<Request>, "tokens" | "deadline" | "signal">;

/**
 * Asks lanes about the groups of a call. The times of the answer are those of the lane that finished last. When one
 * group fails the call has failed: what waits for it in other lanes is not computed.
 */
export async function shareCall<
  Routed,
  Request extends { readonly key: number },
  Answer extends CountedAnswer,
>(
  routed: readonly Routed[],
  options: {
    readonly groups: readonly LaneGroup<Request, Answer>[];
    readonly partOf: (asked: readonly Routed[]) => PartOfCall<Request>;
    readonly deadline: number;
    readonly signal: AbortSignal;
  },
): Promise<LaneAnswer<Answer>> {
  const { groups, partOf, deadline } = options;
  let last = { queueMs: 0, batchWaitMs: 0, computeMs: 0 };
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Each group listens; Node takes more than ten listeners for a leak.
  setMaxListeners(0, signal);
  const answers = await gather(routed, {
    groups,
    ask: async (asked: readonly Routed[], { home, size }: LaneGroup<Request, Answer>) => {
      const call = { ...partOf(asked), tokens: size, deadline, signal };
      const { answers, ...times } = await home.ask(call);
      last = times;
      return answers;
    },
    onFailure: () => failed.abort(),
  });
  return { answers, ...last };
}

/**
 * The lane with the least to do.
 *
 * @param planned groups that are about to be queued
 * @throws VerifierError LANE_LOST if there is none
 */
export function leastLoaded<Request extends { readonly key: number }, Answer extends CountedAnswer>(
  lanes: readonly Lane<Request, Answer>[],
  planned: readonly LaneGroup<Request, Answer>[],
): Lane<Request, Answer> {
  const loadOf = (lane: Lane<Request, Answer>) =>
    planned.reduce(
      (sum, { home, size }) => sum + (home === lane ? size : 0),
      lane.waitingTokens + lane.runningTokens,
    );
  const [first, ...others] = lanes;
  if (first === undefined) throw new VerifierError("LANE_LOST", "the model has no threads");
  return others.reduce((least, lane) => (loadOf(lane) < loadOf(least) ? lane : least), first);
}
