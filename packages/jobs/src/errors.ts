export type JobsErrorCode =
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
  /** A location is neither a directory nor s3://bucket/prefix. */
  | "BAD_LOCATION"
  /** A name could leave its store. */
  | "BAD_NAME"
  /** What a person submitted cannot be run; the message says which key. */
  | "BAD_REQUEST"
  /** The store refused or failed; the cause says why. */
  | "STORE_FAILED"
  /** A file of the store is not what its name promises. */
  | "STORE_DAMAGED"
  /** The store holds a run that one machine made, which no request belongs to. */
  | "OUT_TAKEN"
  /** The store holds a run with another plan. */
  | "RUN_DIFFERS"
  /** The store holds no run, or one that has not been planned yet. */
  | "NOT_A_RUN"
  /** What is asked of the run does not fit the state that it is in. */
  | "RUN_STATE"
  /** Shards are missing, so the run cannot be finished. */
  | "RUN_INCOMPLETE"
  /** A shard does not account for exactly the rows that the plan gives it. */
  | "SHARD_MISMATCH";

/** What goes wrong between a night's bookkeeping and Redis or the store. Recognise it by `code`. */
export class JobsError extends Error {
  override readonly name = "JobsError";
  readonly code: JobsErrorCode;

  constructor(code: JobsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
