import type { NodeStatus } from "@nightbeam/control";
import type { AvailableProgram } from "@nightbeam/recommend";

/** What is known about a verifier. */
export type LiveVerifier = Pick<
  NodeStatus,
  "target" | "catalogue" | "scoring" | "draining" | "cost" | "programs"
>;

/** The announced verifiers, with the properties that decide which calls they take. */
export interface LiveVerifiers {
  /** False without a connection to NATS: then nothing is known about verifiers. */
  readonly connected: boolean;
  readonly verifiers: readonly LiveVerifier[];
  /** Whether a drafter was given verifiers by address, about which nothing is known here. */
  readonly areNamed: boolean;
}

/** What a run asks verifiers for. */
export interface AskedModel {
  readonly target: string;
  readonly catalogue: string;
  readonly scoring: "full" | "renormalized";
}

/** Whether a verifier holds what is asked for, as far as it says. */
export function holdsModel(one: LiveVerifier, asked: AskedModel): boolean {
  const { target = asked.target, catalogue = asked.catalogue, scoring = asked.scoring } = one;
  return target === asked.target && catalogue === asked.catalogue && scoring === asked.scoring;
}

/** The programs of a verifier. Those of older versions run tree calls and do not say so. */
export function programsOf({ programs, cost }: LiveVerifier): readonly AvailableProgram[] {
  return programs ?? [{ program: "tree-scores", cost }];
}
