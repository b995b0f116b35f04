import { type RecordFiles, reasonOf, type ShardStore } from "@nightbeam/store";
import type { RunPlan } from "../plan.js";
import { inputAnswersFile, REUSE_FILE, reusedTrieFile } from "../records/names.js";
import { readRecord, recordBytes } from "../records/record-file.js";
import type { RowValue } from "../records/row-join.js";
import { answersFile, decodeAnswers, type KeptAnswer } from "./answers-file.js";
import { damaged } from "./kept-answers.js";
import { type ReuseNote, type ReuseRecord, reuseNoteSchema } from "./reuse-record.js";
import { type KeptTrie, readTrie, writeTrie } from "./trie-file.js";

/** Notes from which run lists are taken, or why not. @throws StoreError */
export async function writeReuse(
  files: Pick<RecordFiles, "replace">,
  reuse: ReuseNote,
): Promise<void> {
  await files.replace(REUSE_FILE, recordBytes(reuse));
}

/** What was noted; undefined if no run was to be reused. @throws RunError RUN_DAMAGED; StoreError */
export function readReuse(
  files: Pick<RecordFiles, "location" | "read">,
): Promise<ReuseNote | undefined> {
  return readRecord(files, { name: REUSE_FILE, schema: reuseNoteSchema });
}

/**
 * Writes what the users of each shard may take beside the shard's rows, and then that they may: nodes need no access to
 * the earlier run.
 *
 * @throws StoreError; what `answers` throws
 */
export async function writeShardAnswers(options: {
  readonly store: ShardStore;
  readonly plan: RunPlan;
  readonly reuse: ReuseRecord;
  /** Ascending by row. */
  readonly answers: AsyncIterable<readonly RowValue<KeptAnswer>[]>;
  /** What the earlier run searched, if it is another catalogue. */
  readonly trie: KeptTrie | undefined;
  /** Called after every shard. */
  readonly onShard?: () => void;
}): Promise<void> {
  const { store, plan, reuse, answers, trie, onShard } = options;
  const { partSize, inputRows = 0 } = plan;
  let shard: { index: number; answers: KeptAnswer[] } = { index: 0, answers: [] };
  const flush = async () => {
    const file = await answersFile(inputAnswersFile(reuse.id, shard.index), shard.answers);
    if (file !== undefined) await store.replace(file.entry.file, file.bytes);
    onShard?.();
  };
  for await (const batch of answers) {
    for (const { row, value } of batch) {
      if (row >= inputRows) continue;
      const index = Math.floor(row / partSize);
      if (index !== shard.index) {
        await flush();
        shard = { index, answers: [] };
      }
      shard.answers.push(value);
    }
  }
  await flush();
  if (trie !== undefined) await writeTrie(store, { ...trie, name: reusedTrieFile(reuse.id) });
  await writeReuse(store, reuse);
}

/** What a shard's users may take, by user; empty if it is to be computed. @throws RunError RUN_DAMAGED; StoreError */
export async function readShardAnswers(
  store: Pick<ShardStore, "location" | "read">,
  { reuse, index }: { readonly reuse: ReuseRecord; readonly index: number },
): Promise<ReadonlyMap<string, KeptAnswer>> {
  const name = inputAnswersFile(reuse.id, index);
  const bytes = await store.read(name);
  if (bytes === undefined) return new Map();
  try {
    return new Map((await decodeAnswers(bytes)).map((answer) => [answer.user, answer]));
  } catch (error) {
    throw damaged(`${store.location}/${name}`, reasonOf(error));
  }
}

/** The trie that the earlier run searched. @throws RunError RUN_DAMAGED; StoreError */
export function readReusedTrie(
  store: Pick<ShardStore, "location" | "read">,
  { id }: ReuseRecord,
): Promise<KeptTrie> {
  return readTrie(store, reusedTrieFile(id));
}
