import { directoryStore } from "@nightbeam/store";
import { refusal, useTempDirs } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { inputCandidatesFile, inputKey } from "../../src/records/names.js";
import type { RowValue } from "../../src/records/row-join.js";
import { finishRun } from "../../src/shards/finish-run.js";
import { planRun } from "../../src/shards/plan-run.js";
import { countInputs, removeInputs } from "../../src/shards/remove-run.js";
import {
  readShardCandidates,
  type UserCandidates,
  writeShardCandidates,
} from "../../src/shards/shard-candidates.js";
import { sweepAttempts } from "../../src/shards/sweep-attempts.js";
import { assertInputs } from "../../src/shards/uncommit-shards.js";
import { commitAll, histories, request, VERSIONS } from "./support.js";

const tempDir = useTempDirs();

const PROPOSED: Readonly<Record<number, UserCandidates>> = {
  0: { user: "u0", items: ["é\n", "2"] },
  2: { user: "u2", items: ["2"], new: [] },
  6: { user: "u6", items: ["3", "4"], new: ["4"] },
};

async function* proposed(...rows: number[]): AsyncGenerator<RowValue<UserCandidates>[]> {
  for (const row of rows) {
    const value = PROPOSED[row];
    yield value === undefined ? [] : [{ row, value }];
  }
}

it("candidates lie beside the rows of their shards as long as these do, and damage is noticed", async () => {
  const store = directoryStore(tempDir());
  const versions = { ...VERSIONS, candidates: "p1" };
  const planned = () =>
    planRun({
      ...{ store, request: request(), versions, rows: histories() },
      prepare: (plan) => writeShardCandidates({ store, plan, candidates: proposed(0, 2, 6) }),
    });
  // The first planner is killed before it writes the plan.
  await expect(
    planRun({
      ...{ store, request: request(), versions, rows: histories() },
      prepare: async (plan) => {
        await writeShardCandidates({ store, plan, candidates: proposed(0) });
        throw new Error("killed");
      },
    }),
  ).rejects.toThrow("killed");
  const { plan } = await planned();
  const shards = [0, 1, 2].map((index) => readShardCandidates(store, { plan, index }));
  expect((await Promise.all(shards)).map((shard) => Object.fromEntries(shard))).toEqual([
    { u0: PROPOSED[0], u2: PROPOSED[2] },
    {},
    { u6: PROPOSED[6] },
  ]);
  await commitAll(store, plan, tempDir());
  await finishRun(store);
  expect(await sweepAttempts(store)).toEqual([]);
  expect(await countInputs(store)).toBe(3);
  await assertInputs(store, [0, 1, 2]);

  const name = inputCandidatesFile(inputKey(plan), 1);
  await store.replace(name, Buffer.from("damaged"));
  const damaged = await refusal(readShardCandidates(store, { plan, index: 1 }));
  expect(damaged.code).toBe("STORE_DAMAGED");
  expect(damaged.message).toContain(`${name} is damaged`);
  await store.remove(name);
  const gone = await refusal(readShardCandidates(store, { plan, index: 1 }));
  expect(gone.message).toContain(`${name} is missing`);
  expect((await refusal(assertInputs(store, [1]))).code).toBe("RUN_STATE");
  await removeInputs(store);
  expect(await store.list("inputs/")).toEqual([]);
});
