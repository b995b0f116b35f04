/**
 * What a target is run for:
 *
 * - `tree-scores`: a `Scorer`; the search runs here and asks it
 * - `beam-search`: a `Searcher` that computes level by level
 * - `verify-tree`: a `Searcher` that scores the drafted tree in one pass, then the levels that were not
 *   fully drafted
 *
 * Programs may round differently, so the lists of one run all come from the same one.
 */
export const TARGET_PROGRAMS = ["tree-scores", "beam-search", "verify-tree"] as const;

export type TargetProgram = (typeof TARGET_PROGRAMS)[number];

/** The programs that are whole searches. */
export type SearchProgram = Exclude<TargetProgram, "tree-scores">;
