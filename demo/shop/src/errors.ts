export type ShopErrorCode =
  /** An option is missing, unknown or outside its range. */
  "BAD_OPTION";

/** The one error class of this package. The message names the option and the remedy. */
export class ShopError extends Error {
  override readonly name = "ShopError";
  readonly code: ShopErrorCode;

  constructor(code: ShopErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
