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
  for (const [user, { logProbs, outside }] of first.entries()) {
    const other = second[user];
    const at = firstDifference(logProbs, other?.logProbs ?? new Float64Array(), logProb);
    if (at >= 0) {
      return `user ${user}: log-probability ${at} is ${logProbs[at]} and ${other?.logProbs[at]}`;
    }
    // Equally likely codes may come in another order, and a version may leave them all out.
    if (outside === undefined || other?.outside === undefined) continue;
    const [own, others] = [outside.logProbs, other.outside.logProbs];
    const place = firstDifference(own, others, logProb);
    if (place >= 0) {
      return `user ${user}: outside log-probability ${place} is ${own[place]} and ${others[place]}`;
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

/** The first place at which numbers differ; -1 if none does. */
function firstDifference(first: Float64Array, second: Float64Array, within: number): number {
  return first.findIndex((value, at) => !near(value, second[at] ?? Number.NaN, within));
}

function near(a: number, b: number, within: number): boolean {
  return a === b || Math.abs(a - b) <= Math.max(within, RELATIVE * Math.min(-a, -b));
}
