import { reasonOf, type ShardStore, storeGone } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { contentHash } from "../records/content-hash.js";
import type { Manifest } from "../records/records.js";
import type { ValueBatch } from "../records/row-join.js";
import { decodeAnswers, type KeptAnswer } from "./answers-file.js";

/** Positions of an answer are those of its part times this, plus its place in the part. */
const PART_STRIDE = 2 ** 26;

/** The files of a run's answers, as its manifest names them. */
export interface RunAnswers {
  readonly parts: readonly Pick<Manifest["parts"][number], "answers">[];
}

/** Whether all users with lists of a run have an answer in it. */
export function keepsAnswers({ parts }: Pick<Manifest, "parts">): boolean {
  return parts.every(({ rows, answers }) => rows === 0 || answers !== undefined);
}

/**
 * Streams the answers of a complete run, part by part in ascending positions, and checks that they are the committed ones.
 *
 * @throws RunError RUN_DAMAGED; StoreError
 */
export async function* keptAnswers(
  store: Pick<ShardStore, "location" | "read">,
  { parts }: RunAnswers,
): AsyncGenerator<ValueBatch<KeptAnswer>> {
  for (const [index, { answers: entry }] of parts.entries()) {
    if (entry === undefined) continue;
    const place = `${store.location}/${entry.file}`;
    const bytes = await store.read(entry.file);
    if (bytes === undefined) throw storeGone(place);
    if (contentHash(bytes) !== entry.sha256) {
      throw damaged(place, "it has another content than was committed");
    }
    const values = await decodeAnswers(bytes).catch((error: unknown) => {
      throw damaged(place, reasonOf(error));
    });
    yield { position: index * PART_STRIDE, values };
  }
}

/** @internal shared with the files of shards */
export function damaged(place: string, problem: string): RunError {
  return new RunError(
    "RUN_DAMAGED",
    `${place} is damaged: ${problem}. Restore it, or leave out \`reuse\` to compute all lists.`,
  );
}
