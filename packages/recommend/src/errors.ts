export type RecommendErrorCode =
  /** A list of allowed items has no item of the catalogue. */
  | "BAD_ALLOW_LISTS"
  /** An argument of the library is not what its type says. */
  | "BAD_ARGUMENT"
  /** The beam widths do not fit the catalogue. */
  | "BAD_BEAM_WIDTHS"
  /** None of the proposed items can be recommended, or the target was trained on none of the items. */
  | "BAD_CANDIDATES"
  /** The draft widths do not fit the catalogue. */
  | "BAD_DRAFT_WIDTHS"
  /** The setting `search` names a whole search that the run is too large for. */
  | "BAD_SEARCH"
  /** The order of items has no item of the catalogue. */
  | "BAD_ITEM_ORDER"
  /** The recommender was closed. */
  | "CLOSED"
  /** A draft writes items with other tokens than the target. */
  | "DRAFT_DIFFERS";

/** The error class of this package. The message names the setting, as a key in backticks, and the remedy. */
export class RecommendError extends Error {
  override readonly name = "RecommendError";
  readonly code: RecommendErrorCode;

  constructor(code: RecommendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
