export type UsageErrorCode =
  /** An option is missing, unknown or out of range, or what it names cannot be used. */
  | "BAD_OPTION"
  /** A configuration file cannot be read or is invalid. */
  | "BAD_CONFIG"
  /** A process of a local cluster did not become ready. */
  | "NOT_READY";

/** An option that the user or an orchestrator gave is wrong. The message names the option and the remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: UsageErrorCode;

  constructor(code: UsageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
