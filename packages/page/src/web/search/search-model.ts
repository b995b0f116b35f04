import type { SearchNode, SearchRecord } from "@nightbeam/run";

/** A prefix of a search with its surroundings. */
export interface SearchPrefix {
  /** Place in the record. */
  readonly at: number;
  readonly node: SearchNode;
  /** Codes of the prefix. */
  readonly depth: number;
  readonly parent: SearchPrefix | undefined;
  readonly children: SearchPrefix[];
}

/** A user's search as a tree, level by level. */
export interface SearchModel {
  readonly record: SearchRecord;
  readonly prefixes: readonly SearchPrefix[];
  /** Depth of whole paths. */
  readonly levels: number;
  /** Whether the target ran the search itself: then little is known of it. */
  readonly isWhole: boolean;
  /** Calls that plain search makes: one for each level that it has to ask about. */
  readonly plainCalls: number;
}

export function searchModel(record: SearchRecord): SearchModel {
  const prefixes: SearchPrefix[] = [];
  for (const [at, node] of record.nodes.entries()) {
    const parent = prefixes[node.parent];
    const depth = parent === undefined ? 0 : parent.depth + 1;
    const prefix: SearchPrefix = { at, node, depth, parent, children: [] };
    parent?.children.push(prefix);
    prefixes.push(prefix);
  }
  const asked = prefixes.filter(({ node }) => node.used).map(({ depth }) => depth);
  return {
    record,
    prefixes,
    levels: prefixes.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
    isWhole: record.program !== "tree-scores",
    plainCalls: new Set(asked).size,
  };
}

/** What is known of a search after some of its calls. */
export interface SearchStep {
  /** Calls made so far. */
  readonly call: number;
  /** Levels whose kept prefixes are known: the search stands at the last of them. */
  readonly settled: number;
}

/** The steps of a search: before its first call, and after each. */
export function searchSteps({ prefixes, levels, record }: SearchModel): SearchStep[] {
  return Array.from({ length: record.calls + 1 }, (_, call) => {
    const missing = prefixes.filter(({ node }) => node.used && (node.call ?? 0) > call);
    const settled = missing.reduce((least, { depth }) => Math.min(least, depth), levels);
    return { call, settled };
  });
}

/**
 * What a prefix is at a step. `missing`: the search waits for it; `target`: it was asked because the search was missing
 * it; `pending`: drafted, and it is not known yet whether it is needed; `hit`: drafted and needed; `miss`: drafted, and
 * not needed; `kept`: kept without a question; `passed`: only leads to others.
 */
export type PrefixState =
  | "hidden"
  | "missing"
  | "target"
  | "pending"
  | "hit"
  | "miss"
  | "kept"
  | "passed";

export function stateOf({ node, depth }: SearchPrefix, { call, settled }: SearchStep): PrefixState {
  const isAsked = node.call !== null && node.call <= call;
  const isSettled = depth <= settled;
  if (isAsked && node.askedBy === "target") return "target";
  if (isAsked) {
    if (!isSettled) return "pending";
    return node.used ? "hit" : "miss";
  }
  if (node.kept && isSettled) return node.used && node.call !== null ? "missing" : "kept";
  return node.call === null && !node.kept && isSettled ? "passed" : "hidden";
}

/** The prefixes of a step by what they are. */
export function countStates(
  prefixes: readonly SearchPrefix[],
  step: SearchStep,
): Readonly<Record<PrefixState, number>> {
  const counts: Record<PrefixState, number> = {
    ...{ hidden: 0, missing: 0, target: 0, pending: 0 },
    ...{ hit: 0, miss: 0, kept: 0, passed: 0 },
  };
  for (const prefix of prefixes) counts[stateOf(prefix, step)]++;
  return counts;
}
