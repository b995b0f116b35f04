export type ClientErrorCode =
  /** The request is wrong: correct it. The message is the server's. */
  | "BAD_REQUEST"
  /** The server has no history of the user, and the request has none. */
  | "UNKNOWN_USER"
  /** The user cannot be recommended for; `reason` says why. */
  | "REJECTED"
  /** The token is missing or wrong. */
  | "UNAUTHORIZED"
  /** The server was busy until there was no time or no retry left. */
  | "BUSY"
  /** The deadline passed. */
  | "DEADLINE"
  /** The server could not be reached, is shutting down, or failed. */
  | "UNAVAILABLE"
  /** The answer is not one of this API: check the URL. */
  | "BAD_ANSWER"
  /** An option of the client is wrong. */
  | "BAD_OPTION";

/** The only error class of this package. Callers branch on `code`. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  /** With REJECTED: why, such as `unknown_item`. */
  readonly reason: string | undefined;

  constructor(
    code: ClientErrorCode,
    message: string,
    options: ErrorOptions & { readonly reason?: string | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.reason = options.reason;
  }
}
