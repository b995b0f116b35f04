import type { Catalogue } from "@nightbeam/catalogue";
import type { UserCandidates } from "@nightbeam/run";
import { acceptingOptions, type CandidateSettings } from "../run/read-candidates.js";
import type { AcceptingOptions } from "./list-decoders.js";

/** How the candidates of a shard's users enter their lists. */
export function shardAccepting(
  settings: CandidateSettings,
  {
    candidates,
    catalogue,
  }: {
    /** By user. */
    readonly candidates: ReadonlyMap<string, UserCandidates>;
    /** The catalogue that is searched. */
    readonly catalogue: Catalogue;
  },
): AcceptingOptions {
  const leavesOf = (ids: readonly string[]): number[] =>
    ids.flatMap((id) => {
      const index = catalogue.itemIndex(id);
      return index === undefined ? [] : catalogue.leafOf(index);
    });
  const leaves = new Map<string, readonly number[]>();
  const fresh = new Set<number>();
  for (const [user, { items, new: newItems = [] }] of candidates) {
    leaves.set(user, [...new Set(leavesOf(items))]);
    for (const leaf of leavesOf(newItems)) fresh.add(leaf);
  }
  return acceptingOptions(settings, {
    candidatesFor: ({ name }) => (name === undefined ? undefined : leaves.get(name)),
    isNew: (leaf) => fresh.has(leaf),
  });
}
