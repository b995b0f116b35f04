import type { ProposedCounts } from "@nightbeam/run";
import type { ProgramChoice } from "../program/choose-program.js";

/** What happens in a run on one machine. */
export type RecommendEvent =
  /**
   * Proposed items were read; `unknown` of them are ignored, as the searched catalogue lacks them. `newItems`: those of all
   * items that are new, if these have a threshold of their own.
   */
  | ({ readonly kind: "candidates" } & ProposedCounts)
  /** What the target is run for was chosen or given; for tree calls only if `search` was given. */
  | ({ readonly kind: "program" } & ProgramChoice)
  /** What is not obvious about the histories' files, or a setting that changes nothing: with keys in backticks. */
  | { readonly kind: "note"; readonly text: string }
  /** The run was begun with other drafts, or none: its manifest names those. No list changes. */
  | { readonly kind: "other-drafts" }
  /** An interrupted run is continued. */
  | { readonly kind: "continued"; readonly done: number; readonly total: number }
  | { readonly kind: "progress"; readonly counts: ProgressCounts };

export interface ProgressCounts {
  /** Users who have a list or a rejection. */
  readonly done: number;
  readonly total: number;
  /** Users who were done when the run was opened. */
  readonly before: number;
  /** Searches of this process, and calls of the target for them. */
  readonly searches: number;
  readonly calls: number;
}

export interface RunOptions {
  readonly onEvent: (event: RecommendEvent) => void;
  readonly signal: AbortSignal;
}
