import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";
import { readPlan, storeJournal } from "../records/journal.js";
import {
  ANSWERS_PREFIX,
  INPUTS_PREFIX,
  inputKey,
  KEPT_TRIE_FILE,
  PARTS_PREFIX,
  REJECTED_PREFIX,
  SEARCHES_PREFIX,
} from "../records/names.js";
import { filesOf } from "../records/records.js";
import { reuseOf } from "../reuse/reuse-record.js";
import { readReuse } from "../reuse/shard-answers.js";

/**
 * Removes files that a complete run does not need: attempts that no record names, inputs of other
 * plans, and leftovers of interrupted writes. An attempt that still runs finds its shard committed.
 *
 * @returns the names of the removed files
 * @throws RunError RUN_STATE if the run is not complete; NOT_A_RUN, STORE_DAMAGED; StoreError
 * STORE_FAILED
 */
export async function sweepAttempts(store: ShardStore): Promise<string[]> {
  const journal = storeJournal(store);
  const plan = await readPlan(store);
  const manifest = await journal.readManifest();
  if (manifest === undefined) {
    throw new RunError(
      "RUN_STATE",
      `The run in ${store.location} is not complete, so any attempt may still be committed. ` +
        "Finish it first.",
    );
  }
  const records = await journal.readCommits();
  const named = new Set([
    ...records.flatMap(filesOf),
    // A shard may be uncommitted at this moment.
    ...manifest.parts.flatMap(({ file, searches, answers }) =>
      [file, searches?.file ?? [], answers?.file ?? []].flat(),
    ),
    KEPT_TRIE_FILE,
  ]);
  const keys = [inputKey(plan), reuseOf(await readReuse(store))?.id ?? []].flat();
  const prefixes = [PARTS_PREFIX, REJECTED_PREFIX, SEARCHES_PREFIX, ANSWERS_PREFIX];
  const made = await Promise.all(prefixes.map((prefix) => store.list(prefix)));
  const inputs = await store.list(INPUTS_PREFIX);
  const removed = [
    ...made.flat().filter((name) => !named.has(name)),
    ...inputs.filter((name) => !keys.some((key) => name.includes(`.${key}.`))),
  ];
  for (const name of removed) await store.remove(name);
  await store.removeLeftovers();
  return removed;
}
