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
  /** Undefined: any. */
  readonly target?: string | undefined;
  readonly catalogue: string;
  readonly scoring: "full" | "renormalized";
}

/** Whether a verifier holds what is asked for, as far as it says. */
export function holdsModel(one: LiveVerifier, asked: AskedModel): boolean {
  return (["target", "catalogue", "scoring"] as const).every((key) => {
    const [held, wanted] = [one[key], asked[key]];
    return held === undefined || wanted === undefined || held === wanted;
  });
}

/** What verifiers that take calls and hold what is asked for run. Undefined if that is not known. */
export function programsHolding(
  { connected, verifiers }: LiveVerifiers,
  asked: AskedModel,
): readonly AvailableProgram[] | undefined {
  if (!connected) return undefined;
  return verifiers.filter((one) => !one.draining && holdsModel(one, asked)).flatMap(programsOf);
}

/** The programs of a verifier. Those of older versions run tree calls and do not say so. */
export function programsOf({ programs, cost }: LiveVerifier): readonly AvailableProgram[] {
  return programs ?? [{ program: "tree-scores", cost }];
}
