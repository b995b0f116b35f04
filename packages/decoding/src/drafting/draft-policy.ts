import { wholeNumber } from "../errors.js";

/** A batch that is about to be decoded. */
export interface BatchOutlook {
  readonly users: number;
  /** Length of the longest prompt, in tokens. */
  readonly promptTokens: number;
}

/** The cost of a finished batch. */
export interface BatchMeasure extends BatchOutlook {
  readonly widths: readonly number[];
  /** Prompt tokens and nodes that the target computed for the whole batch. */
  readonly tokens: number;
  /** Compute time of target and drafts for the batch, without waiting. */
  readonly milliseconds: number;
}

/**
 * Decides how many prefixes are drafted at each depth: `widths[d - 1]` of depth d, for depths 1 to
 * levels - 1. Without widths nothing is drafted, which is plain beam search.
 */
export interface DraftPolicy {
  widthsFor(batch: BatchOutlook): readonly number[];
  /** Called after every batch that did not fail. */
  observe(measure: BatchMeasure): void;
}

/**
 * The same widths for every batch.
 *
 * @throws DecodingError BAD_OPTION if a width is not a whole number
 */
export function fixedWidths(widths: readonly number[]): DraftPolicy {
  for (const width of widths) wholeNumber(width, { name: "draft width", min: 0 });
  return { widthsFor: () => widths, observe: () => undefined };
}

/**
 * One width for all depths of a catalogue with this many levels: the AtSpeed paper's N.
 *
 * @throws DecodingError BAD_OPTION if the width is not a whole number
 */
export function uniformWidths(width: number, levels: number): readonly number[] {
  wholeNumber(width, { name: "draft width", min: 0 });
  return width === 0 ? [] : new Array<number>(levels - 1).fill(width);
}
