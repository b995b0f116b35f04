import type { Catalogue } from "@nightbeam/catalogue";
import type { RecommendSettings } from "@nightbeam/settings";
import { RecommendError } from "../errors.js";
import { readListsAt } from "../models/read-lists.js";
import type { AcceptingOptions } from "../shard/list-decoders.js";

/** Items that others propose for users. */
export interface RunCandidates {
  /** Hash of the lists, for the plan's versions. */
  readonly version: string;
  /** How they enter the lists. */
  readonly accepting: AcceptingOptions;
  readonly users: number;
  /** Items of all lists. */
  readonly items: number;
  /** Items that are ignored because the searched catalogue does not have them. */
  readonly unknown: number;
}

/**
 * Reads the candidates of a run from a file of lists or a finished run's directory; undefined if the
 * settings name none.
 *
 * @throws RecommendError BAD_CANDIDATES if the searched catalogue has none of them; DatasetError,
 * RunError; the signal's reason
 */
export async function readCandidates(
  settings: Pick<RecommendSettings, "candidates" | "acceptAbove" | "topK">,
  options: { catalogue: Catalogue; signal: AbortSignal },
): Promise<RunCandidates | undefined> {
  const { candidates: path, acceptAbove: threshold, topK: places } = settings;
  if (path === undefined || threshold === undefined) return undefined;
  const { lists, digest, users, items, unknown } = await readListsAt(path, options);
  if (unknown >= items) {
    const found = items === 0 ? "it has no items" : `of its ${items} items the catalogue has none`;
    throw new RecommendError(
      "BAD_CANDIDATES",
      `\`candidates\` ${path}: ${found}; give lists of items of this \`catalogue\` that \`allow\` and \`block\` leave in`,
    );
  }
  const candidatesFor: AcceptingOptions["candidatesFor"] = ({ name }) =>
    name === undefined ? undefined : lists.of(name);
  return {
    version: digest,
    accepting: { candidatesFor, threshold, places },
    users,
    items,
    unknown,
  };
}
