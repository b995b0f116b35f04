import type { ScoreAnswer, SearchAnswer } from "@nightbeam/decoding";

/** How far the answers of two honest verifiers may be apart. */
export interface AuditTolerance {
  /** Nats between two log-probabilities of the same code. */
  readonly logProb: number;
  /**
   * Share of the paths of whole searches, over all users of a call, that only one of the two may have found:
   * where two prefixes are nearly equal, rounding decides which one is searched on.
   */
  readonly paths: number;
}

/** Log-probabilities far below 0 are rounded in proportion. */
const RELATIVE = 1e-3;

/**
 * What two verifiers disagree about; undefined if nothing. Both answers have passed the checks, so their
 * lengths are the same.
 */
export function rowsDifference(
  first: readonly ScoreAnswer[],
  second: readonly ScoreAnswer[],
  { logProb }: AuditTolerance,
): string | undefined {
  for (const [user, { logProbs }] of first.entries()) {
    const others = second[user]?.logProbs ?? new Float64Array();
    for (let at = 0; at < logProbs.length; at++) {
      const [a, b] = [logProbs[at] ?? Number.NaN, others[at] ?? Number.NaN];
      if (!near(a, b, logProb)) return `user ${user}: log-probability ${at} is ${a} and ${b}`;
    }
  }
  return undefined;
}

/** As `rowsDifference`, for whole searches. */
export function listsDifference(
  first: readonly SearchAnswer[],
  second: readonly SearchAnswer[],
  tolerance: AuditTolerance,
): string | undefined {
  let [paths, missing] = [0, 0];
  for (const [user, { beams }] of first.entries()) {
    const other = second[user]?.beams;
    const scores = new Map(
      [...(other?.prefixes ?? [])].map((leaf, at) => [leaf, other?.scores[at]]),
    );
    const last = other?.scores[other.scores.length - 1] ?? Number.NEGATIVE_INFINITY;
    const within = tolerance.logProb * beams.depth;
    for (const [at, leaf] of beams.prefixes.entries()) {
      const [a, b] = [beams.scores[at] ?? Number.NaN, scores.get(leaf)];
      paths++;
      // The last places of two lists may be taken by paths that are nearly equal.
      if (b === undefined) missing += near(a, last, within) ? 0 : 1;
      else if (!near(a, b, within)) return `user ${user}: a path has score ${a} and ${b}`;
    }
  }
  if (missing <= tolerance.paths * paths) return undefined;
  return `${missing} of ${paths} paths are in one list alone`;
}

function near(a: number, b: number, within: number): boolean {
  return a === b || Math.abs(a - b) <= Math.max(within, RELATIVE * Math.min(-a, -b));
}
