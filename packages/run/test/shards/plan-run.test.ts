import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryStore } from "@nightbeam/store";
import { useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { directoryJournal } from "../../src/records/journal.js";
import { planRun } from "../../src/shards/plan-run.js";
import { readShardInput } from "../../src/shards/read-shard-input.js";
import { histories, historyRow, plan, request, VERSIONS } from "./support.js";

const tempDir = useTempDirs();

async function* mustNotBeRead(): AsyncGenerator<never[]> {
  yield await Promise.reject(new Error("the histories were read"));
}

describe("planning", () => {
  it("writes the rows of the shards and the plan, in the format of one machine", async () => {
    const dir = tempDir();
    const store = directoryStore(dir);
    const seen: number[] = [];
    const made = await planRun({
      store,
      request: request({ draft: ["d"] }),
      versions: { ...VERSIONS, draft: "d1" },
      rows: histories(),
      onRows: (rows) => seen.push(rows),
    });
    expect(made.created).toBe(true);
    expect(seen).toEqual([3, 6, 7]);
    expect(await directoryJournal(dir).readPlan()).toEqual(made.plan);
    expect(made.plan).toEqual({
      format: "jsonl",
      partSize: 3,
      firstRow: 0,
      inputRows: 7,
      arguments: {
        topK: 10,
        beamWidth: 20,
        scoring: "full",
        precision: "fp32",
        excludeSeen: false,
        limit: null,
        unknownItems: "skip",
        duplicateUsers: "last",
      },
      versions: { ...VERSIONS, draft: "d1" },
    });
    const rows = await Promise.all(
      [0, 1, 2].map((index) => readShardInput({ store, plan: made.plan, index })),
    );
    expect(rows).toEqual([
      [0, 1, 2].map(historyRow),
      [3, 4, 5].map(historyRow),
      [6].map(historyRow),
    ]);
  });

  it("reads no rows if the plan exists, even with other drafts", async () => {
    const store = directoryStore(tempDir());
    const first = await plan(store);
    const versions = { ...VERSIONS, draft: "d1", draft2: "d2" };
    const again = { store, request: request({ batchSize: 5 }), versions, rows: mustNotBeRead() };
    expect(await planRun(again)).toEqual({ plan: first.plan, created: false });
  });

  it("contains what determines sampled lists, and refuses another", async () => {
    const sampled = { verification: "sampled", seed: 7 };
    const store = directoryStore(tempDir());
    const drawn = { verification: "sampled", seed: 7, temperature: 1 };
    expect((await plan(store, sampled)).plan.arguments).toMatchObject(drawn);
    expect(await plan(store, { ...sampled, draft: ["d"] })).toMatchObject({ created: false });
    await expect(plan(store, { ...sampled, seed: 8 })).rejects.toThrow(
      "arguments.seed was 7 and is 8",
    );
  });

  it("of a relaxed run contains its draft and width, and refuses another", async () => {
    const store = directoryStore(tempDir());
    const drafting = { verification: "relaxed", draft: ["d"], draftWidth: [40] };
    const planned = (draft: string, more: Record<string, unknown> = {}) =>
      planRun({
        ...{ store, request: request({ ...drafting, ...more }), rows: histories() },
        versions: { ...VERSIONS, draft },
      });
    expect((await planned("d1")).plan.arguments).toMatchObject({
      ...{ verification: "relaxed", seed: 0, temperature: 1 },
      ...{ drafted: "sampled", drafter: "model", draftWidth: [40] },
    });
    expect(await planned("d1", { batchSize: 5 })).toMatchObject({ created: false });
    await expect(planned("d2")).rejects.toThrow('versions.draft was "d1" and is "d2"');
    await expect(planned("d1", { draftWidth: [41] })).rejects.toThrow("was 40 and is 41");
  });

  it("ends with the same plan for concurrent planners", async () => {
    const dir = tempDir();
    const made = await Promise.all(
      [1, 2, 3, 4].map((batch) => plan(directoryStore(dir), {}, histories(50, batch))),
    );
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    for (const { plan } of made) {
      expect(plan).toEqual(made[0]?.plan);
      const last = await readShardInput({ store: directoryStore(dir), plan, index: 16 });
      expect(last).toEqual([48, 49].map(historyRow));
    }
  });

  it("refuses another plan, by what differs", async () => {
    const dir = tempDir();
    const store = directoryStore(dir);
    await plan(store);
    await expect(plan(store, { topK: 30, partSize: 4 }, mustNotBeRead())).rejects.toMatchObject({
      code: "RUN_DIFFERS",
      message:
        `${dir} holds a run with another plan: arguments.beamWidth was 20 and is 30; ` +
        "arguments.topK was 10 and is 30; partSize was 3 and is 4. " +
        "Submit the same request to continue it, or use another location.",
    });
  });

  it("keeps one of two concurrent plans, with its own inputs", async () => {
    const dir = tempDir();
    const results = await Promise.allSettled([
      plan(directoryStore(dir), {}, histories(30, 1)),
      plan(directoryStore(dir), { partSize: 4 }, histories(30, 1)),
    ]);
    const states = results.map(({ status }) => status).toSorted();
    expect(states).toEqual(["fulfilled", "rejected"]);
    const standing = await directoryJournal(dir).readPlan();
    if (standing === undefined) throw new Error("no plan");
    const { partSize } = standing;
    const rows = await readShardInput({ store: directoryStore(dir), plan: standing, index: 1 });
    expect(rows).toEqual(Array.from({ length: partSize }, (_, at) => historyRow(partSize + at)));
  });

  it("takes only the first rows if there is a limit, and stops reading", async () => {
    const store = directoryStore(tempDir());
    let read = 0;
    const counted = async function* () {
      for await (const batch of histories(100, 2)) {
        read += batch.length;
        yield batch;
      }
    };
    const made = await planRun({
      store,
      request: request({ limit: 4 }),
      versions: VERSIONS,
      rows: counted(),
    });
    expect(made.plan).toMatchObject({ inputRows: 4, arguments: { limit: 4 } });
    expect(read).toBe(4);
  });

  it("of no rows is a plan without shards", async () => {
    const dir = tempDir();
    const made = await plan(directoryStore(dir), {}, histories(0));
    expect(made.plan.inputRows).toBe(0);
    expect(readdirSync(dir)).toEqual(["plan.json"]);
  });

  it("refuses rows with a gap and too many shards, and stops when aborted", async () => {
    const store = directoryStore(tempDir());
    const gap = async function* () {
      yield [historyRow(0), historyRow(2)];
    };
    const options = { store, request: request(), versions: VERSIONS, rows: histories() };
    const counted = { ...options, maxShards: 2, countRows: async () => 7 };
    await expect(planRun(counted)).rejects.toMatchObject({
      code: "BAD_REQUEST",
      message: expect.stringMatching(/7 rows, which is 3 shards.*Use --part-size 4 or more/),
    });
    expect(await store.list("inputs")).toEqual([]);
    await expect(plan(store, {}, gap())).rejects.toMatchObject({ code: "SHARD_MISMATCH" });
    const signal = AbortSignal.abort(new Error("stop"));
    await expect(planRun({ ...options, rows: histories(), signal })).rejects.toThrow("stop");
    expect(await store.list("plan")).toEqual([]);
  });

  it("notices histories that changed under the same name", async () => {
    const dir = tempDir();
    await plan(directoryStore(dir));
    rmSync(join(dir, "plan.json"));
    const changed = async function* () {
      yield [{ ...historyRow(0), user: "else" }, historyRow(1), historyRow(2)];
    };
    await expect(plan(directoryStore(dir), {}, changed())).rejects.toMatchObject({
      code: "STORE_DAMAGED",
    });
  });
});

describe("a shard's input", () => {
  it.each([
    ["cut", (text: string) => text.slice(0, -5), "its last line is incomplete"],
    ["shortened", (text: string) => text.split("\n").slice(1).join("\n"), "has 2 rows"],
    [
      "of another",
      (text: string) => text.replace('"row":0', '"row":3'),
      "line 1 has row 3 instead of 0",
    ],
    ["no JSON", (text: string) => text.replace('"row"', "row"), "line 1: "],
    ["without items", (text: string) => text.replace(/"items":\[.*?\]/, '"items":[]'), "line 1: "],
  ])("that is %s is detected", async (_, damage, problem) => {
    const dir = tempDir();
    const store = directoryStore(dir);
    const made = await plan(store);
    const [name] = await store.list("inputs/");
    const path = join(dir, name ?? "");
    writeFileSync(path, damage(readFileSync(path, "utf8")));
    const read = readShardInput({ store, plan: made.plan, index: 0 });
    await expect(read).rejects.toMatchObject({
      code: "STORE_DAMAGED",
      message: expect.stringContaining(problem),
    });
    rmSync(path);
    await expect(readShardInput({ store, plan: made.plan, index: 0 })).rejects.toMatchObject({
      code: "STORE_DAMAGED",
    });
  });
});
