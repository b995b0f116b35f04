import { wholeNumber } from "../options.js";

/** What a batch is about to do, for whoever decides how much to draft. */
export interface BatchOutlook {
  readonly users: number;
  /** Length of the longest prompt, in tokens. */
  readonly promptTokens: number;
}

/** What a finished batch cost. */
export interface BatchMeasure extends BatchOutlook {
  readonly widths: readonly number[];
  /** Rows that the target computed for the whole batch. */
  readonly tokens: number;
  /** Time that target and drafts worked for the batch, waiting not counted: what it took from others. */
  readonly milliseconds: number;
}

/**
 * Decides how many prefixes are drafted at each depth: `widths[d - 1]` of depth d, for depths 1 to
 * levels - 1. No widths: nothing is drafted, which is plain beam search.
 */
export interface DraftPolicy {
  widthsFor(batch: BatchOutlook): readonly number[];
  /** Told after every batch. */
  observe(measure: BatchMeasure): void;
}

/**
 * The same widths for every batch.
 *
 * @throws DecodingError BAD_OPTION where a width is not a whole number
 */
export function fixedWidths(widths: readonly number[]): DraftPolicy {
  for (const width of widths) wholeNumber(width, { name: "draft width", min: 0 });
  return { widthsFor: () => widths, observe: () => undefined };
}

/**
 * One width for all depths of a catalogue with so many levels: the paper's N.
 *
 * @throws DecodingError BAD_OPTION where the width is not a whole number
 */
export function uniformWidths(width: number, levels: number): readonly number[] {
  wholeNumber(width, { name: "draft width", min: 0 });
  return width === 0 ? [] : new Array<number>(levels - 1).fill(width);
}
