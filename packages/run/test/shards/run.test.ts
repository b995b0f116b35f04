import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Recommendation, writePart } from "@nightbeam/dataset";
import { directoryStore } from "@nightbeam/store";
import { s3Store } from "@nightbeam/store/s3";
import { useTempDirs } from "@nightbeam/testing";
import { type S3Server, s3Client, startS3 } from "@nightbeam/testing/s3";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { committedShards, storeJournal } from "../../src/records/journal.js";
import {
  holdsRun,
  readManifest,
  readRecommendations,
} from "../../src/records/read-recommendations.js";
import { markCancelled, markPartial, reopenRun } from "../../src/shards/change-state.js";
import { commitShard, commitWritten } from "../../src/shards/commit-shard.js";
import { finishRun } from "../../src/shards/finish-run.js";
import { runState } from "../../src/shards/read-state.js";
import { sweepAttempts } from "../../src/shards/sweep-attempts.js";
import { attemptName, writeShard } from "../../src/shards/write-shard.js";
import type { RunTotals } from "../../src/statistics/run-stats.js";
import { attempt, commitAll, histories, plan } from "./support.js";

const tempDir = useTempDirs();
let server: S3Server;
beforeAll(async () => {
  server = await startS3("nights");
});
afterAll(() => server.stop());

let runs = 0;
const KINDS = [
  ["a directory", () => directoryStore(tempDir())],
  ["a bucket", () => s3Store({ client: s3Client(server), bucket: "nights", prefix: `r${runs++}` })],
] as const;

