import type { BeamTree, GroupLimit } from "@nightbeam/decoding";
import type { ProgramSetup } from "../programs/program.js";

/** Scores that a run holds at once, 4 bytes each. */
export interface RunSize {
  /** Of the prompts' attention. */
  readonly attention: number;
  /** Of the output layer, before the catalogue's codes are picked. */
  readonly output: number;
}

/** A quarter of a gigabyte. */
const MAX_ATTENTION = 2 ** 26;
/**
 * 64 MiB on a processor: 682 nodes if the vocabulary has 24,580 tokens, and no faster with more. A
 * device may take a gigabyte, as it is faster with more nodes.
 */
const MAX_OUTPUT = { processor: 2 ** 24, device: 2 ** 28 };

/** How large a run may get. */
export function runLimit({ onDevice }: Pick<ProgramSetup, "onDevice">): GroupLimit<RunSize> {
  const maxOutput = onDevice ? MAX_OUTPUT.device : MAX_OUTPUT.processor;
  return {
    sum: (a, b) => ({ attention: a.attention + b.attention, output: a.output + b.output }),
    fits: ({ attention, output }) => attention <= MAX_ATTENTION && output <= maxOutput,
  };
}

/** Bytes of scores that a run may hold. */
export function maxScoreBytes({ onDevice }: Pick<ProgramSetup, "onDevice">): number {
  return 4 * (MAX_ATTENTION + (onDevice ? MAX_OUTPUT.device : MAX_OUTPUT.processor));
}

/** What one request adds to a run. */
export function sizeOf(
  { architecture, codeTokens, scoring }: ProgramSetup,
  request: { tree: BeamTree; promptLength: number; start: number; cached: boolean },
): RunSize {
  const { tree, promptLength, start, cached } = request;
  const { vocabularySize, attentionHeads } = architecture;
  const scored =
    scoring === "full" ? vocabularySize : Math.max(...codeTokens.map(({ length }) => length));
  return {
    attention: cached ? 0 : attentionHeads * promptLength * (promptLength - start),
    output: tree.wanted.length * scored,
  };
}
