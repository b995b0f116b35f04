import { createHash } from "node:crypto";
import type { Recommendation } from "./recommendation.js";

/**
 * The SHA-256, in hex, of users, items and their order. It does not cover scores, because the kernels of
 * different machines round the last bits differently, nor the format or the division into parts.
 */
export async function listsDigest(
  lists: AsyncIterable<readonly Recommendation[]>,
): Promise<string> {
  const hash = listsHash();
  for await (const batch of lists) hash.add(batch);
  return hash.digest();
}

/** The same for lists that are read for another purpose: add all batches, in order, then call `digest`. */
export function listsHash(): {
  add(batch: readonly Recommendation[]): void;
  digest(): string;
} {
  const hash = createHash("sha256");
  return {
    add: (batch) => {
      for (const { user, items } of batch) {
        // As JSON, so that no id can look like two.
        hash.update(`${JSON.stringify([user, ...items.map(({ item }) => item)])}\n`);
      }
    },
    digest: () => hash.digest("hex"),
  };
}
