import type { TargetProgram } from "@nightbeam/decoding";
import { ModelError } from "@nightbeam/model";
import {
  type Answered,
  ProtocolError,
  type VerifierDescription,
  type VerifyHandler,
} from "@nightbeam/protocol";
import { type Clock, unlessAborted } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import type { LaneAnswer } from "../batching/waiting-call.js";
import { VerifierError } from "../errors.js";
import type { AllLanes } from "../lanes/all-lanes.js";
import type { Tally } from "./tally.js";

export interface HandlerOptions {
  readonly lanes: AllLanes;
  /** Passes of a program that run at the same time. */
  readonly passesAtOnce: number;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly tracing: Tracing;
  readonly log: Log;
  readonly describe: () => VerifierDescription;
}

/** Passes calls from the network to the lanes, and their answers back. */
export function verifyHandler(options: HandlerOptions): VerifyHandler {
  const { lanes, describe } = options;
  return {
    describe,
    verify: (call) =>
      answerCall(options, call, (received) => {
        if (lanes.trees === undefined) throw notServed("tree-scores");
        return lanes.trees.score({ ...call, ...received });
      }),
    search: (call) =>
      answerCall(options, call, (received) => {
        const searching = lanes.searches.get(call.program);
        if (searching === undefined) throw notServed(call.program);
        return searching.search({ ...call, ...received });
      }),
  };
}

interface ReceivedRequests {
  readonly requests: readonly { readonly prompt: { readonly length: number } }[];
  /** Names the client of a tree call. */
  readonly client?: string;
  readonly signal: AbortSignal;
  readonly deadline: number;
  readonly traceparent?: string | undefined;
}

/** As the lanes know a call: by their own clock, and by the span that answers it. */
interface Received {
  readonly deadline: number;
  readonly traceparent: string | undefined;
}

/** @throws ProtocolError */
async function answerCall<Answer extends { readonly milliseconds: number }>(
  { lanes, passesAtOnce, clock, tally, tracing, log }: HandlerOptions,
  call: ReceivedRequests,
  ask: (received: Received) => Promise<LaneAnswer<Answer>>,
): Promise<Answered<Answer>> {
  const { client, requests, deadline, signal } = call;
  let answered: LaneAnswer<Answer>;
  try {
    // The caller's deadline is a wall-clock time; the lanes use a monotonic clock.
    const untilDeadline = deadline - Date.now();
    const asked = (traceparent: string | undefined) =>
      unlessAborted(ask({ deadline: clock.now() + untilDeadline, traceparent }), signal);
    answered = await traced(tracing, { call, asked });
  } catch (error) {
    const refusal = refusalOf(error);
    tally.add(kindOf(refusal));
    if (refusal.code === "INTERNAL") {
      const lengths = { users: requests.length, firstPrompt: requests[0]?.prompt.length };
      log.error({ error, client, ...lengths }, "the model failed on a call");
    }
    throw refusal;
  }
  tally.answered(requests.length, answered);
  const { waitingTokens, runningTokens } = lanes;
  const ownMs = answered.answers.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return { ...answered, nodeMs: ownMs / passesAtOnce, waitingTokens, runningTokens };
}

/** Answers within a span, if the client traces the call. */
function traced<Answer>(
  tracing: Tracing,
  {
    call: { traceparent: parent, requests },
    asked,
  }: {
    readonly call: ReceivedRequests;
    readonly asked: (traceparent: string | undefined) => Promise<Answer>;
  },
): Promise<Answer> {
  if (parent === undefined) return asked(undefined);
  const attributes = { "nightbeam.users": requests.length };
  return tracing.within("answer call", { kind: "server", parent, attributes }, (span) =>
    asked(span.traceparent),
  );
}

function notServed(program: TargetProgram): ProtocolError {
  return new ProtocolError("WRONG_MODEL", `this verifier does not run ${program}`);
}

/** Converts an error for the caller. */
function refusalOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const as = (code: ProtocolError["code"], retryAfterMs?: number) =>
    new ProtocolError(code, reasonOf(error), { cause: error, retryAfterMs });
  if (error instanceof VerifierError) {
    switch (error.code) {
      case "BUSY":
        return as("BUSY", error.retryAfterMs);
      // In both cases another verifier can answer.
      case "DRAINING":
      case "LANE_LOST":
        return as("DRAINING");
      case "CANCELLED":
        return as("CANCELLED");
      case "EXPIRED":
        return as("DEADLINE");
      default:
        error.code satisfies never;
    }
  }
  if (error instanceof ModelError && error.code === "PROMPT_TOO_LONG") return as("INVALID_CALL");
  if (error instanceof ModelError && error.code === "CLOSED") return as("DRAINING");
  return as("INTERNAL");
}

function kindOf({ code }: ProtocolError): "busy" | "cancelled" | "expired" | "failed" {
  if (code === "BUSY") return "busy";
  if (code === "DEADLINE") return "expired";
  return code === "CANCELLED" || code === "DRAINING" ? "cancelled" : "failed";
}
