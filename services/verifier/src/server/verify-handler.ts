import { ModelError } from "@nightbeam/model";
import { ProtocolError, type VerifierDescription, type VerifyHandler } from "@nightbeam/protocol";
import { type Clock, unlessAborted } from "@nightbeam/service";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { LaneAnswer } from "../batching/waiting-call.js";
import { VerifierError } from "../errors.js";
import type { Lanes } from "../lanes/lanes.js";
import type { Tally } from "./tally.js";

export interface HandlerOptions {
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly log: Log;
  readonly describe: () => VerifierDescription;
}

/** Passes calls from the network to the lanes, and their answers back. */
export function verifyHandler(options: HandlerOptions): VerifyHandler {
  const { lanes, clock, tally, log, describe } = options;
  return {
    describe,
    search: () => Promise.reject(new ProtocolError("WRONG_MODEL", "only trees are scored here")),
    async verify({ deadline, ...call }) {
      let answered: LaneAnswer;
      try {
        // The caller's deadline is a wall-clock time; the lanes use a monotonic clock.
        const untilDeadline = deadline - Date.now();
        const scored = lanes.score({ ...call, deadline: clock.now() + untilDeadline });
        answered = await unlessAborted(scored, call.signal);
      } catch (error) {
        const refusal = refusalOf(error);
        tally.add(kindOf(refusal));
        if (refusal.code === "INTERNAL") {
          const [first] = call.requests;
          const lengths = { users: call.requests.length, firstPrompt: first?.prompt.length };
          log.error({ error, client: call.client, ...lengths }, "the model failed on a call");
        }
        throw refusal;
      }
      tally.answered(call.requests.length);
      const { waitingTokens, runningTokens } = lanes;
      return { ...answered, waitingTokens, runningTokens };
    },
  };
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
