export type QueueErrorCode =
  /** Redis does not answer. */
  | "REDIS_UNREACHABLE"
  /** Redis may throw jobs or locks away under memory pressure. */
  | "REDIS_UNSAFE"
  /** Redis is older than the queue needs. */
  | "REDIS_TOO_OLD"
  /** Redis took jobs and does not have them: read-only, out of memory, or another job's name. */
  | "NOT_STORED"
  /** A job's data is not what its kind demands. */
  | "BAD_JOB"
  /** A night's name or timetable cannot be used. */
  | "BAD_REQUEST";

/** What goes wrong between a night's queue and Redis. Recognise it by `code`. */
export class QueueError extends Error {
  override readonly name = "QueueError";
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
