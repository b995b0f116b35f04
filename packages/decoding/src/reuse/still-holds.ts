import type { CatalogueChange } from "@nightbeam/catalogue";
import type { Answer } from "./answer.js";

/** Why a search has to be run again. */
export type ReuseRefusal =
  /** Its answer has no certificate, so it only holds for the same code paths. */
  | "no-certificate"
  /** A prefix that the search kept is gone. */
  | "prefix-gone"
  /** A prefix whose children the search compared has a new one that could be among the best. */
  | "child-added"
  /** A prefix whose children share its probability has other children. */
  | "children-changed";

/**
 * Whether a search in the changed catalogue finds the same code paths with the same scores, bit for bit.
 * The question, but for the catalogue, must be equal: prompt, settings, versions and closed paths.
 */
export function stillHolds(
  _answer: Answer,
  { isEmpty }: CatalogueChange,
): { readonly holds: true } | { readonly holds: false; readonly reason: ReuseRefusal } {
  return isEmpty ? { holds: true } : { holds: false, reason: "no-certificate" };
}
