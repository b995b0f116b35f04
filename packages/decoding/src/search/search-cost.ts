import { levelWidths, type Trie } from "@nightbeam/catalogue";

/** What one user's search cost. */
export interface SearchCost {
  /** Calls of the target that this user took part in. */
  readonly calls: number;
  /** Prefixes whose children the target was asked for, the empty prefix not counted. */
  readonly nodes: number;
  /** Prompt tokens and nodes that the target computed, recomputed ones included. */
  readonly tokens: number;
  /** Those of the nodes that the search was missing; the others were drafted, or proposed. */
  readonly missingNodes: number;
  /**
   * Nodes that the search needed and did not have to ask for, because they were drafted. 0 for whole searches, whose
   * nodes all count as missing: how they use a draft is the device's business.
   */
  readonly draftHits: number;
  /**
   * Drafted steps that the calls accepted, as the AtSpeed paper counts them: a call always settles
   * the step that it was made for; every further step that it settles was drafted and accepted.
   */
  readonly acceptedSteps: number;
  /** The accepted steps of the first call alone. */
  readonly firstCallAcceptedSteps: number;
}

export const noCost: SearchCost = {
  calls: 0,
  nodes: 0,
  missingNodes: 0,
  draftHits: 0,
  tokens: 0,
  acceptedSteps: 0,
  firstCallAcceptedSteps: 0,
};

/** A call, which took the search from one depth to another. */
export interface SearchCall extends Pick<SearchCost, "nodes" | "missingNodes" | "tokens"> {
  readonly fromDepth: number;
  readonly toDepth: number;
}

/** Adds a call. */
export function addCall(cost: SearchCost, call: SearchCall): SearchCost {
  // Under renormalized scoring the last steps can be certain; they are settled, not accepted.
  const accepted = Math.max(0, call.toDepth - call.fromDepth - 1);
  return {
    calls: cost.calls + 1,
    nodes: cost.nodes + call.nodes,
    missingNodes: cost.missingNodes + call.missingNodes,
    draftHits: cost.draftHits,
    tokens: cost.tokens + call.tokens,
    acceptedSteps: cost.acceptedSteps + accepted,
    firstCallAcceptedSteps: cost.calls === 0 ? accepted : cost.firstCallAcceptedSteps,
  };
}

/** Nodes that a plain search asks about, the root not counted: at most K per level but the last. */
export function searchNodes(trie: Trie, beamWidth: number): number {
  const inner = levelWidths(trie).slice(1, -1);
  return inner.reduce((sum, width) => sum + Math.min(width, beamWidth), 0);
}
