import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { reasonOf, type ShardStore, storeGone } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";
import { partCount, type RunPlan } from "../plan.js";
import { inputCandidatesFile, inputKey } from "../records/names.js";
import type { RowValue } from "../records/row-join.js";
import { concurrentWrites } from "./concurrent-writes.js";

const candidatesSchema = z.strictObject({
  user: z.string(),
  /** Ids, best first. */
  items: z.array(z.string()),
  /** Those of them that the target was not trained on. Default: it is not asked which. */
  new: z.array(z.string()).exactOptional(),
});

/** What others propose for a user: items of the catalogue that is searched. */
export type UserCandidates = Readonly<z.infer<typeof candidatesSchema>>;

/** A line of JSON. The order of keys is fixed, so that equal candidates give equal bytes. */
export function candidatesLine({ user, items, new: fresh }: UserCandidates): string {
  return `${JSON.stringify({ user, items, new: fresh })}\n`;
}

/** @throws Error with the problem in words: the caller names the file */
export function parseCandidatesLine(line: string): UserCandidates {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new Error(jsonProblem(error));
  }
  const parsed = candidatesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(schemaProblem(parsed.error));
}

/**
 * Writes the candidates of each shard's users beside the shard's rows; a shard without any has an empty file.
 *
 * @throws StoreError; what `candidates` throws
 */
export async function writeShardCandidates(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  /** Ascending by row, of rows of the plan. */
  readonly candidates: AsyncIterable<readonly RowValue<UserCandidates>[]>;
  /** Called after every shard. */
  readonly onShard?: (() => void) | undefined;
}): Promise<void> {
  const { store, plan, candidates, onShard } = options;
  const { partSize } = plan;
  const key = inputKey(plan);
  const writes = concurrentWrites();
  let shard = 0;
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    const [name, text] = [inputCandidatesFile(key, shard), lines.join("")];
    await writes.add(text.length, async () => {
      await store.replace(name, await promisify(gzip)(text));
    });
    shard++;
    lines = [];
    onShard?.();
  };
  try {
    for await (const batch of candidates) {
      for (const { row, value } of batch) {
        while (shard < Math.floor(row / partSize)) await flush();
        lines.push(candidatesLine(value));
      }
    }
    while (shard < (partCount(plan) ?? 0)) await flush();
  } finally {
    await writes.settled();
  }
  await writes.succeeded();
}

/**
 * What is proposed for the users of a shard, by user.
 *
 * @throws RunError STORE_DAMAGED; StoreError STORE_FAILED, STORE_DAMAGED if there is no file
 */
export async function readShardCandidates(
  store: Pick<ShardStore, "location" | "read">,
  { plan, index }: { readonly plan: RunPlan; readonly index: number },
): Promise<ReadonlyMap<string, UserCandidates>> {
  const name = inputCandidatesFile(inputKey(plan), index);
  const place = `${store.location}/${name}`;
  const bytes = await store.read(name);
  if (bytes === undefined) throw storeGone(place);
  try {
    const lines = (await promisify(gunzip)(bytes)).toString("utf8").split("\n");
    if (lines.pop() !== "") throw new Error("its last line is incomplete");
    return new Map(lines.map(parseCandidatesLine).map((one) => [one.user, one]));
  } catch (error) {
    throw new RunError(
      "STORE_DAMAGED",
      `${place} is damaged: ${reasonOf(error)}. Restore it, or start the run in another place.`,
    );
  }
}
