import { z } from "zod";
import { DatasetError } from "../errors.js";

/** An item of a user's list. */
export interface RecommendedItem {
  readonly item: string;
  /** The target's log-probability (nats) of the item's code path, or the score of another mode. */
  readonly score: number;
  /** The item's code path; codes are 0 to 65,535. Shape [levels]. */
  readonly codes: readonly number[];
}

/** A user's list, best item first; empty if nothing could be recommended. */
export interface Recommendation {
  readonly user: string;
  readonly items: readonly RecommendedItem[];
}

/** A recommendation in a file. */
export const recommendationSchema: z.ZodType<Recommendation> = z.object({
  user: z.string(),
  items: z.array(
    z.object({
      item: z.string(),
      score: z.number(),
      codes: z.array(z.number()),
    }),
  ),
});

/**
 * A recommendation as a line of JSON. The order of keys is fixed, so that equal lists give equal bytes.
 *
 * @throws DatasetError BAD_RECOMMENDATION for a score that is not finite or a code out of range
 */
export function recommendationJson(recommendation: Recommendation): string {
  return JSON.stringify({ user: recommendation.user, items: plainItems(recommendation) });
}

/** The items as JSON. @throws DatasetError BAD_RECOMMENDATION */
export function itemsJson(recommendation: Recommendation): string {
  return JSON.stringify(plainItems(recommendation));
}

function plainItems({ user, items }: Recommendation): RecommendedItem[] {
  return items.map(({ item, score, codes }) => {
    // JSON has no infinities: they would be read as null.
    if (!Number.isFinite(score)) throw unwritable({ user, item, problem: `score is ${score}` });
    for (const code of codes) {
      if (Number.isInteger(code) && code >= 0 && code <= 0xffff) continue;
      throw unwritable({ user, item, problem: `code is ${code}` });
    }
    return { item, score, codes: Array.from(codes) };
  });
}

function unwritable(about: { user: string; item: string; problem: string }): DatasetError {
  return new DatasetError(
    "BAD_RECOMMENDATION",
    `User "${about.user}", item "${about.item}": the ${about.problem}. Scores must be finite ` +
      "and codes whole numbers of 0 to 65535; leave such items out of the list.",
  );
}
