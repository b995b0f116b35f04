import {
  type CatalogueChange,
  childOf,
  childRange,
  GAINS,
  GONE,
  NEW,
  ROOT,
} from "@nightbeam/catalogue";
import type { Answer } from "./answer.js";
import { type Certificate, GONE_CHILD, NEW_CHILD, OTHER_CODES } from "./certificate.js";

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
  { certificate }: Pick<Answer, "certificate">,
  change: CatalogueChange,
): { readonly holds: true } | { readonly holds: false; readonly reason: ReuseRefusal } {
  if (change.isEmpty) return { holds: true };
  if (certificate === undefined) return { holds: false, reason: "no-certificate" };
  const otherCodes = !change.sameCodes && has(certificate.refutedBy[ROOT] ?? 0, OTHER_CODES);
  const reason = otherCodes
    ? "children-changed"
    : refutation(certificate, change, { node: ROOT, changed: ROOT, depth: 0 });
  return reason === undefined ? { holds: true } : { holds: false, reason };
}

/** A prefix in both trees: the certificate's and that of the change. */
interface Place {
  readonly node: number;
  readonly changed: number;
  readonly depth: number;
}

/** What refutes an answer at a prefix and below it. */
function refutation(
  certificate: Certificate,
  change: CatalogueChange,
  { node, changed, depth }: Place,
): ReuseRefusal | undefined {
  const bits = certificate.refutedBy[node] ?? 0;
  const kind = change.kinds[changed] ?? 0;
  if (has(kind & bits, GONE)) return "prefix-gone";
  if (has(kind & bits, GAINS)) return "child-added";
  if (has(bits, NEW_CHILD | GONE_CHILD)) {
    const { first, end } = childRange(change.tree, changed);
    for (let child = first; child < end; child++) {
      const isShared = has(bits, GONE_CHILD);
      if (change.kinds[child] === GONE && isShared) return "children-changed";
      if (change.kinds[child] !== NEW || !has(bits, NEW_CHILD)) continue;
      const code = change.tree.codes[child] ?? 0;
      const listed = certificate.newCodes.get(node);
      const isKnown = listed !== undefined && code < (certificate.codesPerLevel[depth] ?? 0);
      if (!isKnown || listed.includes(code)) return isShared ? "children-changed" : "child-added";
    }
  }
  const { first, end } = childRange(certificate.tree, node);
  for (let child = first; child < end; child++) {
    const below = childOf(change.tree, changed, certificate.tree.codes[child] ?? 0);
    if (below < 0) continue;
    const place = { node: child, changed: below, depth: depth + 1 };
    const reason = refutation(certificate, change, place);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function has(bits: number, some: number): boolean {
  return (bits & some) !== 0;
}
