import { redisIsHere } from "@nightbeam/testing/servers";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { QueueError } from "../src/errors.js";
import { listFaults } from "../src/faults/node-faults.js";
import { addRun } from "../src/flow/add-run.js";
import { isCancelled } from "../src/flow/cancelled.js";
import { runJobs } from "../src/flow/run-jobs.js";
import { shardJobId } from "../src/jobs/job-ids.js";
import { JOBS } from "../src/jobs/job-kinds.js";
import { parseJob, parseResult } from "../src/jobs/parse-job.js";
import { listNights, putNight } from "../src/night/schedules.js";
import { startCluster, type TestCluster } from "./support/cluster.js";

/** NIGHTBEAM_FUZZ=20 tries twenty times as many. */
const FACTOR = Number(process.env.NIGHTBEAM_FUZZ ?? 1);

const names = ["shard", "finish", "night"] as const;
const odd = fc.oneof(
  fc.anything({ withNullPrototype: true }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("../x", 1e308, -1, "x".repeat(3_000)),
);
const valid = { runId: "night-1", location: "/out", index: 0, rows: 1, schedule: "gold" };
const data = fc.oneof(
  odd,
  fc
    .dictionary(fc.constantFrom(...Object.keys(valid), "__proto__"), odd)
    .map((replaced) => ({ ...valid, ...replaced })),
);

describe("the data of a job", () => {
  it("of any kind is parsed, or refused with the only error class", () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), data, (name, sent) => {
        for (const parse of [parseJob, parseResult]) {
          try {
            parse(name, sent);
          } catch (error) {
            expect(error).toBeInstanceOf(QueueError);
          }
        }
      }),
      { numRuns: 200 * FACTOR },
    );
  });
});

describe.skipIf(!redisIsHere())("keys in Redis that others have written", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  const shards = [0, 1, 2];
  const run = {
    runId: "night-1",
    location: "/out",
    shards: shards.map((index) => ({ index, rows: 1 })),
  };
  const bytes = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.json({ maxDepth: 3 }),
    fc.constantFrom("", "null", "[]", "1e999", "-1", "NaN"),
  );

  it("make calls fail with QueueError or answer, and never hang or change other runs", async () => {
    const { redis, queues } = cluster;
    const { prefix } = queues;
    const key = (queue: string, type: string) => `${prefix}:${queue}:${type}`;
    const jobKey = key(JOBS.shard.queue, shardJobId(run.runId, 1));
    const places = [
      "data",
      "opts",
      "progress",
      "returnvalue",
      "ats",
      "atm",
      "parentKey",
      "parent",
      "failedReason",
      "stacktrace",
    ];
    const calls = [
      () => runJobs(queues, { runId: run.runId, shards }),
      () => listFaults(queues),
      () => listNights(queues),
      () => isCancelled(queues, run.runId),
    ];
    await addRun(queues, { ...run, runId: "other" });
    await putNight(queues, { name: "gold", cron: "0 2 * * *", timeZone: "UTC" });
    const change = fc.oneof(
      fc.tuple(fc.constantFrom(...places), bytes).map(
        ([field, value]) =>
          () =>
            redis.hset(jobKey, field, value),
      ),
      fc.tuple(bytes, bytes).map(
        ([field, value]) =>
          () =>
            redis.hset(`${prefix}:faults`, field, value),
      ),
      fc
        .tuple(
          fc.constantFrom("cron", "pattern", "tz", "next", "every", "data", "opts", "name"),
          bytes,
        )
        .map(
          ([field, value]) =>
            () =>
              redis.hset(key(JOBS.night.queue, "repeat:gold"), field, value),
        ),
      bytes.map((value) => () => redis.zadd(key(JOBS.night.queue, "repeat"), 1, value)),
      bytes.map((value) => () => redis.zadd(`${prefix}:cancelled`, 1, value)),
      fc
        .constantFrom(`${prefix}:faults`, `${prefix}:cancelled`, jobKey)
        .map((place) => () => redis.set(place, "another type")),
      fc.constant(() => redis.del(jobKey)),
    );
    for (const changes of fc.sample(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      20 * FACTOR,
    )) {
      await addRun(queues, run).catch((error: unknown) => expect(error).toBeInstanceOf(QueueError));
      // A change of another type than that of the key is refused by Redis itself.
      for (const apply of changes) await apply().catch(() => undefined);
      for (const call of calls) {
        await call().catch((error: unknown) => expect(error).toBeInstanceOf(QueueError));
      }
      const other = await runJobs(queues, { runId: "other", shards });
      expect(other.counts).toMatchObject({ waiting: 3 });
      await redis.del(jobKey, `${prefix}:faults`, `${prefix}:cancelled`);
    }
  });
});
