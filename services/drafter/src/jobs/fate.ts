import { QueueError } from "@nightbeam/queue";
import { DrafterError } from "../errors.js";
import { ShardStopped } from "../shard/stop.js";
import { ShardFailure } from "../thread/shard-failure.js";

/** What becomes of a job whose shard was not done. */
export type Fate =
  /** Not touched: it is somebody else's, or will be. */
  | "left"
  /** Anybody may take it at once. */
  | "handed-back"
  /** It is tried again a little later; no attempt is counted. */
  | "put-off"
  /** The attempt is counted, and another one follows if there is one left. */
  | "failed"
  /** It fails for good: no other attempt could do better. */
  | "poison"
  /** It fails for good and is taken out of the queue: its run was cancelled. */
  | "removed";

export function fateOf(error: unknown): Fate {
  if (error instanceof ShardStopped) {
    switch (error.stop.kind) {
      case "lock-lost":
        return "left";
      case "shutdown":
        return "handed-back";
      case "cancelled":
        return "removed";
      case "timeout":
        return "failed";
      default:
        return error.stop satisfies never;
    }
  }
  if (error instanceof ShardFailure) {
    if (error.failure.kind === "no-verifier") return "put-off";
    return error.failure.kind === "fatal" ? "poison" : "failed";
  }
  if (error instanceof QueueError && error.code === "BAD_JOB") return "poison";
  if (error instanceof DrafterError) {
    if (error.code === "CLOSED") return "handed-back";
    if (error.code === "THREAD_LOST") return "put-off";
  }
  return "failed";
}
