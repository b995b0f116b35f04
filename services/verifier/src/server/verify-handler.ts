import { ModelError } from "@nightbeam/model";
import { ProtocolError, type VerifierDescription, type VerifyHandler } from "@nightbeam/protocol";
import type { Clock } from "@nightbeam/service";
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

/** Takes calls from the network to the lanes, and what became of them back. */
export function verifyHandler(options: HandlerOptions): VerifyHandler {
  const { lanes, clock, tally, log, describe } = options;
  return {
    describe,
    async verify({ deadline, ...call }) {
      let answered: LaneAnswer;
      try {
        // A caller's deadline is a time of day; from here on only what is left of it counts.
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

/** Stops waiting when a call is aborted; a pass that has begun goes on without it. */
async function unlessAborted(
  scored: Promise<LaneAnswer>,
  signal: AbortSignal,
): Promise<LaneAnswer> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([aborted, scored]);
  } catch (error) {
    // The lanes say that the caller gave up; the signal knows why.
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** How a failure is told to callers. */
function refusalOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const as = (code: ProtocolError["code"], retryAfterMs?: number) =>
    new ProtocolError(code, reasonOf(error), { cause: error, retryAfterMs });
  if (error instanceof VerifierError) {
    switch (error.code) {
      case "BUSY":
        return as("BUSY", error.retryAfterMs);
      // Both mean: not here, but elsewhere.
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
