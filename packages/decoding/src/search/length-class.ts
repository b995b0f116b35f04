/** Classes of prompt lengths between a number and its double: padding is at most a sixteenth. */
const CLASSES_PER_DOUBLING = 16;

/**
 * The length that prompts of about this length are padded to when they are computed together. There are
 * few such lengths, so that batches fill up, and a device sees the same shapes again and again.
 *
 * @param tokens at least 1
 */
export function lengthClass(tokens: number): number {
  const step = Math.max(1, 2 ** Math.floor(Math.log2(tokens)) / CLASSES_PER_DOUBLING);
  return Math.ceil(tokens / step) * step;
}