describe.each(KINDS)("a run in %s", (_, open) => {
  it("is planned, committed, finished and swept", async () => {
    const store = open();
    const scratch = tempDir();
    expect(await runState(store)).toMatchObject({ state: "unplanned", shards: 0, rows: 0 });
    const { plan: planned } = await plan(store);
    await commitShard(await attempt({ store, plan: planned, index: 2, scratch }));
    expect([...(await committedShards(store))]).toEqual([2]);
    expect(await runState(store)).toMatchObject({
      state: "planned",
      shards: 3,
      rows: 7,
      committedRows: 1,
    });
    await expect(finishRun(store)).rejects.toMatchObject({
      code: "RUN_INCOMPLETE",
      message: expect.stringContaining("lacks the shards 0, 1."),
    });
    await expect(sweepAttempts(store)).rejects.toMatchObject({ code: "RUN_STATE" });
    await commitAll(store, planned, scratch);
    const left = await writeShard(await attempt({ store, plan: planned, index: 1, scratch }));
    await store.create("inputs/part-00000.0123456789ab.jsonl", new Uint8Array());
    const derive = ({ users, stats }: RunTotals) => {
      return { callsPerUser: (stats.targetCalls ?? 0) / users, nothing: 0 / 0 };
    };
    const now = new Date("2026-11-03T05:00:00Z");
    const manifest = await finishRun(store, { derive, now });
    expect(manifest).toMatchObject({
      createdAt: "2026-11-03T05:00:00.000Z",
      users: 5,
      rejected: 2,
      stats: { targetCalls: 33, callsPerUser: 6.6 },
    });
    expect(await finishRun(store)).toEqual(manifest);
    expect(await runState(store)).toMatchObject({ state: "complete", committedRows: 7 });
    const rejected = new TextDecoder().decode(await store.read("rejected.jsonl"));
    const rows = rejected
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).row);
    expect(rows).toEqual([1, 4]);
    expect(await sweepAttempts(store)).toEqual([
      left.file,
      left.rejectedFile,
      "inputs/part-00000.0123456789ab.jsonl",
    ]);
    const files = manifest.parts.map(({ file }) => file);
    expect(await store.list("parts/")).toEqual(files);
  });

  it("takes the first of many attempts, and reports whether the others were equal", async () => {
    const store = open();
    const scratch = tempDir();
    const { plan: planned } = await plan(store);
    const scores = [-1, -1, -1, -2];
    const attempts = await Promise.all(
      scores.map((score) => attempt({ store, plan: planned, index: 0, scratch, score })),
    );
    const outcomes = await Promise.all(attempts.map(commitShard));
    expect(outcomes.filter(({ created }) => created)).toHaveLength(1);
    const record = outcomes[0]?.record;
    const first = outcomes.findIndex(({ created }) => created);
    for (const [place, outcome] of outcomes.entries()) {
      expect(outcome.record).toEqual(record);
      expect(outcome.same).toBe(scores[place] === scores[first]);
    }
    expect(await store.list("parts/")).toEqual([record?.file]);
    expect(await store.list("rejected/")).toEqual([record?.rejectedFile]);
  });

  it("recognises its own record when it commits again", async () => {
    const store = open();
    const { plan: planned } = await plan(store);
    const pending = await writeShard(
      await attempt({ store, plan: planned, index: 0, scratch: tempDir() }),
    );
    const crossed = structuredClone(pending);
    expect(await commitWritten(store, crossed)).toMatchObject({ created: true });
    expect(await commitWritten(store, pending)).toMatchObject({ created: true, same: true });
    expect(await store.list(pending.file)).toEqual([pending.file]);
  });

  it("ends with one manifest if several processes finish it", async () => {
    const store = open();
    const { plan: planned } = await plan(store);
    await commitAll(store, planned, tempDir());
    const dates = [1, 2, 3, 4].map((day) => new Date(Date.UTC(2026, 1, day)));
    const manifests = await Promise.all(dates.map((now) => finishRun(store, { now })));
    for (const manifest of manifests) expect(manifest).toEqual(manifests[0]);
    expect(await storeJournal(store).readManifest()).toEqual(manifests[0]);
  });

  it("is set aside in part, cancelled, and continued", async () => {
    const store = open();
    const scratch = tempDir();
    const now = new Date("2026-11-03T05:00:00Z");
    await expect(markPartial(store, { causes: new Map() })).rejects.toMatchObject({
      code: "RUN_STATE",
    });
    const { plan: planned } = await plan(store);
    await commitShard(await attempt({ store, plan: planned, index: 1, scratch }));
    const mark = await markPartial(store, { causes: new Map([[2, "out of memory"]]), now });
    expect(mark).toEqual({
      setAsideAt: now.toISOString(),
      missing: [
        { index: 0, firstRow: 0, rows: 3, cause: "not known" },
        { index: 2, firstRow: 6, rows: 1, cause: "out of memory" },
      ],
    });
    expect(await runState(store)).toMatchObject({ state: "partial", partial: mark });
    const cancelled = await markCancelled(store, { reason: "wrong catalogue", now });
    expect(await markCancelled(store)).toEqual(cancelled);
    expect(await runState(store)).toMatchObject({ state: "cancelled", cancelled });
    await commitAll(store, planned, scratch);
    await expect(finishRun(store)).rejects.toMatchObject({ code: "RUN_STATE" });
    expect(await reopenRun(store)).toBe("planned");
    expect(await runState(store)).toMatchObject({ state: "planned", partial: undefined });
    expect(await markPartial(store, { causes: new Map() })).toBeUndefined();
    await finishRun(store);
    await expect(markCancelled(store)).rejects.toMatchObject({ code: "RUN_STATE" });
    expect(await reopenRun(store)).toBe("complete");
  });

  it("that is cancelled before it is planned is planned, and then continued", async () => {
    const store = open();
    await markCancelled(store);
    await expect(reopenRun(store)).rejects.toMatchObject({ code: "NOT_A_RUN" });
    await plan(store);
    expect((await runState(store)).state).toBe("cancelled");
    expect(await reopenRun(store)).toBe("planned");
  });

  it("of no rows is finished at once", async () => {
    const store = open();
    await plan(store, {}, histories(0));
    expect(await finishRun(store)).toMatchObject({ users: 0, parts: [] });
  });
});

