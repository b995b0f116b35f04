export type DrafterErrorCode =
  /** A file that the run needs is not the same on this node as on the scheduler. */
  | "VERSION_DIFFERS"
  /** The job does not match the run in the store. */
  | "JOB_DIFFERS"
  /** The decode thread died while it worked on this shard alone. */
  | "THREAD_DIED"
  /** The decode thread died while it worked on several shards; which one killed it is unknown. */
  | "THREAD_LOST"
  /** The shard took longer than a job may take. */
  | "TIMED_OUT"
  /** The run was cancelled. */
  | "CANCELLED"
  /** The shard was stopped: its lock was lost, or this drafter is stopping. */
  | "ABORTED"
  /** The shard was not taken: this drafter has trouble with its run, or failed at it before. */
  | "REFUSED"
  /** The drafter was closed. */
  | "CLOSED";

/** The error class of this package. Callers branch on `code`; the message names the place and the remedy. */
export class DrafterError extends Error {
  override readonly name = "DrafterError";
  readonly code: DrafterErrorCode;

  constructor(code: DrafterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
