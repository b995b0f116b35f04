import type { Beams } from "./beams.js";

/** What one user's search cost. */
export interface SearchCost {
  /** Calls of the target that this user took part in. */
  readonly calls: number;
  /** Prefixes whose children the target was asked for, the prompt's own not counted. */
  readonly nodes: number;
  /** Rows that the target computed: prompt tokens and nodes, recomputed ones included. */
  readonly tokens: number;
  /**
   * Drafted steps that the calls accepted, as the AtSpeed paper counts them: a call always settles
   * the step that it was made for; each further step that it settles was drafted and accepted.
   */
  readonly acceptedSteps: number;
  /** The accepted steps of the first call alone. */
  readonly firstCallAcceptedSteps: number;
}

/** A user's best code paths, and what they cost. */
export interface SearchOutcome {
  readonly beams: Beams;
  readonly cost: SearchCost;
  /** Where items were proposed to the list (`acceptCandidates`), what became of them. */
  readonly acceptance?: Acceptance;
}

/** What the target made of the items that were proposed for a user. */
export interface Acceptance {
  /** Those of the beams that are there because they were proposed and accepted: trie nodes. */
  readonly accepted: ReadonlySet<number>;
  /** The target's log-probabilities of all that was proposed and may be recommended, in no order. */
  readonly scores: Float64Array;
  /** What the target's own search found; undefined where enough was accepted to spare it. */
  readonly own: Beams | undefined;
}

export const noCost: SearchCost = {
  calls: 0,
  nodes: 0,
  tokens: 0,
  acceptedSteps: 0,
  firstCallAcceptedSteps: 0,
};

/** The cost after one more call, which took the search from one depth to another. */
export function addCall(
  cost: SearchCost,
  call: { nodes: number; tokens: number; fromDepth: number; toDepth: number },
): SearchCost {
  // Under renormalized scoring the last steps can be certain; they are settled, not accepted.
  const accepted = Math.max(0, call.toDepth - call.fromDepth - 1);
  return {
    calls: cost.calls + 1,
    nodes: cost.nodes + call.nodes,
    tokens: cost.tokens + call.tokens,
    acceptedSteps: cost.acceptedSteps + accepted,
    firstCallAcceptedSteps: cost.calls === 0 ? accepted : cost.firstCallAcceptedSteps,
  };
}
