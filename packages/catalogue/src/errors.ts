/** Everything that can be wrong with a catalogue's source. Callers may switch over it. */
export type CatalogueErrorCode =
  /** No item is left: an empty source, or a filter that removes everything. */
  | "EMPTY"
  /** An item has another number of codes than the items before it. */
  | "UNEVEN_LEVELS"
  /** Fewer than 2 or more than 8 codes. */
  | "LEVELS_OUT_OF_RANGE"
  /** A code outside 0 to 65,535. */
  | "CODE_OUT_OF_RANGE"
  /** Not a code at all: a malformed token, another level's letter, a fraction. */
  | "BAD_CODE"
  /** An id that is empty or cannot be written as UTF-8. */
  | "BAD_ITEM_ID"
  /** The same id twice. */
  | "DUPLICATE_ITEM"
  /** A filter names an item that the catalogue does not have. */
  | "UNKNOWN_ITEM"
  /** Text that is not the JSON it should be. */
  | "BAD_JSON"
  /** Bytes that are not a whole prepared catalogue of a known version. */
  | "BAD_PREPARED_FILE";

/** The one error of this package: its message names the place, the problem and the remedy. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
  readonly code: CatalogueErrorCode;

  /** `problem` and `remedy` are sentences without their full stop; together they are the message. */
  constructor(detail: { code: CatalogueErrorCode; problem: string; remedy: string }) {
    super(`${detail.problem}. ${detail.remedy}.`);
    this.code = detail.code;
  }
}
