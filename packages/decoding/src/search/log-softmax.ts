/**
 * Turns logits into log-probabilities (nats), in place: float64 throughout, summed in order. If all
 * are minus infinity, which rules everything out, they stay as they are.
 *
 * @public to write a scorer that has logits
 * @returns the logarithm of the sum of exponentials that was subtracted
 */
export function logSoftmax(logits: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i] ?? 0);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] ?? 0) - largest);
  const normaliser = largest + Math.log(sum);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] ?? 0) - normaliser;
  return normaliser;
}
