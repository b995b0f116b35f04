import { createHash } from "node:crypto";
import { type Catalogue, leafRange } from "@nightbeam/catalogue";
import type { Recommendation } from "@nightbeam/dataset";
import type { BeamWidth, RecordedPrefix, RecordedSearch, TargetProgram } from "@nightbeam/decoding";
import type { SearchNode, SearchRecord } from "@nightbeam/run";
import type { ReadyUser } from "./users.js";

export interface SearchSample {
  /** Users whose searches are recorded. */
  readonly count: number;
  readonly catalogue: Catalogue;
  readonly beamWidth: BeamWidth;
  readonly program: TargetProgram;
}

/** A part's users, and the records of the sampled ones after they are decoded. */
export interface SampledSearches {
  readonly users: readonly ReadyUser[];
  /** @param lists those of the users, in their order */
  readonly records: (lists: readonly Recommendation[]) => SearchRecord[];
}

/** Examples of the items below a prefix. */
const MAX_EXAMPLES = 2;
const MAX_ITEMS_OF_PATH = 10;

/**
 * Records the searches of some of a part's users: those whose names have the smallest hashes, so that a part that is
 * decoded again, anywhere, has the same sample.
 */
export function sampleSearches(users: readonly ReadyUser[], sample: SearchSample): SampledSearches {
  const chosen = new Set(
    users
      .map(({ name }, at) => ({ at, hash: createHash("sha256").update(name).digest("hex") }))
      .sort((a, b) => (a.hash < b.hash ? -1 : Number(a.hash > b.hash) || a.at - b.at))
      .slice(0, sample.count)
      .map(({ at }) => at),
  );
  const searches = new Map<number, RecordedSearch>();
  return {
    users: users.map((user, at) =>
      chosen.has(at)
        ? { ...user, onSearched: (search: RecordedSearch) => void searches.set(at, search) }
        : user,
    ),
    records: (lists) =>
      users.flatMap((user, at) => {
        const search = searches.get(at);
        return search === undefined ? [] : recordOf(user, { search, list: lists[at], sample });
      }),
  };
}

function recordOf(
  { name, items }: ReadyUser,
  about: { search: RecordedSearch; list: Recommendation | undefined; sample: SearchSample },
): SearchRecord {
  const { search, list, sample } = about;
  const { beamWidth, program, catalogue } = sample;
  const depths: number[] = [];
  const nodes = search.prefixes.map((prefix, at) => {
    const depth = prefix.parent === -1 ? 0 : (depths[prefix.parent] ?? 0) + 1;
    depths[at] = depth;
    return nodeOf(catalogue, { prefix, depth });
  });
  return {
    user: name,
    history: [...items],
    list: (list?.items ?? []).map(({ item, score }) => ({ item, score })),
    calls: search.calls,
    beamWidth: typeof beamWidth === "number" ? beamWidth : [...beamWidth],
    program,
    nodes,
  };
}

function nodeOf(
  catalogue: Catalogue,
  { prefix: recorded, depth }: { prefix: RecordedPrefix; depth: number },
): SearchNode {
  const { prefix, parent, logProb: logProbability, score, call, askedBy, used, kept } = recorded;
  return {
    ...{ parent, code: codeOf(catalogue, { prefix, depth }), logProbability, score },
    ...{ call, askedBy, used, kept },
    ...{ itemCount: catalogue.itemsUnder(prefix), examples: examplesOf(catalogue, prefix) },
  };
}

/** As an LC-Rec index writes it. */
function codeOf(
  { trie, closingLevels }: Catalogue,
  { prefix, depth }: { prefix: number; depth: number },
): string {
  if (depth === 0) return "";
  if (depth > trie.levels - closingLevels) return "<end>";
  return `<${String.fromCharCode("a".charCodeAt(0) + depth - 1)}_${trie.codes[prefix] ?? 0}>`;
}

/** Ids of items below a prefix, spread evenly; of a whole path, the first ones. */
function examplesOf(catalogue: Catalogue, prefix: number): string[] {
  const count = catalogue.itemsUnder(prefix);
  const { first: leaf } = leafRange(catalogue.trie, prefix);
  const [first = 0] = catalogue.itemsAt(leaf);
  const isPath = leaf === prefix;
  const wanted = Math.min(count, isPath ? MAX_ITEMS_OF_PATH : MAX_EXAMPLES);
  const step = isPath ? 1 : count / wanted;
  return Array.from({ length: wanted }, (_, at) => catalogue.itemId(first + Math.floor(at * step)));
}
