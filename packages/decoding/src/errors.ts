export type DecodingErrorCode =
  /** A scorer answered with another number of log-probabilities than was asked for. */
  | "ANSWER_SIZE"
  /** A scorer answered with NaN or plus infinity: the model's weights or its runtime are broken. */
  | "NOT_A_NUMBER"
  /** An option is outside its range. */
  | "BAD_OPTION"
  /** A tree is not parents-first, holds a duplicate, or names what is no prefix of the catalogue. */
  | "BAD_TREE";

/** What goes wrong at the border between the search and whoever feeds it. Recognise it by `code`. */
export class DecodingError extends Error {
  override readonly name = "DecodingError";
  readonly code: DecodingErrorCode;

  constructor(code: DecodingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
