import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Catalogue, NOTHING_EXCLUDED, parseLcRecIndex } from "@nightbeam/catalogue";
import { type ShardUser, TransitionCounter, type TransitionTable } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";

/** A real data set, a trained pair of models and what they have to answer: beside the repository. */
const SHARED =
  process.env.NIGHTBEAM_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

export const goldenFile = join(SHARED, "golden", "beauty-beams.jsonl");
export const targetDirectory = join(SHARED, "models", "beauty-target");
export const draftDirectory = join(SHARED, "models", "beauty-draft");

export const haveBeauty = existsSync(goldenFile);

interface GoldenBeam {
  readonly codes: readonly number[];
  readonly score: number;
}

/** A user, and the best code paths under each scoring, best first. */
export interface GoldenUser {
  readonly user: number;
  /** Items as the data set counts them, from 1. */
  readonly history: readonly number[];
  readonly prompt: readonly number[];
  readonly full: readonly GoldenBeam[];
  readonly renormalized: readonly GoldenBeam[];
}

export function goldenUsers(): GoldenUser[] {
  return linesOf(goldenFile).map((line): GoldenUser => JSON.parse(line));
}

export function beautyCatalogue(): Catalogue {
  return parseLcRecIndex(readFileSync(join(SHARED, "data", "beauty", "items.index.json"), "utf8"));
}

/** Catalogue indices of items that are counted from 1. */
export function itemIndices(catalogue: Catalogue, items: readonly number[]): Uint32Array {
  return Uint32Array.from(items.flatMap((item) => catalogue.itemIndex(String(item - 1)) ?? []));
}

/** The users of a shard: their prompts for a target, and their items. */
export function shardUsers(
  users: readonly GoldenUser[],
  { catalogue, target }: { catalogue: Catalogue; target: Pick<Model, "encodePrompt"> },
): ShardUser[] {
  return users.map((user) => {
    const history = itemIndices(catalogue, user.history);
    return { prompt: target.encodePrompt(history), history, exclusion: NOTHING_EXCLUDED };
  });
}

/** What followed what in the training histories. */
export function beautyTransitions(catalogue: Catalogue): TransitionTable {
  const counter = new TransitionCounter(catalogue.itemCount);
  for (const line of linesOf(join(SHARED, "data", "beauty", "train.txt"))) {
    const [, ...items] = line.split(" ").map(Number);
    counter.add(itemIndices(catalogue, items));
  }
  return counter.finish();
}

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}
