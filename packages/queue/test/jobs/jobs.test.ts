import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { QueueError } from "../../src/errors.js";
import { assertRunId, finishJobId, shardJobId, shardOfJobId } from "../../src/jobs/job-ids.js";
import { JOBS } from "../../src/jobs/job-kinds.js";
import { jobOptions, KEEP_ENDED_S, workerOptions } from "../../src/jobs/options.js";
import { isJobName, parseJob, parseResult } from "../../src/jobs/parse-job.js";

const BAD_JOB = expect.objectContaining({ code: "BAD_JOB" });
const NEWER_JOB = expect.objectContaining({ code: "NEWER_JOB" });

describe("the job catalogue", () => {
  it("parses the data of each kind and nothing else", () => {
    const shard = { runId: "night-1", location: "s3://bucket/out", index: 7, rows: 100 };
    expect(parseJob("shard", shard)).toEqual(shard);
    expect(() => parseJob("shard", { ...shard, extra: 1 })).toThrow(NEWER_JOB);
    expect(() => parseJob("shard", { ...shard, extra: 1, index: -1 })).toThrow(BAD_JOB);
    expect(() => parseJob("shard", { ...shard, index: -1 })).toThrow(BAD_JOB);
    expect(() => parseJob("finish", shard)).toThrow(NEWER_JOB);
    expect(() => parseJob("night", null)).toThrow(BAD_JOB);
    const result = { index: 7, created: false, rows: 100, sha256: "a".repeat(64) };
    expect(parseResult("shard", result)).toEqual(result);
    expect(() => parseResult("shard", { ...result, sha256: "short" })).toThrow(BAD_JOB);
    expect(isJobName("shard")).toBe(true);
    expect(isJobName("toString")).toBe(false);
  });

  it.each(["", "2026", "a:b", "-x", "a b", "x".repeat(101), "ä"])("refuses run id %j", (runId) => {
    expect(() => assertRunId(runId)).toThrow(BAD_JOB);
    expect(() => parseJob("finish", { runId, location: "/out" })).toThrow(BAD_JOB);
  });

  it("gives jobs ids that BullMQ accepts, and finds their shards by them", () => {
    expect(shardJobId("night-2026-11-03", 7)).toBe("night-2026-11-03-s00007");
    const index = fc.nat(200_000);
    const runId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/).filter(named);
    fc.assert(
      fc.property(runId, index, (run, shard) => {
        const id = shardJobId(run, shard);
        expect(id).not.toMatch(/:|^\d+$/);
        expect(shardOfJobId(run, id)).toBe(shard);
        expect(shardOfJobId(run, finishJobId(run))).toBeUndefined();
        expect(shardOfJobId(`${run}x`, id)).toBeUndefined();
      }),
    );
  });

  it("gives no two jobs of different runs the same id", () => {
    // "a" and "a-s00001" are both fine as run ids; the job ids still differ in their last part.
    expect(shardJobId("a-s00001", 2)).not.toBe(shardJobId("a", 1));
    expect(shardOfJobId("a", shardJobId("a-s00001", 2))).toBeUndefined();
  });

  it("keeps ended jobs, and asks of workers what each kind needs", () => {
    expect(jobOptions("shard")).toMatchObject({
      attempts: JOBS.shard.attempts,
      removeOnComplete: { age: KEEP_ENDED_S },
      removeOnFail: { age: KEEP_ENDED_S },
    });
    expect(workerOptions("shard", { lockMs: 2_000, stallCheckMs: 700 })).toEqual({
      lockDuration: 2_000,
      stalledInterval: 700,
      maxStalledCount: 20,
    });
    // A schedule's jobs are exempt from the limit on stalls.
    expect(workerOptions("night").maxStartedAttempts).toBeGreaterThan(0);
  });
});

function named(text: string): boolean {
  try {
    assertRunId(text);
    return true;
  } catch (error) {
    if (error instanceof QueueError) return false;
    throw error;
  }
}
