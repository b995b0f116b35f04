import { createHash } from "node:crypto";
import type { Recommendation } from "./recommendation.js";

/**
 * The SHA-256, in hex, of users, items and their order. It does not cover scores, because the kernels of
 * different machines round the last bits differently, nor the format or the division into parts.
 */
export async function listsDigest(
  lists: AsyncIterable<readonly Recommendation[]>,
): Promise<string> {
  const hash = createHash("sha256");
  for await (const batch of lists) {
    for (const { user, items } of batch) {
      // As JSON, so that no id can look like two.
      hash.update(`${JSON.stringify([user, ...items.map(({ item }) => item)])}\n`);
    }
  }
  return hash.digest("hex");
}
