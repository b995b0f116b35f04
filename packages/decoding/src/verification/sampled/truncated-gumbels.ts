/**
 * Conditions independent Gumbel variables on their maximum being `largest`, in place: a step down the
 * tree.
 *
 * If G are independent with maximum Z, then -ln(exp(-largest) - exp(-Z) + exp(-G)) are distributed
 * like G given that their maximum is `largest`. Computed as in appendix B.3 of Kool et al. (2019),
 * "Stochastic Beams and Where to Find Them": nothing overflows, the largest becomes exactly `largest`,
 * none becomes larger, and minus infinity, which marks the impossible, stays.
 */
export function truncateGumbels(gumbels: Float64Array, largest: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < gumbels.length; i++) most = Math.max(most, gumbels[i] ?? 0);
  if (most === Number.NEGATIVE_INFINITY) return;
  for (let i = 0; i < gumbels.length; i++) {
    const gumbel = gumbels[i] ?? 0;
    if (gumbel === Number.NEGATIVE_INFINITY) continue;
    const v = largest - gumbel + log1mexp(gumbel - most);
    gumbels[i] = largest - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
  }
}

/** ln(1 - exp(x)) for x up to 0, without loss near 0 and far below it. */
function log1mexp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}
