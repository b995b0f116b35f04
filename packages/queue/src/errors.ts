/** Every way in which this package fails. Branch on the code; the message is for people. */
export type QueueErrorCode =
  /** Redis does not answer. Trying again later may help. */
  | "REDIS_UNREACHABLE"
  /** Redis may evict jobs or locks under memory pressure. */
  | "REDIS_UNSAFE"
  /** The user of this connection may not run a command, or use a key or a channel. */
  | "REDIS_FORBIDDEN"
  /** Redis is too old. */
  | "REDIS_TOO_OLD"
  /** Redis did not store jobs: it is read-only or out of memory, or another job has the same id. */
  | "NOT_STORED"
  /** The data of a job does not fit its kind, or an id, name or timetable is not valid. */
  | "BAD_JOB"
  /** The data of a job has fields that this version does not know: a newer one has to take it. */
  | "NEWER_JOB"
  /** The name or the timetable of a night is not valid. */
  | "BAD_REQUEST";

/** The one error class of this package. The message names the object and the remedy. */
export class QueueError extends Error {
  override readonly name = "QueueError";
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
