import { QueueError } from "@nightbeam/queue";
import { DrafterError } from "../errors.js";
import { ShardStopped } from "../shard/stop.js";
import { ShardFailure } from "../thread/decode-thread.js";

/** What happens to the job of a shard that was not done. */
export type Fate =
  /** Nothing: another drafter has the job, or will have it. */
  | "left"
  /** Any drafter may take it at once. */
  | "handed-back"
  /** It is retried after a delay, without counting an attempt. */
  | "put-off"
  /** An attempt is counted; it is retried if attempts are left. */
  | "failed"
  /** It fails permanently: no other attempt could succeed. */
  | "poison"
  /** It fails permanently and is removed from the queue: its run was cancelled. */
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
