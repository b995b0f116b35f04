import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { rejectedFileOf } from "../records/records.js";
import { INPUTS_PREFIX, inputKey, PARTS_PREFIX } from "../records/run-names.js";
import { readPlan, storeJournal } from "./journal.js";

/**
 * Removes what a complete run does not need: attempts that no record names, inputs that planners of
 * other plans left, and pieces of writes that were broken off. An attempt that still runs then finds
 * its shard committed.
 *
 * @returns the names of the files that were removed
 * @throws RunError RUN_STATE before the manifest stands; NOT_A_RUN, STORE_FAILED, STORE_DAMAGED
 */
export async function sweepAttempts(store: ShardStore): Promise<string[]> {
  const journal = storeJournal(store);
  const plan = await readPlan(store);
  if ((await journal.readManifest()) === undefined) {
    throw new RunError(
      "RUN_STATE",
      `The run in ${store.location} is not complete, and any attempt may still be committed. ` +
        "Finish it first.",
    );
  }
  const records = await journal.readCommits();
  const named = new Set(records.flatMap((record) => [record.file, rejectedFileOf(record)]));
  const ending = `.${inputKey(plan)}.jsonl`;
  const [parts, inputs] = await Promise.all([store.list(PARTS_PREFIX), store.list(INPUTS_PREFIX)]);
  const removed = [
    ...parts.filter((name) => !named.has(name)),
    ...inputs.filter((name) => !name.endsWith(ending)),
  ];
  for (const name of removed) await store.remove(name);
  await store.removeLeftovers();
  return removed;
}
