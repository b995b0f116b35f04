import { DecodingError } from "./errors.js";

/**
 * Passes a whole number of at least `min` on.
 *
 * @throws DecodingError BAD_OPTION for any other number
 */
export function wholeNumber(value: number, option: { name: string; min: number }): number {
  if (Number.isInteger(value) && value >= option.min) return value;
  throw new DecodingError(
    "BAD_OPTION",
    `${option.name} ${value} is not a whole number of at least ${option.min}`,
  );
}
