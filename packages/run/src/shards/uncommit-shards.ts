import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { readPlan } from "../records/journal.js";
import { removeMarks } from "../records/marks.js";
import {
  commitFile,
  INPUTS_PREFIX,
  inputAnswersFile,
  inputCandidatesFile,
  inputFile,
  inputKey,
  MANIFEST_FILE,
} from "../records/names.js";
import { reuseOf } from "../reuse/reuse-record.js";
import { readReuse } from "../reuse/shard-answers.js";
import { nextRunState } from "../state.js";
import { runState } from "./read-state.js";

/**
 * Removes the commit records of shards, so that they are computed again. A complete run loses its manifest first:
 * readers see the old run or none. Does nothing for shards that are not committed. May be called again after it
 * was interrupted; until then, `finishRun` completes the run with what is left.
 *
 * @throws RunError RUN_STATE if the run is cancelled, partial or not planned; STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function uncommitShards(store: ShardStore, shards: readonly number[]): Promise<void> {
  const { state } = await runState(store);
  nextRunState(state, "uncommitted");
  // Marks of an earlier state must not count once the manifest is gone.
  if (state === "complete") await removeMarks(store);
  await store.remove(MANIFEST_FILE);
  const reuse = reuseOf(await readReuse(store));
  for (const index of shards) {
    // They are computed again because their lists are doubted: nothing is taken from an earlier run.
    if (reuse !== undefined) await store.remove(inputAnswersFile(reuse.id, index));
    await store.remove(commitFile(index));
  }
  // Another process may have finished the run in between, see `finishRun`.
  await store.remove(MANIFEST_FILE);
}

/**
 * Checks that shards can be computed again.
 *
 * @throws RunError RUN_STATE if the input of one was removed; NOT_A_RUN, STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function assertInputs(store: ShardStore, shards: readonly number[]): Promise<void> {
  const plan = await readPlan(store);
  const key = inputKey(plan);
  const names =
    plan.versions.candidates === undefined ? [inputFile] : [inputFile, inputCandidatesFile];
  const inputs = new Set(await store.list(INPUTS_PREFIX));
  const gone = shards.find((index) => names.some((name) => !inputs.has(name(key, index))));
  if (gone === undefined) return;
  throw new RunError(
    "RUN_STATE",
    `${store.location} no longer has the input of shard ${gone}, so it cannot be computed again. ` +
      "Submit the run with another --out.",
  );
}
