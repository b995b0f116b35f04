export type DrafterErrorCode =
  /** A file that the run needs is another one here than where the run was planned. */
  | "VERSION_DIFFERS"
  /** The job names another run or other rows than the store holds. */
  | "JOB_DIFFERS"
  /** The decode thread died over this shard. */
  | "THREAD_DIED"
  /** The decode thread died with this shard and others in it: nobody knows over which. */
  | "THREAD_LOST"
  /** The shard took longer than a job may take. */
  | "TIMED_OUT"
  /** The run was cancelled. */
  | "CANCELLED"
  /** The shard was left alone: its lock was lost, or this drafter stops. */
  | "ABORTED"
  /** The drafter was closed. */
  | "CLOSED";

/** The one error of this package. Recognise it by `code`; the message names the place and the remedy. */
export class DrafterError extends Error {
  override readonly name = "DrafterError";
  readonly code: DrafterErrorCode;

  constructor(code: DrafterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
