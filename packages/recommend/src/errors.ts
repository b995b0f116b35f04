export type RecommendErrorCode =
  /** A draft's name lacks its path, or its path names no file or directory. */
  | "BAD_DRAFT"
  /** Of all items that are proposed, none can be recommended. */
  | "BAD_CANDIDATES"
  /** The draft widths do not fit the catalogue. */
  | "BAD_DRAFT_WIDTHS"
  /** What is said about drawing lists does not go together. */
  | "BAD_VERIFICATION"
  /** A draft writes items with other tokens than the target. */
  | "DRAFT_DIFFERS";

/** What cannot be recommended with. The message names the option, as it is typed, and the remedy. */
export class RecommendError extends Error {
  override readonly name = "RecommendError";
  readonly code: RecommendErrorCode;

  constructor(code: RecommendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
