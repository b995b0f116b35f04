/** Minimum expected count of a cell; smaller cells are merged. */
const LEAST_EXPECTED = 5;

/**
 * Pearson's test of counts against expected counts. The p-value by Wilson and Hilferty's cube root, which
 * is accurate to a few percent in the range that matters here.
 */
export function chiSquare(
  counts: readonly number[],
  expected: readonly number[],
): { statistic: number; p: number } {
  let [statistic, cells, restCount, restExpected] = [0, 0, 0, 0];
  const add = (count: number, mean: number) => {
    statistic += (count - mean) ** 2 / mean;
    cells++;
  };
  expected.forEach((mean, cell) => {
    const count = counts[cell] ?? 0;
    if (mean >= LEAST_EXPECTED) add(count, mean);
    else {
      if (mean === 0 && count > 0) statistic = Number.POSITIVE_INFINITY;
      restCount += count;
      restExpected += mean;
    }
  });
  if (restExpected > 0) add(restCount, restExpected);
  const freedom = cells - 1;
  if (freedom === 0) return { statistic, p: Number.isFinite(statistic) ? 1 : 0 };
  const spread = 2 / (9 * freedom);
  const z = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread);
  return { statistic, p: Number.isFinite(statistic) ? upperTail(z) : 0 };
}

/** P(Z > z) of a standard normal variable. */
function upperTail(z: number): number {
  // Trapezoids over the density: plain, and exact enough for a test.
  const steps = 4_000;
  const to = Math.max(z, 0) + 12;
  const width = (to - z) / steps;
  let sum = 0;
  for (let at = 0; at <= steps; at++) {
    const weight = at === 0 || at === steps ? 0.5 : 1;
    sum += weight * Math.exp(-((z + at * width) ** 2) / 2);
  }
  return (sum * width) / Math.sqrt(2 * Math.PI);
}
