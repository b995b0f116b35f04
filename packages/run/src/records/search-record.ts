import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { z } from "zod";
import { contentHash } from "./content-hash.js";

const count = z.int().min(0);

const nodeSchema = z.object({
  /** Place of the parent in `nodes`; -1 for the root, which is the first. */
  parent: z.int().min(-1),
  /** The last code, as an LC-Rec index writes it: `<b_17>`. Of a token that closes items `<end>`; of the root empty. */
  code: z.string(),
  /** Log-probability (nats) of the code after its parent; 0 if it is certain, null if the target was not asked or rules it out. */
  logProbability: z.number().nullable(),
  /** Sum of these along the path; null if one is not known. */
  score: z.number().nullable(),
  /** The call, from 1, that asked what follows this prefix; null if none did. */
  call: count.min(1).nullable(),
  /** `target`: the search was missing it; `draft`: the draft expected the search to ask for it later. */
  askedBy: z.enum(["target", "draft"]).nullable(),
  /** Whether the search looked up what follows this prefix. */
  used: z.boolean(),
  /** Whether it is among the prefixes that the search kept at its level. */
  kept: z.boolean(),
  /** Items of the catalogue below this prefix. */
  itemCount: count,
  /** Ids of up to two of these; of a whole path, of up to ten. */
  examples: z.array(z.string()),
});

const recordSchema = z.object({
  user: z.string(),
  /** The items of the user's row, oldest first. */
  history: z.array(z.string()),
  list: z.array(z.object({ item: z.string(), score: z.number() })),
  /** Calls of the target that the user took part in. */
  calls: count,
  /** Prefixes that the search keeps: as many at each level, or a width per level. */
  beamWidth: z.union([count, z.array(count)]),
  /**
   * `tree-scores`: the search asked the target call by call. With the others the target ran the whole search itself:
   * the nodes are those that lead to the list, and what was asked and scored on the way is not known.
   */
  program: z.enum(["tree-scores", "beam-search", "verify-tree"]),
  /** Parents before children; the first is the root. Empty if nothing was open to the user. */
  nodes: z.array(nodeSchema),
});

/** One prefix of a user's search. */
export type SearchNode = z.infer<typeof nodeSchema>;

/** How the search of one user went, for people: kept for a sample of the users of each part. */
export type SearchRecord = z.infer<typeof recordSchema>;

/** The file of a part's search records, and what the part's commit record says of it. */
export interface SearchesFile {
  readonly bytes: Uint8Array;
  readonly entry: { readonly file: string; readonly users: number; readonly sha256: string };
}

/** Makes the file: gzip, one JSON object per line. @returns undefined without records */
export async function searchesFile(
  file: string,
  searches: readonly SearchRecord[] = [],
): Promise<SearchesFile | undefined> {
  if (searches.length === 0) return undefined;
  const lines = searches.map((search) => `${JSON.stringify(search)}\n`);
  const bytes = await promisify(gzip)(lines.join(""));
  return { bytes, entry: { file, users: searches.length, sha256: contentHash(bytes) } };
}

/** @throws Error with the problem in words: the caller names the file */
export async function decodeSearches(bytes: Uint8Array): Promise<SearchRecord[]> {
  const text = (await promisify(gunzip)(bytes)).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, at) => {
      const parsed = recordSchema.safeParse(jsonOf(line, at));
      if (parsed.success) return parsed.data;
      throw new Error(`line ${at + 1}: ${schemaProblem(parsed.error)}`);
    });
}

function jsonOf(line: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Error(`line ${at + 1}: ${jsonProblem(error)}`, { cause: error });
  }
}
