import { redisIsHere } from "@nightbeam/testing/servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clearFault, listFaults, type NodeFault, putFault } from "../../src/faults/node-faults.js";
import { startCluster, type TestCluster } from "../support/cluster.js";

const fault: NodeFault = {
  kind: "node_failing",
  node: "drafter-2",
  subject: "drafter-2",
  message: "Drafter drafter-2 failed 3 shards in a row: no such file.",
  since: "2026-11-03T01:00:00.000Z",
};
const other: NodeFault = {
  ...fault,
  kind: "answers_wrong",
  subject: "verifier-1",
  runId: "night-1",
  since: "2026-11-03T00:59:00.000Z",
};

describe.skipIf(!redisIsHere())("faults of nodes", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterEach(() => cluster.reset());
  afterAll(() => cluster.stop());

  it("are listed once each, the oldest first, until they are cleared", async () => {
    await putFault(cluster.queues, fault);
    await putFault(cluster.queues, other);
    const message = "Drafter drafter-2 failed 5 shards in a row: no such file.";
    await putFault(cluster.queues, { ...fault, message });
    expect(await listFaults(cluster.queues)).toEqual([other, { ...fault, message }]);
    await clearFault(cluster.queues, fault);
    expect(await listFaults(cluster.queues)).toEqual([other]);
  });

  it("end if they are not put again, as when their node dies", async () => {
    await putFault(cluster.queues, fault);
    const key = "{nightbeam}:faults";
    const [[field = "", value = ""] = []] = Object.entries(await cluster.redis.hgetall(key));
    const stored = JSON.parse(value);
    await cluster.redis.hset(key, field, JSON.stringify({ ...stored, at: stored.at - 300_001 }));
    await cluster.redis.hset(key, "not a fault", "{}");
    expect(await listFaults(cluster.queues)).toEqual([]);
    expect(await cluster.redis.hlen(key)).toBe(0);
  });
});
