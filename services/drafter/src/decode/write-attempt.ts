import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writePart } from "@nightbeam/dataset";
import type { PartResult, RunPlan } from "@nightbeam/run";
import { attemptName, writeShard } from "@nightbeam/run";
import type { ShardStore } from "@nightbeam/store";
import type { WrittenShard } from "../run-store.js";

export interface AttemptOptions {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly result: PartResult;
  /** How often the job was started, including this time. */
  readonly attempt: number;
  /** Directory for the file before it is uploaded to the store. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Writes a shard's lists and uploads them to the store under a name of their own.
 *
 * @throws RunError SHARD_MISMATCH; StoreError STORE_FAILED; DatasetError BAD_RECOMMENDATION, WRITE_FAILED; the
 * signal's reason, before anything is uploaded
 */
export async function writeAttempt(options: AttemptOptions): Promise<WrittenShard> {
  const { store, plan, result, scratch, signal } = options;
  const { index, recommendations, rejected, stats } = result;
  const attempt = attemptName(options.attempt);
  await mkdir(scratch, { recursive: true });
  const name = `nightbeam-${index}-${attempt}`;
  const part = await writePart({
    directory: scratch,
    name,
    format: plan.format,
    recommendations,
  });
  const file = join(scratch, part.file);
  try {
    signal.throwIfAborted();
    const { rows } = part;
    return await writeShard({ store, plan, index, attempt, file, rows, rejected, stats });
  } finally {
    await rm(file, { force: true });
  }
}
