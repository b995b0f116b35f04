import type { Trie } from "@nightbeam/catalogue";
import { type SearchProgram, searchNodes, type TargetProgram } from "@nightbeam/decoding";

/** A program that can be had. */
export interface AvailableProgram {
  readonly program: TargetProgram;
  /** A call of n rows takes about callMs + n * tokenMs. Undefined if it was not measured. */
  readonly cost?: { readonly callMs: number; readonly tokenMs: number } | undefined;
  /** Whether prompts are kept between tree calls, so that they are computed once. Default: true. */
  readonly keepsPrompts?: boolean | undefined;
}

/** A batch of users that is to be decoded. */
export interface BatchShape {
  readonly trie: Trie;
  readonly beamWidth: number;
  readonly users: number;
  /** Per user. */
  readonly promptTokens: number;
  /** Whether there is a draft. */
  readonly isDrafted: boolean;
}

/** Time from the answer of one call to the arrival of the next one, in milliseconds: assumed, not measured. */
const ROUND_TRIP_MS = 1.5;
/**
 * Share of the users of whom a draft has all prefixes of a level, and nodes that are asked for with a draft per node of
 * the search: those of a trained draft at K = 20, with 2.02 calls and 145.5 nodes per user (docs/results/drafts.md).
 */
const FULLY_DRAFTED = 0.66;
const DRAFT_SIZE = 2.4;
/** What a run of verify-tree costs besides its passes, in passes: the median of docs/results/gpu.md. */
const VERIFY_START = 2;

/**
 * Estimates the time per user, in milliseconds, from the cost of a program's calls. Undefined if it was not
 * measured, or if it is a drafted tree and there is no draft.
 *
 * The fixed time of a call is that of one pass for tree calls, and that of one pass per level for whole searches.
 * A level that is not fully drafted costs a pass more for all users of the batch.
 */
export function msPerUser(
  { program, cost, keepsPrompts = true }: AvailableProgram,
  batch: BatchShape,
): number | undefined {
  if (cost === undefined) return undefined;
  const { trie, beamWidth, users, promptTokens, isDrafted } = batch;
  const nodes = searchNodes(trie, beamWidth);
  const { levels } = trie;
  const missed = (levels - 1) * (1 - FULLY_DRAFTED ** users);
  const time = (of: { callMs: number; calls: number; prompts: number; nodes: number }) =>
    (of.callMs + of.calls * ROUND_TRIP_MS) / users +
    (of.prompts * promptTokens + of.nodes) * cost.tokenMs;
  const treeCalls = (of: { calls: number; nodes: number }) =>
    time({ ...of, callMs: of.calls * cost.callMs, prompts: keepsPrompts ? 1 : of.calls });
  switch (program) {
    case "tree-scores": {
      const plain = treeCalls({ calls: levels, nodes });
      if (!isDrafted) return plain;
      return Math.min(plain, treeCalls({ calls: 1 + missed, nodes: DRAFT_SIZE * nodes }));
    }
    case "beam-search":
      return time({ callMs: cost.callMs, calls: 1, prompts: 1, nodes });
    case "verify-tree": {
      if (!isDrafted) return undefined;
      const passes = 1 + missed;
      const repaired = (missed / (levels - 1)) * nodes;
      // Verifiers measure it with nothing drafted: a pass per level.
      const callMs = (cost.callMs * (VERIFY_START + passes)) / (VERIFY_START + levels);
      return time({ callMs, calls: 1, prompts: 1, nodes: DRAFT_SIZE * nodes + repaired });
    }
    default:
      return program satisfies never;
  }
}

/** Programs in messages. */
export const PROGRAM_WORDS: Readonly<Record<TargetProgram, string>> = {
  "tree-scores": "tree calls",
  "beam-search": "whole searches",
  "verify-tree": "drafted trees with repair",
};

/** Whether a program runs whole searches. */
export function isSearchProgram(program: TargetProgram): program is SearchProgram {
  return program !== "tree-scores";
}
