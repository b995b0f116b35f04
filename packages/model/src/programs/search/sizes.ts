import { levelWidths, type Trie } from "@nightbeam/catalogue";

/** Names of sizes that a run of searches gives besides those of `SIZES`. */
export const searchSizes = {
  /** Beams per user at a depth from 1: K, or all prefixes if there are fewer. */
  beams: (depth: number) => `beams_${depth}`,
  /** Columns of the marks of a depth's children: one per child of every beam, and one that counts for nothing. */
  marks: (depth: number) => `marks_${depth}`,
  /** Closed nodes per user among the children of a depth. */
  closed: (depth: number) => `closed_${depth}`,
  /** Drafted nodes per user at a depth from 1. */
  drafted: (depth: number) => `drafted_${depth}`,
  /** Slots per user that the beams of a depth from 1 are laid out in. */
  slots: (depth: number) => `slots_${depth}`,
};

/** Beams per user at every depth, the root's first. Shape [levels + 1]. */
export function beamsByDepth(trie: Trie, beamWidth: number): number[] {
  return levelWidths(trie).map((width) => Math.min(width, beamWidth));
}
