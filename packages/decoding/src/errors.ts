/** @public to branch on the code of a `DecodingError` */
export type DecodingErrorCode =
  /** A scorer returned a number of answers or log-probabilities that differs from the request. */
  | "ANSWER_SIZE"
  /** A scorer returned NaN or plus infinity: the model's weights or its runtime are broken. */
  | "NOT_A_NUMBER"
  /** An option or argument is missing, of the wrong type or outside its range. */
  | "BAD_OPTION"
  /** A tree is not parents-first, has a duplicate, or has a node that is not a prefix of the catalogue. */
  | "BAD_TREE"
  /** Bytes that are not an answer as `encodeAnswer` writes it. */
  | "BAD_ANSWER";

/**
 * The error of this package; branch on `code`.
 *
 * @public to recognise it
 */
export class DecodingError extends Error {
  override readonly name = "DecodingError";
  readonly code: DecodingErrorCode;

  constructor(code: DecodingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Returns `value` if it is a whole number of at least `min`.
 *
 * @throws DecodingError BAD_OPTION for anything else
 */
export function wholeNumber(value: number, option: { name: string; min: number }): number {
  if (Number.isInteger(value) && value >= option.min) return value;
  throw new DecodingError(
    "BAD_OPTION",
    `${option.name} ${value} is not a whole number of at least ${option.min}`,
  );
}

/** @throws DecodingError BAD_OPTION if `holds` is false */
export function requireThat(holds: boolean, message: string): void {
  if (!holds) throw new DecodingError("BAD_OPTION", message);
}
