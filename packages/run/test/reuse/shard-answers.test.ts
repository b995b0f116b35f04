import { directoryStore } from "@nightbeam/store";
import { useTempDirs } from "@nightbeam/testing";
import { expect, it } from "vitest";
import type { RowValue } from "../../src/records/row-join.js";
import type { KeptAnswer } from "../../src/reuse/answers-file.js";
import { readReuse, readShardAnswers, writeShardAnswers } from "../../src/reuse/shard-answers.js";
import { commitShard } from "../../src/shards/commit-shard.js";
import { finishRun } from "../../src/shards/finish-run.js";
import { planRun } from "../../src/shards/plan-run.js";
import { removeRun } from "../../src/shards/remove-run.js";
import { sweepAttempts } from "../../src/shards/sweep-attempts.js";
import { uncommitShards } from "../../src/shards/uncommit-shards.js";
import { attempt, histories, request, VERSIONS } from "../shards/support.js";

const tempDir = useTempDirs();
const reuse = { run: "/runs/monday", id: "0123456789ab", catalogue: "c0" };

async function* answersOf(...rows: number[]): AsyncGenerator<RowValue<KeptAnswer>[]> {
  for (const row of rows) {
    const value = { user: `u${row}`, question: Buffer.alloc(16, row), answer: Buffer.of(row) };
    yield [{ row, value }];
  }
}

it("answers lie beside the rows of their shards, until a shard is computed again or the run is removed", async () => {
  const dir = tempDir();
  const store = directoryStore(dir);
  // Row 8 is beyond the limit of the run: its histories were read in batches.
  const answers = answersOf(0, 2, 6, 8);
  const { plan } = await planRun({
    ...{ store, request: request(), versions: VERSIONS, rows: histories() },
    prepare: (made) => writeShardAnswers({ store, plan: made, reuse, answers, trie: undefined }),
  });
  expect(await readReuse(store)).toEqual(reuse);
  const users = async (index: number) => [
    ...(await readShardAnswers(store, { reuse, index })).keys(),
  ];
  expect(await Promise.all([0, 1, 2].map(users))).toEqual([["u0", "u2"], [], ["u6"]]);
  for (const index of [0, 1, 2]) {
    await commitShard(await attempt({ store, plan, index, scratch: tempDir() }));
  }
  expect((await finishRun(store)).reuse).toEqual(reuse);
  expect(await sweepAttempts(store)).toEqual([]);
  expect(await users(0)).toEqual(["u0", "u2"]);
  await uncommitShards(store, [0]);
  expect(await Promise.all([0, 2].map(users))).toEqual([[], ["u6"]]);
  await removeRun(store);
  expect(await store.list("")).toEqual([]);
});
