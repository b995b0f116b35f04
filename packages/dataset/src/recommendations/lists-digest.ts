import { createHash } from "node:crypto";
import type { Recommendation } from "./recommendation.js";

/**
 * SHA-256, in hex, over users, items and their order. Scores are not in it: kernels of different
 * machines round their last bits differently, and the same lists have the same digest all the same.
 * Nor is the format, or how the lists were cut into parts.
 */
export async function listsDigest(
  lists: AsyncIterable<readonly Recommendation[]>,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const batch of lists) {
    for (const { user, items } of batch) {
      // As JSON, so that no id can pass for two.
      hash.update(`${JSON.stringify([user, ...items.map(({ item }) => item)])}\n`);
    }
  }
  return hash.digest("hex");
}
