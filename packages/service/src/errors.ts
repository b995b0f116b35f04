export type UsageErrorCode =
  /** An option is missing, unknown or outside its range, or what it names cannot be had. */
  | "BAD_OPTION"
  /** The config file cannot be read or says what cannot be. */
  | "BAD_CONFIG"
  /** A process of a cluster on this machine did not become ready. */
  | "NOT_READY";

/** What a person typed, or an orchestrator set, cannot be done. The message names option and remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
