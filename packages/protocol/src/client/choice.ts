/** What decides how soon a verifier will probably answer a call. */
export interface Candidate {
  /** Rows waiting at the verifier, as last reported. */
  readonly waitingTokens: number;
  /** Rows of this client's calls in progress at the verifier. */
  readonly inFlightTokens: number;
  readonly cost: { readonly callMs: number; readonly tokenMs: number } | undefined;
}

/**
 * The candidate that will probably answer first: by time if the costs of all are known, else by
 * rows. Ties are broken at random, so that clients do not all choose the same one.
 *
 * @param random 0 to 1, without 1
 */
export function leastBusy<T extends Candidate>(
  candidates: readonly T[],
  random: number,
): T | undefined {
  const timed = candidates.every(({ cost }) => cost !== undefined);
  let best: T[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const expected = timed ? expectedMs(candidate) : rows(candidate);
    if (expected < least) [best, least] = [[candidate], expected];
    else if (expected === least) best.push(candidate);
  }
  return best[Math.floor(random * best.length)];
}

function rows({ waitingTokens, inFlightTokens }: Candidate): number {
  return waitingTokens + inFlightTokens;
}

function expectedMs(candidate: Candidate): number {
  const { callMs = 0, tokenMs = 0 } = candidate.cost ?? {};
  return rows(candidate) * tokenMs + callMs;
}
