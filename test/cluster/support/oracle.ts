import { createHash } from "node:crypto";
import type { Recommendation } from "@nightbeam/dataset";
import { readRecommendations } from "@nightbeam/run";

/** A finished run, as its readers see it. */
export interface Lists {
  /** SHA-256 over users, items and order. */
  readonly digest: string;
  readonly users: readonly string[];
  readonly scores: ReadonlyMap<string, readonly number[]>;
}

/** Reads a finished run and checks every file's hash. */
export async function readLists(directory: string): Promise<Lists> {
  const hash = createHash("sha256");
  const users: string[] = [];
  const scores = new Map<string, readonly number[]>();
  for await (const batch of readRecommendations(directory, { verify: true })) {
    for (const { user, items } of batch) {
      users.push(user);
      scores.set(
        user,
        items.map(({ score }: Recommendation["items"][number]) => score),
      );
      hash.update(JSON.stringify([user, items.map(({ item }) => item)]));
    }
  }
  return { digest: hash.digest("hex"), users, scores };
}

/** The largest difference between scores at the same position of the same user's list. */
export function largestScoreDifference(a: Lists, b: Lists): number {
  let largest = 0;
  for (const [user, scores] of a.scores) {
    scores.forEach((score, rank) => {
      largest = Math.max(largest, Math.abs(score - (b.scores.get(user)?.[rank] ?? Number.NaN)));
    });
  }
  return largest;
}
