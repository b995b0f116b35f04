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
 * With a trained draft of twice as many prefixes as beams (docs/results/drafts.md): shares of the users who need a
 * second and a third call, nodes that are asked for per node of the search, and share of the users of whom the draft
 * has all prefixes of a level before the target was asked.
 */
const FURTHER_CALLS = [0.95, 0.06] as const;
const DRAFT_SIZE = 2.4;
const FULLY_DRAFTED = 1 / 3;
/** What a run of verify-tree costs besides its passes, in passes: the median of docs/results/gpu.md. */
const VERIFY_START = 2;

/**
 * Estimates the time per user, in milliseconds, from the cost of a program's calls. Undefined if it was not
 * measured, or if it is a drafted tree and there is no draft.
 *
 * The fixed time of a call is that of one pass for tree calls, and that of one pass per level for whole searches.
 * Users of a batch who need a further call share it. In verify-tree, a level that is not fully drafted costs a pass
 * more for all users of the batch.
 */
export function msPerUser(
  { program, cost, keepsPrompts = true }: AvailableProgram,
  batch: BatchShape,
): number | undefined {
  if (cost === undefined) return undefined;
  const { trie, beamWidth, users, promptTokens, isDrafted } = batch;
  const nodes = searchNodes(trie, beamWidth);
  const { levels } = trie;
  const time = (of: { callMs: number; calls: number; prompts: number; nodes: number }) =>
    (of.callMs + of.calls * ROUND_TRIP_MS) / users +
    (of.prompts * promptTokens + of.nodes) * cost.tokenMs;
  // A batch makes the calls, and a user is in some of them.
  const treeCalls = ({ calls, asked, nodes }: { calls: number; asked: number; nodes: number }) =>
    time({ callMs: calls * cost.callMs, calls, prompts: keepsPrompts ? 1 : asked, nodes });
  switch (program) {
    case "tree-scores": {
      const plain = treeCalls({ calls: levels, asked: levels, nodes });
      if (!isDrafted) return plain;
      const further = FURTHER_CALLS.slice(0, levels - 1);
      const calls = further.reduce((sum, share) => sum + anyOf(users, share), 1);
      const asked = further.reduce((sum, share) => sum + share, 1);
      return Math.min(plain, treeCalls({ calls, asked, nodes: DRAFT_SIZE * nodes }));
    }
    case "beam-search":
      return time({ callMs: cost.callMs, calls: 1, prompts: 1, nodes });
    case "verify-tree": {
      if (!isDrafted) return undefined;
      const missed = anyOf(users, 1 - FULLY_DRAFTED);
      const passes = 1 + (levels - 1) * missed;
      // Verifiers measure it with nothing drafted: a pass per level.
      const callMs = (cost.callMs * (VERIFY_START + passes)) / (VERIFY_START + levels);
      return time({ callMs, calls: 1, prompts: 1, nodes: (DRAFT_SIZE + missed) * nodes });
    }
    default:
      return program satisfies never;
  }
}

/** How probable it is for any of the users of a batch, if it is for each by a share. */
function anyOf(users: number, share: number): number {
  return 1 - (1 - share) ** users;
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