describe("a shard that does not account for its rows", () => {
  it.each([
    ["a row is lost", { rejected: [] }],
    ["a row of another shard is rejected", { rejected: [{ row: 3, reason: "x", detail: "x" }] }],
    ["it is not in the plan", { index: 3 }],
  ])("is refused, and nothing is left: %s", async (_, changes) => {
    const store = directoryStore(tempDir());
    const { plan: planned } = await plan(store);
    const made = await attempt({ store, plan: planned, index: 0, scratch: tempDir() });
    const written = writeShard({ ...made, ...changes });
    await expect(written).rejects.toMatchObject({ code: "SHARD_MISMATCH" });
    expect(await store.list("parts/")).toEqual([]);
  });
});

describe("finishing a run", () => {
  it("notices a missing part and a record of another plan", async () => {
    const dir = tempDir();
    const store = directoryStore(dir);
    const { plan: planned } = await plan(store);
    await commitAll(store, planned, tempDir());
    const record = await storeJournal(store).readCommit(1);
    if (record === undefined) throw new Error("no record");
    const path = join(dir, "commits", "part-00001.json");
    const text = readFileSync(path, "utf8");
    const damaged = { code: "STORE_DAMAGED" };
    await store.replace("commits/part-00001.json", new TextEncoder().encode(text.slice(0, 40)));
    await expect(finishRun(store)).rejects.toMatchObject(damaged);
    // A field of a newer drafter is no damage.
    const newer = JSON.stringify({ ...record, ofANewerVersion: true });
    await store.replace("commits/part-00001.json", new TextEncoder().encode(newer));
    expect(await storeJournal(store).readCommit(1)).toEqual(record);
    const other = JSON.stringify({ ...record, firstRow: 0 });
    await store.replace("commits/part-00001.json", new TextEncoder().encode(other));
    await expect(finishRun(store)).rejects.toMatchObject(damaged);
    await store.replace("commits/part-00001.json", new TextEncoder().encode(text));
    rmSync(join(dir, record.file));
    await expect(finishRun(store)).rejects.toMatchObject(damaged);
    const plans = JSON.parse(readFileSync(join(dir, "plan.json"), "utf8"));
    const endless = { ...plans, plan: { ...plans.plan, inputRows: 10 ** 15, partSize: 1 } };
    await store.replace("plan.json", new TextEncoder().encode(JSON.stringify(endless)));
    await expect(finishRun(store)).rejects.toThrow(/more than 10000000 parts/);
    expect(existsSync(join(dir, "manifest.json"))).toBe(false);
  });
});

describe("readers of one machine", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(["a directory", "a bucket"])(
    "read a run of a cluster in %s, in Parquet",
    async (kind) => {
      const client = s3Client(server);
      const bucket = {
        location: "s3://nights/read",
        store: { client, bucket: "nights", prefix: "read" },
      };
      const place = kind === "a bucket" ? bucket.location : tempDir();
      const store = kind === "a bucket" ? s3Store(bucket.store) : directoryStore(place);
      vi.stubEnv("AWS_ENDPOINT_URL", server.endpoint);
      vi.stubEnv("AWS_REGION", "us-east-1");
      vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
      const { plan: planned } = await plan(store, { format: "parquet" });
      const expected: Recommendation[] = [];
      for (const index of [0, 1, 2]) {
        const scratch = tempDir();
        const made = await attempt({ store, plan: planned, index, scratch });
        const lists = readFileSync(made.file, "utf8").trim().split("\n");
        const recommendations: Recommendation[] = lists.map((line) => JSON.parse(line));
        expected.push(...recommendations);
        const part = await writePart({ directory: scratch, name: "part", recommendations });
        const name = { attempt: attemptName(index), file: join(scratch, part.file) };
        const { record } = await commitShard({ ...made, ...name });
        expect(record).toMatchObject({ sha256: part.sha256, bytes: part.bytes });
      }
      const manifest = await finishRun(store);
      expect(await readManifest(place)).toEqual(manifest);
      expect(await holdsRun(place)).toBe(true);
      const found: Recommendation[] = [];
      for await (const batch of readRecommendations(place, { verify: true })) found.push(...batch);
      expect(found).toEqual(expected);
    },
  );
});
